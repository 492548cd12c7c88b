//! The output of `airtight blame`: the decider of each line, and the trail of a value; one file for each format.

pub(crate) mod json;
#[cfg(feature = "lsp")]
pub(crate) mod markdown;
pub(crate) mod text;

use crate::blame::Decided;
use crate::blame::value::ShownValue;
use crate::provenance::DeciderKind;
use crate::provenance::{Decider, layer_name};
use crate::secrets::MASK;
use crate::source::Place;
use crate::trace::Layer;

/// The kind of a decider, in one word.
fn kind(decider: &Decider) -> &'static str {
    match &decider.source {
        DeciderKind::User(Layer::Flag(_)) => "flag",
        DeciderKind::User(_) => "values",
        DeciderKind::Tool => "mirror",
        DeciderKind::ChartDefault(_) => "default",
        DeciderKind::Template => "template",
        DeciderKind::Other(_) if decider.place.is_some() => "chart",
        DeciderKind::Other(_) => "fact",
        DeciderKind::Unknown => "",
    }
}

/// The decider, for messages.
fn who(decider: &Decider) -> String {
    match &decider.source {
        // The argument of a flag may contain a secret.
        DeciderKind::User(Layer::Flag(part)) => format!("{} {}", part.flag, decider.path),
        DeciderKind::User(_) => "a value".to_owned(),
        DeciderKind::Tool => "the global rewrite".to_owned(),
        DeciderKind::ChartDefault(chart) => format!("the default of chart {chart}"),
        DeciderKind::Template => "template text".to_owned(),
        DeciderKind::Other(what) => what.clone(),
        DeciderKind::Unknown => "unknown".to_owned(),
    }
}

/// Deciders of an image that print nothing of it, a line for each: `decided by global.useMirror, without which it is
/// mirror.internal/acme/api:1`.
fn words(decided: &Decided) -> Vec<String> {
    let otherwise = decided.otherwise.as_ref().map(|one| {
        let with = one.with.as_ref().map(|(key, value)| format!("with {key}={value}"));
        let with = with.map(|with| if one.is_without { format!(", and {with},") } else { format!("; {with}") });
        let without = match (one.is_without, decided.by.len()) {
            (false, _) => "",
            (true, 1) => ", without which",
            (true, _) => "; without these",
        };
        format!("{without}{} it is {}", with.unwrap_or_default(), one.reference)
    });
    let otherwise = otherwise.unwrap_or_default();
    let paths: Vec<String> = decided.by.iter().map(|decider| decider.path.to_string()).collect();
    let Some((last, others)) = paths.split_last() else { return vec![format!("the rewrite is not set{otherwise}")] };
    let mut lines: Vec<String> = others.iter().map(|path| format!("decided by {path}")).collect();
    lines.push(format!("decided by {last}{otherwise}"));
    let more = lines.iter_mut().skip(1);
    more.for_each(|line| *line = format!("and {}", line.trim_start_matches("decided ")));
    lines
}

/// A setting that was hidden, for messages; without the argument of a flag, which may contain a secret.
fn hidden((layer, place): &(Layer, Place)) -> String {
    match layer {
        Layer::Flag(part) => part.flag.to_owned(),
        layer => format!("{} at {place}", layer_name(layer)),
    }
}

/// A short location: `values/prod.yaml:8`, `--set image.tag`, `Release.Name`.
fn place(decider: &Decider) -> String {
    match (&decider.source, &decider.place) {
        (DeciderKind::User(Layer::Flag(part)), _) => format!("{} {}", part.flag, decider.path),
        (DeciderKind::Tool, _) => "--mirror".to_owned(),
        // A field of the file; which one is not known.
        (DeciderKind::Other(what), Some(place)) if place.end == 0 => what.clone(),
        (_, Some(place)) => format!("{}:{}", place.file.name(), place.line_column().0),
        (DeciderKind::Other(what), None) => what.clone(),
        (_, None) => String::new(),
    }
}

/// A value on one line.
fn shown(value: &ShownValue, masked: bool) -> String {
    match value {
        ShownValue::Text(text) if masked && !text.is_empty() => MASK.to_owned(),
        ShownValue::Text(text) => format!("{text:?}"),
        ShownValue::Plain(text) if masked && !matches!(text.as_str(), "true" | "false") => MASK.to_owned(),
        ShownValue::Plain(text) => text.clone(),
        ShownValue::Null => "null".to_owned(),
        ShownValue::Tree(kind, 0) => format!("an empty {kind}"),
        ShownValue::Tree(kind, members) => format!("a {kind} of {members}"),
    }
}
