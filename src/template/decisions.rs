//! [`Decisions`]: which way a render goes at its branches: as its values say, or forced another way.
//!
//! The output of any course other than [`Course::AsIs`] is not what is installed.

use super::ast::{self, Arg, Branch, Pipe, TemplateNode};
use super::set::Set;
use crate::source::Place;
use crate::trace::Marks;
use crate::values_path::ValuesPath;
use foldhash::fast::RandomState;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// The most ways of an `if … else if … else` that are tried.
pub(crate) const MAX_WAYS: u32 = 6;

/// A position at which a render goes one way or another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Site {
    /// The file, by its full path if known.
    pub file: String,
    /// The position in the file.
    pub at: u32,
    /// The position in the executed text, if that text was set elsewhere.
    pub within: u32,
    /// The index of the function's argument that decides.
    pub argument: u32,
}

/// The decision at a site whose condition has marks.
#[derive(Debug, Clone)]
pub(crate) struct MarkedDecision {
    /// The site.
    pub site: Site,
    /// Its location.
    pub place: Place,
    /// The condition, as Go prints it.
    pub condition: String,
    /// The marks of the condition.
    pub marks: Marks,
    /// Whether it was ever false, and whether it was ever true.
    pub ways: [bool; 2],
}

/// How branches are decided.
#[derive(Debug, Clone, Default)]
pub(crate) enum Course {
    /// As its values say.
    #[default]
    AsIs,
    /// As its values say, except at these sites.
    Turned(BTreeMap<Site, bool>),
    /// As its values say; only decisions at these sites are recorded, whatever their marks.
    Watched(BTreeSet<Site>),
    /// Every `if … else if … else` goes this way, counted from 0, if it has that many ways; loops run at least once; failing
    /// actions print nothing.
    Everything(u32),
}

/// A branch that is taken only because all are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gate {
    /// The condition, as Go prints it.
    pub condition: Rc<str>,
    /// Whether it must hold, or must not hold.
    pub holds: bool,
    /// The full name of the executed template file.
    pub file: Rc<str>,
}

/// The end of a reached range, and the gates before it.
type Reached = (u32, Rc<[Gate]>);

/// A gate, and the address of its branch or call.
type Entered = (Gate, usize);

/// How branches are decided, and which decisions are recorded.
#[derive(Debug)]
pub(crate) struct Decisions {
    /// The course.
    pub course: Course,
    /// Which untaken text is relevant.
    pub matters: fn(&[u8]) -> bool,
    /// Values paths that contain the mirror.
    pub mirror_keys: Vec<ValuesPath>,
    /// Files that are not executed.
    pub skipped: BTreeSet<String>,
    /// The only file that is executed, if not all are.
    pub only: Option<String>,
    decided: Vec<MarkedDecision>,
    known: HashMap<Site, usize, RandomState>,
    /// The executed file.
    file: Rc<str>,
    /// By the address of a list: whether it contains relevant text.
    interesting: HashMap<usize, bool, RandomState>,
    /// By executed file: the ways with relevant text that were not taken.
    pub untaken: BTreeMap<String, BTreeSet<u32>>,
    /// Those of the executed file, one bit each.
    left: u64,
    gates: Vec<Entered>,
    /// The current gates, shared by everything that is reached through them; made on first use.
    path: Option<Rc<[Gate]>>,
    /// By the address of a branch: its condition.
    conditions: HashMap<usize, Rc<str>, RandomState>,
    /// File, first byte, end: text and actions that were reached through gates.
    gated: BTreeMap<(usize, u32), Reached>,
}

impl Decisions {
    /// Decisions for a course; `matters` says which untaken text is relevant.
    pub(crate) fn new(course: Course, matters: fn(&[u8]) -> bool) -> Self {
        Self {
            course,
            matters,
            mirror_keys: Vec::new(),
            skipped: BTreeSet::new(),
            only: None,
            decided: Vec::new(),
            known: HashMap::default(),
            file: "".into(),
            interesting: HashMap::default(),
            untaken: BTreeMap::new(),
            left: 0,
            gates: Vec::new(),
            path: None,
            conditions: HashMap::default(),
            gated: BTreeMap::new(),
        }
    }

    /// The recorded decisions, in order of their first occurrence.
    pub(crate) fn decided(&self) -> &[MarkedDecision] {
        &self.decided
    }

