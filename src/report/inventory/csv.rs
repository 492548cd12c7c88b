//! The inventory for a spreadsheet: comma-separated values (RFC 4180), one row for each use.

use super::Inventory;
use crate::images::ReferencePart;
use crate::report::plain_line;
use std::io::{self, Write};

const COLUMNS: [&str; 17] = [
    "reference",
    "registry",
    "class",
    "tier",
    "source",
    "destination",
    "kind",
    "namespace",
    "name",
    "container",
    "field",
    "template",
    "shape",
    "registry_decided_by",
    "repository_decided_by",
    "tag_decided_by",
    "caution",
];

/// Writes one row for each use of each reference.
pub(crate) fn write(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for image in &inventory.images {
        for one in &image.uses {
            let by = |part: ReferencePart| {
                let origin = one.origins.iter().find(|origin| origin.part == part);
                origin.map(|origin| super::by(one, origin)).unwrap_or_default()
            };
            let class = if inventory.mirror.is_some() { one.class.name() } else { "" };
            let row = [
                image.reference.as_str(),
                &image.registry,
                class,
                one.tier.name(),
                image.source.as_deref().unwrap_or_default(),
                image.destination.as_deref().unwrap_or_default(),
                &one.object.kind,
                &one.object.namespace,
                &one.object.name,
                one.container.as_deref().unwrap_or_default(),
                &one.field,
                &one.template,
                one.shape.name(),
                &by(ReferencePart::Registry),
                &by(ReferencePart::Repository),
                &by(ReferencePart::Tag),
                image.caution().unwrap_or_default(),
            ];
            table.write_record(row.map(cell))?;
        }
    }
    table.flush()
}

/// Writes one row for each image to mirror.
pub(crate) fn write_sources(inventory: &Inventory, out: &mut dyn Write) -> io::Result<usize> {
    let (sources, unknown) = inventory.sources();
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["source", "destination", "caution"])?;
    for (source, destination) in sources {
        table.write_record([cell(source), cell(destination), inventory.caution_of(destination).to_owned()])?;
    }
    for reference in &unknown {
        table.write_record(["", &cell(reference), ""])?;
    }
    table.flush()?;
    Ok(unknown.len())
}

/// A cell that a spreadsheet does not evaluate: text that looks like a formula gets an apostrophe in front.
pub(in crate::report) fn cell(text: &str) -> String {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_formula = |text: &str| text.trim_start_matches([' ', '\t', '"', '\'']).starts_with(FORMULA);
    let text = plain_line(text);
    let mut cell = String::with_capacity(text.len() + 1);
    if is_formula(&text) || text.starts_with('\t') {
        cell.push('\'');
    }
    // In locales with a decimal comma, cells end at semicolons or tabs.
    for (at, c) in text.char_indices() {
        cell.push(c);
        if matches!(c, ';' | '\t') && is_formula(&text[at + 1..]) {
            cell.push('\'');
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("quay.io/a=b"), "quay.io/a=b");
        assert_eq!(cell(" =1"), "' =1");
        assert_eq!(cell("a; =1"), "a;' =1");
        assert_eq!(cell("a\r=1"), "a\\u{d}=1");
    }
}
