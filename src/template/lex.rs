//! The lexer of templates: text, actions, and what stands in them.
//!
//! Source: Go `text/template/parse/lex.go`; every message is Go's.

use super::print::{decode_rune, go_quote, is_printable};
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What kind of thing an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // Keywords from here on.
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

/// One item of the text.
#[derive(Debug, Clone)]
pub(super) struct Item<'t> {
    pub(super) token: Token,
    pub(super) pos: usize,
    /// The bytes, or the message of an error.
    pub(super) text: Cow<'t, [u8]>,
    /// Line on which it begins, from 1.
    pub(super) line: u32,
}

impl Item<'_> {
    /// The text as a string; what is not UTF-8 is replaced.
    pub(super) fn string(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// As Go prints an item in its messages.
    pub(super) fn shown(&self) -> String {
        match self.token {
            Token::Eof => "EOF".to_owned(),
            Token::Error => self.string().into_owned(),
            Token::Block
            | Token::Break
            | Token::Continue
            | Token::Dot
            | Token::Define
            | Token::Else
            | Token::End
            | Token::If
            | Token::Nil
            | Token::Range
            | Token::Template
            | Token::With => format!("<{}>", self.string()),
            _ if self.text.len() > 10 => {
                let end = self.string().char_indices().nth(10).map_or(self.text.len(), |(at, _)| at);
                format!("{}...", go_quote(&self.text[..end.min(self.text.len())]))
            }
            _ => go_quote(&self.text),
        }
    }
}

/// The lexer.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    input: &'t [u8],
    pos: usize,
    start: usize,
    line: u32,
    start_line: u32,
    inside_action: bool,
    paren_depth: i64,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Letters, digits of any script, and `_`.
