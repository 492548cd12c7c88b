//! [`Analysis`]: a release, rendered with traces and once more with a canary for the mirror, and every image in it with
//! who decided it and what became of the rewrite.

mod course;
mod crds;
mod documents;
mod gated;
mod keys;
mod latent;
mod listed;
pub mod manifests;
pub mod pull_secrets;
mod traced;
mod twin;
mod unstable;
pub mod upgrade;

use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::images::class::{Facts, classify};
use crate::images::decided::{Written, decider, written_by};
use crate::images::mirror::NOWHERE;
use crate::images::{Class, Decider, ImageUse, Mirror, Part, Reference, find};
use crate::reads::{Reads, Statics, steps};
use crate::release::{Change, Prepared};
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::template::decisions::{Course, Decided, Site};
use crate::template::error::Error;
use crate::trace::Origins;
use crate::values::Instance;
use std::collections::BTreeSet;
use std::sync::Arc;
pub use traced::{Traced, render};
use twin::Twin;

pub use gated::Gated;
use keys::{Keys, set_keys};
pub use keys::{USUAL_KEY, names_registry, other_key};
pub use latent::{Latent, Proof};
use pull_secrets::PullSecrets;
pub use unstable::Unstable;

/// What is known of a release once it was rendered and looked through.
#[derive(Debug)]
pub struct Analysis {
    /// The manifests in the order of installation, those of `crds/` first, then the hooks; none when the render failed.
    pub manifests: Vec<Arc<Manifest>>,
    /// The images they name, in that order.
    pub images: Vec<Judged>,
    /// Where everything came from.
    pub origins: Origins,
    /// The values keys of the rewrite, `global.imageRegistry`.
    pub keys: Vec<String>,
    /// Those of the keys that the user did not set, so that the tool did.
    pub assumed_keys: Vec<String>,
    /// The top chart as rendered; `None` when that failed before its templates were executed, or there is no chart.
    pub root: Option<Instance>,
    /// What the templates made.
    pub rendered: Rendered,
    /// Set when the release did not render.
    pub failure: Option<RenderFailure>,
    /// What the templates looked at.
    pub reads: Reads,
    /// What their code could look at.
    pub statics: Statics,
    /// The user's values that would bypass the mirror once something is switched on.
    pub latent: Vec<Latent>,
    /// Images that something brings that is off.
    pub gated: Vec<Gated>,
    /// What decides about images and is not the same in each install.
    pub unstable: Vec<Unstable>,
    /// What the owner of the release says of pull secrets.
    pub pull_secrets: PullSecrets,
    /// Documents that are no manifests, of those that came without a chart.
    pub unreadable: Vec<RenderFailure>,
}

/// A use of an image, and what is known of it.
#[derive(Debug)]
pub struct Judged {
    /// The use.
    pub image: ImageUse,
    /// What became of the rewrite.
    pub class: Class,
    /// Who decided the registry.
    pub decider: Decider,
    /// The reference without the rewrite, where that is known: what has to be mirrored.
    pub source: Option<Reference>,
    /// What becomes of it without the setting of the user's that decided its registry.
    pub without_override: WithoutOverride,
}

/// What becomes of a reference without the user's setting that decided its registry, proven by another render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithoutOverride {
    /// No user's setting decided it, or the render without it tells nothing.
    Unknown,
    /// The rewrite sends it to the mirror.
    Mirror,
    /// The chart's own choice, which is not the mirror.
    Elsewhere(String),
}

/// Why a release did not render.
#[derive(Debug, Clone)]
pub struct RenderFailure {
    /// Helm's words.
    pub message: String,
    /// The template's place, where one is known.
    pub place: Option<Place>,
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
    let mut keys = Keys::find(prepared, settings, &statics)?;
    let traced = render_with_mirror(prepared, settings, &mut keys, true, compiler, log)?;
    let Traced { mut manifests, crds, origins, root, values, mut rendered, failure, .. } = traced;
    manifests.splice(0..0, crds);
    let uses: Vec<ImageUse> =
        manifests.iter().flat_map(|manifest| find(manifest, settings.hints(), &prepared.limits)).collect();
    let decisions = rendered.decisions.take();
    let sites = decisions.as_ref().map(unstable::mirror_sites).unwrap_or_default();
    let (images, other_ways) = judge(uses, prepared, settings, &keys, sites, compiler, (&rendered, &origins));
    let reads = std::mem::take(&mut rendered.reads);
    let mut analysis = Analysis {
        manifests,
        images,
        origins,
        keys: keys.all.clone(),
        assumed_keys: keys.assumed.clone(),
        root,
        rendered,
        failure,
        reads,
        statics,
        latent: Vec::new(),
        gated: Vec::new(),
        unstable: Vec::new(),
        pull_secrets: PullSecrets::default(),
        unreadable: Vec::new(),
    };
    if analysis.failure.is_none()
        && let Some(decisions) = &decisions
    {
        let mut course = course::Courses { prepared, settings, keys: &keys, compiler };
        if settings.is_on(unstable::RULE, true) {
            analysis.unstable = unstable::find(&analysis, decisions, &other_ways, &mut course);
        }
        analysis.gated = gated::find(&analysis, decisions, &values, &mut course);
    }
    if analysis.failure.is_none() && settings.is_on(pull_secrets::RULE, true) {
        let set = keys.defaults(&settings.mirror);
        analysis.pull_secrets = pull_secrets::find(&analysis, &values, prepared, settings, &set, compiler);
    }
    if analysis.failure.is_none() && settings.is_on(latent::RULE, true) {
        analysis.latent = latent::find(&analysis, &values, prepared, settings, &keys, compiler);
    }
    Ok(analysis)
}

