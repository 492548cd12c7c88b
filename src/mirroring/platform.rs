//! [`Platforms`]: the platforms to which indexes are reduced.

use crate::registry::{Error, Kind, Manifest};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The annotation of an attestation in an index, with the digest of the image that it is about.
const SUBJECT: &str = "vnd.docker.reference.digest";

/// A platform: `linux/amd64`, `linux/arm/v7`. Without a variant, it means all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// The platforms that are wanted; all of them if it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Platforms(Vec<Platform>);

impl FromStr for Platform {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.trim().split('/').collect();
        let is_word = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        match parts.as_slice() {
            [os, architecture, variant @ ..] if parts.iter().all(is_word) && variant.len() < 2 => Ok(Self {
                os: os.to_ascii_lowercase(),
                architecture: architecture.to_ascii_lowercase(),
                variant: variant.first().map(|variant| variant.to_ascii_lowercase()),
            }),
            _ => Err("not a platform such as linux/amd64 or linux/arm/v7".to_owned()),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

impl Platform {
    /// Whether an image in an index is for it.
    fn matches(&self, platform: &Value) -> bool {
        let part = |key: &str| platform.get(key).and_then(Value::as_str).unwrap_or_default();
        // The first variant of arm64 is usually left out.
        let plain = |variant: &str| {
            if self.architecture == "arm64" && variant == "v8" { String::new() } else { variant.to_owned() }
        };
        part("os") == self.os
            && part("architecture") == self.architecture
            && self.variant.as_ref().is_none_or(|variant| plain(variant) == plain(part("variant")))
    }
}

impl Platforms {
    pub(crate) fn new(platforms: Vec<Platform>) -> Self {
        Self(platforms)
    }

    /// Whether all platforms are wanted.
    pub(crate) fn are_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// The platforms for which an index has no image, although it names those of others.
    pub(super) fn lacking(&self, manifest: &Manifest) -> Vec<String> {
        let Some(tree) = self.tree(manifest) else { return Vec::new() };
        let offered = offered(&tree);
        let lacking = self.0.iter().filter(|wanted| !offered.iter().any(|platform| wanted.matches(platform)));
        lacking.map(ToString::to_string).collect()
    }

    /// An index that names platforms, if they matter.
    fn tree(&self, manifest: &Manifest) -> Option<Value> {
        let is_concerned = !self.0.is_empty() && manifest.is_index();
        let tree = is_concerned.then(|| serde_json::from_slice(&manifest.bytes).ok())??;
        (!offered(&tree).is_empty()).then_some(tree)
    }

    /// An index with the images of these platforms only, and the attestations about them; `None` if there is nothing to leave out. What
    /// names no platform stays.
    ///
    /// # Errors
    /// The index has no image for one of the platforms.
    pub(super) fn reduced(&self, manifest: &Manifest, name: &str) -> Result<Option<Manifest>, Error> {
        let Some(mut tree) = self.tree(manifest) else { return Ok(None) };
        let offered = offered(&tree);
        let lacking = self.lacking(manifest);
        if !lacking.is_empty() {
            let offered: BTreeSet<String> = offered.iter().map(shown).collect();
            let text = format!(
                "{name}: there is no image for {}, only for {}; copy it by a list of its own, with another --platform",
                lacking.join(", "),
                offered.into_iter().collect::<Vec<_>>().join(", ")
            );
            return Err(Error::new(Kind::NotFound, text));
        }
        let Some(list) = tree.get_mut("manifests").and_then(Value::as_array_mut) else { return Ok(None) };
        let is_wanted = |platform: &Value| self.0.iter().any(|wanted| wanted.matches(platform));
        let digest = |entry: &Value| entry.get("digest").and_then(Value::as_str).map(str::to_owned);
        let dropped: BTreeSet<String> = list
            .iter()
            .filter(|entry| {
                subject_of(entry).is_none() && platform_of(entry).is_some_and(|platform| !is_wanted(platform))
            })
            .filter_map(digest)
            .collect();
        let before = list.len();
        list.retain(|entry| {
            let is_dropped = |digest: Option<String>| digest.is_some_and(|digest| dropped.contains(&digest));
            match subject_of(entry) {
                Some(subject) => !is_dropped(Some(subject.to_owned())),
                None => platform_of(entry).is_none_or(is_wanted),
            }
        });
        if list.len() == before {
            return Ok(None);
        }
        let bytes = serde_json::to_vec(&tree).unwrap_or_default();
        Manifest::parse(Bytes::from(bytes), Some(&manifest.media_type), name).map(Some)
    }
}

/// The platforms of the images of an index.
fn offered(tree: &Value) -> Vec<Value> {
    let entries = tree.get("manifests").and_then(Value::as_array).into_iter().flatten();
    entries.filter(|entry| subject_of(entry).is_none()).filter_map(platform_of).cloned().collect()
}

fn platform_of(entry: &Value) -> Option<&Value> {
    entry.get("platform").filter(|platform| platform.is_object())
}

fn subject_of(entry: &Value) -> Option<&str> {
    entry.get("annotations")?.get(SUBJECT)?.as_str()
}

fn shown(platform: &Value) -> String {
    let parts = ["os", "architecture", "variant"].into_iter().filter_map(|key| platform.get(key)?.as_str());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn indexes_are_reduced() {
        let entry = |number: u8, platform: Value, about: Option<u8>| {
            let digest = |number: u8| format!("sha256:{}", format!("{number:02x}").repeat(32));
            let mut entry = json!({"mediaType": "m", "digest": digest(number), "size": 1, "platform": platform});
            if let Some(about) = about {
                entry["annotations"] = json!({SUBJECT: digest(about)});
            }
            entry
        };
        let linux = |architecture: &str, variant: &str| json!({"os": "linux", "architecture": architecture, "variant": variant});
        let unknown = || json!({"os": "unknown", "architecture": "unknown"});
        let index = json!({"schemaVersion": 2, "manifests": [
            entry(1, linux("amd64", ""), None),
            entry(2, linux("arm64", "v8"), None),
            entry(3, linux("arm", "v6"), None),
            entry(4, linux("arm", "v7"), None),
            entry(5, Value::Null, None),
            entry(6, unknown(), Some(1)),
            entry(7, unknown(), Some(4)),
        ]});
        let index = Manifest::parse(Bytes::from(index.to_string()), None, "x").expect("an index");
        let kept = |platforms: &str| -> Result<Option<Vec<String>>, String> {
            let platforms = platforms.split(',').map(str::parse).collect::<Result<Vec<Platform>, _>>()?;
            let reduced = Platforms::new(platforms).reduced(&index, "x").map_err(|error| error.to_string())?;
            Ok(reduced.map(|index| index.children.iter().map(|child| child.digest.as_str()[7..9].to_owned()).collect()))
        };
        for (platforms, expected) in [
            ("linux/amd64", Some(vec!["01", "05", "06"])),
            ("linux/arm64", Some(vec!["02", "05"])),
            ("linux/arm64/v8", Some(vec!["02", "05"])),
            ("linux/arm", Some(vec!["03", "04", "05", "07"])),
            ("linux/arm/v7,linux/amd64", Some(vec!["01", "04", "05", "06", "07"])),
            ("linux/amd64,linux/arm64,linux/arm", None),
        ] {
            let expected = expected.map(|list| list.into_iter().map(str::to_owned).collect());
            assert_eq!(kept(platforms), Ok(expected), "{platforms}");
        }
        let error = kept("linux/amd64,linux/s390x").expect_err("it has none");
        assert!(error.contains("no image for linux/s390x, only for linux/amd64, linux/arm/v6"), "{error}");
        for text in ["", "linux", "linux/", "a/b/c/d", "linux/amd64 x"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
