//! [`Path`]: the path from an object to one of its fields.

use crate::error::Error;
use crate::values_path::{Key, parse_keys};
use std::fmt;
use std::str::FromStr;

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
    /// Into the document in a text.
    Nested,
}

/// The path from an object to one of its fields.
///
/// Shape: `spec.template.spec.initContainers[0].image`; a key with a dot is in brackets, `data["config.yaml"]`, and
/// `data["config.yaml"] → proxy.image` leads into a nested document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// Appends a step.
    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Removes the last step.
    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// The path with one more step.
    pub(crate) fn with(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.push(step);
        path
    }

    /// The path to a member.
    pub(crate) fn key(&self, name: &str) -> Self {
        self.with(Step::Key(name.to_owned()))
    }

    /// The steps.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The paths of the texts that the path leads through, the outermost first, and itself: `data["a.yaml"]` and
    /// `data["a.yaml"] → image`.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> {
        let nested = self.0.iter().enumerate().filter(|(_, step)| matches!(step, Step::Nested));
        let ends = nested.map(|(at, _)| at).chain([self.0.len()]);
        ends.map(|end| Shown(&self.0[..end]).to_string())
    }

    /// The name of the last member, ignoring indexes: `args` for `containers[0].args[2]`.
    pub(crate) fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        })
    }
}

impl FromStr for Path {
    type Err = Error;

    /// In the notation of [`ValuesPath`](crate::values_path::ValuesPath), without nested documents.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why| Error::input(format!("{text:?} is not a path such as spec.containers[0].image: {why}"));
        let step = |key| match key {
            Key::Name(name) => Step::Key(name.to_string()),
            Key::Index(index) => Step::Index(index as usize),
        };
        parse_keys(text).map(|keys| Self(keys.into_iter().map(step).collect())).map_err(wrong)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

/// The printed form of steps.
struct Shown<'s>(&'s [Step]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for step in self.0 {
            match step {
                Step::Key(key) if key.contains(['.', '/', '[', ' ']) => write!(f, "[{key:?}]")?,
                Step::Key(key) if first => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Nested => f.write_str(" → ")?,
            }
            first = matches!(step, Step::Nested);
        }
        Ok(())
    }
}
