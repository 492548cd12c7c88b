//! [`Text`]: a text found in a manifest that knows where in the manifest each of its bytes stands.

use crate::trace::{Buf, Origin, OriginData, Origins, Str};
use crate::yaml::align;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// A text found in a manifest: the string of a scalar, a part of one, what a nested document holds, or several scalars
/// joined. Each of its bytes knows the byte of the manifest it was written as, through any number of decodings.
///
/// Shape: in `image: "quay.io/acme/api:1.4"` the text is `quay.io/acme/api:1.4`, and its first byte stands at the `q`.
#[derive(Debug, Clone)]
pub struct Text {
    /// Spans give places: `at` is the byte of the manifest.
    text: Str,
    /// The text once more; it is UTF-8 by now.
    string: Arc<str>,
    /// The bytes of the manifest that hold the whole, quotes and block headers included.
    whole: Range<u32>,
}

/// The origin whose positions are those of the manifest.
static HERE: LazyLock<Origin> = LazyLock::new(|| Origins::new().add(OriginData::Fact("the manifest")));

impl Text {
    /// A whole manifest.
    pub fn of_manifest(content: &Str) -> Self {
        Self::new(Str::with_origin(content.as_bytes(), *HERE), 0..content.len() as u32)
    }

    /// What a scalar of a document stands for: `string` is written at the bytes `range` of this text.
    pub fn scalar(&self, range: Range<u32>, string: &Str) -> Self {
        // A reader that decodes UTF-16 counts in other bytes.
        let end = (range.end as usize).min(self.text.len());
        let start = (range.start as usize).min(end);
        let text = align(&self.text, start, end, string.as_bytes());
        let whole = bounds(&self.text, start..end).unwrap_or(self.whole.clone());
        Self::new(text, whole)
    }

    /// A part of the text.
    ///
    /// # Panics
    /// When the range is not inside the text or cuts a character.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.slice(range.clone());
        let whole = bounds(&self.text, range).unwrap_or(self.whole.clone());
        Self::new(text, whole)
    }

    /// Other bytes that this text stands for as a whole, such as its base64 decoded; `group` bytes of the new one stand
    /// for `width` bytes of this one.
    pub fn decoded(&self, bytes: &[u8], group: usize, width: usize) -> Self {
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

    /// Another text that this one stands for as a whole, such as what it is when it is unpacked: no part of it has a place
    /// of its own.
    pub fn stands_for(&self, text: &str) -> Self {
        Self { text: Str::from(text), string: text.into(), whole: self.whole.clone() }
    }

    /// Whether its bytes have places of their own.
    pub fn is_placed(&self) -> bool {
        self.text.is_empty() || !self.text.spans().is_empty()
    }

    /// Texts one after the other, with literal text between them: `["quay.io", "/", "acme/api"]`.
    pub fn joined(parts: &[Piece<'_>]) -> Self {
        let mut out = Buf::new();
        let mut whole: Option<Range<u32>> = None;
        for part in parts {
            match part {
                Piece::Literal(text) => out.push_text(text),
                Piece::Found(text) => {
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
        // What is not UTF-8 has another length as text: its bytes have no places of their own.
        let text = if string.as_bytes() == text.as_bytes() { text } else { Str::from(&*string) };
        Self { text, string, whole }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.string
    }

    /// The bytes of the manifest that hold it, quotes included.
    pub fn whole(&self) -> Range<u32> {
        self.whole.clone()
    }

    /// The bytes of the manifest that a part of the text was written as, in order; those that hold all of it where the
    /// part has no place of its own.
    pub fn places(&self, part: Range<usize>) -> Vec<Range<u32>> {
        let places: Vec<Range<u32>> = places(&self.text, part).collect();
        if places.is_empty() { vec![self.whole.clone()] } else { places }
    }
}

/// A piece of a joined text.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'t> {
    /// Text that stands nowhere.
    Literal(&'t str),
    /// Text that was found.
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

/// The stretch from the first place of a part to its last.
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
        let joined = Text::joined(&[Piece::Found(&image), Piece::Literal(":"), Piece::Found(&image)]);
        assert_eq!(joined.as_str(), "quay.io/acme/api:quay.io/acme/api");
    }
}
