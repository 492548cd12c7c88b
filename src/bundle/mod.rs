//! [`Bundle`]: the lists of mirrored images, and whether they contain a reference.

pub(crate) mod artifact;
pub(crate) mod comparison;
pub(crate) mod drift;
pub(crate) mod forms;
mod lines;
pub(crate) mod listed;
mod merge;
pub(crate) mod pins;
pub(crate) mod wanted;

use crate::error::Error;
use crate::reference::{Layout, Mirror, Reference};
use crate::source::{File, Place};
use artifact::{Artifact, ArtifactKind};
use listed::{LeftOut, Listed, NodeMirror};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What was mirrored, as files say: plain lists (`artifacts.txt`, `images.txt`, `images-core.txt`, `images-<addon>.txt`, `charts.txt`), and
/// the [`forms`] of other tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bundle {
    entries: Vec<Listed>,
    /// Where nodes find images.
    pub node_mirrors: Vec<NodeMirror>,
    /// What the files name that is not an artifact of a registry, or is not fixed.
    pub left_out: Vec<LeftOut>,
}

/// What a bundle says about a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was mirrored.
    Listed,
    /// It was mirrored with this digest, which differs.
    OtherDigest(String),
    /// It was not mirrored; these versions of it were.
    Missing(Vec<String>),
}

/// Whether a file of this name is one of the lists.
pub(crate) fn is_list(name: &str) -> bool {
    name == ARTIFACTS || is_list_of_some(name)
}

/// The list of everything, without schemes.
pub(crate) const ARTIFACTS: &str = "artifacts.txt";

/// Whether a file of this name is a list of some of the artifacts: `images-mesh.txt`.
pub(crate) fn is_list_of_some(name: &str) -> bool {
    name == "charts.txt" || name.starts_with("images") && name.ends_with(".txt")
}

