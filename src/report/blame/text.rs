//! The text output of `airtight blame`: a gutter with the decider of each line; a trail with excerpts.

use super::{kind, place, shown, who, words};
use crate::blame::value::Trail;
use crate::blame::{Document, Share};
use crate::finding::Excerpt;
use crate::provenance::Decider;
use crate::provenance::DeciderKind;
use crate::report::text::excerpt::{snippet, told_as_they_are};
use crate::report::{plain, plain_line};
use crate::secrets::masked as hidden;
use crate::source::Place;
use crate::trace::Layer;
use annotate_snippets::{Annotation, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The maximum width of a location in the gutter; of a longer one the end is shown.
const WIDEST: usize = 48;

/// The width of the longest [`kind`].
const KIND: usize = 8;

/// Writes manifests with the decider of each line; `full` adds all contributors.
pub(crate) fn write(documents: &[Document<'_>], full: bool, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let lines = documents.iter().flat_map(Document::lines);
    let widths = lines.map(|line| {
        let decided = line.decided.iter().flat_map(|one| &one.by).map(|decider| place(decider).width());
        decided.chain([where_of(&line.shares).width()]).max().unwrap_or(0)
    });
    // The maximum is reached early in most cases.
    let mut width = 0;
    for wide in widths {
        width = width.max(wide).min(WIDEST);
        if width == WIDEST {
            break;
        }
    }
    for document in documents {
        writeln!(out, "---\n# Source: {}", plain_line(document.template()))?;
        let mut last = None;
        for line in document.lines() {
            if last.is_some_and(|last| last + 1 != line.number) {
                writeln!(out, "{} ⋮", " ".repeat(KIND + 1 + width))?;
            }
            last = Some(line.number);
            let (kind, paint) = match line.shares.first() {
                Some(share) => (kind(&share.decider), style(&share.decider)),
                None => ("", Style::new()),
            };
            let shown = shortened(&plain_line(&where_of(&line.shares)), width);
            let pad = " ".repeat(width.saturating_sub(shown.width()));
            let gutter = format!("{kind:KIND$} {shown}{pad}");
            let text = plain(&line.text);
            match colour {
                true => writeln!(out, "{paint}{gutter}{paint:#} │ {text}")?,
                false => writeln!(out, "{}", format!("{gutter} │ {text}").trim_end())?,
            }
            for decided in &line.decided {
                for (number, words) in words(decided).into_iter().enumerate() {
                    let decider = decided.by.get(number);
                    let at = decider.map(|decider| shortened(&plain_line(&place(decider)), width)).unwrap_or_default();
                    let pad = " ".repeat(width.saturating_sub(at.width()));
                    let style = decider.map_or(Style::new(), style);
                    let gutter = format!("{:KIND$} {at}{pad}", decider.map_or("", super::kind));
                    let words = plain_line(&words);
                    match colour {
                        true => writeln!(out, "{style}{gutter}{style:#} │   {words}")?,
                        false => writeln!(out, "{gutter} │   {words}")?,
                    }
                }
            }
            if !full {
                continue;
            }
            for share in &line.shares {
                let origin = format!("{} {}", super::kind(&share.decider), place_and_path(&share.decider));
                let text = plain_line(share.text.trim());
                writeln!(out, "{} │   {text:?} {}", " ".repeat(KIND + 1 + width), plain_line(&origin))?;
            }
        }
    }
    Ok(())
}

/// The main location, and the number of other settings that contributed.
fn where_of(shares: &[Share]) -> String {
    let Some(first) = shares.first() else { return String::new() };
    let is_setting = |share: &&Share| !matches!(kind(&share.decider), "template" | "fact" | "");
    match shares[1..].iter().filter(is_setting).count() {
        0 => place(&first.decider),
        more => format!("{} +{more}", place(&first.decider)),
    }
}

fn place_and_path(decider: &Decider) -> String {
    match (&decider.source, &decider.path) {
        (DeciderKind::User(Layer::Flag(_)), _) => place(decider),
        (_, path) if path.is_empty() => place(decider),
        (_, path) => format!("{} ({path})", place(decider)),
    }
}

fn style(decider: &Decider) -> Style {
    match kind(decider) {
        "values" | "flag" => AnsiColor::Yellow.on_default().bold(),
        "mirror" => AnsiColor::Green.on_default(),
        "default" => AnsiColor::Cyan.on_default(),
        "chart" => AnsiColor::Blue.on_default(),
        _ => Style::new().dimmed(),
    }
}

/// A text shortened to a width; of a longer one the end is kept.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    // One column is for the ellipsis.
    let mut left = width.saturating_sub(1);
    let kept = text.char_indices().rev().take_while(|(_, c)| match left.checked_sub(c.width().unwrap_or(0)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    let kept = kept.last().map_or("", |(at, _)| &text[at..]);
    format!("…{kept}")
}

/// Writes the trail of a value.
pub(crate) fn write_trail(trail: &Trail, show_secrets: bool, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let masked = trail.is_secret && !show_secrets;
    let title = match &trail.value {
        Some(value) if trail.path.is_empty() => format!("the values are {}", shown(value, masked)),
        Some(value) => format!("{} is {}", trail.path, shown(value, masked)),
        None => format!("{} is not set", trail.path),
    };
    let mut group = Level::NOTE.primary_title(plain_line(&title)).elements(Vec::<Snippet<'_, Annotation<'_>>>::new());
    let mut places = Vec::new();
    for (index, decider) in trail.settings.iter().enumerate() {
        let Some(place) = &decider.place else { continue };
        let is_null = |place: &Place| {
            let text = place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default();
            matches!(text, b"null" | b"~" | b"Null" | b"NULL")
        };
        let role = match (&trail.value, index) {
            (Some(_), 0) => "decided here",
            (None, _) if is_null(place) => "unset by null",
            (None, 0) => "named here",
            _ => "hidden",
        };
        let label = match &decider.source {
            DeciderKind::User(Layer::File(_)) => role.to_owned(),
            _ => format!("{role}: {}", who(decider)),
        };
        let place = match (masked, show_secrets) {
            // A part of the file alone may not show that the value is a secret.
            (true, _) => hidden(place),
            (false, false) => trail.secrets.hide(place, &title),
            (false, true) => place.clone(),
        };
        group = group.element(snippet(&Excerpt { place: place.clone(), label }, index == 0));
        places.push(place);
    }
    if trail.value.is_none() && trail.settings.is_empty() {
        group = group.element(Level::NOTE.message("not set by any chart, file or flag"));
    }
    for place in &trail.reads {
        group = group.element(Level::NOTE.message(plain_line(&format!("read at {place}"))));
    }
    if masked {
        group = group
            .element(Level::NOTE.message("masked because its name says that it is a secret: --show-secrets shows it"));
    }
    let near: Vec<String> = trail.near.iter().map(ToString::to_string).collect();
    if !near.is_empty() {
        group = group.element(Level::HELP.message(plain_line(&format!("similar names: {}", near.join(", ")))));
    }
    writeln!(out, "{}", told_as_they_are(renderer.render(&[group]), places.iter()))?;
    if trail.leaves.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let values: Vec<String> = trail
        .leaves
        .iter()
        .map(|leaf| format!("{} = {}", leaf.path, shown(&leaf.value, leaf.is_secret && !show_secrets)))
        .map(|text| plain_line(&text))
        .collect();
    let width = trail.leaves.iter().map(|leaf| place(&leaf.decider).width()).max().unwrap_or(0);
    for (leaf, value) in trail.leaves.iter().zip(values) {
        let (place, style) = (plain_line(&place(&leaf.decider)), style(&leaf.decider));
        let gutter =
            format!("{:KIND$} {place}{}", kind(&leaf.decider), " ".repeat(width.saturating_sub(place.width())));
        let hides = match leaf.decider.hides.len() {
            0 => String::new(),
            hidden => format!("  (hides {hidden})"),
        };
        match colour {
            true => writeln!(out, "{style}{gutter}{style:#} │ {value}{hides}")?,
            false => writeln!(out, "{gutter} │ {value}{hides}")?,
        }
    }
    Ok(())
}
