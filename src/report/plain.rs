//! Untrusted text made safe for people and logs: no terminal and no CI system obeys any of it.

use std::borrow::Cow;

/// Text without anything that a terminal would obey or reorder, and without anything invisible: control characters,
/// bidirectional marks and invisible characters become visible escapes. Tabs and line breaks stay.
///
/// Chart text is untrusted, and so are file names.
pub(crate) fn plain(text: &str) -> String {
    let is_shown = |c: char| matches!(c, '\n' | '\t') || !is_unseen(c);
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| !is_shown(*c)) {
        out.push_str(&text[from..at]);
        out.extend(c.escape_unicode());
        from = at + c.len_utf8();
    }
    out.push_str(&text[from..]);
    out
}

/// [`plain`] text on one line.
pub(crate) fn plain_line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}

/// [`plain`] text in which no line is a command to a CI system.
pub(crate) fn quiet(text: &str) -> String {
    neutral(&plain(text), escape).into_owned()
}

/// Whether a character is invisible, or changes how others are displayed: it has no width, or reverses the order.
pub(super) fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A character as a visible escape: `\u{23}`.
pub(crate) fn escape(c: char) -> String {
    c.escape_unicode().to_string()
}

/// Text in which no line is a command to a CI system: one character of each command is replaced by `escaped`.
///
/// GitHub's runner trims a line and accepts `::command::` at its beginning, and `##[command]` anywhere; Azure accepts
/// `##vso[` and TeamCity `##teamcity[` anywhere; GitLab's log folds at `section_start:`; Buildkite's at lines that begin
/// with `--- `, `+++ ` or `~~~ `. Invisible characters are skipped, because some of them compare text as displayed.
pub(crate) fn neutral(text: &str, escaped: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.split(['\n', '\r']).any(may_command) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive(['\n', '\r']) {
        let marks = if may_command(line) { marks(line) } else { Vec::new() };
        for (at, c) in line.char_indices() {
            if marks.contains(&at) {
                out.push_str(&escaped(c));
            } else {
                out.push(c);
            }
        }
    }
    Cow::Owned(out)
}

/// Whether a line needs a closer check.
pub(super) fn may_command(line: &str) -> bool {
    let twice = |wanted: u8| memchr::memchr_iter(wanted, line.as_bytes()).nth(1).is_some();
    twice(b'#')
        || line.contains("section_")
        || line.starts_with(['-', '+', '~', '^'])
        || twice(b':') && line.trim_start_matches(|c: char| c.is_whitespace() || is_unseen(c)).starts_with(':')
}

/// The byte positions of the characters that make a line a command.
pub(super) fn marks(line: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let seen: Vec<(usize, char)> = line.char_indices().filter(|(_, c)| !is_unseen(*c) || c.is_whitespace()).collect();
    let first = seen.iter().position(|(_, c)| !c.is_whitespace()).unwrap_or(seen.len());
    // Three of them are not followed by the name of a command; a report marks sources so.
    if let [(_, ':'), (at, ':'), rest @ ..] = &seen[first..]
        && rest.first().is_none_or(|(_, c)| *c != ':')
    {
        found.push(*at);
    }
    for (index, pair) in seen.windows(2).enumerate() {
        if pair[0].1 != '#' || pair[1].1 != '#' {
            continue;
        }
        let mut rest = seen[index + 2..].iter().map(|(_, c)| *c).skip_while(|c| *c == '#');
        if rest.find(|c| !c.is_ascii_alphabetic()) == Some('[') {
            found.push(pair[1].0);
        }
    }
    for name in ["section_start:", "section_end:"] {
        found.extend(line.match_indices(name).map(|(at, _)| at + "section".len()));
    }
    let folds = ["--- ", "+++ ", "~~~ ", "^^^ "];
    found.extend(folds.iter().any(|fold| line.starts_with(fold)).then_some(0));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_shown() {
        assert_eq!(plain("a\tb\nc ä 鏡 ✓"), "a\tb\nc ä 鏡 ✓");
        for hidden in
            ['\u{1b}', '\r', '\u{9b}', '\u{61C}', '\u{AD}', '\u{200B}', '\u{202E}', '\u{2060}', '\u{FEFF}', '\u{E0041}']
        {
            assert_eq!(plain(&format!("a{hidden}b")), format!("a{}b", hidden.escape_unicode()));
        }
    }

    #[test]
    fn no_line_is_a_command() {
        for (text, neutral) in [
            ("::error::x", ":\\u{3a}error::x"),
            ("a\n \t::stop-commands::t", "a\n \t:\\u{3a}stop-commands::t"),
            ("\u{3000}::x::", "\\u{3000}:\\u{3a}x::"),
            ("a ##[set-env name=a]b", "a #\\u{23}[set-env name=a]b"),
            ("a ##vso[task.x]b ##teamcity[y]", "a #\\u{23}vso[task.x]b #\\u{23}teamcity[y]"),
            ("###[x]", "#\\u{23}\\u{23}[x]"),
            ("section_start:1:a\r", "section\\u{5f}start:1:a\\u{d}"),
            ("--- a", "\\u{2d}-- a"),
        ] {
            assert_eq!(quiet(text).replace('\u{3000}', "\\u{3000}"), neutral);
        }
        for text in ["a::b", "## a", "#[x]", "---", "a: ::b", "image: quay.io/a:1", " ::: a.yaml:1:1"] {
            assert_eq!(quiet(text), text);
        }
        // An invisible character does not separate a command from the line's beginning.
        assert_eq!(neutral("\u{feff} :\u{200b}:x::", escape), "\u{feff} :\u{200b}\\u{3a}x::");
        assert_eq!(neutral("#\u{1b}#\u{ad}[x]", escape), "#\u{1b}\\u{23}\u{ad}[x]");
    }
}
