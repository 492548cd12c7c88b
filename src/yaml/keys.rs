//! Keys that are not plain strings: merges (`<<`), and numbers.

use super::error::Error;
use super::parse::{Content, Id, Tree};
use super::resolve::Tag;
use crate::go::strconv::shortest_g32;

/// Whether a key is a merge key.
pub(super) fn is_merge(tree: &Tree<'_>, key: Id) -> bool {
    match &tree.get(key).content {
        Content::Scalar { text, tag, plain } => text.as_ref() == b"<<" && (*plain || *tag == Tag::Merge),
        _ => false,
    }
}

/// The maps that `<<: value` merges, in the order in which they are applied.
pub(super) fn merged(tree: &Tree<'_>, value: Id) -> Result<Vec<Id>, Error> {
    let is_map = |id: Id| match tree.get(id).content {
        Content::Map(_) => true,
        Content::Alias { target, .. } => matches!(tree.get(target).content, Content::Map(_)),
        _ => false,
    };
    if is_map(value) {
        return Ok(vec![value]);
    }
    let Content::Seq(first) = tree.get(value).content else { return Err(wants_maps()) };
    let mut maps: Vec<Id> = std::iter::successors(first, |&id| tree.get(id).next).collect();
    // The first map of a list takes precedence.
    maps.reverse();
    Ok(maps)
}

/// The error for merging something that is not a map.
pub(super) fn wants_maps() -> Error {
    Error::without_line("map merge requires map or sequence of maps as the value".to_owned())
}

/// A float key: Go's shortest form of a 32-bit float.
pub(super) fn float_key(number: f64) -> String {
    // Go quirk: sigs.k8s.io/yaml formats with 32 bits.
    let value = number as f32;
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() }
    } else {
        shortest_g32(number)
    }
}
