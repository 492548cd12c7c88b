//! `airtight dependency list`.

use super::ListArgs;
use super::folder::{cleaned, joined, names};
use crate::chart::load::{ChartAt, Loaded, load_from};
use crate::cli::{Outcome, Problem, Streams};
use crate::dependencies::{Found, status, table};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::path::Path;

/// Runs the command. Source: helm `pkg/action`, `Dependency.List`.
pub(super) fn run(args: &ListArgs, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let limits = Limits::default();
    let reach = Reach::of_user(limits.file_bytes);
    let path = cleaned(&args.chart);
    let load = |path: &Path| -> Result<Loaded, Error> {
        load_from(&ChartAt { reach: &reach, by: By::User, path, seen_as: None }, &limits, HelmVersion::V4)
    };
    let loaded = load(&path)?;
    streams.log(&loaded.warnings);
    let chart = loaded.chart;
    let charts = joined(&path, "charts");
    let Some(dependencies) = &chart.metadata.dependencies else {
        writeln!(streams.out, "WARNING: no dependencies at {}", charts.display())?;
        return Ok(Outcome::Clean);
    };
    // What a chart links to is outside of it.
    let files = if look::is_folder(&path) { names(&charts)? } else { Vec::new() };
    let mut rows = vec![["NAME", "VERSION", "REPOSITORY", "STATUS"].map(str::to_owned)];
    for dependency in dependencies {
        let is_its = |name: &&String| name.starts_with(&format!("{}-", dependency.name)) && name.ends_with(".tgz");
        let found = |name: &String| {
            let loaded = load(&charts.join(name)).ok();
            let chart = loaded.map(|loaded| (loaded.chart.name().to_owned(), loaded.chart.metadata.version.clone()));
            Found { file_name: name.clone(), chart }
        };
        let archives: Vec<Found> = files.iter().filter(is_its).map(found).collect();
        let status = status(dependency, &archives, &chart).to_owned();
        rows.push([dependency.name.clone(), dependency.version.clone(), dependency.repository.clone(), status]);
    }
    writeln!(streams.out, "{}", table(&rows, args.max_col_width))?;
    for name in &files {
        let file = charts.join(name);
        if !look::is_folder(&file) && !name.ends_with(".tgz") {
            continue;
        }
        let shown = go_quote(file.display().to_string().as_bytes());
        match load(&file) {
            Err(_) => writeln!(streams.out, "WARNING: {shown} is not a chart.")?,
            Ok(loaded) if !dependencies.iter().any(|dependency| dependency.name == loaded.chart.name()) => {
                writeln!(streams.out, "WARNING: {shown} is not in Chart.yaml.")?;
            }
            Ok(_) => {}
        }
    }
    Ok(Outcome::Clean)
}
