//! Classes of bytes for the scanner.

/// Letters, digits, `_` and `-`: the characters of anchors, handles and directives.
pub(super) fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Whether a text begins with a line break: LF, CR, U+0085, U+2028 or U+2029.
pub(super) fn is_break(text: &[u8]) -> bool {
    line_break(text).0 > 0
}

/// The line break at the beginning of a text: its bytes, its characters, and its form in a scalar.
pub(super) fn line_break(text: &[u8]) -> (usize, usize, &'static [u8]) {
    match text {
        [b'\r', b'\n', ..] => (2, 2, b"\n"),
        [b'\r' | b'\n', ..] => (1, 1, b"\n"),
        [0xC2, 0x85, ..] => (2, 1, b"\n"),
        [0xE2, 0x80, 0xA8, ..] => (3, 1, b"\xE2\x80\xA8"),
        [0xE2, 0x80, 0xA9, ..] => (3, 1, b"\xE2\x80\xA9"),
        _ => (0, 0, b""),
    }
}

/// Whether a byte is always part of a plain scalar: ASCII, not white space, not an indicator.
pub(super) fn is_ordinary(byte: u8) -> bool {
    ORDINARY[byte as usize]
}

static ORDINARY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7F {
        table[byte] = !matches!(byte as u8, b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}' | b'\'' | b'"' | b'\\');
        byte += 1;
    }
    table
};
