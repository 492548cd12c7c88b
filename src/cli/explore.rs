//! Exploring what a release can print over all of its switches, for `images --all` and `bundle`.

use super::release::without_secrets;
use super::{Outcome, Streams};
use crate::analysis::usual_key;
use crate::closure::shared::Searches;
use crate::closure::sources::Sources;
use crate::closure::{Budget, Closure, Request};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::reference::{Mirror, Reference};
use crate::release::ReleaseInputs;
use crate::report::closure::{cautions, hide_in_closure};
use crate::report::plain_line;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::template::Value;
use crate::values::value_at;

/// The closure of a release, without its secrets.
pub(super) fn explore(
    prepared: &ReleaseInputs,
    settings: &Settings,
    request: Request,
    searches: &mut Searches,
) -> Result<Closure, Error> {
    let explored = Closure::of(prepared, settings, &mut Compiler::new(), (request, searches));
    let mut closure = explored.map_err(|error| without_secrets(prepared, error))?;
    hide_in_closure(&mut closure, &Secrets::of_release(prepared));
    Ok(closure)
}

/// What the references of a closure are copies of, where they name the mirror; of `settings` without a mirror nothing does.
pub(super) fn sources(
    prepared: &ReleaseInputs,
    settings: &Settings,
    (closure, budget): (&Closure, Budget),
) -> Result<Sources, Error> {
    let found = Sources::of(closure, prepared, settings, budget);
    let mut sources = found.map_err(|error| without_secrets(prepared, error))?;
    let secrets = Secrets::of_release(prepared);
    sources.hide(|text| secrets.hide_in(text, false));
    Ok(sources)
}

/// What to say if the values send images to a registry that is most likely the mirror.
pub(super) fn unnamed_mirror(prepared: &ReleaseInputs, closure: &Closure) -> Result<Option<String>, Error> {
    let key = usual_key();
    let given = value_at(&prepared.user_values(None)?.values, &key);
    let Some(text) = given.as_ref().and_then(Value::as_str).map(|text| text.to_text().into_owned()) else {
        return Ok(None);
    };
    let Ok(mirror) = Mirror::parse(&text) else { return Ok(None) };
    let references = closure.images.iter().filter_map(|image| Reference::parse(&image.reference).ok());
    Ok(match references.filter(|reference| mirror.serves(reference)).count() {
        0 => None,
        count => Some(format!(
            "{key} sends {count} of the images to {mirror}: if that is the mirror, pass --mirror {mirror}, so that the lists have \
             their sources"
        )),
    })
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
