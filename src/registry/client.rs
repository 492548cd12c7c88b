//! [`Client`]: requests to registries, with credentials, redirects and repetition.

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::error::{Again, Error, Fault, Kind};
use super::location::{REDIRECTS, redirected};
use super::quota::{Quota, Quotas};
use super::repository::{Repository, authority};
use super::retry::{Patience, Tries, again, kind_of, reset};
use super::tokens::Tokens;
use super::transport::{Tls, Transport};
use super::wire::Wire;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Body, Method, Request, Response, StatusCode};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use url::Url;

/// The longest body of an error that is read, in bytes.
const COMPLAINT: usize = 64 << 10;

/// How a client works.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Connections and trust.
    pub tls: Tls,
    /// How long it waits.
    pub patience: Patience,
    /// The credentials of the user's files.
    pub credentials: Credentials,
    /// Hosts of token servers that may have a credential although they are in another domain (`--auth-realm`).
    pub realms: BTreeSet<String>,
}

/// Who watches a client work.
pub(crate) trait Watch {
    /// It waits because a registry asks for it, or after a failure.
    fn waits(&self, host: &str, wait: Duration, why: &str);
    /// Bytes of a blob were given to the connection of their destination.
    fn moved(&self, bytes: u64);
    /// The bytes of a failed upload count no longer.
    fn lost(&self, bytes: u64);
}

/// A client of any number of registries, for one run.
pub(crate) struct Client<'w> {
    pub(super) wire: Wire,
    pub(super) tokens: Tokens,
    pub(super) credentials: Credentials,
    pub(super) watch: &'w dyn Watch,
    quotas: Quotas,
    /// The registries without the referrers API, and those that do not take a blob in one request.
    pub(super) lacking: RefCell<BTreeSet<(String, Lack)>>,
}

/// Something that a registry turned out not to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// The referrers API.
    Referrers,
    /// Uploads in one request.
    OneRequestUpload,
}

/// A request to a repository.
#[derive(Debug, Clone)]
pub(super) struct Call<'c> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) repository: &'c Repository,
    /// What the token must allow: `repository:acme/api:pull`.
    pub(super) scopes: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether no credential goes along.
    pub(super) is_anonymous: bool,
    /// What is done, for messages: `read the manifest v1.4`.
    pub(super) what: String,
}

impl<'c> Call<'c> {
    pub(super) fn new(method: Method, url: Url, repository: &'c Repository, what: impl Into<String>) -> Self {
        let actions = if matches!(method, Method::GET | Method::HEAD) { "pull" } else { "pull,push" };
        let scopes = vec![scope(repository, actions)];
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self { method, url, repository, scopes, headers, body, is_anonymous: false, what: what.into() }
    }

    /// The subject of messages.
    pub(super) fn subject(&self) -> String {
        format!("{}: cannot {}", self.repository, self.what)
    }
}

/// What a token must allow.
pub(super) fn scope(repository: &Repository, actions: &str) -> String {
    format!("repository:{}:{actions}", repository.path)
}

#[derive(Deserialize)]
struct Complaints {
    #[serde(default)]
    errors: Vec<Complaint>,
}

/// An error of a registry.
#[derive(Deserialize)]
pub(super) struct Complaint {
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    pub(super) detail: serde_json::Value,
}

impl<'w> Client<'w> {
    /// A client for a run; it must live in a runtime of tokio with one thread.
    ///
    /// # Errors
    /// A certificate or a key cannot be used.
    pub(crate) fn new(options: Options, watch: &'w dyn Watch) -> Result<Self, Error> {
        let transport = Transport::new(options.tls, &options.patience)?;
        Ok(Self {
            wire: Wire::new(transport, options.patience),
            tokens: Tokens::new(options.realms),
            credentials: options.credentials,
            watch,
            quotas: Quotas::default(),
            lacking: RefCell::default(),
        })
    }

