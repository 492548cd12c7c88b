//! [`Comment`]: a suppression in a comment beside what it accepts.
//!
//! Syntax: `# airtight: ignore[rule, other-rule] reason` in a values file or a manifest, and in a template
//! `{{/* airtight: ignore[rule] until 2026-12-31 reason */}}` (or `expires 2026-12-31`); at the end of a line, or above it. It applies to that line and
//! what is nested below it. Blanks are ignored: `#airtight:ignore [ rule ,other-rule ]` is the same.

use super::literal;
use crate::finding::Finding;
use crate::limits::Limits;
use crate::source::{File, Place};
use crate::yaml;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// A suppression in a comment.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    /// Its location.
    pub place: Place,
    /// The rules; empty if malformed.
    pub rules: Vec<String>,
    /// The reason; empty if there is none.
    pub reason: String,
    /// The last day on which it applies.
    pub until: Option<Date>,
    /// What is wrong between the rules and the reason: then it has no effect.
    pub wrong: Option<String>,
    /// The lines that it applies to, from 1.
    lines: Range<u32>,
    /// Whether it is in a template, where it applies to what is printed as well as to what is decided.
    pub in_template: bool,
    /// The keys above the lines it applies to, the outermost last; they identify it in another state of the file.
    about: Vec<String>,
}

/// The words that begin a suppression, separated by a colon.
const MARK: [&str; 2] = ["airtight", "ignore"];

impl Comment {
    /// The suppressions in a file, in order.
    pub(crate) fn all(file: &Arc<File>, in_template: bool) -> Vec<Self> {
        // Nearly all files have none.
        if MARK.iter().any(|word| memchr::memmem::find(file.bytes(), word.as_bytes()).is_none()) {
            return Vec::new();
        }
        // Positions are in bytes.
        let Ok(text) = std::str::from_utf8(file.bytes()) else { return Vec::new() };
        let comments = match in_template {
            true => literal::comments(file.bytes()),
            false => yaml::comments(file.bytes(), &Limits::default()),
        };
        let lines: Vec<&str> = text.lines().collect();
        let holders = holders(&lines);
        // Comments above each other apply to the same line, which is searched once.
        let mut last: Option<(usize, Option<usize>, Range<u32>)> = None;
        let found = comments.into_iter().filter_map(|range| {
            let written = text.get(range.clone())?;
            let (offset, words) = find(written)?;
            let (rules, reason) = parts(words);
            let (until, wrong, reason) = day(reason);
            let begin = (range.start + offset) as u32;
            let (number, column) = file.line_column(begin);
            let index = number as usize - 1;
            let line = lines.get(index)?;
            let start = column as usize;
            let end = begin + line.get(start..)?.trim_end().len() as u32;
            let is_alone = line[..start].trim().is_empty();
            let alone = number..number + 1;
            let known = last
                .as_ref()
                .filter(|(from, about, _)| is_alone && *from <= index && about.is_none_or(|about| index < about));
            let (about, nested) = match known {
                Some((_, about, nested)) => (*about, about.map_or(alone, |_| nested.clone())),
                None => {
                    let about = if is_alone { next_line(&lines, index) } else { Some(index) };
                    (about, about.map_or(alone, |about| subtree(&lines, about)))
                }
            };
            if is_alone {
                last = Some((index, about, nested.clone()));
            }
            let keys = about.map(|about| keys(&lines, &holders, about)).unwrap_or_default();
            let place = Place { file: file.clone(), start: begin, end };
            Some(Self { place, rules, reason, until, wrong, lines: nested, in_template, about: keys })
        });
        found.collect()
    }

