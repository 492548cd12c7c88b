//! The order in which templates are parsed and executed.

use super::scope::TemplateFile;
use std::cmp::Reverse;

/// Deepest path first, and within a depth from Z to A, so that a parent's `define` replaces its subchart's, and that of the
/// alphabetically first file replaces the others'.
///
/// Source: helm `pkg/engine/engine.go`, `sortTemplates`.
pub(super) fn sort(files: &mut Vec<TemplateFile>) {
    files.sort_by_cached_key(|file| Reverse((depth(&file.name), file.name.clone())));
    // Helm keeps them by name, so that the last one with a name counts: that happens below aliases, which helm 3 ignores.
    files.dedup_by(|next, kept| {
        let same = next.name == kept.name;
        if same {
            std::mem::swap(next, kept);
        }
        same
    });
}

fn depth(name: &str) -> usize {
    name.bytes().filter(|&byte| byte == b'/').count()
}
