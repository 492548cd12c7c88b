//! Joins references from sibling parts: `{registry, repository, tag, digest}` of a map,
//! `X_REGISTRY`, `X_REPOSITORY`, `X_TAG` of an environment, `--x-image-repository=…`, `--x-image-tag=…` of a command.

use super::variables;
use crate::images::find::appearance::{Naming, is_named, is_unmistakable, naming, words};
use crate::images::find::hints::Hints;
use crate::objects::text::{Text, TextPiece};
use crate::objects::{Object, Path};
use crate::reference::Reference;
use crate::reference::open::OpenReference;
use crate::yaml::{Data, Node};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::ops::Range;

/// A named part: a member of a map, a variable, an argument, a line of a text.
#[derive(Debug, Clone)]
pub(super) struct Entry<'e> {
    /// The name.
    pub name: &'e str,
    value: Value<'e>,
}

/// The value of an [`Entry`].
#[derive(Debug, Clone)]
enum Value<'e> {
    /// A scalar, from an offset in its text.
    Node(&'e Node, usize),
    /// A part of a text.
    Part(&'e Text, Range<usize>),
}

impl<'e> Entry<'e> {
    /// A scalar with a name; the value begins at the offset `from` of its text.
    pub(super) fn node(name: &'e str, node: &'e Node, from: usize) -> Self {
        Self { name, value: Value::Node(node, from) }
    }

    /// A part of a text.
    pub(super) fn part(name: &'e str, text: &'e Text, range: Range<usize>) -> Self {
        Self { name, value: Value::Part(text, range) }
    }

    fn text(&self, object: &Object<'_>) -> Option<Text> {
        match &self.value {
            Value::Node(node, from) => {
                let text = object.text(node)?;
                Some(if *from == 0 { text } else { text.slice(*from..text.len()) })
            }
            Value::Part(text, range) => Some(text.slice(range.clone())),
        }
    }

    fn is_scalar(&self) -> bool {
        match &self.value {
            Value::Node(node, _) => !matches!(node.data, Data::Map(_) | Data::Seq(_) | Data::Null | Data::Bool(_)),
            Value::Part(..) => true,
        }
    }
}

/// The role of a part in the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    /// `registry`, `hub`
    Registry,
    /// `repository`, `repo`
    Repository,
    /// `image`
    Image,
    /// `name`
    Name,
    /// `newName`, which a name overrides.
    NewName,
    /// `tag`
    Tag,
    /// `newTag`
    NewTag,
    /// `version`
    Version,
    /// `digest`, `sha`
    Digest,
}

/// The endings of names that show a role, longer ones before their own suffixes.
const ENDS: &[(&str, Role)] = &[
    ("registry", Role::Registry),
    ("registryurl", Role::Registry),
    ("registry_url", Role::Registry),
    ("repourl", Role::Registry),
    ("repo_url", Role::Registry),
    ("hub", Role::Registry),
    ("repository", Role::Repository),
    ("repo", Role::Repository),
    ("baseimage", Role::Image),
    ("image", Role::Image),
    ("newname", Role::NewName),
    ("name", Role::Name),
    ("newtag", Role::NewTag),
    ("tag", Role::Tag),
    ("version", Role::Version),
    ("digest", Role::Digest),
    ("containersha", Role::Digest),
    ("sha256", Role::Digest),
    ("sha", Role::Digest),
];

/// The role of a name and its prefix: `AGW_PROXY_IMAGE` of `AGW_PROXY_IMAGE_TAG`.
fn role(name: &str) -> Option<(&str, Role)> {
    if !matches!(
        name.as_bytes().last()?.to_ascii_lowercase(),
        b'y' | b'b' | b'o' | b'e' | b'g' | b'n' | b't' | b'a' | b'6' | b'l'
    ) {
        return None;
    }
    let (end, role) = ENDS.iter().find(|(end, _)| {
        name.len() >= end.len() && name.as_bytes()[name.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
    })?;
    let stem = name.get(..name.len() - end.len())?;
    Some((stem.trim_end_matches(['_', '-', '.']), *role))
}

/// The prefix before the role in the name of a part; `None` if it is not a part.
pub(super) fn role_of_part(name: &str) -> Option<&str> {
    role(name).map(|(stem, _)| stem)
}

/// A joined reference.
#[derive(Debug)]
pub(super) struct Joined {
    /// The index of the entry with the repository.
    pub entry: usize,
    /// The reference.
    pub text: Text,
    /// The repository alone, or the name: the part that no other reference shares.
    pub own: Text,
    /// The names of its entries, in the order of the reference.
    pub names: Vec<String>,
    /// Whether the names are unambiguous: not for a path and a version, which other things have too.
    pub is_sure: bool,
    /// The indexes of its entries.
    pub parts: Vec<usize>,
}

impl Joined {
    /// The nodes of its entries, the repository first, by the path to each entry.
    pub(super) fn nodes(&self, way: impl Fn(usize) -> Path) -> Vec<Path> {
        let others = self.parts.iter().filter(|&&part| part != self.entry);
        std::iter::once(&self.entry).chain(others).map(|&part| way(part)).collect()
    }
}

/// The container of the parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// What the name of the map says.
    pub naming: Naming,
    /// Whether a single part may be the whole reference.
    pub alone: bool,
}

