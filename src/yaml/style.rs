//! How go-yaml writes a string: which quotes it needs, and which styles are possible.

use super::dialect::Dialect;
use super::resolve::{Scalar, Tag, resolve};
use super::timestamp::is_timestamp;

/// Which styles can represent a string; see [`Shape::of`].
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
    /// Analyses each character of a text. Source: go-yaml `yaml_emitter_analyze_scalar`.
    pub(super) fn of(text: &str, dialect: Dialect) -> Self {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Self { plain: true, single: true, literal: false, multiline: false };
        }
        let mut indicator = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut tab, mut multiline) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        // The preceding character, as far as it matters: `gap` is a space, tab, break or NUL.
        let (mut after_space, mut after_break, mut after_gap) = (false, false, true);
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            let (char, width) = if byte < 0x80 { (byte as char, 1) } else { decode(text, at) };
            if byte < 0x80 {
                let blank_follows = || matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'));
                indicator |= match byte {
                    b'#' => after_gap,
                    b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%'
                    | b'@' | b'`' => at == 0,
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

/// Line breaks according to the emitter.
pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters that go-yaml writes unescaped.
// go-yaml quirk: everything above U+FFFF counts as unprintable.
pub(super) fn is_printable(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

/// Whether an unquoted text reads back as a string: not null, a boolean, a number or a timestamp, nor a base-60 number for
/// older parsers. v3 no longer reads `yes` or `n` as booleans, but still quotes them.
///
/// Source: go-yaml `stringv`.
pub(super) fn is_string(text: &str, dialect: Dialect) -> bool {
    match text.as_bytes().first() {
        None => return false,
        Some(b'+' | b'-' | b'.' | b'~' | b'0'..=b'9') => {}
        Some(byte) if b"yYnNtTfFoO".contains(byte) => {}
        // Most strings end here.
        Some(_) => return true,
    }
    let bytes = text.as_bytes();
    let older = is_timestamp(bytes) || is_base60(text) || (dialect == Dialect::V3 && is_signed_octal(text));
    !older && matches!(resolve(bytes, Tag::None, true), Ok(Scalar::Str(_)))
}

/// Whether a text can be written without quotes in a block, and parsers of YAML 1.1 and 1.2 read it as a string.
pub(crate) fn is_plain(text: &str) -> bool {
    let dialects = [Dialect::V2, Dialect::V3];
    dialects.into_iter().all(|dialect| is_string(text, dialect) && Shape::of(text, dialect).plain)
        && !matches!(text, "<<" | "=")
}

/// `[-+]?d[d_]*(:[0-5]?d)+(\.[d_]*)?`
fn is_base60(text: &str) -> bool {
    if !text.contains(':') {
        return false;
    }
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

/// go-yaml v3 quirk: `0o-7` is a number, because Go's parser accepts a sign after the prefix.
fn is_signed_octal(text: &str) -> bool {
    let plain = text.replace('_', "");
    plain.strip_prefix("0o").is_some_and(|digits| i64::from_str_radix(digits, 8).is_ok())
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
            assert!(!is_string(text, Dialect::V2), "{text:?} is more than a string");
        }
        let strings = "a|nULL|tRUE|1e400|0x|0o8x|1_a|<<|=|-|+|--1|1.2.3|1:60|1:2:|2001-02-29|2001-13-1|2001-01-01 1:2:3Z\
                       |2001-01-01T1:2:3|1e|._5|.|..|0b2|0x1p3|1_e|99999-01-01";
        for text in strings.split('|') {
            assert!(is_string(text, Dialect::V2), "{text:?} is a string");
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
