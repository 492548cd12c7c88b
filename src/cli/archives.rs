//! Which line of the repository brings the archive of a chart: findings in the archive have no line of their own there.

use crate::chart::Chart;
use crate::disk::{By, Reach};
use crate::limits::Limits;
use crate::source::{File, Place};
use crate::yaml;
use std::path::Path;
use std::sync::Arc;

/// For each archive, what the names of its files begin with, `shop/charts/db/`, and the line that brings it: that of the release in
/// airtight.yaml, or of the dependency in Chart.lock or Chart.yaml.
pub(super) fn archives(chart: &Chart, release: Option<&Place>, reach: &Reach) -> Vec<(String, Place)> {
    let (mut found, prefix) = (Vec::new(), format!("{}/", chart.name()));
    match (chart.metadata_file.path(), release) {
        (None, Some(release)) => found.push((prefix, release.clone())),
        (None, None) => {}
        (Some(_), _) => below(chart, &prefix, reach, &mut found),
    }
    found
}

/// The same for the archives in `charts/` of a chart that is a folder.
fn below(chart: &Chart, prefix: &str, reach: &Reach, found: &mut Vec<(String, Place)>) {
    for subchart in &chart.subcharts {
        let prefix = format!("{prefix}charts/{}/", subchart.name());
        if subchart.metadata_file.path().is_some() {
            below(subchart, &prefix, reach, found);
        } else if let Some(place) = dependency(chart, subchart.name(), reach) {
            found.push((prefix, place));
        }
    }
}

/// Where a chart that is a folder names a dependency.
fn dependency(chart: &Chart, name: &str, reach: &Reach) -> Option<Place> {
    let path = Path::new(chart.metadata_file.path()?).with_file_name("Chart.lock");
    let lock = reach.read(By::Repository, &path).ok().map(|text| {
        let path = path.to_string_lossy().into_owned();
        File::on_disk(path.clone(), Some(path), text)
    });
    let named = |file: &Arc<File>| {
        let node = yaml::read(file.bytes(), &Limits::default()).ok()?;
        let all = node.member("dependencies")?.items();
        let own = all.iter().find(|dependency| dependency.text_of("name") == name)?.member("name")?;
        Some(Place { file: file.clone(), start: own.start, end: own.end })
    };
    lock.as_ref().and_then(named).or_else(|| named(&chart.metadata_file))
}
