//! [`keep`]: the digests of earlier lists.

use super::Bundle;
use super::artifact::Artifact;
use super::wanted::Wanted;
use std::collections::BTreeMap;

/// Gives each artifact without a digest the one that earlier lists have for its tag.
pub(crate) fn keep(wanted: &mut [Wanted], earlier: &Bundle) {
    let key = |artifact: &Artifact| {
        let tag = artifact.reference.tag.as_deref().unwrap_or("latest");
        (artifact.reference.name(), tag.to_owned())
    };
    let mut known: BTreeMap<_, Artifact> = BTreeMap::new();
    // The digest of fewer platforms is not that of the source.
    let whole = |artifact: &Artifact| artifact.digest.is_some() && artifact.platforms.is_empty();
    for artifact in earlier.merged().into_iter().filter(whole) {
        known.entry(key(&artifact)).or_insert(artifact);
    }
    for artifact in wanted.iter_mut().map(|one| &mut one.artifact) {
        let Some(earlier) = known.get(&key(artifact)) else { continue };
        let is_same = artifact.digest.is_none() || artifact.digest == earlier.digest;
        if is_same {
            artifact.digest.clone_from(&earlier.digest);
            artifact.index_platforms.clone_from(&earlier.index_platforms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::artifact::ArtifactKind;
    use crate::reference::Reference;

    #[test]
    fn a_digest_is_that_of_the_same_tag() {
        let (a, b) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
        let list = format!("quay.io/a/api:1 {a}\nquay.io/a/edge {b}\nquay.io/a/web:1\nquay.io/a/own:1 {a}\n");
        let earlier = Bundle::parse([("artifacts.txt", list.as_str())]).expect("a list");
        let want = |text: &str| {
            let reference = Reference::parse(text).expect("a reference");
            Wanted { artifact: Artifact::new(ArtifactKind::Image, reference), lists: Default::default() }
        };
        let own = format!("quay.io/a/own:1@{b}");
        let mut wanted =
            ["quay.io/a/api:1", "quay.io/a/api:2", "quay.io/a/edge:latest", "quay.io/a/web:1", &own].map(want);
        keep(&mut wanted, &earlier);
        let digests = wanted.map(|one| one.artifact.digest);
        assert_eq!(digests, [Some(a), None, Some(b.clone()), None, Some(b)]);
    }
}
