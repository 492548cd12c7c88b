//! The flags about connections and credentials.

use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::go::time::duration;
use crate::reference::Mirror;
use crate::registry::{Credentials, Options, Patience, Tls, credential_files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
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
        let read = |flag: &str, path: &Path| {
            let text = reach.read(By::User, path).map_err(|error| error.after(flag))?;
            Ok::<_, Error>((format!("{flag} {}", path.display()), text))
        };
        let authorities = self.ca_file.as_deref().map(|path| read("--ca-file", path)).transpose()?;
        let identity = match (&self.cert_file, &self.key_file) {
            (Some(certificate), Some(key)) => {
                let (name, mut text) = read("--cert-file", certificate)?;
                text.push(b'\n');
                text.extend(read("--key-file", key)?.1);
                Some((name, text, hosts.clone()))
            }
            _ => None,
        };
        Ok(Options {
            tls: Tls {
                plain,
                insecure: if self.insecure_skip_tls_verify { hosts } else { none() },
                authorities,
                identity,
            },
            patience: Patience { budget: self.retry_budget, ..Patience::default() },
            credentials: self.credentials(reach)?,
            realms: self.auth_realm.iter().map(|host| host.to_ascii_lowercase()).collect(),
        })
    }

    fn credentials(&self, reach: &Reach) -> Result<Credentials, Error> {
        let given = self.auth_file.is_some();
        let mut files = Vec::new();
        for path in credential_files(self.auth_file.clone(), |name| std::env::var_os(name)) {
            // Which of the usual files are there differs.
            if given || look::is_there(&path) {
                let text = reach.read(By::User, &path);
                let text = text.map_err(|error| if given { error.after("--auth-file") } else { error })?;
                files.push((path.display().to_string(), text));
            }
        }
        Credentials::read(files).map_err(|error| Error::input(error.to_string()))
    }
}

/// A duration as helm and kubectl write it.
fn duration_of(text: &str) -> Result<Duration, String> {
    let nanoseconds = duration::parse(text.as_bytes())?;
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| "a duration must not be negative".to_owned())
}
