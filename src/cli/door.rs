//! The only way to stdout and stderr. Output is checked line by line, so that no text of a chart, a file name or a flag can
//! be a command to a terminal or a CI system.

use crate::report::{escape, neutral, plain};
use crate::secrets::redacted;
use std::fs::File;
use std::io::{self, BufWriter, Sink, Stderr, StdoutLock, Write};

/// A stream that a run writes to.
pub trait Stream: Write {
    /// The stream without the guard, for output that must be written byte for byte.
    ///
    /// # Errors
    /// Earlier output cannot be written.
    fn verbatim(&mut self, what: Verbatim) -> io::Result<&mut dyn Write>;
}

/// The kinds of output that are written byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbatim {
    /// The output of `airtight template`, which is helm's.
    HelmsOutput,
    /// Commands to GitHub's runner, made by [`github`](crate::report::github), which escapes its arguments.
    GithubCommands,
    /// File names above a diff, whose lines look like headings in a log; escaped before.
    NamesOfDiff,
    /// Manual pages and shell scripts, which contain only our own text.
    OwnText,
    /// Messages of a protocol to another program, in JSON; no person reads them as they are.
    Protocol,
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

/// A stream with a guard. A line is buffered until it ends.
pub(crate) struct Door<'w> {
    inner: &'w mut dyn Stream,
    line: Vec<u8>,
    /// Whether the output is messages for people: without colours and with secrets masked.
    is_conversation: bool,
}

impl<'w> Door<'w> {
    /// Guards stdout and the files of reports: reports, which are already escaped and masked, some of them in colour.
    pub(crate) fn to_out(inner: &'w mut dyn Stream) -> Self {
        Self { inner, line: Vec::new(), is_conversation: false }
    }

    /// Guards stderr: messages, whatever they contain.
    pub(crate) fn to_err(inner: &'w mut dyn Stream) -> Self {
        Self { inner, line: Vec::new(), is_conversation: true }
    }

    /// Writes the last, unfinished line.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
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

    /// An unfinished line is not written: the check needs the whole line.
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

/// Text whose only escape sequences set colours.
fn only_colours(text: &str) -> String {
    let is_colour = |rest: &str| {
        let Some(rest) = rest.strip_prefix('[') else { return false };
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
    };
    // The beginning and the end of a link to a file, each of which ends with a backslash after another escape.
    let is_link = |rest: &str| {
        let Some(target) = rest.strip_prefix("]8;;") else { return false };
        target.is_empty() || target.starts_with("file:///") && target.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    out.push_str(parts.next().unwrap_or_default());
    let mut parts = parts.peekable();
    let mut is_in_link = false;
    while let Some(part) = parts.next() {
        let ends = is_in_link && part.starts_with('\\');
        is_in_link = is_link(part) && parts.peek().is_some_and(|next| next.starts_with('\\'));
        out.push_str(if is_colour(part) || ends || is_in_link { "\u{1b}" } else { "\\u{1b}" });
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
    fn only_links_to_files_pass() {
        let link = |target: &str| format!("\u{1b}]8;;{target}\u{1b}\\a:1:1\u{1b}]8;;\u{1b}\\\n");
        assert_eq!(only_colours(&link("file:///repo/a%20b")), link("file:///repo/a%20b"));
        let end = "a:1:1\u{1b}]8;;\u{1b}\\\n";
        for target in ["https://x", "file://host/x", "file:///a b", "file:///\u{7}x"] {
            assert_eq!(only_colours(&link(target)), format!("\\u{{1b}}]8;;{target}\\u{{1b}}\\{end}"));
        }
        assert_eq!(only_colours("\u{1b}]8;;file:///x"), "\\u{1b}]8;;file:///x");
        assert_eq!(only_colours("\u{1b}\\"), "\\u{1b}\\");
    }

    #[test]
    fn what_is_said_on_stderr_has_no_secrets_and_no_escapes() {
        let mut err = Vec::new();
        writeln!(Door::to_err(&mut err), "Error: https://a:hunter2@b/x \u{1b}[1m\r\n::x::").expect("it can be written");
        let text = String::from_utf8(err).expect("it is UTF-8");
        assert_eq!(text, "Error: https://********@b/x \\u{1b}[1m\\u{d}\n:\\u{3a}x::\n");
    }
}
