//! `airtight post-render`: a post-renderer of helm that refuses manifests with images which bypass the mirror.

use super::config::ConfigFlags;
use super::door::Verbatim;
use super::lint::{read_baseline, today};
use super::output::OutputFlags;
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams, manifests};
use crate::config::MirrorTarget;
use crate::disk::Reach;
use crate::finding::{Finding, Severity};
use crate::limits::Limits;
use crate::report::Report;
use crate::report::stream::KeptReports;
use crate::suppress::Suppressor;
use jiff::civil::Date;
use std::io;
use std::path::PathBuf;

/// Pass manifests on only if all of their images come from the mirror, as a post-renderer of helm
///
/// Reads on stdin what helm has rendered. Without an error the same bytes are written to stdout, so that helm goes on. With one,
/// nothing is, and the exit status is 1, so that helm installs nothing; the same goes for what could not be checked. The report is
/// written to stderr. Warnings and hints are reported, and let pass.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        helm install shop charts/shop --post-renderer airtight-post-renderer --post-renderer-args --mirror=mirror.internal\n  \
                        kustomize build overlays/prod | airtight post-render --mirror mirror.internal | kubectl apply -f -\n\n\
                        Exit status: 0 passed on, 1 refused, 2 the tool could not do its work.")]
pub(crate) struct Args {
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Raise (or lower) a limit: memory-bytes=1000000000 (can be given several times)
    #[arg(long = "limit", value_name = "NAME=N")]
    limits: Vec<String>,
    /// Read what is at this path or below it, even if a link leads there from the repository (can be given several times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
    /// The date on which suppressions are judged
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    config: ConfigFlags,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    args.output.check()?;
    let limits = Limits::raised(&args.limits)?;
    let mut reach = Reach::new(&args.allow_outside, limits.file_bytes)?;
    let config = args.config.read(&mut reach)?;
    args.output.check_paths(&reach)?;
    let settings = args.settings.settings(&config, &MirrorTarget::default(), &reach)?;
    let baseline = args.baseline.as_deref().map(|path| read_baseline(path, &reach)).transpose()?;
    let suppressor = Suppressor {
        entries: &config.suppressions,
        baseline: baseline.as_ref(),
        today: today(args.today)?,
        is_complete: false,
    };
    let input = streams.read_input(reach.file_bytes())?;
    let mut checked = [manifests::check_input(input.clone(), settings, &limits)?];
    suppressor.apply(&mut checked);
    let [mut checked] = checked;
    // What was not checked is not passed on, whatever level the configuration gives it.
    let refuses = |finding: &Finding| finding.severity == Severity::Error || finding.is_unseen();
    let is_refused = checked.report.findings.iter().any(refuses);
    checked.report.hide_secrets(args.output.shows_changes());
    args.tell(&checked.report, streams)?;
    if is_refused {
        let _ = writeln!(streams.err, "Error: refused: nothing is passed on");
        return Ok(Outcome::Findings);
    }
    streams.out.verbatim(Verbatim::HelmsOutput)?.write_all(&input)?;
    Ok(Outcome::Clean)
}

impl Args {
    /// Writes the report to stderr, or to the files that were named. stdout is helm's.
    fn tell(&self, report: &Report, streams: &mut Streams<'_>) -> Result<(), Problem> {
        let mut aside = Streams { out: &mut *streams.err, err: &mut io::sink(), input: &mut io::empty() };
        let reports = std::slice::from_ref(report);
        match self.output.without_colour().write(&KeptReports::of(reports), &mut aside) {
            // helm does not show what a post-renderer says: whoever reads stderr may be gone, and the verdict stays.
            Err(Problem::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::{Outcome, Streams, run};

    fn passed(input: &[u8]) -> (Outcome, Vec<u8>, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = ["airtight", "post-render", "--no-config", "--mirror", "mirror.internal"];
        let outcome = run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut &input[..] });
        (outcome, out, String::from_utf8(err).expect("messages are text"))
    }

    /// Cases on disk are text: these bytes are not.
    #[test]
    fn bytes_are_passed_on_as_they_came() {
        let pod = "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: [{name: a, image: mirror.internal/a:1}]}\n";
        let bytes: [Vec<u8>; 5] = [
            pod.into(),
            pod.trim_end().into(),
            pod.replace('\n', "\r\n").into(),
            format!("\u{feff}{pod}").into(),
            format!("{pod}---\n# ::set-output name=a::b\n# \u{1b}[1m##[group]\n").into(),
        ];
        for input in bytes {
            assert_eq!(passed(&input).1, input, "{}", String::from_utf8_lossy(&input));
        }
    }

    #[test]
    fn nothing_is_passed_on_that_cannot_be_read() {
        for input in [&b""[..], b"\n", b"kind: Pod\n  a: b\n", b"\xff\xfe\x00", b"image: [", b"text"] {
            let (outcome, out, err) = passed(input);
            assert_ne!(outcome, Outcome::Clean, "{input:?}");
            assert!(out.is_empty() && !err.is_empty(), "{input:?}");
        }
    }
}
