//! `airtight bundle`: the lists of what a mirror must hold.

mod check;
mod convert;
mod diff;
mod explore;
mod pins;
mod write;

use super::{Outcome, Problem, Streams};
use write::WriteFlags;

/// Write the lists of everything that a release can need, over all of its switches
///
/// images.txt has all images; of a chart with dependencies, images-core.txt has those of the chart itself, and images-NAME.txt those of
/// each dependency; charts.txt has the charts in registries; artifacts.txt has everything. bundle.json says what needs each, and with
/// which settings. Without CHART, the lists are those of all releases of airtight.yaml, and images-NAME.txt has the images of one of them.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    override_usage = "airtight bundle [OPTIONS] [CHART]\n       airtight bundle <COMMAND>",
    after_help = "Examples:\n  \
                  airtight bundle charts/addons -d bundle\n  \
                  airtight bundle --release shop/prod -d bundle --comments\n  \
                  airtight bundle --pin --keep-pins bundle\n  \
                  airtight bundle check bundle charts/addons\n\n\
                  Exit status: 0 success, 1 the lists may be incomplete (stderr says why), 2 the chart or a flag cannot be used."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    write: WriteFlags,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(Box<check::Args>),
    Convert(Box<convert::Args>),
    Diff(diff::Args),
}

impl Args {
    #[cfg(all(test, feature = "registry"))]
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        match &mut self.command {
            Some(Command::Check(args)) => args.explore.render.set_patience(patience),
            _ => self.write.explore.render.set_patience(patience),
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    match &args.command {
        None => write::run(&args.write, streams),
        Some(Command::Check(args)) => check::run(args, streams),
        Some(Command::Convert(args)) => convert::run(args, streams),
        Some(Command::Diff(args)) => diff::run(args, streams),
    }
}
