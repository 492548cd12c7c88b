//! YAML: both ways to read it, and reading what was written.

use super::same::{holds_same, stands_in};
use super::{is_bound, limits};
use crate::funcs::yaml::yaml_text;
use crate::helm::HelmVersion;
use crate::template::tree::Untraced;
use crate::template::{Context, Env, Value};
use crate::yaml::{self, Data, Node};

pub(super) fn check(data: &[u8]) {
    let limits = limits();
    let short = yaml::read(data, &limits);
    let long = yaml::read::read_the_long_way(data, &limits);
    assert_eq!(short, long, "the short way reads something else than the long way");
    // These are for positions and editors, and accept any text.
    for range in yaml::comments(data, &limits) {
        assert!(range.start <= range.end && range.end <= data.len(), "a comment stands outside: {range:?}");
    }
    let _ = yaml::duplicates(data, &limits);
    let _ = yaml::repeated_key(data, &limits);
    let _ = yaml::written(data, HelmVersion::V4, &limits);
    let _ = yaml::read_documents(data, HelmVersion::V4, &limits);
    let _ = yaml::read_documents(data, HelmVersion::V3, &limits);
    if let Ok(whole) = yaml::read_whole(data, &limits) {
        assert_eq!(Ok(whole), short, "a text of one document reads otherwise as the first of several");
    }
    let Ok(node) = short else { return };
    // Positions in another encoding are those of the text as UTF-8.
    if !is_utf16(data) {
        stands_in(&node, data.len());
    }
    comes_back(&node);
}

fn is_utf16(data: &[u8]) -> bool {
    data.starts_with(b"\xff\xfe") || data.starts_with(b"\xfe\xff")
}

/// Whether one of some characters is in a text, or in a key.
fn holds(node: &Node, wanted: &[char]) -> bool {
    match &node.data {
        Data::Str(text) => text.to_text().contains(wanted),
        Data::Seq(elements) => elements.iter().any(|element| holds(element, wanted)),
        Data::Map(entries) => {
            entries.iter().any(|(entry, value)| entry.key.to_text().contains(wanted) || holds(value, wanted))
        }
        _ => false,
    }
}

/// The output of `toYaml` is read as the value that it was written from.
fn comes_back(node: &Node) {
    // Helm quirk: these are written as spaces, or folded.
    if holds(node, &['\u{85}', '\u{2028}', '\u{2029}']) {
        return;
    }
    let limits = limits();
    let mut env = Env::seeded(1);
    let value = Value::from_node(node, &mut Untraced);
    let mut ctx = Context::new(&mut env, &limits, None);
    let Ok(text) = yaml_text(&mut ctx, &value) else { return };
    // It is empty if the value cannot be written.
    if text.is_empty() {
        return;
    }
    // Helm quirk: the last line break is cut off, even if it belongs to a text.
    let whole = [text.as_bytes(), b"\n"].concat();
    let read = match yaml::read(&whole, &limits) {
        Ok(read) => read,
        Err(error) if is_bound(&error.to_string()) => return,
        Err(error) => panic!("{error}: what toYaml wrote is no YAML:\n{text}"),
    };
    assert!(holds_same(node, &read), "{node:?}\nis written as\n{text}\nand read as\n{read:?}");
}
