//! The images of one rendered file, read as far as possible: of its documents if they can be parsed, otherwise of their lines.

use super::operators::{Implicit, implicit, may_leave_an_image};
use super::{Hints, ImageUse, Search, Tier};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::reference::Mirror;
use crate::render::RenderedFile;
use crate::render::manifest::{Manifest, more, split};
use crate::template::state::Emit;
use crate::trace::Str;
use crate::work::Work;
use crate::yaml::{self, Data, Node};
use aho_corasick::AhoCorasick;
use memchr::memmem;
use std::sync::{Arc, LazyLock};

/// What is found in a rendered file.
#[derive(Debug)]
pub(crate) struct FileImages {
    /// What is at least likely to be an image. With every branch taken, parts of references are missing: then it is none.
    pub(crate) uses: Vec<ImageUse>,
    /// Whether all of its documents could be parsed.
    pub(crate) is_read: bool,
}

impl FileImages {
    /// Those that are references.
    pub(crate) fn references(self) -> impl Iterator<Item = ImageUse> {
        self.uses.into_iter().filter(|image| image.reference.is_ok())
    }
}

/// The images of a file.
pub(crate) fn of_file(
    file: &RenderedFile,
    helm: HelmVersion,
    hints: Hints<'_>,
    limits: &Limits,
    work: &Work,
) -> FileImages {
    let mut is_read = true;
    let mut found = Vec::new();
    let emits: Arc<[_]> = file.emits.clone().into();
    for range in split(file.text.as_bytes(), helm) {
        let (start, content) = (range.start as u32, file.text.shared(range));
        if !may_name_an_image(content.as_bytes()) || is_schema(content.as_bytes()) {
            continue;
        }
        let parts = match yaml::read(content.as_bytes(), limits) {
            Ok(node) => vec![(node.text_of("kind"), start, content, node)],
            Err(_) => {
                is_read = false;
                let kind = kind_in_words(content.as_bytes());
                lines(&content, limits).map(|(at, line, node)| (kind.clone(), start + at, line, node)).collect()
            }
        };
        for (kind, start, content, node) in parts {
            let manifest = manifest((file, &emits), kind, start, content, node);
            found.extend(Search::counted(&[Arc::new(manifest)], hints, limits, work).uses);
        }
    }
    found.retain(|image| image.tier != Tier::Possible);
    FileImages { uses: found, is_read }
}

/// The objects of a file that leave an image to an operator, as far as the file alone shows: others may name the image.
pub(crate) fn operators_of_file(
    file: &RenderedFile,
    helm: HelmVersion,
    mirror: &Mirror,
    limits: &Limits,
) -> Vec<Implicit> {
    if !may_leave_an_image(file.text.as_bytes()) {
        return Vec::new();
    }
    let emits: Arc<[_]> = file.emits.clone().into();
    let mut manifests = Vec::new();
    for range in split(file.text.as_bytes(), helm) {
        let (start, content) = (range.start as u32, file.text.shared(range));
        if !may_leave_an_image(content.as_bytes()) || is_schema(content.as_bytes()) {
            continue;
        }
        if let Ok(node) = yaml::read(content.as_bytes(), limits) {
            manifests.push(Arc::new(manifest((file, &emits), node.text_of("kind"), start, content, node)));
        }
    }
    implicit(&manifests, mirror, limits)
}

/// A document of a file.
fn manifest(
    (file, emits): (&RenderedFile, &Arc<[Emit]>),
    kind: String,
    start: u32,
    content: Str,
    node: Node,
) -> Manifest {
    Manifest {
        name: file.name.clone(),
        source: file.source.clone(),
        start,
        emits: emits.clone(),
        api_version: node.text_of("apiVersion"),
        kind,
        object_name: node.text_at(&["metadata", "name"]),
        hook: None,
        more: more(&content, &node),
        content,
        node,
    }
}

/// Whether a document is a CRD: long, and without images of its own.
fn is_schema(content: &[u8]) -> bool {
    memmem::find(content, b"\nkind: CustomResourceDefinition").is_some()
}

/// The kind of a document that cannot be parsed; a line replaces the object.
fn kind_in_words(content: &[u8]) -> String {
    let named = content.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"kind:"));
    named.map_or_else(|| "Unknown".to_owned(), |kind| String::from_utf8_lossy(kind.trim_ascii()).into_owned())
}

/// The lines of a document that cannot be parsed, each as a separate map, with its byte offset.
fn lines<'s>(content: &'s Str, limits: &'s Limits) -> impl Iterator<Item = (u32, Str, Node)> + 's {
    let bytes = content.as_bytes();
    let mut next = 0;
    bytes.split_inclusive(|&byte| byte == b'\n').filter_map(move |line| {
        let start = next;
        next += line.len();
        let lead = line.iter().take_while(|&&byte| byte == b' ' || byte == b'-').count();
        let line = &line[lead..];
        if !may_name_an_image(line) {
            return None;
        }
        let at = start + lead;
        let text = content.slice(at..at + line.len());
        let node = yaml::read(text.as_bytes(), limits).ok()?;
        matches!(node.data, Data::Map(_)).then_some((at as u32, text, node))
    })
}

/// Whether text may name an image: the word, a well-known registry, or a reference with a tag or a digest.
pub(crate) fn may_name_an_image(text: &[u8]) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(WORDS_OF_IMAGES).ok());
    WORDS.as_ref().is_none_or(|words| words.is_match(text)) || has_tagged_path(text)
}

/// Words in most texts that name images.
const WORDS_OF_IMAGES: &[&[u8]] = &[
    b"image",
    b"Image",
    b"IMAGE",
    b"repository",
    b"Repository",
    b"egistry",
    b"quay.io",
    b"docker.io",
    b"gcr.io",
    b"ghcr.io",
    b"mcr.microsoft",
    b"public.ecr",
    b"azurecr",
    b".pkg.dev",
    b"amazonaws",
    b"@sha256:",
    b"oci://",
    b"docker://",
];

/// Whether there is text of the form `host/path:tag`.
fn has_tagged_path(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
    memchr::memchr_iter(b':', text).any(|colon| {
        let before = text[..colon].iter().rev().take_while(|byte| is_part(byte)).count();
        let path = &text[colon - before..colon];
        let tag = text.get(colon + 1).is_some_and(u8::is_ascii_alphanumeric);
        tag && memchr::memchr(b'/', path).is_some_and(|slash| slash > 0 && slash + 1 < path.len())
    })
}
