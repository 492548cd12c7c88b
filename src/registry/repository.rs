//! [`Repository`]: a repository of a registry, and where its API is.

use super::error::{Error, Kind};
use crate::reference::{DOCKER_HUB, Reference};
use std::fmt;
use url::Url;

/// A repository of a registry: `quay.io/jetstack/cert-manager-controller`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Repository {
    /// The registry, with its port, as in a reference.
    pub host: String,
    /// The path.
    pub path: String,
}

impl Repository {
    /// The repository of a reference.
    pub(crate) fn of(reference: &Reference) -> Self {
        Self { host: reference.registry.clone(), path: reference.repository.clone() }
    }

    /// The address of a part of it: `https://quay.io/v2/jetstack/cert-manager-controller/manifests/v1`.
    pub(super) fn url(&self, is_plain: bool, rest: &str) -> Result<Url, Error> {
        let scheme = if is_plain { "http" } else { "https" };
        let text = format!("{scheme}://{}/v2/{}/{rest}", api_host(&self.host), self.path);
        Url::parse(&text).map_err(|error| Error::new(Kind::Input, format!("{self}: not an address: {error}")))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

/// The host of a registry's API: Docker Hub's has another name.
pub(super) fn api_host(host: &str) -> &str {
    if host == DOCKER_HUB { "registry-1.docker.io" } else { host }
}

/// A host and its port, as they identify a server: `quay.io:443`.
pub(super) fn authority(url: &Url) -> String {
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}
