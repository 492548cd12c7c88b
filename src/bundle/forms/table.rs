//! Tables (CSV) with a header: each row is an artifact.
//!
//! The columns are found by their names: `source` (or `src`, `image`, `reference`, `artifact`), or `registry` and `repository`; and if there
//! are such columns, `tag` (`version`), `digest` (`sha`, `sha256`), `destination` (`dest`, `dst`, `target`), `platforms` (`platform`) and
//! `kind` (`type`). Others are ignored.

use super::typed::text_of;
use super::writing::{Wish, Written};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::lines;
use crate::bundle::listed::{Content, Listed, placed_error};
use crate::error::Error;
use crate::reference::Reference;
use crate::source::{File, Place};
use std::sync::Arc;

/// The most rows.
const MOST_ROWS: usize = 1_000_000;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Source,
    Registry,
    Repository,
    Tag,
    Digest,
    Destination,
    Platforms,
    Kind,
}

fn column(name: &str) -> Option<Column> {
    Some(match name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().as_str() {
        "source" | "src" | "image" | "reference" | "artifact" => Column::Source,
        "registry" => Column::Registry,
        "repository" => Column::Repository,
        "tag" | "version" => Column::Tag,
        "digest" | "sha" | "sha256" => Column::Digest,
        "destination" | "dest" | "dst" | "target" => Column::Destination,
        "platforms" | "platform" => Column::Platforms,
        "kind" | "type" => Column::Kind,
        _ => return None,
    })
}

/// The character between fields: a comma, a semicolon or a tab.
fn separator(header: &str) -> Option<char> {
    [',', ';', '\t'].into_iter().find(|separator| header.contains(*separator))
}

/// Whether a file is a table: its name says so, or its first line is a header.
pub(super) fn is_table(file: &File) -> bool {
    let Ok(text) = text_of(file) else { return false };
    let header = text.lines().next().unwrap_or_default();
    let names: Vec<&str> = match separator(header) {
        Some(separator) => header.split(separator).map(|name| name.trim().trim_matches('"')).collect(),
        None => return file.name().ends_with(".csv"),
    };
    file.name().ends_with(".csv")
        || names.iter().all(|name| !name.is_empty() && !name.contains(['/', ':'])) && is_enough(&names)
}

fn is_enough(names: &[&str]) -> bool {
    let has = |wanted: Column| names.iter().any(|name| column(name) == Some(wanted));
    has(Column::Source) || has(Column::Repository)
}

/// Reads a table.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let text = text_of(file)?;
    let skipped = file.bytes().len() - text.len();
    let separator = separator(text.lines().next().unwrap_or_default()).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator as u8)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let at = |position: Option<&csv::Position>| {
        let start = (position.map_or(0, |position| position.byte() as usize) + skipped).min(file.bytes().len());
        Place { file: file.clone(), start: start as u32, end: start as u32 }
    };
    let broken = |error: &csv::Error| {
        let why = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("the row has {len} fields, and the header {expected_len}")
            }
            _ => error.to_string(),
        };
        placed_error(&at(error.position()), why)
    };
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    let names: Vec<&str> = header.iter().collect();
    if !is_enough(&names) {
        let why = "the first line has no column `source` (or `image`, or `registry` and `repository`); add a header";
        return Err(placed_error(&at(None), why));
    }
    let columns: Vec<Option<Column>> = names.iter().map(|name| column(name)).collect();
    let mut content = Content::default();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        if content.artifacts.len() == MOST_ROWS {
            return Err(Error::limit(format!("{} has more than {MOST_ROWS} rows", file.shown())));
        }
        let field = |wanted: Column| {
            let index = columns.iter().position(|column| *column == Some(wanted))?;
            record.get(index).filter(|text| !text.is_empty())
        };
        let place = at(record.position());
        content.artifacts.extend(row(&place, field)?);
    }
    Ok(content)
}

/// The artifact of a row; `None` for an empty one.
fn row<'r>(row: &Place, field: impl Fn(Column) -> Option<&'r str>) -> Result<Option<Listed>, Error> {
    let joined = match (field(Column::Source), field(Column::Registry), field(Column::Repository)) {
        (Some(source), None, _) => source.to_owned(),
        // An image may be given without its registry.
        (Some(source), Some(registry), _) => format!("{registry}/{source}"),
        (None, Some(registry), Some(repository)) => format!("{registry}/{repository}"),
        (None, None, Some(repository)) => repository.to_owned(),
        (None, _, None) => return Ok(None),
    };
    let shown = field(Column::Source).or(field(Column::Repository)).unwrap_or_default();
    let line = row.file.bytes().get(row.start as usize..).unwrap_or_default();
    let after = memchr::memmem::find(line, shown.as_bytes()).unwrap_or(0) as u32;
    let place = Place { file: row.file.clone(), start: row.start + after, end: row.start + after + shown.len() as u32 };
    let wrong = |error: Error| error.after(&place);
    let (kind, mut reference) = lines::reference(&joined).map_err(wrong)?;
    if let Some(tag) = field(Column::Tag).filter(|_| reference.tag.is_none()) {
        let name = format!("{}:{}{}", reference.name(), tag.replace('+', "_"), reference.version());
        reference = Reference::parse(&name).map_err(|why| placed_error(&place, format_args!("{tag:?}: {why}")))?;
    }
    let kind = match field(Column::Kind) {
        Some(kind) if kind.eq_ignore_ascii_case("chart") || kind.eq_ignore_ascii_case("helm") => ArtifactKind::Chart,
        _ => kind,
    };
    let destination = field(Column::Destination).map(|text| lines::reference(text).map_err(wrong)).transpose()?;
    let artifact = Artifact::new(kind, reference).with_destination(destination.map(|(_, place)| place));
    let digest = match field(Column::Digest) {
        Some(digest) if digest.contains(':') => Some(lines::digest(digest).map_err(wrong)?),
        Some(hash) => Some(lines::digest(&format!("sha256:{hash}")).map_err(wrong)?),
        None => artifact.digest.clone(),
    };
    let platforms = field(Column::Platforms).unwrap_or_default().split([' ', ',', ';', '|']);
    let platforms = platforms.filter(|platform| !platform.is_empty()).map(str::to_owned).collect();
    Ok(Some(Listed { artifact: Artifact { digest, platforms, ..artifact }, place }))
}

/// Writes a table.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let mut rows = vec![["kind", "source", "destination", "digest", "platforms"].map(str::to_owned)];
    for artifact in wish.artifacts {
        let reference = &artifact.reference;
        let version = match (&reference.tag, &reference.digest) {
            (Some(tag), _) => format!(":{tag}"),
            (None, Some(digest)) => format!("@{digest}"),
            (None, None) => String::new(),
        };
        rows.push([
            artifact.kind.name().to_owned(),
            reference.name() + &version,
            wish.place_of(artifact).map(|place| place.to_string()).unwrap_or_default(),
            artifact.digest.clone().unwrap_or_default(),
            artifact.platforms.join(" "),
        ]);
    }
    // Nothing is written but to memory.
    let text = rows.iter().try_for_each(|row| writer.write_record(row)).ok().and_then(|()| writer.into_inner().ok());
    let text = String::from_utf8(text.unwrap_or_default()).unwrap_or_default();
    let mut written = Written::one("artifacts.csv", text);
    wish.lose_all(&mut written, |artifact| {
        let path = artifact.path.as_ref().filter(|_| wish.place_of(artifact).is_none())?;
        Some(format!("its place {path} has no host; name the mirror with --mirror"))
    });
    written
}
