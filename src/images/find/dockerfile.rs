//! Dockerfiles: `FROM` with its stages, arguments and platforms, `COPY --from=`, `RUN --mount=from=` and `# syntax=`.

use crate::images::find::appearance::is_named;
use crate::objects::text::{Text, TextPiece};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// An image that a build pulls.
#[derive(Debug)]
pub(super) struct Base {
    /// The reference, with arguments filled in.
    pub text: Text,
    /// The instruction that names it: `FROM`.
    pub by: &'static str,
}

/// Whether a text is a Dockerfile, by its name or its first lines.
pub(super) fn is_one(name: &str, text: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let named = ["dockerfile", "containerfile"].iter().any(|file| name.contains(file));
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.find(|line| !line.starts_with("ARG "));
    let is_from = |line: &str| line.get(..5).is_some_and(|from| from.eq_ignore_ascii_case("from "));
    if named {
        return first.is_some_and(is_from);
    }
    const OTHERS: &[&str] = &["RUN ", "COPY ", "CMD ", "ENTRYPOINT ", "WORKDIR ", "ENV ", "ADD ", "USER ", "LABEL "];
    first.is_some_and(|line| line.starts_with("FROM "))
        && lines.any(|line| OTHERS.iter().any(|other| line.starts_with(other)))
}

/// The Dockerfiles that a script writes: `cat <<EOF > Dockerfile`.
pub(super) fn written(script: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if memchr::memmem::find(script.as_bytes(), b"<<").is_none() {
        return found;
    }
    // Where a here-document began, and the word that ends it.
    let mut open: Option<(usize, &str, bool)> = None;
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        match open {
            Some((from, end, is_named)) if line.trim() == end => {
                let name = if is_named { "Dockerfile" } else { "" };
                if is_one(name, &script[from..start]) {
                    found.push(from..start);
                }
                open = None;
            }
            Some(_) => {}
            None => {
                if let Some((_, rest)) = line.split_once("<<") {
                    let word = rest.trim_start_matches(['-', ' ', '~']).split_whitespace().next().unwrap_or_default();
                    let word = word.trim_matches(['"', '\'', '\\']);
                    let is_named = line.to_ascii_lowercase().contains("dockerfile");
                    open = (!word.is_empty()).then_some((start + line.len(), word, is_named));
                }
            }
        }
        start += line.len();
    }
    found
}

/// The images that a Dockerfile is based on.
pub(super) fn bases(text: &Text) -> Vec<Base> {
    let mut build = Build { text, found: Vec::new(), arguments: HashMap::new(), stages: HashSet::new(), count: 0 };
    let string = text.as_str();
    let mut start = 0;
    let mut instruction: Option<Range<usize>> = None;
    for line in string.split_inclusive('\n') {
        let end = start + line.len();
        let trimmed = line.trim();
        if trimmed.starts_with('#') {
            build.comment(start + (line.len() - line.trim_start().len()), trimmed);
            start = end;
            continue;
        }
        let whole = instruction.take().map_or(start..end, |before| before.start..end);
        // A backslash, or a backtick in Windows builds, continues the line.
        match trimmed.ends_with('\\') || trimmed.ends_with('`') {
            true => instruction = Some(whole),
            false => build.instruction(whole),
        }
        start = end;
    }
    if let Some(rest) = instruction {
        build.instruction(rest);
    }
    build.found
}

#[derive(Debug)]
struct Build<'t> {
    text: &'t Text,
    found: Vec<Base>,
    /// Defaults of `ARG`.
    arguments: HashMap<String, Range<usize>>,
    /// Names of stages, which are not images.
    stages: HashSet<String>,
    /// The number of stages so far.
    count: usize,
}

