//! The differences between two configurations in what they check and accept: [`changes`].
//!
//! A branch is compared with its base. The table of keys says which side decides each key ([`keys`](super::keys)).

use super::keys::REWRITES;
use super::read::Part;
use super::sides::{Day, Pair, chart_sources, files, is_later, latest, pairs, same, target_of_new};
use super::{Config, ListedRelease, MirrorTarget, ReleaseSpec, Suppression};
use crate::finding::Severity;
use crate::helm::HelmVersion;
use crate::images::find::{HintAction, PlaceRule};
use crate::limits::Limits;
use crate::policy::{PolicyChange, Weight};
use crate::reference::{Layout, Mirror};
use crate::rules::RULES;
use crate::settings::Level;
use crate::source::Place;
use crate::yaml::{self, Data, Node};
use std::collections::BTreeSet;
use std::path::Path;

/// The changes of a branch, in the order of the table of keys. `exists` says whether a path that the configuration names
/// exists in the branch; `fetches_all` whether charts of new sources are fetched. For releases that are not `wanted`, only their
/// removal is reported.
pub(crate) fn changes(
    before: &Config,
    after: &Config,
    exists: &dyn Fn(&str) -> bool,
    wanted: &dyn Fn(&ReleaseSpec) -> bool,
    fetches_all: bool,
) -> Vec<PolicyChange> {
    let mut diff = Diff { before: Side::new(before), after: Side::new(after), exists, found: Vec::new() };
    diff.top();
    diff.rules();
    diff.finders();
    diff.suppressions();
    let known = chart_sources(before);
    for pair in pairs(before, after) {
        let is_wanted = [pair.before, pair.after].into_iter().flatten().any(|release| wanted(&release.entry));
        if is_wanted || pair.after.is_none() {
            diff.release(pair, is_wanted);
            diff.source(pair, &known, fetches_all);
        }
    }
    diff.found
}

/// A configuration with its tree, for looking up locations.
struct Side<'c> {
    config: &'c Config,
    node: Option<Node>,
}

impl<'c> Side<'c> {
    fn new(config: &'c Config) -> Self {
        let read = |file: &std::sync::Arc<crate::source::File>| yaml::read(file.bytes(), &Limits::default()).ok();
        Self { config, node: config.file.as_ref().and_then(read) }
    }

    fn root(&self) -> Option<Part<'_>> {
        Some(Part { file: self.config.file.as_ref()?, node: self.node.as_ref()? })
    }

    /// A key with its value.
    fn key_of(part: Part<'_>, name: &str) -> Option<Place> {
        let Data::Map(entries) = &part.node.data else { return None };
        let (entry, node) = entries.iter().rev().find(|(entry, _)| entry.key == *name)?;
        Some(Place { file: part.file.clone(), start: entry.start, end: node.end.max(entry.end) })
    }

    /// The key at the end of a path.
    fn at(&self, way: &[&str]) -> Option<Place> {
        let (last, way) = way.split_last()?;
        Self::key_of(way.iter().try_fold(self.root()?, |part, name| part.get(name))?, last)
    }

    /// The key at the end of a path, or the nearest one above it, or the file.
    fn near(&self, way: &[&str]) -> Option<Place> {
        let on_way = (1..=way.len()).rev().find_map(|length| self.at(&way[..length]));
        on_way.or_else(|| self.config.file.as_ref().map(|file| Place { file: file.clone(), start: 0, end: 0 }))
    }

    /// The element of a list with this text.
    fn item(&self, way: &[&str], text: &str) -> Option<Place> {
        let part = way.iter().try_fold(self.root()?, |part, name| part.get(name))?;
        let found = part.items().find(|item| item.own_text() == text).map(|item| item.place());
        found.or_else(|| self.at(way))
    }

    /// The element of a list with this index.
    fn element(&self, way: &[&str], number: usize) -> Option<Place> {
        let part = way.iter().try_fold(self.root()?, |part, name| part.get(name))?;
        part.items().nth(number).map(|item| item.place())
    }

    /// A key of a release: of its environment, of the release, or the release itself.
    fn of_release(&self, release: &ListedRelease, key: &str) -> Option<Place> {
        let entry = &release.entry;
        let found = || {
            let mut releases = self.root()?.get("releases")?.items();
            let part = releases.find(|part| part.text("name").as_deref() == Some(&entry.name))?;
            let environment = entry.environment.as_ref().and_then(|name| part.get("environments")?.get(name));
            environment.and_then(|part| Self::key_of(part, key)).or_else(|| Self::key_of(part, key))
        };
        found().or_else(|| Some(release.place.clone()))
    }
}

