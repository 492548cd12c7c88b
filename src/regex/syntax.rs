//! Parses a pattern as Go's `regexp/syntax` does: [`parse`] returns a [`Node`] or Go's error.

use super::class::{self, Class};
use super::text_of;
use crate::go::decode_rune;
use crate::helm::HelmVersion;
use std::collections::HashMap;

/// Largest count of a repetition, and largest product of nested counts.
const MAX_REPEAT: u32 = 1000;
/// Largest height of a tree.
const MAX_HEIGHT: u32 = 1000;
/// Largest size of Go's compiled program, in its instructions.
const MAX_SIZE: u64 = (128 << 20) / 40;
/// The most range bounds in all character classes together. Go: 33554432.
const MAX_RUNES: usize = 4 << 20;

/// A regular expression.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// The height of the tree.
    height: u32,
    /// Go's estimate of the number of compiled instructions.
    size: u64,
}

/// The content of a node.
#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    /// The empty text.
    Empty,
    /// A character, possibly one that no text contains (a surrogate).
    Literal(u32),
    /// One character of a set.
    Class(Class),
    /// `.` under `(?s)`.
    Any,
    /// `.`
    AnyNotNewline,
    BeginText,
    EndText,
    BeginLine,
    EndLine,
    WordBoundary,
    NotWordBoundary,
    Repeat {
        sub: Box<Node>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        /// Written `{n,m}`.
        counted: bool,
    },
    Capture(Box<Node>),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
}

/// A parsed pattern.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: Node,
    /// Names of the groups from 1 on.
    pub(super) names: Vec<Option<Box<str>>>,
}

/// Why a pattern is rejected: Go's message and the part of the pattern.
#[derive(Debug)]
pub(super) struct SyntaxError {
    message: &'static str,
    part: Vec<u8>,
}

impl SyntaxError {
    /// The text of Go's error.
    pub(super) fn text(&self) -> String {
        format!("error parsing regexp: {}: `{}`", self.message, text_of(&self.part))
    }
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// Parses a pattern in the syntax that Go calls Perl.
///
/// Source: Go 1.27 `regexp/syntax`, `Parse`; for helm 3 Go 1.23, which has fewer class names.
pub(super) fn parse(pattern: &[u8], helm: HelmVersion) -> Result<Parsed> {
    let mut parser = Parser {
        whole: pattern,
        helm,
        flags: Flags { fold: false, one_line: true, dot_newline: false, lazy: false },
        group: Group::default(),
        outer: Vec::new(),
        names: Vec::new(),
        runes: 0,
        sets: HashMap::new(),
    };
    parser.run()?;
    if !parser.outer.is_empty() {
        return Err(error("missing closing )", pattern));
    }
    let group = std::mem::take(&mut parser.group);
    let root = parser.alternation(group)?;
    Ok(Parsed { root, names: parser.names })
}

/// The current flags: `(?i)`, the negation of `(?m)`, `(?s)`, `(?U)`.
#[derive(Debug, Clone, Copy)]
struct Flags {
    fold: bool,
    one_line: bool,
    dot_newline: bool,
    lazy: bool,
}

impl Flags {
    fn inverted(self) -> Self {
        Self { fold: !self.fold, one_line: !self.one_line, dot_newline: !self.dot_newline, lazy: !self.lazy }
    }
}

/// The parsed part of a group.
#[derive(Debug, Default)]
struct Group {
    /// The alternatives before the last `|`.
    alternatives: Vec<Node>,
    /// The parts of the current alternative.
    items: Vec<Node>,
    capture: bool,
}

struct Parser<'a> {
    whole: &'a [u8],
    helm: HelmVersion,
    flags: Flags,
    group: Group,
    /// The enclosing groups, with the flags to restore when they end.
    outer: Vec<(Group, Flags)>,
    names: Vec<Option<Box<str>>>,
    runes: usize,
    /// Cached sets by the name in `\p{…}`.
    sets: HashMap<String, Option<Class>>,
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Result<()> {
        let mut rest = self.whole;
        // The last repetition operator and everything after it, if it is directly before this position.
        let mut last_repeat: &[u8] = &[];
        while let Some(&byte) = rest.first() {
            let before = rest;
            let mut repeated = false;
            match byte {
                b'(' if rest.get(1) == Some(&b'?') => rest = self.perl_flags(rest)?,
                b'(' => {
                    self.open(Some(None));
                    rest = &rest[1..];
                }
                b'|' => {
                    let items = std::mem::take(&mut self.group.items);
                    let node = self.concat(items)?;
                    self.group.alternatives.push(node);
                    rest = &rest[1..];
                }
                b')' => {
                    self.close()?;
                    rest = &rest[1..];
                }
                b'^' => {
                    self.push(if self.flags.one_line { NodeKind::BeginText } else { NodeKind::BeginLine })?;
                    rest = &rest[1..];
                }
                b'$' => {
                    self.push(if self.flags.one_line { NodeKind::EndText } else { NodeKind::EndLine })?;
                    rest = &rest[1..];
                }
                b'.' => {
                    self.push(if self.flags.dot_newline { NodeKind::Any } else { NodeKind::AnyNotNewline })?;
                    rest = &rest[1..];
                }
                b'[' => rest = self.bracketed(rest)?,
                b'*' => (repeated, rest) = (true, self.repeat((0, None), false, rest, &rest[1..], last_repeat)?),
                b'+' => (repeated, rest) = (true, self.repeat((1, None), false, rest, &rest[1..], last_repeat)?),
                b'?' => (repeated, rest) = (true, self.repeat((0, Some(1)), false, rest, &rest[1..], last_repeat)?),
                b'{' => match take_count(rest) {
                    None => {
                        self.literal(u32::from(b'{'))?;
                        rest = &rest[1..];
                    }
                    Some((min, max, after)) => {
                        let too_large = |count: u32| count > MAX_REPEAT;
                        if too_large(min) || max.is_some_and(|max| too_large(max) || min > max) {
                            return Err(error("invalid repeat count", until(before, after)));
                        }
                        rest = self.repeat((min, max), true, before, after, last_repeat)?;
                        repeated = true;
                    }
                },
                b'\\' => rest = self.escape(rest)?,
                _ => {
                    let (character, after) = next_rune(rest)?;
                    self.literal(u32::from(character))?;
                    rest = after;
                }
            }
            last_repeat = if repeated { before } else { &[] };
        }
        Ok(())
    }

