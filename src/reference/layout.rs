//! [`Layout`]: how a source reference maps to a path on the mirror.

use super::{DOCKER_HUB, Reference};
use crate::reference::mirror::Mirror;

/// How a source reference maps to a path on the mirror, for `quay.io/jetstack/x:v1`:
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// The path after the registry is kept: `mirror.internal/jetstack/x:v1`.
    #[default]
    Path,
    /// The registry is kept as part of the path: `mirror.internal/quay.io/jetstack/x:v1`.
    HostAndPath,
    /// Only the last part of the path: `mirror.internal/x:v1`.
    Name,
    /// The familiar path: Docker Hub's official images lose `library/`, `mirror.internal/busybox:1.37`.
    ///
    /// "Familiar" is the distribution project's term for such names.
    FamiliarPath,
}

impl Layout {
    /// The repository on the mirror with its host, without tag and digest: `mirror.internal/jetstack/x`; `None` if the mirror has
    /// no place for the images of that registry.
    pub fn repository(self, mirror: &Mirror, source: &Reference) -> Option<String> {
        let path = match self {
            Self::Path => source.repository.clone(),
            Self::HostAndPath => format!("{}/{}", source.registry, source.repository),
            Self::Name => source.repository.rsplit('/').next().unwrap_or_default().to_owned(),
            Self::FamiliarPath => {
                let own = source.repository.strip_prefix("library/").filter(|_| source.registry == DOCKER_HUB);
                own.unwrap_or(&source.repository).to_owned()
            }
        };
        mirror.place_of(&source.registry).map(|place| format!("{place}/{path}"))
    }

    /// The source of a reference on the mirror, if the layout and the mirror's places leave only one: `quay.io/jetstack/x:v1` for
    /// `mirror.internal/quay.io/jetstack/x:v1`, or for `harbor.corp/quay-proxy/jetstack/x:v1` if only quay.io is mirrored there.
    pub fn source(self, mirror: &Mirror, reference: &Reference) -> Option<Reference> {
        let path = mirror.path_of(reference)?;
        let name = match self {
            Self::HostAndPath => path.to_owned(),
            Self::Path | Self::FamiliarPath => format!("{}/{path}", mirror.only_source_of(reference)?),
            Self::Name => return None,
        };
        let source = Reference::parse(&(name + reference.version())).ok()?;
        // If the layout would put it elsewhere, it did not come from there.
        let there = self.repository(mirror, &source)?;
        (there == format!("{}/{}", reference.registry, reference.repository)).then_some(source)
    }

    /// The reference on the mirror: `mirror.internal/jetstack/x:v1`; `None` if the mirror has no place for it.
    pub fn destination(self, mirror: &Mirror, source: &Reference) -> Option<String> {
        let mut text = self.repository(mirror, source)?;
        if let Some(tag) = &source.tag {
            text.push_str(&format!(":{tag}"));
        }
        if let Some(digest) = &source.digest {
            text.push_str(&format!("@{digest}"));
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_have_sources() {
        let places =
            ["docker.io=harbor.corp/hub", "quay.io=harbor.corp/quay", "ghcr.io=harbor.corp/all", "harbor.corp/all"];
        let mirror = Mirror::parse_all(&places).expect("a mirror");
        let from = |layout: Layout, text: &str| {
            layout.source(&mirror, &Reference::parse(text).expect("a reference")).map(|source| source.to_string())
        };
        for (layout, text, source) in [
            (Layout::Path, "harbor.corp/quay/a/b:1", Some("quay.io/a/b:1")),
            (Layout::Path, "harbor.corp/hub/library/box", Some("docker.io/library/box")),
            // It would be at harbor.corp/hub/library/box.
            (Layout::Path, "harbor.corp/hub/box", None),
            (Layout::FamiliarPath, "harbor.corp/hub/box", Some("docker.io/library/box")),
            (Layout::Path, "harbor.corp/all/a/b:1", None),
            (Layout::Name, "harbor.corp/quay/b:1", None),
            (Layout::HostAndPath, "harbor.corp/all/ghcr.io/a/b:1", Some("ghcr.io/a/b:1")),
            (Layout::HostAndPath, "harbor.corp/quay/ghcr.io/a/b:1", None),
        ] {
            assert_eq!(from(layout, text).as_deref(), source, "{text}");
        }
    }

    #[test]
    fn sources_have_destinations() {
        let to = |layout: Layout, text: &str| {
            let mirror = Mirror::parse("mirror.internal:5000/team").expect("a mirror");
            layout.destination(&mirror, &Reference::parse(text).expect("a reference")).expect("a place")
        };
        assert_eq!(to(Layout::Path, "quay.io/jetstack/x:v1"), "mirror.internal:5000/team/jetstack/x:v1");
        assert_eq!(to(Layout::Path, "busybox"), "mirror.internal:5000/team/library/busybox");
        assert_eq!(to(Layout::HostAndPath, "busybox:1"), "mirror.internal:5000/team/docker.io/library/busybox:1");
        assert_eq!(to(Layout::FamiliarPath, "busybox:1"), "mirror.internal:5000/team/busybox:1");
        assert_eq!(to(Layout::FamiliarPath, "quay.io/library/x"), "mirror.internal:5000/team/library/x");
        assert_eq!(to(Layout::Name, "quay.io/jetstack/x:v1"), "mirror.internal:5000/team/x:v1");
    }
}
