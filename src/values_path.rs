//! [`ValuesPath`]: where a value is in a tree of values.

use crate::error::Error;
use std::borrow::Borrow;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

/// One step of a [`ValuesPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// A key of a map.
    Name(Arc<str>),
    /// An element of a list, from 0.
    Index(u32),
}

/// A path in a tree of values.
///
/// Shape: `image.registry`, `hosts[0].name`; a backslash takes the meaning from the next character, `labels.example\.com/x`. As
/// input, `labels["example.com/x"]` is the same path.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ValuesPath(Vec<Key>);

impl Key {
    /// The name of a map's key.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Index(_) => None,
        }
    }

    /// Whether it is this key of a map.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name() == Some(name)
    }

    /// Whether it is an element of a list.
    pub(crate) fn is_index(&self) -> bool {
        matches!(self, Self::Index(_))
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        Self::Name(name.into())
    }
}

impl From<&Arc<str>> for Key {
    fn from(name: &Arc<str>) -> Self {
        Self::Name(name.clone())
    }
}

impl ValuesPath {
    /// The path in a text in which every dot separates two keys, as helm's `PathValue` reads it: `condition: db.enabled`.
    pub(crate) fn of_dots(text: &str) -> Self {
        text.split('.').map(Key::from).collect()
    }

    /// The path by which a user sets a value of a subchart: `db.image.registry` for `image.registry` of `app/charts/db`.
    pub(crate) fn of_user(&self, chart: &str) -> Self {
        chart.split("/charts/").skip(1).map(Key::from).chain(self.iter().cloned()).collect()
    }

    /// The path with one more step.
    pub(crate) fn with(&self, key: impl Into<Key>) -> Self {
        self.iter().cloned().chain([key.into()]).collect()
    }

    /// Appends a step.
    pub(crate) fn push(&mut self, key: impl Into<Key>) {
        self.0.push(key.into());
    }

    /// Removes the last step.
    pub(crate) fn pop(&mut self) -> Option<Key> {
        self.0.pop()
    }

    /// The steps in reverse order.
    pub(crate) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }
}

/// The steps of a path as users type it.
///
/// # Errors
/// What is wrong with it: `a name is empty`.
pub(crate) fn parse_keys(text: &str) -> Result<Vec<Key>, &'static str> {
    let mut keys = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (key, after) = match inside.strip_prefix('"') {
                Some(quoted) => {
                    let (name, after) = quoted.split_once("\"]").ok_or("missing \"]")?;
                    (Key::from(name), after)
                }
                None => {
                    let (inner, after) = inside.split_once(']').ok_or("missing ]")?;
                    (inner.parse().map_or_else(|_| Key::from(inner), Key::Index), after)
                }
            };
            keys.push(key);
            rest = after;
        } else {
            let mut name = String::new();
            let mut chars = rest.char_indices();
            let mut end = rest.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => name.extend(chars.next().map(|(_, c)| c)),
                    '.' | '[' => {
                        end = at;
                        break;
                    }
                    c => name.push(c),
                }
            }
            if name.is_empty() {
                return Err("a name is empty");
            }
            keys.push(name.into());
            rest = &rest[end..];
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            if rest.is_empty() {
                return Err("a name is empty");
            }
        }
    }
    Ok(keys)
}

impl FromStr for ValuesPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why| Error::input(format!("{text:?} is not a path such as image.tag or hosts[0].name: {why}"));
        parse_keys(text).map(Self).map_err(wrong)
    }
}

impl fmt::Display for ValuesPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, key) in self.iter().enumerate() {
            match key {
                Key::Index(index) => write!(f, "[{index}]")?,
                Key::Name(name) => {
                    if number > 0 {
                        f.write_char('.')?;
                    }
                    for c in name.chars() {
                        if matches!(c, '.' | '[' | '\\') {
                            f.write_char('\\')?;
                        }
                        f.write_char(c)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Deref for ValuesPath {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        &self.0
    }
}

impl Borrow<[Key]> for ValuesPath {
    fn borrow(&self) -> &[Key] {
        &self.0
    }
}

impl From<Vec<Key>> for ValuesPath {
    fn from(keys: Vec<Key>) -> Self {
        Self(keys)
    }
}

impl From<&[Key]> for ValuesPath {
    fn from(keys: &[Key]) -> Self {
        Self(keys.to_vec())
    }
}

impl FromIterator<Key> for ValuesPath {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl IntoIterator for ValuesPath {
    type Item = Key;
    type IntoIter = std::vec::IntoIter<Key>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'p> IntoIterator for &'p ValuesPath {
    type Item = &'p Key;
    type IntoIter = std::slice::Iter<'p, Key>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ValuesPath {
        text.parse().expect(text)
    }

    #[test]
    fn texts_are_read_and_written() {
        for text in ["", "a", "a.b", "a[0].b[1][2]", r"a\.b.c", r"a\[x].b", r"a\\.b", "[0].a", r"labels.example\.com/x"]
        {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(*path(r"a\.b[1]"), [Key::from("a.b"), Key::Index(1)]);
        assert_eq!(*path(r"a\[1]"), [Key::from("a[1]")]);
        assert_eq!(path(r#"data["x.yaml"].y"#), path(r"data.x\.yaml.y"));
        assert_eq!(path(r#"a["0"]"#).to_string(), "a.0");
        assert_eq!(path("a[x]").to_string(), "a.x");
        for (text, why) in
            [("a..b", "a name is empty"), (".a", "a name is empty"), ("a.", "a name is empty"), ("a[0", "missing ]")]
        {
            let error = text.parse::<ValuesPath>().unwrap_err();
            assert_eq!(error.to_string(), format!("{text:?} is not a path such as image.tag or hosts[0].name: {why}"));
        }
    }

    #[test]
    fn a_subchart_is_below_its_name() {
        assert_eq!(path("image.tag").of_user("app").to_string(), "image.tag");
        assert_eq!(path("image.tag").of_user("app/charts/db.x/charts/y").to_string(), r"db\.x.y.image.tag");
    }
}
