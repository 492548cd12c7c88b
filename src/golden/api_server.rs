//! A real `kube-apiserver` with `etcd`, on the loopback interface.

#![expect(clippy::disallowed_types, reason = "a client for the server on the loopback interface")]
#![expect(clippy::disallowed_methods, reason = "programs and files of the test")]

use super::mirror::peers::programs::{certificates, free_address, program};
use reqwest::{Certificate, Client, Method};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The token of the user who may do everything.
pub(super) const TOKEN: &str = "Pl4nt-api-token";

/// The media type of objects.
pub(super) const JSON: &str = "application/json";

/// How often something is asked for, and how long nothing is asked between.
const TRIES: usize = 600;
const PAUSE: Duration = Duration::from_millis(200);

/// Where objects of a kind are, below a namespace or in the cluster.
pub(super) fn collection(object: &Value) -> String {
    let (version, kind) = (object["apiVersion"].as_str().expect("a version"), object["kind"].as_str().expect("a kind"));
    let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
    let plural = match kind.to_ascii_lowercase() {
        kind if kind.ends_with('y') => format!("{}ies", &kind[..kind.len() - 1]),
        kind => format!("{kind}s"),
    };
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
        None => format!("{root}/{plural}"),
    }
}

/// Where an object is.
pub(super) fn path(object: &Value) -> String {
    format!("{}/{}", collection(object), object["metadata"]["name"].as_str().expect("a name"))
}

/// The server, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct ApiServer {
    programs: Vec<Child>,
    folder: TempDir,
    address: String,
    client: Client,
    runtime: Runtime,
}

/// What the server answers.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status of HTTP.
    pub(super) status: u16,
    /// The texts of the `Warning` headers.
    pub(super) warnings: Vec<String>,
    /// The object, or a Status.
    pub(super) body: Value,
}

impl Answer {
    /// The message of a Status; empty for another object.
    pub(super) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        for program in self.programs.iter_mut().rev() {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

impl ApiServer {
    /// Starts a server without objects; `None` if the programs are not there, which is said.
    ///
    /// The connections of another server may take an address before a program listens on it: then it ends, and others are tried.
    pub(super) fn start() -> Option<Self> {
        static STARTING: Mutex<()> = Mutex::new(());
        let (server, store) = (program("kube-apiserver")?, program("etcd")?);
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let started = (0..5).find_map(|_| {
            let mut tried = Self::run(&server, &store);
            tried.becomes_ready().then_some(tried)
        });
        Some(started.expect("a server starts on free addresses"))
    }

    /// Whether it becomes ready; otherwise a program has ended.
    fn becomes_ready(&mut self) -> bool {
        for _ in 0..TRIES {
            if self.try_send(Method::GET, "/readyz", None).is_some_and(|answer| answer.status == 200) {
                return true;
            }
            if self.programs.iter_mut().any(|program| program.try_wait().expect("a program of ours").is_some()) {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("the server does not become ready\n{}", self.logs());
    }

    /// Runs the programs.
    fn run(server: &PathBuf, store: &PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        certificates(folder.path());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let of_store = format!("http://{}", free_address());
        let of_peers = format!("http://{}", free_address());
        let log = |name: &str| Stdio::from(std::fs::File::create(folder.path().join(name)).expect("a file"));
        let run = |program: &PathBuf, args: &[String], name: &str| {
            let mut command = Command::new(program);
            command.args(args).stdout(Stdio::null()).stderr(log(name)).spawn().expect("the program starts")
        };
        let args = [
            format!("--data-dir={}", path("etcd")),
            format!("--listen-client-urls={of_store}"),
            format!("--advertise-client-urls={of_store}"),
            format!("--listen-peer-urls={of_peers}"),
            format!("--initial-advertise-peer-urls={of_peers}"),
            format!("--initial-cluster=default={of_peers}"),
            "--unsafe-no-fsync=true".to_owned(),
        ];
        let mut programs = vec![run(store, &args, "etcd.log")];
        let address = free_address();
        let (host, port) = address.split_once(':').expect("a port");
        std::fs::write(folder.path().join("tokens.csv"), format!("{TOKEN},admin,admin,system:masters\n"))
            .expect("a file");
        let args = [
            format!("--etcd-servers={of_store}"),
            format!("--bind-address={host}"),
            format!("--advertise-address={host}"),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={}", path("server.pem")),
            format!("--tls-private-key-file={}", path("server.key")),
            format!("--cert-dir={}", path("certificates")),
            "--service-account-issuer=https://127.0.0.1".to_owned(),
            format!("--service-account-key-file={}", path("server.key")),
            format!("--service-account-signing-key-file={}", path("server.key")),
            format!("--token-auth-file={}", path("tokens.csv")),
            "--authorization-mode=RBAC".to_owned(),
            // Nobody makes service accounts here.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
        ];
        programs.push(run(server, &args, "kube-apiserver.log"));
        let authority = std::fs::read(folder.path().join("authority.pem")).expect("a certificate");
        let authority = Certificate::from_pem(&authority).expect("a certificate");
        let client = Client::builder().tls_certs_only([authority]).no_proxy().build().expect("a client");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { programs, folder, address, client, runtime }
    }

    /// Its address: `127.0.0.1:6443`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The file with the certificate of its authority.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Asks until something is so. The server does many things some seconds later.
    pub(super) fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..TRIES {
            if is_so(self) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("it never came true that {what}\n{}", self.logs());
    }

    /// The last lines of what the programs said.
    fn logs(&self) -> String {
        let mut said = String::new();
        for name in ["etcd.log", "kube-apiserver.log"] {
            let log = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            let _ = writeln!(said, "{name}: {last:#?}");
        }
        said
    }

    /// Sends a request, with a media type and a body if there is one.
    pub(super) fn send(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Answer {
        self.try_send(method, path, body).expect("the server answers")
    }

    fn try_send(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Option<Answer> {
        let url = format!("https://{}{path}", self.address);
        let mut request = self.client.request(method, url).bearer_auth(TOKEN);
        if let Some((media_type, body)) = body {
            request = request.header("content-type", media_type).body(body);
        }
        self.runtime.block_on(async {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let warnings =
                response.headers().get_all("warning").iter().map(|text| text.to_str().unwrap_or_default().to_owned());
            let warnings = warnings.collect();
            let text = response.text().await.ok()?;
            let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
            Some(Answer { status, warnings, body })
        })
    }
}
