//! The report for a comment on a pull request: Markdown, made from the template beside this file.

use super::changes::{Changes, Replaced};
use super::groups::{Group, groups, resolved, told_object};
use super::stream::Reports;
use super::totals::Totals;
use super::{Report, Suppressed, count, plain_line};
use crate::analysis::images::Image;
use crate::fix::{Fix, overlay_text};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// A comment on GitHub may have 65,536 characters.
const LONGEST: usize = 60_000;

/// The numbers of groups, and of images of each release, that are written; the next pair is tried if the comment is too
/// long. What is left out is counted.
const MOST: [(usize, usize); 5] = [(200, 200), (200, 0), (60, 0), (15, 0), (0, 0)];

/// The groups of a release that are open: about one screen.
const OPEN: usize = 10;

/// The images, and the objects, that a row of a table names.
const MOST_OF_ROW: usize = 3;

/// Writes the reports.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let env = environment()?;
    let [first @ .., last] = MOST;
    for most in first {
        let mut text = Bounded(Vec::new());
        match comment(reports, most, &env, &mut text) {
            Ok(()) => {
                return writeln!(out, "{}", String::from_utf8_lossy(&text.0).trim_end());
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {}
            Err(error) => return Err(error),
        }
    }
    let mut text = Trimmed { out, held: Vec::new() };
    comment(reports, last, &env, &mut text)?;
    writeln!(text.out)
}

/// A comment with a maximum length.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text without trailing blanks.
struct Trimmed<'w> {
    out: &'w mut dyn Write,
    /// Blanks that are written if something follows.
    held: Vec<u8>,
}

