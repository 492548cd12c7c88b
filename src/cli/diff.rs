//! The changes of `--fix` as a unified diff, with secrets masked.

use super::door::{Stream, Verbatim};
use crate::report::{Report, plain_line};
use crate::source::{File, Place};
use similar::{ChangeTag, TextDiff};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Lines of context before and after a change.
const AROUND: usize = 3;

/// Writes the difference between two states of a file; `before` is `None` for a new file.
pub(super) fn write(
    name: &str,
    before: Option<&Arc<File>>,
    after: &Arc<File>,
    reports: &[Report],
    out: &mut dyn Stream,
) -> io::Result<()> {
    let empty = File::new(name, "");
    let (old, new) = (before.unwrap_or(&empty), after);
    let texts = (String::from_utf8_lossy(old.bytes()), String::from_utf8_lossy(new.bytes()));
    let diff = TextDiff::from_lines(&*texts.0, &*texts.1);
    let name = plain_line(name);
    let names = out.verbatim(Verbatim::NamesOfDiff)?;
    writeln!(names, "--- {}", if before.is_some() { &name } else { "/dev/null" })?;
    writeln!(names, "+++ {name}")?;
    for group in diff.grouped_ops(AROUND) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let old_lines = first.old_range().start..last.old_range().end;
        let new_lines = first.new_range().start..last.new_range().end;
        writeln!(out, "@@ -{} +{} @@", range(&old_lines), range(&new_lines))?;
        for op in &group {
            for change in diff.iter_changes(op) {
                let (sign, file, index) = match change.tag() {
                    ChangeTag::Equal => (' ', old, change.old_index()),
                    ChangeTag::Delete => ('-', old, change.old_index()),
                    ChangeTag::Insert => ('+', new, change.new_index()),
                };
                let line = index.map(|index| shown(file, index as u32 + 1, reports)).unwrap_or_default();
                writeln!(out, "{sign}{line}")?;
                if change.missing_newline() {
                    writeln!(out, "\\ No newline at end of file")?;
                }
            }
        }
    }
    Ok(())
}

/// A line range in the header of a hunk.
fn range(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// A line with secrets masked.
fn shown(file: &Arc<File>, line: u32, reports: &[Report]) -> String {
    let text = file.line(line).unwrap_or_default();
    let Some(start) = file.start_of_line(line) else { return text };
    let place = Place { file: file.clone(), start, end: start };
    let hidden = reports.iter().fold(text.clone(), |text, report| {
        let told = report.findings.iter().filter_map(|finding| Some(finding.subject.as_ref()?.reference.as_str()));
        let told = told.chain([report.mirror.as_str()]).collect::<Vec<_>>().join("\n");
        let hidden = report.secrets.hide(&place, &told).file.line(line).unwrap_or_default();
        // A line is masked if any of the reports masks it.
        let text = if hidden == file.line(line).unwrap_or_default() { text } else { hidden };
        report.secrets.hide_in(&text, true)
    });
    plain_line(&hidden)
}