/// The two sides, and the differences found.
struct Diff<'c> {
    before: Side<'c>,
    after: Side<'c>,
    exists: &'c dyn Fn(&str) -> bool,
    found: Vec<PolicyChange>,
}

/// The message that something is now b and was a.
fn replaced(what: &str, was: Option<&str>, is: Option<&str>) -> String {
    match (was, is) {
        (Some(was), Some(is)) => format!("{what} is now {is}, it was {was}"),
        (Some(was), None) => format!("{what} is no longer set, it was {was}"),
        (None, Some(is)) => format!("{what} is now {is}, it was not set"),
        (None, None) => format!("{what} changed"),
    }
}

fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Path => "path",
        Layout::HostAndPath => "host-and-path",
        Layout::Name => "name",
        Layout::FamiliarPath => "familiar-path",
    }
}

impl Diff<'_> {
    /// Adds a change at a path of keys.
    fn add(&mut self, weight: Weight, message: String, way: &[&str]) {
        let change = match self.after.at(way) {
            Some(after) => PolicyChange::new(weight, message, self.before.at(way), Some(after)),
            None => PolicyChange::new(weight, message, self.before.at(way), self.after.near(way)).gone(),
        };
        self.found.push(change);
    }

    /// Compares the target of all releases, and the lists.
    fn top(&mut self) {
        let (was, is) = (self.before.config, self.after.config);
        let mirror = |target: &MirrorTarget| target.mirror.as_ref().map(Mirror::places);
        if was.target.mirror != is.target.mirror {
            // Without a mirror nothing was checked, unless the command line named one.
            let weight = if was.target.mirror.is_none() { Weight::Stricter } else { Weight::Looser };
            let message = replaced("the mirror", mirror(&was.target).as_deref(), mirror(&is.target).as_deref());
            let is_there = |key: &&str| self.after.at(&[key]).is_some();
            let key = ["mirror", "mirrors"].into_iter().find(is_there).unwrap_or("mirror");
            self.add(weight, message, &[key]);
        }
        let (old, new) = (was.target.layout.unwrap_or_default(), is.target.layout.unwrap_or_default());
        if old != new {
            let message = replaced("the layout", Some(layout_name(old)), Some(layout_name(new)));
            self.add(Weight::Looser, message, &["layout"]);
        }
        let list = |target: &MirrorTarget| -> Vec<String> {
            target.global_keys.iter().flatten().map(ToString::to_string).collect()
        };
        let (keys, now) = (list(&was.target), list(&is.target));
        if keys.is_empty() && now.is_empty() && was.target.global_keys != is.target.global_keys {
            let said = |target: &MirrorTarget| target.global_keys.as_ref().map(|_| "[]");
            let message = replaced("`global_keys`", said(&was.target), said(&is.target));
            self.add(Weight::Looser, message, &["global_keys"]);
        }
        self.list("global_keys", &keys, &now, Weight::Looser, Weight::Looser);
        let (old, new) = (rewrite(&was.target), rewrite(&is.target));
        if old != new {
            let weight = if is.target.assume_rewrite == Some(true) { Weight::Looser } else { Weight::Stricter };
            self.add(weight, replaced("what sets the rewrite", Some(old), Some(new)), &["rewrite"]);
        }
        self.list("pull_secrets", &was.pull_secrets, &is.pull_secrets, Weight::Looser, Weight::Stricter);
        if was.mirror_check != is.mirror_check {
            let weight = if is.mirror_check { Weight::Stricter } else { Weight::Looser };
            let said = |is_on: bool| Some(if is_on { "true" } else { "false" });
            let message = replaced("`mirror_check`", said(was.mirror_check), said(is.mirror_check));
            self.add(weight, message, &["mirror_check"]);
        }
        let (lists, now) = (&was.bundle, &is.bundle);
        // Without lists, nothing is looked up; with fewer lists, less counts as mirrored.
        let gone = if now.is_empty() { Weight::Looser } else { Weight::Stricter };
        let new = if lists.is_empty() { Weight::Stricter } else { Weight::Looser };
        self.list("bundle", lists, now, gone, new);
    }

    /// The elements that a list of texts gained or lost.
    fn list(&mut self, key: &str, was: &[String], is: &[String], gone: Weight, new: Weight) {
        for text in was.iter().filter(|text| !is.contains(text)) {
            let place = self.before.item(&[key], text);
            let message = format!("`{key}` no longer has {text}");
            let after = self.after.near(&[key]);
            self.found.push(PolicyChange::new(gone, message, place, after).gone());
        }
        for text in is.iter().filter(|text| !was.contains(text)) {
            let (before, after) = (self.before.at(&[key]), self.after.item(&[key], text));
            self.found.push(PolicyChange::new(new, format!("`{key}` now has {text}"), before, after));
        }
    }

    fn rules(&mut self) {
        for rule in RULES {
            // The severity of a finding, from 0 for none.
            let rank = |config: &Config| match config.rules.get(rule.id) {
                Some(Level::Off) => 0,
                None if !rule.on => 0,
                Some(Level::As(severity)) => rank(*severity),
                Some(Level::On) | None => rank(rule.severity),
            };
            let (was, is) = (rank(self.before.config), rank(self.after.config));
            let word = |rank: i32| ["off", "a hint", "a warning", "an error"][rank as usize];
            if was != is {
                let weight = if is < was { Weight::Looser } else { Weight::Stricter };
                let message = format!("the rule {} is now {}, it was {}", rule.id, word(is), word(was));
                let ways: [&[&str]; 4] = [&["rules", rule.id], &["ignore"], &["select"], &["extend_select"]];
                let is_other = |way: &&[&str]| {
                    let text = |side: &Side<'_>| {
                        let Place { file, start, end } = side.at(way)?;
                        file.bytes().get(start as usize..end as usize).map(<[u8]>::to_vec)
                    };
                    text(&self.before) != text(&self.after)
                };
                let way = ways.into_iter().find(is_other).unwrap_or(ways[0]);
                self.add(weight, message, way);
            }
        }
    }

    fn finders(&mut self) {
        for (name, action, gone, new) in [
            ("add", HintAction::Add, Weight::Looser, Weight::Stricter),
            ("exclude", HintAction::Exclude, Weight::Stricter, Weight::Looser),
        ] {
            let of = |config: &Config| -> Vec<PlaceRule> {
                config.finders.iter().filter(|place| place.action == action).cloned().collect()
            };
            let (was, is) = (of(self.before.config), of(self.after.config));
            let words = |place: &PlaceRule| format!("{} of {} {}", place.field, place.kind, place.name);
            let way = ["finders", name];
            for (number, place) in was.iter().enumerate().filter(|(_, place)| !is.contains(place)) {
                let message = format!("`finders.{name}` no longer has {}", words(place));
                let (before, after) = (self.before.element(&way, number), self.after.near(&way));
                self.found.push(PolicyChange::new(gone, message, before, after).gone());
            }
            for (number, place) in is.iter().enumerate().filter(|(_, place)| !was.contains(place)) {
                let message = format!("`finders.{name}` now has {}", words(place));
                let (before, after) = (self.before.at(&way), self.after.element(&way, number));
                self.found.push(PolicyChange::new(new, message, before, after));
            }
        }
    }

    fn suppressions(&mut self) {
        let (was, is) = (&self.before.config.suppressions, &self.after.config.suppressions);
        let words = |entry: &Suppression| {
            let parts = [("image", &entry.image), ("object", &entry.object), ("release", &entry.release)];
            let parts = parts.iter().filter_map(|(name, glob)| Some(format!(", {name} {}", (*glob).as_ref()?)));
            format!("{}{}", entry.rule, parts.collect::<String>())
        };
        let day = |until: Day| until.map_or("without an end".to_owned(), |day| format!("until {day}"));
        for entry in is {
            let of_base = was.iter().filter(|old| same(old, entry));
            let old = was.iter().find(|old| same(old, entry)).map(|old| old.place.clone());
            let place = Some(entry.place.clone());
            match latest(of_base) {
                None => {
                    let before = self.before.at(&["suppressions"]);
                    let message = format!("a suppression was added: {}", words(entry));
                    self.found.push(PolicyChange::new(Weight::Looser, message, before, place));
                }
                Some(until) if until != entry.expires => {
                    let weight = if is_later(entry.expires, until) { Weight::Looser } else { Weight::Stricter };
                    let days = format!("{}, it was {}", day(entry.expires), day(until));
                    let message = format!("the suppression of {} now applies {days}", words(entry));
                    self.found.push(PolicyChange::new(weight, message, old, place));
                }
                Some(_) if !was.iter().any(|old| same(old, entry) && old.reason == entry.reason) => {
                    let message = format!("the suppression of {} has another reason", words(entry));
                    self.found.push(PolicyChange::new(Weight::Stricter, message, old, place));
                }
                Some(_) => {}
            }
        }
        for entry in was.iter().filter(|entry| !is.iter().any(|new| same(new, entry))) {
            let message = format!("a suppression was removed: {}", words(entry));
            let after = self.after.near(&["suppressions"]);
            self.found.push(PolicyChange::new(Weight::Stricter, message, Some(entry.place.clone()), after).gone());
        }
    }

    fn release(&mut self, pair: Pair<'_>, is_wanted: bool) {
        match (pair.before, pair.after) {
            (Some(was), Some(is)) => self.both(was, is),
            (Some(was), None) => {
                let name = was.entry.full_name();
                let files = files(&was.entry);
                let is_gone = !files.iter().any(|path| (self.exists)(path));
                let (weight, rest) = match is_gone {
                    // Its chart is fetched.
                    true if files.is_empty() => (Weight::Stricter, ""),
                    true => (Weight::Stricter, ", and its files were removed"),
                    false => (Weight::Looser, ""),
                };
                let message = format!("the release {name} is no longer in the list{rest}");
                let after = self.after.near(&["releases"]);
                let mut change = PolicyChange::new(weight, message, Some(was.place.clone()), after).gone();
                let missing = files.into_iter().find(|path| !(self.exists)(path));
                match missing {
                    _ if is_gone => {}
                    Some(path) => change.notes.push(format!("it cannot be checked: {path} does not exist")),
                    None if is_wanted => change.notes.push("it is still checked".to_owned()),
                    None => {}
                }
                self.found.push(change);
            }
            (None, Some(is)) => {
                let (target, is_known) = target_of_new(self.before.config, self.after.config, &is.entry);
                if !is_known {
                    let name = is.entry.full_name();
                    let message = format!("the release {name} is new, and so are its mirror, its layout or its keys");
                    let mut change = PolicyChange::new(
                        Weight::Looser,
                        message,
                        self.before.at(&["mirror"]),
                        self.after.of_release(is, "mirror"),
                    );
                    change.notes.extend(target.mirror.map(|mirror| format!("it is checked against {mirror}")));
                    self.found.push(change);
                }
            }
            (None, None) => {}
        }
    }

    /// A chart from a source that the base does not know.
    fn source(&mut self, pair: Pair<'_>, known: &BTreeSet<&str>, is_fetched: bool) {
        let Some(is) = pair.after else { return };
        let source = is.entry.chart.remote().map(|remote| remote.location.source());
        if let Some(source) = source.filter(|source| !known.contains(source)) {
            let message = format!("the chart of {} comes from {source}, which is a new source", is.entry.full_name());
            let before = pair.before.and_then(|was| self.before.of_release(was, "chart"));
            let weight = if is_fetched { Weight::Stricter } else { Weight::Other };
            let mut change = PolicyChange::new(weight, message, before, self.after.of_release(is, "chart"));
            change.accepted_by = "--allow-new-sources";
            if !is_fetched {
                change.notes.push("it was not fetched, so that the release was not checked".to_owned());
            }
            self.found.push(change);
        }
    }

    fn both(&mut self, was: &ListedRelease, is: &ListedRelease) {
        let (old, new) = (&was.entry, &is.entry);
        let name = new.full_name();
        if old.full_name() != name {
            let message = format!("the release {} is now named {name}", old.full_name());
            let (before, after) = (Some(was.place.clone()), Some(is.place.clone()));
            self.found.push(PolicyChange::new(Weight::Stricter, message, before, after));
        }
        let mut add = |weight: Weight, message: String, key: &str| {
            let (before, after) = (self.before.of_release(was, key), self.after.of_release(is, key));
            self.found.push(PolicyChange::new(weight, message, before, after));
        };
        // What all releases share has been compared already.
        let (was_to, is_to) =
            (old.target.clone().or(&self.before.config.target), new.target.clone().or(&self.after.config.target));
        if old.target.mirror != new.target.mirror && was_to.mirror != is_to.mirror {
            let mirror = |target: &MirrorTarget| target.mirror.as_ref().map(Mirror::places);
            let what = format!("the mirror of {name}");
            add(Weight::Looser, replaced(&what, mirror(&was_to).as_deref(), mirror(&is_to).as_deref()), "mirror");
        }
        let layout = |target: &MirrorTarget| layout_name(target.layout.unwrap_or_default());
        if old.target.layout != new.target.layout && layout(&was_to) != layout(&is_to) {
            let what = format!("the layout of {name}");
            add(Weight::Looser, replaced(&what, Some(layout(&was_to)), Some(layout(&is_to))), "layout");
        }
        if old.target.global_keys != new.target.global_keys && was_to.global_keys != is_to.global_keys {
            let keys = |target: &MirrorTarget| {
                target.global_keys.as_ref().map(|keys| match &keys[..] {
                    [] => "[]".to_owned(),
                    keys => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                })
            };
            let what = format!("`global_keys` of {name}");
            add(Weight::Looser, replaced(&what, keys(&was_to).as_deref(), keys(&is_to).as_deref()), "global_keys");
        }
        if old.target.assume_rewrite != new.target.assume_rewrite && rewrite(&was_to) != rewrite(&is_to) {
            let weight = if is_to.assume_rewrite == Some(true) { Weight::Looser } else { Weight::Stricter };
            let what = format!("what sets the rewrite of {name}");
            add(weight, replaced(&what, Some(rewrite(&was_to)), Some(rewrite(&is_to))), "rewrite");
        }
        let helm = |entry: &ReleaseSpec| match entry.helm_version.unwrap_or_default() {
            HelmVersion::V3 => "helm 3",
            HelmVersion::V4 => "helm 4",
        };
        if helm(old) != helm(new) {
            let what = format!("what renders {name}");
            add(Weight::Other, replaced(&what, Some(helm(old)), Some(helm(new))), "helm_version");
        }
        if old.kube_version != new.kube_version {
            let what = format!("`kube_version` of {name}");
            let message = replaced(&what, old.kube_version.as_deref(), new.kube_version.as_deref());
            add(Weight::Other, message, "kube_version");
        }
        let list = |texts: &[String]| Some(texts.join(", ")).filter(|texts| !texts.is_empty());
        if old.api_versions != new.api_versions {
            let what = format!("`api_versions` of {name}");
            let message = replaced(&what, list(&old.api_versions).as_deref(), list(&new.api_versions).as_deref());
            add(Weight::Other, message, "api_versions");
        }
        for (key, was, is) in [
            ("dependency_update", old.dependency_update, new.dependency_update),
            ("skip_schema_validation", old.skip_schema_validation, new.skip_schema_validation),
        ] {
            if was != is {
                let what = format!("`{key}` of {name}");
                let words = [was, is].map(|on| Some(if on { "true" } else { "false" }));
                add(Weight::Other, replaced(&what, words[0], words[1]), key);
            }
        }
        // Files that still exist but that no release reads any more.
        let all = &self.after.config.releases;
        let is_lost = |path: &str| {
            let of = |release: &ListedRelease| files(&release.entry).contains(&path);
            (self.exists)(path) && !all.iter().any(of)
        };
        let lost = old.chart.local().and_then(Path::to_str).filter(|path| old.chart != new.chart && is_lost(path));
        if let Some(path) = lost {
            add(Weight::Other, format!("{name} no longer uses {path}, which still exists"), "chart");
        }
        for path in old.values.iter().filter(|path| !new.values.contains(path) && is_lost(path)) {
            add(Weight::Other, format!("{name} no longer uses {path}, which still exists"), "values");
        }
        for (key, was, is) in [
            ("set", &old.set, &new.set),
            ("set_string", &old.set_string, &new.set_string),
            ("set_json", &old.set_json, &new.set_json),
            ("set_literal", &old.set_literal, &new.set_literal),
            ("set_file", &old.set_file, &new.set_file),
        ] {
            // A JSON object has no path, and may contain secrets.
            let path = |argument: &String| match argument.trim_start().starts_with('{') {
                true => "several values".to_owned(),
                false => argument.split('=').next().unwrap_or_default().to_owned(),
            };
            let known: Vec<String> = was.iter().map(path).collect();
            for argument in is.iter().filter(|argument| !known.contains(&path(argument))) {
                let message = format!("`{key}` of {name} now decides {}, overriding its values files", path(argument));
                add(Weight::Stricter, message, key);
            }
        }
    }
}

