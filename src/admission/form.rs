//! The form of a reference as regular expressions, for engines that cannot parse: what `reference::Reference` takes.
//!
//! They are in the syntax of RE2, which every engine uses, and contain no quotes.

/// The path, the tag and the digest of a reference, with the slash before: `/jetstack/x:v1@sha256:…`.
pub(super) const PATH_AND_VERSION: &str = concat!(
    r"(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+",
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?",
    r"(@[A-Za-z][A-Za-z0-9]*([+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$",
);

/// A host with its port, if there is one: `mirror.internal:5000`, `[fd00::1]:5000`.
pub(super) const HOST: &str = r"^(\[[0-9A-Fa-f:]*\]|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)(:[0-9]+)?$";

/// A reference with a host, which is only known to be of characters that hosts have: it is compared with the mirror's. What becomes
/// such a character only when it is lower-cased (the sign for kelvin becomes a k) is none.
pub(super) fn reference() -> String {
    format!(r"^[A-Za-z0-9.:\[\]-]+{PATH_AND_VERSION}")
}

/// The path of a reference, with the slash before: what the first match is in `mirror.internal:5000/a/b:v1`.
pub(super) const PATH: &str = "/[^:@]+";

/// The longest path with the slash before: a repository has at most 255 characters.
pub(super) const LONGEST_PATH: usize = 256;

/// The containers that Istio's injector completes, as the policies call them: `container istio-proxy`.
pub(super) const INJECTED: &str = "^(init )?container (istio-proxy|istio-init|istio-validation|enable-core-dump)$";

/// A place of the mirror with a slash at its end, as a parameter: its first part is a host, not a path of Docker Hub.
pub(super) const PREFIX: &str = r"^(localhost|[^/]*[.:][^/]*)/(.*/)?$";
