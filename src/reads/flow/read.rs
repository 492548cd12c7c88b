//! [`Read`]: a path of the values that code reads, with its positions.

use super::answers::{Kind, Site, Target};
use super::engine::Engine;
use super::value::Step;
use crate::source::Place;
use crate::values_path::{Key, ValuesPath};
use std::collections::BTreeMap;

/// A path that code reads.
#[derive(Debug)]
pub(super) struct Read {
    /// `None` is any key.
    pub(super) path: Vec<Option<Key>>,
    is_whole: bool,
    /// Members that are not read.
    without: Vec<Key>,
    place: Place,
    /// A position of which the render does not know what it reads.
    open: Option<Place>,
    /// The positions in the values of the charts whose templates reach it, each with its own first position.
    pub(super) charts: BTreeMap<ValuesPath, Place>,
}

impl Read {
    pub(super) fn named(&self) -> Option<ValuesPath> {
        if self.is_whole { None } else { self.path.iter().cloned().collect() }
    }

    /// The position, if this may be a read of a value.
    pub(super) fn reads(&self, path: &[Key]) -> Option<&Place> {
        let common = self.path.len().min(path.len());
        let fits = self.path.iter().zip(path).all(|(step, wanted)| step.as_ref().is_none_or(|step| step == wanted));
        if !fits {
            return None;
        }
        // A loop over a list reads each of its elements.
        let is_meant = |(step, wanted): (&Option<Key>, &Key)| step.is_some() || wanted.is_index();
        let is_exact = self.path[..common].iter().zip(path).all(is_meant);
        match path.get(self.path.len()) {
            // It leads to the value, or into it.
            None if is_exact => Some(&self.place),
            None => self.open.as_ref(),
            Some(next) => self.open.as_ref().filter(|_| self.is_whole && !self.without.contains(next)),
        }
    }
}

/// The positions of a read: the first of all sites, the first of those of which the render does not know what they read, and the
/// first of each chart.
#[derive(Debug, Clone, Default)]
struct Sites {
    first: Option<Site>,
    open: Option<Site>,
    charts: BTreeMap<usize, Site>,
}

impl Sites {
    /// Adds a site, whether it is open, and its chart.
    fn note(&mut self, site: Site, is_open: bool, chart: Option<usize>) {
        let earlier = |own: &mut Option<Site>| *own = Some(own.map_or(site, |own| own.min(site)));
        earlier(&mut self.first);
        if is_open {
            earlier(&mut self.open);
        }
        if let Some(chart) = chart {
            let own = self.charts.entry(chart).or_insert(site);
            *own = (*own).min(site);
        }
    }

    fn add(&mut self, other: &Self) {
        let earlier = |own: Option<Site>, other: Option<Site>| own.into_iter().chain(other).min();
        (self.first, self.open) = (earlier(self.first, other.first), earlier(self.open, other.open));
        for (chart, site) in &other.charts {
            let own = self.charts.entry(*chart).or_insert(*site);
            *own = (*own).min(*site);
        }
    }
}

/// The reads, sorted by path.
pub(super) fn found(engine: &mut Engine<'_>) -> Vec<Read> {
    let lookups = std::mem::take(&mut engine.lookups);
    let mut by_target: BTreeMap<Target, Sites> = BTreeMap::new();
    for (targets, sites) in lookups.reads() {
        let mut all = Sites::default();
        for site in sites {
            let frame = engine.frames.get(site.frame as usize).map(|frame| (frame.is_live, frame.chart));
            let is_known = frame.is_some_and(|(is_live, _)| is_live) && engine.is_noted(site.file as usize, site.at);
            all.note(site, !is_known, frame.map(|(_, chart)| chart));
        }
        for target in targets {
            by_target.entry(*target).or_default().add(&all);
        }
    }
    let place = |site: Site| Place { file: engine.files[site.file as usize].clone(), start: site.at, end: site.at };
    let mut found: Vec<Read> = Vec::new();
    for ((path, kind, without), sites) in by_target {
        let Some(first) = sites.first else { continue };
        let mut charts = BTreeMap::<ValuesPath, (Site, Place)>::new();
        for (chart, site) in sites.charts {
            let own = charts.entry(engine.scopes[chart].prefix.clone()).or_insert_with(|| (site, place(site)));
            if site < own.0 {
                *own = (site, place(site));
            }
        }
        let without = engine.sets.texts(without).iter();
        let mut without: Vec<Key> = without.filter_map(|key| engine.sets.key_of(Step::Key(*key))).collect();
        without.sort();
        found.push(Read {
            path: engine.sets.steps(path).iter().map(|step| engine.sets.key_of(*step)).collect(),
            is_whole: kind == Kind::Whole,
            without,
            place: place(first),
            open: sites.open.map(place),
            charts: charts.into_iter().map(|(chart, (_, place))| (chart, place)).collect(),
        });
    }
    // Any key comes after named keys.
    found.sort_by_cached_key(|read| {
        let steps: Vec<(bool, Option<Key>)> = read.path.iter().map(|step| (step.is_none(), step.clone())).collect();
        (steps, read.is_whole, read.without.clone())
    });
    found
}
