//! [`Str`]: a Go string (bytes, usually UTF-8) with the origins of its bytes.

use super::{Buf, Marks, Origin};
use crate::memory::{Held, Memory};
use crate::source::File;
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A range of text with one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
    /// Where these bytes were set.
    pub(crate) origin: Origin,
    /// The offset of the first byte in the origin's own text; 0 if it has no meaning.
    pub(crate) at: u32,
}

/// A Go string: immutable bytes, usually UTF-8, with the origins of its parts.
///
/// Equality, order and hash use only the bytes.
#[derive(Clone)]
pub(crate) struct Str(Arc<Data>);

struct Data {
    bytes: Bytes,
    /// Sorted, not overlapping; gaps have no known origin.
    spans: Vec<Span>,
    /// The marks of all spans: every call asks for those of its arguments.
    marks: Marks,
    /// Its memory in the render that made it, once counted; `None` if it belongs to no render.
    held: OnceLock<Option<Held>>,
}

enum Bytes {
    Own(Vec<u8>),
    /// A part of a file, without a copy.
    File(Arc<File>, Range<u32>),
    /// A part of another text, without a copy.
    Part(Str, Range<u32>),
}

/// The memory of a string besides its text and spans, in bytes.
const HEAD: usize = 112;
/// Shorter texts are counted with each list and map that contains them; longer ones are counted once.
const SMALL: usize = 512;

impl Str {
    /// Text of unknown origin.
    pub(crate) fn new(text: impl Into<Vec<u8>>) -> Self {
        Self::made(Bytes::Own(text.into()), Vec::new())
    }

    fn made(bytes: Bytes, spans: Vec<Span>) -> Self {
        let marks = spans.iter().fold(Marks::NONE, |marks, span| marks | span.origin.marks());
        Self(Arc::new(Data { bytes, spans, marks, held: OnceLock::new() }))
    }

    /// The memory of the text in bytes, without the file or the other text that it is a part of.
    fn size(&self) -> usize {
        let own = if let Bytes::Own(bytes) = &self.0.bytes { bytes.capacity() } else { 0 };
        HEAD + own + self.0.spans.capacity() * size_of::<Span>()
    }

    /// Whether the text is long enough to be counted separately, and is not counted yet.
    pub(crate) fn is_to_be_held(&self) -> bool {
        self.size() > SMALL && self.0.held.get().is_none()
    }

    /// Counts a long text while it lives; for a short one, returns the size to count with its container.
    pub(crate) fn hold(&self, memory: &Memory) -> usize {
        let size = self.size();
        if size <= SMALL {
            return size;
        }
        self.0.held.get_or_init(|| Some(memory.hold(size)));
        0
    }

    /// Marks the text as belonging to no render, such as the content of a chart: it is not counted.
    pub(crate) fn disown(&self) {
        if self.size() > SMALL {
            self.0.held.get_or_init(|| None);
        }
    }

    /// Text that was set as a whole at `origin`.
    pub(crate) fn with_origin(text: impl Into<Vec<u8>>, origin: Origin) -> Self {
        let bytes = text.into();
        // Even an empty text was set somewhere.
        let spans =
            if origin.is_none() { Vec::new() } else { vec![Span { start: 0, end: bytes.len() as u32, origin, at: 0 }] };
        Self::from_parts(bytes, spans)
    }

    /// The text of a whole file, without a copy, set at `origin`.
    pub(crate) fn of_file(file: &Arc<File>, origin: Origin) -> Self {
        let end = file.bytes().len() as u32;
        let spans = if origin.is_none() || end == 0 { Vec::new() } else { vec![Span { start: 0, end, origin, at: 0 }] };
        Self::made(Bytes::File(file.clone(), 0..end), spans)
    }

    /// A part of a file, without a copy, of unknown origin.
    ///
    /// # Panics
    /// If the range is not inside the file.
    pub(crate) fn of_file_part(file: &Arc<File>, range: Range<u32>) -> Self {
        assert!(range.start <= range.end && range.end as usize <= file.bytes().len(), "a part of the file");
        Self::made(Bytes::File(file.clone(), range), Vec::new())
    }

    pub(super) fn from_parts(bytes: Vec<u8>, spans: Vec<Span>) -> Self {
        Self::made(Bytes::Own(bytes), spans)
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0.bytes {
            Bytes::Own(bytes) => bytes,
            Bytes::File(file, range) => &file.bytes()[range.start as usize..range.end as usize],
            Bytes::Part(whole, range) => &whole.as_bytes()[range.start as usize..range.end as usize],
        }
    }

