//! Decodes texts: base64, gzip, `data:` URLs.

use super::Hits;
use crate::objects::text::{Text, TextPiece};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use std::io::Read;

/// Shorter texts contain no reference worth encoding: `image: a/b:1`.
const SHORTEST: usize = 16;

/// Whether a text is long enough and looks like base64; a prefix of it is enough to reject it.
pub(super) fn may_be_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(byte);
    bytes.len() >= SHORTEST
        && bytes.iter().take(64).all(of_base64)
        // Words and paths do not have capitals and digits throughout; base64 does.
        && bytes.iter().take(64).any(u8::is_ascii_uppercase)
        && bytes.iter().all(of_base64)
}

/// The content of a base64 text, unpacked if packed; `None` if it is not base64, or not text.
pub(super) fn base64(text: &Text, encoded: &str, found: &mut Hits<'_>) -> Option<Text> {
    let is_folded = encoded.bytes().any(|byte| byte.is_ascii_whitespace());
    let lines: String = encoded.split_ascii_whitespace().collect();
    let bytes =
        [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|kind| kind.decode(&lines).ok())?;
    if is_gzip(&bytes) {
        return Some(text.stands_for(&unpacked(&bytes, found)?));
    }
    let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains(is_binary));
    if !is_text || !found.may_decode(bytes.len()) {
        return None;
    }
    let text = if is_folded { unfolded(text) } else { text.clone() };
    Some(text.decoded(&bytes, 3, 4))
}

/// Control characters that do not occur in text.
fn is_binary(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{1b}')
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The content of a gzip text.
fn unpacked(bytes: &[u8], found: &mut Hits<'_>) -> Option<String> {
    let most = found.limits.yaml_bytes.saturating_sub(found.decoded_bytes);
    let mut text = Vec::new();
    // Truncated data is an error, but the part before it is still used.
    let _ = flate2::read::MultiGzDecoder::new(bytes).take(most as u64).read_to_end(&mut text);
    found.may_decode(text.len()).then_some(())?;
    let text = match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned()
        }
    };
    (!text.is_empty()).then_some(text)
}

/// The content of a `data:` URL (RFC 2397): `data:text/plain;base64,…`, `data:,a%20b`.
pub(super) fn data_url(text: &Text, url: &str, found: &mut Hits<'_>) -> Option<Text> {
    let comma = url.find(',')?;
    let (head, data) = (&url[..comma], text.slice(comma + 1..url.len()));
    if head.contains(char::is_whitespace) {
        return None;
    }
    if head.ends_with(";base64") {
        // The padding may be escaped.
        let plain = percent_decoded(&data)?;
        let data = if plain == data.as_str() { data } else { data.stands_for(&plain) };
        return base64(&data, &plain, found);
    }
    let plain = percent_decoded(&data)?;
    found.may_decode(plain.len()).then(|| if plain == data.as_str() { data } else { data.stands_for(&plain) })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|&digit| (digit as char).to_digit(16));
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// A text without its white space.
fn unfolded(text: &Text) -> Text {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(char::is_whitespace) {
        let length = line.trim_end().len();
        if length > 0 {
            lines.push(text.slice(at..at + length));
        }
        at += line.len();
    }
    let pieces: Vec<TextPiece<'_>> = lines.iter().map(TextPiece::Found).collect();
    Text::joined(&pieces)
}
