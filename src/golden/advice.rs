//! Checks fixes: each fix is applied as reported. Its finding must disappear, and no other finding may become worse.

use super::{own_charts, prepared, some_of_corpus};
use crate::chart::{Chart, load};
use crate::compiler::Compiler;
use crate::finding::{Finding, Severity};
use crate::fix::{Fix, Originals, Patch, apply, patched};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::lint::lint;
use crate::reference::Mirror;
use crate::release::ReleaseInputs;
use crate::settings::Settings;
use crate::source::File;
use crate::values::UserValues;
use crate::yaml::{Data, Node};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const MIRROR: &str = "mirror.internal";

/// What was tested, and what failed.
#[derive(Default)]
struct Tally {
    fixes: usize,
    patches: usize,
    rules: BTreeSet<&'static str>,
    wrong: Vec<String>,
}

/// A release that is checked with the user's values.
fn given(chart: Arc<Chart>, user: UserValues) -> ReleaseInputs {
    ReleaseInputs { is_given: !user.is_empty(), check_schema: true, ..prepared(chart, user) }
}

fn findings(prepared: &ReleaseInputs, settings: &Settings, compiler: &mut Compiler) -> Vec<Finding> {
    lint(prepared, settings, compiler, &mut Vec::new()).map(|report| report.findings).unwrap_or_default()
}

/// Identifies a finding when the values around it change.
fn identity(finding: &Finding) -> String {
    match &finding.subject {
        // One image, whatever sets it.
        Some(subject) => format!("{} {} {}", subject.template, subject.object, subject.field),
        None => format!("{} {}", finding.rule, finding.message.split(": ").next().unwrap_or_default()),
    }
}

/// Applies the fixes of a release, one at a time.
fn try_fixes(name: &str, prepared: &ReleaseInputs, tally: &mut Tally) {
    let settings = Settings::new(Mirror::parse(MIRROR).expect("a mirror"));
    let mut compiler = Compiler::new();
    let before = findings(prepared, &settings, &mut compiler);
    let known: BTreeSet<String> = before.iter().map(identity).collect();
    let mut tried: Vec<&Fix> = Vec::new();
    for finding in &before {
        let Some(fix) = &finding.fix else { continue };
        // A fix that several findings share is tested once.
        if tried.iter().any(|other| other.title == fix.title) || tried.len() > 12 {
            continue;
        }
        tried.push(fix);
        tally.fixes += 1;
        tally.rules.insert(finding.rule);
        let what = format!("{name}: {}: {}", finding.rule, fix.title);
        let user = match apply(&prepared.user, &fix.edits, prepared.env.helm, &prepared.limits, &Originals::default()) {
            Ok(user) => user,
            Err(refusal) => {
                tally.wrong.push(format!("{what}: {}", refusal.name()));
                continue;
            }
        };
        let patches: Vec<&Patch> = fix.patches.iter().collect();
        tally.patches += patches.len();
        for patch in &patches {
            let after = patch.text_change().after;
            if with_diff(patch.place.file.bytes(), &patch.diff()).as_deref() != Some(after.bytes()) {
                tally.wrong.push(format!("{what}: its diff is another change:\n{}", patch.diff()));
            }
        }
        let fixed = ReleaseInputs { user, chart: patched(&prepared.chart, &patches), ..prepared.clone() };
        let after = findings(&fixed, &settings, &mut compiler);
        let stays = |other: &&Finding| {
            // A finding about the version says nothing about the registry.
            let is_of_place = finding.rule != "unpinned-image" && other.severity == Severity::Error;
            identity(other) == identity(finding) && (other.rule == finding.rule || is_of_place)
        };
        if after.iter().any(|other| stays(&other)) {
            tally.wrong.push(format!("{what}: it stays"));
        }
        // The default images of an operator are unknown as long as its own image is not a reference.
        let is_new = |other: &&Finding| {
            let is_known = known.contains(&identity(other)) || other.rule == "implicit-default-image";
            other.severity == Severity::Error && !is_known
        };
        if let Some(new) = after.iter().find(is_new) {
            tally.wrong.push(format!("{what}: now {}: {}", new.rule, new.message));
        }
    }
}

/// Applies a unified diff to a text, at the line numbers of the diff; `None` if the lines differ.
fn with_diff(text: &[u8], diff: &str) -> Option<Vec<u8>> {
    let old: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let (mut new, mut at) = (Vec::new(), 0);
    let mut lines = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(line) = lines.next() {
        if let Some(range) = line.strip_prefix("@@ -") {
            let first: usize = range.split([',', ' ']).next()?.parse().ok()?;
            new.extend_from_slice(&old.get(at..first - 1)?.concat());
            at = first - 1;
            continue;
        }
        let is_unended = lines.peek().is_some_and(|next| next.starts_with('\\'));
        let (sign, line) = line.split_at_checked(1)?;
        let line = if is_unended { line.trim_end_matches('\n') } else { line }.as_bytes();
        match sign {
            "\\" => continue,
            "+" => new.extend_from_slice(line),
            _ => {
                if *old.get(at)? != line {
                    return None;
                }
                at += 1;
                if sign == " " {
                    new.extend_from_slice(line);
                }
            }
        }
    }
    new.extend_from_slice(&old.get(at..)?.concat());
    Some(new)
}

