//! `airtight lint`: which images bypass the mirror, and who put them there.

use super::output::OutputFlags;
use super::release::{ReleaseFlags, log};
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams};
use crate::finding::Severity;
use crate::lint::lint;
use crate::render::Compiler;
use std::path::PathBuf;

/// Find the images of a chart that do not resolve through the private mirror, and who decided so
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 clean, 1 findings, 2 the tool could not do its work.")]
pub struct Args {
    /// A chart folder or archive
    chart: PathBuf,
    /// The release's name
    #[arg(long, default_value = "release-name")]
    name: String,
    #[command(flatten)]
    release: ReleaseFlags,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// Runs the command.
pub fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let settings = args.settings.settings()?;
    let prepared = args.release.prepare(&args.name, &args.chart, streams)?;
    let mut lines = Vec::new();
    let report = lint(&prepared, &settings, &mut Compiler::new(), &mut lines);
    log(streams, &lines);
    let reports = [report?];
    args.output.write(&reports, streams)?;
    let mut findings = reports.iter().flat_map(|report| &report.findings);
    Ok(if findings.all(|finding| finding.severity == Severity::Hint) { Outcome::Clean } else { Outcome::Findings })
}
