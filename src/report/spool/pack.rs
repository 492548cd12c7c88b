//! [`Packed`]: reports as bytes, and back. The format is private to this process.

use crate::values_path::ValuesPath;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Types that can be packed and unpacked.
pub(super) trait Packed: Sized {
    /// Appends the value.
    fn pack(&self, to: &mut Packer<'_>);

    /// Reads the value; `None` if the bytes are not valid.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

/// The program's own strings, by number: rule ids, flag names.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<(BTreeMap<&'static str, u32>, Vec<&'static str>)>);

impl Texts {
    fn number(&self, text: &'static str) -> u32 {
        let (numbers, texts) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *numbers.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() as u32 - 1
        })
    }

    fn text(&self, number: u32) -> Option<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.get(number as usize).copied()
    }
}

/// Bytes being written.
pub(super) struct Packer<'t> {
    pub(super) bytes: Vec<u8>,
    pub(super) texts: &'t Texts,
}

/// Bytes being read.
pub(super) struct Unpacker<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) texts: &'b Texts,
}

impl Packer<'_> {
    /// Appends a text or bytes with their length.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        bytes.len().pack(self);
        self.bytes.extend_from_slice(bytes);
    }
}

impl<'b> Unpacker<'b> {
    /// Reads bytes with their length.
    pub(super) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = usize::unpack(self)?;
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(bytes)
    }
}

impl Packed for u8 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.push(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (first, rest) = from.bytes.split_first()?;
        from.bytes = rest;
        Some(*first)
    }
}

/// Seven bits a byte, the lowest first: most numbers are small.
impl Packed for u64 {
    fn pack(&self, to: &mut Packer<'_>) {
        let mut left = *self;
        while left > 0x7F {
            to.bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        to.bytes.push(left as u8);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let mut number = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let byte = u8::unpack(from)?;
            number |= Self::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Packed for usize {
    fn pack(&self, to: &mut Packer<'_>) {
        (*self as u64).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        u64::unpack(from)?.try_into().ok()
    }
}

impl Packed for u32 {
    fn pack(&self, to: &mut Packer<'_>) {
        u64::from(*self).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        u64::unpack(from)?.try_into().ok()
    }
}

impl Packed for bool {
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.push(u8::from(*self));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(u8::unpack(from)? == 1)
    }
}

impl Packed for String {
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes(self.as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        std::str::from_utf8(from.bytes()?).ok().map(str::to_owned)
    }
}

impl Packed for ValuesPath {
    fn pack(&self, to: &mut Packer<'_>) {
        self.to_string().pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        String::unpack(from)?.parse().ok()
    }
}

impl Packed for &'static str {
    fn pack(&self, to: &mut Packer<'_>) {
        to.texts.number(self).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let number = u32::unpack(from)?;
        from.texts.text(number)
    }
}

impl<T: Packed> Packed for Option<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        self.is_some().pack(to);
        self.iter().for_each(|one| one.pack(to));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(if bool::unpack(from)? { Some(T::unpack(from)?) } else { None })
    }
}

impl<T: Packed> Packed for Box<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        (**self).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        self.len().pack(to);
        self.iter().for_each(|one| one.pack(to));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let length = usize::unpack(from)?;
        (0..length).map(|_| T::unpack(from)).collect()
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn pack(&self, to: &mut Packer<'_>) {
        self.0.pack(to);
        self.1.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

/// Exact: every number keeps its representation.
impl Packed for Value {
    fn pack(&self, to: &mut Packer<'_>) {
        match self {
            Self::Null => to.bytes.push(0),
            Self::Bool(is) => [1, u8::from(*is)].iter().for_each(|byte| to.bytes.push(*byte)),
            Self::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => {
                    to.bytes.push(2);
                    number.pack(to);
                }
                (None, Some(number)) => {
                    to.bytes.push(3);
                    (number as u64).pack(to);
                }
                (None, None) => {
                    to.bytes.push(4);
                    number.as_f64().unwrap_or_default().to_bits().pack(to);
                }
            },
            Self::String(text) => {
                to.bytes.push(5);
                text.pack(to);
            }
            Self::Array(list) => {
                to.bytes.push(6);
                list.pack(to);
            }
            Self::Object(map) => {
                to.bytes.push(7);
                map.len().pack(to);
                for (key, value) in map {
                    key.pack(to);
                    value.pack(to);
                }
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match u8::unpack(from)? {
            0 => Self::Null,
            1 => Self::Bool(bool::unpack(from)?),
            2 => Self::Number(u64::unpack(from)?.into()),
            3 => Self::Number((u64::unpack(from)? as i64).into()),
            4 => Self::Number(Number::from_f64(f64::from_bits(u64::unpack(from)?))?),
            5 => Self::String(String::unpack(from)?),
            6 => Self::Array(Vec::unpack(from)?),
            7 => {
                let length = usize::unpack(from)?;
                let members = (0..length).map(|_| Some((String::unpack(from)?, Self::unpack(from)?)));
                Self::Object(members.collect::<Option<Map<String, Self>>>()?)
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let texts = Texts::default();
        let value = json!({"a": [null, true, 1, -1, 0.1, u64::MAX, i64::MIN, "ä"], "": {}});
        let whole = (vec![Some("render-failed"), None], (value, vec![0, 127, 128, u64::MAX]));
        let mut packer = Packer { bytes: Vec::new(), texts: &texts };
        whole.pack(&mut packer);
        let bytes = packer.bytes;
        assert_eq!(Packed::unpack(&mut Unpacker { bytes: &bytes, texts: &texts }), Some(whole));
        // Truncated input is an error, not a panic.
        type Whole = (Vec<Option<&'static str>>, (Value, Vec<u64>));
        for end in 0..bytes.len() {
            assert_eq!(<Whole as Packed>::unpack(&mut Unpacker { bytes: &bytes[..end], texts: &texts }), None);
        }
    }
}
