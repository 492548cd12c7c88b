//! Finds and reads `airtight.yaml`.

use crate::config::{Config, FILE_NAME};
use crate::disk::{By, Reach, look, seen, shown};
use crate::error::Error;
use crate::source::File;
use std::path::{Path, PathBuf};

/// The flags that select the configuration.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ConfigFlags {
    /// Configuration file (default: airtight.yaml in the working folder or a folder above it)
    #[arg(long, value_name = "FILE", env = "AIRTIGHT_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Do not read a configuration file, whatever --config or the environment names
    #[arg(long)]
    pub no_config: bool,
}

impl ConfigFlags {
    /// The configuration; empty if there is none. From then on, the paths that it names are read within its repository.
    pub(crate) fn read(&self, reach: &mut Reach) -> Result<Config, Error> {
        match self.path() {
            None => Ok(Config::default()),
            Some((by, path)) => {
                reach.set_configuration(path.parent().unwrap_or(Path::new("")))?;
                let file = File::on_disk(shown(&path), seen(&path), reach.read(by, &path)?);
                // One line for each error.
                Config::parse(&file, &folder(&path))
                    .map_err(|problems| problems.reworded(|text| text.replace('\n', "\nError: ")))
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

/// The folder of the configuration, for messages; empty for the working folder.
pub(crate) fn folder(path: &Path) -> String {
    path.parent().map(shown).unwrap_or_default()
}

/// A folder and those above it in which a configuration is searched for, the nearest first. The search ends at a repository.
fn around(folder: &Path) -> Vec<&Path> {
    let mut folders = Vec::new();
    for folder in folder.ancestors() {
        folders.push(folder);
        if look::exists(&folder.join(".git")) {
            break;
        }
    }
    folders
}

/// Where a configuration is searched for, the nearest first, whether a file exists or not.
pub(super) fn searched() -> Vec<PathBuf> {
    let Ok(here) = look::working_folder() else { return Vec::new() };
    let up = std::iter::successors(Some(PathBuf::new()), |up| Some(up.join("..")));
    around(&here).iter().zip(up).map(|(_, up)| up.join(FILE_NAME)).collect()
}

/// The nearest configuration of an absolute folder.
#[cfg(feature = "lsp")]
pub(super) fn nearest(folder: &Path) -> Option<PathBuf> {
    around(folder).into_iter().map(|folder| folder.join(FILE_NAME)).find(|path| look::is_no_folder(path))
}

/// The nearest configuration, relative to the working folder: `../../airtight.yaml`.
fn find() -> Option<PathBuf> {
    // A file that cannot be read is an error, not a missing file.
    searched().into_iter().find(|path| look::is_no_folder(path))
}
