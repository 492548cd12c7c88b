//! The programs that run beside airtight: registries, and clients with an opinion of their own.

#![expect(clippy::disallowed_types, reason = "registries on the loopback interface")]
#![expect(clippy::disallowed_methods, reason = "programs and files of the test")]

use super::token_server::TokenServer;
use crate::golden::root;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(super) const USER: &str = "mirror";
pub(super) const PASSWORD: &str = "Pl4nt-Xy-peer";

/// The path of a program; `None` if it is not there, which is said, and is an error if `AIRTIGHT_PEERS` names it.
pub(in crate::golden) fn program(name: &str) -> Option<PathBuf> {
    let own = root().join("target/peers/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(own).chain(std::env::split_paths(&path).map(|folder| folder.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        let required = std::env::var("AIRTIGHT_PEERS").unwrap_or_default();
        assert!(!required.split_whitespace().any(|one| one == name), "{name} is missing, and AIRTIGHT_PEERS names it");
        // Not through the macros, which a test that succeeds keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "passed over: the tests with {name}, which is not installed (.ci/run installs it)"
        );
    }
    found
}

/// How a registry is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Plain,
    /// With a user and a password.
    Basic,
    /// The same, over TLS.
    Tls,
    /// With tokens of a server of ours.
    Token,
}

/// A registry that runs.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    pub(super) address: String,
    pub(super) manner: Manner,
    /// The certificate of the authority.
    pub(super) authority: PathBuf,
    _tokens: Option<TokenServer>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    fn run(
        mut command: Command,
        address: String,
        manner: Manner,
        authority: PathBuf,
        tokens: Option<TokenServer>,
    ) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let peer = Self { child, address, manner, authority, _tokens: tokens };
        for _ in 0..600 {
            if TcpStream::connect(&peer.address).is_ok() {
                return peer;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{command:?} does not listen on {}", peer.address);
    }

    /// Debian's docker-registry: it mounts blobs and answers ranges, and has no referrers API.
    pub(super) fn docker_registry(program: &Path, folder: &Path, manner: Manner) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let address = free_address();
        let path = |name: &str| folder.join(name).display().to_string();
        let mut text = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http:\n  addr: {address}\n",
            path("storage")
        );
        let mut tokens = None;
        if manner == Manner::Tls || manner == Manner::Token {
            certificates(folder);
        }
        if manner == Manner::Tls {
            text.push_str(&format!("  tls: {{certificate: {}, key: {}}}\n", path("server.pem"), path("server.key")));
        }
        if manner == Manner::Basic || manner == Manner::Tls {
            let hash = bcrypt::hash(PASSWORD, 4).expect("a password");
            std::fs::write(folder.join("htpasswd"), format!("{USER}:{hash}\n")).expect("a file");
            text.push_str(&format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", path("htpasswd")));
        }
        if manner == Manner::Token {
            let server = TokenServer::start(folder);
            text.push_str(&format!(
                "auth: {{token: {{realm: 'http://{}/token', service: test, issuer: test, rootcertbundle: {}}}}}\n",
                server.address,
                path("server.pem")
            ));
            tokens = Some(server);
        }
        std::fs::write(folder.join("registry.yml"), text).expect("a file");
        let mut command = Command::new(program);
        command.arg("serve").arg(folder.join("registry.yml"));
        Self::run(command, address, manner, folder.join("authority.pem"), tokens)
    }

    /// It knows referrers, answers 202 to a mount, and ignores ranges.
    pub(super) fn ferro(program: &Path) -> Self {
        let address = free_address();
        let mut command = Command::new(program);
        command.env("FERRO_OCI_LISTEN", &address).env("RUST_LOG", "error");
        Self::run(command, address, Manner::Plain, PathBuf::new(), None)
    }

    /// The registry of go-containerregistry, which knows referrers.
    pub(super) fn crane(program: &Path) -> Self {
        let address = free_address();
        let mut command = Command::new(program);
        command.args(["registry", "serve", "--address", &address]);
        Self::run(command, address, Manner::Plain, PathBuf::new(), None)
    }

    /// The flags that reach it as the mirror.
    pub(super) fn flags(&self, folder: &Path) -> Vec<String> {
        let mut flags: Vec<String> = match self.manner {
            Manner::Tls => vec!["--ca-file".to_owned(), self.authority.display().to_string()],
            _ => vec!["--plain-http".to_owned()],
        };
        flags.extend(["--auth-file".to_owned(), self.auth_file(folder).display().to_string()]);
        flags
    }

    /// The credential file, which is docker's too.
    pub(super) fn auth_file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("config.json");
        let auth = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{USER}:{PASSWORD}"));
        let auths = match self.manner {
            Manner::Plain => serde_json::json!({}),
            _ => serde_json::json!({&self.address: {"auth": auth}}),
        };
        std::fs::write(&path, serde_json::json!({"auths": auths}).to_string()).expect("a file");
        path
    }
}

/// An address on which nobody listens.
pub(in crate::golden) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").to_string()
}

/// Runs a program and returns what it prints.
pub(super) fn said(program: &Path, args: &[&str], folder: &Path) -> Vec<u8> {
    let output = Command::new(program).args(args).env("DOCKER_CONFIG", folder).output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}: {errors}", program.display(), args.join(" "));
    output.stdout
}

/// An authority, and a certificate of it for this machine.
pub(in crate::golden) fn certificates(folder: &Path) {
    let openssl = PathBuf::from("openssl");
    let path = |name: &str| folder.join(name).display().to_string();
    std::fs::write(folder.join("extensions"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n")
        .expect("a file");
    let (authority, authority_key) = (path("authority.pem"), path("authority.key"));
    let (server, server_key, request) = (path("server.pem"), path("server.key"), path("request"));
    let extensions = path("extensions");
    #[rustfmt::skip]
    let steps: [&[&str]; 3] = [
        &["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority", "-keyout", &authority_key, "-out", &authority],
        &["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", &server_key, "-out", &request],
        &["x509", "-req", "-in", &request, "-CA", &authority, "-CAkey", &authority_key, "-CAcreateserial", "-days", "2", "-extfile", &extensions, "-out", &server],
    ];
    for step in steps {
        said(&openssl, step, folder);
    }
}
