//! [`TokenServer`]: gives the tokens that docker-registry asks for.

#![expect(clippy::disallowed_types, reason = "a server for tests, on the loopback interface")]
#![expect(clippy::disallowed_methods, reason = "files of the test, and the clock of its tokens")]

use super::programs::{PASSWORD, USER};
use crate::golden::http::{Answer, Connection};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A token server that runs.
#[derive(Debug)]
pub(super) struct TokenServer {
    pub(super) address: String,
    is_over: Arc<AtomicBool>,
}

impl TokenServer {
    /// Starts it, with `server.key` and `server.pem` of a folder.
    pub(super) fn start(folder: &Path) -> Self {
        let der = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).expect("a file");
            let lines = text.lines().filter(|line| !line.starts_with("-----"));
            STANDARD.decode(lines.collect::<String>()).expect("base64")
        };
        let key = RsaKeyPair::from_pkcs8(&der("server.key")).expect("a key");
        let certificate = STANDARD.encode(der("server.pem"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = is_over.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                // A connection may stay open without a request.
                let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(1)));
                let _ = serve(stream, &key, &certificate);
            }
        });
        Self { address, is_over }
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(&self.address);
    }
}

fn serve(stream: TcpStream, key: &RsaKeyPair, certificate: &str) -> std::io::Result<()> {
    let mut connection = Connection::new(stream);
    let Some((request, length)) = connection.head()? else { return Ok(()) };
    connection.body(length)?;
    let login = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let answer = if request.header("authorization") == Some(login.as_str()) {
        let scopes: Vec<&str> =
            request.query.iter().filter(|(name, _)| name == "scope").map(|(_, value)| value.as_str()).collect();
        Answer::json(200, &json!({"token": token(&scopes, key, certificate), "expires_in": 120}))
    } else {
        Answer::new(401)
    };
    connection.answer(&answer.with("Connection", "close"), true, usize::MAX)
}

/// A token for `repository:acme/api:pull,push` and the like, signed with RS256.
fn token(scopes: &[&str], key: &RsaKeyPair, certificate: &str) -> String {
    let access: Vec<Value> = scopes
        .iter()
        .flat_map(|scopes| scopes.split_whitespace())
        .filter_map(|scope| {
            let (kind, rest) = scope.split_once(':')?;
            let (name, actions) = rest.rsplit_once(':')?;
            Some(json!({"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}))
        })
        .collect();
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": "test", "sub": USER, "aud": "test", "iat": now - 60, "nbf": now - 60, "exp": now + 120, "jti": "x", "access": access,
    });
    let header = json!({"typ": "JWT", "alg": "RS256", "x5c": [certificate]});
    let encoded = |tree: &Value| URL_SAFE_NO_PAD.encode(tree.to_string());
    let text = format!("{}.{}", encoded(&header), encoded(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
