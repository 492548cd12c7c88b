//! Plain lists: one artifact a line.

use super::artifact::{Artifact, ArtifactKind};
use super::listed::Listed;
use crate::error::Error;
use crate::reference::Reference;
use crate::source::{File, Place};
use std::sync::Arc;

/// Reads a list: on each line a reference, optionally followed by its digest or its path on the mirror. `#` begins a comment.
///
/// ```text
/// quay.io/jetstack/cert-manager-controller:v1.19.0
/// oci://quay.io/kubermatic/helm-charts/kubelb-addons:v0.4.0
/// docker.io/library/busybox:1.37 mirror.internal/library/busybox:1.37
/// ghcr.io/acme/api:1.4 sha256:9f86d081…
/// ```
///
/// # Errors
/// Names the wrong line: `bundle/images.txt:3: "quay.io/X": a repository name must be lower-case`.
pub(super) fn read(file: &Arc<File>) -> Result<Vec<Listed>, Error> {
    let text = std::str::from_utf8(file.bytes());
    let text = text.map_err(|_| Error::input(format!("{} is not UTF-8", file.name())))?;
    let mut found = Vec::new();
    let mut start = 0;
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_start_matches('\u{feff}');
        let line = match line.find('#') {
            Some(0) => "",
            // A `#` inside a word does not begin a comment.
            Some(at) if line[..at].ends_with(char::is_whitespace) => &line[..at],
            _ => line,
        };
        let artifact = of_line(line).map_err(|error| error.after(format_args!("{}:{}", file.name(), number + 1)))?;
        if let (Some(artifact), Some(first)) = (artifact, line.split_whitespace().next()) {
            let first = first.split('=').next().unwrap_or(first);
            let at = start + whole.find(first).unwrap_or_default();
            let place = Place { file: file.clone(), start: at as u32, end: (at + first.len()) as u32 };
            found.push(Listed { artifact, place });
        }
        start += whole.len();
    }
    Ok(found)
}

/// The artifact of a line without its comment; `None` for an empty line.
fn of_line(line: &str) -> Result<Option<Artifact>, Error> {
    let mut words = line.split_whitespace();
    let Some(first) = words.next() else { return Ok(None) };
    // Mapping files of `oc image mirror` and oc-mirror have `SOURCE=DESTINATION`.
    let (first, second) = match first.split_once('=') {
        Some((source, destination)) => (source, Some(destination)),
        None => (first, words.next()),
    };
    let artifact = of_words(first, second)?;
    match words.next() {
        Some(word) => Err(Error::input(format!("unexpected {word:?}"))),
        None => Ok(Some(artifact)),
    }
}

fn of_words(first: &str, second: Option<&str>) -> Result<Artifact, Error> {
    let (kind, reference) = reference(first)?;
    let artifact = Artifact::new(kind, reference);
    match second {
        Some(text) if is_digest(text) => Ok(Artifact { digest: Some(digest(text)?), ..artifact }),
        Some(destination) => Ok(artifact.with_destination(Some(self::reference(destination)?.1))),
        None => Ok(artifact),
    }
}

/// Whether a word beside a reference is a digest, of any algorithm, and not a path on the mirror.
fn is_digest(text: &str) -> bool {
    let is_known = text.starts_with("sha256:") || text.starts_with("sha512:");
    is_known || !text.contains('/') && digest(text).is_ok()
}

/// A digest by itself, with the same check as within a reference.
pub(super) fn digest(text: &str) -> Result<String, Error> {
    let checked = Reference::parse(&format!("x@{text}"));
    let checked = checked.map_err(|why| Error::input(format!("{text:?}: {why}")))?;
    checked.digest.ok_or_else(|| Error::input(format!("{text:?} is not a digest")))
}

/// A reference that may have a scheme, and what it refers to.
pub(super) fn reference(text: &str) -> Result<(ArtifactKind, Reference), Error> {
    let (kind, bare) = match (text.strip_prefix("oci://"), text.strip_prefix("docker://")) {
        // A tag has no plus, so helm pushes the version 1.0.0+b1 of a chart as 1.0.0_b1.
        (Some(chart), _) => (ArtifactKind::Chart, chart.replace('+', "_")),
        (None, Some(image)) => (ArtifactKind::Image, image.to_owned()),
        (None, None) => (ArtifactKind::Image, text.to_owned()),
    };
    let reference = Reference::parse(&bare).map_err(|why| Error::input(format!("{text:?}: {why}")))?;
    Ok((kind, reference))
}

/// The line of an artifact: with its place on the mirror if there is one, or else with its digest.
pub(super) fn line(artifact: &Artifact, place: Option<&str>, with_scheme: bool) -> String {
    let scheme = if with_scheme && artifact.kind == ArtifactKind::Chart { "oci://" } else { "" };
    match (place, &artifact.digest, &artifact.reference.digest) {
        (Some(place), ..) => format!("{scheme}{} {place}", artifact.pinned()),
        (None, Some(digest), None) => format!("{scheme}{} {digest}", artifact.reference),
        (None, ..) => format!("{scheme}{}", artifact.pinned()),
    }
}
