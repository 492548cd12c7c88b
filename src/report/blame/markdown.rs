//! Who decides a value, and what it feeds, in Markdown: for an editor, beside the text that it is about.

use super::{shown, who};
use crate::blame::fed::parts;
use crate::blame::value::Trail;
use crate::images::ImageUse;
use crate::provenance::{Decider, DeciderKind};
use crate::report::plain_line;
use crate::secrets::Secrets;
use crate::source::Place;
use crate::trace::{Layer, Origins};

/// The images, members of maps and places that are written; others are counted.
const MOST: usize = 8;

/// Where the reader is: whether a place is the one that is asked about.
pub(crate) type IsHere<'h> = dyn Fn(&Place) -> bool + 'h;

/// The trail of a value, and the images that it feeds.
pub(crate) fn of_trail(trail: &Trail, fed: &[&ImageUse], is_here: &IsHere<'_>) -> String {
    let masked = trail.is_secret;
    let path = code(&trail.path.to_string());
    let mut lines = vec![match &trail.value {
        Some(value) => format!("{path} is {}", code(&shown(value, masked))),
        None => format!("{path} is not set"),
    }];
    if let Some((winner, others)) = trail.settings.split_first() {
        let verb = if trail.value.is_some() { "decided" } else { "named" };
        lines.push(format!("- {verb} {}", decider(winner, is_here)));
        lines.extend(others.iter().map(|other| format!("- hides {}", hidden(other, is_here))));
    }
    let leaf = |leaf: &crate::blame::value::Leaf| {
        let value = code(&shown(&leaf.value, leaf.is_secret));
        format!("- {} is {value}, decided {}", code(&leaf.path.to_string()), decider(&leaf.decider, is_here))
    };
    lines.extend(listed(trail.leaves.iter().map(leaf)));
    lines.extend(listed(fed.iter().map(|image| format!("- feeds {}", used(image, &trail.secrets)))));
    lines.extend(listed(trail.reads.iter().map(|place| format!("- read at {}", code(&place.to_string())))));
    lines.join("\n")
}

/// An image, and who decided its parts.
pub(crate) fn of_image(image: &ImageUse, origins: &Origins, secrets: &Secrets, is_here: &IsHere<'_>) -> String {
    let mut lines = vec![used(image, secrets)];
    for (parts, by) in parts(image, origins) {
        let parts: Vec<&str> = parts.into_iter().map(crate::images::ReferencePart::name).collect();
        if let Some(main) = by.first() {
            let path = if main.path.is_empty() { String::new() } else { format!(", {}", code(&main.path.to_string())) };
            lines.push(format!("- {} decided {}{path}", parts.join(" and "), decider(main, is_here)));
        }
    }
    lines.join("\n")
}

/// An image with its object and container.
fn used(image: &ImageUse, secrets: &Secrets) -> String {
    let code = |text: &str| code(&secrets.hide_in(text, false));
    let container = image.container.as_deref().filter(|name| !name.is_empty());
    let container = container.map(|name| format!(", container {}", code(name))).unwrap_or_default();
    format!("{} in {}{container}", code(image.text.as_str()), code(&image.object.to_string()))
}

/// Where a decider is, after a verb: `here`, ``at `values/prod.yaml:3` ``, ``by the default of chart `shop` …``.
fn decider(decider: &Decider, is_here: &IsHere<'_>) -> String {
    let place = decider.place.as_ref().filter(|place| place.end > 0 || matches!(decider.source, DeciderKind::Template));
    match (&decider.source, place) {
        (DeciderKind::User(Layer::Flag(part)), _) => {
            format!("by {}", code(&format!("{} {}", part.flag, decider.path)))
        }
        (_, Some(place)) if is_here(place) => "here".to_owned(),
        (DeciderKind::User(_) | DeciderKind::Template, Some(place)) => format!("at {}", line(place)),
        (_, Some(place)) => format!("by {}, {}", named(decider), line(place)),
        (_, None) => format!("by {}", named(decider)),
    }
}

/// A setting that is hidden: ``the value at `values.yaml:3` ``, ``the default of chart `shop`, `values.yaml:2` ``.
fn hidden(other: &Decider, is_here: &IsHere<'_>) -> String {
    match (&other.source, &other.place) {
        (DeciderKind::User(Layer::Flag(part)), _) => code(&format!("{} {}", part.flag, other.path)),
        (DeciderKind::User(_), Some(place)) if is_here(place) => "the value here".to_owned(),
        (DeciderKind::User(_), Some(place)) => format!("the value at {}", line(place)),
        (_, Some(place)) if is_here(place) => format!("{} here", named(other)),
        (_, Some(place)) => format!("{}, {}", named(other), line(place)),
        (_, None) => named(other),
    }
}

/// Who decided; a name of a chart is code.
fn named(decider: &Decider) -> String {
    match &decider.source {
        DeciderKind::ChartDefault(chart) => format!("the default of chart {}", code(chart)),
        DeciderKind::Other(what) => code(what),
        _ => who(decider),
    }
}

fn line(place: &Place) -> String {
    code(&format!("{}:{}", place.file.shown(), place.line()))
}

/// The first lines, and the number of the others.
fn listed(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in lines {
        if !all.contains(&line) {
            all.push(line);
        }
    }
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    if more > 0 {
        all.push(format!("- and {more} more"));
    }
    all
}

/// Untrusted text as code.
pub(crate) fn code(text: &str) -> String {
    let text = plain_line(text);
    // A longer fence than any run of backquotes in the text.
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn text_stays_code() {
        assert_eq!(code("a_b <i>"), "`a_b <i>`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code("a\nb"), "`a\\nb`");
    }
}
