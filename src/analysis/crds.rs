//! The manifests of `crds/`: helm installs these files unchanged and before everything else.

use super::documents::document;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::render::manifest::{Manifest, split};
use crate::render::output;
use crate::source::File;
use crate::template::state::Emit;
use crate::trace::{Origins, Str};
use crate::values::Instance;
use crate::yaml::{self, Data};
use std::sync::Arc;

/// Reads the files of `crds/` of a chart and its subcharts. A document that is not YAML makes helm fail at install time, not
/// when rendering; it has no images.
pub(super) fn read(root: &Instance, limits: &Limits, origins: &mut Origins) -> Vec<Arc<Manifest>> {
    let mut found = Vec::new();
    for (name, file) in output::crd_files(root) {
        // The text is the chart's own, like a template without actions.
        let origin = origins.template_text(file, 0);
        let text = Str::of_file(file, origin);
        for range in split(text.as_bytes(), HelmVersion::V4) {
            let (start, content) = (range.start as u32, text.shared(range));
            // A CRD without defaults has no images, and most CRDs are large.
            if !may_name_images(content.as_bytes()) {
                continue;
            }
            let Ok(node) = yaml::read(content.as_bytes(), limits) else { continue };
            if matches!(node.data, Data::Map(_)) {
                let manifest = document(file, start, content, node);
                found.push(Arc::new(Manifest { name: name.clone(), emits: text_of(file), ..manifest }));
            }
        }
    }
    found
}

/// Whether the objects of a text may name images: a cheap check. In a CRD only the defaults can.
fn may_name_images(text: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    has("default") || !has("CustomResourceDefinition")
}

/// All text of a file is literal.
fn text_of(file: &File) -> Arc<[Emit]> {
    Arc::new([Emit { start: 0, end: file.bytes().len() as u32, at: 0, is_text: true }])
}