/// The references that the entries of one map or list form.
pub(super) fn join(object: &Object<'_>, entries: &[Entry<'_>], context: Context, hints: Hints<'_>) -> Vec<Joined> {
    let roles: Vec<(usize, &str, Role)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.is_scalar())
        .filter_map(|(index, entry)| role(entry.name).map(|(stem, role)| (index, stem, role)))
        .collect();
    let mut found = Vec::new();
    // A single part is handled elsewhere, except in a map named for images.
    if roles.len() < 2 && context.naming != Naming::Image {
        return found;
    }
    let mut index = Index::default();
    for &(entry, stem, role) in &roles {
        index.entry((stem, role)).or_insert(entry);
    }
    let only_version = only_version(&index);
    let is_source = entries.iter().any(|entry| is_of_source(entry.name));
    for &(entry, stem, role) in &roles {
        if !matches!(role, Role::Repository | Role::Image | Role::Name | Role::NewName | Role::Registry) {
            continue;
        }
        let family = Family { object, entries, index: &index, stem, context, only_version, is_source };
        if let Some(joined) = family.join(entry, role, hints) {
            found.push(joined);
        }
    }
    found
}

/// The entries by prefix and role.
type Index<'n> = HashMap<(&'n str, Role), usize, RandomState>;

/// The parts with the same prefix.
struct Family<'f> {
    object: &'f Object<'f>,
    entries: &'f [Entry<'f>],
    index: &'f Index<'f>,
    stem: &'f str,
    context: Context,
    /// The version of the only image among the entries.
    only_version: Option<usize>,
    /// Whether the entries describe a source of charts or code.
    is_source: bool,
}

