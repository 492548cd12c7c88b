//! [`Kept`]: a registry that stands in the path of a reference, behind another one: `mirror.internal/quay.io/acme/api`,
//! `docker.io/mirror.internal/acme/db`.

use super::find::{is_well_known, may_be_registry};
use crate::reference::Reference;
use crate::reference::layout::Layout;
use crate::reference::mirror::Mirror;
use std::ops::Range;

/// A registry in the path of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The registry, as it is written.
    pub registry: String,
    /// Where it is written in the reference.
    pub range: Range<usize>,
    /// What follows it: the repository, without tag and digest.
    pub repository: String,
}

/// What is known of who wrote a path.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The reference without the rewrite, where it is another one.
    pub source: Option<&'a Reference>,
    /// Whether a person set the path, or a part of it.
    pub is_user: bool,
}

/// The registry that a text on the mirror carries in its path although the layout has no place for it.
///
/// A registry with a port is found as well, which makes the text no reference at all.
pub fn on_mirror(text: &str, writer: Writer<'_>, mirror: &Mirror, layout: Layout) -> Option<Kept> {
    let masked = masked(text);
    let reference = Reference::parse(&masked).ok()?;
    let path = mirror.path_of(&reference)?;
    let end = reference.repository_range.end;
    let mut start = end.checked_sub(path.len())?;
    if layout == Layout::HostAndPath {
        let first = text[start..end].split('/').next()?;
        let is_source = !mirror.has_host(first) && is_host(first);
        start += if is_source { first.len() + 1 } else { 0 };
        // Behind the source registry another one may stand.
        let kept = kept(text, start..end)?;
        return is_certain(&kept.registry, mirror).then_some(kept);
    }
    let kept = kept(text, start..end)?;
    // A place that holds one source alone tells it.
    let only = layout.source(mirror, &reference);
    let is_one = is_certain(&kept.registry, mirror)
        || kept.registry.contains(':')
        || match writer.source.or(only.as_ref()) {
            Some(source) => kept.registry == source.registry || is_of_user(&kept.registry, source, writer.is_user),
            // A repository's own first part hardly ever looks like a host.
            None => true,
        };
    is_one.then_some(kept)
}

/// The registry that a reference carries in its path though it names another one, `quay.io` of `ghcr.io/quay.io/acme/api`.
pub fn in_path(reference: &Reference, is_user: bool, mirror: &Mirror) -> Option<Kept> {
    reference.registry_range.as_ref()?;
    let kept = kept(reference.as_written(), reference.repository_range.clone())?;
    (is_certain(&kept.registry, mirror) || is_of_user(&kept.registry, reference, is_user)).then_some(kept)
}

/// The first part of a path, if it is a registry.
fn kept(text: &str, path: Range<usize>) -> Option<Kept> {
    let (first, repository) = text.get(path.clone())?.split_once('/')?;
    is_host(first).then(|| Kept {
        registry: first.to_ascii_lowercase(),
        range: path.start..path.start + first.len(),
        repository: repository.to_owned(),
    })
}

/// Whether a part of a path is a registry by its looks; `google.com` is a project of `gcr.io`.
fn is_host(component: &str) -> bool {
    (component.contains(['.', ':']) || component == "localhost") && component != "google.com"
}

/// Whether a registry is never a part of a repository's own name.
fn is_certain(registry: &str, mirror: &Mirror) -> bool {
    mirror.has_host(registry) || is_well_known(registry) || registry == "localhost"
}

/// Whether a person wrote a registry into a path. Google's registries have projects that are called like a domain:
/// `gcr.io/acme.com/api/x`.
fn is_of_user(registry: &str, source: &Reference, is_user: bool) -> bool {
    let has_domains = source.registry.ends_with("gcr.io") || source.registry.ends_with(".pkg.dev");
    is_user && !has_domains && may_be_registry(registry)
}

