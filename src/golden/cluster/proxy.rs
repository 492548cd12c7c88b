//! [`Proxy`]: an HTTP proxy on the loopback interface, for tests: it tunnels to one address, whatever host is asked for.

#![expect(clippy::disallowed_types, reason = "a proxy for tests, on the loopback interface")]

use crate::golden::http::{Answer, Connection};
use base64::Engine as _;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// It tunnels.
    Tunnels,
    /// It tunnels for one user, `me:word`, alone.
    Asks(&'static str),
    /// It answers with a status.
    Refuses(u16),
    /// It closes each connection.
    Closes,
}

/// A proxy.
pub(super) struct Proxy {
    /// `127.0.0.1:41234`
    pub(super) address: String,
    /// `CONNECT api.corp.example:6443`
    log: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy in front of an address.
    pub(super) fn start(to: &str, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (to, noted) = (to.to_owned(), log.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (to, noted) = (to.clone(), noted.clone());
                std::thread::spawn(move || serve(stream, &to, manner, &noted));
            }
        });
        Self { address, log }
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: TcpStream, to: &str, manner: Manner, log: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut connection = Connection::new(stream.try_clone()?);
    let Some((request, _)) = connection.head()? else { return Ok(()) };
    let line = format!("{} {}", request.method, request.path);
    log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    let of = |user: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(user));
    let refused = match manner {
        Manner::Tunnels => None,
        Manner::Asks(user) => (request.header("proxy-authorization") != Some(&of(user))).then_some(407),
        Manner::Refuses(status) => Some(status),
        Manner::Closes => return stream.shutdown(Shutdown::Both),
    };
    if let Some(status) = refused {
        return connection.answer(&Answer::new(status), true, 0);
    }
    let server = TcpStream::connect(to)?;
    connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from_client, mut to_server) = (stream.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, stream);
    let _ = io::copy(&mut from_server, &mut to_client);
    to_client.shutdown(Shutdown::Both)
}
