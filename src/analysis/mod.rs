//! [`Analysis`]: a release, rendered with traces and once more with a canary for the mirror, and every image in it with
//! who decided it and what became of the rewrite.

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
pub mod images;
mod judge;
mod judged;
mod keys;
mod latent;
mod listed;
pub mod manifests;
mod numbers;
mod patch;
mod pins;
mod propose;
pub mod pull_secrets;
mod reach;
mod rewrite;
mod sources;
mod together;
mod traced;
mod trial;
mod twin;
mod unstable;
pub mod upgrade;

use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::images::{Class, Search};
use crate::provenance::Decider;
use crate::reads::{Flow, Reads, Statics, steps};
use crate::reference::Mirror;
use crate::release::Prepared;
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::template::Map;
use crate::template::decisions::Course;
use crate::template::error::Error;
use crate::trace::Origins;
use crate::values::Instance;
use crate::work::Work;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;
pub use traced::{Traced, render};

pub use blamed::{Blamed, Otherwise, blame};
pub use failure::Cause;
pub use gated::Gated;

use judged::serves;
pub use judged::{Judged, RegistryWithPath, WithoutOverride};
use keys::Keys;
pub use keys::{Assumed, USUAL_KEY, is_known_key, names_registry, other_key};
pub use latent::{Latent, Proof};
pub use numbers::Number;
pub use pins::unpinned;
use pull_secrets::PullSecrets;
pub use rewrite::Unset;
pub use unstable::Unstable;

/// What is known of a release once it was rendered and looked through.
#[derive(Debug)]
pub struct Analysis {
    /// The manifests in the order of installation, those of `crds/` first, then the hooks; none when the render failed.
    pub manifests: Vec<Arc<Manifest>>,
    /// The images they name, in that order.
    pub images: Vec<Judged>,
    /// What keeps the rewrite from images that would follow it.
    pub unset: Vec<Unset>,
    /// Where everything came from.
    pub origins: Origins,
    /// The values keys of the rewrite, `global.imageRegistry`.
    pub keys: Vec<String>,
    /// Those of the keys that the user did not set, so that the tool did.
    pub assumed_keys: Vec<Assumed>,
    /// The top chart as rendered; `None` when that failed before its templates were executed, or there is no chart.
    pub root: Option<Instance>,
    /// `.Values` of the top chart.
    pub values: Map,
    /// What the templates made.
    pub rendered: Rendered,
    /// Set when the release did not render.
    pub failure: Option<RenderFailure>,
    /// What the templates looked at.
    pub reads: Reads,
    /// What their code could look at.
    pub statics: Statics,
    /// The same, followed through what hands values on; see [`Analysis::flow`].
    flow: OnceCell<Flow>,
    /// The templates as they were compiled.
    compiler: Compiler,
    /// The user's values that would bypass the mirror once something is switched on.
    pub latent: Vec<Latent>,
    /// Tags that were read as numbers and print as other tags.
    pub numbers: Vec<Number>,
    /// Images that something brings that is off.
    pub gated: Vec<Gated>,
    /// What decides about images and is not the same in each install.
    pub unstable: Vec<Unstable>,
    /// What the owner of the release says of pull secrets.
    pub pull_secrets: PullSecrets,
    /// Documents that are no manifests, of those that came without a chart.
    pub unreadable: Vec<RenderFailure>,
    /// What was done for it.
    pub work: Work,
}

/// Why a release did not render.
#[derive(Debug, Clone)]
pub struct RenderFailure {
    /// Helm's words.
    pub message: String,
    /// The template's place, where one is known.
    pub place: Option<Place>,
    /// What kind of failure it is.
    pub cause: Cause,
    /// The release renders without the rewrite: the chart refuses other registries.
    pub refuses_mirror: bool,
    /// The chart refused before its templates were executed: by a schema, a dependency, a Kubernetes version.
    pub before_templates: bool,
}

