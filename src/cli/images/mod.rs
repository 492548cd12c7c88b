//! `airtight images`: each image of a chart, where it is used, and who decided it.

mod difference;

use super::explore::{explore, outcome, warn};
use super::output::{terminal_width, write_file};
use super::release::{hide_secrets, without_secrets};
use super::settings::NO_MIRROR;
use super::{Outcome, Problem, Streams, manifests};
use crate::analysis::images::{images, unjudged, unjudged_manifests};
use crate::analysis::manifests::analyse_manifests;
use crate::analysis::{Cause, RenderFailure, analyse, not_done, render};
use crate::cli::one_release::{One, OneFlags, RenderFlags};
use crate::closure::shared::Searches;
use crate::closure::{Budget, Closure, Request};
use crate::compiler::Compiler;
use crate::error::{Error, ErrorKind};
use crate::images::Tier;
use crate::lint::name;
use crate::reference::Reference;
use crate::release::ReleaseInputs;
use crate::report::closure;
use crate::report::inventory::{Inventory, csv, is_of, json, list, table};
use crate::report::{ReleaseName, hide_in_gated, hide_in_images};
use crate::secrets::Secrets;
use crate::settings::Settings;
use clap::ValueEnum;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// List the images of a chart: where each is used, who decided it, and what must be mirrored
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight images charts/shop --mirror mirror.internal\n  \
                        airtight images --release shop/prod --source --format list\n  \
                        helm template shop charts/shop | airtight images -\n  \
                        airtight images --all --diff oci://ghcr.io/acme/charts/shop:1.4.0 charts/shop\n\n\
                        Exit status: 0 success, 1 nothing was rendered, or a list is incomplete (stderr says what is missing), 2 the chart \
                        does not render, or the tool could not do its work.")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneFlags,
    /// List the images of manifests rendered elsewhere or read from a cluster instead: a file, a folder, or - for stdin, as
    /// `airtight lint --manifests` reads them; - in place of CHART is the same as --manifests -
    #[arg(long, value_name = "PATH", conflicts_with_all = ["chart", "of_config"])]
    manifests: Vec<PathBuf>,
    /// Print what must be mirrored: the source reference, and its destination on the mirror
    #[arg(long, conflicts_with = "wide")]
    source: bool,
    /// List every image that the chart can print, over all of its switches, each with the smallest settings under which it appears
    #[arg(long, conflicts_with_all = ["source", "wide", "tier"])]
    all: bool,
    /// With --all, write how the list was found to a file, as JSON: files, switches, renders, what was never printed
    #[arg(long, value_name = "FILE", requires = "all")]
    certificate: Option<PathBuf>,
    /// With --all, the most executions of one template; beyond, only small combinations of its switches are tried
    #[arg(long, value_name = "N", default_value_t = Budget::default().runs)]
    budget: u32,
    /// Print what changes for the images from this chart to CHART, with the same values: new ones, other tags and digests, and those that
    /// are gone; with --all over all switches
    #[arg(long, value_name = "OLD", conflicts_with_all = ["source", "wide", "certificate"])]
    diff: Option<PathBuf>,
    /// The version of the chart of --diff, if it is fetched (default: that of --version)
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true, requires = "diff")]
    diff_version: Option<String>,
    /// With --diff, exit with status 1 if there are changes
    #[arg(long, requires = "diff")]
    exit_code: bool,
    /// Only images found with at least this certainty
    #[arg(long, value_enum, value_name = "TIER", default_value = "possible")]
    tier: TierFlag,
    /// Only images of this registry; references without a registry are docker.io (can be given several times)
    #[arg(long, value_name = "HOST")]
    registry: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// With --format text: a row for each use, with its field and who decided each part
    #[arg(short, long)]
    wide: bool,
    #[command(flatten)]
    render: RenderFlags,
}

/// The tiers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TierFlag {
    /// The Kubernetes schema says that it is an image
    Certain,
    /// A reference in a field or argument whose name says image
    Likely,
    /// Text that looks like a reference
    Possible,
}

