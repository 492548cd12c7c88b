//! Which version of helm is imitated.

/// Helm's major version, where charts can see a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HelmVersion {
    /// Helm 3.17.
    V3,
    /// Helm 4.3.
    #[default]
    V4,
}

impl HelmVersion {
    /// The release of helm whose behaviour is followed: `v4.3.1`.
    pub(crate) const fn followed(self) -> &'static str {
        match self {
            Self::V3 => "v3.17.3",
            Self::V4 => "v4.3.1",
        }
    }
}
