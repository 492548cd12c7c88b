//! The flags that say how a report is written, and where to.

use super::{Problem, Streams};
use crate::report::{Report, markdown, plain_line, text};
use clap::ValueEnum;
use std::io::IsTerminal;

/// How a report is written.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Report")]
pub struct OutputFlags {
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

impl OutputFlags {
    /// Writes the reports of one run.
    pub fn write(&self, reports: &[Report], streams: &mut Streams<'_>) -> Result<(), Problem> {
        for report in reports {
            if reports.len() > 1 && self.format == Format::Text {
                writeln!(streams.out, "{}:", plain_line(&report.release.full_name()))?;
            }
            match self.format {
                Format::Text => text::write(report, use_colour(self.color), streams.out)?,
                Format::Markdown => markdown::write(report, streams.out)?,
            }
        }
        Ok(())
    }
}

/// Whether stdout is written in colour.
pub fn use_colour(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
    }
}
