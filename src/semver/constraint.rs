//! [`Constraint`]: a constraint on versions.

use super::version::compare_prerelease;
use super::{Version, take_suffixes, take_while};
use crate::go::go_quote;
use crate::helm::HelmVersion;
use std::cmp::Ordering;
use std::fmt;

/// The longest constraint that semver 3.5 accepts.
const MAX_BYTES: usize = 512;
/// The longest for helm 3, whose library has no limit: parsing takes quadratic time.
const MAX_BYTES_V3: usize = 64 << 10;
/// The most alternatives that semver 3.5 accepts.
const MAX_GROUPS: usize = 32;

/// A constraint on versions: alternatives separated by `||`, each with comparators that must all hold.
///
/// `>=1.28-0 <1.31 || ~2.1`, `^1.2`, `1.x`, `1.2 - 1.4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constraint {
    groups: Vec<Vec<Comparator>>,
    helm: HelmVersion,
}

/// Why a text is not a constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConstraintError {
    /// It is longer than 512 bytes (helm 4 only).
    TooLong,
    /// It has more than 32 alternatives (helm 4 only).
    TooManyGroups,
    /// This alternative has an invalid form.
    Improper(String),
    /// The version of a comparator cannot be parsed.
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// None or `=`: equal, or like `~` if the version is partial.
    Plain,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    version: Version,
    /// Whether a part of the version was missing or a wildcard.
    dirty: bool,
    /// Whether the minor number was the first such part.
    minor_dirty: bool,
    /// Whether the patch number was.
    patch_dirty: bool,
}

/// A version in a constraint.
struct Pattern<'a> {
    parts: [&'a str; 3],
    pre: Option<&'a str>,
    metadata: Option<&'a str>,
}

impl Constraint {
    /// Parses a constraint as helm 4 does.
    ///
    /// # Errors
    /// The text is not a constraint. Source: Masterminds/semver v3.5.0, `NewConstraint`.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self, ConstraintError> {
        Self::parse_as(text, HelmVersion::V4)
    }

    /// Parses a constraint as a version of helm does: they differ in limits and in how prereleases match.
    ///
    /// # Errors
    /// The text is not a constraint.
    pub(crate) fn parse_as(text: &str, helm: HelmVersion) -> Result<Self, ConstraintError> {
        if helm == HelmVersion::V4 && text.len() > MAX_BYTES {
            return Err(ConstraintError::TooLong);
        }
        if text.len() > MAX_BYTES_V3 {
            return Err(ConstraintError::Improper(text.to_owned()));
        }
        let text = rewrite_ranges(text);
        let alternatives: Vec<&str> = text.split("||").collect();
        if helm == HelmVersion::V4 && alternatives.len() > MAX_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let groups = alternatives.into_iter().map(|group| parse_group(group, helm)).collect::<Result<_, _>>()?;
        Ok(Self { groups, helm })
    }

    /// Whether a version satisfies it.
    pub(crate) fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let names_prerelease = group.iter().any(|comparator| !comparator.version.is_release());
            group.iter().all(|comparator| match self.helm {
                HelmVersion::V4 => (version.is_release() || names_prerelease) && comparator.holds(version),
                HelmVersion::V3 => comparator.lets_in(version) && comparator.holds(version),
            })
        })
    }
}

impl ConstraintError {
    /// The library's text of the constraint in a version of helm.
    pub(crate) fn text(&self, helm: HelmVersion) -> String {
        let old = helm == HelmVersion::V3;
        match self {
            Self::TooLong => format!("constraint string is too long (max {MAX_BYTES} bytes)"),
            Self::TooManyGroups => format!("too many constraint groups (max {MAX_GROUPS})"),
            Self::Improper(text) if old => format!("improper constraint: {text}"),
            Self::Improper(text) => format!("improper constraint: {}", go_quote(text.as_bytes())),
            Self::Version if old => "constraint Parser Error".to_owned(),
            Self::Version => "constraint parser error".to_owned(),
        }
    }
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(HelmVersion::V4))
    }
}

impl std::error::Error for ConstraintError {}