impl Build<'_> {
    /// `# syntax=docker/dockerfile:1` makes the builder pull this image.
    fn comment(&mut self, start: usize, line: &str) {
        let Some((name, value)) = line[1..].split_once('=') else { return };
        if name.trim() == "syntax" && self.found.is_empty() && self.count == 0 {
            let value = value.trim();
            let at = start + line.len() - value.len();
            self.add(at..at + value.len(), "# syntax");
        }
    }

    fn instruction(&mut self, whole: Range<usize>) {
        let string = self.text.as_str();
        let words: Vec<Range<usize>> = words(string, whole);
        let Some((first, rest)) = words.split_first() else { return };
        let word = |range: &Range<usize>| &string[range.clone()];
        match word(first).to_ascii_uppercase().as_str() {
            "ARG" => {
                for argument in rest {
                    if let Some(sign) = word(argument).find('=') {
                        let value = unquoted(string, argument.start + sign + 1..argument.end);
                        self.arguments.insert(word(argument)[..sign].to_owned(), value);
                    }
                }
            }
            "FROM" => {
                let mut rest = rest.iter().skip_while(|range| word(range).starts_with("--"));
                let Some(base) = rest.next() else { return };
                if !self.stages.contains(&word(base).to_ascii_lowercase()) && word(base) != "scratch" {
                    self.add(base.clone(), "FROM");
                }
                if rest.next().is_some_and(|range| word(range).eq_ignore_ascii_case("as"))
                    && let Some(name) = rest.next()
                {
                    self.stages.insert(word(name).to_ascii_lowercase());
                }
                self.count += 1;
            }
            "COPY" | "ADD" | "RUN" => {
                for flag in rest.iter().take_while(|range| word(range).starts_with("--")) {
                    let by = if word(flag).starts_with("--mount=") { "RUN --mount" } else { "COPY --from" };
                    let from = match word(flag).starts_with("--from=") {
                        true => Some("--from=".len()),
                        false => word(flag).find(",from=").map(|at| at + ",from=".len()),
                    };
                    let Some(from) = from else { continue };
                    let end = word(flag)[from..].find(',').map_or(flag.end, |comma| flag.start + from + comma);
                    let base = unquoted(string, flag.start + from..end);
                    let is_stage = word(&base).bytes().all(|byte| byte.is_ascii_digit())
                        || self.stages.contains(&word(&base).to_ascii_lowercase());
                    if !is_stage {
                        self.add(base, by);
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds the image named by a word, with `${ARG}` filled in.
    fn add(&mut self, range: Range<usize>, by: &'static str) {
        let range = unquoted(self.text.as_str(), range);
        // No reference is longer; arguments could produce text of any length.
        let Some(slices) = Some(range).filter(|range| range.len() <= 512).and_then(|range| self.expanded(range)) else {
            return;
        };
        if slices.iter().map(Range::len).sum::<usize>() > 512 {
            return;
        }
        let texts: Vec<Text> = slices.into_iter().map(|range| self.text.slice(range)).collect();
        let pieces: Vec<TextPiece<'_>> = texts.iter().map(TextPiece::Found).collect();
        let text = if let [text] = texts.as_slice() { text.clone() } else { Text::joined(&pieces) };
        if is_named(&text, true) {
            self.found.push(Base { text, by });
        }
    }

    /// The ranges of the text that make up a word; `None` if an argument has no default.
    fn expanded(&self, range: Range<usize>) -> Option<Vec<Range<usize>>> {
        let string = self.text.as_str();
        let mut slices = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let rest = &string[at..range.end];
            let Some(dollar) = rest.find('$') else {
                slices.push(at..range.end);
                break;
            };
            if dollar > 0 {
                slices.push(at..at + dollar);
            }
            let after = &rest[dollar + 1..];
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let (inside, start, length) = match after.strip_prefix('{') {
                Some(inside) => {
                    let end = inside.find('}')?;
                    (&inside[..end], at + dollar + 2, dollar + 3 + end)
                }
                None => {
                    let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
                    (&after[..end], at + dollar + 1, dollar + 1 + end)
                }
            };
            let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
            let value = match self.arguments.get(&inside[..end]) {
                Some(value) => value.clone(),
                // `${BASE:-alpine}`
                None if inside[end..].starts_with(":-") => start + end + 2..start + inside.len(),
                None => return None,
            };
            if string[value.clone()].contains('$') {
                return None;
            }
            slices.push(value);
            at += length;
        }
        slices.retain(|slice| !slice.is_empty());
        (!slices.is_empty()).then_some(slices)
    }
}

fn words(text: &str, whole: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text[whole.clone()].char_indices().chain([(whole.len(), ' ')]) {
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(whole.start + at),
            (true, Some(from)) => {
                words.push(from..whole.start + at);
                start = None;
            }
            _ => {}
        }
    }
    words.retain(|word| !matches!(&text[word.clone()], "\\" | "`"));
    words
}

/// A range without its quotes.
fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let inner = part.trim_matches(['"', '\'']);
    let start = range.start + (part.len() - part.trim_start_matches(['"', '\'']).len());
    start..(start + inner.len()).min(range.end).max(start.min(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Str;

    fn found(text: &str) -> Vec<String> {
        bases(&Text::of_manifest(&Str::from(text))).into_iter().map(|base| base.text.as_str().to_owned()).collect()
    }

    #[test]
    fn images_that_a_build_pulls_are_read() {
        for (text, expected) in [
            ("FROM python:3.12\nRUN true\n", &["python:3.12"][..]),
            ("# syntax=docker/dockerfile:1\nFROM alpine\n", &["docker/dockerfile:1", "alpine"]),
            (
                "FROM --platform=$BUILDPLATFORM golang:1.23 AS build\nFROM build AS test\nFROM scratch\nCOPY --from=build /a /b\nCOPY --from=0 /a /b\nCOPY --chown=1:1 --from=quay.io/a/b:1 /c /d\n",
                &["golang:1.23", "quay.io/a/b:1"],
            ),
            ("ARG BASE=alpine:3\nFROM ${BASE}\n", &["alpine:3"]),
            ("ARG REG=\"quay.io\"\nARG TAG=1\nFROM $REG/a/b:${TAG}\n", &["quay.io/a/b:1"]),
            ("ARG TAG\nFROM a/b:${TAG}\nFROM a/c:${OTHER:-2}\n", &["a/c:2"]),
            ("FROM a/b:1\nRUN --mount=type=bind,from=c/d:2,target=/x make \\\n  all\n", &["a/b:1", "c/d:2"]),
            ("FROM \\\n  a/b:1\n", &["a/b:1"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn scripts_write_dockerfiles() {
        let script = "set -e\ncat > Dockerfile <<'EOF'\nFROM a/b:1\nEOF\ncat <<X\nFROM users\nX\n";
        let found: Vec<&str> = written(script).into_iter().map(|range| &script[range]).collect();
        assert_eq!(found, ["FROM a/b:1\n"]);
    }

    #[test]
    fn texts_are_told_from_dockerfiles() {
        assert!(is_one("Dockerfile", "from alpine\n") && is_one("x", "# c\nARG A\nFROM alpine\nRUN x\n"));
        for text in ["FROM users\nWHERE x\n", "SELECT *\nFROM a/b\n", "From: a@b.c\nTo: x\n", ""] {
            assert!(!is_one("query.sql", text), "{text}");
        }
    }
}
