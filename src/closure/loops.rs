//! Loops of a file whose rounds hand nothing on to later ones by variables, so that each round can be explored alone.
//!
//! Whether rounds hand something on by maps is seen while they are executed.

use super::pipelines::{Fresh, address, changed_by};
use crate::template::ast::{Branch, NodeList, Pipe, Template, TemplateNode};
use std::collections::BTreeSet;

/// The outermost loops of a template of this kind: the addresses of their pipelines.
pub(super) fn apart(template: &Template) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    collect(&template.body, &template.body, &mut found);
    found
}

fn collect(list: &NodeList, whole: &NodeList, found: &mut BTreeSet<usize>) {
    for node in &list.nodes {
        match node {
            TemplateNode::Range(branch) if is_apart(branch, whole) => {
                found.insert(address(&branch.pipe));
            }
            TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                collect(&branch.list, whole, found);
                branch.else_list.iter().for_each(|list| collect(list, whole, found));
            }
            _ => {}
        }
    }
}

/// Whether the variables that a loop sets, or whose maps it changes, are its own, and it does not end early.
fn is_apart(branch: &Branch, whole: &NodeList) -> bool {
    let mut inside = Variables::default();
    inside.pipe(&branch.pipe);
    inside.list(&branch.list);
    let mut outside = Variables { left_out: Some(address(&branch.pipe)), ..Variables::default() };
    outside.list(whole);
    let is_own = |name: &&str| inside.declared.contains(*name) && !outside.declared.contains(*name);
    !branch.pipe.is_assign && !inside.breaks && inside.set.iter().all(is_own)
}

/// What a list of nodes does with variables.
#[derive(Default)]
struct Variables<'t> {
    declared: BTreeSet<&'t str>,
    /// Those that are assigned, or whose maps are changed.
    set: BTreeSet<&'t str>,
    breaks: bool,
    /// A loop that does not count, by the address of its pipeline.
    left_out: Option<usize>,
}

impl<'t> Variables<'t> {
    fn list(&mut self, list: &'t NodeList) {
        for node in &list.nodes {
            match node {
                TemplateNode::Text { .. } | TemplateNode::Template { pipe: None, .. } | TemplateNode::Continue(_) => {}
                TemplateNode::Break(_) => self.breaks = true,
                TemplateNode::Action { pipe, .. } | TemplateNode::Template { pipe: Some(pipe), .. } => self.pipe(pipe),
                TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                    if self.left_out == Some(address(&branch.pipe)) {
                        continue;
                    }
                    self.pipe(&branch.pipe);
                    self.list(&branch.list);
                    branch.else_list.iter().for_each(|list| self.list(list));
                }
            }
        }
    }

    fn pipe(&mut self, pipe: &'t Pipe) {
        let names = pipe.decl.iter().map(|variable| &*variable.ident[0]);
        match pipe.is_assign {
            true => self.set.extend(names),
            false => self.declared.extend(names),
        }
        self.set.extend(changed_by(pipe, &Fresh::new()).into_iter().flatten());
    }
}
