//! [`Indexed`]: a version of a chart, as the index.yaml of a repository lists it.

use super::decode::{At, Fields, Target, decode_node};
use super::metadata::Draft;
use crate::error::Error;
use crate::yaml::{Data, Node};

/// A version of a chart in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indexed {
    /// The version, as written.
    pub version: String,
    /// Where its archive is; relative ones begin at the repository.
    pub urls: Vec<String>,
    /// The digest of the archive; empty if the index has none.
    pub digest: String,
}

/// An entry before validation. Helm reads it as the metadata of a chart with more fields.
#[derive(Debug, Default)]
struct Entry {
    metadata: Draft,
    urls: Option<Vec<String>>,
    digest: String,
    removed: bool,
}

impl Fields for Entry {
    const GO_TYPE: &'static str = "repo.ChartVersion";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        let mut fields = self.metadata.fields();
        fields.push(("urls", &mut self.urls));
        fields.push(("digest", &mut self.digest));
        fields.push(("removed", &mut self.removed));
        fields
    }
}

impl Indexed {
    /// Reads an entry; `None` for one that helm passes over: an empty one, or metadata that are not valid.
    ///
    /// # Errors
    /// A field has the wrong type; helm does not read such an index at all.
    pub(crate) fn read(node: &Node) -> Result<Option<Self>, Error> {
        if node.data == Data::Null {
            return Ok(None);
        }
        let mut entry = Entry::default();
        decode_node(&mut entry, node, &mut At::default())?;
        let Entry { mut metadata, urls, digest, .. } = entry;
        if metadata.plain.api_version.is_empty() {
            metadata.plain.api_version = "v1".to_owned();
        }
        let version = metadata.plain.version.clone();
        match metadata.validate() {
            // Helm quirk: some repositories leave aliases out.
            Err(error) if !error.to_string().starts_with("validation: more than one dependency with name or alias") => {
                Ok(None)
            }
            _ => Ok(Some(Self { version, urls: urls.unwrap_or_default(), digest })),
        }
    }
}
