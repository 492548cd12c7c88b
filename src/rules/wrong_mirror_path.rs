//! A reference on the mirror whose path is not the one that its source is mirrored to.
//!
//! ## Why it matters in an air gap
//! The registry is right but the path is not: the pull fails with `not found`. Often the cause is `library/`: `busybox`
//! means `docker.io/library/busybox` and is mirrored to `mirror.internal/library/busybox`, but the chart asks for
//! `mirror.internal/busybox`. Two sources that are mirrored to one path (`quay.io/acme/api:1` and `docker.io/acme/api:1`)
//! overwrite each other when the mirror is filled.
//!
//! ## What to do
//! Mirror the image to the path that the chart asks for as well, or set the repository to its path on the mirror. If the
//! mirror has another layout, select it with `--layout`.
//!
//! If you set a private registry together with a path, `registry.corp/team`, and the rewrite takes precedence, it replaces
//! both: `mirror.internal/acme/api` is right for `registry.corp/team/acme/api`.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ with .Values.global.imageRegistry }}{{ . }}/{{ end }}busybox:1.37
//! # values.yaml
//! global: {}
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ with .Values.global.imageRegistry }}{{ . }}/{{ end }}library/busybox:1.37
//! # values.yaml
//! global: {}
//! ```

use super::{Rule, RuleContext};
use crate::analysis::Judged;
use crate::finding::Severity;
use crate::images::{Class, ReferencePart, deciders};
use crate::reference::Reference;
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    id: "wrong-mirror-path",
    summary: "the path of a reference on the mirror is not the one that its source is mirrored to",
    severity: Severity::Error,
    on: true,
    source: include_str!("wrong_mirror_path.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let mut found = Vec::new();
    // The first user of each path on the mirror, and its source.
    let mut taken: BTreeMap<String, &Reference> = BTreeMap::new();
    for judged in &ctx.analysis.images {
        let Some((reference, source)) = on_mirror(judged) else { continue };
        let mirror = &ctx.settings.mirror;
        let wanted = ctx.settings.layout.repository(mirror, source);
        let actual = format!("{}/{}", reference.registry, reference.repository);
        let is_right = wanted.as_ref() == Some(&actual) || judged.replaces_registry(reference, ctx.settings);
        if !is_right && judged.class != Class::Doubled {
            let mut decider = deciders::decider(&judged.image, ReferencePart::Repository, &ctx.analysis.origins);
            // Whoever points an image at the mirror by hand must give its path, too.
            if judged.class == Class::PinnedToMirror && !decider.source.is_user() {
                decider = judged.decider.clone();
            }
            let message = format!("{} is not where {source} is mirrored to", reference.as_written());
            let mut finding = ctx.finding_at(&RULE, judged, &decider, "this decides the path", message);
            finding.notes.extend(project(&actual, wanted.as_deref(), source, ctx));
            let or_else = match &wanted {
                Some(wanted) => {
                    format!("the mirror has it at {wanted}: mirror it to {actual} as well, or set that repository")
                }
                None => {
                    let registry = &source.registry;
                    format!("add a place on the mirror for the images of {registry}, or take the image from elsewhere")
                }
            };
            ctx.help(&mut finding, judged, or_else);
            found.push(finding);
        }
        let Some(destination) = ctx.settings.layout.destination(mirror, source) else { continue };
        let first = taken.entry(destination.clone()).or_insert(source);
        if first.registry != source.registry || first.repository != source.repository {
            let message = format!("{first} and {source} are both mirrored to {destination}");
            let decider = deciders::decider(&judged.image, ReferencePart::Repository, &ctx.analysis.origins);
            let mut finding = ctx.finding_at(&RULE, judged, &decider, "the second of them", message);
            finding.help = Some("use a layout that keeps registries apart (--layout host-and-path)".to_owned());
            found.push(finding);
        }
    }
    ctx.findings.append(&mut found);
}

/// The help if only a path prefix is surplus: mirrors that proxy registries keep each one below a project.
fn project(actual: &str, wanted: Option<&str>, source: &Reference, ctx: &RuleContext<'_>) -> Option<String> {
    let place = ctx.settings.mirror.place_of(&source.registry)?;
    let path = wanted?.strip_prefix(place.as_str())?;
    let before = actual.strip_suffix(path)?;
    let is_below = before.strip_prefix(place.as_str()).is_some_and(|project| project.starts_with('/'));
    let registry = &source.registry;
    is_below.then(|| format!("if the mirror keeps the images of {registry} there, pass --mirror {registry}={before}"))
}

/// The reference of a use that comes from the mirror, and its source.
fn on_mirror(judged: &Judged) -> Option<(&Reference, &Reference)> {
    if !judged.class.resolves() {
        return None;
    }
    Some((judged.image.reference.as_ref().ok()?, judged.source.as_ref()?))
}
