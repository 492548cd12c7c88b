//! The inventory for a terminal: a table with aligned columns.

use super::{Inventory, short};
use crate::analysis::images::{Image, Use};
use crate::report::plain_line;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The space between two columns.
const GAP: &str = "  ";

/// Written for a source that is not known.
const UNKNOWN: &str = "(unknown)";

/// The minimum width of a column that is shortened to fit a terminal.
const NARROWEST: usize = 20;

/// Writes one row for each reference, or with `wide` one row for each use with the decider of each part. `width` is the
/// terminal's: the columns that explain a reference are shortened to fit, the reference never.
pub(crate) fn write(inventory: &Inventory, wide: bool, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let judged = inventory.mirror.is_some();
    let mut head = vec!["REFERENCE", "CLASS", "TIER", "USED BY", "DECIDED BY"];
    if wide {
        head.insert(4, "FIELD");
    }
    let mut rows: Vec<Vec<String>> = vec![head.into_iter().map(str::to_owned).collect()];
    for image in &inventory.images {
        if wide {
            rows.extend(image.uses.iter().map(|one| wide_row(image, one)));
        } else {
            rows.push(row(image));
        }
    }
    if !judged {
        rows.iter_mut().for_each(|row| drop(row.remove(1)));
    }
    lay_out(&rows, if wide { None } else { width }, out)?;
    write_cautions(inventory, out)?;
    writeln!(out, "\n{}", summary(inventory))
}

/// Writes what the user must know before references are copied.
fn write_cautions(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    let mut cautions = inventory.cautions().peekable();
    if cautions.peek().is_some() {
        writeln!(out)?;
    }
    cautions.try_for_each(|(reference, caution)| writeln!(out, "{}: {caution}", plain_line(reference)))
}

/// Writes `SOURCE` and `DESTINATION`; returns the number of images whose source is not known.
pub(crate) fn write_sources(inventory: &Inventory, out: &mut dyn Write) -> io::Result<usize> {
    let (sources, unknown) = inventory.sources();
    let head = vec!["SOURCE".to_owned(), "DESTINATION".to_owned()];
    let row = |(source, destination): (&str, &str)| vec![source.to_owned(), destination.to_owned()];
    let unknown_row = |reference: &&str| row((UNKNOWN, reference));
    let rows: Vec<Vec<String>> =
        std::iter::once(head).chain(sources.into_iter().map(row)).chain(unknown.iter().map(unknown_row)).collect();
    lay_out(&rows, None, out)?;
    write_cautions(inventory, out)?;
    Ok(unknown.len())
}

fn row(image: &Image) -> Vec<String> {
    let mut users: Vec<String> = image.uses.iter().map(used_by).collect();
    users.dedup();
    let more = users.len().saturating_sub(1);
    let mut user = users.into_iter().next().unwrap_or_default();
    if more > 0 {
        user.push_str(&format!(" +{more}"));
    }
    let mut deciders: Vec<String> = image.uses.iter().filter_map(Use::decider).map(short).collect();
    deciders.dedup();
    let more = deciders.len().saturating_sub(1);
    let mut decider = deciders.into_iter().next().unwrap_or_default();
    if more > 0 {
        decider.push_str(&format!(" +{more}"));
    }
    vec![image.reference.clone(), image.class.name().to_owned(), image.tier.name().to_owned(), user, decider]
}

fn wide_row(image: &Image, one: &Use) -> Vec<String> {
    let by: Vec<String> =
        one.origins.iter().map(|origin| format!("{} {}", origin.part.name(), super::by(one, origin))).collect();
    vec![
        image.reference.clone(),
        one.class.name().to_owned(),
        one.tier.name().to_owned(),
        used_by(one),
        one.field.clone(),
        by.join(", "),
    ]
}

fn used_by(one: &Use) -> String {
    match &one.container {
        Some(container) => format!("{}, {container}", one.object),
        None => one.object.to_string(),
    }
}

/// Writes rows with aligned columns; the last two columns are shortened to fit a narrow terminal.
pub(in crate::report) fn lay_out(rows: &[Vec<String>], terminal: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| plain_line(cell)).collect()).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let mut widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0)).collect();
    if let Some(terminal) = terminal {
        let total: usize = widths.iter().sum::<usize>() + GAP.len() * columns.saturating_sub(1);
        let mut excess = total.saturating_sub(terminal);
        for width in widths.iter_mut().rev().take(2) {
            let cut = excess.min(width.saturating_sub(NARROWEST));
            *width -= cut;
            excess -= cut;
        }
    }
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let cell = shortened(cell, *width);
            let pad = width.saturating_sub(cell.width());
            line.push_str(&cell);
            line.push_str(&" ".repeat(pad));
            line.push_str(GAP);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A text shortened to a width; the end is kept, because it distinguishes files and names.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut used = 1;
    for c in text.chars().rev() {
        let next = c.to_string().width();
        if used + next > width {
            break;
        }
        used += next;
        kept.push(c);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

fn summary(inventory: &Inventory) -> String {
    let uses: usize = inventory.images.iter().map(|image| image.uses.len()).sum();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let found = format!("{} in {}", count(inventory.images.len(), "reference"), count(uses, "place"));
    match &inventory.mirror {
        // Manifests have no release.
        None if inventory.release.name.is_empty() => found,
        None => format!("{found}, as the chart renders without a mirror"),
        Some(mirror) => {
            let through = inventory.images.iter().filter(|image| image.class.is_in_place()).count();
            format!("{found}: {through} through {}", plain_line(mirror))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{lay_out, shortened};

    #[test]
    fn a_table_fits_the_terminal() {
        assert_eq!(shortened("charts/app/values.yaml:3", 14), "…values.yaml:3");
        let long = "x".repeat(60);
        let rows = [vec!["quay.io/a".to_owned(), long.clone(), long]];
        let mut out = Vec::new();
        lay_out(&rows, Some(80), &mut out).expect("it can be written");
        let text = String::from_utf8(out).expect("it is text");
        assert!(text.starts_with("quay.io/a  ") && text.chars().count() <= 81, "{text}");
    }
}
