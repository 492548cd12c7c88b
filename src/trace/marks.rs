//! [`Marks`]: what a value depends on besides settings.

use std::ops::BitOr;

/// What a value depends on besides settings: it may differ between installs, or between mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    /// On randomness.
    pub(crate) random: bool,
    /// On the clock.
    pub(crate) clock: bool,
    /// On the text of the mirror.
    pub(crate) mirror: bool,
    /// A list in random order, such as the keys of a Go map.
    pub(crate) order: bool,
    /// The dependency affects the length of a text, so that it may be empty.
    pub(crate) size: bool,
}

impl Marks {
    /// No dependency.
    pub(crate) const NONE: Self = Self { random: false, clock: false, mirror: false, order: false, size: false };
    /// On randomness.
    pub(crate) const RANDOM: Self = Self { random: true, ..Self::NONE };
    /// On the clock.
    pub(crate) const CLOCK: Self = Self { clock: true, ..Self::NONE };
    /// On the text of the mirror.
    pub(crate) const MIRROR: Self = Self { mirror: true, ..Self::NONE };
    /// In random order.
    pub(crate) const ORDER: Self = Self { order: true, ..Self::NONE };
    /// Of variable length.
    pub(crate) const SIZE: Self = Self { size: true, ..Self::NONE };

    /// The number of bits in [`Marks::bits`].
    pub(super) const BITS: u32 = 5;

    #[inline]
    pub(super) fn bits(self) -> u8 {
        u8::from(self.random)
            | u8::from(self.clock) << 1
            | u8::from(self.mirror) << 2
            | u8::from(self.order) << 3
            | u8::from(self.size) << 4
    }

    #[inline]
    pub(super) fn from_bits(bits: u8) -> Self {
        Self {
            random: bits & 1 != 0,
            clock: bits & 2 != 0,
            mirror: bits & 4 != 0,
            order: bits & 8 != 0,
            size: bits & 16 != 0,
        }
    }

    /// Whether it has no dependency.
    #[inline]
    pub(crate) fn is_none(self) -> bool {
        !(self.random | self.clock | self.mirror | self.order | self.size)
    }

    /// Whether two installs may have different values.
    pub(crate) fn is_unstable(self) -> bool {
        self.random || self.clock
    }

    /// Without the dependency of the length.
    #[must_use]
    pub(crate) fn without_size(self) -> Self {
        Self { size: false, ..self }
    }

    /// For one element, or for a text made from all elements, of a list in random order.
    #[must_use]
    pub(crate) fn taken_out(self) -> Self {
        Self { random: self.random || self.order, order: false, ..self }
    }

    /// For a use in which the order does not matter.
    #[must_use]
    pub(crate) fn unordered(self) -> Self {
        Self { order: false, ..self }
    }

    /// Whether these marks are a subset of others.
    pub(crate) fn are_in(self, others: Self) -> bool {
        self.bits() & !others.bits() == 0
    }
}

impl BitOr for Marks {
    type Output = Self;
    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self {
            random: self.random | other.random,
            clock: self.clock | other.clock,
            mirror: self.mirror | other.mirror,
            order: self.order | other.order,
            size: self.size | other.size,
        }
    }
}