/// The text with a `-` for the colon of each port in its path, so that it is one that can be parsed.
fn masked(text: &str) -> String {
    let Some(last) = text.rfind('/') else { return text.to_owned() };
    let first = text.find('/').unwrap_or(last);
    let (host, path, name) = (&text[..first], &text[first..last], &text[last..]);
    format!("{host}{}{name}", path.replace(':', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        Reference::parse(text).expect("a reference")
    }

    #[test]
    fn registries_in_paths_are_found() {
        let mirror = Mirror::parse_all(&["quay.io=harbor.corp/quay-proxy", "mirror.internal:5000"]).expect("a mirror");
        let kept = |text: &str, source: Option<&str>, is_user: bool, layout: Layout| {
            let source = source.map(reference);
            let writer = Writer { source: source.as_ref(), is_user };
            on_mirror(text, writer, &mirror, layout).map(|kept| {
                assert!(text[kept.range.clone()].eq_ignore_ascii_case(&kept.registry));
                format!("{} {}", kept.registry, kept.repository)
            })
        };
        let path = Layout::Path;
        for (text, source, is_user, layout, expected) in [
            ("mirror.internal:5000/quay.io/a/b:1", Some("docker.io/quay.io/a/b:1"), true, path, Some("quay.io a/b")),
            ("mirror.internal:5000/quay.io/a/b:1", Some("quay.io/a/b:1"), false, path, Some("quay.io a/b")),
            ("mirror.internal:5000/quay.io/a/b:1", None, false, Layout::HostAndPath, None),
            ("mirror.internal:5000/quay.io/quay.io/a/b:1", None, false, Layout::HostAndPath, Some("quay.io a/b")),
            ("harbor.corp/quay-proxy/quay.io/a:1", Some("docker.io/quay.io/a:1"), true, path, Some("quay.io a")),
            ("harbor.corp/quay-proxy/quay.io/a:1", None, true, Layout::HostAndPath, None),
            ("harbor.corp/quay-proxy/harbor.corp/quay-proxy/a:1", None, true, path, Some("harbor.corp quay-proxy/a")),
            (
                "harbor.corp/quay-proxy/harbor.corp/quay-proxy/a:1",
                None,
                true,
                Layout::HostAndPath,
                Some("harbor.corp quay-proxy/a"),
            ),
            ("mirror.internal:5000/localhost:5000/a/b:1", None, true, path, Some("localhost:5000 a/b")),
            (
                "mirror.internal:5000/mirror.internal:5000/a:1",
                Some("docker.io/a:1"),
                true,
                path,
                Some("mirror.internal:5000 a"),
            ),
            ("mirror.internal:5000/acme.com/a:1", Some("docker.io/acme.com/a:1"), true, path, Some("acme.com a")),
            // A project that is called like a domain.
            ("mirror.internal:5000/google.com/sdk/x:1", Some("gcr.io/google.com/sdk/x:1"), true, path, None),
            ("mirror.internal:5000/google.com/sdk/x:1", None, true, path, None),
            ("mirror.internal:5000/acme.com/a:1", Some("quay.io/acme.com/a:1"), false, path, None),
            ("harbor.corp/quay-proxy/acme.com/a:1", None, false, path, None),
            ("mirror.internal:5000/a/quay.io:1", None, true, path, None),
            ("quay.io/quay.io/a:1", None, true, path, None),
        ] {
            assert_eq!(kept(text, source, is_user, layout).as_deref(), expected, "{text}");
        }
        let inside = |text: &str, is_user: bool| in_path(&reference(text), is_user, &mirror).map(|kept| kept.registry);
        assert_eq!(inside("ghcr.io/quay.io/acme/shop:2", false).as_deref(), Some("quay.io"));
        assert_eq!(inside("docker.io/harbor.corp/acme/db", false).as_deref(), Some("harbor.corp"));
        assert_eq!(inside("docker.io/acme.com/db", true).as_deref(), Some("acme.com"));
        assert_eq!(inside("quay.io/acme.com/db", false), None);
        assert_eq!(inside("gcr.io/google.com/sdk/x", true), None);
    }
}
