//! Reads a chart from a folder or an archive.

use super::archive;
use super::assemble::Assembler;
use super::budget::Budget;
use super::decode::decode_onto;
use super::metadata::Base;
use super::raw::RawFile;
use super::stored::{self, Stored};
use super::unpack::{CHUNK, Fault};
use super::{Chart, folder};
use crate::content_digest::{ContentDigest, ContentHasher};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::go::go_quote;
use crate::go::system_error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// A loaded chart with helm's log lines.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The chart.
    pub chart: Arc<Chart>,
    /// Log lines and warnings for stderr, in order, with a `level=` prefix only where helm has one.
    pub warnings: Vec<String>,
}

/// Loads the chart at a path: a folder, or an archive (which is read in memory and never unpacked to disk).
///
/// Errors are helm's texts as `helm template` prints them after `Error: `.
pub(crate) fn load(path: &Path, limits: &Limits, helm: HelmVersion) -> Result<Loaded, Error> {
    let reach = Reach::of_user(limits.file_bytes);
    load_from(&ChartAt { reach: &reach, by: By::User, path, seen_as: None }, limits, helm)
}

/// The source of a chart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChartAt<'s> {
    /// What may be read.
    pub reach: &'s Reach,
    /// Who named the chart.
    pub by: By,
    /// The folder or archive.
    pub path: &'s Path,
    /// The location of a folder relative to the working folder, for [`File::path`](crate::source::File::path).
    pub seen_as: Option<&'s str>,
}

/// The error for a chart that does not exist.
pub(crate) fn not_found(path: &Path) -> Error {
    Error::file(format!("path {} not found", go_quote(path.to_string_lossy().as_bytes())))
}

/// Loads a chart, as [`load`] does.
pub(crate) fn load_from(source: &ChartAt<'_>, limits: &Limits, helm: HelmVersion) -> Result<Loaded, Error> {
    let ChartAt { reach, by, path, seen_as } = *source;
    let mut budget = Budget::new(limits, helm);
    let mut warnings = Vec::new();
    if !look::exists(path) {
        return Err(not_found(path));
    }
    let is_folder = look::is_folder(path);
    let folder = seen_as.filter(|_| is_folder);
    let (files, generation) = if is_folder {
        let folder = reach.folder(by, path, "the chart")?;
        let generation = generation(&folder::chart_yaml(&folder, &budget)?, &budget)
            .map_err(|error| error.in_file(&path.join("Chart.yaml").to_string_lossy()))?;
        (folder::read(&folder, &mut budget, &mut warnings)?, generation)
    } else {
        let file = reach.open(by, path)?.file;
        let files = read_archive(file, path, &mut budget, &mut warnings)?;
        let generation = generation_of(&files, &budget)?;
        (files, generation)
    };
    finish(files, generation, folder, budget, warnings)
}

/// The digest of everything that [`load_from`] reads of a chart.
///
/// # Errors
/// It cannot be read.
pub(crate) fn content_digest(source: &ChartAt<'_>, limits: &Limits) -> Result<ContentDigest, Error> {
    let ChartAt { reach, by, path, .. } = *source;
    if !look::is_folder(path) {
        let mut hash = ContentHasher::of_kind("archive");
        hash.bytes(&reach.open(by, path)?.read_at_most(path, limits.chart_bytes.saturating_add(1))?);
        return Ok(hash.finish());
    }
    let mut hash = ContentHasher::of_kind("folder");
    let mut budget = Budget::new(limits, HelmVersion::V4);
    let folder = reach.folder(by, path, "the chart")?;
    // Who owns a file depends on where it really is.
    for link in folder.walk().flatten().filter(|entry| entry.path_is_symlink()) {
        hash.bytes(link.path().strip_prefix(folder.real()).unwrap_or(link.path()).to_string_lossy().as_bytes());
        hash.bytes(look::real(link.path()).unwrap_or_default().to_string_lossy().as_bytes());
    }
    for file in folder::read(&folder, &mut budget, &mut Vec::new())? {
        hash.bytes(file.path.as_bytes());
        hash.bytes(&file.content);
    }
    Ok(hash.finish())
}

/// Loads a chart that is not on the disk, or whose old state is needed, as [`load_from`] does.
pub(crate) fn load_stored(
    chart: &Stored,
    path: &Path,
    seen_as: Option<&str>,
    limits: &Limits,
    helm: HelmVersion,
) -> Result<Loaded, Error> {
    let mut budget = Budget::new(limits, helm);
    let mut warnings = Vec::new();
    let (files, folder) = match chart {
        Stored::Folder(files) => (stored::files(files, &mut budget)?, seen_as),
        Stored::Archive(bytes) => (read_archive(bytes.as_slice(), path, &mut budget, &mut warnings)?, None),
    };
    let generation = generation_of(&files, &budget)?;
    finish(files, generation, folder, budget, warnings)
}

