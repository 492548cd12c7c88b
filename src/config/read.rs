//! Checks a YAML tree against the table of keys, and reads trees that passed.

use super::keys::{ConfigKey, KeyKind, LEVELS};
use crate::error::Error;
use crate::rules::RULES;
use crate::selection::ALL;
use crate::similar::did_you_mean;
use crate::source::{File, Place};
use crate::yaml::{Data, Node};
use std::sync::Arc;

/// A part of the file: a node with its location.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'f> {
    pub(super) file: &'f Arc<File>,
    pub(super) node: &'f Node,
}

impl<'f> Part<'f> {
    /// A problem with this part: `airtight.yaml:3:5: unknown key "chrat"; did you mean "chart"?`.
    pub(super) fn problem(&self, message: &str) -> Problem {
        problem(self.place(), message)
    }

    pub(super) fn place(&self) -> Place {
        Place { file: self.file.clone(), start: self.node.start, end: self.node.end }
    }

    fn at(&self, node: &'f Node) -> Self {
        Self { file: self.file, node }
    }

    /// The value of a key; null counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        self.node.member(name).filter(|node| node.data != Data::Null).map(|node| self.at(node))
    }

    pub(super) fn items(&self) -> impl Iterator<Item = Self> + use<'f> {
        let part = *self;
        self.node.items().iter().map(move |node| part.at(node))
    }

    /// The entries of a map with the user's own names, in order.
    pub(super) fn entries(&self) -> Vec<(String, Self)> {
        match &self.node.data {
            Data::Map(entries) => {
                entries.iter().map(|(entry, node)| (entry.key.to_text().into_owned(), self.at(node))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The text of a scalar. A number is as it is written: `kube_version: 1.30` is not 1.3.
    pub(super) fn own_text(&self) -> String {
        let written = || {
            let text =
                std::str::from_utf8(self.file.bytes().get(self.node.start as usize..self.node.end as usize)?).ok()?;
            // An alias is written elsewhere.
            text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')).then_some(text)
        };
        match &self.node.data {
            Data::Int(_) | Data::Uint(_) | Data::Float(_) => written().map_or_else(|| self.node.text(), str::to_owned),
            _ => self.node.text(),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|part| part.own_text())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let Some(part) = self.get(name) else { return Vec::new() };
        match &part.node.data {
            Data::Seq(items) => items.iter().map(|item| part.at(item).own_text()).collect(),
            _ => vec![part.own_text()],
        }
    }

    pub(super) fn truth(&self, name: &str) -> bool {
        self.get(name).is_some_and(|part| part.node.data == Data::Bool(true))
    }

    /// Adds the problems of a map to `problems`.
    pub(super) fn check_table(&self, keys: &[ConfigKey], problems: &mut Vec<Problem>) {
        let Data::Map(entries) = &self.node.data else {
            if self.node.data != Data::Null || keys.iter().any(|key| key.required) {
                problems.push(self.problem(&format!("expected a map, found {}", self.found())));
            }
            return;
        };
        for (entry, node) in entries {
            let name = entry.key.to_text();
            match keys.iter().find(|key| key.name == name) {
                Some(key) => self.at(node).check(key, problems),
                None => {
                    let place = Place { file: self.file.clone(), start: entry.start, end: entry.end };
                    let names = keys.iter().map(|key| key.name);
                    problems.push(problem(place, &format!("unknown key {name:?}{}", did_you_mean(&name, names))));
                }
            }
        }
        for key in keys.iter().filter(|key| key.required && self.get(key.name).is_none()) {
            problems.push(self.problem(&format!("missing key {:?}", key.name)));
        }
    }

    fn check(&self, key: &ConfigKey, problems: &mut Vec<Problem>) {
        let name = key.name;
        if self.node.data == Data::Null {
            return;
        }
        match &key.kind {
            KeyKind::Text => self.check_text(name, problems),
            KeyKind::Texts => match &self.node.data {
                Data::Seq(items) => items.iter().for_each(|item| self.at(item).check_text(name, problems)),
                _ => self.check_text(name, problems),
            },
            KeyKind::Truth => {
                if !matches!(self.node.data, Data::Bool(_)) {
                    problems.push(self.problem(&format!("{name} must be true or false, found {}", self.found())));
                }
            }
            KeyKind::Choice(choices) => self.check_choice(name, choices, problems),
            KeyKind::Date => {
                if self.own_text().parse::<jiff::civil::Date>().is_err() {
                    let found = self.own_text();
                    problems.push(self.problem(&format!("{name} must be a date such as 2026-12-31, found {found:?}")));
                }
            }
            KeyKind::Rule => self.check_rule(&self.own_text(), &self.place(), problems),
            KeyKind::Rules => {
                let one = |part: Self, problems: &mut Vec<Problem>| {
                    if part.own_text() != ALL {
                        part.check_rule(&part.own_text(), &part.place(), problems);
                    }
                };
                match &self.node.data {
                    Data::Seq(items) => items.iter().for_each(|item| one(self.at(item), problems)),
                    _ => one(*self, problems),
                }
            }
            KeyKind::TextsByName => match &self.node.data {
                Data::Map(entries) => {
                    entries.iter().for_each(|(entry, node)| self.at(node).check_text(&entry.key.to_text(), problems));
                }
                _ => problems.push(self.problem(&format!("{name} must be a map, found {}", self.found()))),
            },
            KeyKind::Levels => {
                let Data::Map(entries) = &self.node.data else {
                    problems.push(
                        self.problem(&format!("{name} must be a map from rules to levels, found {}", self.found())),
                    );
                    return;
                };
                for (entry, node) in entries {
                    let place = Place { file: self.file.clone(), start: entry.start, end: entry.end };
                    self.check_rule(&entry.key.to_text(), &place, problems);
                    // YAML reads the bare words as booleans.
                    if !matches!(node.data, Data::Bool(_)) {
                        self.at(node).check_choice(&entry.key.to_text(), LEVELS, problems);
                    }
                }
            }
            KeyKind::Table(keys) => self.check_table(keys, problems),
            KeyKind::Tables(keys) => match &self.node.data {
                Data::Seq(items) => items.iter().for_each(|item| self.at(item).check_table(keys, problems)),
                _ => problems.push(self.problem(&format!("{name} must be a list, found {}", self.found()))),
            },
            KeyKind::Named(keys) => match &self.node.data {
                Data::Map(entries) => entries.iter().for_each(|(_, node)| self.at(node).check_table(keys, problems)),
                _ => problems.push(self.problem(&format!("{name} must be a map, found {}", self.found()))),
            },
        }
    }

    fn check_text(&self, name: &str, problems: &mut Vec<Problem>) {
        if matches!(self.node.data, Data::Map(_) | Data::Seq(_) | Data::Null) {
            problems.push(self.problem(&format!("{name} must be a string, found {}", self.found())));
        }
    }

    fn check_choice(&self, name: &str, choices: &[&str], problems: &mut Vec<Problem>) {
        let found = self.own_text();
        if !choices.contains(&found.as_str()) {
            let one_of = choices.join(", ");
            let meant = did_you_mean(&found, choices.iter().copied());
            problems.push(self.problem(&format!("{name} must be one of {one_of}, found {found:?}{meant}")));
        }
    }

    fn check_rule(&self, id: &str, place: &Place, problems: &mut Vec<Problem>) {
        if !RULES.iter().any(|rule| rule.id == id) {
            let meant = did_you_mean(id, RULES.iter().map(|rule| rule.id));
            problems.push(problem(place.clone(), &format!("unknown rule {id:?}{meant}")));
        }
    }

    fn found(&self) -> &'static str {
        match self.node.data {
            Data::Null => "nothing",
            Data::Map(_) => "a map",
            Data::Seq(_) => "a list",
            Data::Bool(_) => "a boolean",
            Data::Str(_) => "a string",
            Data::Int(_) | Data::Uint(_) | Data::Float(_) => "a number",
        }
    }
}

/// A problem with the file, and its location.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The location.
    pub(crate) place: Place,
    /// What is wrong.
    pub(crate) message: String,
}

/// Why a file is no configuration.
#[derive(Debug)]
pub(crate) struct WrongConfig {
    /// All problems as one error.
    pub(crate) error: Error,
    /// The problems, in the order of the file.
    pub(crate) problems: Vec<Problem>,
}

/// A problem at a location.
pub(super) fn problem(place: Place, message: &str) -> Problem {
    Problem { place, message: message.to_owned() }
}

/// Problems in the order of the file, a line each: `airtight.yaml:3:5: unknown key "chrat"`.
pub(super) fn told(mut problems: Vec<Problem>) -> WrongConfig {
    problems.sort_by_key(|problem| problem.place.start);
    // A key of the user's may contain a line break.
    let lines = problems.iter().map(|problem| format!("{}: {}", problem.place, problem.message.replace('\n', "\\n")));
    let error = Error::input(lines.collect::<Vec<_>>().join("\n"));
    WrongConfig { error, problems }
}
