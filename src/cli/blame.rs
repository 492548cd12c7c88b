//! `airtight blame`: who decided each line of the rendered manifests, or one value.

use super::images::{failed, told};
use super::output::{Color, use_colour};
use super::release::{hide_secrets, without_secrets};
use super::{Outcome, Problem, Streams};
use crate::analysis::{self, Traced, render};
use crate::blame::select::{BlameSelection, select};
use crate::blame::{Document, value::trail};
use crate::cli::one_release::{One, OneFlags, RenderFlags};
use crate::compiler::Compiler;
use crate::images::Search;
use crate::release::ReleaseInputs;
use crate::report::blame::{json, text};
use crate::secrets::Secrets;
use crate::trace::Origins;
use clap::ValueEnum;

/// Show who decided each line of the rendered manifests: a values file, a flag, a chart default or a template
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight blame charts/shop -f values/prod.yaml --image acme/shop\n  \
                        airtight blame charts/shop --path Deployment/shop:spec.template\n  \
                        airtight blame --release shop/prod --value image.registry\n\n\
                        Exit status: 0 success, 1 the chart does not render, so that only --value is available (stderr says why), 2 nothing \
                        matches the request, or the tool could not do its work.\n\n\
                        The data of Secrets, and values whose names say that they are secrets, are masked unless --show-secrets is given.")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneFlags,
    /// Show only the lines of this image: a reference, or the end of its name (can be given several times)
    #[arg(long, value_name = "REF")]
    image: Vec<String>,
    /// Show only the lines of this field and what is nested below it: Deployment/api:spec.template (can be given several times)
    #[arg(long, value_name = "KIND/NAME:FIELD")]
    path: Vec<String>,
    /// Show only the manifests of these templates (path in the chart or pattern; can be given several times)
    #[arg(short, long, value_name = "TEMPLATE")]
    show_only: Vec<String>,
    /// Show the trail of one value instead: who set it, and what that hides
    #[arg(long, value_name = "PATH", conflicts_with_all = ["image", "path", "show_only", "full"])]
    value: Option<String>,
    /// Show the data of Secrets, and values whose names say that they are secrets
    #[arg(long)]
    show_secrets: bool,
    /// Show everybody who contributed to a line, not only the main one
    #[arg(short = 'v', long)]
    full: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Color,
    #[command(flatten)]
    render: RenderFlags,
}

/// The formats of blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For programs (docs/blame.schema.json)
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let One { prepared, settings, has_mirror, .. } = args.one.prepare(&args.render, streams)?;
    let (mut compiler, mut lines) = (Compiler::new(), Vec::new());
    let traced = match has_mirror {
        false => render(&prepared, &[], &mut compiler, &mut lines).map(|traced| (traced, Vec::new())),
        true => analysis::blame(&prepared, &settings, &mut compiler, &mut lines),
    };
    hide_secrets(&prepared, &mut lines);
    streams.log(&lines);
    let (mut traced, blamed) = traced.map_err(|error| without_secrets(&prepared, error))?;
    let mut outcome = Outcome::Clean;
    if let Some(failure) = traced.failure.clone() {
        // The trail of a value is known before any template reads the value.
        if args.value.is_none() || !with_values(&mut traced, &prepared) {
            return Err(failed(&failure, &prepared));
        }
        let _ = writeln!(streams.err, "warning: {}", told(&failure, &prepared));
        outcome = Outcome::Findings;
    }
    if let Some(path) = &args.value {
        let mut trail = trail(&traced, path)?;
        if !args.show_secrets {
            trail.hide_secrets();
        }
        match args.format {
            Format::Text => text::write_trail(&trail, args.show_secrets, use_colour(args.color), streams.out)?,
            Format::Json => json::write_trail(&trail, args.show_secrets, streams.out)?,
        }
        return Ok(outcome);
    }
    let selection =
        BlameSelection { images: args.image.clone(), paths: args.path.clone(), templates: args.show_only.clone() };
    let selected = select(&traced, &selection, &prepared.limits)?;
    let secrets = (!args.show_secrets).then(|| Secrets::of(&traced.origins));
    let mut documents = Vec::new();
    for (manifest, wanted) in &selected {
        documents.push(Document::of(manifest, wanted.as_deref(), &blamed, &traced.origins, secrets.as_ref()));
    }
    if !prepared.work.take_of_looks(documents.iter().map(Document::steps).sum()) {
        return Err(Search::told(&prepared.limits).into());
    }
    match args.format {
        Format::Text => text::write(&documents, args.full, use_colour(args.color), streams.out)?,
        Format::Json => json::write(&documents, streams.out)?,
    }
    Ok(Outcome::Clean)
}

/// Adds the values of a release that does not render; `false` if even they are not known.
pub(super) fn with_values(traced: &mut Traced, prepared: &ReleaseInputs) -> bool {
    let mut origins = Origins::new();
    let Ok(processed) = prepared.values(&traced.changes, Some(&mut origins), None) else { return false };
    traced.values = processed.values;
    traced.origins = origins;
    true
}
