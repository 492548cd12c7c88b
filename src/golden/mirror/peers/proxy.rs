//! [`Proxy`]: a way to a registry that breaks.

#![expect(clippy::disallowed_types, reason = "a proxy for tests, on the loopback interface")]

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A way to a registry that breaks after so many bytes of each of its first long answers.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) address: String,
    /// The connections that were broken.
    broken: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts it. Its threads end with the test's process.
    pub(super) fn start(to: &str, bytes: usize, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let broken = Arc::new(AtomicUsize::new(0));
        let (to, count) = (to.to_owned(), broken.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (to, count) = (to.clone(), count.clone());
                std::thread::spawn(move || relay(client, &to, bytes, times, &count));
            }
        });
        Self { address, broken }
    }

    pub(super) fn broken(&self) -> usize {
        self.broken.load(Ordering::Relaxed)
    }
}

fn relay(client: TcpStream, to: &str, bytes: usize, times: usize, broken: &AtomicUsize) -> io::Result<()> {
    let server = TcpStream::connect(to)?;
    let (mut upload, mut upload_to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut upload, &mut upload_to);
        let _ = upload_to.shutdown(Shutdown::Write);
    });
    let (mut server, mut client) = (server, client);
    let mut buffer = [0; 4096];
    let mut passed = 0;
    loop {
        let length = server.read(&mut buffer)?;
        if length == 0 {
            return client.shutdown(Shutdown::Both);
        }
        passed += length;
        if passed > bytes
            && broken
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < times).then_some(count + 1))
                .is_ok()
        {
            return client.shutdown(Shutdown::Both);
        }
        client.write_all(&buffer[..length])?;
    }
}
