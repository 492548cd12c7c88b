//! A comparison as a table: each artifact that changes, how, and what brings it.

use super::{Compared, brought_by};
use crate::bundle::artifact::Artifact;
use crate::bundle::comparison::{Change, ChangeKind};
use crate::report::inventory::table::lay_out;
use crate::report::plain_line;
use std::io::{self, Write};

/// Writes a row for each change; `width` is that of the terminal.
pub(crate) fn write(compared: &Compared, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let changes = &compared.comparison.changes;
    if !changes.is_empty() {
        let head = ["REFERENCE", "CHANGE", "BROUGHT BY"].map(str::to_owned).to_vec();
        let mut rows: Vec<Vec<String>> = std::iter::once(head).chain(changes.iter().map(row)).collect();
        // Lists alone do not say what brings an image.
        if rows.iter().skip(1).all(|row| row[2].is_empty()) {
            rows.iter_mut().for_each(|row| row.truncate(2));
        }
        lay_out(&rows, width, out)?;
        writeln!(out)?;
    }
    writeln!(out, "{}", plain_line(&summary(compared)))
}

fn row(change: &Change) -> Vec<String> {
    let artifact = change.artifact();
    let how = match change {
        Change::Retagged(old, _) => format!("retagged from {}", version(old, artifact)),
        _ => change.kind().name().to_owned(),
    };
    vec![artifact.pinned(), how, brought_by(artifact).unwrap_or_default()]
}

/// What was before another version: its tag, or its digest if only that differs.
fn version(old: &Artifact, new: &Artifact) -> String {
    let tag = old.version().0.filter(|_| old.version().0 != new.version().0);
    let version = tag.map_or_else(|| old.digest.clone(), |tag| Some(tag.to_owned()));
    version.unwrap_or_else(|| old.pinned())
}

/// `platform-2.4.0 → platform-2.5.0: 1 new, 1 retagged, 1 gone, 5 the same`
fn summary(compared: &Compared) -> String {
    let comparison = &compared.comparison;
    let kinds = ChangeKind::ALL.iter().map(|&kind| (comparison.count(kind), kind.name()));
    let counts = kinds.chain([(comparison.same, "the same")]).filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    let counts = if counts.is_empty() { "nothing on either side".to_owned() } else { counts.join(", ") };
    format!("{} → {}: {counts}", compared.old, compared.new)
}
