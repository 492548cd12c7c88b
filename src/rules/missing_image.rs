//! A container without an image.
//!
//! ## Why it matters in an air gap
//! The API server rejects the object, and the install or upgrade stops there. Most often a template reads a value that does
//! not exist, `image: {{ .Values.imge }}`, so nobody knows which image must be mirrored.
//!
//! ## What to do
//! Set the value that the finding names, or correct the name in the template.
//!
//! Only containers of Kubernetes' own kinds are checked. In pod templates of custom resources the operator may fill in the
//! image, as Istio's injector does for its own containers.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.imge }}
//! # values.yaml
//! image: mirror.internal/acme/api:1.4
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.image }}
//! # values.yaml
//! image: mirror.internal/acme/api:1.4
//! ```

use super::{Rule, RuleContext};
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::images::{Class, Tier};
use crate::objects::Object;
use crate::objects::injection;
use crate::objects::pods::{Container, Pod};
use crate::provenance::decider_of;
use crate::provenance::written_at;
use crate::reads::unset::{Unset, unset};
use crate::source::Place;
use crate::yaml::{Data, Node};
use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::ops::Range;

pub(super) static RULE: Rule = Rule {
    id: "missing-image",
    summary: "a container has no image",
    severity: Severity::Error,
    on: true,
    source: include_str!("missing_image.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let objects: Vec<Object<'_>> = ctx.analysis.manifests.iter().flat_map(Object::all).collect();
    let patches = Patches::of(&objects);
    let mut findings = Vec::new();
    for object in &objects {
        let Some(pod) = Pod::of(object).filter(|_| is_of_kubernetes(object)) else { continue };
        // Determined once for an object, however many containers it has.
        let is_patch = LazyCell::new(|| patches.has(object));
        for container in pod.containers() {
            let is_left = |container: &Container<'_>| {
                image_of(container).is_some()
                    || injection::may_fill_in(pod.template, container.node)
                    || ctx.prepared.is_none() && (*is_patch || patches.completes(object, container))
            };
            if !is_left(&container) {
                findings.push(finding(ctx, object, &container));
            }
        }
    }
    ctx.findings.append(&mut findings);
}

/// The image of a container, of whatever kind.
fn image_of(container: &Container<'_>) -> Option<String> {
    Some(container.node.text_of("image")).filter(|image| !image.is_empty())
}

/// Whether an object belongs to one of Kubernetes' own groups: other groups have kinds with these names too.
fn is_of_kubernetes(object: &Object<'_>) -> bool {
    let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    ["", "apps", "batch", "extensions"].contains(&group)
}

fn finding(ctx: &RuleContext<'_>, object: &Object<'_>, container: &Container<'_>) -> Finding {
    let (what, range) = what_is_there(container.node);
    let place = object.source().places(range.start as usize..range.end as usize).into_iter().next();
    let place = place.and_then(|place| written_at(object.manifest, place)).map(rest_of_line);
    let unset = place.as_ref().map(|place| unset_at(ctx, object, place)).unwrap_or_default();
    let path = container.path.key("image").to_string();
    let name = match container.name.as_str() {
        "" => container.path.to_string(),
        name => format!("container {name}"),
    };
    let like_it = like_image(container.node);
    let list = unset.iter().map(|one| format!("`{}`", one.path)).collect::<Vec<_>>().join(", ");
    let help = match unset.as_slice() {
        _ if like_it.is_some() => "write the key as `image`".to_owned(),
        [] => "name an image, or remove the container".to_owned(),
        [_] => format!("set {list}, or correct the name in the template"),
        _ => format!("set one of {list}, or correct the name in the template"),
    };
    let label = format!("{what}: {}, {name}", object.name);
    // A value that somebody set to nothing comes first.
    let origins = &ctx.analysis.origins;
    let of_user = unset.iter().map(|one| origins.of_user_at(&one.path)).filter(|origin| !origin.is_none());
    let places = of_user.filter_map(|origin| decider_of(origin, 0, origins).place);
    let mut excerpts: Vec<Excerpt> =
        places.map(|place| Excerpt { place, label: "set to nothing here".to_owned() }).collect();
    excerpts.extend(place.map(|place| Excerpt { place, label }));
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message: format!("{name} of {} has no image", object.name),
        subject: Some(Subject {
            object: object.name.clone(),
            template: object.manifest.name.clone(),
            field: path,
            container: Some(container.name.clone()),
            reference: String::new(),
            tier: Tier::Certain,
            class: Class::NotAReference,
        }),
        excerpts,
        notes: match &like_it {
            Some(key) => vec![format!("`{key}` is a different key: Kubernetes' keys are case-sensitive")],
            None => unset.iter().map(note).collect(),
        },
        help: Some(help),
        fix: None,
    }
}

