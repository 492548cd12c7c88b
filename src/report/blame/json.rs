//! Blame for programs: one JSON document.

use super::{MASK, hidden, kind, who};
use crate::blame::Document;
use crate::blame::value::{Shown, Trail};
use crate::images::decided::Decider;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Raised when a field changes its meaning or goes away; new fields do not raise it.
const VERSION: u32 = 1;

/// Writes manifests with who decided each line, the most telling first.
pub fn write(documents: &[Document], out: &mut dyn Write) -> io::Result<()> {
    let documents: Vec<Value> = documents
        .iter()
        .map(|document| {
            let lines: Vec<Value> = document
                .lines
                .iter()
                .map(|line| {
                    let share = |share: &crate::blame::Share| {
                        let mut origin = origin(&share.decider);
                        origin.insert("text".to_owned(), share.text.clone().into());
                        Value::Object(origin)
                    };
                    let origins: Vec<Value> = line.shares.iter().map(share).collect();
                    json!({"line": line.number, "text": line.text, "origins": origins})
                })
                .collect();
            json!({
                "template": document.template,
                "kind": document.object.kind,
                "namespace": document.object.namespace,
                "name": document.object.name,
                "lines": lines,
            })
        })
        .collect();
    print(&json!({"version": VERSION, "documents": documents}), out)
}

/// Writes the trail of a value.
pub fn write_trail(trail: &Trail, show_secrets: bool, out: &mut dyn Write) -> io::Result<()> {
    let leaf = |leaf: &crate::blame::value::Leaf| {
        let mut about = origin(&leaf.decider);
        about.insert("value_path".to_owned(), leaf.path.clone().into());
        about.insert("value".to_owned(), value(&leaf.value, leaf.is_secret && !show_secrets));
        Value::Object(about)
    };
    let settings: Vec<Value> = trail.settings.iter().map(|decider| Value::Object(origin(decider))).collect();
    let place = |place: &crate::source::Place| {
        let (line, column) = place.line_column();
        json!({"file": place.file.name(), "line": line, "column": column})
    };
    let document = json!({
        "version": VERSION,
        "value_path": trail.path,
        "is_set": trail.value.is_some(),
        "value": trail.value.as_ref().map(|shown| value(shown, trail.is_secret && !show_secrets)),
        "settings": settings,
        "leaves": trail.leaves.iter().map(leaf).collect::<Vec<_>>(),
        "near": trail.near,
        "reads": trail.reads.iter().map(place).collect::<Vec<_>>(),
    });
    print(&document, out)
}

fn origin(decider: &Decider) -> Map<String, Value> {
    let mut about = Map::new();
    about.insert("kind".to_owned(), kind(decider).into());
    about.insert("by".to_owned(), who(decider).into());
    if !decider.path.is_empty() {
        about.insert("path".to_owned(), decider.path.clone().into());
    }
    if let Some(place) = &decider.place {
        let (line, column) = place.line_column();
        about.insert("file".to_owned(), place.file.name().into());
        about.insert("line".to_owned(), line.into());
        about.insert("column".to_owned(), column.into());
    }
    if !decider.hides.is_empty() {
        let hides = decider.hides.iter().map(hidden);
        about.insert("hides".to_owned(), hides.collect::<Vec<_>>().into());
    }
    about
}

/// A map or list is not repeated: its leaves are listed.
fn value(shown: &Shown, masked: bool) -> Value {
    match shown {
        Shown::Text(text) if masked && !text.is_empty() => MASK.into(),
        Shown::Plain(_) if masked => MASK.into(),
        Shown::Text(text) => text.clone().into(),
        Shown::Plain(text) => serde_json::from_str(text).unwrap_or_else(|_| text.clone().into()),
        Shown::Null | Shown::Tree(..) => Value::Null,
    }
}

fn print(document: &Value, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}
