//! [`Source`]: a traced text that was parsed as YAML, with the origins of its nodes.

use crate::template::tree::NodeOrigins;
use crate::template::{Context, Failure, Value};
use crate::trace::{Marks, Origin, Str};
use crate::values_path::Key;
use crate::yaml::node::Entry;
use crate::yaml::{Data, Node, align};

/// A text that was parsed as YAML.
pub(super) struct Source<'a> {
    text: &'a Str,
}

/// Bytes of the data made from a node, without texts and long lists.
const MADE_OF_A_NODE: usize = 100;

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a Str) -> Self {
        Self { text }
    }

    /// The value of a tree read from the text.
    pub(super) fn value(mut self, ctx: &mut Context<'_>, node: &Node) -> Result<Value, Failure> {
        let nodes = node.count();
        ctx.charge(6 * nodes)?;
        ctx.allow_memory((nodes as usize).saturating_mul(MADE_OF_A_NODE))?;
        let value = Value::from_node(node, &mut self);
        Ok(value)
    }

    /// The string in a byte range of the text, each part with the origins of the source it was written as.
    pub(super) fn string_at(&self, start: u32, end: u32, string: &Str) -> Str {
        let (start, end) = (start as usize, (end as usize).min(self.text.len()));
        let spans = self.text.spans();
        let first = spans.partition_point(|span| span.end as usize <= start);
        match spans.get(first) {
            Some(span) if (span.start as usize) < end => align(self.text, start, end, string.as_bytes()),
            _ => string.clone(),
        }
    }
}

impl NodeOrigins for Source<'_> {
    fn origin(&mut self, node: &Node, _: Option<Key>, _: Origin) -> Origin {
        let origin = self.text.origin_at(node.start as usize, node.end as usize);
        match node.data {
            Data::Map(_) | Data::Seq(_) => origin,
            // A number composed of several parts depends on all of its digits.
            _ => origin.marked(marks_at(self.text, node.start, node.end)),
        }
    }

    fn string(&mut self, node: &Node, string: &Str, _: Origin) -> Str {
        self.string_at(node.start, node.end, string)
    }

    fn key(&mut self, entry: &Entry) -> Str {
        self.string_at(entry.start, entry.end, &entry.key)
    }

    fn enabled(&self) -> bool {
        false
    }
}

/// The marks of a byte range of a text.
fn marks_at(text: &Str, start: u32, end: u32) -> Marks {
    let spans = text.spans();
    let first = spans.partition_point(|span| span.end <= start);
    let inside = spans[first..].iter().take_while(|span| span.start < end);
    inside.fold(Marks::NONE, |marks, span| marks | span.origin.marks())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Buf, Origins};

    #[test]
    fn strings_keep_the_origins_of_their_source() {
        let mut origins = Origins::new();
        let (one, two) = (
            origins.template_text(&crate::source::File::new("a", ""), 0),
            origins.template_text(&crate::source::File::new("b", ""), 0),
        );
        for (before, middle, after, expected) in [
            ("x: ", "quay.io", "/app:v1", "quay.io"),
            ("x: \"a", "b\\nb", "c\"", "b\nb"),
            ("x: 'it''s ", "me", "'", "me"),
            ("x: |\n  first\n  ", "second", "\n  third\n", "second"),
            ("x: >\n  first\n  ", "second", "\n  third\n", "second"),
        ] {
            let mut text = Buf::new();
            text.push_from(before.as_bytes(), two, 0);
            text.push_from(middle.as_bytes(), one, 0);
            text.push_from(after.as_bytes(), two, 0);
            let text = text.into_str();
            let node = crate::yaml::read(text.as_bytes(), &crate::limits::Limits::default()).unwrap();
            let value = Value::from_node(&node, &mut Source::new(&text));
            let Some(Value::Str(string)) = value.as_map().and_then(|map| map.get(b"x")) else { panic!("no string") };
            let found: Vec<u8> = string
                .spans()
                .iter()
                .filter(|span| span.origin == one)
                .flat_map(|span| string.as_bytes()[span.start as usize..span.end as usize].to_vec())
                .collect();
            assert_eq!(String::from_utf8(found).unwrap(), expected, "{text:?} gave {:?}", string.spans());
        }
    }
}
