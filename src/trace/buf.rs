//! [`Buf`]: builds a [`Str`] from pieces, keeping the origin of each.

use super::{Origin, Span, Str};
use std::ops::Range;

/// A growing text with the origins of its parts.
#[derive(Debug, Default)]
pub(crate) struct Buf {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// The span of a source at which the last search ended: a source is most often copied from its beginning to its end.
    next: usize,
}

/// The spans that are looked at before all are searched.
const NEAR: usize = 4;

impl Buf {
    /// An empty buffer.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An empty buffer with a capacity in bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// The text so far.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length so far in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The memory of the buffer in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }

    /// The larger of the text's length and the number of spans.
    pub(crate) fn longest(&self) -> usize {
        self.bytes.len().max(self.spans.len() * size_of::<Span>())
    }

    /// Whether nothing was written yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends text of unknown origin.
    pub(crate) fn push_bytes(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// Appends text of unknown origin.
    pub(crate) fn push_text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends text that was set at `origin`, beginning with byte `at` of the origin's own text.
    pub(crate) fn push_from(&mut self, text: &[u8], origin: Origin, at: u32) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        if !origin.is_none() {
            self.push_span(Span { start, end: self.bytes.len() as u32, origin, at });
        }
    }

    /// Appends a string with its origins.
    pub(crate) fn push(&mut self, text: &Str) {
        self.push_slice(text, 0..text.len());
    }

    /// Appends a byte range of a string with its origins.
    ///
    /// # Panics
    /// If the range is not inside the string.
    pub(crate) fn push_slice(&mut self, text: &Str, range: Range<usize>) {
        let base = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&text.as_bytes()[range.clone()]);
        self.push_spans(text, range, base);
    }

    /// Appends the origins of a byte range of a string, whose text is at `base`.
    pub(super) fn push_spans(&mut self, text: &Str, range: Range<usize>, base: u32) {
        let (from, to) = (range.start as u32, range.end as u32);
        let spans = text.spans();
        if spans.is_empty() {
            return;
        }
        // An empty part that depends on something is kept too.
        let is_empty = |span: &Span| span.start == span.end;
        let first = self.search(spans, |span| span.end < from || span.end == from && !is_empty(span));
        let rest = spans[first..].iter();
        for span in rest.take_while(|span| span.start < to || span.start == to && is_empty(span)) {
            let start = span.start.max(from);
            self.push_span(Span {
                start: base + start - from,
                end: base + span.end.min(to) - from,
                origin: span.origin,
                at: span.at + (start - span.start),
            });
        }
    }

    /// Appends other text in place of a byte range of a string, with the origins of that range.
    ///
    /// For escapes and changed case: `text` represents the characters of `range`.
    pub(crate) fn push_instead(&mut self, text: &[u8], of: &Str, range: Range<usize>) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        let spans = of.spans();
        if spans.is_empty() {
            return;
        }
        let first = self.search(spans, |span| span.end as usize <= range.start);
        if let Some(span) = spans.get(first).filter(|span| (span.start as usize) < range.end.max(range.start + 1)) {
            let at = span.at + (range.start as u32).saturating_sub(span.start);
            self.push_span(Span { start, end: self.bytes.len() as u32, origin: span.origin, at });
        }
    }

    /// Cuts the text back to a length in bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
        while let Some(last) = self.spans.last_mut() {
            if last.start as usize >= len {
                self.spans.pop();
            } else {
                last.end = last.end.min(len as u32);
                break;
            }
        }
    }

    /// Converts the buffer to a string.
    pub(crate) fn into_str(self) -> Str {
        Str::from_parts(self.bytes, self.spans)
    }

    /// Only the origins.
    pub(super) fn into_spans(self) -> Vec<Span> {
        self.spans
    }

    /// The index of the first span that is not before a position, in the sorted spans of any source.
    fn search(&mut self, spans: &[Span], is_before: impl Fn(&Span) -> bool) -> usize {
        let from = self.next.min(spans.len());
        let is_after = from == 0 || is_before(&spans[from - 1]);
        let near = &spans[from..spans.len().min(from + NEAR)];
        self.next = match near.iter().position(|span| !is_before(span)) {
            Some(at) if is_after => from + at,
            None if is_after && near.len() < NEAR => spans.len(),
            _ => spans.partition_point(is_before),
        };
        self.next
    }

    fn push_span(&mut self, span: Span) {
        if span.start == span.end && span.origin.marks().is_none() {
            return;
        }
        if let Some(last) = self.spans.last_mut() {
            // Adjacent spans that continue each other are merged.
            if last.end == span.start
                && last.origin.is_same(span.origin)
                && last.at + (last.end - last.start) == span.at
            {
                last.end = span.end;
                return;
            }
        }
        self.spans.push(span);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Marks;
    use super::*;

    #[test]
    fn parts_have_the_same_origins_in_any_order() {
        let mut whole = Buf::new();
        for number in 0..40_u32 {
            // Some parts have no origin, and some are empty.
            let origin = if number % 5 == 0 { Origin::NONE } else { Origin::NONE.marked(Marks::RANDOM) };
            whole.push_from(&b"abc"[..number as usize % 4], origin, 10 * number);
        }
        let whole = whole.into_str();
        let other = Str::with_origin("x", Origin::NONE.marked(Marks::CLOCK));
        for step in 1..20 {
            let mut buf = Buf::new();
            let mut alone = Vec::new();
            for part in 0..60 {
                let from = part * step % whole.len();
                let range = from..(from + part % 7).min(whole.len());
                buf.push_slice(&whole, range.clone());
                buf.push(&other);
                let part = whole.slice(range.clone());
                let shared = whole.shared(range);
                assert_eq!(part, shared);
                assert_eq!(format!("{:?}", part.spans()), format!("{:?}", shared.spans()));
                alone.push(if part.len().is_multiple_of(2) { part } else { shared });
                alone.push(other.clone());
            }
            let joined = alone.iter().fold(Buf::new(), |mut joined, part| {
                joined.push(part);
                joined
            });
            let (found, joined) = (buf.into_str(), joined.into_str());
            assert_eq!(found, joined);
            assert_eq!(format!("{:?}", found.spans()), format!("{:?}", joined.spans()));
        }
    }
}
