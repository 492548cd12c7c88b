//! [`Wire`]: one exchange of HTTP, with its timeouts and the kinds of its failures.

use super::error::{Again, Error, Fault, Kind};
use super::repository::authority;
use super::retry::{Gates, Patience};
use super::transport::{Transport, causes, classify};
use bytes::{Bytes, BytesMut};
use reqwest::{Request, Response};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// The way to the hosts of a run.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) transport: Transport,
    pub(super) gates: Gates,
    pub(super) patience: Patience,
    requests: Cell<u64>,
}

impl Wire {
    pub(super) fn new(transport: Transport, patience: Patience) -> Self {
        Self { transport, gates: Gates::default(), patience, requests: Cell::new(0) }
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Sends a request and waits for the beginning of the answer. `registry` is the registry whose API is asked, `subject` what
    /// the message is about.
    pub(super) async fn exchange(
        &self,
        registry: Option<&str>,
        request: Request,
        patience: Duration,
        subject: &str,
    ) -> Result<Response, Fault> {
        self.requests.set(self.requests.get() + 1);
        let url = request.url().clone();
        let client = self.transport.client(registry, &url);
        match timeout(patience, client.execute(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(failed(error, &url, subject)),
            Err(_) => Err(silent(&url, patience, subject)),
        }
    }

    /// Reads the body of an answer, up to a limit.
    pub(super) async fn read(&self, mut response: Response, limit: usize, subject: &str) -> Result<Bytes, Fault> {
        let too_long = || {
            let text = format!("{subject}: the answer has more than {limit} bytes, the limit");
            Fault::from(Error::new(Kind::Limit, text))
        };
        let url = response.url().clone();
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_long());
        }
        let mut body = BytesMut::new();
        loop {
            match timeout(self.patience.idle, response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
                Ok(Ok(Some(_))) => return Err(too_long()),
                Ok(Ok(None)) => return Ok(body.freeze()),
                Ok(Err(error)) => return Err(failed(error, &url, subject)),
                Err(_) => return Err(silent(&url, self.patience.idle, subject)),
            }
        }
    }
}

/// A failed exchange. Addresses are not shown, because those of storages contain signatures.
pub(super) fn failed(error: reqwest::Error, url: &Url, subject: &str) -> Fault {
    let host = authority(url);
    let kind = classify(&error);
    let cause = causes(&error.without_url());
    let text = match kind {
        Kind::Certificate if cause.contains("fatal alert") => format!(
            "{subject}: {host} does not accept this client: {cause}; it may want a client certificate (--cert-file, --key-file)"
        ),
        Kind::Certificate => format!(
            "{subject}: the certificate of {host} is not accepted: {cause}; --ca-file adds the authority that signed it"
        ),
        Kind::NoSuchHost => {
            format!("{subject}: no address is known for {host}; check the name, the network and the proxy")
        }
        _ => {
            // The answer was not one of TLS.
            let is_plain = cause.contains("InvalidContentType");
            let hint = if is_plain { "; the registry has no TLS: --plain-http reaches it without" } else { "" };
            format!("{subject}: the connection to {host} failed: {cause}{hint}")
        }
    };
    // Name servers that fail now may answer in a moment. That there is no such name stays, and so do a certificate and the lack of TLS.
    let has_no_name = ["not known", "No such host", "nodename nor servname"].iter().any(|said| cause.contains(said));
    let stays = match kind {
        Kind::Certificate => true,
        Kind::NoSuchHost => has_no_name,
        _ => cause.contains("InvalidContentType"),
    };
    let again = if stays { Again::Never } else { Again::Soon };
    Fault { error: Error::new(kind, text), again }
}

/// A host that says nothing.
pub(super) fn silent(url: &Url, patience: Duration, subject: &str) -> Fault {
    let text = format!("{subject}: {} said nothing for {} s", authority(url), patience.as_secs_f64());
    Fault::soon(Error::new(Kind::Timeout, text))
}
