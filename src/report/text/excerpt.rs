//! A line of a source with its span marked.

use super::Style;
use super::links::linked;
use crate::finding::Excerpt;
use crate::report::plain_line;
use crate::source::Place;
use annotate_snippets::{AnnotationKind, Snippet};

/// Corrects the columns in rendered text to those in the files, because masking changes lengths.
pub(crate) fn told_as_they_are<'p>(mut text: String, places: impl Iterator<Item = &'p Place>) -> String {
    for place in places {
        if place.file.lines_before_excerpt().is_none() {
            continue;
        }
        let (spot, _) = place.spots();
        let (line, column) = place.file.line_column(place.start);
        let before = place.file.line(line).unwrap_or_default();
        let shown = before.get(..column as usize).map_or(0, |before| before.chars().count()) + 1;
        if (line, shown) == (spot.line, spot.column as usize) {
            continue;
        }
        let path = plain_line(place.file.shown());
        let (wrong, right) = (format!("{path}:{line}:{shown}"), format!("{path}:{line}:{}", spot.column));
        let is_whole = |at: &usize| !text[at + wrong.len()..].starts_with(|c: char| c.is_ascii_digit());
        if let Some(at) = text.match_indices(&wrong).map(|(at, _)| at).find(is_whole) {
            text.replace_range(at..at + wrong.len(), &right);
        }
    }
    text
}

/// A rendered text with its places as they are in the files, and as links if the style has them.
pub(super) fn with_places(text: String, excerpts: &[Excerpt], style: Style<'_>) -> String {
    let places = || excerpts.iter().map(|excerpt| &excerpt.place);
    let text = told_as_they_are(text, places());
    match style.links {
        Some(folder) => linked(text, folder, places()),
        None => text,
    }
}

/// One line of a source with its span marked.
pub(crate) fn snippet(excerpt: &Excerpt, primary: bool) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
    let place = &excerpt.place;
    let (line, column) = place.file.line_column(place.start);
    let raw = place.file.line(line).unwrap_or_default();
    let text = plain_line(&raw);
    let span = if text == raw {
        let blank = text.len() - text.trim_start().len();
        let start = floor(&text, (column as usize).max(blank));
        let width = (place.end - place.start) as usize;
        let end = if width == 0 { text.trim_end().len() } else { (start + width).min(text.trim_end().len()) };
        start..floor(&text, end.max(start))
    } else {
        // Escapes moved the columns: mark the whole line.
        0..text.len()
    };
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    Snippet::source(text)
        .path(plain_line(place.file.shown()))
        .line_start(line as usize)
        .annotation(kind.span(span).label(plain_line(&excerpt.label)))
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
