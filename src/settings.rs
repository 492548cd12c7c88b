//! [`Settings`]: what is checked, and against what.

use crate::bundle::Bundle;
use crate::error::Error;
use crate::finding::Severity;
use crate::holdings::MirrorCheck;
use crate::images::find::{Hints, PlaceRule};
use crate::reference::{Layout, Mirror};
use crate::values_path::{ValuesPath, parse_keys};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is checked, and against what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The mirror.
    pub mirror: Mirror,
    /// The layout of source references on it.
    pub layout: Layout,
    /// The values paths that send images to the mirror, `global.imageRegistry`; `None`: derived from what the chart reads. An
    /// empty list means that there are none.
    pub global_keys: Option<Vec<ValuesPath>>,
    /// Whether the rewrite is set, unless the values set it, even for a release with given values.
    pub assume_rewrite: bool,
    /// Names of the pull secrets that every pod needs, in addition to those in the values.
    pub pull_secrets: Vec<String>,
    /// The mirrored images, if lists were given.
    pub bundle: Option<Arc<Bundle>>,
    /// Who knows what the mirror has, if that is checked.
    pub mirror_check: Option<MirrorCheck>,
    /// The levels of rules, by id.
    pub rules: BTreeMap<String, Level>,
    /// The least severity of findings that are reported. What was not checked is always reported.
    pub least: Severity,
    /// Fields that contain images or do not, overriding the finders.
    pub finders: Vec<PlaceRule>,
}

/// The level of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// It is not checked.
    Off,
    /// It is checked, with its default severity.
    On,
    /// It is checked, and findings have this severity.
    As(Severity),
}

impl Settings {
    /// The defaults for a mirror.
    pub(crate) fn new(mirror: Mirror) -> Self {
        Self {
            mirror,
            layout: Layout::default(),
            global_keys: None,
            assume_rewrite: false,
            pull_secrets: Vec::new(),
            bundle: None,
            mirror_check: None,
            rules: BTreeMap::new(),
            least: Severity::Hint,
            finders: Vec::new(),
        }
    }

    /// For callers that look for images but judge nothing: no reference is on such a mirror.
    pub(crate) fn without_mirror() -> Self {
        Self::new(Mirror::nowhere())
    }

    /// The hints for finders of images.
    pub(crate) fn hints(&self) -> Hints<'_> {
        Hints { mirror: &self.mirror, places: &self.finders }
    }

    /// Whether a rule is checked; `usual` is its default.
    pub(crate) fn is_on(&self, rule: &str, usual: bool) -> bool {
        self.rules.get(rule).map_or(usual, |level| *level != Level::Off)
    }

    /// The severity of a finding of a rule; `usual` is its default.
    pub(crate) fn severity(&self, rule: &str, usual: Severity) -> Severity {
        match self.rules.get(rule) {
            Some(Level::As(severity)) => *severity,
            _ => usual,
        }
    }
}

/// A values path that the mirror can be set at: no element of a list.
///
/// # Errors
/// `"a..b" is not a path such as global.imageRegistry: a name is empty`.
pub(crate) fn mirror_key(text: &str) -> Result<ValuesPath, Error> {
    let wrong = |why| Error::input(format!("{text:?} is not a path such as global.imageRegistry: {why}"));
    if let Some(odd) = text.chars().find(|&c| c.is_whitespace() || matches!(c, ',' | '=' | ':')) {
        return Err(match odd {
            ',' | ' ' => wrong("several paths are given one by one"),
            '=' => wrong("it is set to the mirror, so it has no value"),
            ':' => wrong("it is a path of keys, and no registry"),
            _ => wrong("it contains white space"),
        });
    }
    let keys = parse_keys(text).map_err(wrong)?;
    match keys.iter().all(|key| key.name().is_some()) {
        true if keys.is_empty() => Err(wrong("it is empty")),
        true => Ok(keys.into()),
        false => Err(wrong("an element of a list cannot be set alone")),
    }
}
