//! [`Text`]: the input of the scanner, decoded to UTF-8 and checked for characters that YAML does not allow.
//!
//! go-yaml reads its input in pieces of 512 bytes and reports an invalid character only when the scanner needs its piece.
//! Which error is reported, and whether an invalid character after the first document is seen at all, depends on this.
//! So the pieces are kept, but only for texts with invalid characters.

use std::borrow::Cow;

/// The size of go-yaml's pieces.
const PIECE: usize = 512;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decoded text.
pub(super) struct Text<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// The start of the text after a byte order mark.
    pub(super) start: usize,
    /// `None` for a text without invalid characters and without byte order marks inside.
    pub(super) pieces: Option<Pieces>,
}

/// How go-yaml would read the text.
pub(super) struct Pieces {
    /// The end of each piece, in decoded bytes.
    pub(super) ends: Vec<usize>,
    /// The error in the piece after the last of `ends`.
    pub(super) problem: Option<&'static str>,
}

impl<'a> Text<'a> {
    /// Decodes UTF-8, or UTF-16 that begins with a byte order mark.
    pub(super) fn new(raw: &'a [u8]) -> Self {
        match raw {
            [0xFF, 0xFE, ..] => Self::from_utf16(raw, u16::from_le_bytes),
            [0xFE, 0xFF, ..] => Self::from_utf16(raw, u16::from_be_bytes),
            _ => {
                let start = if raw.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
                let pieces = if is_clean(&raw[start..]) { None } else { Some(pieces_of_utf8(raw, start)) };
                Self { bytes: Cow::Borrowed(raw), start, pieces }
            }
        }
    }

    fn from_utf16(raw: &[u8], unit: fn([u8; 2]) -> u16) -> Self {
        let mut bytes = Vec::with_capacity(raw.len());
        let mut pieces = Pieces { ends: Vec::new(), problem: None };
        let unit_at = |at: usize| raw.get(at..at + 2).map(|pair| u32::from(unit([pair[0], pair[1]])));
        let (mut at, mut window) = (2, raw.len().min(PIECE));
        'pieces: loop {
            while at < window {
                let at_end = window == raw.len();
                let Some(first) = unit_at(at).filter(|_| at + 2 <= window) else {
                    if at_end {
                        pieces.ends.push(bytes.len());
                        pieces.problem = Some("incomplete UTF-16 character");
                        break 'pieces;
                    }
                    break;
                };
                let (value, width) = match first & 0xFC00 {
                    0xDC00 => {
                        pieces.problem = Some("unexpected low surrogate area");
                        break 'pieces;
                    }
                    0xD800 => {
                        let Some(second) = unit_at(at + 2).filter(|_| at + 4 <= window) else {
                            if at_end {
                                pieces.ends.push(bytes.len());
                                pieces.problem = Some("incomplete UTF-16 surrogate pair");
                                break 'pieces;
                            }
                            break;
                        };
                        if second & 0xFC00 != 0xDC00 {
                            pieces.problem = Some("expected low surrogate area");
                            break 'pieces;
                        }
                        (0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF), 4)
                    }
                    _ => (first, 2),
                };
                let Some(character) = char::from_u32(value).filter(|_| is_allowed(value)) else {
                    pieces.problem = Some("control characters are not allowed");
                    break 'pieces;
                };
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at += width;
            }
            pieces.ends.push(bytes.len());
            if window == raw.len() {
                break;
            }
            window = raw.len().min(at + PIECE);
        }
        let plain = pieces.problem.is_none() && !has_byte_order_mark(&bytes);
        Self { bytes: Cow::Owned(bytes), start: 0, pieces: if plain { None } else { Some(pieces) } }
    }
}

fn pieces_of_utf8(raw: &[u8], start: usize) -> Pieces {
    let mut pieces = Pieces { ends: Vec::new(), problem: None };
    let (mut at, mut window) = (start, raw.len().min(PIECE));
    loop {
        while at < window {
            match character(&raw[at..window]) {
                Ok(width) => at += width,
                Err(Some(problem)) => {
                    pieces.problem = Some(problem);
                    return pieces;
                }
                Err(None) if window == raw.len() => {
                    pieces.ends.push(at);
                    pieces.problem = Some("incomplete UTF-8 octet sequence");
                    return pieces;
                }
                Err(None) => break,
            }
        }
        pieces.ends.push(at);
        if window == raw.len() {
            return pieces;
        }
        window = raw.len().min(at + PIECE);
    }
}

/// The width of the first character; the error if it is invalid, `None` if it is incomplete.
fn character(bytes: &[u8]) -> Result<usize, Option<&'static str>> {
    let (width, lead) = match bytes[0] {
        byte @ 0x00..=0x7F => (1, byte),
        byte @ 0xC0..=0xDF => (2, byte & 0x1F),
        byte @ 0xE0..=0xEF => (3, byte & 0x0F),
        byte @ 0xF0..=0xF7 => (4, byte & 0x07),
        _ => return Err(Some("invalid leading UTF-8 octet")),
    };
    let rest = bytes.get(1..width).ok_or(None)?;
    let mut value = u32::from(lead);
    for &byte in rest {
        if byte & 0xC0 != 0x80 {
            return Err(Some("invalid trailing UTF-8 octet"));
        }
        value = value << 6 | u32::from(byte & 0x3F);
    }
    let least = [0, 0x80, 0x800, 0x10000][width - 1];
    if value < least {
        Err(Some("invalid length of a UTF-8 sequence"))
    } else if char::from_u32(value).is_none() {
        Err(Some("invalid Unicode character"))
    } else if !is_allowed(value) {
        Err(Some("control characters are not allowed"))
    } else {
        Ok(width)
    }
}

fn is_allowed(value: u32) -> bool {
    matches!(value, 0x09 | 0x0A | 0x0D | 0x20..=0x7E | 0x85 | 0xA0..=0xD7FF | 0xE000..=0xFFFD | 0x10000..)
}

/// Whether a text is UTF-8 without forbidden characters and byte order marks.
fn is_clean(bytes: &[u8]) -> bool {
    // Check each block without branches; only suspicious blocks are checked in detail.
    let suspect = |byte: u8| {
        (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')
            | (byte == 0x7F)
            | (byte == 0xC2)
            | (byte == 0xEF)
    };
    let allowed = bytes.chunks(64).enumerate().all(|(block, chunk)| {
        !chunk.iter().fold(false, |found, &byte| found | suspect(byte)) || {
            let start = block * 64;
            (start..start + chunk.len()).filter(|&at| suspect(bytes[at])).all(|at| match &bytes[at..] {
                [0xC2, second, ..] => *second == 0x85 || *second >= 0xA0,
                [0xEF, 0xBB, 0xBF, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => false,
                [0xEF, ..] => true,
                _ => false,
            })
        }
    });
    allowed && std::str::from_utf8(bytes).is_ok()
}

fn has_byte_order_mark(bytes: &[u8]) -> bool {
    bytes.windows(BYTE_ORDER_MARK.len()).any(|window| window == BYTE_ORDER_MARK)
}
