//! [`Tokens`]: how each registry wants to be authenticated, and the tokens that it accepts.

use super::challenge::Challenge;
use super::credentials::{Credential, Credentials, Found};
use super::error::{Error, Fault, Kind};
use super::realm::may_have_credential;
use super::repository::{Repository, authority};
use super::retry::{Tries, again, kind_of};
use super::wire::Wire;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// The longest answer of a token server, in bytes.
const ANSWER: usize = 1 << 20;

/// The lifetime of a token that does not say how long it lives.
const LIFETIME: u64 = 60;

/// A registry, and what is to be done there: `repository:acme/api:pull`.
type Key = (String, Vec<String>);

/// The tokens of a run.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Hosts of token servers that are trusted beyond the rules.
    realms: BTreeSet<String>,
    /// What each registry asked for.
    challenges: RefCell<BTreeMap<String, Challenge>>,
    tokens: RefCell<BTreeMap<Key, Token>>,
    /// Only one request fetches a token; others wait for it.
    turns: RefCell<BTreeMap<Key, Rc<Mutex<()>>>>,
    /// Everything secret that was sent, so that no answer can bring it into a message.
    secrets: RefCell<BTreeSet<String>>,
}

struct Token {
    header: HeaderValue,
    /// From when on another one is fetched.
    stale: Instant,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Tokens {
    pub(super) fn new(realms: BTreeSet<String>) -> Self {
        Self { realms, ..Self::default() }
    }

    /// The value of `Authorization` for a request to a repository; `None` if none is known to be needed.
    ///
    /// # Errors
    /// There is no token, or the credential cannot be read.
    pub(super) async fn authorization(
        &self,
        wire: &Wire,
        credentials: &Credentials,
        repository: &Repository,
        scopes: &[String],
    ) -> Result<Option<HeaderValue>, Error> {
        let challenge = self.challenges.borrow().get(&repository.host).cloned();
        match challenge {
            None => Ok(None),
            Some(Challenge::Basic) => {
                let found = credentials.find(repository).await?;
                Ok(found.and_then(|found| match &found.credential {
                    Credential::Password { user, password } => self.basic(user, password),
                    Credential::Identity(_) => None,
                }))
            }
            Some(Challenge::Bearer { realm, service, scopes: asked }) => {
                let key = (repository.host.clone(), scopes.to_vec());
                if let Some(header) = self.fresh(&key) {
                    return Ok(Some(header));
                }
                let turn = self.turns.borrow_mut().entry(key.clone()).or_default().clone();
                let _turn = turn.lock().await;
                if let Some(header) = self.fresh(&key) {
                    return Ok(Some(header));
                }
                let scopes = if scopes.is_empty() { asked } else { scopes.to_vec() };
                let (text, lifetime) =
                    self.fetch(wire, credentials, repository, &realm, service.as_deref(), &scopes).await?;
                let header = self.secret(&format!("Bearer {text}"), &text).ok_or_else(|| {
                    Error::new(Kind::Protocol, format!("{repository}: the token of the token server is not text"))
                })?;
                let lifetime = Duration::from_secs(lifetime.min(24 * 3600));
                // Requests take a while to arrive.
                let stale = Instant::now() + lifetime - (lifetime / 4).min(Duration::from_secs(30));
                self.tokens.borrow_mut().insert(key, Token { header: header.clone(), stale });
                Ok(Some(header))
            }
        }
    }

    fn fresh(&self, key: &Key) -> Option<HeaderValue> {
        let tokens = self.tokens.borrow();
        tokens.get(key).filter(|token| token.stale > Instant::now()).map(|token| token.header.clone())
    }

    /// A registry rejected a request: remembers what it asks for, and drops the token that it rejected.
    pub(super) fn challenged(
        &self,
        host: &str,
        scopes: &[String],
        challenge: Challenge,
        rejected: Option<&HeaderValue>,
    ) {
        self.challenges.borrow_mut().insert(host.to_owned(), challenge);
        let key = (host.to_owned(), scopes.to_vec());
        let mut tokens = self.tokens.borrow_mut();
        if tokens.get(&key).is_some_and(|token| Some(&token.header) == rejected) {
            tokens.remove(&key);
        }
    }

    /// Sends the user and the password to a host at once, without being asked for them.
    pub(super) fn present_basic(&self, host: &str) {
        self.challenges.borrow_mut().entry(host.to_owned()).or_insert(Challenge::Basic);
    }

    /// A text of a registry, without what we sent.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // The longest first: one may be a part of another.
        let mut secrets: Vec<String> = self.secrets.borrow().iter().cloned().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            text = text.replace(&secret, crate::secrets::MASK);
        }
        text
    }

    fn secret(&self, header: &str, secret: &str) -> Option<HeaderValue> {
        if secret.len() > 3 {
            self.secrets.borrow_mut().insert(secret.to_owned());
        }
        let mut value = HeaderValue::from_str(header).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn basic(&self, user: &str, password: &str) -> Option<HeaderValue> {
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        if password.len() > 3 {
            self.secrets.borrow_mut().insert(password.to_owned());
        }
        self.secret(&format!("Basic {encoded}"), &encoded)
    }

    /// Fetches a token, and its lifetime in seconds.
    async fn fetch(
        &self,
        wire: &Wire,
        credentials: &Credentials,
        repository: &Repository,
        realm: &str,
        service: Option<&str>,
        scopes: &[String],
    ) -> Result<(String, u64), Error> {
        let host = &repository.host;
        let refused = |kind, text: String| Error::new(kind, format!("{repository}: {text}"));
        let realm = Url::parse(realm).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(realm) = realm else {
            return Err(refused(Kind::Protocol, "the registry names a token server that is not an address".to_owned()));
        };
        let server = authority(&realm);
        let found = credentials.find(repository).await?;
        let is_plain = wire.transport.is_plain(host);
        if realm.scheme() == "http" && !is_plain {
            // A token that was read along the way opens the registry to others.
            let text = format!(
                "the registry is reached over https, but its token server {server} over http; airtight does not ask it"
            );
            return Err(refused(Kind::Untrusted, text));
        }
        let is_own = may_have_credential(host, is_plain, &realm, &self.realms);
        let credential = found.filter(|_| is_own);
        let kept_back = credential.is_none() && !is_own;
        let is_registry = authority(&realm) == authority(&repository.url(is_plain, "")?);
        let mut by_post = matches!(credential, Some(Found { credential: Credential::Identity(_), .. }));
        let mut tries = Tries::default();
        loop {
            wire.gates.pass(&server).await;
            let request = self.request(&realm, service, scopes, credential.as_ref(), by_post);
            let subject = format!("{repository}: the token server");
            let sent =
                wire.exchange(is_registry.then_some(host.as_str()), request, wire.patience.response, &subject).await;
            let fault = match sent {
                Err(fault) => fault,
                Ok(response) => {
                    let status = response.status();
                    if status.is_success() {
                        wire.gates.answered(&server);
                        match wire.read(response, ANSWER, &subject).await {
                            Ok(body) => return token(&body, repository, &server),
                            Err(fault) => fault,
                        }
                    } else if by_post && matches!(status.as_u16(), 404 | 405) {
                        // A token server that knows only the older way.
                        by_post = false;
                        continue;
                    } else {
                        let again = again(status, response.headers());
                        let kind = kind_of(status);
                        let what = match (&credential, kind) {
                            (Some(found), Kind::Unauthorized | Kind::Forbidden) => format!(
                                "the token server {server} rejects the credential from {} ({status}); log in again",
                                found.file
                            ),
                            (None, Kind::Unauthorized | Kind::Forbidden) if kept_back => format!(
                                "the token server {server} wants a login ({status}); no credential was sent, because it is not \
                                 in the registry's domain. --auth-realm {} allows it",
                                realm.host_str().unwrap_or_default()
                            ),
                            (None, Kind::Unauthorized | Kind::Forbidden) => format!(
                                "the token server {server} wants a login ({status}), and no credential file has one for {host}; \
                                 `docker login {host}` or --auth-file FILE gives one"
                            ),
                            _ => format!("the token server {server} answers {status}"),
                        };
                        Fault { error: refused(kind, what), again }
                    }
                }
            };
            wire.gates.pause(&server, &mut tries, fault, &wire.patience, |_| {}).await?;
        }
    }

    fn request(
        &self,
        realm: &Url,
        service: Option<&str>,
        scopes: &[String],
        credential: Option<&Found>,
        by_post: bool,
    ) -> Request {
        let credential = credential.map(|found| &found.credential);
        if let (true, Some(Credential::Identity(token))) = (by_post, credential) {
            let _ = self.secret(token, token);
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token").append_pair("client_id", "airtight");
            service.iter().for_each(|service| {
                form.append_pair("service", service);
            });
            form.append_pair("scope", &scopes.join(" ")).append_pair("refresh_token", token);
            let mut request = Request::new(Method::POST, realm.clone());
            let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form_type);
            *request.body_mut() = Some(form.finish().into());
            return request;
        }
        let mut url = realm.clone();
        {
            let mut query = url.query_pairs_mut();
            service.iter().for_each(|service| {
                query.append_pair("service", service);
            });
            scopes.iter().for_each(|scope| {
                query.append_pair("scope", scope);
            });
        }
        let mut request = Request::new(Method::GET, url);
        let header = match credential {
            Some(Credential::Password { user, password }) => self.basic(user, password),
            // What docker sends in place of a user with an identity token.
            Some(Credential::Identity(token)) => self.basic("<token>", token),
            None => None,
        };
        if let Some(header) = header {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        request
    }
}

fn token(body: &[u8], repository: &Repository, server: &str) -> Result<(String, u64), Error> {
    let answer = serde_json::from_slice::<Answer>(body).ok();
    let token = answer.and_then(|answer| {
        let text = answer.token.or(answer.access_token).filter(|text| !text.is_empty())?;
        Some((text, answer.expires_in.filter(|&seconds| seconds > 0).unwrap_or(LIFETIME)))
    });
    token.ok_or_else(|| {
        Error::new(Kind::Protocol, format!("{repository}: the answer of the token server {server} has no token"))
    })
}
