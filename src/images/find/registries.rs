//! Which hosts are registries: well-known ones, and those whose name suggests it.

use super::file_names::FILE_ENDS;
use super::hints::Hints;

/// Well-known registries; a name that begins with a dot matches all hosts below it.
#[rustfmt::skip]
const REGISTRIES: &[&str] = &[
    "docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "quay.io", "ghcr.io",
    "gcr.io", ".gcr.io", ".pkg.dev", "registry.k8s.io", "mcr.microsoft.com", ".azurecr.io", "public.ecr.aws",
    "nvcr.io", "registry.gitlab.com", "docker.elastic.co", "registry.redhat.io", "registry.access.redhat.com",
    "registry.connect.redhat.com", "icr.io", ".icr.io", "xpkg.upbound.io", "xpkg.crossplane.io", "cr.l5d.io",
    "cr.fluentbit.io", "reg.kyverno.io", "registry.suse.com", "registry.opensuse.org",
    "container-registry.oracle.com", "lscr.io", "cgr.dev", "docker.n8n.io", "cr.agentgateway.dev",
    "docker.redpanda.com", "registry.rancher.com", "oci.external-secrets.io", "cr.weaviate.io",
    "cr.kgateway.dev", "registry.developers.crunchydata.com", "docker.dragonflydb.io", "cr.yandex", "ecr.aws",
    "docker-registry.wikimedia.org", "registry.ci.openshift.org",
];

/// Whether a host is a registry: a well-known one, the mirror, or the canary in a second render.
pub(super) fn is_registry(host: &str, hints: Hints<'_>) -> bool {
    let host = host.to_ascii_lowercase();
    hints.mirror.has_host(&host) || host.ends_with(".airtight.invalid") || is_well_known(&host)
}

/// Whether a host is a well-known registry.
pub(crate) fn is_well_known(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is = |known: &&str| match known.starts_with('.') {
        true => host.ends_with(*known),
        false => host == **known,
    };
    host.ends_with(".amazonaws.com") && host.contains(".dkr.ecr.") || REGISTRIES.iter().any(is)
}

/// Endings of hosts that serve no images.
#[rustfmt::skip]
const NO_REGISTRIES: &[&str] = &[
    "k8s.io", "kubernetes.io", "github.com", "githubusercontent.com", "bitbucket.org", "golang.org", "gopkg.in",
    "schema.org", "w3.org", "svc", "cluster.local", "example.com.svc", "pypi.org", "npmjs.com", "npmjs.org",
];

/// Whether a host has the name of a registry: `registry.acme.com`, `harbor.internal`.
pub(super) fn is_called_registry(host: &str) -> bool {
    const WORDS: &[&str] = &[
        "registry",
        "registries",
        "docker",
        "harbor",
        "quay",
        "ghcr",
        "gcr",
        "ecr",
        "acr",
        "cr",
        "oci",
        "artifactory",
    ];
    host.split(['.', '-', ':']).any(|label| WORDS.iter().any(|word| label.eq_ignore_ascii_case(word)))
}

/// Whether a host can be a registry: `registry.acme.com`, `registry:5000`; not `rbac.authorization.k8s.io`.
pub(crate) fn may_be_registry(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    // An address needs a port: without one it is a network, `10.0.0.0/8`.
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return host.contains(':');
    }
    let top = name.rsplit('.').next().unwrap_or(name);
    let is_below = |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    (name.contains('.') || host.contains(':'))
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !FILE_ENDS.contains(&top)
        && !NO_REGISTRIES.iter().any(|end| is_below(end))
}
