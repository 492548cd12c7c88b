//! What runs beside what charts render: which line made a finding about a cluster, what runs and no chart renders, and what charts render
//! and does not run.

use crate::analysis::images::Image;
use crate::finding::{Excerpt, Finding, Subject};
use crate::images::Tier;
use crate::reference::Reference;
use crate::report::Report;
use crate::rule_ids;
use crate::rules::RULES;
use crate::settings::Settings;
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

/// Which pods were read, and what was rendered beside them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WhatWasRead<'n> {
    /// The only namespace of the pods; `None` for all.
    pub namespace: Option<&'n str>,
    /// Whether only some of its pods were read.
    pub is_selection: bool,
    /// Whether what no release renders is news: all releases were rendered, or the pods are those of one.
    pub has_other_releases: bool,
}

impl WhatWasRead<'_> {
    /// Whether every pod was read that may run an image of a release in a namespace.
    fn has_all_of(self, image: &Image, namespace: &str) -> bool {
        let is_here = |wanted: &str| {
            image.uses.iter().all(|one| {
                let own = if one.object.namespace.is_empty() { namespace } else { &one.object.namespace };
                own == wanted
            })
        };
        !self.is_selection && self.namespace.is_none_or(is_here)
    }
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

    /// Adds to the report of a cluster what the releases say: the lines behind its findings, and findings about the differences. Returns what
    /// no release renders.
    pub(crate) fn join(&self, cluster: &mut Report, read: WhatWasRead<'_>, settings: &Settings) -> Unrendered {
        let destinations: BTreeMap<String, String> = cluster
            .images
            .iter()
            .filter_map(|image| Some((normalized(&image.reference), normalized(image.destination.as_deref()?))))
            .collect();
        for finding in &mut cluster.findings {
            self.explain(finding, &destinations);
        }
        let reported: BTreeSet<&str> =
            cluster.findings.iter().filter_map(|finding| Some(finding.subject.as_ref()?.reference.as_str())).collect();
        let running: BTreeSet<String> = cluster.images.iter().map(|image| normalized(&image.reference)).collect();
        let unrendered: Vec<&Image> =
            cluster.images.iter().filter(|image| !self.images.contains_key(&normalized(&image.reference))).collect();
        let quiet =
            unrendered.iter().filter(|image| read.has_other_releases && !reported.contains(image.reference.as_str()));
        let mut found: Vec<Finding> = quiet
            .filter_map(|image| {
                let message = format!("{} runs, and no release renders it", image.reference);
                let help = "add the release that brings it to airtight.yaml, or the image to the lists of the bundle (--learn FOLDER)";
                finding(rule_ids::UNRENDERED_IMAGE, message, image, help, settings)
            })
            .collect();
        // What runs instead of it is reported.
        let is_told = |text: &String| running.contains(text) || destinations.values().any(|to| to == text);
        for (text, places) in self.images.iter().filter(|(text, _)| !is_told(text)) {
            let is_pulled = |(number, index): &&(usize, usize)| {
                let image = &self.reports[*number].images[*index];
                image.tier == Tier::Certain && read.has_all_of(image, &self.reports[*number].release.namespace)
            };
            let places: Vec<(usize, usize)> = places.iter().filter(is_pulled).copied().collect();
            let Some((number, index)) = places.first() else { continue };
            let message = format!("{text} does not run; {} it", self.renders(&places));
            let help = "a job that has ended, or a workload without replicas, may run later";
            let image = &self.reports[*number].images[*index];
            found.extend(finding(rule_ids::IMAGE_NOT_RUNNING, message, image, help, settings));
        }
        let unrendered = unrendered.into_iter().map(|image| image.reference.clone()).collect();
        cluster.findings.extend(found);
        unrendered
    }

    /// Adds to a finding about an image where its release sets it. `destinations` are the places of images on the mirror.
    fn explain(&self, finding: &mut Finding, destinations: &BTreeMap<String, String>) {
        let Some(text) = finding.subject.as_ref().map(|subject| normalized(&subject.reference)) else { return };
        if text.is_empty() {
            return;
        }
        let Some(places) = self.images.get(&text) else {
            let moved = destinations.get(&text).and_then(|to| Some((to, self.images.get(to)?)));
            if let Some((to, places)) = moved.filter(|(to, _)| **to != text) {
                finding.notes.push(format!("{} {to} in its place", self.renders(places)));
                finding.help = Some(format!(
                    "upgrade {}; if what made the pods keeps the image after that, change it there",
                    self.named(places)
                ));
                return;
            }
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
            finding.help = Some(match said.advice() {
                Some(advice) => format!("{advice}, then upgrade release {release}"),
                None => format!("set the image in the values of release {release}, and upgrade it"),
            });
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
        let verb = if self.names(places).len() == 1 { "renders" } else { "render" };
        format!("{} {verb}", self.named(places))
    }

    /// `release shop/prod`, `releases a, b, c and 2 more`
    fn named(&self, places: &[(usize, usize)]) -> String {
        let names = self.names(places);
        let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        match names.len() {
            1 => format!("release {}", named.join(", ")),
            few if few <= NAMED => format!("releases {}", named.join(", ")),
            many => format!("releases {} and {} more", named.join(", "), many - NAMED),
        }
    }

    fn names(&self, places: &[(usize, usize)]) -> BTreeSet<String> {
        places.iter().map(|(number, _)| self.reports[*number].release.full_name()).collect()
    }
}

/// Moves what is only told to the end: the order of a report follows files, and these findings have none.
pub(crate) fn differences_last(cluster: &mut Report) {
    let is_difference =
        |finding: &Finding| matches!(finding.rule, rule_ids::UNRENDERED_IMAGE | rule_ids::IMAGE_NOT_RUNNING);
    cluster.findings.sort_by_key(is_difference);
}

/// A finding about an image without a line, if its rule is on.
fn finding(id: &str, message: String, image: &Image, help: &str, settings: &Settings) -> Option<Finding> {
    let rule = RULES.iter().find(|known| known.id == id).filter(|rule| settings.is_on(rule.id, rule.on))?;
    let one = image.uses.first()?;
    Some(Finding {
        rule: rule.id,
        severity: settings.severity(rule.id, rule.severity),
        message,
        subject: Some(Subject {
            object: one.object.clone(),
            template: one.template.clone(),
            field: one.field.clone(),
            container: one.container.clone(),
            reference: image.reference.clone(),
            tier: image.tier,
            class: image.class,
        }),
        excerpts: Vec::new(),
        notes: Vec::new(),
        help: Some(help.to_owned()),
        fix: None,
    })
}

/// A reference in its full form; a text that is none as it is.
fn normalized(text: &str) -> String {
    Reference::parse(text).map_or_else(|_| text.to_owned(), |reference| reference.to_string())
}
