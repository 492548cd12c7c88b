//! Which form a file has, by its content.

use super::form::Form;
use super::typed::documents;
use super::{annotations, hauler, hosts_toml, mirror_sets, oc_mirror, skopeo_sync, table};
use crate::error::Error;
use crate::source::File;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Whether a file of a folder may have a form, by its name. Plain lists in a folder have their own names.
pub(crate) fn is_candidate(name: &str) -> bool {
    let ends = |end: &str| name.len() > end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end);
    name.is_ascii() && [".yaml", ".yml", ".csv"].iter().any(|end| ends(end))
        || name == "Images.lock"
        || name == "hosts.toml"
}

/// The form of a file; a file that has no other is a plain list.
///
/// # Errors
/// A YAML file has no known form.
pub(crate) fn recognized(file: &Arc<File>) -> Result<Form, Error> {
    match found(file)? {
        Some(form) => Ok(form),
        None if is_yaml(file.name()) => Err(Error::input(format!(
            "{}: not a list of what is mirrored: neither Hauler's, Zarf's, skopeo's, regsync's nor oc-mirror's, no Images.lock, no \
             mirrors of nodes, and no annotation with images",
            file.shown()
        ))),
        None => Ok(Form::List),
    }
}

/// The form of a file, if it is recognized.
pub(crate) fn found(file: &Arc<File>) -> Result<Option<Form>, Error> {
    let name = file.name();
    if name.rsplit('/').next() == Some("hosts.toml") || hosts_toml::may_be(file) && hosts_toml::is_hosts(file) {
        return Ok(Some(Form::HostsToml));
    }
    if table::is_table(file) {
        return Ok(Some(Form::Csv));
    }
    let heads = match documents::<Head>(file, "not YAML with a map of keys") {
        Ok(heads) => heads,
        Err(error) if is_yaml(name) => return Err(error),
        Err(_) => return Ok(None),
    };
    let form = heads.iter().find_map(form_of);
    // A list of anything is one only if the kind is somewhere in it.
    let names = |kind: &&str| memchr::memmem::find(file.bytes(), kind.as_bytes()).is_some();
    Ok(form.filter(|form| *form != Form::ImageDigestMirrorSet || mirror_sets::KINDS.iter().any(names)))
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with("Images.lock")
}

/// A document: its keys, and something of each value.
type Head = BTreeMap<String, Shape>;

/// Something of a value.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    /// A text, or what can be read as one.
    Text(String),
    /// The keys of a map.
    Map(Vec<String>),
    /// Another value.
    Other,
}

fn form_of(head: &Head) -> Option<Form> {
    let text = |key: &str| match head.get(key) {
        Some(Shape::Text(text)) => text.as_str(),
        _ => "",
    };
    let keys = |key: &str| match head.get(key) {
        Some(Shape::Map(keys)) => keys.as_slice(),
        _ => &[],
    };
    let (group, kind) = (text("apiVersion").split('/').next().unwrap_or_default(), text("kind"));
    if group == hauler::GROUP || group == hauler::COLLECTIONS {
        return Some(Form::Hauler);
    }
    if matches!(kind, "ZarfPackageConfig" | "ZarfInitConfig") {
        return Some(Form::Zarf);
    }
    if group == oc_mirror::GROUP && kind == "ImageSetConfiguration" {
        return Some(Form::OcMirror);
    }
    if mirror_sets::KINDS.contains(&kind) || mirror_sets::is_list_of_them(kind) {
        return Some(Form::ImageDigestMirrorSet);
    }
    if kind == "ImagesLock" {
        return Some(Form::ImagesLock);
    }
    if !kind.is_empty() {
        return None;
    }
    if head.contains_key("sync") && matches!(head.get("sync"), Some(Shape::Other)) {
        return Some(Form::Regsync);
    }
    if annotations::KEYS.iter().any(|key| keys("annotations").iter().any(|own| own == key)) {
        return Some(Form::Annotations);
    }
    let is_only = |names: &[&str]| head.keys().all(|key| names.contains(&key.as_str()));
    if head.contains_key("mirrors") && is_only(&["mirrors", "configs", "auths"]) {
        return Some(Form::Registries);
    }
    let is_registry = |(name, shape): (&String, &Shape)| {
        let is_host = name.contains(['.', ':']) || name == "localhost";
        is_host
            && matches!(shape, Shape::Map(keys) if keys.iter().any(|key| skopeo_sync::FIELDS.contains(&key.as_str())))
    };
    (!head.is_empty() && head.iter().all(is_registry)).then_some(Form::SkopeoSync)
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> serde::de::Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        while items.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Shape, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, _)) = members.next_entry::<Key, serde::de::IgnoredAny>()? {
            keys.extend(key.0);
        }
        Ok(Shape::Map(keys))
    }
}

/// A key, if it is a text.
struct Key(Option<String>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Shape::deserialize(deserializer)? {
            Shape::Text(text) => Some(text),
            _ => None,
        }))
    }
}
