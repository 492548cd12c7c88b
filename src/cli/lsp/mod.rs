//! `airtight lsp`: the analysis of `lint` and `blame` for an editor.
//!
//! `workspace` reads an airtight.yaml and says which files belong to its releases, `check` checks the releases of open files, `place` and
//! `group` make problems of findings, `offer` says which fixes an editor may make, `trial` tries them in other releases, and `hover` explains
//! what `cursor` finds under the cursor.

mod check;
mod cursor;
mod group;
mod hover;
mod offer;
mod place;
mod trial;
mod workspace;

use super::door::Verbatim;
use super::release::ReleaseFlags;
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams};
use crate::error::Error;
use crate::lsp::found::Found;
use crate::lsp::{Analyst, Asked, End, HoverText, Open, Stopped, serve};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Serve an editor over the Language Server Protocol: diagnostics, fixes, and who decides a value
///
/// An editor starts it, and speaks with it over stdin and stdout (docs/editors.md). The releases of airtight.yaml that an open file
/// belongs to are checked as by `airtight lint`: values files, and charts in folders. The text in the editor counts, saved or
/// not. Nothing is fetched: a release with a chart from a registry is checked only if the chart is in the cache.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Exit status: 0 after the requests of the editor to shut down and exit, 1 if it goes without them, 2 if stdin \
                        is not that of an editor."
)]
pub(crate) struct Args {
    /// Configuration file (default: airtight.yaml in the folder of a file or a folder above it, and so for the folders of the editor)
    #[arg(long, value_name = "FILE", env = "AIRTIGHT_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Raise (or lower) a limit: template-steps=100000000 (can be given several times)
    #[arg(long = "limit", value_name = "NAME=N")]
    limits: Vec<String>,
    /// Allow reading at this path or below it, even if airtight.yaml, a chart or a link of the repository leads there (can be
    /// given several times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
    /// Take charts from registries from this folder (default: airtight in the user's folder of caches)
    #[arg(long, value_name = "FOLDER", env = "AIRTIGHT_CACHE_DIR", hide_env_values = true)]
    cache_dir: Option<PathBuf>,
    /// Accepted, because some editors pass it: stdin and stdout are used in any case.
    #[arg(long, hide = true)]
    stdio: bool,
    #[command(flatten)]
    settings: SettingsFlags,
}

/// The analysis with the flags of the command.
struct Checker {
    args: Args,
    release: ReleaseFlags,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let checker = Checker::of(args)?;
    if std::io::stdin().is_terminal() {
        let _ =
            writeln!(streams.err, "waiting for an editor on stdin: airtight lsp is started by one (docs/editors.md)");
    }
    let out = streams.out.verbatim(Verbatim::Protocol)?;
    match serve(&checker, streams.input, out) {
        Ok(End::Orderly) => Ok(Outcome::Clean),
        // The protocol's status for a client that exits without a shutdown.
        Ok(End::Abrupt) => Ok(Outcome::Findings),
        Err(Stopped::Input(why)) => Err(Error::input(why).into()),
        Err(Stopped::System(error)) => Err(error.into()),
    }
}

impl Checker {
    /// Paths of flags are relative to the folder in which the command was started, which is left.
    fn of(args: &Args) -> Result<Self, Error> {
        let mut args = args.clone();
        let paths = args.config.iter_mut().chain(&mut args.baseline).chain(&mut args.cache_dir);
        for path in paths.chain(&mut args.allow_outside) {
            *path = absolute(path);
        }
        args.settings.make_absolute(absolute);
        let release = ReleaseFlags {
            limits: args.limits.clone(),
            allow_outside: args.allow_outside.clone(),
            ..ReleaseFlags::default()
        };
        // What is wrong with flags is said at once.
        release.limits()?;
        release.reach()?;
        args.settings.levels(&crate::config::Config::default())?;
        Ok(Self { args, release })
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

impl Analyst for Checker {
    type Kept = check::Kept;

    fn enter(&self, folder: &Path) {
        // Where that fails, paths are shown as they are seen from the folder in which the server was started.
        let _ = std::env::set_current_dir(folder);
    }

    fn check(&self, asked: &Asked, kept: &mut check::Kept, is_stale: &(dyn Fn() -> bool + Sync)) -> Option<Found> {
        check::check(self, asked, kept, is_stale)
    }

    fn hover(&self, open: &Open, path: &Path, at: usize) -> Option<HoverText> {
        hover::hover(self, open, path, at)
    }
}
