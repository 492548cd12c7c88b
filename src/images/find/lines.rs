//! Finds references in text that is not a document: shell, TOML, `key=value` lines, templates.

use super::hints::Hints;
use super::judge::is_database;
use super::judge::is_prefix;
use super::registries::is_registry;
use crate::images::find::appearance::{Naming, is_named, is_unmistakable, naming};
use crate::reference::open::{OpenReference, variable};
use std::ops::Range;

/// A reference in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its byte range.
    pub range: Range<usize>,
    /// The name that says it is an image, as written: `--solver-image`.
    pub name: Option<String>,
}

/// The references of a text. `name` is the name of the whole text; with it, every item of a list is named.
///
/// A word is a reference if it is unmistakable, or if the text before it names an image: `image: x`, `image = "x"`,
/// `IMAGE=x`, `--image=x`, `--image x`, `"image":"x"`, `<image>x</image>`. Lines that begin with a comment are left out.
pub(super) fn lines(text: &str, name: Option<&str>, hints: Hints<'_>) -> Vec<Line> {
    let mut found = Vec::new();
    let named = name.filter(|name| naming(name) != Naming::Other || is_database(name));
    let is_template = text.contains("{{");
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !is_comment(line) {
            read_line(line, start, named, is_template, hints, &mut found);
            elements(line, start, hints, &mut found);
        }
        start += line.len();
    }
    found
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') || line.starts_with("//") || line.starts_with("{{/*") || line.starts_with("{{- /*")
}

fn read_line(
    line: &str,
    start: usize,
    named: Option<&str>,
    is_template: bool,
    hints: Hints<'_>,
    found: &mut Vec<Line>,
) {
    if !line.contains(['/', ':', '@']) && !line.contains("mage") {
        return;
    }
    // A comment at the end of a line.
    let line = &line[..line.find(" # ").unwrap_or(line.len())];
    let bytes = line.as_bytes();
    let (is_cue, ended) = (line.contains("*\""), line.trim_end());
    // The name before the word, and whether only an assignment is between them.
    let mut label: Option<&str> = None;
    let mut at = 0;
    while at < bytes.len() {
        if is_separator(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|&&byte| !is_separator(byte)).count();
        let word = &line[at..end];
        if word.contains("://") {
            if let Some((range, scheme)) = in_registry(word).filter(|_| !is_cut(bytes, at, end)) {
                let first = start + at + range.start;
                found.push(Line { range: first..first + range.len(), name: Some(scheme.to_owned()) });
            }
            label = None;
            at = end;
            continue;
        }
        // `image: *"acme/api:1" | string` and `image: string | *"acme/api:1"`: defaults in CUE.
        if label.is_some() && matches!(word, "*" | "string") && is_cue {
            at = end;
            continue;
        }
        let is_cut = is_cut(bytes, at, end);
        let mut from = 0;
        // `--flag=value`, `KEY=value`, `${KEY:-value}`; the last separator is the one before the value.
        if let Some(sign) = word.rfind('=') {
            label = Some(word[..sign].trim_end_matches([':', '+', '?']));
            from = sign + 1;
        } else if let Some(sign) = word.find(":-") {
            label = Some(&word[..sign]);
            from = sign + 2;
        }
        let value = word[from..].trim_end_matches(['.', ':', '!', '*', '\\']);
        if value.is_empty() {
            // `image:` and `image =`: the name comes before, with or without the separator.
            if from == 0 && !word.starts_with([':', '=']) {
                label = Some(word.trim_end_matches(':'));
            } else if from > 0 && label == Some("") {
                label = previous_word(line, at);
            }
            at = end;
            continue;
        }
        let naming_of = |label: Option<&str>| label.map_or(Naming::Other, naming);
        let name = match naming_of(label) {
            Naming::Other => named,
            _ => label,
        };
        let is_whole = is_template && label == Some("image") && ended.ends_with(word.trim_end_matches('\\'));
        let tagless = name.is_some() || label.is_some_and(|label| !is_prefix(label));
        if is_cut && let Some(open) = open_reference(line, at + from, hints) {
            let range = start + open.start..start + open.end;
            found.push(Line { range, name: name.filter(|name| naming(name) == Naming::Image).map(str::to_owned) });
            label = None;
            at = open.end;
            continue;
        }
        let is_reference = !is_cut
            && (is_unmistakable(value, tagless, hints)
                || naming_of(name) == Naming::Image && is_named(value, is_whole)
                || naming_of(name) == Naming::About
                    && value.contains('/')
                    && value.contains([':', '@'])
                    && is_named(value, false));
        if is_reference && !is_service(value) {
            let first = start + at + from;
            let name = name.filter(|_| !is_too_deep(value));
            found.push(Line { range: first..first + value.len(), name: name.map(str::to_owned) });
        }
        // The text before the next word: a flag, `key:`, or a bare `"key"` in quotes.
        label = match word {
            // `--images=a,b`
            _ if bytes.get(end) == Some(&b',') && label.is_some() => label,
            _ if word.ends_with(':') && from == 0 => Some(word.trim_end_matches(':')),
            _ if word.starts_with('-') && from == 0 && word.len() > 1 => Some(word),
            _ if matches!(next_sign(bytes, end), Some(b':' | b'=')) && from == 0 => Some(word),
            _ => None,
        };
        at = end;
    }
}

