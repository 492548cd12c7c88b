//! The flags that say what is checked, and against what.

use super::lists::{parse_mirrored, read_lists};
use crate::bundle::Bundle;
use crate::config::{Config, MirrorTarget};
use crate::disk::{By, Reach};
use crate::error::Error;
use crate::finding::Severity;
use crate::reference::{Layout, Mirror};
use crate::rules::RULES;
use crate::selection::{ALL, Selection};
use crate::settings::mirror_key;
use crate::settings::{Level, Settings};
use crate::similar::did_you_mean;
use crate::values_path::ValuesPath;
use clap::ValueEnum;
use std::collections::BTreeMap;
#[cfg(feature = "lsp")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// The message if a mirror is required.
pub(super) const NO_MIRROR: &str = "no mirror is set: pass --mirror HOST, or set `mirror` in airtight.yaml";

/// What is checked, and against what.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is checked")]
pub(crate) struct SettingsFlags {
    /// The private registry that all images must be pulled from: a host, optionally with a port and a path; or
    /// SOURCE=HOST/PATH for each source registry (default: from the configuration)
    ///
    /// `--mirror docker.io=harbor.corp/dockerhub-proxy --mirror quay.io=harbor.corp/quay-proxy` describes a registry with a
    /// project for each source; `*=harbor.corp/other`, or the host alone, applies to all other sources.
    #[arg(long, value_name = "HOST", value_delimiter = ',', env = "AIRTIGHT_MIRROR", hide_env_values = true)]
    mirror: Vec<String>,
    /// How a source reference maps to a path on the mirror
    ///
    /// Default: from the configuration, otherwise path.
    #[arg(long, value_enum, env = "AIRTIGHT_LAYOUT", hide_env_values = true)]
    layout: Option<LayoutFlag>,
    /// The values key from which charts read the mirror; it is set to the mirror unless the values set it (can be given several
    /// times; default: the key that the charts read, global.imageRegistry first)
    #[arg(long, value_name = "PATH")]
    global_key: Vec<String>,
    /// Set the global key to the mirror if the values do not, even if values are given
    ///
    /// For a release that gets it from elsewhere at install time. Without this flag, only a chart without any values is judged
    /// that way; a release with values is judged as given (default: `rewrite` of the configuration).
    #[arg(long)]
    assume_rewrite: bool,
    /// Name of a pull secret that every pod needs, in addition to those that the values name (can be given several times)
    #[arg(long, value_name = "NAME")]
    pull_secret: Vec<String>,
    /// The lists of mirrored images: a folder with artifacts.txt, images.txt, images-*.txt or charts.txt, or with the lists of other
    /// tools (docs/bundle.md), or such a file (can be given several times)
    #[arg(long, value_name = "PATH")]
    bundle: Vec<PathBuf>,
    #[command(flatten)]
    rules: RuleFlags,
}

/// Which rules are checked.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is checked")]
pub(super) struct RuleFlags {
    /// Check exactly these rules, whatever airtight.yaml selects (can be given several times, or comma-separated; all: all rules)
    ///
    /// Rules that say that something was not checked (render-failed, nothing-rendered, unparsable-manifest, mirror-not-checked) or
    /// that a branch changes its own check (policy-changed) stay on unless --ignore names them.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,
    /// Check these rules too, also those that are off by default (can be given several times, or comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    extend_select: Vec<String>,
    /// Do not check these rules (can be given several times, or comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Report only findings of at least this severity; what was not checked is always reported
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "hint")]
    severity: SeverityFlag,
}

/// The severities by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SeverityFlag {
    /// It breaks the install inside the gap, or nothing is proven
    Error,
    /// It will break the install later
    Warning,
    /// For information
    #[default]
    Hint,
}

