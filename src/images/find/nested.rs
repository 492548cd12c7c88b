//! Documents nested in texts: YAML and JSON in ConfigMaps, Secrets (decoded) and any other text, up to a depth limit. All
//! finders search them. Text that is not a document (TOML, scripts, templates) is read line by line, and so are documents
//! below the depth limit.

use super::template::by_line;
use super::walk::walk;
use super::{FieldAt, Finder, Hits, Shape, commands, decode, dockerfile, fields, judge, prose};
use crate::images::find::appearance::is_plausible;
use crate::objects::text::Text;
use crate::objects::{Object, Step};
use crate::yaml::{self, Data, Node};

pub(super) static FINDER: Finder =
    Finder { id: "nested", summary: "documents in texts: ConfigMaps, Secrets, values in a resource", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let Some(text) = place.str() else { return };
    if place.is_base64() {
        secret(place, text, found);
    } else if is_text(text)
        && (is_plausible(text) || is_script(text, place.last_key().unwrap_or_default()))
        && place.variable().is_none()
        && !place.is_argument()
    {
        let key = place.last_key().unwrap_or_default();
        let is_command = judge::is_command(key);
        let shape = if is_command { Shape::Argument } else { Shape::Nested };
        read(place, key, shape, found);
    }
}

/// Whether a text may pull images without a word that looks like one: scripts, Dockerfiles, pipelines, settings, names of
/// falcoctl's index.
pub(super) fn is_script(text: &str, name: &str) -> bool {
    commands::is_plausible(text)
        || text.contains("container_repository")
        || text.contains("<<")
        || text.contains("refs") && text.contains("artifact")
        || dockerfile::is_one(name, text)
}

/// Whether a text is more than a word.
fn is_text(text: &str) -> bool {
    text.contains([' ', '\n', ',', '=', ';', '"']) || text.starts_with(['{', '['])
}

/// A text of a Secret.
fn secret(place: &FieldAt<'_>, encoded: &str, found: &mut Hits<'_>) {
    let Some(text) = place.text() else { return };
    let Some(decoded) = decode::base64(&text, encoded, found) else { return };
    let is_script = is_script(&decoded, place.last_key().unwrap_or_default());
    if !is_plausible(&decoded) && !is_script && !decode::may_be_encoded(&decoded) {
        return;
    }
    if is_text(&decoded) {
        document(place, &decoded, place.last_key().unwrap_or_default(), Shape::Nested, found);
    } else if let Some((tier, reason)) = fields::named(place, &decoded, found.hints) {
        fields::add(place, decoded, tier, reason, found);
    } else {
        read_encoded(place, &decoded, found);
    }
}

/// Searches the text of a node; `name` is the name of the text, `shape` the form of hits in its lines.
pub(super) fn read(place: &FieldAt<'_>, name: &str, shape: Shape, found: &mut Hits<'_>) {
    if let Some(text) = place.text() {
        document(place, &text, name, shape, found);
    }
}

pub(super) fn document(place: &FieldAt<'_>, text: &Text, name: &str, shape: Shape, found: &mut Hits<'_>) {
    let is_deep = place.object.depth >= found.limits.nested_depth || found.nested_nodes > found.limits.yaml_nodes;
    let is_other = dockerfile::is_one(name, text);
    if is_deep || is_other || !text.contains('\n') && !text.starts_with(['{', '[']) {
        by_line(place, text, name, shape, found);
        return;
    }
    for range in documents(text) {
        let part = if range.len() == text.len() { text.clone() } else { text.slice(range) };
        if !is_plausible(&part) && !is_script(&part, name) {
            continue;
        }
        match yaml::read(part.as_bytes(), found.limits) {
            Ok(node) if matches!(node.data, Data::Map(_) | Data::Seq(_)) => {
                // `[section]` of TOML is a YAML list, and what follows is not YAML.
                let rest = part.get(node.end as usize..).is_some_and(has_lines);
                let is_dashboard = prose::is_dashboard(&node);
                found.prose += u32::from(is_dashboard);
                tree(place, &node, part.clone(), found);
                found.prose -= u32::from(is_dashboard);
                if rest {
                    by_line(place, &part.slice(node.end as usize..part.len()), name, shape, found);
                }
            }
            _ => by_line(place, &part, name, shape, found),
        }
    }
}

/// Shows a nested document to the finders.
fn tree(place: &FieldAt<'_>, node: &Node, source: Text, found: &mut Hits<'_>) {
    let object = Object {
        manifest: place.object.manifest,
        name: place.object.name.clone(),
        api_version: node.text_of("apiVersion"),
        kind: node.text_of("kind"),
        node,
        source: source.into(),
        prefix: place.path().with(Step::Nested),
        depth: place.object.depth + 1,
        is_list: false,
    };
    walk(&object, found);
}

/// Whether a text has lines that are not comments.
fn has_lines(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#') && line != "...")
}

/// The documents of a text, split at lines of `---`.
fn documents(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            if at > start {
                documents.push(start..at);
            }
            start = at + line.len();
        }
        at += line.len();
    }
    if at > start {
        documents.push(start..at);
    }
    documents
}

/// The nesting depth of encodings: a release of helm is gzip in base64 in base64.
const LAYERS: usize = 4;

/// Decodes a text as far as possible, and searches the result.
pub(super) fn read_encoded(place: &FieldAt<'_>, text: &Text, found: &mut Hits<'_>) {
    let mut text = text.clone();
    for layer in 0..LAYERS {
        let decoded = match text.as_str() {
            url if url.starts_with("data:") => decode::data_url(&text, url, found),
            base64_text if decode::may_be_encoded(base64_text.trim()) => decode::base64(&text, base64_text, found),
            _ => None,
        };
        let Some(decoded) = decoded else {
            if layer > 0 && is_plausible(&text) {
                document(place, &text, place.last_key().unwrap_or_default(), Shape::Nested, found);
            }
            return;
        };
        text = decoded;
    }
}
