//! [`Batch`]: hundreds of templates as files of one chart, rendered by helm and by airtight.
//!
//! One failing template ends a whole run, so airtight first renders each alone, in this process. The failing ones go to
//! `helm lint`, one chart each, which reports the messages of many charts at once. The others go together, with a file that is
//! not YAML, which makes `--debug` print every file as rendered. If helm fails nevertheless, its message names the file, and
//! the rest runs again without it.

#![expect(clippy::disallowed_methods, reason = "makes charts on the disk for helm")]

use super::answer::{Answer, message};
use super::grammar::Grammar;
use super::process::command;
use super::random::Random;
use crate::cli::{Outcome, Streams, on_large_stack, run};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The results so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) compared: u64,
    pub(crate) failing: u64,
    pub(crate) unstable: u64,
    pub(crate) bounded: u64,
    pub(crate) unanswered: u64,
    pub(crate) servers_own: u64,
    pub(crate) different: u64,
}

impl Tally {
    /// Adds other results.
    pub(crate) fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        self.failing += other.failing;
        self.unstable += other.unstable;
        self.bounded += other.bounded;
        self.unanswered += other.unanswered;
        self.servers_own += other.servers_own;
        self.different += other.different;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compared, failing, unstable, bounded, unanswered, servers_own, different } = self;
        write!(
            f,
            "{compared} compared ({failing} of them errors), {different} different, {servers_own} in which the server \
             differs from the process, {unstable} not the same twice in helm, {bounded} past our limits, {unanswered} \
             without an answer"
        )
    }
}

/// The results of several templates, or the message of the one that ended the run.
type Outputs = Result<Vec<Vec<u8>>, String>;

/// A template for which airtight and helm differ.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) template: String,
    pub(crate) values: String,
    pub(crate) helm: Answer,
    pub(crate) ours: Answer,
}

impl Difference {
    /// As a JSON object.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({ "template": self.template, "values": self.values, "helm": self.helm.json(), "ours": self.ours.json() })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template {:?}\n  helm {}\n  ours {}", self.template, self.helm, self.ours)
    }
}