    fn open(&mut self, capture: Option<Option<Box<str>>>) {
        let group = Group { capture: capture.is_some(), ..Group::default() };
        self.names.extend(capture);
        self.outer.push((std::mem::replace(&mut self.group, group), self.flags));
    }

    fn close(&mut self) -> Result<()> {
        let Some((outer, flags)) = self.outer.pop() else {
            return Err(error("unexpected )", self.whole));
        };
        let group = std::mem::replace(&mut self.group, outer);
        let capture = group.capture;
        let node = self.alternation(group)?;
        self.flags = flags;
        let node = if capture { self.node(NodeKind::Capture(Box::new(node)))? } else { node };
        self.group.items.push(node);
        Ok(())
    }

    fn alternation(&self, mut group: Group) -> Result<Node> {
        let last = self.concat(group.items)?;
        if group.alternatives.is_empty() {
            return Ok(last);
        }
        group.alternatives.push(last);
        self.node(NodeKind::Alternate(group.alternatives))
    }

    fn concat(&self, mut items: Vec<Node>) -> Result<Node> {
        match items.len() {
            0 => self.node(NodeKind::Empty),
            1 => Ok(items.remove(0)),
            _ => self.node(NodeKind::Concat(items)),
        }
    }

    fn push(&mut self, kind: NodeKind) -> Result<()> {
        let node = self.node(kind)?;
        self.group.items.push(node);
        Ok(())
    }

    fn push_class(&mut self, class: Class) -> Result<()> {
        self.count_runes(&class)?;
        self.push(NodeKind::Class(class))
    }

    fn count_runes(&mut self, class: &Class) -> Result<()> {
        self.runes += 2 * class.ranges().len();
        if self.runes > MAX_RUNES {
            return Err(error("expression too large", self.whole));
        }
        Ok(())
    }

    fn literal(&mut self, character: u32) -> Result<()> {
        if self.flags.fold {
            let folded = class::folded_range(character, character);
            if folded.ranges().len() > 1 {
                return self.push_class(folded);
            }
        }
        self.push(NodeKind::Literal(character))
    }

