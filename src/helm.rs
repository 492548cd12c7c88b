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
