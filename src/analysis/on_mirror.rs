//! [`OnMirror`]: which of the images of a release the mirror has, collected before the rules.

use super::images::Image;
use super::{Analysis, Judged};
use crate::holdings::{Answer, Holding, Question, Version};
use crate::images::{Shape, Tier};
use crate::reference::Reference;
use crate::rule_ids::{MIRROR_NOT_CHECKED, NOT_ON_MIRROR};
use crate::settings::Settings;
use std::collections::BTreeMap;

/// What the mirror answers for each reference that is pulled from it, by its text.
#[derive(Debug, Default)]
pub(crate) struct OnMirror(BTreeMap<String, Answer>);

impl OnMirror {
    /// Asks for the images of a release; `None` if this run asks nobody.
    pub(crate) fn of(analysis: &Analysis, settings: &Settings) -> Option<Self> {
        let check = settings.mirror_check.as_ref()?;
        if !settings.is_on(NOT_ON_MIRROR, true) && !settings.is_on(MIRROR_NOT_CHECKED, true) {
            return None;
        }
        let mut asked: BTreeMap<&str, Question> = BTreeMap::new();
        for judged in analysis.images.iter().filter(|judged| is_pulled_from_it(judged, settings)) {
            let Ok(reference) = &judged.image.reference else { continue };
            let question = question(judged, reference);
            match asked.get_mut(judged.image.text.as_str()) {
                // The pod needs a certain one.
                Some(known) if known.version == Version::Any => *known = question,
                Some(_) => {}
                None => {
                    asked.insert(judged.image.text.as_str(), question);
                }
            }
        }
        let questions: Vec<Question> = asked.values().cloned().collect();
        let answers = check.answers(&questions);
        Some(Self(asked.into_keys().map(str::to_owned).zip(answers).collect()))
    }

    /// The answer for a use; `None` if nobody was asked for it.
    pub(crate) fn answer(&self, judged: &Judged) -> Option<&Answer> {
        self.0.get(judged.image.text.as_str())
    }

    /// Notes for each image whether the mirror has it.
    pub(crate) fn note(&self, images: &mut [Image]) {
        for image in images {
            image.on_mirror = self.holding(&image.reference);
        }
    }

    /// Whether the mirror has the image with this text.
    fn holding(&self, text: &str) -> Option<Holding> {
        Some(match self.0.get(text)? {
            Answer::There | Answer::ThereWithoutTag(_) => Holding::There,
            Answer::Missing { .. } | Answer::Damaged(_) => Holding::Missing,
            Answer::NotKnown(_) => Holding::NotKnown,
        })
    }
}

/// Whether a use is certainly or likely an image that is pulled from the mirror.
pub(crate) fn is_pulled_from_it(judged: &Judged, settings: &Settings) -> bool {
    judged.image.tier != Tier::Possible && !judged.bypasses(&settings.mirror)
}

fn question(judged: &Judged, reference: &Reference) -> Question {
    let is_pod = matches!(judged.image.shape, Shape::Container | Shape::Volume);
    let version = match (&reference.digest, &reference.tag) {
        (Some(digest), tag) => Version::Digest { digest: digest.clone(), tag: tag.clone() },
        (None, Some(tag)) => Version::Tag(tag.clone()),
        (None, None) if is_pod => Version::Tag("latest".to_owned()),
        // Its reader completes it.
        (None, None) => Version::Any,
    };
    Question { registry: reference.registry.clone(), repository: reference.repository.clone(), version }
}
