//! The inventory for programs: one JSON document, described by `docs/images.schema.json`.

use super::Inventory;
use crate::analysis::Gated;
use crate::analysis::images::{Image, PartOrigin, Use};
use crate::holdings::Holding;
use crate::report::stream::Lazily;
use crate::report::write_json;
use crate::source::Place;
use serde::Serialize;
use std::io::{self, Write};

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 1;

/// The depth to which the document has its own lines: one line for each use of an image.
const LINES: usize = 4;

#[derive(Serialize)]
struct Document<'a, I: Serialize> {
    version: u32,
    release: Release<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror: Option<&'a str>,
    images: I,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gated: Vec<GatedEntry<'a>>,
}

/// A gated image, as the document has it.
#[derive(Serialize)]
pub(in crate::report) struct GatedEntry<'a> {
    reference: &'a str,
    switches: &'a [String],
    mirrored: bool,
    template: &'a str,
    #[serde(flatten)]
    at: At<'a>,
}

/// A location in a file; empty if it is not known.
#[derive(Serialize)]
struct At<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

impl<'a> At<'a> {
    fn of(place: Option<&'a Place>) -> Self {
        let at = place.map(|place| place.line_column());
        Self {
            file: place.map(|place| place.file.name()),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
        }
    }
}

/// A gated image, as the document has it.
pub(in crate::report) fn gated_entry(gated: &Gated) -> GatedEntry<'_> {
    GatedEntry {
        reference: &gated.reference,
        switches: &gated.switches,
        mirrored: gated.mirrored,
        template: &gated.template,
        at: At::of(gated.place.as_ref()),
    }
}

#[derive(Serialize)]
struct Release<'a> {
    name: &'a str,
    chart: &'a str,
    namespace: &'a str,
}

/// An image as the document has it.
#[derive(Serialize)]
pub(in crate::report) struct Entry<'a> {
    reference: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    registry: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    tier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_mirror: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<&'static str>,
    uses: Vec<UseEntry<'a>>,
}

#[derive(Serialize)]
struct UseEntry<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    template: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    tier: &'static str,
    shape: &'static str,
    reason: &'a str,
    origins: Vec<OriginEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decided_by: Vec<OriginEntry<'a>>,
}

#[derive(Serialize)]
struct OriginEntry<'a> {
    part: &'static str,
    by: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
    #[serde(flatten)]
    at: At<'a>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    hides: &'a [String],
}

/// Writes the document.
pub(crate) fn write(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    let judged = inventory.mirror.is_some();
    let document = Document {
        version: VERSION,
        release: Release {
            name: &inventory.release.name,
            chart: &inventory.release.chart,
            namespace: &inventory.release.namespace,
        },
        mirror: inventory.mirror.as_deref(),
        images: Lazily(|| inventory.images.iter().map(|image| entry(image, judged))),
        gated: inventory.gated.iter().map(gated_entry).collect(),
    };
    write_json(&document, LINES, out)
}

/// An image as the document has it; without a mirror, it has no class.
pub(in crate::report) fn entry(image: &Image, judged: bool) -> Entry<'_> {
    Entry {
        reference: &image.reference,
        registry: &image.registry,
        class: judged.then(|| image.class.name()),
        tier: image.tier.name(),
        source: image.source.as_deref(),
        destination: image.destination.as_deref(),
        on_mirror: image.on_mirror.map(Holding::name),
        caution: image.caution(),
        uses: image.uses.iter().map(|one| use_entry(one, judged)).collect(),
    }
}

fn use_entry(one: &Use, judged: bool) -> UseEntry<'_> {
    UseEntry {
        kind: &one.object.kind,
        namespace: &one.object.namespace,
        name: &one.object.name,
        field: &one.field,
        container: one.container.as_deref(),
        template: &one.template,
        class: judged.then(|| one.class.name()),
        tier: one.tier.name(),
        shape: one.shape.name(),
        reason: &one.reason,
        origins: one.origins.iter().map(origin_entry).collect(),
        decided_by: one.decided_by.iter().map(origin_entry).collect(),
    }
}

fn origin_entry(origin: &PartOrigin) -> OriginEntry<'_> {
    OriginEntry {
        part: origin.part.name(),
        by: &origin.who,
        path: &origin.path,
        at: At::of(origin.place.as_ref()),
        hides: &origin.hides,
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use crate::cli::Outcome;
    use crate::golden::{conform, json_of, root};

    /// The output of `images --format json` for every chart here matches its schema.
    #[test]
    fn the_document_follows_its_schema() {
        let mut documents = Vec::new();
        for chart in ["addons", "ccm", "manager", "borrower", "random"] {
            for mirror in [None, Some("mirror.internal")] {
                let path = root().join("testdata/charts").join(chart).to_string_lossy().into_owned();
                let mut args = vec!["images".to_owned(), path, "--format=json".to_owned()];
                args.extend(mirror.map(|mirror| format!("--mirror={mirror}")));
                let document = json_of(args, |outcome| outcome == Outcome::Clean);
                documents.extend(document.ok().map(|document| (chart.to_owned(), document)));
            }
        }
        assert!(documents.len() >= 6, "{} charts render", documents.len());
        conform("images.schema.json", &documents);
    }
}
