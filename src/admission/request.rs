//! [`Request`]: which policy is wanted.

use crate::error::{Error, ErrorKind};
use crate::objects::is_subdomain;
use crate::objects::namespace::Namespace;
use crate::reference::{DOCKER_HUB, Layout, Mirror};
use std::str::FromStr;

/// What evaluates the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The API server: a ValidatingAdmissionPolicy.
    Kubernetes,
    /// The API server: a MutatingAdmissionPolicy, which sends images to the mirror.
    Rewrite,
    /// Kyverno: a ValidatingPolicy.
    Kyverno,
    /// Gatekeeper, in CEL.
    Gatekeeper,
    /// Gatekeeper, in Rego.
    GatekeeperRego,
}

/// Which policy is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What evaluates it.
    pub engine: Engine,
    /// The mirror.
    pub mirror: Mirror,
    /// How a source reference maps to a path on the mirror, for [`Engine::Rewrite`].
    pub layout: Layout,
    /// Whether workloads are judged too, before they make pods.
    pub workloads: bool,
    /// The namespaces that are left out.
    pub exempt: Vec<Namespace>,
    /// Whether it only warns and records.
    pub audit: bool,
    /// The ConfigMap with the places of the mirror, for [`Engine::Kubernetes`].
    pub param: Option<ConfigMapName>,
}

/// A ConfigMap by namespace and name: `airtight/mirror`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigMapName {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name.
    pub name: String,
}

impl Request {
    /// Whether a policy can tell the mirror's images from others.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.mirror.has_host(DOCKER_HUB) {
            return Err(Error::input(format!(
                "{DOCKER_HUB} cannot be the mirror of a policy: an image without a host comes from there too; use the host of a \
                 private registry"
            )));
        }
        Ok(())
    }

    /// The places of the mirror, each with a slash at its end: `mirror.internal/`, `harbor.corp/quay-proxy/`.
    pub(super) fn prefixes(&self) -> Vec<String> {
        self.mirror.all_places().into_iter().map(|place| place + "/").collect()
    }

    /// The names of the namespaces that are left out, sorted, each once.
    pub(super) fn exempt(&self) -> Vec<String> {
        let mut names: Vec<String> = self.exempt.iter().map(Namespace::to_string).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl FromStr for ConfigMapName {
    type Err = Error;

    /// # Errors
    /// `"mirror" is not a ConfigMap: use NAMESPACE/NAME`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::new(ErrorKind::Input, format!("{text:?} is not a ConfigMap: {why}"));
        let (namespace, name) = text.split_once('/').ok_or_else(|| wrong("use NAMESPACE/NAME"))?;
        if !is_subdomain(name) {
            return Err(wrong("a name has lower-case letters, digits, - and ."));
        }
        Ok(Self { namespace: namespace.parse()?, name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_maps_are_those_that_kubernetes_takes() {
        for text in ["a/b", "a/b.c"] {
            assert!(text.parse::<ConfigMapName>().is_ok(), "{text:?}");
        }
        for text in ["", "a", "/a", "a/", "a/b/c", "a/.", "a/b..c", "a/'", "A/b", "a/B"] {
            assert!(text.parse::<ConfigMapName>().is_err(), "{text:?}");
        }
    }
}
