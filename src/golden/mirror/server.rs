//! [`Server`]: a registry on the loopback interface, for tests.

#![expect(clippy::disallowed_types, reason = "a registry for tests, on the loopback interface")]

use super::faults::{Does, Fault, Pending};
use super::store::Store;
use crate::golden::http::{Answer, BodyLength, Connection, Request};
use crate::registry::Digest;
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The user and the password of registries with a login.
pub(super) const USER: &str = "mirror";
pub(super) const PASSWORD: &str = "Pl4nt-Xy-password";
pub(super) const IDENTITY: &str = "Pl4nt-Xy-identity";

/// How a registry behaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Manner {
    /// `basic`, `token`, or empty for no login.
    #[serde(skip_serializing_if = "String::is_empty")]
    login: String,
    /// The address of the token server; its own if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    realm: String,
    /// Whether it knows referrers.
    #[serde(skip_serializing_if = "is_false")]
    referrers: bool,
    /// Whether it does not mount blobs.
    #[serde(skip_serializing_if = "is_false")]
    no_mounts: bool,
    /// Whether it sends whole blobs in answer to a range.
    #[serde(skip_serializing_if = "is_false")]
    no_ranges: bool,
    /// Whether it takes no blob in one request.
    #[serde(skip_serializing_if = "is_false")]
    only_patch: bool,
    /// Whether it names no digests.
    #[serde(skip_serializing_if = "is_false")]
    no_digests: bool,
    /// What it says is left of its rate limit, before the first request: `100;w=21600`.
    #[serde(skip_serializing_if = "String::is_empty")]
    rate_limit: String,
    /// In how many seconds it is filled again, once nothing is left of it; 0 if it does not say.
    #[serde(skip_serializing_if = "is_zero")]
    rate_limit_reset: u64,
    /// The seconds that its tokens live.
    #[serde(skip_serializing_if = "is_zero")]
    lifetime: u64,
    /// The most tags of a page; 0 for all.
    #[serde(skip_serializing_if = "is_zero")]
    page: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What the threads of a registry share.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) store: Store,
    /// What it holds besides, as a web server: `/stable/index.yaml`.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    manner: Manner,
    pending: Vec<Pending>,
    /// The requests, `PUT /v2/acme/api/manifests/1.4`.
    pub(super) log: Vec<String>,
    /// The values of `Authorization` that it saw, and bodies with a token.
    pub(super) credentials: Vec<String>,
    /// Whether a manifest arrived before what it refers to.
    pub(super) early: Vec<String>,
    uploads: BTreeMap<String, Vec<u8>>,
    number: usize,
    /// The requests that came before the rate limit was filled again.
    before_refill: usize,
    tokens: BTreeSet<String>,
    /// The requests that began.
    pub(super) met: usize,
    /// It answers nothing any more after so many requests.
    pub(super) dies_after: Option<usize>,
    names: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Stalled connections are held until the end.
    ended: Mutex<bool>,
    end: Condvar,
}

/// A registry.
#[derive(Debug)]
pub(super) struct Server {
    shared: Arc<Shared>,
    /// `127.0.0.1:41234`.
    pub(super) address: String,
}

