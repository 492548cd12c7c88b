//! Runs every seed of `testdata/fuzz/TARGET/`, and mutations of each, through its target.
//!
//! An input that a fuzzer found becomes a seed, so that the bug cannot return.

#![expect(clippy::disallowed_methods, reason = "tests read files of the repository")]

use super::{files, names, root};
use crate::fuzzing::{TARGETS, run};
use std::panic::catch_unwind;

/// The number of mutations of each seed.
const CHANGES: usize = 25;

/// Texts that are inserted into inputs.
const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{{ end }}",
    "\n",
    "\n---\n",
    ": ",
    "- ",
    "'",
    "\"",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    "\u{0}",
    "\u{202e}",
    "é",
    "null",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "0x",
    "1e999",
    "quay.io/",
    "mirror.internal/",
    ":",
    "@sha256:",
    "..",
    "/",
    "=",
    ",",
    "image",
    "global.imageRegistry",
    "=== -f\n",
    "=== --set\n",
    "$",
    "%",
    "#",
    "\t",
    "\r\n",
];

#[test]
fn seeds_and_changes_of_them_hold() {
    let folders = names(&root().join("testdata/fuzz"));
    for folder in &folders {
        assert!(TARGETS.iter().any(|target| target.name == folder), "testdata/fuzz/{folder} is of no target");
    }
    let mut failed = Vec::new();
    for target in TARGETS {
        let binary = root().join(format!("fuzz/fuzz_targets/{}.rs", target.name));
        assert!(binary.is_file(), "{} has no {}", target.name, binary.display());
        let seeds: Vec<Vec<u8>> = files(&format!("testdata/fuzz/{}", target.name), "")
            .iter()
            .map(|path| std::fs::read(path).expect("a seed can be read"))
            .collect();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let changes = seeds.iter().flat_map(|seed| std::iter::repeat_n(seed, CHANGES)).map(|seed| {
            let other = &seeds[random.below(seeds.len())];
            changed(seed, other, &mut random)
        });
        let mut inputs = seeds.iter().cloned().chain(changes.collect::<Vec<_>>());
        let wrong = inputs.find(|input| catch_unwind(|| run(target.name, input)).is_err());
        failed.extend(
            wrong.map(|input| format!("{} does not hold for the input\n{}", target.name, input.escape_ascii())),
        );
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// A seed after one to four mutations.
fn changed(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(20)).min(input.len());
        match random.below(5) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 => drop(input.drain(at..end)),
            2 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            3 => {
                let from = random.below(other.len() + 1);
                let to = (from + random.below(60)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            _ => drop(input.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
        }
    }
    input
}

/// A pseudo-random number generator with a fixed seed.
///
/// Source: Vigna, SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}
