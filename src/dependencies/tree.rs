//! [`Tree`]: a Go struct as JSON and as YAML.

use crate::template::float::json_float;
use crate::trace::{Origin, Str};
use crate::yaml::{self, Data, Dialect, Emitter, Node};

/// A value that Go encodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    /// A number, as JSON.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// The fields of a struct in its order, or the entries of a map in the order of their keys.
    Map(Vec<(String, Self)>),
}

impl Tree {
    /// A value of any type, after it was JSON.
    pub(super) fn of(node: &Node) -> Self {
        let number = |number: f64| Self::Number(String::from_utf8_lossy(&json_float(number)).into_owned());
        match &node.data {
            Data::Null => Self::Null,
            Data::Bool(truth) => Self::Bool(*truth),
            Data::Int(int) => number(*int as f64),
            Data::Uint(int) => number(*int as f64),
            Data::Float(float) => number(*float),
            Data::Str(text) => Self::Text(text.to_text().into_owned()),
            Data::Seq(items) => Self::List(items.iter().map(Self::of).collect()),
            Data::Map(entries) => {
                let entry = |(entry, value): &(yaml::Entry, Node)| (entry.key.to_text().into_owned(), Self::of(value));
                let mut entries: Vec<_> = entries.iter().map(entry).collect();
                entries.sort_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
                Self::Map(entries)
            }
        }
    }

    /// As Go's `json.Marshal` writes it.
    pub(super) fn json(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_string(text, out),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    out.push_str(if number == 0 { "" } else { "," });
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (number, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if number == 0 { "" } else { "," });
                    write_string(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// As sigs.k8s.io/yaml writes it, keys sorted.
    pub(super) fn yaml(&self) -> Vec<u8> {
        let mut emitter = Emitter::new(Dialect::V2, usize::MAX);
        self.write_yaml(&mut emitter);
        emitter.finish().into_str().as_bytes().to_vec()
    }

    fn write_yaml(&self, out: &mut Emitter) {
        match self {
            Self::Null => out.atom(b"null", Origin::NONE),
            Self::Bool(truth) => out.atom(if *truth { b"true" } else { b"false" }, Origin::NONE),
            Self::Number(text) => out.atom(text.as_bytes(), Origin::NONE),
            Self::Text(text) => out.string(&Str::from(text.as_str())),
            Self::List(items) if items.is_empty() => out.empty_seq(),
            Self::List(items) => {
                out.begin_seq();
                items.iter().for_each(|item| item.write_yaml(out));
                out.end();
            }
            Self::Map(entries) if entries.is_empty() => out.empty_map(),
            Self::Map(entries) => {
                let mut entries: Vec<&(String, Self)> = entries.iter().collect();
                yaml::order::sort(&mut entries, |entry| entry.0.as_bytes(), Dialect::V2);
                out.begin_map();
                for (key, value) in entries {
                    out.key(&Str::from(key.as_str()));
                    value.write_yaml(out);
                }
                out.end();
            }
        }
    }
}

/// A string of JSON with what HTML would take for markup escaped, as Go does by default.
fn write_string(text: &str, out: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    for c in quoted.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// The fields of a struct that are not empty: what `omitempty` leaves.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Tree)>);

impl Fields {
    /// A field that is always there.
    pub(super) fn always(mut self, name: &str, value: Tree) -> Self {
        self.0.push((name.to_owned(), value));
        self
    }

    /// A text, unless it is empty.
    pub(super) fn text(self, name: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.always(name, Tree::Text(text.to_owned())) }
    }

    /// A truth, unless it is false.
    pub(super) fn truth(self, name: &str, truth: bool) -> Self {
        if truth { self.always(name, Tree::Bool(true)) } else { self }
    }

    /// A list, unless it is empty.
    pub(super) fn list<T>(self, name: &str, items: Option<&[T]>, tree: impl Fn(&T) -> Tree) -> Self {
        match items.unwrap_or_default() {
            [] => self,
            items => self.always(name, Tree::List(items.iter().map(tree).collect())),
        }
    }

    pub(super) fn tree(self) -> Tree {
        Tree::Map(self.0)
    }
}