/// Templates with their common values.
pub(crate) struct Batch<'h> {
    helm: &'h Path,
    folder: PathBuf,
    values: String,
    templates: Vec<String>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl<'h> Batch<'h> {
    /// Generates the templates of a batch.
    pub(crate) fn new(helm: &'h Path, seed: u64, number: u64, size: u64) -> Result<Self, String> {
        let mut random = Random::new(seed, number);
        let mut grammar = Grammar::new(&mut random);
        let values = grammar.values();
        let templates = (0..size).map(|serial| grammar.template(serial)).collect();
        let folder = std::env::temp_dir().join(format!("fuzz-helm-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { helm, folder, values, templates })
    }

    /// Compares all templates.
    pub(crate) fn run(self) -> Result<(Tally, Vec<Difference>), String> {
        let mut tally = Tally::default();
        let mut differences = Vec::new();
        let (mut fine, mut failing) = (Vec::new(), Vec::new());
        for index in 0..self.templates.len() {
            let chart = self.chart(&index.to_string(), &[index])?;
            match self.ours(&chart, &[index])? {
                Ok(_) => fine.push(index),
                // Helm has no limit here.
                Err(message) if message.contains("(--limit ") => tally.bounded += 1,
                Err(message) => failing.push((index, message)),
            }
        }
        let mut suspects = self.lint(&failing)?;
        tally.compared += (failing.len() - suspects.len()) as u64;
        tally.failing = tally.compared;
        while !fine.is_empty() {
            let chart = self.chart("all", &fine)?;
            let (ours, helm) = (self.ours(&chart, &fine)?, self.helms(&chart, &fine)?);
            let failed = match (&ours, &helm) {
                (Ok(ours), Ok(helm)) => {
                    let differing = (0..fine.len()).filter(|&at| ours[at] != helm[at]).map(|at| fine[at]);
                    suspects.extend(differing);
                    tally.compared += (0..fine.len()).filter(|&at| ours[at] == helm[at]).count() as u64;
                    break;
                }
                (_, Err(message)) | (Err(message), _) => culprit(message),
            };
            match failed.filter(|index| fine.contains(index)) {
                Some(index) => {
                    fine.retain(|&other| other != index);
                    suspects.push(index);
                }
                // The message names no file: run each alone.
                None => suspects.append(&mut fine),
            }
        }
        for index in suspects {
            let chart = self.chart("alone", &[index])?;
            let (ours, helm) = (self.alone(&chart, index, Self::ours)?, self.alone(&chart, index, Self::helms)?);
            tally.compared += 1;
            tally.failing += u64::from(matches!(helm, Answer::Error(_)));
            if ours == helm {
                continue;
            }
            // The order of Go's maps is random.
            if (0..3).any(|_| self.alone(&chart, index, Self::helms).as_ref() != Ok(&helm)) {
                tally.unstable += 1;
                continue;
            }
            tally.different += 1;
            let template = self.templates[index].clone();
            differences.push(Difference { template, values: self.values.clone(), helm, ours });
        }
        Ok((tally, differences))
    }

    fn alone(
        &self,
        chart: &Path,
        index: usize,
        by: fn(&Self, &Path, &[usize]) -> Result<Outputs, String>,
    ) -> Result<Answer, String> {
        Ok(match by(self, chart, &[index])? {
            Ok(mut outputs) => Answer::Output(outputs.pop().unwrap_or_default()),
            Err(message) => Answer::Error(message),
        })
    }

    /// Of the templates that fail in airtight, those for which `helm lint` does not report exactly the same message.
    ///
    /// Lint may disagree (`fail` and `required` are not errors there): run those alone.
    fn lint(&self, failing: &[(usize, String)]) -> Result<Vec<usize>, String> {
        if failing.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.command();
        command.arg("lint");
        command.args(failing.iter().map(|(index, _)| self.folder.join(index.to_string()).join("case")));
        let result = command.output().map_err(|error| format!("{}: {error}", self.helm.display()))?;
        let said = String::from_utf8_lossy(&result.stdout);
        let agreed = |index: usize, message: &str| {
            let chart = self.folder.join(index.to_string()).join("case");
            let head = format!("==> Linting {}\n", chart.display());
            let Some(at) = said.find(&head) else { return false };
            // Lint always reports this for a chart without an icon.
            let rest = said[at + head.len()..].split_once('\n').map_or("", |(_, rest)| rest);
            let line = format!("[ERROR] templates/: {message}\n");
            rest.strip_prefix(line.as_str()).is_some_and(|rest| rest.starts_with('\n') || rest.starts_with('['))
        };
        Ok(failing.iter().filter(|(index, message)| !agreed(*index, message)).map(|(index, _)| *index).collect())
    }

    /// A chart with some of the templates.
    fn chart(&self, name: &str, indexes: &[usize]) -> Result<PathBuf, String> {
        let chart = self.folder.join(name).join("case");
        let make = || -> std::io::Result<()> {
            let templates = chart.join("templates");
            if chart.exists() {
                std::fs::remove_dir_all(&chart)?;
            }
            std::fs::create_dir_all(&templates)?;
            let metadata = "apiVersion: v2\nname: case\nversion: 0.1.0\nappVersion: 1.2.3\n";
            std::fs::write(chart.join("Chart.yaml"), metadata)?;
            std::fs::write(chart.join("values.yaml"), &self.values)?;
            std::fs::write(templates.join("zz.yaml"), "a: b: c\n")?;
            for &index in indexes {
                let text = format!("@@B:{index}@@{}@@E:{index}@@", self.templates[index]);
                std::fs::write(templates.join(file_name(index)), text)?;
            }
            Ok(())
        };
        make().map_err(|error| format!("{}: {error}", chart.display()))?;
        Ok(chart)
    }

    /// The outputs of airtight, or its message.
    fn ours(&self, chart: &Path, indexes: &[usize]) -> Result<Outputs, String> {
        let args = ["airtight", "template", "rel", &chart.to_string_lossy(), "--debug", "--time-zone", "UTC"]
            .map(str::to_owned);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
        if outcome.is_none_or(|outcome| outcome != Outcome::Failed) {
            return Ok(Err(format!("airtight panicked or took what is no YAML: {outcome:?}")));
        }
        Ok(outputs(&out, &err, indexes))
    }

    /// The outputs of helm, or its message.
    fn helms(&self, chart: &Path, indexes: &[usize]) -> Result<Outputs, String> {
        let mut command = self.command();
        command.args(["template", "rel"]).arg(chart).arg("--debug");
        let result = command.output().map_err(|error| format!("{}: {error}", self.helm.display()))?;
        Ok(outputs(&result.stdout, &result.stderr, indexes))
    }

    fn command(&self) -> Command {
        command(self.helm, &self.folder)
    }
}

fn file_name(index: usize) -> String {
    format!("c{index:04}.yaml")
}

/// The index in the first file name of a message.
fn culprit(message: &str) -> Option<usize> {
    let at = message.find("case/templates/c")? + "case/templates/c".len();
    message.get(at..at + 4)?.parse().ok()
}

/// The text between the markers, for each template; or the message.
fn outputs(out: &[u8], err: &[u8], indexes: &[usize]) -> Outputs {
    let mut rest = out;
    let mut found = Vec::new();
    // Helm sorts files in its own order.
    for &index in indexes {
        let (begin, end) = (format!("@@B:{index}@@"), format!("@@E:{index}@@"));
        let between = position(rest, begin.as_bytes()).or_else(|| {
            rest = out;
            position(rest, begin.as_bytes())
        });
        let Some(start) = between.map(|at| at + begin.len()) else { return Err(message(err)) };
        let Some(length) = position(&rest[start..], end.as_bytes()) else { return Err(message(err)) };
        found.push(rest[start..start + length].to_vec());
        rest = &rest[start + length..];
    }
    Ok(found)
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
