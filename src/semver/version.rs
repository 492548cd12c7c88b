//! [`Version`]: one version, parsed as leniently as in helm.

use super::{is_identifier, take_suffixes, take_while};
use crate::helm::HelmVersion;
use std::cmp::Ordering;
use std::fmt;

/// The longest version that semver 3.5 accepts.
const MAX_BYTES: usize = 256;

/// A version: three numbers, an optional prerelease, optional build metadata.
///
/// Order and equality by [`compare`](Self::compare) ignore metadata; `==` compares everything, including the original text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The first number.
    pub major: u64,
    /// The second number; 0 if missing.
    pub minor: u64,
    /// The third number; 0 if missing.
    pub patch: u64,
    /// `rc.1` of `1.2.3-rc.1`; empty for a release.
    pub pre: String,
    /// `b5` of `1.2.3+b5`.
    pub metadata: String,
    /// The text it was read from.
    pub original: String,
}

/// Why a text is not a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VersionError {
    /// It is longer than 256 bytes (helm 4 only).
    TooLong,
    /// The form is invalid.
    Invalid,
    /// A number does not fit 64 bits.
    Number(String),
    /// A numeric part of the prerelease has a leading zero.
    LeadingZero,
    /// The prerelease of `SetPrerelease` is malformed.
    Prerelease,
    /// The metadata of `SetMetadata` are malformed.
    Metadata,
}

/// Parses a version: an optional `v`, one to three numbers, `-pre` and `+metadata`.
///
/// `v1.2` is 1.2.0, leading zeros of the numbers are dropped.
///
/// # Errors
/// The text is not a version. Source: Masterminds/semver v3.5.0, `NewVersion`.
pub(crate) fn parse_version(text: &str) -> Result<Version, VersionError> {
    Version::parse_as(text, HelmVersion::V4)
}

impl Version {
    /// Parses a version as the library of a helm version does: helm 3 has no maximum length.
    ///
    /// # Errors
    /// The text is not a version.
    pub(crate) fn parse_as(text: &str, helm: HelmVersion) -> Result<Self, VersionError> {
        if helm == HelmVersion::V4 && text.len() > MAX_BYTES {
            return Err(VersionError::TooLong);
        }
        let digits = |text| take_while(text, |byte| byte.is_ascii_digit());
        let (major, mut rest) = digits(text.strip_prefix('v').unwrap_or(text));
        if major.is_empty() {
            return Err(VersionError::Invalid);
        }
        let mut more = ["", ""];
        for part in &mut more {
            let Some(after) = rest.strip_prefix('.') else { break };
            (*part, rest) = digits(after);
            if part.is_empty() {
                return Err(VersionError::Invalid);
            }
        }
        let (pre, metadata, rest) = take_suffixes(rest);
        if !rest.is_empty() {
            return Err(VersionError::Invalid);
        }
        let version = Self {
            major: number(major)?,
            minor: number(more[0])?,
            patch: number(more[1])?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        check_prerelease(&version.pre)?;
        Ok(version)
    }

    /// Whether it is a release, without a prerelease part.
    pub(crate) fn is_release(&self) -> bool {
        self.pre.is_empty()
    }

    /// Precedence: the numbers, then the prerelease; a release is greater than its prereleases. Metadata are ignored.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| match (self.is_release(), other.is_release()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_prerelease(&self.pre, &other.pre),
        })
    }

    /// The next patch release; a prerelease only loses its prerelease part. `None` on overflow.
    pub(crate) fn inc_patch(&self) -> Option<Self> {
        let patch = if self.is_release() { self.patch.checked_add(1)? } else { self.patch };
        Some(self.next(self.major, self.minor, patch, "", ""))
    }

    /// The next minor release. `None` on overflow.
    pub(crate) fn inc_minor(&self) -> Option<Self> {
        Some(self.next(self.major, self.minor.checked_add(1)?, 0, "", ""))
    }

    /// The next major release. `None` on overflow.
    pub(crate) fn inc_major(&self) -> Option<Self> {
        Some(self.next(self.major.checked_add(1)?, 0, 0, "", ""))
    }

    /// The same version with another prerelease part, which may be empty.
    ///
    /// # Errors
    /// The part is malformed.
    pub(crate) fn with_prerelease(&self, pre: &str) -> Result<Self, VersionError> {
        check_prerelease(pre)?;
        Ok(self.next(self.major, self.minor, self.patch, pre, &self.metadata))
    }

    /// The same version with other metadata, which may be empty.
    ///
    /// # Errors
    /// The metadata are malformed.
    pub(crate) fn with_metadata(&self, metadata: &str) -> Result<Self, VersionError> {
        let well_formed = metadata.split('.').all(|part| !part.is_empty() && part.bytes().all(is_identifier));
        if !metadata.is_empty() && !well_formed {
            return Err(VersionError::Metadata);
        }
        Ok(self.next(self.major, self.minor, self.patch, &self.pre, metadata))
    }

    fn next(&self, major: u64, minor: u64, patch: u64, pre: &str, metadata: &str) -> Self {
        let (pre, metadata) = (pre.to_owned(), metadata.to_owned());
        let mut next = Self { major, minor, patch, pre, metadata, original: String::new() };
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{prefix}{next}");
        next
    }
}

