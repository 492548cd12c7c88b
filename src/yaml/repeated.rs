//! Duplicate keys in one map, of which go-yaml silently uses the last.

use super::Error;
use super::parse::{Content, Id, Tree, parse};
use super::scan::Scanner;
use super::text::Text;
use crate::limits::Limits;

/// The byte and the text of the first duplicate key in the first document; `None` if there is none.
///
/// For the tool's own files, where a duplicate would be lost silently.
pub(crate) fn repeated_key(text: &[u8], limits: &Limits) -> Result<Option<(u32, String)>, Error> {
    let text = Text::new(text);
    let Some((tree, root)) = parse(Scanner::new(&text, limits))? else { return Ok(None) };
    Ok(repeated(&tree, root))
}

fn repeated(tree: &Tree<'_>, id: Id) -> Option<(u32, String)> {
    let children = |first: Option<Id>| std::iter::successors(first, |&id| tree.get(id).next);
    match &tree.get(id).content {
        Content::Scalar { .. } | Content::Alias { .. } => None,
        Content::Seq(first) => children(*first).find_map(|id| repeated(tree, id)),
        Content::Map(first) => {
            let mut seen = std::collections::BTreeSet::new();
            for (index, id) in children(*first).enumerate() {
                if index % 2 == 1 {
                    if let Some(found) = repeated(tree, id) {
                        return Some(found);
                    }
                } else if let Content::Scalar { text, .. } = &tree.get(id).content
                    && text.as_ref() != b"<<"
                    && !seen.insert(text.as_ref())
                {
                    return Some((tree.get(id).start, String::from_utf8_lossy(text).into_owned()));
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_twice_is_found() {
        let find = |text: &str| repeated_key(text.as_bytes(), &Limits::default()).expect("it is YAML");
        assert_eq!(find("a: 1\nb: {c: 1}\nd:\n  - c: 1\n  - c: 2\n"), None);
        assert_eq!(find("a: 1\nd:\n  - c: 1\n    e: 2\n    c: 2\n"), Some((30, "c".to_owned())));
        assert_eq!(find(""), None);
    }
}
