//! [`Rendered`]: a rendered chart, and the origins of its bytes.

use crate::error::Location;
use crate::provenance::{DeciderKind, deciders_in, printed};
use crate::release::RenderOutcome;
use crate::render::manifest::{self, Manifests};
use crate::render::output::{Selection, crds};
use crate::source::Place;
use crate::trace::{Layer, Origins};
use std::fmt;
use std::ops::Range;

/// A rendered chart.
#[derive(Debug)]
pub struct Rendered {
    text: Vec<u8>,
    manifests: Vec<Manifest>,
    /// Parallel to the manifests.
    contents: Vec<manifest::Manifest<()>>,
    notes: Vec<u8>,
    origins: Option<Origins>,
    log: Vec<String>,
}

/// A document of a rendered chart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// The full name of the template that printed it: `shop/templates/deployment.yaml`.
    pub template: String,
    /// `apiVersion`; empty if missing.
    pub api_version: String,
    /// `kind`; empty if missing.
    pub kind: String,
    /// `metadata.name`; empty if missing.
    pub name: String,
    /// Whether it is a hook, which helm installs separately.
    pub is_hook: bool,
    /// Its byte range in [`Rendered::text`].
    pub range: Range<usize>,
}

/// The origin of some bytes of a rendered chart.
///
/// `Display` is for people: `values.yaml:3:8, image.tag`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The byte range in [`Rendered::text`].
    pub range: Range<usize>,
    /// What decided them.
    pub kind: OriginKind,
    /// The location; `None` for a fact of the release.
    pub location: Option<Location>,
    /// For a value, its path as in its own file: `image.tag`. For a fact, its name: `Release.Name`.
    pub path: String,
}

/// What can decide bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OriginKind {
    /// A values file of the user's.
    ValuesFile,
    /// A `--set`-like flag.
    Flag,
    /// The default in a chart's values.yaml.
    ChartDefault,
    /// The text of a template.
    Template,
    /// Another file of the chart: Chart.yaml, or a file read through `.Files`.
    ChartFile,
    /// A fact of the release or the cluster: `Release.Name`.
    Fact,
    /// Unknown: a function lost the origin. The location, if any, is the action that printed the bytes.
    Unknown,
}

impl Rendered {
    pub(super) fn new(
        outcome: &RenderOutcome,
        manifests: Manifests<()>,
        selection: &Selection,
        origins: Option<Origins>,
        log: Vec<String>,
    ) -> Self {
        let mut text = Vec::new();
        #[expect(clippy::expect_used, reason = "a vector takes whatever is written to it")]
        manifests.write(&outcome.root, selection, &mut text).expect("memory is written to");
        // A block is a separator, a line with the name, the document, and a line break.
        let head = |name: &str| "---\n# Source: \n".len() + name.len();
        let size = |name: &str, content: &[u8]| head(name) + content.len() + 1;
        let crds = if selection.include_crds { crds(&outcome.root) } else { Vec::new() };
        let mut start: usize = crds.iter().map(|(name, content)| size(name, content)).sum();
        let hooks: usize = manifests.hooks.iter().map(|hook| size(&hook.name, hook.content.as_bytes())).sum();
        let first_hook = text.len() - hooks;
        let ordinary = manifests.ordinary.len();
        let contents: Vec<_> = manifests.ordinary.into_iter().chain(manifests.hooks).collect();
        let mut listed = Vec::with_capacity(contents.len());
        for (index, content) in contents.iter().enumerate() {
            if index == ordinary {
                start = first_hook;
            }
            let from = start + head(&content.name);
            let end = from + content.content.len();
            // Trailing white space of the last installed document is not printed.
            let end = if index < ordinary { end.min(first_hook - 1) } else { end };
            listed.push(Manifest {
                template: content.name.clone(),
                api_version: content.api_version.clone(),
                kind: content.kind.clone(),
                name: content.object_name.clone(),
                is_hook: content.hook.is_some(),
                range: from..end,
            });
            start = from + content.content.len() + 1;
        }
        let own_notes = format!("{}/templates/NOTES.txt", outcome.root.full_path);
        let notes = outcome.rendered.notes.iter().filter(|notes| notes.name == own_notes);
        let notes = notes.flat_map(|notes| notes.text.as_bytes().to_vec()).collect();
        Self { text, manifests: listed, contents, notes, origins, log }
    }

