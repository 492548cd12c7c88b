//! `airtight merge`: one report of the parts of a run.

use super::collect::Told;
use super::exit_status::{self, ExitFlags};
use super::lint::{read_baseline, tell};
use super::output::OutputFlags;
use super::{Outcome, Problem, Streams, version};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::finding::Finding;
use crate::fleet::blob::Blobs;
use crate::fleet::record::Record;
use crate::limits::Limits;
use crate::report::Report;
use crate::report::stream::Reports;
use crate::report::totals::Totals;
use crate::suppress::baseline::Baseline;
use crate::suppress::insert;
use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::path::PathBuf;

/// Make one report of the results that airtight lint --format blob wrote for the parts of a run
///
/// The report has the bytes that one process would have written. If a part is missing, cut off, or of another run or version, there
/// is no report, and the exit status is 2.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("Examples:\n  \
                        airtight merge blobs\n  \
                        airtight merge blobs --format sarif --output report.sarif --format text\n\n{}", exit_status::table()))]
pub(crate) struct Args {
    /// Files, and folders in which all *.jsonl are read, in subfolders too
    #[arg(value_name = "BLOB", required = true)]
    blobs: Vec<PathBuf>,
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    exit: ExitFlags,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    args.output.check()?;
    let reach = Reach::of_user(Limits::default().file_bytes);
    args.output.check_paths(&reach)?;
    let baseline = args.baseline.as_deref().map(|path| read_baseline(path, &reach)).transpose()?;
    let mut blobs = Blobs::open(args.files(&reach)?, &version::identity(), &reach)?;
    let late = mem::take(&mut blobs.suppressions).settle();
    let mut outcome = Outcome::Clean;
    let mut merged = Merged { blobs, late, baseline, totals: Totals::default() };
    let mut totals = Totals::default();
    merged.visit(&mut |mut record| {
        if let Some(report) = &record.report {
            totals.add(report);
        }
        let told = Told { log: mem::take(&mut record.log), error: record.error.take() };
        tell(told, args.output.detail, streams, &mut outcome);
        Ok(())
    })?;
    merged.totals = totals;
    args.output.write(&merged, streams)?;
    args.exit.settle(merged.totals(), outcome, streams)
}

impl Args {
    /// The files to read, in order.
    fn files(&self, reach: &Reach) -> Result<Vec<PathBuf>, Error> {
        let mut files = Vec::new();
        for path in &self.blobs {
            if !look::is_folder(path) {
                files.push(path.clone());
                continue;
            }
            let folder = reach.folder(By::User, path, "the folder")?;
            for entry in folder.walk() {
                let entry = entry.map_err(|error| Error::file(format!("cannot read {}: {error}", path.display())))?;
                let name = entry.file_name().to_string_lossy();
                // What an interrupted run leaves begins with a dot.
                if entry.file_type().is_file() && name.ends_with(".jsonl") && !name.starts_with('.') {
                    let inside = entry.path().strip_prefix(folder.real()).unwrap_or(entry.path());
                    files.push(path.join(inside));
                }
            }
        }
        Ok(files)
    }
}

/// The reports of a run, read back from its parts.
#[derive(Debug)]
struct Merged {
    blobs: Blobs,
    /// The findings about suppressions, by release.
    late: BTreeMap<usize, Vec<Finding>>,
    baseline: Option<Baseline>,
    totals: Totals,
}

impl Merged {
    /// Visits the result of each release, with what is decided after all of them.
    fn visit(&self, show: &mut dyn FnMut(Record) -> io::Result<()>) -> io::Result<()> {
        self.blobs.each(&mut |line| {
            let (number, mut record) = (line.number, line.result);
            if let Some(report) = &mut record.report {
                if let Some(baseline) = &self.baseline {
                    baseline.accept_as(report, &record.fingerprints);
                }
                if let Some(found) = self.late.get(&number) {
                    insert(&mut report.findings, found);
                }
            }
            show(record)
        })
    }
}

impl Reports for Merged {
    fn totals(&self) -> &Totals {
        &self.totals
    }

    fn each(&self, show: &mut dyn FnMut(&Report) -> io::Result<()>) -> io::Result<()> {
        self.visit(&mut |record| record.report.as_ref().map_or(Ok(()), &mut *show))
    }
}