impl Bundle {
    /// Reads files of any form.
    ///
    /// # Errors
    /// Names the wrong line: `bundle/images.txt:3: "quay.io/X": a repository name must be lower-case`. Two files that give a tag
    /// different digests are an error, too: nobody can know which of them the mirror has.
    pub(crate) fn read<'f>(files: impl IntoIterator<Item = &'f Arc<File>>) -> Result<Self, Error> {
        let mut bundle = Self::default();
        let mut recorded = Vec::new();
        for file in files {
            let content = forms::read(file)?;
            if content.is_record {
                recorded.extend(content.artifacts);
                continue;
            }
            bundle.entries.extend(content.artifacts);
            bundle.node_mirrors.extend(content.mirrors);
            bundle.left_out.extend(content.left_out);
        }
        bundle.fill_in(recorded)?;
        bundle.check_digests()?;
        Ok(bundle)
    }

    /// Completes entries by what a record says about them; what is in no list is one by itself.
    fn fill_in(&mut self, recorded: Vec<Listed>) -> Result<(), Error> {
        let key = |artifact: &Artifact| (artifact.reference.name(), artifact.version().0.map(str::to_owned));
        let mut known: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (number, entry) in self.entries.iter().enumerate() {
            known.entry(key(&entry.artifact)).or_default().push(number);
        }
        for one in recorded {
            let tagged = one.artifact.reference.tag.is_some();
            let same = known.get(&key(&one.artifact)).into_iter().flatten();
            let same: Vec<usize> =
                same.copied().filter(|&at| tagged || self.entries[at].artifact.digest == one.artifact.digest).collect();
            for &at in &same {
                let Listed { artifact, place } = &mut self.entries[at];
                // Fewer platforms have another digest.
                if artifact.platforms.is_empty() {
                    match (&artifact.digest, &one.artifact.digest) {
                        (Some(own), Some(other)) if !own.eq_ignore_ascii_case(other) => {
                            return Err(contradiction(place, artifact, &one));
                        }
                        (None, Some(other)) => artifact.digest = Some(other.clone()),
                        _ => {}
                    }
                }
                artifact.index_platforms.clone_from(&one.artifact.index_platforms);
                artifact.needed_by.clone_from(&one.artifact.needed_by);
                if one.artifact.kind == ArtifactKind::Chart {
                    artifact.kind = ArtifactKind::Chart;
                }
            }
            if same.is_empty() {
                self.entries.push(one);
            }
        }
        Ok(())
    }

    fn check_digests(&self) -> Result<(), Error> {
        let mut known: BTreeMap<(String, &str, &[String]), &Listed> = BTreeMap::new();
        for entry in &self.entries {
            let artifact = &entry.artifact;
            let (Some(tag), Some(digest)) = (&artifact.reference.tag, &artifact.digest) else { continue };
            // Fewer platforms have another digest.
            let key = (artifact.reference.name(), tag.as_str(), artifact.platforms.as_slice());
            let first = *known.entry(key).or_insert(entry);
            let other = first.artifact.digest.as_deref().unwrap_or_default();
            if !other.eq_ignore_ascii_case(digest) {
                return Err(contradiction(&entry.place, artifact, first));
            }
        }
        Ok(())
    }

    /// The same from the names and the texts of lists.
    #[cfg(test)]
    pub(crate) fn parse<'t>(lists: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Error> {
        let files: Vec<Arc<File>> = lists.into_iter().map(|(name, text)| File::new(name, text)).collect();
        Self::read(&files)
    }

    /// The artifacts, in the order of the lists.
    pub(crate) fn entries(&self) -> &[Listed] {
        &self.entries
    }

    /// The artifacts without their places, in the order of the lists.
    pub(crate) fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.entries.iter().map(|entry| &entry.artifact)
    }

    /// All artifacts, sorted, each once.
    pub(crate) fn merged(&self) -> Vec<Artifact> {
        merge::merged(self.artifacts())
    }

    /// The lists by the names of their images, including their names on a mirror.
    pub(crate) fn by_name(&self, mirror: &Mirror, layout: Layout) -> ByName<'_> {
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, entry) in self.entries.iter().enumerate() {
            entry
                .artifact
                .names(mirror, layout)
                .into_iter()
                .for_each(|name| known.entry(name).or_default().push(number));
        }
        ByName { bundle: self, mirror: mirror.clone(), known }
    }
}

/// The error that an artifact has another digest elsewhere.
fn contradiction(place: &Place, artifact: &Artifact, other: &Listed) -> Error {
    let digest = |artifact: &Artifact| artifact.digest.clone().unwrap_or_default();
    let why = format!(
        "{}:{} has the digest {} here and {} at {}; remove the one that was not mirrored",
        artifact.reference.name(),
        artifact.version().0.unwrap_or_default(),
        digest(artifact),
        digest(&other.artifact),
        other.place
    );
    listed::placed_error(place, why)
}

/// The lists of a bundle by the names of their images.
#[derive(Debug)]
pub(crate) struct ByName<'b> {
    bundle: &'b Bundle,
    mirror: Mirror,
    /// By registry and repository: the indexes of the lines.
    known: HashMap<String, Vec<usize>>,
}

