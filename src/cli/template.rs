//! `airtight template`: prints what `helm template` prints.

use super::door::Verbatim;
use super::fetch::FetchFlags;
use super::release::{ReleaseFlags, hide_secrets, without_secrets};
use super::{Left, Outcome, Problem, Streams};
use crate::compiler::Compiler;
use crate::disk::Reach;
use crate::error::{Error, ErrorKind};
use crate::funcs;
use crate::limits::Limits;
use crate::log::line as log_line;
use crate::release;
use crate::render::manifest::{Manifests, manifests};
use crate::render::output::{Block, Selection, crds, show_only};
use crate::render::{Rendered, failure::helm_text};
use crate::source::File;
use crate::template::set::{Compiled, Set};
use crate::template::{Context, Env, Value};
use crate::values::Instance;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Render a chart and print its manifests, byte for byte as `helm template` does
#[derive(Debug, clap::Args)]
#[command(override_usage = "airtight template [OPTIONS] [NAME] <CHART>")]
#[command(after_help = "Flags of `helm template` that have no effect without a cluster are accepted and ignored.")]
pub(crate) struct Args {
    /// The name of the release, which may be left out, and the chart: a folder, an archive, oci://HOST/PATH, or the URL of an archive
    #[arg(value_name = "NAME CHART", num_args = 1..=2, required = true)]
    positional: Vec<String>,
    /// Also print the files of crds/
    #[arg(long)]
    include_crds: bool,
    /// Accepted for compatibility with helm; a client-side render omits the files of crds/ anyway
    #[arg(long)]
    skip_crds: bool,
    /// Print only the manifests of these templates (path in the chart or pattern; can be given several times)
    #[arg(short, long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    show_only: Vec<String>,
    /// Omit hooks
    #[arg(long)]
    no_hooks: bool,
    /// Omit hooks that are tests
    #[arg(long)]
    skip_tests: bool,
    /// Write the manifests to files in this folder instead of stdout
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Put the files of --output-dir in a folder named after the release
    #[arg(long)]
    release_name: bool,
    /// Name the release with a template
    #[arg(long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    name_template: Option<String>,
    /// Generate the release's name (like helm, template then uses "release-name")
    #[arg(short, long)]
    generate_name: bool,
    /// Print what was rendered even if it is not valid YAML, and print debug messages
    #[arg(long)]
    debug: bool,
    #[command(flatten)]
    ignored: Ignored,
    #[command(flatten)]
    release: ReleaseFlags,
    #[command(flatten)]
    fetch: FetchFlags,
}

#[cfg(all(test, feature = "registry"))]
impl Args {
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        self.fetch.source.set_patience(patience);
    }
}

/// Flags of `helm template` that have no effect in a client-side render.
#[derive(Debug, clap::Args)]
struct Ignored {
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    dry_run: Option<Option<String>>,
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    validate: bool,
    #[arg(long, hide = true)]
    description: Option<String>,
    #[arg(long, hide = true)]
    devel: bool,
    #[arg(long, hide = true)]
    replace: bool,
    #[arg(long, hide = true)]
    atomic: bool,
    #[arg(long, hide = true)]
    force: bool,
    #[arg(long, hide = true)]
    force_replace: bool,
    #[arg(long, hide = true)]
    force_conflicts: bool,
    #[arg(long, hide = true)]
    rollback_on_failure: bool,
    #[arg(long, hide = true)]
    take_ownership: bool,
    #[arg(long, hide = true)]
    hide_notes: bool,
    #[arg(long, hide = true)]
    render_subchart_notes: bool,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    wait: Option<Option<String>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    server_side: Option<Option<String>>,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    #[arg(short, long, hide = true)]
    labels: Vec<String>,
    #[arg(long, hide = true)]
    kubeconfig: Option<String>,
    #[arg(long, hide = true)]
    kube_context: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>, left: &mut Left) -> Result<Outcome, Problem> {
    let (name, chart) = name_and_chart(args)?;
    let reach = Arc::new(args.release.reach()?);
    let chart = args.fetch.reference(Path::new(&chart))?;
    let mut compiler = Compiler::new();
    let schemas = compiler.schemas();
    let prepared = args.release.prepare_alone(&name, &chart, &args.fetch, reach.clone(), schemas, streams)?;
    let mut lines = Vec::new();
    let outcome = prepared.render(&mut compiler, &[], None, Some(&mut lines));
    hide_secrets(&prepared, &mut lines);
    streams.log(&lines);
    let release::RenderOutcome { root, rendered, seed, .. } = outcome.map_err(|problem| match problem {
        release::RenderProblem::Input(error) | release::RenderProblem::Chart(_, error) => {
            without_secrets(&prepared, error)
        }
        release::RenderProblem::Template(error) => {
            let text = helm_text(&error, prepared.env.helm);
            without_secrets(&prepared, Error::new(ErrorKind::Template, text))
        }
    })?;
    // The manifests get the memory of the templates.
    drop(compiler);
    let manifests: Manifests<()> = match manifests(&rendered, prepared.env.helm, &prepared.limits) {
        Ok(manifests) => manifests,
        Err(error) => {
            if args.debug {
                helms_output(streams)?.write_all(&raw(&rendered)?)?;
                return Err(error.into());
            }
            return Err(Error::input(format!("{error}\n\nUse --debug flag to render out invalid YAML")).into());
        }
    };
    streams.log(&manifests.log.iter().map(|line| format!("level=INFO {line}")).collect::<Vec<_>>());
    if let Some(seed) = seed {
        let warning = "keys, passwords and random text follow from the seed: do not install them";
        streams.log(&[log_line("WARN", warning, &[("seed", &seed.to_string())])]);
    }
    let selection = Selection { include_crds: args.include_crds, no_hooks: args.no_hooks, skip_tests: args.skip_tests };
    if let Some(folder) = &args.output_dir {
        let folder = if args.release_name { folder.join(&name) } else { folder.clone() };
        let crd_folder = args.output_dir.as_deref().unwrap_or(&folder);
        let files = Files { folder: &folder, crd_folder, reach: &reach };
        write_files(&files, &root, &manifests, &selection, streams)?;
        // Helm quirk: nothing can be selected once the manifests are in files.
        if let Some(first) = args.show_only.first() {
            return Err(Error::input(format!("could not find template {first} in chart")).into());
        }
        helms_output(streams)?.write_all(b"\n")?;
        return Ok(Outcome::Clean);
    }
    if args.show_only.is_empty() {
        manifests.write(&root, &selection, helms_output(streams)?)?;
    } else {
        let mut text = Vec::new();
        manifests.write(&root, &selection, &mut text)?;
        helms_output(streams)?.write_all(&show_only(&text, &args.show_only, prepared.env.helm)?)?;
    }
    left.leave((prepared, root, rendered, manifests));
    Ok(Outcome::Clean)
}

