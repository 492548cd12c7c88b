//! Splits a line of a source into keys, values, comments and actions, whatever its format: YAML, JSON, a template, text
//! within these, or a flag.

use super::harmless::{is_random, is_trivial};
use super::names::is_secret;
use super::text::secrets_in;
use std::ops::Range;

/// A part of a line that may need masking.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Its byte range in the line.
    pub range: Range<usize>,
    /// Its kind.
    pub kind: Kind,
    /// The key whose value it is.
    pub key: Option<String>,
    /// Whether a name says that it is a secret.
    pub is_secret: bool,
}

/// The kind of a [`Piece`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A value, or a part of it between actions.
    Value,
    /// Text after `#`, or between `/*` and `*/`.
    Comment,
    /// A constant of an action; `is_name` if it names a template or a key.
    Literal { is_name: bool },
}

/// What earlier lines say about a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// It is below a key that says it is a secret, or after a flag that takes a value.
    pub is_secret: bool,
    /// It begins within an action.
    pub in_action: bool,
    /// It begins within a comment of a template.
    pub in_comment: bool,
    /// It is the argument of a flag: `a.b=1,c=2`.
    pub is_flag: bool,
}

/// The pieces of a line, in order.
pub(super) fn pieces(line: &str, before: Before) -> Vec<Piece> {
    let mut scan = Scan { line, at: 0, before, key: None, stack: Vec::new(), after_flag: false, found: Vec::new() };
    scan.run();
    scan.found
}

struct Scan<'l> {
    line: &'l str,
    at: usize,
    before: Before,
    key: Option<String>,
    /// The keys of the open braces and brackets.
    stack: Vec<(char, Option<String>, bool)>,
    after_flag: bool,
    found: Vec<Piece>,
}

