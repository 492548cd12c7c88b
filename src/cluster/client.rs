//! [`Cluster`]: the API server of a cluster, asked with the rights of the user.

#![expect(clippy::disallowed_types, reason = "this is the room that asks clusters")]

use super::failure::{Failure, FailureKind, Server};
use super::kubeconfig::{Access, Way};
use super::login::{Login, TokenFile};
use super::objects::ListMetadata;
use super::resources::{Resource, Rule};
use crate::error::Error;
use crate::runtime::{cannot_start, runtime};
use futures_util::io::{AsyncBufRead, AsyncBufReadExt as _};
use http::{Request, header};
use kube::{Client, Config};
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

/// The objects of a page.
const PAGE: usize = 500;

/// The most bytes of a page: an object has at most a few MiB.
const PAGE_BYTES: u64 = 512 << 20;

/// How often a list that expired while it was read is begun again.
const RESTARTS: usize = 3;

/// How often a request is sent again to a server that is busy.
const TRIES: u32 = 5;

/// How long a server may be silent, in seconds.
pub(super) const PATIENCE: u64 = 60;

/// How long a program that asks a user for a login may take: a browser is opened, or a code is sent to a phone.
const PATIENCE_WITH_USERS: u64 = 300;

/// The API server of a cluster.
pub(crate) struct Cluster {
    client: Client,
    /// The token of each request, if it is in a file.
    token: Option<TokenFile>,
    /// A program for credentials that hangs is not waited for at the end.
    pub(super) runtime: ManuallyDrop<Runtime>,
    pub(super) server: Server,
    /// When watching ends.
    pub(super) end: Option<tokio::time::Instant>,
}

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'q> {
    /// The resource.
    pub resource: Resource,
    /// The namespace; `None` for all.
    pub namespace: Option<&'q str>,
    /// `app=shop`; empty for all.
    pub labels: &'q str,
    /// The name of the objects, if only those are wanted: a right may be limited to them.
    pub name: Option<&'q str>,
    /// Whether only the metadata is wanted.
    pub is_metadata: bool,
    /// The objects of a page.
    pub page: usize,
}

impl<'q> Query<'q> {
    /// All objects of a resource.
    pub(crate) fn all(resource: Resource, namespace: Option<&'q str>) -> Self {
        Self { resource, namespace, labels: "", name: None, is_metadata: false, page: PAGE }
    }

    pub(super) fn what(&self, verb: &str) -> String {
        let place =
            self.namespace.map_or(" in all namespaces".to_owned(), |namespace| format!(" in namespace {namespace}"));
        let name = self.name.map(|name| format!(" named {name}")).unwrap_or_default();
        format!("{verb} {}{name}{place}", self.resource.plural)
    }

    pub(super) fn rule(&self, verb: &str) -> Rule {
        self.resource.rule(&[verb], self.name)
    }

    /// The path and the parameters of a request.
    fn target(&self, more: &[(&str, &str)]) -> String {
        let mut parameters = url::form_urlencoded::Serializer::new(String::new());
        if !self.labels.is_empty() {
            parameters.append_pair("labelSelector", self.labels);
        }
        if let Some(name) = self.name {
            parameters.append_pair("fieldSelector", &format!("metadata.name={name}"));
        }
        parameters.extend_pairs(more);
        format!("{}?{}", self.resource.path(self.namespace), parameters.finish())
    }

    fn request(&self, verb: &str, more: &[(&str, &str)]) -> Result<Request<Vec<u8>>, Error> {
        let accept = match self.is_metadata {
            true => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            false => "application/json",
        };
        let request = Request::get(self.target(more)).header(header::ACCEPT, accept).body(Vec::new());
        request.map_err(|_| {
            Error::input(format!("{}: the namespace or a selector cannot be a part of a URL", self.what(verb)))
        })
    }
}

impl Cluster {
    /// Prepares the connection. Nothing is asked yet, but a program that the kubeconfig names may run.
    ///
    /// # Errors
    /// See [`Access::way`], and the program has no credentials.
    pub(crate) fn connect(access: &Access) -> Result<Self, Error> {
        let runtime = ManuallyDrop::new(runtime()?);
        let Way { mut config, login, token } = runtime.block_on(access.way())?;
        config.connect_timeout = Some(Duration::from_secs(PATIENCE / 4));
        let name = config.cluster_url.authority().map(|authority| {
            let text = authority.as_str();
            text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned()
        });
        let server = Server { name: name.unwrap_or_else(|| "the cluster".to_owned()), login };
        let usual = Duration::from_secs(if access.is_interactive { PATIENCE_WITH_USERS } else { PATIENCE });
        let client = client(config, &runtime, &server, access.patience.unwrap_or(usual))?;
        Ok(Self { client, token, runtime, server, end: None })
    }

