//! In which order templates are parsed and executed.

use super::scope::TemplateFile;
use std::cmp::Ordering;

/// Deepest path first, and within a depth from Z to A, so that a parent's `define` replaces its subchart's, and that
/// of the alphabetically first file the others'.
///
/// Source: helm `pkg/engine/engine.go`, `sortTemplates`.
pub(super) fn sort(files: &mut [TemplateFile]) {
    files.sort_by(|a, b| by_depth(&b.name, &a.name));
}

fn by_depth(a: &str, b: &str) -> Ordering {
    let depth = |name: &str| name.bytes().filter(|&byte| byte == b'/').count();
    depth(a).cmp(&depth(b)).then_with(|| a.cmp(b))
}