impl Comparator {
    /// Semver 3.3, in helm 3, checks prereleases for each comparator separately.
    fn lets_in(&self, version: &Version) -> bool {
        let exact_difference = self.operator == Operator::NotEqual && !self.dirty;
        version.is_release() || !self.version.is_release() || exact_difference
    }

    fn holds(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let order = version.compare(wanted);
        let same_major = version.major == wanted.major;
        match self.operator {
            Operator::Plain if self.dirty => self.holds_tilde(version),
            Operator::Plain => order.is_eq(),
            Operator::NotEqual if self.dirty => {
                if !same_major || (version.minor != wanted.minor && !self.minor_dirty) {
                    return true;
                }
                if self.minor_dirty {
                    return false;
                }
                if self.patch_dirty {
                    // semver quirk: `!=1.2.x` compares prereleases as if the patch numbers were equal.
                    return compare_prerelease(&version.pre, &wanted.pre).is_ne();
                }
                // A wildcard as the major number sets neither of the two.
                version.patch != wanted.patch || order.is_ne()
            }
            Operator::NotEqual => order.is_ne(),
            Operator::Greater if self.dirty && !same_major => version.major > wanted.major,
            Operator::Greater if self.minor_dirty => false,
            Operator::Greater if self.patch_dirty => version.minor > wanted.minor,
            Operator::Greater => order == Ordering::Greater,
            Operator::Less => order == Ordering::Less,
            Operator::GreaterEqual => order != Ordering::Less,
            Operator::LessEqual if self.dirty => {
                version.major < wanted.major || (same_major && (version.minor <= wanted.minor || self.minor_dirty))
            }
            Operator::LessEqual => order != Ordering::Greater,
            Operator::Tilde => self.holds_tilde(version),
            Operator::Caret => self.holds_caret(version),
        }
    }

    fn holds_tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.compare(wanted) == Ordering::Less {
            return false;
        }
        // semver quirk: `~0.0.0` matches everything, and so does `~*`, which is parsed as the same.
        if (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == wanted.major && (version.minor == wanted.minor || self.minor_dirty)
    }

    fn holds_caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.compare(wanted) == Ordering::Less || version.major != wanted.major {
            return false;
        }
        if wanted.major > 0 || self.minor_dirty {
            return true;
        }
        // semver quirk: `^*` is parsed as `^0.0.0`, which only 0.0.0 satisfies.
        let fixed_patch = wanted.minor == 0 && !self.patch_dirty;
        version.minor == wanted.minor && (!fixed_patch || version.patch == wanted.patch)
    }
}

fn parse_group(group: &str, helm: HelmVersion) -> Result<Vec<Comparator>, ConstraintError> {
    let improper = || ConstraintError::Improper(group.to_owned());
    let mut tokens = Vec::new();
    let mut rest = skip_space(group);
    loop {
        let (operator, after) = take_operator(rest);
        let (pattern, after) = take_pattern(skip_space(after)).ok_or_else(improper)?;
        tokens.push((operator, pattern));
        let next = skip_space(after);
        if next.is_empty() {
            break;
        }
        // Between two comparators there is space, a comma, or both.
        rest = match next.strip_prefix(',') {
            Some(next) => skip_space(next),
            None if next.len() < after.len() => next,
            None => return Err(improper()),
        };
    }
    tokens.into_iter().map(|(operator, pattern)| comparator(operator, &pattern, helm)).collect()
}

fn comparator(operator: Operator, pattern: &Pattern<'_>, helm: HelmVersion) -> Result<Comparator, ConstraintError> {
    let pre = pattern.pre.map(|pre| format!("-{pre}")).unwrap_or_default();
    let [major, minor, patch] = pattern.parts;
    let wild = |part: &str| matches!(part, "" | "x" | "X" | "*");
    let (text, minor_dirty, patch_dirty) = if wild(major) {
        (format!("0.0.0{pre}"), false, false)
    } else if wild(minor) {
        (format!("{major}.0.0{pre}"), true, false)
    } else if wild(patch) {
        (format!("{major}.{minor}.0{pre}"), false, true)
    } else {
        let metadata = pattern.metadata.map(|metadata| format!("+{metadata}")).unwrap_or_default();
        (format!("{major}.{minor}.{patch}{pre}{metadata}"), false, false)
    };
    let version = Version::parse_as(&text, helm).map_err(|_| ConstraintError::Version)?;
    let dirty = wild(major) || wild(minor) || wild(patch);
    Ok(Comparator { operator, version, dirty, minor_dirty, patch_dirty })
}

