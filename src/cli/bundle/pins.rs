//! `--pin` and `--keep-pins`: the digests of what is mirrored.

use crate::bundle::pins::keep;
use crate::bundle::wanted::Wanted;
use crate::chart_reference::RemoteChart;
use crate::cli::fetch::FetchFlags;
use crate::cli::lists::{parse_mirrored, read_lists};
use crate::cli::{Problem, Streams};
use crate::disk::{By, Reach};
use crate::limits::Limits;
use crate::report::plain_line;
use std::path::PathBuf;

/// Where digests come from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Digests")]
pub(super) struct PinFlags {
    /// Ask the source registries for the digest of each reference
    #[cfg(feature = "registry")]
    #[arg(long)]
    pin: bool,
    /// Take digests from earlier lists, a file or a folder; with --pin, only those that they lack are asked for
    #[arg(long, value_name = "LISTS")]
    keep_pins: Option<PathBuf>,
    /// With --pin, use HTTP for a source registry (can be given several times)
    #[cfg(feature = "registry")]
    #[arg(long, value_name = "HOST", requires = "pin")]
    source_plain_http: Vec<String>,
}

impl PinFlags {
    /// Gives artifacts their digests; says which are not known, and returns whether all are that were asked for.
    pub(super) fn pin(
        &self,
        wanted: &mut [Wanted],
        fetch: &FetchFlags,
        charts: &[RemoteChart],
        streams: &mut Streams<'_>,
    ) -> Result<bool, Problem> {
        if let Some(path) = &self.keep_pins {
            let reach = Reach::of_user(Limits::default().file_bytes);
            let lists = read_lists(By::User, path, &reach).and_then(|lists| parse_mirrored(&lists));
            keep(wanted, &lists.map_err(|error| error.after("--keep-pins"))?);
        }
        let is_known = self.ask(wanted, fetch, charts, streams)?;
        let Some(path) = self.keep_pins.as_ref().filter(|_| !self.asks()) else { return Ok(is_known) };
        let mut lacking = wanted.iter().filter(|one| one.artifact.digest.is_none()).peekable();
        let is_known = lacking.peek().is_none();
        for one in lacking {
            let reference = one.artifact.reference.as_written();
            let text = format!("{reference}: {} has no digest of it; --pin asks its registry", path.display());
            writeln!(streams.err, "warning: {}", plain_line(&text))?;
        }
        Ok(is_known)
    }

    #[cfg(feature = "registry")]
    fn asks(&self) -> bool {
        self.pin
    }

    #[cfg(not(feature = "registry"))]
    #[expect(clippy::unused_self, reason = "the same methods as with the network")]
    fn asks(&self) -> bool {
        false
    }

    /// Asks registries for what is not known.
    #[cfg(feature = "registry")]
    fn ask(
        &self,
        wanted: &mut [Wanted],
        fetch: &FetchFlags,
        charts: &[RemoteChart],
        streams: &mut Streams<'_>,
    ) -> Result<bool, Problem> {
        use crate::cli::fetch::Waits;
        use crate::error::Error;
        use crate::mirroring::{Pin, pins};
        if !self.pin {
            return Ok(true);
        }
        if fetch.source.is_offline() {
            return Err(Error::input("--pin asks registries, and --offline forbids it: take --keep-pins LISTS").into());
        }
        let options = fetch.source.options_of_sources(charts, &self.source_plain_http)?;
        let is_open = |one: &&mut Wanted| one.artifact.digest.is_none() || one.artifact.index_platforms.is_empty();
        let mut open: Vec<&mut Wanted> = wanted.iter_mut().filter(is_open).collect();
        // What earlier lists pin is not asked for again, even if they do not say which platforms there are.
        if self.keep_pins.is_some() {
            open.retain(|one| one.artifact.digest.is_none());
        }
        let references: Vec<_> = open.iter().map(|one| one.artifact.reference.clone()).collect();
        let answers = {
            let waits = Waits::new(&mut *streams.err);
            pins(&references, options, &waits)?
        };
        let mut is_known = true;
        for (one, answer) in open.into_iter().zip(answers) {
            match answer {
                Ok(Pin { digest, platforms }) => {
                    one.artifact.digest = Some(digest);
                    one.artifact.index_platforms = platforms;
                }
                Err(why) => {
                    is_known = false;
                    let text = format!("{} is not pinned: {why}", one.artifact.reference.as_written());
                    writeln!(streams.err, "warning: {}", plain_line(&text))?;
                }
            }
        }
        Ok(is_known)
    }

    #[cfg(not(feature = "registry"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the same methods as with the network")]
    fn ask(&self, _: &mut [Wanted], _: &FetchFlags, _: &[RemoteChart], _: &mut Streams<'_>) -> Result<bool, Problem> {
        Ok(true)
    }
}
