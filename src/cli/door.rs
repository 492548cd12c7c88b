//! The one door to stdout and stderr: whatever is written passes it line by line, so that no text of a chart, of a file's
//! name or of a flag commands a terminal or a CI system.

use crate::report::{escape, neutral, plain};
use crate::secrets::redacted;
use std::fs::File;
use std::io::{self, BufWriter, Sink, Stderr, StdoutLock, Write};

/// A stream that a run writes to.
pub trait Stream: Write {
    /// The stream without a guard, for what has to pass byte for byte.
    ///
    /// # Errors
    /// What was written before cannot be written.
    fn verbatim(&mut self, what: Verbatim) -> io::Result<&mut dyn Write>;
}

/// All that passes byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbatim {
    /// What `airtight template` prints is what helm prints.
    HelmsOutput,
    /// Commands to GitHub's runner, made by [`github`](crate::report::github), which escapes what it puts in them.
    GithubCommands,
    /// The names of files over a diff, which begin as a heading in a log does; made plain before.
    NamesOfDiff,
    /// Pages and scripts for shells; nothing in them is from elsewhere.
    OwnText,
}

impl Stream for Vec<u8> {
    fn verbatim(&mut self, _: Verbatim) -> io::Result<&mut dyn Write> {
        Ok(self)
    }
}

impl Stream for BufWriter<&mut File> {
    fn verbatim(&mut self, _: Verbatim) -> io::Result<&mut dyn Write> {
        Ok(self)
    }
}

impl Stream for BufWriter<StdoutLock<'_>> {
    fn verbatim(&mut self, _: Verbatim) -> io::Result<&mut dyn Write> {
        Ok(self)
    }
}

impl Stream for Stderr {
    fn verbatim(&mut self, _: Verbatim) -> io::Result<&mut dyn Write> {
        Ok(self)
    }
}

impl Stream for Sink {
    fn verbatim(&mut self, _: Verbatim) -> io::Result<&mut dyn Write> {
        Ok(self)
    }
}

/// A stream with a guard. A line is held until it ends.
pub struct Door<'w> {
    inner: &'w mut dyn Stream,
    line: Vec<u8>,
    /// Whether it is text for people alone: without colours, and without secrets.
    is_conversation: bool,
}

impl<'w> Door<'w> {
    /// The door to stdout, and to the files that a report is written to: reports, which are plain and have no secrets
    /// already, some in colour.
    pub fn to_out(inner: &'w mut dyn Stream) -> Self {
        Self { inner, line: Vec::new(), is_conversation: false }
    }

    /// The door to stderr: messages, whatever they are made of.
    pub fn to_err(inner: &'w mut dyn Stream) -> Self {
        Self { inner, line: Vec::new(), is_conversation: true }
    }

    /// Writes the line that has not ended.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.pass(&line)
    }

    /// Writes whole lines.
    fn pass(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.is_conversation {
            let text = plain(&redacted(&String::from_utf8_lossy(lines)));
            return self.inner.write_all(neutral(&text, escape).as_bytes());
        }
        match std::str::from_utf8(lines) {
            Ok(text) => self.inner.write_all(neutral(&only_colours(text), escape).as_bytes()),
            Err(_) => self.inner.write_all(plain(&String::from_utf8_lossy(lines)).as_bytes()),
        }
    }
}

impl Write for Door<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match memchr::memrchr(b'\n', bytes) {
            None => self.line.extend_from_slice(bytes),
            Some(last) => {
                let (whole, rest) = bytes.split_at(last + 1);
                self.line.extend_from_slice(whole);
                self.finish()?;
                self.line.extend_from_slice(rest);
            }
        }
        Ok(bytes.len())
    }

    /// A line that has not ended is not written: nobody knows yet what it will be.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Stream for Door<'_> {
    fn verbatim(&mut self, what: Verbatim) -> io::Result<&mut dyn Write> {
        self.finish()?;
        self.inner.verbatim(what)
    }
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

impl std::fmt::Debug for Door<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Door")
    }
}

/// Text in which the only escape sequences are those that set colours.
fn only_colours(text: &str) -> String {
    let is_colour = |rest: &str| {
        let Some(rest) = rest.strip_prefix('[') else { return false };
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
    };
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(if is_colour(part) { "\u{1b}" } else { "\\u{1b}" });
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_looked_at_as_a_whole() {
        let mut out = Vec::new();
        let mut door = Door::to_out(&mut out);
        for piece in ["a\n :", ":error::x\n\u{1b}[1mb\u{1b}[0m \u{1b}]8;;x", "\n#", "#vso[x]"] {
            door.write_all(piece.as_bytes()).expect("it can be written");
        }
        drop(door);
        let text = String::from_utf8(out).expect("it is UTF-8");
        assert_eq!(text, "a\n :\\u{3a}error::x\n\u{1b}[1mb\u{1b}[0m \\u{1b}]8;;x\n#\\u{23}vso[x]");
    }

    #[test]
    fn what_is_said_on_stderr_has_no_secrets_and_no_escapes() {
        let mut err = Vec::new();
        writeln!(Door::to_err(&mut err), "Error: https://a:hunter2@b/x \u{1b}[1m\r\n::x::").expect("it can be written");
        let text = String::from_utf8(err).expect("it is UTF-8");
        assert_eq!(text, "Error: https://********@b/x \\u{1b}[1m\\u{d}\n:\\u{3a}x::\n");
    }
}