    /// The output of `helm template`, byte for byte.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The documents in the order in which helm prints them: installed objects, then hooks. The CRDs of `crds/` are not
    /// included.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// The rendered NOTES.txt.
    pub fn notes(&self) -> &[u8] {
        &self.notes
    }

    /// The lines that helm logs during such a render.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// The origins of bytes of [`Rendered::text`], in order. Bytes computed from several values have an origin for each. Empty
    /// unless the renderer [traces](super::Renderer::trace).
    pub fn origins(&self, range: Range<usize>) -> Vec<Origin> {
        let Some(origins) = &self.origins else { return Vec::new() };
        let mut found = Vec::new();
        let first = self.manifests.partition_point(|manifest| manifest.range.end <= range.start);
        let touched = self.manifests.iter().zip(&self.contents).skip(first);
        for (manifest, content) in touched.take_while(|(manifest, _)| manifest.range.start < range.end) {
            let base = manifest.range.start;
            let wanted = range.start.max(base) - base..range.end.min(manifest.range.end) - base;
            of_content(content, wanted.start as u32..wanted.end as u32, origins, &mut |part, origin| {
                found.push(Origin { range: base + part.start as usize..base + part.end as usize, ..origin });
            });
        }
        found
    }
}

/// The origins of some bytes of a document; bytes without a known origin have the action that printed them.
fn of_content(
    content: &manifest::Manifest<()>,
    wanted: Range<u32>,
    origins: &Origins,
    tell: &mut dyn FnMut(Range<u32>, Origin),
) {
    let spans = content.content.spans();
    let mut at = wanted.start;
    let first = spans.partition_point(|span| span.end <= wanted.start);
    for span in spans[first..].iter().take_while(|span| span.start < wanted.end) {
        let from = span.start.max(wanted.start);
        if at < from {
            tell(at..from, of_action(content, at..from));
        }
        at = span.end.min(wanted.end);
        let mut is_known = false;
        for decider in deciders_in(span, from, origins) {
            let (kind, path) = match &decider.source {
                DeciderKind::User(Layer::Flag(_)) => (OriginKind::Flag, decider.path.to_string()),
                DeciderKind::User(_) | DeciderKind::Tool => (OriginKind::ValuesFile, decider.path.to_string()),
                DeciderKind::ChartDefault(_) => (OriginKind::ChartDefault, decider.path.to_string()),
                DeciderKind::Template => (OriginKind::Template, String::new()),
                DeciderKind::Other(_) if decider.place.is_some() => (OriginKind::ChartFile, String::new()),
                DeciderKind::Other(fact) => (OriginKind::Fact, fact.clone()),
                DeciderKind::Unknown => continue,
            };
            is_known = true;
            tell(from..at, Origin { range: 0..0, kind, location: decider.place.as_ref().map(location), path });
        }
        if !is_known {
            tell(from..at, of_action(content, from..at));
        }
    }
    if at < wanted.end {
        tell(at..wanted.end, of_action(content, at..wanted.end));
    }
}

fn of_action(content: &manifest::Manifest<()>, part: Range<u32>) -> Origin {
    let location = printed(content, part).as_ref().map(location);
    Origin { range: 0..0, kind: OriginKind::Unknown, location, path: String::new() }
}

pub(super) fn location(place: &Place) -> Location {
    let (line, column) = place.line_column();
    Location { file: place.file.shown().to_owned(), line, column }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.location, self.path.is_empty()) {
            (Some(location), true) => write!(f, "{location}"),
            (Some(location), false) => write!(f, "{location}, {}", self.path),
            (None, false) => f.write_str(&self.path),
            (None, true) => f.write_str("unknown"),
        }
    }
}