/// The canonical form, without a `v`: `1.2.3-rc.1+b5`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl VersionError {
    /// The library's text of the version in a version of helm.
    pub(crate) fn text(&self, helm: HelmVersion) -> String {
        let old = helm == HelmVersion::V3;
        match self {
            Self::TooLong => format!("version string is too long (max {MAX_BYTES} bytes)"),
            Self::Invalid if old => "Invalid Semantic Version".to_owned(),
            Self::Invalid => "invalid semantic version".to_owned(),
            Self::Number(digits) => format!(
                "{} parsing version segment: strconv.ParseUint: parsing \"{digits}\": value out of range",
                if old { "Error" } else { "error" }
            ),
            Self::LeadingZero if old => "Version segment starts with 0".to_owned(),
            Self::LeadingZero => "version segment starts with 0".to_owned(),
            Self::Prerelease if old => "Invalid Prerelease string".to_owned(),
            Self::Prerelease => "invalid prerelease string".to_owned(),
            Self::Metadata if old => "Invalid Metadata string".to_owned(),
            Self::Metadata => "invalid metadata string".to_owned(),
        }
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(HelmVersion::V4))
    }
}

impl std::error::Error for VersionError {}

fn number(digits: &str) -> Result<u64, VersionError> {
    if digits.is_empty() {
        return Ok(0);
    }
    digits.parse().map_err(|_| VersionError::Number(digits.to_owned()))
}

fn check_prerelease(pre: &str) -> Result<(), VersionError> {
    if pre.is_empty() {
        return Ok(());
    }
    for part in pre.split('.') {
        if part.is_empty() || !part.bytes().all(is_identifier) {
            return Err(VersionError::Prerelease);
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VersionError::LeadingZero);
        }
    }
    Ok(())
}

/// Orders two prereleases, part by part; the empty one comes first.
pub(super) fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => compare_part(left.unwrap_or_default(), right.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_part(left: &str, right: &str) -> Ordering {
    if left == right || left.is_empty() || right.is_empty() {
        return left.len().cmp(&right.len());
    }
    // semver quirk: a numeric part that does not fit 64 bits is compared as letters.
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) if left > right => Ordering::Greater,
        (Ok(_), Ok(_)) => Ordering::Less,
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn reads_as_helm_does() {
        let long = format!("1.2.3-{}", "a".repeat(251));
        for (text, result) in [
            ("1.2.3-alpha.1+build.5", "1.2.3-alpha.1+build.5"),
            ("v01.02", "1.2.0"),
            ("18446744073709551615", "18446744073709551615.0.0"),
            ("V1", "invalid semantic version"),
            ("1.2.3.4", "invalid semantic version"),
            ("1.2.3-", "invalid semantic version"),
            ("1.2.3-01", "version segment starts with 0"),
            (
                "1.18446744073709551616",
                "error parsing version segment: strconv.ParseUint: parsing \"18446744073709551616\": value out of range",
            ),
            (&long, "version string is too long (max 256 bytes)"),
        ] {
            assert_eq!(parse_version(text).map_or_else(|e| e.to_string(), |v| v.to_string()), result, "{text}");
        }
    }

    #[test]
    fn orders_prereleases() {
        let order =
            ["1.0.0-1", "1.0.0-9", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1-0"];
        for pair in order.windows(2) {
            let [low, high] = [pair[0], pair[1]].map(|text| parse_version(text).unwrap());
            assert!(low.compare(&high).is_lt() && high.compare(&low).is_gt(), "{pair:?}");
        }
    }
}
