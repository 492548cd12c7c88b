//! The search as a whole: explore all files, prove what was found, and begin again if that showed something new.

use super::Closure;
use super::explore::{Explorer, Round};
use super::prove::Prover;
use crate::error::Error;

/// How often the search begins again because a render showed new positions or free values.
const MOST: u32 = 4;

/// The closure that an explorer finds.
pub(super) fn closure(explorer: &mut Explorer<'_>) -> Result<Closure, Error> {
    let changes = explorer.gates.changes();
    explorer.discover(&changes);
    let mut round = 0;
    loop {
        round += 1;
        let Round { mut units, slots, files, found, mut closure } = explorer.round(&changes)?;
        let may_repeat = round < MOST;
        let mut prover = Prover { explorer, slots: &slots, files: &files, may_repeat };
        let is_settled = prover.prove(&mut units, found, &mut closure)?;
        closure.unreached = explorer.unreached(&units);
        if is_settled || !may_repeat {
            return Ok(closure);
        }
    }
}
