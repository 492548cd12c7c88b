//! From rendered files to manifests: documents, hooks, helm's order.

use super::Rendered;
use crate::error::{Error, ErrorKind};
use crate::go::decode_rune;
use crate::helm::HelmVersion;
use crate::json::place::{place, token};
use crate::limits::Limits;
use crate::source::File;
use crate::template::state::Emit;
use crate::trace::Str;
use crate::values::json;
use crate::yaml::{self, Data, Node};
use std::ops::Range;
use std::sync::Arc;

/// One document of a rendered file.
///
/// `N` is the parsed content that is kept: the [`Node`], or nothing for callers that only print.
#[derive(Debug)]
pub(crate) struct Manifest<N = Node> {
    /// The full name of the template file.
    pub name: String,
    /// The template.
    pub source: Arc<File>,
    /// The document's text, with its origins.
    pub content: Str,
    /// The byte offset of the document in the text of its file.
    pub start: u32,
    /// Which action of the template wrote which bytes of the file's text.
    pub emits: Arc<[Emit]>,
    /// The parsed content that is kept; positions refer to `content`.
    pub node: N,
    /// The content of further objects if the document is a JSON stream; see [`more`].
    pub more: Vec<N>,
    /// `apiVersion`, empty if missing.
    pub api_version: String,
    /// `kind`, empty if missing.
    pub kind: String,
    /// `metadata.name`, empty if missing.
    pub object_name: String,
    /// The events of a hook; `None` for an ordinary manifest.
    pub hook: Option<Vec<String>>,
}

/// The manifests of a release in the order of installation.
#[derive(Debug)]
pub(crate) struct Manifests<N = Node> {
    /// The installed objects.
    pub ordinary: Vec<Manifest<N>>,
    /// The hooks.
    pub hooks: Vec<Manifest<N>>,
    /// Log lines for stderr, without their level.
    pub log: Vec<String>,
}

impl Manifest {
    /// Whether the document contains only comments: nothing is installed from it.
    pub(crate) fn is_blank(&self) -> bool {
        self.node.data == Data::Null && self.more.is_empty()
    }
}

impl<N> Default for Manifests<N> {
    fn default() -> Self {
        Self { ordinary: Vec::new(), hooks: Vec::new(), log: Vec::new() }
    }
}

/// What is kept of a parsed document.
pub(crate) trait Keep: Sized {
    /// Whether the further objects of a JSON stream are needed.
    const WANTS_ALL: bool;
    /// Whether the value of an entry of the document is needed.
    fn wants(key: &[u8]) -> bool;
    /// The content that is kept.
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

/// Nothing: only the text is printed, and its head decides its position.
impl Keep for () {
    const WANTS_ALL: bool = false;
    fn wants(key: &[u8]) -> bool {
        [&b"apiVersion"[..], b"kind", b"metadata"].iter().any(|wanted| key.eq_ignore_ascii_case(wanted))
    }
    fn keep(_: Node) {}
}

/// The memory limit of a release's manifests, in halves of its render's.
const DOCUMENTS: usize = 3;
/// Bytes of the names of a manifest, and of its entries in lists.
const NAMES: usize = 700;

/// Splits, parses and sorts the output of a chart.
///
/// Errors name the first file, by name, with something that is not a manifest: helm's `YAML parse error on …`.
/// Source: helm `pkg/release/v1/util/manifest_sorter.go`.
pub(crate) fn manifests<N: Keep>(
    rendered: &Rendered,
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Manifests<N>, Error> {
    let mut found = Manifests::default();
    let mut kept = 0;
    for file in &rendered.files {
        let emits: Arc<[Emit]> = file.emits.clone().into();
        for range in split(file.text.as_bytes(), helm) {
            let (start, content) = (range.start as u32, file.text.shared(range));
            let fail = |kind, why: String| Error::new(kind, format!("YAML parse error on {}: {why}", file.name));
            let node = yaml::read_entries(content.as_bytes(), limits, N::wants).map_err(|error| {
                fail(error.kind(ErrorKind::Manifest), format!("error converting YAML to JSON: {error}"))
            })?;
            let head = Head::of(&node, helm).map_err(|error| {
                fail(ErrorKind::Manifest, format!("error unmarshaling JSON: while decoding JSON: json: {error}"))
            })?;
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
                return Err(fail(
                    ErrorKind::Limit,
                    "all documents take more memory than there is (--limit memory-bytes)".to_owned(),
                ));
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

/// Sorts manifests in the order of [`manifests`], the installed ones before the hooks.
pub(crate) fn sort<N>(manifests: &mut [Arc<Manifest<N>>]) {
    fn key<N>(one: &Manifest<N>) -> (bool, (usize, &str), &str, u32) {
        (one.hook.is_some(), kind_order(&one.kind), &one.name, one.start)
    }
    manifests.sort_by(|a, b| key(a).cmp(&key(b)));
}

/// The objects after the first in a document that is a JSON stream, `{…} {…}`.
///
/// Helm quirk: a document is parsed as YAML, which ends after the first object; but a document that begins with a brace is passed
/// to the cluster as a stream, and each object in it is installed for a hook and for a file of `crds/`. For a template helm
/// installs only the first; other consumers of its output install the rest, so it counts as well.
pub(crate) fn more(content: &Str, first: &Node) -> Vec<Node> {
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

/// The byte ranges of the documents of a text, which is split at every line that starts with `---`: without leading white space;
/// blank ones are left out.
///
/// Helm quirk: only the dashes and the blanks after them are removed; the rest of the line belongs to the next document, as does a
/// fourth dash (`pkg/release/v1/util/manifest.go`, `SplitManifests`).
pub(crate) fn split(bytes: &[u8], helm: HelmVersion) -> Vec<Range<usize>> {
    if helm == HelmVersion::V3 {
        return split_and_trim(bytes);
    }
    let mut documents = Vec::new();
    let mut push = |from: usize, to: usize| {
        let start = from + leading_space(&bytes[from..to]);
        if start < to {
            documents.push(start..to);
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

/// The documents as helm 3 splits them: without white space on both sides.
///
/// Helm quirk: a separator includes the white space around it, so that a separator directly after another separates nothing
/// and is a document, `---`.
fn split_and_trim(bytes: &[u8]) -> Vec<Range<usize>> {
    let end = trimmed_len(bytes);
    let mut documents = Vec::new();
    let mut push = |from: usize, to: usize| {
        let start = from + leading_space(&bytes[from..to]);
        let to = start + trimmed_len(&bytes[start..to]);
        if start < to {
            documents.push(start..to);
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

/// Kinds in helm's order of installation; all others come after, by name.
pub(crate) const INSTALL_ORDER: &[&str] = &[
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
        // The decoded JSON has its keys in byte order; the last spelling of a field is used.
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

/// The location of a field, for messages: `.metadata.annotations`.
struct Field {
    path: String,
    helm: HelmVersion,
}

impl Field {
    /// Go 1.27 prints a field as written; older versions print it as declared, after the struct, or its remaining part below the
    /// top.
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

/// The text of a scalar for a string; null is an error.
fn string(node: &Node, field: &Field) -> Result<Option<String>, String> {
    match node.data.scalar_text() {
        Some(text) => Ok(Some(text)),
        None if node.data == Data::Null => Ok(None),
        None => Err(field.mismatch(&node.data, "string")),
    }
}