impl From<SeverityFlag> for Severity {
    fn from(flag: SeverityFlag) -> Self {
        match flag {
            SeverityFlag::Error => Self::Error,
            SeverityFlag::Warning => Self::Warning,
            SeverityFlag::Hint => Self::Hint,
        }
    }
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

/// The mirror, for commands that also work without one.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Mirror")]
pub(crate) struct MirrorFlags {
    /// The private registry (default: from the configuration), or SOURCE=HOST/PATH for each source registry; a chart without
    /// values is rendered with its global key set to it
    #[arg(long, value_name = "HOST", value_delimiter = ',', env = "AIRTIGHT_MIRROR", hide_env_values = true)]
    mirror: Vec<String>,
    /// How a source reference maps to a path on the mirror
    ///
    /// Default: from the configuration, otherwise path.
    #[arg(long, value_enum, env = "AIRTIGHT_LAYOUT", hide_env_values = true)]
    layout: Option<LayoutFlag>,
    /// The values key from which charts read the mirror; it is set to the mirror unless the values set it (can be given several
    /// times; default: the key that the charts read, global.imageRegistry first)
    #[arg(long, value_name = "PATH")]
    global_key: Vec<String>,
    /// Set the global key to the mirror if the values do not, even if values are given
    #[arg(long)]
    assume_rewrite: bool,
}

impl MirrorFlags {
    /// The settings from the flags, then the release, then the configuration; `None` without a mirror.
    pub(crate) fn settings(&self, config: &Config, release: &MirrorTarget) -> Result<Option<Settings>, Error> {
        let flags = target(&self.mirror, self.layout, &self.global_key, self.assume_rewrite)?;
        let target = flags.or(release).or(&config.target);
        let Some(mirror) = target.mirror else {
            let given = if self.layout.is_some() { Some("--layout") } else { None };
            let given = given.or((!self.global_key.is_empty()).then_some("--global-key"));
            let given = given.or(self.assume_rewrite.then_some("--assume-rewrite"));
            return match given {
                Some(flag) => Err(Error::input(format!(
                    "{flag} needs a mirror: pass --mirror HOST, or set `mirror` in airtight.yaml"
                ))),
                None => Ok(None),
            };
        };
        Ok(Some(Settings {
            layout: target.layout.unwrap_or_default(),
            global_keys: target.global_keys,
            assume_rewrite: target.assume_rewrite.unwrap_or_default(),
            finders: config.finders.clone(),
            ..Settings::new(mirror)
        }))
    }
}

/// The mirror and the layout, for commands that render nothing.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Mirror")]
pub(crate) struct PlaceFlags {
    /// The private registry (default: from the configuration): a host, optionally with a port and a path; or SOURCE=HOST/PATH for
    /// each source registry (can be given several times)
    #[arg(long, value_name = "HOST", value_delimiter = ',', env = "AIRTIGHT_MIRROR", hide_env_values = true)]
    mirror: Vec<String>,
    /// How a source reference maps to a path on the mirror, with --rewrite
    ///
    /// Default: from the configuration, otherwise path.
    #[arg(long, value_enum, env = "AIRTIGHT_LAYOUT", hide_env_values = true)]
    layout: Option<LayoutFlag>,
}

impl PlaceFlags {
    /// The mirror and the layout from the flags, then the configuration.
    pub(super) fn place(&self, config: &Config) -> Result<(Mirror, Layout), Error> {
        let target = target(&self.mirror, self.layout, &[], false)?.or(&config.target);
        let mirror = target.mirror.ok_or_else(|| Error::input(NO_MIRROR))?;
        Ok((mirror, target.layout.unwrap_or_default()))
    }

    /// Whether the user typed the layout.
    pub(super) fn names_layout(&self) -> bool {
        self.layout.is_some()
    }
}

impl SettingsFlags {
    /// Whether the user typed the mirror.
    pub(super) fn names_mirror(&self) -> bool {
        !self.mirror.is_empty()
    }

    /// Makes the paths absolute, for a run that leaves the folder in which it was started.
    #[cfg(feature = "lsp")]
    pub(super) fn make_absolute(&mut self, absolute: impl Fn(&Path) -> PathBuf) {
        self.bundle.iter_mut().for_each(|path| *path = absolute(path));
    }

    /// The names of the pull secrets, from the configuration and the flags.
    pub(super) fn pull_secrets(&self, config: &Config) -> Vec<String> {
        config.pull_secrets.iter().chain(&self.pull_secret).cloned().collect()
    }

    /// The paths of the lists of mirrored images: files, and folders of them.
    pub(crate) fn bundles(&self, config: &Config) -> Vec<PathBuf> {
        match self.bundle.is_empty() {
            false => self.bundle.clone(),
            true => config.bundle.iter().map(PathBuf::from).collect(),
        }
    }

    fn bundle(&self, config: &Config, reach: &Reach) -> Result<Option<Bundle>, Error> {
        let (by, paths) = (self.who_names_bundles(), self.bundles(config));
        read_bundle(by, &paths, reach).map_err(|error| self.of_bundle(config, error))
    }

