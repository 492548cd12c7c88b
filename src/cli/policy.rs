//! [`Policy`]: whose configuration, lists, suppressions and baseline count when a branch is compared with its base, and
//! what the branch changes in them.

use super::changed::Base;
use super::config::{ConfigFlags, folder, searched};
use super::lists::{is_of_bundle, may_be_of_bundle, parse_lists, parse_mirrored, read_lists};
use super::settings::SettingsFlags;
use crate::bundle::Bundle;
use crate::bundle::artifact::Artifact;
use crate::config::diff::changes;
use crate::config::sides::{added, kept};
use crate::config::{Config, ReleaseSpec, Suppression};
use crate::disk::shown;
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::finding::Finding;
use crate::limits::Limits;
use crate::policy::{PolicyChange, Weight};
use crate::report::Report;
use crate::secrets::Secrets;
use crate::source::{File, Place};
use crate::suppress::baseline::Baseline;
use crate::suppress::comment::Comment;
use crate::suppress::would_accept;
use clap::ValueEnum;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whose configuration decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigFrom {
    /// That of the merge base: a branch does not decide how it is checked
    #[default]
    Base,
    /// That of the branch; its changes are reported as hints
    Head,
}

/// The state of the configuration in the base.
#[derive(Debug)]
enum Old {
    /// Unchanged.
    Same,
    /// Different, as given.
    Was(Box<Config>),
    /// There was none.
    Absent,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// Whose configuration counts, and what the branch changes in it.
#[derive(Debug)]
pub(crate) struct Policy<'a> {
    base: &'a Base,
    /// The user's name for the base.
    since: &'a str,
    from: ConfigFrom,
    head: &'a Config,
    old: Old,
    changes: Vec<PolicyChange>,
    /// The comments that were compared, by location.
    compared: BTreeSet<(String, u32, String)>,
    /// The comments of files in the base.
    old_comments: BTreeMap<(String, bool), Vec<Comment>>,
}

/// A list with its name and its content.
type List = Arc<File>;

impl<'a> Policy<'a> {
    /// Looks up the configuration of the base, wherever it was.
    pub(crate) fn of(
        base: &'a Base,
        since: &'a str,
        from: ConfigFrom,
        flags: &ConfigFlags,
        head: &'a Config,
        reach: &Reach,
    ) -> Result<Self, Error> {
        let mut changes = Vec::new();
        let now = head.file.as_ref().map(|file| PathBuf::from(file.name()));
        let mut candidates: Vec<PathBuf> = flags.config.iter().cloned().collect();
        if !flags.no_config {
            candidates.extend(searched());
        }
        let mut was = None;
        for path in candidates {
            if !base.touches(&path) {
                if look::is_file(&path) {
                    was = Some((path, None));
                    break;
                }
            } else if let Some(text) = base.file(&path, Limits::default().yaml_bytes)? {
                was = Some((path, Some(text)));
                break;
            }
        }
        let start = |file: &Arc<File>| Place { file: file.clone(), start: 0, end: 0 };
        let after = head.file.as_ref().map(start);
        let (path, text) = match (was, &now) {
            (None, now) => {
                if now.is_some() {
                    let message = format!("{since} has no configuration: that of this branch decides");
                    changes.push(PolicyChange::new(Weight::Stricter, message, None, after));
                }
                let old = if now.is_some() { Old::Absent } else { Old::Same };
                return Ok(Self::new(base, since, from, head, old, changes));
            }
            (Some((path, None)), Some(now)) if path == *now => {
                return Ok(Self::new(base, since, from, head, Old::Same, changes));
            }
            (Some((path, text)), _) => {
                let by = if flags.config.as_ref() == Some(&path) { By::User } else { By::Repository };
                let text = text.map_or_else(|| reach.read(by, &path), Ok)?;
                (path, text)
            }
        };
        let file = File::new(format!("{since}:{}", shown(&path)), text);
        if now.as_ref() != Some(&path) {
            let message = match &now {
                Some(now) => format!("the configuration is now {}, it was {}", shown(now), shown(&path)),
                None => format!("the configuration {} was removed", shown(&path)),
            };
            changes.push(PolicyChange::new(Weight::Looser, message, Some(start(&file)), after.clone()));
        }
        let old = match Config::parse(&file, &folder(&path)) {
            Ok(config) => Old::Was(Box::new(config)),
            Err(why) => {
                let message = format!("the configuration of {since} cannot be read: that of this branch decides");
                let mut change = PolicyChange::new(Weight::Looser, message, Some(start(&file)), after);
                change.notes.extend(why.helm_text().lines().map(str::to_owned));
                changes.push(change);
                Old::Unreadable(why.helm_text().lines().next().unwrap_or_default().to_owned())
            }
        };
        Ok(Self::new(base, since, from, head, old, changes))
    }