impl Write for Trimmed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = bytes.trim_ascii_end().len();
        if end > 0 {
            self.out.write_all(&std::mem::take(&mut self.held))?;
            self.out.write_all(&bytes[..end])?;
        }
        self.held.extend_from_slice(&bytes[end..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn environment() -> io::Result<Environment<'static>> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.add_filter("text", |text: String| escaped(&text));
    env.add_filter("code", |text: String| code(&text));
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build().map_err(io::Error::other)?;
    env.set_syntax(syntax);
    env.add_template("entry", include_str!("markdown/entry.md.j2")).map_err(io::Error::other)?;
    env.add_template("release", include_str!("markdown/release.md.j2")).map_err(io::Error::other)?;
    Ok(env)
}

/// Writes the comment with limits on findings, and on images of each release.
fn comment(
    reports: &dyn Reports,
    (mut findings, images): (usize, usize),
    env: &Environment<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let totals = reports.totals();
    let several = totals.reports > 1;
    let name = totals.only_name().map(|name| format!("{name}: ")).unwrap_or_default();
    writeln!(out, "### airtight: {}", escaped(&format!("{name}{}", totals.verdict())))?;
    let part = |name: &str, release: Value, out: &mut dyn Write| {
        let part = env.get_template(name).map_err(io::Error::other)?;
        let text = part.render(context! { release, several }).map_err(io::Error::other)?;
        out.write_all(text.as_bytes())
    };
    if several {
        write!(out, "\n| release | verdict |\n| --- | --- |\n")?;
        reports.each(&mut |report| part("entry", entry(report), out))?;
    }
    reports.each(&mut |report| part("release", release(report, &mut findings, images), out))
}

/// The template's view of a release in the table at the top.
fn entry(report: &Report) -> Value {
    context! { name => report.release.full_name(), is_clean => report.is_clean(), summary => report.summary() }
}

/// The template's view of a release; `left` is the number of groups that may still be written.
fn release(report: &Report, left: &mut usize, most_images: usize) -> Value {
    let all = groups(report);
    let told = all.len().min(*left);
    *left -= told;
    let shown = &all[..told];
    let (open, folded) = shown.split_at(told.min(OPEN));
    let details: Vec<Value> = shown.iter().filter_map(details).collect();
    let overlay = report.overlay().filter(|_| all.iter().filter(|group| group.is_in_overlay()).count() > 1);
    let not_told: usize = all[told..].iter().map(|group| group.findings.len()).sum();
    let changes = report.changes.as_ref();
    let replaced = |one: &Replaced| format!("{} → {}", code(&one.before), code(&one.after));
    let classes = Totals::of(report).classes();
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
        is_clean => report.is_clean(),
        summary => report.summary(),
        open => open.iter().map(row).collect::<Vec<_>>(),
        folded => folded.iter().map(row).collect::<Vec<_>>(),
        details,
        overlay => overlay.map(|values| fenced(&overlay_text(&values))),
        resolved => resolved(&all),
        findings => count(report.findings.len() + report.left_out, "finding"),
        assumed => report.assumed_keys.iter().map(|key| report.assumed(key)).collect::<Vec<_>>(),
        more => not_told + report.left_out,
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

/// The template's view of an accepted finding.
fn accepted(one: &Suppressed) -> Value {
    let subject = one.finding.subject.as_ref();
    context! {
        rule => one.finding.rule,
        what => subject.map_or_else(|| escaped(&one.finding.message), |subject| code(&subject.reference)),
        reason => one.reason.clone(),
        place => one.place.to_string(),
    }
}

/// The template's view of a group in a table; images and locations are Markdown already.
fn row(group: &Group<'_>) -> Value {
    let lead = group.lead();
    let images = group.images();
    let more = |left: usize| (left > 0).then(|| format!("and {left} more"));
    let references: Vec<String> = images
        .iter()
        .take(MOST_OF_ROW)
        .map(|image| code(image.reference))
        .chain(more(images.len().saturating_sub(MOST_OF_ROW)))
        .collect();
    let objects: Vec<String> = images.iter().flat_map(|image| &image.objects).map(told_object).collect();
    let left = objects.len().saturating_sub(MOST_OF_ROW);
    let objects: Vec<String> =
        objects.iter().take(MOST_OF_ROW).map(|object| escaped(object)).chain(more(left)).collect();
    let place =
        |excerpt: &crate::finding::Excerpt| format!("{} {}", code(&excerpt.place.to_string()), escaped(&excerpt.label));
    // Where it is printed is said by the objects.
    let place = lead.excerpts.first().map(place);
    context! {
        rule => lead.rule,
        images => if references.is_empty() { escaped(&group.title()) } else { references.join("<br>") },
        objects => objects.join("<br>"),
        place,
        help => lead.advice(),
    }
}

/// The template's view of what a table has no room for; `None` if there is nothing.
fn details(group: &Group<'_>) -> Option<Value> {
    let lead = group.lead();
    let change = lead.fix.as_ref().and_then(|fix| patch_of(fix).or_else(|| fix.told().line.clone()));
    let mut said = BTreeSet::new();
    let cause = group.cause.map(|(_, cause)| cause.message.as_str());
    let notes = group.findings.iter().flat_map(|&(_, finding)| finding.notes.iter().map(String::as_str));
    let notes = cause.into_iter().chain(notes).filter(|note| said.insert(*note));
    let notes: Vec<String> = notes.map(str::to_owned).collect();
    (change.is_some() || !notes.is_empty()).then(|| context! { message => group.title(), notes, change })
}

/// The patches of a fix; `None` if there are none, or if they are not plain text.
fn patch_of(fix: &Fix) -> Option<String> {
    let diffs: Vec<&str> = fix.told().patches.iter().map(|patch| patch.diff.as_str()).collect();
    let text = diffs.concat();
    let is_plain = text.lines().all(|line| plain_line(line) == line && !line.contains('`'));
    (!text.is_empty() && is_plain).then(|| text.trim_end().to_owned())
}

/// Untrusted text for a fenced block; without anything that could end it.
fn fenced(text: &str) -> String {
    text.lines().map(|line| plain_line(line).replace('`', "'") + "\n").collect()
}

/// Untrusted text in Markdown: it contains no markup, link or mention. A word that would become a link is written as code.
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
    // Characters that begin a list or underline a heading.
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if is_first && word.starts_with(['-', '+', '=']) {
        out.insert(0, '\\');
    } else if is_first && digits > 0 && word[digits..].starts_with(['.', ')']) {
        out.insert(digits, '\\');
    }
    out
}

/// Whether GitHub or GitLab turn a word into a link: addresses, user names, issue numbers, commit ids.
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
