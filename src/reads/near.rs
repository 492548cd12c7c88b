//! The value that the user probably meant with a path that nothing reads.

use crate::values_path::{Key, ValuesPath};

/// Longer keys are not compared, in characters.
const LONGEST: usize = 200;

/// The most similar path among those that are read; `None` if none is similar.
pub(crate) fn nearest<'p>(wanted: &[Key], known: impl Iterator<Item = &'p ValuesPath>) -> Option<&'p ValuesPath> {
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
            let found = nearest(&path(wanted), known.iter()).map(|path| path.to_string()).unwrap_or_default();
            assert_eq!(found, expected, "{wanted}");
        }
    }
}
