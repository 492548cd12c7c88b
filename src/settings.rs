//! [`Settings`]: what the user wants checked, and against what.

use crate::bundle::Bundle;
use crate::finding::Severity;
use crate::images::find::{Hints, PlaceRule};
use crate::reference::{Layout, Mirror};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the user wants checked, and against what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The mirror.
    pub mirror: Mirror,
    /// Where source references go on it.
    pub layout: Layout,
    /// The values paths that send images to the mirror, `global.imageRegistry`; `None`: found from what the chart reads.
    /// An empty list says that there are none.
    pub global_keys: Option<Vec<String>>,
    /// Whether the rewrite is set, if the values do not set it, also for a release whose values are given.
    pub assume_rewrite: bool,
    /// Names of the pull secrets that every pod needs, besides those that the values name.
    pub pull_secrets: Vec<String>,
    /// What was mirrored, where lists of it were given.
    pub bundle: Option<Arc<Bundle>>,
    /// What the user says of rules, by id.
    pub rules: BTreeMap<String, Level>,
    /// Places that hold images, or do not, whatever the finders say.
    pub finders: Vec<PlaceRule>,
}

/// What the user says of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It is not checked.
    Off,
    /// It is checked, as bad as it says.
    On,
    /// It is checked, and a finding is this bad.
    As(Severity),
}

impl Settings {
    /// The usual for a mirror.
    pub fn new(mirror: Mirror) -> Self {
        Self {
            mirror,
            layout: Layout::default(),
            global_keys: None,
            assume_rewrite: false,
            pull_secrets: Vec::new(),
            bundle: None,
            rules: BTreeMap::new(),
            finders: Vec::new(),
        }
    }

    /// For those who look for images and judge nothing: no reference is on such a mirror.
    pub fn without_mirror() -> Self {
        Self::new(Mirror::nowhere())
    }

    /// What finders of images are told.
    pub fn hints(&self) -> Hints<'_> {
        Hints { mirror: &self.mirror, places: &self.finders }
    }

    /// Whether a rule is checked; `usual` is what it is when the user says nothing.
    pub fn is_on(&self, rule: &str, usual: bool) -> bool {
        self.rules.get(rule).map_or(usual, |level| *level != Level::Off)
    }

    /// How bad a finding of a rule is; `usual` is what it is when the user says nothing.
    pub fn severity(&self, rule: &str, usual: Severity) -> Severity {
        match self.rules.get(rule) {
            Some(Level::As(severity)) => *severity,
            _ => usual,
        }
    }
}
