//! What looks like an image reference, and which names announce one. Judged by the text alone; no registry is asked.

use crate::images::find::file_names::ends_like_file;
use crate::images::find::hints::Hints;
use crate::images::find::registries::{is_called_registry, is_registry, may_be_registry};
use crate::reference::Reference;

/// What the name of a field, flag or variable says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// It is an image: `image`, `proxyImage`, `--solver-image`, `IMAGE_NAME`.
    Image,
    /// It is related to an image: `RELATED_IMAGE_CSI`, `imageForTests`.
    About,
    /// Nothing.
    Other,
}

/// Last words of names for a part of an image, or for how it is used.
#[rustfmt::skip]
const ABOUT: &[&str] = &[
    "arch", "architecture", "backend", "cache", "class", "config", "count", "deadline", "digest", "dir",
    "directory", "enabled", "endpoint", "format", "gc", "group", "hash", "height", "host", "hub", "id",
    "interval", "key", "keys", "kind", "label", "level", "limit", "limits", "mirror", "mode", "namespace", "os",
    "path", "pattern", "period", "platform", "policies", "policy", "port", "prefix", "progress", "provider",
    "pull", "quality", "regex", "registries", "registry", "repo", "repositories", "repository", "scan",
    "scanning", "secret", "secrets", "selector", "server", "service", "sha", "sha256", "size", "source",
    "store", "suffix", "tag", "tags", "threshold", "timeout", "ttl", "type", "user", "verification", "version",
    "versions", "width",
];

/// Words after `image` that do not change its meaning.
const STILL: &[&str] =
    &["default", "full", "name", "names", "override", "ref", "reference", "references", "refs", "uri", "url"];

/// What a name says about its value: `solver-image`, `PROXY_IMAGE`, `node.collector.imageRef`.
pub(super) fn naming(name: &str) -> Naming {
    if !has_image(name.as_bytes()) {
        return Naming::Other;
    }
    let words = words(name);
    let Some(at) = words.iter().rposition(|word| is_image_word(word)) else { return Naming::Other };
    let rest = &words[at + 1..];
    if rest.iter().all(|word| STILL.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit())) {
        return Naming::Image;
    }
    match rest.last() {
        Some(last) if ABOUT.contains(&last.as_str()) => Naming::Other,
        _ => Naming::About,
    }
}

fn is_image_word(word: &str) -> bool {
    matches!(word, "image" | "images" | "img" | "imageref" | "imagename" | "baseimage" | "dockerimage")
}

/// Whether a text contains `image` or `img`, in any case.
fn has_image(text: &[u8]) -> bool {
    text.windows(3).enumerate().any(|(at, three)| {
        three.eq_ignore_ascii_case(b"img")
            || three.eq_ignore_ascii_case(b"ima")
                && text[at + 3..].get(..2).is_some_and(|two| two.eq_ignore_ascii_case(b"ge"))
    })
}