impl Family<'_> {
    /// The part with a role: its entry and text.
    fn part(&self, role: Role) -> Option<(usize, Text)> {
        // `X_IMAGE_TAG` belongs to `X_IMAGE` as well as to `X_REPOSITORY`, and `X_VERSION` to `X_IMAGE_REPOSITORY`.
        const IMAGE: &[&str] = &["Image", "image", "_IMAGE", "IMAGE", "_image", "-image", ".image"];
        let of_image = || {
            IMAGE.iter().find_map(|image| self.index.get(&(format!("{}{image}", self.stem).as_str(), role)).copied())
        };
        let without_image = || {
            let is_version = matches!(role, Role::Tag | Role::Version | Role::Digest);
            let stem = IMAGE.iter().find_map(|image| self.stem.strip_suffix(image)).filter(|_| is_version)?;
            self.index.get(&(stem.trim_end_matches(['_', '-', '.']), role)).copied()
        };
        let index = self.index.get(&(self.stem, role)).copied().or_else(of_image).or_else(without_image)?;
        let text = self.entries[index].text(self.object)?;
        (!text.is_empty()).then_some((index, text))
    }

    fn join(&self, index: usize, role: Role, hints: Hints<'_>) -> Option<Joined> {
        let own = self.entries[index].text(self.object).filter(|text| !text.is_empty())?;
        let own = trimmed(own);
        let registry = self.part(Role::Registry).filter(|(_, text)| is_host(text));
        let repository = self.part(Role::Repository);
        let tag = self.part(Role::Tag).or_else(|| self.part(Role::NewTag));
        let version = || self.part(Role::Version);
        let digest = self.part(Role::Digest);
        let mut is_certain = true;
        let is_image = self.context.naming == Naming::Image || naming(self.stem) != Naming::Other;
        // The mirror in a part after a registry is not the registry: it is appended to the other.
        let is_behind = registry.as_ref().is_some_and(|(_, registry)| {
            begins_at_mirror(&own, hints) && (role == Role::Repository || !begins_at_mirror(registry, hints))
        });
        let has_host = has_host(&own) && !is_behind;
        // The parts before and after this one.
        let (before, tag) = match role {
            Role::Repository => {
                // `{repository: nvcr.io/nvidia, image: driver}`: the image is the last component.
                let has_end = self.part(Role::Image).is_some_and(|(_, image)| !has_host_or_version(&image))
                    || is_image && self.stem.is_empty() && self.part(Role::Name).is_some();
                if has_end {
                    return None;
                }
                let before = registry.filter(|_| !has_host);
                // `{repository: scylladb/scylla, version: 5.2}`; a version occurs beside many things that are not images.
                let is_path = || own.matches('/').count() == 1 && !self.is_source && !is_other_repository(self.stem);
                let is_sure = is_image || before.is_some() || has_host;
                is_certain = is_sure || tag.is_some() || digest.is_some();
                let tag = tag.or_else(|| {
                    version().filter(|(_, version)| is_sure || is_path() && version.starts_with(is_version_start))
                });
                if !has_host && before.is_none() && is_other_repository(self.stem) {
                    return None;
                }
                if !(is_image
                    || is_sure && (tag.is_some() || digest.is_some() || before.is_some())
                    || own.contains('/') && (tag.is_some() || digest.is_some()))
                {
                    return None;
                }
                (before, tag)
            }
            Role::Image => {
                let is_whole = has_host || has_version(&own);
                if is_whole && !is_behind && (has_version(&own) || tag.is_none() && digest.is_none()) {
                    return None;
                }
                let before = match has_host {
                    true => None,
                    false => repository.filter(|(_, text)| Reference::parse(text).is_ok()).or(registry),
                };
                let is_base = self.entries[index].name.to_ascii_lowercase().ends_with("baseimage");
                let tag = match before {
                    Some(_) => tag.or_else(version),
                    // `version` says what runs, which need not be the tag; with a digest it is harmless.
                    None => tag.or_else(|| version().filter(|_| digest.is_some() || is_base)),
                };
                let tag = tag.or_else(|| self.only_version());
                if before.is_none() && tag.is_none() && digest.is_none() {
                    return None;
                }
                (before, tag)
            }
            // `X_REPO_URL`, `X_NAME` and `X_VERSION`
            Role::Name
                if !self.stem.is_empty()
                    && registry.as_ref().is_some_and(|(index, text)| {
                        self.entries[*index].name.to_ascii_lowercase().ends_with("url") && text.contains('.')
                    })
                    && !has_host_or_version(&own)
                    && self.part(Role::Image).is_none()
                    && self.part(Role::Repository).is_none() =>
            {
                (registry, tag.or_else(version))
            }
            // `{imageName: quay.io/acme/api, imageVersion: v1}`
            Role::Name if !self.stem.is_empty() && naming(self.stem) == Naming::Image => {
                let before = registry.filter(|_| !has_host);
                let tag = tag.or_else(version);
                if has_version(&own) && !is_behind || before.is_none() && tag.is_none() && digest.is_none() {
                    return None;
                }
                (before, tag)
            }
            Role::Name | Role::NewName => {
                let is_kustomize = self.part(Role::NewTag).is_some() || self.part(Role::NewName).is_some();
                let gives_way = role == Role::Name && self.part(Role::NewName).is_some();
                if !self.stem.is_empty()
                    || gives_way
                    || !(self.context.naming == Naming::Image || is_kustomize)
                    || self.part(Role::Image).is_some()
                {
                    return None;
                }
                let before = if has_host { None } else { repository.or(registry) };
                if let Some((_, text)) = &before
                    && (text.ends_with(&format!("/{}", own.as_str())) || text.as_str() == own.as_str())
                {
                    // The repository alone is the whole reference.
                    return self.whole(before.clone()?, None, tag.or_else(version), digest, hints);
                }
                let tag = tag.or_else(|| version().filter(|_| self.context.naming == Naming::Image));
                if before.is_none() && tag.is_none() && digest.is_none() && !own.contains(['/', ':']) {
                    return None;
                }
                (before, tag)
            }
            _ => return None,
        };
        let joined = self.whole((index, own), before, tag, digest, hints)?;
        Some(Joined { is_sure: is_certain, ..joined })
    }

    /// The version of the only image, if this is the only one.
    fn only_version(&self) -> Option<(usize, Text)> {
        let index = self.only_version.filter(|_| self.stem.is_empty())?;
        let text = self.entries[index].text(self.object)?;
        (!text.is_empty()).then_some((index, text))
    }

    /// Joins the parts.
    fn whole(
        &self,
        (index, own): (usize, Text),
        before: Option<(usize, Text)>,
        tag: Option<(usize, Text)>,
        digest: Option<(usize, Text)>,
        hints: Hints<'_>,
    ) -> Option<Joined> {
        let name = |index: usize| self.entries[index].name.to_owned();
        let mut names = Vec::new();
        let mut parts = Vec::new();
        let mut pieces = Vec::new();
        let before = before.map(|(index, text)| (index, trimmed(text)));
        if let Some((index, text)) = &before {
            names.push(name(*index));
            parts.push(*index);
            pieces.extend([TextPiece::Found(text), TextPiece::Literal("/")]);
        }
        names.push(name(index));
        parts.push(index);
        pieces.push(TextPiece::Found(&own));
        if let Some((index, text)) = &tag
            && !has_version(&own)
        {
            names.push(name(*index));
            parts.push(*index);
            pieces.push(TextPiece::Literal(if text.starts_with("sha256:") { "@" } else { ":" }));
            pieces.push(TextPiece::Found(text));
        }
        if let Some((index, text)) = &digest
            && !own.contains('@')
            && !tag.as_ref().is_some_and(|(_, tag)| tag.contains("sha256:"))
        {
            names.push(name(*index));
            parts.push(*index);
            pieces.push(TextPiece::Literal(if text.contains(':') { "@" } else { "@sha256:" }));
            pieces.push(TextPiece::Found(text));
        }
        let text = Text::joined(&pieces);
        let is_image = self.context.naming == Naming::Image && text.contains(['/', ':']);
        if names.len() == 1 && !(self.context.alone && (is_image || is_unmistakable(&text, true, hints))) {
            return None;
        }
        let is_reference = is_named(&text, true) || is_open(&text);
        is_reference.then_some(Joined { entry: index, text, own, names, is_sure: true, parts })
    }
}

