//! JSON for programs that is harmless to read for people and logs: exact, and plain.

use super::plain::{is_unseen, marks, may_command};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Writes a document with indentation, and a line break at its end.
///
/// What no terminal and no log may see as it is (control characters, what is invisible, `##[`) is written as JSON's own
/// escapes, so that a reader gets the same text.
pub fn write_json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Exact(PrettyFormatter::new()));
    document.serialize(&mut serializer)?;
    writeln!(out)
}

/// JSON's usual form with more escapes.
struct Exact<'f>(PrettyFormatter<'f>);

impl Formatter for Exact<'_> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let marks = if may_command(fragment) { marks(fragment) } else { Vec::new() };
        let mut written = 0;
        for (at, c) in fragment.char_indices() {
            if is_unseen(c) || marks.contains(&at) {
                writer.write_all(&fragment.as_bytes()[written..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                written = at + c.len_utf8();
            }
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::write_json;

    #[test]
    fn a_reader_gets_the_same_text() {
        let text = "## a ##[a] ###vso[b] \u{202e}\u{9b}31m \u{e0041}ä\n\u{feff}\"";
        let mut out = Vec::new();
        write_json(&[text], &mut out).expect("it can be written");
        let written = String::from_utf8(out).expect("it is UTF-8");
        assert!(
            !written.contains("##[")
                && written.contains("## a")
                && !written.contains("##vso")
                && !written.contains('\u{202e}')
                && written.contains('ä'),
            "{written}"
        );
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).expect("it is JSON"), [text]);
    }
}
