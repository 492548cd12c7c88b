//! The URIs of editors, and paths.

use crate::disk::look;
use gen_lsp_types::Uri;
use std::path::{Path, PathBuf};
use url::Url;

/// The real path of a file, as far as it exists; `None` if the URI is that of no file, such as a buffer without a name.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let url = Url::parse(&uri.0).ok().filter(|url| url.scheme() == "file")?;
    let path = url.to_file_path().ok()?;
    Some(look::real(&path).unwrap_or(path))
}

/// The URI of a file.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    Url::from_file_path(path).ok().map(|url| Uri(url.into()))
}
