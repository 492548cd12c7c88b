//! [`Analysis`]: a release, rendered with traces and once more with a canary for the mirror, and every image in it with its
//! decider and its class.

mod advice;
mod blamed;
mod candidates;
mod course;
mod crds;
mod culprit;
mod documents;
mod failure;
mod gated;
mod given;
pub(crate) mod images;
mod judge;
mod judged;
mod keys;
mod latent;
mod listed;
pub(crate) mod manifests;
mod numbers;
pub(crate) mod on_mirror;
mod other_mirror;
pub(crate) mod overlay;
mod patch;
mod pins;
mod propose;
pub(crate) mod pull_secrets;
mod reach;
mod rewrite;
pub(crate) mod running;
pub(crate) mod sources;
mod together;
mod traced;
mod trial;
mod unstable;
pub(crate) mod upgrade;

use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::images::{Class, Search};
use crate::provenance::{Decider, decider_of};
use crate::reads::{ReadFlow, Statics, ValueReads};
use crate::reference::Mirror;
use crate::release::ReleaseInputs;
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::rule_ids;
use crate::running::Running;
use crate::schema::KnownSchemas;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::template;
use crate::template::decisions::Course;
use crate::template::{Map, Value};
use crate::trace::{Origin, Origins};
use crate::values::{Instance, value_at};
use crate::values_path::{Key, ValuesPath};
use crate::work::Work;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;
pub(crate) use traced::{Traced, render};

pub(crate) use blamed::{Blamed, Otherwise, blame};
pub(crate) use failure::Cause;
pub(crate) use gated::Gated;

use judged::serves;
pub(crate) use judged::{Judged, RegistryWithPath, WithoutOverride};
use keys::Keys;
pub(crate) use keys::{Assumed, is_known_key, names_registry, other_key, usual_key};
pub(crate) use latent::{Latent, Proof};
pub(crate) use numbers::ReprintedNumber;
pub(crate) use pins::unpinned;
use pull_secrets::PullSecrets;
pub(crate) use rewrite::RewriteUnset;
pub(crate) use unstable::Unstable;

/// What is known about a release after it was rendered and analysed.
#[derive(Debug)]
pub(crate) struct Analysis {
    /// The manifests in the order of installation, those of `crds/` first, then the hooks; empty if the render failed.
    pub manifests: Vec<Arc<Manifest>>,
    /// Their images, in that order.
    pub images: Vec<Judged>,
    /// What keeps the rewrite from images that would follow it.
    pub unset: Vec<RewriteUnset>,
    /// The origins.
    pub origins: Origins,
    /// The values keys of the rewrite, `global.imageRegistry`.
    pub keys: Vec<ValuesPath>,
    /// The keys that the tool set because the user did not.
    pub assumed_keys: Vec<Assumed>,
    /// The same with the values that send images to the mirror.
    rewrite: Keys,
    /// The top chart as rendered; `None` if that failed before its templates were executed, or if there is no chart.
    pub root: Option<Instance>,
    /// `.Values` of the top chart.
    pub values: Map,
    /// The output of the templates.
    pub rendered: Rendered,
    /// The failure, if the release did not render.
    pub failure: Option<RenderFailure>,
    /// The schema's refusal of a release that was judged in spite of it.
    pub refusal: Option<Refusal>,
    /// The values that the templates read.
    pub reads: ValueReads,
    /// The values that their code could read.
    pub statics: Statics,
    /// The same, followed through calls and assignments; see [`Analysis::flow`].
    flow: OnceCell<ReadFlow>,
    /// The compiled templates.
    compiler: Compiler,
    /// The user's values that would bypass the mirror once something is enabled.
    pub latent: Vec<Latent>,
    /// Tags that were read as numbers and print as different tags.
    pub numbers: Vec<ReprintedNumber>,
    /// Gated images.
    pub gated: Vec<Gated>,
    /// What decides about images and differs between installs.
    pub unstable: Vec<Unstable>,
    /// The pull secrets in the user's input.
    pub pull_secrets: PullSecrets,
    /// Documents that are not manifests, among manifests without a chart.
    pub unreadable: Vec<RenderFailure>,
    /// What runs, if pods were read and not manifests alone.
    pub running: Option<Running>,
    /// The work done for it.
    pub work: Work,
}

