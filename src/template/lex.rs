//! The lexer of templates: text, delimiters, and the tokens between them.
//!
//! It works on demand and without copies: a token is a range of the file. The line of a token decides the line of every parse
//! error, so the lexer counts lines exactly as Go's does.
//!
//! Source of the behaviour: Go `text/template/parse`, `lex.go`.

use crate::go::unicode::{is_digit, is_letter};
use crate::go::{decode_rune, go_quote, is_printable};

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An error; [`Lexer::error`] has the message.
    Error,
    /// `true`, `false`
    Bool,
    /// A printable ASCII character without a special meaning, such as a comma.
    Char,
    /// `'a'`
    CharConstant,
    /// `1+2i`
    Complex,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    Eof,
    /// `.Name`
    Field,
    /// A function's name.
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    /// `|`
    Pipe,
    /// A raw string, including its backquotes.
    RawString,
    RightDelim,
    RightParen,
    Space,
    /// A string, including its quotes.
    String,
    /// Text between actions.
    Text,
    /// `$x`
    Variable,
    Keyword(Keyword),
}

/// The words (and the dot) that are not identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A token: its kind, its byte range in the file, and the line of its first byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) line: u32,
}

/// The state of the lexer in one file.
pub(super) struct Lexer<'t> {
    input: &'t [u8],
    /// The next byte to read.
    pos: usize,
    /// The first byte of the current token.
    start: usize,
    /// 1 plus the number of line breaks before `pos`.
    line: u32,
    /// The line of `start`.
    start_line: u32,
    parens: u32,
    inside_action: bool,
    error: Option<(Token, String)>,
}

/// Go's four space characters, which separate arguments and are removed by trimming.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(character: char) -> bool {
    character == '_' || is_letter(character) || is_digit(character)
}

fn line_breaks(bytes: &[u8]) -> u32 {
    if let [b' '] | [] = bytes {
        return 0;
    }
    memchr::memchr_iter(b'\n', bytes).count() as u32
}

/// `-` and a space, after `{{`.
fn has_left_trim(bytes: &[u8]) -> bool {
    matches!(bytes, [b'-', space, ..] if is_space(*space))
}

/// A space and `-}}`.
fn has_right_trim(bytes: &[u8]) -> bool {
    matches!(bytes, [space, b'-', b'}', b'}', ..] if is_space(*space))
}