/// Makes a chart from its files; `folder` is their location, if they are on the disk.
fn finish(
    files: Vec<RawFile>,
    generation: Generation,
    folder: Option<&str>,
    mut budget: Budget<'_>,
    mut warnings: Vec<String>,
) -> Result<Loaded, Error> {
    let chart = Assembler { budget: &mut budget, warnings: &mut warnings, depth: 0 }.chart(files, "", folder)?;
    match generation {
        Generation::Known => Ok(Loaded { chart: Arc::new(chart), warnings }),
        // Helm loads such a chart, but cannot use it.
        Generation::Third => Err(Error::chart("invalid chart apiVersion")),
    }
}

/// Which loader the `apiVersion` of the root chart selects.
enum Generation {
    Known,
    Third,
}

fn generation_of(files: &[RawFile], budget: &Budget<'_>) -> Result<Generation, Error> {
    let Some(chart_yaml) = files.iter().find(|file| file.path == "Chart.yaml") else {
        return Err(Error::chart("unable to detect chart version, no Chart.yaml found"));
    };
    generation(&chart_yaml.content, budget)
}

fn generation(chart_yaml: &[u8], budget: &Budget<'_>) -> Result<Generation, Error> {
    // Helm 3 has one kind of chart and does not check.
    if budget.helm == HelmVersion::V3 {
        return Ok(Generation::Known);
    }
    let mut base = Base::default();
    decode_onto(&mut base, chart_yaml, budget.limits).map_err(|error| error.after("cannot load Chart.yaml"))?;
    match base.api_version.as_str() {
        "" | "v1" | "v2" => Ok(Generation::Known),
        "v3" => Ok(Generation::Third),
        _ => Err(Error::chart("unsupported chart version")),
    }
}

pub(super) fn read_archive(
    source: impl Read,
    path: &Path,
    budget: &mut Budget<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<RawFile>, Error> {
    let shown = path.display();
    let mut source = BufReader::with_capacity(CHUNK, source);
    let unreadable = |error| Error::file(format!("file '{shown}' cannot be read: {}", system_error(&error)));
    let start = source.fill_buf().map_err(unreadable)?;
    if !start.starts_with(b"\x1f\x8b\x08") {
        if shown.to_string().ends_with(".yml") || shown.to_string().ends_with(".yaml") {
            return Err(Error::chart(format!(
                "file '{shown}' seems to be a YAML file, but expected a gzipped archive"
            )));
        }
        let kind = content_type(start);
        return Err(Error::chart(format!("file '{shown}' does not appear to be a gzipped archive; got '{kind}'")));
    }
    archive::read(source, &shown.to_string(), budget, warnings).map_err(|fault| match fault {
        Fault::GzipHeader => Error::chart(format!(
            "file '{shown}' does not appear to be a valid chart file (details: gzip: invalid header)"
        )),
        Fault::Helm(error) if budget.helm == HelmVersion::V3 => error,
        // Helm 4 prints only the first half for an archive that is not inside another chart.
        fault => fault.into_error().after(format_args!("unable to load chart archive: {shown}")),
    })
}

/// The content type that Go detects for a file that is not an archive, for files that users mistake for charts.
///
/// Source: Go `net/http`, `DetectContentType`.
fn content_type(start: &[u8]) -> &'static str {
    /// The bytes that Go reads; helm pads with zero bytes.
    const LOOKED_AT: usize = 512;
    let start = &start[..start.len().min(LOOKED_AT)];
    let text = start.trim_ascii_start();
    let is_tag = |tag: &str| {
        text.len() >= tag.len()
            && text[..tag.len()].eq_ignore_ascii_case(tag.as_bytes())
            && matches!(text.get(tag.len()), Some(b' ' | b'>'))
    };
    const TAGS: [&str; 16] = [
        "<!DOCTYPE HTML",
        "<HTML",
        "<HEAD",
        "<SCRIPT",
        "<IFRAME",
        "<H1",
        "<DIV",
        "<FONT",
        "<TABLE",
        "<A",
        "<STYLE",
        "<TITLE",
        "<B",
        "<BODY",
        "<BR",
        "<P",
    ];
    if TAGS.into_iter().any(is_tag) || is_tag("<!--") {
        return "text/html; charset=utf-8";
    }
    let marks: [(&[u8], &str); 12] = [
        (b"%PDF-", "application/pdf"),
        (b"%!PS-Adobe-", "application/postscript"),
        (b"\xfe\xff", "text/plain; charset=utf-16be"),
        (b"\xff\xfe", "text/plain; charset=utf-16le"),
        (b"\xef\xbb\xbf", "text/plain; charset=utf-8"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"PK\x03\x04", "application/zip"),
        (b"Rar!\x1a\x07", "application/x-rar-compressed"),
        (b"\0asm", "application/wasm"),
        (b"\0\0\0\0\0\0\0\0", "application/octet-stream"),
    ];
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    if let Some((_, kind)) = marks.into_iter().find(|(mark, _)| start.starts_with(mark)) {
        return kind;
    }
    let is_binary = |&byte: &u8| matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if start.len() < LOOKED_AT || start.iter().any(is_binary) {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    }
}
