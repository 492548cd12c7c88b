//! The flags that say what is checked, and against what.

use super::release::read_file;
use crate::bundle::{self, Bundle};
use crate::images::{Layout, Mirror};
use crate::rules::RULES;
use crate::settings::{Level, Settings};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// What is checked, and against what.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is checked")]
pub struct SettingsFlags {
    /// The private registry all images must be pulled from: a host, with a port and a path if need be
    #[arg(long, value_name = "HOST")]
    mirror: String,
    /// Where on the mirror a source reference goes
    #[arg(long, value_enum, default_value = "path")]
    layout: LayoutFlag,
    /// The value that charts read the mirror from, set to the mirror unless the values set it (can be given several
    /// times; default: global.imageRegistry)
    #[arg(long, value_name = "PATH")]
    global_key: Vec<String>,
    /// Name of the pull secret that every pod needs, besides what global.imagePullSecrets says (can be given several times)
    #[arg(long, value_name = "NAME")]
    pull_secret: Vec<String>,
    /// Folder with the lists of what was mirrored: artifacts.txt, images.txt, images-*.txt, charts.txt
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
    /// Check a rule that is off by default (can be given several times, or comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,
    /// Do not check a rule (can be given several times, or comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
}

/// The layouts by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LayoutFlag {
    /// quay.io/jetstack/x → MIRROR/jetstack/x
    #[default]
    Path,
    /// quay.io/jetstack/x → MIRROR/quay.io/jetstack/x
    HostAndPath,
    /// quay.io/jetstack/x → MIRROR/x
    Name,
}

impl SettingsFlags {
    /// What the flags come to; the error names the flag.
    pub fn settings(&self) -> Result<Settings, String> {
        let mirror = Mirror::parse(&self.mirror).map_err(|error| format!("--mirror: {error}"))?;
        let layout = match self.layout {
            LayoutFlag::Path => Layout::Path,
            LayoutFlag::HostAndPath => Layout::HostAndPath,
            LayoutFlag::Name => Layout::Name,
        };
        let mut settings = Settings {
            layout,
            global_keys: self.global_key.clone(),
            pull_secrets: self.pull_secret.clone(),
            bundle: self.bundle.as_deref().map(read_bundle).transpose()?,
            ..Settings::new(mirror)
        };
        for (flag, rules, level) in [("--select", &self.select, Level::On), ("--ignore", &self.ignore, Level::Off)] {
            for rule in rules {
                let known = RULES.iter().find(|known| known.id == rule);
                let known = known.ok_or_else(|| format!("{flag}: there is no rule {rule:?}"))?;
                settings.rules.insert(known.id.to_owned(), level);
            }
        }
        Ok(settings)
    }
}

/// Reads the lists of a bundle, in the order of their names.
fn read_bundle(folder: &Path) -> Result<Bundle, String> {
    let fail = |why: String| format!("--bundle: {why}");
    let entries = std::fs::read_dir(folder).map_err(|error| fail(format!("{}: {error}", folder.display())))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| bundle::is_list(name)).collect();
    names.sort();
    if names.is_empty() {
        let folder = folder.display();
        return Err(fail(format!("{folder} holds no artifacts.txt, images.txt, images-*.txt or charts.txt")));
    }
    let mut lists = Vec::new();
    for name in names {
        let path = folder.join(name);
        let text = read_file(&path).map_err(fail)?;
        let text = String::from_utf8(text).map_err(|_| fail(format!("{} is not UTF-8", path.display())))?;
        lists.push((path.display().to_string(), text));
    }
    Bundle::parse(lists.iter().map(|(name, text)| (name.as_str(), text.as_str()))).map_err(fail)
}
