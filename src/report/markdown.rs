//! The report for a comment on a pull request: Markdown, made from the template beside this file.

use super::changes::{Changes, Replaced};
use super::{Report, plain_line};
use crate::finding::Finding;
use minijinja::{AutoEscape, Environment, Value, context};
use std::io::{self, Write};

/// Writes the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.add_filter("text", |text: String| escaped(&text));
    env.add_filter("code", |text: String| code(&text));
    let findings: Vec<Value> = report.findings.iter().map(row).collect();
    let changes = report.changes.as_ref();
    let replaced = |one: &Replaced| format!("{} → {}", code(&one.before), code(&one.after));
    let context = context! {
        summary => report.summary(),
        release => report.release.full_name(),
        findings,
        assumed => report.assumed_keys.iter().map(|key| report.assumed(key)).collect::<Vec<_>>(),
        since => changes.map(|changes| changes.since.clone()),
        new => changes.map(|changes| changes.new.clone()).unwrap_or_default(),
        gone => changes.map(|changes| changes.gone.clone()).unwrap_or_default(),
        changed => changes.map(|changes| changes.changed.iter().map(replaced).collect::<Vec<_>>()).unwrap_or_default(),
        change_notes => changes.map(Changes::notes).unwrap_or_default(),
    };
    let text = env.render_str(include_str!("markdown.md.j2"), context).map_err(io::Error::other)?;
    writeln!(out, "{}", text.trim_end())
}

/// What the template sees of a finding; places are Markdown already.
fn row(finding: &Finding) -> Value {
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
        help => finding.help.clone(),
    }
}

/// Untrusted text in Markdown: nothing in it is markup, a link, or a mention of somebody.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain_line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Untrusted text as code in a table; a backquote would end it, a bar would end the cell.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("`{}`", plain_line(text).replace('`', "'").replace('|', "\\|"))
}
