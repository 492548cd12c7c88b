//! Assignments in which every three switches meet in every combination: what is tried of a file whose combinations are too many.
//!
//! Source of the method: greedy construction of covering arrays (as in AETG, Cohen et al. 1997); deterministic.

use super::Switch;
use super::assignment::Assignment;
use super::domain::Alternative;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The most assignments.
const MOST: usize = 600;

/// The most switches that are covered in triples; of more, pairs.
const MOST_SWITCHES: usize = 40;

/// Candidates of which the best is taken.
const CANDIDATES: u64 = 24;

/// Each alternative alone, and assignments that together contain every combination of every three switches.
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
    let strength = if sizes.len() > MOST_SWITCHES { 2 } else { 3 };
    let mut open = combinations(sizes, strength);
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
