//! Whether two answers are the same.

use crate::yaml::{Data, Node};

/// Whether two trees contain the same values, at any position. Numbers are those of JSON: floats.
pub(super) fn holds_same(left: &Node, right: &Node) -> bool {
    match (&left.data, &right.data) {
        (Data::Null, Data::Null) => true,
        (Data::Bool(left), Data::Bool(right)) => left == right,
        (Data::Str(left), Data::Str(right)) => left.as_bytes() == right.as_bytes(),
        (Data::Seq(left), Data::Seq(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| holds_same(left, right))
        }
        (Data::Map(left), Data::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(entry, left)| {
                    let there = right.iter().find(|(other, _)| other.key.as_bytes() == entry.key.as_bytes());
                    there.is_some_and(|(_, right)| holds_same(left, right))
                })
        }
        _ => number(&left.data).is_some_and(|left| number(&right.data) == Some(left)),
    }
}

fn number(data: &Data) -> Option<f64> {
    match data {
        Data::Int(value) => Some(*value as f64),
        Data::Uint(value) => Some(*value as f64),
        Data::Float(value) => Some(*value),
        _ => None,
    }
}

/// Panics unless every node is in the text, inside its parent.
pub(super) fn stands_in(node: &Node, text_bytes: usize) {
    assert!(node.start <= node.end && node.end as usize <= text_bytes, "{node:?} stands outside of {text_bytes} bytes");
    match &node.data {
        Data::Seq(elements) => elements.iter().for_each(|element| stands_in(element, text_bytes)),
        Data::Map(entries) => {
            for (entry, value) in entries {
                assert!(entry.start <= entry.end && entry.end as usize <= text_bytes, "{entry:?} stands outside");
                stands_in(value, text_bytes);
            }
        }
        _ => {}
    }
}
