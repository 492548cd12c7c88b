//! [`Usage`]: what the templates of a release do with values of each name: what they compare them with, and which kind of value they
//! expect. Names stand for values: a helper sees the value `.Values.web.mode` as `.mode`.

use crate::chart::owner_of;
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, TemplateNode};
use crate::template::set::Set;
use crate::values_path::Key;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most texts that a value is compared with.
const MOST_TEXTS: usize = 24;

/// What templates do with values, by name.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// The texts that they are compared with.
    texts: BTreeMap<String, BTreeSet<String>>,
    /// The numbers.
    numbers: BTreeMap<String, BTreeSet<i64>>,
    /// Names after which another name follows: maps.
    maps: BTreeMap<String, BTreeSet<String>>,
    /// Names of loops.
    ranged: BTreeSet<String>,
    /// Names that are used anywhere but in a condition.
    passed: BTreeSet<String>,
    /// Names of conditions.
    tested: BTreeSet<String>,
    /// The constraints on versions, and other texts that are compared with versions.
    pub(super) versions: BTreeSet<String>,
}

/// Functions that compare.
const COMPARISONS: &[&str] =
    &["eq", "ne", "gt", "ge", "lt", "le", "has", "contains", "hasPrefix", "hasSuffix", "mustHas", "regexMatch"];

/// Functions that compare versions.
const VERSION_COMPARISONS: &[&str] = &["semverCompare", "semver"];

impl Usage {
    /// What the templates of a chart, of its subcharts and of the charts around it do.
    pub(super) fn of(set: &Set, chart: &str) -> Self {
        let mut usage = Self::default();
        let concerns = |file: &str| {
            let owner = owner_of(file);
            owner.starts_with(chart) || chart.starts_with(owner)
        };
        for template in set.all().into_iter().filter(|template| concerns(&template.file_name)) {
            let mut variables = HashMap::new();
            declared(&template.body, &mut variables);
            usage.list(&template.body, &variables);
        }
        usage
    }

    /// The texts that the value at a path is compared with: under its name with that of its parent, or, in helpers and `with`, alone.
    pub(super) fn texts(&self, path: &[Key]) -> impl Iterator<Item = &str> {
        let texts = suffixes(path).into_iter().filter_map(|suffix| self.texts.get(&suffix));
        texts.flatten().take(MOST_TEXTS).map(String::as_str)
    }

    /// The numbers that it is compared with.
    pub(super) fn numbers(&self, path: &[Key]) -> impl Iterator<Item = i64> {
        let numbers = suffixes(path).into_iter().filter_map(|suffix| self.numbers.get(&suffix));
        numbers.flatten().take(MOST_TEXTS).copied()
    }

    /// Whether values of this name have members, and one of them.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.maps.get(name)?.first().map(String::as_str)
    }

    /// Whether values of this name are looped over.
    pub(super) fn is_ranged(&self, name: &str) -> bool {
        self.ranged.contains(name)
    }

    /// Whether values of this name are only tested: they are switches.
    pub(super) fn is_switch(&self, name: &str) -> bool {
        self.tested.contains(name) && !self.passed.contains(name)
    }

    fn list(&mut self, list: &NodeList, variables: &Variables) {
        for node in &list.nodes {
            match node {
                TemplateNode::Text { .. } | TemplateNode::Break(_) | TemplateNode::Continue(_) => {}
                TemplateNode::Action { pipe, .. } | TemplateNode::Template { pipe: Some(pipe), .. } => {
                    self.pipe(pipe, variables, false);
                }
                TemplateNode::Template { .. } => {}
                TemplateNode::If(branch) => self.branch(branch, variables, true),
                TemplateNode::With(branch) => self.branch(branch, variables, false),
                TemplateNode::Range(branch) => {
                    let looped = names(&branch.pipe, variables);
                    self.ranged.extend(looped.iter().filter_map(|name| name.rsplit('.').next()).map(str::to_owned));
                    self.branch(branch, variables, false);
                }
            }
        }
    }

    fn branch(&mut self, branch: &Branch, variables: &Variables, is_test: bool) {
        self.pipe(&branch.pipe, variables, is_test);
        self.list(&branch.list, variables);
        branch.else_list.iter().for_each(|list| self.list(list, variables));
    }

    fn pipe(&mut self, pipe: &Pipe, variables: &Variables, is_test: bool) {
        for command in &pipe.cmds {
            let function = function(command);
            if COMPARISONS.contains(&function) {
                let names = names(pipe, variables);
                let (mut texts, mut numbers) = (BTreeSet::new(), BTreeSet::new());
                command.args.iter().for_each(|arg| constants(arg, &mut texts, &mut numbers));
                for name in names {
                    self.texts.entry(name.clone()).or_default().extend(texts.iter().cloned());
                    self.numbers.entry(name).or_default().extend(numbers.iter().copied());
                }
            }
            if VERSION_COMPARISONS.contains(&function) {
                let mut texts = BTreeSet::new();
                command.args.iter().for_each(|arg| constants(arg, &mut texts, &mut BTreeSet::new()));
                self.versions.extend(texts);
            }
            let tests = ["and", "or", "not", "eq", "ne", "empty", "gt", "lt", "ge", "le"].contains(&function);
            for arg in &command.args {
                self.arg(arg, variables, is_test && (tests || pipe.cmds.len() == 1 && command.args.len() == 1));
            }
        }
    }

    fn arg(&mut self, arg: &Arg, variables: &Variables, is_test: bool) {
        let (chain, whole) = match arg {
            Arg::Field { ident, .. } => (&ident[..], true),
            Arg::Variable(variable) => (&variable.ident[1..], variable.ident.len() > 1),
            Arg::Chain { node, field, .. } => {
                self.arg(node, variables, false);
                (&field[..], true)
            }
            Arg::Pipe(pipe) => {
                self.pipe(pipe, variables, is_test);
                return;
            }
            _ => return,
        };
        for pair in chain.windows(2) {
            self.maps.entry(pair[0].to_string()).or_default().insert(pair[1].to_string());
        }
        if let Some(last) = chain.last().filter(|_| whole) {
            let names = if is_test { &mut self.tested } else { &mut self.passed };
            names.insert(last.to_string());
        }
    }
}

