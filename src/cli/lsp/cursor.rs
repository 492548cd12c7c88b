//! What is under the cursor: a key of a values file, a value that a template reads.

use crate::limits::Limits;
use crate::reads::GLOBAL;
use crate::values_path::{Key, ValuesPath};
use crate::yaml::{self, Data, Node};
use std::ops::Range;

/// The path of the key or value at a byte of a values file, and its bytes.
pub(super) fn key_at(text: &[u8], at: usize, limits: &Limits) -> Option<(ValuesPath, Range<usize>)> {
    let node = yaml::read(text, limits).ok()?;
    let mut path = ValuesPath::default();
    let range = below(&node, at as u32, &mut path)?;
    Some((path, range.start as usize..range.end as usize))
}

fn below(node: &Node, at: u32, path: &mut ValuesPath) -> Option<Range<u32>> {
    let holds = |start: u32, end: u32| start <= at && at <= end;
    match &node.data {
        Data::Map(entries) => {
            for (entry, _) in entries {
                if holds(entry.start, entry.end) {
                    path.push(&*entry.key.to_text());
                    return Some(entry.start..entry.end);
                }
            }
            let (entry, value) = entries.iter().find(|(_, value)| holds(value.start, value.end))?;
            path.push(&*entry.key.to_text());
            below(value, at, path)
        }
        Data::Seq(items) => {
            let (index, item) = items.iter().enumerate().find(|(_, item)| holds(item.start, item.end))?;
            path.push(Key::Index(index as u32));
            below(item, at, path)
        }
        _ => Some(node.start..node.end),
    }
}

/// The value of the release that a template reads at a byte, `.Values.image.tag`, as the chart with this full path writes it; up to
/// the name under the cursor.
pub(super) fn read_at(text: &[u8], at: usize, chart: &str) -> Option<(ValuesPath, Range<usize>)> {
    const MARK: &str = "Values";
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_part = |byte: &u8| is_name(byte) || *byte == b'.';
    let (before, after) = text.split_at_checked(at)?;
    let start = at - before.iter().rev().take_while(|byte| is_part(byte)).count();
    let end = at + after.iter().take_while(|byte| is_name(byte)).count();
    let chain = std::str::from_utf8(text.get(start..end)?).ok()?;
    let names = chain.trim_end_matches('.').strip_prefix('.')?.strip_prefix(MARK)?;
    let path = ValuesPath::of_dots(names.strip_prefix('.').filter(|names| !names.is_empty())?);
    let path = if path.first().is_some_and(|key| key.is(GLOBAL)) { path } else { path.of_user(chart) };
    Some((path, start..end))
}

#[cfg(test)]
mod tests {
    use super::{key_at, read_at};
    use crate::limits::Limits;

    #[test]
    fn a_key_and_its_value_have_one_path() {
        let text = "a:\n  b: x\n  l:\n    - {k: 1}\n    - y\n# c\n";
        let path = |part: &str| {
            let at = text.find(part).expect("it is there");
            let found = key_at(text.as_bytes(), at, &Limits::default());
            found.map(|(path, range)| format!("{path} {:?}", &text[range]))
        };
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(path("b: x"), told("a.b \"b\""));
        assert_eq!(path("x"), told("a.b \"x\""));
        assert_eq!(path("1}"), told("a.l[0].k \"1\""));
        assert_eq!(path("y\n"), told("a.l[1] \"y\""));
        assert_eq!(path("# c"), None);
        assert_eq!(key_at(b"a: [", 0, &Limits::default()), None);
    }

    #[test]
    fn a_template_names_values_from_its_chart() {
        let text = "x: {{ .Values.image.tag }} {{ $.Values.global.a }} {{ .Release.Name }} .Values.";
        let path = |part: &str, chart: &str| {
            let at = text.find(part).expect("it is there") + 1;
            read_at(text.as_bytes(), at, chart).map(|(path, _)| path.to_string())
        };
        assert_eq!(path("tag", "shop").as_deref(), Some("image.tag"));
        assert_eq!(path("image", "shop/charts/db").as_deref(), Some("db.image"));
        assert_eq!(path("a }}", "shop/charts/db").as_deref(), Some("global.a"));
        for other in ["Release", "Values", "x:"] {
            assert_eq!(path(other, "shop"), None, "{other}");
        }
        assert_eq!(read_at(text.as_bytes(), text.len(), "shop"), None);
    }
}
