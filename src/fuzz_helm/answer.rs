//! [`Answer`]: the answer of a renderer to an input, and how answers of different renderers are compared.

use crate::report::plain;
use std::fmt;

/// The answer of a renderer to an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The output.
    Output(Vec<u8>),
    /// The error message.
    Error(String),
}

impl Answer {
    /// As a JSON object.
    pub(crate) fn json(&self) -> serde_json::Value {
        match self {
            Self::Output(bytes) => text_json(bytes, "output"),
            Self::Error(text) => serde_json::json!({ "error": text }),
        }
    }

    /// The same without everything that is lost in [`Server`](super::server::Server): white space around documents, and around
    /// lines that look like separators of documents; bytes that are not UTF-8.
    pub(crate) fn trimmed(&self) -> Self {
        match self {
            Self::Output(bytes) => Self::Output(trim_documents(&utf8(bytes)).into_bytes()),
            Self::Error(text) => Self::Error(text.trim_end().to_owned()),
        }
    }

    /// Whether it is an error.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
            Self::Error(text) => write!(f, "error {text:?}"),
        }
    }
}

/// Bytes under a key, in base64 if they are not UTF-8.
pub(crate) fn text_json(bytes: &[u8], key: &str) -> serde_json::Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::json!({ key: text }),
        Err(_) => {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            serde_json::json!({ format!("{key}_base64"): text })
        }
    }
}

/// The text after `Error: `, without control characters, which airtight deliberately does not print.
pub(crate) fn message(err: &[u8]) -> String {
    let text = plain(&utf8(err));
    let text = text.find("\nError: ").map_or(text.as_str(), |at| &text[at + 1..]);
    text.strip_prefix("Error: ").unwrap_or(text).trim_end_matches('\n').to_owned()
}

/// Replaces each byte that is not UTF-8 with U+FFFD, as Go's JSON does.
pub(crate) fn utf8(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| out.push('\u{fffd}'));
    }
    out
}

fn trim_documents(text: &str) -> String {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        // Also an indented line, within a text.
        if line.trim() == "---" {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
        }
    }
    let documents: Vec<&str> = documents.iter().map(|document| document.trim()).collect();
    documents.into_iter().filter(|document| !document.is_empty()).collect::<Vec<_>>().join("\n---\n")
}
