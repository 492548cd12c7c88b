//! Converts internal errors to the error of the library.

use crate::error::{Error, ErrorKind, Location};
use crate::helm::HelmVersion;
use crate::release::RenderProblem;
use crate::render::failure;
use crate::template;
use crate::template::error::Failure;

pub(super) fn of_problem(problem: RenderProblem, helm: HelmVersion) -> Error {
    match problem {
        RenderProblem::Input(error) | RenderProblem::Chart(_, error) => error,
        RenderProblem::Template(error) => {
            let kind = if is_limit(&error) { ErrorKind::Limit } else { ErrorKind::Template };
            Error::new(kind, failure::helm_text(&error, helm)).at(location(&error))
        }
    }
}

/// The innermost error of a chain of template calls.
fn innermost(mut error: &template::Error) -> &template::Error {
    while let template::Error::Exec { cause: Some(cause), .. } = error
        && let Failure::Template { error: inside, .. } = &**cause
    {
        error = inside;
    }
    error
}

fn is_limit(error: &template::Error) -> bool {
    match innermost(error) {
        template::Error::Limit(_) => true,
        template::Error::Exec { cause: Some(cause), .. } => matches!(**cause, Failure::Limit(_)),
        _ => false,
    }
}

fn location(error: &template::Error) -> Option<Location> {
    match innermost(error) {
        template::Error::Parse { file, line, .. } => Some(Location { file: file.clone(), line: *line, column: 1 }),
        template::Error::Exec { site: Some(site), .. } => {
            Some(Location { file: site.file.clone(), line: site.line, column: site.column + 1 })
        }
        template::Error::Exec { site: None, .. } | template::Error::Plain(_) | template::Error::Limit(_) => None,
    }
}
