//! [`OciReference`]: a chart in a registry, `oci://mirror.internal/charts/shop:1.2.3`.

use crate::error::Error;
use crate::registry::{Digest, Repository};

/// A chart in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OciReference {
    /// The registry and the path.
    pub repository: Repository,
    /// The tag, with `+` where the registry has `_`.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

impl OciReference {
    /// Reads a reference that begins with `oci://`.
    ///
    /// # Errors
    /// It is none. The words are those of helm's library.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::input(format!("{text}: invalid reference: {what}"));
        let rest = text.strip_prefix("oci://").unwrap_or(text);
        let (rest, digest) = match rest.rsplit_once('@') {
            Some((before, digest)) => {
                let parsed = Digest::parse(digest);
                (before, Some(parsed.ok_or_else(|| wrong(format!("invalid digest {digest:?}")))?))
            }
            None => (rest, None),
        };
        let Some((host, path)) = rest.split_once('/') else {
            return Err(wrong("missing registry or repository".to_owned()));
        };
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path, None),
        };
        if !is_host(host) {
            return Err(wrong(format!("invalid registry {host:?}")));
        }
        if !path.split('/').all(is_component) {
            return Err(wrong(format!("invalid repository {path:?}")));
        }
        if let Some(tag) = tag
            && !is_tag(&as_tag(tag))
        {
            return Err(wrong(format!("invalid tag {tag:?}")));
        }
        Ok(Self {
            repository: Repository { host: host.to_ascii_lowercase(), path: path.to_owned() },
            tag: tag.map(as_version),
            digest,
        })
    }

    /// The last part of the path: the name of the chart.
    pub(crate) fn name(&self) -> &str {
        self.repository.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The tag of a version: tags have no `+`.
pub(super) fn as_tag(version: &str) -> String {
    version.replace('+', "_")
}

/// The version of a tag.
pub(super) fn as_version(tag: &str) -> String {
    tag.replace('_', "+")
}

/// Whether a text can be a tag.
pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first = text.bytes().next();
    first.is_some_and(is_word)
        && text.len() <= 128
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Whether a text can be the host of a registry: a name or an address, with an optional port.
fn is_host(text: &str) -> bool {
    let url = url::Url::parse(&format!("http://{text}/"));
    url.is_ok_and(|url| {
        url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
    }) && !text.is_empty()
        && !text.contains(['?', '#', '@', '\\', '%'])
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a text can be a part of the path: lower-case words with single separators `.`, `_`, `__` or dashes between them.
fn is_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separators = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    text.bytes().next().is_some_and(is_word)
        && text.bytes().last().is_some_and(is_word)
        && separators.into_iter().all(is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_helm_reads_them() {
        let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let shown = |text: &str| match OciReference::parse(text) {
            Ok(found) => {
                let mut text = found.repository.to_string();
                found.tag.iter().for_each(|tag| text += &format!(" tag {tag}"));
                found.digest.iter().for_each(|digest| text += &format!(" digest {digest}"));
                text
            }
            Err(error) => error.to_string(),
        };
        for (text, expected) in [
            ("oci://m.internal/charts/shop", "m.internal/charts/shop"),
            ("oci://M.internal:5000/shop:v1.2.3", "m.internal:5000/shop tag v1.2.3"),
            ("oci://m/shop:1.0.0_b1", "m/shop tag 1.0.0+b1"),
            ("oci://m/shop:1.0.0+b1", "m/shop tag 1.0.0+b1"),
            ("oci://[::1]:5000/a__b/c--d/e.f", "[::1]:5000/a__b/c--d/e.f"),
            ("oci://m", "oci://m: invalid reference: missing registry or repository"),
            ("oci://m/Shop", "oci://m/Shop: invalid reference: invalid repository \"Shop\""),
            ("oci://m/a//b", "oci://m/a//b: invalid reference: invalid repository \"a//b\""),
            ("oci://m/a_-b", "oci://m/a_-b: invalid reference: invalid repository \"a_-b\""),
            ("oci://m/a:", "oci://m/a:: invalid reference: invalid tag \"\""),
            ("oci://m/a:x y", "oci://m/a:x y: invalid reference: invalid tag \"x y\""),
            ("oci://m?/a", "oci://m?/a: invalid reference: invalid registry \"m?\""),
            ("oci:///a", "oci:///a: invalid reference: invalid registry \"\""),
            ("oci://m/a@sha256:12", "oci://m/a@sha256:12: invalid reference: invalid digest \"sha256:12\""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown(&format!("oci://m/a:1@{digest}")), format!("m/a tag 1 digest {digest}"));
    }
}