/// What sets the rewrite, in the configuration's words.
fn rewrite(target: &MirrorTarget) -> &'static str {
    REWRITES[usize::from(target.assume_rewrite.unwrap_or_default())]
}

fn rank(severity: Severity) -> i32 {
    match severity {
        Severity::Error => 3,
        Severity::Warning => 2,
        Severity::Hint => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::{ConfigKey, Decides, ENVIRONMENT, FINDERS, KeyKind, PLACE, RELEASE, ROOT, SUPPRESSION};
    use crate::source::File;

    /// For each key whose change is reported: its old and new state.
    const SAMPLES: &[(&str, &str, &str)] = &[
        ("mirror", "mirror: a.internal", "mirror: b.internal"),
        ("mirrors", "mirrors: {quay.io: a.internal/quay}", "mirrors: {quay.io: a.internal/hub}"),
        ("layout", "", "layout: name"),
        ("global_keys", "", "global_keys: global.registry"),
        ("rewrite", "", "rewrite: assumed"),
        ("pull_secrets", "pull_secrets: [a, b]", "pull_secrets: [a]"),
        ("bundle", "bundle: a", "bundle: [a, b]"),
        ("mirror_check", "mirror_check: true", ""),
        ("rules", "", "rules: {hardcoded-image: warning}"),
        ("select", "", "select: hardcoded-image"),
        ("extend_select", "extend_select: mutable-tag", ""),
        ("ignore", "", "ignore: all"),
        ("finders", "", "finders: {exclude: [{field: a}]}"),
        ("finders.add", "finders: {add: [{field: a}]}", ""),
        ("finders.exclude", "finders: {exclude: [{field: a}]}", "finders: {exclude: [{field: a}, {field: b}]}"),
        ("place.kind", "finders: {exclude: [{kind: A, field: a}]}", "finders: {exclude: [{field: a}]}"),
        ("place.name", "finders: {exclude: [{name: A, field: a}]}", "finders: {exclude: [{field: a}]}"),
        ("place.field", "finders: {exclude: [{field: a}]}", "finders: {exclude: [{field: b}]}"),
        ("suppressions", "", "suppressions: [{rule: mutable-tag, reason: a}]"),
        (
            "suppression.rule",
            "suppressions: [{rule: mutable-tag, reason: a}]",
            "suppressions: [{rule: hardcoded-image, reason: a}]",
        ),
        (
            "suppression.image",
            "suppressions: [{rule: mutable-tag, image: a, reason: a}]",
            "suppressions: [{rule: mutable-tag, image: b, reason: a}]",
        ),
        (
            "suppression.object",
            "suppressions: [{rule: mutable-tag, object: a, reason: a}]",
            "suppressions: [{rule: mutable-tag, reason: a}]",
        ),
        (
            "suppression.release",
            "suppressions: [{rule: mutable-tag, release: a, reason: a}]",
            "suppressions: [{rule: mutable-tag, release: b, reason: a}]",
        ),
        (
            "suppression.expires",
            "suppressions: [{rule: mutable-tag, expires: 2026-01-01, reason: a}]",
            "suppressions: [{rule: mutable-tag, reason: a}]",
        ),
        ("releases", "releases: [{name: a, chart: c}, {name: b, chart: d}]", "releases: [{name: a, chart: c}]"),
        ("release.mirror", "releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, mirror: b.internal}]"),
        (
            "release.mirrors",
            "releases: [{name: a, chart: c}]",
            "releases: [{name: a, chart: c, mirrors: {quay.io: b.internal}}]",
        ),
        ("release.layout", "releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, layout: name}]"),
        ("release.global_keys", "releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, global_keys: b}]"),
        ("release.rewrite", "releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, rewrite: assumed}]"),
        (
            "release.environments",
            "releases: [{name: a, chart: c, environments: {x: , y: }}]",
            "releases: [{name: a, chart: c, environments: {x: }}]",
        ),
        (
            "release.kube_version",
            "releases: [{name: a, chart: c}]",
            "releases: [{name: a, chart: c, kube_version: \"1.20\"}]",
        ),
        ("release.api_versions", "releases: [{name: a, chart: c, api_versions: b}]", "releases: [{name: a, chart: c}]"),
        ("release.helm_version", "releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, helm_version: 3}]"),
        (
            "release.dependency_update",
            "releases: [{name: a, chart: c}]",
            "releases: [{name: a, chart: c, dependency_update: true}]",
        ),
        (
            "release.skip_schema_validation",
            "releases: [{name: a, chart: c}]",
            "releases: [{name: a, chart: c, skip_schema_validation: true}]",
        ),
        (
            "environment.mirror",
            "releases: [{name: a, chart: c, environments: {x: {mirror: a.internal}}}]",
            "releases: [{name: a, chart: c, environments: {x: {mirror: b.internal}}}]",
        ),
        (
            "environment.mirrors",
            "releases: [{name: a, chart: c, environments: {x: {mirrors: {\"*\": a.internal}}}}]",
            "releases: [{name: a, chart: c, environments: {x: {mirrors: {\"*\": b.internal}}}}]",
        ),
        (
            "environment.layout",
            "releases: [{name: a, chart: c, environments: {x: {layout: name}}}]",
            "releases: [{name: a, chart: c, environments: {x: }}]",
        ),
        (
            "environment.global_keys",
            "releases: [{name: a, chart: c, environments: {x: {global_keys: b}}}]",
            "releases: [{name: a, chart: c, environments: {x: }}]",
        ),
        (
            "environment.rewrite",
            "releases: [{name: a, chart: c, environments: {x: }}]",
            "releases: [{name: a, chart: c, environments: {x: {rewrite: assumed}}}]",
        ),
        (
            "environment.kube_version",
            "releases: [{name: a, chart: c, environments: {x: {kube_version: \"1.30\"}}}]",
            "releases: [{name: a, chart: c, environments: {x: }}]",
        ),
        (
            "environment.api_versions",
            "releases: [{name: a, chart: c, environments: {x: }}]",
            "releases: [{name: a, chart: c, environments: {x: {api_versions: b}}}]",
        ),
    ];

    /// It does not change what is accepted, so a change is only a hint.
    const HINT: &str = "suppression.reason";

    fn told(before: &str, after: &str) -> Vec<PolicyChange> {
        let read = |name: &str, text: &str| Config::parse(&File::new(name, format!("{text}\n")), "").expect(text);
        changes(&read("main:airtight.yaml", before), &read("airtight.yaml", after), &|_| true, &|_| true, false)
    }

    /// A new key says which side decides it, and a change of a key that decides the check is reported.
    #[test]
    fn a_change_of_every_key_of_the_policy_is_told() {
        let tables = [
            ("", ROOT),
            ("release.", RELEASE),
            ("environment.", ENVIRONMENT),
            ("finders.", FINDERS),
            ("place.", PLACE),
            ("suppression.", SUPPRESSION),
        ];
        let known = |keys: &[ConfigKey]| tables.iter().any(|(_, table)| std::ptr::eq(*table, keys));
        for (prefix, key) in tables.iter().flat_map(|(prefix, keys)| keys.iter().map(move |key| (prefix, key))) {
            let name = format!("{prefix}{}", key.name);
            match key.kind {
                KeyKind::Table(keys) | KeyKind::Tables(keys) | KeyKind::Named(keys) => assert!(known(keys), "{name}"),
                _ => {}
            }
            let Some((_, before, after)) = SAMPLES.iter().find(|(sample, ..)| *sample == name) else {
                assert!(key.decides == Decides::Branch || name == HINT, "there is no sample of {name}");
                continue;
            };
            let found = told(before, after);
            let worst = if key.decides == Decides::Base { Weight::Looser } else { Weight::Other };
            assert!(found.iter().any(|change| change.weight == worst), "{name}: {found:?}");
            let is_placed = |change: &PolicyChange| change.after.is_some();
            assert!(found.iter().all(is_placed), "{name}: {found:?}");
            assert!(told(before, before).is_empty() && told(after, after).is_empty(), "{name}");
        }
    }

    #[test]
    fn what_makes_the_check_stricter_is_a_hint() {
        for (before, after) in [
            ("rules: {mutable-tag: off}", "rules: {mutable-tag: on}"),
            ("rules: {hardcoded-image: hint}", ""),
            ("suppressions: [{rule: mutable-tag, reason: a}]", ""),
            ("suppressions: [{rule: mutable-tag, reason: a}]", "suppressions: [{rule: mutable-tag, reason: b}]"),
            (
                "suppressions: [{rule: mutable-tag, reason: a}]",
                "suppressions: [{rule: mutable-tag, reason: a, expires: 2026-01-01}]",
            ),
            ("finders: {exclude: [{field: a}]}", ""),
            ("", "finders: {add: [{field: a}]}"),
            ("", "pull_secrets: a"),
            ("", "bundle: a"),
            ("bundle: [a, b]", "bundle: a"),
            ("", "mirror_check: true"),
            ("releases: [{name: a, chart: c}]", "releases: [{name: b, chart: c, values: d}]"),
            ("releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, set: [a=1]}]"),
        ] {
            let found = told(before, after);
            assert!(!found.is_empty(), "{before} → {after}");
            assert!(found.iter().all(|change| change.weight == Weight::Stricter), "{before} → {after}: {found:?}");
        }
        // Equivalent texts are not a change, and the content of a release is up to the branch.
        for (before, after) in [
            ("rules: {hardcoded-image: on}", "rules: {hardcoded-image: error}"),
            ("layout: path", ""),
            ("releases: [{name: a, chart: c, set: [a=1]}]", "releases: [{name: a, chart: c, set: [a=2]}]"),
            ("releases: [{name: a, chart: c}]", "releases: [{name: a, chart: c, values: d, namespace: e}]"),
            (
                "mirror: m.internal\nreleases: [{name: a, chart: c}]",
                "mirror: m.internal\nreleases: [{name: a, chart: c, mirror: m.internal}]",
            ),
        ] {
            let found = told(before, after);
            assert!(found.is_empty(), "{before} → {after}: {found:?}");
        }
    }
}
