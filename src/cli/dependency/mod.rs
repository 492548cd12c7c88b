//! `airtight dependency`: the charts in `charts/`, as `helm dependency` manages them.

mod declared;
mod folder;
mod list;
mod missing;
mod update;

use super::fetch::SourceFlags;
use super::{Outcome, Problem, Streams};
use crate::disk::Reach;
use crate::error::Error;
use crate::limits::Limits;
pub(crate) use missing::fetch_missing;
use std::path::PathBuf;

/// Fetch and list the dependencies of a chart, as `helm dependency` does
///
/// Chart.yaml declares them, Chart.lock has their exact versions, and charts/ has the charts.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "dep",
    alias = "dependencies",
    after_help = "Examples:\n  airtight dependency build charts/shop\n  airtight dependency update charts/shop\n  \
                  airtight dependency list charts/shop"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Build(BuildArgs),
    Update(UpdateArgs),
    List(ListArgs),
}

/// Fetch the charts of Chart.lock to charts/
///
/// Without a Chart.lock it does what `airtight dependency update` does. Archives in charts/ that do not belong to the lock are removed.
/// Repositories need not be in helm's list.
#[derive(Debug, clap::Args)]
struct BuildArgs {
    #[command(flatten)]
    change: ChangeFlags,
}

/// Fetch the newest charts that fit Chart.yaml to charts/, and write Chart.lock
#[derive(Debug, clap::Args)]
#[command(visible_alias = "up")]
struct UpdateArgs {
    #[command(flatten)]
    change: ChangeFlags,
}

/// The flags of the commands that change `charts/`.
#[derive(Debug, clap::Args)]
struct ChangeFlags {
    /// The folder of the chart
    #[arg(value_name = "CHART", default_value = ".")]
    chart: PathBuf,
    /// Accepted for compatibility with helm: what a version means is always asked anew, unless --offline is given
    #[arg(long, hide = true)]
    skip_refresh: bool,
    /// Allow dependencies in this folder or below it (file://), although it is outside the chart's repository (can be given several
    /// times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
    /// Helm's list of repositories (default: HELM_REPOSITORY_CONFIG, or repositories.yaml in helm's folder); it is only read
    #[arg(long, value_name = "FILE")]
    repository_config: Option<PathBuf>,
    #[command(flatten)]
    source: SourceFlags,
}

/// List the dependencies of a chart, and whether charts/ has them
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls")]
struct ListArgs {
    /// The folder or the archive of the chart
    #[arg(value_name = "CHART", default_value = ".")]
    chart: PathBuf,
    /// The most characters of a column
    #[arg(long, value_name = "NUMBER", default_value = "80")]
    max_col_width: usize,
}

impl ChangeFlags {
    fn reach(&self, limits: &Limits) -> Result<Reach, Error> {
        Reach::new(&self.allow_outside, limits.file_bytes)
    }
}

#[cfg(test)]
impl Args {
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        match &mut self.command {
            Command::Build(BuildArgs { change }) | Command::Update(UpdateArgs { change }) => {
                change.source.set_patience(patience);
            }
            Command::List(_) => {}
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    match &args.command {
        Command::Build(args) => update::run(&args.change, update::Aim::Lock, streams),
        Command::Update(args) => update::run(&args.change, update::Aim::Newest, streams),
        Command::List(args) => list::run(args, streams),
    }
}
