//! `imageRepository` of kubeadm, in Cluster API's objects and in kubeadm's own configuration: the repository of the control
//! plane's images.

use super::place::text_of;
use super::{FieldAt, Finder, Hit, Hits, Shape, Tier};
use crate::objects::text::{Text, TextPiece};
use crate::reference::Reference;
use crate::yaml::{Data, Node};
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "kubeadm", summary: "`imageRepository` of kubeadm, for the control plane", visit };

/// The images whose tag is the version of the cluster.
const CONTROL_PLANE: &[&str] = &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"];

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if !matches!(place.node.data, Data::Map(_)) {
        return;
    }
    let is_cluster = place.key() == Some("clusterConfiguration")
        || place.object.kind == "ClusterConfiguration" && place.parent().is_none();
    if !is_cluster {
        return;
    }
    if let Some(repository) = text_of(place.object, place.node, "imageRepository") {
        let version = text_of(place.object, place.node, "kubernetesVersion").or_else(|| cluster_version(place));
        for name in CONTROL_PLANE {
            add(place, place.node, &[], name, &repository, version.as_ref(), found);
        }
    }
    for (way, name) in [(&["dns"][..], "coredns"), (&["etcd", "local"], "etcd")] {
        let Some(part) = place.node.descend(way) else { continue };
        if let Some(repository) = text_of(place.object, part, "imageRepository") {
            let tag = text_of(place.object, part, "imageTag");
            add(place, part, way, name, &repository, tag.as_ref(), found);
        }
    }
}

/// `version` of a control plane of Cluster API, beside or above `kubeadmConfigSpec`.
fn cluster_version(place: &FieldAt<'_>) -> Option<Text> {
    let has_version = |map: &&&Node| map.member("version").is_some_and(|version| matches!(version.data, Data::Str(_)));
    let map = place.above.iter().rev().find(has_version)?;
    text_of(place.object, map, "version")
}

fn add(
    place: &FieldAt<'_>,
    map: &Node,
    way: &[&str],
    name: &str,
    repository: &Text,
    version: Option<&Text>,
    found: &mut Hits<'_>,
) {
    let end = repository.trim_end_matches('/').len();
    let repository = repository.slice(0..end);
    let mut pieces = vec![TextPiece::Found(&repository), TextPiece::Literal("/"), TextPiece::Literal(name)];
    if let Some(version) = version {
        pieces.extend([TextPiece::Literal(":"), TextPiece::Found(version)]);
    }
    let text = Text::joined(&pieces);
    if Reference::parse(&text).is_err() || map.member("imageRepository").is_none() {
        return;
    }
    let path = way.iter().fold(place.path(), |path, name| path.key(name)).key("imageRepository");
    let reason = Cow::Owned(format!("`imageRepository` of kubeadm, which pulls {name} from it"));
    let hit = Hit { path, container: None, text, tier: Tier::Likely, shape: Shape::Field, reason, nodes: Vec::new() };
    // One repository applies to several images.
    found.add_joined(place.object, hit, &[]);
}
