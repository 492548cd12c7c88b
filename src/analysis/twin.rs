//! [`Twin`]: the same release rendered with another mirror, and what its images are there.

use crate::compiler::Compiler;
use crate::images::{ImageUse, find};
use crate::release::{Change, Prepared};
use crate::render::Rendered;
use crate::render::manifest::{Manifests, manifests};
use crate::settings::Settings;
use crate::template::decisions::{Course, Decided, Decisions, Site};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What the images of a second render are, as far as they differ from those of the first.
#[derive(Debug, Default)]
pub(super) struct Twin {
    texts: HashMap<Key, String>,
    /// What was decided at the sites that were asked for.
    pub(super) decided: Vec<Decided>,
}

/// The place of a use: the template file, the object's kind, namespace and name, the field, which reference in it.
type Key = (String, String, String, String, String, u32);

impl Twin {
    /// Renders the release with other values and reads those files that came out differently. A render that fails has
    /// nothing to tell.
    pub(super) fn render(
        prepared: &Prepared,
        settings: &Settings,
        changes: &[Change],
        compiler: &mut Compiler,
        first: &Rendered,
        sites: BTreeSet<Site>,
    ) -> Self {
        // Values of other text have the same shape: what the schema says of them was said.
        let prepared = Prepared { check_schema: false, ..prepared.clone() };
        let decisions = (!sites.is_empty()).then(|| Decisions::new(Course::Watched(sites), |_| false));
        let outcome = prepared.render_deciding(compiler, changes, None, decisions, &mut Vec::new());
        let Ok(outcome) = outcome else { return Self::default() };
        let mut rendered = outcome.rendered;
        let decided = rendered.decisions.take().map(|decisions| decisions.decided().to_vec()).unwrap_or_default();
        let known: HashMap<&str, &[u8]> =
            first.files.iter().map(|file| (file.name.as_str(), file.text.as_bytes())).collect();
        rendered.files.retain(|file| known.get(file.name.as_str()) != Some(&file.text.as_bytes()));
        let Ok(read) = manifests(&rendered, prepared.env.helm, &prepared.limits) else {
            return Self { decided, ..Self::default() };
        };
        let Manifests { ordinary, hooks, .. } = read;
        let all = ordinary.into_iter().chain(hooks).map(Arc::new);
        let uses = all.flat_map(|manifest| find(&manifest, settings.hints(), &prepared.limits));
        Self { texts: uses.map(|image| (key(&image), image.text.as_str().to_owned())).collect(), decided }
    }

    /// What a use of the first render is here; `None` where it is the same, or not there.
    pub(super) fn text_of(&self, image: &ImageUse) -> Option<&str> {
        let text = self.texts.get(&key(image))?;
        (text != image.text.as_str()).then_some(text.as_str())
    }
}

fn key(image: &ImageUse) -> Key {
    let object = &image.object;
    (
        image.manifest.name.clone(),
        object.kind.clone(),
        object.namespace.clone(),
        object.name.clone(),
        image.field.clone(),
        image.nth,
    )
}