/// stdout for helm's output, byte for byte.
fn helms_output<'s>(streams: &'s mut Streams<'_>) -> std::io::Result<&'s mut dyn Write> {
    streams.out.verbatim(Verbatim::HelmsOutput)
}

/// Helm quirk: a client-side render calls a release without a name "release-name", also with `--generate-name`.
fn name_and_chart(args: &Args) -> Result<(String, String), Error> {
    match (args.positional.as_slice(), &args.name_template) {
        ([name, chart], None) if !args.generate_name => Ok((name.clone(), chart.clone())),
        ([_, _], _) => {
            let flag = if args.generate_name { "--generate-name" } else { "--name-template" };
            Err(Error::input(format!("cannot set {flag} and also specify a name")))
        }
        ([chart], Some(template)) => Ok((release_name(template, args.release.env())?, chart.clone())),
        ([chart], None) => Ok(("release-name".to_owned(), chart.clone())),
        _ => Err(Error::input("expected a chart, optionally preceded by a name for the release")),
    }
}

/// Renders a `--name-template`.
fn release_name(template: &str, mut env: Env) -> Result<String, Error> {
    let limits = Limits::default();
    let helm = env.helm;
    let file = File::new("name-template", template);
    let compiled = Compiled::parse("name-template", &file, funcs::lookup_of(helm), limits.memory_bytes)
        .map_err(|error| Error::input(error.to_string()))?;
    let mut set = Set::new();
    compiled.templates.into_iter().for_each(|template| set.add(template));
    let mut ctx = Context::new(&mut env, &limits, None).with_templates(set, funcs::lookup_of(helm));
    let text = ctx.execute(b"name-template", Value::Nil).map_err(|error| Error::input(error.to_string()))?;
    Ok(text.to_text().into_owned())
}

/// Everything that was rendered, unprocessed.
fn raw(rendered: &Rendered) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for file in &rendered.files {
        if !file.text.to_text().trim().is_empty() {
            Block { name: &file.name, content: file.text.as_bytes() }.write(&mut out)?;
        }
    }
    Ok(out)
}

/// The destination of `--output-dir`.
struct Files<'f> {
    folder: &'f Path,
    crd_folder: &'f Path,
    reach: &'f Reach,
}

#[expect(clippy::disallowed_methods, reason = "writes what Reach::check_output let pass")]
fn write_files(
    files: &Files<'_>,
    root: &Instance,
    manifests: &Manifests<()>,
    selection: &Selection,
    streams: &mut Streams<'_>,
) -> Result<(), Problem> {
    let mut begun = HashSet::new();
    let mut write = |folder: &Path, block: Block<'_>| -> Result<(), Problem> {
        let path = folder.join(block.name);
        let mut text = Vec::new();
        block.write(&mut text)?;
        let fail = |error: std::io::Error| Error::file(format!("cannot write {}: {error}", path.display()));
        files.reach.check_output(&path).map_err(|error| error.after("--output-dir"))?;
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(fail)?;
        }
        let mut options = std::fs::OpenOptions::new();
        // A file that this run began is appended to; a file of an earlier run is replaced.
        let first = begun.insert(path.clone());
        options.create(true).write(true).truncate(first).append(!first);
        let mut file = options.open(&path).map_err(fail)?;
        file.write_all(&text).map_err(fail)?;
        writeln!(helms_output(streams)?, "wrote {}", path.display())?;
        Ok(())
    };
    if selection.include_crds {
        for (name, content) in crds(root) {
            write(files.crd_folder, Block { name: &name, content })?;
        }
    }
    for block in manifests.blocks() {
        write(files.folder, block)?;
    }
    for block in manifests.selected_hooks(selection) {
        write(files.folder, block)?;
    }
    Ok(())
}
