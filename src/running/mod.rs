//! What runs in a cluster: every image of its pods, who made the pods, what their containers do, and whether the images come from the
//! mirror. Pure: `cluster/` reads pods, page by page, and `analysis/running` judges what is collected here as lint judges charts.

mod advice;
pub(crate) mod node_mirrors;
pub(crate) mod offences;
pub(crate) mod owners;
pub(crate) mod pull_secrets;
pub(crate) mod state;
pub(crate) mod told;

use crate::cluster::objects::{Container, ContainerStatus, Pod};
use crate::objects::ObjectName;
use crate::reference::{Mirror, Reference};
use crate::secrets::redacted;
use node_mirrors::NodeMirrors;
use owners::{Owners, name_in, owner_of_pod, release_in};
use pull_secrets::PullSecrets;
use smallvec::SmallVec;
use state::{PullFault, State};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The nodes, containers and namespaces that are named of many.
const NAMED: usize = 3;

/// The characters of a message of the kubelet that are kept.
const MESSAGE: usize = 600;

/// What runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    /// The images, by the text in the pods.
    pub images: BTreeMap<String, RunningImage>,
    /// The pods.
    pub pods: usize,
    /// The namespaces with pods.
    pub namespaces: BTreeSet<String>,
    /// Uses of images: containers of all kinds, and image volumes.
    pub uses: usize,
    /// Those that come from the mirror.
    pub mirrored: usize,
    /// The other objects that name images, in saved objects.
    pub others: usize,
    /// Who made the pods.
    pub owners: Owners,
    /// The pull secrets of the namespaces whose pods pull from the mirror.
    pub secrets: PullSecrets,
    /// Names that occur again and again.
    names: BTreeSet<Arc<str>>,
    /// The owners of the pods.
    objects: BTreeSet<Arc<ObjectName>>,
}

/// An image that runs, or should.
#[derive(Debug, Clone)]
pub(crate) struct RunningImage {
    /// Where it comes from.
    pub from: PulledFrom,
    /// How often it is used.
    pub count: usize,
    /// What uses it, by the owner of the pods.
    pub uses: BTreeMap<Arc<ObjectName>, Uses>,
    /// The digests that run, each with a pod that runs it.
    pub digests: BTreeMap<String, Digest>,
    /// The first message of the kubelet for each reason why it cannot be pulled.
    pub messages: BTreeMap<PullFault, String>,
}

/// Where an image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PulledFrom {
    /// The mirror.
    Mirror,
    /// The mirror, by the configuration of the nodes, whatever registry the reference names.
    NodeMirror,
    /// Elsewhere, or the text is not a reference.
    Elsewhere,
}

/// What the pods of one owner do with an image.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uses {
    /// The pods.
    pub pods: usize,
    /// The containers by what they do.
    pub states: States,
    /// What uses it, the first few: `container api`, `image volume models`.
    pub users: SmallVec<[(UserKind, Arc<str>); 1]>,
    /// The first few nodes.
    pub nodes: SmallVec<[Arc<str>; NAMED]>,
    /// Whether there are more nodes.
    pub has_more_nodes: bool,
}

/// Numbers of containers by what they do: nearly always all do the same.
pub(crate) type States = SmallVec<[(State, usize); 1]>;

/// A digest that runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digest {
    /// The containers that run it.
    pub containers: usize,
    /// A pod with such a container, `shop/api-7d4f-x`.
    pub example: String,
    /// The node of that pod.
    pub node: String,
}

/// What uses an image in a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UserKind {
    /// A container.
    Container,
    /// A container that runs before the others.
    Init,
    /// An init container that stays.
    Sidecar,
    /// A container of `kubectl debug`.
    Ephemeral,
    /// A volume with the content of an image.
    Volume,
}

impl UserKind {
    /// What it is, in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Init => "init container",
            Self::Sidecar => "sidecar",
            Self::Ephemeral => "ephemeral container",
            Self::Volume => "image volume",
        }
    }
}

/// What pods are held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Against<'a> {
    /// The mirror.
    pub mirror: &'a Mirror,
    /// What nodes pull from it whatever the reference says.
    pub node_mirrors: &'a NodeMirrors,
}

