//! [`Pod`]: the pod templates of Kubernetes' own kinds.

use super::{Object, Path, Step};
use crate::objects::text::Text;
use crate::yaml::{Data, Node};

/// The lists of containers of a pod, those that run first before the others.
pub(crate) const CONTAINER_LISTS: &[&str] = &["initContainers", "containers", "ephemeralContainers"];

/// The spec of a pod template in an object.
#[derive(Debug)]
pub(crate) struct Pod<'n> {
    /// Its path: `spec.template.spec`.
    pub path: Path,
    /// The spec.
    pub spec: &'n Node,
    /// The pod template, with the metadata of the pods.
    pub template: &'n Node,
}

/// A container of a pod.
#[derive(Debug)]
pub(crate) struct Container<'n> {
    /// Its path in the object: `spec.template.spec.containers[0]`.
    pub path: Path,
    /// Its name.
    pub name: String,
    /// The container.
    pub node: &'n Node,
}

impl<'n> Pod<'n> {
    /// The pod of an object; `None` for other kinds, including custom resources.
    pub(crate) fn of(object: &Object<'n>) -> Option<Self> {
        let names: &[&str] = match object.kind.as_str() {
            "Pod" => &["spec"],
            "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => {
                &["spec", "template", "spec"]
            }
            "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
            "PodTemplate" => &["template", "spec"],
            _ => return None,
        };
        let (_, above) = names.split_last()?;
        let template = object.node.descend(above)?;
        let spec = template.member("spec")?;
        let path = names.iter().fold(object.prefix.clone(), |path, name| path.key(name));
        matches!(spec.data, Data::Map(_)).then_some(Self { path, spec, template })
    }

    /// Its containers, including init and ephemeral containers.
    pub(crate) fn containers(&self) -> Vec<Container<'n>> {
        let of = |list: &'static str| {
            let path = self.path.key(list);
            let items = self.spec.items_of(list);
            items.iter().enumerate().map(move |(index, node)| Container {
                path: path.with(Step::Index(index)),
                name: node.text_of("name"),
                node,
            })
        };
        CONTAINER_LISTS.iter().copied().flat_map(of).collect()
    }

    /// The references that it pulls: the images of its containers and image volumes.
    pub(crate) fn images(&self) -> Vec<String> {
        let containers = self.containers();
        let containers = containers.iter().map(|container| container.node.text_of("image"));
        let volumes = self.spec.items_of("volumes");
        let volumes = volumes.iter().filter_map(|volume| volume.descend(&["image", "reference"]));
        containers.chain(volumes.map(|reference| reference.text())).collect()
    }

    /// The names in its `imagePullSecrets`.
    pub(crate) fn pull_secrets(&self) -> Vec<String> {
        names(self.spec.member("imagePullSecrets"))
    }

    /// The name of its service account; empty for the namespace's default.
    pub(crate) fn service_account(&self) -> String {
        match self.spec.text_of("serviceAccountName") {
            name if name.is_empty() => self.spec.text_of("serviceAccount"),
            name => name,
        }
    }
}

impl Container<'_> {
    /// The strings of its `command` and `args`.
    pub(crate) fn words(&self, object: &Object<'_>) -> Vec<Text> {
        let lists = ["command", "args"].into_iter().filter_map(|list| self.node.member(list));
        lists.flat_map(Node::items).filter_map(|word| object.text(word)).collect()
    }

    /// Its environment: names, with literal values.
    pub(crate) fn environment(&self) -> Vec<(String, Option<&Node>)> {
        let variables = self.node.items_of("env");
        variables.iter().map(|variable| (variable.text_of("name"), variable.member("value"))).collect()
    }
}

/// The names of a list of `{name: x}`.
pub(crate) fn names(list: Option<&Node>) -> Vec<String> {
    list.map(Node::items).unwrap_or_default().iter().map(|item| item.text_of("name")).collect()
}