/// The reference in a URL of a registry: `docker://alpine`, `oci://quay.io/acme/chart`.
fn in_registry(word: &str) -> Option<(Range<usize>, &'static str)> {
    const SCHEMES: &[&str] = &["docker-image://", "docker://", "oci://"];
    SCHEMES.iter().find_map(|scheme| {
        let start = word.find(scheme)? + scheme.len();
        let value = word[start..].trim_end_matches(['.', ':', '/', '!']);
        let has_host = value.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
        let is_image = is_named(value, true) && !value.contains('$') && (*scheme != "oci://" || has_host);
        is_image.then_some((start..start + value.len(), *scheme))
    })
}

/// Whether a path is impossible on Docker Hub: it has no registry and no version, and more than two components.
fn is_too_deep(value: &str) -> bool {
    value.matches('/').count() > 1
        && !value.contains([':', '@'])
        && !value.split('/').next().unwrap_or_default().contains('.')
}

/// Types of services in audit maps: `image = service/storage/image`.
fn is_service(value: &str) -> bool {
    value.starts_with("service/") && !value.contains([':', '@'])
}

/// A reference with variables that begins at a byte of a line: only after a well-known registry and the beginning of a path,
/// `quay.io/acme/api:${TAG}`.
fn open_reference(line: &str, start: usize, hints: Hints<'_>) -> Option<Range<usize>> {
    let text = &line[start..];
    // No host is longer.
    let slash = memchr::memchr(b'/', &text.as_bytes()[..text.len().min(LONGEST)])?;
    let (host, path) = (&text[..slash], &text[slash + 1..]);
    if !is_registry(host, hints) || !path.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut end = 0;
    // No reference is longer.
    while let Some(&byte) = text.as_bytes()[..text.len().min(1024)].get(end) {
        match variable(&text[end..]) {
            Some(length) => end += length,
            None if is_separator(byte) => break,
            None => end += text[end..].chars().next().map_or(1, char::len_utf8),
        }
    }
    let end = text[..end].trim_end_matches(['.', ':', '!', '*']).len();
    OpenReference::parse(&text[..end]).map(|_| start..start + end)
}

/// The longest reference that is searched for in an element, and the longest prefix of one.
const LONGEST: usize = 4096;

/// References in XML elements: `<image>x</image>`.
fn elements(line: &str, start: usize, hints: Hints<'_>, found: &mut Vec<Line>) {
    // The last `>` so far, the last `<` so far, and the last `<` before the last `>`.
    let (mut open, mut last_begin, mut begin) = (None, None, None);
    let mut read = 0;
    for (close, _) in line.match_indices("</") {
        for (at, sign) in line[read..close].match_indices(['<', '>']) {
            match sign {
                "<" => last_begin = Some(read + at),
                _ => (open, begin) = (Some(read + at), last_begin),
            }
        }
        read = close;
        let (Some(open), Some(begin)) = (open, begin) else { continue };
        // No reference is longer.
        if close - open > LONGEST || open - begin > LONGEST {
            continue;
        }
        let name = line[begin + 1..open].split_whitespace().next().unwrap_or_default();
        let value = line[open + 1..close].trim();
        let is_element = line[close + 2..].starts_with(name) && !name.is_empty() && !value.contains(['{', '$']);
        let is_reference = match naming(name) {
            Naming::Image => is_named(value, false),
            _ => is_unmistakable(value, false, hints),
        };
        if is_element && is_reference {
            let first = start + open + 1 + line[open + 1..close].find(value).unwrap_or_default();
            found.push(Line { range: first..first + value.len(), name: Some(name.to_owned()) });
        }
    }
}

