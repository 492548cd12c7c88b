//! JSON that is exact for programs and harmless for people and logs.

use super::plain::{is_unseen, marks, may_command};
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Writes a document that ends with a line break. Values up to the depth `lines` are indented on their own lines; deeper
/// values are on one line.
///
/// Text that no terminal and no log may see unescaped (control characters, invisible characters, `##[`) is written with
/// JSON's own escapes, so that a reader gets the same text.
pub(crate) fn write_json(document: &impl Serialize, lines: usize, out: &mut dyn Write) -> io::Result<()> {
    let formatter = Exact { lines, depth: 0, has_value: false };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, formatter);
    document.serialize(&mut serializer)?;
    writeln!(out)
}

/// JSON's usual form with more escapes and fewer lines.
struct Exact {
    lines: usize,
    /// The nesting depth.
    depth: usize,
    /// Whether the innermost list or object has a value.
    has_value: bool,
}

impl Exact {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, open: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(open)
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, close: &[u8]) -> io::Result<()> {
        let breaks = self.has_value && self.depth <= self.lines;
        self.depth = self.depth.saturating_sub(1);
        if breaks {
            self.line(writer)?;
        }
        writer.write_all(close)
    }

    fn next<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b"," })?;
        if self.depth <= self.lines { self.line(writer) } else { Ok(()) }
    }

    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Exact {
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
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(if self.depth <= self.lines { b": " } else { b":" })
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::write_json;

    #[test]
    fn a_reader_gets_the_same_text() {
        let text = "## a ##[a] ###vso[b] \u{202e}\u{9b}31m \u{e0041}ä\n\u{feff}\"";
        let mut out = Vec::new();
        write_json(&[text], 1, &mut out).expect("it can be written");
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

    #[test]
    fn what_is_deep_is_on_one_line() {
        let document = serde_json::json!({"a": [{"b": [1, {}]}, []], "c": {}});
        let written = |lines: usize| {
            let mut out = Vec::new();
            write_json(&document, lines, &mut out).expect("it can be written");
            String::from_utf8(out).expect("it is UTF-8")
        };
        assert_eq!(written(9), format!("{document:#}\n"));
        assert_eq!(written(2), "{\n  \"a\": [\n    {\"b\":[1,{}]},\n    []\n  ],\n  \"c\": {}\n}\n");
        assert_eq!(written(0), format!("{document}\n"));
    }
}
