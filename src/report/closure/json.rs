//! The closure for programs, and as a certificate: one JSON document, described by `docs/closure.schema.json`.

use crate::closure::{Closure, ClosureImage, OperatorImage, Setting, UnitReport, UnreachedBranch};
use crate::report::{ReleaseName, write_json};
use serde::Serialize;
use std::io::{self, Write};

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 1;

/// The depth to which the document has its own lines: one for each image and file.
const LINES: usize = 3;

#[derive(Serialize)]
struct Document<'c> {
    version: u32,
    release: Release<'c>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'c str>,
    images: Vec<ImageEntry<'c>>,
    operators: Vec<OperatorEntry<'c>>,
    open: Vec<String>,
    free: Vec<String>,
    lookups: Vec<&'c str>,
    unprinted: &'c std::collections::BTreeMap<String, String>,
    files: Vec<FileEntry<'c>>,
    unreached: Vec<BranchEntry<'c>>,
}

#[derive(Serialize)]
struct Release<'c> {
    name: &'c str,
    chart: &'c str,
    namespace: &'c str,
}

#[derive(Serialize)]
struct ImageEntry<'c> {
    reference: &'c str,
    today: bool,
    settings: Vec<String>,
    templates: Vec<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unproven: Option<&'c str>,
}

#[derive(Serialize)]
struct OperatorEntry<'c> {
    operator: &'c str,
    image: &'c str,
    settings: Vec<String>,
}

#[derive(Serialize)]
struct FileEntry<'c> {
    template: &'c str,
    switches: Vec<String>,
    runs: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<&'c str>,
    combinations: u64,
    bounded: bool,
}

#[derive(Serialize)]
struct BranchEntry<'c> {
    template: &'c str,
    line: u32,
    column: u32,
    branch: &'static str,
    condition: &'c str,
    why: &'static str,
}

/// Writes a closure.
pub(crate) fn write(release: &ReleaseName, closure: &Closure, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        release: Release { name: &release.name, chart: &release.chart, namespace: &release.namespace },
        failure: closure.failure.as_deref(),
        images: closure.images.iter().map(image).collect(),
        operators: closure.operators.iter().map(operator).collect(),
        open: closure.open.iter().map(ToString::to_string).collect(),
        free: closure.free.iter().map(ToString::to_string).collect(),
        lookups: closure.lookups.iter().map(String::as_str).collect(),
        unprinted: &closure.unprinted,
        files: closure.units.iter().map(file).collect(),
        unreached: closure.unreached.iter().map(branch).collect(),
    };
    write_json(&document, LINES, out)
}

fn image(image: &ClosureImage) -> ImageEntry<'_> {
    ImageEntry {
        reference: &image.reference,
        today: image.is_today,
        settings: texts(&image.settings),
        templates: image.templates.iter().map(String::as_str).collect(),
        unproven: image.unproven.as_deref(),
    }
}

fn operator(one: &OperatorImage) -> OperatorEntry<'_> {
    OperatorEntry { operator: &one.operator, image: &one.image, settings: texts(&one.settings) }
}

fn file(unit: &UnitReport) -> FileEntry<'_> {
    FileEntry {
        template: &unit.template,
        switches: unit.switches.iter().map(ToString::to_string).collect(),
        runs: unit.runs,
        same_as: unit.same_as.as_deref(),
        combinations: unit.combinations,
        bounded: unit.is_bounded,
    }
}

fn branch(one: &UnreachedBranch) -> BranchEntry<'_> {
    BranchEntry {
        template: &one.template,
        line: one.line,
        column: one.column,
        branch: one.branch,
        condition: &one.condition,
        why: one.why.name(),
    }
}

fn texts(settings: &[Setting]) -> Vec<String> {
    settings.iter().map(ToString::to_string).collect()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use crate::golden::{conform, json_of, root};

    /// The output of `images --all --format json` for charts here matches its schema.
    #[test]
    fn the_document_follows_its_schema() {
        let document = |chart: &str| {
            let path = root().join("testdata/charts").join(chart).to_string_lossy().into_owned();
            let args = ["images", &path, "--all", "--format=json", "--no-config"].map(str::to_owned);
            (chart.to_owned(), json_of(args, |_| true).expect("a document"))
        };
        conform("closure.schema.json", &["addons", "platform", "operators", "guarded", "manager"].map(document));
    }
}
