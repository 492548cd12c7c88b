//! Names of values that are parts of images: `registry`, `repository`, `tag`, `digest`, and others that are used for them.

use crate::values_path::{Key, ValuesPath};

/// The parts of an image.
const PARTS: &[&str] = &["registry", "repository", "tag", "digest"];

/// Other names of these.
const OTHERS: &[&str] = &["repo", "sha", "image", "hub", "version", HOST];

/// That of a registry, and of much else.
const HOST: &str = "host";

/// Names of what tells the images of a repository apart.
const VERSIONS: &[&str] = &["tag", "digest", "version"];

/// Whether a value is a part by its name, whatever stands before: `image.tag`, `image.metricsTag`.
pub(super) fn is_one(path: &ValuesPath) -> bool {
    let name = name(path);
    PARTS.iter().any(|part| name.ends_with(part))
}

/// Whether a value may be a part by its name: `imageHost`, `hubVersion`.
pub(super) fn may_be_one(path: &ValuesPath) -> bool {
    let name = name(path);
    PARTS.iter().chain(OTHERS).any(|part| name.ends_with(part) || name.starts_with(part))
}

/// Whether a value is a host by its name.
pub(super) fn is_a_host(path: &ValuesPath) -> bool {
    name(path).ends_with(HOST)
}

/// Whether a name is that of a tag or a digest, and of nothing more.
pub(super) fn is_a_version(name: &str) -> bool {
    VERSIONS.contains(&&*name.to_ascii_lowercase())
}

fn name(path: &ValuesPath) -> String {
    path.last().and_then(Key::name).unwrap_or_default().to_ascii_lowercase()
}