    /// The way of [`Course::Everything`], if that is the course.
    pub(crate) fn way(&self) -> Option<u32> {
        match self.course {
            Course::Everything(way) => Some(way),
            _ => None,
        }
    }

    /// Begins the execution of a file; returns whether it should be executed.
    pub(crate) fn enter_file(&mut self, name: &str) -> bool {
        (self.file, self.left) = (name.into(), 0);
        !self.skipped.contains(name) && self.only.as_deref().is_none_or(|only| only == name)
    }

    /// The gates through which a byte of a file was reached.
    pub(crate) fn gates_of(&self, place: &Place) -> Option<&Rc<[Gate]>> {
        let file = std::sync::Arc::as_ptr(&place.file) as usize;
        let (_, (end, gates)) = self.gated.range((file, 0)..=(file, place.start)).next_back()?;
        (place.start < *end).then_some(gates)
    }

    /// Whether decisions here are recorded or forced: only then their location is needed.
    pub(super) fn is_watched(&self, marks: Marks) -> bool {
        match &self.course {
            Course::AsIs | Course::Turned(_) => !marks.without_size().is_none(),
            Course::Watched(_) => true,
            Course::Everything(_) => false,
        }
    }

    /// Records what the values say at a site, and returns the way to go.
    pub(super) fn decide(
        &mut self,
        site: Site,
        place: Place,
        condition: &dyn Fn() -> String,
        holds: bool,
        marks: Marks,
    ) -> bool {
        if let Course::Watched(sites) = &self.course
            && !sites.contains(&site)
        {
            return holds;
        }
        let number = *self.known.entry(site.clone()).or_insert_with(|| {
            let site = site.clone();
            self.decided.push(MarkedDecision { site, place, condition: condition(), marks, ways: [false; 2] });
            self.decided.len() - 1
        });
        let decided = &mut self.decided[number];
        decided.ways[usize::from(holds)] = true;
        decided.marks = decided.marks | marks;
        match &self.course {
            Course::Turned(sites) => sites.get(&site).copied().unwrap_or(holds),
            _ => holds,
        }
    }

    /// Records that a list of nodes, which is this way of its branch, is not executed.
    pub(super) fn leave(&mut self, list: &ast::NodeList, branch: &Branch, way: u32, templates: &Set) {
        if way < MAX_WAYS && !self.is_left(way) && self.is_interesting(list, &branch.pipe, templates) {
            self.note_left(way);
        }
    }

    /// Whether a way of the executed file is already recorded as not taken.
    fn is_left(&self, way: u32) -> bool {
        1_u64.checked_shl(way).is_some_and(|bit| self.left & bit != 0)
    }

    fn note_left(&mut self, way: u32) {
        self.left |= 1_u64.checked_shl(way).unwrap_or_default();
        self.untaken.entry(self.file.to_string()).or_default().insert(way);
    }

    /// Records that a relevant text, which is this way of its choice, is not taken.
    pub(super) fn leave_text(&mut self, text: &[u8], way: u32) {
        if !self.is_left(way) && (self.matters)(text) {
            self.note_left(way);
        }
    }

    /// Enters a gate, unless it was already entered; `at` is the address of the branch. If it `is_kept`, no other branch has that
    /// address until the render ends.
    pub(super) fn enter(&mut self, at: usize, is_kept: bool, condition: &dyn Fn() -> String, holds: bool) -> bool {
        if self.gates.iter().any(|(_, entered)| *entered == at) {
            return false;
        }
        let condition = match is_kept {
            true => self.conditions.entry(at).or_insert_with(|| condition().into()).clone(),
            false => condition().into(),
        };
        self.gates.push((Gate { condition, holds, file: self.file.clone() }, at));
        self.path = None;
        true
    }

    /// Leaves a gate.
    pub(super) fn leave_gate(&mut self) {
        self.gates.pop();
        self.path = None;
    }

    /// The number of gates entered.
    pub(super) fn depth(&self) -> usize {
        self.gates.len()
    }

    /// Records that a byte range of a file was reached through the gates.
    pub(super) fn reach(&mut self, place: &Place, length: &dyn Fn() -> u32) {
        let file = std::sync::Arc::as_ptr(&place.file) as usize;
        let Entry::Vacant(entry) = self.gated.entry((file, place.start)) else { return };
        let gates = || self.gates.iter().map(|(gate, _)| gate.clone()).collect();
        let path = self.path.get_or_insert_with(gates).clone();
        entry.insert((place.start + length(), path));
    }

