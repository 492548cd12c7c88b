//! Decodes Chart.yaml and similar files into typed fields, with helm's coercions and error texts.
//!
//! Helm converts YAML to JSON with the target Go type in mind (a number for a string becomes text), and decodes that JSON on top
//! of existing values: a requirements.yaml is decoded on top of Chart.yaml.

use crate::error::{Error, ErrorKind, Location};
use crate::json::place::{place, token};
use crate::limits::Limits;
use crate::yaml::{self, Data, Node};
use std::cell::Cell;

/// A type into which a YAML value can be decoded.
pub(super) trait Target {
    /// Go's name of the type.
    fn go_type(&self) -> &'static str;

    /// Decodes a value; null leaves most types unchanged.
    fn set(&mut self, node: &Node, at: &mut At) -> Result<(), String>;
}

/// A Go struct.
pub(super) trait Fields: Default {
    /// Go's name of it, with its package.
    const GO_TYPE: &'static str;

    /// The fields by their JSON names.
    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)>;
}

/// The location of a value, for messages.
#[derive(Debug, Default)]
pub(super) struct At {
    /// `.dependencies.0.name`; empty at the top.
    path: String,
    /// Where the value is that does not fit, once there is one.
    byte: Cell<Option<u32>>,
}

impl At {
    fn below<T>(&mut self, part: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push('.');
        self.path.push_str(&token(part));
        let result = act(self);
        self.path.truncate(length);
        result
    }

    pub(super) fn mismatch(&self, node: &Node, go_type: &str) -> String {
        let found = node.data.json_kind();
        self.byte.set(Some(node.start));
        let place = place(&self.path);
        format!("json: cannot unmarshal {found} into {place} of type {go_type}")
    }
}

/// Decodes the first document of a text on top of a struct.
pub(super) fn decode_onto(target: &mut impl Fields, text: &[u8], limits: &Limits) -> Result<(), Error> {
    let node = yaml::read(text, limits).map_err(|error| of_yaml(error, text).after("error converting YAML to JSON"))?;
    let mut at = At::default();
    decode_node(target, &node, &mut at)
        .map_err(|error| error.at(at.byte.get().map(|byte| Location::of_byte("", text, byte))))
}

/// Decodes a value on top of a struct.
pub(super) fn decode_node(target: &mut impl Fields, node: &Node, at: &mut At) -> Result<(), Error> {
    set_fields(target, node, at)
        .map_err(|error| Error::chart(format!("error unmarshaling JSON: while decoding JSON: {error}")))
}

/// The error for a file of a chart that is not YAML.
pub(super) fn of_yaml(error: yaml::Error, text: &[u8]) -> Error {
    let location = error.at.map(|at| Location::of_byte("", text, at));
    Error::new(error.kind(ErrorKind::Chart), error.to_string()).at(location)
}

fn set_fields<F: Fields>(target: &mut F, node: &Node, at: &mut At) -> Result<(), String> {
    let entries = match &node.data {
        Data::Null => return Ok(()),
        Data::Map(entries) => entries,
        _ => return Err(at.mismatch(node, F::GO_TYPE)),
    };
    // The intermediate JSON has its keys in byte order, so the last spelling of a key is used.
    let mut entries: Vec<_> = entries.iter().map(|(entry, value)| (entry.key.to_text(), value)).collect();
    entries.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let mut fields = target.fields();
    for (key, value) in entries {
        let exact = fields.iter().position(|(name, _)| *name == key);
        let found = exact.or_else(|| fields.iter().position(|(name, _)| same_folded(name, &key)));
        if let Some(found) = found {
            at.below(&key, |at| fields[found].1.set(value, at))?;
        }
    }
    Ok(())
}

/// Equal except for case; `name` is ASCII.
fn same_folded(name: &str, key: &str) -> bool {
    // Two non-ASCII characters fold to letters: the long s and the Kelvin sign.
    let fold = |character| match character {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(key.chars().map(fold))
}

impl Target for String {
    fn go_type(&self) -> &'static str {
        "string"
    }

    fn set(&mut self, node: &Node, at: &mut At) -> Result<(), String> {
        match node.data.scalar_text() {
            Some(text) => *self = text,
            None if node.data == Data::Null => {}
            None => return Err(at.mismatch(node, self.go_type())),
        }
        Ok(())
    }
}

