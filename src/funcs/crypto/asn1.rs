//! Parses DER as Go's `encoding/asn1` does: everything after the requested fields is ignored.

use der::asn1::{AnyRef, IntRef};
use der::{Reader, SliceReader, Tag};

/// The fields of a `SEQUENCE`, and the rest after it.
pub(super) fn sequence(bytes: &[u8]) -> Option<(Fields<'_>, &[u8])> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let content = reader.decode::<AnyRef<'_>>().ok().filter(|value| value.header().tag() == Tag::Sequence)?;
    let rest = reader.read_slice(reader.remaining_len()).ok()?;
    Some((Fields::new(content.value())?, rest))
}

/// Consecutive values.
pub(super) struct Fields<'a> {
    reader: SliceReader<'a>,
}

impl<'a> Fields<'a> {
    /// Parses the content of a value.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { reader: SliceReader::new(bytes).ok()? })
    }

    /// The next value, which must be of this type.
    pub(super) fn take<T: der::Decode<'a>>(&mut self) -> Option<T> {
        self.reader.decode().ok()
    }

    /// The next value with its header, which must have this tag.
    pub(super) fn whole(&mut self, tag: Tag) -> Option<&'a [u8]> {
        if Tag::peek(&self.reader).ok()? == tag { self.reader.tlv_bytes().ok() } else { None }
    }

    /// The content of the next value, which must have this tag.
    pub(super) fn content(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.take_if(tag).map(AnyRef::value)
    }

    /// The next value if it has this tag; otherwise nothing is consumed.
    pub(super) fn take_if(&mut self, tag: Tag) -> Option<AnyRef<'a>> {
        if Tag::peek(&self.reader).ok()? == tag { self.take() } else { None }
    }

    /// The next value, a number of at most 64 bits.
    pub(super) fn int(&mut self) -> Option<i64> {
        let bytes = self.take::<IntRef<'_>>()?.as_bytes();
        let sign = if is_negative(bytes) { 0xff } else { 0 };
        let missing = 8_usize.checked_sub(bytes.len())?;
        let padded: Vec<u8> = std::iter::repeat_n(sign, missing).chain(bytes.iter().copied()).collect();
        padded.try_into().ok().map(i64::from_be_bytes)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.reader.is_finished()
    }
}

/// Whether the bytes of an `INTEGER` are a negative number.
pub(super) fn is_negative(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|&first| first >= 0x80)
}

/// `[number]` around a value.
pub(super) fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: der::TagNumber(number) }
}

/// Go's error for invalid bytes; only the kind of the error is reproduced.
pub(super) fn complaint(bytes: &[u8]) -> String {
    let is_cut = bytes.is_empty() || sequence(bytes).is_some_and(|(fields, _)| fields.is_empty());
    if is_cut { "asn1: syntax error: sequence truncated" } else { "asn1: structure error" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sequence_is_refused() {
        for bad in [&[][..], &[0x30], &[0x30, 2, 0], &[0x30, 0x80, 0], &[0x30, 0x81, 1, 0], &[0x04, 0]] {
            assert!(sequence(bad).is_none(), "{bad:?}");
        }
        let (mut fields, rest) = sequence(&[0x30, 6, 2, 1, 0xff, 2, 1, 5, 9]).unwrap();
        assert_eq!((fields.int(), fields.int(), fields.int(), rest), (Some(-1), Some(5), None, &[9][..]));
    }
}
