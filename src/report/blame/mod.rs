//! The output of `airtight blame`: the decider of each line, and the trail of a value; one file for each format.

pub(crate) mod json;
pub(crate) mod text;

use crate::blame::Decided;
use crate::blame::value::Shown;
use crate::provenance::Source;
use crate::provenance::{Decider, layer_name};
use crate::secrets::MASK;
use crate::source::Place;
use crate::trace::Layer;

/// The kind of a decider, in one word.
fn kind(decider: &Decider) -> &'static str {
    match &decider.source {
        Source::User(Layer::Flag(_)) => "flag",
        Source::User(_) => "values",
        Source::Tool => "mirror",
        Source::ChartDefault(_) => "default",
        Source::Template => "template",
        Source::Other(_) if decider.place.is_some() => "chart",
        Source::Other(_) => "fact",
        Source::Unknown => "",
    }
}

/// The decider, for messages.
fn who(decider: &Decider) -> String {
    match &decider.source {
        // The argument of a flag may contain a secret.
        Source::User(Layer::Flag(part)) => format!("{} {}", part.flag, decider.path),
        Source::User(_) => "a value".to_owned(),
        Source::Tool => "the global rewrite".to_owned(),
        Source::ChartDefault(chart) => format!("the default of chart {chart}"),
        Source::Template => "template text".to_owned(),
        Source::Other(what) => what.clone(),
        Source::Unknown => "unknown".to_owned(),
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
        (Source::User(Layer::Flag(part)), _) => format!("{} {}", part.flag, decider.path),
        (Source::Tool, _) => "--mirror".to_owned(),
        // A field of the file; which one is not known.
        (Source::Other(what), Some(place)) if place.end == 0 => what.clone(),
        (_, Some(place)) => format!("{}:{}", place.file.name(), place.line_column().0),
        (Source::Other(what), None) => what.clone(),
        (_, None) => String::new(),
    }
}

/// A value on one line.
fn shown(value: &Shown, masked: bool) -> String {
    match value {
        Shown::Text(text) if masked && !text.is_empty() => MASK.to_owned(),
        Shown::Text(text) => format!("{text:?}"),
        Shown::Plain(text) if masked && !matches!(text.as_str(), "true" | "false") => MASK.to_owned(),
        Shown::Plain(text) => text.clone(),
        Shown::Null => "null".to_owned(),
        Shown::Tree(kind, 0) => format!("an empty {kind}"),
        Shown::Tree(kind, members) => format!("a {kind} of {members}"),
    }
}
