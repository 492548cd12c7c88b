//! YAML as helm reads and prints it: go-yaml v2 behind sigs.k8s.io/yaml, and v3 for `toYamlPretty`.
//!
//! Reading goes through `text` (decoding), `scan` and `scalar` (tokens), `parse` (a syntax tree), `compose` (values);
//! `resolve` gives plain scalars their types. Simple documents, which most are, take the fast path, `direct`. Writing is
//! `emit`; `style` decides which quotes a string needs, `order` how keys are sorted. `navigate` finds the members of a node.
//! `written` is the syntax of a text, for editing it.

mod bridge;
mod dialect;
pub(crate) mod emit;
pub(crate) mod node;
pub(crate) mod order;
pub(crate) mod read;

mod align;
mod chars;
mod comments;
mod compose;
mod direct;
mod documents;
mod duplicates;
mod error;
mod keys;
mod map;
mod navigate;
mod parse;
mod repeated;
mod resolve;
mod scalar;
mod scan;
mod style;
mod text;
mod timestamp;
mod within;
mod written;

pub(crate) use align::align;
pub(crate) use comments::comments;
pub(crate) use dialect::Dialect;
pub(crate) use documents::read_documents;
pub(crate) use duplicates::duplicates;
pub(crate) use emit::Emitter;
pub(crate) use error::Error;
pub(crate) use node::{Data, Entry, Node, Nodes};
pub(crate) use read::{read, read_entries, read_whole};
pub(crate) use repeated::repeated_key;
pub(crate) use style::is_plain;
pub(crate) use within::within;
pub(crate) use written::{Form, Written, WrittenDocument, WrittenEntry, written};
