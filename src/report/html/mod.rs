//! The report for a browser: one self-contained page, made from the templates beside this file.
//!
//! It works without scripting; with scripting, the table of images can be searched. Text from a chart is escaped, and the
//! page's content security policy allows only its own scripts and styles.

mod picture;

use super::changes::Changes;
use super::groups::{Group, GroupedImage, groups, resolved};
use super::inventory::short;
use super::location::place_name;
use super::stream::Reports;
use super::totals::Totals;
use super::{Report, Suppressed, count, neutral, plain};
use crate::analysis::images::{Image, Use};
use crate::finding::{Excerpt, Finding};
use crate::fix::overlay_text;
use crate::rules::RULES;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};
use picture::picture;
use pulldown_cmark::{Options, Parser, html::push_html};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Write};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Lines of context before and after the line that a finding is about.
const AROUND: u32 = 2;

/// If a page has more findings, they are folded.
const MOST_OPEN: usize = 60;

/// Longer lines are cut: a chart may contain a file in one line.
const LONGEST: usize = 400;

/// The parts of the page in order; the parts of a release, a finding and an image are repeated.
const PARTS: [(&str, &str); 8] = [
    ("head", include_str!("head.html.j2")),
    ("entry", include_str!("entry.html.j2")),
    ("release", include_str!("release.html.j2")),
    ("finding", include_str!("finding.html.j2")),
    ("values", include_str!("values.html.j2")),
    ("images", include_str!("images.html.j2")),
    ("row", include_str!("row.html.j2")),
    ("foot", include_str!("foot.html.j2")),
];

/// Writes the page.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let env = environment()?;
    let mut page = Page { env: &env, out };
    let totals = reports.totals();
    let several = totals.reports > 1;
    page.part("head", head(totals))?;
    if several {
        let mut number = 0;
        reports.each(&mut |report| {
            page.part("entry", context! { release => release(report, number, false) })?;
            number += 1;
            Ok(())
        })?;
        page.text("</ul>\n</nav>\n")?;
    }
    let mut number = 0;
    reports.each(&mut |report| {
        page.part("release", context! { release => release(report, number, true), several })?;
        number += 1;
        let groups = groups(report);
        let is_open = totals.all_findings() <= MOST_OPEN;
        for group in &groups {
            page.part("finding", context! { finding => of_group(group), is_open })?;
        }
        if report.left_out > 0 {
            let left_out = count(report.left_out, "more finding");
            page.text(&format!("<p class=\"quiet\">{left_out} not shown (<code>--max-findings</code>)</p>\n"))?;
        }
        if let Some(values) = report.overlay() {
            let (values, resolved) = (plain(&overlay_text(&values)), resolved(&groups));
            page.part(
                "values",
                context! { values, resolved, findings => count(report.findings.len() + report.left_out, "finding") },
            )?;
        }
        if !report.suppressed.is_empty() {
            page.text(&format!("<details>\n<summary>{} suppressed</summary>\n", report.suppressed.len()))?;
            for one in &report.suppressed {
                page.part("finding", context! { finding => finding(&one.finding, Some(one)), is_open => true })?;
            }
            page.text("</details>\n")?;
        }
        page.text("</section>\n")
    })?;
    let has_rows = totals.images() > 0;
    page.part("images", context! { has_rows, several, classes => classes(totals) })?;
    reports.each(&mut |report| {
        report.images.iter().try_for_each(|image| page.part("row", context! { row => row(image, report), several }))
    })?;
    let rules = RULES.iter().filter(|rule| totals.rules.contains(rule.id));
    let rules: Vec<Value> = rules
        .map(|rule| context! { id => rule.id, summary => rule.summary, page => Value::from_safe_string(html(&rule.markdown())) })
        .collect();
    let (version, script) = (env!("CARGO_PKG_VERSION"), Value::from_safe_string(SCRIPT.to_owned()));
    page.part("foot", context! { has_rows, rules, version, script })
}

/// The page that is being written.
struct Page<'p> {
    env: &'p Environment<'static>,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    /// Writes a part, which ends with a line break.
    fn part(&mut self, name: &str, context: Value) -> io::Result<()> {
        let part = self.env.get_template(name).map_err(io::Error::other)?;
        let text = part.render(context).map_err(io::Error::other)?;
        self.text(&text)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        // Printing the page to a log must not run a command.
        self.out.write_all(neutral(text, |c| format!("&#{};", u32::from(c))).as_bytes())
    }
}

fn environment() -> io::Result<Environment<'static>> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.add_filter("breakable", |text: String| Value::from_safe_string(breakable(&text, &['/', '@'])));
    env.add_filter("dotted", |text: String| Value::from_safe_string(breakable(&text, &['.'])));
    env.add_filter("words", |text: String| Value::from_safe_string(words(&text)));
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    env.set_syntax(syntax.build().map_err(io::Error::other)?);
    PARTS.iter().try_for_each(|(name, part)| env.add_template(name, part)).map_err(io::Error::other)?;
    Ok(env)
}

