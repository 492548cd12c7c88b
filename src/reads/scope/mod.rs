//! [`Scopes`]: the values of `.`, `$` and variables at positions of templates, as far as the code shows.
//!
//! The data of a template file is the top: `.Values`, `.Release` and so on. The argument of a helper is known from all of its
//! callers; if they disagree, only the common part is known.

mod held;
mod walk;

use super::dependencies::named_subcharts;
use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::helm::HelmVersion;
use crate::source::File;
use crate::template::ast::Template;
use crate::trace::go_text;
use crate::values_path::Key;
use held::{Held, is_name};
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use walk::{Call, Callee, Walk, assigned};

/// The most rounds until nothing changes; what is not settled then is unknown.
const MOST_ROUNDS: usize = 12;

/// What is known of the templates of a release.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    templates: Vec<Known>,
    by_name: HashMap<Vec<u8>, Vec<usize>>,
}

/// A template with its argument.
#[derive(Debug)]
struct Known {
    template: Arc<Template>,
    is_body: bool,
    /// `None` if nothing calls it.
    data: Option<Held>,
    /// Whether its calls with this argument are recorded.
    is_walked: bool,
}

/// The values of the names of a template at a position.
#[derive(Debug, Clone)]
struct Names {
    root: Held,
    dot: Held,
    /// The innermost last.
    variables: Vec<(String, Held)>,
}

/// A position of a template.
#[derive(Debug, Clone)]
pub(crate) struct TemplateSpot {
    names: Names,
    /// What is at the position.
    pub kind: SpotKind,
}

/// What is at a position of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SpotKind {
    /// Text between actions.
    Text,
    /// A quoted text in an action.
    Constant {
        /// Its first byte.
        start: u32,
        /// The constant as written.
        quoted: String,
        /// Whether its value is exactly the text between the quotes.
        is_plain: bool,
        /// Whether it is the only operand in the first command of its pipeline.
        is_alone: bool,
        /// Whether it is the format of `printf`.
        is_format: bool,
    },
}

impl Scopes {
    /// Follows the arguments of the templates of a chart and of all its subcharts. `texts` are texts that `tpl` may execute.
    pub(crate) fn of(chart: &Chart, texts: &[Arc<File>], compiler: &mut Compiler, helm: HelmVersion) -> Self {
        let mut scopes = Self::default();
        let mut texts: Vec<Arc<File>> = texts.to_vec();
        scopes.chart(chart, chart.name(), &mut texts, compiler, helm);
        scopes.called_from(&texts);
        scopes.settle();
        scopes
    }

    fn chart(
        &mut self,
        chart: &Chart,
        full_path: &str,
        texts: &mut Vec<Arc<File>>,
        compiler: &mut Compiler,
        helm: HelmVersion,
    ) {
        for template in &chart.templates {
            let name = format!("{full_path}/{}", template.path);
            let Some(compiled) = compiler.compile_to_inspect(&name, &template.file, helm) else { continue };
            for template in &compiled.templates {
                let is_body = template.name.as_bytes() == name.as_bytes();
                let data = is_body.then(Held::top);
                self.by_name.entry(template.name.as_bytes().to_vec()).or_default().push(self.templates.len());
                self.templates.push(Known { template: template.clone(), is_body, data, is_walked: false });
            }
        }
        texts.extend(chart.values.iter().map(|values| values.file.clone()));
        texts.extend(chart.files.iter().map(|file| file.file.clone()));
        for (name, subchart) in named_subcharts(chart) {
            self.chart(subchart, &format!("{full_path}/charts/{name}"), texts, compiler, helm);
        }
    }

