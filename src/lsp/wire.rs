//! Messages as they are on the wire: a header with the length, an empty line, and JSON.

use std::fmt;
use std::io::{self, BufRead, Read as _, Write};

/// The largest message, in bytes.
const MESSAGE_BYTES: u64 = 256 << 20;

/// The longest line of a header, in bytes.
const LINE_BYTES: u64 = 4096;

/// The most lines of a header.
const LINES: usize = 64;

/// Why nothing more can be read: where the next message begins is not known.
#[derive(Debug)]
pub(super) enum Broken {
    /// The stream cannot be read, or ends within a message.
    Read(io::Error),
    /// The header is none.
    Header(&'static str),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "cannot read stdin: {error}"),
            Self::Header(why) => write!(
                f,
                "stdin is not that of a language client: {why}; airtight lsp is started by an editor (docs/editors.md)"
            ),
        }
    }
}

/// The content of the next message; `None` at the end of the stream.
///
/// # Errors
/// The header is none, or the stream ends within a message.
pub(super) fn read(input: &mut impl BufRead) -> Result<Option<Vec<u8>>, Broken> {
    let mut length = None;
    for number in 0..LINES {
        let mut line = Vec::new();
        input.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).map_err(Broken::Read)?;
        if line.is_empty() && number == 0 {
            return Ok(None);
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(match line.len() as u64 {
                LINE_BYTES.. => Broken::Header("a line of the header is too long"),
                _ => Broken::Read(io::ErrorKind::UnexpectedEof.into()),
            });
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            let length = length.ok_or(Broken::Header("there is no Content-Length"))?;
            return content(input, length).map(Some);
        }
        let (name, value) = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once(':'))
            .ok_or(Broken::Header("there is no colon in a line of the header"))?;
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            let value = value.trim().parse().map_err(|_| Broken::Header("Content-Length is not a number"))?;
            length = Some(value);
        }
    }
    Err(Broken::Header("the header has too many lines"))
}

/// Memory is taken for what arrives, not for what the header says.
fn content(input: &mut impl BufRead, length: u64) -> Result<Vec<u8>, Broken> {
    if length > MESSAGE_BYTES {
        return Err(Broken::Header("a message is too long"));
    }
    let mut content = Vec::new();
    input.by_ref().take(length).read_to_end(&mut content).map_err(Broken::Read)?;
    match content.len() as u64 == length {
        true => Ok(content),
        false => Err(Broken::Read(io::ErrorKind::UnexpectedEof.into())),
    }
}

/// Writes a message.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(out: &mut dyn Write, content: &str) -> io::Result<()> {
    write!(out, "Content-Length: {}\r\n\r\n{content}", content.len())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::read;

    fn all(text: &str) -> Vec<Result<String, String>> {
        let mut input = text.as_bytes();
        let mut found = Vec::new();
        loop {
            match read(&mut input) {
                Ok(None) => return found,
                Ok(Some(content)) => found.push(Ok(String::from_utf8(content).expect("it is UTF-8"))),
                Err(broken) => {
                    found.push(Err(broken.to_string()));
                    return found;
                }
            }
        }
    }

    #[test]
    fn messages_are_read_as_they_are_framed() {
        let two = "Content-Length: 2\r\n\r\n{}content-type: x\r\nCONTENT-LENGTH:3\n\n[1]";
        assert_eq!(all(two), [Ok("{}".to_owned()), Ok("[1]".to_owned())]);
        for (text, why) in [
            ("{}\n", "no colon"),
            ("\r\n", "no Content-Length"),
            ("Content-Length: -1\r\n\r\n", "not a number"),
            ("Content-Length: 99999999999999\r\n\r\n", "too long"),
            ("Content-Length: 9\r\n\r\n{}", "unexpected end"),
            ("Content-Length: 9", "unexpected end"),
            (&"a".repeat(9999), "line of the header is too long"),
            (&"a: b\n".repeat(99), "too many lines"),
        ] {
            let found = all(text);
            assert!(matches!(&found[..], [Err(told)] if told.contains(why)), "{text:.30}: {found:?}");
        }
    }
}
