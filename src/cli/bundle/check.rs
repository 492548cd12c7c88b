//! `airtight bundle check`: whether lists have what a release can need, and nothing else.

use super::explore::ExploreFlags;
use crate::bundle::drift::{FoundList, drift};
use crate::cli::exit_status::ExitFlags;
use crate::cli::explore::outcome;
use crate::cli::lint::today;
use crate::cli::lists::{parse_lists, read_lists};
use crate::cli::output::OutputFlags;
use crate::cli::settings::RuleFlags;
use crate::cli::{Outcome, Problem, Streams};
use crate::disk::{By, Reach};
use crate::limits::Limits;
use crate::list_findings::finding;
use crate::report::stream::{KeptReports, Reports as _};
use crate::report::{Report, ReportAbout};
use crate::settings::Settings;
use crate::suppress::comment::Comment;
use crate::suppress::{Checked, Suppressor};
use std::path::PathBuf;
use std::sync::Arc;

/// Check that lists have everything that a release can need, and nothing else
///
/// A list with the name of one that airtight bundle writes is compared with that; other files, in any form, with everything together. Without
/// CHART, with what all releases of airtight.yaml need. A finding is accepted by `# airtight: ignore[RULE] reason` on its line, or by
/// `suppressions` in airtight.yaml.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight bundle check bundle charts/addons\n  \
                        airtight bundle check bundle --ignore unneeded-list-line\n  \
                        airtight bundle check hack/e2e/images.txt charts/addons --format github\n\n\
                        Exit status: 0 the lists are right, 1 a finding is as severe as --fail-on says, or not everything could be explored, 2 a list or the chart \
                        cannot be read.")]
pub(super) struct Args {
    /// The lists: a file, or a folder of them
    #[arg(value_name = "LISTS")]
    lists: PathBuf,
    #[command(flatten)]
    pub(super) explore: ExploreFlags,
    #[command(flatten)]
    rules: RuleFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    exit: ExitFlags,
}

/// Runs the command.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    args.output.check()?;
    let reach = Reach::of_user(Limits::default().file_bytes);
    args.output.check_paths(&reach)?;
    let config = args.explore.render.configuration()?;
    let (rules, least) = (args.rules.levels(&config)?, args.rules.least());
    let settings = Settings { rules, least, ..Settings::without_mirror() };
    let files = read_lists(By::User, &args.lists, &reach)?;
    let mut found = Vec::new();
    for file in &files {
        let bundle = parse_lists(std::slice::from_ref(file))?;
        found.push(FoundList { file: Arc::clone(file), entries: bundle.entries().to_vec() });
    }
    let needed = args.explore.explore(streams)?;
    let findings = drift(&needed.wanted, &found).iter().filter_map(|one| finding(one, &settings)).collect();
    let report =
        Report::without_manifests(ReportAbout::Lists, needed.release.clone(), findings, files.first().cloned());
    let comments = files.iter().flat_map(|file| Comment::all(file, false)).collect();
    let mut checked = [Checked { report, settings, comments }];
    let suppressor =
        Suppressor { entries: &config.suppressions, baseline: None, today: today(None)?, is_complete: false };
    suppressor.apply(&mut checked);
    let [Checked { report, .. }] = checked;
    let reports = [report];
    let reports = KeptReports::of(&reports);
    args.output.write(&reports, streams)?;
    // Lists that were not compared with everything are not right, whatever fails a run.
    let found = args.exit.of(reports.totals(), streams);
    Ok(if found == Outcome::Clean { outcome(needed.is_complete) } else { found })
}
