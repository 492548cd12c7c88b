//! [`pins`]: what references name at their source registries.

use crate::error::Error;
use crate::reference::Reference;
use crate::registry::{Client, Manifest, Options, Repository, Watch};
use crate::runtime::runtime;
use futures_util::stream::{self, StreamExt as _};

/// How many references are asked for at a time.
const AT_A_TIME: usize = 8;

/// What a reference names at its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The digest of the image, or of the index with the images of all platforms.
    pub digest: String,
    /// The platforms of an index, `linux/arm64`, in its order; none for an image.
    pub platforms: Vec<String>,
}

/// What references name, in their order; the error says why one is not known. Waits are told to `watch`.
///
/// # Errors
/// A certificate or a key cannot be used.
pub(crate) fn pins(
    references: &[Reference],
    options: Options,
    watch: &dyn Watch,
) -> Result<Vec<Result<Pin, String>>, Error> {
    runtime()?.block_on(async {
        let client = Client::new(options, watch).map_err(|error| Error::input(error.to_string()))?;
        let asked = stream::iter(references).map(|reference| pin(&client, reference));
        Ok(asked.buffered(AT_A_TIME).collect().await)
    })
}

async fn pin(client: &Client<'_>, reference: &Reference) -> Result<Pin, String> {
    let version = reference.digest.as_deref().or(reference.tag.as_deref()).unwrap_or("latest");
    match client.manifest(&Repository::of(reference), version).await {
        Ok(Some(manifest)) => Ok(Pin { digest: manifest.digest.to_string(), platforms: platforms(&manifest) }),
        Ok(None) => Err("its registry does not have it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn platforms(index: &Manifest) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for platform in index.children.iter().filter_map(|child| child.platform.as_ref()) {
        // Attestations have the platform of nothing.
        if !platform.starts_with("unknown/") && !found.contains(platform) {
            found.push(platform.clone());
        }
    }
    found
}
