//! [`Characters`]: counts the characters up to a byte of a text, without counting from its beginning each time.

/// Where the characters of a text begin; bytes that are not UTF-8 are read as [`String::from_utf8_lossy`] does.
pub(super) enum Characters {
    /// For UTF-8: the number of characters before each block of bytes.
    Blocks(Vec<u32>),
    /// For other text: where each character begins.
    Starts(Vec<u32>),
}

/// Bytes in a block.
const BLOCK: usize = 1024;

/// Whether a character begins with this byte of a UTF-8 text.
fn begins(byte: &&u8) -> bool {
    !matches!(byte, 0x80..=0xBF)
}

impl Characters {
    pub(super) fn of(bytes: &[u8]) -> Self {
        if std::str::from_utf8(bytes).is_ok() {
            let mut before = 0;
            let blocks = bytes.chunks(BLOCK).map(|block| {
                let own = before;
                before += block.iter().filter(begins).count() as u32;
                own
            });
            return Self::Blocks(blocks.collect());
        }
        let (mut starts, mut at) = (Vec::new(), 0);
        for chunk in bytes.utf8_chunks() {
            starts.extend(chunk.valid().char_indices().map(|(index, _)| (at + index) as u32));
            at += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                starts.push(at as u32);
            }
            at += chunk.invalid().len();
        }
        Self::Starts(starts)
    }

    /// The number of characters between two bytes.
    pub(super) fn between(&self, bytes: &[u8], start: u32, end: u32) -> u32 {
        let before = |at: u32| match self {
            Self::Blocks(blocks) => {
                let at = (at as usize).min(bytes.len());
                let first = at - at % BLOCK;
                let whole = blocks.get(at / BLOCK).copied();
                match whole {
                    Some(whole) => whole + bytes[first..at].iter().filter(begins).count() as u32,
                    // The text ends at the end of a block.
                    None => blocks.last().map_or(0, |last| {
                        *last + bytes[at.saturating_sub(BLOCK)..at].iter().filter(begins).count() as u32
                    }),
                }
            }
            Self::Starts(starts) => starts.partition_point(|&start| start < at) as u32,
        };
        before(end).saturating_sub(before(start))
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Characters};

    #[test]
    fn characters_are_those_of_the_text_up_to_there() {
        let long = "a\u{e4}\u{93e1}".repeat(BLOCK / 2);
        let texts: [&[u8]; 6] =
            [b"", b"abc", "\u{e4}b\u{93e1}".as_bytes(), b"a\xff\xe9\x8fb\xe4", long.as_bytes(), &[b'x'; 2 * BLOCK]];
        for text in texts {
            let characters = Characters::of(text);
            for end in 0..=text.len() {
                let counted = String::from_utf8_lossy(&text[..end]).chars().count() as u32;
                assert_eq!(characters.between(text, 0, end as u32), counted, "{end}");
            }
        }
    }
}
