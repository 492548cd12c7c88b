//! Which files are the user's own: a comment in a file from elsewhere accepts nothing.
//!
//! A file is the user's own if it is part of the repository that contains the working folder or airtight.yaml (without a
//! repository: if it is below that folder), with links resolved, and no folder on the way contains foreign files: the
//! `charts/` folder of a chart, a folder for vendored files (`vendor`, `third_party`), or a repository inside the
//! repository, such as a submodule.

use crate::disk::look;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

/// Names of folders that contain vendored files.
const BROUGHT: &[&str] = &["vendor", "vendored", "third_party", "third-party"];

/// Where the user's own files are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    /// The folder of the configuration, if there is one.
    config: Option<PathBuf>,
    /// Below which folders files are the user's own, with links resolved; once they were looked for.
    real: OnceLock<Vec<PathBuf>>,
    /// The same as they are named.
    named: OnceLock<Vec<PathBuf>>,
}

impl Own {
    /// The files around the working folder, and those around a configuration.
    pub(crate) fn with(config: Option<&Path>) -> Self {
        let folder = config.map(|path| path.parent().map(Path::to_path_buf).unwrap_or_default());
        Self { config: folder, ..Self::default() }
    }

    /// The folders around which files may be the user's own.
    fn folders(&self) -> impl Iterator<Item = &Path> {
        [Some(Path::new("")), self.config.as_deref()].into_iter().flatten()
    }

    /// Whether a file or folder of a chart, or manifests, are the user's own.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let real = real(path);
        let is_below = |root: &PathBuf| real.strip_prefix(root).is_ok_and(|inside| is_written_here(root, inside));
        self.real.get_or_init(|| self.folders().map(root).collect()).iter().any(is_below)
    }

    /// Whether a values file is the user's own: a file elsewhere is, if it was named there and no link leads to it.
    pub(crate) fn holds_values(&self, path: &Path) -> bool {
        let named = absolute(path);
        let around = |folder| [root(folder), repository(&absolute(folder))];
        let roots = self.named.get_or_init(|| self.folders().flat_map(around).collect());
        match roots.iter().any(|root| named.starts_with(root)) {
            true => self.holds(path),
            false => real(path).parent().is_none_or(|folder| is_written_here(Path::new("/"), folder)),
        }
    }
}

/// Whether no folder on the way from a root contains foreign files.
fn is_written_here(root: &Path, inside: &Path) -> bool {
    let mut folder = root.to_path_buf();
    for part in inside.components() {
        let Component::Normal(name) = part else { continue };
        let is_of_chart = name == "charts" && look::is_file(&folder.join("Chart.yaml"));
        folder.push(name);
        let is_brought = name.to_str().is_some_and(|name| BROUGHT.contains(&name));
        if is_of_chart || is_brought && look::is_folder(&folder) || look::exists(&folder.join(".git")) {
            return false;
        }
    }
    true
}

/// The real path of the repository that contains a folder, or of the folder itself.
fn root(folder: &Path) -> PathBuf {
    repository(&real(folder))
}

fn repository(folder: &Path) -> PathBuf {
    let around = folder.ancestors().find(|folder| look::exists(&folder.join(".git")));
    around.unwrap_or(folder).to_path_buf()
}

/// A path with links resolved, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let path = absolute(path);
    for there in path.ancestors() {
        if let Ok(real) = look::real(there) {
            let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    path
}

/// An absolute path without `.` and `..`.
fn absolute(path: &Path) -> PathBuf {
    let mut whole = look::working_folder().unwrap_or_default();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "makes files to look at")]

    use super::*;
    use crate::golden::working_folder;
    use std::fs;

    #[test]
    fn what_was_brought_is_told_from_what_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
            fs::write(path, "").expect("a file can be written");
        };
        for path in [
            "repo/.git/HEAD",
            "repo/deploy/airtight.yaml",
            "repo/charts/shop/Chart.yaml",
            "repo/charts/shop/charts/db/values.yaml",
            "repo/charts/shop/values.yaml",
            "repo/vendor/web/values.yaml",
            "repo/sub/.git",
            "repo/sub/values.yaml",
            "other/chart/values.yaml",
            "other/vendor/values.yaml",
        ] {
            make(path);
        }
        let _guard = working_folder(&folder.path().join("repo/deploy"));
        let own = Own::default();
        let chart = |path: &str| own.holds(Path::new(path));
        assert!(chart("../charts/shop") && chart("../charts/shop/values.yaml") && chart("../charts/shop/gone.yaml"));
        for brought in ["../charts/shop/charts/db", "../vendor/web", "../sub", "../../other/chart"] {
            assert!(!chart(brought), "{brought}");
        }
        let other = Own::with(Some(&folder.path().join("other/airtight.yaml")));
        assert!(other.holds(Path::new("../../other/chart")));
        let values = |path: &str| own.holds_values(Path::new(path));
        assert!(values("../../other/chart/values.yaml") && values("airtight.yaml"));
        for brought in ["../vendor/web/values.yaml", "../../other/vendor/values.yaml"] {
            assert!(!values(brought), "{brought}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../../other/chart", folder.path().join("repo/charts/link")).expect("a link");
            assert!(!chart("../charts/link") && !values("../charts/link/values.yaml"));
        }
    }
}
