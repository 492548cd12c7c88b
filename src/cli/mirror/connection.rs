//! The flags about connections and credentials.

use crate::cli::connection::{credentials, duration_of, identity, pem};
use crate::disk::Reach;
use crate::error::Error;
use crate::reference::Mirror;
use crate::registry::{Options, Patience, Tls};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// How registries are reached.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connections")]
pub(super) struct ConnectionFlags {
    /// Work on this many artifacts, and send this many blobs, at a time
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// How long to wait in total for each registry that asks to wait or fails for a moment, such as 90s, 10m or 1h
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration_of)]
    retry_budget: Duration,
    /// How long a registry may send nothing, or take nothing, before the connection counts as broken; for an answer, twice as long
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = idle_of)]
    idle_timeout: Duration,
    /// Use HTTP for the mirror
    #[arg(long)]
    plain_http: bool,
    /// Use HTTP for a source registry (can be given several times)
    #[arg(long, value_name = "HOST")]
    source_plain_http: Vec<String>,
    /// Do not verify the certificate of the mirror
    #[arg(long)]
    insecure_skip_tls_verify: bool,
    /// Trust the certificate authorities of this file too, in PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Show this client certificate to the mirror, in PEM
    #[arg(long, value_name = "FILE", requires = "key_file")]
    cert_file: Option<PathBuf>,
    /// The private key of --cert-file, in PEM
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// Read credentials from this file only
    ///
    /// Default: REGISTRY_AUTH_FILE, docker's config.json (DOCKER_CONFIG), and containers/auth.json in XDG_RUNTIME_DIR and
    /// ~/.config, in this order; the first with an entry for the registry counts. Credential helpers that these files name are run.
    #[arg(long, value_name = "FILE")]
    auth_file: Option<PathBuf>,
    /// Send credentials to the token server on this host although it is not in the registry's domain (can be given several times)
    #[arg(long, value_name = "HOST")]
    auth_realm: Vec<String>,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
}

impl ConnectionFlags {
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
        let hosts: BTreeSet<String> = mirror.hosts().into_iter().map(str::to_owned).collect();
        let none = BTreeSet::new;
        let mut plain = if self.plain_http { hosts.clone() } else { none() };
        plain.extend(self.source_plain_http.iter().map(|host| host.to_ascii_lowercase()));
        let authorities = self.ca_file.as_deref().map(|path| pem(reach, "--ca-file", path)).transpose()?;
        let identity = identity(reach, self.cert_file.as_deref(), self.key_file.as_deref())?;
        let identity = identity.map(|(name, text)| (name, text, hosts.clone()));
        Ok(Options {
            tls: Tls {
                plain,
                insecure: if self.insecure_skip_tls_verify { hosts } else { none() },
                authorities,
                identity,
            },
            patience: Patience {
                budget: self.retry_budget,
                idle: self.idle_timeout,
                response: self.idle_timeout * 2,
                ..Patience::default()
            },
            credentials: credentials(reach, self.auth_file.as_deref(), None)?,
            realms: self.auth_realm.iter().map(|host| host.to_ascii_lowercase()).collect(),
        })
    }
}

/// A time of silence: not none, and not so long that it never ends.
fn idle_of(text: &str) -> Result<Duration, String> {
    let idle = duration_of(text)?;
    let is_fit = idle >= Duration::from_secs(1) && idle <= Duration::from_secs(3600);
    if is_fit { Ok(idle) } else { Err("at least 1s, at most 1h".to_owned()) }
}