/// The texts in the defaults of a chart whose key is named for images, with their paths.
fn image_values(chart: &Chart) -> Vec<(Vec<String>, String)> {
    fn walk(node: &Node, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
        let Data::Map(members) = &node.data else { return };
        for (entry, node) in members {
            let name = entry.key.to_text().into_owned();
            path.push(name.clone());
            let lower = name.to_ascii_lowercase();
            let is_of_image =
                ["registry", "repository", "image", "hub", "tag"].iter().any(|word| lower.ends_with(word));
            match &node.data {
                Data::Str(text) if is_of_image && !name.contains('.') => {
                    found.push((path.clone(), text.to_text().into_owned()));
                }
                Data::Map(_) => walk(node, path, found),
                _ => {}
            }
            path.pop();
        }
    }
    let mut found = Vec::new();
    let documents = chart.values.iter().flat_map(|values| &values.documents);
    documents.for_each(|document| walk(document, &mut Vec::new(), &mut found));
    found
}

/// A values file that sets one path.
fn values_file(name: &str, path: &[String], value: &str) -> Arc<File> {
    let mut text = String::new();
    for (depth, key) in path.iter().enumerate() {
        let value = if depth + 1 == path.len() { format!(" {value}") } else { String::new() };
        text.push_str(&format!("{}{key}:{value}\n", "  ".repeat(depth)));
    }
    File::new(name, text)
}

/// Values that users may have set for a chart: other registries, the mirror, nothing, in one file or two, and by flags.
fn overrides(chart: &Chart, most: usize) -> Vec<UserValues> {
    let values = image_values(chart);
    let step = (values.len() / most).max(1);
    let mut found = Vec::new();
    let files = |files: Vec<Arc<File>>| UserValues { files, ..UserValues::default() };
    let global = || values_file("global.yaml", &["global".into(), "imageRegistry".into()], MIRROR);
    for (number, (path, _)) in values.iter().step_by(step).take(most).enumerate() {
        let last = path.last().map(|last| last.to_ascii_lowercase()).unwrap_or_default();
        let others: [&str; 3] = match last.as_str() {
            last if last.ends_with("tag") => ["\"\"", "'9.9'", "latest"],
            last if last.ends_with("registry") || last.ends_with("hub") => ["ghcr.io", "\"\"", MIRROR],
            last if last.ends_with("repository") => ["quay.io/other/app", "mirror.internal/other/app", "other/app"],
            _ => ["quay.io/other/app:1", "mirror.internal/wrong/app:1", "\"\""],
        };
        let value = others[number % 3];
        found.push(files(vec![values_file("own.yaml", path, value)]));
        found.push(files(vec![global(), values_file("own.yaml", path, value)]));
        found.push(UserValues {
            files: vec![values_file("low.yaml", path, others[0]), values_file("high.yaml", path, value)],
            set: vec![format!("global.imageRegistry={MIRROR}")],
            ..UserValues::default()
        });
        let dotted = path.join(".");
        found.push(UserValues {
            set: vec![format!("{dotted}={}", value.trim_matches(['"', '\'']))],
            ..UserValues::default()
        });
        found.push(files(vec![global(), File::new("none.yaml", "global:\n  imageRegistry: null\n")]));
    }
    found
}

fn try_chart(path: &Path, most: usize, tally: &mut Tally) {
    let limits = Limits::default();
    let Ok(loaded) = load::load(path, &limits, HelmVersion::V4) else { return };
    let chart = loaded.chart;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    try_fixes(&name, &given(chart.clone(), UserValues::default()), tally);
    for (number, user) in overrides(&chart, most).into_iter().enumerate() {
        let shown: Vec<String> = user
            .files
            .iter()
            .map(|file| String::from_utf8_lossy(file.bytes()).replace('\n', "; "))
            .chain(user.set.iter().cloned())
            .collect();
        try_fixes(&format!("{name} #{number} ({})", shown.join(" | ")), &given(chart.clone(), user), tally);
    }
}

fn tried(charts: impl IntoIterator<Item = std::path::PathBuf>, most: usize) -> Tally {
    let mut tally = Tally::default();
    charts.into_iter().for_each(|chart| try_chart(&chart, most, &mut tally));
    tally
}

#[test]
fn what_is_advised_helps() {
    let tally = crate::cli::on_large_stack(|| tried(own_charts(), 4)).expect("it does not panic");
    assert!(tally.wrong.is_empty(), "{} of {}: {:#?}", tally.wrong.len(), tally.fixes, tally.wrong);
    assert!(tally.fixes >= 100, "{} fixes", tally.fixes);
    assert!(tally.patches >= 5, "{} patches", tally.patches);
    assert!(tally.rules.len() >= 5, "{:?}", tally.rules);
}

#[test]
fn what_is_advised_helps_with_real_charts() {
    let tally =
        crate::cli::on_large_stack(|| tried(some_of_corpus().into_iter().step_by(2), 1)).expect("it does not panic");
    assert!(tally.wrong.is_empty(), "{} of {}: {:#?}", tally.wrong.len(), tally.fixes, tally.wrong);
}
