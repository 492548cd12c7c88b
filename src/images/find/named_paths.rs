//! [`Names`]: paths with the names of list elements in place of their indexes, by which a use is identified in another
//! render.

use crate::objects::{Object, ObjectName};
use crate::yaml::{Data, Node};
use std::collections::HashMap;
use std::fmt::Write as _;

/// A cache for the objects of a manifest: each list and each large map is indexed once.
pub(super) struct Names<'n> {
    objects: HashMap<&'n ObjectName, &'n Node>,
    /// By address of a list's first item: the names of its items that are unique.
    lists: HashMap<usize, Vec<Option<String>>>,
    /// By address of a map: its members by their keys.
    maps: HashMap<usize, HashMap<&'n [u8], &'n Node>>,
}

/// Smaller maps are searched linearly.
const BIG: usize = 16;

impl<'n> Names<'n> {
    pub(super) fn of(objects: &'n [Object<'n>]) -> Self {
        let mut known = HashMap::new();
        for object in objects {
            known.entry(&object.name).or_insert(object.node);
        }
        Self { objects: known, lists: HashMap::new(), maps: HashMap::new() }
    }

    /// The path of a use, `spec.containers[name=api].image`: list elements are named if their names are unique. In another render
    /// another container may come before it.
    pub(super) fn field(&mut self, object: &ObjectName, field: &str) -> String {
        let mut node = self.objects.get(object).copied();
        let mut named = String::new();
        let mut rest = field;
        // No list follows the last index, so no name is needed.
        let last = field.rfind('[').map_or(0, |at| field.len() - at);
        while let Some(at) = rest.find(['.', '[']) {
            if rest.len() < last || last == 0 {
                break;
            }
            let (key, after) = rest.split_at(at);
            if !key.is_empty() {
                node = node.and_then(|node| self.member(node, key));
            }
            named.push_str(key);
            let index = after.strip_prefix('[').and_then(|after| after.split_once(']'));
            match index.and_then(|(index, after)| Some((index.parse::<usize>().ok()?, after))) {
                Some((index, after)) => {
                    let list = node.map(Node::items).unwrap_or_default();
                    let _ = match self.name_of(list, index) {
                        Some(name) => write!(named, "[name={name}]"),
                        None => write!(named, "[{index}]"),
                    };
                    node = list.get(index);
                    rest = after.strip_prefix('.').unwrap_or(after);
                    named.push_str(if after.starts_with('.') { "." } else { "" });
                }
                None if after.starts_with('.') => {
                    named.push('.');
                    rest = &after[1..];
                }
                // A quoted key; what follows is a text.
                None => {
                    rest = after;
                    break;
                }
            }
        }
        named + rest
    }

    /// The name of a list element, if all elements have unique names.
    fn name_of(&mut self, list: &'n [Node], index: usize) -> Option<&String> {
        let first = list.first()?;
        let names = self.lists.entry(std::ptr::from_ref(first) as usize).or_insert_with(|| {
            let names: Vec<String> = list.iter().map(|item| item.text_of("name")).collect();
            let mut counts: HashMap<&str, u32> = HashMap::new();
            names.iter().for_each(|name| *counts.entry(name).or_default() += 1);
            let is_own = |name: &String| !name.is_empty() && counts.get(name.as_str()) == Some(&1);
            names.iter().map(|name| is_own(name).then(|| name.clone())).collect()
        });
        names.get(index)?.as_ref()
    }

    fn member(&mut self, node: &'n Node, name: &str) -> Option<&'n Node> {
        let Data::Map(entries) = &node.data else { return None };
        if entries.len() < BIG {
            return node.member(name);
        }
        let members = self.maps.entry(std::ptr::from_ref(node) as usize);
        let members =
            members.or_insert_with(|| entries.iter().map(|(entry, value)| (entry.key.as_bytes(), value)).collect());
        members.get(name.as_bytes()).copied()
    }
}