    /// Separates old and new comments by the keys that they apply to, wherever those are now. A changed comment counts as
    /// before: for its old rules, until its old day.
    pub(crate) fn since(now: &[Self], before: &[Self]) -> (Vec<Self>, Vec<Self>) {
        let (mut known, mut new) = (Vec::new(), Vec::new());
        let mut left: HashMap<&[String], VecDeque<&Self>> = HashMap::new();
        before.iter().for_each(|was| left.entry(&was.about).or_default().push_back(was));
        for comment in now {
            let Some(was) = left.get_mut(comment.about.as_slice()).and_then(VecDeque::pop_front) else {
                new.push(comment.clone());
                continue;
            };
            let (old, added): (Vec<String>, Vec<String>) =
                comment.rules.iter().cloned().partition(|rule| was.rules.contains(rule));
            let earlier = [was.until, comment.until].into_iter().flatten().min();
            let is_longer = comment.until.is_none_or(|until| was.until.is_some_and(|old| until > old));
            let was_none = was.reason.is_empty() || was.wrong.is_some();
            let counts_more = was.until.is_some() && is_longer || was_none && !comment.reason.is_empty();
            if counts_more || !added.is_empty() {
                new.push(Self { rules: if counts_more { comment.rules.clone() } else { added }, ..comment.clone() });
            }
            // A comment that had no effect still has none.
            if !was_none && !old.is_empty() || comment.rules.is_empty() {
                known.push(Self {
                    rules: old,
                    until: earlier,
                    wrong: was.wrong.clone().or_else(|| comment.wrong.clone()),
                    reason: if was.reason.is_empty() { String::new() } else { comment.reason.clone() },
                    ..comment.clone()
                });
            }
        }
        (known, new)
    }

    /// Whether a comment in another state of the file applies to the same keys.
    pub(crate) fn is_about_the_same(&self, other: &Self) -> bool {
        self.about == other.about
    }

    /// Whether it applies to a finding.
    pub(super) fn accepts(&self, finding: &Finding) -> bool {
        let about = if self.in_template { finding.excerpts.len() } else { 1 };
        self.rules.iter().any(|rule| rule == finding.rule)
            && finding.excerpts.iter().take(about).any(|excerpt| {
                let place = &excerpt.place;
                place.file.name() == self.place.file.name() && self.lines.contains(&place.line())
            })
    }

    /// Whether it applies to a line, from 1.
    pub(super) fn covers(&self, line: u32) -> bool {
        self.lines.contains(&line)
    }

    /// Its rules, for messages.
    pub(crate) fn rules(&self) -> String {
        self.rules.join(", ")
    }

    /// Identifies it together with one of its rules.
    pub(crate) fn key(&self, rule: &str) -> (String, u32, String) {
        (self.place.file.name().to_owned(), self.place.start, rule.to_owned())
    }
}

/// Comments by the lines that they apply to.
#[derive(Debug)]
pub(super) struct Lines<'c> {
    comments: &'c [Comment],
    /// Comments about few lines: their indexes, by file and line.
    near: HashMap<(&'c str, u32), Vec<usize>>,
    /// The indexes of the others.
    wide: Vec<usize>,
}

/// The most lines of a comment about few lines.
const FEW: usize = 64;

impl<'c> Lines<'c> {
    pub(super) fn of(comments: &'c [Comment]) -> Self {
        let (mut near, mut wide) = (HashMap::<_, Vec<usize>>::new(), Vec::new());
        for (number, comment) in comments.iter().enumerate() {
            if comment.lines.len() > FEW {
                wide.push(number);
                continue;
            }
            let name = comment.place.file.name();
            comment.lines.clone().for_each(|line| near.entry((name, line)).or_default().push(number));
        }
        Self { comments, near, wide }
    }

    /// The comments that apply to a finding, in order.
    pub(super) fn accepting<'l>(&'l self, finding: &'l Finding) -> impl Iterator<Item = &'c Comment> + 'l {
        let lines = finding.excerpts.iter().map(|excerpt| (excerpt.place.file.name(), excerpt.place.line()));
        let near = lines.filter_map(|line| self.near.get(&line)).flatten();
        let accepting = near.chain(&self.wide).copied().filter(|&number| self.comments[number].accepts(finding));
        let numbers: BTreeSet<usize> = accepting.collect();
        numbers.into_iter().map(|number| &self.comments[number])
    }
}

