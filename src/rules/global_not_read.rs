//! A chart of the release has images that bypass the mirror, and never reads the value that sends images there.
//!
//! ## Why it matters in an air gap
//! One value is meant to send all images to the mirror, but each chart must apply it. This chart does not read it, so
//! setting it changes nothing: neither for the images of today nor for those that the chart adds later. Or the value is
//! read only by code that did not run; the finding says where.
//!
//! ## What to do
//! If the chart has a value of its own for this, set that one; the finding names it. Otherwise set the registry of each of
//! its images, or patch its templates.
//!
//! ```bad
//! # --ignore unmirrored-image
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default "quay.io" }}/acme/api:1.4
//! # charts/dns/Chart.yaml
//! {apiVersion: v2, name: dns, version: 1.0.0}
//! # charts/dns/values.yaml
//! imageRegistry: registry.k8s.io
//! # charts/dns/templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dns}
//! spec:
//!   containers:
//!     - name: dns
//!       image: {{ .Values.imageRegistry }}/dns:1.2
//! ```
//! ```bad
//! # --ignore unmirrored-image
//! # charts/dns/Chart.yaml
//! {apiVersion: v2, name: dns, version: 1.0.0}
//! # charts/dns/values.yaml
//! useGlobal: false
//! registry: registry.k8s.io
//! # charts/dns/templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dns}
//! spec:
//!   containers:
//!     - name: dns
//!       image: {{ if .Values.useGlobal }}{{ .Values.global.imageRegistry }}{{ else }}{{ .Values.registry }}{{ end }}/dns:1.2
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry | default "quay.io" }}/acme/api:1.4
//! # charts/dns/Chart.yaml
//! {apiVersion: v2, name: dns, version: 1.0.0}
//! # charts/dns/values.yaml
//! imageRegistry: registry.k8s.io
//! # charts/dns/templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dns}
//! spec:
//!   containers:
//!     - name: dns
//!       image: {{ .Values.imageRegistry }}/dns:1.2
//! # --set dns.imageRegistry=mirror.internal,global.imageRegistry=mirror.internal
//! ```

use super::{Rule, RuleContext};
use crate::analysis::{Judged, is_known_key, names_registry};
use crate::finding::{Excerpt, Finding, Severity};
use crate::images::{Class, Tier};
use crate::reads::GLOBAL;
use crate::reads::spelled::Spelled;
use crate::render::output::is_crd_file;
use crate::rule_ids;
use crate::source::Place;
use crate::template::Value;
use crate::values::Instance;
use crate::values_path::{Key, ValuesPath};

