//! Which version of a chart a version or a constraint means, as helm decides it.

use crate::helm::HelmVersion;
use crate::semver::{Constraint, ConstraintError, Version, parse_version};
use std::cmp::Ordering;

/// The most versions that a message names.
const NAMED: usize = 5;

/// The versions of the tags of a repository, the newest first.
///
/// Helm quirk: only tags that are whole versions count, so that `v1.2.3` and `1.2` are found by their exact name alone.
pub(super) fn of_tags(tags: &[String]) -> Vec<Version> {
    let mut versions: Vec<Version> =
        tags.iter().filter_map(|tag| strict(&super::oci_reference::as_version(tag))).collect();
    versions.sort_by(|one, other| other.compare(one));
    versions
}

/// A version that is written whole: three numbers without leading zeros, and no `v`.
fn strict(text: &str) -> Option<Version> {
    parse_version(text).ok().filter(|version| version.to_string() == text)
}

/// Parses a constraint; without one, every release is wanted.
pub(super) fn constraint(text: &str) -> Result<Constraint, ConstraintError> {
    Constraint::parse_as(if text.is_empty() { "*" } else { text }, HelmVersion::V4)
}

/// The first version that a text names exactly, or that satisfies it as a constraint.
pub(super) fn chosen<'v, V>(
    versions: &'v [V],
    wanted: &str,
    text: impl Fn(&V) -> &str,
) -> Result<Option<&'v V>, ConstraintError> {
    if !wanted.is_empty()
        && let Some(exact) = versions.iter().find(|version| text(version) == wanted)
    {
        return Ok(Some(exact));
    }
    let constraint = constraint(wanted)?;
    let fits = |version: &&V| parse_version(text(version)).is_ok_and(|version| constraint.check(&version));
    Ok(versions.iter().find(fits))
}

/// `1.4.0, 1.3.9 and 12 more`: the versions that are most like the wanted one, for messages; `None` if there are none.
pub(crate) fn nearest<'t>(wanted: &str, texts: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let mut known: Vec<(Version, &str)> =
        texts.into_iter().filter_map(|text| Some((parse_version(text).ok()?, text))).collect();
    let count = known.len();
    let wanted = first_version(wanted);
    let likeness = |version: &Version| match &wanted {
        Some(wanted) if version.major == wanted.major && version.minor == wanted.minor => 2,
        Some(wanted) if version.major == wanted.major => 1,
        _ => 0,
    };
    known.sort_by(|(one, a), (other, b)| {
        let by_likeness = likeness(other).cmp(&likeness(one));
        by_likeness
            .then_with(|| other.compare(one))
            .then_with(|| if a < b { Ordering::Less } else { Ordering::Greater })
    });
    known.dedup_by(|a, b| a.1 == b.1);
    let named: Vec<&str> = known.iter().take(NAMED).map(|(_, text)| *text).collect();
    match (named.is_empty(), count.saturating_sub(named.len())) {
        (true, _) => None,
        (false, 0) => Some(named.join(", ")),
        (false, more) => Some(format!("{} and {more} more", named.join(", "))),
    }
}

/// The first version in a constraint.
fn first_version(constraint: &str) -> Option<Version> {
    let start = constraint.find(|c: char| c.is_ascii_digit())?;
    let rest = &constraint[start..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len());
    let text = &rest[..end];
    // `1.x`: the numbers before it.
    let numbers = text.split(['x', 'X']).next().unwrap_or_default().trim_end_matches('.');
    parse_version(text).or_else(|_| parse_version(numbers)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn constraints_choose_the_newest_tag() {
        let tags =
            tags(&["1.2.0", "1.10.0", "2.0.0-rc.1", "v3.0.0", "1.9", "latest", "1.10.0_b2", "sha256-ab.sig", "01.0.0"]);
        let versions = of_tags(&tags);
        for (wanted, expected) in [
            ("", Some("1.10.0")),
            ("1.2.0", Some("1.2.0")),
            ("~1.2", Some("1.2.0")),
            ("^1", Some("1.10.0")),
            (">1.10.0-0", Some("2.0.0-rc.1")),
            ("1.10.0+b2", Some("1.10.0+b2")),
            ("^2", None),
            ("^3", None),
            ("1.9", None),
        ] {
            let found = chosen(&versions, wanted, |version| &version.original).expect("a constraint");
            assert_eq!(found.map(|version| version.original.as_str()), expected, "{wanted}");
        }
        let wrong = chosen(&versions, "latest", |version| &version.original).expect_err("no constraint");
        assert_eq!(wrong.to_string(), "improper constraint: \"latest\"");
    }

    #[test]
    fn the_nearest_versions_are_named() {
        let all = ["1.2.0", "1.10.0", "2.0.0", "3.0.0", "3.1.0", "4.0.0", "x", "1.2.9"];
        assert_eq!(nearest("~1.2.11", all).as_deref(), Some("1.2.9, 1.2.0, 1.10.0, 4.0.0, 3.1.0 and 2 more"));
        assert_eq!(nearest("3.x", all).as_deref(), Some("3.0.0, 3.1.0, 4.0.0, 2.0.0, 1.10.0 and 2 more"));
        assert_eq!(nearest("^9", ["1.0.0"]).as_deref(), Some("1.0.0"));
        assert_eq!(nearest("", ["x"]), None);
    }
}
