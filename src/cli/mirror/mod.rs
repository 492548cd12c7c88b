//! `airtight mirror`: copies artifacts to the mirror; `airtight mirror check`: says what it does not have.

mod connection;
mod disk;
mod follower;
mod lists;

use super::settings::LayoutFlag;
use super::{Outcome, Problem, Streams};
use crate::disk::Reach;
use crate::error::Error;
use crate::limits::Limits;
use crate::mirroring::{
    Checking, Copying, Item, Platform, Platforms, Source, State, Target, Wish, plan, plan_for_disk, run as work,
};
use crate::oci_layout::ImageLayout;
use crate::reference::Mirror;
use crate::registry::{Client, Patience};
use crate::report::mirror::{Mirrored, Mode};
use crate::report::plain_line;
use crate::runtime::runtime;
use clap::ValueEnum;
use connection::WorkFlags;
use disk::{FromFlags, ToFlags, artifacts};
use follower::Follower;
use lists::{Lists, read};
use std::path::PathBuf;

/// Copy the artifacts of lists to the mirror: images, charts, and their signatures
///
/// Digests stay as they are. What the mirror has already is not sent again, and a tag is written when everything below it is there: a
/// run that was interrupted is simply run again.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    override_usage = "airtight mirror [OPTIONS] <TARGET> [LIST]...\n       airtight mirror [OPTIONS] --to <PATH> [LIST]...\n       \
                      airtight mirror <COMMAND>",
    after_help = "Examples:\n  \
                  airtight mirror mirror.internal artifacts.txt --dry-run\n  \
                  airtight images charts/shop --mirror mirror.internal --source --format list | airtight mirror mirror.internal -\n  \
                  airtight mirror docker.io=harbor.corp/hub,harbor.corp/other images.txt charts.txt\n  \
                  airtight mirror --to /media/usb/bundle.tar --chunk-size 4G artifacts.txt\n  \
                  airtight mirror mirror.internal --from /media/usb/bundle.tar\n\n\
                  Exit status: 0 the mirror has everything, 1 some artifacts could not be copied (the summary says why), 2 nothing was \
                  copied: a flag or a list cannot be used."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    what: WhatFlags,
    #[command(flatten)]
    copy: CopyFlags,
    #[command(flatten)]
    connection: WorkFlags,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(CheckArgs),
}

/// Check that the mirror has all artifacts of lists, with all their manifests and blobs
///
/// Only the mirror is asked, with the credentials that pull from it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 the mirror has everything, 1 something is missing or has another digest, 2 something could not be \
                        checked."
)]
struct CheckArgs {
    #[command(flatten)]
    what: WhatFlags,
    #[command(flatten)]
    connection: WorkFlags,
}

/// The artifacts, and where they belong.
#[derive(Debug, clap::Args)]
struct WhatFlags {
    /// The mirror: a host, optionally with a port and a path; or SOURCE=HOST/PATH for each source registry, comma-separated
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// The lists: files, folders with artifacts.txt, images.txt, images-*.txt or charts.txt, or - for stdin (default: artifacts.txt)
    ///
    /// A line is a reference with a tag, a digest or both; optionally followed by its digest, or by its place on the mirror. Charts may
    /// begin with oci://. Tables and the lists of other tools are read, too (docs/bundle.md).
    #[arg(value_name = "LIST")]
    lists: Vec<PathBuf>,
    /// How a source reference maps to a path on the mirror
    #[arg(long, value_enum, default_value = "path")]
    layout: LayoutFlag,
    /// Format of the summary
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    from: FromFlags,
    /// Only these platforms of an index, such as linux/amd64,linux/arm64; the digest of the index becomes another one
    ///
    /// An image without an index is copied as it is. The digest of an index that is reduced must not be in the list.
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    platform: Vec<Platform>,
}

/// What is copied.
#[derive(Debug, clap::Args)]
struct CopyFlags {
    /// Print what would be copied and how much of it the mirror has; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Also look below the artifacts that the mirror has: send what is missing there, and signatures that are new
    #[arg(long, conflicts_with = "dry_run")]
    repair: bool,
    /// Do not copy the signatures, attestations and SBOMs that refer to an artifact
    #[arg(long)]
    no_referrers: bool,
    #[command(flatten)]
    to: ToFlags,
}

/// The formats of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: what is not as it should be, and the sums
    Text,
    /// For programs (docs/mirror.schema.json)
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    run_with(args, |patience| patience, streams)
}

/// Runs the command, given as words, with another patience.
#[cfg(test)]
pub(crate) fn run_patiently(
    args: Vec<String>,
    patience: impl Fn(Patience) -> Patience,
    streams: &mut Streams<'_>,
) -> Outcome {
    use clap::{Args as _, FromArgMatches as _};
    let command = Args::augment_args(clap::Command::new("mirror"));
    let matches = command.try_get_matches_from(&args[1..]).unwrap_or_else(|error| panic!("{error}"));
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| panic!("{error}"));
    match run_with(&args, patience, streams) {
        Ok(outcome) => outcome,
        Err(Problem::Error(text)) => {
            let _ = writeln!(streams.err, "Error: {text}");
            Outcome::Failed
        }
        Err(Problem::Write(error)) => panic!("{error}"),
    }
}

