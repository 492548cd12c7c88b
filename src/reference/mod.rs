//! Parses, normalizes and compares image references, as container runtimes do.
//!
//! Source of the grammar: the `reference` package of the distribution project: a reference is
//! `name [":" tag] ["@" digest]`, and its first component is a host only if it has a `.` or a `:`, is `localhost`, or
//! has an upper-case letter.

pub(crate) mod hosts;
pub(crate) mod layout;
pub(crate) mod mirror;
pub(crate) mod open;

pub use layout::Layout;
pub use mirror::Mirror;

use crate::error::{Error, ErrorKind};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The registry of a reference without a host.
pub(crate) const DOCKER_HUB: &str = "docker.io";

/// An image reference, with the positions of its parts in the parsed text.
///
/// Shape: `quay.io/jetstack/cert-manager-webhook:v1.16.1@sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    text: String,
    /// The registry, normalized: `docker.io` for none, and for `index.docker.io`; lower-case, with its port.
    pub registry: String,
    /// The path in the registry, normalized: `library/nginx` for `nginx`.
    pub repository: String,
    /// The tag, if there is one.
    pub tag: Option<String>,
    /// The digest, if there is one, `sha256:…`.
    pub digest: Option<String>,
    /// Where the registry is written; `None` if it is implied.
    pub(crate) registry_range: Option<Range<usize>>,
    /// Where the repository is written.
    pub(crate) repository_range: Range<usize>,
}

impl Reference {
    /// Parses a reference. The error says what is wrong: `a repository name must be lower-case`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the reference is empty".to_owned());
        }
        if text.contains("://") {
            return Err("a reference must not have a scheme (https://)".to_owned());
        }
        if let Some(c) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!("a reference must not contain white space ({c:?})"));
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(check_digest(digest)?)),
            None => (text, None),
        };
        // A colon after the last slash separates the tag; one before it belongs to the host's port.
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match name[last..].find(':') {
            Some(colon) => (&name[..last + colon], Some(check_tag(&name[last + colon + 1..])?)),
            None => (name, None),
        };
        let host_end = name.find('/').filter(|&slash| is_host(&name[..slash]));
        let (registry, registry_range, path_start) = match host_end {
            Some(end) => (check_host(&name[..end])?, Some(0..end), end + 1),
            None => (DOCKER_HUB.to_owned(), None, 0),
        };
        let path = &name[path_start..];
        check_path(path)?;
        let registry = if registry == "index.docker.io" { DOCKER_HUB.to_owned() } else { registry };
        let repository = match registry == DOCKER_HUB && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        check_length(&repository)?;
        Ok(Self {
            text: text.to_owned(),
            registry,
            repository,
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
            registry_range,
            repository_range: path_start..name.len(),
        })
    }

    /// A reference of which only the beginning is known: the registry, and the position of the repository.
    pub(super) fn beginning(text: &str, host: Option<&str>, repository: Range<usize>) -> Self {
        let registry = host.map_or(DOCKER_HUB.to_owned(), str::to_ascii_lowercase);
        Self {
            text: text.to_owned(),
            registry: if registry == "index.docker.io" { DOCKER_HUB.to_owned() } else { registry },
            repository: text[repository.clone()].to_owned(),
            tag: None,
            digest: None,
            registry_range: host.map(|host| 0..host.len()),
            repository_range: repository,
        }
    }

    /// Where the tag is written, without its colon.
    pub(crate) fn tag_range(&self) -> Option<Range<usize>> {
        let start = self.repository_range.end + 1;
        self.tag.as_ref().map(|tag| start..start + tag.len())
    }

    /// Where the digest is written, without its `@`.
    pub(crate) fn digest_range(&self) -> Option<Range<usize>> {
        self.digest.as_ref().map(|digest| self.text.len() - digest.len()..self.text.len())
    }

    /// Tag and digest as written, `:v1@sha256:…`; empty if there is neither.
    pub fn version(&self) -> &str {
        &self.text[self.repository_range.end..]
    }

    /// Registry and repository, normalized, without tag and digest: `docker.io/library/nginx`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The reference as written.
    pub fn as_written(&self) -> &str {
        &self.text
    }
}

