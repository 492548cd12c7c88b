//! [`Held`]: the value of a name in a template, as far as the code shows.

use std::collections::BTreeMap;

/// Structures that code creates are not followed deeper.
const MOST_DEEP: usize = 4;

/// The value of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// The value at this path in the data of a template file: the empty path is the data itself, `["Values"]` the values.
    At(Vec<String>),
    /// A map or a list that the code created, by key: `root`, `[0]`.
    Made(BTreeMap<String, Held>),
    /// Anything.
    Unknown,
}

impl Held {
    /// The data of a template file.
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

    /// What is known if it may be either of two values.
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

    /// Without parts that are nested too deep: a recursive helper may create more and more.
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

    /// The created map with these members added.
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

    /// An expression for the value at a path of the data, if this contains it: `.Values.a` if this is the data itself, which is
    /// `.`. It evaluates to nil, without an error, if a map on the way does not exist.
    pub(super) fn expression(&self, name: &str, wanted: &[String]) -> Option<String> {
        match self {
            Self::At(path) => {
                let rest = wanted.strip_prefix(path.as_slice())?;
                let mut text = name.to_owned();
                for (number, key) in rest.iter().enumerate() {
                    // `.Values` always exists, but its members may be missing.
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