    /// A node, if Go would allow a tree of its size.
    fn node(&self, kind: NodeKind) -> Result<Node> {
        let (mut height, mut size) = (0, 0);
        match &kind {
            NodeKind::Concat(subs) | NodeKind::Alternate(subs) => {
                for sub in subs {
                    height = height.max(sub.height);
                    size += sub.size;
                }
                if matches!(kind, NodeKind::Alternate(_)) {
                    size += subs.len() as u64 - 1;
                } else if subs.iter().all(|sub| matches!(sub.kind, NodeKind::Literal(_))) {
                    // Go keeps adjacent characters in one node.
                    height = 0;
                }
            }
            NodeKind::Capture(sub) => (height, size) = (sub.height, sub.size + 2),
            NodeKind::Repeat { sub, min, max, .. } => {
                let (min, copies) = (u64::from(*min), sub.size);
                height = sub.height;
                size = match max {
                    None if min == 0 => copies + 2,
                    None => copies * min + 1,
                    Some(max) => copies * u64::from(*max) + u64::from(*max) - min,
                };
            }
            _ => {}
        }
        let node = Node { kind, height: height + 1, size: size.max(1) };
        if node.height > MAX_HEIGHT {
            return Err(error("expression nests too deeply", self.whole));
        }
        if node.size > MAX_SIZE {
            return Err(error("expression too large", self.whole));
        }
        Ok(node)
    }