/// Where the suppression begins in a comment, and what follows its mark. In `{{/* … */}}` it must come first.
fn find(comment: &str) -> Option<(usize, &str)> {
    let (begin, rest) = comment.match_indices(MARK[0]).find_map(|(at, word)| {
        let rest = after_mark(&comment[at + word.len()..])?;
        let before = comment[..at].trim_end();
        match before.strip_suffix('#') {
            Some(before) => Some((before.len(), rest)),
            None => opens_comment(before).then_some((0, rest)),
        }
    })?;
    let line = rest.lines().next().unwrap_or_default();
    let words = line.split("*/").next().unwrap_or(line);
    Some((begin, words.trim()))
}

/// The text after `: ignore`, with blanks anywhere.
fn after_mark(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(BLANKS).strip_prefix(':')?;
    let rest = text.trim_start_matches(BLANKS).strip_prefix(MARK[1])?;
    let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
    (!goes_on).then_some(rest)
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Whether this is `{{/*` or `{{- /*`, where one blank of any kind may follow the dash.
fn opens_comment(text: &str) -> bool {
    let open = text.strip_suffix("/*").and_then(|text| text.strip_prefix("{{"));
    open.is_some_and(|open| open.is_empty() || open.strip_prefix('-').is_some_and(|blank| blank.trim().is_empty()))
}

/// `[a, b] because` → the rules and the reason.
fn parts(words: &str) -> (Vec<String>, &str) {
    let Some((rules, reason)) = words.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return (Vec::new(), words);
    };
    let rules = rules.split(',').map(|rule| rule.trim().to_owned()).filter(|rule| !rule.is_empty());
    (rules.collect(), reason.trim())
}

/// The words that may stand before a day.
const BEFORE_A_DAY: [&str; 2] = ["until", "expires"];

/// `until 2026-12-31 because` → the day and the reason. Between the rules and the reason there is nothing else: another word before a
/// day, or no day after one of these words, is wrong, because the suppression would apply longer than its author believes.
fn day(reason: &str) -> (Option<Date>, Option<String>, String) {
    let cut = |text: &'_ str| -> (String, usize) {
        let end = text.find(BLANKS).unwrap_or(text.len());
        (text[..end].trim_end_matches([':', ',', '=']).to_owned(), end)
    };
    let (word, end) = cut(reason);
    let rest = reason[end..].trim_start();
    let (day, end) = cut(rest);
    let is_day_like = day.len() >= 8 && day.starts_with(|c: char| c.is_ascii_digit()) && day.contains(['-', '/', '.']);
    match (BEFORE_A_DAY.contains(&word.as_str()), day.parse()) {
        (true, Ok(day)) => (Some(day), None, rest[end..].trim().to_owned()),
        (true, Err(_)) => {
            let wrong = match day.as_str() {
                "" => format!("no day follows `{word}`"),
                day => format!("{day:?} after `{word}` is not a date"),
            };
            (None, Some(wrong), reason.to_owned())
        }
        (false, _) if is_day_like && !word.is_empty() => {
            (None, Some(format!("unknown word {word:?} before a date")), reason.to_owned())
        }
        (false, _) => (None, None, reason.to_owned()),
    }
}

/// The line after a comment to which it applies: the next one with content.
fn next_line(lines: &[&str], comment: usize) -> Option<usize> {
    let is_comment = |line: &str| {
        let line = line.trim_start();
        line.starts_with('#') || line.split_inclusive("/*").next().is_some_and(opens_comment)
    };
    let says = |line: &&str| !line.trim().is_empty() && !is_comment(line);
    (comment + 1..lines.len()).find(|&index| says(&lines[index]))
}

/// A line and what is nested below it, as line numbers from 1.
fn subtree(lines: &[&str], first: usize) -> Range<u32> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines[first]);
    // `key:` may have its list at the same depth.
    let opens_list = lines[first].split(" #").next().is_some_and(|line| line.trim_end().ends_with(':'))
        && !lines[first].trim_start().starts_with('-');
    let is_below = |line: &&&str| {
        let text = line.trim_start();
        text.is_empty() || indent(line) > own || opens_list && indent(line) == own && text.starts_with("- ")
    };
    let below = lines[first + 1..].iter().take_while(is_below).count();
    first as u32 + 1..(first + 1 + below) as u32 + 1
}

