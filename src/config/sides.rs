//! A branch and its base: what counts if something exists on one side only. Which releases are the same ([`pairs`]), the
//! target of new ones ([`target_of_new`]), which suppressions both sides have ([`kept`]).

use super::{Config, ListedRelease, MirrorTarget, ReleaseSpec, Suppression};
use crate::reference::Mirror;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// A release before and after; at least one of them exists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'c> {
    /// Its old state.
    pub before: Option<&'c ListedRelease>,
    /// Its new state.
    pub after: Option<&'c ListedRelease>,
}

/// The releases of both sides, those of `after` first. A release with another name is the same release if its chart is the
/// same, it uses all values files of the old one, and neither side has the other's name.
pub(crate) fn pairs<'c>(before: &'c Config, after: &'c Config) -> Vec<Pair<'c>> {
    let by_name = |config: &'c Config| -> HashMap<String, &'c ListedRelease> {
        config.releases.iter().map(|one| (one.entry.full_name(), one)).collect()
    };
    let (old, new) = (by_name(before), by_name(after));
    let mut left: Vec<&ListedRelease> =
        before.releases.iter().filter(|one| !new.contains_key(&one.entry.full_name())).collect();
    let mut found = Vec::new();
    for release in &after.releases {
        let same = old.get(&release.entry.full_name()).copied().or_else(|| {
            let is_same = |was: &&ListedRelease| {
                let (was, is) = (&was.entry, &release.entry);
                was.chart == is.chart && was.values.iter().all(|path| is.values.contains(path))
            };
            left.iter().position(is_same).map(|at| left.remove(at))
        });
        found.push(Pair { before: same, after: Some(release) });
    }
    found.extend(left.into_iter().map(|release| Pair { before: Some(release), after: None }));
    found
}

/// The target of a release that only `after` lists, and whether `before` knows this target: from one of its releases, or as
/// the target of all its releases.
pub(crate) fn target_of_new(before: &Config, after: &Config, entry: &ReleaseSpec) -> (MirrorTarget, bool) {
    let own = entry.target.clone().or(&after.target);
    let others = before.releases.iter().map(|release| release.entry.target.clone().or(&before.target));
    if std::iter::once(before.target.clone()).chain(others).any(|known| known == own) {
        return (own, true);
    }
    match before.target.mirror {
        Some(_) => (before.target.clone(), entry.target == MirrorTarget::default()),
        None => (own, false),
    }
}

/// The suppressions that both sides have, each for the shorter time; locations are those in `after`.
pub(crate) fn kept(before: &[Suppression], after: &[Suppression]) -> Vec<Suppression> {
    let one = |entry: &Suppression| {
        let until = latest(before.iter().filter(|was| same(was, entry)))?;
        let expires = [until, entry.expires].into_iter().flatten().min();
        Some(Suppression { expires, ..entry.clone() })
    };
    after.iter().filter_map(one).collect()
}

/// The suppressions that only `after` has, or that last longer there.
pub(crate) fn added<'c>(before: &[Suppression], after: &'c [Suppression]) -> Vec<&'c Suppression> {
    let is_new = |entry: &&Suppression| match latest(before.iter().filter(|was| same(was, entry))) {
        None => true,
        Some(until) => is_later(entry.expires, until),
    };
    after.iter().filter(is_new).collect()
}

/// Whether two suppressions match the same findings.
pub(super) fn same(a: &Suppression, b: &Suppression) -> bool {
    a.rule == b.rule && a.image == b.image && a.object == b.object && a.release == b.release
}

pub(super) type Day = Option<jiff::civil::Date>;

/// The last day of suppressions (the inner `None`: no end); the outer `None` if there are none.
pub(super) fn latest<'s>(entries: impl Iterator<Item = &'s Suppression>) -> Option<Day> {
    entries.map(|entry| entry.expires).reduce(|a, b| if is_later(a, b) { a } else { b })
}

pub(super) fn is_later(a: Day, b: Day) -> bool {
    match (a, b) {
        (None, None) => false,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (Some(a), Some(b)) => a > b,
    }
}

/// The sources of the charts that releases fetch ([`Location::source`](crate::chart_reference::Location::source)).
pub(crate) fn chart_sources(config: &Config) -> BTreeSet<&str> {
    config.releases.iter().filter_map(|release| Some(release.entry.chart.remote()?.location.source())).collect()
}

/// The hosts of the mirrors that a configuration names.
pub(crate) fn mirror_hosts(config: &Config) -> BTreeSet<&str> {
    let targets = config.releases.iter().map(|release| &release.entry.target).chain([&config.target]);
    targets.filter_map(|target| target.mirror.as_ref()).flat_map(Mirror::hosts).collect()
}

/// The chart of a release, if it is on the disk, and its values files.
pub(crate) fn files(entry: &ReleaseSpec) -> Vec<&str> {
    let chart = entry.chart.local().and_then(Path::to_str);
    chart.into_iter().chain(entry.values.iter().map(String::as_str)).collect()
}
