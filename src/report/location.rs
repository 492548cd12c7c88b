//! [`ReportLocation`]: a location for other programs, and [`identity`]: a stable name of a finding for other programs.

use super::{Fingerprint, Report};
use crate::finding::{Excerpt, Finding};
use crate::objects::ObjectName;
use crate::reference::Reference;
use crate::source::{File, Place};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// A location for other programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportLocation {
    /// The path relative to the working folder; for a file in an archive its name, `app/values.yaml`.
    pub path: String,
    /// The first line, from 1.
    pub line: u32,
    /// The first character in that line, from 1.
    pub column: u32,
    /// The last line and the character after the end; `None` if only a point is known.
    pub end: Option<(u32, u32)>,
}

impl ReportLocation {
    /// The location of a span; `None` for a flag, which is not in a file.
    pub(crate) fn of(place: &Place) -> Option<Self> {
        let file = &place.file;
        if file.is_flag() {
            return None;
        }
        let (start, end) = place.spots();
        let end = end.map(|end| (end.line, end.column));
        Some(Self { path: file.shown().to_owned(), line: start.line, column: start.column, end })
    }

    /// The primary location of a finding, and the others: values files before templates, files that can be opened before
    /// files in an archive. If all are in an archive, the line that brings the archive is the primary one.
    pub(crate) fn of_finding<'f>(finding: &'f Finding, report: &Report) -> (Option<Self>, Vec<(Self, &'f str)>) {
        Self::among(finding, report, &report.archives)
    }

    /// The primary location of a finding, which may be in an archive.
    pub(crate) fn inside(finding: &Finding, report: &Report) -> Option<Self> {
        Self::among(finding, report, &[]).0
    }

    fn among<'f>(
        finding: &'f Finding,
        report: &Report,
        archives: &[(String, Place)],
    ) -> (Option<Self>, Vec<(Self, &'f str)>) {
        let located = |excerpt: &'f Excerpt| {
            let can_open = excerpt.place.file.path().is_some();
            Self::of(&excerpt.place).map(|location| (can_open, location, excerpt.label.as_str()))
        };
        let mut places: Vec<(bool, Self, &str)> = finding.excerpts.iter().filter_map(located).collect();
        let first = places.iter().position(|(can_open, ..)| *can_open).unwrap_or(0);
        let brings = |file: &File| brought_by(file, archives).and_then(Self::of);
        if places.is_empty() {
            let home = report.home.as_ref().map(|file| Place { file: file.clone(), start: 0, end: 0 });
            let brought = report.home.as_ref().and_then(|file| brings(file));
            return (brought.or_else(|| home.as_ref().and_then(Self::of)), Vec::new());
        }
        let in_archive = finding.excerpts.iter().map(|excerpt| &excerpt.place.file).find(|file| !file.is_flag());
        if !places.iter().any(|(can_open, ..)| *can_open)
            && let Some(primary) = in_archive.and_then(|file| brings(file))
        {
            return (Some(primary), places.into_iter().map(|(_, location, label)| (location, label)).collect());
        }
        let (_, primary, _) = places.remove(first);
        (Some(primary), places.into_iter().map(|(_, location, label)| (location, label)).collect())
    }
}

/// The line of the repository that brings the archive with a file, as [`Report::archives`] lists them.
pub(crate) fn brought_by<'a>(file: &File, archives: &'a [(String, Place)]) -> Option<&'a Place> {
    let in_it = archives.iter().filter(|(prefix, _)| file.path().is_none() && file.name().starts_with(prefix));
    in_it.max_by_key(|(prefix, _)| prefix.len()).map(|(_, place)| place)
}

/// A location for messages: `values/prod.yaml:8:15`, `--set image.tag=1`.
pub(crate) fn place_name(place: &Place) -> String {
    if place.file.is_flag() {
        format!("{} {}", place.file.name(), String::from_utf8_lossy(place.file.bytes()))
    } else {
        place.to_string()
    }
}

/// The details of a finding after its message, a line each: locations, notes, help.
pub(crate) fn details(finding: &Finding) -> Vec<String> {
    let place = |excerpt: &Excerpt| format!("{}: {}", place_name(&excerpt.place), excerpt.label);
    let places = finding.excerpts.iter().map(place);
    let notes = finding.notes.iter().map(|note| format!("note: {}", note.trim_end()));
    let help = finding.advice().into_iter().map(|help| format!("help: {help}"));
    places.chain(notes).chain(help).collect()
}

/// The values paths that decided the registries of images, for findings about them.
#[derive(Debug, Default)]
pub(crate) struct ValuesPaths<'r>(HashMap<(&'r str, &'r ObjectName, &'r str), &'r str>);

impl<'r> ValuesPaths<'r> {
    /// The values paths of a report.
    pub(crate) fn of(report: &'r Report) -> Self {
        let mut known = HashMap::new();
        for image in &report.images {
            for one in &image.uses {
                let path = one.origins.first().map(|origin| origin.path.as_str()).unwrap_or_default();
                known.entry((image.reference.as_str(), &one.object, one.field.as_str())).or_insert(path);
            }
        }
        Self(known)
    }

    /// The values path of the image that a finding is about; empty if no value decided.
    pub(crate) fn path(&self, finding: &Finding) -> &'r str {
        let Some(subject) = &finding.subject else { return "" };
        let key = (subject.reference.as_str(), &subject.object, subject.field.as_str());
        self.0.get(&key).copied().unwrap_or_default()
    }
}

/// A finding's name for other programs: 64 hexadecimal digits that do not change when lines move or a tag is raised.
///
/// It is the SHA-256 of the release, the rule, the object, the field, the values path and the repository.
pub(crate) fn identity(finding: &Finding, report: &Report, paths: &ValuesPaths<'_>) -> String {
    let print = Fingerprint::of(finding, &report.release);
    let repository = match Reference::parse(&print.reference) {
        Ok(reference) => format!("{}/{}", reference.registry, reference.repository),
        Err(_) => print.reference,
    };
    let path = paths.path(finding);
    let parts = [&print.release, &print.rule, &print.object, &print.field, path, &repository];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Numbers findings with the same name: the first is 1, the next 2.
///
/// Only as many digits of a name are kept as are needed to tell all names apart.
#[derive(Debug, Default)]
pub(crate) struct Ordinals(BTreeMap<u128, u32>);

impl Ordinals {
    /// The ordinal of the next finding with this name.
    pub(crate) fn next(&mut self, identity: &str) -> u32 {
        let name = identity.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default();
        let count = self.0.entry(name).or_default();
        *count += 1;
        *count
    }
}
