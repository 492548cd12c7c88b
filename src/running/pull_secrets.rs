//! [`PullSecrets`]: whether the namespaces whose pods pull from the mirror have the pull secret, and whether the pods refer to it.
//!
//! The content of a secret is decoded to see which registries it names, and dropped at once: nothing here can hold a credential.

use crate::cluster::objects::{PodSpec, Secret, ServiceAccount};
use crate::glob::path::path_match;
use crate::objects::pull_secrets::DEFAULT_ACCOUNT;
use crate::reference::Mirror;
use base64::Engine as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The type of secrets that the kubelet pulls with.
const TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The key of the content.
const KEY: &str = ".dockerconfigjson";

/// The namespaces whose pods pull from the mirror.
#[derive(Debug, Clone, Default)]
pub(crate) struct PullSecrets {
    /// The namespaces, by name.
    pub namespaces: BTreeMap<String, PullingPods>,
    /// The secrets, by namespace and name.
    found: BTreeMap<(String, String), Content>,
    /// The secrets that service accounts refer to, by namespace and account.
    accounts: BTreeMap<(String, String), BTreeSet<String>>,
    /// Whether the secrets of the cluster are known.
    pub is_known: bool,
}

/// The pods of a namespace that pull from the mirror.
#[derive(Debug, Clone, Default)]
pub(crate) struct PullingPods {
    /// The pods.
    pub pods: usize,
    /// Those that the mirror answers `unauthorized`.
    pub unauthorized: usize,
    /// The pods by their secrets and their account.
    pub by_secrets: BTreeMap<(BTreeSet<String>, String), usize>,
}

/// What is wrong with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: it has the type, and names the mirror.
    Good,
    /// It has another type.
    OtherType,
    /// Its content is not the configuration of registries.
    Unreadable,
    /// Its content does not name the mirror.
    OtherRegistry,
}

/// What a namespace lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lack {
    /// There is no such secret.
    Secret,
    /// The secret is of no use.
    Content(Content),
    /// Pods do not refer to it.
    References {
        /// The pods.
        pods: usize,
        /// Their account.
        account: String,
        /// Whether the account refers to it: then these pods are older than that; `None` if the accounts are not known.
        account_has_it: Option<bool>,
    },
}

#[derive(Deserialize)]
struct Configuration<'a> {
    #[serde(borrow, default)]
    auths: BTreeMap<Cow<'a, str>, IgnoredAny>,
}

impl PullSecrets {
    /// Notes a pod that pulls from the mirror.
    pub(super) fn pull(&mut self, namespace: &str, spec: &PodSpec<'_>, is_unauthorized: bool) {
        let pulls = match self.namespaces.get_mut(namespace) {
            Some(pulls) => pulls,
            None => self.namespaces.entry(namespace.to_owned()).or_default(),
        };
        pulls.pods += 1;
        pulls.unauthorized += usize::from(is_unauthorized);
        let secrets = spec.image_pull_secrets.iter().map(|secret| secret.name.clone().into_owned()).collect();
        let account = if spec.service_account_name.is_empty() { DEFAULT_ACCOUNT } else { &spec.service_account_name };
        *pulls.by_secrets.entry((secrets, account.to_owned())).or_default() += 1;
    }

    /// Notes a secret of the cluster.
    pub(crate) fn add_secret(&mut self, secret: &Secret<'_>, mirror: &Mirror) {
        let id = (secret.metadata.namespace.clone().into_owned(), secret.metadata.name.clone().into_owned());
        self.found.insert(id, content(secret, mirror));
    }

    /// Notes a service account of the cluster.
    pub(crate) fn add_account(&mut self, account: &ServiceAccount<'_>) {
        let id = (account.metadata.namespace.clone().into_owned(), account.metadata.name.clone().into_owned());
        let names = account.image_pull_secrets.iter().map(|secret| secret.name.clone().into_owned());
        self.accounts.insert(id, names.collect());
    }

