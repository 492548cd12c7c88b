//! Values paths in their text form.

use crate::trace::Key;
pub(crate) use crate::trace::path_text;

/// The keys of a path as [`path_text`] writes it. A number in brackets is an index; other text in brackets is part of the name.
pub(crate) fn path_keys(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    for part in parts(text) {
        let (name, indexes) = indexed(&part);
        if !name.is_empty() || indexes.is_empty() {
            keys.push(Key::Name(name.replace("\\.", ".").into()));
        }
        keys.extend(indexes.into_iter().map(Key::Index));
    }
    keys
}

/// The parts between unescaped dots.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'.') => {
                chars.next();
                parts.last_mut().into_iter().for_each(|part| part.push_str("\\."));
            }
            '.' => parts.push(String::new()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts
}

/// The indexes at the end of a part.
fn indexed(part: &str) -> (&str, Vec<u32>) {
    let (mut name, mut indexes) = (part, Vec::new());
    while let Some((before, index)) = name.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        let Ok(index) = index.parse() else { break };
        indexes.insert(0, index);
        name = before;
    }
    (name, indexes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for text in ["a", "a.b", "a[0].b[1][2]", r"a\.b.c", "a[x]"] {
            assert_eq!(path_text(&path_keys(text)), text);
        }
        assert_eq!(path_keys(r"a\.b[1]"), [Key::Name("a.b".into()), Key::Index(1)]);
    }
}