fn is_alphanumeric(c: char) -> bool {
    static LETTER_OR_DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").ok());
    if c.is_ascii() {
        return c == '_' || c.is_ascii_alphanumeric();
    }
    let mut utf8 = [0; 4];
    LETTER_OR_DIGIT.as_ref().is_some_and(|pattern| pattern.is_match(c.encode_utf8(&mut utf8)))
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
/// Length of `- ` and ` -`.
const TRIM_MARK: usize = 2;

/// What the lexer does after an item.
enum Step<'t> {
    Emit(Item<'t>),
    Text,
    LeftDelim,
    Comment,
    InsideAction,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(input: &'t [u8]) -> Self {
        Self { input, pos: 0, start: 0, line: 1, start_line: 1, inside_action: false, paren_depth: 0 }
    }

    /// The next item; after an error and at the end, the end again and again.
    pub(super) fn next_item(&mut self) -> Item<'t> {
        let mut step = if self.inside_action { Step::InsideAction } else { Step::Text };
        loop {
            step = match step {
                Step::Emit(item) => return item,
                Step::Text => self.text(),
                Step::LeftDelim => self.left_delim(),
                Step::Comment => self.comment(),
                Step::InsideAction => self.action(),
            };
        }
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.pos.min(self.input.len())..]
    }

    fn next(&mut self) -> Option<char> {
        let rest = self.rest();
        let (&first, _) = rest.split_first()?;
        if first.is_ascii() {
            self.pos += 1;
            if first == b'\n' {
                self.line += 1;
            }
            return Some(first as char);
        }
        let (c, width) = decode_rune(rest);
        self.pos += width;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        let rest = self.rest();
        let &first = rest.first()?;
        Some(if first.is_ascii() { first as char } else { decode_rune(rest).0 })
    }

    fn count_lines(&mut self, from: usize, to: usize) {
        self.line += self.input[from..to].iter().filter(|&&byte| byte == b'\n').count() as u32;
    }

    fn item(&mut self, token: Token) -> Item<'t> {
        let text = Cow::Borrowed(&self.input[self.start..self.pos]);
        let item = Item { token, pos: self.start, text, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    fn emit(&mut self, token: Token) -> Step<'t> {
        Step::Emit(self.item(token))
    }

    fn ignore(&mut self) {
        self.count_lines(self.start, self.pos);
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: String) -> Step<'t> {
        let text = Cow::Owned(message.into_bytes());
        let item = Item { token: Token::Error, pos: self.start, text, line: self.start_line };
        self.start = 0;
        self.pos = 0;
        self.input = &[];
        Step::Emit(item)
    }

    fn bad_character(&mut self, c: Option<char>) -> Step<'t> {
        // Go's end of input is the rune -1.
        let shown = c.map_or_else(|| "U+FFFFFFFFFFFFFFFF".to_owned(), unicode_name);
        self.error(format!("bad character {shown}"))
    }

    fn text(&mut self) -> Step<'t> {
        let rest = self.rest();
        let Some(found) = find_delim(rest) else {
            self.pos = self.input.len();
            if self.pos > self.start {
                self.count_lines(self.start, self.pos);
                return self.emit(Token::Text);
            }
            return self.emit(Token::Eof);
        };
        if found > 0 {
            let end = self.pos + found;
            let trim = if starts_with_trim_mark(&self.input[end + LEFT.len()..]) {
                let text = &self.input[self.start..end];
                text.iter().rev().take_while(|&&byte| is_space(byte)).count()
            } else {
                0
            };
            self.pos = end - trim;
            self.count_lines(self.start, self.pos);
            let item = self.item(Token::Text);
            self.pos = end;
            self.ignore();
            if !item.text.is_empty() {
                return Step::Emit(item);
            }
        }
        Step::LeftDelim
    }

    fn left_delim(&mut self) -> Step<'t> {
        self.pos += LEFT.len();
        let mark = if starts_with_trim_mark(self.rest()) { TRIM_MARK } else { 0 };
        if self.rest()[mark..].starts_with(b"/*") {
            self.pos += mark;
            self.ignore();
            return Step::Comment;
        }
        let item = self.item(Token::LeftDelim);
        self.inside_action = true;
        self.pos += mark;
        self.ignore();
        self.paren_depth = 0;
        Step::Emit(item)
    }

    fn comment(&mut self) -> Step<'t> {
        self.pos += 2;
        let Some(end) = self.rest().windows(2).position(|pair| pair == b"*/") else {
            return self.error("unclosed comment".to_owned());
        };
        self.pos += end + 2;
        let Some(trim) = self.at_right_delim() else {
            return self.error("comment ends before closing delimiter".to_owned());
        };
        self.pos += RIGHT.len() + if trim { TRIM_MARK } else { 0 };
        if trim {
            self.pos += self.rest().iter().take_while(|&&byte| is_space(byte)).count();
        }
        self.ignore();
        Step::Text
    }

    /// Whether the closing delimiter comes next, and if it trims.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if let [space, b'-', after @ ..] = rest
            && is_space(*space)
            && after.starts_with(RIGHT)
        {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn right_delim(&mut self) -> Step<'t> {
        let trim = self.at_right_delim() == Some(true);
        if trim {
            self.pos += TRIM_MARK;
            self.ignore();
        }
        self.pos += RIGHT.len();
        let item = self.item(Token::RightDelim);
        if trim {
            self.pos += self.rest().iter().take_while(|&&byte| is_space(byte)).count();
            self.ignore();
        }
        self.inside_action = false;
        Step::Emit(item)
    }

    fn action(&mut self) -> Step<'t> {
        if self.at_right_delim().is_some() {
            if self.paren_depth == 0 {
                return self.right_delim();
            }
            return self.error("unclosed left paren".to_owned());
        }
        let before = (self.pos, self.line);
        let Some(c) = self.next() else { return self.error("unclosed action".to_owned()) };
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                (self.pos, self.line) = before;
                self.space()
            }
            '=' => self.emit(Token::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return self.error("expected :=".to_owned());
                }
                self.emit(Token::Declare)
            }
            '|' => self.emit(Token::Pipe),
            '"' => self.quoted('"', Token::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Token::CharConstant, "unterminated character constant"),
            '`' => self.raw_quoted(),
            '$' if self.at_terminator() => self.emit(Token::Variable),
            '$' => self.field_or_variable(Token::Variable),
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.field_or_variable(Token::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                (self.pos, self.line) = before;
                self.number()
            }
            c if is_alphanumeric(c) => {
                (self.pos, self.line) = before;
                self.identifier()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(Token::LeftParen)
            }
            ')' => {
                self.paren_depth -= 1;
                if self.paren_depth < 0 {
                    return self.error("unexpected right paren".to_owned());
                }
                self.emit(Token::RightParen)
            }
            ' '..='~' => self.emit(Token::Char),
            c => self.error(format!("unrecognized character in action: {}", unicode_name(c))),
        }
    }

    fn space(&mut self) -> Step<'t> {
        let mut count = 0;
        let mut last = (self.pos, self.line);
        while self.rest().first().is_some_and(|&byte| is_space(byte)) {
            last = (self.pos, self.line);
            self.next();
            count += 1;
        }
        // The last blank may belong to a trimming delimiter.
        if self.input[self.pos..].starts_with(b"-}}") {
            (self.pos, self.line) = last;
            if count == 1 {
                return self.right_delim();
            }
        }
        self.emit(Token::Space)
    }

    fn identifier(&mut self) -> Step<'t> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            let c = self.peek();
            return self.bad_character(c);
        }
        let token = match &self.input[self.start..self.pos] {
            b"block" => Token::Block,
            b"break" => Token::Break,
            b"continue" => Token::Continue,
            b"define" => Token::Define,
            b"else" => Token::Else,
            b"end" => Token::End,
            b"if" => Token::If,
            b"nil" => Token::Nil,
            b"range" => Token::Range,
            b"template" => Token::Template,
            b"with" => Token::With,
            b"true" | b"false" => Token::Bool,
            _ => Token::Identifier,
        };
        self.emit(token)
    }

    fn field_or_variable(&mut self, token: Token) -> Step<'t> {
        if self.at_terminator() {
            return self.emit(if token == Token::Variable { token } else { Token::Dot });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            let c = self.peek();
            return self.bad_character(c);
        }
        self.emit(token)
    }

    /// Whether what comes next may end a field, variable or identifier.
    fn at_terminator(&self) -> bool {
        match self.rest().first() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            _ => self.rest().starts_with(RIGHT),
        }
    }

    fn quoted(&mut self, quote: char, token: Token, unterminated: &str) -> Step<'t> {
        loop {
            match self.next() {
                Some('\\') => match self.next() {
                    None | Some('\n') => return self.error(unterminated.to_owned()),
                    Some(_) => {}
                },
                None | Some('\n') => return self.error(unterminated.to_owned()),
                Some(c) if c == quote => return self.emit(token),
                Some(_) => {}
            }
        }
    }

    fn raw_quoted(&mut self) -> Step<'t> {
        loop {
            match self.next() {
                None => return self.error("unterminated raw quoted string".to_owned()),
                Some('`') => return self.emit(Token::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Step<'t> {
        let good = self.scan_number();
        let text = |lexer: &Self| go_quote(&lexer.input[lexer.start..lexer.pos]);
        if !good {
            let shown = text(self);
            return self.error(format!("bad number syntax: {shown}"));
        }
        if let Some('+' | '-') = self.peek() {
            // A complex constant: 1+2i.
            if !self.scan_number() || self.input[self.pos - 1] != b'i' {
                let shown = text(self);
                return self.error(format!("bad number syntax: {shown}"));
            }
            return self.emit(Token::Complex);
        }
        self.emit(Token::Number)
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let (decimal, hex) = (digits.len() == 11, digits.len() == 23);
        if (decimal && self.accept(b"eE")) || (hex && self.accept(b"pP")) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| valid.contains(byte));
        self.pos += usize::from(found);
        found
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }
}

/// Where the next `{{` stands.
fn find_delim(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|&byte| byte == b'{') {
        at += found;
        if text.get(at + 1) == Some(&b'{') {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether a text begins with `-` and white space, as what follows `{{` does when it trims.
fn starts_with_trim_mark(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

/// `U+002D '-'`, as Go's `%#U`.
fn unicode_name(c: char) -> String {
    let code = format!("U+{:04X}", c as u32);
    if is_printable(c) { format!("{code} '{c}'") } else { code }
}
