//! A run of `lint` on a cluster: an Indexed Job, each of whose pods checks a shard of the releases, and a Job that joins the results.
//!
//! Kubernetes has no order among Jobs. The second one is therefore suspended, and [`commands()`] lets it go once the first is complete. A
//! pod needs nothing of the cluster but its volumes: no token, no root, no capability (`pod`). What a shard's exit status means for a
//! retry is decided in `shards`. Pure.

pub(crate) mod claim_path;
mod commands;
mod merge;
mod pod;
pub(crate) mod quantity;
mod request;
mod shards;

pub(crate) use commands::commands;
pub(crate) use request::{Request, Source, Statuses, Step};

use crate::document::Document;
use crate::error::Error;

/// The Jobs of a request.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) if the API server would not take them.
pub(crate) fn documents(request: &Request) -> Result<Vec<Document>, Error> {
    request.check()?;
    let shards = (request.step != Step::Merge).then(|| shards::document(request));
    let merge = (request.step != Step::Shards).then(|| merge::document(request));
    Ok(shards.into_iter().chain(merge).collect())
}