/// The depth of a line: its indentation in bytes.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// For each line, the nearest one above it with a key and less indentation.
fn holders(lines: &[&str]) -> Vec<Option<usize>> {
    // The lines that could hold what follows, the deepest last.
    let mut open: Vec<usize> = Vec::new();
    let mut found = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let around = open.partition_point(|&above| depth(lines[above]) < depth(line));
        found.push(around.checked_sub(1).map(|last| open[last]));
        let text = line.trim();
        if !text.is_empty() && !text.starts_with('#') && !text.starts_with("{{") {
            open.truncate(around);
            open.push(number);
        }
    }
    found
}

/// The keys of a line and of those above it by indentation, its own first: `registry`, `image`. For an element of a list, the
/// whole line, which distinguishes it from the others.
fn keys(lines: &[&str], holders: &[Option<usize>], about: usize) -> Vec<String> {
    let key = |line: &str| match line.trim() {
        element if element.starts_with("- ") => element.to_owned(),
        line => line.split_once(": ").map_or(line, |(key, _)| key).trim_end_matches(':').to_owned(),
    };
    std::iter::successors(Some(about), |&line| holders[line]).map(|line| key(lines[line])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_know_their_lines() {
        let text = "\
a:
  # airtight: ignore[unmirrored-image, mutable-tag] the vendor's registry is reachable
  # more words

  image:
    registry: quay.io

    tag: 1
  other: 2
b: quay.io # airtight: ignore[x] until 2026-12-31: soon gone
c: 1 # airtight: ignore all
d: \"airtight: ignore[x] no comment\"
# airtight: ignore[y]
e:
- quay.io
- ghcr.io
f: 1
";
        let all = Comment::all(&File::new("values.yaml", text), false);
        let shape = |comment: &Comment| (comment.rules.join("+"), comment.reason.clone(), comment.lines.clone());
        let shapes: Vec<_> = all.iter().map(shape).collect();
        assert_eq!(
            shapes,
            [
                ("unmirrored-image+mutable-tag".into(), "the vendor's registry is reachable".into(), 5..9),
                ("x".into(), "soon gone".into(), 10..11),
                (String::new(), "all".into(), 11..12),
                ("y".into(), String::new(), 14..17),
            ]
        );
        assert_eq!(all[1].until.map(|day| day.to_string()).as_deref(), Some("2026-12-31"));
        let written = [
            "# airtight: ignore[a, b] why",
            "#airtight:ignore[a,b] why",
            "#  airtight:  ignore[a, b]  why  ",
            "#\tairtight :\tignore\t[ a ,\tb ]\twhy\t",
            "# airtight:ignore [a,b,] why",
            "## airtight: ignore[a, b]why",
            "# airtight: ignore[a, b]\tuntil\t2026-12-31\twhy",
        ];
        for comment in written {
            let all = Comment::all(&File::new("values.yaml", format!("x: 1 {comment}\n")), false);
            let shapes: Vec<_> = all.iter().map(shape).collect();
            assert_eq!(shapes, [("a+b".to_owned(), "why".to_owned(), 1..2)], "{comment:?}");
        }
        for comment in ["# airtight: ignores[a] why", "# airtight ignore[a] why", "# airtight: ignore-next[a] why"] {
            assert!(
                Comment::all(&File::new("values.yaml", format!("x: 1 {comment}\n")), false).is_empty(),
                "{comment}"
            );
        }
        for comment in ["{{/*airtight:ignore [ a,b ] why*/}}", "{{-\t/*  airtight:\tignore[a, b] why\t*/ -}}"] {
            let all = Comment::all(&File::new("t.yaml", format!("x: 1 {comment}\n")), true);
            let shapes: Vec<_> = all.iter().map(shape).collect();
            assert_eq!(shapes, [("a+b".to_owned(), "why".to_owned(), 1..2)], "{comment:?}");
        }
        let text = "kind: Pod\n{{- /* airtight: ignore[hardcoded-image] it is the mirror's own */}}\nimage: x\n";
        let all = Comment::all(&File::new("t.yaml", text), true);
        assert_eq!(shape(&all[0]), ("hardcoded-image".into(), "it is the mirror's own".into(), 3..4));
    }
}
