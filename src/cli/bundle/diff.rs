//! `airtight bundle diff`: what changes from one set of lists to another.

use crate::bundle::artifact::Artifact;
use crate::bundle::comparison::Comparison;
use crate::cli::lists::{parse_mirrored, read_lists};
use crate::cli::output::terminal_width;
use crate::cli::{Outcome, Problem, Streams};
use crate::disk::{By, Reach};
use crate::limits::Limits;
use crate::report::comparison::{Compared, json, text};
use crate::report::plain_line;
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Print what changes from one set of lists to another: new artifacts, other tags and digests, and those that are gone
///
/// Lists have any form that bundle convert reads. What brings each artifact is printed if bundle.json is among them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight bundle diff bundle-1.4 bundle-1.5\n  \
                        airtight bundle diff old/artifacts.txt bundle --exit-code\n\n\
                        Exit status: 0 success, 1 with --exit-code there are changes, or a list names what is not in a registry (stderr says \
                        what), 2 a list cannot be read.")]
pub(super) struct Args {
    /// The lists before: a file, or a folder of them
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The lists now
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Exit with status 1 if there are changes
    #[arg(long)]
    exit_code: bool,
}

/// The formats of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// For programs (docs/comparison.schema.json)
    Json,
}

/// Runs the command.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let reach = Reach::of_user(Limits::default().file_bytes);
    let (old, is_old_complete) = read(&args.old, &reach, streams)?;
    let (new, is_new_complete) = read(&args.new, &reach, streams)?;
    let compared = Compared {
        old: args.old.display().to_string(),
        new: args.new.display().to_string(),
        is_complete: is_old_complete && is_new_complete,
        comparison: Comparison::of(&old, &new),
    };
    match args.format {
        Format::Text => text::write(&compared, terminal_width(), streams.out)?,
        Format::Json => json::write(&compared, streams.out)?,
    }
    let is_told = args.exit_code && !compared.comparison.changes.is_empty();
    Ok(if is_told || !compared.is_complete { Outcome::Findings } else { Outcome::Clean })
}

/// The artifacts of lists, and whether these are all that the lists name.
fn read(path: &Path, reach: &Reach, streams: &mut Streams<'_>) -> Result<(Vec<Artifact>, bool), Problem> {
    let bundle = parse_mirrored(&read_lists(By::User, path, reach)?)?;
    for one in &bundle.left_out {
        writeln!(streams.err, "warning: {}", plain_line(&format!("{}: not compared: {}", one.at, one.what)))?;
    }
    Ok((bundle.merged(), bundle.left_out.is_empty()))
}
