//! `airtight bundle check`: whether lists have what a release can need, and nothing else.

use super::explore::ExploreFlags;
use crate::bundle::drift::{FoundList, drift};
use crate::cli::explore::{outcome, warn};
use crate::cli::lists::{parse_lists, read_lists};
use crate::cli::output::OutputFlags;
use crate::cli::{Outcome, Problem, Streams};
use crate::disk::{By, Reach};
use crate::limits::Limits;
use crate::list_findings::finding;
use crate::report::Report;
use crate::report::stream::KeptReports;
use std::path::PathBuf;
use std::sync::Arc;

/// Check that lists have everything that a release can need, and nothing else
///
/// A list with the name of one that airtight bundle writes is compared with that; other files, in any form, with everything together.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight bundle check bundle charts/addons\n  \
                        airtight bundle check hack/e2e/images.txt charts/addons --format github\n\n\
                        Exit status: 0 the lists are right, 1 they are not, or not everything could be explored, 2 a list or the chart \
                        cannot be read.")]
pub(super) struct Args {
    /// The lists: a file, or a folder of them
    #[arg(value_name = "LISTS")]
    lists: PathBuf,
    #[command(flatten)]
    explore: ExploreFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// Runs the command.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    args.output.check()?;
    let reach = Reach::of_user(Limits::default().file_bytes);
    args.output.check_paths(&reach)?;
    let files = read_lists(By::User, &args.lists, &reach)?;
    let mut found = Vec::new();
    for file in &files {
        let bundle = parse_lists(std::slice::from_ref(file))?;
        found.push(FoundList { file: Arc::clone(file), entries: bundle.entries().to_vec() });
    }
    let explored = args.explore.explore(streams)?;
    let findings: Vec<_> = drift(&explored.wanted, &found).iter().map(finding).collect();
    let is_clean = findings.is_empty() && explored.is_complete();
    let report = Report::without_manifests(explored.release.clone(), findings, files.first().cloned());
    args.output.write(&KeptReports::of(&[report]), streams)?;
    warn(&explored.closure, streams);
    Ok(outcome(is_clean))
}
