//! YAML as helm reads and prints it: go-yaml v2 behind sigs.k8s.io/yaml, and v3 for `toYamlPretty`.

pub mod node;
pub mod read;

pub use node::{Data, Node};
pub use read::{Error, read, read_documents};
