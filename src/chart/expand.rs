//! [`expand`]: the files of an archive, to be written to a folder.

use super::budget::Budget;
use super::decode::{Fields, Target, decode_onto};
use super::load::read_archive;
use crate::error::Error;
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::path::{Component, Path};

/// The files of an archive.
#[derive(Debug)]
pub(crate) struct Expanded {
    /// The name of the chart, which its folder gets.
    pub name: String,
    /// The paths in the chart, and their contents. Each path is relative and stays in the folder; of equal ones the last counts.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The only field of Chart.yaml that is needed.
#[derive(Debug, Default)]
struct Named {
    name: String,
}

impl Fields for Named {
    const GO_TYPE: &'static str = "v2.Metadata";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        vec![("name", &mut self.name)]
    }
}

/// Unpacks an archive in memory. `shown` is its name for messages. Source: helm `pkg/chart/v2/util`, `Expand`.
///
/// # Errors
/// It is no archive of a chart, exceeds a limit, or has a name or a path that would leave its folder.
pub(crate) fn expand(archive: &[u8], shown: &Path, limits: &Limits) -> Result<Expanded, Error> {
    let mut budget = Budget::new(limits, HelmVersion::V4);
    let files = read_archive(archive, shown, &mut budget, &mut Vec::new())?;
    let mut named = Named::default();
    for file in files.iter().filter(|file| file.path == "Chart.yaml") {
        named = Named::default();
        decode_onto(&mut named, &file.content, limits).map_err(|error| error.after("cannot load Chart.yaml"))?;
    }
    let name = named.name;
    let quoted = go_quote(name.as_bytes());
    if name.is_empty() {
        return Err(Error::chart("chart name not specified"));
    }
    if matches!(name.as_str(), "." | "..") {
        return Err(Error::chart(format!("chart name {quoted} is not allowed")));
    }
    if name.contains(['/', '\\', '\0']) {
        return Err(Error::chart(format!("chart name {quoted} must not contain path separators")));
    }
    for file in &files {
        let stays = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        if file.path.is_empty() || file.path.contains('\0') || !stays(Path::new(&file.path)) {
            let path = go_quote(file.path.as_bytes());
            return Err(Error::chart(format!("chart illegally contains content outside the base directory: {path}")));
        }
    }
    let files = files.into_iter().map(|file| (file.path, file.content)).collect();
    Ok(Expanded { name, files })
}
