//! [`Image`]: what a case says that a test registry holds.

use super::store::Store;
use crate::registry::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image, an index or a chart.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Image {
    /// `acme/api:1.4`.
    name: String,
    /// The layers, each a name and a number of bytes: `base 100000`. The bytes follow from the name.
    #[serde(default)]
    layers: Vec<String>,
    /// The platforms of an index; empty for an image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    platforms: Vec<String>,
    /// What refers to it: `cosign`, `referrer`, `tag-schema`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signed: Vec<String>,
    /// What is left out: `layer` or `child`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    lacks: String,
    /// Whether the last layer is at another address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    foreign: bool,
    /// The media type of the config, for an artifact.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    config: String,
    /// Spaces after the manifest, to make it long.
    #[serde(default, skip_serializing_if = "is_zero")]
    padding: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Bytes that follow from a name: those of a generator of numbers.
fn bytes(name: &str, length: usize) -> Vec<u8> {
    let mut state = name
        .bytes()
        .fold(0x9E37_79B9_7F4A_7C15_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend((state >> 16).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

impl Image {
    /// Puts it into a registry.
    pub(super) fn push(&self, store: &mut Store) {
        let (name, tag) = self.name.split_once(':').expect("a name has a tag");
        let digest = if self.platforms.is_empty() {
            self.push_image(store, name, "", None)
        } else {
            let children: Vec<Value> =
                self.platforms.iter().map(|platform| self.child(store, name, platform)).collect();
            if self.lacks == "child" {
                let digest = children.last().and_then(|child| child["digest"].as_str()).expect("a child").to_owned();
                store.repository(name).manifests.remove(&digest);
            }
            put(store, name, INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}), 0)
        };
        store.repository(name).tags.insert(tag.to_owned(), digest.clone());
        for way in &self.signed {
            self.sign(store, name, &digest, way);
        }
    }

    fn child(&self, store: &mut Store, name: &str, platform: &str) -> Value {
        let digest = self.push_image(store, name, platform, None);
        let (os, architecture) = platform.split_once('/').expect("a platform");
        let size = store.repository(name).manifests[&digest].1.len();
        json!({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": {"os": os, "architecture": architecture}})
    }

    fn push_image(&self, store: &mut Store, name: &str, platform: &str, subject: Option<Value>) -> String {
        let config_type =
            if self.config.is_empty() { "application/vnd.oci.image.config.v1+json" } else { self.config.as_str() };
        let config = blob(store, name, config_type, format!("{{\"platform\":\"{platform}\"}}").into_bytes());
        let mut layers = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let (layer_name, length) = layer.split_once(' ').expect("a layer has a name and a length");
            // A layer whose name begins with an underscore differs for each platform.
            let own =
                if layer_name.starts_with('_') { format!("{layer_name}{platform}") } else { layer_name.to_owned() };
            let text = bytes(&own, length.parse().expect("a number"));
            let mut layer = blob(store, name, "application/vnd.oci.image.layer.v1.tar+gzip", text);
            let is_last = number + 1 == self.layers.len();
            let digest = layer["digest"].as_str().expect("a digest").to_owned();
            if is_last && self.foreign {
                layer["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into();
                layer["urls"] = json!(["https://cdn.example.com/layer"]);
            }
            if is_last && self.lacks == "layer" {
                store.repository(name).blobs.remove(&digest);
            }
            layers.push(layer);
        }
        let mut manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        if let Some(subject) = subject {
            manifest["subject"] = subject;
            manifest["artifactType"] = "application/vnd.example.signature".into();
        }
        put(store, name, MANIFEST, &manifest, self.padding)
    }

    fn sign(&self, store: &mut Store, name: &str, digest: &str, way: &str) {
        let (media_type, text) = store.repository(name).manifests[digest].clone();
        let subject = json!({"mediaType": media_type, "digest": digest, "size": text.len()});
        let signature = Self {
            name: self.name.clone(),
            layers: vec![format!("signature-{way} 100")],
            platforms: Vec::new(),
            signed: Vec::new(),
            lacks: String::new(),
            foreign: false,
            config: String::new(),
            padding: 0,
        };
        let subject = (way != "cosign").then_some(subject);
        let signature = signature.push_image(store, name, way, subject);
        let tag = digest.replace(':', "-");
        match way {
            "cosign" => {
                store.repository(name).tags.insert(format!("{tag}.sig"), signature);
            }
            "tag-schema" => {
                let size = store.repository(name).manifests[&signature].1.len();
                let entry = json!({"mediaType": MANIFEST, "digest": signature, "size": size});
                let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
                let index = put(store, name, INDEX, &index, 0);
                store.repository(name).tags.insert(tag, index);
            }
            _ => {}
        }
    }
}

fn blob(store: &mut Store, name: &str, media_type: &str, text: Vec<u8>) -> Value {
    let digest = Digest::of(&text).to_string();
    let descriptor = json!({"mediaType": media_type, "digest": digest, "size": text.len()});
    store.repository(name).blobs.insert(digest, text);
    descriptor
}

fn put(store: &mut Store, name: &str, media_type: &str, tree: &Value, padding: usize) -> String {
    let mut text = serde_json::to_vec(tree).expect("JSON");
    text.extend(std::iter::repeat_n(b' ', padding));
    let digest = Digest::of(&text).to_string();
    store.repository(name).manifests.insert(digest.clone(), (media_type.to_owned(), text));
    digest
}
