//! Exploring what a release can print over all of its switches, for `images --all` and `bundle`.

use super::release::without_secrets;
use super::{Outcome, Streams};
use crate::closure::{Budget, Closure};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::release::ReleaseInputs;
use crate::report::closure::{cautions, hide_in_closure};
use crate::report::plain_line;
use crate::secrets::Secrets;
use crate::settings::Settings;

/// The closure of a release, without its secrets; a file is executed `runs` times at most.
pub(super) fn explore(prepared: &ReleaseInputs, settings: &Settings, runs: u32) -> Result<Closure, Error> {
    let budget = Budget { runs, ..Budget::default() };
    let explored = Closure::of(prepared, settings, &mut Compiler::new(), budget);
    let mut closure = explored.map_err(|error| without_secrets(prepared, error))?;
    hide_in_closure(&mut closure, &Secrets::of_release(prepared));
    Ok(closure)
}

/// Warns about what a closure does not contain, or is doubtful in it.
pub(super) fn warn(closure: &Closure, streams: &mut Streams<'_>) {
    for caution in cautions(closure) {
        let _ = writeln!(streams.err, "warning: {}", plain_line(&caution));
    }
}

/// The same where there are several closures: `whose` is the chart or the release.
pub(super) fn warn_of(whose: &str, closure: &Closure, streams: &mut Streams<'_>) {
    for caution in cautions(closure) {
        let _ = writeln!(streams.err, "warning: {}", plain_line(&format!("{whose}: {caution}")));
    }
}

/// Clean only if nothing is missing.
pub(super) fn outcome(is_complete: bool) -> Outcome {
    if is_complete { Outcome::Clean } else { Outcome::Findings }
}