fn run_with(
    args: &Args,
    patience: impl Fn(Patience) -> Patience,
    streams: &mut Streams<'_>,
) -> Result<Outcome, Problem> {
    let (what, connection, mode) = match &args.command {
        Some(Command::Check(check)) => (&check.what, &check.connection, Mode::Check),
        None => (&args.what, &args.connection, if args.copy.dry_run { Mode::Plan } else { Mode::Copy }),
    };
    let platforms = Platforms::new(what.platform.clone());
    let with_referrers = !args.copy.no_referrers;
    let wish = match mode {
        Mode::Plan => Wish::Plan,
        _ if args.copy.repair => Wish::Repair,
        _ => Wish::Copy,
    };
    let reach = Reach::of_user(Limits::default().file_bytes);
    let to = &args.copy.to;
    let layout = what.from.open(&reach)?;
    for problem in layout.iter().flat_map(ImageLayout::problems) {
        writeln!(streams.err, "warning: {}", plain_line(problem))?;
    }
    let Work { shown, mirror, items, has_others } = work_of(what, to, layout.as_ref(), &reach, streams)?;
    // Until the end: what an earlier run left is read when it is opened, and continued.
    let _lock = if mode == Mode::Copy { to.lock(&reach)? } else { None };
    let writer = to.open(&reach, args.copy.repair)?;
    if let Some(problem) = writer.as_ref().and_then(|writer| writer.problem.as_ref()) {
        writeln!(streams.err, "warning: {}; what follows is written again", plain_line(problem))?;
    }
    let mut options = connection.options(&mirror, &reach)?;
    options.patience = patience(options.patience);
    let runtime = runtime()?;
    let at_a_time = connection.concurrency();
    let (outcomes, requests, quotas) = {
        let follower = Follower::new(&mut *streams.err, items.len(), connection.is_quiet());
        runtime.block_on(async {
            let client = Client::new(options, &follower).map_err(|error| Error::input(error.to_string()))?;
            let outcomes = match mode {
                Mode::Check => {
                    let checking = Checking::new(&client, platforms);
                    work(&items, at_a_time, &follower, |number| checking.check(&items[number])).await
                }
                Mode::Copy | Mode::Plan => {
                    let source = layout.as_ref().map_or(Source::Registries(&client), Source::Layout);
                    let target = writer.as_ref().map_or(Target::Mirror(&client), Target::Layout);
                    let copying = Copying::new(source, target, &follower, at_a_time, with_referrers, platforms, wish);
                    work(&items, at_a_time, &follower, |number| copying.copy(&items[number])).await
                }
            };
            let finished = match &writer {
                Some(writer) if mode == Mode::Copy => writer.finish().await,
                _ => Ok(()),
            };
            follower.finish();
            finished.map_err(|error| Error::file(error.to_string()))?;
            Ok::<_, Error>((outcomes, client.requests(), client.quotas()))
        })?
    };
    let mirrored = Mirrored {
        mirror: shown,
        from: what.from.shown(),
        is_on_disk: to.is_given(),
        mode,
        artifacts: items.into_iter().zip(outcomes).collect(),
        requests,
        quotas,
        copy_command: what.command(),
        repair_command: format!("{} --repair", what.command()),
    };
    match what.format {
        Format::Text => mirrored.write_text(streams.out)?,
        Format::Json => mirrored.write_json(streams.out)?,
    }
    let is_any = |states: &[State]| states.iter().any(|&state| mirrored.count(state) > 0);
    Ok(match mode {
        Mode::Check if is_any(&[State::Failed]) => Outcome::Failed,
        _ if has_others || is_any(&[State::Failed, State::Missing, State::Differs]) => Outcome::Findings,
        _ => Outcome::Clean,
    })
}

/// What is to be done.
struct Work {
    /// The mirror or the layout, as given.
    shown: String,
    mirror: Mirror,
    items: Vec<Item>,
    /// Whether the lists name something that is not copied.
    has_others: bool,
}

fn work_of(
    what: &WhatFlags,
    to: &ToFlags,
    layout: Option<&ImageLayout<'_>>,
    reach: &Reach,
    streams: &mut Streams<'_>,
) -> Result<Work, Problem> {
    if let Some((shown, name)) = to.names()? {
        // There is no mirror, so the first argument is a list too.
        let lists: Vec<PathBuf> = what.target.iter().map(PathBuf::from).chain(what.lists.iter().cloned()).collect();
        let Lists { artifacts, has_others } = read(&lists, &what.platform, reach, streams)?;
        let items = plan_for_disk(&artifacts, &name)?;
        return Ok(Work { shown, mirror: Mirror::nowhere(), items, has_others });
    }
    let Some(target) = &what.target else {
        return Err(Error::input("no mirror is given: airtight mirror HOST").into());
    };
    let places: Vec<&str> = target.split(',').map(str::trim).filter(|place| !place.is_empty()).collect();
    let mirror = Mirror::parse_all(&places).map_err(Error::input)?;
    let Lists { artifacts, has_others } = match layout {
        Some(layout) if what.lists.is_empty() => {
            Lists { artifacts: artifacts(layout, what.platform.is_empty())?, ..Lists::default() }
        }
        _ => read(&what.lists, &what.platform, reach, streams)?,
    };
    let items = plan(&artifacts, &mirror, what.layout.into())?;
    Ok(Work { shown: target.clone(), mirror, items, has_others })
}

impl WhatFlags {
    /// The command that copies the same lists.
    fn command(&self) -> String {
        let lists = self.lists.iter().map(|path| format!(" {}", path.display())).collect::<String>();
        let layout = match self.layout.to_possible_value() {
            Some(value) if self.layout != LayoutFlag::Path => format!(" --layout {}", value.get_name()),
            _ => String::new(),
        };
        let platforms: Vec<String> = self.platform.iter().map(ToString::to_string).collect();
        let platforms =
            if platforms.is_empty() { String::new() } else { format!(" --platform {}", platforms.join(",")) };
        let from = self.from.shown().map(|path| format!(" --from {path}")).unwrap_or_default();
        format!("airtight mirror {}{lists}{layout}{platforms}{from}", self.target.as_deref().unwrap_or_default())
    }
}