/// Renders a release with traces, and with the mirror set as for [`analyse`].
///
/// # Errors
/// When what the user gave cannot be used. A chart that does not render is a [`RenderFailure`].
pub fn render_mirrored(
    prepared: &Prepared,
    settings: &Settings,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Traced, String> {
    let statics = Statics::of(&prepared.chart, compiler, prepared.env.helm);
    let mut keys = Keys::find(prepared, settings, &statics)?;
    render_with_mirror(prepared, settings, &mut keys, false, compiler, log)
}

/// Renders with traces and with the mirror set as its owner would. Where what was found of the keys beforehand proves
/// wrong, renders again.
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
    let changes = keys.defaults(&settings.mirror);
    let first = traced::render_deciding(prepared, &changes, decisions(keys), compiler, &mut first_log)?;
    let again = match &first.failure {
        // Nothing in the code names it, but a key that was put together on the way came to it.
        None if keys.is_only_named()
            && settings.mirror.only_place().is_some()
            && first.rendered.reads.looks_at(&steps(USUAL_KEY)) =>
        {
            keys.assume(USUAL_KEY);
            true
        }
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
    traced::render_deciding(prepared, &keys.defaults(&settings.mirror), decisions(keys), compiler, log)
}

/// Renders with a canary for the mirror, and without the rewrite, and says what became of each use.
fn judge(
    uses: Vec<ImageUse>,
    prepared: &Prepared,
    settings: &Settings,
    keys: &Keys,
    sites: BTreeSet<Site>,
    compiler: &mut Compiler,
    (rendered, origins): (&Rendered, &Origins),
) -> (Vec<Judged>, Vec<Decided>) {
    let canary = settings.mirror.at_host(NOWHERE);
    let (set, removed) = (keys.canary(&canary), keys.removed());
    let (with_canary, without) = if uses.is_empty() && sites.is_empty() || set.is_empty() {
        (Twin::default(), Twin::default())
    } else {
        (
            Twin::render(prepared, settings, &set, compiler, rendered, sites),
            Twin::render(prepared, settings, &removed, compiler, rendered, BTreeSet::new()),
        )
    };
    let judged = |image: ImageUse| {
        let decider = decider(&image, Part::Registry, origins);
        let source = without.text_of(&image).and_then(|text| Reference::parse(text).ok());
        let facts = Facts {
            reference: image.known(),
            canary: with_canary.text_of(&image),
            source: source.as_ref(),
            decided_by: &decider.source,
        };
        let class = classify(&facts, &settings.mirror, &canary, settings.layout);
        // Nothing rewrites it, so it is its own source, wherever it leads to; but the mirror is never a source.
        let source = source.or_else(|| {
            let own = image.reference.as_ref().ok().filter(|own| !settings.mirror.serves(own));
            own.cloned()
        });
        let source = source.or_else(|| settings.layout.source(&settings.mirror, image.reference.as_ref().ok()?));
        Judged { class, decider, source, image, without_override: WithoutOverride::Unknown }
    };
    let mut judged: Vec<Judged> = uses.into_iter().map(judged).collect();
    take_overrides_away(&mut judged, prepared, settings, &set, &canary, compiler, rendered);
    judged.iter_mut().filter(|judged| judged.source.is_none()).for_each(|judged| {
        judged.source = pinned_source(judged, origins);
    });
    (judged, with_canary.decided)
}

/// Renders once more, with the canary and without the settings of the user's that decided registries, and notes what
/// becomes of the references they decided.
fn take_overrides_away(
    judged: &mut [Judged],
    prepared: &Prepared,
    settings: &Settings,
    set: &[Change],
    canary: &Mirror,
    compiler: &mut Compiler,
    rendered: &Rendered,
) {
    let is_override = |judged: &Judged| judged.decider.source.is_user() && judged.class != Class::Rewritten;
    let paths: BTreeSet<&str> =
        judged.iter().filter(|judged| is_override(judged)).map(|judged| judged.decider.path.as_str()).collect();
    // An element of a list cannot be taken away without moving the others.
    let paths: Vec<&str> = paths.into_iter().filter(|path| !path.is_empty() && !path.contains('[')).collect();
    if paths.is_empty() {
        return;
    }
    let removed = paths.iter().map(|path| Change::Remove((*path).to_owned()));
    let changes: Vec<Change> = removed.chain(set.iter().cloned()).collect();
    let twin = Twin::render(prepared, settings, &changes, compiler, rendered, BTreeSet::new());
    for judged in judged.iter_mut().filter(|judged| is_override(judged)) {
        let Some(reference) = twin.text_of(&judged.image).and_then(|text| Reference::parse(text).ok()) else {
            continue;
        };
        judged.without_override = match canary.serves(&reference) {
            true => WithoutOverride::Mirror,
            false => WithoutOverride::Elsewhere(reference.as_written().to_owned()),
        };
    }
}

/// The source of an image that the user pointed at the mirror by hand: what the chart would pull, in the user's version.
///
/// None where the user took another image: `mirror.internal/platform/nginx-hardened` for `docker.io/library/nginx`.
fn pinned_source(judged: &Judged, origins: &Origins) -> Option<Reference> {
    let (Class::PinnedToMirror, WithoutOverride::Elsewhere(default)) = (judged.class, &judged.without_override) else {
        return None;
    };
    let path = decider(&judged.image, Part::Repository, origins);
    if path.source.is_user() && path.origin != judged.decider.origin {
        return None;
    }
    let (own, default) = (judged.image.reference.as_ref().ok()?, Reference::parse(default).ok()?);
    let last = |reference: &Reference| reference.repository.rsplit('/').next().unwrap_or_default().to_owned();
    let (mine, theirs) = (last(own), last(&default));
    // A slip of the fingers names the same image.
    let is_same = mine == theirs || theirs.len() > 4 && strsim::damerau_levenshtein(&mine, &theirs) == 1;
    let source = format!("{}/{}{}", default.registry, default.repository, own.version());
    is_same.then(|| Reference::parse(&source).ok()).flatten()
}

impl Analysis {
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

impl Judged {
    /// Where the image has to lie on the mirror, tag and digest included; `None` where its source is not known.
    pub fn destination(&self, settings: &Settings) -> Option<String> {
        self.source.as_ref().and_then(|source| settings.layout.destination(&settings.mirror, source))
    }

    /// What the value that decided has to be so that the image comes from the mirror, `mirror.internal/jetstack/x`;
    /// `None` where the reference is not that value as it stands.
    pub fn value_on_mirror(&self, settings: &Settings) -> Option<String> {
        let source = self.source.as_ref()?;
        let repository = settings.layout.repository(&settings.mirror, source)?;
        match written_by(&self.image, self.decider.origin)? {
            Written::Whole if source.tag.is_none() && source.digest.is_none() => Some(repository),
            Written::Whole => self.destination(settings),
            Written::Name => Some(repository),
            Written::Start(written) => {
                let own = self.image.reference.as_ref().ok()?;
                let (start, rest) = self.image.text[..own.repository_range.end].split_at_checked(written)?;
                let value = repository.strip_suffix(rest)?;
                let place = settings.mirror.place_of(&source.registry)?;
                let path = start[own.registry_range.as_ref()?.end..].to_owned();
                // Such a value serves several images: only what is right for all of them. Of an image that the user
                // pinned, the value that the chart has says nothing of the path.
                (value == place + &path || self.class == Class::PinnedToMirror).then(|| value.to_owned())
            }
        }
    }

    /// Whether it does not resolve through the mirror.
    pub fn bypasses(&self, mirror: &Mirror) -> bool {
        !self.image.is_served_by(mirror)
    }
}

/// The innermost place of a template that an error names.
fn place_of(error: &Error, prepared: &Prepared) -> Option<Place> {
    match error {
        Error::Plain(_) => None,
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

/// A failure to read what a template rendered to.
fn unreadable(message: String, rendered: &Rendered) -> RenderFailure {
    let place = rendered.files.iter().find(|file| message.contains(&format!(" on {}:", file.name))).map(|file| Place {
        file: file.source.clone(),
        start: 0,
        end: 0,
    });
    RenderFailure { message, place, refuses_mirror: false, before_templates: false }
}