impl Server {
    /// Starts a registry.
    pub(super) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let shared = Arc::new(Shared { state: Mutex::new(State { manner, ..State::default() }), ..Shared::default() });
        let (own, of_threads) = (address.clone(), shared.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_threads.is_ended() {
                    return;
                }
                let (shared, address) = (of_threads.clone(), own.clone());
                std::thread::spawn(move || {
                    let _ = shared.serve(stream, &address);
                });
            }
        });
        Self { shared, address }
    }

    /// What it holds and saw.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// The names of the hosts in the texts of faults: `@other` and its address.
    pub(super) fn prepare(&self, names: Vec<(String, String)>, faults: impl Iterator<Item = Fault>) {
        let mut state = self.state();
        state.names = names;
        state.pending = faults.map(Pending::new).collect();
    }

    /// The faults that no request met.
    pub(super) fn unused(&self) -> Vec<String> {
        self.state().pending.iter().filter(|fault| !fault.is_used()).map(Pending::name).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.shared.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.end.notify_all();
        // Wakes the listener.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ended(&self) -> bool {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !*ended {
            ended = self.end.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn serve(&self, stream: TcpStream, address: &str) -> io::Result<()> {
        let _ = stream.set_nodelay(true);
        let mut connection = Connection::new(stream);
        while let Some((mut request, length)) = connection.head()? {
            let fault = match self.meet(&request) {
                Met::Dead => return Ok(()),
                Met::Fault(fault) => fault,
            };
            let log = || self.state().log.push(format!("{} {}", request.method, request.path));
            match fault {
                Does::Drop => {
                    log();
                    return Ok(());
                }
                Does::Unread => {
                    log();
                    self.hold();
                    return Ok(());
                }
                _ => {}
            }
            let early_answer = fault.answer(&|text| self.state().named(text).replace("@path", &request.path));
            if let Some(answer) = early_answer {
                log();
                // As registries do, without reading a long body.
                if matches!(length, BodyLength::Known(length) if length < 1 << 20) {
                    connection.body(length)?;
                }
                connection.answer(&answer, request.method != "HEAD", usize::MAX)?;
                if !matches!(length, BodyLength::Known(length) if length < 1 << 20) {
                    return Ok(());
                }
                continue;
            }
            // A request that the client gives up halfway is seen at some time or other, and does not count.
            let body = connection.body(length)?;
            log();
            request.body = body;
            if matches!(fault, Does::Flip)
                && let Some(byte) = request.body.last_mut()
            {
                *byte ^= 1;
            }
            let mut answer = {
                let mut state = self.state();
                if let Some(value) = request.header("authorization") {
                    state.credentials.push(value.to_owned());
                }
                let answer = state.handle(&request, address, &fault);
                state.limited(answer)
            };
            let is_upload = !request.body.is_empty();
            if !(is_upload && matches!(fault, Does::Flip)) {
                fault.change(&mut answer, &|text| self.state().named(text));
            }
            let has_body = request.method != "HEAD";
            match fault {
                Does::Lose => return Ok(()),
                Does::Silent => {
                    self.hold();
                    return Ok(());
                }
                Does::Stall(length) => {
                    connection.answer(&answer, has_body, length)?;
                    self.hold();
                    return Ok(());
                }
                Does::Cut(length) => return connection.answer(&answer, has_body, length),
                Does::Endless => {
                    answer.body.clear();
                    let answer = answer.with("Transfer-Encoding", "chunked");
                    connection.answer(&answer, false, 0)?;
                    connection.flood(64 << 20);
                    return Ok(());
                }
                _ => connection.answer(&answer, has_body, usize::MAX)?,
            }
        }
        Ok(())
    }

    fn meet(&self, request: &Request) -> Met {
        let mut state = self.state();
        if state.dies_after.is_some_and(|most| state.met >= most) {
            return Met::Dead;
        }
        state.met += 1;
        let fault = state.pending.iter_mut().find_map(|pending| pending.take(request));
        if matches!(fault, Some(Does::Expire)) {
            state.tokens.clear();
        }
        Met::Fault(fault.unwrap_or(Does::Nothing))
    }
}

enum Met {
    Dead,
    Fault(Does),
}

