//! [`package`]: a chart in a folder becomes an archive, as `helm package` makes it.

use super::lock::{lock_text, tree};
use super::tree::{Fields, Tree};
use crate::chart::metadata::Maintainer;
use crate::chart::{Chart, Metadata};
use crate::error::Error;
use flate2::{Compression, GzBuilder};
use std::io::{self, Write as _};

/// The time of all files, in seconds of Unix: the first moment of 2000. The same chart makes the same archive.
const TIME: u64 = 946_684_800;

/// The archive of a chart, and the name of its file.
///
/// The files are those that helm writes, with helm's Chart.yaml. Source: helm `pkg/chart/v2/util`, `Save`.
///
/// # Errors
/// Its schema is not JSON, or a path is too long.
pub(crate) fn package(chart: &Chart) -> Result<(String, Vec<u8>), Error> {
    let mut files = Vec::new();
    collect(chart, "", &mut files)?;
    let file_name = format!("{}-{}.tgz", chart.name(), chart.metadata.version);
    let archive = archive(&files).map_err(|error| Error::file(format!("cannot make {file_name}: {error}")))?;
    Ok((file_name, archive))
}

/// The files of a chart and its subcharts, with their paths in the archive.
fn collect(chart: &Chart, above: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), Error> {
    let base = format!("{above}{}", chart.name());
    let metadata = &chart.metadata;
    let is_first = metadata.api_version == "v1";
    files.push((format!("{base}/Chart.yaml"), metadata_tree(metadata, !is_first).yaml()));
    if let Some(lock) = chart.lock.as_ref().filter(|_| metadata.api_version == "v2") {
        files.push((format!("{base}/Chart.lock"), lock_text(lock)));
    }
    if let Some(values) = &chart.values {
        files.push((format!("{base}/values.yaml"), values.file.bytes().to_vec()));
    }
    if let Some(schema) = &chart.schema {
        if serde_json::from_slice::<serde::de::IgnoredAny>(schema.bytes()).is_err() {
            return Err(Error::chart("invalid JSON in values.schema.json"));
        }
        files.push((format!("{base}/values.schema.json"), schema.bytes().to_vec()));
    }
    for file in chart.templates.iter().chain(&chart.files) {
        files.push((format!("{base}/{}", file.path), file.file.bytes().to_vec()));
    }
    chart.subcharts.iter().try_for_each(|subchart| collect(subchart, &format!("{base}/charts/"), files))
}

/// Chart.yaml as helm writes it.
fn metadata_tree(metadata: &Metadata, with_dependencies: bool) -> Tree {
    let text = |text: &String| Tree::Text(text.clone());
    let maintainer = |maintainer: &Maintainer| {
        let fields = Fields::default().text("name", &maintainer.name).text("email", &maintainer.email);
        fields.text("url", &maintainer.url).tree()
    };
    let mut fields = Fields::default()
        .text("name", &metadata.name)
        .text("home", &metadata.home)
        .list("sources", metadata.sources.as_deref(), text)
        .text("version", &metadata.version)
        .text("description", &metadata.description)
        .list("keywords", metadata.keywords.as_deref(), text)
        .list("maintainers", metadata.maintainers.as_deref(), maintainer)
        .text("icon", &metadata.icon)
        .text("apiVersion", &metadata.api_version)
        .text("condition", &metadata.condition)
        .text("tags", &metadata.tags)
        .text("appVersion", &metadata.app_version)
        .truth("deprecated", metadata.deprecated)
        .text("kubeVersion", &metadata.kube_version)
        .text("type", &metadata.chart_type);
    if let Some(annotations) = metadata.annotations.as_ref().filter(|annotations| !annotations.is_empty()) {
        let entries = annotations.iter().map(|(key, value)| (key.clone(), text(value)));
        fields = fields.always("annotations", Tree::Map(entries.collect()));
    }
    let dependencies = metadata.dependencies.as_deref().filter(|_| with_dependencies);
    fields.list("dependencies", dependencies, tree).tree()
}

fn archive(files: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let packed = GzBuilder::new().comment("Helm").write(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(packed);
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(TIME);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    let mut packed = archive.into_inner()?;
    packed.flush()?;
    packed.finish()
}