    fn is_interesting(&mut self, list: &ast::NodeList, condition: &Pipe, templates: &Set) -> bool {
        let key = std::ptr::from_ref(list) as usize;
        if let Some(&known) = self.interesting.get(&key) {
            return known;
        }
        // A recursive call is as relevant as the rest of it.
        self.interesting.insert(key, false);
        let mut asked = Vec::new();
        pipe_fields(condition, &mut asked);
        let found = list.nodes.iter().any(|node| self.node(node, &asked, templates));
        self.interesting.insert(key, found);
        found
    }

    fn list(&mut self, list: &ast::NodeList, asked: &[String], templates: &Set) -> bool {
        list.nodes.iter().any(|node| self.node(node, asked, templates))
    }

    fn node(&mut self, node: &TemplateNode, asked: &[String], templates: &Set) -> bool {
        match node {
            TemplateNode::Text { text, .. } => (self.matters)(text.as_bytes()),
            TemplateNode::Action { pipe, .. } => self.pipe(pipe, asked, templates),
            TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                let mut asked = asked.to_vec();
                pipe_fields(&branch.pipe, &mut asked);
                self.pipe(&branch.pipe, &asked, templates)
                    || self.list(&branch.list, &asked, templates)
                    || branch.else_list.as_ref().is_some_and(|list| self.list(list, &asked, templates))
            }
            TemplateNode::Template { name, .. } => self.template(name.as_bytes(), asked, templates),
            TemplateNode::Break(_) | TemplateNode::Continue(_) => false,
        }
    }

    fn template(&mut self, name: &[u8], asked: &[String], templates: &Set) -> bool {
        let Some(template) = templates.get(name).cloned() else { return false };
        let key = std::ptr::from_ref(&template.body) as usize;
        if let Some(&known) = self.interesting.get(&key) {
            return known;
        }
        self.interesting.insert(key, false);
        let found = self.list(&template.body, asked, templates);
        self.interesting.insert(key, found);
        found
    }

    fn pipe(&mut self, pipe: &Pipe, asked: &[String], templates: &Set) -> bool {
        pipe.cmds.iter().any(|command| {
            let name = match &command.args[0] {
                Arg::Identifier { name, .. } => &**name,
                _ => "",
            };
            match name {
                "include" => match command.args.get(1) {
                    Some(Arg::String { text, .. }) => return self.template(text.as_bytes(), asked, templates),
                    // The name is computed: it may be any.
                    _ => return true,
                },
                // A tested value is empty if the branch is not taken; any other value printed as a whole may contain images.
                "toYaml" | "toJson" | "tpl" | "toYamlPretty" | "toPrettyJson" | "toRawJson" => {
                    let mut fields = Vec::new();
                    pipe_fields(pipe, &mut fields);
                    if fields.iter().any(|field| field.contains("Values.") && !asked.contains(field)) {
                        return true;
                    }
                }
                _ => {}
            }
            command.args.iter().any(|arg| self.arg(arg, asked, templates))
        })
    }

    fn arg(&mut self, arg: &Arg, asked: &[String], templates: &Set) -> bool {
        match arg {
            Arg::String { text, .. } => (self.matters)(text.as_bytes()),
            Arg::Pipe(pipe) => self.pipe(pipe, asked, templates),
            Arg::Chain { node, field, .. } => {
                field.iter().any(|name| (self.matters)(name.as_bytes())) || self.arg(node, asked, templates)
            }
            Arg::Field { ident, .. } => ident.iter().any(|name| (self.matters)(name.as_bytes())),
            Arg::Variable(variable) => variable.ident.iter().any(|name| (self.matters)(name.as_bytes())),
            _ => false,
        }
    }
}

/// The fields that a pipeline reads, `.Values.a.b`, `$.Values.a.b` without its `$`.
fn pipe_fields(pipe: &Pipe, found: &mut Vec<String>) {
    pipe.cmds.iter().flat_map(|command| &command.args).for_each(|arg| arg_fields(arg, found));
}

fn arg_fields(arg: &Arg, found: &mut Vec<String>) {
    match arg {
        Arg::Field { .. } => found.push(arg.to_string()),
        Arg::Variable(variable) => found.push(variable.to_string().trim_start_matches('$').to_owned()),
        Arg::Pipe(pipe) => pipe_fields(pipe, found),
        Arg::Chain { node, .. } => arg_fields(node, found),
        _ => {}
    }
}
