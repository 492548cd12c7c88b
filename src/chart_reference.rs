//! [`ChartReference`]: what a command and airtight.yaml call a chart: a path, or a chart in a registry or a repository.

use crate::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A chart, as the user or airtight.yaml names it. Helm calls this a chart reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ChartReference {
    /// A folder or an archive on the disk.
    Local(PathBuf),
    /// A chart that must be fetched first.
    Remote(RemoteChart),
}

/// A chart that is fetched over the network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RemoteChart {
    /// Its location.
    pub location: Location,
    /// A version or a constraint on versions, as written: `1.2.3`, `^1.2`; the newest version if there is none.
    pub version: Option<String>,
}

/// The location of a chart that is fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Location {
    /// In an OCI registry, as written: `oci://mirror.internal/charts/shop`, with a tag or a digest if one is written.
    Registry(String),
    /// In a repository with an index.yaml: its URL, `https://charts.example.org/stable`, and the name of the chart.
    Repository {
        /// The URL of the repository.
        url: String,
        /// The name of the chart.
        name: String,
    },
    /// An archive: `https://charts.example.org/shop-1.2.3.tgz`.
    Archive(String),
}

impl ChartReference {
    /// Reads a reference, with the version and the repository that are written beside it.
    ///
    /// `oci://…`, `http://…` and `https://…` are remote; with a repository, everything else is the name of a chart in it.
    /// Helm quirk: what exists on the disk is local even if a repository is given, and a version is then ignored;
    /// `is_on_disk` says whether it does.
    ///
    /// # Errors
    /// A URL contains a user or a password, or a repository's URL has another scheme than `http` or `https`.
    pub(crate) fn parse(
        text: &str,
        version: Option<&str>,
        repository: Option<&str>,
        is_on_disk: impl FnOnce(&Path) -> bool,
    ) -> Result<Self, Error> {
        let version = version.map(str::trim).filter(|version| !version.is_empty()).map(str::to_owned);
        let repository = repository.filter(|url| !url.is_empty());
        let location = if has_scheme(text, &["oci"]) {
            if repository.is_some() {
                return Err(Error::input(format!("{text}: a chart in a registry is in no other repository")));
            }
            Location::Registry(without_user(text)?.to_owned())
        } else if has_scheme(text, &["http", "https"]) {
            Location::Archive(without_user(text)?.to_owned())
        } else {
            match repository {
                Some(url) if !is_on_disk(Path::new(text)) => {
                    if !has_scheme(url, &["http", "https"]) {
                        let help = "a repository with an index.yaml is at http:// or https://; a chart in a registry is oci://host/path";
                        return Err(Error::input(format!("{}: {help}", without_user(url)?)));
                    }
                    Location::Repository { url: without_user(url)?.to_owned(), name: text.to_owned() }
                }
                _ => return Ok(Self::Local(PathBuf::from(text))),
            }
        };
        Ok(Self::Remote(RemoteChart { location, version }))
    }

    /// Reads an argument of the command line; what is not UTF-8 is a path.
    ///
    /// # Errors
    /// See [`ChartReference::parse`].
    pub(crate) fn of_argument(
        argument: &Path,
        version: Option<&str>,
        repository: Option<&str>,
        is_on_disk: impl FnOnce(&Path) -> bool,
    ) -> Result<Self, Error> {
        match argument.to_str() {
            Some(text) => Self::parse(text, version, repository, is_on_disk),
            None => Ok(Self::Local(argument.to_path_buf())),
        }
    }

    /// The path of a local chart.
    pub(crate) fn local(&self) -> Option<&Path> {
        match self {
            Self::Local(path) => Some(path),
            Self::Remote(_) => None,
        }
    }

    /// A chart that must be fetched.
    pub(crate) fn remote(&self) -> Option<&RemoteChart> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }
}

