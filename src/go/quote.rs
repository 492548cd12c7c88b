//! Go's quoted strings: `%q`, `quote`, `strconv.Quote`.

use super::is_printable_in;
use crate::helm::HelmVersion;
use crate::trace::{Buf, Str};
use std::ops::Range;

/// A text as a double-quoted Go string constant; bytes that are not UTF-8 become `\xff`.
///
/// Source: Go `strconv.Quote`.
pub(crate) fn go_quote(text: &[u8]) -> String {
    let mut buf = Buf::with_capacity(text.len() + 2);
    quote(&mut buf, &Str::new(text), 0..text.len(), false, HelmVersion::V4);
    // Only whole printable characters and ASCII escapes were written.
    String::from_utf8(buf.into_str().as_bytes().to_vec()).unwrap_or_default()
}

/// Appends a text as a double-quoted Go string constant. An escape has the origin of its character.
///
/// Source: Go `strconv.Quote`.
pub(crate) fn push_quoted(text: &Str, helm: HelmVersion, out: &mut Buf) {
    quote(out, text, 0..text.len(), false, helm);
}

/// Appends a part of a text as a string constant, in ASCII only if requested (`%+q`).
pub(crate) fn quote(out: &mut Buf, text: &Str, range: Range<usize>, ascii: bool, helm: HelmVersion) {
    out.push_text("\"");
    let bytes = text.as_bytes();
    let mut plain = range.start;
    let mut at = range.start;
    while at < range.end {
        if matches!(bytes[at], b' '..=b'~') && !matches!(bytes[at], b'"' | b'\\') {
            at += 1;
            continue;
        }
        let (character, size) = decode_rune(&bytes[at..range.end]);
        let escape = if character == char::REPLACEMENT_CHARACTER && size == 1 {
            Some(hex_escape('x', u32::from(bytes[at]), 2))
        } else {
            escape(character, '"', ascii, helm)
        };
        if let Some(escape) = escape {
            out.push_slice(text, plain..at);
            out.push_instead(escape.as_bytes(), text, at..at + size);
            plain = at + size;
        }
        at += size;
    }
    out.push_slice(text, plain..range.end);
    out.push_text("\"");
}

/// A character as a Go character constant: `'x'`.
///
/// Source: Go `strconv.QuoteRune`, `QuoteRuneToASCII`.
pub(crate) fn quote_rune(character: char, ascii: bool) -> String {
    quote_rune_in(character, ascii, HelmVersion::V4)
}

/// The same for a version of helm.
pub(crate) fn quote_rune_in(character: char, ascii: bool, helm: HelmVersion) -> String {
    let mut text = String::from("'");
    match escape(character, '\'', ascii, helm) {
        Some(escape) => text.push_str(&escape),
        None => text.push(character),
    }
    text.push('\'');
    text
}

/// Whether a text can be written in backquotes: `%#q`.
///
/// Source: Go `strconv.CanBackquote`.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text)
        .is_ok_and(|text| text.chars().all(|c| !matches!(c, '\u{feff}' | '`' | '\u{7f}') && (c >= ' ' || c == '\t')))
}

/// The first character and its length; a byte that is not UTF-8 is U+FFFD of length 1.
///
/// Source: Go `utf8.DecodeRune`.
pub(crate) fn decode_rune(bytes: &[u8]) -> (char, usize) {
    let size = match bytes.first() {
        None => return (char::REPLACEMENT_CHARACTER, 0),
        Some(&byte) if byte < 0x80 => return (char::from(byte), 1),
        Some(byte) if *byte >= 0xf0 => 4,
        Some(byte) if *byte >= 0xe0 => 3,
        Some(_) => 2,
    };
    let character =
        bytes.get(..size).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.chars().next());
    character.map_or((char::REPLACEMENT_CHARACTER, 1), |character| (character, size))
}

/// Number of characters; each byte that is not UTF-8 counts.
pub(crate) fn rune_count(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().count(),
        Err(_) => bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum(),
    }
}

/// The escape of a character in quotes; `None` if it is written unescaped.
fn escape(character: char, quote: char, ascii: bool, helm: HelmVersion) -> Option<String> {
    if character == quote || character == '\\' {
        return Some(format!("\\{character}"));
    }
    if (!ascii || character.is_ascii()) && is_printable_in(character, helm) {
        return None;
    }
    let short = match character {
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0c' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0b' => "\\v",
        _ => {
            let code = character as u32;
            return Some(match code {
                ..0x20 | 0x7f => hex_escape('x', code, 2),
                ..0x1_0000 => hex_escape('u', code, 4),
                _ => hex_escape('U', code, 8),
            });
        }
    };
    Some(short.to_owned())
}

fn hex_escape(letter: char, code: u32, digits: usize) -> String {
    format!("\\{letter}{code:0digits$x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;
    use crate::trace::{OriginData, Origins};

    #[test]
    fn quotes_as_go_does() {
        let cases: &[(&[u8], &str)] = &[
            (b"", r#""""#),
            (b"a\"b\\", r#""a\"b\\""#),
            (b"\x00\x07\x08\x0c\n\r\t\x0b\x1b\x7f", r#""\x00\a\b\f\n\r\t\v\x1b\x7f""#),
            (b"\xff\xc3", r#""\xff\xc3""#),
            ("é日😀\u{fffd}".as_bytes(), "\"é日😀\u{fffd}\""),
            ("\u{a0}\u{ad}\u{2028}\u{e000}\u{e0001}".as_bytes(), r#""\u00a0\u00ad\u2028\ue000\U000e0001""#),
        ];
        for (text, want) in cases {
            assert_eq!(&go_quote(text), want);
        }
        assert_eq!(quote_rune('\'', false), r"'\''");
        assert_eq!(quote_rune('•', true), r"'\u2022'");
    }

    #[test]
    fn escapes_keep_origins() {
        let mut origins = Origins::new();
        let origin = origins.add(OriginData::File(File::new("a.txt", "a\nb")));
        let mut out = Buf::new();
        push_quoted(&Str::with_origin("a\nb", origin), HelmVersion::V4, &mut out);
        let text = out.into_str();
        assert_eq!(text, "\"a\\nb\"");
        let parts: Vec<_> = text.spans().iter().map(|span| (span.start, span.end, span.at)).collect();
        assert_eq!(parts, [(1, 4, 0), (4, 5, 2)]);
    }
}
