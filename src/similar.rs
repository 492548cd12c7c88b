//! Names and paths similar to one that does not exist: what a user probably meant.

use crate::values_path::{Key, ValuesPath};

/// `; did you mean "chart"?`, if a known name is similar.
pub(crate) fn did_you_mean<'n>(found: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    // Longer names are not typos.
    if found.len() > 100 {
        return String::new();
    }
    let mut holding = known.clone().filter(|name| name.contains(found));
    let near = known.map(|name| (strsim::damerau_levenshtein(&found.to_lowercase(), name), name)).min();
    match near {
        Some((distance, name)) if distance <= 1 + name.len() / 4 => format!("; did you mean {name:?}?"),
        // A part of exactly one name.
        _ => match (holding.next().filter(|_| found.len() > 2), holding.next()) {
            (Some(name), None) => format!("; did you mean {name:?}?"),
            _ => String::new(),
        },
    }
}

/// `; the nearest is shop`: the most similar of some names, however different it is; empty if there are none. `likeness` is a
/// number that grows with the similarity.
pub(crate) fn nearest_name<T: std::fmt::Display>(
    known: impl Iterator<Item = T>,
    likeness: impl Fn(&T) -> f64,
) -> String {
    let rated = known.map(|name| (likeness(&name), name));
    let near = rated.max_by(|a, b| a.0.total_cmp(&b.0));
    near.map(|(_, name)| format!("; the nearest is {name}")).unwrap_or_default()
}

/// How similar two names are, from 0 to 1; a common beginning counts more.
pub(crate) fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

/// Longer keys are not compared, in characters.
const LONGEST: usize = 200;

/// The most similar path among those that are read; `None` if none is similar.
pub(crate) fn nearest_path<'p>(wanted: &[Key], known: impl Iterator<Item = &'p ValuesPath>) -> Option<&'p ValuesPath> {
    let rated = known.filter_map(|path| Some((distance(wanted, path)?, path)));
    rated.min().map(|(_, path)| path)
}

/// The distance of two paths; `None` if they are not similar.
fn distance(wanted: &[Key], known: &[Key]) -> Option<(usize, usize)> {
    if wanted == known {
        return None;
    }
    let lower = |path: &[Key]| path.iter().map(lower).collect::<Vec<_>>();
    let (wanted, known) = (lower(wanted), lower(known));
    // A typo: one key is misspelled.
    if wanted.len() == known.len() {
        let different: Vec<_> = wanted.iter().zip(&known).filter(|(a, b)| a != b).collect();
        return match different.as_slice() {
            [] => Some((0, 0)),
            [(Key::Name(a), Key::Name(b))] => {
                let (first, second) = (a.chars().count(), b.chars().count());
                let longest = first.max(second);
                // If one is much longer, or longer than anybody types, there is no comparison.
                if first.abs_diff(second) * 3 > longest || longest > LONGEST {
                    return None;
                }
                let edits = strsim::damerau_levenshtein(a, b);
                (edits * 3 <= longest).then_some((0, edits))
            }
            _ => None,
        };
    }
    // A moved key: the same keys in the same order, with others between or around them.
    let (short, long) = if wanted.len() < known.len() { (&wanted, &known) } else { (&known, &wanted) };
    let mut rest = long.iter();
    let is_inside = short.iter().all(|step| rest.any(|other| other == step));
    (is_inside && short.len() > 1 && short.last() == long.last()).then_some((1, long.len() - short.len()))
}

fn lower(key: &Key) -> Key {
    key.name().map_or_else(|| key.clone(), |name| name.to_lowercase().into())
}

/// Existing paths with names similar to a missing one, the nearest first.
pub(crate) fn similar_paths(wanted: &ValuesPath, known: Vec<ValuesPath>) -> Vec<ValuesPath> {
    const MOST: usize = 3;
    const LIKENESS: f64 = 0.7;
    let asked = wanted.to_string();
    let last = |path: &ValuesPath| path.last().and_then(Key::name).unwrap_or_default().to_owned();
    let end_asked = last(wanted);
    let score = |path: &ValuesPath| {
        let whole = strsim::normalized_damerau_levenshtein(&path.to_string(), &asked);
        let end = strsim::normalized_damerau_levenshtein(&last(path), &end_asked);
        // A key that moved keeps its name; a misspelled key keeps its parent.
        whole.max(0.5 * whole + 0.5 * end)
    };
    let mut scored: Vec<(f64, ValuesPath)> = known.into_iter().map(|path| (score(&path), path)).collect();
    scored.retain(|(score, _)| *score >= LIKENESS);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(MOST).map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ValuesPath {
        text.parse().unwrap()
    }

    #[test]
    fn typos_and_moved_keys_are_near() {
        let known: Vec<ValuesPath> =
            ["image.registry", "image.tag", "controller.image.tag", "web.hosts[0].name", "db.user"]
                .into_iter()
                .map(path)
                .collect();
        for (wanted, expected) in [
            ("image.registy", "image.registry"),
            ("imgae.tag", "image.tag"),
            ("image.Tag", "image.tag"),
            ("web.image.registry", "image.registry"),
            ("web.hosts[0].nmae", "web.hosts[0].name"),
            ("db.password", ""),
            ("tag", ""),
        ] {
            let found = nearest_path(&path(wanted), known.iter()).map(|path| path.to_string()).unwrap_or_default();
            assert_eq!(found, expected, "{wanted}");
        }
    }
}
