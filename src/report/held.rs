//! [`Held`]: how many images the mirror has.

use super::count;
use crate::holdings::Holding;

/// How many distinct images the mirror has, of those for which it was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Those that it has.
    pub there: usize,
    /// Those that it does not have.
    pub missing: usize,
    /// Those of which it is not known.
    pub not_known: usize,
}

impl Held {
    /// Counts images; `None` if the mirror was asked for none.
    pub(crate) fn of(images: impl Iterator<Item = Option<Holding>>) -> Option<Self> {
        let mut held = Self::default();
        for holding in images.flatten() {
            match holding {
                Holding::There => held.there += 1,
                Holding::Missing => held.missing += 1,
                Holding::NotKnown => held.not_known += 1,
            }
        }
        (held != Self::default()).then_some(held)
    }

    /// Appended to a verdict: `; the mirror has 7 of 9 images, 1 not known`.
    pub(crate) fn told(self) -> String {
        let all = self.there + self.missing + self.not_known;
        match (self.there, self.not_known) {
            (_, not_known) if not_known == all => format!("; {} not looked up on the mirror", count(all, "image")),
            (1, 0) if all == 1 => "; the mirror has the image".to_owned(),
            (0, 0) if all == 1 => "; the mirror does not have the image".to_owned(),
            (0, 0) => format!("; the mirror has none of {all} images"),
            (there, 0) if there == all => format!("; the mirror has all {all} images"),
            (there, 0) => format!("; the mirror has {there} of {}", count(all, "image")),
            (there, not_known) => format!("; the mirror has {there} of {}, {not_known} not known", count(all, "image")),
        }
    }
}
