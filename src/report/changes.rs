//! [`Changes`]: which images a release uses that it did not use before, and which it no longer uses.

use super::Report;
use crate::analysis::images::Image;
use crate::objects::ObjectName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How a release's images changed between two states.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changes {
    /// The user's name for the state that it is compared with: `main`.
    pub since: String,
    /// New references, sorted.
    pub new: Vec<String>,
    /// References that are gone, sorted.
    pub gone: Vec<String>,
    /// Replaced references, sorted by the old one.
    pub changed: Vec<Replaced>,
    /// The number of findings that both states have, which are not shown.
    pub known: usize,
    /// Why the other state could not be checked, so that all findings count as new.
    pub unknown: Option<String>,
}

/// A reference that replaces another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Replaced {
    /// The old reference.
    pub before: String,
    /// The new reference.
    pub after: String,
}

/// The location of a use: the object, and the container or the field.
type Key<'r> = (&'r ObjectName, &'r str);

impl Changes {
    /// The changes from `before` to `after`.
    pub(crate) fn between(before: &Report, after: &Report, since: &str) -> Self {
        let (old, new) = (by_place(&before.images), by_place(&after.images));
        let references =
            |images: &[Image]| -> BTreeSet<String> { images.iter().map(|image| image.reference.clone()).collect() };
        let (known, now) = (references(&before.images), references(&after.images));
        let replaced = new.iter().filter_map(|(place, after)| {
            let before = old.get(place).filter(|before| before != &after)?;
            Some(Replaced { before: (*before).to_owned(), after: (*after).to_owned() })
        });
        let changed: BTreeSet<Replaced> = replaced.collect();
        let came = |reference: &&String| !changed.iter().any(|one| one.after == **reference);
        let went = |reference: &&String| !changed.iter().any(|one| one.before == **reference);
        Self {
            since: since.to_owned(),
            new: now.difference(&known).filter(came).cloned().collect(),
            gone: known.difference(&now).filter(went).cloned().collect(),
            changed: changed.into_iter().collect(),
            known: 0,
            unknown: None,
        }
    }

    /// Notes about the comparison itself, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let unknown = self
            .unknown
            .as_ref()
            .map(|why| format!("the state in {} is not known, so all findings are shown: {why}", self.since));
        let known = match self.known {
            0 => None,
            1 => Some(format!("1 finding that is also in {} is not shown", self.since)),
            known => Some(format!("{known} findings that are also in {} are not shown", self.since)),
        };
        unknown.into_iter().chain(known).collect()
    }

    /// The changes of the images, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        lines.extend(self.new.iter().map(|new| format!("new: {new}")));
        lines.extend(self.changed.iter().map(|one| format!("changed: {} → {}", one.before, one.after)));
        lines.extend(self.gone.iter().map(|gone| format!("gone: {gone}")));
        lines
    }
}

fn by_place(images: &[Image]) -> BTreeMap<Key<'_>, &str> {
    let mut found = BTreeMap::new();
    for image in images {
        for one in &image.uses {
            let name = one.container.as_deref().filter(|name| !name.is_empty()).unwrap_or(&one.field);
            found.insert((&one.object, name), image.reference.as_str());
        }
    }
    found
}
