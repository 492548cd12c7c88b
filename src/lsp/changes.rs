//! [`FileChange`]: a fix as changes of texts.

use super::found::{OfferedFix, Suppressible};
use crate::fix::{Edit, FixTarget, edited_all};
use crate::source::File;
use crate::suppress::proposal::proposed;
use similar::{DiffOp, TextDiff};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The changes of one file.
#[derive(Debug)]
pub(super) struct FileChange {
    /// Its real path.
    pub(super) path: PathBuf,
    /// The file before the change.
    pub(super) before: Arc<File>,
    /// Ranges of its bytes, and what replaces them; in order, without overlaps.
    pub(super) edits: Vec<(Range<usize>, String)>,
}

/// The changes of a fix; `None` if it cannot be made.
pub(super) fn of_fix(fix: &OfferedFix) -> Option<Vec<FileChange>> {
    let edits: Vec<&(PathBuf, Edit)> = fix.edits.iter().collect();
    let mut changes = of_edits(&edits, fix)?;
    for (path, patch) in &fix.patches {
        let place = &patch.place;
        let edit = (place.start as usize..place.end as usize, patch.text.clone());
        match changes.iter_mut().find(|change| change.path == *path) {
            Some(change) => change.edits.push(edit),
            None => {
                changes.push(FileChange { path: path.clone(), before: place.file.clone(), edits: vec![edit] });
            }
        }
    }
    for change in &mut changes {
        change.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let overlaps = change.edits.windows(2).any(|pair| pair[0].0.end > pair[1].0.start);
        if overlaps {
            return None;
        }
    }
    Some(changes)
}

/// The texts of the files that a fix edits, after it; `None` if it cannot be made, or changes templates.
pub(crate) fn texts_after(fix: &OfferedFix) -> Option<Vec<(PathBuf, Arc<[u8]>)>> {
    let mut texts = Vec::new();
    for FileChange { path, before, edits } in of_fix(fix).filter(|_| fix.patches.is_empty())? {
        let mut text = before.bytes().to_vec();
        for (range, new) in edits.into_iter().rev() {
            text.splice(range, new.into_bytes());
        }
        texts.push((path, text.into()));
    }
    Some(texts)
}

/// The changes of one file by many fixes that edit it alone, as far as they can be made together; `None` if none can.
pub(super) fn of_fixes(fixes: &[&OfferedFix], path: &Path) -> Option<FileChange> {
    let mut made: Option<FileChange> = None;
    let (mut edits, mut known): (Vec<&(PathBuf, Edit)>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for fix in fixes.iter().filter(|fix| fix.patches.is_empty() && fix.edits.iter().all(|(of, _)| of == path)) {
        let new = fix.edits.iter().filter(|(_, edit)| !known.contains(&edit.id()));
        let all: Vec<&(PathBuf, Edit)> = edits.iter().copied().chain(new).collect();
        if all.len() == edits.len() {
            continue;
        }
        if let Some(Some(change)) = of_edits(&all, fix).map(|changes| changes.into_iter().next()) {
            known.extend(fix.edits.iter().map(|(_, edit)| edit.id()));
            (made, edits) = (Some(change), all);
        }
    }
    made
}

fn of_edits(edits: &[&(PathBuf, Edit)], fix: &OfferedFix) -> Option<Vec<FileChange>> {
    let mut by_path: BTreeMap<&Path, (&Arc<File>, Vec<&Edit>)> = BTreeMap::new();
    for (path, edit) in edits {
        let FixTarget::File { file, .. } = &edit.target else { return None };
        by_path.entry(path).or_insert((file, Vec::new())).1.push(edit);
    }
    let change = |(path, (before, edits)): (&Path, (&Arc<File>, Vec<&Edit>))| {
        let after = edited_all(before, &edits, fix.helm, &fix.limits).ok()?;
        let edits = difference(std::str::from_utf8(before.bytes()).ok()?, std::str::from_utf8(after.bytes()).ok()?);
        Some(FileChange { path: path.to_path_buf(), before: before.clone(), edits })
    };
    by_path.into_iter().map(change).collect()
}

/// The comment that would accept a finding; `None` if there can be none.
pub(super) fn of_suppression(what: &Suppressible, path: &Path) -> Option<FileChange> {
    let (at, comment) = proposed(what.rule, &what.place, what.in_template)?;
    let edits = vec![(at as usize..at as usize, comment)];
    Some(FileChange { path: path.to_path_buf(), before: what.place.file.clone(), edits })
}

/// What has to be replaced to make one text of another: the lines that differ, without what is equal in them.
fn difference(before: &str, after: &str) -> Vec<(Range<usize>, String)> {
    let diff = TextDiff::from_lines(before, after);
    let starts = |text: &str| -> Vec<usize> {
        let ends = text.split_inclusive('\n').scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    };
    let (old, new) = (starts(before), starts(after));
    let bytes = |starts: &[usize], lines: Range<usize>| {
        let at = |line: usize| starts.get(line).or(starts.last()).copied().unwrap_or_default();
        at(lines.start)..at(lines.end)
    };
    let changed = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let edits = changed.map(|op| {
        let (gone, text) = (bytes(&old, op.old_range()), &after[bytes(&new, op.new_range())]);
        let same = |pairs: &mut dyn Iterator<Item = (char, char)>| {
            pairs.take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum::<usize>()
        };
        let was = &before[gone.clone()];
        let start = same(&mut was.chars().zip(text.chars()));
        let end = same(&mut was[start..].chars().rev().zip(text[start..].chars().rev()));
        (gone.start + start..gone.end - end, text[start..text.len() - end].to_owned())
    });
    edits.collect()
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_what_differs_is_replaced() {
        let shown = |before: &str, after: &str| {
            let edits = difference(before, after);
            let mut made = before.to_owned();
            for (range, text) in edits.iter().rev() {
                made.replace_range(range.clone(), text);
            }
            assert_eq!(made, after);
            edits
                .into_iter()
                .map(|(range, text)| format!("{}..{} {text:?}", range.start, range.end))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown("a: é1\nb: 2\nc: 3\n", "a: é2\nb: 2\n"), ["5..6 \"2\"", "12..17 \"\""]);
        assert_eq!(shown("a: 1\n", "a: 1\nb: 2\n"), ["5..5 \"b: 2\\n\""]);
        assert_eq!(shown("a: 1", "b: 2\r\na: 1"), ["0..0 \"b: 2\\r\\n\""]);
        assert!(shown("", "").is_empty());
    }
}
