//! The inventory as lines for scripts: one reference a line, or a source and its destination.

use super::Inventory;
use crate::reference::Reference;
use crate::report::plain_line;
use std::io::{self, Write};

/// Writes one reference a line; returns how many texts were left out because they are not references.
pub(crate) fn write(inventory: &Inventory, out: &mut dyn Write) -> io::Result<usize> {
    let mut left_out = 0;
    for image in &inventory.images {
        // A script passes each line to another program: only references may be written.
        if Reference::parse(&image.reference).is_err() {
            left_out += 1;
            continue;
        }
        writeln!(out, "{}", plain_line(&image.reference))?;
    }
    Ok(left_out)
}

/// Writes `SOURCE DESTINATION` lines, and a comment for each image whose source is not known; returns the number of those
/// images.
pub(crate) fn write_sources(inventory: &Inventory, out: &mut dyn Write) -> io::Result<usize> {
    let (sources, unknown) = inventory.sources();
    for (source, destination) in sources {
        let caution = inventory.caution_of(destination);
        if !caution.is_empty() {
            writeln!(out, "# {caution}: {}", plain_line(source))?;
        }
        writeln!(out, "{} {}", plain_line(source), plain_line(destination))?;
    }
    for reference in &unknown {
        writeln!(out, "# source unknown: {}", plain_line(reference))?;
    }
    Ok(unknown.len())
}
