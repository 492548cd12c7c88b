//! The part of HTTP that the servers of tests speak, on one connection, with every way to break it.

use std::io::{self, BufRead as _, BufReader, Read, Write};

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    pub(super) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn json(status: u16, tree: &serde_json::Value) -> Self {
        let body = tree.to_string().into_bytes();
        Self { body, ..Self::new(status).with("Content-Type", "application/json") }
    }
}

/// A connection of a client.
pub(super) struct Connection<S> {
    reader: BufReader<S>,
}

impl<S: Read + Write> Connection<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { reader: BufReader::new(stream) }
    }

    /// Writes bytes as they are.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writer = self.reader.get_mut();
        writer.write_all(bytes)?;
        writer.flush()
    }

    /// Writes a piece of a body whose length is not known before.
    pub(super) fn chunk(&mut self, piece: &[u8]) -> io::Result<()> {
        self.send(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
    }

    /// The next request without its body, and how the body is sent; `None` at the end.
    pub(super) fn head(&mut self) -> io::Result<Option<(Request, BodyLength)>> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (method, target) =
            (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = Request { method, path: path.to_owned(), query, headers, body: Vec::new() };
        let length = match (request.header("content-length"), request.header("transfer-encoding")) {
            (Some(length), _) => BodyLength::Known(length.parse().unwrap_or(0)),
            (None, Some(_)) => BodyLength::Chunked,
            (None, None) => BodyLength::Known(0),
        };
        Ok(Some((request, length)))
    }

    /// The body of a request. A body that ends early is an error.
    pub(super) fn body(&mut self, length: BodyLength) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match length {
            BodyLength::Known(length) => {
                body.resize(length, 0);
                self.reader.read_exact(&mut body)?;
            }
            BodyLength::Chunked => loop {
                let mut line = String::new();
                self.reader.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
                let mut chunk = vec![0; size + 2];
                self.reader.read_exact(&mut chunk)?;
                body.extend_from_slice(&chunk[..size]);
                if size == 0 {
                    break;
                }
            },
        }
        Ok(body)
    }

    /// Writes an answer; of its body only `limit` bytes, although the length says more. `has_body` is false for HEAD.
    pub(super) fn answer(&mut self, answer: &Answer, has_body: bool, limit: usize) -> io::Result<()> {
        let mut text = format!("HTTP/1.1 {} x\r\n", answer.status);
        for (name, value) in &answer.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !answer.headers.iter().any(|(name, _)| name == "Content-Length" || name == "Transfer-Encoding") {
            text.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
        }
        text.push_str("\r\n");
        let body = if has_body { &answer.body[..answer.body.len().min(limit)] } else { &[] };
        self.send(&[text.as_bytes(), body].concat())
    }

    /// Writes bytes of an endless body until the client closes the connection; at most so many.
    pub(super) fn flood(&mut self, most: usize) {
        let piece = vec![b'x'; 1 << 16];
        for _ in 0..most / piece.len() {
            if self.chunk(&piece).is_err() {
                return;
            }
        }
    }
}

/// How the body of a request is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum BodyLength {
    Known(usize),
    Chunked,
}