/// The word before a separator: `image` of `image = "x"`.
fn previous_word(line: &str, at: usize) -> Option<&str> {
    line[..at].rsplit(|c: char| c.is_ascii() && is_separator(c as u8)).find(|word| !word.is_empty())
}

/// The `:` or `=` that follows a word after quotes and blanks: `"image" : `, `image =`.
fn next_sign(bytes: &[u8], end: usize) -> Option<u8> {
    bytes[end..].iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'\\'))
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'`,;()[]{}<>|&\\".contains(&byte)
}

/// Whether a word is only part of the final text: `{{ .Hub }}/proxy:1`, `${HUB}/proxy:1`, `acme/{{ .Name }}`.
fn is_cut(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let after = bytes.get(end).copied();
    matches!(before, Some(b'}' | b')' | b'>'))
        || matches!(after, Some(b'{' | b'<' | b'('))
        || bytes[start..end].contains(&b'$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Mirror;

    fn found(text: &str, name: Option<&str>) -> Vec<String> {
        let mirror = Mirror::parse("mirror.internal").expect("a mirror");
        let hints = Hints { mirror: &mirror, places: &[] };
        lines(text, name, hints).into_iter().map(|line| text[line.range].to_owned()).collect()
    }

    #[test]
    fn words_are_read_with_the_name_before_them() {
        for text in [
            "image: acme/api:1",
            "- image: \"acme/api:1\"",
            "image = \"acme/api:1\"",
            "  image=acme/api:1",
            "--solver-image=acme/api:1 --x",
            "run --solver-image acme/api:1",
            "-consul-image=\"acme/api:1\" \\",
            "{\"image\":\"acme/api:1\",\"x\":1}",
            "{\\\"image\\\": \\\"acme/api:1\\\"}",
            "IMAGE=${IMAGE:-acme/api:1}",
            "{image: acme/api:1}",
            "<agent><image>acme/api:1</image></agent>",
            "image: *\"acme/api:1\" | string",
            "image: string | *\"acme/api:1\"",
            "uses: docker://acme/api:1",
        ] {
            assert_eq!(found(text, None), ["acme/api:1"], "{text}");
        }
        assert_eq!(found("3.9.0=quay.io/x/y:1\n4.0.0=quay.io/x/y:2\n", None), ["quay.io/x/y:1", "quay.io/x/y:2"]);
        assert_eq!(found("--images=a/b:1,c/d:2 e/f:3", None), ["a/b:1", "c/d:2"]);
        assert_eq!(found("a/b:1, c/d:2", Some("IMAGES")), ["a/b:1", "c/d:2"]);
        assert_eq!(found("see quay.io/x/y:1.", None), ["quay.io/x/y:1"]);
    }

    #[test]
    fn parts_and_other_texts_are_no_references() {
        for text in [
            "image: {{ .Hub }}/proxy:1.2",
            "image: \"{{ .ProxyImage }}\"",
            "image: ${HUB}/proxy:1.2",
            "image: acme/{{ .Name }}:1.2",
            "# image: acme/api:1",
            "x: y # image: acme/api:1",
            "curl https://acme.com/?image=acme/api:1",
            "curl https://quay.io/x/y:1",
            "the image: to-be-set",
            "image: busybox",
            "level: info, addr: redis.svc:6379",
            "run <image>/proxy:1.2",
            "<image>${HUB}/proxy:1.2</image>",
            "<url>acme/api:1</url>",
            "image = service/storage/image",
            "see oci://acme",
        ] {
            assert_eq!(found(text, None), [""; 0], "{text}");
        }
    }
}
