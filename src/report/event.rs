//! What a release installs only on an upgrade, in the report of its install, and vice versa.

use super::Report;
use crate::analysis::images::{Image, Use};
use crate::finding::{Finding, Subject};
use std::collections::BTreeSet;

impl Report {
    /// Adds what the release has only on the other event: images, and the findings about objects.
    pub(crate) fn add_event(&mut self, other: Report, is_upgrade: bool) {
        let (event, this) = if is_upgrade { ("on upgrade", "install") } else { ("on install", "upgrade") };
        let known: BTreeSet<_> = self.findings.iter().filter_map(key).collect();
        let found: Vec<Finding> = other
            .findings
            .into_iter()
            .filter(|finding| key(finding).is_some_and(|key| !known.contains(&key)))
            .map(|mut finding| {
                finding.notes.push(format!("only {event}: an {this} does not have it"));
                finding
            })
            .collect();
        self.findings.extend(found);
        self.findings.sort_by_cached_key(Finding::order_key);
        for image in other.images {
            self.add_image(image);
        }
    }

    /// Adds new uses of an image.
    fn add_image(&mut self, image: Image) {
        let place = |one: &Use| (one.object.clone(), one.field.clone(), one.template.clone());
        let same = self.images.iter().position(|known| known.reference == image.reference);
        let known: BTreeSet<_> = same.iter().flat_map(|&at| &self.images[at].uses).map(place).collect();
        let uses: Vec<Use> = image.uses.into_iter().filter(|one| !known.contains(&place(one))).collect();
        if uses.is_empty() {
            return;
        }
        self.coverage.images += uses.len();
        self.coverage.mirrored += uses.iter().filter(|one| one.class.is_in_place()).count();
        match same {
            Some(at) => {
                let known = &mut self.images[at];
                known.class = known.class.max(image.class);
                known.tier = known.tier.min(image.tier);
                known.uses.extend(uses);
            }
            None => {
                let at = self.images.partition_point(|known| known.reference < image.reference);
                self.images.insert(at, Image { uses, ..image });
            }
        }
    }
}

/// Identifies a finding about an object.
fn key(finding: &Finding) -> Option<(&'static str, String, String, crate::objects::ObjectName, String)> {
    let Subject { object, template, field, reference, .. } = finding.subject.as_ref()?;
    Some((finding.rule, reference.clone(), template.clone(), object.clone(), field.clone()))
}
