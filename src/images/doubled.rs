//! [`Kept`]: a registry in the path of a reference, after another one: `mirror.internal/quay.io/acme/api`,
//! `docker.io/mirror.internal/acme/db`.

use super::find::{is_well_known, may_be_registry};
use crate::reference::Reference;
use crate::reference::layout::Layout;
use crate::reference::mirror::Mirror;
use std::ops::Range;

/// A registry in the path of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The registry, as written.
    pub registry: String,
    /// Its position in the reference.
    pub range: Range<usize>,
    /// The rest: the repository, without tag and digest.
    pub repository: String,
}

/// Who wrote a path, as far as known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    /// The reference without the rewrite, if it differs.
    pub source: Option<&'a Reference>,
    /// Whether a user's setting decided the path, or a part of it.
    pub is_user: bool,
}

/// The registry in the path of a text on the mirror, if the layout does not keep registries in paths.
///
/// A registry with a port is found as well, although such a text is not a valid reference.
pub(crate) fn on_mirror(text: &str, writer: Writer<'_>, mirror: &Mirror, layout: Layout) -> Option<Kept> {
    let masked = masked(text);
    let reference = Reference::parse(&masked).ok()?;
    let path = mirror.path_of(&reference)?;
    let end = reference.repository_range.end;
    let mut start = end.checked_sub(path.len())?;
    if layout == Layout::HostAndPath {
        let first = text[start..end].split('/').next()?;
        let is_source = !mirror.has_host(first) && is_host(first);
        start += if is_source { first.len() + 1 } else { 0 };
        // Another registry may follow the source registry.
        let kept = kept(text, start..end)?;
        return is_certain(&kept.registry, mirror).then_some(kept);
    }
    let kept = kept(text, start..end)?;
    // A place for a single source identifies it.
    let only = layout.source(mirror, &reference);
    let is_one = is_certain(&kept.registry, mirror)
        || kept.registry.contains(':')
        || match writer.source.or(only.as_ref()) {
            Some(source) => kept.registry == source.registry || is_of_user(&kept.registry, source, writer.is_user),
            // The first part of a repository's own name hardly ever looks like a host.
            None => true,
        };
    is_one.then_some(kept)
}

/// The registry in the path of a reference that has another registry: `quay.io` in `ghcr.io/quay.io/acme/api`.
pub(crate) fn in_path(reference: &Reference, is_user: bool, mirror: &Mirror) -> Option<Kept> {
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

/// Whether a part of a path looks like a registry; `google.com` is a project of `gcr.io`.
fn is_host(component: &str) -> bool {
    (component.contains(['.', ':']) || component == "localhost") && component != "google.com"
}

/// Whether a registry is never part of a repository's own name.
fn is_certain(registry: &str, mirror: &Mirror) -> bool {
    mirror.has_host(registry) || is_well_known(registry) || registry == "localhost"
}

/// Whether somebody wrote a registry into a path. Google's registries have projects named like a domain:
/// `gcr.io/acme.com/api/x`.
fn is_of_user(registry: &str, source: &Reference, is_user: bool) -> bool {
    let has_domains = source.registry.ends_with("gcr.io") || source.registry.ends_with(".pkg.dev");
    is_user && !has_domains && may_be_registry(registry)
}

/// The text with `-` in place of the colon of each port in its path, so that it can be parsed.
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
