//! `verify --with-charts` and `--chart`: releases, rendered to find the lines that made what runs.

use super::Args;
use crate::cli::jobs::{self, Job, TargetSettings};
use crate::cli::lint::store_of;
use crate::cli::output::write_file;
use crate::cli::progress::Progress;
use crate::cli::release::ReleaseFlags;
use crate::cli::{Problem, Streams};
use crate::config::Config;
use crate::disk::{By, Reach, look, made};
use crate::error::Error;
use crate::joined::Unrendered;
use crate::report::{Report, plain_line};
use crate::rule_ids;
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The list of what runs and no release renders.
const LEARNED: &str = "images-running.txt";

impl Args {
    /// The reports of the chart on the command line, or of the releases of the configuration, with secrets masked. Releases of the
    /// configuration that cannot be rendered are told.
    pub(super) fn rendered(
        &self,
        config: &Config,
        settings: &Settings,
        reach: &Arc<Reach>,
        streams: &mut Streams<'_>,
    ) -> Result<Vec<Report>, Problem> {
        let jobs = match &self.chart {
            Some(chart) => vec![Job::typed(&self.name, chart, &self.release, &self.fetch, settings.clone())?],
            None if config.releases.is_empty() => {
                let why = "--with-charts: there are no releases; list them in airtight.yaml (airtight init), or name a chart (--chart)";
                return Err(Error::input(why).into());
            }
            None => {
                let entries = config.releases.iter().map(|release| &release.entry);
                // The namespace is that of the pods.
                let flags = ReleaseFlags { namespace: None, ..self.release.clone() };
                Job::all(entries, &flags, &mut TargetSettings::new(&self.settings, config, reach))?
            }
        };
        let store = store_of(&jobs, &self.fetch, &self.release.limits()?, config, reach, streams)?;
        let done = jobs::run(&jobs, &store, &Progress::new(jobs.len(), "rendering releases", true));
        let mut reports = Vec::new();
        for (job, done) in jobs.iter().zip(done) {
            let rendered = done.checked.and_then(|checked| whole(checked.report, self.output.shows_changes()));
            match rendered {
                Ok(report) => reports.push(report),
                Err(error) if self.chart.is_some() => return Err(error.into()),
                Err(error) => {
                    let _ = writeln!(streams.err, "Warning: {} is not rendered: {error}", job.full_name());
                }
            }
        }
        Ok(reports)
    }

    /// Adds what runs and no release renders to a list of a bundle.
    pub(super) fn learn(
        &self,
        folder: &Path,
        new: &Unrendered,
        streams: &mut Streams<'_>,
        reach: &Reach,
    ) -> Result<(), Error> {
        let path = folder.join(LEARNED);
        reach.check_output(&path).map_err(|error| error.after("--learn"))?;
        let before = match look::is_there(&path) {
            true => reach.read(By::User, &path).map_err(|error| error.after("--learn"))?,
            false => Vec::new(),
        };
        let before = String::from_utf8_lossy(&before).into_owned();
        let known: BTreeSet<&str> = before.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let lines: Vec<&String> = new.iter().filter(|image| !known.contains(image.as_str())).collect();
        let failed = |error: std::io::Error| Error::file(format!("--learn: cannot write {}: {error}", path.display()));
        if !lines.is_empty() {
            let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
            let added: String = lines.iter().map(|image| format!("{}\n", plain_line(image))).collect();
            made::folder(folder).map_err(failed)?;
            write_file(&path, format!("{before}{end}{added}").as_bytes()).map_err(failed)?;
        }
        let s = if lines.len() == 1 { "" } else { "s" };
        let _ = writeln!(streams.err, "added {} image{s} to {}", lines.len(), path.display());
        Ok(())
    }
}

/// A report with secrets masked; an error if the release does not render: then nothing is known of its images.
fn whole(mut report: Report, changes: bool) -> Result<Report, Error> {
    report.hide_secrets(changes);
    match report.findings.iter().find(|finding| finding.rule == rule_ids::RENDER_FAILED) {
        Some(failed) => {
            let why = failed.notes.first().unwrap_or(&failed.message);
            let help = failed.help.iter().map(|help| format!("; {help}"));
            Err(Error::input(format!("{why}{}", help.collect::<String>())))
        }
        None => Ok(report),
    }
}
