//! Assignments in which every three switches meet in every combination: what is tried of a file whose combinations are too many.
//!
//! Source of the method: greedy construction of covering arrays (as in AETG, Cohen et al. 1997); deterministic.

use super::Switch;
use super::assignment::Assignment;
use super::domain::Alternative;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The most assignments.
const MOST: usize = 300;

/// The most combinations that are covered: of three switches, or else of two.
const MOST_COMBINATIONS: usize = 20_000;

/// Candidates of which the best is taken.
const CANDIDATES: u64 = 24;

/// Each alternative alone, and assignments that together contain every combination of every three switches; of every two, if these are
/// too many.
pub(super) fn covering(switches: &BTreeMap<Switch, Rc<[Alternative]>>) -> Vec<Assignment> {
    let all: Vec<(&Switch, &Rc<[Alternative]>)> = switches.iter().filter(|(_, one)| one.len() > 1).collect();
    let mut found: Vec<Assignment> = Vec::new();
    for (switch, alternatives) in &all {
        for alternative in alternatives.iter() {
            if let Alternative::Json(value) = alternative {
                found.push([((*switch).clone(), value.clone())].into());
            }
        }
    }
    let sizes: Vec<usize> = all.iter().map(|(_, one)| one.len()).collect();
    for row in rows(&sizes) {
        let chosen = row.iter().zip(&all).filter_map(|(&at, (switch, alternatives))| match alternatives.get(at)? {
            Alternative::Given => None,
            Alternative::Json(value) => Some(((*switch).clone(), value.clone())),
        });
        found.push(chosen.collect());
    }
    found
}

/// A combination of the alternatives of up to three columns.
type Combination = [(usize, usize); 3];

/// Rows that contain every combination of every three columns, or two if there are many, of these sizes.
fn rows(sizes: &[usize]) -> Vec<Vec<usize>> {
    let strength = [3, 2].into_iter().find(|&strength| count(sizes, strength) <= MOST_COMBINATIONS);
    let mut open = strength.map(|strength| combinations(sizes, strength)).unwrap_or_default();
    let (mut rows, mut state) = (Vec::new(), 0x9e37_79b9_7f4a_7c15_u64);
    while !open.is_empty() && rows.len() < MOST {
        let mut best: (usize, Vec<usize>) = (0, Vec::new());
        let wanted: Vec<&Combination> = open.iter().collect();
        for candidate in 0..CANDIDATES {
            let mut row: Vec<usize> = sizes.iter().map(|&size| next(&mut state) % size.max(1)).collect();
            // Each candidate contains one that is still open.
            let seed = wanted[(next(&mut state) + candidate as usize) % wanted.len()];
            seed.iter().filter(|(column, _)| *column < sizes.len()).for_each(|&(column, at)| row[column] = at);
            let covered = wanted.iter().filter(|one| is_in(one, &row)).count();
            if covered > best.0 {
                best = (covered, row);
            }
        }
        open.retain(|one| !is_in(one, &best.1));
        rows.push(best.1);
    }
    rows
}

/// The number of combinations of this many columns.
fn count(sizes: &[usize], strength: usize) -> usize {
    // The sums of the products of one, two and three sizes.
    let mut sums = [1_usize, 0, 0, 0];
    for &size in sizes {
        for at in (1..=strength).rev() {
            sums[at] = sums[at].saturating_add(sums[at - 1].saturating_mul(size));
        }
    }
    sums[strength]
}

fn is_in(combination: &Combination, row: &[usize]) -> bool {
    combination.iter().all(|&(column, at)| row.get(column).is_none_or(|&own| own == at))
}

fn combinations(sizes: &[usize], strength: usize) -> BTreeSet<Combination> {
    const NONE: (usize, usize) = (usize::MAX, 0);
    let mut found = BTreeSet::new();
    for one in 0..sizes.len() {
        for other in one + 1..sizes.len() {
            let thirds: Vec<usize> = match strength {
                2 => vec![usize::MAX],
                _ if sizes.len() < 3 => vec![usize::MAX],
                _ => (other + 1..sizes.len()).collect(),
            };
            for third in thirds {
                for a in 0..sizes[one] {
                    for b in 0..sizes[other] {
                        for c in 0..sizes.get(third).copied().unwrap_or(1) {
                            let last = if third == usize::MAX { NONE } else { (third, c) };
                            found.insert([(one, a), (other, b), last]);
                        }
                    }
                }
            }
        }
    }
    found
}

/// The next number of a sequence that is the same everywhere (xorshift).
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 33) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_counted_before_they_are_made() {
        for sizes in [vec![2; 12], vec![3, 2, 4], vec![2, 2, 5, 7]] {
            for strength in [2, 3] {
                assert_eq!(count(&sizes, strength), combinations(&sizes, strength).len(), "{sizes:?} {strength}");
            }
        }
        assert!(rows(&[24; 90]).is_empty());
    }

    #[test]
    fn every_three_columns_meet_in_every_combination() {
        for sizes in [vec![2; 12], vec![3, 2, 4, 2, 2], vec![2, 2], vec![5]] {
            let rows = rows(&sizes);
            for combination in combinations(&sizes, 3) {
                assert!(rows.iter().any(|row| is_in(&combination, row)), "{sizes:?} {combination:?}");
            }
            assert!(rows.len() < 60, "{sizes:?}: {}", rows.len());
        }
    }
}
