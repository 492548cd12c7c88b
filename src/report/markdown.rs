//! The report for a comment on a pull request: Markdown, made from the template beside this file.

use super::changes::{Changes, Replaced};
use super::images::Image;
use super::totals::Totals;
use super::{Report, Suppressed, count, plain_line};
use crate::finding::Finding;
use crate::fix::{Action, Fix, text_changes};
use crate::source::{File, Place};
use minijinja::{AutoEscape, Environment, Value, context};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

/// A comment on GitHub holds 65,536 characters.
const LONGEST: usize = 60_000;

/// How many findings are told, and how many images of each release; the next where that is too long. What is left out is
/// counted.
const MOST: [(usize, usize); 5] = [(200, 200), (200, 0), (60, 0), (15, 0), (0, 0)];

/// Writes the reports.
pub fn write(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.add_filter("text", |text: String| escaped(&text));
    env.add_filter("code", |text: String| code(&text));
    let summary = match reports {
        [report] if report.is_listed => format!("{}: {}", report.release.full_name(), report.summary()),
        [report] => report.summary(),
        reports => Totals::of(reports).summary(reports),
    };
    let mut text = String::new();
    for (mut findings, images) in MOST {
        let releases: Vec<Value> = reports.iter().map(|report| release(report, &mut findings, images)).collect();
        let context = context! { summary => &summary, releases, several => reports.len() > 1 };
        text = env.render_str(include_str!("markdown.md.j2"), context).map_err(io::Error::other)?;
        if text.len() <= LONGEST {
            break;
        }
    }
    writeln!(out, "{}", text.trim_end())
}

/// What the template sees of a release; `left` is how many findings may still be told.
fn release(report: &Report, left: &mut usize, most_images: usize) -> Value {
    let told = report.findings.len().min(*left);
    *left -= told;
    let findings: Vec<Value> = report.findings.iter().take(told).map(|finding| row(finding, report)).collect();
    // What is said of several places is said once.
    let mut said = BTreeSet::new();
    let advice: Vec<Value> = report
        .findings
        .iter()
        .take(told)
        .filter(|finding| said.insert((&finding.message, &finding.notes, finding.advice())))
        .map(|finding| row(finding, report))
        .collect();
    let changes = report.changes.as_ref();
    let replaced = |one: &Replaced| format!("{} → {}", code(&one.before), code(&one.after));
    let classes = Totals::of(std::slice::from_ref(report)).classes();
    let classes: Vec<String> = classes.iter().map(|(class, count)| format!("{count} {}", class.name())).collect();
    let image = |image: &Image| {
        context! {
            reference => image.reference.clone(),
            class => image.class.name(),
            decided => image.uses.first().and_then(|one| one.decider()).map(super::inventory::short),
            source => image.source.clone().filter(|source| *source != image.reference),
        }
    };
    context! {
        name => report.release.full_name(),
        is_clean => report.findings.is_empty(),
        summary => report.summary(),
        findings,
        advice,
        assumed => report.assumed_keys.iter().map(|key| report.assumed(key)).collect::<Vec<_>>(),
        more => report.findings.len() - told,
        suppressed => report.suppressed.len(),
        accepted => report.suppressed.iter().take(most_images).map(accepted).collect::<Vec<_>>(),
        more_accepted => report.suppressed.len().saturating_sub(most_images),
        images => count(report.images.len(), "image"),
        classes,
        rows => report.images.iter().take(most_images).map(image).collect::<Vec<_>>(),
        more_images => report.images.len().saturating_sub(most_images),
        since => changes.map(|changes| changes.since.clone()),
        new => changes.map(|changes| changes.new.clone()).unwrap_or_default(),
        gone => changes.map(|changes| changes.gone.clone()).unwrap_or_default(),
        changed => changes.map(|changes| changes.changed.iter().map(replaced).collect::<Vec<_>>()).unwrap_or_default(),
        change_notes => changes.map(Changes::notes).unwrap_or_default(),
    }
}

/// What the template sees of a finding that somebody accepted.
fn accepted(one: &Suppressed) -> Value {
    let subject = one.finding.subject.as_ref();
    context! {
        rule => one.finding.rule,
        what => subject.map_or_else(|| escaped(&one.finding.message), |subject| code(&subject.reference)),
        reason => one.reason.clone(),
        place => one.place.to_string(),
    }
}

