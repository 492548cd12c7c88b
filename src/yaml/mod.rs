//! YAML as helm reads and prints it: go-yaml v2 behind sigs.k8s.io/yaml, and v3 for `toYamlPretty`.

pub mod emit;
pub mod node;
pub mod order;
pub mod read;
mod style;

pub use emit::{Dialect, Emitter};
pub use node::{Data, Node};
pub use read::{Error, read, read_documents};
