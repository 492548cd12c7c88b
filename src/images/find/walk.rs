//! The walk that shows every node of a tree to the finders.

use super::place::{FieldAt, Way};
use super::schema::{self, Keyword};
use super::{FINDERS, Hits, history, prose};
use crate::objects::Object;
use crate::yaml::{Data, Entry, Node};
use std::borrow::Cow;

/// Shows the nodes of a tree to the finders.
pub(super) fn walk(object: &Object<'_>, found: &mut Hits<'_>) {
    step(object, object.node, &mut Vec::new(), &mut Vec::new(), found);
}

fn step<'w>(
    object: &'w Object<'w>,
    node: &'w Node,
    way: &mut Vec<Way<'w>>,
    above: &mut Vec<&'w Node>,
    found: &mut Hits<'_>,
) {
    if matches!(node.data, Data::Null | Data::Bool(_)) {
        return;
    }
    let bytes = if let Data::Str(text) = &node.data { text.len() } else { 0 };
    if !found.take_steps(bytes) {
        return;
    }
    if object.depth > 0 {
        found.nested_nodes += 1;
    }
    let place = FieldAt { object, node, above, way };
    for finder in FINDERS {
        (finder.visit)(&place, found);
    }
    match &node.data {
        Data::Map(entries) => {
            let is_schema = schema::is_schema(node);
            above.push(node);
            for (entry, value) in entries {
                let key = entry.key.to_text();
                let is_top = way.is_empty() && object.depth == 0;
                // `status` is not searched: it does not decide what is installed.
                if is_top && (key == "status" || object.is_list && key == "items") {
                    continue;
                }
                if history::is_history(&key, object, way.iter().filter_map(Way::key)) {
                    continue;
                }
                if is_schema || key == "openAPIV3Schema" {
                    way.push(Way::Key(key));
                    let keyword = if is_schema { schema::keyword(&entry.key.to_text()) } else { Keyword::Schema };
                    below_keyword(keyword, object, value, way, above, found);
                    way.pop();
                    continue;
                }
                let is_prose = prose::is_prose(&key, object, way.iter().filter_map(Way::key));
                way.push(Way::Key(key));
                found.prose += u32::from(is_prose);
                step(object, value, way, above, found);
                found.prose -= u32::from(is_prose);
                way.pop();
            }
            above.pop();
        }
        Data::Seq(items) => {
            above.push(node);
            for (index, item) in items.iter().enumerate() {
                way.push(Way::Index(index));
                step(object, item, way, above, found);
                way.pop();
            }
            above.pop();
        }
        _ => {}
    }
}

/// Visits the value of a keyword of a schema.
fn below_keyword<'w>(
    keyword: Keyword,
    object: &'w Object<'w>,
    node: &'w Node,
    way: &mut Vec<Way<'w>>,
    above: &mut Vec<&'w Node>,
    found: &mut Hits<'_>,
) {
    let is_definition = schema::is_definition(&object.kind);
    match (keyword, &node.data) {
        (Keyword::Schema, Data::Map(entries)) => {
            // Parts of an image may have the names of schema keywords.
            let has_more = |(entry, _): &(Entry, Node)| schema::keyword(&entry.key.to_text()) == Keyword::Other;
            if !is_definition && entries.iter().any(has_more) {
                let place = FieldAt { object, node, above, way };
                FINDERS.iter().for_each(|finder| (finder.visit)(&place, found));
            }
            above.push(node);
            for (entry, value) in entries {
                let key = entry.key.to_text();
                let keyword = schema::keyword(&key);
                way.push(Way::Key(key));
                below_keyword(keyword, object, value, way, above, found);
                way.pop();
            }
            above.pop();
        }
        (Keyword::Schemas, Data::Map(entries)) => {
            above.push(node);
            for (entry, value) in entries {
                way.push(Way::Property(entry.key.to_text()));
                below_keyword(Keyword::Schema, object, value, way, above, found);
                way.pop();
            }
            above.pop();
        }
        (Keyword::Schema | Keyword::Schemas, Data::Seq(items)) => {
            above.push(node);
            for (index, item) in items.iter().enumerate() {
                way.push(Way::Index(index));
                below_keyword(Keyword::Schema, object, item, way, above, found);
                way.pop();
            }
            above.pop();
        }
        // The cluster applies the defaults of a CRD; for other schemas their use is not known.
        (Keyword::Default, _) => {
            let Some(Way::Key(_)) = way.pop() else { return };
            let property = way.iter().rev().find_map(|step| match step {
                Way::Property(name) => Some(name.clone()),
                _ => None,
            });
            way.push(Way::Default(property.unwrap_or(Cow::Borrowed("default"))));
            found.prose += u32::from(!is_definition);
            step(object, node, way, above, found);
            found.prose -= u32::from(!is_definition);
        }
        // A CRD keeps nothing of a setting's description, and text has no effect anywhere.
        (Keyword::Words, Data::Map(_) | Data::Seq(_)) if !is_definition => {
            found.prose += 1;
            step(object, node, way, above, found);
            found.prose -= 1;
        }
        (Keyword::Words, _) => {}
        // The cluster drops everything from a CRD that is not a keyword.
        (Keyword::Other | Keyword::Schema | Keyword::Schemas, _) if !is_definition => {
            step(object, node, way, above, found);
        }
        (Keyword::Other | Keyword::Schema | Keyword::Schemas, _) => {}
    }
}
