//! `airtight bundle`: the lists of what a mirror must hold.

mod convert;

use super::{Outcome, Problem, Streams};

/// Work with the lists of what is mirrored
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Convert(Box<convert::Args>),
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    match &args.command {
        Command::Convert(args) => convert::run(args, streams),
    }
}
