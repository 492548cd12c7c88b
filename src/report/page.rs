//! A rule's page for a terminal, made from its Markdown; without the feature `html` it is the Markdown.

use crate::rules::Rule;
#[cfg(feature = "html")]
use anstyle::AnsiColor;
use anstyle::Style;
#[cfg(feature = "html")]
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::io::{self, Write};
#[cfg(feature = "html")]
use unicode_width::UnicodeWidthStr;

/// The maximum length of a line, however wide the terminal is.
#[cfg(feature = "html")]
const WIDEST: usize = 100;

/// Writes the page.
pub(crate) fn write(rule: &Rule, colour: bool, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let checked = if rule.on { "" } else { ", off by default" };
    writeln!(out, "{} ({}{checked})", painted(Style::new().bold(), rule.id, colour), rule.severity.name())?;
    set(&rule.markdown(), colour, width, out)
}

fn painted(style: Style, text: &str, colour: bool) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

#[cfg(not(feature = "html"))]
fn set(markdown: &str, _: bool, _: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{markdown}")
}

/// Writes Markdown as paragraphs that are wrapped to a width.
#[cfg(feature = "html")]
fn set(markdown: &str, colour: bool, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let width = width.unwrap_or(WIDEST).min(WIDEST);
    let paint = |style: Style, text: &str| painted(style, text, colour);
    let mut words: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut is_code = false;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                writeln!(out)?;
                is_code = true;
            }
            Event::Text(piece) if is_code => {
                for line in piece.lines() {
                    writeln!(out, "    {}", paint(AnsiColor::Cyan.on_default(), line))?;
                }
            }
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(piece) => text.push_str(&piece),
            Event::Code(piece) => {
                // Wrapped at blanks like other words; the colour is repeated in each part.
                let style = AnsiColor::Cyan.on_default();
                let painted: Vec<String> = piece.split(' ').map(|word| paint(style, word)).collect();
                text.push_str(&if colour { painted.join(" ") } else { format!("`{piece}`") });
            }
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::Paragraph | Tag::Item | Tag::Heading { .. }) => writeln!(out)?,
            Event::End(TagEnd::Heading(_)) => {
                writeln!(out, "{}", paint(Style::new().bold().underline(), &std::mem::take(&mut text)))?;
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item) => {
                words.extend(std::mem::take(&mut text).split_whitespace().map(str::to_owned));
                wrap(&words, width, out)?;
                words.clear();
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes words, wrapped to a width.
#[cfg(feature = "html")]
fn wrap(words: &[String], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut used = 0;
    for word in words {
        let columns = visible(word);
        if used > 0 && used + 1 + columns > width {
            writeln!(out)?;
            used = 0;
        }
        if used > 0 {
            write!(out, " ")?;
            used += 1;
        }
        write!(out, "{word}")?;
        used += columns;
    }
    if used > 0 { writeln!(out) } else { Ok(()) }
}

/// The width of a word without escape sequences.
#[cfg(feature = "html")]
fn visible(word: &str) -> usize {
    let mut rest = word;
    let mut columns = 0;
    while let Some(at) = rest.find('\u{1b}') {
        columns += rest[..at].width();
        let end = rest[at..].find('m').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    columns + rest.width()
}
