//! Renders a chart as a release: values and templates in, manifests out.

mod again;
pub(crate) mod capabilities;
mod chart_of_helm_3;
pub(crate) mod failure;
pub(crate) mod files;
pub(crate) mod manifest;
pub(crate) mod order;
pub(crate) mod output;
pub(crate) mod scope;
pub(crate) mod units;

use crate::chart::owner_of;
use crate::compiler::Compiler;
use crate::funcs::{self, helm};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::reads::{MapWatch, ValueReads};
use crate::source::File;
use crate::template::decisions::{Course, Decisions};
use crate::template::set::Set;
use crate::template::state::Emit;
use crate::template::touched::Touches;
use crate::template::{Context, Env, Error, Failure, Map};
use crate::trace::{Origins, Str};
use crate::values::Instance;
use crate::work::Work;
pub(crate) use again::Before;
use again::Looked;
pub(crate) use capabilities::Capabilities;
use helm::remove_no_value;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The facts of a release in templates.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Whether it is an upgrade.
    pub is_upgrade: bool,
    /// Its revision: 1, which `helm template` also uses for upgrades.
    pub revision: i64,
}

/// The output of a chart's templates, with origins.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    /// Sorted by name in byte order, without NOTES.txt.
    pub files: Vec<RenderedFile>,
    /// The texts of NOTES.txt files by name.
    pub notes: Vec<RenderedFile>,
    /// The recorded reads; empty without tracing.
    pub reads: ValueReads,
    /// The decisions at branches, if requested.
    pub decisions: Option<Decisions>,
    /// The number of template steps taken.
    pub steps: u64,
    /// What a later render with other values needs to know; with tracing only.
    pub before: Option<Before>,
    /// The files that were not executed, because their output is that of an earlier render.
    pub unchanged: BTreeSet<String>,
}

impl Rendered {
    /// Keeps only the files whose output differs from an earlier render; returns the names of the files of that render whose
    /// output differs or is missing.
    pub(crate) fn keep_different(&mut self, first: &Self) -> BTreeSet<String> {
        let known: HashMap<&str, &[u8]> =
            first.files.iter().map(|file| (file.name.as_str(), file.text.as_bytes())).collect();
        let is_known = |file: &RenderedFile| known.get(file.name.as_str()) == Some(&file.text.as_bytes());
        let mut names: BTreeSet<String> = known.keys().map(|name| (*name).to_owned()).collect();
        names.retain(|name| !self.unchanged.contains(name));
        self.files.iter().filter(|file| is_known(file)).for_each(|file| {
            names.remove(&file.name);
        });
        self.files.retain(|file| !is_known(file));
        names
    }
}

/// The output of one template file.
#[derive(Debug)]
pub(crate) struct RenderedFile {
    /// Full name, `app/charts/db/templates/x.yaml`.
    pub name: String,
    /// The template.
    pub source: Arc<File>,
    /// The text, with origins if traced.
    pub text: Str,
    /// Which action of the template wrote which bytes; empty without tracing.
    pub emits: Vec<Emit>,
}

/// All inputs of a render besides the chart.
#[derive(Debug)]
pub(crate) struct Inputs<'r> {
    /// The coalesced values.
    pub values: &'r Map,
    /// The release.
    pub release: &'r Release,
    /// The cluster's capabilities.
    pub capabilities: &'r Capabilities,
    /// The limits.
    pub limits: &'r Limits,
    /// The work done for the release so far.
    pub work: &'r Work,
}

