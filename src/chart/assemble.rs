//! Makes a chart with its subcharts from a list of files.

use super::budget::Budget;
use super::decode::{decode_onto, of_yaml};
use super::metadata::{Draft, DraftLock, Lock};
use super::raw::RawFile;
use super::unpack::Fault;
use super::{Chart, ChartFile, ValuesFile, archive};
use crate::error::Error;
use crate::limits::Limits;
use crate::source::File;
use crate::{log, yaml};
use std::collections::HashMap;
use std::sync::Arc;

/// The context for assembling besides the files.
#[derive(Debug)]
pub(super) struct Assembler<'a, 'l> {
    pub(super) budget: &'a mut Budget<'l>,
    pub(super) warnings: &'a mut Vec<String>,
    /// The number of parent charts.
    pub(super) depth: u32,
}

/// The parts of a chart before it has a name.
#[derive(Default)]
struct Parts {
    draft: Option<Draft>,
    chart_yaml: Vec<u8>,
    lock: Option<Lock>,
    values: Option<(Vec<u8>, Vec<yaml::Node>)>,
    schema: Option<Vec<u8>>,
    templates: Vec<RawFile>,
    files: Vec<RawFile>,
    /// Files below `charts/` by their first element, without `charts/`.
    groups: Vec<(String, Vec<RawFile>)>,
}

impl Assembler<'_, '_> {
    /// Makes a chart; `parent` is the path of the parent chart in file names, with a trailing `/`, or empty; `folder` is the
    /// location of its files, if they are on the disk.
    ///
    /// Errors are helm's texts. Source: helm `pkg/chart/v2/loader`, `LoadFiles`.
    pub(super) fn chart(&mut self, files: Vec<RawFile>, parent: &str, folder: Option<&str>) -> Result<Chart, Error> {
        if self.depth > self.budget.limits.chart_depth {
            let limit = self.budget.limits.chart_depth;
            return Err(Error::limit(format!("charts are nested more than {limit} levels deep (--limit chart-depth)")));
        }
        if let Some(file) = files.iter().find(|file| u32::try_from(file.content.len()).is_err()) {
            return Err(Error::chart(format!("{} has 4 GiB or more", file.path)));
        }
        let parts = self.sort(files).map_err(|error| match error.location().map(|location| location.file.clone()) {
            Some(file) => {
                error.in_file(&folder.map_or_else(|| format!("{parent}{file}"), |folder| inside(folder, &file)))
            }
            None => error,
        })?;
        let draft = parts.draft.ok_or_else(|| Error::chart("Chart.yaml file is missing"))?;
        let metadata = draft.validate()?;
        let base = format!("{parent}{}", metadata.name);
        let file = |path: &str, content: Vec<u8>| {
            File::on_disk(format!("{base}/{path}"), folder.map(|folder| inside(folder, path)), content)
        };
        let make = |raw: RawFile| ChartFile { file: file(&raw.path, raw.content), path: raw.path };
        let mut chart = Chart {
            metadata_file: file("Chart.yaml", parts.chart_yaml),
            values: parts.values.map(|(content, documents)| ValuesFile {
                file: file("values.yaml", content),
                documents: documents.into(),
            }),
            schema: parts.schema.map(|content| file("values.schema.json", content)),
            templates: without_duplicates(parts.templates, |_| false).into_iter().map(make).collect(),
            // Helm quirk: a duplicate CRD is printed twice.
            files: without_duplicates(parts.files, |path| path.starts_with("crds/")).into_iter().map(make).collect(),
            subcharts: Vec::new(),
            lock: parts.lock,
            metadata,
        };
        let parent = format!("{base}/charts/");
        for (group, files) in parts.groups {
            if group.starts_with(['_', '.']) {
                continue;
            }
            let folder = folder.map(|folder| inside(folder, &format!("charts/{group}")));
            let subchart = self.subchart(&group, files, chart.name(), &parent, folder.as_deref())?;
            chart.subcharts.push(Arc::new(subchart));
        }
        Ok(chart)
    }

    fn subchart(
        &mut self,
        group: &str,
        files: Vec<RawFile>,
        chart: &str,
        parent: &str,
        folder: Option<&str>,
    ) -> Result<Chart, Error> {
        self.depth += 1;
        let made = if group.ends_with(".tgz") {
            match files.into_iter().next() {
                Some(file) if file.path == group => {
                    let shown = format!("{parent}{group}");
                    archive::read(file.content.as_slice(), &shown, self.budget, self.warnings)
                        .map_err(Fault::into_error)
                        .and_then(|files| self.chart(files, parent, None))
                }
                file => {
                    let found = file.map(|file| file.path).unwrap_or_default();
                    return Err(Error::chart(format!(
                        "error unpacking subchart tar in {chart}: expected {group}, got {found}"
                    )));
                }
            }
        } else {
            let below = |file: RawFile| {
                let (_, path) = file.path.split_once('/')?;
                Some(RawFile { path: path.to_owned(), content: file.content })
            };
            self.chart(files.into_iter().filter_map(below).collect(), parent, folder)
        };
        self.depth -= 1;
        made.map_err(|error| error.after(format_args!("error unpacking subchart {group} in {chart}")))
    }

