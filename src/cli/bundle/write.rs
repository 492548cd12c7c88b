//! `airtight bundle`: writes the lists of what releases can need.

use super::explore::{ExploreFlags, Needed};
use crate::bundle::artifact::{Artifact, ArtifactKind, Need};
use crate::bundle::forms::record::{LINES, NAME, Record, RecordedOperator};
use crate::bundle::wanted::Wanted;
use crate::bundle::{ARTIFACTS, is_list};
use crate::cli::explore::outcome;
use crate::cli::output::write_file;
use crate::cli::{Outcome, Problem, Streams};
use crate::closure::lists::IMAGES;
use crate::disk::{By, Reach, made};
use crate::error::Error;
use crate::limits::Limits;
use crate::report::{plain_line, write_json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How the lists are written.
#[derive(Debug, clap::Args)]
pub(super) struct WriteFlags {
    /// The folder for the lists; it is made if it does not exist
    #[arg(short = 'd', long, value_name = "FOLDER", default_value = "bundle")]
    destination: PathBuf,
    /// After each image, the settings that bring it, as a comment
    #[arg(long)]
    comments: bool,
    #[command(flatten)]
    pub(super) explore: ExploreFlags,
}

/// Runs the command.
pub(super) fn run(flags: &WriteFlags, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let needed = flags.explore.explore(streams)?;
    let folder = &flags.destination;
    let reach = Reach::of_user(Limits::default().file_bytes);
    let mut text = lists(&needed.wanted, flags.comments);
    add_operators(&needed, &mut text);
    for name in text.keys() {
        reach.check_output(&folder.join(name)).map_err(|error| error.after("--destination"))?;
    }
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| Error::file(format!("cannot write {path}: {error}"))
    };
    made::folder(folder).map_err(failed(folder))?;
    for (name, text) in &text {
        let path = folder.join(name);
        write_file(&path, text.as_bytes()).map_err(failed(&path))?;
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        writeln!(streams.out, "{}: {lines} {}", path.display(), if lines == 1 { "line" } else { "lines" })?;
    }
    let path = folder.join(NAME);
    let mut json = Vec::new();
    write_json(&record(&needed), LINES, &mut json)?;
    write_file(&path, &json).map_err(failed(&path))?;
    for name in reach.folder(By::User, folder, "the folder")?.names()? {
        if is_list(&name) && !text.contains_key(&name) {
            let told = format!("{}: nothing belongs into it any more: remove it", folder.join(&name).display());
            writeln!(streams.err, "warning: {}", plain_line(&told))?;
        }
    }
    Ok(outcome(needed.is_complete))
}

/// The lists by name.
fn lists(wanted: &[Wanted], comments: bool) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for one in wanted {
        let is_image = one.artifact.kind == ArtifactKind::Image;
        let comment = comment(&one.artifact).filter(|_| comments && is_image);
        for list in &one.lists {
            let scheme = if one.artifact.kind == ArtifactKind::Chart { "oci://" } else { "" };
            add(found.entry(list.clone()).or_default(), scheme, &one.artifact, comment.as_deref());
        }
        add(found.entry(ARTIFACTS.to_owned()).or_default(), "", &one.artifact, comment.as_deref());
    }
    found
}

fn add(text: &mut String, scheme: &str, artifact: &Artifact, comment: Option<&str>) {
    let comment = comment.map(|comment| format!("  # {comment}")).unwrap_or_default();
    let _ = writeln!(text, "{scheme}{}{comment}", plain_line(&artifact.line()));
}

/// What brings an artifact: `metallb.enabled=true`; if there are several releases, for each of them:
/// `shop/dev: with the values as given; shop/prod: metrics.enabled=true`.
fn comment(artifact: &Artifact) -> Option<String> {
    let mut smallest: BTreeMap<Option<&str>, &Need> = BTreeMap::new();
    for need in &artifact.needed_by {
        let known = smallest.entry(need.release.as_deref()).or_insert(need);
        if (need.settings.len(), &need.settings) < (known.settings.len(), &known.settings) {
            *known = need;
        }
    }
    let told = |(release, need): (Option<&str>, &Need)| {
        let settings = match need.settings.as_slice() {
            [] => "with the values as given".to_owned(),
            settings => settings.join(", "),
        };
        match release {
            Some(release) => format!("{release}: {settings}"),
            None => settings,
        }
    };
    let told: Vec<String> = smallest.into_iter().map(told).collect();
    (!told.is_empty()).then(|| plain_line(&told.join("; ")))
}

/// Adds what operators pull by themselves to the list of all images, as comments: no manifest shows the tags.
fn add_operators(needed: &Needed, lists: &mut BTreeMap<String, String>) {
    for RecordedOperator { image, operator, release, settings } in &needed.operators {
        let release = release.as_ref().map(|release| format!("{release}: ")).unwrap_or_default();
        let with = if settings.is_empty() { "the values as given".to_owned() } else { settings.join(", ") };
        let text = format!("{release}{operator} pulls {image} with {with}; no manifest shows its tag");
        let _ = writeln!(lists.entry(IMAGES.to_owned()).or_default(), "# {}", plain_line(&text));
    }
}

fn record(needed: &Needed) -> Record {
    let mut record = Record::of(&needed.wanted);
    record.complete = needed.is_complete;
    record.releases.clone_from(&needed.releases);
    record.unknown_sources = needed.unknown_sources.iter().cloned().collect();
    record.operators = needed.operators.iter().cloned().collect();
    record
}
