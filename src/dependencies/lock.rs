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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::load::load_stored;
    use crate::chart::stored::Collected;
    use crate::helm::HelmVersion;
    use crate::limits::Limits;
    use std::path::Path;

    /// Chart.yaml's dependencies and the lock that helm 4.3.1 wrote for them.
    const CASES: [(&str, &str); 2] = [
        (
            "- {name: db, version: \">=2\", repository: \"oci://127.0.0.1:5601/odd\"}\n\
             - {name: common, version: \"v3.0.0\", repository: \"http://127.0.0.1:5604\", tags: [a, b], \
             import-values: [1, true, {a: 2.50, b: [x]}]}\n",
            "dependencies:\n- name: db\n  repository: oci://127.0.0.1:5601/odd\n  version: 2.0.0+b1\n- name: common\n  \
             repository: http://127.0.0.1:5604\n  version: v3.0.0\n\
             digest: sha256:5876e3c7ff09ecca64982d8b77a09da7c7256279f47d4a79d82e1815f94a3c70\n\
             generated: \"2026-11-29T03:34:02.473280301Z\"\n",
        ),
        (
            "- {name: db, version: ^1, repository: \"oci://127.0.0.1:5601/odd\"}\n\
             - {name: db, version: ^1, repository: \"oci://127.0.0.1:5601/odd\", alias: other, condition: \"a<b&c\"}\n",
            "dependencies:\n- name: db\n  repository: oci://127.0.0.1:5601/odd\n  version: 1.1.0\n- name: db\n  \
             repository: oci://127.0.0.1:5601/odd\n  version: 1.1.0\n\
             digest: sha256:bbc233f5679416faae5bfcf998e38dbc293e61ad6609576f79ab5374a3d27d18\n\
             generated: \"2026-11-29T03:34:10.633327583Z\"\n",
        ),
    ];

    #[test]
    fn locks_are_helms() {
        let limits = Limits::default();
        for (dependencies, lock) in CASES {
            let chart_yaml = format!("apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n{dependencies}");
            let mut files = Collected::new(b"", &limits).expect("no rules");
            files.add("Chart.lock".to_owned(), lock.as_bytes().to_vec()).expect("it fits");
            files.add("Chart.yaml".to_owned(), chart_yaml.into_bytes()).expect("it fits");
            let loaded = load_stored(&files.into_stored(), Path::new("x"), None, &limits, HelmVersion::V4);
            let chart = loaded.expect("a chart").chart;
            let read = chart.lock.as_ref().expect("a lock");
            assert_eq!(digest(chart.metadata.dependencies.as_deref(), read.dependencies.as_deref()), read.digest);
            assert_eq!(String::from_utf8_lossy(&lock_text(read)), lock);
        }
    }
}
