//! [`linked`]: the places of a rendered text as links, for terminals that follow them.

use crate::report::plain_line;
use crate::source::Place;
use std::collections::BTreeSet;
use std::path::Path;
use url::Url;

/// A text in which the places in files of the disk are links to the files, as OSC 8 has them:
/// <https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>. `folder` is what their paths are relative to.
pub(super) fn linked<'p>(mut text: String, folder: &Path, places: impl Iterator<Item = &'p Place>) -> String {
    let mut seen = BTreeSet::new();
    for place in places {
        let Some(path) = place.file.path() else { continue };
        let (line, column) = place.line_column();
        let shown = format!("{}:{line}:{column}", plain_line(place.file.shown()));
        if !seen.insert(shown.clone()) {
            continue;
        }
        let Ok(url) = Url::from_file_path(folder.join(path)) else { continue };
        let link = format!("\u{1b}]8;;{url}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\");
        let mut from = 0;
        while let Some(at) = text[from..].find(&shown).map(|at| from + at) {
            let rest = &text[at + shown.len()..];
            let is_whole = !rest.starts_with(|c: char| c.is_ascii_digit())
                && text[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == 'm');
            let length = if is_whole { link.len() } else { shown.len() };
            if is_whole {
                text.replace_range(at..at + shown.len(), &link);
            }
            from = at + length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::linked;
    use crate::source::{File, Place};
    use std::path::Path;

    #[test]
    fn places_are_links_where_they_are_whole() {
        let file = File::on_disk("values/a b.yaml".to_owned(), Some("values/a b.yaml".to_owned()), b"a: 1\n".to_vec());
        let other = File::new("chart.tgz", "a: 1\n");
        let places = [file, other].map(|file| Place { file, start: 0, end: 1 });
        let text =
            " --> values/a b.yaml:1:1\n --> values/a b.yaml:1:12\n --> x/values/a b.yaml:1:1\n --> chart.tgz:1:1\n";
        let linked = linked(text.to_owned(), Path::new("/repo"), places.iter());
        let link = "\u{1b}]8;;file:///repo/values/a%20b.yaml\u{1b}\\values/a b.yaml:1:1\u{1b}]8;;\u{1b}\\";
        assert_eq!(linked, text.replacen("values/a b.yaml:1:1", link, 1));
    }
}
