//! Default images of operators: a catalogue, and where a release leaves an image to an operator's default.
//!
//! An operator starts its own pods. If neither its custom resource nor its settings name an image, it uses one that is
//! compiled into its binary, and that one is public: no manifest shows it.

mod catalogue;
mod registries;
mod release;
mod settings;

use crate::limits::Limits;
use crate::objects::ObjectName;
use crate::reference::mirror::Mirror;
use crate::render::manifest::Manifest;
use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// A place where an image is left to an operator's default.
#[derive(Debug, Clone)]
pub(crate) struct Implicit {
    /// The operator: `cert-manager`.
    pub(crate) operator: String,
    /// The public image, or the registry that is set for it: `docker.io/envoyproxy/envoy`, `quay.io`.
    pub(crate) image: String,
    /// Its use, for messages.
    pub(crate) used: String,
    /// What to set, for messages.
    pub(crate) set: String,
    /// Whether the release itself sets a registry that is not the mirror.
    pub(crate) is_named: bool,
    /// The manifest.
    pub(crate) manifest: Arc<Manifest>,
    /// The object that leaves it open: a custom resource, an operator's configuration, an operator's pods.
    pub(crate) object: ObjectName,
    /// The path of the existing part of the field that would name the image: `spec.envoyProxy`.
    pub(crate) field: String,
    /// The operator's container, if its arguments or variables would name the image.
    pub(crate) container: Option<String>,
    /// Where in the manifest the setting belongs.
    pub(crate) place: Range<u32>,
    /// Why the image might be set elsewhere, if the release does not tell.
    pub(crate) doubt: Option<String>,
}

/// The places in a release where an image is left to an operator's default, in the order of the catalogue; then those where an
/// operator is told to pull its images from a registry that is not the mirror.
pub(crate) fn implicit(manifests: &[Arc<Manifest>], mirror: &Mirror, limits: &Limits) -> Vec<Implicit> {
    let mut found = release::Release::read(manifests, limits).implicit(mirror);
    registries::add(manifests, mirror, &mut found);
    settings::add(manifests, mirror, limits, &mut found);
    found
}

/// Whether text may contain an object that leaves an image to an operator's default: `kind:` with one of the kinds of the catalogue.
pub(crate) fn may_leave_an_image(text: &[u8]) -> bool {
    static KINDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(release::kinds()).ok());
    let Some(kinds) = KINDS.as_ref() else { return true };
    let is_quote_or_blank = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'');
    kinds.find_overlapping_iter(text).any(|found| {
        let before = &text[..found.start()];
        let before = &before[..before.len() - before.iter().rev().take_while(|byte| is_quote_or_blank(byte)).count()];
        let key = before.strip_suffix(b":").map(|key| key.strip_suffix(b"\"").unwrap_or(key));
        let ends = text.get(found.end()).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        ends && key.is_some_and(|key| key.ends_with(b"kind"))
    })
}

/// Whether images of a registry, `mirror.internal` or `mirror.internal/team`, come from the mirror.
fn is_mirror(registry: &str, mirror: &Mirror) -> bool {
    let image = format!("{}/image", registry.trim_end_matches('/'));
    crate::reference::Reference::parse(&image).is_ok_and(|reference| mirror.serves(&reference))
}

#[cfg(test)]
mod tests {
    use super::may_leave_an_image;

    #[test]
    fn kinds_are_found_in_yaml_and_json() {
        for text in ["kind: GatewayClass\n", "{\"kind\":\"Config\"}", "kind:  'Prometheus'", "a: 1\nkind: Config"] {
            assert!(may_leave_an_image(text.as_bytes()), "{text}");
        }
        for text in ["kind: ConfigMap\n", "title: Prometheus\n", "kind: PrometheusRule", "Config", "kind"] {
            assert!(!may_leave_an_image(text.as_bytes()), "{text}");
        }
    }
}
