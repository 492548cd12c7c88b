//! [`Set`]: the templates that can call each other, and which of two definitions of a name is used.

use super::ast::Template;
use super::error::Error;
use super::function::Function;
use super::parse::parse;
use crate::source::File;
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Named templates. `tpl` executes in its own set, which falls back to the enclosing one.
#[derive(Debug, Default)]
pub(crate) struct Set {
    templates: HashMap<Str, Arc<Template>, RandomState>,
    outer: Option<Rc<Set>>,
}

impl Set {
    /// An empty set.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A set that uses the templates of `outer` unless it defines them itself.
    pub(crate) fn within(outer: Rc<Set>) -> Self {
        Self { templates: HashMap::default(), outer: Some(outer) }
    }

    /// Adds a template. It replaces one with the same name, unless it is empty (white space and comments).
    ///
    /// Source: Go `text/template`, `Template.AddParseTree`.
    pub(crate) fn add(&mut self, template: Arc<Template>) {
        if template.is_empty && self.get(template.name.as_bytes()).is_some() {
            return;
        }
        self.templates.insert(template.name.clone(), template);
    }

    /// Its own templates, in the order of their names.
    pub(crate) fn all(&self) -> Vec<&Arc<Template>> {
        let mut all: Vec<_> = self.templates.values().collect();
        all.sort_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));
        all
    }

    /// The template with a name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&Arc<Template>> {
        self.templates.get(name).or_else(|| self.outer.as_deref()?.get(name))
    }
}

/// A parsed template file: its body and its definitions. Made once, shared by all renders.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    /// Full name, `app/templates/x.yaml`.
    pub name: Str,
    /// The body under `name`, and the definitions.
    pub templates: Vec<Arc<Template>>,
    /// Their approximate memory in bytes.
    pub size: usize,
}

impl Compiled {
    /// Parses a file under a name, within a memory limit.
    pub(crate) fn parse(
        name: &str,
        file: &Arc<File>,
        functions: &dyn Fn(&str) -> Option<&'static Function>,
        most: usize,
    ) -> Result<Self, Error> {
        let (templates, size) = parse(name, file, functions, most)?;
        Ok(Self { name: Str::from(name), templates: templates.into_iter().map(Arc::new).collect(), size })
    }
}