/// The formats of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// With --all, the images that each switch brings
    Tree,
    /// For programs (docs/images.schema.json)
    Json,
    /// For a spreadsheet, a row for each use
    Csv,
    /// One reference a line, for scripts; with --source a source and its destination
    List,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    if let Some(old) = &args.diff {
        return difference::run(args, old, streams);
    }
    let (mut inventory, is_empty) = match args.manifests() {
        Some(paths) => args.of_manifests(&paths, streams)?,
        None => {
            let one = args.one.prepare(&args.render, streams)?;
            args.check_source(one.has_mirror)?;
            if args.all || args.format == Format::Tree {
                return all(args, &one.prepared, &one.settings, one.environment, streams);
            }
            inventory(one, streams)?
        }
    };
    let registries: BTreeSet<String> = inventory.images.iter().map(|image| image.registry.clone()).collect();
    args.narrow(&mut inventory);
    let out = &mut *streams.out;
    let left_out = match (args.format, args.source) {
        (Format::Text, false) => table::write(&inventory, args.wide, terminal_width(), out).map(|()| 0)?,
        (Format::Text, true) => table::write_sources(&inventory, out)?,
        (Format::Json, _) => json::write(&inventory, out).map(|()| 0)?,
        (Format::Csv, false) => csv::write(&inventory, out).map(|()| 0)?,
        (Format::Csv, true) => csv::write_sources(&inventory, out)?,
        (Format::List, false) => list::write(&inventory, out)?,
        (Format::List, true) => list::write_sources(&inventory, out)?,
        (Format::Tree, _) => 0,
    };
    if args.format == Format::List && !args.source {
        // The list may contain nothing but references.
        for (reference, caution) in inventory.cautions() {
            let _ = writeln!(streams.err, "warning: {reference}: {caution}");
        }
    }
    let all: Vec<&str> = registries.iter().map(String::as_str).filter(|one| !one.is_empty()).collect();
    if !args.registry.is_empty() && inventory.images.is_empty() && !all.is_empty() {
        let (asked, all) = (args.registry.join(", "), all.join(", "));
        let _ = writeln!(streams.err, "warning: no image is from {}; the registries are {}", asked, all);
    }
    if is_empty {
        // Mirroring an empty list mirrors nothing.
        let what = match args.manifests() {
            Some(_) => "there are no manifests",
            None => "the chart renders no manifests; is something disabled?",
        };
        let _ = writeln!(streams.err, "warning: {what}");
        return Ok(Outcome::Findings);
    }
    if left_out == 0 {
        return Ok(Outcome::Clean);
    }
    let warning = match (args.source, left_out) {
        (true, 1) => "the source of 1 image is not known".to_owned(),
        (true, _) => format!("the sources of {left_out} images are not known"),
        (false, _) => {
            format!("{left_out} left out that are not image references or contain variables; --format json lists all")
        }
    };
    let _ = writeln!(streams.err, "warning: {warning}");
    Ok(Outcome::Findings)
}

/// The images of a release as it is given, and whether it renders nothing.
fn inventory(one: One, streams: &mut Streams<'_>) -> Result<(Inventory, bool), Problem> {
    let One { prepared, environment, settings, has_mirror, .. } = one;
    let (mut compiler, mut lines) = (Compiler::new(), Vec::new());
    let found = if has_mirror {
        analyse(&prepared, &settings, &mut compiler, &mut lines).map(|analysis| {
            let images = images(&analysis, &settings);
            (images, analysis.gated, analysis.manifests.is_empty(), analysis.failure)
        })
    } else {
        render(&prepared, &[], &mut compiler, &mut lines).and_then(|traced| {
            let images = unjudged(&traced, &settings, &prepared.limits)?;
            let is_empty = traced.manifests.iter().all(|manifest| manifest.is_blank()) && traced.crds.is_empty();
            Ok((images, Vec::new(), is_empty, traced.failure))
        })
    };
    hide_secrets(&prepared, &mut lines);
    streams.log(&lines);
    let (mut images, mut gated, is_empty, failure) = found.map_err(|error| without_secrets(&prepared, error))?;
    if let Some(failure) = failure {
        return Err(failed(&failure, &prepared));
    }
    let secrets = Secrets::of_release(&prepared);
    hide_in_images(&mut images, &secrets);
    hide_in_gated(&mut gated, &secrets);
    let inventory = Inventory {
        release: ReleaseName { environment, ..name(&prepared) },
        mirror: has_mirror.then(|| settings.mirror.to_string()),
        images,
        gated,
    };
    Ok((inventory, is_empty))
}