/// Where a two-byte text first occurs.
fn find_pair(bytes: &[u8], pair: [u8; 2]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = memchr::memchr(pair[0], &bytes[from..]) {
        let at = from + found;
        if bytes.get(at + 1) == Some(&pair[1]) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

impl<'t> Lexer<'t> {
    /// A lexer at the start of a file.
    pub(super) fn new(input: &'t [u8]) -> Self {
        Self { input, pos: 0, start: 0, line: 1, start_line: 1, parens: 0, inside_action: false, error: None }
    }

    /// The next token; after an error the same error, after the end the end.
    pub(super) fn next_token(&mut self) -> Token {
        match self.error {
            Some((token, _)) => token,
            None if self.inside_action => self.action(),
            None => self.text(),
        }
    }

    /// The bytes of a token.
    pub(super) fn bytes(&self, token: Token) -> &'t [u8] {
        &self.input[token.start as usize..token.end as usize]
    }

    /// Why the last token is an error.
    pub(super) fn error(&self) -> &str {
        self.error.as_ref().map_or("", |(_, message)| message)
    }

    /// A token as messages show it: `"foo"`, `<if>`, `"abcdefghij"...`, `EOF`.
    pub(super) fn describe(&self, token: Token) -> String {
        let bytes = self.bytes(token);
        match token.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.error().to_owned(),
            Kind::Keyword(_) => format!("<{}>", String::from_utf8_lossy(bytes)),
            _ if bytes.len() > 10 => {
                let mut end = 0;
                for _ in 0..10 {
                    end += decode_rune(&bytes[end..]).1;
                }
                format!("{}...", go_quote(&bytes[..end]))
            }
            _ => go_quote(bytes),
        }
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.pos..]
    }

    fn peek_byte(&self) -> Option<u8> {
        self.input.get(self.pos).copied()
    }

    fn peek(&self) -> Option<char> {
        match self.peek_byte()? {
            byte if byte.is_ascii() => Some(char::from(byte)),
            _ => Some(decode_rune(self.rest()).0),
        }
    }

    fn emit(&mut self, kind: Kind) -> Token {
        let token = Token { kind, start: self.start as u32, end: self.pos as u32, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    /// Skips to `pos`, counting lines.
    fn ignore(&mut self) {
        self.line += line_breaks(&self.input[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        let start = self.start as u32;
        let token = Token { kind: Kind::Error, start, end: start, line: self.start_line };
        self.error = Some((token, message.into()));
        token
    }

    /// Text up to the next action; comments are skipped.
    fn text(&mut self) -> Token {
        loop {
            let Some(length) = find_pair(self.rest(), *b"{{") else {
                self.pos = self.input.len();
                if self.pos == self.start {
                    return self.emit(Kind::Eof);
                }
                self.line += line_breaks(&self.input[self.start..self.pos]);
                return self.emit(Kind::Text);
            };
            if length > 0 {
                let delimiter = self.pos + length;
                let mut end = delimiter;
                if has_left_trim(&self.input[delimiter + 2..]) {
                    while end > self.start && is_space(self.input[end - 1]) {
                        end -= 1;
                    }
                }
                self.pos = end;
                self.line += line_breaks(&self.input[self.start..end]);
                let token = self.emit(Kind::Text);
                self.pos = delimiter;
                self.ignore();
                if token.start < token.end {
                    return token;
                }
            }
            if let Some(token) = self.left_delimiter() {
                return token;
            }
        }
    }

    /// `{{`, `{{- `, or nothing after a comment.
    fn left_delimiter(&mut self) -> Option<Token> {
        self.pos += 2;
        let marker = if has_left_trim(self.rest()) { 2 } else { 0 };
        if self.rest()[marker..].starts_with(b"/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        let token = self.emit(Kind::LeftDelim);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.parens = 0;
        Some(token)
    }

    /// Skips a comment with its closing delimiter; only an error is a token.
    fn comment(&mut self) -> Option<Token> {
        self.pos += 2;
        let Some(length) = find_pair(self.rest(), *b"*/") else { return Some(self.fail("unclosed comment")) };
        self.pos += length + 2;
        if has_right_trim(self.rest()) {
            self.pos += 4;
            self.skip_spaces();
        } else if self.rest().starts_with(b"}}") {
            self.pos += 2;
        } else {
            return Some(self.fail("comment ends before closing delimiter"));
        }
        self.ignore();
        None
    }

    fn skip_spaces(&mut self) {
        while self.peek_byte().is_some_and(is_space) {
            self.pos += 1;
        }
    }

    fn right_delimiter(&mut self) -> Token {
        let trim = has_right_trim(self.rest());
        if trim {
            self.pos += 2;
            self.ignore();
        }
        self.pos += 2;
        let token = self.emit(Kind::RightDelim);
        if trim {
            self.skip_spaces();
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    /// A token between delimiters.
    fn action(&mut self) -> Token {
        let rest = self.rest();
        if rest.starts_with(b"}}") || has_right_trim(rest) {
            if self.parens == 0 {
                return self.right_delimiter();
            }
            return self.fail("unclosed left paren");
        }
        let Some(character) = self.peek() else { return self.fail("unclosed action") };
        match character {
            ' ' | '\t' | '\r' | '\n' => return self.space(),
            '.' if !matches!(rest.get(1), Some(b'0'..=b'9') | None) => {
                self.pos += 1;
                return self.field_or_variable(Kind::Field);
            }
            '+' | '-' | '.' | '0'..='9' => return self.number(),
            _ if is_alphanumeric(character) => return self.identifier(),
            _ => self.pos += character.len_utf8(),
        }
        match character {
            '=' => self.emit(Kind::Assign),
            ':' if self.peek_byte() == Some(b'=') => {
                self.pos += 1;
                self.emit(Kind::Declare)
            }
            ':' => self.fail("expected :="),
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted(b'"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(Kind::Variable),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            '!'..='~' => self.emit(Kind::Char),
            _ => self.fail(format!("unrecognized character in action: {}", code_point(character))),
        }
    }

    fn space(&mut self) -> Token {
        while self.peek_byte().is_some_and(is_space) {
            // The last space before `-}}` belongs to the delimiter.
            if self.pos > self.start && has_right_trim(self.rest()) {
                break;
            }
            self.pos += 1;
        }
        self.line += line_breaks(&self.input[self.start..self.pos]);
        self.emit(Kind::Space)
    }

    fn skip_alphanumerics(&mut self) {
        while self.peek_byte().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
            self.pos += 1;
        }
        while let Some(character) = self.peek()
            && is_alphanumeric(character)
        {
            self.pos += character.len_utf8();
        }
    }

    /// Whether an identifier, field or variable may end here.
    fn at_terminator(&self) -> bool {
        match self.peek_byte() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(_) => self.rest().starts_with(b"}}"),
        }
    }

    fn bad_character(&mut self) -> Token {
        let character = self.peek().unwrap_or(char::REPLACEMENT_CHARACTER);
        self.fail(format!("bad character {}", code_point(character)))
    }

    fn identifier(&mut self) -> Token {
        self.skip_alphanumerics();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.input[self.start..self.pos] {
            b"block" => Kind::Keyword(Keyword::Block),
            b"break" => Kind::Keyword(Keyword::Break),
            b"continue" => Kind::Keyword(Keyword::Continue),
            b"define" => Kind::Keyword(Keyword::Define),
            b"else" => Kind::Keyword(Keyword::Else),
            b"end" => Kind::Keyword(Keyword::End),
            b"if" => Kind::Keyword(Keyword::If),
            b"nil" => Kind::Keyword(Keyword::Nil),
            b"range" => Kind::Keyword(Keyword::Range),
            b"template" => Kind::Keyword(Keyword::Template),
            b"with" => Kind::Keyword(Keyword::With),
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    /// The dot or dollar has been read.
    fn field_or_variable(&mut self, kind: Kind) -> Token {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Field { Kind::Keyword(Keyword::Dot) } else { kind });
        }
        self.skip_alphanumerics();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    /// A quoted string or a character constant after its opening quote; the parser handles escapes.
    fn quoted(&mut self, quote: u8, kind: Kind, unterminated: &str) -> Token {
        while let Some(byte) = self.peek_byte() {
            self.pos += 1;
            match byte {
                b'\\' => match self.peek_byte() {
                    None | Some(b'\n') => break,
                    Some(_) => self.pos += 1,
                },
                b'\n' => break,
                _ if byte == quote => return self.emit(kind),
                _ => {}
            }
        }
        self.fail(unterminated)
    }

    fn raw_string(&mut self) -> Token {
        match self.rest().iter().position(|&byte| byte == b'`') {
            None => self.fail("unterminated raw quoted string"),
            Some(length) => {
                self.pos += length + 1;
                self.line += line_breaks(&self.input[self.start..self.pos]);
                self.emit(Kind::RawString)
            }
        }
    }

    /// A number, roughly: the parser decides whether it is valid.
    fn number(&mut self) -> Token {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.peek_byte(), Some(b'+' | b'-')) {
            return self.emit(Kind::Number);
        }
        if !self.scan_number() || self.input[self.pos - 1] != b'i' {
            return self.bad_number();
        }
        self.emit(Kind::Complex)
    }

    fn bad_number(&mut self) -> Token {
        let text = go_quote(&self.input[self.start..self.pos]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                (digits, exponent) = (b"0123456789abcdefABCDEF_", b"pP");
            } else if self.accept(b"oO") {
                (digits, exponent) = (b"01234567_", b"");
            } else if self.accept(b"bB") {
                (digits, exponent) = (b"01_", b"");
            }
        }
        while self.accept(digits) {}
        if self.accept(b".") {
            while self.accept(digits) {}
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            while self.accept(b"0123456789_") {}
        }
        self.accept(b"i");
        match self.peek() {
            Some(character) if is_alphanumeric(character) => {
                // The message shows the unexpected character.
                self.pos += character.len_utf8();
                false
            }
            _ => true,
        }
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.peek_byte().is_some_and(|byte| valid.contains(&byte));
        self.pos += usize::from(accepted);
        accepted
    }
}

/// Go's `%#U`: `U+002D '-'`, without the character if it is not printable.
fn code_point(character: char) -> String {
    let code = character as u32;
    if is_printable(character) { format!("U+{code:04X} '{character}'") } else { format!("U+{code:04X}") }
}
