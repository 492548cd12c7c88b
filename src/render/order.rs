//! The order in which templates are parsed and executed.

use super::scope::TemplateFile;

/// Deepest path first, and within a depth from Z to A, so that a parent's `define` replaces its subchart's, and that of the
/// alphabetically first file replaces the others'.
///
/// Source: helm `pkg/engine/engine.go`, `sortTemplates`.
pub(super) fn sort(files: &mut Vec<TemplateFile>) {
    let mut with_depth: Vec<(usize, TemplateFile)> =
        std::mem::take(files).into_iter().map(|file| (depth(&file.name), file)).collect();
    with_depth.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| other.name.cmp(&one.name)));
    files.extend(with_depth.into_iter().map(|(_, file)| file));
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