/// Why a release did not render.
#[derive(Debug, Clone)]
pub(crate) struct RenderFailure {
    /// The message, in helm's words.
    pub message: String,
    /// The location in the template, if known.
    pub place: Option<Place>,
    /// What kind of failure it is.
    pub cause: Cause,
    /// The key without which the release renders: the chart rejects other registries.
    pub refuses_mirror: bool,
    /// Whether the chart stopped before its templates were executed: a schema, a dependency, a Kubernetes version.
    pub before_templates: bool,
}

/// What the schema of a chart refuses.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The failure of the release.
    pub failure: RenderFailure,
    /// Where the values are set that do not match, in the order of the message.
    pub places: Vec<Place>,
}

/// Renders a release and judges its images. Helm's log lines are added to `log`.
///
/// # Errors
/// The user's input cannot be used. A chart that does not render is a [`RenderFailure`].
pub(crate) fn analyse(
    prepared: &ReleaseInputs,
    settings: &Settings,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Analysis, Error> {
    let mut statics = Statics::of(&prepared.chart, compiler, prepared.env.helm);
    prepared.user.files.iter().for_each(|file| statics.text(file));
    let keys = Keys::find(prepared, settings, &statics)?;
    analyse_with(prepared, settings, keys, statics, compiler, log)
}

fn analyse_with(
    prepared: &ReleaseInputs,
    settings: &Settings,
    mut keys: Keys,
    statics: Statics,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Analysis, Error> {
    let mut lines = Vec::new();
    let traced = render_with_mirror(prepared, settings, &mut keys, true, compiler, &mut lines)?;
    let Traced { mut manifests, crds, origins, root, values, mut rendered, failure, .. } = traced;
    manifests.splice(0..0, crds);
    manifests.retain(|manifest| !manifest.is_blank());
    let Search { uses, .. } = Search::counted(&manifests, settings.hints(), &prepared.limits, &prepared.work);
    let failure = failure.or_else(|| not_done(&prepared.work));
    // A chart that joins the value and the path without a slash needs the slash in the value.
    if keys.end_with_slash(uses.iter().map(|image| image.text.as_str())) {
        return analyse_with(prepared, settings, keys, statics, compiler, log);
    }
    log.append(&mut lines);
    let decisions = rendered.decisions.take();
    let sites = decisions.as_ref().map(unstable::mirror_sites).unwrap_or_default();
    let reads = std::mem::take(&mut rendered.reads);
    let given = given::Given {
        prepared,
        settings,
        keys: &keys,
        rendered: &rendered,
        manifests: &manifests,
        origins: &origins,
        reads: &reads,
        statics: &statics,
        values: &values,
    };
    let judge::Verdict { images, unset, other_ways } = judge::judge(uses, &given, sites, compiler);
    let mut analysis = Analysis {
        manifests,
        images,
        unset,
        origins,
        keys: keys.all.clone(),
        assumed_keys: keys.told(),
        rewrite: keys.clone(),
        root,
        values: values.clone(),
        rendered,
        failure,
        refusal: None,
        reads,
        statics,
        flow: OnceCell::new(),
        compiler: compiler.clone(),
        latent: Vec::new(),
        numbers: Vec::new(),
        gated: Vec::new(),
        unstable: Vec::new(),
        pull_secrets: PullSecrets::default(),
        unreadable: Vec::new(),
        running: None,
        work: prepared.work.clone(),
    };
    if analysis.failure.is_none()
        && let Some(decisions) = &decisions
    {
        let mut course = course::Courses { prepared, settings, keys: &keys, compiler };
        if settings.is_on(rule_ids::UNSTABLE_RENDER, true) {
            analysis.unstable = unstable::find(&analysis, decisions, &other_ways, &mut course);
        }
        // They are reported beside the verdict.
        let mut course = course::Courses { prepared: &prepared.optional(), ..course };
        analysis.gated = gated::find(&analysis, decisions, &values, &mut course);
    }
    if settings.is_on(rule_ids::NUMBER_AS_TAG, true) {
        let release = (prepared, settings, &keys);
        analysis.numbers = numbers::find(&analysis.images, &analysis.origins, &analysis.rendered, release, compiler);
    }
    if analysis.failure.is_none() && settings.is_on(rule_ids::MISSING_PULL_SECRET, true) {
        analysis.pull_secrets = pull_secrets::find(&analysis, &values, prepared, settings, &keys, compiler);
    }
    if analysis.failure.is_none() && settings.is_on(rule_ids::LATENT_OVERRIDE, true) {
        analysis.latent = latent::find(&analysis, &values, prepared, settings, &keys, compiler);
    }
    analysis.note_what_was_not_done(&prepared.work);
    Ok(analysis)
}

/// Renders with traces as the release would be installed. If the assumptions about the keys prove wrong, renders again.
fn render_with_mirror(
    prepared: &ReleaseInputs,
    settings: &Settings,
    keys: &mut Keys,
    deciding: bool,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Traced, Error> {
    let mut first_log = Vec::new();
    let decisions = |keys: &Keys| deciding.then(|| course::decisions(Course::AsIs, keys));
    let changes = keys.defaults();
    let first = traced::render_deciding(prepared, &changes, decisions(keys), compiler, &mut first_log)?;
    let again = match &first.failure {
        // Nothing in the code names it, but the render read it under a computed name.
        None if first.rendered.reads.looks_at(&usual_key()) => keys.came_to_usual_key(settings),
        // The schema may not allow the key.
        Some(failure) if failure.before_templates && !keys.assumed.is_empty() => {
            prepared.render(compiler, &[], None, None).is_ok() && {
                *keys = std::mem::take(keys).unset();
                true
            }
        }
        _ => false,
    };
    if !again {
        log.extend(first_log);
        return Ok(first);
    }
    traced::render_deciding(prepared, &keys.defaults(), decisions(keys), compiler, log)
}

impl Analysis {
    /// The user's settings that decide an image although nothing of them is printed, by its index: a switch, an empty registry,
    /// what keeps the rewrite from being set.
    pub(crate) fn unprinted_deciders(&self, number: usize) -> Vec<&Decider> {
        let judged = &self.images[number];
        let by = |unset: &'_ &RewriteUnset| unset.images.contains(&number);
        let of_rewrite = || self.unset.iter().filter(by).filter_map(|unset| Some(&unset.by.as_ref()?.0)).collect();
        match judged.class {
            Class::NotRewritten => of_rewrite(),
            _ => judged.culprits.iter().collect(),
        }
    }

    /// Where the value at a path of the top chart was set; for a map or a list, the first of what is in it.
    pub(crate) fn set_at(&self, path: &[Key]) -> Option<Place> {
        fn first(value: &Value) -> Option<Origin> {
            match value {
                Value::Map(map) if !map.is_empty() => map.entries().iter().find_map(|(_, member)| first(member)),
                Value::List(list) if !list.is_empty() => list.iter().find_map(first),
                value => Some(value.origin()).filter(|origin| !origin.is_none()),
            }
        }
        let origin = first(&value_at(&self.values, path)?)?;
        decider_of(origin, 0, &self.origins).place
    }

    /// Records that something that the verdict needs was not done: the verdict does not hold then.
    pub(crate) fn note_what_was_not_done(&mut self, work: &Work) {
        self.failure = self.failure.take().or_else(|| not_done(work));
    }

    /// Decides whether an image comes from the mirror, or would if the rewrite were set.
    pub(crate) fn comes_from_mirror<'a>(&'a self, mirror: &'a Mirror) -> impl Fn(&str) -> bool + use<'a> {
        let would = self.images.iter().filter(|judged| judged.class == Class::NotRewritten);
        let would: HashSet<&str> = would.map(|judged| judged.image.text.as_str()).collect();
        move |text| serves(text, mirror) || would.contains(text)
    }

    /// What the code can read, followed from call to call; computed on first use.
    pub(crate) fn flow(&self, prepared: &ReleaseInputs) -> &ReadFlow {
        self.flow.get_or_init(|| {
            let (chart, helm, mut compiler) = (&prepared.chart, prepared.env.helm, self.compiler.clone());
            ReadFlow::of(chart, helm, &mut compiler, &self.reads, &|prefix| self.is_rendered(prefix))
        })
    }

    /// The schemas that were read.
    pub(crate) fn schemas(&self) -> &KnownSchemas {
        self.compiler.schemas()
    }

    /// Whether the chart with these values is enabled.
    pub(crate) fn is_rendered(&self, prefix: &[Key]) -> bool {
        let child = |instance: &'_ Instance, name: &Key| instance.children.iter().position(|one| name.is(&one.name));
        let mut next = self.root.as_ref();
        for name in prefix {
            next = next.and_then(|instance| instance.children.get(child(instance, name)?));
        }
        next.is_some()
    }
}

/// The innermost location of a template in an error.
fn place_of(error: &template::Error, prepared: &ReleaseInputs) -> Option<Place> {
    match error {
        template::Error::Plain(_) | template::Error::Limit(_) => None,
        template::Error::Parse { file, line, .. } => point(prepared, file, *line, 0),
        template::Error::Exec { site, cause, .. } => {
            let inner = match cause.as_deref() {
                Some(template::Failure::Template { error, .. }) => place_of(error, prepared),
                _ => None,
            };
            inner.or_else(|| site.as_ref().and_then(|site| point(prepared, &site.file, site.line, site.column)))
        }
    }
}

/// A position in a template of the chart, by the full name that errors use.
fn point(prepared: &ReleaseInputs, name: &str, line: u32, column: u32) -> Option<Place> {
    let file = template_file(&prepared.chart, prepared.chart.name(), name)?;
    let before: usize =
        file.bytes().split_inclusive(|&byte| byte == b'\n').take(line as usize - 1).map(<[u8]>::len).sum();
    let at = (before as u32 + column).min(file.bytes().len() as u32);
    Some(Place { file, start: at, end: at })
}

fn template_file(chart: &Chart, path: &str, name: &str) -> Option<Arc<File>> {
    let own = chart.templates.iter().find(|template| format!("{path}/{}", template.path) == name);
    own.map(|template| template.file.clone()).or_else(|| {
        let inside = |child: &Arc<Chart>| template_file(child, &format!("{path}/charts/{}", child.name()), name);
        chart.subcharts.iter().find_map(inside)
    })
}

/// The failure that something that the verdict needs was not done for lack of steps.
pub(crate) fn not_done(work: &Work) -> Option<RenderFailure> {
    let (message, cause) = (work.told()?, Cause::Unfinished);
    Some(RenderFailure { message, place: None, cause, refuses_mirror: false, before_templates: false })
}

/// The failure that the output of a template cannot be read.
fn unreadable(error: Error, rendered: &Rendered) -> RenderFailure {
    let cause = Cause::of_output(error.kind());
    let message = error.into_text();
    let place = rendered.files.iter().find(|file| message.contains(&format!(" on {}:", file.name))).map(|file| Place {
        file: file.source.clone(),
        start: 0,
        end: 0,
    });
    RenderFailure { message, place, cause, refuses_mirror: false, before_templates: false }
}
