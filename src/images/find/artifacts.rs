//! OCI artifacts that are not a pod's image: charts, databases, plugins, wasm modules, packages.

use super::place::text_of;
use super::{FieldAt, Finder, Hit, Hits, Shape, Tier, judge};
use crate::images::find::appearance::{is_named, words};
use crate::objects::text::{Text, TextPiece};
use crate::reference::Reference;
use crate::yaml::{Data, Node};
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "artifacts", summary: "`oci://` URLs, charts, databases, plugins, packages", visit };

/// Schemes of URLs of artifacts in a registry.
const SCHEMES: &[&str] = &["oci://", "registry://", "docker://"];

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    match &place.node.data {
        Data::Map(_) => {
            if place.node.member("repoURL").is_some() {
                application(place, found);
            } else if place.object.kind == "OCIRepository" && place.key() == Some("spec") {
                repository(place, found);
            } else if place.node.member("kind").and_then(Node::str) == Some("DockerImage") {
                docker_image(place, found);
            }
        }
        Data::Str(_) => scalar(place, found),
        _ => {}
    }
}

fn scalar(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let Some(string) = place.str() else { return };
    if let Some(scheme) = scheme(string) {
        let Some(text) = place.text().and_then(|text| without_scheme(&text)) else { return };
        add(place, text, format!("a URL that begins with {scheme}"), found);
        return;
    }
    let Some(key) = place.last_key() else { return };
    let reason = if judge::is_database(key) && string.contains('/') {
        format!("`{key}` names a database")
    } else if place.object.api_version.starts_with("pkg.crossplane.io/") && key == "package" {
        "the package of a Crossplane object".to_owned()
    } else if is_falco(place, key, string) {
        falco(place, key, string, found);
        return;
    } else if words(key).ends_with(&["oci".to_owned(), "ref".to_owned()]) && string.contains('/') {
        format!("`{key}` names an OCI artifact")
    } else {
        return;
    };
    if is_named(string, false)
        && let Some(text) = place.text()
    {
        add(place, text, reason, found);
    }
}

/// `falco-rules:5` below `artifact.install.refs`, or a plugin's reference.
fn is_falco(place: &FieldAt<'_>, key: &str, string: &str) -> bool {
    matches!(key, "ref" | "refs" | "pluginRef")
        && is_named(string, true)
        && place.keys().any(|key| matches!(key, "artifact" | "falcoctl"))
}

/// The repositories of names in falcoctl's own index, by prefix or suffix; all others are plugins.
/// Source: <https://falcosecurity.github.io/falcoctl/index.yaml>.
const FALCO: &[(&str, &str)] = &[
    ("falco-rules", "ghcr.io/falcosecurity/rules/"),
    ("falco-incubating-rules", "ghcr.io/falcosecurity/rules/"),
    ("falco-sandbox-rules", "ghcr.io/falcosecurity/rules/"),
    ("falco-deprecated-rules", "ghcr.io/falcosecurity/rules/"),
];

/// An artifact of falcoctl: a reference, or a name that an index maps to a registry.
fn falco(place: &FieldAt<'_>, key: &str, string: &str, found: &mut Hits<'_>) {
    let Some(text) = place.text() else { return };
    if string.contains('/') {
        add(place, text, format!("`{key}` names an artifact that falcoctl installs"), found);
        return;
    }
    let indexes = place.above.first().and_then(|root| root.member("indexes")).map(Node::items).unwrap_or_default();
    let own = |index: &Node| index.text_of("url").contains("falcosecurity.github.io");
    if !indexes.is_empty() && !indexes.iter().any(own) {
        // The meaning of the name is not known here.
        return;
    }
    let name = string.split([':', '@']).next().unwrap_or_default();
    let path = FALCO.iter().find(|(known, _)| *known == name).map(|(_, path)| *path);
    let path = path.unwrap_or(match name.strip_suffix("-rules") {
        Some(_) => "ghcr.io/falcosecurity/plugins/ruleset/",
        None => "ghcr.io/falcosecurity/plugins/plugin/",
    });
    // A ruleset is named after its plugin there.
    let end = if path.ends_with("ruleset/") { name.len() - "-rules".len() } else { name.len() };
    let (name, version) = (
        text.slice(0..end),
        text.slice(string.len().min(end + if path.ends_with("ruleset/") { 6 } else { 0 })..string.len()),
    );
    let whole = Text::joined(&[TextPiece::Literal(path), TextPiece::Found(&name), TextPiece::Found(&version)]);
    let reason = format!("`{key}` names an artifact of falcoctl's index");
    let hit = Hit {
        path: place.path(),
        container: None,
        text: whole,
        tier: Tier::Likely,
        shape: Shape::Artifact,
        reason: Cow::Owned(reason),
        nodes: Vec::new(),
    };
    found.add_joined(place.object, hit, &text.places(0..text.len()));
}

