//! YAML as helm reads and prints it: go-yaml v2 behind sigs.k8s.io/yaml, and v3 for `toYamlPretty`.
//!
//! Reading goes through `text` (decoding), `scan` and `scalar` (tokens), `parse` (a syntax tree), `compose` (values);
//! `resolve` gives plain scalars their types. Simple documents, which most are, take the fast path, `direct`. Writing is
//! `emit`; `style` decides which quotes a string needs, `order` how keys are sorted. `navigate` finds the members of a node.
//! `written` is the syntax of a text, for editing it.

mod bridge;
mod dialect;
pub mod emit;
pub mod node;
pub mod order;
pub mod read;

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

pub use align::align;
pub use comments::comments;
pub use dialect::Dialect;
pub use documents::read_documents;
pub use duplicates::duplicates;
pub use emit::Emitter;
pub use error::Error;
pub use node::{Data, Entry, Node, Nodes};
pub use read::{read, read_entries, read_whole};
pub use repeated::repeated_key;
pub use style::is_plain;
pub use within::within;
pub use written::{Document, Entry as WrittenEntry, Form, Written, written};
