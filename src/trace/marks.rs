//! [`Marks`]: what a value depends on besides what somebody set.

use std::ops::BitOr;

/// What a value depends on besides what somebody set: it is not the same in every install, or not with every mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// On randomness.
    pub random: bool,
    /// On the clock.
    pub clock: bool,
    /// On the text of the mirror.
    pub mirror: bool,
    /// A list whose order is random, as Go's maps are.
    pub order: bool,
    /// Not only what is in a text depends on it, but how long it is, so that it may be empty.
    pub size: bool,
}

impl Marks {
    /// On nothing.
    pub const NONE: Self = Self { random: false, clock: false, mirror: false, order: false, size: false };
    /// On randomness.
    pub const RANDOM: Self = Self { random: true, ..Self::NONE };
    /// On the clock.
    pub const CLOCK: Self = Self { clock: true, ..Self::NONE };
    /// On the text of the mirror.
    pub const MIRROR: Self = Self { mirror: true, ..Self::NONE };
    /// Of random order.
    pub const ORDER: Self = Self { order: true, ..Self::NONE };
    /// Of a length that depends on it.
    pub const SIZE: Self = Self { size: true, ..Self::NONE };

    /// How many bits [`Marks::bits`] has.
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

    /// Whether it depends on nothing.
    #[inline]
    pub fn is_none(self) -> bool {
        !(self.random | self.clock | self.mirror | self.order | self.size)
    }

    /// Whether two installs may have different values.
    pub fn is_unstable(self) -> bool {
        self.random || self.clock
    }

    /// Without what a text's length depends on.
    #[must_use]
    pub fn without_size(self) -> Self {
        Self { size: false, ..self }
    }

    /// Of one element, or of a text made of all, where the order is random.
    #[must_use]
    pub fn taken_out(self) -> Self {
        Self { random: self.random || self.order, order: false, ..self }
    }

    /// Where the order has no meaning.
    #[must_use]
    pub fn unordered(self) -> Self {
        Self { order: false, ..self }
    }

    /// Whether these are among others.
    pub fn are_in(self, others: Self) -> bool {
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