    /// Applies a repetition to the last part. `before` begins with the operator, `after` comes after it.
    fn repeat(
        &mut self,
        (min, max): (u32, Option<u32>),
        counted: bool,
        before: &'a [u8],
        mut after: &'a [u8],
        last_repeat: &'a [u8],
    ) -> Result<&'a [u8]> {
        let mut greedy = !self.flags.lazy;
        if let Some(rest) = after.strip_prefix(b"?") {
            after = rest;
            greedy = !greedy;
        }
        if !last_repeat.is_empty() {
            return Err(error("invalid nested repetition operator", until(last_repeat, after)));
        }
        let Some(sub) = self.group.items.pop() else {
            return Err(error("missing argument to repetition operator", until(before, after)));
        };
        let node = self.node(NodeKind::Repeat { sub: Box::new(sub), min, max, greedy, counted })?;
        if counted && (min >= 2 || max.is_some_and(|max| max >= 2)) && !repeat_is_valid(&node, MAX_REPEAT) {
            return Err(error("invalid repeat count", until(before, after)));
        }
        self.group.items.push(node);
        Ok(after)
    }

    /// Parses what begins with `(?`: flags, a non-capturing group, a named group.
    fn perl_flags(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        let with_p = text.len() > 4 && text.starts_with(b"(?P<");
        if with_p || (text.len() > 3 && text.starts_with(b"(?<")) {
            let Some(end) = text.iter().position(|&byte| byte == b'>') else {
                check_utf8(text)?;
                return Err(error("invalid named capture", text));
            };
            let name = &text[if with_p { 4 } else { 3 }..end];
            check_utf8(name)?;
            let valid = !name.is_empty() && name.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric());
            if !valid {
                return Err(error("invalid named capture", &text[..=end]));
            }
            self.open(Some(Some(text_of(name).into())));
            return Ok(&text[end + 1..]);
        }
        let mut rest = &text[2..];
        let (mut flags, mut negative, mut any_flag) = (self.flags, false, false);
        while !rest.is_empty() {
            let (character, after) = next_rune(rest)?;
            rest = after;
            match character {
                'i' => flags.fold = true,
                'm' => flags.one_line = false,
                's' => flags.dot_newline = true,
                'U' => flags.lazy = true,
                '-' if !negative => {
                    negative = true;
                    any_flag = false;
                    // The following flags are inverted at the end.
                    flags = flags.inverted();
                    continue;
                }
                ':' | ')' if any_flag || !negative => {
                    if negative {
                        flags = flags.inverted();
                    }
                    if character == ':' {
                        self.open(None);
                    }
                    self.flags = flags;
                    return Ok(rest);
                }
                _ => break,
            }
            any_flag = true;
        }
        Err(error("invalid or unsupported Perl syntax", until(text, rest)))
    }

    /// Parses what begins with a backslash, outside brackets.
    fn escape(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        let simple = match text.get(1) {
            Some(b'A') => Some(NodeKind::BeginText),
            Some(b'b') => Some(NodeKind::WordBoundary),
            Some(b'B') => Some(NodeKind::NotWordBoundary),
            Some(b'z') => Some(NodeKind::EndText),
            Some(b'C') => return Err(error("invalid escape sequence", &text[..2])),
            Some(b'Q') => {
                let quoted = &text[2..];
                let end = quoted.windows(2).position(|pair| pair == b"\\E");
                let mut literal = &quoted[..end.unwrap_or(quoted.len())];
                while !literal.is_empty() {
                    let (character, after) = next_rune(literal)?;
                    self.literal(u32::from(character))?;
                    literal = after;
                }
                return Ok(end.map_or(&[], |end| &quoted[end + 2..]));
            }
            _ => None,
        };
        if let Some(kind) = simple {
            self.push(kind)?;
            return Ok(&text[2..]);
        }
        if let Some((class, rest)) = self.class_escape(text)? {
            self.push_class(class)?;
            return Ok(rest);
        }
        let (character, rest) = character_escape(text)?;
        self.literal(character)?;
        Ok(rest)
    }

    /// Parses `\pN`, `\p{Name}` or `\d`, if the text begins with one.
    fn class_escape(&mut self, text: &'a [u8]) -> Result<Option<(Class, &'a [u8])>> {
        let [b'\\', letter, rest @ ..] = text else { return Ok(None) };
        if !matches!(letter, b'p' | b'P') {
            let class = class::perl(*letter, self.flags.fold);
            return Ok(class.map(|class| (class, rest)));
        }
        let (character, mut after) = next_rune(rest)?;
        let mut name = until(rest, after);
        if character == '{' {
            let Some(end) = rest.iter().position(|&byte| byte == b'}') else {
                check_utf8(text)?;
                return Err(error("invalid character class range", text));
            };
            (name, after) = (&rest[1..end], &rest[end + 1..]);
            check_utf8(name)?;
        }
        let mut negated = *letter == b'P';
        if let Some(negative) = name.strip_prefix(b"^") {
            (name, negated) = (negative, !negated);
        }
        let name = text_of(name);
        let known = self.sets.entry(name).or_insert_with_key(|name| class::unicode(name, self.helm));
        let Some(class) = known.clone() else {
            return Err(error("invalid character class range", until(text, after)));
        };
        Ok(Some((class::finished(class, self.flags.fold, negated), after)))
    }

    /// Parses a bracket class.
    fn bracketed(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        let mut rest = &text[1..];
        let negated = rest.first() == Some(&b'^');
        if negated {
            rest = &rest[1..];
        }
        // Collected first: a class is sorted each time something is added to it.
        let mut members = class::Members::default();
        let (mut first, mut named_possible) = (true, true);
        while first || rest.first() != Some(&b']') {
            first = false;
            if let Some(named) = rest.strip_prefix(b"[:").filter(|_| named_possible) {
                if let Some(end) = named.windows(2).position(|pair| pair == b":]") {
                    let Some(found) = class::posix(&named[..end], self.flags.fold) else {
                        return Err(error("invalid character class range", &rest[..end + 4]));
                    };
                    members.extend(&found);
                    rest = &named[end + 2..];
                    continue;
                }
                // Nor is there one further on.
                named_possible = false;
            }
            if let Some((found, after)) = self.class_escape(rest)? {
                self.count_runes(&found)?;
                members.extend(&found);
                rest = after;
                continue;
            }
            let start = rest;
            let (low, after) = class_character(rest, text)?;
            let mut high = low;
            rest = after;
            // `[a-]` is a or -.
            if matches!(rest, [b'-', next, ..] if *next != b']') {
                (high, rest) = class_character(&rest[1..], text)?;
                if high < low {
                    return Err(error("invalid character class range", until(start, rest)));
                }
            }
            if self.flags.fold {
                members.extend(&class::folded_range(low, high));
            } else {
                members.push(low, high);
            }
        }
        let mut class = members.into_class();
        if negated {
            class.negate();
        }
        self.push_class(class)?;
        Ok(&rest[1..])
    }
}

fn error(message: &'static str, part: &[u8]) -> SyntaxError {
    SyntaxError { message, part: part.to_vec() }
}

/// The part of `text` before its suffix `rest`.
fn until<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    &text[..text.len() - rest.len()]
}

/// The first character; U+FFFD and the same text if it is empty.
fn next_rune(text: &[u8]) -> Result<(char, &[u8])> {
    let (character, size) = decode_rune(text);
    if character == char::REPLACEMENT_CHARACTER && size == 1 {
        return Err(error("invalid UTF-8", text));
    }
    Ok((character, &text[size..]))
}

fn check_utf8(mut text: &[u8]) -> Result<()> {
    while !text.is_empty() {
        (_, text) = next_rune(text)?;
    }
    Ok(())
}

