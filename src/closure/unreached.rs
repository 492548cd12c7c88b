//! [`UnreachedBranch`]: branches of explored templates that no execution took. Images in them, if there are any, are not in the list.

use super::pipelines::address;
use crate::source::Place;
use crate::template::ast::{Branch, NodeList, Template, TemplateNode};
use crate::template::set::Set;
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Why no execution took a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// Its condition decides about an image, and no alternative that was tried takes the branch.
    Untaken,
    /// Its condition decides about an image, and the budget ended the search.
    Bounded,
    /// Its condition cannot change an image that is known, so that it was not decided.
    Irrelevant,
}

impl Why {
    /// Its name in documents: `irrelevant`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Untaken => "untaken",
            Self::Bounded => "bounded",
            Self::Irrelevant => "irrelevant",
        }
    }
}

/// A branch of a control structure that no execution took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnreachedBranch {
    /// The template file, by full name: `app/templates/_helpers.tpl`.
    pub template: String,
    /// The line of its condition, or for `else` of what it contains; from 1.
    pub line: u32,
    /// The column there, in characters from 1.
    pub column: u32,
    /// `if`, `else if`, `else`, `with`, `else with` or `range`.
    pub branch: &'static str,
    /// The condition, as Go prints it; of an `else`, that which always holds.
    pub condition: String,
    /// Why.
    pub why: Why,
}

/// What was executed, and decided.
#[derive(Debug)]
pub(super) struct Reached<'r> {
    /// The lists of nodes that were executed, by address.
    pub(super) lists: &'r HashSet<usize, RandomState>,
    /// The pipelines that decide about images, by address, and whether the budget ended the search in each file that they decide about.
    pub(super) decided: HashMap<usize, bool, RandomState>,
    /// The files that were not searched themselves, because others read the same.
    pub(super) left_out: BTreeSet<&'r str>,
}

impl Reached<'_> {
    /// The branches of the templates of a set that were executed at all, without those within others; ordered by their places.
    pub(super) fn others(&self, set: &Set) -> Vec<UnreachedBranch> {
        let mut found = BTreeSet::new();
        for template in set.all().into_iter().filter(|one| !self.left_out.contains(&*one.file_name)) {
            Walk { reached: self, template, found: &mut found }.list(&template.body);
        }
        found.into_iter().collect()
    }
}

struct Walk<'w> {
    reached: &'w Reached<'w>,
    template: &'w Template,
    found: &'w mut BTreeSet<UnreachedBranch>,
}

impl Walk<'_> {
    fn is_reached(&self, list: &NodeList) -> bool {
        self.reached.lists.contains(&address(list))
    }

    fn list(&mut self, list: &NodeList) {
        if self.is_reached(list) {
            list.nodes.iter().for_each(|node| self.node(node, ""));
        }
    }

    /// `before` is the beginning of an `else if`.
    fn node(&mut self, node: &TemplateNode, before: &str) {
        match (node, before) {
            (TemplateNode::If(branch), "") => self.branch(branch, "if"),
            (TemplateNode::If(branch), _) => self.branch(branch, "else if"),
            (TemplateNode::With(branch), "") => self.branch(branch, "with"),
            (TemplateNode::With(branch), _) => self.branch(branch, "else with"),
            (TemplateNode::Range(branch), _) => self.branch(branch, "range"),
            _ => {}
        }
    }

    fn branch(&mut self, branch: &Branch, name: &'static str) {
        match self.is_reached(&branch.list) {
            true => self.list(&branch.list),
            false => self.add(branch, branch.pipe.pos, name),
        }
        let Some(other) = &branch.else_list else { return };
        match (other.nodes.as_slice(), self.is_reached(other)) {
            ([node @ (TemplateNode::If(_) | TemplateNode::With(_))], true) => self.node(node, "else"),
            (_, true) => self.list(other),
            // Of an `else` without content, nothing is lost.
            ([], false) => {}
            ([first, ..], false) => self.add(branch, first.pos(), "else"),
        }
    }

    fn add(&mut self, branch: &Branch, at: u32, name: &'static str) {
        let (line, column) = Place { file: self.template.file.clone(), start: at, end: at }.line_column();
        let why = match self.reached.decided.get(&address(&branch.pipe)) {
            None => Why::Irrelevant,
            Some(true) => Why::Bounded,
            Some(false) => Why::Untaken,
        };
        self.found.insert(UnreachedBranch {
            template: self.template.file_name.to_string(),
            line,
            column,
            branch: name,
            condition: branch.pipe.to_string(),
            why,
        });
    }
}
