//! Archives of charts.

use super::templates::folder;
use super::{Parts, limits};
use crate::chart::Chart;
use crate::chart::load::load_stored;
use crate::chart::stored::Stored;
use crate::helm::HelmVersion;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// The bytes of an archive; or, after `tar\n`, bytes that are compressed here; or the files of a chart, packed here.
pub(super) fn check(data: &[u8]) {
    let limits = limits();
    if let Some(tar) = data.strip_prefix(b"tar\n") {
        return is_contained(&gzip(tar));
    }
    if !data.starts_with(b"=== ") {
        return is_contained(data);
    }
    let parts = Parts::of(data);
    let Some(folder) = folder(&parts, &limits) else { return };
    let Some(archive) = packed(&parts) else { return };
    let load = |stored: &Stored| load_stored(stored, Path::new("app.tgz"), None, &limits, HelmVersion::V4);
    is_contained(&archive);
    let (Ok(left), Ok(right)) = (load(&folder), load(&Stored::archive(archive))) else { return };
    assert_eq!(shape(&left.chart), shape(&right.chart), "an archive is another chart than its files");
}

fn is_contained(archive: &[u8]) {
    let limits = limits();
    for helm in [HelmVersion::V4, HelmVersion::V3] {
        let stored = Stored::archive(archive.to_vec());
        let load = || load_stored(&stored, Path::new("app.tgz"), None, &limits, helm);
        let told = |chart: &Chart| shape(chart);
        match (load(), load()) {
            (Ok(left), Ok(right)) => {
                assert_eq!(told(&left.chart), told(&right.chart), "the same archive is another chart");
                paths_stay(&left.chart);
            }
            (Err(left), Err(right)) => assert_eq!(left, right),
            (left, right) => panic!("the same archive loads, and does not: {:?} {:?}", left.err(), right.err()),
        }
    }
}

/// No path leaves the chart.
fn paths_stay(chart: &Chart) {
    let files = chart.templates.iter().chain(&chart.files);
    for file in files {
        let path = file.path.as_str();
        let leaves = path.starts_with('/') || path.split(['/', '\\']).any(|part| part == "..");
        assert!(!leaves, "{path:?} leads out of the chart");
    }
    chart.subcharts.iter().for_each(|inside| paths_stay(inside));
}

/// All of a chart: the names and contents of its files, and of its subcharts.
fn shape(chart: &Chart) -> Vec<(String, Vec<u8>)> {
    let mut shape = Vec::new();
    for file in chart.templates.iter().chain(&chart.files) {
        shape.push((format!("{}:{}", chart.name(), file.path), file.file.bytes().to_vec()));
    }
    for inside in &chart.subcharts {
        shape.extend(self::shape(inside));
    }
    shape.sort();
    shape
}

/// Whether a name is the same path in an archive and in a folder. A name in an archive ends at a zero byte, and helm treats a
/// backslash in it as a slash.
fn is_path(name: &str) -> bool {
    !name.contains(['\0', '\\']) && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn packed(parts: &Parts<'_>) -> Option<Vec<u8>> {
    if !parts.iter().all(|(name, _)| is_path(name)) {
        return None;
    }
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("app/{name}"), content)
    };
    if parts.all("Chart.yaml").next().is_none() {
        add("Chart.yaml", b"{apiVersion: v2, name: app, version: 1.0.0}").ok()?;
    }
    for (name, content) in parts.iter().filter(|(name, _)| !name.starts_with('-')) {
        add(name, content).ok()?;
    }
    Some(gzip(&tar.into_inner().ok()?))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}