/// The version of the only image among entries: `{image: acme/api, defaultImageVersion: v1}`.
fn only_version(index: &Index<'_>) -> Option<usize> {
    if index.keys().filter(|(_, role)| *role == Role::Image).count() != 1 {
        return None;
    }
    let mut versions = index
        .iter()
        .filter(|((stem, role), _)| matches!(role, Role::Tag | Role::Version) && naming(stem) == Naming::Image);
    match (versions.next(), versions.next()) {
        (Some((_, &version)), None) => Some(version),
        _ => None,
    }
}

/// Names of entries that describe a source of charts or code.
fn is_of_source(name: &str) -> bool {
    const NAMES: &[&str] =
        &["chart", "branch", "revision", "targetRevision", "path", "url", "ref", "commit", "owner", "name", "module"];
    NAMES.contains(&name)
}

/// Names of repositories that contain no images: `GIT_REPOSITORY`, `chartRepository`.
fn is_other_repository(stem: &str) -> bool {
    const WORDS: &[&str] =
        &["apt", "backup", "chart", "charts", "git", "github", "gitlab", "helm", "maven", "npm", "s3"];
    words(stem).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// How versions begin: `5.2`, `v1`.
fn is_version_start(c: char) -> bool {
    c.is_ascii_digit() || c == 'v'
}

/// Whether a text is a reference with variables after a literal registry.
fn is_open(text: &str) -> bool {
    variables::may_have(text)
        && OpenReference::parse(text)
            .and_then(|open| open.known)
            .is_some_and(|known| known.registry_range.is_some() && !known.repository.is_empty())
}

/// A path without trailing slash.
fn trimmed(text: Text) -> Text {
    match text.strip_suffix('/') {
        Some(path) => text.slice(0..path.len()),
        None => text,
    }
}

/// `quay.io`, `mirror.internal:5000/team`, `acme`: what can precede a repository.
fn is_host(text: &str) -> bool {
    !text.contains("://") && Reference::parse(&format!("{}/x", text.trim_end_matches('/'))).is_ok()
}

fn has_host(text: &str) -> bool {
    Reference::parse(text).is_ok_and(|reference| reference.registry_range.is_some())
}

/// Whether a text begins with a host of the mirror, or with the canary in a second render.
fn begins_at_mirror(text: &str, hints: Hints<'_>) -> bool {
    let host = text.split('/').next().unwrap_or_default().to_ascii_lowercase();
    hints.mirror.has_host(&host) || host.ends_with(".airtight.invalid")
}

fn has_version(text: &str) -> bool {
    text.rsplit('/').next().is_some_and(|last| last.contains([':', '@']))
}

fn has_host_or_version(text: &str) -> bool {
    has_host(text) || has_version(text)
}