/// The template's view of all releases together.
fn head(totals: &Totals) -> Value {
    let registries: Vec<Value> = totals
        .registries()
        .into_iter()
        .map(|(registry, classes)| {
            let good: usize = classes.iter().filter(|(class, _)| class.is_in_place()).map(|(_, count)| count).sum();
            let all: usize = classes.values().sum();
            let name = if registry.is_empty() { "no registry".to_owned() } else { plain(registry) };
            let search = if registry.is_empty() { "not-a-reference".to_owned() } else { plain(registry) };
            context! { name, search, good, bad => all - good }
        })
        .collect();
    let [errors, warnings, hints] = totals.findings;
    context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        style_hash => hash(STYLE),
        script_hash => hash(SCRIPT),
        summary => plain(&totals.verdict()),
        fixable => totals.fixable(),
        verdict => verdict(totals),
        is_clean => totals.all_findings() == 0 && totals.releases > 0,
        mirror => totals.mirrors().map(plain).collect::<Vec<_>>().join(", "),
        several => totals.reports > 1,
        counts => context! {
            releases => totals.releases, clean => totals.clean, errors, warnings, hints,
            severities => [count(errors, "error"), count(warnings, "warning"), count(hints, "hint")].join(", "),
            times => count(totals.uses, "time"), places => totals.places(),
            suppressed => totals.suppressed, uses => totals.uses, mirrored => totals.mirrored, images => totals.images(),
        },
        classes => classes(totals),
        rules => totals.by_rule().map(|(rule, ..)| rule).collect::<BTreeSet<_>>(),
        registries,
    }
}

fn classes(totals: &Totals) -> Vec<Value> {
    let classes = totals.classes().into_iter();
    classes.map(|(class, count)| context! { name => class.name(), good => class.is_in_place(), count }).collect()
}

/// A short verdict.
fn verdict(totals: &Totals) -> String {
    match totals.all_findings() {
        0 if totals.releases == 0 => "Nothing was checked".to_owned(),
        0 if totals.uses > 0 && totals.mirrored == totals.uses => "Every image resolves through the mirror".to_owned(),
        0 => "No findings".to_owned(),
        found => count(found, "finding"),
    }
}

/// The template's view of a release; the list at the top needs no picture.
fn release(report: &Report, number: usize, is_whole: bool) -> Value {
    let name = match report.release.full_name() {
        name if name.is_empty() => "manifests".to_owned(),
        name => name,
    };
    let changes = report.changes.as_ref();
    context! {
        id => format!("release-{number}"),
        name => plain(&name),
        chart => plain(&report.release.chart),
        namespace => plain(&report.release.namespace),
        summary => plain(&report.summary()),
        is_clean => report.is_clean(),
        assumed => report.assumed_keys.iter().map(|key| plain(&report.assumed(key))).collect::<Vec<_>>(),
        picture => is_whole.then(|| picture(report, number)).flatten().map(Value::from_safe_string),
        has_findings => !report.findings.is_empty(),
        since => changes.map(|changes| plain(&changes.since)),
        changes => changes.map(|changes| changes.lines().iter().map(|line| plain(line)).collect::<Vec<_>>()),
        change_notes => changes.map(Changes::notes).unwrap_or_default(),
    }
}

/// The template's view of a group: its first finding, with all images.
fn of_group(group: &Group<'_>) -> Value {
    let images: Vec<Value> = match group.findings.len() {
        1 => Vec::new(),
        _ => group.images().iter().map(grouped).collect(),
    };
    let lead = group.lead();
    let classes: BTreeSet<&'static str> =
        group.findings.iter().filter_map(|(_, finding)| Some(finding.subject.as_ref()?.class.name())).collect();
    let rules: BTreeSet<&'static str> = group.findings.iter().map(|(_, finding)| finding.rule).collect();
    let cause = group.cause.map(|(_, cause)| plain(&cause.message));
    let shown = finding(lead, None);
    if group.findings.len() == 1 {
        return context! { cause, rules, classes, ..shown };
    }
    let notes: BTreeSet<&str> =
        group.findings.iter().flat_map(|&(_, finding)| finding.notes.iter().map(String::as_str)).collect();
    context! {
        severity => group.severity().name(),
        message => plain(&group.title()),
        object => Value::UNDEFINED,
        excerpts => lead.excerpts.iter().take(1).map(excerpt).collect::<Vec<_>>(),
        notes => notes.into_iter().map(|note| plain(note.trim_end())).collect::<Vec<_>>(),
        images, cause, rules, classes,
        ..shown
    }
}

/// The template's view of an image of a group.
fn grouped(image: &GroupedImage<'_>) -> Value {
    let objects: Vec<String> =
        image.objects.iter().map(|(object, fields)| plain(&format!("{object}: {}", fields.join(", ")))).collect();
    context! { reference => plain(image.reference), objects }
}

