//! [`Text`]: a text from a manifest, with the position of each of its bytes in the manifest.

use crate::trace::{Buf, Origin, OriginData, Origins, Str};
use crate::yaml::align;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// A text from a manifest: the string of a scalar, a part of one, the content of a nested document, or several scalars
/// joined. Each of its bytes knows the byte of the manifest that it was read from, through any number of decodings.
///
/// Shape: in `image: "quay.io/acme/api:1.4"` the text is `quay.io/acme/api:1.4`, and its first byte is at the `q`.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// Spans are positions: `at` is the byte in the manifest.
    text: Str,
    /// The same text, known to be UTF-8.
    string: Arc<str>,
    /// The bytes of the manifest that contain the whole, including quotes and block headers.
    whole: Range<u32>,
}

/// The origin whose offsets are positions in the manifest.
static HERE: LazyLock<Origin> = LazyLock::new(|| Origins::new().add(OriginData::Fact("the manifest")));

impl Text {
    /// A whole manifest.
    pub(crate) fn of_manifest(content: &Str) -> Self {
        Self::new(Str::with_origin(content.as_bytes(), *HERE), 0..content.len() as u32)
    }

    /// The value of a scalar of a document: `string` is written at the bytes `range` of this text.
    pub(crate) fn scalar(&self, range: Range<u32>, string: &Str) -> Self {
        // For UTF-16 input, positions are counted in other bytes.
        let end = (range.end as usize).min(self.text.len());
        let start = (range.start as usize).min(end);
        let text = align(&self.text, start, end, string.as_bytes());
        let whole = bounds(&self.text, start..end).unwrap_or(self.whole.clone());
        Self::new(text, whole)
    }

    /// A part of the text.
    ///
    /// # Panics
    /// If the range is not inside the text or splits a character.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.slice(range.clone());
        let whole = bounds(&self.text, range).unwrap_or(self.whole.clone());
        Self::new(text, whole)
    }

    /// Decoded bytes of this text, such as base64; `group` bytes of the result come from `width` bytes of this text.
    pub(crate) fn decoded(&self, bytes: &[u8], group: usize, width: usize) -> Self {
        let mut out = Buf::with_capacity(bytes.len());
        for (index, chunk) in bytes.chunks(group.max(1)).enumerate() {
            let start = (index * width).min(self.text.len());
            match bounds(&self.text, start..(start + 1).min(self.text.len())) {
                Some(place) => out.push_from(chunk, *HERE, place.start),
                None => out.push_bytes(chunk),
            }
        }
        Self::new(out.into_str(), self.whole.clone())
    }

    /// Another form of the whole text, such as its unpacked content: its parts have no position of their own.
    pub(crate) fn stands_for(&self, text: &str) -> Self {
        Self { text: Str::from(text), string: text.into(), whole: self.whole.clone() }
    }

    /// Whether its bytes have their own positions.
    pub(crate) fn is_placed(&self) -> bool {
        self.text.is_empty() || !self.text.spans().is_empty()
    }

    /// Several texts joined with literal text: `["quay.io", "/", "acme/api"]`.
    pub(crate) fn joined(parts: &[TextPiece<'_>]) -> Self {
        let mut out = Buf::new();
        let mut whole: Option<Range<u32>> = None;
        for part in parts {
            match part {
                TextPiece::Literal(text) => out.push_text(text),
                TextPiece::Found(text) => {
                    out.push(&text.text);
                    let range = text.whole.clone();
                    whole = Some(match whole {
                        None => range,
                        Some(all) => all.start.min(range.start)..all.end.max(range.end),
                    });
                }
            }
        }
        Self::new(out.into_str(), whole.unwrap_or(0..0))
    }

    fn new(text: Str, whole: Range<u32>) -> Self {
        let string: Arc<str> = text.to_text().into();
        // Invalid UTF-8 changes length when converted to text: its bytes have no positions of their own.
        let text = if string.as_bytes() == text.as_bytes() { text } else { Str::from(&*string) };
        Self { text, string, whole }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.string
    }

    /// The bytes of the manifest that contain it, including quotes.
    pub(crate) fn whole(&self) -> Range<u32> {
        self.whole.clone()
    }

    /// The bytes of the manifest that a part of the text was read from, in order; those of the whole text if the part has no
    /// position of its own.
    pub(crate) fn places(&self, part: Range<usize>) -> Vec<Range<u32>> {
        let places: Vec<Range<u32>> = places(&self.text, part).collect();
        if places.is_empty() { vec![self.whole.clone()] } else { places }
    }
}

/// A piece of a joined text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextPiece<'t> {
    /// Literal text without a position.
    Literal(&'t str),
    /// Text from the manifest.
    Found(&'t Text),
}

fn places(text: &Str, part: Range<usize>) -> impl Iterator<Item = Range<u32>> + '_ {
    let (from, to) = (part.start as u32, part.end as u32);
    let spans = text.spans();
    let first = spans.partition_point(|span| span.end <= from);
    spans[first..].iter().take_while(move |span| span.start < to).map(move |span| {
        let start = span.at + (span.start.max(from) - span.start);
        start..start + (span.end.min(to) - span.start.max(from))
    })
}

/// The range from the first position of a part to its last.
fn bounds(text: &Str, part: Range<usize>) -> Option<Range<u32>> {
    places(text, part).reduce(|all, next| all.start.min(next.start)..all.end.max(next.end))
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.string
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::yaml::{Data, read};

    #[test]
    fn nested_text_knows_its_place_in_the_manifest() {
        let manifest = Str::from("data:\n  config: |\n    app:\n      image: \"quay.io/acme/api\"\n");
        let outer = Text::of_manifest(&manifest);
        let find = |text: &Text, path: &[&str]| {
            let mut node = read(text.as_bytes(), &Limits::default()).expect("it is YAML");
            for key in path {
                let Data::Map(entries) = node.data else { panic!("no map") };
                node = entries.into_iter().find(|(entry, _)| entry.key == **key).expect("the key is there").1;
            }
            let Data::Str(string) = &node.data else { panic!("no string") };
            text.scalar(node.start..node.end, string)
        };
        let config = find(&outer, &["data", "config"]);
        let image = find(&config, &["app", "image"]);
        assert_eq!(image.as_str(), "quay.io/acme/api");
        let at = |part: Range<usize>| {
            let places = image.places(part);
            places.iter().map(|place| manifest.to_text()[place.start as usize..place.end as usize].to_owned()).collect()
        };
        let found: Vec<String> = at(0..7);
        assert_eq!(found, ["quay.io"]);
        let found: Vec<String> = at(8..16);
        assert_eq!(found, ["acme/api"]);
        let joined = Text::joined(&[TextPiece::Found(&image), TextPiece::Literal(":"), TextPiece::Found(&image)]);
        assert_eq!(joined.as_str(), "quay.io/acme/api:quay.io/acme/api");
    }
}
