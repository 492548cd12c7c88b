//! Files and places in them: every position in the program is a byte range of a [`File`].

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A file that something was read from: a template, a values file, a Chart.yaml.
///
/// Shape: `name` is what people see, with `/`: `app/charts/db/templates/x.yaml`, `values/prod.yaml`.
pub struct File {
    name: String,
    path: Option<String>,
    bytes: Vec<u8>,
    line_starts: OnceLock<Vec<u32>>,
    /// Of an excerpt: where its place is in the file that it was made of.
    spots: Option<(Spot, Option<Spot>)>,
}

/// A position in a text, as programs and people count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The line, from 1.
    pub line: u32,
    /// The byte of that line, from 1.
    pub column: u32,
    /// The character of that line, from 1.
    pub character: u32,
}

impl File {
    /// A file of this name and content. Content beyond 4 GiB is out of reach of positions, and refused by the loaders.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Arc<Self> {
        Self::on_disk(name, None, bytes)
    }

    /// A file that lies at a path, as seen from the working folder: `deploy/charts/app/values.yaml`.
    pub fn on_disk(name: impl Into<String>, path: Option<String>, bytes: impl Into<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), path, bytes: bytes.into(), line_starts: OnceLock::new(), spots: None })
    }

    /// What may be shown of a file around a place of it; lines are where they were, and the place is told as it was.
    pub fn excerpt(of: &Place, bytes: Vec<u8>) -> Arc<Self> {
        let (name, path) = (of.file.name.clone(), of.file.path.clone());
        Arc::new(Self { name, path, bytes, line_starts: OnceLock::new(), spots: Some(of.spots()) })
    }

    /// The name, as helm tells of it: `app/templates/web.yaml` of the chart `app`, wherever that lies.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it lies, as seen from the working folder; `None` for what has no such place: a file in an archive, a flag,
    /// stdin.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Where people find it: its path, or its name where it has none.
    pub fn shown(&self) -> &str {
        self.path().unwrap_or(&self.name)
    }

    /// Whether it is the text of a flag, `--set`, and no file.
    pub fn is_flag(&self) -> bool {
        self.path.is_none() && self.name.starts_with("--")
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The 1-based line and the 0-based byte column of a byte offset; offsets past the end count as the end.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        (line as u32, offset - starts[line - 1])
    }

    /// The offset at which a 1-based line begins; `None` past the end.
    pub fn start_of_line(&self, line: u32) -> Option<u32> {
        self.line_starts().get(line.checked_sub(1)? as usize).copied()
    }

    /// The text of a 1-based line, without its line break; `None` past the end.
    pub fn line(&self, line: u32) -> Option<String> {
        let starts = self.line_starts();
        let start = *starts.get(line.checked_sub(1)? as usize)? as usize;
        let end = starts.get(line as usize).map_or(self.bytes.len(), |&next| next as usize);
        let text = String::from_utf8_lossy(&self.bytes[start..end]);
        Some(text.trim_end_matches(['\n', '\r']).to_owned())
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
pub struct Place {
    /// The file.
    pub file: Arc<File>,
    /// The first byte.
    pub start: u32,
    /// The byte after the last; equal to `start` where only a point is known.
    pub end: u32,
}

impl Place {
    /// The 1-based line and the 1-based byte column, as editors count.
    pub fn line_column(&self) -> (u32, u32) {
        let (start, _) = self.spots();
        (start.line, start.column)
    }

    /// Where it begins and where it ends, the latter unless it is a point.
    pub fn spots(&self) -> (Spot, Option<Spot>) {
        if let Some(spots) = self.file.spots {
            return spots;
        }
        let spot = |offset: u32| {
            let (line, column) = self.file.line_column(offset);
            let text = self.file.line(line).unwrap_or_default();
            let before = text.as_bytes().get(..column as usize).unwrap_or(text.as_bytes());
            Spot { line, column: column + 1, character: String::from_utf8_lossy(before).chars().count() as u32 + 1 }
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
