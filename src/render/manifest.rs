//! From rendered files to manifests: documents, hooks, helm's order.

use super::Rendered;
use crate::go::decode_rune;
use crate::helm::HelmVersion;
use crate::json::place::{place, token};
use crate::limits::Limits;
use crate::source::File;
use crate::template::exec::Emit;
use crate::trace::Str;
use crate::values::json;
use crate::yaml::{self, Data, Node};
use std::sync::Arc;

/// One document of a rendered file.
///
/// `N` is what is kept of the document as it was read: the [`Node`], or nothing for those who only print.
#[derive(Debug)]
pub struct Manifest<N = Node> {
    /// Full name of the template file.
    pub name: String,
    /// The template.
    pub source: Arc<File>,
    /// The document's text, with its origins.
    pub content: Str,
    /// Where the document begins in the text of its file.
    pub start: u32,
    /// Which action of the template wrote which bytes of the file's text.
    pub emits: Arc<[Emit]>,
    /// What is kept of the document as it was read; places are those in `content`.
    pub node: N,
    /// What is kept of the objects that follow the first in a document that is a stream of JSON; see [`more`].
    pub more: Vec<N>,
    /// `apiVersion`, empty when there is none.
    pub api_version: String,
    /// `kind`, empty when there is none.
    pub kind: String,
    /// `metadata.name`, empty when there is none.
    pub object_name: String,
    /// The events of a hook; `None` for an ordinary manifest.
    pub hook: Option<Vec<String>>,
}

/// The manifests of a release in the order of installation.
#[derive(Debug)]
pub struct Manifests<N = Node> {
    /// What is installed.
    pub ordinary: Vec<Manifest<N>>,
    /// What runs around it.
    pub hooks: Vec<Manifest<N>>,
    /// Log lines for stderr, without their level.
    pub log: Vec<String>,
}

impl Manifest {
    /// Whether there is nothing in the document but comments: nothing is installed of it.
    pub fn is_blank(&self) -> bool {
        self.node.data == Data::Null && self.more.is_empty()
    }
}

impl<N> Default for Manifests<N> {
    fn default() -> Self {
        Self { ordinary: Vec::new(), hooks: Vec::new(), log: Vec::new() }
    }
}

/// What is kept of a document that was read.
pub trait Keep: Sized {
    /// Whether the objects behind the first of a stream are needed.
    const WANTS_ALL: bool;
    /// Whether the value of an entry of the document is needed.
    fn wants(key: &[u8]) -> bool;
    /// What is kept of the document.
    fn keep(node: Node) -> Self;
}

/// All of it.
impl Keep for Node {
    const WANTS_ALL: bool = true;
    fn wants(_: &[u8]) -> bool {
        true
    }
    fn keep(node: Node) -> Self {
        node
    }
}

/// Nothing: the text is all that is printed, and its head decides where.
impl Keep for () {
    const WANTS_ALL: bool = false;
    fn wants(key: &[u8]) -> bool {
        [&b"apiVersion"[..], b"kind", b"metadata"].iter().any(|wanted| key.eq_ignore_ascii_case(wanted))
    }
    fn keep(_: Node) {}
}

/// Halves of the memory of a render that the manifests of a release may take as well.
const DOCUMENTS: usize = 3;
/// Bytes of the names of a manifest, and of what lists it.
const NAMES: usize = 400;

/// Splits, reads and sorts what a chart rendered to.
///
/// Errors name the first file, by name, that holds something that is not a manifest: helm's `YAML parse error on …`.
/// Source: helm `pkg/release/v1/util/manifest_sorter.go`.
pub fn manifests<N: Keep>(rendered: &Rendered, helm: HelmVersion, limits: &Limits) -> Result<Manifests<N>, String> {
    let mut found = Manifests::default();
    let mut kept = 0;
    for file in &rendered.files {
        let emits: Arc<[Emit]> = file.emits.clone().into();
        for (start, content) in split(&file.text, helm) {
            let fail = |why: String| format!("YAML parse error on {}: {why}", file.name);
            let node = yaml::read_entries(content.as_bytes(), limits, N::wants)
                .map_err(|error| fail(format!("error converting YAML to JSON: {error}")))?;
            let head = Head::of(&node, helm)
                .map_err(|error| fail(format!("error unmarshaling JSON: while decoding JSON: json: {error}")))?;
            let hook = match head.hook {
                None => None,
                Some(text) => {
                    let events: Vec<String> = text.split(',').map(|event| event.trim().to_lowercase()).collect();
                    // Helm quirk: one unknown event drops the whole document.
                    if events.iter().any(|event| !HOOK_EVENTS.contains(&event.as_str())) {
                        let text = if text.is_empty() || text.contains(' ') { format!("{text:?}") } else { text };
                        found.log.push(format!("msg=\"skipping unknown hooks\" hookTypes={text}"));
                        continue;
                    }
                    Some(events)
                }
            };
            let list = if hook.is_some() { &mut found.hooks } else { &mut found.ordinary };
            let more = if N::WANTS_ALL { more(&content, &node) } else { Vec::new() };
            kept += size_of::<Manifest<N>>() + NAMES;
            if N::WANTS_ALL {
                kept += node.size() + more.iter().map(Node::size).sum::<usize>();
            }
            let most = limits.memory_bytes.saturating_mul(DOCUMENTS) / 2;
            if kept > most {
                return Err(fail("all documents take more memory than there is (--limit memory-bytes)".to_owned()));
            }
            list.push(Manifest {
                name: file.name.clone(),
                source: file.source.clone(),
                content,
                start,
                emits: emits.clone(),
                node: N::keep(node),
                more: more.into_iter().map(N::keep).collect(),
                api_version: head.api_version,
                kind: head.kind,
                object_name: head.name,
                hook,
            });
        }
    }
    found.ordinary.sort_by(|a, b| kind_order(&a.kind).cmp(&kind_order(&b.kind)));
    found.hooks.sort_by(|a, b| kind_order(&a.kind).cmp(&kind_order(&b.kind)));
    Ok(found)
}