impl Location {
    /// Who serves the chart, whatever its name and version: `oci://ghcr.io/acme/charts`, the URL of a repository, or the folder
    /// of an archive's URL. Charts of the same source are trusted alike.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Repository { url, .. } => url.trim_end_matches('/'),
            Self::Registry(url) | Self::Archive(url) => {
                let path = url.find("://").map_or(0, |at| at + "://".len());
                let end = url[path..].find(['?', '#']).map_or(url.len(), |at| path + at);
                // In a URL, `\` separates as `/` does: `charts/..\..\other\x.tgz` is not below `charts`.
                url[path..end].rfind(['/', '\\']).map_or(&url[..end], |slash| &url[..path + slash])
            }
        }
    }
}

impl Default for ChartReference {
    fn default() -> Self {
        Self::Local(PathBuf::new())
    }
}

/// The reference, as the user would write it: `charts/shop`, `oci://mirror.internal/charts/shop`, `shop of https://…`.
impl fmt::Display for ChartReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(remote) => remote.fmt(f),
        }
    }
}

/// Location and version: `oci://mirror.internal/charts/shop, version ^1.2`.
impl fmt::Display for RemoteChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)?;
        self.version.iter().try_for_each(|version| write!(f, ", version {version}"))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(url) | Self::Archive(url) => f.write_str(url),
            Self::Repository { url, name } => write!(f, "{name} of {url}"),
        }
    }
}

/// Whether a text begins with one of these schemes and `://`. Helm compares the case.
fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| schemes.contains(&scheme))
}

/// A URL that contains no user, so that it can be printed.
fn without_user(url: &str) -> Result<&str, Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        // A digest follows a path, so that an `@` of the authority ends a user.
        Some((_, host)) => Err(Error::input(format!(
            "{scheme}://{host}: a URL of a chart must not contain a user; credentials are read from docker's and helm's files, or \
             from --auth-file"
        ))),
        None => Ok(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, version: Option<&str>, repository: Option<&str>) -> String {
        let is_on_disk = |path: &Path| path == Path::new("here");
        match ChartReference::parse(text, version, repository, is_on_disk) {
            Ok(reference) => {
                let kind = if reference.local().is_some() { "local" } else { "remote" };
                format!("{kind} {reference}")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn references_are_local_or_remote() {
        let repository = Some("https://charts.example.org/stable");
        for (text, version, repository, expected) in [
            ("charts/shop", None, None, "local charts/shop"),
            ("charts/shop", Some("1.0.0"), None, "local charts/shop"),
            ("here", Some("1.0.0"), repository, "local here"),
            ("shop", Some(" ^1.2 "), repository, "remote shop of https://charts.example.org/stable, version ^1.2"),
            ("oci://m.internal/charts/shop", Some(""), None, "remote oci://m.internal/charts/shop"),
            ("https://h/shop-1.0.0.tgz", None, None, "remote https://h/shop-1.0.0.tgz"),
            ("OCI://m.internal/shop", None, None, "local OCI://m.internal/shop"),
        ] {
            assert_eq!(parsed(text, version, repository), expected, "{text}");
        }
        let source = |text: &str| match ChartReference::parse(text, None, None, |_| false) {
            Ok(ChartReference::Remote(remote)) => remote.location.source().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(source("oci://ghcr.io/acme/charts/shop:1.0.0"), "oci://ghcr.io/acme/charts");
        assert_eq!(source("oci://ghcr.io/acme/charts/shop@sha256:ab"), "oci://ghcr.io/acme/charts");
        assert_eq!(source("oci://m.internal:5000/shop"), "oci://m.internal:5000");
        assert_eq!(source("oci://m.internal:5000"), "oci://m.internal:5000");
        assert_eq!(source("https://h/a/shop-1.0.0.tgz?token=/x"), "https://h/a");
        assert_ne!(source(r"https://h/a/..\..\other\shop-1.0.0.tgz"), "https://h/a");
        let refused = parsed("oci://user:secret@m.internal/charts/shop", None, None);
        assert!(refused.starts_with("oci://m.internal: ") && !refused.contains("secret"), "{refused}");
        let refused = parsed("shop", None, Some("ftp://u:secret@h/x"));
        assert!(!refused.contains("secret"), "{refused}");
        assert!(parsed("shop", None, Some("ftp://h/x")).starts_with("ftp://h/x: a repository"));
        assert!(parsed("oci://m.internal/shop", None, repository).contains("in no other repository"));
    }
}
