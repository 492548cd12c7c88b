//! What runs beside what charts render: which line made a finding about a cluster, what runs and no chart renders, and what charts render
//! and does not run.

use crate::finding::{Excerpt, Finding, Severity};
use crate::images::Tier;
use crate::reference::Reference;
use crate::report::Report;
use crate::rule_ids;
use std::collections::{BTreeMap, BTreeSet};

/// The releases that are named of many.
const NAMED: usize = 3;

/// The label of a line of a release.
const SET_HERE: &str = "this decides the image";

/// What the releases of a configuration render, by normalized reference.
#[derive(Debug)]
pub(crate) struct RenderedImages<'r> {
    reports: &'r [Report],
    /// The indexes of the reports, and of the images in them.
    images: BTreeMap<String, Vec<(usize, usize)>>,
}

/// What runs and no release renders.
pub(crate) type Unrendered = BTreeSet<String>;

impl<'r> RenderedImages<'r> {
    /// Reads the reports of releases, in which secrets are masked already.
    pub(crate) fn of(reports: &'r [Report]) -> Self {
        let mut images: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, report) in reports.iter().enumerate() {
            for (index, image) in report.images.iter().enumerate() {
                images.entry(normalized(&image.reference)).or_default().push((number, index));
            }
        }
        Self { reports, images }
    }

    /// Adds to the report of a cluster what the releases say: the lines behind its findings, and hints about the differences. `is_whole` says
    /// that everything that runs was read. Returns what no release renders.
    pub(crate) fn join(&self, cluster: &mut Report, is_whole: bool) -> Unrendered {
        for finding in &mut cluster.findings {
            self.explain(finding);
        }
        let reported: BTreeSet<&str> =
            cluster.findings.iter().filter_map(|finding| Some(finding.subject.as_ref()?.reference.as_str())).collect();
        let running: BTreeSet<String> = cluster.images.iter().map(|image| normalized(&image.reference)).collect();
        let unrendered = cluster.images.iter().filter(|image| !self.images.contains_key(&normalized(&image.reference)));
        let unrendered: Unrendered = unrendered.map(|image| image.reference.clone()).collect();
        let quiet = unrendered.iter().filter(|image| !reported.contains(image.as_str()));
        let mut hints: Vec<Finding> = quiet
            .map(|image| {
                let message = format!("{image} runs, and no release renders it");
                let help = "add the release that brings it to airtight.yaml, or the image to the lists of the bundle (--learn FOLDER)";
                hint(rule_ids::UNRENDERED_IMAGE, message, help)
            })
            .collect();
        let rendered = self.images.iter().filter(|(text, _)| is_whole && !running.contains(*text));
        hints.extend(rendered.filter_map(|(text, places)| {
            let is_pulled =
                |(number, index): &&(usize, usize)| self.reports[*number].images[*index].tier == Tier::Certain;
            let places: Vec<(usize, usize)> = places.iter().filter(is_pulled).copied().collect();
            let message = format!("{text} does not run; {} it", self.renders(&places));
            let help = "a job that has ended, or a workload without replicas, may run later";
            (!places.is_empty()).then(|| hint(rule_ids::IMAGE_NOT_RUNNING, message, help))
        }));
        cluster.findings.extend(hints);
        unrendered
    }

    /// Adds to a finding about an image where its release sets it.
    fn explain(&self, finding: &mut Finding) {
        let Some(text) = finding.subject.as_ref().map(|subject| normalized(&subject.reference)) else { return };
        if text.is_empty() {
            return;
        }
        let Some(places) = self.images.get(&text) else {
            finding.notes.push("no release renders it: an operator made it, or it was installed by hand".to_owned());
            return;
        };
        finding.notes.push(format!("{} it", self.renders(places)));
        // What lint says about the same image points at the line to edit, and was tried.
        let same = places.iter().find_map(|(number, _)| {
            let findings = self.reports[*number].findings.iter();
            let of_image =
                |one: &&Finding| one.subject.as_ref().is_some_and(|subject| normalized(&subject.reference) == text);
            findings.filter(of_image).min_by_key(|one| one.severity).map(|one| (*number, one))
        });
        if let Some((number, said)) = same {
            let release = self.reports[number].release.full_name();
            finding.notes.push(format!("lint says of {release}: {} ({})", said.message, said.rule));
            finding.help = said.advice().or(finding.help.take());
            finding.excerpts.splice(0..0, said.excerpts.iter().cloned());
            return;
        }
        let decided = places.iter().find_map(|(number, index)| {
            let uses = &self.reports[*number].images[*index].uses;
            uses.iter().find_map(|one| one.decider()?.place.clone())
        });
        finding.excerpts.splice(0..0, decided.map(|place| Excerpt { place, label: SET_HERE.to_owned() }));
    }

    /// `release shop/prod renders`, `releases a, b, c and 2 more render`
    fn renders(&self, places: &[(usize, usize)]) -> String {
        let names: BTreeSet<String> =
            places.iter().map(|(number, _)| self.reports[*number].release.full_name()).collect();
        let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        match names.len() {
            1 => format!("release {} renders", named.join(", ")),
            few if few <= NAMED => format!("releases {} render", named.join(", ")),
            many => format!("releases {} and {} more render", named.join(", "), many - NAMED),
        }
    }
}

fn hint(rule: &'static str, message: String, help: &str) -> Finding {
    Finding {
        rule,
        severity: Severity::Hint,
        message,
        subject: None,
        excerpts: Vec::new(),
        notes: Vec::new(),
        help: Some(help.to_owned()),
        fix: None,
    }
}

/// A reference in its full form; a text that is none as it is.
fn normalized(text: &str) -> String {
    Reference::parse(text).map_or_else(|_| text.to_owned(), |reference| reference.to_string())
}
