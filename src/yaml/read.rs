//! Reads YAML as sigs.k8s.io/yaml (go-yaml v2.4.4) does.

use super::Node;
use super::compose::compose;
use super::node::Data;
use super::parse::parse;
use super::scan::Scanner;
use super::text::Text;
use crate::limits::Limits;
use std::fmt;

/// Why a text is not YAML that helm reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The line that go-yaml names, where it names one: often that before the culprit, as its lines count from 0.
    pub line: Option<u32>,
    /// go-yaml's words, without `yaml: line N: `; or those of the JSON bridge, when `bridge` is set.
    pub message: String,
    /// The error is not go-yaml's but that of turning the tree into JSON (`json: unsupported value: NaN`), or of a
    /// limit of ours.
    pub bridge: bool,
}

impl Error {
    pub(super) fn without_line(message: String) -> Self {
        Self { line: None, message, bridge: false }
    }
}

/// As go-yaml words it behind `error converting YAML to JSON: `: `yaml: line 3: did not find expected key`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bridge, self.line) {
            (true, _) => f.write_str(&self.message),
            (false, None) => write!(f, "yaml: {}", self.message),
            (false, Some(line)) => write!(f, "yaml: line {line}: {}", self.message),
        }
    }
}

/// Reads the first document of a text; no document at all is null.
///
/// The places of the nodes are those in the text; for UTF-16, those in the text as UTF-8.
pub fn read(text: &[u8], limits: &Limits) -> Result<Node, Error> {
    if text.len() > limits.yaml_bytes {
        let message = format!("document has more than {} bytes (--limit yaml-bytes)", limits.yaml_bytes);
        return Err(Error { line: None, message, bridge: true });
    }
    let text = Text::new(text);
    match parse(Scanner::new(&text))? {
        Some((tree, root)) => compose(&tree, root, limits),
        None => Ok(Node { data: Data::Null, start: 0, end: 0, line: 1 }),
    }
}
