//! [`State`]: what a container does, and [`PullFault`]: why its image cannot be pulled, from the words of the kubelet.

use crate::cluster::objects::ContainerStatus;

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Its image cannot be pulled.
    PullFails {
        /// The kubelet's word for it: `ImagePullBackOff`.
        reason: String,
        /// Why.
        fault: PullFault,
    },
    /// It waits for something else: `ContainerCreating`, `CrashLoopBackOff`.
    Waits(String),
    /// Nothing is known of it: its pod has no node yet, or it is an image volume.
    Unknown,
    /// It runs.
    Runs,
    /// It ended.
    Ended,
}

/// Why an image cannot be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PullFault {
    /// The registry does not accept the credentials, or wants some.
    Unauthorized,
    /// The registry does not have it.
    NotFound,
    /// The name of the registry has no address on the node.
    NoSuchHost,
    /// The node does not accept the registry's certificate.
    Certificate,
    /// The registry does not answer in time.
    Timeout,
    /// Another reason, in the message.
    Other,
    /// The kubelet does not say why.
    Unsaid,
}

/// The reasons of containers whose image cannot be pulled. Source: kubernetes `pkg/kubelet/images/types.go`.
const PULL_REASONS: &[&str] = &[
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// The words of container runtimes and registries for each reason, in lower case; the first that is found decides.
///
/// Docker Hub and containerd say "does not exist or may require authorization" about what is denied, so the words about credentials come
/// first; "tls handshake timeout" is no matter of certificates.
const WORDS: &[(PullFault, &[&str])] = &[
    (
        PullFault::Unauthorized,
        &[
            "unauthorized",
            "403 forbidden",
            "forbidden",
            "authentication required",
            "authorization failed",
            "no basic auth credentials",
            "access denied",
            "insufficient_scope",
            "denied: ",
        ],
    ),
    (
        PullFault::NoSuchHost,
        &[
            "no such host",
            "server misbehaving",
            "name resolution",
            "name or service not known",
            "name does not resolve",
        ],
    ),
    (PullFault::Certificate, &["x509", "certificate", "remote error: tls", "first record does not look like a tls"]),
    (
        PullFault::Timeout,
        &[
            "i/o timeout",
            "deadline exceeded",
            "handshake timeout",
            "timed out",
            "timeout",
            "no route to host",
            "unreachable",
        ],
    ),
    (
        PullFault::NotFound,
        &[
            "not found",
            "manifest unknown",
            "manifest_unknown",
            "name unknown",
            "name_unknown",
            "not exist",
            "no match for platform",
        ],
    ),
];

impl State {
    /// The state that a status shows; `image` is the reference of the container.
    pub(crate) fn of(status: Option<&ContainerStatus<'_>>, image: &str) -> Self {
        let Some(status) = status else { return Self::Unknown };
        let state = &status.state;
        match &state.waiting {
            Some(waiting) if PULL_REASONS.contains(&waiting.reason.as_ref()) => Self::PullFails {
                reason: waiting.reason.clone().into_owned(),
                fault: PullFault::of(&waiting.message, image),
            },
            Some(waiting) if waiting.reason.is_empty() => Self::Waits("waiting".to_owned()),
            Some(waiting) => Self::Waits(waiting.reason.clone().into_owned()),
            None if state.running.is_some() => Self::Runs,
            None if state.terminated.is_some() => Self::Ended,
            None => Self::Unknown,
        }
    }

    /// Why its image cannot be pulled, if it cannot.
    pub(crate) fn fault(&self) -> Option<PullFault> {
        match self {
            Self::PullFails { fault, .. } => Some(*fault),
            _ => None,
        }
    }

    /// What so many do, in words: `2 run`, `1 is in ImagePullBackOff (unauthorized)`.
    pub(crate) fn told(&self, number: usize) -> String {
        let one_of = |one: &str, several: &str| if number == 1 { one.to_owned() } else { several.to_owned() };
        match self {
            Self::PullFails { reason, fault } => {
                format!("{number} {} in {reason} ({})", one_of("is", "are"), fault.name())
            }
            Self::Waits(reason) => format!("{number} {} in {reason}", one_of("waits", "wait")),
            Self::Unknown => format!("{number} without a state"),
            Self::Runs => format!("{number} {}", one_of("runs", "run")),
            Self::Ended => format!("{number} ended"),
        }
    }
}

impl PullFault {
    /// The reason, in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not found",
            Self::NoSuchHost => "no such host",
            Self::Certificate => "certificate",
            Self::Timeout => "timeout",
            Self::Other => "another reason",
            Self::Unsaid => "the kubelet does not say why",
        }
    }

    /// The reason in a message of the kubelet about an image.
    pub(crate) fn of(message: &str, image: &str) -> Self {
        let mut text = message.to_ascii_lowercase();
        // A name may contain any of the words: quay.io/acme/forbidden.
        let names = [image.to_ascii_lowercase(), image.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()];
        for name in names.iter().filter(|name| !name.is_empty()) {
            text = text.replace(name.as_str(), " ");
        }
        let text = without_quotes(&text);
        let found = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
        match found {
            Some((fault, _)) => *fault,
            // "Back-off pulling image" alone is what old kubelets say.
            None if text.trim().is_empty() || text.trim_start().starts_with("back-off") && !text.contains(": ") => {
                Self::Unsaid
            }
            None => Self::Other,
        }
    }
}

