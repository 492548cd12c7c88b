//! [`Place`]: where a declared dependency is.

use crate::chart::Dependency;
use crate::chart_reference::{ChartReference, RemoteChart};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::fetching::{HelmRepository, is_same_url, repositories_file};
use crate::limits::Limits;
use std::path::{Path, PathBuf};

/// Where a dependency is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In `charts/`: it has no repository.
    Here(PathBuf),
    /// A folder, `file://…`.
    Folder(PathBuf),
    /// In a registry or a repository.
    Remote(RemoteChart),
}

/// Helm's list of repositories: in `given` (`--repository-config`), or where helm has it; empty if there is none.
pub(super) fn helms_list(given: Option<&Path>, reach: &Reach, limits: &Limits) -> Result<Vec<HelmRepository>, Error> {
    let usual = || repositories_file(|name| std::env::var_os(name)).filter(|file| look::is_there(file));
    let Some(file) = given.map(Path::to_path_buf).or_else(usual) else { return Ok(Vec::new()) };
    let text = reach.read(By::User, &file)?;
    HelmRepository::read_all(&text, limits).map_err(|error| error.after(file.display()))
}

/// Replaces the names of repositories, `@stable` and `alias:stable`, by their URLs, and returns the repositories of helm's list that
/// are needed.
///
/// # Errors
/// A name is not in the list, or a repository is no URL. Source: helm `pkg/downloader`, `resolveRepoNames`.
pub(super) fn name_repositories(
    dependencies: &mut [Dependency],
    known: &[HelmRepository],
) -> Result<Vec<HelmRepository>, Error> {
    let mut needed: Vec<HelmRepository> = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for dependency in &mut *dependencies {
        let url = dependency.repository.as_str();
        if url.is_empty() || url.starts_with("file://") || url.starts_with("oci://") {
            continue;
        }
        let alias = url.strip_prefix('@').or_else(|| url.strip_prefix("alias:"));
        let found = known.iter().find(|repository| match alias {
            Some(alias) => repository.name == alias,
            None => is_same_url(&repository.url, url),
        });
        if let Some(found) = found {
            if alias.is_some() {
                dependency.repository = found.url.clone();
            }
            if !needed.contains(found) {
                needed.push(found.clone());
            }
        }
    }
    for dependency in &*dependencies {
        let url = dependency.repository.as_str();
        let is_known = url.is_empty() || url.contains("://") || url.starts_with('/');
        if !is_known {
            missing.push(url);
        }
    }
    if missing.is_empty() {
        return Ok(needed);
    }
    let names = missing.join(", ");
    let is_bare =
        missing.iter().any(|name| !name.contains("//") && !name.starts_with('@') && !name.starts_with("alias:"));
    let bare = if is_bare { "; a repository is a URL such as https://charts.example.com/, or @NAME" } else { "" };
    Err(Error::input(format!(
        "no repository definition for {names}. Please add them via 'helm repo add', or write the URL in Chart.yaml{bare}"
    )))
}

/// Where a dependency of the chart in a folder is.
///
/// # Errors
/// Its repository cannot be used.
pub(super) fn place(dependency: &Dependency, chart: &Path) -> Result<Place, Error> {
    let Dependency { name, version, repository, .. } = dependency;
    if repository.is_empty() {
        return Ok(Place::Here(super::folder::joined(chart, "charts").join(name)));
    }
    if let Some(folder) = repository.strip_prefix("file://") {
        let folder = Path::new(folder);
        // An absolute path takes the place of the chart's.
        return Ok(Place::Folder(if folder.is_absolute() { folder.to_owned() } else { chart.join(folder) }));
    }
    let of_dependency = |error: Error| error.after(format_args!("dependency {name}"));
    let reference = if repository.starts_with("oci://") {
        let url = format!("{}/{name}", repository.trim_end_matches('/'));
        ChartReference::parse(&url, Some(version), None, |_| false)
    } else {
        ChartReference::parse(name, Some(version), Some(repository), |_| false)
    };
    match reference.map_err(of_dependency)? {
        ChartReference::Remote(remote) => Ok(Place::Remote(remote)),
        ChartReference::Local(_) => Err(Error::input(format!("dependency {name}: {repository} is no repository"))),
    }
}