    /// The text; as Go does when it ranges over a string, each byte that is not UTF-8 becomes U+FFFD.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        go_text(self.as_bytes())
    }

    /// Length in bytes, Go's `len`.
    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are no bytes.
    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Origins of parts, in order.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.0.spans
    }

    /// The origin of a byte range; [`Origin::NONE`] if it has more than one, or many spans.
    pub(crate) fn origin_at(&self, start: usize, end: usize) -> Origin {
        const MANY: usize = 8;
        let spans = self.spans();
        let first = spans.partition_point(|span| span.end as usize <= start);
        let Some(span) = spans.get(first).filter(|span| (span.start as usize) < end) else { return Origin::NONE };
        let mut others = spans[first + 1..].iter().take_while(|span| (span.start as usize) < end);
        if others.by_ref().take(MANY).all(|other| other.origin == span.origin) && others.next().is_none() {
            span.origin
        } else {
            Origin::NONE
        }
    }

    /// The origin of the whole text, or [`Origin::NONE`] if there is none or more than one.
    pub(crate) fn origin(&self) -> Origin {
        match self.0.spans.as_slice() {
            [span] if span.start == 0 && span.end as usize == self.len() => span.origin,
            _ => Origin::NONE,
        }
    }

    /// The marks of the text.
    pub(crate) fn marks(&self) -> Marks {
        self.0.marks
    }

    /// The marks of whether the text is empty.
    pub(crate) fn size_marks(&self) -> Marks {
        let mut end = 0;
        let mut marks = Marks::NONE;
        for span in &self.0.spans {
            if span.start > end || !span.origin.marks().size {
                return Marks::NONE;
            }
            end = span.end;
            marks = marks | span.origin.marks();
        }
        if end as usize == self.len() { marks } else { Marks::NONE }
    }

    /// The same text with more marks for all of it.
    #[must_use]
    pub(crate) fn marked(&self, marks: Marks) -> Self {
        let mut spans: Vec<Span> = Vec::with_capacity(self.0.spans.len() + 1);
        let unknown = |start, end| Span { start, end, origin: Origin::NONE.marked(marks), at: 0 };
        let mut end = 0;
        for span in &self.0.spans {
            if span.start > end {
                spans.push(unknown(end, span.start));
            }
            spans.push(Span { origin: span.origin.marked(marks), ..*span });
            end = span.end;
        }
        let len = self.len() as u32;
        if end < len || spans.is_empty() {
            spans.push(unknown(end, len));
        }
        Self::from_parts(self.as_bytes().to_vec(), spans)
    }

    /// The part of the text in a byte range, with its origins.
    ///
    /// # Panics
    /// If the range is not inside the text.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        if range == (0..self.len()) {
            return self.clone();
        }
        let mut buf = Buf::with_capacity(range.len());
        buf.push_slice(self, range);
        buf.into_str()
    }

    /// As [`slice`](Self::slice), but without a copy: the whole text lives as long as the part.
    ///
    /// # Panics
    /// If the range is not inside the text.
    pub(crate) fn shared(&self, range: Range<usize>) -> Self {
        if range == (0..self.len()) {
            return self.clone();
        }
        assert!(range.start <= range.end && range.end <= self.len(), "a part of the text");
        let mut spans = Buf::new();
        spans.push_spans(self, range.clone(), 0);
        Self::made(Bytes::Part(self.clone(), range.start as u32..range.end as u32), spans.into_spans())
    }

    /// The part of the text that is the subslice `part` of [`as_bytes`](Self::as_bytes), with its origins.
    ///
    /// For string functions of the standard library that return subslices (`trim`, `strip_suffix` …).
    pub(crate) fn part(&self, part: &[u8]) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(self.as_bytes().as_ptr() as usize);
        if start > self.len() || part.len() > self.len() - start {
            Self::new(part)
        } else {
            self.slice(start..start + part.len())
        }
    }

    /// The same origins with other text of the same length, such as another case; text of another length keeps only the origin of
    /// the whole.
    pub(crate) fn with_text(&self, text: impl Into<Vec<u8>>) -> Self {
        let bytes = text.into();
        if self.0.spans.is_empty() {
            Self::new(bytes)
        } else if bytes.len() == self.len() {
            Self::from_parts(bytes, self.0.spans.clone())
        } else {
            Self::with_origin(bytes, self.origin())
        }
    }
}

/// Decodes bytes as Go's `range` over a string does: every byte that is not part of valid UTF-8 is U+FFFD.
pub(crate) fn go_text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // `from_utf8_lossy` writes one replacement for a truncated sequence; Go writes one for each byte.
        text.extend(std::iter::repeat_n('\u{FFFD}', chunk.invalid().len()));
    }
    Cow::Owned(text)
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
impl Eq for Str {}
impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Str {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}
impl std::hash::Hash for Str {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}
impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
impl From<String> for Str {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}