/// Renders all templates of a chart and its subcharts, except those whose output is that of an earlier render.
///
/// Source: helm `pkg/engine/engine.go`, `Engine.Render`.
pub(crate) fn render(
    root: &Instance,
    inputs: &Inputs<'_>,
    compiler: &mut Compiler,
    env: &mut Env,
    mut origins: Option<&mut Origins>,
    decisions: Option<Decisions>,
    known: Known<'_>,
) -> Result<Rendered, Stopped> {
    let mut again = known.before.map(|before| before.again(root, inputs)).unwrap_or_default();
    let unchanged = std::mem::take(&mut again.unchanged);
    if again.is_same {
        return Ok(Rendered { unchanged, ..Rendered::default() });
    }
    let (helm, mut files) = (env.helm, Vec::new());
    scope::collect(root, inputs, helm, origins.as_deref_mut(), &mut files);
    order::sort(&mut files);

    let (set, compiled_bytes) = compiled(&files, compiler, helm, inputs.limits)?;

    let mut watch = None;
    let mut noted = None;
    // The output of a course through everything is not a real release.
    let is_release = decisions.as_ref().is_none_or(|decisions| matches!(decisions.course, Course::AsIs));
    if let Some(origins) = origins.as_deref().filter(|_| is_release) {
        let sources = files.iter().map(|file| &file.source);
        let (started, reads) = MapWatch::start(root, inputs.values, sources, origins);
        (watch, noted) = (Some(started), Some(reads));
    }
    let mut ctx = Context::new(env, inputs.limits, origins).with_templates(set, funcs::lookup_of(helm));
    ctx.reads = noted;
    ctx.regexes = std::mem::take(&mut compiler.regexes);
    let is_bounded_by_others = ctx.allow_steps(inputs.work.left_of_renders());
    let limit = |failure: Failure| Stopped::from(Box::new(Error::Limit(failure.to_string())));
    ctx.keep_bytes(compiled_bytes).map_err(limit)?;
    for file in &files {
        ctx.hold(&file.scope.clone().into()).map_err(limit)?;
    }
    ctx.decisions = decisions;
    let first = known.first.map(str::to_owned).or_else(|| known.before?.first());
    let touches = match known.changed {
        _ if watch.is_some() => Some(again::watch(&files, Touches::default())),
        Some(_) => Some(again::watch(&files, Touches::of_changes())),
        None => None,
    };
    let is_wanted = |file: &&scope::TemplateFile| known.only.is_none_or(|charts| charts.contains(owner_of(&file.name)));
    let mut turn: Vec<&scope::TemplateFile> =
        files.iter().filter(|file| !file.is_partial()).filter(is_wanted).collect();
    if let Some(at) = turn.iter().position(|file| Some(&file.name) == first.as_ref()) {
        turn[..=at].rotate_right(1);
    }
    let is_whole = unchanged.is_empty() && first.is_none();
    let executed = execute(&mut ctx, &turn, inputs.limits, unchanged, touches.as_ref());
    compiler.regexes = std::mem::take(&mut ctx.regexes);
    if let (Some(changed), Some(touches)) = (known.changed, &touches) {
        changed.set(!is_whole && again.is_broken(touches));
    }
    inputs.work.take_of_renders(ctx.steps());
    if ctx.steps_left() == 0 && is_bounded_by_others {
        inputs.work.cut_renders();
    }
    let (mut rendered, looked) = executed.inspect_err(|stopped| {
        if let (Some(before), Some(name)) = (known.before, &stopped.file) {
            before.fails(name);
        }
    })?;
    rendered.steps = ctx.steps();
    rendered.decisions = ctx.decisions.take();
    if watch.is_some() {
        rendered.before = touches.and_then(|touches| Before::of(root, inputs, looked, touches, &files));
    }
    if let (Some(watch), Some(reads)) = (watch, ctx.reads.take()) {
        rendered.reads = watch.finish(reads);
    }
    Ok(rendered)
}

/// The templates of all files, and their memory in bytes.
fn compiled(
    files: &[scope::TemplateFile],
    compiler: &mut Compiler,
    helm: HelmVersion,
    limits: &Limits,
) -> Result<(Set, usize), Box<Error>> {
    let (mut set, mut bytes) = (Set::new(), 0);
    for file in files {
        let compiled = compiler.compile(&file.name, &file.source, helm, limits.memory_bytes - bytes)?;
        // A file that was compiled before may be larger.
        bytes = limits.memory_bytes.min(bytes + compiled.size);
        for template in &compiled.templates {
            set.add(template.clone());
        }
    }
    Ok((set, bytes))
}

