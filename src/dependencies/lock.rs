//! Chart.lock: its text, and the digest that says whether it still fits Chart.yaml.

use super::tree::{Fields, Tree};
use crate::chart::{Dependency, Lock};
use sha2::{Digest as _, Sha256};

/// The digest of a lock: of the declared dependencies and the locked ones together. `None` is a missing list.
///
/// Source: helm `internal/resolver`, `HashReq`.
pub(crate) fn digest(declared: Option<&[Dependency]>, locked: Option<&[Dependency]>) -> String {
    hash(&Tree::List(vec![list(declared), list(locked)]))
}

/// The digest that helm 2 wrote: of the declared dependencies alone. Source: helm `internal/resolver`, `HashV2Req`.
pub(crate) fn digest_of_helm_2(declared: Option<&[Dependency]>) -> String {
    hash(&Tree::Map(vec![("dependencies".to_owned(), list(declared))]))
}

fn hash(tree: &Tree) -> String {
    let bytes = Sha256::digest(tree.json().as_bytes());
    format!("sha256:{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The text of a lock.
pub(crate) fn lock_text(lock: &Lock) -> Vec<u8> {
    let fields = Fields::default()
        .always("generated", Tree::Text(lock.generated.clone()))
        .always("digest", Tree::Text(lock.digest.clone()))
        .always("dependencies", list(lock.dependencies.as_deref()));
    fields.tree().yaml()
}

fn list(dependencies: Option<&[Dependency]>) -> Tree {
    dependencies.map_or(Tree::Null, |all| Tree::List(all.iter().map(tree).collect()))
}

/// A dependency as helm encodes it.
pub(super) fn tree(dependency: &Dependency) -> Tree {
    Fields::default()
        .always("name", Tree::Text(dependency.name.clone()))
        .text("version", &dependency.version)
        .always("repository", Tree::Text(dependency.repository.clone()))
        .text("condition", &dependency.condition)
        .list("tags", dependency.tags.as_deref(), |tag| Tree::Text(tag.clone()))
        .truth("enabled", dependency.enabled)
        .list("import-values", dependency.import_values.as_deref(), Tree::of)
        .text("alias", &dependency.alias)
        .tree()
}
