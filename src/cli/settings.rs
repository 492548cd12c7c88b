//! The flags that say what is checked, and against what.

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
    mirror: String,
    /// Where on the mirror a source reference goes
    #[arg(long, value_enum, default_value = "path")]
    layout: LayoutFlag,
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

impl From<LayoutFlag> for Layout {
    fn from(flag: LayoutFlag) -> Self {
        match flag {
            LayoutFlag::Path => Self::Path,
            LayoutFlag::HostAndPath => Self::HostAndPath,
            LayoutFlag::Name => Self::Name,
        }
    }
}

/// The mirror, for commands that also answer without one.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Mirror")]
pub struct MirrorFlags {
    /// The private registry: render with the chart's global rewrite set to it (default: render as given)
    #[arg(long, value_name = "HOST")]
    mirror: Option<String>,
    /// Where on the mirror a source reference goes
    #[arg(long, value_enum, default_value = "path", requires = "mirror")]
    layout: LayoutFlag,
    /// The value that charts read the mirror from, set to the mirror unless the values set it (can be given several
    /// times; default: global.imageRegistry)
    #[arg(long, value_name = "PATH", requires = "mirror")]
    global_key: Vec<String>,
}

impl MirrorFlags {
    /// What the flags come to; `None` without a mirror.
    pub fn settings(&self) -> Result<Option<Settings>, String> {
        let Some(mirror) = &self.mirror else { return Ok(None) };
        let mirror = Mirror::parse(mirror).map_err(|error| format!("--mirror: {error}"))?;
        let (layout, global_keys) = (self.layout.into(), self.global_key.clone());
        Ok(Some(Settings { layout, global_keys, ..Settings::new(mirror) }))
    }
}

impl SettingsFlags {
    /// What the flags come to; the error names the flag.
    pub fn settings(&self) -> Result<Settings, String> {
        let mirror = Mirror::parse(&self.mirror).map_err(|error| format!("--mirror: {error}"))?;
        let layout = self.layout.into();
        let mut settings = Settings { layout, global_keys: self.global_key.clone(), ..Settings::new(mirror) };
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