/// The template's view of a finding.
fn finding(finding: &Finding, accepted: Option<&Suppressed>) -> Value {
    let subject = finding.subject.as_ref();
    context! {
        rule => finding.rule,
        severity => finding.severity.name(),
        message => plain(&finding.message),
        object => subject.map(|subject| plain(&subject.object.to_string())),
        container => subject.and_then(|subject| subject.container.as_deref()).map(plain),
        field => subject.map(|subject| plain(&subject.field)),
        class => subject.map(|subject| subject.class.name()),
        excerpts => finding.excerpts.iter().map(excerpt).collect::<Vec<_>>(),
        notes => finding.notes.iter().map(|note| plain(note.trim_end())).collect::<Vec<_>>(),
        help => finding.advice().as_deref().map(plain),
        patches => finding.fix.iter().flat_map(|fix| &fix.told().patches).map(|patch| plain(&patch.diff)).collect::<Vec<_>>(),
        accepted => accepted.map(|one| plain(&one.reason)),
        accepted_by => accepted.map(|one| plain(&one.place.to_string())),
    }
}

/// A line of a source with its context, and the range marked.
fn excerpt(excerpt: &Excerpt) -> Value {
    let place = &excerpt.place;
    let (line, column) = place.file.line_column(place.start);
    let is_flag = place.file.is_flag();
    let around = if is_flag { 0 } else { AROUND };
    let shown = (line.saturating_sub(around).max(1)..=line + around).filter_map(|number| {
        let text = place.file.line(number)?;
        // A file that ends with a line break has no line after it.
        let is_end = text.is_empty() && place.file.start_of_line(number + 1).is_none();
        if number != line && is_end {
            return None;
        }
        if number != line {
            return Some(context! { number, before => cut(&text, LONGEST) });
        }
        let blank = text.len() - text.trim_start().len();
        let start = floor(&text, (column as usize).max(blank));
        let end = match (place.end - place.start) as usize {
            0 => text.len(),
            width => floor(&text, (start + width).min(text.len())),
        };
        // Of a long line, only the text around the range is shown.
        let before = cut_start(&text[..start], LONGEST / 2);
        let (mark, after) = (cut(&text[start..end], LONGEST), cut(&text[end..], LONGEST / 2));
        Some(context! { number, before, mark, after, is_marked => true })
    });
    context! {
        place => plain(&place_name(place)),
        label => plain(&excerpt.label),
        is_flag,
        lines => shown.collect::<Vec<_>>(),
    }
}

/// The template's view of an image.
fn row(image: &Image, report: &Report) -> Value {
    let decider = image.uses.iter().find(|one| one.class == image.class).and_then(|one| one.decider());
    context! {
        release => plain(&report.release.full_name()),
        reference => plain(&image.reference),
        class => image.class.name(),
        good => image.class.is_in_place(),
        tier => image.tier.name(),
        path => decider.map(|origin| plain(&origin.user_path)),
        who => decider.map(|origin| plain(&origin.who)),
        place => decider.map(|origin| plain(&short(origin))),
        source => image.source.as_deref().map(plain),
        destination => image.destination.as_deref().map(plain),
        uses => image.uses.iter().map(used_by).collect::<Vec<_>>(),
    }
}

fn used_by(one: &Use) -> String {
    match one.container.as_deref().filter(|name| !name.is_empty()) {
        Some(container) => plain(&format!("{}, {container}", one.object)),
        None => plain(&format!("{}, {}", one.object, one.field)),
    }
}

/// Chart text as text of the page.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
    out
}

/// A path or a reference that may be wrapped after its separators.
fn breakable(text: &str, separators: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(separators) {
        if !out.is_empty() {
            out.push_str("<wbr>");
        }
        out.push_str(&escaped(part));
    }
    out
}

/// A sentence in which text between backquotes is code.
fn words(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let part = |(at, part): (usize, &&str)| match at % 2 == 1 && is_paired {
        true => format!("<code>{}</code>", escaped(part)),
        false => escaped(part),
    };
    let glue = if is_paired { "" } else { "`" };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join(glue)
}

/// The beginning of a text, up to a length.
fn cut(text: &str, longest: usize) -> String {
    let kept = &text[..floor(text, longest)];
    if kept.len() < text.len() { format!("{}…", plain(kept)) } else { plain(kept) }
}

/// The end of a text, up to a length.
fn cut_start(text: &str, longest: usize) -> String {
    let kept = &text[floor(text, text.len().saturating_sub(longest))..];
    if kept.len() < text.len() { format!("…{}", plain(kept)) } else { plain(kept) }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A rule's page, which is the program's own text.
fn html(markdown: &str) -> String {
    let mut html = String::new();
    // The headings of a page are below the heading of the rule.
    let markdown = markdown.replace("\n## ", "\n#### ");
    push_html(&mut html, Parser::new_ext(&markdown, Options::empty()));
    html
}

/// The hash of a style or a script in a content security policy: `sha256-…`.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