/// What is known from an earlier render.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known<'r> {
    /// That render: files with unchanged output are not executed.
    pub before: Option<&'r Before>,
    /// The file that failed in it, which is executed first.
    pub first: Option<&'r str>,
    /// Set if a file changed what others see and did not in that render: then files that were not executed, or not in their turn, may
    /// be wrong.
    pub changed: Option<&'r Cell<bool>>,
    /// The charts whose files are executed, by full path: `app/charts/db`; all, if `None`.
    pub only: Option<&'r BTreeSet<String>>,
}

/// Why a render failed.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// The error.
    pub error: Box<Error>,
    /// The file that was executed; in a render that records reads, only if no earlier file changed what it sees.
    pub file: Option<String>,
}

impl From<Box<Error>> for Stopped {
    fn from(error: Box<Error>) -> Self {
        Self { error, file: None }
    }
}

/// Executes the files of a release in this order, except those with unchanged output; records the reads of each.
fn execute(
    ctx: &mut Context<'_>,
    files: &[&scope::TemplateFile],
    limits: &Limits,
    unchanged: BTreeSet<String>,
    touches: Option<&Touches>,
) -> Result<(Rendered, Vec<Looked>), Stopped> {
    let mut rendered = Rendered { unchanged, ..Rendered::default() };
    let mut looked = Vec::new();
    let mut bytes = 0;
    for file in files {
        if rendered.unchanged.contains(&file.name) {
            continue;
        }
        file.enter();
        if let Some(decisions) = &mut ctx.decisions
            && !decisions.enter_file(&file.name)
        {
            continue;
        }
        let draws = ctx.env.draws();
        touches.iter().for_each(|touches| touches.enter(looked.len() as u32 + 1));
        let executed = ctx.execute_file(file.name.as_bytes(), file.scope.clone().into());
        touches.iter().for_each(|touches| touches.enter(0));
        let is_random = ctx.env.draws() != draws;
        looked.push(Looked { name: file.name.clone(), touches: Vec::new(), is_random, is_tied: false });
        // A course through everything continues after failures.
        if executed.is_err() && ctx.keeps_no_value() {
            break;
        }
        let (text, emits) = executed.map_err(|error| {
            let is_alone = !is_random && !touches.is_some_and(Touches::is_changed);
            Stopped { error, file: is_alone.then(|| file.name.clone()) }
        })?;
        let mut removed = Vec::new();
        let clean = if ctx.keeps_no_value() { text } else { remove_no_value(&text, &mut |at| removed.push(at)) };
        let emits = moved(emits, &removed);
        bytes += clean.len() as u64;
        if bytes > limits.output_bytes {
            let limit = limits.output_bytes;
            let what = format!("the chart renders to more than {limit} bytes (--limit output-bytes)");
            return Err(Box::new(Error::Limit(what)).into());
        }
        let made = RenderedFile { name: file.name.clone(), source: file.source.clone(), text: clean, emits };
        if file.name.ends_with("NOTES.txt") { rendered.notes.push(made) } else { rendered.files.push(made) }
    }
    rendered.files.sort_by(|a, b| a.name.cmp(&b.name));
    rendered.notes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((rendered, looked))
}

/// The emits of a text from which missing-value marks were removed at some positions.
fn moved(emits: Vec<Emit>, removed: &[u32]) -> Vec<Emit> {
    if removed.is_empty() {
        return emits;
    }
    let length = helm::MARK.len() as u32;
    // The remaining bytes before a position: marks that begin before it are removed, as far as they are before it.
    let left = |place: u32| {
        let before = removed.partition_point(|&at| at < place);
        let cut: u32 = removed[..before].last().map_or(0, |&at| length.min(place - at) + (before as u32 - 1) * length);
        place - cut
    };
    let emits = emits.into_iter().map(|emit| Emit { start: left(emit.start), end: left(emit.end), ..emit });
    emits.filter(|emit| emit.start < emit.end).collect()
}