impl State {
    fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, address)| text.replace(name, address))
    }

    fn limited(&mut self, answer: Answer) -> Answer {
        let Some((limit, window)) = self.manner.rate_limit.split_once(';') else { return answer };
        let came = self.log.len().saturating_sub(self.before_refill);
        let left = limit.parse::<usize>().expect("a number").saturating_sub(came);
        let answer = answer
            .with("ratelimit-limit", &*self.manner.rate_limit)
            .with("ratelimit-remaining", format!("{left};{window}"));
        if left > 0 || self.manner.rate_limit_reset == 0 {
            return answer;
        }
        self.before_refill = self.log.len();
        answer.with("ratelimit-reset", self.manner.rate_limit_reset.to_string())
    }

    fn handle(&mut self, request: &Request, address: &str, fault: &Does) -> Answer {
        if request.path == "/token" {
            return self.token(request);
        }
        if let Some(answer) = self.refused(request, address) {
            return answer;
        }
        let Some(path) = request.path.strip_prefix("/v2/") else {
            let file = self.files.get(&request.path);
            return file.map_or(Answer::new(404), |text| Answer { body: text.clone(), ..Answer::new(200) });
        };
        if let Some(name) = path.strip_suffix("/tags/list") {
            return self.tags(request, name);
        }
        let parts = ["/blobs/uploads/", "/blobs/", "/manifests/", "/referrers/"];
        let Some((name, part, rest)) =
            parts.iter().find_map(|part| path.split_once(part).map(|(name, rest)| (name, *part, rest)))
        else {
            return Answer::new(404);
        };
        match part {
            "/blobs/uploads/" => self.upload(request, name, rest, fault),
            "/blobs/" => self.blob(request, name, rest, fault),
            "/manifests/" => self.manifest(request, name, rest, fault),
            _ if self.manner.referrers => {
                let index = json!({"schemaVersion": 2, "manifests": self.store.referrers(name, rest)});
                let mut answer = Answer::json(200, &index);
                answer.headers =
                    vec![("Content-Type".to_owned(), "application/vnd.oci.image.index.v1+json".to_owned())];
                answer
            }
            _ => Answer::new(404),
        }
    }

    /// The answer to a request without the right to be made.
    fn refused(&self, request: &Request, address: &str) -> Option<Answer> {
        let given = request.header("authorization").unwrap_or_default();
        let challenge = match self.manner.login.as_str() {
            "basic" if given == basic() => return None,
            "basic" => "Basic realm=\"test\"".to_owned(),
            "token" if given.strip_prefix("Bearer ").is_some_and(|token| self.tokens.contains(token)) => return None,
            "token" => {
                let own = format!("http://{address}/token");
                let realm = if self.manner.realm.is_empty() { own } else { self.named(&self.manner.realm) };
                format!("Bearer realm=\"{realm}\",service=\"test\"")
            }
            _ => return None,
        };
        let body = json!({"errors": [{"code": "UNAUTHORIZED", "message": format!("not with {given}")}]});
        Some(Answer::json(401, &body).with("WWW-Authenticate", challenge))
    }

    fn token(&mut self, request: &Request) -> Answer {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let by_identity = request.method == "POST" && form.contains(&format!("refresh_token={IDENTITY}"));
        if request.header("authorization") != Some(basic().as_str()) && !by_identity {
            return Answer::new(401);
        }
        if by_identity {
            self.credentials.push(form);
        }
        self.number += 1;
        let token = format!("Pl4nt-Xy-token-{}", self.number);
        self.tokens.insert(token.clone());
        let lifetime = if self.manner.lifetime == 0 { 300 } else { self.manner.lifetime };
        Answer::json(200, &json!({"token": token, "expires_in": lifetime}))
    }

    fn tags(&self, request: &Request, name: &str) -> Answer {
        let Some(repository) = self.store.repositories.get(name) else {
            return Answer::json(
                404,
                &json!({"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known"}]}),
            );
        };
        let most = usize::try_from(self.manner.page).unwrap_or(0);
        let last = request.parameter("last").unwrap_or_default();
        let left = repository.tags.keys().filter(|tag| tag.as_str() > last);
        let page: Vec<&String> = if most == 0 { left.collect() } else { left.take(most).collect() };
        let answer = Answer::json(200, &json!({"name": name, "tags": page}));
        match page.last() {
            Some(last) if most > 0 && repository.tags.keys().any(|tag| tag > *last) => {
                answer.with("Link", format!("</v2/{name}/tags/list?last={last}&n={most}>; rel=\"next\""))
            }
            _ => answer,
        }
    }

    fn blob(&mut self, request: &Request, name: &str, digest: &str, fault: &Does) -> Answer {
        let known = self.store.repository(name).blobs.get(digest).cloned();
        let Some(bytes) = known else {
            return if matches!(fault, Does::Exists) {
                self.named_digest(Answer::new(200), digest)
            } else {
                Answer::new(404)
            };
        };
        let from =
            request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let mut answer = self.named_digest(Answer::new(200), digest);
        match from.filter(|_| !self.manner.no_ranges) {
            Some(from) if from < bytes.len() => {
                let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
                answer = answer.with("Content-Range", range);
                answer.status = 206;
                answer.body = bytes[from..].to_vec();
            }
            Some(_) => return Answer::new(416),
            None => answer.body = bytes,
        }
        answer
    }

    fn upload(&mut self, request: &Request, name: &str, session: &str, fault: &Does) -> Answer {
        let location = |session: &str| format!("/v2/{name}/blobs/uploads/{session}?_state=a%2Fb");
        match request.method.as_str() {
            "POST" => {
                if let (Some(digest), Some(from), false) =
                    (request.parameter("mount"), request.parameter("from"), self.manner.no_mounts)
                {
                    let bytes = self.store.repository(from).blobs.get(digest).cloned();
                    if let Some(bytes) = bytes {
                        self.store.repository(name).blobs.insert(digest.to_owned(), bytes);
                        return self.named_digest(Answer::new(201).with("Location", "/x"), digest);
                    }
                }
                self.number += 1;
                let session = self.number.to_string();
                self.uploads.insert(session.clone(), Vec::new());
                Answer::new(202).with("Location", location(&session))
            }
            "PATCH" => match self.uploads.get_mut(session) {
                Some(upload) => {
                    upload.extend_from_slice(&request.body);
                    Answer::new(202).with("Location", location(session))
                }
                None => Answer::new(404),
            },
            "PUT" => {
                if self.manner.only_patch && !request.body.is_empty() {
                    return Answer::new(405);
                }
                let Some(mut bytes) = self.uploads.remove(session) else { return Answer::new(404) };
                bytes.extend_from_slice(&request.body);
                let digest = request.parameter("digest").unwrap_or_default().to_owned();
                if matches!(fault, Does::StoreOther) {
                    return Answer::new(201);
                }
                if Digest::of(&bytes).as_str() != digest {
                    return Answer::json(
                        400,
                        &json!({"errors": [{"code": "DIGEST_INVALID", "message": "other bytes"}]}),
                    );
                }
                self.store.repository(name).blobs.insert(digest.clone(), bytes);
                self.named_digest(Answer::new(201).with("Location", "/x"), &digest)
            }
            _ => Answer::new(405),
        }
    }

    fn manifest(&mut self, request: &Request, name: &str, version: &str, fault: &Does) -> Answer {
        if request.method == "PUT" {
            return self.put_manifest(request, name, version, fault);
        }
        let repository = self.store.repository(name);
        let digest = repository.tags.get(version).cloned().unwrap_or_else(|| version.to_owned());
        let Some((media_type, text)) = repository.manifests.get(&digest).cloned() else {
            if matches!(fault, Does::Exists) {
                return self.named_digest(Answer::new(200), version);
            }
            return Answer::json(
                404,
                &json!({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}),
            );
        };
        let mut answer = self.named_digest(Answer::new(200).with("Content-Type", media_type), &digest);
        answer.body = text;
        answer
    }

    fn put_manifest(&mut self, request: &Request, name: &str, version: &str, fault: &Does) -> Answer {
        let digest = Digest::of(&request.body).to_string();
        let lacks = self.store.lacks(name, &request.body);
        if !lacks.is_empty() {
            self.early.push(format!("{name}:{version} lacks {}", lacks.join(", ")));
            let named = lacks.iter().map(|one| json!({"code": "MANIFEST_BLOB_UNKNOWN", "detail": {"digest": one}}));
            return Answer::json(404, &json!({"errors": named.collect::<Vec<_>>()}));
        }
        let media_type = request.header("content-type").unwrap_or_default().to_owned();
        let repository = self.store.repository(name);
        let mut body = request.body.clone();
        if matches!(fault, Does::StoreOther) {
            body.push(b' ');
        }
        let stored = Digest::of(&body).to_string();
        repository.manifests.insert(stored.clone(), (media_type, body));
        if version != digest {
            repository.tags.insert(version.to_owned(), stored.clone());
        }
        let mut answer = self.named_digest(Answer::new(201).with("Location", "/x"), &stored);
        let tree: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if let Some(subject) = tree.pointer("/subject/digest").and_then(|digest| digest.as_str())
            && self.manner.referrers
        {
            answer = answer.with("OCI-Subject", subject);
        }
        answer
    }

    fn named_digest(&self, answer: Answer, digest: &str) -> Answer {
        if self.manner.no_digests { answer } else { answer.with("Docker-Content-Digest", digest) }
    }
}

/// The header of the login.
fn basic() -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    format!("Basic {encoded}")
}