impl ByName<'_> {
    /// The verdict on a use under any of its names: `own` is as rendered, `source` its source if known.
    pub(crate) fn verdict(&self, own: &Reference, source: Option<&Reference>) -> Verdict {
        let names = std::iter::once(own).chain(source).filter_map(|name| self.known.get(&name.name()));
        let mut numbers: Vec<usize> = names.flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        // The tag and digest are those that will be pulled.
        let tag = own.tag.as_deref().or(own.digest.is_none().then_some("latest"));
        let mut other_digest = None;
        let mut versions = BTreeSet::new();
        for entry in numbers.into_iter().map(|number| &self.bundle.entries[number].artifact) {
            let place = entry.named_place(&self.mirror);
            let version = place.as_ref().unwrap_or(&entry.reference);
            let there = version.tag.as_deref().or(entry.reference.tag.as_deref());
            let there = there.or(entry.digest.is_none().then_some("latest"));
            let same_tag = tag.is_some() && tag == there;
            match (&own.digest, &entry.digest) {
                (Some(own), Some(listed)) if own == listed => return Verdict::Listed,
                (Some(_), Some(listed)) if same_tag => other_digest = Some(listed.clone()),
                (Some(_), Some(_)) => {}
                _ if same_tag => return Verdict::Listed,
                _ => {}
            }
            versions.insert(match (there, &entry.digest) {
                (Some(tag), _) => tag.to_owned(),
                (None, digest) => digest.clone().unwrap_or_default(),
            });
        }
        match other_digest {
            Some(digest) => Verdict::OtherDigest(digest),
            None => Verdict::Missing(versions.into_iter().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn a_reference_is_looked_up() {
        let list = format!(
            "# what crossed the gap\nquay.io/acme/api:1.4\n\nquay.io/acme/api:1.5 {A} # pinned\n\
             busybox:1.37 mirror.internal/tools/box:1.37\noci://ghcr.io/acme/chart:1\nquay.io/acme/db@{A}\nquay.io/acme/edge\n"
        );
        let bundle = Bundle::parse([("images.txt", list.as_str())]).expect("a bundle");
        let mirror = Mirror::parse("mirror.internal").expect("a mirror");
        let verdict = |own: &str, source: Option<&str>| {
            let parse = |text: &str| Reference::parse(text).expect("a reference");
            bundle.by_name(&mirror, Layout::Path).verdict(&parse(own), source.map(parse).as_ref())
        };
        let missing = |versions: &[&str]| Verdict::Missing(versions.iter().map(|&text| text.to_owned()).collect());
        for (own, source, expected) in [
            ("quay.io/acme/api:1.4", None, Verdict::Listed),
            ("mirror.internal/acme/api:1.4", None, Verdict::Listed),
            ("mirror.internal/quay/api:1.4", Some("quay.io/acme/api:1.4"), Verdict::Listed),
            ("mirror.internal/acme/api:1.6", None, missing(&["1.4", "1.5"])),
            ("mirror.internal/acme/web:1.4", None, missing(&[])),
            ("mirror.internal/tools/box:1.37", None, Verdict::Listed),
            ("mirror.internal/library/busybox:1.37", Some("busybox:1.37"), Verdict::Listed),
            ("mirror.internal/acme/chart:1", None, Verdict::Listed),
            ("mirror.internal/acme/edge", None, Verdict::Listed),
            ("mirror.internal/acme/edge:latest", None, Verdict::Listed),
        ] {
            assert_eq!(verdict(own, source), expected, "{own}");
        }
        for (version, expected) in [
            (format!("api:1.5@{A}"), Verdict::Listed),
            (format!("api:1.5@{B}"), Verdict::OtherDigest(A.to_owned())),
            // The digest alone decides what is pulled.
            (format!("api:1.9@{A}"), Verdict::Listed),
            (format!("api:1.4@{B}"), Verdict::Listed),
            (format!("db@{A}"), Verdict::Listed),
            (format!("db@{B}"), missing(&[A])),
            ("db:1".to_owned(), missing(&[A])),
        ] {
            let own = format!("mirror.internal/acme/{version}");
            assert_eq!(verdict(&own, None), expected, "{own}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, error) in [
            ("a\nquay.io/X\n", "images.txt:2: \"quay.io/X\": a repository name must be lower-case"),
            (
                "https://quay.io/x\n",
                "images.txt:1: \"https://quay.io/x\": a reference must not have a scheme (https://)",
            ),
            ("a sha256:1\n", "images.txt:1: \"sha256:1\": \"sha256:1\" is not a digest"),
            ("a b c\n", "images.txt:1: unexpected \"c\""),
        ] {
            assert_eq!(Bundle::parse([("images.txt", text)]).err(), Some(Error::input(error)), "{text:?}");
        }
        assert!(is_list("images-envoy-gateway.txt") && !is_list("notes.txt"));
    }
}
