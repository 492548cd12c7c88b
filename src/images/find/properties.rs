//! Lines of `name = value`: INI, TOML, Java properties, shell variables. Related names are joined within a section:
//! `worker_container_repository` and `worker_container_tag`; and a name that says image may precede a bare word:
//! `spark.kubernetes.container.image=spark`.

use super::{FieldAt, hints::Hints};
use crate::images::find::appearance::{Naming, is_named, may_be_bare, words};
use crate::images::find::joined_parts::{Context, Entry, Joined, join};
use crate::objects::text::Text;
use std::ops::Range;

/// An image in a text of lines.
#[derive(Debug)]
pub(super) struct Setting {
    /// The reference.
    pub text: Text,
    /// The part that no other reference shares.
    pub own: Text,
    /// The names that it was read from.
    pub names: Vec<String>,
    /// Whether the names are unambiguous.
    pub is_sure: bool,
}

/// The images of a text, joined ones first.
pub(super) fn images(place: &FieldAt<'_>, text: &Text, hints: Hints<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut section: Vec<(&str, Range<usize>)> = Vec::new();
    let mut has_sections = false;
    let mut start = 0;
    for line in text.as_str().split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') && trimmed.ends_with(']') {
            read(place, text, &section, hints, &mut found);
            section.clear();
            has_sections = true;
        } else if let Some((name, value)) = assignment(line, has_sections) {
            section.push((name, start + value.start..start + value.end));
        }
        start += line.len();
    }
    read(place, text, &section, hints, &mut found);
    found
}

fn read(
    place: &FieldAt<'_>,
    text: &Text,
    section: &[(&str, Range<usize>)],
    hints: Hints<'_>,
    found: &mut Vec<Setting>,
) {
    let speaks_of_git = std::cell::LazyCell::new(|| text.as_str().contains("git"));
    let entries: Vec<Entry<'_>> = section.iter().map(|(name, range)| Entry::part(name, text, range.clone())).collect();
    for Joined { text, own, names, is_sure, .. } in
        join(place.object, &entries, Context { naming: Naming::Other, alone: false }, hints)
    {
        // `REPO=owner/name` and `TAG=v1` may also be a release of code.
        let is_bare = names.iter().any(|name| matches!(name.to_ascii_lowercase().as_str(), "repo" | "repository"));
        if is_bare && *speaks_of_git {
            continue;
        }
        found.push(Setting { text, own, names, is_sure });
    }
    for (name, range) in section {
        let value = &text.as_str()[range.clone()];
        // One word for image is ambiguous; two mean an image that is started. Values other than bare words are found by their
        // lines, unless there is no separator before them.
        let is_own = !value.contains(['/', ':', '@']) || name.starts_with("spark.");
        if may_be_bare(name) && is_own && is_named(value, true) {
            let value = text.slice(range.clone());
            let is_sure = words(name).len() > 1;
            found.push(Setting { own: value.clone(), text: value, names: vec![(*name).to_owned()], is_sure });
        }
    }
}

/// The name and value of a line: `name = "value"`, `export NAME=value`, `spark.x value` in Spark's format, and
/// `name: value` in INI.
fn assignment(line: &str, is_ini: bool) -> Option<(&str, Range<usize>)> {
    let start = line.len() - line.trim_start().len();
    let body = line[start..].strip_prefix("export ").unwrap_or(&line[start..]);
    let at = line.len() - body.len();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let end = body.find(|c| !is_name(c))?;
    let (name, rest) = body.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let value_at = match rest[blanks..].strip_prefix('=') {
        Some(value) if !value.starts_with(['=', '~']) => at + end + blanks + 1,
        None if is_ini && rest.starts_with(": ") => at + end + 1,
        None if blanks > 0 && name.starts_with("spark.") => at + end + blanks,
        _ => return None,
    };
    let value = line[value_at..].trim_end();
    let from = value_at + (value.len() - value.trim_start().len());
    let value = value.trim();
    let quoted = value.len() >= 2
        && [b'"', b'\'']
            .iter()
            .any(|quote| value.as_bytes().first() == Some(quote) && value.as_bytes().last() == Some(quote));
    let range = if quoted { from + 1..from + value.len() - 1 } else { from..from + value.len() };
    let value = &line[range.clone()];
    (!value.is_empty() && value.len() <= 512 && !value.contains([' ', '"', '\'', '$', '{', '<', '`', ';', '(']))
        .then_some((name, range))
}

#[cfg(test)]
mod tests {
    use super::assignment;

    #[test]
    fn lines_are_names_and_values() {
        for (line, name, value) in [
            ("worker_container_repository = apache/airflow\n", "worker_container_repository", "apache/airflow"),
            ("  image=\"alpine\"", "image", "alpine"),
            ("export A_IMAGE=a/b:1", "A_IMAGE", "a/b:1"),
            ("spark.kubernetes.container.image   spark:3", "spark.kubernetes.container.image", "spark:3"),
        ] {
            let found = assignment(line, false).map(|(name, range)| (name, &line[range]));
            assert_eq!(found, Some((name, value)), "{line}");
        }
        for line in ["image: x", "if [ a = b ]; then", "a == b", "image spark", "A=$B", "a = b c", "# a = b", "= x"] {
            assert_eq!(assignment(line, false), None, "{line}");
        }
    }
}
