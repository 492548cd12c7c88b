//! [`Pullers`]: the pods of a release that pull from the mirror, and the pull secrets of each.

use super::Object;
use crate::objects::pods::{Pod, names};
use crate::yaml::{Data, Node};
use std::collections::{BTreeMap, BTreeSet};

/// The field of pods and of service accounts.
pub(crate) const FIELD: &str = "imagePullSecrets";

/// The account of pods without one.
pub(crate) const DEFAULT_ACCOUNT: &str = "default";

/// An object by its namespace and name.
type Id = (String, String);

/// The pods of a release, with its accounts and secrets.
#[derive(Debug)]
pub(crate) struct Pullers<'n> {
    /// The pods, in the order of the objects.
    pub pods: Vec<Puller<'n>>,
    secrets: BTreeSet<Id>,
}

/// A pod.
#[derive(Debug)]
pub(crate) struct Puller<'n> {
    /// The index of its object, and the pod.
    pub object: usize,
    /// The pod.
    pub pod: Pod<'n>,
    /// The first of its images that is pulled from the mirror.
    pub image: Option<String>,
    /// Its namespace; that of the release if it has none.
    pub namespace: String,
    /// Its service account.
    pub account: String,
    /// The names in its own list.
    pub own: Vec<String>,
    /// The names in its account's list, if the release contains the account.
    pub carried: Option<Vec<String>>,
}

impl<'n> Pullers<'n> {
    /// Collects the pods of a release whose namespace is `home`; `pulls` says which references come from the mirror, or would if
    /// the rewrite were set.
    pub(crate) fn of(objects: &[Object<'n>], home: &str, pulls: &dyn Fn(&str) -> bool) -> Self {
        let namespace = |object: &Object<'_>| match object.name.namespace.as_str() {
            "" => home.to_owned(),
            namespace => namespace.to_owned(),
        };
        let (mut accounts, mut secrets) = (BTreeMap::new(), BTreeSet::new());
        for object in objects {
            let id = (namespace(object), object.name.name.clone());
            match object.kind.as_str() {
                "ServiceAccount" => {
                    accounts.insert(id, names(object.node.member(FIELD)));
                }
                "Secret" => {
                    secrets.insert(id);
                }
                _ => {}
            }
        }
        let puller = |(number, object): (usize, &Object<'n>)| {
            let pod = Pod::of(object)?;
            let account = match pod.service_account() {
                name if name.is_empty() => DEFAULT_ACCOUNT.to_owned(),
                name => name,
            };
            let namespace = namespace(object);
            Some(Puller {
                object: number,
                image: pod.images().into_iter().find(|image| pulls(image)),
                own: pod.pull_secrets(),
                carried: accounts.get(&(namespace.clone(), account.clone())).cloned(),
                account,
                namespace,
                pod,
            })
        };
        let pods = objects.iter().enumerate().filter_map(puller).collect();
        Self { pods, secrets }
    }

    /// Whether the release creates a secret in a namespace.
    pub(crate) fn brings(&self, namespace: &str, secret: &str) -> bool {
        self.secrets.contains(&(namespace.to_owned(), secret.to_owned()))
    }
}

impl Puller<'_> {
    /// Whether it pulls with a secret of this name. Kubernetes uses the account's list only for pods without their own.
    pub(crate) fn carries(&self, name: &str) -> bool {
        let is_it = |one: &String| one == name;
        match self.own.is_empty() {
            true => self.carried.iter().flatten().any(is_it),
            false => self.own.iter().any(is_it),
        }
    }
}

/// What is wrong with the form of a list of pull secrets, if Kubernetes rejects it or reads no name from it.
pub(crate) fn misshapen(list: Option<&Node>) -> Option<String> {
    let list = list?;
    let kind = |data: &Data| match data {
        Data::Str(_) => "a text",
        Data::Bool(_) => "a truth value",
        Data::Map(_) => "a table",
        Data::Seq(_) => "a list",
        Data::Null => "null",
        Data::Int(_) | Data::Uint(_) | Data::Float(_) => "a number",
    };
    let items = match &list.data {
        Data::Null => return None,
        Data::Seq(items) => items,
        other => return Some(format!("it is {}, but must be a list of `{{name: …}}`", kind(other))),
    };
    items.iter().find_map(|item| {
        let name = item.member("name");
        match (&item.data, name.map(|name| &name.data)) {
            (Data::Map(_), Some(Data::Str(text))) if text.as_bytes().starts_with(b"map[") => {
                let text = name.map(Node::text).unwrap_or_default();
                Some(format!(
                    "`{text}` is not a name: the template expects a list of names, but was given `{{name: …}}`"
                ))
            }
            (Data::Map(_), Some(Data::Map(_) | Data::Seq(_))) => {
                Some(format!("a name in it is {}, but must be a string", kind(&name?.data)))
            }
            (Data::Map(_) | Data::Null, _) => None,
            (other, _) => Some(format!("an element of it is {}, but must be `{{name: …}}`", kind(other))),
        }
    })
}
