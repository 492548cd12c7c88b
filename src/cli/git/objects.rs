//! [`Objects`]: reads objects of a repository by id.

use super::command::{Git, send};
use crate::error::Error;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};

/// The id of an object, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(String);

impl Id {
    /// Reads an id: 40 digits (SHA-1) or 64 (SHA-256).
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let is_id = matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit);
        is_id.then(|| Self(String::from_utf8_lossy(text).to_ascii_lowercase()))
    }

    /// An id from the bytes in a tree object.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        use fmt::Write;
        Self(bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// The digits.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The length of the id in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() / 2
    }
}

/// A git process that prints objects.
#[derive(Debug)]
pub(super) struct Objects {
    git: Git,
    running: Option<(Child, BufReader<ChildStdout>)>,
}

/// The longest first line of an answer: `ID TYPE SIZE`.
const HEAD_BYTES: u64 = 256;

impl Objects {
    pub(super) fn new(git: Git) -> Self {
        Self { git, running: None }
    }

    /// The content of an object of a type (`blob`, `tree`).
    ///
    /// Errors: the object is missing, has another type, or is longer than `limit` bytes.
    pub(super) fn read(&mut self, id: &Id, kind: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let answer = self.answer(id, kind, limit);
        if answer.is_err() {
            // The rest of an unfinished answer would be taken for the next one.
            self.stop();
        }
        answer
    }

    fn answer(&mut self, id: &Id, kind: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let lost = || {
            let id = id.text();
            let what = "is not in this clone, and airtight fetches nothing: clone without --filter";
            Error::file(format!("the {kind} {id} {what}"))
        };
        let (child, out) = self.running()?;
        send(child, &format!("{}\n", id.text()))?;
        let mut head = Vec::new();
        let read = out.by_ref().take(HEAD_BYTES).read_until(b'\n', &mut head);
        read.map_err(|error| Error::file(format!("cannot read from git cat-file: {error}")))?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut words = head.split_ascii_whitespace().skip(1);
        let (found, size) = (words.next(), words.next().and_then(|size| size.parse::<u64>().ok()));
        let Some((found, size)) = found.zip(size) else { return Err(lost()) };
        if found != kind {
            return Err(Error::file(format!("{} is a {found}, not a {kind}", id.text())));
        }
        if size > limit {
            return Err(Error::limit(format!("the {kind} {} has {size} bytes, more than {limit}", id.text())));
        }
        let mut content = Vec::new();
        // A line break follows.
        let read = out.by_ref().take(size + 1).read_to_end(&mut content);
        if !read.is_ok_and(|count| count as u64 == size + 1) || content.pop() != Some(b'\n') {
            return Err(lost());
        }
        Ok(content)
    }

    fn running(&mut self) -> Result<&mut (Child, BufReader<ChildStdout>), Error> {
        let running = match self.running.take() {
            Some(running) => running,
            None => {
                let mut child = self.git.start(&["cat-file", "--batch"])?;
                let out = child.stdout.take().ok_or_else(|| Error::file("git cat-file has no output"))?;
                (child, BufReader::new(out))
            }
        };
        Ok(self.running.insert(running))
    }

    fn stop(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.stop();
    }
}