/// The objects behind the first of a document that is a stream of JSON, `{…} {…}`.
///
/// Helm quirk: a document is read as YAML, which ends behind the first object; but what begins with a brace is handed to
/// the cluster as a stream, and each object in it is installed: of a hook, and of a file of `crds/`. Of a template helm
/// installs the first only; others that take its output install the rest, so that it counts as well.
pub fn more(content: &Str, first: &Node) -> Vec<Node> {
    let mut found = Vec::new();
    let Ok(text) = std::str::from_utf8(content.as_bytes()) else { return found };
    if !text.trim_start().starts_with('{') {
        return found;
    }
    let mut at = first.end as usize;
    while text.get(at..).is_some_and(|rest| rest.trim_start().starts_with('{')) {
        let Some((node, end)) = json::read_value(text, at) else { break };
        found.push(node);
        at = end;
    }
    found
}

/// Cuts a text into its documents at every line that starts with `---`: each with its place, without the white space
/// before it; blank ones are left out.
///
/// Helm quirk: only the dashes and the blanks after them are removed; what follows on the line belongs to the next
/// document, as does a fourth dash (`pkg/release/v1/util/manifest.go`, `SplitManifests`).
pub fn split(text: &Str, helm: HelmVersion) -> Vec<(u32, Str)> {
    if helm == HelmVersion::V3 {
        return split_and_trim(text);
    }
    let bytes = text.as_bytes();
    let mut documents = Vec::new();
    let mut push = |from: usize, to: usize| {
        let start = from + leading_space(&bytes[from..to]);
        if start < to {
            documents.push((start as u32, text.slice(start..to)));
        }
    };
    let mut from = leading_space(bytes);
    let mut line = from;
    loop {
        if bytes[line..].starts_with(b"---") {
            push(from, line);
            from = line + 3;
            while matches!(bytes.get(from), Some(b' ' | b'\t')) {
                from += 1;
            }
        }
        match memchr::memmem::find(&bytes[line..], b"\n---") {
            Some(end) => line += end + 1,
            None => break,
        }
    }
    push(from, bytes.len());
    documents
}

/// The documents as helm 3 cuts them: white space on both sides is gone.
///
/// Helm quirk: a separator takes the white space around it along, so that one right behind another separates nothing
/// and is a document, `---`.
fn split_and_trim(text: &Str) -> Vec<(u32, Str)> {
    let bytes = text.as_bytes();
    let end = trimmed_len(bytes);
    let mut documents = Vec::new();
    let mut push = |from: usize, to: usize| {
        let start = from + leading_space(&bytes[from..to]);
        let to = start + trimmed_len(&bytes[start..to]);
        if start < to {
            documents.push((start as u32, text.slice(start..to)));
        }
    };
    let after = |dashes: usize| {
        let blank = bytes[dashes + 3..end].iter().take_while(|byte| b" \t\n\r\x0c".contains(byte)).count();
        dashes + 3 + blank
    };
    let mut from = leading_space(&bytes[..end]);
    if bytes[from..end].starts_with(b"---") {
        from = after(from);
    }
    while let Some(at) = memchr::memmem::find(&bytes[from..end], b"\n---") {
        push(from, from + at);
        from = after(from + at + 1);
    }
    push(from, end);
    documents
}

/// Length of the white space, in Go's sense, at the start of a text.
pub(super) fn leading_space(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(&first) = bytes.get(length) {
        let (c, width) = if first.is_ascii() { (first as char, 1) } else { decode_rune(&bytes[length..]) };
        if !c.is_whitespace() {
            break;
        }
        length += width;
    }
    length
}

/// Length of a text without the white space at its end.
pub(super) fn trimmed_len(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    loop {
        let mut start = end.saturating_sub(1);
        while start > 0 && end - start < 4 && bytes[start] & 0xC0 == 0x80 {
            start -= 1;
        }
        match std::str::from_utf8(&bytes[start..end]) {
            Ok(last) if !last.is_empty() && last.chars().all(char::is_whitespace) => end = start,
            _ => return end,
        }
    }
}