fn take_operator(text: &str) -> (Operator, &str) {
    // Longer ones first.
    const OPERATORS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterEqual),
        ("=>", Operator::GreaterEqual),
        ("<=", Operator::LessEqual),
        ("=<", Operator::LessEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::Plain),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    let found = OPERATORS.iter().find_map(|&(sign, operator)| Some((operator, text.strip_prefix(sign)?)));
    found.unwrap_or((Operator::Plain, text))
}

/// Splits off the longest version with wildcards at the beginning of the text.
fn take_pattern(text: &str) -> Option<(Pattern<'_>, &str)> {
    // semver quirk: `|` is in the character class by mistake, so `1|2` looks like a version until it is parsed.
    let part = |text| take_while(text, |byte| byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|'));
    let mut parts = [""; 3];
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    (parts[0], rest) = part(rest);
    if parts[0].is_empty() {
        return None;
    }
    for slot in &mut parts[1..] {
        let Some((found, after)) = rest.strip_prefix('.').map(part).filter(|(found, _)| !found.is_empty()) else {
            break;
        };
        (*slot, rest) = (found, after);
    }
    let (pre, metadata, rest) = take_suffixes(rest);
    Some((Pattern { parts, pre, metadata }, rest))
}

/// Replaces each `A - B` by `>= A, <= B `.
fn rewrite_ranges(text: &str) -> String {
    let mut result = text.to_owned();
    let mut at = 0;
    while at < text.len() {
        match text.get(at..).and_then(|rest| Some((rest, take_range(rest)?))) {
            Some((rest, (from, to, after))) => {
                let whole = &rest[..rest.len() - after.len()];
                // semver quirk: the first occurrence of the same text is replaced, wherever it is.
                result = result.replacen(whole, &format!(">= {from}, <= {to} "), 1);
                at += whole.len();
            }
            None => at += 1,
        }
    }
    result
}

/// `A - B` with surrounding space at the beginning of the text: A, B and the rest.
fn take_range(text: &str) -> Option<(&str, &str, &str)> {
    let start = skip_space(text);
    let (_, after) = take_pattern(start)?;
    let from = &start[..start.len() - after.len()];
    let dash = skip_space(after);
    let rest = dash.strip_prefix('-').filter(|_| dash.len() < after.len())?;
    let second = skip_space(rest);
    let (_, after) = take_pattern(second).filter(|_| second.len() < rest.len())?;
    Some((from, &second[..second.len() - after.len()], skip_space(after)))
}

/// Removes leading white space: Go's `\s`, without the vertical tab.
fn skip_space(text: &str) -> &str {
    text.trim_start_matches(['\t', '\n', '\x0C', '\r', ' '])
}

#[cfg(test)]
mod tests {
    use super::Constraint;
    use crate::helm::HelmVersion;
    use crate::semver::parse_version;
    use serde_json::Value as Json;

    /// What helm 4.3.1 said of random constraints and versions: an error's text, or whether the version fits.
    #[test]
    fn checks_as_helm_does() {
        let cases: Vec<(String, String, Json)> =
            serde_json::from_str(include_str!("../../testdata/semver/constraints.json")).unwrap();
        for (constraint, version, expected) in cases {
            let result = match Constraint::parse(&constraint) {
                Ok(constraint) => Json::from(constraint.check(&parse_version(&version).unwrap())),
                Err(error) => Json::from(error.to_string()),
            };
            assert_eq!(result, expected, "{constraint:?} {version}");
        }
    }

    #[test]
    fn helm_3_lets_prereleases_in_for_each_comparator() {
        let version = parse_version("1.2.3-rc.1").unwrap();
        for (constraint, v4, v3) in [(">=1.0.0-0 <2", true, false), ("!=1.0.0", false, true), ("^1.2.0-0", true, true)]
        {
            let fits = |helm| Constraint::parse_as(constraint, helm).unwrap().check(&version);
            assert_eq!((fits(HelmVersion::V4), fits(HelmVersion::V3)), (v4, v3), "{constraint}");
        }
    }
}