    /// Adds the secrets that another one knows.
    pub(crate) fn add_secrets_of(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Adds the service accounts that another one knows.
    pub(crate) fn add_accounts_of(&mut self, other: Self) {
        self.accounts.extend(other.accounts);
    }

    /// Whether pods of some namespace do not refer to a secret, so that the accounts have to be known.
    pub(crate) fn needs_accounts(&self, name: &str) -> bool {
        self.namespaces.values().flat_map(|pulls| pulls.by_secrets.keys()).any(|(secrets, _)| !secrets.contains(name))
    }

    /// A namespace that has a good secret of this name, to copy it from.
    pub(crate) fn source(&self, name: &str) -> Option<&str> {
        let is_good = |((_, own), content): &(&(String, String), &Content)| own == name && **content == Content::Good;
        self.found.iter().find(is_good).map(|((namespace, _), _)| namespace.as_str())
    }

    /// What the namespaces lack for a secret, by namespace.
    pub(crate) fn lacks(&self, name: &str) -> Vec<(&str, &PullingPods, Lack)> {
        let mut lacks = Vec::new();
        for (namespace, pulls) in &self.namespaces {
            let found = self.found.get(&(namespace.clone(), name.to_owned()));
            match found {
                None if self.is_known => lacks.push((namespace.as_str(), pulls, Lack::Secret)),
                Some(content) if *content != Content::Good => {
                    lacks.push((namespace.as_str(), pulls, Lack::Content(*content)));
                }
                _ => {}
            }
            let mut without: BTreeMap<&str, usize> = BTreeMap::new();
            for ((secrets, account), pods) in &pulls.by_secrets {
                if !secrets.contains(name) {
                    *without.entry(account).or_default() += pods;
                }
            }
            for (account, pods) in without {
                let id = (namespace.clone(), account.to_owned());
                let account_has_it = self.accounts.get(&id).map(|names| names.contains(name));
                let lack = Lack::References { pods, account: account.to_owned(), account_has_it };
                lacks.push((namespace.as_str(), pulls, lack));
            }
        }
        lacks
    }
}

/// Whether a secret lets the kubelet pull from the mirror.
fn content(secret: &Secret<'_>, mirror: &Mirror) -> Content {
    if secret.kind != TYPE {
        return Content::OtherType;
    }
    let decoded =
        secret.data.get(KEY).and_then(|text| base64::engine::general_purpose::STANDARD.decode(text.as_ref()).ok());
    let Some(decoded) = decoded else { return Content::Unreadable };
    match serde_json::from_slice::<Configuration<'_>>(&decoded) {
        Err(_) => Content::Unreadable,
        Ok(known) if mirror.hosts().iter().all(|host| known.auths.keys().any(|entry| is_for(entry, host))) => {
            Content::Good
        }
        Ok(_) => Content::OtherRegistry,
    }
}

/// Whether an entry of a configuration is for a host with its port. Source: kubernetes `pkg/credentialprovider/keyring.go`.
fn is_for(entry: &str, host: &str) -> bool {
    let bare = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let split = |text: &str| {
        let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port.to_owned())));
        (name.split('.').map(str::to_owned).collect::<Vec<_>>(), port)
    };
    let ((patterns, entry_port), (labels, port)) = (split(&bare), split(host));
    entry_port == port
        && patterns.len() == labels.len()
        && patterns.iter().zip(&labels).all(|(pattern, label)| path_match(pattern, label) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_names_the_mirror() {
        let of = |kind: &str, text: &str| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(text);
            let tree = json!({"metadata": {"name": "creds", "namespace": "a"}, "type": kind, "data": {KEY: encoded}});
            let mirror = Mirror::parse("mirror.internal:5000").expect("a mirror");
            content(&Secret::deserialize(tree).expect("a secret"), &mirror)
        };
        for (text, wanted) in [
            (r#"{"auths":{"mirror.internal:5000":{"auth":"cGw0bnQ="}}}"#, Content::Good),
            (r#"{"auths":{"https://mirror.internal:5000/v2/":{}}}"#, Content::Good),
            (r#"{"auths":{"*.internal:5000":{}}}"#, Content::Good),
            (r#"{"auths":{"mirror.internal":{}}}"#, Content::OtherRegistry),
            (r#"{"auths":{"*:5000":{}}}"#, Content::OtherRegistry),
            (r#"{"auths":{}}"#, Content::OtherRegistry),
            (r#"{"credHelpers":{}}"#, Content::OtherRegistry),
            ("not json", Content::Unreadable),
            (r#"{"auths": [1]}"#, Content::Unreadable),
        ] {
            assert_eq!(of(TYPE, text), wanted, "{text}");
        }
        assert_eq!(of("Opaque", r#"{"auths":{"mirror.internal:5000":{}}}"#), Content::OtherType);
    }
}
