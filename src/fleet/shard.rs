//! [`Shard`]: one of several parts of a run, and which releases belong to each.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// The largest number of shards: the most completions of an Indexed Job.
pub(crate) const MOST: u32 = 100_000;

/// One of several parts of a run.
///
/// Shape: `3/16`, counted from 1, as test runners have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Shard {
    /// Which part, from 1.
    index: NonZeroU32,
    /// How many parts there are.
    of: NonZeroU32,
}

impl Shard {
    /// A part, counted from 1.
    ///
    /// # Errors
    /// There is no such part.
    pub(crate) fn new(index: u32, of: u32) -> Result<Self, Error> {
        let wrong = |why: String| Err(Error::input(format!("there is no shard {index}/{of}: {why}")));
        match (NonZeroU32::new(index), NonZeroU32::new(of)) {
            (_, None) => wrong("the number of shards is at least 1".to_owned()),
            _ if of > MOST => wrong(format!("there are at most {MOST} shards")),
            (None, _) => wrong("shards are counted from 1".to_owned()),
            (Some(index), Some(of)) if index <= of => Ok(Self { index, of }),
            _ => wrong(format!("the last is {of}/{of}")),
        }
    }

    /// How many parts there are.
    pub(crate) fn of(self) -> u32 {
        self.of.get()
    }

    /// Which part, from 0.
    pub(crate) fn number(self) -> u32 {
        self.index.get() - 1
    }

    /// Whether a release with this name belongs to it: by a hash of the name, so that a release stays in its shard whatever other
    /// releases are added.
    pub(crate) fn has_name(self, release: &str) -> bool {
        let digest = Sha256::digest(release);
        let hash = digest.iter().take(8).fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte));
        hash % u64::from(self.of()) == u64::from(self.number())
    }

    /// Which releases belong to it if sizes are to be balanced: the largest release first, each to the shard with the least so far.
    pub(crate) fn takes_of_sizes(self, releases: &[(&str, u64)]) -> Vec<bool> {
        let mut order: Vec<usize> = (0..releases.len()).collect();
        order.sort_by_key(|&number| (Reverse(releases[number].1), releases[number].0, number));
        let mut loads: BinaryHeap<Reverse<(u64, u64, u32)>> =
            (0..self.of()).map(|shard| Reverse((0, 0, shard))).collect();
        let mut own = vec![false; releases.len()];
        for number in order {
            let Some(Reverse((load, count, shard))) = loads.pop() else { break };
            own[number] = shard == self.number();
            // Releases without a size are balanced by their number.
            loads.push(Reverse((load.saturating_add(releases[number].1), count + 1, shard)));
        }
        own
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let Some((index, of)) = parts else {
            return Err(Error::input(format!("{text:?} is not a shard such as 3/16, or auto")));
        };
        Self::new(index, of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(of: u32) -> impl Iterator<Item = Shard> {
        (1..=of).map(move |index| Shard::new(index, of).expect("there is such a shard"))
    }

    #[test]
    fn each_release_is_in_one_shard() {
        let names: Vec<String> = (0..1_000).map(|number| format!("shop-{number}/prod")).collect();
        let releases: Vec<(&str, u64)> = names.iter().map(String::as_str).zip((0..37).cycle()).collect();
        for of in [1, 2, 3, 16, 999, 1_500] {
            for (name, _) in &releases {
                assert_eq!(shards(of).filter(|shard| shard.has_name(name)).count(), 1, "{name} of {of}");
            }
            let taken: Vec<Vec<bool>> = shards(of).map(|shard| shard.takes_of_sizes(&releases)).collect();
            for number in 0..releases.len() {
                assert_eq!(taken.iter().filter(|own| own[number]).count(), 1, "{number} of {of}");
            }
        }
    }

    #[test]
    fn a_release_stays_in_its_shard() {
        // What a shard has is promised between versions: a queue may mix them.
        let of_16 = |name: &str| shards(16).find(|shard| shard.has_name(name)).map(|shard| shard.to_string());
        assert_eq!(of_16("shop/prod").as_deref(), Some("9/16"));
        assert_eq!(of_16("shop/test").as_deref(), Some("14/16"));
    }

    #[test]
    fn sizes_are_balanced() {
        let releases = [("a", 50), ("b", 30), ("c", 20), ("d", 20), ("e", 20), ("f", 10)];
        let load = |shard: Shard| -> u64 {
            let own = shard.takes_of_sizes(&releases);
            releases.iter().zip(own).filter(|(_, own)| *own).map(|((_, size), _)| size).sum()
        };
        assert_eq!(shards(3).map(load).collect::<Vec<_>>(), [50, 50, 50]);
        let empty = [("", 0); 8];
        assert!(shards(4).all(|shard| shard.takes_of_sizes(&empty).iter().filter(|own| **own).count() == 2));
    }

    #[test]
    fn what_is_no_shard_is_told() {
        let error = |text: &str| text.parse::<Shard>().unwrap_err().to_string();
        assert_eq!(error("3"), "\"3\" is not a shard such as 3/16, or auto");
        assert_eq!(error("0/4"), "there is no shard 0/4: shards are counted from 1");
        assert_eq!(error("5/4"), "there is no shard 5/4: the last is 4/4");
        assert_eq!(error("1/0"), "there is no shard 1/0: the number of shards is at least 1");
        assert_eq!(error("1/100001"), "there is no shard 1/100001: there are at most 100000 shards");
    }
}