const HOOK_EVENTS: &[&str] = &[
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

/// Kinds in the order in which helm installs them; all others come after, by name.
pub const INSTALL_ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

fn kind_order(kind: &str) -> (usize, &str) {
    match INSTALL_ORDER.iter().position(|known| *known == kind) {
        Some(place) => (place, ""),
        None => (INSTALL_ORDER.len(), kind),
    }
}

/// The part of a manifest that helm decodes: `util.SimpleHead`.
#[derive(Debug, Default)]
struct Head {
    api_version: String,
    kind: String,
    name: String,
    hook: Option<String>,
}

impl Head {
    /// Errors are encoding/json's, after `json: `.
    fn of(node: &Node, helm: HelmVersion) -> Result<Self, String> {
        let mut head = Self::default();
        let package = if helm == HelmVersion::V4 { "util" } else { "releaseutil" };
        let entries = match &node.data {
            Data::Null => return Ok(head),
            Data::Map(entries) => entries,
            other => {
                let found = other.json_kind();
                return Err(format!("cannot unmarshal {found} into Go value of type {package}.SimpleHead"));
            }
        };
        // The JSON that is decoded has its keys in byte order; the last spelling of a field wins.
        for (key, value) in sorted(entries) {
            if key.eq_ignore_ascii_case("apiVersion") {
                let field = Field::top(helm, &key, "apiVersion");
                head.api_version = string(value, &field)?.unwrap_or(head.api_version);
            } else if key.eq_ignore_ascii_case("kind") {
                head.kind = string(value, &Field::top(helm, &key, "kind"))?.unwrap_or(head.kind);
            } else if key.eq_ignore_ascii_case("metadata") {
                head.metadata(value, &Field::top(helm, &key, "metadata"))?;
            }
        }
        Ok(head)
    }

    fn metadata(&mut self, node: &Node, field: &Field) -> Result<(), String> {
        let entries = match &node.data {
            Data::Null => return Ok(()),
            Data::Map(entries) => entries,
            other => {
                return Err(field.mismatch(
                    other,
                    "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }",
                ));
            }
        };
        for (key, value) in sorted(entries) {
            if key.eq_ignore_ascii_case("name") {
                self.name = string(value, &field.below(&key, "name"))?.unwrap_or_default();
            } else if key.eq_ignore_ascii_case("annotations") {
                let field = field.below(&key, "annotations");
                match &value.data {
                    Data::Null => {}
                    Data::Map(annotations) => {
                        for (key, value) in sorted(annotations) {
                            let text = string(value, &field.member(&key))?.unwrap_or_default();
                            if key == "helm.sh/hook" {
                                self.hook = Some(text);
                            }
                        }
                    }
                    other => {
                        return Err(field.mismatch(other, "map[string]string"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where a field stands, for messages: `.metadata.annotations`.
struct Field {
    path: String,
    helm: HelmVersion,
}

impl Field {
    /// Go 1.27 has a field as it is written; older ones have it as it is declared, after the struct, or what is left of
    /// that below the top.
    fn top(helm: HelmVersion, written: &str, declared: &str) -> Self {
        let path = match helm {
            HelmVersion::V4 => format!(".{}", token(written)),
            HelmVersion::V3 => format!("SimpleHead.{declared}"),
        };
        Self { path, helm }
    }

    fn below(&self, written: &str, declared: &str) -> Self {
        let path = match self.helm {
            HelmVersion::V4 => format!("{}.{}", self.path, token(written)),
            HelmVersion::V3 => format!(".metadata.{declared}"),
        };
        Self { path, helm: self.helm }
    }

    /// A member of a map, which older Go does not name.
    fn member(&self, key: &str) -> Self {
        let path = match self.helm {
            HelmVersion::V4 => format!("{}.{}", self.path, token(key)),
            HelmVersion::V3 => self.path.clone(),
        };
        Self { path, helm: self.helm }
    }

    fn mismatch(&self, found: &Data, go_type: &str) -> String {
        let found = found.json_kind();
        let place = place(&self.path);
        format!("cannot unmarshal {found} into {place} of type {go_type}")
    }
}

fn sorted(entries: &[(yaml::Entry, Node)]) -> Vec<(std::borrow::Cow<'_, str>, &Node)> {
    let mut sorted: Vec<_> = entries.iter().map(|(entry, node)| (entry.key.to_text(), node)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted
}

/// The text of a scalar where a string is wanted; null is none.
fn string(node: &Node, field: &Field) -> Result<Option<String>, String> {
    match yaml_scalar_text(&node.data) {
        Some(text) => Ok(Some(text)),
        None if node.data == Data::Null => Ok(None),
        None => Err(field.mismatch(&node.data, "string")),
    }
}

/// A scalar as sigs.k8s.io/yaml writes it where a string is wanted.
fn yaml_scalar_text(data: &Data) -> Option<String> {
    crate::chart::metadata::scalar_text(data)
}
