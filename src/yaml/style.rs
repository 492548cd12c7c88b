//! How go-yaml writes a string: which quotes it needs, and which forms are open to it.

use super::emit::Dialect;
use std::ops::RangeInclusive;

/// Which ways of writing a string keep it what it is; see [`Shape::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Without quotes.
    pub(super) plain: bool,
    /// In single quotes.
    pub(super) single: bool,
    /// As a literal block.
    pub(super) literal: bool,
    /// It has line breaks.
    pub(super) multiline: bool,
}

impl Shape {
    /// Looks at each character of a text. Source: go-yaml `yaml_emitter_analyze_scalar`.
    pub(super) fn of(text: &str, dialect: Dialect) -> Self {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Self { plain: true, single: true, literal: false, multiline: false };
        }
        let mut indicator = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut tab, mut multiline) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        // The character before, as far as it matters: `gap` are spaces, tabs, breaks and NUL.
        let (mut after_space, mut after_break, mut after_gap) = (false, false, true);
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            let (char, width) = if byte < 0x80 { (byte as char, 1) } else { decode(text, at) };
            if byte < 0x80 {
                let blank_follows = || matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'));
                indicator |= match byte {
                    b'#' => after_gap,
                    b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
                    | b'`' => at == 0,
                    b'?' | b'-' => at == 0 && blank_follows(),
                    b':' => blank_follows(),
                    _ => false,
                };
            }
            if byte == b'\t' && dialect == Dialect::V3 {
                tab = true;
            } else {
                special |= !is_printable(char);
            }
            if byte == b' ' {
                break_space |= after_break;
                (after_space, after_break) = (true, false);
            } else if is_break(char) {
                multiline = true;
                space_break |= after_space;
                (after_space, after_break) = (false, true);
            } else {
                (after_space, after_break) = (false, false);
            }
            after_gap = after_space || after_break || byte == b'\t' || byte == 0;
            at += width;
        }
        let is_edge = |char: char| char == ' ' || is_break(char);
        let edges = text.starts_with(is_edge) || text.ends_with(is_edge);
        Self {
            plain: !(indicator || multiline || edges || break_space || space_break || special || tab),
            single: !(break_space || space_break || special || tab),
            literal: !(text.ends_with(' ') || space_break || special),
            multiline,
        }
    }
}

fn decode(text: &str, at: usize) -> (char, usize) {
    text[at..].chars().next().map_or(('\u{FFFD}', 1), |char| (char, char.len_utf8()))
}

/// Line breaks as the emitter knows them.
pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters that go-yaml writes as they are.
// go-yaml quirk: everything above U+FFFF counts as unprintable.
pub(super) fn is_printable(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

/// Whether a text without quotes reads back as a string: neither null, a boolean, a number nor a time, nor a number in
/// base 60 for older readers. `1.1` words for booleans (`yes`, `on`, `n`) are none.
///
/// Source: go-yaml `resolve`, `isBase60Float`, and `isOldBool` of v3; both versions agree.
pub(super) fn is_string(text: &str) -> bool {
    let Some(&first) = text.as_bytes().first() else { return false };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => !is_word(text),
        b'.' => !(is_word(text) || is_float(text)),
        b'+' | b'-' | b'0'..=b'9' => {
            !(is_word(text) || is_timestamp(text) || is_number(text) || (text.contains(':') && is_base60(text)))
        }
        _ => true,
    }
}

fn is_word(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON"
            | "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF"
            | "~" | "null" | "Null" | "NULL"
            | ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF"
            | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF"
    )
}

fn is_number(text: &str) -> bool {
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        &without
    } else {
        text
    };
    if is_integer(plain) || is_float(plain) {
        return true;
    }
    // Go's parser of a base takes a sign of its own: `0b-1` is an integer.
    if let Some(digits) = plain.strip_prefix("0b") {
        i64::from_str_radix(digits, 2).is_ok() || (!digits.starts_with('+') && u64::from_str_radix(digits, 2).is_ok())
    } else if let Some(digits) = plain.strip_prefix("-0b") {
        !digits.starts_with(['+', '-']) && i64::from_str_radix(&format!("-{digits}"), 2).is_ok()
    } else {
        false
    }
}

/// Whether Go's `strconv.ParseInt(text, 0, 64)` or `ParseUint` takes it.
fn is_integer(text: &str) -> bool {
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => (-1, &text[1..]),
        [b'+', ..] => (1, &text[1..]),
        _ => (0, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return false;
    }
    match u64::from_str_radix(digits, radix) {
        Ok(number) => match sign {
            0 => true,
            1 => number <= i64::MAX as u64,
            _ => number <= 1 << 63,
        },
        Err(_) => false,
    }
}