    /// Reads a whole list, page by page. `add` reads the text of a page into what is collected, and returns what the list says about
    /// itself. If the list expires on the way, collecting begins again. Returns what was collected, and the state that it shows.
    ///
    /// # Errors
    /// The failure of a request, or an answer cannot be read.
    pub(crate) fn list<C: Default>(
        &self,
        query: &Query<'_>,
        mut add: impl FnMut(&mut C, &str) -> Result<ListMetadata, serde_json::Error>,
    ) -> Result<(C, String), Failure> {
        let mut restarts = 0;
        loop {
            match self.list_once(query, &mut add) {
                Err(failure) if failure.kind == FailureKind::Gone && restarts < RESTARTS => restarts += 1,
                other => return other,
            }
        }
    }

    fn list_once<C: Default>(
        &self,
        query: &Query<'_>,
        add: &mut impl FnMut(&mut C, &str) -> Result<ListMetadata, serde_json::Error>,
    ) -> Result<(C, String), Failure> {
        let mut collected = C::default();
        let (limit, mut next) = (query.page.to_string(), String::new());
        loop {
            let mut parameters = vec![("limit", limit.as_str())];
            if !next.is_empty() {
                parameters.push(("continue", &next));
            }
            let text = self.runtime.block_on(self.text(query, &parameters))?;
            let said = add(&mut collected, &text);
            let said =
                said.map_err(|error| Failure::of_answer(&self.server, &query.what("list"), &without_content(&error)))?;
            if said.next.is_empty() {
                return Ok((collected, said.resource_version));
            }
            // A server that gives the same token for ever would never end.
            if said.next == next {
                return Err(Failure::of_answer(&self.server, &query.what("list"), "a page is followed by itself"));
            }
            next = said.next;
        }
    }

    /// The text of one answer.
    async fn text(&self, query: &Query<'_>, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        let (mut tries, mut pause) = (1, Duration::from_millis(100));
        loop {
            match self.text_once(query, parameters).await {
                Err(failure) if failure.kind == FailureKind::Busy && tries < TRIES => {
                    sleep(pause).await;
                    (tries, pause) = (tries + 1, pause * 2);
                }
                other => return other,
            }
        }
    }

    /// Sends a request; the answer begins.
    pub(super) async fn open(
        &self,
        query: &Query<'_>,
        verb: &str,
        parameters: &[(&str, &str)],
    ) -> Result<impl AsyncBufRead, Failure> {
        let what = query.what(verb);
        let unusable = |error: Error| Failure { kind: FailureKind::Server, text: error.to_string() };
        let mut request = query.request(verb, parameters).map_err(unusable)?;
        if let Some(token) = &self.token {
            let unusable = |error: Error| Failure { kind: FailureKind::Unauthorized, text: error.to_string() };
            request.headers_mut().insert(header::AUTHORIZATION, token.header().map_err(unusable)?);
        }
        let answer = timeout(Duration::from_secs(PATIENCE), self.client.request_stream(request)).await;
        let answer = answer.map_err(|_| Failure::silent(&self.server, &what, PATIENCE))?;
        answer.map_err(|error| Failure::of(&error, &self.server, &what, &query.rule(verb)))
    }

    async fn text_once(&self, query: &Query<'_>, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        let what = query.what("list");
        let mut answer = pin!(self.open(query, "list", parameters).await?);
        let mut bytes = Vec::new();
        loop {
            let piece = timeout(Duration::from_secs(PATIENCE), answer.fill_buf()).await;
            let piece = piece.map_err(|_| Failure::silent(&self.server, &what, PATIENCE))?;
            let piece = piece.map_err(|error| Failure::broken(&self.server, &what, &error))?;
            if piece.is_empty() {
                break;
            }
            bytes.extend_from_slice(piece);
            let length = piece.len();
            if bytes.len() as u64 > PAGE_BYTES {
                let why = format!("it has more than {PAGE_BYTES} bytes");
                return Err(Failure::of_answer(&self.server, &what, &why));
            }
            answer.consume_unpin(length);
        }
        String::from_utf8(bytes).map_err(|_| Failure::of_answer(&self.server, &what, "it is not UTF-8"))
    }
}

/// A client. A program that the kubeconfig names runs in a thread that nobody waits for: it may hang.
fn client(config: Config, runtime: &Runtime, server: &Server, patience: Duration) -> Result<Client, Error> {
    let (done, is_done) = channel();
    let handle = runtime.handle().clone();
    let connect = move || {
        let _entered = handle.enter();
        // Whoever waits for it may have given up.
        let _ = done.send(Client::try_from(config));
    };
    match &server.login {
        Login::Program { .. } => {
            std::thread::Builder::new().spawn(connect).map_err(|error| cannot_start(&error))?;
        }
        _ => connect(),
    }
    let client = is_done.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => Failure::hanging(server, patience),
        // kube panics at a token that a header cannot have.
        RecvTimeoutError::Disconnected => Failure::unusable(server),
    })?;
    let rule = super::resources::PODS.rule(&["list"], None);
    Ok(client.map_err(|error| Failure::of(&error, server, "use the kubeconfig", &rule))?)
}

/// What is wrong with JSON, without quoting any of it: it may be a secret.
fn without_content(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "it has another form" } else { "it is not whole JSON" };
    format!("{what}, at line {} column {}", error.line(), error.column())
}
