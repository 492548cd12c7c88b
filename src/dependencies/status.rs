//! The status of a dependency, in helm's words.

use crate::chart::{Chart, Dependency};
use crate::helm::HelmVersion;
use crate::semver::{Constraint, parse_version};

/// An archive in `charts/` whose name begins with that of a dependency.
#[derive(Debug)]
pub(crate) struct Found {
    /// The name of the file.
    pub file_name: String,
    /// Name and version of the chart in it; `None` if it cannot be loaded.
    pub chart: Option<(String, String)>,
}

/// The status of a dependency. `archives` are the files `charts/NAME-*.tgz`, `chart` is the chart that declares it.
///
/// Source: helm `pkg/action`, `dependencyStatus`.
pub(crate) fn status(dependency: &Dependency, archives: &[Found], chart: &Chart) -> &'static str {
    match archives {
        [] => {}
        [archive] => return of_archive(archive, dependency),
        several => {
            let has_version = |found: &&Found| {
                let stem = found.file_name.strip_suffix(".tgz").unwrap_or(&found.file_name);
                let version = stem.strip_prefix(&format!("{}-", dependency.name)).unwrap_or(stem);
                // Whole versions only: what is between the name and the version may be a part of another chart's name.
                parse_version(version).is_ok_and(|parsed| parsed.to_string() == version)
            };
            let mut versions = several.iter().filter(has_version);
            match (versions.next(), versions.next()) {
                (Some(archive), None) => return of_archive(archive, dependency),
                (Some(_), Some(_)) => return "too many matches",
                (None, _) => {}
            }
        }
    }
    let loaded = chart.subcharts.iter().rev().find(|subchart| subchart.name() == dependency.name);
    match loaded {
        None => "missing",
        Some(subchart) => version_problem(&subchart.metadata.version, dependency).unwrap_or("unpacked"),
    }
}

fn of_archive(archive: &Found, dependency: &Dependency) -> &'static str {
    match &archive.chart {
        None => "corrupt",
        Some((name, _)) if *name != dependency.name => "misnamed",
        Some((_, version)) => version_problem(version, dependency).unwrap_or("ok"),
    }
}

fn version_problem(version: &str, dependency: &Dependency) -> Option<&'static str> {
    if version == dependency.version {
        return None;
    }
    let constraint = Constraint::parse_as(&dependency.version, HelmVersion::V4);
    match (constraint, parse_version(version)) {
        (Ok(constraint), Ok(version)) => (!constraint.check(&version)).then_some("wrong version"),
        _ => Some("invalid version"),
    }
}
