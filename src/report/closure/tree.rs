//! The closure as a tree: the images that each switch brings.

use super::text::summary;
use crate::closure::{Closure, ClosureImage, Setting};
use crate::report::plain_line;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A switch with the images that it brings, alone or with further switches.
#[derive(Debug, Default)]
struct Branch<'c> {
    images: Vec<&'c ClosureImage>,
    further: BTreeMap<&'c Setting, Branch<'c>>,
}

/// Writes the images of the values as given, then those of each setting; of several settings, the one that most images need is
/// the outer one.
pub(crate) fn write(closure: &Closure, out: &mut dyn Write) -> io::Result<()> {
    let today: Vec<&ClosureImage> = closure.images.iter().filter(|image| image.is_today).collect();
    if !today.is_empty() {
        writeln!(out, "the values as given")?;
        images(&today, 1, out)?;
    }
    let mut counts: BTreeMap<&Setting, usize> = BTreeMap::new();
    for setting in closure.images.iter().flat_map(|image| &image.settings) {
        *counts.entry(setting).or_default() += 1;
    }
    let mut top = Branch::default();
    for image in closure.images.iter().filter(|image| !image.is_today) {
        let mut path: Vec<&Setting> = image.settings.iter().collect();
        path.sort_by_key(|setting| (std::cmp::Reverse(counts.get(setting)), *setting));
        let mut branch = &mut top;
        for setting in path {
            branch = branch.further.entry(setting).or_default();
        }
        branch.images.push(image);
    }
    further(&top, 0, out)?;
    writeln!(out, "\n{}", plain_line(&summary(closure)))
}

fn further(branch: &Branch<'_>, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    for (setting, inner) in &branch.further {
        let and = if depth > 0 { "and " } else { "" };
        writeln!(out, "{}{and}{}", "  ".repeat(depth), plain_line(&setting.to_string()))?;
        images(&inner.images, depth + 1, out)?;
        further(inner, depth + 1, out)?;
    }
    Ok(())
}

fn images(images: &[&ClosureImage], depth: usize, out: &mut dyn Write) -> io::Result<()> {
    for image in images {
        let doubt = if image.unproven.is_some() { "  (helm stops with these settings)" } else { "" };
        writeln!(out, "{}{}{doubt}", "  ".repeat(depth), plain_line(&image.reference))?;
    }
    Ok(())
}
