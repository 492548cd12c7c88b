//! The flags that say what is checked, and against what.

use super::release::read_file;
use crate::bundle::{self, Bundle};
use crate::config::{Config, Target, meant};
use crate::images::{Layout, Mirror};
use crate::rules::RULES;
use crate::settings::{Level, Settings};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is said where a mirror is needed.
pub(super) const NO_MIRROR: &str = "no mirror is known: give --mirror HOST, or `mirror` in airtight.yaml";

/// What is checked, and against what.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is checked")]
pub struct SettingsFlags {
    /// The private registry all images must be pulled from: a host, with a port and a path if need be; or
    /// SOURCE=HOST/PATH for each source registry (default: the configuration's)
    ///
    /// `--mirror docker.io=harbor.corp/dockerhub-proxy --mirror quay.io=harbor.corp/quay-proxy` for a registry with a
    /// project for each source; `*=harbor.corp/other`, or the host alone, stands for all other sources.
    #[arg(long, value_name = "HOST")]
    mirror: Vec<String>,
    /// Where on the mirror a source reference goes
    ///
    /// Without this flag: the configuration's, else path.
    #[arg(long, value_enum)]
    layout: Option<LayoutFlag>,
    /// The value that charts read the mirror from, set to the mirror unless the values set it (can be given several
    /// times; default: the one that the charts read, global.imageRegistry before others)
    #[arg(long, value_name = "PATH")]
    global_key: Vec<String>,
    /// Name of the pull secret that every pod needs, besides what global.imagePullSecrets says (can be given several times)
    #[arg(long, value_name = "NAME")]
    pull_secret: Vec<String>,
    /// The lists of what was mirrored: a folder with artifacts.txt, images.txt, images-*.txt or charts.txt, or such a file
    /// (can be given several times)
    #[arg(long, value_name = "PATH")]
    bundle: Vec<PathBuf>,
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
    /// As path, but docker.io/library/busybox → MIRROR/busybox
    FamiliarPath,
}

impl From<LayoutFlag> for Layout {
    fn from(flag: LayoutFlag) -> Self {
        match flag {
            LayoutFlag::Path => Self::Path,
            LayoutFlag::HostAndPath => Self::HostAndPath,
            LayoutFlag::Name => Self::Name,
            LayoutFlag::FamiliarPath => Self::FamiliarPath,
        }
    }
}

/// The mirror, for commands that also answer without one.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Mirror")]
pub struct MirrorFlags {
    /// The private registry: render with the chart's global rewrite set to it (default: the configuration's; without
    /// either, render as given); or SOURCE=HOST/PATH for each source registry
    #[arg(long, value_name = "HOST")]
    mirror: Vec<String>,
    /// Where on the mirror a source reference goes
    ///
    /// Without this flag: the configuration's, else path.
    #[arg(long, value_enum)]
    layout: Option<LayoutFlag>,
    /// The value that charts read the mirror from, set to the mirror unless the values set it (can be given several
    /// times; default: the one that the charts read, global.imageRegistry before others)
    #[arg(long, value_name = "PATH")]
    global_key: Vec<String>,
}

impl MirrorFlags {
    /// What the flags come to over the configuration, and in it over what a release says; `None` without a mirror.
    pub fn settings(&self, config: &Config, release: &Target) -> Result<Option<Settings>, String> {
        let flags = target(&self.mirror, self.layout, &self.global_key)?;
        let target = flags.or(release).or(&config.target);
        let Some(mirror) = target.mirror else {
            let given = if self.layout.is_some() { Some("--layout") } else { None };
            let given = given.or((!self.global_key.is_empty()).then_some("--global-key"));
            return match given {
                Some(flag) => Err(format!(
                    "{flag} says nothing without a mirror: give --mirror HOST, or `mirror` in airtight.yaml"
                )),
                None => Ok(None),
            };
        };
        Ok(Some(Settings {
            layout: target.layout.unwrap_or_default(),
            global_keys: target.global_keys,
            finders: config.finders.clone(),
            ..Settings::new(mirror)
        }))
    }
}

impl SettingsFlags {
    /// The lists of what was mirrored: files, and folders of them.
    pub fn bundles(&self, config: &Config) -> Vec<PathBuf> {
        match self.bundle.is_empty() {
            false => self.bundle.clone(),
            true => config.bundle.iter().map(PathBuf::from).collect(),
        }
    }

    fn bundle(&self, config: &Config) -> Result<Option<Bundle>, String> {
        read_bundle(&self.bundles(config)).map_err(|why| match &config.file {
            Some(file) if self.bundle.is_empty() => format!("{}: bundle: {why}", file.name()),
            _ => format!("--bundle: {why}"),
        })
    }

    /// What the flags come to over the configuration, and in it over what a release says; the error names the flag.
    pub fn settings(&self, config: &Config, release: &Target) -> Result<Settings, String> {
        let flags = target(&self.mirror, self.layout, &self.global_key)?;
        let target = flags.or(release).or(&config.target);
        let mirror = target.mirror.ok_or(NO_MIRROR)?;
        let mut settings = Settings {
            layout: target.layout.unwrap_or_default(),
            global_keys: target.global_keys,
            pull_secrets: config.pull_secrets.iter().chain(&self.pull_secret).cloned().collect(),
            bundle: self.bundle(config)?.map(Arc::new),
            rules: config.rules.clone(),
            finders: config.finders.clone(),
            ..Settings::new(mirror)
        };
        for (flag, rules, level) in [("--select", &self.select, Level::On), ("--ignore", &self.ignore, Level::Off)] {
            for rule in rules {
                let known = RULES.iter().find(|known| known.id == rule);
                let known = known.ok_or_else(|| {
                    let near = meant(rule, RULES.iter().map(|rule| rule.id));
                    format!("{flag}: there is no rule {rule:?}{near} (airtight rules lists them)")
                })?;
                settings.rules.insert(known.id.to_owned(), level);
            }
        }
        Ok(settings)
    }
}

/// Where images go, as flags say it; the error names the flag.
fn target(mirror: &[String], layout: Option<LayoutFlag>, keys: &[String]) -> Result<Target, String> {
    let mirror = match mirror {
        [] => None,
        places => Some(Mirror::parse_all(places).map_err(|error| format!("--mirror: {error}"))?),
    };
    if let Some(key) = keys.iter().find(|key| key.split('.').any(str::is_empty)) {
        return Err(format!("--global-key: {key:?} is not a path of values, like global.imageRegistry"));
    }
    Ok(Target { mirror, layout: layout.map(Layout::from), global_keys: keys.to_vec() })
}

/// Reads the lists of a bundle: files, and folders of them in the order of their names.
fn read_bundle(paths: &[PathBuf]) -> Result<Option<Bundle>, String> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut lists = Vec::new();
    for path in paths {
        let files = if path.is_file() { vec![path.clone()] } else { lists_in(path)? };
        for file in files {
            let text = read_file(&file)?;
            let text = String::from_utf8(text).map_err(|_| format!("{} is not UTF-8", file.display()))?;
            lists.push((file.display().to_string(), text));
        }
    }
    Bundle::parse(lists.iter().map(|(name, text)| (name.as_str(), text.as_str()))).map(Some)
}

/// The lists in a folder, by name.
fn lists_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file or folder {}", folder.display()),
        _ => format!("{}: {error}", folder.display()),
    })?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| bundle::is_list(name)).collect();
    names.sort();
    if names.is_empty() {
        let folder = folder.display();
        return Err(format!("{folder} holds no artifacts.txt, images.txt, images-*.txt or charts.txt"));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
