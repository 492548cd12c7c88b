//! `airtight list`: the releases that a run checks, for those who divide the work.

use super::config::ConfigFlags;
use super::inputs::Inputs;
use super::jobs::{Job, TargetSettings};
use super::lint::NOTHING;
use super::release::ReleaseFlags;
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams};
use crate::config::Config;
use crate::disk::Reach;
use crate::error::Error;
use crate::report::write_json;
use crate::store::Store;
use clap::ValueEnum;
use serde::Serialize;
use std::sync::Arc;

/// List the releases of airtight.yaml, one a line
///
/// The lines of --format jsonl are what airtight lint --releases takes: for queues, xargs, GNU parallel and Argo Workflows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight list\n  \
                        airtight list | xargs -n 50 sh -c 'printf \"%s\\n\" \"$@\" | airtight lint --releases -' sh\n  \
                        airtight list --format jsonl | jq -r 'select(.chart == \"charts/shop\") | .release'")]
pub(crate) struct Args {
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "name")]
    format: Format,
    #[command(flatten)]
    config: ConfigFlags,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The name of each release, NAME or NAME/ENVIRONMENT
    Name,
    /// For programs: an object for each release with its chart, its values files and the digest of their content
    Jsonl,
}

/// A line of `--format jsonl`.
#[derive(Serialize)]
struct Line<'j> {
    release: String,
    name: &'j str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'j str>,
    chart: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'j str>,
    values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let flags = ReleaseFlags::default();
    let mut reach = flags.reach()?;
    let config = args.config.read(&mut reach)?;
    let reach = Arc::new(reach);
    let Some(file) = &config.file else { return Err(Error::input(NOTHING).into()) };
    if config.releases.is_empty() {
        return Err(Error::input(format!("{} has no releases", file.name())).into());
    }
    match args.format {
        Format::Name => {
            for release in &config.releases {
                writeln!(streams.out, "{}", release.entry.full_name())?;
            }
        }
        Format::Jsonl => lines(&config, &flags, &reach, streams)?,
    }
    Ok(Outcome::Clean)
}

fn lines(config: &Config, flags: &ReleaseFlags, reach: &Arc<Reach>, streams: &mut Streams<'_>) -> Result<(), Problem> {
    let entries = config.releases.iter().map(|release| &release.entry);
    let jobs = Job::all(entries, flags, &mut TargetSettings::new(&SettingsFlags::default(), config, reach))?;
    let store = Store::new(None, reach.clone());
    let inputs = Inputs::new(&store);
    for job in &jobs {
        let line = Line {
            release: job.full_name(),
            name: &job.name,
            environment: job.environment.as_deref(),
            chart: job.chart.to_string(),
            namespace: job.flags.namespace.as_deref(),
            values: job.flags.value_files(),
            inputs: inputs.of(job).map(|digest| digest.to_string()),
        };
        write_json(&line, 0, streams.out)?;
    }
    Ok(())
}
