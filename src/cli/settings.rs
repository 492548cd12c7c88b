//! The flags that say what is checked, and against what.

use crate::config::{Config, Target};
use crate::images::{Layout, Mirror};
use crate::rules::RULES;
use crate::settings::{Level, Settings};
use clap::ValueEnum;

/// What is checked, and against what.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is checked")]
pub struct SettingsFlags {
    /// The private registry all images must be pulled from: a host, with a port and a path if need be
    #[arg(long, value_name = "HOST")]
    mirror: Option<String>,
    /// Where on the mirror a source reference goes
    ///
    /// Without this flag: the configuration's, else path.
    #[arg(long, value_enum)]
    layout: Option<LayoutFlag>,
    /// The value that charts read the mirror from, set to the mirror unless the values set it (can be given several
    /// times; default: global.imageRegistry)
    #[arg(long, value_name = "PATH")]
    global_key: Vec<String>,
    /// Check a rule that is off by default (can be given several times, or comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,
    /// Do not check a rule (can be given several times, or comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
}

/// The layouts by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutFlag {
    /// quay.io/jetstack/x → MIRROR/jetstack/x
    Path,
    /// quay.io/jetstack/x → MIRROR/quay.io/jetstack/x
    HostAndPath,
    /// quay.io/jetstack/x → MIRROR/x
    Name,
}

impl SettingsFlags {
    /// What the flags come to over the configuration, and in it over what a release says; the error names the flag.
    pub fn settings(&self, config: &Config, release: &Target) -> Result<Settings, String> {
        let mirror = self.mirror.as_ref().map(|mirror| Mirror::parse(mirror)).transpose();
        let flags = Target {
            mirror: mirror.map_err(|error| format!("--mirror: {error}"))?,
            layout: self.layout.map(|layout| match layout {
                LayoutFlag::Path => Layout::Path,
                LayoutFlag::HostAndPath => Layout::HostAndPath,
                LayoutFlag::Name => Layout::Name,
            }),
            global_keys: self.global_key.clone(),
        };
        let target = flags.or(release).or(&config.target);
        let mirror = target.mirror.ok_or("no mirror is known: give --mirror HOST, or `mirror` in airtight.yaml")?;
        let mut settings = Settings {
            layout: target.layout.unwrap_or_default(),
            global_keys: target.global_keys,
            pull_secrets: config.pull_secrets.clone(),
            rules: config.rules.clone(),
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