/// The words of a name in lower case: `java`, `db`, `repository` of `javaDBRepository`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let is_capital = c.is_ascii_uppercase();
        let ends_capitals = before.is_ascii_uppercase() && rest.peek().is_some_and(char::is_ascii_lowercase);
        let begins = is_capital && (before.is_ascii_lowercase() || before.is_ascii_digit() || ends_capitals);
        if (begins || !c.is_ascii_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a value with this name may be a bare word: `image`, `HELPER_IMAGE`, but not `--list-images`.
pub(super) fn may_be_bare(name: &str) -> bool {
    name.len() >= 5 && name.as_bytes()[name.len() - 5..].eq_ignore_ascii_case(b"image")
}

/// Whether the value of a field named for images is an image. A bare word (`busybox`) is one only if `bare` allows it.
pub(super) fn is_named(text: &str, bare: bool) -> bool {
    if text.len() > 512 || Reference::parse(text).is_err() || is_other(text) {
        return false;
    }
    match text.contains(['/', ':', '@']) {
        true => true,
        false => bare && is_bare(text),
    }
}

/// Words that mean "no image".
#[rustfmt::skip]
const NONE: &[&str] = &[
    "auto", "automatic", "changeme", "custom", "default", "disabled", "enabled", "example", "false", "image",
    "inherit", "latest", "mutable", "name", "no", "none", "null", "off", "on", "placeholder", "string", "tbd",
    "text", "todo", "true", "undefined", "unknown", "unset", "yes",
];

/// `busybox`, `ubuntu`, `my-app`; not `true`, `12`, `5m`, `ami-0abc`, `to-be-set`.
fn is_bare(text: &str) -> bool {
    let starts = ["ami-", "to-be-", "your-", "my-image", "sha256-"];
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 64
        && !NONE.contains(&text)
        && !starts.iter().any(|start| text.starts_with(start))
        // Base64 and digests have long runs of letters and digits.
        && (text.len() < 32 || text.contains(['-', '.', '_']))
}

/// Texts that parse as a reference but are always something else.
fn is_other(text: &str) -> bool {
    const SCHEMES: &[&str] = &["system:", "arn:", "urn:", "data:"];
    // Media types, and identifiers of cloud resources; none of them has a tag.
    const FOLDERS: &[&str] = &["image/", "application/", "text/", "audio/", "video/", "projects/", "global/", "refs/"];
    let last = text.rsplit('/').next().unwrap_or(text);
    let (name, tag) = last.split_once(':').unwrap_or((last, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    SCHEMES.iter().any(|start| text.starts_with(start))
        || !last.contains([':', '@']) && FOLDERS.iter().any(|start| text.starts_with(start))
        || ends_like_file(last) && !begins_like_version(tag)
        // `redis.svc:6379`, `0.0.0.0:8080`, `12:30`
        || !text.contains('/') && (is_number(name) || name.contains('.') && is_number(tag) && !tag.contains('.'))
        || text.bytes().all(|byte| byte.is_ascii_digit() || b"./:-".contains(&byte))
        || is_api_version(text)
}

/// `1.0.db`, `v2.4-sql`: numbers with a dot between them.
fn begins_like_version(tag: &str) -> bool {
    let rest = tag.strip_prefix('v').unwrap_or(tag).trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < tag.len() && rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `apps/v1`, `cert-manager.io/v1alpha2`; not `acme/v1`, because API groups of third parties have a dot.
fn is_api_version(text: &str) -> bool {
    const GROUPS: &[&str] = &["apps", "autoscaling", "batch", "events", "extensions", "policy"];
    let Some((group, version)) = text.split_once('/') else { return false };
    if !group.contains('.') && !GROUPS.contains(&group) {
        return false;
    }
    let Some(rest) = version.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.is_empty()
        || ["alpha", "beta"].iter().any(|stage| {
            rest.strip_prefix(stage).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// Whether a text is always a reference: it names a registry, and a tag or digest; for a well-known registry the path is
/// enough if `tagless` is set.
pub(super) fn is_unmistakable(text: &str, tagless: bool, hints: Hints<'_>) -> bool {
    let Some((host, path)) = text.split_once('/') else { return false };
    if text.len() > 512 || host.len() < 4 || path.is_empty() || !host.contains(['.', ':']) {
        return false;
    }
    let is_known = is_registry(host, hints);
    let has_version = path.contains([':', '@']);
    // `quay.io/acme` is a prefix.
    let is_whole = has_version || tagless && (path.contains('/') || host == "registry.k8s.io");
    if !is_whole || !is_known && !(may_be_registry(host) && (has_version || is_called_registry(host))) {
        return false;
    }
    let Ok(reference) = Reference::parse(text) else { return false };
    if is_other(text) {
        return false;
    }
    is_known || reference.digest.is_some() || reference.tag.as_deref().is_none_or(is_version)
}

/// Whether a text is a reference except for capitals in its path, which a runtime rejects: `quay.io/Acme/api:1`.
pub(super) fn has_capitals(text: &str, hints: Hints<'_>) -> bool {
    let Some((host, path)) = text.split_once('/') else { return false };
    text.len() <= 512
        && path.bytes().any(|byte| byte.is_ascii_uppercase())
        && (is_registry(host, hints) || may_be_registry(host))
        && Reference::parse(text).is_err()
        && Reference::parse(&text.to_ascii_lowercase()).is_ok()
        && !is_other(text)
}

/// Whether a text without a registry is a path and a version, as in a setting of a custom resource: `acme/runner:1`,
/// `acme/runner:v2-alpine`; not `shop/db:5432`.
pub(super) fn is_tagged_path(text: &str) -> bool {
    text.contains('/') && is_tagged_name(text)
}

/// The same for a name without a path: `maven:3`.
pub(super) fn is_tagged_name(text: &str) -> bool {
    let Some((_, tag)) = text.rsplit_once(':') else { return false };
    let number = tag.strip_prefix('v').unwrap_or(tag);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let is_port = digits == tag.len() && digits > 1;
    (tag == "latest" || digits > 0 && !is_port)
        && Reference::parse(text).is_ok_and(|reference| reference.registry_range.is_none())
        && !is_other(text)
}

/// Whether a text without a registry is a path and a version of several numbers: `rancher/config-reloader:v0.59.1`.
pub(super) fn is_versioned_path(text: &str) -> bool {
    let Some((path, tag)) = text.rsplit_once(':') else { return false };
    let numbers = tag.strip_prefix('v').unwrap_or(tag).split(['-', '+', '_']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    path.contains('/')
        && numbers.split('.').count() >= 3
        && numbers.split('.').all(is_number)
        && Reference::parse(text).is_ok_and(|reference| reference.registry_range.is_none())
        && !is_other(text)
}

/// Whether a tag looks like a version: a digit, or a word used for branches.
fn is_version(tag: &str) -> bool {
    #[rustfmt::skip]
const WORDS: &[&str] = &[
    "latest", "stable", "main", "master", "edge", "nightly", "release", "canary", "dev", "debug", "nonroot",
    "alpine",
];
    tag.bytes().any(|byte| byte.is_ascii_digit()) || WORDS.contains(&tag)
}

/// Whether a text may contain a reference at all: a cheap check before parsing.
pub(super) fn is_plausible(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr(b'/', bytes).is_some() && memchr::memchr2(b':', b'@', bytes).is_some() || has_image(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Mirror;

    #[test]
    fn names_say_what_they_hold() {
        for name in [
            "image",
            "proxyImage",
            "--acme-http01-solver-image",
            "AGENT_IMAGE",
            "node.collector.imageRef",
            "IMAGE_NAME",
        ] {
            assert_eq!(naming(name), Naming::Image, "{name}");
        }
        for name in ["RELATED_IMAGE_CSI", "imageForTests"] {
            assert_eq!(naming(name), Naming::About, "{name}");
        }
        for name in
            ["imagePullPolicy", "IMAGE_TAG", "imagePullSecrets", "imagery", "time", "image-gc-threshold", "magic"]
        {
            assert_eq!(naming(name), Naming::Other, "{name}");
        }
    }

    #[test]
    fn names_are_made_of_words() {
        for (name, expected) in [
            ("javaDBRepository", "java db repository"),
            ("trivy.dbRepository", "trivy db repository"),
            ("TRIVY_DB_REPOSITORY", "trivy db repository"),
            ("--acme-http01-solver-image", "acme http01 solver image"),
            ("containerSHA", "container sha"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn values_of_images_look_like_references() {
        for text in ["busybox", "acme/api", "nginx:1.27", "quay.io/acme/api:1", "registry:5000/x"] {
            assert!(is_named(text, true), "{text}");
        }
        for text in [
            "true",
            "12",
            "5m:",
            "ami-0abcdef",
            "auto",
            "redis.svc:6379",
            "0.0.0.0:8080",
            "12:30",
            "image/png",
            "logo.png",
            "assets/logo.svg",
            "apps/v1",
            "system:auth-delegator",
            "https://quay.io/x",
            "to-be-set",
            "iVBORw0KGgo",
            "",
        ] {
            assert!(!is_named(text, true), "{text}");
        }
    }

    #[test]
    fn what_stands_anywhere_has_to_be_unmistakable() {
        let mirror = Mirror::parse("mirror.internal").expect("a mirror");
        let hints = Hints { mirror: &mirror, places: &[] };
        for text in [
            "quay.io/acme/api",
            "quay.io/acme/api:24",
            "mirror.internal/acme/api",
            "registry.acme.com:5000/x/y:v1",
            "registry.acme.com/x:latest",
            "canary.airtight.invalid/x/y",
            "123.dkr.ecr.eu-west-1.amazonaws.com/x:1",
        ] {
            assert!(is_unmistakable(text, true, hints), "{text}");
        }
        for text in [
            "busybox",
            "acme/api:1",
            "example.com/metrics",
            "redis.svc:6379",
            "redis.svc:6379/0",
            "apps/v1",
            "rbac.authorization.k8s.io/aggregate-to-admin",
            "topology.kubernetes.io/zone:a1",
            "github.com/acme/api:v1",
            "config.yaml/x:1",
            "acme.com/role:worker",
            "https://quay.io/x/y:1",
            "10.0.0.0/8",
            "a.b.svc.cluster.local/x:1",
            "quay.io",
            "quay.io/",
            "quay.io/acme",
            "charts/x.tgz",
        ] {
            assert!(!is_unmistakable(text, true, hints), "{text}");
        }
        assert!(!is_unmistakable("quay.io/acme/api", false, hints));
    }
}
