//! `--dependency-update`: the dependencies that a chart lacks, fetched to memory as `airtight dependency update` fetches them.

use super::declared::{helms_list, name_repositories};
use super::update::{decide, exact, placed};
use crate::chart::Dependency;
use crate::chart::stored::Stored;
use crate::chart_reference::RemoteChart;
use crate::cli::fetch::{SourceFlags, ToldOnStderr};
use crate::disk::Reach;
use crate::error::Error;
use crate::limits::Limits;
use std::path::Path;

/// Fetches dependencies that are in registries and repositories, in the newest versions that fit. `charts` are those of the run: a password
/// that the user typed is for their host.
///
/// # Errors
/// A flag cannot be used, no version fits, or a chart cannot be fetched.
pub(crate) fn fetch_missing(
    source: &SourceFlags,
    charts: &[RemoteChart],
    dependencies: &[Dependency],
    limits: &Limits,
) -> Result<Vec<Stored>, Error> {
    let reach = Reach::of_user(limits.file_bytes);
    let known = helms_list(None, &reach, limits)?;
    let mut dependencies = dependencies.to_vec();
    let needed = name_repositories(&mut dependencies, &known)?;
    let mut placed = placed(&mut dependencies, Path::new(""))?;
    let remotes: Vec<RemoteChart> = placed.iter().filter_map(super::update::remote_of).collect();
    source.check_password_for(charts.iter().chain(&remotes))?;
    let watch = ToldOnStderr;
    let fetcher = source.fetcher(&remotes, &needed, limits, &watch)?;
    decide(&fetcher, &remotes, &mut placed)?;
    let wanted: Vec<RemoteChart> = placed.iter().filter_map(exact).collect();
    let fetched = fetcher.fetch_all(&wanted).into_iter().zip(&placed);
    let stored = fetched.map(|(fetched, (dependency, _))| match fetched {
        Ok(fetched) => Ok(Stored::archive(fetched.archive.into())),
        Err(error) => Err(error.after(format_args!("could not download {}", dependency.name))),
    });
    stored.collect()
}
