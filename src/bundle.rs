//! [`Bundle`]: the lists of mirrored images, and whether they contain a reference.

use crate::error::Error;
use crate::reference::{Layout, Mirror, Reference};
use std::collections::{BTreeSet, HashMap};

/// The lists of mirrored images: `artifacts.txt`, `images.txt`, `images-core.txt`, `images-<addon>.txt`, `charts.txt`.
///
/// A line is a reference, optionally followed by its digest or its path on the mirror. `#` begins a comment.
///
/// ```text
/// quay.io/jetstack/cert-manager-controller:v1.19.0
/// oci://quay.io/kubermatic/helm-charts/kubelb-addons:v0.4.0
/// docker.io/library/busybox:1.37 mirror.internal/library/busybox:1.37
/// ghcr.io/acme/api:1.4 sha256:9f86d081…
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bundle {
    entries: Vec<ListLine>,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListLine {
    /// What was mirrored.
    pub source: Reference,
    /// Its place on the mirror, if the line names one.
    pub destination: Option<Reference>,
    /// Its digest, if the line names one.
    pub digest: Option<String>,
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
    matches!(name, "artifacts.txt" | "charts.txt") || name.starts_with("images") && name.ends_with(".txt")
}

impl Bundle {
    /// Reads lists, each with its name.
    ///
    /// # Errors
    /// Names the wrong line: `bundle/images.txt:3: "quay.io/X": a repository name must be lower-case`.
    pub(crate) fn parse<'t>(lists: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Error> {
        let mut entries = Vec::new();
        for (name, text) in lists {
            for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
                let line = match line.find('#') {
                    Some(0) => "",
                    // A `#` inside a word does not begin a comment.
                    Some(at) if line[..at].ends_with(char::is_whitespace) => &line[..at],
                    _ => line,
                };
                let mut words = line.split_whitespace();
                let Some(first) = words.next() else { continue };
                let entry = ListLine::parse(first, words.next())
                    .and_then(|entry| match words.next() {
                        Some(word) => Err(Error::input(format!("unexpected {word:?}"))),
                        None => Ok(entry),
                    })
                    .map_err(|error| error.after(format_args!("{name}:{}", number + 1)))?;
                entries.push(entry);
            }
        }
        Ok(Self { entries })
    }

    /// Lists with these lines.
    #[cfg(feature = "registry")]
    pub(crate) fn of(entries: Vec<ListLine>) -> Self {
        Self { entries }
    }

    /// The lines, in order.
    #[cfg(feature = "registry")]
    pub(crate) fn entries(&self) -> &[ListLine] {
        &self.entries
    }

    /// The lists by the names of their images, including their names on a mirror.
    pub(crate) fn by_name(&self, mirror: &Mirror, layout: Layout) -> ByName<'_> {
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, entry) in self.entries.iter().enumerate() {
            entry.names(mirror, layout).into_iter().for_each(|name| known.entry(name).or_default().push(number));
        }
        ByName { bundle: self, known }
    }
}

/// The lists of a bundle by the names of their images.
#[derive(Debug)]
pub(crate) struct ByName<'b> {
    bundle: &'b Bundle,
    /// By registry and repository: the indexes of the lines.
    known: HashMap<String, Vec<usize>>,
}

impl ByName<'_> {
    /// The verdict on a use under any of its names: `own` is as rendered, `source` its source if known.
    pub(crate) fn verdict(&self, own: &Reference, source: Option<&Reference>) -> Verdict {
        let names = std::iter::once(own).chain(source).filter_map(|name| self.known.get(&name_of(name)));
        let mut numbers: Vec<usize> = names.flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        // The tag and digest are those that will be pulled.
        let tag = own.tag.as_deref().or(own.digest.is_none().then_some("latest"));
        let mut other_digest = None;
        let mut versions = BTreeSet::new();
        for entry in numbers.into_iter().map(|number| &self.bundle.entries[number]) {
            let version = entry.destination.as_ref().unwrap_or(&entry.source);
            let there = version.tag.as_deref().or(entry.source.tag.as_deref());
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

/// The name of a reference without its version.
fn name_of(reference: &Reference) -> String {
    format!("{}/{}", reference.registry, reference.repository)
}

impl ListLine {
    fn parse(first: &str, second: Option<&str>) -> Result<Self, Error> {
        let read = |text: &str| {
            let bare = ["oci://", "docker://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
            // A tag has no plus, so helm pushes the version 1.0.0+b1 of a chart as 1.0.0_b1.
            let bare = if text.starts_with("oci://") { bare.replace('+', "_") } else { bare.to_owned() };
            Reference::parse(&bare).map_err(|why| Error::input(format!("{text:?}: {why}")))
        };
        let source = read(first)?;
        let (destination, digest) = match second {
            Some(digest) if digest.starts_with("sha256:") || digest.starts_with("sha512:") => {
                // The same check as for a digest within a reference.
                let checked = Reference::parse(&format!("x@{digest}"));
                let checked = checked.map_err(|why| Error::input(format!("{digest:?}: {why}")))?;
                (None, checked.digest)
            }
            Some(destination) => (Some(read(destination)?), None),
            None => (None, None),
        };
        let digest = digest.or_else(|| source.digest.clone());
        let digest = digest.or_else(|| destination.as_ref().and_then(|destination| destination.digest.clone()));
        Ok(Self { source, destination, digest })
    }

    /// The names of the image on this line: its source, and its name on the mirror.
    fn names(&self, mirror: &Mirror, layout: Layout) -> BTreeSet<String> {
        let lies = match &self.destination {
            Some(destination) => Some(name_of(destination)),
            None => layout.repository(mirror, &self.source),
        };
        lies.into_iter().chain([name_of(&self.source)]).collect()
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