    /// Who named the lists of mirrored images.
    pub(super) fn who_names_bundles(&self) -> By {
        if self.bundle.is_empty() { By::Repository } else { By::User }
    }

    /// An error about the lists, with who named them.
    pub(super) fn of_bundle(&self, config: &Config, error: Error) -> Error {
        match &config.file {
            Some(file) if self.bundle.is_empty() => error.after(format_args!("{}: bundle", file.name())),
            _ => error.after("--bundle"),
        }
    }

    /// The settings from the flags, then the release, then the configuration; the error names the flag.
    pub(crate) fn settings(&self, config: &Config, release: &MirrorTarget, reach: &Reach) -> Result<Settings, Error> {
        self.settings_with(config, release, self.bundle(config, reach)?.map(Arc::new))
    }

    /// The same, with lists that were already read.
    pub(super) fn settings_with(
        &self,
        config: &Config,
        release: &MirrorTarget,
        bundle: Option<Arc<Bundle>>,
    ) -> Result<Settings, Error> {
        let flags = target(&self.mirror, self.layout, &self.global_key, self.assume_rewrite)?;
        let target = flags.or(release).or(&config.target);
        let mirror = target.mirror.ok_or_else(|| Error::input(NO_MIRROR))?;
        Ok(Settings {
            layout: target.layout.unwrap_or_default(),
            global_keys: target.global_keys,
            assume_rewrite: target.assume_rewrite.unwrap_or_default(),
            pull_secrets: self.pull_secrets(config),
            bundle,
            rules: self.levels(config)?,
            least: self.least(),
            finders: config.finders.clone(),
            ..Settings::new(mirror)
        })
    }

    /// The levels of rules from the flags and the configuration.
    pub(super) fn levels(&self, config: &Config) -> Result<BTreeMap<String, Level>, Error> {
        self.rules.levels(config)
    }

    /// The least severity of findings that are reported.
    pub(super) fn least(&self) -> Severity {
        self.rules.least()
    }
}

impl RuleFlags {
    /// The levels of rules from the flags and the configuration.
    pub(super) fn levels(&self, config: &Config) -> Result<BTreeMap<String, Level>, Error> {
        for (flag, rules) in
            [("--select", &self.select), ("--extend-select", &self.extend_select), ("--ignore", &self.ignore)]
        {
            let is_known = |rule: &str| rule == ALL || RULES.iter().any(|known| known.id == rule);
            if let Some(rule) = rules.iter().find(|rule| !is_known(rule)) {
                let near = did_you_mean(rule, RULES.iter().map(|rule| rule.id));
                return Err(Error::input(format!("{flag}: unknown rule {rule:?}{near} (airtight rules lists them)")));
            }
        }
        let mut levels = config.rules.clone();
        let select = Some(self.select.clone()).filter(|rules| !rules.is_empty());
        Selection { select, extend: self.extend_select.clone(), ignore: self.ignore.clone() }
            .apply(&mut levels, &config.severities);
        Ok(levels)
    }

    /// The least severity of findings that are reported.
    pub(super) fn least(&self) -> Severity {
        self.severity.into()
    }
}

/// The mirror, layout and keys from the flags; the error names the flag.
fn target(mirror: &[String], layout: Option<LayoutFlag>, keys: &[String], assume: bool) -> Result<MirrorTarget, Error> {
    let mirror = match mirror {
        [] => None,
        places => Some(Mirror::parse_all(places).map_err(|error| Error::input(format!("--mirror: {error}")))?),
    };
    let keys = keys.iter().map(|key| mirror_key(key)).collect::<Result<Vec<ValuesPath>, Error>>();
    let keys = keys.map_err(|error| error.after("--global-key"))?;
    Ok(MirrorTarget {
        mirror,
        layout: layout.map(Layout::from),
        global_keys: Some(keys).filter(|keys| !keys.is_empty()),
        assume_rewrite: assume.then_some(true),
    })
}

/// Reads the lists of a bundle: files, and folders of them sorted by name.
fn read_bundle(by: By, paths: &[PathBuf], reach: &Reach) -> Result<Option<Bundle>, Error> {
    if paths.is_empty() {
        return Ok(None);
    }
    let lists = paths.iter().map(|path| read_lists(by, path, reach)).collect::<Result<Vec<_>, Error>>()?;
    parse_mirrored(&lists.concat()).map(Some)
}
