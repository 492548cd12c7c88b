//! The empty or missing values that an action of a template reads.

use super::{GLOBAL, ValueReads};
use crate::chart::Chart;
use crate::source::{File, Place};
use crate::template::{Map, Value};
use crate::values_path::{Key, ValuesPath};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A value that was read but is empty or missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unset {
    /// Its path.
    pub path: ValuesPath,
    /// Whether it is an empty string, rather than missing or null.
    pub is_empty: bool,
}

/// The values that the template text at a location reads, directly or in included templates, and that are missing, null or
/// empty, in order. `chart` is the full path of the template's chart.
pub(crate) fn unset(place: &Place, chart: &str, top: &Arc<Chart>, values: &Map, reads: &ValueReads) -> Vec<Unset> {
    let text = text_of(&place.file, place.start..place.end);
    let mut regions = vec![(place.file.clone(), place.start..place.end)];
    included(&text).into_iter().for_each(|name| defined(top, &name, &mut regions));
    // Only the first read is recorded, which need not be at this location.
    let written = written(&text).into_iter().map(|path| of_user(chart, path));
    let looked = reads.paths_in(chart).filter(|path| {
        let first = reads.read_in(chart, path);
        first.is_some_and(|first| {
            regions.iter().any(|(file, range)| Arc::ptr_eq(file, &first.file) && range.contains(&first.start))
        })
    });
    let paths: BTreeSet<Unset> =
        written.chain(looked.cloned()).filter_map(|path| holds_nothing(values, path)).collect();
    // The members of a missing map are missing as well.
    let is_outermost = |one: &&Unset| {
        !paths.iter().any(|other| one.path.len() > other.path.len() && one.path.starts_with(&other.path))
    };
    paths.iter().filter(is_outermost).cloned().collect()
}

/// The value at a path, if it is missing or empty; paths through a list are not checked.
fn holds_nothing(values: &Map, path: ValuesPath) -> Option<Unset> {
    let mut map = values.clone();
    for (at, step) in path.iter().enumerate() {
        let Key::Name(step) = step else { return None };
        let is_last = at + 1 == path.len();
        match map.get(step.as_bytes()) {
            None => return Some(Unset { path, is_empty: false }),
            Some(Value::Map(inner)) => map = inner,
            Some(Value::Str(text)) if is_last && text.is_empty() => return Some(Unset { path, is_empty: true }),
            // A string or a number has no members.
            Some(value) => return (value.is_nil() || !is_last).then_some(Unset { path, is_empty: false }),
        }
    }
    None
}

/// The literal paths in a template's text: `.Values.image.tag`.
fn written(text: &str) -> Vec<ValuesPath> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let rest = |(at, start): (usize, &str)| {
        let chain = &text[at + start.len()..];
        let end = chain.find(|c: char| !is_word(c) && c != '.').unwrap_or(chain.len());
        chain[..end].trim_end_matches('.')
    };
    text.match_indices(".Values.").map(rest).filter(|chain| !chain.is_empty()).map(ValuesPath::of_dots).collect()
}

/// The path of a chart's value from the top chart.
fn of_user(chart: &str, path: ValuesPath) -> ValuesPath {
    if path.first().is_some_and(|first| first.is(GLOBAL)) { path } else { path.of_user(chart) }
}

/// The names of the templates that a text includes.
fn included(text: &str) -> Vec<String> {
    let names = ["include \"", "template \""]
        .iter()
        .flat_map(|word| text.match_indices(word).filter_map(|(at, word)| text[at + word.len()..].split('"').next()));
    names.map(str::to_owned).collect()
}

/// Adds the definitions of a named template: up to the next definition in its file.
fn defined(chart: &Chart, name: &str, regions: &mut Vec<(Arc<File>, Range<u32>)>) {
    let head = format!("define \"{name}\"");
    for template in &chart.templates {
        let text = text_of(&template.file, 0..template.file.bytes().len() as u32);
        if let Some(start) = text.find(&head) {
            let end = text[start + head.len()..].find("define \"").map_or(text.len(), |next| start + head.len() + next);
            regions.push((template.file.clone(), start as u32..end as u32));
        }
    }
    chart.subcharts.iter().for_each(|child| defined(child, name, regions));
}

/// The text of a part of a file; empty if it is not UTF-8.
fn text_of(file: &File, range: Range<u32>) -> String {
    let bytes = file.bytes().get(range.start as usize..range.end as usize).unwrap_or_default();
    std::str::from_utf8(bytes).unwrap_or_default().to_owned()
}
