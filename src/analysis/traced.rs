//! [`Traced`]: a release rendered once, with traces, and parsed.

use super::{Cause, RenderFailure, crds, place_of, unreadable};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::release::{InputChange, ReleaseInputs, RenderProblem};
use crate::render::manifest::{Manifest, Manifests, manifests};
use crate::render::{Rendered, failure::helm_text};
use crate::template::Map;
use crate::template::decisions::Decisions;
use crate::trace::Origins;
use crate::values::Instance;
use std::sync::Arc;

/// A release rendered once, with traces, and parsed; no second render judges it.
#[derive(Debug)]
pub(crate) struct Traced {
    /// The manifests in the order of installation, then the hooks; empty if the render failed.
    pub manifests: Vec<Arc<Manifest>>,
    /// The manifests in `crds/` of the chart and its subcharts, which helm installs before everything else.
    pub crds: Vec<Arc<Manifest>>,
    /// The origins.
    pub origins: Origins,
    /// The top chart as rendered; `None` if that failed.
    pub root: Option<Instance>,
    /// `.Values` of the top chart.
    pub values: Map,
    /// The output of the templates.
    pub rendered: Rendered,
    /// The failure, if the release did not render.
    pub failure: Option<RenderFailure>,
    /// The tool's changes of the user's values.
    pub changes: Vec<InputChange>,
}

/// Renders a release with traces and parses its manifests. Helm's log lines are added to `log`.
///
/// # Errors
/// The user's input cannot be used. A chart that does not render is a [`RenderFailure`].
pub(crate) fn render(
    prepared: &ReleaseInputs,
    changes: &[InputChange],
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Traced, Error> {
    render_deciding(prepared, changes, None, compiler, log)
}

/// The same, with the decisions at branches.
///
/// # Errors
/// See [`render`].
pub(super) fn render_deciding(
    prepared: &ReleaseInputs,
    changes: &[InputChange],
    decisions: Option<Decisions>,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Traced, Error> {
    let mut origins = Origins::new();
    let mut stopped_in = None;
    let noted = (Some(&mut *log), &mut stopped_in);
    let (root, values, rendered, failure) =
        match prepared.render_noting(compiler, changes, Some(&mut origins), decisions, noted) {
            Ok(outcome) => (Some(outcome.root), outcome.values, outcome.rendered, None),
            Err(RenderProblem::Input(error)) => return Err(error),
            Err(RenderProblem::Chart(obstacle, error)) => {
                let cause = Cause::of_obstacle(obstacle, &error);
                let message = error.into_text();
                let failure =
                    RenderFailure { message, place: None, cause, refuses_mirror: false, before_templates: true };
                (None, Map::new(), Rendered::default(), Some(failure))
            }
            Err(RenderProblem::Template(error)) => {
                let message = helm_text(&error, prepared.env.helm);
                let place = place_of(&error, prepared);
                let cause = Cause::of_template(&error);
                let failure = RenderFailure { message, place, cause, refuses_mirror: false, before_templates: false };
                (None, Map::new(), Rendered::default(), Some(failure))
            }
        };
    let (read, failure) = match manifests(&rendered, prepared.env.helm, &prepared.limits) {
        Ok(read) => (read, failure),
        Err(error) => (Manifests::default(), Some(unreadable(error, &rendered))),
    };
    let failure = failure.map(|failure| {
        // Check whether the chart renders installable manifests without the rewrite, whoever set it.
        let removed: Vec<InputChange> =
            changes.iter().map(|change| InputChange::Remove(change.path().clone())).collect();
        let plain =
            (!removed.is_empty()).then(|| prepared.render_beginning_with(compiler, &removed, stopped_in.as_deref()));
        let is_read = |rendered: &Rendered| manifests::<()>(rendered, prepared.env.helm, &prepared.limits).is_ok();
        let refuses_mirror = plain.is_some_and(|plain| plain.is_ok_and(|plain| is_read(&plain.rendered)));
        RenderFailure { refuses_mirror, ..failure }
    });
    let crds = root.as_ref().filter(|_| failure.is_none()).map(|root| crds::read(root, &prepared.limits, &mut origins));
    log.extend(read.log.iter().map(|line| format!("level=INFO {line}")));
    let manifests = read.ordinary.into_iter().chain(read.hooks).map(Arc::new).collect();
    Ok(Traced {
        manifests,
        crds: crds.unwrap_or_default(),
        origins,
        root,
        values,
        rendered,
        failure,
        changes: changes.to_vec(),
    })
}