impl Against<'_> {
    /// Where an image is pulled from.
    pub(crate) fn pulled_from(self, image: &str) -> PulledFrom {
        match Reference::parse(image) {
            Ok(reference) if self.mirror.serves(&reference) => PulledFrom::Mirror,
            Ok(reference) if self.node_mirrors.serve(&reference) => PulledFrom::NodeMirror,
            _ => PulledFrom::Elsewhere,
        }
    }
}

impl Running {
    /// Adds a pod.
    pub(crate) fn add(&mut self, pod: &Pod<'_>, against: Against<'_>) {
        let metadata = &pod.metadata;
        let own = name_in(metadata, "Pod");
        let example =
            if own.namespace.is_empty() { own.name.clone() } else { format!("{}/{}", own.namespace, own.name) };
        let owner = owner_of_pod(metadata).unwrap_or_else(|| {
            if release_in(metadata).is_some() {
                self.owners.add(own.clone(), metadata);
            }
            own
        });
        let owner = match self.objects.get(&owner) {
            Some(known) => known.clone(),
            None => {
                let owner = Arc::new(owner);
                self.objects.insert(owner.clone());
                owner
            }
        };
        self.pods += 1;
        if !self.namespaces.contains(metadata.namespace.as_ref()) {
            self.namespaces.insert(metadata.namespace.clone().into_owned());
        }
        let mut seen: Vec<&str> = Vec::new();
        let mut from_mirror = false;
        let mut is_unauthorized = false;
        for user in users(pod) {
            let image = match self.images.get_mut(user.image) {
                Some(image) => image,
                None => self.images.entry(user.image.to_owned()).or_insert(RunningImage {
                    from: against.pulled_from(user.image),
                    count: 0,
                    uses: BTreeMap::new(),
                    digests: BTreeMap::new(),
                    messages: BTreeMap::new(),
                }),
            };
            image.count += 1;
            self.uses += 1;
            self.mirrored += usize::from(image.from != PulledFrom::Elsewhere);
            let is_first = !seen.contains(&user.image);
            if is_first {
                seen.push(user.image);
            }
            from_mirror |= image.from == PulledFrom::Mirror;
            let state = State::of(user.status, user.image);
            is_unauthorized |= image.from == PulledFrom::Mirror && state.fault() == Some(PullFault::Unauthorized);
            image.note(&state, user.status, &example, &pod.spec.node_name);
            let uses = match image.uses.get_mut(&owner) {
                Some(uses) => uses,
                None => image.uses.entry(owner.clone()).or_default(),
            };
            uses.pods += usize::from(is_first);
            add_to(&mut uses.states, state, 1);
            if uses.users.len() < NAMED
                && !uses.users.iter().any(|(kind, name)| *kind == user.kind && **name == *user.name)
            {
                uses.users.push((user.kind, kept(&mut self.names, user.name)));
            }
            let node = pod.spec.node_name.as_ref();
            if !node.is_empty() && !uses.nodes.iter().any(|known| **known == *node) {
                uses.add_node(&kept(&mut self.names, node));
            }
        }
        if from_mirror {
            self.secrets.pull(metadata.namespace.as_ref(), &pod.spec, is_unauthorized);
        }
    }

    /// The object that an image is reported for: who made the first of its pods.
    pub(crate) fn reported_for(&self, image: &RunningImage) -> Option<ObjectName> {
        image.uses.keys().next().map(|owner| self.owners.top(owner).0)
    }

    /// The owners of pods about which a report says something, and of which nothing is known yet.
    pub(crate) fn unknown_owners(&self) -> BTreeSet<ObjectName> {
        let told = self.images.values().filter(|image| image.from == PulledFrom::Elsewhere || image.has_faults());
        self.owners.unknown(told.flat_map(|image| image.uses.keys().map(Arc::as_ref)))
    }
}

