//! The few fields of objects of a cluster that are read, borrowed from the answer that has them.
//!
//! A page of pods in JSON has many times the size of what is needed: whatever is not listed here is skipped while it is parsed.

use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A page of a list, or a whole one: `PodList`, `PartialObjectMetadataList`.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct List<T> {
    /// What the list says about itself.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ListMetadata,
    /// The objects. Go writes an empty list as `null`.
    #[serde(default = "Vec::new", deserialize_with = "or_empty")]
    pub items: Vec<T>,
}

/// What a list says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ListMetadata {
    /// The token of the next page; empty after the last.
    #[serde(rename = "continue", deserialize_with = "or_default")]
    pub next: String,
    /// The state of the cluster that the list shows.
    #[serde(deserialize_with = "or_default")]
    pub resource_version: String,
}

/// An event of a watch.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Event<T> {
    /// The object as it is now, or was at last.
    pub object: T,
}

/// `metadata` of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub namespace: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub owner_references: Vec<OwnerReference<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub annotations: Annotations<'a>,
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    #[serde(borrow)]
    pub resource_version: Cow<'a, str>,
}

/// The annotations that say who made an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Annotations<'a> {
    /// The Helm release that installed it.
    #[serde(borrow, rename = "meta.helm.sh/release-name")]
    pub release_name: Cow<'a, str>,
    #[serde(borrow, rename = "meta.helm.sh/release-namespace")]
    pub release_namespace: Cow<'a, str>,
    /// A pod from a file of its node has this one.
    #[serde(borrow, rename = "kubernetes.io/config.mirror")]
    pub static_pod: Cow<'a, str>,
}

/// An element of `ownerReferences`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct OwnerReference<'a> {
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Whether it controls the object: at most one does.
    #[serde(deserialize_with = "or_default")]
    pub controller: bool,
}

impl<'a> Metadata<'a> {
    /// The owner that controls the object, or else the first.
    pub(crate) fn owner(&self) -> Option<&OwnerReference<'a>> {
        self.owner_references.iter().find(|owner| owner.controller).or(self.owner_references.first())
    }
}

/// A pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pod<'a> {
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    #[serde(borrow)]
    pub spec: PodSpec<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub status: PodStatus<'a>,
}

/// `spec` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodSpec<'a> {
    #[serde(borrow)]
    pub node_name: Cow<'a, str>,
    #[serde(borrow)]
    pub service_account_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub image_pull_secrets: Vec<NameOf<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub init_containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub ephemeral_containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub volumes: Vec<Volume<'a>>,
}

/// `{name: x}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NameOf<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// A container of any list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub image: Cow<'a, str>,
    /// `Always` of an init container makes it a sidecar.
    #[serde(borrow)]
    pub restart_policy: Cow<'a, str>,
}

/// A volume; only image volumes have something to pull.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Volume<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub image: Option<ImageVolume<'a>>,
}

/// `image` of a volume.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ImageVolume<'a> {
    #[serde(borrow)]
    pub reference: Cow<'a, str>,
}

/// `status` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodStatus<'a> {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`
    #[serde(borrow)]
    pub phase: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub init_container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus<'a>>,
}

/// The status of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// What runs: `quay.io/acme/api@sha256:…`, or the ID of a configuration, `sha256:…`.
    #[serde(borrow, rename = "imageID")]
    pub image_id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub state: ContainerState<'a>,
}

/// `state` of a container: at most one is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerState<'a> {
    #[serde(borrow)]
    pub waiting: Option<Waiting<'a>>,
    pub running: Option<Present>,
    pub terminated: Option<Present>,
}

/// A map of which only matters that it is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Present {}

/// Why a container does not run yet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Waiting<'a> {
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// An object of which only the metadata is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Partial<'a> {
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
}

/// A service account.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceAccount<'a> {
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub image_pull_secrets: Vec<NameOf<'a>>,
}

/// A secret. Its content is looked at and dropped: see [`running::pull_secrets`](crate::running::pull_secrets).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Secret<'a> {
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub data: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

/// The value, or its default for `null`, which Go writes for what is empty.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The same for a list of anything.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
