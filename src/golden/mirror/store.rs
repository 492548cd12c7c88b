//! [`Store`]: what a test registry holds.

use crate::registry::Digest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The repositories of a test registry.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) repositories: BTreeMap<String, Repository>,
}

/// A repository.
#[derive(Debug, Default)]
pub(super) struct Repository {
    /// The manifests by digest, with their media types.
    pub(super) manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) blobs: BTreeMap<String, Vec<u8>>,
}

impl Store {
    pub(super) fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// What a manifest refers to and the repository does not have.
    pub(super) fn lacks(&self, name: &str, manifest: &[u8]) -> Vec<String> {
        let Ok(tree) = serde_json::from_slice::<Value>(manifest) else { return Vec::new() };
        let repository = self.repositories.get(name);
        let digest = |one: &Value| one.get("digest").and_then(Value::as_str).map(str::to_owned);
        let list = |key: &str| tree.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(digest);
        let blobs = list("layers").chain(list("blobs")).chain(tree.get("config").and_then(digest));
        let has_blob = |digest: &String| repository.is_some_and(|own| own.blobs.contains_key(digest));
        let has_manifest = |digest: &String| repository.is_some_and(|own| own.manifests.contains_key(digest));
        let mut lacks: Vec<String> = blobs.filter(|digest| !has_blob(digest)).collect();
        lacks.extend(list("manifests").filter(|digest| !has_manifest(digest)));
        lacks
    }

    /// The manifests of a repository that name another as their subject.
    pub(super) fn referrers(&self, name: &str, subject: &str) -> Vec<Value> {
        let manifests = self.repositories.get(name).map(|own| &own.manifests);
        let refers = |text: &[u8]| -> Option<Value> {
            let tree: Value = serde_json::from_slice(text).ok()?;
            (tree.get("subject")?.get("digest")?.as_str()? == subject).then_some(tree)
        };
        let entry = |(digest, (media_type, text)): (&String, &(String, Vec<u8>))| {
            refers(text)?;
            Some(serde_json::json!({"mediaType": media_type, "digest": digest, "size": text.len()}))
        };
        manifests.into_iter().flatten().filter_map(entry).collect()
    }

    /// The tags in order, each with its digest, and what is not right below it.
    pub(super) fn listed(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, repository) in &self.repositories {
            for (tag, digest) in &repository.tags {
                let mut wrong = BTreeSet::new();
                self.verify(name, digest, &mut wrong);
                let wrong: Vec<String> = wrong.into_iter().collect();
                let wrong = if wrong.is_empty() { String::new() } else { format!(" WRONG: {}", wrong.join(", ")) };
                lines.push(format!("{name}:{tag} {}{wrong}", &digest[..19]));
            }
        }
        lines
    }

    fn verify(&self, name: &str, digest: &str, wrong: &mut BTreeSet<String>) {
        let Some((_, text)) = self.repositories.get(name).and_then(|own| own.manifests.get(digest)) else {
            wrong.insert(format!("no {digest}"));
            return;
        };
        if Digest::of(text).as_str() != digest {
            wrong.insert(format!("other bytes in {digest}"));
        }
        wrong.extend(self.lacks(name, text));
        let tree: Value = serde_json::from_slice(text).unwrap_or_default();
        for child in tree.get("manifests").and_then(Value::as_array).into_iter().flatten() {
            self.verify(name, child.get("digest").and_then(Value::as_str).unwrap_or_default(), wrong);
        }
        for (digest, bytes) in &self.repositories[name].blobs {
            if Digest::of(bytes).as_str() != digest {
                wrong.insert(format!("other bytes in {digest}"));
            }
        }
    }
}
