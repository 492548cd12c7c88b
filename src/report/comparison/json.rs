//! A comparison for programs: one JSON document, described by `docs/comparison.schema.json`.

use super::Compared;
use crate::bundle::artifact::{Artifact, Need};
use crate::bundle::comparison::Change;
use crate::report::write_json;
use serde::Serialize;
use std::io::{self, Write};

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 1;

/// The depth to which the document has its own lines: one for each change.
const LINES: usize = 3;

#[derive(Serialize)]
struct Document<'c> {
    version: u32,
    old: &'c str,
    new: &'c str,
    complete: bool,
    changes: Vec<ChangeEntry<'c>>,
    same: usize,
}

#[derive(Serialize)]
struct ChangeEntry<'c> {
    change: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Side<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Side<'c>>,
}

#[derive(Serialize)]
struct Side<'c> {
    reference: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'c str>,
    needed_by: Vec<NeedEntry<'c>>,
}

#[derive(Serialize)]
struct NeedEntry<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'c str>,
    chart: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'c str>,
    settings: &'c [String],
}

/// Writes a comparison.
pub(crate) fn write(compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        old: &compared.old,
        new: &compared.new,
        complete: compared.is_complete,
        changes: compared.comparison.changes.iter().map(change).collect(),
        same: compared.comparison.same,
    };
    write_json(&document, LINES, out)
}

fn change(change: &Change) -> ChangeEntry<'_> {
    ChangeEntry {
        change: change.kind().name(),
        kind: change.artifact().kind.name(),
        old: change.before().map(side),
        new: change.after().map(side),
    }
}

fn side(artifact: &Artifact) -> Side<'_> {
    Side {
        reference: artifact.reference.as_written(),
        digest: artifact.digest.as_deref(),
        needed_by: artifact.needed_by.iter().map(need).collect(),
    }
}

fn need(need: &Need) -> NeedEntry<'_> {
    NeedEntry {
        release: need.release.as_deref(),
        chart: &need.chart,
        template: need.template.as_deref(),
        settings: &need.settings,
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use crate::golden::{conform, json_of, root};

    /// The output of `images --diff --format json` for charts here, and that of `bundle diff`, match their schema.
    #[test]
    fn the_document_follows_its_schema() {
        let path = |name: &str| root().join("testdata").join(name).to_string_lossy().into_owned();
        let (addons, platform) = (path("charts/addons"), path("charts/platform"));
        let images = ["images", &platform, "--diff", &addons, "--all", "--format=json", "--no-config"];
        let given = ["images", &addons, "--diff", &platform, "--format=json", "--no-config"];
        let lists = ["bundle", "diff", &path("bundle/platform"), &path("bundle/forms/list.txt"), "--format=json"];
        let documents = [images.to_vec(), given.to_vec(), lists.to_vec()].map(|args| {
            let document = json_of(args.iter().map(|&arg| arg.to_owned()), |_| true).expect("a document");
            assert!(document["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{args:?}");
            (args.join(" "), document)
        });
        conform("comparison.schema.json", &documents);
    }
}