    /// Calls in texts that are not templates yet: `include "x" .` counts as a call with the data of the file, anything else as
    /// a call with an unknown argument.
    fn called_from(&mut self, texts: &[Arc<File>]) {
        const WORDS: [&str; 2] = ["include", "template"];
        let has_word =
            |file: &&Arc<File>| WORDS.iter().any(|word| memmem::find(file.bytes(), word.as_bytes()).is_some());
        for file in texts.iter().filter(has_word) {
            let text = go_text(file.bytes());
            for (at, word) in WORDS.iter().flat_map(|word| text.match_indices(word)) {
                let rest = text[at + word.len()..].trim_start();
                let Some(rest) = rest.strip_prefix(['"', '`']) else { continue };
                let Some((name, rest)) = rest.split_once(['"', '`']) else { continue };
                let is_top = rest
                    .trim_start()
                    .strip_prefix(['.', '$'])
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '}', '-', ')', '|']));
                let held = if is_top { Held::top() } else { Held::Unknown };
                self.give(&Callee::Name(name.as_bytes().to_vec()), &held);
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let mut calls = Vec::new();
            // Another walk with the same argument would find the same calls.
            for known in self.templates.iter_mut().filter(|known| !known.is_walked) {
                known.is_walked = true;
                calls.extend(known.walk(&[]).0);
            }
            let mut is_new = false;
            for (callee, held) in calls {
                is_new |= self.give(&callee, &held.cut());
            }
            if !is_new {
                return;
            }
        }
        for known in self.templates.iter_mut().filter(|known| !known.is_body) {
            known.data = Some(Held::Unknown);
        }
    }

    /// Records a call; returns whether it is new.
    fn give(&mut self, callee: &Callee, held: &Held) -> bool {
        let all: Vec<usize> = match callee {
            Callee::Name(name) => self.by_name.get(name).cloned().unwrap_or_default(),
            Callee::Any => (0..self.templates.len()).filter(|&number| !self.templates[number].is_body).collect(),
        };
        let mut is_new = false;
        for number in all {
            let known = &mut self.templates[number];
            let given = known.data.as_ref().map_or_else(|| held.clone(), |data| data.or(held));
            if known.data.as_ref() != Some(&given) {
                (known.data, known.is_walked, is_new) = (Some(given), false, true);
            }
        }
        is_new
    }

    /// What is at positions of a template file; the positions are sorted.
    pub(crate) fn spots(&self, file: &Arc<File>, positions: &[u32]) -> BTreeMap<u32, TemplateSpot> {
        let of_file = self.templates.iter().filter(|known| Arc::ptr_eq(&known.template.file, file));
        of_file.flat_map(|known| known.walk(positions).1).collect()
    }
}

impl Known {
    /// Its calls with their arguments, and what is at positions of it.
    fn walk(&self, wanted: &[u32]) -> (Vec<Call>, Vec<(u32, TemplateSpot)>) {
        let data = self.data.clone().unwrap_or(Held::Unknown);
        let is_called = self.data.is_some();
        let mut changed = BTreeSet::new();
        assigned(&self.template.body, &mut changed);
        let names = Names { root: data.clone(), dot: data, variables: Vec::new() };
        let mut walk = Walk { names, assigned: changed, calls: Vec::new(), wanted, spots: Vec::new() };
        walk.list(&self.template.body);
        // A template that nothing calls makes no calls.
        (if is_called { walk.calls } else { Vec::new() }, walk.spots)
    }
}

impl Names {
    fn variable(&self, name: &str) -> Held {
        match name {
            "$" => self.root.clone(),
            name => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known.map_or(Held::Unknown, |(_, held)| held.clone())
            }
        }
    }
}

impl TemplateSpot {
    /// An expression for a value of the chart, `(.Values.global).imageRegistry`, that can be evaluated here and is nil if the value
    /// is not set; `None` if the code does not show how to reach it.
    pub(crate) fn value(&self, path: &[Key]) -> Option<String> {
        let names = path.iter().map(|key| key.name().filter(|name| is_name(name)));
        let wanted = std::iter::once(Some("Values")).chain(names).map(|name| name.map(str::to_owned));
        let wanted: Vec<String> = wanted.collect::<Option<_>>()?;
        let mut seen = BTreeSet::new();
        // Of several variables with one name, the innermost is meant.
        let variables = self.names.variables.iter().rev().filter(|(name, _)| seen.insert(name.clone()));
        let named = [(".", &self.names.dot), ("$", &self.names.root)].into_iter();
        let all: Vec<(&str, &Held)> = named.chain(variables.map(|(name, held)| (name.as_str(), held))).collect();
        let (plain, made): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, held)| matches!(held, Held::At(_)));
        plain.into_iter().chain(made).find_map(|(name, held)| held.expression(name, &wanted))
    }
}
