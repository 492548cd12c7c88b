//! Files and spans: every position in the program is a byte range of a [`File`].

mod characters;
mod outline;

use characters::Characters;
pub(crate) use outline::Outline;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A source file: a template, a values file, a Chart.yaml.
///
/// Shape: `name` is the displayed name, with `/`: `app/charts/db/templates/x.yaml`, `values/prod.yaml`.
pub(crate) struct File {
    name: String,
    path: Option<String>,
    bytes: Vec<u8>,
    line_starts: OnceLock<Vec<u32>>,
    characters: OnceLock<Characters>,
    outline: OnceLock<Outline>,
    pieces: Mutex<Pieces>,
    /// For an excerpt: the original position of its span.
    spots: Option<(Spot, Option<Spot>)>,
    /// For an excerpt: the number of lines before it in the original file.
    lines_before: u32,
}

/// The pieces of values, by the range of each value.
type Pieces = BTreeMap<(usize, usize), Arc<[Piece]>>;

/// Where a piece of a value begins in the value and in its file, and its length.
pub(crate) type Piece = (usize, usize, usize);

/// A position in a text, for programs and people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// The line, from 1.
    pub(crate) line: u32,
    /// The character of that line, from 1.
    pub(crate) column: u32,
}

impl File {
    /// A file with this name and content. Positions end at 4 GiB; loaders reject larger files.
    pub(crate) fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Arc<Self> {
        Self::on_disk(name, None, bytes)
    }

    /// A file on the disk, with its path relative to the working folder: `deploy/charts/app/values.yaml`.
    pub(crate) fn on_disk(name: impl Into<String>, path: Option<String>, bytes: impl Into<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self::of(name.into(), path, bytes.into()))
    }

    fn of(name: String, path: Option<String>, bytes: Vec<u8>) -> Self {
        let (line_starts, characters, outline) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let pieces = Mutex::default();
        Self { name, path, bytes, line_starts, characters, outline, pieces, spots: None, lines_before: 0 }
    }

    /// An excerpt of a file around a span: the lines from `first_line` on, at their original numbers; the span keeps its displayed
    /// location.
    pub(crate) fn excerpt(of: &Place, first_line: u32, bytes: Vec<u8>) -> Arc<Self> {
        let (name, path) = (of.file.name.clone(), of.file.path.clone());
        let lines_before = first_line.saturating_sub(1);
        Arc::new(Self { spots: Some(of.spots()), lines_before, ..Self::of(name, path, bytes) })
    }

    /// An excerpt read back from storage: its name and path, the bytes that may be shown, and the original position of its span.
    pub(crate) fn kept(
        name: String,
        path: Option<String>,
        spots: (Spot, Option<Spot>),
        lines_before: u32,
        bytes: Vec<u8>,
    ) -> Arc<Self> {
        Arc::new(Self { spots: Some(spots), lines_before, ..Self::of(name, path, bytes) })
    }

    /// The number of lines before an excerpt in its file; `None` for a whole file.
    pub(crate) fn lines_before_excerpt(&self) -> Option<u32> {
        self.spots.map(|_| self.lines_before)
    }

    /// The name that helm uses: `app/templates/web.yaml` of the chart `app`, wherever it is on the disk.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The path relative to the working folder; `None` for a file in an archive, a flag, or stdin.
    pub(crate) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The displayed path: the path on the disk, or the name if there is none.
    pub(crate) fn shown(&self) -> &str {
        self.path().unwrap_or(&self.name)
    }

    /// Whether it is the text of a flag, `--set`, and not a file.
    pub(crate) fn is_flag(&self) -> bool {
        self.path.is_none() && self.name.starts_with("--")
    }

    /// The content.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The 1-based line and the 0-based byte column of a byte offset; offsets past the end count as the end.
    pub(crate) fn line_column(&self, offset: u32) -> (u32, u32) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        (line as u32 + self.lines_before, offset - starts[line - 1])
    }

    /// The offset at which a 1-based line begins; `None` past the end.
    pub(crate) fn start_of_line(&self, line: u32) -> Option<u32> {
        self.line_starts().get(self.index_of(line)?).copied()
    }

    /// The text of a 1-based line, without its line break; `None` past the end.
    pub(crate) fn line(&self, line: u32) -> Option<String> {
        let text = String::from_utf8_lossy(self.line_bytes(line)?);
        Some(text.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// The bytes of a 1-based line with its line break; `None` past the end.
    pub(crate) fn line_bytes(&self, line: u32) -> Option<&[u8]> {
        let (starts, index) = (self.line_starts(), self.index_of(line)?);
        let start = *starts.get(index)? as usize;
        let end = starts.get(index + 1).map_or(self.bytes.len(), |&next| next as usize);
        Some(&self.bytes[start..end])
    }

    /// The indentation structure of its lines, and the positions of its braces.
    pub(crate) fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| Outline::of(&self.bytes))
    }

    /// The pieces of a multi-line text that make up its value; for a long text, `find` is called once.
    pub(crate) fn pieces(&self, text: Range<usize>, find: impl FnOnce() -> Vec<Piece>) -> Arc<[Piece]> {
        const LONG: usize = 1024;
        if text.len() < LONG {
            return find().into();
        }
        let mut known = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry((text.start, text.end)).or_insert_with(|| find().into()).clone()
    }

    /// The index of a 1-based line; `None` before the first.
    fn index_of(&self, line: u32) -> Option<usize> {
        line.checked_sub(self.lines_before + 1).map(|index| index as usize)
    }

    /// The number of characters between two bytes of one line, the first of which begins it.
    fn characters(&self, start: u32, end: u32) -> u32 {
        self.characters.get_or_init(|| Characters::of(&self.bytes)).between(&self.bytes, start, end)
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let breaks = self.bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at as u32 + 1)).collect()
        })
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A byte range of a file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The file.
    pub(crate) file: Arc<File>,
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last; equal to `start` if only a point is known.
    pub(crate) end: u32,
}

impl Place {
    /// The line and the column in characters, from 1, as in all reports.
    pub(crate) fn line_column(&self) -> (u32, u32) {
        let (start, _) = self.spots();
        (start.line, start.column)
    }

    /// The 1-based line.
    pub(crate) fn line(&self) -> u32 {
        self.file.spots.map_or_else(|| self.file.line_column(self.start).0, |(start, _)| start.line)
    }

    /// Its start and end; the end is `None` for a point.
    pub(crate) fn spots(&self) -> (Spot, Option<Spot>) {
        if let Some(spots) = self.file.spots {
            return spots;
        }
        let spot = |offset: u32| {
            let (line, column) = self.file.line_column(offset);
            let start = offset - column;
            let breaks = |bytes: &[u8]| bytes.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let text = self.file.line_bytes(line).map_or(0, |bytes| (bytes.len() - breaks(bytes)) as u32);
            Spot { line, column: self.file.characters(start, start + column.min(text)) + 1 }
        };
        (spot(self.start), (self.end > self.start).then(|| spot(self.end)))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.start == other.start && self.end == other.end
    }
}

impl Eq for Place {}

/// Prints `file:line:column`, both counted from 1.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.file.shown())
    }
}
