//! `airtight bundle`: writes the lists of what a release can need.

use super::explore::{ExploreFlags, Explored};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::drift::Wanted;
use crate::cli::explore::{outcome, warn};
use crate::cli::output::write_file;
use crate::cli::{Outcome, Problem, Streams};
use crate::disk::{Reach, made};
use crate::error::Error;
use crate::limits::Limits;
use crate::report::{plain_line, write_json};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The list of everything, without schemes.
const ARTIFACTS: &str = "artifacts.txt";
/// The whole truth beside the lists.
const JSON: &str = "bundle.json";
/// The form of `bundle.json`.
const VERSION: u32 = 1;
/// The depth to which it has its own lines.
const LINES: usize = 3;

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
    explore: ExploreFlags,
}

#[derive(Serialize)]
struct Document<'b> {
    version: u32,
    chart: &'b str,
    release: &'b str,
    complete: bool,
    artifacts: Vec<Entry<'b>>,
}

#[derive(Serialize)]
struct Entry<'b> {
    reference: &'b str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'b str>,
    lists: Vec<&'b str>,
    needed_by: Vec<NeedEntry<'b>>,
}

#[derive(Serialize)]
struct NeedEntry<'b> {
    chart: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'b str>,
    settings: &'b [String],
}

/// Runs the command.
pub(super) fn run(flags: &WriteFlags, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let explored = flags.explore.explore(streams)?;
    let folder = &flags.destination;
    let reach = Reach::of_user(Limits::default().file_bytes);
    let text = lists(&explored.wanted, flags.comments);
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
    let path = folder.join(JSON);
    let mut json = Vec::new();
    write_json(&document(&explored), LINES, &mut json)?;
    write_file(&path, &json).map_err(failed(&path))?;
    warn(&explored.closure, streams);
    Ok(outcome(explored.is_complete()))
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
    let _ = writeln!(text, "{scheme}{}{comment}", plain_line(artifact.reference.as_written()));
}

/// What brings an artifact: `metallb.enabled=true`.
fn comment(artifact: &Artifact) -> Option<String> {
    let need = artifact.needed_by.first()?;
    Some(match need.settings.as_slice() {
        [] => "with the values as given".to_owned(),
        settings => plain_line(&settings.join(", ")),
    })
}

fn document(explored: &Explored) -> Document<'_> {
    Document {
        version: VERSION,
        chart: &explored.chart,
        release: &explored.release.name,
        complete: explored.is_complete(),
        artifacts: explored.wanted.iter().map(entry_of).collect(),
    }
}

fn entry_of(one: &Wanted) -> Entry<'_> {
    Entry {
        reference: one.artifact.reference.as_written(),
        kind: one.artifact.kind.name(),
        digest: one.artifact.digest.as_deref(),
        lists: one.lists.iter().map(String::as_str).collect(),
        needed_by: one
            .artifact
            .needed_by
            .iter()
            .map(|need| NeedEntry { chart: &need.chart, template: need.template.as_deref(), settings: &need.settings })
            .collect(),
    }
}