/// Variables with the names of the values that they may hold.
type Variables = HashMap<String, BTreeSet<String>>;

fn declared(list: &NodeList, found: &mut Variables) {
    for node in &list.nodes {
        match node {
            TemplateNode::Action { pipe, .. } => declare(pipe, found),
            TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                declare(&branch.pipe, found);
                declared(&branch.list, found);
                branch.else_list.iter().for_each(|list| declared(list, found));
            }
            _ => {}
        }
    }
}

fn declare(pipe: &Pipe, found: &mut Variables) {
    for variable in &pipe.decl {
        let names = names(pipe, found);
        found.entry(variable.ident[0].to_string()).or_default().extend(names);
    }
}

/// The function that a command calls.
pub(super) fn function(command: &Command) -> &str {
    match &command.args[0] {
        Arg::Identifier { name, .. } => name,
        // `.Capabilities.APIVersions.Has`
        _ => "",
    }
}

/// The names under which templates may compare the value at a path.
fn suffixes(path: &[Key]) -> Vec<String> {
    let names: Vec<&str> = path.iter().filter_map(Key::name).collect();
    let last = names.last().map(|last| (*last).to_owned());
    let two = names.len().checked_sub(2).map(|at| names[at..].join("."));
    last.into_iter().chain(two).collect()
}

/// The last two names of a chain, or its only one.
fn suffix(names: &[std::sync::Arc<str>]) -> Option<String> {
    // `.Values.mode`
    let names = match names.iter().position(|name| &**name == "Values") {
        Some(at) => &names[at + 1..],
        None => names,
    };
    match names {
        [] => None,
        [.., parent, name] => Some(format!("{parent}.{name}")),
        [name] => Some(name.to_string()),
    }
}

/// The last names of the values in a pipeline.
fn names(pipe: &Pipe, variables: &Variables) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    add_names(pipe, variables, &mut found);
    found
}

fn add_names(pipe: &Pipe, variables: &Variables, found: &mut BTreeSet<String>) {
    for command in &pipe.cmds {
        // `index .Values "mode"`
        let takes_names = ["index", "get", "dig", "hasKey", "pluck"].contains(&function(command));
        command.args.iter().for_each(|arg| names_of(arg, takes_names, variables, found));
    }
}

fn names_of(arg: &Arg, takes_names: bool, variables: &Variables, found: &mut BTreeSet<String>) {
    match arg {
        Arg::Field { ident, .. } => found.extend(suffix(ident)),
        Arg::Variable(variable) if variable.ident.len() > 1 => found.extend(suffix(&variable.ident[1..])),
        Arg::Variable(variable) => {
            found.extend(variables.get(&*variable.ident[0]).into_iter().flatten().cloned());
        }
        Arg::Chain { field, .. } => found.extend(suffix(field)),
        Arg::Pipe(pipe) => add_names(pipe, variables, found),
        Arg::String { text, .. } if takes_names && text.len() < 64 => found.extend([text.to_text().into_owned()]),
        _ => {}
    }
}

fn constants(arg: &Arg, texts: &mut BTreeSet<String>, numbers: &mut BTreeSet<i64>) {
    match arg {
        Arg::String { text, .. } if text.len() < 256 => drop(texts.insert(text.to_text().into_owned())),
        Arg::Constant(constant) => numbers.extend(constant.int),
        Arg::Pipe(pipe) => {
            pipe.cmds.iter().flat_map(|one| &one.args).for_each(|arg| constants(arg, texts, numbers));
        }
        _ => {}
    }
}