/// A text without what is in double quotes: names of images and addresses.
fn without_quotes(text: &str) -> String {
    text.split('"').step_by(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What kubelets with containerd, cri-o and docker say.
    #[test]
    fn messages_of_the_kubelet_are_sorted() {
        let wanted = [
            (
                PullFault::NotFound,
                "Back-off pulling image \"mirror.internal/acme/api:1\": ErrImagePull: rpc error: code = NotFound desc = failed to pull \
                 and unpack image \"mirror.internal/acme/api:1\": failed to resolve reference \"mirror.internal/acme/api:1\": \
                 mirror.internal/acme/api:1: not found",
            ),
            (
                PullFault::Unauthorized,
                "rpc error: code = Unknown desc = failed to pull and unpack image \"mirror.internal/acme/api:1\": failed to resolve \
                 reference \"mirror.internal/acme/api:1\": pull access denied, repository does not exist or may require authorization: \
                 authorization failed: no basic auth credentials",
            ),
            (
                PullFault::Unauthorized,
                "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to \
                 https://mirror.internal/token: 401 Unauthorized",
            ),
            (
                PullFault::Unauthorized,
                "reading manifest 1 in mirror.internal/acme/api: unauthorized: authentication required",
            ),
            (PullFault::NotFound, "reading manifest 1 in mirror.internal/acme/api: manifest unknown"),
            (
                PullFault::NoSuchHost,
                "failed to do request: Head \"https://quay.io/v2/acme/api/manifests/1\": dial tcp: lookup quay.io on 10.0.0.1:53: no \
                 such host",
            ),
            (
                PullFault::Certificate,
                "failed to do request: Head \"https://mirror.internal/v2/\": tls: failed to verify certificate: x509: certificate \
                 signed by unknown authority",
            ),
            (
                PullFault::Timeout,
                "failed to do request: Head \"https://registry-1.docker.io/v2/envoyproxy/envoy/manifests/distroless-v1.36.4\": dial tcp \
                 98.85.153.80:443: i/o timeout",
            ),
            (PullFault::Timeout, "Get \"https://mirror.internal/v2/\": net/http: TLS handshake timeout"),
            (PullFault::Other, "dial tcp 10.1.1.1:443: connect: connection refused"),
            (PullFault::Other, "toomanyrequests: You have reached your unauthenticated pull rate limit"),
            (PullFault::Unsaid, "Back-off pulling image \"mirror.internal/acme/api:1\""),
            (PullFault::Unsaid, ""),
        ];
        for (fault, message) in wanted {
            assert_eq!(PullFault::of(message, "mirror.internal/acme/api:1"), fault, "{message}");
        }
        let image = "quay.io/acme/unauthorized-x509:404";
        let told = "failed to resolve reference \"quay.io/acme/unauthorized-x509:404\": quay.io/acme/unauthorized-x509:404: not found";
        assert_eq!(PullFault::of(told, image), PullFault::NotFound);
    }
}
