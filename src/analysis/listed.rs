//! Plain lists of images, one a line, in place of manifests.

use crate::images::find::Shape;
use crate::images::{ImageUse, Tier};
use crate::objects::ObjectName;
use crate::objects::text::Text;
use crate::reference::Reference;
use crate::render::manifest::Manifest;
use crate::trace::Str;
use crate::yaml::{Data, Node};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The kind of a list, in place of an object's kind.
const KIND: &str = "ImageList";

/// The images of a text that is a plain list; `None` if it is not one.
///
/// Each line is a reference, empty, or a comment that begins with `#`; at least one has a `/`, a `:` or an `@`, and none
/// contains a blank: `image: nginx` is YAML, and so is `nginx` alone.
pub(super) fn read(text: &Str) -> Option<Node> {
    let whole = std::str::from_utf8(text.as_bytes()).ok()?;
    let mut items = Vec::new();
    let (mut at, mut is_plain) = (0, false);
    for (number, line) in whole.split_inclusive('\n').enumerate() {
        let range = reference_of(line);
        let word = &line[range.clone()];
        if !word.is_empty() {
            Reference::parse(word).ok()?;
            is_plain |= word.contains(['/', ':', '@']);
            items.push(Node {
                data: Data::Str(Str::new(word)),
                start: (at + range.start) as u32,
                end: (at + range.end) as u32,
                line: number as u32 + 1,
            });
        }
        at += line.len();
    }
    is_plain.then(|| Node { data: Data::Seq(items), start: 0, end: whole.len() as u32, line: 1 })
}

/// The part of a line that must be a reference: without surrounding blanks, comment and scheme.
fn reference_of(line: &str) -> Range<usize> {
    let bare = line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let start = line.len() - bare.len();
    // A `#` inside a word does not begin a comment.
    let comment = bare.match_indices('#').map(|(at, _)| at).find(|&at| bare[..at].ends_with([' ', '\t']) || at == 0);
    let bare = bare[..comment.unwrap_or(bare.len())].trim_end();
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
    let lines = items.iter().map(|item| whole.slice(item.start as usize..item.end as usize));
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
