//! [`Layout`]: where on the mirror a source reference goes.

use super::reference::{Mirror, Reference};

/// Where on the mirror a source reference goes: `quay.io/jetstack/x:v1`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// The path after the registry is kept: `mirror.internal/jetstack/x:v1`.
    #[default]
    Path,
    /// The registry is kept as a part of the path: `mirror.internal/quay.io/jetstack/x:v1`.
    HostAndPath,
    /// The last part of the path alone: `mirror.internal/x:v1`.
    Name,
}

impl Layout {
    /// The repository on the mirror, with its host, without tag and digest: `mirror.internal/jetstack/x`.
    pub fn repository(self, mirror: &Mirror, source: &Reference) -> String {
        let path = match self {
            Self::Path => source.repository.clone(),
            Self::HostAndPath => format!("{}/{}", source.registry, source.repository),
            Self::Name => source.repository.rsplit('/').next().unwrap_or_default().to_owned(),
        };
        format!("{mirror}/{path}")
    }

    /// The reference on the mirror: `mirror.internal/jetstack/x:v1`.
    pub fn destination(self, mirror: &Mirror, source: &Reference) -> String {
        let mut text = self.repository(mirror, source);
        if let Some(tag) = &source.tag {
            text.push_str(&format!(":{tag}"));
        }
        if let Some(digest) = &source.digest {
            text.push_str(&format!("@{digest}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_have_destinations() {
        let to = |layout: Layout, text: &str| {
            let mirror = Mirror::parse("mirror.internal:5000/team").expect("a mirror");
            layout.destination(&mirror, &Reference::parse(text).expect("a reference"))
        };
        assert_eq!(to(Layout::Path, "quay.io/jetstack/x:v1"), "mirror.internal:5000/team/jetstack/x:v1");
        assert_eq!(to(Layout::Path, "busybox"), "mirror.internal:5000/team/library/busybox");
        assert_eq!(to(Layout::HostAndPath, "busybox:1"), "mirror.internal:5000/team/docker.io/library/busybox:1");
        assert_eq!(to(Layout::Name, "quay.io/jetstack/x:v1"), "mirror.internal:5000/team/x:v1");
    }
}
