//! Versions and constraints: what Masterminds/semver, helm's library, accepts and how it compares.
//!
//! Used by the functions `semver` and `semverCompare`, by `kubeVersion` of a chart and by the versions of dependencies.

mod constraint;
mod version;

pub(crate) use constraint::{Constraint, ConstraintError};
pub(crate) use version::{Version, VersionError, parse_version};

/// Splits off the longest prefix whose bytes all satisfy `wanted`; both parts borrow from the text.
fn take_while(text: &str, wanted: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !wanted(byte)).unwrap_or(text.len());
    text.split_at(end)
}

/// A byte of an identifier in a prerelease or in build metadata.
fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Splits off dotted identifiers, `alpha.1` of `alpha.1+x`; `None` if there are none.
fn take_identifiers(text: &str) -> Option<(&str, &str)> {
    let (first, mut rest) = take_while(text, is_identifier);
    if first.is_empty() {
        return None;
    }
    while let Some(after) = rest.strip_prefix('.') {
        let (part, next) = take_while(after, is_identifier);
        if part.is_empty() {
            break;
        }
        rest = next;
    }
    Some(text.split_at(text.len() - rest.len()))
}

/// Splits off `-pre.1` and then `+meta.2`, both optional; returns the texts without their marks.
fn take_suffixes(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let (mut pre, mut metadata, mut rest) = (None, None, text);
    if let Some((found, after)) = rest.strip_prefix('-').and_then(take_identifiers) {
        (pre, rest) = (Some(found), after);
    }
    if let Some((found, after)) = rest.strip_prefix('+').and_then(take_identifiers) {
        (metadata, rest) = (Some(found), after);
    }
    (pre, metadata, rest)
}
