//! PEM blocks: base 64 between `-----BEGIN …-----` and `-----END …-----`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The label of a PEM block, and its content.
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) bytes: Vec<u8>,
}

/// The first well-formed block of a text. Headers in it are ignored.
///
/// Source: Go `encoding/pem`, `Decode`.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let begin = line.trim_end().strip_prefix("-----BEGIN ").and_then(|line| line.strip_suffix("-----"));
        let Some(kind) = begin else { continue };
        let end = format!("-----END {kind}-----");
        let mut body = String::new();
        let mut inside = lines.clone();
        let ended =
            inside.by_ref().map(str::trim_end).take_while(|line| !line.starts_with("-----BEGIN ")).any(|line| {
                if line != end && !line.contains(':') {
                    body.extend(line.chars().filter(|char| !char.is_ascii_whitespace()));
                }
                line == end
            });
        if ended && let Ok(bytes) = STANDARD.decode(&body) {
            return Some(Block { kind: kind.to_owned(), bytes });
        }
    }
    None
}

/// A block as Go writes it, in lines of 64 characters.
pub(super) fn encode(kind: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {kind}-----\n");
    for (index, char) in body.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            out.push('\n');
        }
        out.push(char);
    }
    if !body.is_empty() {
        out.push('\n');
    }
    out.push_str(&format!("-----END {kind}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn blocks_come_back() {
        for length in [0, 1, 47, 48, 49, 200] {
            let bytes = vec![7; length];
            let block = decode(format!("text before\n{}after", encode("A KEY", &bytes)).as_bytes()).unwrap();
            assert_eq!((block.kind.as_str(), block.bytes), ("A KEY", bytes));
        }
        let headers = decode(b"-----BEGIN X-----\r\nProc-Type: 4\r\n\r\nAA\r\nAA\r\n-----END X-----\r\n").unwrap();
        assert_eq!(headers.bytes, [0, 0, 0]);
        for bad in [
            "",
            "-----BEGIN X-----\nAAAA\n",
            "-----BEGIN X-----\nAAAA\n-----END Y-----\n",
            "-----BEGIN X-----\n!\n-----END X-----",
        ] {
            assert!(decode(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(
            decode(b"-----BEGIN X-----\nA\n-----BEGIN Y-----\nAAAA\n-----END Y-----").is_some_and(|b| b.kind == "Y")
        );
    }
}