    /// Sorts the files by role and parses those with a special meaning.
    fn sort(&mut self, files: Vec<RawFile>) -> Result<Parts, Error> {
        let (limits, helm) = (self.budget.limits, self.budget.helm);
        let cannot =
            |file: &'static str| move |error: Error| error.after(format_args!("cannot load {file}")).in_file(file);
        let mut parts = Parts::default();
        for file in files.iter().filter(|file| file.path == "Chart.yaml") {
            // Helm quirk: a second Chart.yaml of an archive is decoded on top of the first.
            let draft = parts.draft.get_or_insert_default();
            decode_onto(draft, &file.content, limits).map_err(cannot("Chart.yaml"))?;
            if draft.plain.api_version.is_empty() {
                draft.plain.api_version = "v1".to_owned();
            }
        }
        let mut groups: HashMap<String, usize> = HashMap::new();
        for file in files {
            match file.path.as_str() {
                "Chart.yaml" => parts.chart_yaml = file.content,
                "Chart.lock" => parts.lock = lock(&file, limits).map_err(cannot("Chart.lock"))?,
                "values.yaml" => {
                    let documents = yaml::read_documents(&file.content, helm, limits);
                    let documents =
                        documents.map_err(|error| of_yaml(error, &file.content)).map_err(cannot("values.yaml"))?;
                    parts.values = Some((file.content, documents));
                }
                "values.schema.json" => parts.schema = Some(file.content),
                "requirements.yaml" => {
                    let draft = parts.draft.get_or_insert_default();
                    if draft.plain.api_version != "v1" {
                        self.warn_moved(
                            "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". \
                             We recommend migrating dependencies to Chart.yaml.",
                        );
                    }
                    // Helm quirk: any field of Chart.yaml can be overwritten here.
                    decode_onto(draft, &file.content, limits).map_err(cannot("requirements.yaml"))?;
                    if draft.plain.api_version == "v1" {
                        parts.files.push(file);
                    }
                }
                "requirements.lock" => {
                    parts.lock = lock(&file, limits).map_err(cannot("requirements.lock"))?;
                    let draft = parts.draft.get_or_insert_default();
                    if draft.plain.api_version == "v1" {
                        parts.files.push(file);
                    } else {
                        self.warn_moved(
                            "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". \
                             We recommend migrating to Chart.lock.",
                        );
                    }
                }
                path if path.starts_with("templates/") => parts.templates.push(file),
                path => match path.strip_prefix("charts/") {
                    Some(below) if !is_provenance(below) => {
                        let group = below.split('/').next().unwrap_or(below);
                        let index = *groups.entry(group.to_owned()).or_insert_with(|| {
                            parts.groups.push((group.to_owned(), Vec::new()));
                            parts.groups.len() - 1
                        });
                        let below = RawFile { path: below.to_owned(), content: file.content };
                        parts.groups[index].1.push(below);
                    }
                    _ => parts.files.push(file),
                },
            }
        }
        Ok(parts)
    }

    fn warn_moved(&mut self, message: &str) {
        self.warnings.push(log::line("INFO", message, &[]));
    }
}

/// The lock in a file; `None` if it is empty.
fn lock(file: &RawFile, limits: &Limits) -> Result<Option<Lock>, Error> {
    let mut lock = DraftLock::default();
    decode_onto(&mut lock, &file.content, limits)?;
    let is_empty = yaml::read(&file.content, limits).is_ok_and(|tree| tree.data == yaml::Data::Null);
    Ok((!is_empty).then(|| lock.finish()))
}

/// A path below a folder; the working folder is `.` or empty.
fn inside(folder: &str, path: &str) -> String {
    match folder {
        "" | "." => path.to_owned(),
        folder => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}

/// Whether a path ends in `.prov`, the signature of a packed chart.
fn is_provenance(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.ends_with(".prov"))
}

/// Of files with the same path, keeps the last one at its position; except for those to keep.
fn without_duplicates(files: Vec<RawFile>, keep: impl Fn(&str) -> bool) -> Vec<RawFile> {
    let last: HashMap<String, usize> = files.iter().enumerate().map(|(at, file)| (file.path.clone(), at)).collect();
    let counts = |(at, file): &(usize, RawFile)| keep(&file.path) || last.get(&file.path) == Some(at);
    files.into_iter().enumerate().filter(counts).map(|(_, file)| file).collect()
}