impl RunningImage {
    fn note(&mut self, state: &State, status: Option<&ContainerStatus<'_>>, pod: &str, node: &str) {
        let Some(status) = status else { return };
        if let (Some(fault), Some(waiting)) = (state.fault(), &status.state.waiting)
            && !self.messages.contains_key(&fault)
        {
            // Masked before it is cut: half of a secret would not be recognized.
            let told = redacted(&waiting.message);
            let end = told.floor_char_boundary(MESSAGE);
            let more = if end < told.len() { " …" } else { "" };
            self.messages.insert(fault, format!("{}{more}", &told[..end]));
        }
        // The ID of a configuration, as docker shows it, is not what a bundle promises.
        if let Some((_, digest)) = status.image_id.rsplit_once('@') {
            let known = match self.digests.get_mut(digest) {
                Some(known) => known,
                None => self.digests.entry(digest.to_owned()).or_insert(Digest {
                    containers: 0,
                    example: pod.to_owned(),
                    node: node.to_owned(),
                }),
            };
            known.containers += 1;
        }
    }

    /// Whether it cannot be pulled somewhere.
    pub(crate) fn has_faults(&self) -> bool {
        !self.messages.is_empty()
    }

    /// The pods that use it.
    pub(crate) fn pods(&self) -> usize {
        self.uses.values().map(|uses| uses.pods).sum()
    }

    /// The namespaces of the pods.
    pub(crate) fn namespaces(&self) -> BTreeSet<&str> {
        self.uses.keys().map(|owner| owner.namespace.as_str()).collect()
    }

    /// What its containers do, all together.
    pub(crate) fn states(&self) -> BTreeMap<&State, usize> {
        let mut states = BTreeMap::new();
        for (state, number) in self.uses.values().flat_map(|uses| uses.states.iter()) {
            *states.entry(state).or_default() += number;
        }
        states
    }
}

impl Uses {
    fn add_node(&mut self, node: &Arc<str>) {
        match self.nodes.len() < NAMED {
            true => self.nodes.push(node.clone()),
            false => self.has_more_nodes = true,
        }
    }

    /// Adds those of another owner, which has the same owner.
    pub(crate) fn and(&mut self, other: &Self) {
        self.pods += other.pods;
        other.states.iter().for_each(|(state, number)| add_to(&mut self.states, state.clone(), *number));
        for user in &other.users {
            if self.users.len() < NAMED && !self.users.contains(user) {
                self.users.push(user.clone());
            }
        }
        for node in &other.nodes {
            if !self.nodes.contains(node) {
                self.add_node(node);
            }
        }
        self.has_more_nodes |= other.has_more_nodes;
    }
}

/// Counts containers that do something.
fn add_to(states: &mut States, state: State, number: usize) {
    match states.iter_mut().find(|(known, _)| *known == state) {
        Some((_, count)) => *count += number,
        None => states.push((state, number)),
    }
}

/// A name that is kept once.
fn kept(names: &mut BTreeSet<Arc<str>>, name: &str) -> Arc<str> {
    match names.get(name) {
        Some(known) => known.clone(),
        None => {
            let name: Arc<str> = name.into();
            names.insert(name.clone());
            name
        }
    }
}

/// A container or volume of a pod, and its status.
struct User<'p> {
    kind: UserKind,
    name: &'p str,
    image: &'p str,
    status: Option<&'p ContainerStatus<'p>>,
}

/// What uses an image in a pod: every container, and every image volume.
fn users<'p>(pod: &'p Pod<'p>) -> impl Iterator<Item = User<'p>> {
    let (spec, status) = (&pod.spec, &pod.status);
    let of = |containers: &'p [Container<'p>], statuses: &'p [ContainerStatus<'p>], kind: UserKind| {
        containers.iter().map(move |container| User {
            kind: if kind == UserKind::Init && container.restart_policy == "Always" { UserKind::Sidecar } else { kind },
            name: &container.name,
            image: &container.image,
            status: statuses.iter().find(|status| status.name == container.name),
        })
    };
    let volumes = spec.volumes.iter().filter_map(|volume| {
        let image = volume.image.as_ref()?;
        Some(User { kind: UserKind::Volume, name: &volume.name, image: &image.reference, status: None })
    });
    of(&spec.init_containers, &status.init_container_statuses, UserKind::Init)
        .chain(of(&spec.containers, &status.container_statuses, UserKind::Container))
        .chain(of(&spec.ephemeral_containers, &status.ephemeral_container_statuses, UserKind::Ephemeral))
        .chain(volumes)
}
