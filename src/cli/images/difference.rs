//! `airtight images --diff OLD CHART`: what changes for the images from one chart to another.

use super::{Args, Format, inventory};
use crate::analysis::images::Image;
use crate::bundle::artifact::{Artifact, ArtifactKind, Need};
use crate::bundle::comparison::Comparison;
use crate::chart::owner_of;
use crate::cli::explore::{sources, warn_of};
use crate::cli::one_release::One;
use crate::cli::output::terminal_width;
use crate::cli::{Outcome, Problem, Streams};
use crate::closure::lists::{Explored, ListFor, wanted};
use crate::error::Error;
use crate::reference::Reference;
use crate::report::comparison::{Compared, json, text};
use crate::report::plain_line;
use std::path::Path;

/// The images of one of the charts.
struct Side {
    /// The chart, `platform-2.4.0`.
    chart: String,
    images: Vec<Artifact>,
    is_complete: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args, old: &Path, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    if !matches!(args.format, Format::Text | Format::Json) {
        return Err(Error::input("--diff: the formats are text and json").into());
    }
    let old = args.one.prepare_with((old, args.diff_version.as_deref()), &args.render, streams)?;
    let new = args.one.prepare(&args.render, streams)?;
    let old = side(args, old, streams)?;
    let new = side(args, new, streams)?;
    let compared = Compared {
        comparison: Comparison::of(&old.images, &new.images),
        is_complete: old.is_complete && new.is_complete,
        old: old.chart,
        new: new.chart,
    };
    match args.format {
        Format::Json => json::write(&compared, streams.out)?,
        _ => text::write(&compared, terminal_width(), streams.out)?,
    }
    let is_told = args.exit_code && !compared.comparison.changes.is_empty();
    Ok(if is_told || !compared.is_complete { Outcome::Findings } else { Outcome::Clean })
}

fn side(args: &Args, one: One, streams: &mut Streams<'_>) -> Result<Side, Problem> {
    let chart = format!("{}-{}", one.prepared.chart.name(), one.prepared.chart.metadata.version);
    if args.all {
        let closure = args.closure(&one.prepared, &one.settings)?;
        warn_of(&chart, &closure, streams);
        let sources = sources(&one.prepared, &one.settings, (&closure, args.budget()))?;
        for reference in &sources.unknown {
            let text = format!("{chart}: not compared: {reference} names the mirror, and its source is not known");
            writeln!(streams.err, "warning: {}", plain_line(&text))?;
        }
        let (chart_of, lists) = (&one.prepared.chart, ListFor::Dependencies);
        let explored =
            Explored { chart: chart_of, own: None, closure: &closure, sources: &sources, only_given: false, lists };
        let all = wanted(&explored).into_iter().map(|one| one.artifact);
        let images = all.filter(|artifact| artifact.kind == ArtifactKind::Image).collect();
        return Ok(Side { chart, images, is_complete: closure.is_complete() && sources.unknown.is_empty() });
    }
    let (mut inventory, _) = inventory(one, streams)?;
    args.narrow(&mut inventory);
    let mut side = Side { chart, images: Vec::new(), is_complete: true };
    for image in &inventory.images {
        // What is mirrored is the source.
        match Reference::parse(image.source.as_ref().unwrap_or(&image.reference)) {
            Ok(reference) => side.images.push(artifact(image, reference)),
            Err(why) => {
                let text = format!("{}: left out: {:?} is not an image reference: {why}", side.chart, image.reference);
                writeln!(streams.err, "warning: {}", plain_line(&text))?;
                side.is_complete = false;
            }
        }
    }
    Ok(side)
}

/// An image with the templates that print it.
fn artifact(image: &Image, reference: Reference) -> Artifact {
    let mut needed_by: Vec<Need> = image.uses.iter().map(|one| need(&one.template)).collect();
    needed_by.sort();
    needed_by.dedup();
    Artifact { needed_by, ..Artifact::new(ArtifactKind::Image, reference) }
}

fn need(file: &str) -> Need {
    let chart = owner_of(file);
    let template = file.strip_prefix(chart).map(|rest| rest.trim_start_matches('/').to_owned());
    Need { chart: chart.to_owned(), template: template.filter(|rest| !rest.is_empty()), ..Need::default() }
}
