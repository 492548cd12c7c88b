//! `airtight lint`: which images bypass the mirror, and who put them there.

use super::release::{ReleaseFlags, log};
use super::{Outcome, Problem, Streams};
use crate::finding::Severity;
use crate::images::Mirror;
use crate::lint::lint;
use crate::render::Compiler;
use crate::report::{markdown, text};
use crate::rules::RULES;
use crate::settings::{Level, Settings};
use clap::ValueEnum;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Find the images of a chart that do not resolve through the private mirror, and who decided so
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 clean, 1 findings, 2 the tool could not do its work.")]
pub struct Args {
    /// A chart folder or archive
    chart: PathBuf,
    /// The private registry all images must be pulled from: a host, with a port and a path if need be
    #[arg(long, value_name = "HOST")]
    mirror: String,
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
    /// The release's name
    #[arg(long, default_value = "release-name")]
    name: String,
    #[command(flatten)]
    release: ReleaseFlags,
    /// How to write the report
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Whether to colour the report
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal, with excerpts of the sources
    Text,
    /// For a comment on a pull request
    Markdown,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Runs the command.
pub fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mirror = Mirror::parse(&args.mirror).map_err(|error| format!("--mirror: {error}"))?;
    let mut settings = Settings { global_keys: args.global_key.clone(), ..Settings::new(mirror) };
    for (rules, level) in [(&args.select, Level::On), (&args.ignore, Level::Off)] {
        for rule in rules {
            let known = RULES.iter().find(|known| known.id == rule);
            let known = known.ok_or_else(|| format!("there is no rule {rule:?}"))?;
            settings.rules.insert(known.id.to_owned(), level);
        }
    }
    let prepared = args.release.prepare(&args.name, &args.chart, streams)?;
    let mut lines = Vec::new();
    let report = lint(&prepared, &settings, &mut Compiler::new(), &mut lines);
    log(streams, &lines);
    let report = report?;
    match args.format {
        Format::Text => text::write(&report, use_colour(args.color), streams.out)?,
        Format::Markdown => markdown::write(&report, streams.out)?,
    }
    Ok(if report.findings.iter().all(|finding| finding.severity == Severity::Hint) {
        Outcome::Clean
    } else {
        Outcome::Findings
    })
}

fn use_colour(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
    }
}
