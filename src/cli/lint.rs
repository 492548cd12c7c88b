//! `airtight lint`: which images bypass the mirror, and who put them there.

use super::release::{Prepared, ReleaseFlags, RenderProblem, log};
use super::{Outcome, Problem, Streams};
use crate::images::{ImageUse, Mirror, extract};
use crate::render::manifest::{Manifest, Manifests, manifests};
use crate::render::{Compiler, Rendered, failure::helm_text};
use crate::report::{Coverage, Report, markdown, text};
use crate::rules::{Context, RenderFailure};
use crate::source::{File, Place};
use crate::template::error::Error;
use crate::trace::Origins;
use clap::ValueEnum;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Find the images of a chart that do not resolve through the private mirror, and who decided so
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 clean, 1 findings, 2 the tool could not do its work.")]
pub struct Args {
    /// A chart folder or archive
    chart: PathBuf,
    /// The private registry all images must be pulled from: a host, with a port and a path if need be
    #[arg(long, value_name = "HOST")]
    mirror: String,
    /// The value that charts read the mirror from; set to the mirror unless the values set it
    #[arg(long, value_name = "PATH", default_value = "global.imageRegistry")]
    global_key: String,
    /// The release's name
    #[arg(long, default_value = "release-name")]
    name: String,
    #[command(flatten)]
    release: ReleaseFlags,
    /// How to write the report
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Whether to colour the report
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal, with excerpts of the sources
    Text,
    /// For a comment on a pull request
    Markdown,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Runs the command.
pub fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mirror = Mirror::parse(&args.mirror).map_err(|error| format!("--mirror: {error}"))?;
    let mut prepared = Prepared::new(&args.name, &args.chart, &args.release, streams)?;
    prepared.default_value = Some((args.global_key.clone(), args.mirror.clone()));
    let report = lint(&prepared, &mirror, &args.global_key, streams)?;
    match args.format {
        Format::Text => text::write(&report, use_colour(args.color), streams.out)?,
        Format::Markdown => markdown::write(&report, streams.out)?,
    }
    Ok(if report.findings.is_empty() { Outcome::Clean } else { Outcome::Findings })
}

fn use_colour(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
    }
}

/// Renders a release and judges its images.
///
/// # Errors
/// When what the user gave cannot be used. A chart that does not render is a finding.
fn lint(prepared: &Prepared, mirror: &Mirror, global_key: &str, streams: &mut Streams<'_>) -> Result<Report, String> {
    let mut origins = Origins::new();
    let mut compiler = Compiler::new();
    let rendered = prepared.render(&mut compiler, Some(&mut origins), streams);
    let (manifests, failure) = match rendered {
        Ok((_, _, rendered)) => match manifests(&rendered, prepared.env.helm, &prepared.limits) {
            Ok(manifests) => (manifests, None),
            Err(message) => (Manifests::default(), Some(unreadable(message, &rendered))),
        },
        Err(RenderProblem::Input(message)) => return Err(message),
        Err(RenderProblem::Chart(message)) => (Manifests::default(), Some(RenderFailure { message, place: None })),
        Err(RenderProblem::Template(error)) => {
            let message = helm_text(&error, prepared.env.helm);
            (Manifests::default(), Some(RenderFailure { message, place: place_of(&error, prepared) }))
        }
    };
    log(streams, &manifests.log.iter().map(|line| format!("level=INFO {line}")).collect::<Vec<_>>());
    let all: Vec<&Manifest> = manifests.ordinary.iter().chain(&manifests.hooks).collect();
    let images: Vec<ImageUse<'_>> = all.iter().flat_map(|manifest| extract(manifest)).collect();
    let serves = |image: &&ImageUse<'_>| image.reference.as_ref().is_ok_and(|reference| mirror.serves(reference));
    let coverage =
        Coverage { manifests: all.len(), images: images.len(), mirrored: images.iter().filter(serves).count() };
    let context = Context {
        manifests: &all,
        images: &images,
        mirror,
        global_key,
        origins: &origins,
        failure: failure.as_ref(),
        findings: Vec::new(),
    };
    Ok(Report { findings: context.check_all(), coverage, mirror: mirror.to_string() })
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
    let file = find(&prepared.chart, prepared.chart.name(), name)?;
    let before: usize =
        file.bytes().split_inclusive(|&byte| byte == b'\n').take(line as usize - 1).map(<[u8]>::len).sum();
    let at = (before as u32 + column).min(file.bytes().len() as u32);
    Some(Place { file, start: at, end: at })
}

fn find(chart: &crate::chart::Chart, path: &str, name: &str) -> Option<std::sync::Arc<File>> {
    let own = chart.templates.iter().find(|template| format!("{path}/{}", template.path) == name);
    own.map(|template| template.file.clone()).or_else(|| {
        chart.subcharts.iter().find_map(|child| find(child, &format!("{path}/charts/{}", child.name()), name))
    })
}

/// A failure to read what a template rendered to.
fn unreadable(message: String, rendered: &Rendered) -> RenderFailure {
    let place = rendered.files.iter().find(|file| message.contains(&format!(" on {}:", file.name))).map(|file| Place {
        file: file.source.clone(),
        start: 0,
        end: 0,
    });
    RenderFailure { message, place }
}
