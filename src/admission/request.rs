//! [`Request`]: which policy is wanted.

use crate::error::{Error, ErrorKind};
use crate::objects::is_label;
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

/// The name of a namespace: `kube-system`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Namespace(String);

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
        let mut names: Vec<String> = self.exempt.iter().map(|namespace| namespace.0.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Namespace {
    /// The name.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Namespace {
    type Err = Error;

    /// # Errors
    /// `"Kube_System" is not the name of a namespace: …`.
    fn from_str(text: &str) -> Result<Self, Error> {
        if is_label(text) {
            return Ok(Self(text.to_owned()));
        }
        let why = "up to 63 lower-case letters, digits and -, with a letter or digit at both ends";
        Err(Error::new(ErrorKind::Input, format!("{text:?} is not the name of a namespace: {why}")))
    }
}

impl FromStr for ConfigMapName {
    type Err = Error;

    /// # Errors
    /// `"mirror" is not a ConfigMap: use NAMESPACE/NAME`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::new(ErrorKind::Input, format!("{text:?} is not a ConfigMap: {why}"));
        let (namespace, name) = text.split_once('/').ok_or_else(|| wrong("use NAMESPACE/NAME"))?;
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(wrong("a name has lower-case letters, digits, - and ."));
        }
        Ok(Self { namespace: namespace.parse()?, name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_kubernetes_takes() {
        for text in ["kube-system", "a", "1", &"a".repeat(63)] {
            assert!(text.parse::<Namespace>().is_ok(), "{text:?}");
        }
        for text in ["", "-a", "a-", "A", "a.b", "a_b", "a b", "a'b", "a\nb", "é", "*", &"a".repeat(64)] {
            assert!(text.parse::<Namespace>().is_err(), "{text:?}");
        }
        for text in ["a/b", "a/b.c"] {
            assert!(text.parse::<ConfigMapName>().is_ok(), "{text:?}");
        }
        for text in ["", "a", "/a", "a/", "a/b/c", "a/.", "a/b..c", "a/'", "A/b", "a/B"] {
            assert!(text.parse::<ConfigMapName>().is_err(), "{text:?}");
        }
    }
}