/// What the template sees of a finding; places are Markdown already.
fn row(finding: &Finding, report: &Report) -> Value {
    let subject = finding.subject.as_ref();
    let object = subject.map(|subject| match &subject.container {
        Some(container) => format!("{}, container {container}", subject.object),
        None => format!("{}, {}", subject.object, subject.field),
    });
    let place =
        |excerpt: &crate::finding::Excerpt| format!("{} {}", code(&excerpt.place.to_string()), escaped(&excerpt.label));
    let places: Vec<String> = finding.excerpts.iter().map(place).collect();
    context! {
        rule => finding.rule,
        message => finding.message.clone(),
        reference => subject.map(|subject| subject.reference.clone()).unwrap_or_default(),
        object => object.unwrap_or_default(),
        places,
        notes => finding.notes.clone(),
        help => finding.advice(),
        change => finding.fix.as_ref().and_then(|fix| patch_of(fix).or_else(|| changed_line(fix, report))),
    }
}

/// The patches of a fix; `None` where there are none, or where they are no plain text.
fn patch_of(fix: &Fix) -> Option<String> {
    let diffs: Vec<String> = fix.patches.iter().map(|patch| patch.diff()).collect();
    let text = diffs.concat();
    let is_plain = text.lines().all(|line| plain_line(line) == line && !line.contains('`'));
    (!text.is_empty() && is_plain).then(|| text.trim_end().to_owned())
}

/// The one line that a fix replaces or takes away, as a diff; `None` where it does more, or the line has a secret.
fn changed_line(fix: &Fix, report: &Report) -> Option<String> {
    let [edit] = &fix.edits[..] else { return None };
    if !fix.patches.is_empty() {
        return None;
    }
    let changes = text_changes(edit)?;
    let [change] = &changes[..] else { return None };
    let ends = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
    let (line, _) = change.place.file.line_column(change.place.start);
    let removed = change.place.file.bytes().get(change.place.start as usize..change.place.end as usize)?;
    let is_gone = edit.action == Action::Remove && ends(removed) == 1 && change.text.is_empty();
    if !is_gone && (ends(removed) > 0 || change.text.contains('\n')) {
        return None;
    }
    // Of equal ends of lines it is not known to which of them they belong.
    let line = edit.place.as_ref().filter(|_| is_gone).map_or(line, |place| place.line_column().0);
    let shown = |file: &Arc<File>, line: u32| {
        let text = file.line(line)?;
        let start = file.start_of_line(line)?;
        let place = Place { file: file.clone(), start, end: start };
        let told = format!("{} {}", fix.title, text.trim());
        let hidden = report.secrets.hide(&place, &told).file.line(line)?;
        let is_plain = plain_line(&text) == text && !text.contains('`');
        (hidden == text && report.secrets.hide_in(&text, true) == text && is_plain).then_some(text)
    };
    let old = shown(&change.place.file, line)?;
    if is_gone {
        return Some(format!("-{old}"));
    }
    Some(format!("-{old}\n+{}", shown(&change.after, line)?))
}

/// Untrusted text in Markdown: nothing in it is markup, a link, or a mention of somebody or something. A word that would
/// become a link, wherever it stands, is shown as code.
fn escaped(text: &str) -> String {
    let text = plain_line(text).replace('\t', " ");
    let words = text.trim_start().split(' ').enumerate().map(|(at, word)| match is_linked(word) {
        true => code(word),
        false => escaped_word(word, at == 0),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn escaped_word(word: &str, is_first: bool) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // What begins a list or a line under a heading.
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if is_first && word.starts_with(['-', '+', '=']) {
        out.insert(0, '\\');
    } else if is_first && digits > 0 && word[digits..].starts_with(['.', ')']) {
        out.insert(digits, '\\');
    }
    out
}

/// Whether GitHub or GitLab make a link of a word: addresses, names of people, numbers of issues, ids of commits.
fn is_linked(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let number_after = |marks: &[char]| {
        word.match_indices(marks).any(|(at, mark)| word[at + mark.len()..].starts_with(|c: char| c.is_ascii_digit()))
    };
    let is_commit = |run: &str| (7..=64).contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.contains('@')
        || ["://", "www.", "mailto:", "xmpp:"].iter().any(|begin| lower.contains(begin))
        || number_after(&['#', '!', '%', '&', '$', '~'])
        || lower
            .match_indices("gh-")
            .any(|(at, mark)| lower[at + mark.len()..].starts_with(|c: char| c.is_ascii_digit()))
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(is_commit)
}

/// Untrusted text as code in a table; a backquote would end it, a bar would end the cell.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("`{}`", plain_line(text).replace('`', "'").replace('|', "\\|"))
}
