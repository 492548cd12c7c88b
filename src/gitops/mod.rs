//! What other tools install from a repository: the releases in files of Argo CD, Flux and helmfile, as far as airtight.yaml
//! can express them. The caller reads the files; what cannot be expressed is recorded with each release ([`FoundRelease::left_out`]).

mod argo;
mod flux;
mod helmfile;

use crate::config::init::{ACTION, FoundRelease};

use crate::yaml::{Data, Node};
use serde_json::{Map, Value as Json};

/// The releases that a document of a file installs, whether their charts are local or not.
pub(crate) fn releases(path: &str, node: &Node) -> Vec<FoundRelease> {
    let api_version = node.text_of("apiVersion");
    let kind = node.text_of("kind");
    let found = match kind.as_str() {
        "" if is_helmfile(path) => helmfile::releases(path, node),
        "Application" if api_version.starts_with("argoproj.io/") => argo::application(node),
        "ApplicationSet" if api_version.starts_with("argoproj.io/") => argo::application_set(node),
        "HelmRelease" if api_version.starts_with("helm.toolkit.fluxcd.io/") => flux::release(node),
        "List" => node.items_of("items").iter().flat_map(|item| releases(path, item)).collect(),
        _ => Vec::new(),
    };
    found.into_iter().map(|one| FoundRelease { from: path.to_owned(), ..one }).collect()
}

/// Whether a text that is not valid YAML is probably one of these files.
pub(crate) fn may_install(path: &str, text: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    is_helmfile(path) && has(b"releases:")
        || has(b"argoproj.io/") && has(b"kind: Application")
        || has(b"kind: HelmRelease")
}

/// Whether a file of this path is one of helmfile's.
pub(crate) fn is_helmfile(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    name.starts_with("helmfile.") || folder.rsplit('/').next() == Some("helmfile.d")
}

/// A helmfile without its template actions, so that it can be parsed as YAML: lines of actions alone, such as conditions, are
/// removed, and any other action becomes [`ACTION`]. Also returns whether there were such lines.
pub(crate) fn without_actions(text: &str) -> (String, bool) {
    let (mut out, mut has_lines) = (String::new(), false);
    for line in text.split_inclusive('\n') {
        let mut plain = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((_, behind)) = after.split_once("}}") else { break };
            plain.push_str(before);
            plain.push_str(ACTION);
            rest = behind;
        }
        plain.push_str(rest);
        match !plain.trim().is_empty() && plain.replace(ACTION, "").trim().is_empty() {
            true => has_lines = true,
            false => out.push_str(&plain),
        }
    }
    (out, has_lines)
}

/// The string at a key.
fn text(node: &Node, name: &str) -> String {
    node.text_of(name)
}

/// A string unless it is empty.
fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The elements of a list at a key.
fn list<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.items_of(name)
}

/// Whether a key has a value.
fn has(node: &Node, name: &str) -> bool {
    node.member(name).is_some_and(|value| match &value.data {
        Data::Null => false,
        Data::Seq(items) => !items.is_empty(),
        Data::Map(entries) => !entries.is_empty(),
        Data::Str(text) => !text.is_empty(),
        _ => true,
    })
}

/// Values as `--set-json` takes them, `{"image":{"tag":"2"}}`; `None` if JSON cannot express them.
fn inline(node: &Node) -> Option<String> {
    Some(json(node)?.to_string())
}

fn json(node: &Node) -> Option<Json> {
    Some(match &node.data {
        Data::Null => Json::Null,
        Data::Bool(truth) => Json::Bool(*truth),
        Data::Int(number) => Json::from(*number),
        Data::Uint(number) => Json::from(*number),
        Data::Float(number) => Json::Number(serde_json::Number::from_f64(*number)?),
        Data::Str(text) => Json::from(text.to_text().into_owned()),
        Data::Seq(items) => Json::Array(items.iter().map(json).collect::<Option<_>>()?),
        Data::Map(entries) => {
            let entry =
                |(entry, value): &(crate::yaml::Entry, Node)| Some((entry.key.to_text().into_owned(), json(value)?));
            Json::Object(entries.iter().map(entry).collect::<Option<Map<_, _>>>()?)
        }
    })
}

/// A value of `--set` with its commas escaped: a list in braces keeps its meaning.
fn assigned(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut out = String::new();
    for c in value.chars() {
        if c == ',' && !out.ends_with('\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A path joined to a folder, without `.` and `..`.
fn below(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
