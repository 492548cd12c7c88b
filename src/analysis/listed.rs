//! Plain lists of images, one per line, in place of manifests: also with the counts of `uniq -c`, and as the table of `crictl images`.

use super::documents::document;
use crate::images::find::Shape;
use crate::images::{ImageUse, Tier};
use crate::objects::ObjectName;
use crate::objects::text::{Text, TextPiece};
use crate::reference::Reference;
use crate::render::manifest::Manifest;
use crate::source::File;
use crate::trace::Str;
use crate::yaml::{Data, Node};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The kind of a list, in place of an object's kind.
const KIND: &str = "ImageList";

/// The list of some images of a cluster.
pub(super) fn image_list<'t>(name: &str, images: impl Iterator<Item = &'t str>) -> Arc<Manifest> {
    let (mut text, mut items) = (String::new(), Vec::new());
    for (number, image) in images.enumerate() {
        let start = text.len();
        text.push_str(image);
        items.push(item(image, start..text.len(), number));
        text.push('\n');
    }
    let node = Node { data: Data::Seq(items), start: 0, end: text.len() as u32, line: 1 };
    // Without an origin: it is no line of a file that somebody could edit.
    Arc::new(document(&File::new(name, text.as_str()), 0, Str::from(text.as_str()), node))
}

fn item(text: &str, range: Range<usize>, number: usize) -> Node {
    Node { data: Data::Str(Str::new(text)), start: range.start as u32, end: range.end as u32, line: number as u32 + 1 }
}

/// The images of a text that is a plain list; `None` if it is not one.
///
/// Each line is a reference, empty, or a comment that begins with `#`; at least one has a `/`, a `:` or an `@`, and none
/// contains a blank: `image: nginx` is YAML, and so is `nginx` alone.
pub(super) fn read(text: &Str) -> Option<Node> {
    let whole = std::str::from_utf8(text.as_bytes()).ok()?;
    if let Some(table) = table(whole) {
        return Some(table);
    }
    let mut items = Vec::new();
    let (mut at, mut is_plain) = (0, false);
    for (number, line) in whole.split_inclusive('\n').enumerate() {
        let range = reference_of(line);
        let word = &line[range.clone()];
        if !word.is_empty() {
            Reference::parse(word).ok()?;
            is_plain |= word.contains(['/', ':', '@']);
            items.push(item(word, at + range.start..at + range.end, number));
        }
        at += line.len();
    }
    is_plain.then(|| Node { data: Data::Seq(items), start: 0, end: whole.len() as u32, line: 1 })
}

/// The images of the table of `crictl images`, `IMAGE  TAG  IMAGE ID  SIZE`; an item is a list of the name and its version. `None` if a
/// text is not such a table.
fn table(whole: &str) -> Option<Node> {
    let header = whole.lines().find(|line| !line.trim().is_empty())?;
    let columns: Vec<&str> = header.split_whitespace().collect();
    if columns.first() != Some(&"IMAGE") || columns.get(1) != Some(&"TAG") || !header.contains("IMAGE ID") {
        return None;
    }
    let has_digests = columns.get(2) == Some(&"DIGEST");
    let (mut items, mut at) = (Vec::new(), 0);
    for (number, line) in whole.split_inclusive('\n').enumerate() {
        let mut words = words(line, at);
        let (name, version) = (words.next(), words.next());
        at += line.len();
        let (Some((name, name_at)), Some((tag, tag_at))) = (name, version) else { continue };
        // An image whose name was given to another one has none.
        if name == NONE || line.trim_end() == header.trim_end() {
            continue;
        }
        let digest = words.next().filter(|(digest, _)| has_digests && digest.len() > "sha256:".len() + 32);
        let mut parts = vec![item(name, name_at, number)];
        match (tag, digest) {
            (NONE, Some((digest, digest_at))) => parts.push(item(digest, digest_at, number)),
            (NONE, None) => {}
            _ => parts.push(item(tag, tag_at, number)),
        }
        let (start, end) = (parts[0].start, parts.last()?.end);
        items.push(Node { data: Data::Seq(parts), start, end, line: number as u32 + 1 });
    }
    Some(Node { data: Data::Seq(items), start: 0, end: whole.len() as u32, line: 1 })
}

/// What a table of `crictl` has in place of a missing name or tag.
const NONE: &str = "<none>";

/// The words of a line that begins at an offset, with their places.
fn words(line: &str, at: usize) -> impl Iterator<Item = (&str, Range<usize>)> {
    line.split_whitespace().map(move |word| {
        // A word is a part of its line.
        let start = at + (word.as_ptr() as usize - line.as_ptr() as usize);
        (word, start..start + word.len())
    })
}

/// The part of a line that must be a reference: without surrounding blanks, comment, scheme, and the number that `uniq -c` writes.
fn reference_of(line: &str) -> Range<usize> {
    let bare = line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let start = line.len() - bare.len();
    // A `#` inside a word does not begin a comment.
    let comment = bare.match_indices('#').map(|(at, _)| at).find(|&at| bare[..at].ends_with([' ', '\t']) || at == 0);
    let bare = bare[..comment.unwrap_or(bare.len())].trim_end();
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let counted = bare[digits..].trim_start_matches([' ', '\t']);
    let is_counted = digits > 0 && !counted.is_empty() && counted.len() < bare.len() - digits;
    let (start, bare) = if is_counted { (start + bare.len() - counted.len(), counted) } else { (start, bare) };
    let scheme =
        ["oci://", "docker://"].iter().find(|scheme| bare.starts_with(**scheme)).map_or(0, |scheme| scheme.len());
    start + scheme..start + bare.len()
}

/// The uses in a list: one for each line.
pub(super) fn uses(list: &Arc<Manifest>) -> Vec<ImageUse> {
    let Data::Seq(items) = &list.node.data else { return Vec::new() };
    let whole = Text::of_manifest(&list.content);
    let object = ObjectName { kind: KIND.to_owned(), name: list.source.name().to_owned(), namespace: String::new() };
    let mut nth = 0..;
    let part = |item: &Node| whole.slice(item.start as usize..item.end as usize);
    let lines = items.iter().map(|item| match item.items() {
        [] => part(item),
        [name] => part(name),
        [name, version, ..] => {
            let (name, version) = (part(name), part(version));
            let sign = if version.contains(':') { "@" } else { ":" };
            Text::joined(&[TextPiece::Found(&name), TextPiece::Literal(sign), TextPiece::Found(&version)])
        }
    });
    lines
        .map(|text| ImageUse {
            manifest: list.clone(),
            object: object.clone(),
            field: "image".to_owned(),
            named: "image".to_owned(),
            nth: nth.next().unwrap_or_default(),
            container: None,
            reference: Reference::parse(&text),
            open: None,
            text,
            tier: Tier::Certain,
            shape: Shape::List,
            reason: Cow::Borrowed("a line of a list of images"),
        })
        .collect()
}