pub(super) static RULE: Rule = Rule {
    id: rule_ids::GLOBAL_NOT_READ,
    summary: "a chart with images outside the mirror never reads the value that sends them there",
    severity: Severity::Warning,
    on: true,
    source: include_str!("global_not_read.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let Some(root) = &ctx.analysis.root else { return };
    // For a single chart, the findings of its images are enough.
    if !root.children.is_empty() {
        chart(root, &ValuesPath::default(), ctx);
    }
}

fn chart(instance: &Instance, prefix: &ValuesPath, ctx: &mut RuleContext<'_>) {
    report(instance, prefix, ctx);
    for child in &instance.children {
        chart(child, &prefix.with(child.name.as_str()), ctx);
    }
}

fn report(instance: &Instance, prefix: &ValuesPath, ctx: &mut RuleContext<'_>) {
    let (analysis, mirror) = (ctx.analysis, &ctx.settings.mirror);
    if mirror.only_place().is_none() {
        // A single key cannot name a place for each source.
        return;
    }
    let is_bad = |judged: &&Judged| {
        is_of(instance, &judged.image.manifest.name)
            && judged.bypasses(mirror)
            && judged.class != Class::NotAReference
            // A file that is not a template cannot read it.
            && !is_crd_file(&judged.image.manifest.name)
            && judged.image.tier != Tier::Possible
            && !judged.decider.source.is_user()
    };
    let mut images: Vec<&str> =
        analysis.images.iter().filter(is_bad).map(|judged| judged.image.text.as_str()).collect();
    images.sort_unstable();
    images.dedup();
    let is_read = |key: &ValuesPath| analysis.reads.read_in(&instance.full_path, key).is_some();
    if images.is_empty() || analysis.keys.iter().any(is_read) {
        return;
    }
    let name = &instance.name;
    // Code that did not run may still read it.
    let named = |key: &ValuesPath| {
        let prepared = ctx.prepared?;
        let spelled = Spelled::of(&prepared.chart, &prepared.user.files, &analysis.statics);
        if !spelled.may_name(key.last()?.name()?) {
            return None;
        }
        Some((key.clone(), analysis.flow(prepared).names_in(prefix, key)?.clone()))
    };
    let unrun = analysis.keys.iter().find_map(named);
    let count = images.len();
    let them = if count == 1 { "1 image that does".to_owned() } else { format!("{count} images that do") };
    let looks = match &unrun {
        Some((key, _)) => format!("reads `{key}` only in code that did not run"),
        None => format!("never reads `{}`", ctx.key()),
    };
    let message = format!("chart {name} renders {them} not resolve through {mirror}, and {looks}");
    let help = match own_key(instance, prefix, ctx) {
        Some(own) => format!("it reads `{own}` instead: the findings of its images say what to set"),
        None => "set the registry of each of its images, or patch its templates".to_owned(),
    };
    let (place, label) = match unrun {
        Some((_, place)) => (place, "this did not run"),
        None => {
            let place = Place { file: instance.chart.metadata_file.clone(), start: 0, end: 0 };
            (place, "no template of this chart reads it")
        }
    };
    ctx.findings.push(Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message,
        subject: None,
        excerpts: vec![Excerpt { place, label: label.to_owned() }],
        notes: images.into_iter().map(|image| format!("it renders {image}")).collect(),
        help: Some(help),
        fix: None,
    });
}

/// Whether a file belongs to this chart, and not to a subchart of it.
fn is_of(instance: &Instance, file: &str) -> bool {
    let inside = file.strip_prefix(&instance.full_path).and_then(|rest| rest.strip_prefix('/'));
    inside.is_some_and(|rest| !rest.starts_with("charts/"))
}

/// Whether a registry is a registry of images, judged by the chart's default: external-dns has `registry: txt`.
fn is_for_images(instance: &Instance, path: &[Key]) -> bool {
    let Some(last) = path.last().and_then(Key::name) else { return false };
    let default = match path.first() {
        Some(first) if first.is(GLOBAL) => None,
        _ => instance.values.get(last.as_bytes()),
    };
    let is_named_so = last.to_ascii_lowercase().contains("image") || path[0].is(GLOBAL);
    match default {
        None | Some(Value::Nil) => is_named_so,
        Some(Value::Str(text)) if text.is_empty() => is_named_so,
        Some(Value::Str(text)) => text.to_text().contains(['.', ':']),
        Some(_) => false,
    }
}

/// The value for all images that this chart reads instead.
fn own_key(instance: &Instance, prefix: &ValuesPath, ctx: &RuleContext<'_>) -> Option<ValuesPath> {
    let is_own = |path: &&ValuesPath| {
        let is_global = path.first().is_some_and(|first| first.is(GLOBAL));
        let is_direct = path.len() == prefix.len() + 1 && path.starts_with(prefix);
        (is_global || is_direct)
            && (is_global && is_known_key(path)
                || path.last().and_then(Key::name).is_some_and(names_registry) && is_for_images(instance, path))
    };
    let mut own: Vec<&ValuesPath> = ctx.analysis.reads.paths_in(&instance.full_path).filter(is_own).collect();
    own.sort_by_key(|path| path.first().is_none_or(|first| !first.is(GLOBAL)));
    own.first().map(|path| (*path).clone())
}
