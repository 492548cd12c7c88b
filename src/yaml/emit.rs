//! [`Emitter`]: writes YAML as go-yaml does, byte for byte, and keeps the origin of each scalar.

use super::dialect::Dialect;
use super::style::{Shape, is_break, is_printable, is_string};
use crate::trace::{Buf, Origin, Str};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::ops::Range;

/// The column after which v2 folds at the next space.
const WIDTH: usize = 80;

/// Writes one document, event by event: `begin_map`, then `key` and a value for each entry, then `end`.
pub(crate) struct Emitter {
    out: Buf,
    dialect: Dialect,
    levels: Vec<Level>,
    /// Column of the current block; `None` at the root.
    indent: Option<usize>,
    /// Whether the last output was white space or an indicator that counts as such.
    whitespace: bool,
    /// Whether the line so far contains only indentation and indicators.
    indention: bool,
    /// The start of the current line in `out`.
    line_start: usize,
    /// Whether the next node is a map's value.
    in_map: bool,
    max_bytes: usize,
    too_long: bool,
}

/// A collection being written.
struct Level {
    is_map: bool,
    /// The indentation outside it.
    outer: Option<usize>,
}

/// The style of a scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Emitter {
    /// Begins a document with a maximum size in bytes.
    pub(crate) fn new(dialect: Dialect, max_bytes: usize) -> Self {
        Self {
            out: Buf::new(),
            dialect,
            levels: Vec::new(),
            indent: None,
            whitespace: true,
            indention: true,
            line_start: 0,
            in_map: false,
            max_bytes,
            too_long: false,
        }
    }

    /// Whether the document exceeds the maximum; it is incomplete then.
    pub(crate) fn is_too_long(&self) -> bool {
        self.too_long || self.out.longest() > self.max_bytes
    }

    /// Begins a map with entries.
    pub(crate) fn begin_map(&mut self) {
        self.begin_node();
        self.begin_level(true, false);
    }

    /// Begins a list with items.
    pub(crate) fn begin_seq(&mut self) {
        self.begin_node();
        let indentless = self.dialect == Dialect::V2 && self.in_map && !self.indention;
        self.begin_level(false, indentless);
    }

    /// Ends the innermost map or list.
    pub(crate) fn end(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.indent = level.outer;
        }
    }

    /// Writes `{}`.
    pub(crate) fn empty_map(&mut self) {
        self.atom(b"{}", Origin::NONE);
    }

    /// Writes `[]`.
    pub(crate) fn empty_seq(&mut self) {
        self.atom(b"[]", Origin::NONE);
    }

    /// Writes a key of the innermost map. All keys are strings.
    pub(crate) fn key(&mut self, key: &Str) {
        self.write_indent();
        let encoded = encode_binary(key);
        let scalar = Scalar::of(encoded.as_ref().unwrap_or(key), encoded.is_some(), self.dialect);
        let tag = if scalar.binary { "!!binary".len() } else { 0 };
        // Long or multi-line keys need a `?`.
        if tag + scalar.text.len() <= 128 && !scalar.shape.multiline {
            self.scalar(&scalar, true);
            self.indicator(b":", false, false);
        } else {
            self.indicator(b"?", true, true);
            self.scalar(&scalar, false);
            self.write_indent();
            self.indicator(b":", true, true);
        }
    }

    /// Writes a string, in the style it needs. For v3, text that is not UTF-8 is written as `!!binary`.
    pub(crate) fn string(&mut self, text: &Str) {
        self.begin_node();
        let encoded = encode_binary(text);
        let scalar = Scalar::of(encoded.as_ref().unwrap_or(text), encoded.is_some(), self.dialect);
        self.scalar(&scalar, false);
    }

    /// Writes a number, a boolean, null or another short word unquoted.
    pub(crate) fn atom(&mut self, text: &[u8], origin: Origin) {
        self.begin_node();
        self.space();
        self.out.push_from(text, origin, 0);
        self.whitespace = false;
        self.indention = false;
    }

    /// Ends the document; its last line ends with a line break.
    pub(crate) fn finish(mut self) -> Buf {
        self.indent = None;
        self.write_indent();
        self.out
    }

    fn begin_node(&mut self) {
        let in_seq = match self.levels.last() {
            Some(level) => {
                self.in_map = level.is_map;
                !level.is_map
            }
            None => false,
        };
        if in_seq {
            self.write_indent();
            self.indicator(b"-", true, true);
        }
    }

    fn begin_level(&mut self, is_map: bool, indentless: bool) {
        self.levels.push(Level { is_map, outer: self.indent });
        self.indent = Some(match self.indent {
            None => 0,
            Some(indent) if indentless => indent,
            Some(indent) => indent + 2,
        });
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, simple_key: bool) {
        if scalar.binary {
            self.space();
            self.out.push_text("!!binary");
            self.whitespace = false;
            self.indention = false;
        }
        let outer = self.indent;
        self.indent = Some(outer.map_or(2, |indent| indent + 2));
        let fold = self.dialect == Dialect::V2 && !simple_key && scalar.text.len() > 2;
        match scalar.style(simple_key) {
            Style::Plain => self.plain(scalar, fold),
            Style::Single => self.single(scalar, fold),
            Style::Double => self.double(scalar, fold),
            Style::Literal => self.literal(scalar),
        }
        self.indent = outer;
    }

    fn plain(&mut self, scalar: &Scalar<'_>, fold: bool) {
        self.space();
        if fold && self.may_fold(scalar.text) {
            let mut run = Run::new(self);
            let mut after_space = false;
            for (at, char) in scalar.text.char_indices() {
                let is_space = char == ' ';
                let folds = is_space && !after_space && run.column > WIDTH && scalar.byte(at + 1) != Some(b' ');
                run.step(self, scalar, at, folds);
                after_space = is_space;
            }
            run.flush(self, scalar, scalar.text.len());
        } else {
            self.out.push(scalar.source);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, scalar: &Scalar<'_>, fold: bool) {
        self.indicator(b"'", true, false);
        let fold = fold && self.may_fold(scalar.text);
        let mut run = Run::new(self);
        let (mut after_space, mut after_break) = (false, false);
        let text = scalar.text;
        for (at, char) in text.char_indices() {
            if char == ' ' {
                let folds = fold
                    && !after_space
                    && run.column > WIDTH
                    && at > 0
                    && at + 1 < text.len()
                    && scalar.byte(at + 1) != Some(b' ');
                run.step(self, scalar, at, folds);
                after_space = true;
            } else if is_break(char) {
                // Only U+2028 and U+2029 get here: they are written unescaped, and begin a line.
                run.flush(self, scalar, at + char.len_utf8());
                self.line_start = self.out.len();
                self.indention = true;
                run.column = 0;
                after_break = true;
            } else {
                if after_break {
                    run.flush(self, scalar, at);
                    self.write_indent();
                    run.column = self.column();
                }
                if char == '\'' {
                    run.flush(self, scalar, at);
                    self.out.push_instead(b"'", scalar.source, at..at + 1);
                    run.column += 1;
                }
                run.column += 1;
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
        }
        run.flush(self, scalar, text.len());
        self.indicator(b"'", false, false);
        self.indention = false;
    }

    fn double(&mut self, scalar: &Scalar<'_>, fold: bool) {
        self.indicator(b"\"", true, false);
        let text = scalar.text;
        // go-yaml quirk: a byte order mark at the start makes it escape every character.
        let all = text.starts_with('\u{FEFF}');
        let mut run = Run::new(self);
        let mut after_space = false;
        for (at, char) in text.char_indices() {
            if all || !is_printable(char) || is_break(char) || matches!(char, '"' | '\\') {
                run.flush(self, scalar, at);
                let end = at + char.len_utf8();
                run.column += escape(&mut self.out, char, scalar.source, at..end);
                run.start = end;
                after_space = false;
            } else if char == ' ' {
                let folds = fold && !after_space && run.column > WIDTH && at > 0 && at + 1 < text.len();
                run.step(self, scalar, at, folds);
                if folds && scalar.byte(at + 1) == Some(b' ') {
                    // The space after a fold would be read as indentation.
                    self.out.push_text("\\");
                    run.column += 1;
                }
                after_space = true;
            } else {
                run.column += 1;
                after_space = false;
            }
        }
        run.flush(self, scalar, text.len());
        self.indicator(b"\"", false, false);
    }

    fn literal(&mut self, scalar: &Scalar<'_>) {
        let text = scalar.text;
        self.indicator(b"|", true, false);
        if text.starts_with(|char| char == ' ' || is_break(char)) {
            self.out.push_text("2");
        }
        let mut backwards = text.chars().rev();
        if !backwards.next().is_some_and(is_break) {
            self.out.push_text("-");
        } else if backwards.next().is_none_or(is_break) {
            self.out.push_text("+");
        }
        self.line_break();
        let mut start = 0;
        for line in text.split_inclusive(is_break) {
            let content = line.trim_end_matches(is_break);
            if !content.is_empty() {
                self.write_indent();
                self.indention = false;
                self.whitespace = false;
            }
            let end = start + line.len();
            self.out.push_slice(scalar.source, start..end);
            if content.len() < line.len() {
                self.line_start = self.out.len();
                self.indention = true;
                self.whitespace = true;
            }
            start = end;
        }
    }

    /// A line break and the indentation of the current block, if missing.
    fn write_indent(&mut self) {
        if self.is_too_long() {
            // A short text can have many lines, each with a deep indentation.
            self.too_long = true;
            return;
        }
        let indent = self.indent.unwrap_or(0);
        let column = self.out.len() - self.line_start;
        if !self.indention || column > indent || (column == indent && !self.whitespace) {
            self.line_break();
        }
        const SPACES: &[u8] = &[b' '; 64];
        let mut missing = indent.saturating_sub(self.out.len() - self.line_start);
        while missing > 0 {
            let some = missing.min(SPACES.len());
            self.out.push_bytes(&SPACES[..some]);
            missing -= some;
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn line_break(&mut self) {
        self.out.push_bytes(b"\n");
        self.line_start = self.out.len();
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &[u8], need_space: bool, is_indention: bool) {
        if need_space {
            self.space();
        }
        self.out.push_bytes(text);
        self.whitespace = false;
        self.indention = self.indention && is_indention;
    }

    fn space(&mut self) {
        if !self.whitespace {
            self.out.push_bytes(b" ");
        }
    }

    /// Characters on the current line.
    fn column(&self) -> usize {
        let line = &self.out.as_bytes()[self.line_start..];
        line.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
    }

    fn may_fold(&self, text: &str) -> bool {
        self.out.len() - self.line_start + text.len() > WIDTH && text.contains(' ')
    }
}

/// A range of a scalar that is still to be copied, and the column of its end.
struct Run {
    start: usize,
    column: usize,
}

impl Run {
    fn new(emitter: &Emitter) -> Self {
        Self { start: 0, column: emitter.column() }
    }

    /// Adds the character at `at` to the run, or folds the line there.
    fn step(&mut self, emitter: &mut Emitter, scalar: &Scalar<'_>, at: usize, folds: bool) {
        if folds {
            self.flush(emitter, scalar, at);
            emitter.indention = false;
            emitter.write_indent();
            emitter.indention = false;
            self.start = at + 1;
            self.column = emitter.column();
        } else {
            self.column += 1;
        }
    }

    /// Copies the rest before `end`.
    fn flush(&mut self, emitter: &mut Emitter, scalar: &Scalar<'_>, end: usize) {
        if self.start < end {
            emitter.out.push_slice(scalar.source, self.start..end);
            self.start = end;
        }
    }
}

/// A string being written.
struct Scalar<'a> {
    /// The text with its origins.
    source: &'a Str,
    /// The same text, known to be UTF-8.
    text: &'a str,
    shape: Shape,
    wanted: Style,
    binary: bool,
}

impl<'a> Scalar<'a> {
    fn of(source: &'a Str, binary: bool, dialect: Dialect) -> Self {
        let text = std::str::from_utf8(source.as_bytes()).unwrap_or_default();
        let shape = Shape::of(text, dialect);
        let wanted = if shape.multiline && text.contains('\n') {
            Style::Literal
        } else if binary || is_string(text, dialect) {
            Style::Plain
        } else {
            Style::Double
        };
        Self { source, text, shape, wanted, binary }
    }

    /// The preferred style, or the next one that can represent the text.
    fn style(&self, simple_key: bool) -> Style {
        match self.wanted {
            Style::Literal if self.shape.literal && !simple_key => Style::Literal,
            Style::Plain if self.shape.plain => Style::Plain,
            Style::Plain if self.shape.single => Style::Single,
            _ => Style::Double,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }
}

/// What go-yaml writes after `!!binary` for text that is not UTF-8; `None` for UTF-8.
fn encode_binary(text: &Str) -> Option<Str> {
    const LINE: usize = 70;
    std::str::from_utf8(text.as_bytes()).err()?;
    let encoded = BASE64.encode(text.as_bytes());
    if encoded.len() < LINE {
        return Some(Str::with_origin(encoded, text.origin()));
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for (at, char) in encoded.char_indices() {
        lines.push(char);
        if at % LINE == LINE - 1 {
            lines.push('\n');
        }
    }
    if !lines.ends_with('\n') {
        lines.push('\n');
    }
    Some(Str::with_origin(lines, text.origin()))
}

/// Writes a character as an escape sequence in place of `range` of the source; returns its width in columns.
fn escape(out: &mut Buf, char: char, source: &Str, range: Range<usize>) -> usize {
    let short = match char {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{A0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => "",
    };
    if !short.is_empty() {
        out.push_instead(short.as_bytes(), source, range);
        return short.len();
    }
    let code = char as u32;
    let long = match code {
        0..=0xFF => format!("\\x{code:02X}"),
        0x100..=0xFFFF => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    };
    out.push_instead(long.as_bytes(), source, range);
    long.len()
}
