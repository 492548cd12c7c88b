//! Blobs to a registry: what is there already is not sent, what another repository of the registry has is mounted, and the rest is
//! a stream from its source in one request.

use super::blob::{BlobSource, Chunks};
use super::body::Piped;
use super::client::{Call, Client, Lack, scope};
use super::digest::Digest;
use super::error::{Again, Error, Fault, Kind};
use super::location;
use super::manifest::Descriptor;
use super::manifests::digest_of;
use super::repository::Repository;
use super::retry::Tries;
use super::wire::silent;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Body, Method, Response, StatusCode};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

/// How a blob came to its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It was there.
    Present,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It was sent.
    Copied,
}

/// The chunks between a download and an upload.
const CHUNKS: usize = 2;

/// The bytes that a registry can store in a second, at the least, after the last of them arrived.
const STORED: u64 = 20 << 20;

/// Why a blob did not arrive.
enum Failure {
    /// The source does not give it, after all repetitions.
    Source(Error),
    /// The destination does not take it.
    Destination(Fault),
    /// The destination does not take it in this way.
    Unsuited(Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Destination(fault)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Destination(error.into())
    }
}

/// What came of a mount.
enum Mount {
    Done,
    /// An upload was begun in its place.
    Begun(Url),
    Refused,
}

impl Client<'_> {
    /// Whether a repository has a blob.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(crate) async fn has_blob(&self, repository: &Repository, digest: &Digest) -> Result<bool, Error> {
        let url = self.url(repository, &format!("blobs/{digest}"))?;
        let call = Call::new(Method::HEAD, url, repository, format!("look for the blob {digest}"));
        let response = self.call(&call).await?;
        match response.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Copies a blob that the destination does not have. `mounts` are repositories of the destination's registry that may have
    /// it.
    ///
    /// # Errors
    /// The source does not give it, it is not what its digest says, or the destination does not take it.
    pub(crate) async fn copy_blob(
        &self,
        from: &impl BlobSource,
        to: &Repository,
        blob: &Descriptor,
        mounts: &[Repository],
    ) -> Result<Arrival, Error> {
        let mut begun = None;
        for other in mounts.iter().filter(|other| *other != to) {
            match self.mount(to, blob, other).await? {
                Mount::Done => return Ok(Arrival::Mounted),
                Mount::Begun(url) => {
                    // Nobody has asked yet whether it is there already.
                    if self.has_blob(to, &blob.digest).await? {
                        return Ok(Arrival::Present);
                    }
                    begun = Some(url);
                    break;
                }
                Mount::Refused => {}
            }
        }
        let mut tries = Tries::default();
        let mut is_second = false;
        loop {
            let fault = match self.upload(from, to, blob, begun.take()).await {
                Ok(()) => return Ok(Arrival::Copied),
                Err(Failure::Source(error)) if error.kind() == Kind::WrongDigest && !is_second => {
                    // What was damaged on the way is not damaged again.
                    is_second = true;
                    continue;
                }
                Err(Failure::Source(error)) => return Err(error),
                Err(Failure::Unsuited(error)) => {
                    let lack = (to.host.clone(), Lack::OneRequestUpload);
                    if !self.lacking.borrow_mut().insert(lack) {
                        return Err(error);
                    }
                    continue;
                }
                Err(Failure::Destination(fault)) => fault,
            };
            let is_doubtful = fault.again != Again::Never;
            self.pause(to, &mut tries, fault).await?;
            // It may have arrived although the answer did not.
            if is_doubtful && self.has_blob(to, &blob.digest).await? {
                return Ok(Arrival::Copied);
            }
        }
    }

    /// Asks a registry to take a blob from another of its repositories. It may not be allowed to: then the blob is sent.
    async fn mount(&self, to: &Repository, blob: &Descriptor, from: &Repository) -> Result<Mount, Error> {
        let mut url = self.url(to, "blobs/uploads/")?;
        url.query_pairs_mut().append_pair("mount", blob.digest.as_str()).append_pair("from", &from.path);
        let mut call = Call::new(Method::POST, url, to, format!("mount the blob {}", blob.digest));
        call.scopes.push(scope(from, "pull"));
        let response = match self.call(&call).await {
            Ok(response) => response,
            Err(error) if matches!(error.kind(), Kind::Unauthorized | Kind::Forbidden) => return Ok(Mount::Refused),
            Err(error) => return Err(error),
        };
        match response.status() {
            StatusCode::CREATED => {
                let is_it = digest_of(response.headers()).is_none_or(|said| said == blob.digest);
                Ok(if is_it || self.has_blob(to, &blob.digest).await? { Mount::Done } else { Mount::Refused })
            }
            StatusCode::ACCEPTED => Ok(Mount::Begun(location::upload(&call.url, location_of(&response), to)?)),
            _ => Ok(Mount::Refused),
        }
    }

    async fn upload(
        &self,
        from: &impl BlobSource,
        to: &Repository,
        blob: &Descriptor,
        begun: Option<Url>,
    ) -> Result<(), Failure> {
        // The source first: nothing is begun for a blob that does not exist.
        let mut chunks = from.open(blob).await.map_err(Failure::Source)?;
        let begun = match begun {
            Some(url) => url,
            None => self.begin(to, blob).await?,
        };
        let is_whole = !self.lacking.borrow().contains(&(to.host.clone(), Lack::OneRequestUpload));
        let what = format!("write the blob {}", blob.digest);
        let with_digest = |mut url: Url| {
            url.query_pairs_mut().append_pair("digest", blob.digest.as_str());
            url
        };
        let octets = HeaderValue::from_static("application/octet-stream");
        let (method, url) = if is_whole { (Method::PUT, with_digest(begun)) } else { (Method::PATCH, begun) };
        let mut call = Call::new(method, url, to, what.clone());
        call.headers.insert(CONTENT_TYPE, octets.clone());
        let response = self.stream(&call, &mut chunks, blob.size).await?;
        if is_whole {
            return self.stored(&call, blob, response).await;
        }
        if response.status() != StatusCode::ACCEPTED {
            return Err(self.rejected(&call, response, false).await);
        }
        let url = location::upload(&call.url, location_of(&response), to)?;
        let mut call = Call::new(Method::PUT, with_digest(url), to, what);
        call.headers.insert(CONTENT_TYPE, octets);
        let response = self.attempt(&call, None, self.storing(blob.size)).await?;
        self.stored(&call, blob, response).await
    }

    /// Begins an upload; returns where it continues.
    async fn begin(&self, to: &Repository, blob: &Descriptor) -> Result<Url, Failure> {
        let url = self.url(to, "blobs/uploads/")?;
        let call = Call::new(Method::POST, url, to, format!("write the blob {}", blob.digest));
        let response = self.attempt(&call, None, self.wire.patience.response).await?;
        if response.status() != StatusCode::ACCEPTED {
            return Err(self.refused(&call, response).await.into());
        }
        Ok(location::upload(&call.url, location_of(&response), to)?)
    }

    /// Sends a blob while it is read.
    async fn stream(&self, call: &Call<'_>, chunks: &mut impl Chunks, size: u64) -> Result<Response, Failure> {
        self.wire.gates.pass(&call.repository.host).await;
        let (sender, receiver) = mpsc::channel::<Bytes>(CHUNKS);
        let body = Body::wrap(Piped::new(receiver, size));
        let idle = self.wire.patience.idle;
        let moved = std::cell::Cell::new(0);
        let feed = async {
            while let Some(chunk) = chunks.next().await.map_err(Failure::Source)? {
                let length = chunk.len() as u64;
                match timeout(idle, sender.send(chunk)).await {
                    Ok(Ok(())) => {}
                    // The request ended; its answer says why.
                    Ok(Err(_)) => return Ok(()),
                    Err(_) => return Err(Failure::Destination(silent(&call.url, idle, &call.subject()))),
                }
                moved.set(moved.get() + length);
                self.watch.moved(length);
            }
            Ok(())
        };
        let mut answer = pin!(self.attempt(call, Some(body), Duration::MAX));
        let mut feed = pin!(feed);
        let mut is_fed = false;
        let storing = self.storing(size);
        let mut deadline = pin!(tokio::time::sleep(Duration::MAX));
        let result = loop {
            tokio::select! {
                biased;
                answer = &mut answer => break answer.map_err(Failure::Destination),
                fed = &mut feed, if !is_fed => match fed {
                    Ok(()) => {
                        is_fed = true;
                        deadline.as_mut().reset(tokio::time::Instant::now() + storing);
                    }
                    Err(failure) => break Err(failure),
                },
                () = &mut deadline, if is_fed => {
                    break Err(Failure::Destination(silent(&call.url, storing, &call.subject())));
                }
            }
        };
        if !result.as_ref().is_ok_and(|response| response.status().is_success()) {
            self.watch.lost(moved.get());
        }
        result
    }

    /// How long a registry may take to store a blob after its last byte arrived.
    fn storing(&self, size: u64) -> Duration {
        self.wire.patience.response + Duration::from_secs(size / STORED)
    }

    async fn stored(&self, call: &Call<'_>, blob: &Descriptor, response: Response) -> Result<(), Failure> {
        let status = response.status();
        if !matches!(status, StatusCode::CREATED | StatusCode::OK | StatusCode::NO_CONTENT) {
            return Err(self.rejected(call, response, true).await);
        }
        let said = digest_of(response.headers());
        if said.as_ref().is_none_or(|said| *said == blob.digest) || self.has_blob(call.repository, &blob.digest).await?
        {
            return Ok(());
        }
        let said = said.map(|digest| digest.to_string()).unwrap_or_default();
        let text = format!("{}: the registry confirmed {said} instead", call.subject());
        Err(Error::new(Kind::WrongDigest, text).into())
    }

    /// Why an upload was rejected, and whether another way may do.
    async fn rejected(&self, call: &Call<'_>, response: Response, may_be_unsuited: bool) -> Failure {
        let status = response.status().as_u16();
        let (error, complaints) = self.complained(call, response).await;
        let is = |code: &str| complaints.iter().any(|complaint| complaint.code == code);
        match status {
            // The session is gone, or bytes were damaged on the way: the blob is sent again.
            404 | 416 => Failure::Destination(Fault::soon(error)),
            400 if is("DIGEST_INVALID") || is("SIZE_INVALID") => Failure::Destination(Fault::soon(error)),
            400 | 405 | 411 | 413 | 415 | 501 if may_be_unsuited => Failure::Unsuited(error),
            _ => Failure::Destination(error.into()),
        }
    }
}

fn location_of(response: &Response) -> Option<&str> {
    response.headers().get(LOCATION).and_then(|value| value.to_str().ok())
}