/// The normalized form, with registry and `library/` spelled out.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Whether the first part of a reference is a registry, not a path of Docker Hub.
///
/// Source: distribution/reference, `splitDockerDomain`.
pub(super) fn is_host(component: &str) -> bool {
    component.contains(['.', ':']) || component == "localhost" || component.chars().any(char::is_uppercase)
}

pub(super) fn check_host(host: &str) -> Result<String, String> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && !host.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let bracketed = name.starts_with('[') && name.ends_with(']');
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let good_name = if bracketed {
        name[1..name.len() - 1].chars().all(|c| c.is_ascii_hexdigit() || c == ':')
    } else {
        name.split('.').all(label)
    };
    let good_port = port.is_none_or(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()));
    // What is before an `@` may be a password, and so may be what is in the place of a port.
    if let Some((_, host)) = host.rsplit_once('@') {
        return Err(format!("\"********@{host}\" is not a registry host: a registry is named without a user"));
    }
    if !good_port {
        return Err(format!("\"{name}:********\" is not a registry host: its port is not a number"));
    }
    if !good_name {
        return Err(format!("{host:?} is not a registry host"));
    }
    Ok(host.to_ascii_lowercase())
}

pub(super) fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("the repository is missing".to_owned());
    }
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        return Err("a repository name must be lower-case".to_owned());
    }
    for component in path.split('/') {
        if !is_path_component(component) {
            return Err(format!("{component:?} is not a component of a repository name"));
        }
    }
    check_length(path)
}

/// Source: distribution/reference, which counts `library/` too.
fn check_length(repository: &str) -> Result<(), String> {
    if repository.len() > 255 {
        return Err("a repository name must not be longer than 255 characters".to_owned());
    }
    Ok(())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    if !word(first) || !word(last) {
        return false;
    }
    bytes
        .split(|&byte| word(byte))
        .filter(|separator| !separator.is_empty())
        .all(|separator| matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|&byte| byte == b'-'))
}

fn check_tag(tag: &str) -> Result<&str, String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if tag.starts_with(word) && tag.len() <= 128 && tag.chars().all(|c| word(c) || matches!(c, '.' | '-')) {
        return Ok(tag);
    }
    Err(if tag.is_empty() { "the tag after the colon is missing".to_owned() } else { format!("{tag:?} is not a tag") })
}

fn check_digest(digest: &str) -> Result<&str, String> {
    let good = digest.split_once(':').is_some_and(|(algorithm, hex)| {
        let word = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
        algorithm.split(['+', '.', '_', '-']).all(|part| word(part) && part.chars().all(|c| c.is_ascii_alphanumeric()))
            && hex.len() >= 32
            && hex.chars().all(|c| c.is_ascii_hexdigit())
    });
    if good { Ok(digest) } else { Err(format!("{digest:?} is not a digest")) }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).map_err(|text| Error::new(ErrorKind::Input, text))
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn references_are_normalized() {
        for (text, normalized) in [
            ("nginx", "docker.io/library/nginx"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("docker.io/nginx", "docker.io/library/nginx"),
            ("index.docker.io/library/nginx", "docker.io/library/nginx"),
            ("acme/api", "docker.io/acme/api"),
            ("localhost/api", "localhost/api"),
            ("localhost:5000/api:v1", "localhost:5000/api:v1"),
            ("mirror.internal:5000/a/b__c-d.e:V_1", "mirror.internal:5000/a/b__c-d.e:V_1"),
            ("Mirror.Internal/api", "mirror.internal/api"),
        ] {
            assert_eq!(Reference::parse(text).map(|r| r.to_string()), Ok(normalized.to_owned()), "{text}");
        }
        for text in [
            "",
            "https://quay.io/x",
            "quay.io/X",
            "a b",
            "quay.io/x:",
            "quay.io//x",
            "quay.io/",
            "x@sha256:1",
            "-x",
            "a..b/c",
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?} is not a reference");
        }
    }
}
