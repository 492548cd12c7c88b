//! The flags about connections.

use crate::cli::connection::{ConnectionFlags, Hosts};
use crate::cli::duration::duration_of;
use crate::disk::Reach;
use crate::error::Error;
use crate::reference::Mirror;
use crate::registry::{Options, Patience};
use std::time::Duration;

/// How artifacts are copied, and how registries are reached.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connections")]
pub(super) struct WorkFlags {
    /// Work on this many artifacts, and send this many blobs, at a time
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// How long a registry may send nothing, or take nothing, before the connection counts as broken; for an answer, twice as long
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = idle_of)]
    idle_timeout: Duration,
    /// Use HTTP for a source registry (can be given several times)
    #[arg(long, value_name = "HOST")]
    source_plain_http: Vec<String>,
    #[command(flatten)]
    connection: ConnectionFlags,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
}

impl WorkFlags {
    /// The artifacts at a time.
    pub(super) fn concurrency(&self) -> usize {
        usize::from(self.concurrency)
    }

    /// Whether no progress is printed.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// How a client for a mirror works; reads the files.
    pub(super) fn options(&self, mirror: &Mirror, reach: &Reach) -> Result<Options, Error> {
        let hosts = || mirror.hosts().into_iter().map(str::to_owned).collect();
        let patience = Patience {
            budget: self.connection.retry_budget,
            idle: self.idle_timeout,
            response: self.idle_timeout * 2,
            ..Patience::default()
        };
        let hosts = Hosts { registries: hosts(), all: hosts() };
        let mut options = self.connection.options(hosts, None, patience, reach)?;
        options.tls.plain.extend(self.source_plain_http.iter().map(|host| host.to_ascii_lowercase()));
        Ok(options)
    }
}

/// A time of silence: not none, and not so long that it never ends.
fn idle_of(text: &str) -> Result<Duration, String> {
    let idle = duration_of(text)?;
    let is_fit = idle >= Duration::from_secs(1) && idle <= Duration::from_secs(3600);
    if is_fit { Ok(idle) } else { Err("at least 1s, at most 1h".to_owned()) }
}
