//! The charts on a command line: each argument is a chart, or a folder of charts, and each chart gets the name of a release.

use crate::disk::{By, Reach, look};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// The longest name of a release.
const LONGEST: usize = 53;

/// The charts that arguments name: a folder without a Chart.yaml stands for the charts in it, sorted by name.
///
/// # Errors
/// A folder may not be read.
pub(super) fn charts_of(arguments: &[PathBuf], reach: &Reach) -> Result<Vec<PathBuf>, Error> {
    let mut charts = Vec::new();
    for argument in arguments {
        let inside = charts_in(argument, reach)?;
        // What is no chart is reported when it is loaded.
        if inside.is_empty() { charts.push(argument.clone()) } else { charts.extend(inside) }
    }
    Ok(charts)
}

/// The charts in a folder that is none itself: folders with a Chart.yaml, and archives.
fn charts_in(folder: &Path, reach: &Reach) -> Result<Vec<PathBuf>, Error> {
    if !look::is_folder(folder) || is_chart(folder) {
        return Ok(Vec::new());
    }
    let inside = reach.folder(By::User, folder, "the folder")?.names()?.into_iter().map(|name| folder.join(name));
    let is_archive = |path: &PathBuf| path.extension().is_some_and(|end| end == "tgz") && look::is_file(path);
    Ok(inside.filter(|path| is_chart(path) || is_archive(path)).collect())
}

fn is_chart(folder: &Path) -> bool {
    look::exists(&folder.join("Chart.yaml"))
}

/// A name for the release of each of several charts: the last part of its path, or, if others have the same, all of its path.
pub(super) fn release_names(charts: &[PathBuf]) -> Vec<String> {
    let last = |chart: &PathBuf| {
        let name = chart.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.strip_suffix(".tgz").map_or(name.clone(), str::to_owned)
    };
    let names: Vec<String> = charts.iter().map(last).collect();
    let named = |(chart, name): (&PathBuf, &String)| {
        let is_only = names.iter().filter(|other| *other == name).count() == 1;
        release_name(if is_only { name } else { chart.to_str().unwrap_or(name) })
    };
    charts.iter().zip(&names).map(named).collect()
}

/// A text as a name that helm takes for a release: `My_Chart` becomes `my-chart`.
fn release_name(text: &str) -> String {
    let taken = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = text.chars().map(taken).collect();
    let name = name.trim_matches(['-', '.']);
    let name = name.get(name.len().saturating_sub(LONGEST)..).unwrap_or(name).trim_start_matches(['-', '.']);
    if name.is_empty() { "release-name".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::release_names;
    use std::path::PathBuf;

    #[test]
    fn each_chart_has_a_name_of_its_own() {
        let names = |charts: &[&str]| release_names(&charts.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(
            names(&["charts/Web_App", "vendor/redis-1.2.3.tgz", "."]),
            ["web-app", "redis-1.2.3", "release-name"]
        );
        assert_eq!(names(&["a/web", "b/web/", "oci://ghcr.io/acme/db"]), ["a-web", "b-web", "db"]);
        assert_eq!(names(&["x/".repeat(60).as_str()]), ["x"]);
        assert_eq!(names(&["é".repeat(60).as_str()]), ["release-name"]);
    }
}