/// Renders a release and judges its images. Helm's log lines are added to `log`.
///
/// # Errors
/// When what the user gave cannot be used. A chart that does not render is a [`RenderFailure`].
pub fn analyse(
    prepared: &Prepared,
    settings: &Settings,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Analysis, String> {
    let mut statics = Statics::of(&prepared.chart, compiler, prepared.env.helm);
    prepared.user.files.iter().for_each(|file| statics.text(file));
    let keys = Keys::find(prepared, settings, &statics)?;
    analyse_with(prepared, settings, keys, statics, compiler, log)
}

fn analyse_with(
    prepared: &Prepared,
    settings: &Settings,
    mut keys: Keys,
    statics: Statics,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Analysis, String> {
    let mut lines = Vec::new();
    let traced = render_with_mirror(prepared, settings, &mut keys, true, compiler, &mut lines)?;
    let Traced { mut manifests, crds, origins, root, values, mut rendered, failure, .. } = traced;
    manifests.splice(0..0, crds);
    manifests.retain(|manifest| !manifest.is_blank());
    let Search { uses, .. } = Search::counted(&manifests, settings.hints(), &prepared.limits, &prepared.work);
    let failure = failure.or_else(|| not_done(&prepared.work));
    // A chart that puts the value and the path together as they are wants the slash in the value.
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
        root,
        values: values.clone(),
        rendered,
        failure,
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
        work: prepared.work.clone(),
    };
    if analysis.failure.is_none()
        && let Some(decisions) = &decisions
    {
        let mut course = course::Courses { prepared, settings, keys: &keys, compiler };
        if settings.is_on(unstable::RULE, true) {
            analysis.unstable = unstable::find(&analysis, decisions, &other_ways, &mut course);
        }
        // They are told beside the verdict.
        let mut course = course::Courses { prepared: &prepared.optional(), ..course };
        analysis.gated = gated::find(&analysis, decisions, &values, &mut course);
    }
    if settings.is_on(numbers::RULE, true) {
        let release = (prepared, settings, &keys);
        analysis.numbers = numbers::find(&analysis.images, &analysis.origins, &analysis.rendered, release, compiler);
    }
    if analysis.failure.is_none() && settings.is_on(pull_secrets::RULE, true) {
        analysis.pull_secrets = pull_secrets::find(&analysis, &values, prepared, settings, &keys, compiler);
    }
    if analysis.failure.is_none() && settings.is_on(latent::RULE, true) {
        analysis.latent = latent::find(&analysis, &values, prepared, settings, &keys, compiler);
    }
    analysis.note_what_was_not_done(&prepared.work);
    Ok(analysis)
}

/// Renders with traces as the release would be installed. Where what was found of the keys beforehand proves wrong, renders
/// again.
fn render_with_mirror(
    prepared: &Prepared,
    settings: &Settings,
    keys: &mut Keys,
    deciding: bool,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Traced, String> {
    let mut first_log = Vec::new();
    let decisions = |keys: &Keys| deciding.then(|| course::decisions(Course::AsIs, keys));
    let changes = keys.defaults();
    let first = traced::render_deciding(prepared, &changes, decisions(keys), compiler, &mut first_log)?;
    let again = match &first.failure {
        // Nothing in the code names it, but a key that was put together on the way came to it.
        None if first.rendered.reads.looks_at(&steps(USUAL_KEY)) => keys.came_to_usual_key(settings),
        // The schema may have no room for the key.
        Some(failure) if failure.before_templates && !keys.assumed.is_empty() => {
            prepared.render(compiler, &[], None, &mut Vec::new()).is_ok() && {
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
    /// The settings of the user's that make an image what it is though nothing of them is printed, by its number: a switch, an
    /// empty registry, what keeps the rewrite from being set.
    pub fn unprinted_deciders(&self, number: usize) -> Vec<&Decider> {
        let judged = &self.images[number];
        let by = |unset: &'_ &Unset| unset.images.contains(&number);
        let of_rewrite = || self.unset.iter().filter(by).filter_map(|unset| Some(&unset.by.as_ref()?.0)).collect();
        match judged.class {
            Class::NotRewritten => of_rewrite(),
            _ => judged.culprits.iter().collect(),
        }
    }

    /// Notes that there was no room for something that a verdict needs: it does not hold then.
    pub fn note_what_was_not_done(&mut self, work: &Work) {
        self.failure = self.failure.take().or_else(|| not_done(work));
    }

    /// What says whether an image comes from the mirror, or would if the rewrite were set.
    pub fn comes_from_mirror<'a>(&'a self, mirror: &'a Mirror) -> impl Fn(&str) -> bool + use<'a> {
        let would = self.images.iter().filter(|judged| judged.class == Class::NotRewritten);
        let would: HashSet<&str> = would.map(|judged| judged.image.text.as_str()).collect();
        move |text| serves(text, mirror) || would.contains(text)
    }

    /// What the code can read, followed from call to call; that is work, which is done when somebody asks first.
    pub fn flow(&self, prepared: &Prepared) -> &Flow {
        self.flow.get_or_init(|| {
            let (chart, helm, mut compiler) = (&prepared.chart, prepared.env.helm, self.compiler.clone());
            Flow::of(chart, helm, &mut compiler, &self.reads, &|prefix| self.is_rendered(prefix))
        })
    }

    /// Whether the chart at this place of the values is enabled.
    pub fn is_rendered(&self, prefix: &[String]) -> bool {
        let child = |instance: &'_ Instance, name: &String| instance.children.iter().position(|one| one.name == *name);
        let mut next = self.root.as_ref();
        for name in prefix {
            next = next.and_then(|instance| instance.children.get(child(instance, name)?));
        }
        next.is_some()
    }
}

/// The innermost place of a template that an error names.
fn place_of(error: &Error, prepared: &Prepared) -> Option<Place> {
    match error {
        Error::Plain(_) | Error::Limit(_) => None,
        Error::Parse { file, line, .. } => point(prepared, file, *line, 0),
        Error::Exec { site, cause, .. } => {
            let inner = match cause.as_deref() {
                Some(crate::template::Failure::Template { error, .. }) => place_of(error, prepared),
                _ => None,
            };
            inner.or_else(|| site.as_ref().and_then(|site| point(prepared, &site.file, site.line, site.column)))
        }
    }
}

/// A position in a template of the chart, by the full name that errors use.
fn point(prepared: &Prepared, name: &str, line: u32, column: u32) -> Option<Place> {
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

/// That something a verdict needs was not done for want of steps.
pub fn not_done(work: &Work) -> Option<RenderFailure> {
    let (message, cause) = (work.told()?, Cause::Unfinished);
    Some(RenderFailure { message, place: None, cause, refuses_mirror: false, before_templates: false })
}

/// A failure to read what a template rendered to.
fn unreadable(message: String, rendered: &Rendered) -> RenderFailure {
    let place = rendered.files.iter().find(|file| message.contains(&format!(" on {}:", file.name))).map(|file| Place {
        file: file.source.clone(),
        start: 0,
        end: 0,
    });
    RenderFailure { message, place, cause: Cause::NotYaml, refuses_mirror: false, before_templates: false }
}
