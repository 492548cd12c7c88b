//! Values that are harmless to show.

use super::names::words;
use crate::rule_ids;

/// Empty, a boolean, or the header of a block.
pub(super) fn is_trivial(text: &str) -> bool {
    let text = text.trim();
    matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "null"
            | "~"
            | "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "{}"
            | "[]"
            | "\"\""
            | "''"
            | "nil"
            | "********"
    ) || text.starts_with(['|', '>']) && text.len() <= 3 && text[1..].chars().all(|c| "+-0123456789".contains(c))
}

/// Words of Kubernetes and Helm, which say nothing about a user.
const WORDS: &[&str] = &[
    "Always",
    "IfNotPresent",
    "Never",
    "OnFailure",
    "ClusterIP",
    "NodePort",
    "LoadBalancer",
    "ExternalName",
    "TCP",
    "UDP",
    "SCTP",
    "HTTP",
    "HTTPS",
    "RollingUpdate",
    "Recreate",
    "OnDelete",
    "Parallel",
    "OrderedReady",
    "ReadWriteOnce",
    "ReadOnlyMany",
    "ReadWriteMany",
    "Filesystem",
    "Block",
    "Retain",
    "Delete",
    "Opaque",
    "Exists",
    "Equal",
    "NoSchedule",
    "NoExecute",
    "PreferNoSchedule",
    "RuntimeDefault",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
    "ClusterFirst",
    "Default",
    "None",
    "Prefix",
    "Exact",
    "Forbid",
    "Allow",
    "Replace",
    "Fail",
    "Ignore",
    "Local",
    "Cluster",
    "info",
    "debug",
    "warn",
    "warning",
    "error",
    "trace",
    "http",
    "https",
    "tcp",
    "udp",
    "grpc",
    "metrics",
    "standalone",
    "replication",
    "amd64",
    "arm64",
    "linux",
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "pre-delete",
    "post-delete",
    "test",
];

/// Words of shell commands.
const COMMANDS: &[&str] = &[
    "sh",
    "bash",
    "/bin/sh",
    "/bin/bash",
    "exec",
    "set",
    "echo",
    "cat",
    "cp",
    "mv",
    "mkdir",
    "chmod",
    "chown",
    "sleep",
    "if",
    "then",
    "else",
    "fi",
    "for",
    "do",
    "done",
    "while",
    "until",
    "curl",
    "wget",
    "tar",
    "unzip",
    "git",
    "clone",
    "helm",
    "repo",
    "add",
    "pull",
    "push",
    "apk",
    "apt",
    "apt-get",
    "yum",
    "dnf",
    "install",
    "update",
    "upgrade",
    "pip",
    "pip3",
    "npm",
    "go",
    "get",
    "kubectl",
    "apply",
    "run",
    "docker",
    "python",
    "python3",
    "java",
    "node",
    "server",
    "start",
    "serve",
];

/// Whether a word is one of shell commands.
pub(super) fn is_word_of_commands(word: &str) -> bool {
    COMMANDS.contains(&word)
}

/// Names of image fields, by their last word.
const IMAGES: &[&str] = &[
    "image",
    "images",
    "registry",
    "registries",
    "repository",
    "repositories",
    "repo",
    "tag",
    "digest",
    "hub",
    "mirror",
    "version",
    "policy",
];

/// Whether a value of a key is harmless: small numbers, booleans, words of Kubernetes, names of objects, parts of image
/// references.
pub(super) fn is_harmless(text: &str, key: Option<&str>) -> bool {
    if is_trivial(text)
        || WORDS.contains(&text)
        // The configuration and suppressions name rules.
        || rule_ids::ALL.contains(&text)
        || is_word_of_commands(text)
        || is_small_number(text)
        || is_reference_with_host(text)
    {
        return true;
    }
    let Some(key) = key else { return false };
    is_of_image(key, text)
        || match key {
            "apiVersion" => text.len() <= 80 && text.bytes().all(|byte| is_name_byte(byte) || byte == b'/'),
            "kind" => text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_alphabetic()),
            "name" | "namespace" | "container" | "serviceAccountName" | "chart" | "release" | "component" => {
                is_name(text)
            }
            _ => false,
        }
}

/// Whether a value is a part of an image reference according to its key: `tag: v1.4`, `repository: acme/api`.
pub(super) fn is_of_image(key: &str, text: &str) -> bool {
    let last = words(key).pop().unwrap_or_default();
    IMAGES.contains(&last.as_str())
        && text.len() <= 300
        && text.bytes().all(|byte| is_name_byte(byte) || b"/:@+".contains(&byte))
}

/// Up to five digits, with a unit or as a version: `8080`, `0.5`, `128Mi`, `30s`, `v1.16.1`.
fn is_small_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = text.strip_prefix(['v', '-']).unwrap_or(text);
    let Some(first) = number.bytes().next() else { return false };
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    let units = ["", "m", "k", "K", "Ki", "M", "Mi", "MB", "G", "Gi", "GB", "Ti", "s", "ms", "h", "d", "min", "%"];
    first.is_ascii_digit() && digits <= 5 && units.contains(&&number[end..])
}

/// `quay.io`, `quay.io/acme/api:1.4`, `registry.k8s.io`: in lower case, with a host that has a domain.
pub(super) fn is_reference_with_host(text: &str) -> bool {
    let text = text.trim_end_matches(['/', ':']);
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() <= 40
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let is_domain = labels
        .last()
        .is_some_and(|last| last.len() > 1 && last.len() <= 12 && last.bytes().all(|byte| byte.is_ascii_lowercase()));
    let is_path =
        path.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._/:@+-".contains(&byte));
    labels.len() > 1
        && labels.iter().all(is_label)
        && is_domain
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && is_path
        && text.len() <= 300
}

/// A name of an object or of a variable.
fn is_name(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(is_name_byte)
        && !is_random(text)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// Whether a text looks random, as keys do: letters and digits alternate often, or both cases with digits.
pub(super) fn is_random(text: &str) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let bytes = text.as_bytes();
    let changes = bytes.windows(2).filter(|pair| (class(pair[0]) == 1) != (class(pair[1]) == 1)).count();
    let has = |wanted: u8| bytes.iter().any(|&byte| class(byte) == wanted);
    let longest = text.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max().unwrap_or(0);
    longest >= 16 && (changes >= 6 || has(1) && has(2) && has(3)) || longest >= 40
}
