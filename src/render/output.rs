//! The output of `helm template`, from manifests.

use super::manifest::{Manifest, Manifests, split, trimmed_len};
use crate::chart::Chart;
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::source::File;
use crate::values::Instance;
use std::io::{self, Write};
use std::sync::Arc;

/// Which parts of a release are printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// Whether to print the files of `crds/`.
    pub include_crds: bool,
    /// Whether to omit all hooks.
    pub no_hooks: bool,
    /// Whether to omit test hooks.
    pub skip_tests: bool,
}

/// One block of the output: a document under its `# Source:` comment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'m> {
    /// Full name of the file.
    pub name: &'m str,
    /// The document.
    pub content: &'m [u8],
}

impl Block<'_> {
    /// Writes the block as helm does.
    pub(crate) fn write(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        out.write_all(b"---\n# Source: ")?;
        out.write_all(self.name.as_bytes())?;
        out.write_all(b"\n")?;
        out.write_all(self.content)?;
        out.write_all(b"\n")
    }
}

impl<N> Manifest<N> {
    fn block(&self) -> Block<'_> {
        Block { name: &self.name, content: self.content.as_bytes() }
    }
}

impl<N> Manifests<N> {
    /// The hooks of a selection.
    pub(crate) fn selected_hooks<'m>(&'m self, selection: &'m Selection) -> impl Iterator<Item = Block<'m>> {
        let is_test = |event: &String| event == "test" || event == "test-success";
        self.hooks
            .iter()
            .filter(|_| !selection.no_hooks)
            .filter(move |hook| !(selection.skip_tests && hook.hook.iter().flatten().any(is_test)))
            .map(Manifest::block)
    }

    /// The ordinary manifests.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        self.ordinary.iter().map(Manifest::block)
    }

    /// Writes what `helm template` prints.
    pub(crate) fn write(
        &self,
        root: &Instance,
        selection: &Selection,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<()> {
        let crds = if selection.include_crds { crds(root) } else { Vec::new() };
        let mut blocks = crds.iter().map(|(name, content)| Block { name, content }).chain(self.blocks()).peekable();
        while let Some(block) = blocks.next() {
            if blocks.peek().is_some() {
                block.write(out)?;
                continue;
            }
            // Helm quirk: the manifests are trimmed as one text, the hooks after them are not.
            let mut last = Vec::new();
            block.write(&mut last)?;
            out.write_all(&last[..trimmed_len(&last)])?;
        }
        out.write_all(b"\n")?;
        self.selected_hooks(selection).try_for_each(|block| block.write(out))
    }
}

/// The CRDs of a chart and its subcharts, in helm's order, with their full names.
pub(crate) fn crds(root: &Instance) -> Vec<(String, &[u8])> {
    crd_files(root).into_iter().map(|(name, file)| (name, file.bytes())).collect()
}

/// The same as files.
pub(crate) fn crd_files(root: &Instance) -> Vec<(String, &Arc<File>)> {
    let mut found = Vec::new();
    collect_crds(root, &mut found);
    found
}

fn collect_crds<'c>(instance: &'c Instance, found: &mut Vec<(String, &'c Arc<File>)>) {
    let chart: &Chart = &instance.chart;
    found.extend(chart.crds().map(|crd| (format!("{}/{}", instance.full_path, crd.path), &crd.file)));
    for child in &instance.children {
        collect_crds(child, found);
    }
}

/// Whether a file is one of `crds/`, which helm installs unchanged, by its full name: `app/charts/db/crds/x.yaml`.
pub(crate) fn is_crd_file(name: &str) -> bool {
    let mut path = name.split('/').skip(1);
    loop {
        match path.next() {
            Some("charts") => path.next(),
            next => return next == Some("crds"),
        };
    }
}

/// Selects, for each pattern in order, the parts of an output whose file matches it; a pattern without a match is an error, in
/// helm's words.
///
/// The name of the top chart is not part of a file's name: `templates/x.yaml`, `charts/db/templates/y.yaml`.
/// Source: helm `pkg/cmd/template.go`.
pub(crate) fn show_only(text: &[u8], patterns: &[String], helm: HelmVersion) -> Result<Vec<u8>, Error> {
    let parts = split(text, helm);
    let mut out = Vec::new();
    for pattern in patterns {
        let mut found = false;
        for part in parts.iter().map(|range| &text[range.clone()]) {
            let Some(path) = source_path(part) else { continue };
            if crate::glob::path::path_match(pattern, &path).unwrap_or(false) {
                out.extend_from_slice(b"---\n");
                out.extend_from_slice(part);
                out.push(b'\n');
                found = true;
            }
        }
        if !found {
            return Err(Error::manifest(format!("could not find template {pattern} in chart")));
        }
    }
    Ok(out)
}

/// The path in the first `# Source: CHART/PATH` of a part.
fn source_path(part: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"# Source: ";
    for start in 0..part.len() {
        let Some(rest) = part[start..].strip_prefix(MARK) else { continue };
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let Some(slash) = line.iter().position(|&byte| byte == b'/') else { continue };
        if slash > 0 && slash + 1 < line.len() {
            return Some(String::from_utf8_lossy(&line[slash + 1..]).into_owned());
        }
    }
    None
}
