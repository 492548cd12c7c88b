//! [`Form`]: the forms by name.

use crate::names::names;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// One reference a line, charts with `oci://`.
    List,
    /// One reference a line, without schemes.
    Artifacts,
    /// A table with a header.
    Csv,
    /// Hauler's manifest.
    Hauler,
    /// Zarf's package.
    Zarf,
    /// The YAML of `skopeo sync`.
    SkopeoSync,
    /// regsync's configuration.
    Regsync,
    /// oc-mirror's ImageSetConfiguration.
    OcMirror,
    /// OpenShift's sets of mirrors.
    ImageDigestMirrorSet,
    /// Annotations of a Chart.yaml.
    Annotations,
    /// Images.lock of `dt`.
    ImagesLock,
    /// containerd's hosts.toml.
    HostsToml,
    /// registries.yaml of k3s and RKE2.
    Registries,
}

names!(Form {
    List: "list",
    Artifacts: "artifacts",
    Csv: "csv",
    Hauler: "hauler",
    Zarf: "zarf",
    SkopeoSync: "skopeo-sync",
    Regsync: "regsync",
    OcMirror: "oc-mirror",
    ImageDigestMirrorSet: "image-digest-mirror-set",
    Annotations: "annotations",
    ImagesLock: "images-lock",
    HostsToml: "hosts-toml",
    Registries: "registries",
});

impl Form {
    /// Whether it says where nodes find images, and not which images there are.
    pub(crate) fn is_about_nodes(self) -> bool {
        matches!(self, Self::ImageDigestMirrorSet | Self::HostsToml | Self::Registries)
    }

    /// Whether it says nothing about an artifact whose place on the mirror is not known.
    pub(crate) fn needs_places(self) -> bool {
        self == Self::Regsync || self.is_about_nodes()
    }
}
