//! Finds `airtight.yaml` and reads it.

use crate::config::{Config, FILE_NAME};
use crate::disk::{By, Reach, look};
use crate::source::File;
use std::path::{Path, PathBuf};

/// The flags that say which configuration counts.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub struct ConfigFlags {
    /// The configuration (default: airtight.yaml of the working folder or of one above it)
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
}

impl ConfigFlags {
    /// The configuration; an empty one where there is none. What it names is read in its repository from then on.
    pub fn read(&self, reach: &mut Reach) -> Result<Config, String> {
        match self.path() {
            None => Ok(Config::default()),
            Some((by, path)) => {
                reach.set_configuration(path.parent().unwrap_or(Path::new("")))?;
                let file = File::on_disk(shown(&path), seen(&path), reach.read(by, &path)?);
                // A line each, and each an error of its own.
                Config::parse(&file, &folder(&path)).map_err(|problems| problems.replace('\n', "\nError: "))
            }
        }
    }

    fn path(&self) -> Option<(By, PathBuf)> {
        if self.no_config {
            return None;
        }
        let typed = self.config.clone().map(|path| (By::User, path));
        typed.or_else(|| find().map(|path| (By::Repository, path)))
    }
}

/// The folder of the configuration as people see it; empty for the working folder.
pub fn folder(path: &Path) -> String {
    path.parent().map(shown).unwrap_or_default()
}

/// Where a configuration is looked for, the nearest first, whether one is there or not.
pub(super) fn searched() -> Vec<PathBuf> {
    let Ok(here) = look::working_folder() else { return Vec::new() };
    let mut up = PathBuf::new();
    let mut paths = Vec::new();
    for folder in here.ancestors() {
        paths.push(up.join(FILE_NAME));
        if look::exists(&folder.join(".git")) {
            break;
        }
        up.push("..");
    }
    paths
}

/// The nearest configuration, seen from the working folder: `../../airtight.yaml`. A repository ends the search.
fn find() -> Option<PathBuf> {
    // One that cannot be read is an error, and not none.
    searched().into_iter().find(|path| look::is_no_folder(path))
}

/// A path with `/`, as people see it.
pub(super) fn shown(path: &Path) -> String {
    let path = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { path.into_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// A path as seen from the working folder; `None` where it lies elsewhere and was given from the root on.
pub(super) fn seen(path: &Path) -> Option<String> {
    if path.is_absolute() {
        let here = look::working_folder().ok()?;
        return path.strip_prefix(here).ok().map(shown);
    }
    let path = shown(path);
    let mut rest = path.as_str();
    while let Some(after) = rest.strip_prefix("./") {
        rest = after.trim_start_matches('/');
    }
    Some(rest.to_owned())
}