    /// The HTTP requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.wire.requests()
    }

    /// What registries say is left of their rate limits.
    pub(crate) fn quotas(&self) -> BTreeMap<String, Quota> {
        self.quotas.all()
    }

    /// The address of a part of a repository.
    pub(super) fn url(&self, repository: &Repository, rest: &str) -> Result<Url, Error> {
        repository.url(self.wire.transport.is_plain(&repository.host), rest)
    }

    /// Sends a request, repeatedly if need be. An answer with a status that is no success is returned if it is final.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Response, Error> {
        let mut tries = Tries::default();
        loop {
            match self.attempt(call, None, self.wire.patience.response).await {
                Ok(response) => return Ok(response),
                Err(fault) => self.pause(call.repository, &mut tries, fault).await?,
            }
        }
    }

    /// Waits after a failed attempt.
    pub(super) async fn pause(&self, repository: &Repository, tries: &mut Tries, fault: Fault) -> Result<(), Error> {
        let host = &repository.host;
        let why = fault.error.to_string();
        let told = |wait| self.watch.waits(host, wait, &why);
        self.wire.gates.pause(host, tries, fault, &self.wire.patience, told).await
    }

    /// Sends a request once; `body` takes the place of the bytes of the call.
    pub(super) async fn attempt(
        &self,
        call: &Call<'_>,
        mut body: Option<Body>,
        patience: Duration,
    ) -> Result<Response, Fault> {
        let is_stream = body.is_some();
        let host = &call.repository.host;
        let authorize = async || match call.is_anonymous {
            true => Ok(None),
            false => self.tokens.authorization(&self.wire, &self.credentials, call.repository, &call.scopes).await,
        };
        let mut header = authorize().await?;
        let mut is_second = false;
        loop {
            self.wire.gates.pass(host).await;
            let mut request = Request::new(call.method.clone(), call.url.clone());
            *request.headers_mut() = call.headers.clone();
            if let Some(header) = &header {
                request.headers_mut().insert(AUTHORIZATION, header.clone());
            }
            match body.take() {
                Some(body) => *request.body_mut() = Some(body),
                None if call.method != Method::GET && call.method != Method::HEAD => {
                    *request.body_mut() = Some(call.body.clone().into());
                }
                None => {}
            }
            let response = self.wire.exchange(Some(host), request, patience, &call.subject()).await?;
            let reset = if self.quotas.note(host, response.headers()) { reset(response.headers()) } else { None };
            let response = match response.status() {
                status if is_redirect(status) => self.follow(call, response, header.as_ref()).await?,
                _ => response,
            };
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && !is_second && !call.is_anonymous {
                let values =
                    response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
                if let Some(challenge) = Challenge::parse(values) {
                    self.tokens.challenged(host, &call.scopes, challenge, header.as_ref());
                    let new = authorize().await?;
                    if new.is_some() && new != header {
                        if is_stream {
                            // The stream is spent; the caller begins again, with the new token.
                            return Err(Fault::soon(self.refused(call, response).await));
                        }
                        (header, is_second) = (new, true);
                        continue;
                    }
                }
            }
            let again = again(status, response.headers());
            if again != Again::Never {
                return Err(Fault { error: self.refused(call, response).await, again });
            }
            self.wire.gates.answered(host);
            if let Some(seconds) = reset {
                let told = |wait| self.watch.waits(host, wait, "its rate limit is used up");
                self.wire.gates.close(host, seconds, &self.wire.patience, told);
            }
            return Ok(response);
        }
    }

    /// Follows redirects of a request that changes nothing. The credential goes along only within the registry's own server.
    async fn follow(
        &self,
        call: &Call<'_>,
        first: Response,
        header: Option<&reqwest::header::HeaderValue>,
    ) -> Result<Response, Fault> {
        let mut response = first;
        let mut url = call.url.clone();
        for _ in 0..REDIRECTS {
            if !matches!(call.method, Method::GET | Method::HEAD) {
                let text = format!("{}: the registry redirects a write; airtight does not follow it", call.subject());
                return Err(Error::new(Kind::Untrusted, text).into());
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
            url = redirected(&url, location, call.repository)?;
            let is_own = url.scheme() == call.url.scheme() && authority(&url) == authority(&call.url);
            let mut request = Request::new(call.method.clone(), url.clone());
            *request.headers_mut() = call.headers.clone();
            if let Some(header) = header.filter(|_| is_own) {
                request.headers_mut().insert(AUTHORIZATION, header.clone());
            }
            let registry = is_own.then_some(call.repository.host.as_str());
            response = self.wire.exchange(registry, request, self.wire.patience.response, &call.subject()).await?;
            let status = response.status();
            if is_redirect(status) {
                continue;
            }
            if !is_own && matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                // The address of a storage is valid for a while only; the registry makes another one.
                let text =
                    format!("{}: {} refuses the registry's redirect ({status})", call.subject(), authority(&url));
                return Err(Fault::soon(Error::new(Kind::Forbidden, text)));
            }
            return Ok(response);
        }
        let text = format!("{}: more than {REDIRECTS} redirects", call.subject());
        Err(Error::new(Kind::Untrusted, text).into())
    }

    /// The error for an answer that is no success.
    pub(super) async fn refused(&self, call: &Call<'_>, response: Response) -> Error {
        self.complained(call, response).await.0
    }

    /// The same, with what the registry says.
    pub(super) async fn complained(&self, call: &Call<'_>, response: Response) -> (Error, Vec<Complaint>) {
        let status = response.status();
        let body = match call.method {
            Method::HEAD => Bytes::new(),
            // What it says is a help for people only.
            _ => self.wire.read(response, COMPLAINT, "").await.unwrap_or_default(),
        };
        let complaints = serde_json::from_slice::<Complaints>(&body).map(|all| all.errors).unwrap_or_default();
        let mut said: Vec<String> = Vec::new();
        for complaint in complaints.iter().take(3) {
            let message: String = complaint.message.chars().take(200).collect();
            let both = [complaint.code.chars().take(60).collect(), message].into_iter().filter(|text| !text.is_empty());
            said.push(both.collect::<Vec<String>>().join(": "));
        }
        let said = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        let said = if said.is_empty() { String::new() } else { format!(" ({})", self.tokens.masked(&said)) };
        let host = &call.repository.host;
        let kind = kind_of(status);
        let advice = match kind {
            Kind::Unauthorized => format!("`docker login {host}` or --auth-file FILE gives a credential for {host}"),
            Kind::Forbidden => {
                "the credential is not allowed to do this; use another one, or ask for the right".to_owned()
            }
            Kind::NotFound => "check the name and the version, and that the credential may see it".to_owned(),
            Kind::NoSpace => "free space on the registry, or raise its quota, and run again".to_owned(),
            Kind::Limit => {
                "the registry, or a proxy before it, limits the size of a request; raise that limit".to_owned()
            }
            Kind::Rejected if call.url.scheme() == "http" && status == StatusCode::BAD_REQUEST && said.is_empty() => {
                "if the registry has TLS, leave --plain-http out".to_owned()
            }
            _ => String::new(),
        };
        let advice = if advice.is_empty() { advice } else { format!("; {advice}") };
        let text = format!("{}: {host} answers {}{said}{advice}", call.subject(), phrase(status));
        (Error::new(kind, text), complaints)
    }
}

impl std::fmt::Debug for Client<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// `404 Not Found`.
fn phrase(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}
