//! [`align`]: maps each part of a scalar's string to the source bytes that it was written as.

use crate::trace::{Buf, Str};

/// The string of a scalar, each part with the origins of its source bytes.
///
/// Walks the scalar's source and its string in parallel: equal characters keep their origins, and so do escapes; quotes,
/// indentation and headers of blocks are skipped.
pub(crate) fn align(source: &Str, start: usize, end: usize, string: &[u8]) -> Str {
    let bytes = &source.as_bytes()[..end];
    if bytes.get(start..) == Some(string) {
        return source.slice(start..end);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let mut at = start;
    let quote = match bytes.get(start) {
        Some(b'|' | b'>') => {
            at += bytes[start..].iter().take_while(|&&byte| byte != b'\n').count() + 1;
            None
        }
        Some(&quote @ (b'"' | b'\'')) => {
            at += 1;
            Some(quote)
        }
        _ => None,
    };
    let mut out = Buf::with_capacity(string.len());
    let mut done = 0;
    while done < string.len() {
        let same = bytes.get(at..).unwrap_or_default().iter().zip(&string[done..]);
        let same =
            same.take_while(|&(&source, &string)| source == string && (source != b'\\' || quote != Some(b'"'))).count();
        if same > 0 {
            out.push_slice(source, at..at + same);
            at += same;
            done += same;
            continue;
        }
        match bytes.get(at) {
            None => {
                out.push_bytes(&string[done..]);
                break;
            }
            Some(b'\\') if quote == Some(b'"') => {
                let width = match bytes.get(at + 1) {
                    Some(b'x') => 4,
                    Some(b'u') => 6,
                    Some(b'U') => 10,
                    _ => 2,
                };
                let end = bytes.len().min(at + width);
                if !matches!(bytes.get(at + 1), Some(b'\n' | b'\r')) {
                    let char = 1 + string[done + 1..].iter().take_while(|&&byte| byte & 0xC0 == 0x80).count();
                    out.push_instead(&string[done..done + char], source, at..end);
                    done += char;
                }
                at = end;
            }
            Some(byte) if is_space(byte) => {
                // Folded lines: white space of the source is written as less of it.
                at += bytes[at..].iter().take_while(|byte| is_space(byte)).count();
                while string.get(done).is_some_and(is_space) {
                    out.push_bytes(&string[done..=done]);
                    done += 1;
                }
            }
            Some(&byte) if quote == Some(byte) => at += 1,
            Some(_) => {
                out.push_instead(&string[done..=done], source, at..at + 1);
                done += 1;
                at += 1;
            }
        }
    }
    out.into_str()
}
