//! Files of a web server: the index and the archives of a chart repository.

use super::client::{Call, Client};
use super::digest::Digest;
use super::error::{Again, Error, Fault, Kind};
use super::repository::{Repository, authority};
use super::retry::Tries;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue};
use reqwest::{Method, StatusCode};
use std::io::Read as _;
use url::Url;

/// How a file in gzip begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// A file of a web server.
#[derive(Debug, Clone)]
pub(crate) struct WebFile<'f> {
    /// Its address.
    pub url: &'f Url,
    /// What it is, for messages: `the index`.
    pub what: &'f str,
    /// The types that are wanted, for `Accept`.
    pub accept: &'static str,
    /// The most bytes.
    pub limit: u64,
    /// The digest that it must have.
    pub digest: Option<&'f Digest>,
    /// Whether it is unpacked if it arrives as gzip. An archive is kept, whatever the server says about its encoding.
    pub may_be_packed: bool,
    /// Whether a credential for its host may be sent. Over http it is sent only if the user chose http for this host.
    pub with_credential: bool,
}

impl Client<'_> {
    /// Reads a file; `None` if the server does not have it.
    ///
    /// # Errors
    /// The server does not answer or refuses, or the file is not what its digest says.
    pub(crate) async fn web_file(&self, file: &WebFile<'_>) -> Result<Option<Bytes>, Error> {
        let host = host_of(file.url);
        let server = Repository { host, path: file.url.path().trim_start_matches('/').to_owned() };
        let mut call = Call::new(Method::GET, file.url.clone(), &server, format!("read {}", file.what));
        call.scopes.clear();
        call.is_anonymous = !file.with_credential;
        call.headers.insert(ACCEPT, HeaderValue::from_static(file.accept));
        // An archive is packed already, and must arrive as it is.
        call.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let mut tries = Tries::default();
        let mut is_second = false;
        loop {
            let fault = match self.web_file_once(file, &call).await {
                Ok(read) => return Ok(read),
                Err(fault) => fault,
            };
            if fault.error.kind() == Kind::WrongDigest && fault.again == Again::Never {
                // A byte that was damaged on the way is not damaged again.
                if is_second {
                    return Err(fault.error);
                }
                is_second = true;
                continue;
            }
            self.pause(&server, &mut tries, fault).await?;
        }
    }

    async fn web_file_once(&self, file: &WebFile<'_>, call: &Call<'_>) -> Result<Option<Bytes>, Fault> {
        let response = self.attempt(call, None, self.wire.patience.response).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
            StatusCode::UNAUTHORIZED if !file.with_credential => {
                let why = match file.url.scheme() {
                    "http" => {
                        "because http shows it to everybody on the way; use https, or give --username and --password"
                    }
                    _ => "because it is not for this host; name the file by its own URL to send one",
                };
                let text = format!("{}: 401 Unauthorized, and no credential was sent, {why}", call.subject());
                return Err(Error::new(Kind::Unauthorized, text).into());
            }
            _ => return Err(self.refused(call, response).await.into()),
        }
        let limit = usize::try_from(file.limit).unwrap_or(usize::MAX);
        let mut bytes = self.wire.read(response, limit, &call.subject()).await?;
        if file.may_be_packed && bytes.starts_with(GZIP) {
            bytes = unpacked(&bytes, file.limit, &call.subject())?;
        }
        if let Some(wanted) = file.digest.filter(|wanted| !wanted.matches(&bytes)) {
            let text = format!(
                "{}: its digest is {}, the index of the repository says {wanted}; somebody replaced it, or the index is old",
                call.subject(),
                Digest::of(&bytes)
            );
            return Err(Error::new(Kind::WrongDigest, text).into());
        }
        Ok(Some(bytes))
    }

    /// Lets the credential of a host go along with the first request already, as helm does: some servers answer 404 without one.
    pub(crate) fn present_basic(&self, url: &Url) {
        self.tokens.present_basic(&host_of(url));
    }

    /// Whether a credential may be sent to an address that the user named: over http only if the user chose that for the host, or
    /// gave the credential beside the address.
    pub(crate) fn may_have_credential(&self, url: &Url) -> bool {
        let host = host_of(url);
        url.scheme() == "https" || self.wire.transport.is_plain(&host) || self.credentials.is_given(&host)
    }

    /// Whether the command line gives a credential for the host of an address.
    pub(crate) fn is_given(&self, url: &Url) -> bool {
        self.credentials.is_given(&host_of(url))
    }
}

/// A host as references write it: with its port, if that is not the scheme's own.
pub(crate) fn host_of(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// Whether two addresses are of one server: scheme, host and port.
pub(crate) fn is_same_server(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && authority(one) == authority(other)
}

fn unpacked(bytes: &[u8], limit: u64, subject: &str) -> Result<Bytes, Error> {
    let mut text = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(limit.saturating_add(1)).read_to_end(&mut text);
    if read.is_err() {
        let text = format!("{subject}: it is packed with gzip, but broken");
        return Err(Error::new(Kind::Protocol, text));
    }
    if text.len() as u64 > limit {
        return Err(Error::new(Kind::Limit, format!("{subject}: the answer has more than {limit} bytes, the limit")));
    }
    Ok(text.into())
}