/// `[-+]?(\.d+|d+(\.d*)?)([eE][-+]?d+)?`, not out of range.
fn is_float(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let bytes = number.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = run(0);
    let mut at = whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = run(at + 1);
        if whole == 0 && fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return false;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        let exponent = run(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len() && number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `[-+]?d[d_]*(:[0-5]?d)+(\.[d_]*)?`
fn is_base60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    first.starts_with(|char: char| char.is_ascii_digit())
        && is_digits(first)
        && is_digits(fraction)
        && text.contains(':')
        && parts.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// Whether go-yaml takes a text for a time: `2001-1-2`, `2001-1-2T3:4:5Z`, `2001-1-2 3:4:5.6`.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    parse_timestamp(text).is_some()
}

fn parse_timestamp(text: &str) -> Option<()> {
    let year: u32 = text.get(..4)?.parse().ok()?;
    let (month, rest) = number(text.get(5..)?, 1..=12)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 1..=31)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day > days {
        return None;
    }
    match rest.as_bytes().first() {
        None => Some(()),
        Some(b'T' | b't') => zone(time(&rest[1..])?),
        // Go takes any number of spaces for one.
        Some(b' ') => time(rest.trim_start_matches(' '))?.is_empty().then_some(()),
        Some(_) => None,
    }
}

/// `3:4:5.6`; what follows it.
fn time(text: &str) -> Option<&str> {
    let (_, rest) = number(text, 0..=23)?;
    let (_, rest) = number(rest.strip_prefix(':')?, 0..=59)?;
    let (_, rest) = number(rest.strip_prefix(':')?, 0..=59)?;
    match rest.as_bytes() {
        [b'.' | b',', b'0'..=b'9', ..] => Some(rest[1..].trim_start_matches(|char: char| char.is_ascii_digit())),
        _ => Some(rest),
    }
}

/// `Z` or `+01:00`, and nothing more.
fn zone(text: &str) -> Option<()> {
    if text == "Z" {
        return Some(());
    }
    match text.as_bytes() {
        [b'+' | b'-', h @ b'0'..=b'9', hh @ b'0'..=b'9', b':', m @ b'0'..=b'9', mm @ b'0'..=b'9'] => {
            // Go quirk: offsets of 24 hours and of 60 minutes pass.
            let value = |tens: &u8, ones: &u8| (tens - b'0') * 10 + (ones - b'0');
            (value(h, hh) <= 24 && value(m, mm) <= 60).then_some(())
        }
        _ => None,
    }
}

/// A number of one or two digits within a range, and what follows it.
fn number(text: &str, range: RangeInclusive<u32>) -> Option<(u32, &str)> {
    let width = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let number = text.get(..width)?.parse().ok()?;
    range.contains(&number).then(|| (number, &text[width..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_quotes() {
        let others = "|~|null|NULL|y|Off|true|0|-1|+1|0777|08|0o17|0x1F|0b101|-0b1|0b-1|1_000|.5|1.|1e3|1.5e-7|.inf\
                      |-.INF|.NaN|12:30|1:2:3.5|-1_0:30|2001-01-01|2001-1-1T1:2:3Z|2001-01-01t01:02:03.5+01:00\
                      |2001-01-01 1:2:3|2001-01-01  1:2:3,5|2000-2-29|18446744073709551615|0.";
        for text in others.split('|') {
            assert!(!is_string(text), "{text:?} is more than a string");
        }
        let strings = "a|nULL|tRUE|1e400|0x|0o8x|1_a|<<|=|-|+|--1|1.2.3|1:60|1:2:|2001-02-29|2001-13-1|2001-01-01 1:2:3Z\
                       |2001-01-01T1:2:3|1e|._5|.|..|0b2|0x1p3|1_e|99999-01-01";
        for text in strings.split('|') {
            assert!(is_string(text), "{text:?} is a string");
        }
    }

    #[test]
    fn shapes() {
        let shape = |text| Shape::of(text, Dialect::V2);
        for plain in ["a", "a#b", "-a", "a:b", "it's", "é", "<<", "a b", "?a", "a,b", "\u{A0}"] {
            assert!(shape(plain).plain, "{plain:?}");
        }
        for quoted in ["a ", " a", "a: b", "a #b", "- a", "@x", "---x", "x:", "{{x}}", "#", "a\u{2028}b"] {
            assert!(!shape(quoted).plain && shape(quoted).single, "{quoted:?}");
        }
        for escaped in ["a\tb", "\u{1}", "\u{FEFF}", "\u{1F600}", "a \nb", "\r"] {
            assert!(!shape(escaped).single && !shape(escaped).literal, "{escaped:?}");
        }
        assert!(Shape::of("a\tb\nc", Dialect::V3).literal && !Shape::of("a\tb", Dialect::V3).single);
    }
}