impl Args {
    #[cfg(all(test, feature = "registry"))]
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        self.render.set_patience(patience);
    }

    fn budget(&self) -> Budget {
        Budget { runs: self.budget, ..Budget::default() }
    }

    /// The manifests to list, if it is not a chart.
    fn manifests(&self) -> Option<Vec<PathBuf>> {
        match &self.one.chart {
            Some(chart) if chart.as_os_str() == "-" => Some(vec![chart.clone()]),
            _ => (!self.manifests.is_empty()).then(|| self.manifests.clone()),
        }
    }

    fn check_source(&self, has_mirror: bool) -> Result<(), Error> {
        match self.source && !has_mirror {
            true => Err(Error::input(format!("--source: {NO_MIRROR}"))),
            false => Ok(()),
        }
    }

    /// The images of manifests without a chart, and whether there are no manifests.
    ///
    /// # Errors
    /// Something cannot be read: a partial list would be taken for a complete one.
    fn of_manifests(&self, paths: &[PathBuf], streams: &mut Streams<'_>) -> Result<(Inventory, bool), Error> {
        if self.all || self.format == Format::Tree {
            return Err(Error::input("--all: manifests have no switches; name the chart that they were rendered from"));
        }
        let (settings, has_mirror, limits, reach) = self.render.without_chart()?;
        self.check_source(has_mirror)?;
        let analysis = analyse_manifests(&manifests::read(paths, &reach, streams)?, &settings, &limits);
        let not_done = not_done(&analysis.work);
        if let Some(failure) = analysis.unreadable.first().or(not_done.as_ref()) {
            let place = failure.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            return Err(Error::input(format!("{place}{}", failure.message)));
        }
        let mut images = if has_mirror { images(&analysis, &settings) } else { unjudged_manifests(&analysis) };
        hide_in_images(&mut images, &Secrets::of(&analysis.origins));
        let mirror = has_mirror.then(|| settings.mirror.to_string());
        let is_empty = analysis.manifests.is_empty();
        Ok((Inventory { release: ReleaseName::default(), mirror, images, gated: Vec::new() }, is_empty))
    }

    /// What the release can print over all of its switches, of the registries that the flags ask for.
    fn closure(&self, prepared: &ReleaseInputs, settings: &Settings) -> Result<Closure, Error> {
        let unreached = self.certificate.is_some() || self.format == Format::Json;
        let mut closure =
            explore(prepared, settings, Request { budget: self.budget(), unreached }, &mut Searches::default())?;
        let is_wanted = is_of(&self.registry);
        closure.images.retain(|image| {
            self.registry.is_empty()
                || Reference::parse(&image.reference).is_ok_and(|reference| is_wanted(&reference.registry))
        });
        Ok(closure)
    }

    /// Keeps the images that the flags ask for.
    fn narrow(&self, inventory: &mut Inventory) {
        let tier = match self.tier {
            TierFlag::Certain => Tier::Certain,
            TierFlag::Likely => Tier::Likely,
            TierFlag::Possible => Tier::Possible,
        };
        inventory.narrow(tier, &self.registry);
    }
}

/// Lists what the chart can print over all of its switches.
fn all(
    args: &Args,
    prepared: &ReleaseInputs,
    settings: &Settings,
    environment: Option<String>,
    streams: &mut Streams<'_>,
) -> Result<Outcome, Problem> {
    if args.format == Format::Csv {
        return Err(Error::input("--all: --format csv is not supported; use json").into());
    }
    let closure = args.closure(prepared, settings)?;
    let release = ReleaseName { environment, ..name(prepared) };
    if let Some(path) = &args.certificate {
        let mut text = Vec::new();
        closure::json::write(&release, &closure, &mut text)?;
        let written = write_file(path, &text);
        written.map_err(|error| Error::file(format!("{}: {error}", path.display())))?;
    }
    let out = &mut *streams.out;
    match args.format {
        Format::Text => closure::text::write(&closure, terminal_width(), out)?,
        Format::Tree => closure::tree::write(&closure, out)?,
        Format::List => closure::write_list(&closure, out)?,
        Format::Json | Format::Csv => closure::json::write(&release, &closure, out)?,
    }
    if args.format != Format::Json {
        warn(&closure, streams);
    }
    Ok(outcome(closure.is_complete()))
}

/// A chart that does not render has no list: a partial list would be taken for a complete one.
pub(super) fn failed(failure: &RenderFailure, prepared: &ReleaseInputs) -> Problem {
    Problem::Error(told(failure, prepared))
}

/// Why a chart does not render, and where.
pub(super) fn told(failure: &RenderFailure, prepared: &ReleaseInputs) -> Error {
    let at = failure.place.as_ref().map(|place| format!("\n  at {place}")).unwrap_or_default();
    let what = match failure.cause {
        Cause::Unfinished => "the analysis is incomplete",
        _ => "the chart does not render",
    };
    let way = match failure.cause {
        Cause::Schema => "\n  --skip-schema-validation renders it in spite of its schema",
        _ => "",
    };
    let error = without_secrets(prepared, Error::new(ErrorKind::Template, failure.message.trim_end()));
    error.reworded(|message| format!("{what}: {message}{at}{way}"))
}