impl Target for bool {
    fn go_type(&self) -> &'static str {
        "bool"
    }

    fn set(&mut self, node: &Node, at: &mut At) -> Result<(), String> {
        match node.data {
            Data::Null => {}
            Data::Bool(truth) => *self = truth,
            _ => return Err(at.mismatch(node, self.go_type())),
        }
        Ok(())
    }
}

/// An element of a list: decoded on top of the element at the same index.
pub(super) trait Element: Default + Clone {
    /// Go's name of the list.
    const LIST: &'static str;

    /// See [`Target::set`].
    fn set_element(&mut self, node: &Node, at: &mut At) -> Result<(), String>;
}

impl<E: Element> Target for Option<Vec<E>> {
    fn go_type(&self) -> &'static str {
        E::LIST
    }

    fn set(&mut self, node: &Node, at: &mut At) -> Result<(), String> {
        let items = match &node.data {
            Data::Null => {
                *self = None;
                return Ok(());
            }
            Data::Seq(items) => items,
            _ => return Err(at.mismatch(node, self.go_type())),
        };
        let list = self.get_or_insert_default();
        list.resize_with(items.len(), E::default);
        for (index, (element, item)) in list.iter_mut().zip(items).enumerate() {
            at.below(&index.to_string(), |at| element.set_element(item, at))?;
        }
        Ok(())
    }
}

impl Element for String {
    const LIST: &'static str = "[]string";

    fn set_element(&mut self, node: &Node, at: &mut At) -> Result<(), String> {
        self.set(node, at)
    }
}

/// An element of any type; `None` only before it is set.
impl Element for Option<Node> {
    const LIST: &'static str = "[]interface {}";

    fn set_element(&mut self, node: &Node, _: &mut At) -> Result<(), String> {
        *self = Some(node.clone());
        Ok(())
    }
}

/// A struct behind a pointer, which null sets to nil.
#[derive(Debug, Clone, Default)]
pub(super) struct Pointer<F>(pub(super) Option<F>);

/// A struct in lists of pointers.
pub(super) trait Listed: Fields + Clone {
    /// Go's name of the list.
    const LIST: &'static str;
}

impl<F: Listed> Element for Pointer<F> {
    const LIST: &'static str = F::LIST;

    fn set_element(&mut self, node: &Node, at: &mut At) -> Result<(), String> {
        if node.data == Data::Null {
            self.0 = None;
            return Ok(());
        }
        set_fields(self.0.get_or_insert_default(), node, at)
    }
}

/// `map[string]string`, in the order of the keys.
impl Target for Option<Vec<(String, String)>> {
    fn go_type(&self) -> &'static str {
        "map[string]string"
    }

    fn set(&mut self, node: &Node, at: &mut At) -> Result<(), String> {
        let entries = match &node.data {
            Data::Null => {
                *self = None;
                return Ok(());
            }
            Data::Map(entries) => entries,
            _ => return Err(at.mismatch(node, self.go_type())),
        };
        let map = self.get_or_insert_default();
        let mut entries: Vec<_> = entries.iter().map(|(entry, value)| (entry.key.to_text(), value)).collect();
        entries.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        for (key, value) in entries {
            let mut text = String::new();
            at.below(&key, |at| text.set(value, at))?;
            match map.binary_search_by(|(known, _)| known.as_bytes().cmp(key.as_bytes())) {
                Ok(found) => map[found].1 = text,
                Err(place) => map.insert(place, (key.into_owned(), text)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::same_folded;

    #[test]
    fn keys_are_found_without_regard_to_case() {
        assert!(same_folded("apiVersion", "APIVERSION") && same_folded("keywords", "\u{212a}eyword\u{17f}"));
        assert!(!same_folded("name", "names"));
    }
}