fn scheme(text: &str) -> Option<&'static str> {
    SCHEMES.iter().copied().find(|scheme| text.starts_with(*scheme))
}

/// The reference in a URL; none if the URL has only a host.
fn without_scheme(text: &Text) -> Option<Text> {
    let scheme = scheme(text)?;
    let end = text.trim_end_matches('/').len();
    let rest = text.get(scheme.len()..end)?;
    let has_host =
        rest.contains('/') && Reference::parse(rest).is_ok_and(|reference| reference.registry_range.is_some());
    // Of these schemes, only this one has short names.
    let is_whole = has_host || scheme == "docker://" && is_named(rest, true);
    is_whole.then(|| text.slice(scheme.len()..end))
}

/// An image that OpenShift pulls for an image stream or a build: `from: {kind: DockerImage, name: acme/api:1}`.
fn docker_image(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let Some(text) = text_of(place.object, place.node, "name").filter(|name| is_named(name, true)) else { return };
    let hit = Hit {
        path: place.path().key("name"),
        container: None,
        text,
        tier: Tier::Likely,
        shape: Shape::Field,
        reason: Cow::Borrowed("the image of a `DockerImage`"),
        nodes: Vec::new(),
    };
    found.add(place.object, hit);
}

/// A chart from a registry in an Application of Argo CD: `{repoURL, chart, targetRevision}`.
fn application(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let part = |name| text_of(place.object, place.node, name);
    let (Some(url), Some(chart)) = (part("repoURL"), part("chart")) else { return };
    let start = scheme(&url).map_or(0, str::len);
    if url.contains("://") && start == 0 {
        return;
    }
    let end = url.trim_end_matches('/').len();
    let registry = url.slice(start.min(end)..end);
    joined(place, &registry, Some(&chart), part("targetRevision"), "a chart in a registry", "repoURL", found);
}

/// An OCIRepository of Flux: `{url, ref: {tag, digest}}`.
fn repository(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let Some(url) = text_of(place.object, place.node, "url").and_then(|url| without_scheme(&url)) else { return };
    let version = place
        .node
        .member("ref")
        .and_then(|version| text_of(place.object, version, "digest").or_else(|| text_of(place.object, version, "tag")));
    joined(place, &url, None, version, "the artifact of an OCIRepository", "url", found);
}

fn joined(
    place: &FieldAt<'_>,
    start: &Text,
    chart: Option<&Text>,
    version: Option<Text>,
    reason: &str,
    field: &str,
    found: &mut Hits<'_>,
) {
    let mut pieces = vec![TextPiece::Found(start)];
    if let Some(chart) = chart {
        pieces.extend([TextPiece::Literal("/"), TextPiece::Found(chart)]);
    }
    if let Some(version) = version.as_ref().filter(|version| !version.contains(['*', '>', '<', '~', '^', ' '])) {
        pieces.push(TextPiece::Literal(if version.contains(':') { "@" } else { ":" }));
        pieces.push(TextPiece::Found(version));
    }
    let text = Text::joined(&pieces);
    if Reference::parse(&text).is_ok_and(|reference| reference.registry_range.is_some()) {
        let path = place.path().key(field);
        // A registry may have several charts.
        let nodes = [chart.map(|_| "chart"), Some(field)].into_iter().flatten().map(|name| place.path().key(name));
        let nodes = nodes.collect();
        let reason = Cow::Owned(reason.to_owned());
        let hit = Hit { path, container: None, text, tier: Tier::Likely, shape: Shape::Artifact, reason, nodes };
        let own = chart.unwrap_or(start);
        found.add_joined(place.object, hit, &own.places(0..own.len()));
    }
}

fn add(place: &FieldAt<'_>, text: Text, reason: String, found: &mut Hits<'_>) {
    let hit = Hit {
        path: place.path(),
        container: None,
        text,
        tier: Tier::Likely,
        shape: Shape::Artifact,
        reason: Cow::Owned(reason),
        nodes: Vec::new(),
    };
    found.add(place.object, hit);
}