/// What is in place of the image, in words, and where.
fn what_is_there(container: &Node) -> (&'static str, Range<u32>) {
    let Data::Map(entries) = &container.data else {
        return ("this is not a container", container.start..container.end);
    };
    let Some((entry, value)) = entries.iter().rev().find(|(entry, _)| entry.key == *"image") else {
        let like_it = entries.iter().find(|(entry, _)| entry.key.to_text().eq_ignore_ascii_case("image"));
        let range = like_it.map_or(container.start..container.start + 1, |(entry, _)| entry.start..entry.end);
        return ("it has no `image`", range);
    };
    let what = match &value.data {
        Data::Map(_) => "this is a map, not a string",
        Data::Seq(_) => "this is a list, not a string",
        _ => "nothing is printed here",
    };
    (what, entry.start..entry.end)
}

/// A key of a container that differs from `image` only in case.
fn like_image(container: &Node) -> Option<String> {
    let Data::Map(entries) = &container.data else { return None };
    let keys = entries.iter().map(|(entry, _)| entry.key.to_text());
    keys.filter(|key| key != "image").find(|key| key.eq_ignore_ascii_case("image")).map(|key| key.into_owned())
}

/// The range up to the end of the line, which contains the action that printed nothing.
fn rest_of_line(place: Place) -> Place {
    let rest = place.file.bytes().get(place.start as usize..).unwrap_or_default();
    let line = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
    let length = rest[..line].trim_ascii_end().len() as u32;
    Place { end: place.end.max(place.start + length), ..place }
}

fn note(one: &Unset) -> String {
    format!("`{}` is read here and {}", one.path, if one.is_empty { "is empty" } else { "is not set" })
}

/// The values that the template reads there and that are empty or not set.
fn unset_at(ctx: &RuleContext<'_>, object: &Object<'_>, place: &Place) -> Vec<Unset> {
    let (Some(prepared), Some((chart, _))) = (ctx.prepared, object.manifest.name.rsplit_once("/templates/")) else {
        return Vec::new();
    };
    unset(place, chart, &prepared.chart, &ctx.analysis.values, &ctx.analysis.reads)
}

/// Which documents are patches of others: a container in a patch is merged into the container of the same name.
#[derive(Debug)]
struct Patches {
    /// Containers for which some document has an image: kind, namespace, name, container.
    whole: BTreeSet<[String; 4]>,
    /// Files that a kustomization names.
    files: BTreeSet<String>,
}

impl Patches {
    fn of(objects: &[Object<'_>]) -> Self {
        let mut patches = Self { whole: BTreeSet::new(), files: BTreeSet::new() };
        for object in objects {
            if object.api_version.starts_with("kustomize.config.k8s.io/") {
                patches.add_kustomization(object);
            } else if let Some(pod) = Pod::of(object) {
                let whole = pod.containers().into_iter().filter(|container| image_of(container).is_some());
                patches.whole.extend(whole.map(|container| id(object, &container)));
            }
        }
        patches
    }

    fn add_kustomization(&mut self, object: &Object<'_>) {
        let folder = object.manifest.source.shown().rsplit_once('/').map_or("", |(folder, _)| folder);
        let lists = ["patches", "patchesStrategicMerge"].into_iter().filter_map(|list| object.node.member(list));
        for patch in lists.flat_map(Node::items) {
            let path = match patch.text_of("path") {
                path if path.is_empty() => patch.text(),
                path => path,
            };
            self.files.insert(joined(folder, &path));
        }
    }

    /// Whether an object is a patch.
    fn has(&self, object: &Object<'_>) -> bool {
        self.files.contains(object.manifest.source.shown()) || has_directive(object.node)
    }

    /// Whether a container without an image is merged into one that has an image.
    fn completes(&self, object: &Object<'_>, container: &Container<'_>) -> bool {
        self.whole.contains(&id(object, container))
    }
}

fn id(object: &Object<'_>, container: &Container<'_>) -> [String; 4] {
    let name = &object.name;
    [name.kind.clone(), name.namespace.clone(), name.name.clone(), container.name.clone()]
}

/// Joins a path to a folder and resolves `..` and `.`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let start = if folder.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

/// Whether a tree has a directive of strategic merge patches: `$patch: delete`.
fn has_directive(node: &Node) -> bool {
    match &node.data {
        Data::Map(entries) => {
            entries.iter().any(|(entry, value)| entry.key.as_bytes().starts_with(b"$") || has_directive(value))
        }
        Data::Seq(items) => items.iter().any(has_directive),
        _ => false,
    }
}