impl<'l> Scan<'l> {
    fn rest(&self) -> &'l str {
        &self.line[self.at..]
    }

    fn is_secret(&self) -> bool {
        let by_stack = self.stack.last().is_some_and(|(_, _, secret)| *secret);
        self.before.is_secret || self.after_flag || by_stack || self.key.as_deref().is_some_and(is_secret)
    }

    fn push(&mut self, range: Range<usize>, kind: Kind) {
        if !range.is_empty() {
            let (key, is_secret) = (self.key.clone(), self.is_secret());
            self.found.push(Piece { range, kind, key, is_secret });
        }
    }

    fn run(&mut self) {
        if self.before.in_comment {
            let end = self.line.find("*/").unwrap_or(self.line.len());
            self.push(0..end, Kind::Comment);
            self.at = end;
        }
        if self.before.in_comment || self.before.in_action {
            self.action();
        }
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            let next = rest[c.len_utf8()..].chars().next();
            let ends_here = next.is_none_or(char::is_whitespace);
            match c {
                '{' if rest.starts_with("{{") => {
                    self.at += 2;
                    self.action();
                }
                c if c.is_whitespace() => self.at += c.len_utf8(),
                '#' if self.line[..self.at].chars().next_back().is_none_or(char::is_whitespace) => {
                    let range = self.at + 1..self.line.len();
                    self.push(range, Kind::Comment);
                    self.at = self.line.len();
                }
                '{' | '[' => {
                    let is_secret = self.is_secret();
                    self.stack.push((c, self.key.clone(), is_secret));
                    self.at += 1;
                }
                '}' | ']' => {
                    let open = if c == '}' { '{' } else { '[' };
                    if self.stack.last().is_some_and(|(last, ..)| *last == open) {
                        self.key = self.stack.pop().and_then(|(_, key, _)| key);
                    }
                    self.at += 1;
                }
                ',' => {
                    if self.stack.last().is_none_or(|(open, ..)| *open == '{') {
                        self.key = None;
                    }
                    self.at += 1;
                }
                '-' | '?' | ':' if ends_here => self.at += 1,
                '-' if rest.trim_end() == "---" => self.at = self.line.len(),
                '|' | '>' if is_trivial(rest.split(" #").next().unwrap_or(rest)) => {
                    self.at += rest.find([' ', '\t']).unwrap_or(rest.len());
                }
                '&' | '*' | '!' if self.skip_mark() => {}
                _ if self.key() => {}
                _ => self.value(c),
            }
        }
    }

    /// Skips an anchor, an alias or a tag.
    fn skip_mark(&mut self) -> bool {
        let rest = self.rest();
        let end = rest.find([' ', '\t', ',', ']', '}']).unwrap_or(rest.len());
        let name = rest[..end].trim_start_matches(['&', '*', '!']);
        let is_name =
            !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphabetic() || "_-./".contains(c));
        if is_name {
            self.at += end;
        }
        is_name
    }

    /// Skips a key and its separator, if one begins here.
    fn key(&mut self) -> bool {
        let (rest, from) = (self.rest(), self.at);
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (name, after) = match quote {
            Some(quote) => match closing(rest, quote) {
                Some(end) => (&rest[1..end], end + 1),
                None => return false,
            },
            None => {
                let is_of_key = |c: char| {
                    c.is_ascii_alphanumeric() || "_./$@%-<\\".contains(c) || self.before.is_flag && "[]".contains(c)
                };
                let end = rest.find(|c| !is_of_key(c)).unwrap_or(rest.len());
                (&rest[..end], end)
            }
        };
        let separator = rest[after..].trim_start_matches([' ', '\t']);
        let blanks = rest.len() - after - separator.len();
        let follows = separator.get(1..).unwrap_or_default();
        let is_colon = separator.starts_with(':')
            && !self.before.is_flag
            && (quote.is_some() || follows.is_empty() || follows.starts_with([' ', '\t']));
        // An assignment of a flag may have an empty value: `a.b=`. Elsewhere a trailing `=` may end base64.
        let sets = !follows.is_empty() || self.before.is_flag;
        let is_equals = separator.starts_with('=') && quote.is_none() && sets && !follows.starts_with('=');
        if name.is_empty()
            || name.len() > 200
            || !(is_colon || is_equals || separator.starts_with(':') && quote.is_some())
        {
            return false;
        }
        // A path has several names, and numbers between them: `global.imagePullSecrets[0].name`.
        let is_random = match self.before.is_flag {
            true => name.split(['.', '[', ']']).any(is_random),
            false => is_random(name),
        };
        let is_hidden = !secrets_in(name).is_empty() || is_random;
        let (name, quoted) = (name.to_owned(), usize::from(quote.is_some()));
        if is_hidden {
            self.found.push(Piece {
                range: from + quoted..from + after - quoted,
                kind: Kind::Value,
                key: None,
                is_secret: true,
            });
        }
        self.at += after + blanks + 1;
        self.key = Some(name);
        self.after_flag = false;
        true
    }

    /// Skips a value, including the actions in it.
    fn value(&mut self, first: char) {
        let is_quoted = matches!(first, '"' | '\'');
        let mut end = None;
        if is_quoted {
            end = closing(self.rest(), first).map(|end| self.at + end);
            self.at += 1;
        }
        let mut from = self.at;
        let limit = end.unwrap_or(self.line.len());
        let was_flag = self.after_flag;
        let begin = self.at;
        while self.at < limit {
            let rest = self.rest();
            if rest.starts_with("{{") {
                self.push(from..self.at, Kind::Value);
                self.at += 2;
                self.action();
                from = self.at;
                continue;
            }
            let c = rest.chars().next().unwrap_or(' ');
            let is_separator = match c {
                ',' if self.before.is_flag => !self.line[..self.at].ends_with('\\'),
                ',' | ']' | '}' => !self.stack.is_empty(),
                '#' => self.line[..self.at].ends_with([' ', '\t']),
                _ => false,
            };
            if !is_quoted && is_separator {
                break;
            }
            self.at += c.len_utf8();
        }
        self.at = self.at.min(self.line.len());
        let stop = self.at.min(limit).max(from.min(self.at));
        let trimmed = from + self.line[from..stop].trim_end().len();
        self.push(from..trimmed, Kind::Value);
        let text = self.line[begin..stop.max(begin)].trim();
        self.after_flag = !was_flag && takes_secret(text);
        if end.is_some_and(|end| end == self.at) {
            self.at += 1;
        }
    }

    /// Skips an action, from after its `{{` to after its `}}`.
    fn action(&mut self) {
        let begin = self.at;
        // The open calls: each function, and the number of arguments so far.
        let mut calls: Vec<(&str, usize)> = vec![("", 0)];
        let mut names_secret = false;
        while self.at < self.line.len() {
            let rest = self.rest();
            if rest.starts_with("}}") {
                self.at += 2;
                return;
            }
            if rest.starts_with("/*") && self.line[begin..self.at].trim_matches(['-', ' ']).is_empty() {
                let end = rest.find("*/").map_or(self.line.len(), |end| self.at + end);
                self.push(self.at + 2..end, Kind::Comment);
                self.at = end.max(self.at + 2);
                continue;
            }
            let c = rest.chars().next().unwrap_or(' ');
            let last = calls.len() - 1;
            match c {
                '"' | '`' | '\'' => {
                    let end = closing(rest, c).unwrap_or(rest.len());
                    let range = self.at + 1..self.at + end.max(1);
                    let is_secret = names_secret || self.is_secret();
                    names_secret = is_secret_name(&self.line[range.clone()]);
                    if !range.is_empty() {
                        let kind = Kind::Literal { is_name: takes_name(calls[last]) };
                        self.found.push(Piece { range, kind, key: self.key.clone(), is_secret });
                    }
                    self.at += (end + 1).min(rest.len());
                    calls[last].1 += 1;
                }
                c if is_of_word(c) => {
                    let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
                    let word = &rest[..end];
                    let is_path = word.starts_with(['.', '$']);
                    let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                    // The name of a function, or a constant.
                    let is_letters = word.len() <= 30 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
                    let is_hidden = match is_number {
                        true => word.len() > 5 || names_secret && word.len() > 1,
                        false => !is_path && !is_letters && !FUNCTIONS.contains(&word),
                    };
                    if is_hidden {
                        let (range, kind) = (self.at..self.at + end, Kind::Literal { is_name: false });
                        self.found.push(Piece { range, kind, key: self.key.clone(), is_secret: true });
                    }
                    if calls[last].0.is_empty() && is_letters && !["if", "else", "with", "range"].contains(&word) {
                        calls[last].0 = word;
                    } else {
                        calls[last].1 += 1;
                    }
                    self.at += end;
                }
                _ => {
                    match c {
                        '(' => calls.push(("", 0)),
                        ')' if last > 0 => {
                            calls.pop();
                            calls[last - 1].1 += 1;
                        }
                        '|' => calls[last] = ("", 0),
                        _ => {}
                    }
                    self.at += c.len_utf8();
                }
            }
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$')
}

/// Whether the next argument of a call is a name: of a template, of a key, or a date layout.
fn takes_name((function, arguments): (&str, usize)) -> bool {
    match function {
        "include" | "template" | "define" | "block" | "date" | "dateInZone" | "pluck" => arguments == 0,
        "dict" => arguments % 2 == 0,
        "set" => arguments == 1,
        "index" | "get" | "hasKey" | "pick" | "omit" | "unset" => arguments > 0,
        _ => false,
    }
}

/// Whether a word is a flag that takes a secret as the next: `--password`, `-p`.
pub(super) fn takes_secret(word: &str) -> bool {
    let is_short = ["-u", "-p", "-P", "-a"].contains(&word);
    let is_scheme = word.rsplit([' ', ':']).next().is_some_and(|last| last.eq_ignore_ascii_case("bearer"));
    is_short || is_scheme || word.starts_with("--") && !word.contains(['=', ' ', ':']) && is_secret(word)
}

/// Functions with digits in their names.
const FUNCTIONS: &[&str] = &[
    "b64enc",
    "b64dec",
    "b32enc",
    "b32dec",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "adler32sum",
    "add1",
    "add1f",
    "int64",
    "float64",
    "uuidv4",
    "dateInZone",
];

/// Whether a constant is the name of a secret.
fn is_secret_name(text: &str) -> bool {
    text.len() <= 60
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && is_secret(text)
}

/// The closing quote of a text that begins with a quote; quotes in actions do not count.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    let mut depth = 0_usize;
    while let Some((at, c)) = chars.next() {
        if text[at..].starts_with("{{") {
            depth += 1;
            chars.next();
        } else if depth > 0 && text[at..].starts_with("}}") {
            depth -= 1;
            chars.next();
        } else if c == '\\' && quote == '"' || c == quote && quote == '\'' && text[at + 1..].starts_with('\'') {
            // An escape, or a doubled quote.
            chars.next();
        } else if c == quote && depth == 0 {
            return Some(at);
        }
    }
    None
}
