//! `airtight rules`: the list of rules; `airtight explain`: the page of one rule.

use super::config::ConfigFlags;
use super::output::{Color, terminal_width, use_colour};
use super::{Outcome, Problem, Streams};
use crate::disk::Reach;
use crate::error::Error;
use crate::limits::Limits;
use crate::report::page;
use crate::report::text::wrapped;
use crate::rules::{RULES, Rule};
use crate::settings::Level;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// List the rules: the severity of their findings, and whether they are checked
///
/// The levels in airtight.yaml are taken into account.
#[derive(Debug, clap::Args)]
#[command(after_help = "airtight explain RULE shows a rule's page.")]
pub(crate) struct Args {
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    config: ConfigFlags,
    /// Read airtight.yaml even if it is a link that leads out of the repository, to this path or below it (can be given
    /// several times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
}

/// The formats of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// For programs: a list of objects with id, severity, on, summary, page
    Json,
}

/// Explain a rule: what is wrong, why it matters in an air gap, what to do, with examples
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The rule's id
    #[arg(value_parser = PossibleValuesParser::new(RULES.iter().map(|rule| rule.id)))]
    rule: String,
    /// When to colour the page
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    severity: &'static str,
    on: bool,
    summary: &'static str,
    page: String,
}

/// Lists the rules.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mut reach = Reach::new(&args.allow_outside, Limits::default().file_bytes)?;
    let config = args.config.read(&mut reach)?;
    let entry = |rule: &&Rule| {
        let level = config.rules.get(rule.id);
        let severity = match level {
            Some(Level::As(severity)) => *severity,
            _ => rule.severity,
        };
        Entry {
            id: rule.id,
            severity: severity.name(),
            on: level.map_or(rule.on, |level| *level != Level::Off),
            summary: rule.summary,
            page: rule.markdown(),
        }
    };
    let entries: Vec<Entry> = RULES.iter().map(entry).collect();
    match args.format {
        Format::Text => table(&entries, terminal_width(), streams.out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, &entries).map_err(std::io::Error::from)?;
            writeln!(streams.out)?;
        }
    }
    Ok(Outcome::Clean)
}

/// A row for each rule; on a terminal the summaries wrap within their column.
fn table(entries: &[Entry], columns: Option<usize>, out: &mut dyn Write) -> std::io::Result<()> {
    let width = entries.iter().map(|entry| entry.id.len()).max().unwrap_or_default();
    writeln!(out, "{:width$}  SEVERITY  CHECKED  SUMMARY", "RULE")?;
    for Entry { id, severity, on, summary, .. } in entries {
        let before = format!("{id:width$}  {severity:8}  {:7}  ", if *on { "on" } else { "off" });
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(before.len()).max(20));
        let between = format!("\n{}", " ".repeat(before.len()));
        writeln!(out, "{before}{}", wrapped(summary, room).join(&between))?;
    }
    Ok(())
}

/// Shows a rule's page.
pub(crate) fn explain(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let rule = RULES
        .iter()
        .find(|rule| rule.id == args.rule)
        .ok_or_else(|| Error::input(format!("no rule {:?}", args.rule)))?;
    page::write(rule, use_colour(args.color), terminal_width(), streams.out)?;
    Ok(Outcome::Clean)
}
