//! DER, the encoding of keys and certificates: just enough of it to read and write those.

use num_bigint::BigUint;

/// Tags of the types in use.
pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const NULL: u8 = 0x05;
    pub(in super::super) const OID: u8 = 0x06;
    pub(in super::super) const UTF8_STRING: u8 = 0x0c;
    pub(in super::super) const PRINTABLE_STRING: u8 = 0x13;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const GENERALIZED_TIME: u8 = 0x18;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;

    /// `[number]`, around values of other types.
    pub(in super::super) const fn explicit(number: u8) -> u8 {
        0xa0 | number
    }

    /// `[number]`, in the place of another tag of a plain type.
    pub(in super::super) const fn implicit(number: u8) -> u8 {
        0x80 | number
    }
}

/// A value of a type.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if content.len() < 0x80 {
        out.push(content.len() as u8);
    } else {
        let length = content.len().to_be_bytes();
        let length = &length[length.iter().take_while(|&&byte| byte == 0).count()..];
        out.push(0x80 | length.len() as u8);
        out.extend_from_slice(length);
    }
    out.extend_from_slice(content);
    out
}

/// Values one after another in a value of a type.
pub(super) fn nested(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    value(tag, &parts.concat())
}

/// `SEQUENCE`
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    nested(tag::SEQUENCE, parts)
}

/// `INTEGER`
pub(super) fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    value(tag::INTEGER, &bytes)
}

/// `BIT STRING` of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    nested(tag::BIT_STRING, &[&[0], bytes])
}

/// Reads values one after another.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads what is in a value.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next value: its tag, its content, and the whole of it. `None` at the end and for what is no DER.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, rest) = self.rest.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.is_empty() || bytes.len() > 4 {
                return None;
            }
            length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        let whole = &self.rest[..self.rest.len() - after.len()];
        self.rest = after;
        Some((tag, content, whole))
    }

    /// The content of the next value, which must be of this type.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|&(found, ..)| found == tag).map(|(_, content, _)| content)
    }

    /// The content of the next value if it is of this type; otherwise it stays where it is.
    pub(super) fn take_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.rest.first() == Some(&tag) { self.take(tag) } else { None }
    }

    /// The next value, a number that is not negative.
    pub(super) fn integer(&mut self) -> Option<BigUint> {
        let bytes = self.take(tag::INTEGER)?;
        let is_negative = bytes.first().is_none_or(|&first| first >= 0x80);
        (!is_negative).then(|| BigUint::from_bytes_be(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let bytes = vec![1; length];
            let encoded = sequence(&[&value(tag::OCTET_STRING, &bytes), &integer(&BigUint::from(0x80_u32))]);
            let mut reader = Reader::new(&encoded);
            let mut inner = Reader::new(reader.take(tag::SEQUENCE).unwrap());
            assert_eq!(inner.take_if(tag::NULL), None);
            assert_eq!(inner.take(tag::OCTET_STRING), Some(&bytes[..]));
            assert_eq!(inner.integer(), Some(BigUint::from(0x80_u32)));
            assert!(inner.next().is_none() && reader.next().is_none());
        }
        for bad in [&[][..], &[0x30], &[0x30, 0x02, 0], &[0x30, 0x80, 0], &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]] {
            assert!(Reader::new(bad).next().is_none(), "{bad:?}");
        }
        assert_eq!(Reader::new(&[0x02, 0x01, 0x80]).integer(), None);
    }
}
