//! [`Documents`]: what is open in the editor.

use super::paths::path_of;
use super::text::{Encoding, Text};
use gen_lsp_types::{TextDocumentContentChangeEvent as Change, Uri};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A document that is open in the editor.
#[derive(Debug)]
pub(super) struct Document {
    /// Its name, in the client's spelling.
    pub(super) uri: Uri,
    /// The number of the text, which the client raises.
    pub(super) version: i32,
    /// Its text.
    pub(super) text: Text,
    /// Its real path; `None` if it is no file.
    pub(super) path: Option<PathBuf>,
}

/// All open documents, by URI.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<String, Document>);

/// The files that are open in the editor, and its folders: what an analysis sees of it. A copy shares the texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The texts by real path.
    pub(crate) files: BTreeMap<PathBuf, Arc<[u8]>>,
    /// The folders of the workspace.
    pub(crate) folders: Vec<PathBuf>,
}

impl Documents {
    /// Opens a document; returns its path.
    pub(super) fn open(&mut self, uri: Uri, version: i32, text: &str) -> Option<PathBuf> {
        let path = path_of(&uri);
        let document = Document { uri, version, text: Text::new(text.as_bytes()), path: path.clone() };
        self.0.insert(document.uri.0.clone(), document);
        path
    }

    /// Changes a document, each change on top of those before it; returns its path. `None` if it is not open, or is no file.
    pub(super) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: &[Change],
        encoding: Encoding,
    ) -> Option<PathBuf> {
        let document = self.0.get_mut(&uri.0)?;
        for change in changes {
            document.text = match change {
                Change::TextDocumentContentChangeWholeDocument(whole) => Text::new(whole.text.as_bytes()),
                Change::TextDocumentContentChangePartial(part) => {
                    let range = document.text.bytes_of(&part.range, encoding);
                    document.text.with(range, &part.text)
                }
            };
        }
        document.version = version;
        document.path.clone()
    }

    /// Closes a document.
    pub(super) fn close(&mut self, uri: &Uri) -> Option<Document> {
        self.0.remove(&uri.0)
    }

    /// A document by its URI.
    pub(super) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.0.get(&uri.0)
    }

    /// A document by its path.
    pub(super) fn at(&self, path: &Path) -> Option<&Document> {
        self.0.values().find(|document| document.path.as_deref() == Some(path))
    }

    /// All documents, sorted by URI.
    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.0.values()
    }

    /// What an analysis sees.
    pub(super) fn seen(&self, folders: &[PathBuf]) -> Open {
        let files = self.0.values().filter_map(|one| Some((one.path.clone()?, one.text.bytes().clone())));
        Open { files: files.collect(), folders: folders.to_vec() }
    }
}
