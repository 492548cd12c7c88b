//! [`ConnectionFlags`]: how the commands that use the network reach hosts: TLS, certificates and credentials.

use super::duration::duration_of;
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::registry::{Credentials, Options, Patience, Tls, credential_files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How registries and repositories are reached.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConnectionFlags {
    /// Use HTTP for registries; `mirror` uses it for the mirror alone
    #[arg(long)]
    pub(super) plain_http: bool,
    /// Do not verify the certificates of registries and repositories; `mirror` still verifies those of sources
    #[arg(long)]
    insecure_skip_tls_verify: bool,
    /// Trust the certificate authorities of this file too, in PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Show this client certificate to registries and repositories, in PEM; `mirror` shows it to the mirror alone
    #[arg(long, value_name = "FILE", requires = "key_file")]
    cert_file: Option<PathBuf>,
    /// The private key of --cert-file, in PEM
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// Read credentials from this file only
    ///
    /// Default: for charts helm's registry/config.json (HELM_REGISTRY_CONFIG); then REGISTRY_AUTH_FILE, docker's config.json
    /// (DOCKER_CONFIG), and containers/auth.json in XDG_RUNTIME_DIR and ~/.config, in this order; the first with an entry for the registry
    /// counts. Credential helpers that these files name are run.
    #[arg(long, value_name = "FILE", alias = "registry-config")]
    auth_file: Option<PathBuf>,
    /// Send credentials to the token server on this host although it is not in the registry's domain (can be given several times)
    #[arg(long, value_name = "HOST")]
    auth_realm: Vec<String>,
    /// How long to wait in total for each registry that asks to wait or fails for a moment, such as 90s, 10m or 1h
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration_of)]
    pub(super) retry_budget: Duration,
}

impl Default for ConnectionFlags {
    fn default() -> Self {
        Self {
            plain_http: false,
            insecure_skip_tls_verify: false,
            ca_file: None,
            cert_file: None,
            key_file: None,
            auth_file: None,
            auth_realm: Vec::new(),
            retry_budget: Patience::default().budget,
        }
    }
}

/// The hosts that the flags are about.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// Those that `--plain-http` is about: registries.
    pub(super) registries: BTreeSet<String>,
    /// All of them.
    pub(super) all: BTreeSet<String>,
}

impl ConnectionFlags {
    /// How a client works that reaches some hosts by these flags; reads the files. The credentials of `first` come before those of the usual
    /// files.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it should be.
    pub(super) fn options(
        &self,
        hosts: Hosts,
        first: Option<PathBuf>,
        patience: Patience,
        reach: &Reach,
    ) -> Result<Options, Error> {
        let Hosts { registries, all } = hosts;
        let authorities = self.ca_file.as_deref().map(|path| pem(reach, "--ca-file", path)).transpose()?;
        let identity = self.identity(reach)?.map(|(name, text)| (name, text, all.clone()));
        let tls = Tls {
            plain: if self.plain_http { registries } else { BTreeSet::new() },
            insecure: if self.insecure_skip_tls_verify { all } else { BTreeSet::new() },
            authorities,
            identity,
        };
        let credentials = credentials(reach, self.auth_file.as_deref(), first)?;
        let realms = self.auth_realm.iter().map(|host| host.to_ascii_lowercase()).collect();
        Ok(Options { tls, patience, credentials, realms })
    }

    /// The client certificate with its key, and its name for messages.
    fn identity(&self, reach: &Reach) -> Result<Option<(String, Vec<u8>)>, Error> {
        let (Some(certificate), Some(key)) = (&self.cert_file, &self.key_file) else { return Ok(None) };
        let (name, mut text) = pem(reach, "--cert-file", certificate)?;
        text.push(b'\n');
        text.extend(pem(reach, "--key-file", key)?.1);
        Ok(Some((name, text)))
    }
}

/// A file in PEM, with its name for messages.
fn pem(reach: &Reach, flag: &str, path: &Path) -> Result<(String, Vec<u8>), Error> {
    let text = reach.read(By::User, path).map_err(|error| error.after(flag))?;
    Ok((format!("{flag} {}", path.display()), text))
}

/// The credentials of the user's files: of `given` (`--auth-file`) alone, or of `first` and the usual ones.
fn credentials(reach: &Reach, given: Option<&Path>, first: Option<PathBuf>) -> Result<Credentials, Error> {
    let usual = credential_files(given.map(Path::to_path_buf), |name| std::env::var_os(name));
    let first = first.filter(|_| given.is_none());
    let mut files = Vec::new();
    for path in first.into_iter().chain(usual) {
        // Which of the usual files are there differs.
        if given.is_some() || look::is_there(&path) {
            let text = reach.read(By::User, &path);
            let text = text.map_err(|error| if given.is_some() { error.after("--auth-file") } else { error })?;
            files.push((path.display().to_string(), text));
        }
    }
    Credentials::read(files).map_err(|error| Error::input(error.to_string()))
}
