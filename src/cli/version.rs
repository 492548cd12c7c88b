//! `airtight version`, and `--version`: which program this is.

use super::{Outcome, Problem, Streams};
use crate::disk::look;
use crate::helm::HelmVersion;
use clap::ValueEnum;
use serde::Serialize;
use std::sync::LazyLock;

/// Print the version, the commit, the versions of helm that are followed, and the features of this build
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each
    Text,
    /// For programs: an object with version, commit (if it is known), helm, features
    Json,
}

/// The versions of helm whose behaviour is followed, by major version.
const HELM: [(&str, &str); 2] = [("4", HelmVersion::V4.followed()), ("3", HelmVersion::V3.followed())];

/// What `--version` prints after the name.
static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = commit().map(|commit| format!("commit: {commit}\n")).unwrap_or_default();
    let [(_, helm), (older, other)] = HELM;
    format!(
        "{}\n{commit}helm: {helm}, and {other} with --helm-version {older}\nfeatures: {}",
        env!("CARGO_PKG_VERSION"),
        features().join(", ")
    )
});

/// The features that this program can be built with, and whether it was.
const FEATURES: [(&str, bool); 4] = [
    ("cluster", cfg!(feature = "cluster")),
    ("html", cfg!(feature = "html")),
    ("lsp", cfg!(feature = "lsp")),
    ("registry", cfg!(feature = "registry")),
];

#[derive(Serialize)]
struct About {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
    helm: serde_json::Map<String, serde_json::Value>,
    features: Vec<&'static str>,
}

/// The features of this build.
fn features() -> Vec<&'static str> {
    FEATURES.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect()
}

/// The commit that it was built from, if that is known: release builds of a checkout know it.
fn commit() -> Option<&'static str> {
    option_env!("AIRTIGHT_COMMIT").filter(|commit| !commit.is_empty())
}

/// The program and its commit, for files that only the same program reads: `airtight 0.1.0 (1f2e3d4c…)`.
pub(super) fn identity() -> String {
    let commit = commit().map(|commit| format!(" ({commit})")).unwrap_or_default();
    format!("airtight {}{commit}", env!("CARGO_PKG_VERSION"))
}

/// The build, for results that only the same build may use. A build for development has no commit, so its file says which it is.
pub(super) fn build() -> String {
    let own = || {
        let path = std::env::current_exe().ok()?;
        let (size, made) = (look::size(&path)?, look::changed(&path)?);
        Some(format!("{size} {made:?}"))
    };
    match commit() {
        Some(_) => identity(),
        None => format!("{} {}", identity(), own().unwrap_or_default()),
    }
}

/// What `--version` prints after the name.
pub(super) fn long() -> &'static str {
    LONG.as_str()
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    match args.format {
        Format::Text => writeln!(streams.out, "airtight {}", long())?,
        Format::Json => {
            let helm = HELM.iter().map(|(major, version)| ((*major).to_owned(), (*version).into())).collect();
            let about = About { version: env!("CARGO_PKG_VERSION"), commit: commit(), helm, features: features() };
            serde_json::to_writer_pretty(&mut *streams.out, &about).map_err(std::io::Error::from)?;
            writeln!(streams.out)?;
        }
    }
    Ok(Outcome::Clean)
}
