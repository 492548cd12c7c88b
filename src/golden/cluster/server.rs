//! [`ApiServer`]: an API server on the loopback interface, over TLS, for tests. It answers as a real one was seen to answer.

#![expect(clippy::disallowed_types, reason = "an API server for tests, on the loopback interface")]

use crate::golden::http::{Answer, Connection, Request};
use crate::golden::{read, root};
use base64::Engine as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The token that it accepts.
pub(super) const TOKEN: &str = "Pl4nt-Xy-token";

/// How it behaves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Manner {
    /// The most objects of a page, whatever the client asks for.
    #[serde(skip_serializing_if = "is_zero")]
    page: usize,
    /// The resources that nobody may list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forbidden: Vec<String>,
    /// Whether it accepts no token.
    #[serde(skip_serializing_if = "is_false")]
    accepts_nobody: bool,
    /// What goes wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
    /// What each watch tells, in the order of the requests. The last one goes on for ever.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    watches: Vec<Watch>,
}

/// What a watch tells.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Watch {
    /// The events, a line each.
    events: String,
    /// Whether the connection breaks in the middle of the last event; otherwise the server ends the watch.
    #[serde(default, skip_serializing_if = "is_false")]
    is_cut: bool,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Fault {
    /// The number of the request, from 1.
    request: usize,
    /// The status of the answer; 0: the connection breaks in the middle of the right answer.
    status: u16,
    /// The body, or the message of a status of the API.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What the threads of a server share.
#[derive(Debug, Default)]
pub(super) struct State {
    objects: Vec<Value>,
    manner: Manner,
    /// The requests, `GET /api/v1/pods?limit=500`.
    pub(super) log: Vec<String>,
    /// The watches so far.
    watched: usize,
    ended: bool,
}

/// An API server.
#[derive(Debug)]
pub(super) struct ApiServer {
    state: Arc<Mutex<State>>,
    /// `127.0.0.1:41234`
    pub(super) address: String,
}

impl ApiServer {
    /// Starts a server with some objects.
    pub(super) fn start(objects: Vec<Value>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let state = Arc::new(Mutex::new(State { objects, manner, ..State::default() }));
        let (of_threads, config) = (state.clone(), Arc::new(config()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if locked(&of_threads).ended {
                    return;
                }
                let (state, config) = (of_threads.clone(), config.clone());
                std::thread::spawn(move || {
                    let _ = serve(&state, stream, config);
                });
            }
        });
        Self { state, address }
    }

    /// What it saw.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.state().ended = true;
        // Wakes the listener.
        let _ = TcpStream::connect(&self.address);
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn config() -> ServerConfig {
    let text = |name: &str| read(&root().join("testdata/cluster/tls").join(name));
    let certificate = CertificateDer::from_pem_slice(text("server.pem").as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(text("server.key").as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS 1.3");
    config.with_no_client_auth().with_single_cert(vec![certificate], key).expect("they fit")
}

fn serve(state: &Mutex<State>, stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    let _ = stream.set_nodelay(true);
    let tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut connection = Connection::new(StreamOwned::new(tls, stream));
    while let Some((request, length)) = connection.head()? {
        connection.body(length)?;
        if request.parameter("watch").is_some() {
            return tell(state, &request, &mut connection);
        }
        let (answer, whole) = {
            let mut state = locked(state);
            state.note(&request);
            let (number, faults) = (state.log.len(), state.manner.faults.clone());
            match faults.iter().find(|fault| fault.request == number) {
                Some(fault) if fault.status == 0 => (state.answer(&request), false),
                Some(fault) => (fault.answer(), true),
                None => (state.answer(&request), true),
            }
        };
        let limit = if whole { usize::MAX } else { answer.body.len() / 2 };
        connection.answer(&answer, true, limit)?;
        if !whole {
            return Ok(());
        }
    }
    Ok(())
}

/// Answers a watch.
fn tell<S: io::Read + io::Write>(
    state: &Mutex<State>,
    request: &Request,
    connection: &mut Connection<S>,
) -> io::Result<()> {
    let watch = {
        let mut state = locked(state);
        state.note(request);
        state.watched += 1;
        state.manner.watches.get(state.watched - 1).cloned()
    };
    let head = Answer::new(200).with("Content-Type", "application/json").with("Transfer-Encoding", "chunked");
    connection.answer(&head, false, 0)?;
    let Some(Watch { events, is_cut }) = watch else {
        // Until the client has seen enough.
        return connection.head().map(drop);
    };
    let lines: Vec<&str> = events.lines().filter(|line| !line.trim().is_empty()).collect();
    for (number, line) in lines.iter().enumerate() {
        let line = format!("{line}\n");
        if is_cut && number + 1 == lines.len() {
            return connection.chunk(&line.as_bytes()[..line.len() / 2]);
        }
        connection.chunk(line.as_bytes())?;
    }
    connection.chunk(b"")
}

impl Fault {
    fn answer(&self) -> Answer {
        match (self.status, self.body.as_str()) {
            (200, body) => Answer { body: body.as_bytes().to_vec(), ..Answer::new(200) },
            // What is not of the API, as a gateway answers.
            (status, body) if body.starts_with('<') => Answer { body: body.as_bytes().to_vec(), ..Answer::new(status) },
            (status, message) => status_of(status, message, json!({})),
        }
    }
}

/// A status of the API.
fn status_of(code: u16, message: &str, details: Value) -> Answer {
    let reason = match code {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        410 => "Expired",
        _ => "InternalError",
    };
    let tree = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    });
    Answer::json(code, &tree)
}

impl State {
    fn note(&mut self, request: &Request) {
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.log.push(format!("{} {}?{}", request.method, request.path, query.join("&")));
    }

    fn answer(&self, request: &Request) -> Answer {
        let is_known = request.header("authorization") == Some(&format!("Bearer {TOKEN}"));
        if !is_known || self.manner.accepts_nobody {
            return status_of(401, "Unauthorized", json!({}));
        }
        let words: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let (group, rest) = match words.as_slice() {
            ["api", "v1", rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => return Answer::new(404),
        };
        let (namespace, plural) = match rest {
            ["namespaces", namespace, plural] => (Some(*namespace), *plural),
            [plural] => (None, *plural),
            _ => return Answer::new(404),
        };
        if self.manner.forbidden.iter().any(|one| one == plural) {
            let scope =
                namespace.map_or("at the cluster scope".to_owned(), |name| format!("in the namespace {name:?}"));
            let message = format!(
                "{plural} is forbidden: User \"system:serviceaccount:ops:reader\" cannot list resource {plural:?} in API group \
                 {group:?} {scope}"
            );
            return status_of(403, &message, json!({"kind": plural}));
        }
        self.list(request, namespace, plural)
    }

    fn list(&self, request: &Request, namespace: Option<&str>, plural: &str) -> Answer {
        let text =
            |object: &Value, path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let field = request.parameter("fieldSelector").and_then(|field| field.strip_prefix("metadata.name="));
        let labels: Vec<(&str, &str)> = request
            .parameter("labelSelector")
            .into_iter()
            .flat_map(|all| all.split(','))
            .filter_map(|one| one.split_once('='))
            .collect();
        let mut objects: Vec<&Value> = self
            .objects
            .iter()
            .filter(|object| format!("{}s", text(object, "/kind").to_ascii_lowercase()) == plural)
            .filter(|object| namespace.is_none_or(|name| text(object, "/metadata/namespace") == name))
            .filter(|object| field.is_none_or(|name| text(object, "/metadata/name") == name))
            .filter(|object| {
                labels.iter().all(|(key, value)| text(object, &format!("/metadata/labels/{key}")) == *value)
            })
            .collect();
        objects.sort_by_key(|object| (text(object, "/metadata/namespace"), text(object, "/metadata/name")));
        let start = match request.parameter("continue") {
            None => 0,
            Some(token) => match start_of(token) {
                Some(start) => start,
                None => return status_of(400, "invalid continue token: it is not valid", json!({})),
            },
        };
        let asked = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        let most = if self.manner.page == 0 { asked } else { asked.min(self.manner.page) };
        let end = start.saturating_add(most).min(objects.len());
        let mut metadata = json!({"resourceVersion": "214"});
        if end < objects.len() {
            metadata["continue"] = token_of(end).into();
            metadata["remainingItemCount"] = (objects.len() - end).into();
        }
        let is_metadata =
            request.header("accept").is_some_and(|accept| accept.contains("as=PartialObjectMetadataList"));
        let items: Vec<Value> = objects[start.min(end)..end]
            .iter()
            .map(|object| {
                if is_metadata {
                    return json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
                }
                // Items of a list do not repeat their kind.
                let mut item = (*object).clone();
                item.as_object_mut().expect("an object").retain(|key, _| key != "kind" && key != "apiVersion");
                item
            })
            .collect();
        let kind = if is_metadata { "PartialObjectMetadataList" } else { "List" };
        Answer::json(200, &json!({"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": items}))
    }
}

fn token_of(start: usize) -> String {
    let text = json!({"v": "meta.k8s.io/v1", "rv": 214, "start": start.to_string()}).to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn start_of(token: &str) -> Option<usize> {
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice::<Value>(&text).ok()?["start"].as_str()?.parse().ok()
}