    fn new(
        base: &'a Base,
        since: &'a str,
        from: ConfigFrom,
        head: &'a Config,
        old: Old,
        changes: Vec<PolicyChange>,
    ) -> Self {
        let (compared, old_comments) = (BTreeSet::new(), BTreeMap::new());
        Self { base, since, from, head, old, changes, compared, old_comments }
    }

    /// Whether the base decides; it does only if it has a configuration.
    pub(crate) fn is_of_base(&self) -> bool {
        self.from == ConfigFrom::Base && !matches!(self.old, Old::Absent | Old::Unreadable(_))
    }

    /// The configuration that decides.
    pub(crate) fn decides(&self) -> &Config {
        match &self.old {
            Old::Was(old) if self.from == ConfigFrom::Base => old,
            _ => self.head,
        }
    }

    /// The configuration of the base; `None` if it had none.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn old(&self) -> Result<Option<&Config>, Error> {
        match &self.old {
            Old::Same => Ok(Some(self.head)),
            Old::Was(old) => Ok(Some(old)),
            Old::Absent => Ok(None),
            Old::Unreadable(why) => Err(Error::input(why.clone())),
        }
    }

    /// Records the changes of the configuration; `wanted` selects the releases of this run, and `fetches_all` says whether charts of
    /// new sources are fetched.
    pub(crate) fn compare(&mut self, wanted: &dyn Fn(&ReleaseSpec) -> bool, fetches_all: bool) {
        if let Old::Was(old) = &self.old {
            let exists = |path: &str| is_there(Path::new(path));
            let found = changes(old, self.head, &exists, wanted, fetches_all);
            self.changes.extend(found);
        }
    }

    /// The suppressions of the configuration that count.
    pub(crate) fn entries(&self) -> Vec<Suppression> {
        match &self.old {
            Old::Was(old) if self.from == ConfigFrom::Base => kept(&old.suppressions, &self.head.suppressions),
            _ => self.head.suppressions.clone(),
        }
    }

    /// The suppressions of the base.
    pub(crate) fn old_entries(&self) -> &[Suppression] {
        self.old().ok().flatten().map_or(&[], |old| &old.suppressions)
    }

    /// The mirrored images, from the lists that count.
    pub(crate) fn bundle(&mut self, flags: &SettingsFlags, reach: &Reach) -> Result<Option<Arc<Bundle>>, Error> {
        let decides = self.decides();
        let paths = flags.bundles(decides);
        let fail = |error| flags.of_bundle(decides, error);
        let mut lists = Vec::new();
        let mut found = Vec::new();
        for path in &paths {
            let now = || read_lists(flags.who_names_bundles(), path, reach);
            if !self.base.touches(path) {
                lists.extend(now().map_err(fail)?);
                continue;
            }
            let old = self.old_lists(path).map_err(fail)?;
            // A missing list is reported where it is named.
            let new = now().unwrap_or_default();
            found.extend(self.grown(&old, &new));
            match self.from {
                ConfigFrom::Head => lists.extend(now().map_err(fail)?),
                ConfigFrom::Base if old.is_empty() => {
                    let path = shown(path);
                    let way = format!("{} has no {path}; --config-from head uses that of this branch", self.since);
                    return Err(fail(Error::input(way)));
                }
                ConfigFrom::Base => lists.extend(old),
            }
        }
        let bundle = if paths.is_empty() { None } else { Some(Arc::new(parse_mirrored(&lists).map_err(fail)?)) };
        self.changes.extend(found);
        Ok(bundle)
    }

    /// The lists at a path in the base.
    fn old_lists(&self, path: &Path) -> Result<Vec<List>, Error> {
        let limit = Limits::default().yaml_bytes;
        let named = |path: &Path| format!("{}:{}", self.since, shown(path));
        if let Some(text) = self.base.file(path, limit)? {
            return Ok(vec![File::new(named(path), text)]);
        }
        let mut lists = Vec::new();
        for name in self.base.names_in(path)?.into_iter().filter(|name| may_be_of_bundle(name)) {
            let path = path.join(&name);
            let file = self.base.file(&path, limit)?.map(|text| File::new(named(&path), text));
            if let Some(file) = file
                && is_of_bundle(&name, &file)?
            {
                lists.push(file);
            }
        }
        Ok(lists)
    }

    /// Additions to the lists.
    fn grown(&self, old: &[List], new: &[List]) -> Vec<PolicyChange> {
        const MOST: usize = 10;
        // What cannot be read is reported where it is named.
        let read = |file: &List| parse_lists(std::slice::from_ref(file)).unwrap_or_default();
        let old_entries: Vec<Bundle> = old.iter().map(read).collect();
        let known: BTreeSet<String> = old_entries.iter().flat_map(Bundle::artifacts).map(Artifact::line).collect();
        let mut found = Vec::new();
        for file in new {
            let (name, entries) = (file.name(), read(file));
            let fresh: Vec<(String, Place)> = entries
                .entries()
                .iter()
                .map(|entry| (entry.artifact.line(), entry.place.clone()))
                .filter(|(line, _)| !known.contains(line))
                .collect();
            let Some((_, first)) = fresh.first() else { continue };
            let as_it_was = format!("{}:{name}", self.since);
            let before = old.iter().find(|old| old.name() == as_it_was);
            let before = before.map(|file| Place { file: file.clone(), start: 0, end: 0 });
            let count = if fresh.len() == 1 { "1 image".to_owned() } else { format!("{} images", fresh.len()) };
            let message = format!("{name} lists {count} as mirrored that {} does not list", self.since);
            let mut change = PolicyChange::new(Weight::Looser, message, before, Some(first.clone()));
            change.notes.extend(fresh.iter().take(MOST).map(|(line, place)| format!("new at {place}: {line}")));
            if fresh.len() > MOST {
                change.notes.push(format!("and {} more", fresh.len() - MOST));
            }
            found.push(change);
        }
        found
    }

    /// The baseline that counts, and the baseline of the base.
    pub(crate) fn baseline(
        &mut self,
        path: Option<&Path>,
        head: Option<Baseline>,
    ) -> Result<(Option<Baseline>, Option<Baseline>), Error> {
        let (Some(path), Some(head)) = (path, head) else { return Ok((None, None)) };
        if !self.base.touches(path) {
            return Ok((Some(head.clone()), Some(head)));
        }
        let name = format!("{}:{}", self.since, shown(path));
        let text = self.base.file(path, Limits::default().yaml_bytes).map_err(|error| error.after("--baseline"))?;
        let is_new = text.is_none();
        let old = match text {
            None => Baseline::of(&[], &name),
            Some(text) => {
                let read = Baseline::parse(&File::new(name.clone(), text));
                let way = "--config-from head uses that of this branch";
                match (read, self.from) {
                    (Ok(old), _) => old,
                    (Err(_), ConfigFrom::Head) => Baseline::of(&[], &name),
                    (Err(why), ConfigFrom::Base) => {
                        return Err(Error::input(format!("--baseline: {name}: {why}; {way}")));
                    }
                }
            }
        };
        const MOST: usize = 10;
        let fresh: Vec<_> = head.without(&old).collect();
        if let Some((_, first)) = fresh.first() {
            let count = if fresh.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", fresh.len()) };
            let message = format!("the baseline {} accepts {count} more than in {}", shown(path), self.since);
            let before = (!is_new).then(|| old.start());
            let mut change = PolicyChange::new(Weight::Looser, message, before, Some(first.clone()));
            change.notes.extend(fresh.iter().take(MOST).map(|(finding, place)| {
                let about = if finding.reference.is_empty() { &finding.field } else { &finding.reference };
                format!("new at {place}: {} in {}, {about}", finding.rule, finding.release)
            }));
            if fresh.len() > MOST {
                change.notes.push(format!("and {} more", fresh.len() - MOST));
            }
            self.changes.push(change);
        }
        match self.from {
            ConfigFrom::Head => Ok((Some(head.clone()), Some(head))),
            ConfigFrom::Base => Ok((Some(head.both(&old)), Some(old))),
        }
    }

    /// The comments of a release that count, and those that do not because they are new.
    pub(crate) fn comments(&mut self, comments: Vec<Comment>) -> Result<(Vec<Comment>, Vec<Comment>), Error> {
        let mut files: Vec<(Arc<File>, Vec<Comment>)> = Vec::new();
        for comment in comments {
            match files.iter_mut().find(|(file, _)| Arc::ptr_eq(file, &comment.place.file)) {
                Some((_, own)) => own.push(comment),
                None => files.push((comment.place.file.clone(), vec![comment])),
            }
        }
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for (file, comments) in files {
            let path = file.path().unwrap_or(file.name()).to_owned();
            if !self.base.touches(Path::new(&path)) {
                known.extend(comments);
                continue;
            }
            let in_template = comments.iter().any(|comment| comment.in_template);
            let key = (path.clone(), in_template);
            if !self.old_comments.contains_key(&key) {
                let text = self.base.file(Path::new(&path), Limits::default().yaml_bytes)?;
                let named = |text| File::new(format!("{}:{path}", self.since), text);
                let old = text.map(|text| Comment::all(&named(text), in_template)).unwrap_or_default();
                self.old_comments.insert(key.clone(), old);
            }
            let old = &self.old_comments[&key];
            let (kept, fresh) = Comment::since(&comments, old);
            for comment in &fresh {
                if self.compared.insert(comment.key("")) {
                    let was = old.iter().find(|was| was.is_about_the_same(comment)).map(|was| was.place.clone());
                    let what = if was.is_some() { "accepts more" } else { "is new" };
                    let rules = if comment.rules.is_empty() { "no rule".to_owned() } else { comment.rules() };
                    let message = format!("a suppression {what}: {rules}, in {path}");
                    self.changes.push(PolicyChange::new(Weight::Looser, message, was, Some(comment.place.clone())));
                }
            }
            if self.from == ConfigFrom::Head {
                known.extend(comments);
            } else {
                known.extend(kept);
                new.extend(fresh);
            }
        }
        Ok((known, new))
    }

    /// Adds notes to findings that new suppressions would accept if they counted.
    pub(crate) fn note_new(&self, report: &mut Report, comments: &[Comment]) {
        let entries: Vec<&Suppression> = match &self.old {
            Old::Was(old) if self.from == ConfigFrom::Base => added(&old.suppressions, &self.head.suppressions),
            _ => Vec::new(),
        };
        let release = report.release.clone();
        for finding in &mut report.findings {
            if let Some(place) = would_accept(finding, &release, comments, &entries) {
                finding.notes.push(format!("the suppression at {place} is new in this branch, so it does not count"));
            }
        }
    }

    /// The changes of the branch, as findings.
    pub(crate) fn findings(&self, settings: &crate::settings::Settings) -> Vec<Finding> {
        let is_told_only = self.from == ConfigFrom::Head;
        let findings = self.changes.iter().filter_map(|change| change.finding(settings, self.since, is_told_only));
        findings.collect()
    }

    /// The values that flags in both configurations set, which are masked.
    pub(crate) fn secrets(&self) -> Secrets {
        let old = self.old().ok().flatten();
        [Some(self.head), old]
            .into_iter()
            .flatten()
            .fold(Secrets::default(), |found, config| found.and(config.settings()))
    }

    /// The configuration's file in the branch.
    pub(crate) fn home(&self) -> Option<Arc<File>> {
        self.head.file.clone()
    }
}

/// Whether a values file or a chart exists; an empty folder does not count.
pub(super) fn is_there(path: &Path) -> bool {
    look::is_file(path) || look::is_file(&path.join("Chart.yaml"))
}