/// Whether nested repetitions require no more than `allowed` copies.
fn repeat_is_valid(node: &Node, mut allowed: u32) -> bool {
    match &node.kind {
        NodeKind::Repeat { sub, min, max, counted, .. } => {
            if *counted {
                match max.unwrap_or(*min) {
                    // Go quirk: the operand of `{0}` is not checked; that of `{0,}` is.
                    0 if max.is_some() => return true,
                    0 => {}
                    copies if copies > allowed => return false,
                    copies => allowed /= copies,
                }
            }
            repeat_is_valid(sub, allowed)
        }
        NodeKind::Capture(sub) => repeat_is_valid(sub, allowed),
        NodeKind::Concat(subs) | NodeKind::Alternate(subs) => subs.iter().all(|sub| repeat_is_valid(sub, allowed)),
        _ => true,
    }
}

/// Parses `{n}`, `{n,}` or `{n,m}`: the minimum, the maximum, and the rest. `None` if it has another form.
fn take_count(text: &[u8]) -> Option<(u32, Option<u32>, &[u8])> {
    let (min, rest) = take_integer(text.strip_prefix(b"{")?)?;
    let (max, rest) = match rest {
        [b',', b'}', ..] => (None, &rest[1..]),
        [b',', more @ ..] => take_integer(more).map(|(max, rest)| (Some(max), rest))?,
        _ => (Some(min), rest),
    };
    Some((min, max, rest.strip_prefix(b"}")?))
}

/// Parses digits without a leading zero; a number out of range is only known to be so.
fn take_integer(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || (digits.len() > 1 && digits[0] == b'0') {
        return None;
    }
    let number =
        digits.iter().fold(0u32, |number, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    Some((number, rest))
}

/// Parses one character of a class; `class` is the text from its bracket.
fn class_character<'a>(text: &'a [u8], class: &[u8]) -> Result<(u32, &'a [u8])> {
    match text.first() {
        None => Err(error("missing closing ]", class)),
        Some(b'\\') => character_escape(text),
        Some(_) => next_rune(text).map(|(character, rest)| (u32::from(character), rest)),
    }
}

/// Parses a backslash and the following escape.
fn character_escape(text: &[u8]) -> Result<(u32, &[u8])> {
    let rest = &text[1..];
    if rest.is_empty() {
        return Err(error("trailing backslash at end of expression", b""));
    }
    let invalid = |rest: &[u8]| error("invalid escape sequence", until(text, rest));
    let (character, mut rest) = next_rune(rest)?;
    let octal =
        |rest: &[u8]| rest.first().filter(|byte| (b'0'..=b'7').contains(byte)).map(|byte| u32::from(byte - b'0'));
    match character {
        '0' | '1'..='7' => {
            // A single digit other than 0 would be a backreference.
            if character != '0' && octal(rest).is_none() {
                return Err(invalid(rest));
            }
            let mut code = u32::from(character) - u32::from('0');
            for _ in 0..2 {
                let Some(digit) = octal(rest) else { break };
                code = code * 8 + digit;
                rest = &rest[1..];
            }
            Ok((code, rest))
        }
        'x' if rest.is_empty() => Err(invalid(rest)),
        'x' => {
            let (first, after) = next_rune(rest)?;
            rest = after;
            if first != '{' {
                let (second, after) = next_rune(rest)?;
                return match (first.to_digit(16), second.to_digit(16)) {
                    (Some(first), Some(second)) => Ok((first * 16 + second, after)),
                    _ => Err(invalid(after)),
                };
            }
            let (mut code, mut digits) = (0, 0);
            while !rest.is_empty() {
                let (digit, after) = next_rune(rest)?;
                rest = after;
                match digit.to_digit(16) {
                    Some(digit) => code = code * 16 + digit,
                    None if digit == '}' && digits > 0 => return Ok((code, rest)),
                    None => break,
                }
                if code > u32::from(char::MAX) {
                    break;
                }
                digits += 1;
            }
            Err(invalid(rest))
        }
        'a' => Ok((0x07, rest)),
        'f' => Ok((0x0C, rest)),
        'n' => Ok((0x0A, rest)),
        'r' => Ok((0x0D, rest)),
        't' => Ok((0x09, rest)),
        'v' => Ok((0x0B, rest)),
        _ if character.is_ascii() && !character.is_ascii_alphanumeric() => Ok((u32::from(character), rest)),
        _ => Err(invalid(rest)),
    }
}
