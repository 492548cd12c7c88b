//! [`Held`]: what a name of a template holds, as far as the code tells.

use std::collections::BTreeMap;

/// Deeper things that code makes are not followed.
const MOST_DEEP: usize = 4;

/// What a name holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// What is at this path from the top of what a template file is given: nothing is the top itself, `["Values"]` the values.
    At(Vec<String>),
    /// A map or a list that the code made, by keys: `root`, `[0]`.
    Made(BTreeMap<String, Held>),
    /// Anything.
    Unknown,
}

impl Held {
    /// The top of what a template file is given.
    pub(super) fn top() -> Self {
        Self::At(Vec::new())
    }

    /// A member of it.
    pub(super) fn member(&self, key: &str) -> Self {
        match self {
            Self::At(path) if path.len() <= MOST_DEEP && !key.starts_with('[') => {
                Self::At(path.iter().cloned().chain([key.to_owned()]).collect())
            }
            Self::Made(members) => members.get(key).cloned().unwrap_or(Self::Unknown),
            _ => Self::Unknown,
        }
    }

    /// What is known of it if it may be the one or the other.
    pub(super) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one.clone(),
            (Self::Made(one), Self::Made(other)) => {
                let shared = one.iter().filter_map(|(key, held)| Some((key.clone(), held.or(other.get(key)?))));
                Self::Made(shared.filter(|(_, held)| *held != Self::Unknown).collect())
            }
            _ => Self::Unknown,
        }
    }

    /// Without what is made too deep in it: a helper that calls itself may make more and more.
    pub(super) fn cut(self) -> Self {
        self.cut_below(MOST_DEEP)
    }

    fn cut_below(self, deep: usize) -> Self {
        match self {
            Self::Made(_) if deep == 0 => Self::Unknown,
            Self::Made(members) => {
                Self::Made(members.into_iter().map(|(key, held)| (key, held.cut_below(deep - 1))).collect())
            }
            other => other,
        }
    }

    /// What the code makes with these members put over it.
    pub(super) fn with(&self, members: &Self) -> Self {
        match (self, members) {
            (Self::Made(own), Self::Made(more)) => {
                Self::Made(own.iter().chain(more).map(|(key, held)| (key.clone(), held.clone())).collect())
            }
            (Self::At(path), Self::Made(more)) if path.is_empty() && !more.contains_key("Values") => self.clone(),
            (Self::Made(_), Self::At(path)) if path.is_empty() => members.with(self),
            _ => Self::Unknown,
        }
    }

    /// An expression for the value at a path from the top, where it is in this: `.Values.a` of the top, which is `.`. It gives
    /// nothing, and no error, where a map on the way is not there.
    pub(super) fn expression(&self, name: &str, wanted: &[String]) -> Option<String> {
        match self {
            Self::At(path) => {
                let rest = wanted.strip_prefix(path.as_slice())?;
                let mut text = name.to_owned();
                for (number, key) in rest.iter().enumerate() {
                    // `.Values` is there always, and what it is asked for may be missing.
                    let is_safe = path.len() + number < 2;
                    text = match text.as_str() {
                        "." => format!(".{key}"),
                        plain if is_safe => format!("{plain}.{key}"),
                        open => format!("({open}).{key}"),
                    };
                }
                Some(text)
            }
            Self::Made(members) => members.iter().find_map(|(key, held)| {
                let inner = match key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
                    Some(index) => format!("(index {name} {index})"),
                    None if !is_name(key) => return None,
                    None if name == "." => format!(".{key}"),
                    None => format!("{name}.{key}"),
                };
                match held {
                    Self::At(path) if wanted.starts_with(path) => held.expression(&inner, wanted),
                    _ => None,
                }
            }),
            Self::Unknown => None,
        }
    }
}

/// Whether a key can be written after a dot.
pub(super) fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_alphabetic() || c == '_') && key.chars().all(|c| c.is_alphanumeric() || c == '_')
}
