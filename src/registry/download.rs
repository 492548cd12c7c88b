//! [`Download`]: a blob as a stream, resumed where it broke, and verified before its last bytes are given away.

use super::blob::Chunks;
use super::client::{Call, Client};
use super::digest::Hasher;
use super::error::{Again, Error, Fault, Kind};
use super::manifest::Descriptor;
use super::repository::Repository;
use super::retry::Tries;
use super::wire::{failed, silent};
use bytes::Bytes;
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Method, Response, StatusCode};
use tokio::time::timeout;

/// A blob on its way from a registry.
pub(crate) struct Download<'c> {
    client: &'c Client<'c>,
    repository: &'c Repository,
    blob: &'c Descriptor,
    /// The bytes that were given away.
    at: u64,
    /// The bytes of the current answer that were given away before.
    skip: u64,
    hasher: Option<Hasher>,
    response: Option<Response>,
    tries: Tries,
    /// The answers that ended too early without an error.
    short: u32,
    /// Whether the registry answered a range with something else.
    no_ranges: bool,
}

/// The most answers without new bytes that end too early without an error: a blob that is too short stays so.
const SHORT: u32 = 3;

impl<'w> Client<'w> {
    /// Begins to read a blob.
    ///
    /// # Errors
    /// The registry does not have it, does not answer, or refuses.
    pub(crate) async fn download<'c>(
        &'c self,
        repository: &'c Repository,
        blob: &'c Descriptor,
    ) -> Result<Download<'c>, Error>
    where
        'w: 'c,
    {
        let mut download = Download {
            client: self,
            repository,
            blob,
            at: 0,
            skip: 0,
            hasher: Some(blob.digest.hasher()),
            response: None,
            tries: Tries::default(),
            short: 0,
            no_ranges: false,
        };
        download.connect().await?;
        Ok(download)
    }
}

impl Chunks for Download<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.at == self.blob.size {
            // An empty blob.
            return self.verify().map(|()| None);
        }
        loop {
            let Some(response) = self.response.as_mut() else {
                self.connect().await?;
                continue;
            };
            let idle = self.client.wire.patience.idle;
            let url = response.url().clone();
            let fault = match timeout(idle, response.chunk()).await {
                Ok(Ok(Some(chunk))) => match self.take(chunk)? {
                    Some(chunk) => return Ok(Some(chunk)),
                    None => continue,
                },
                Ok(Ok(None)) => {
                    self.short += 1;
                    let text = format!("{}: it ends after {} of {} bytes", self.subject(), self.at, self.blob.size);
                    let error = Error::new(Kind::WrongDigest, text);
                    let again = if self.short < SHORT { Again::Soon } else { Again::Never };
                    Fault { error, again }
                }
                Ok(Err(error)) => failed(error, &url, &self.subject()),
                Err(_) => silent(&url, idle, &self.subject()),
            };
            self.response = None;
            self.client.pause(self.repository, &mut self.tries, fault).await?;
        }
    }
}

impl Download<'_> {
    /// Takes bytes of an answer; `None` if all of them are known.
    fn take(&mut self, mut chunk: Bytes) -> Result<Option<Bytes>, Error> {
        let known = self.skip.min(chunk.len() as u64);
        self.skip -= known;
        let _ = chunk.split_to(usize::try_from(known).unwrap_or(chunk.len()));
        if chunk.is_empty() {
            return Ok(None);
        }
        if chunk.len() as u64 > self.blob.size - self.at {
            self.response = None;
            let text = format!("{}: it has more than the {} bytes of its descriptor", self.subject(), self.blob.size);
            return Err(Error::new(Kind::WrongDigest, text));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&chunk);
        }
        self.at += chunk.len() as u64;
        self.tries.progress();
        self.short = 0;
        if self.at == self.blob.size {
            self.verify()?;
        }
        Ok(Some(chunk))
    }

    fn verify(&mut self) -> Result<(), Error> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        let found = hasher.finish();
        if found == self.blob.digest {
            return Ok(());
        }
        let text = format!("{}: the bytes that arrive have the digest {found}", self.subject());
        Err(Error::new(Kind::WrongDigest, text))
    }

    /// Asks for the rest of the blob.
    async fn connect(&mut self) -> Result<(), Error> {
        loop {
            match self.connect_once().await {
                Ok(response) => {
                    self.response = Some(response);
                    return Ok(());
                }
                Err(fault) => self.client.pause(self.repository, &mut self.tries, fault).await?,
            }
        }
    }

    async fn connect_once(&mut self) -> Result<Response, Fault> {
        let url = self.client.url(self.repository, &format!("blobs/{}", self.blob.digest))?;
        let mut call = Call::new(Method::GET, url, self.repository, format!("read the blob {}", self.blob.digest));
        let is_ranged = self.at > 0 && !self.no_ranges;
        if is_ranged && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.at)) {
            call.headers.insert(RANGE, range);
        }
        let response = self.client.attempt(&call, None, self.client.wire.patience.response).await?;
        match response.status() {
            // The whole blob: what is known already is passed over.
            StatusCode::OK => {
                self.skip = self.at;
                self.check_length(&response, self.blob.size)?;
                Ok(response)
            }
            StatusCode::PARTIAL_CONTENT if is_ranged && self.continues(response.headers()) => {
                self.skip = 0;
                Ok(response)
            }
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if is_ranged => {
                self.no_ranges = true;
                let text = format!("{}: the registry sends another range than it was asked for", self.subject());
                Err(Fault::soon(Error::new(Kind::Protocol, text)))
            }
            _ => Err(self.client.refused(&call, response).await.into()),
        }
    }

    /// Whether an answer continues where the last one broke: `bytes 1024-4095/4096`.
    fn continues(&self, headers: &HeaderMap) -> bool {
        let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let Some((range, total)) = range.and_then(|text| text.trim().strip_prefix("bytes ")?.split_once('/')) else {
            return false;
        };
        let Some((from, to)) = range.trim().split_once('-') else { return false };
        let is_right = |text: &str, wanted: u64| text.trim().parse::<u64>() == Ok(wanted);
        is_right(from, self.at)
            && to.trim().parse::<u64>().is_ok_and(|to| to < self.blob.size)
            && (total.trim() == "*" || is_right(total, self.blob.size))
    }

    /// A longer blob is known before it is read. A shorter one may be an answer that was cut.
    fn check_length(&self, response: &Response, expected: u64) -> Result<(), Fault> {
        match response.content_length() {
            Some(length) if length > expected => {
                let text =
                    format!("{}: it has {length} bytes instead of the {expected} of its descriptor", self.subject());
                Err(Error::new(Kind::WrongDigest, text).into())
            }
            _ => Ok(()),
        }
    }

    fn subject(&self) -> String {
        format!("{}: cannot read the blob {}", self.repository, self.blob.digest)
    }
}

impl std::fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Download")
    }
}
