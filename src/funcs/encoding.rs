//! Base 64 and base 32.

use super::args::string;
use crate::template::types::STRING;
use crate::template::{Context, Failure, Flow, Function, Spread, Value};
use crate::trace::{Buf, Str};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("b64enc", &[&STRING], Flow::Exact, "the text in base64", b64enc).spreads(Spread::Full),
    Function::new("b64dec", &[&STRING], Flow::Union, "the decoded base64 text, or the error", b64dec)
        .costs(4, 100)
        .spreads(Spread::Full),
    Function::new("b32enc", &[&STRING], Flow::Union, "the text in base32", b32enc).costs(4, 64).spreads(Spread::Full),
    Function::new("b32dec", &[&STRING], Flow::Union, "the decoded base32 text, or the error", b32dec)
        .costs(4, 64)
        .spreads(Spread::Full),
];

fn b64enc(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    use base64::Engine;
    let text = string(args, 0)?;
    let bytes = text.as_bytes();
    ctx.allow_string(bytes.len().div_ceil(3) * 4)?;
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    let origin = ctx.union(args).unmarked();
    if text.marks().is_none() || bytes.is_empty() {
        return Ok(Value::Str(Str::with_origin(encoded, origin)));
    }
    // The result as a whole has all origins; a random part keeps its mark.
    let mut out = Buf::with_capacity(encoded.len());
    for (number, group) in encoded.as_bytes().chunks(4).enumerate() {
        let start = number * 3;
        let marks = text.slice(start..(start + 3).min(bytes.len())).marks();
        out.push_from(group, origin.marked(marks), 0);
    }
    Ok(Value::Str(out.into_str()))
}

fn b64dec(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(match decode64(string(args, 0)?.as_bytes()) {
        Ok(bytes) => bytes,
        // sprig quirk: the error is the result.
        Err(at) => format!("illegal base64 data at input byte {at}").into_bytes(),
    }))
}

fn b32enc(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let bytes = string(args, 0)?.as_bytes();
    ctx.allow_string(bytes.len().div_ceil(5) * 8)?;
    let mut text = Vec::with_capacity(bytes.len().div_ceil(5) * 8);
    for block in bytes.chunks(5) {
        let mut bits = 0_u64;
        for index in 0..5 {
            bits = bits << 8 | u64::from(block.get(index).copied().unwrap_or(0));
        }
        let digits = (block.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = (bits >> (35 - 5 * index)) as usize & 31;
            text.push(if index < digits { BASE32[digit] } else { b'=' });
        }
    }
    Ok(Value::str(text))
}

fn b32dec(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(match decode32(string(args, 0)?.as_bytes()) {
        Ok(bytes) => bytes,
        // sprig quirk: the error is the result.
        Err(at) => format!("illegal base32 data at input byte {at}").into_bytes(),
    }))
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Decodes base64, ignoring line breaks. An error is the offset in Go's message.
///
/// Source: Go `base64.StdEncoding.DecodeString`.
pub(super) fn decode64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    let (mut bits, mut digits) = (0_u32, 0);
    while at < text.len() {
        let byte = text[at];
        at += 1;
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ if is_line_break(byte) => continue,
            b'=' if digits >= 2 => {
                let skip = |at: usize| at + text[at..].iter().take_while(|&&byte| is_line_break(byte)).count();
                at = skip(at);
                if digits == 2 {
                    match text.get(at) {
                        None => return Err(text.len()),
                        Some(b'=') => at = skip(at + 1),
                        Some(_) => return Err(at - 1),
                    }
                }
                if at < text.len() {
                    return Err(at);
                }
                // Bits after the last whole byte are ignored.
                bits <<= 6 * (4 - digits);
                bytes.extend_from_slice(&bits.to_be_bytes()[1..digits]);
                return Ok(bytes);
            }
            _ => return Err(at - 1),
        };
        bits = bits << 6 | u32::from(digit);
        digits += 1;
        if digits == 4 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, digits) = (0, 0);
        }
    }
    if digits == 0 { Ok(bytes) } else { Err(at - digits) }
}

/// Decodes base32, ignoring line breaks. An error is the offset in Go's message, not counting line breaks.
///
/// Source: Go `base32.StdEncoding.DecodeString`.
fn decode32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|&byte| !is_line_break(byte)).collect();
    let mut bytes = Vec::with_capacity(text.len() / 8 * 5);
    for (index, block) in text.chunks(8).enumerate() {
        let start = index * 8;
        let mut bits = 0_u64;
        let mut digits = 0;
        while digits < 8 {
            let at = start + digits;
            let Some(&byte) = block.get(digits) else { return Err(start) };
            let left = text.len() - at - 1;
            if byte == b'=' && digits >= 2 && left < 8 {
                if left + digits < 7 {
                    return Err(text.len());
                }
                if let Some(wrong) = block[digits + 1..].iter().position(|&byte| byte != b'=') {
                    return Err(at + wrong);
                }
                if matches!(digits, 3 | 6) {
                    return Err(at);
                }
                bits <<= 5 * (8 - digits);
                bytes.extend_from_slice(&bits.to_be_bytes()[3..3 + digits * 5 / 8]);
                // Go quirk: text after the padding is ignored.
                return Ok(bytes);
            }
            let Some(digit) = BASE32.iter().position(|&digit| digit == byte) else { return Err(at) };
            bits = bits << 5 | digit as u64;
            digits += 1;
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_gos_offsets() {
        for (text, expected) in [
            ("aGVsbG8=", Ok("hello")),
            ("aGVs\nbG8=", Ok("hello")),
            ("YR==", Ok("a")),
            ("", Ok("")),
            ("aGVsbG8", Err(4)),
            ("YQ==YQ==", Err(4)),
            ("====", Err(0)),
            ("YQ=", Err(3)),
            ("YQ=a", Err(2)),
            ("!!", Err(0)),
        ] {
            assert_eq!(decode64(text.as_bytes()), expected.map(|text| text.as_bytes().to_vec()), "{text}");
        }
        for (text, expected) in
            [("NBSWY3DP", Ok("hello")), ("ME======", Ok("a")), ("nbswy3dp", Err(0)), ("x", Err(0)), ("ME", Err(0))]
        {
            assert_eq!(decode32(text.as_bytes()), expected.map(|text| text.as_bytes().to_vec()), "{text}");
        }
    }
}
