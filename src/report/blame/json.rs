//! The JSON output of `airtight blame`.

use super::{MASK, hidden, kind, who};
use crate::blame::value::{ShownValue, Trail};
use crate::blame::{Decided, Document, Line, Share};
use crate::provenance::Decider;
use crate::report::write_json;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 1;

/// Writes manifests with the deciders of each line, the main one first.
pub(crate) fn write(documents: &[Document<'_>], out: &mut dyn Write) -> io::Result<()> {
    let documents = Each(|| documents.iter().map(Manifest));
    write_json(&Whole { documents, version: VERSION }, usize::MAX, out)
}

#[derive(serde::Serialize)]
struct Whole<D> {
    documents: D,
    version: u32,
}

/// A list whose items are made while it is written.
struct Each<M>(M);

impl<M: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Each<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

struct Manifest<'a>(&'a Document<'a>);

impl Serialize for Manifest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(document) = self;
        let object = &document.object;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("kind", &object.kind)?;
        map.serialize_entry("lines", &Each(|| document.lines().map(|line| line_of(&line))))?;
        map.serialize_entry("name", &object.name)?;
        map.serialize_entry("namespace", &object.namespace)?;
        map.serialize_entry("template", document.template())?;
        map.end()
    }
}

fn line_of(line: &Line) -> Value {
    let share = |share: &Share| {
        let mut origin = origin(&share.decider);
        origin.insert("text".to_owned(), share.text.clone().into());
        Value::Object(origin)
    };
    let origins: Vec<Value> = line.shares.iter().map(share).collect();
    let mut about = json!({"line": line.number, "text": line.text, "origins": origins});
    if !line.decided.is_empty() {
        about["decided"] = line.decided.iter().map(decided).collect();
    }
    about
}

fn decided(decided: &Decided) -> Value {
    let by: Vec<Value> = decided.by.iter().map(|decider| Value::Object(origin(decider))).collect();
    let mut about = json!({"reference": decided.reference, "by": by});
    if let Some(otherwise) = &decided.otherwise {
        let mut with = json!({"reference": otherwise.reference, "without": otherwise.is_without});
        if let Some((key, value)) = &otherwise.with {
            with["key"] = key.to_string().into();
            with["value"] = value.as_str().into();
        }
        about["otherwise"] = with;
    }
    about
}

/// Writes the trail of a value.
pub(crate) fn write_trail(trail: &Trail, show_secrets: bool, out: &mut dyn Write) -> io::Result<()> {
    let leaf = |leaf: &crate::blame::value::Leaf| {
        let mut about = origin(&leaf.decider);
        about.insert("value_path".to_owned(), leaf.path.to_string().into());
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
        "value_path": trail.path.to_string(),
        "is_set": trail.value.is_some(),
        "value": trail.value.as_ref().map(|shown| value(shown, trail.is_secret && !show_secrets)),
        "settings": settings,
        "leaves": trail.leaves.iter().map(leaf).collect::<Vec<_>>(),
        "near": trail.near.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "reads": trail.reads.iter().map(place).collect::<Vec<_>>(),
    });
    write_json(&document, usize::MAX, out)
}

fn origin(decider: &Decider) -> Map<String, Value> {
    let mut about = Map::new();
    about.insert("kind".to_owned(), kind(decider).into());
    about.insert("by".to_owned(), who(decider).into());
    if !decider.path.is_empty() {
        about.insert("path".to_owned(), decider.path.to_string().into());
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

/// A map or list is not written again: its leaves are listed.
fn value(shown: &ShownValue, masked: bool) -> Value {
    match shown {
        ShownValue::Text(text) if masked && !text.is_empty() => MASK.into(),
        ShownValue::Plain(text) if masked && !matches!(text.as_str(), "true" | "false") => MASK.into(),
        ShownValue::Text(text) => text.clone().into(),
        ShownValue::Plain(text) => serde_json::from_str(text).unwrap_or_else(|_| text.clone().into()),
        ShownValue::Null | ShownValue::Tree(..) => Value::Null,
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use crate::cli::Outcome;
    use crate::golden::{conform, json_of, root};

    /// The output of `blame --format json` matches `docs/blame.schema.json`: lines, values, values that are not set.
    #[test]
    fn the_document_follows_its_schema() {
        let runs: &[(&str, &[&str])] = &[
            ("addons", &["-f", "testdata/values/override.yaml", "--set", "certs.password=x"]),
            ("addons", &["--mirror", "mirror.internal", "--image", "frr"]),
            ("addons", &["--set", "certs.password=x", "--value", "certs"]),
            ("addons", &["--set", "certs.password=x", "--value", "certs.password"]),
            ("addons", &["-f", "testdata/values/override.yaml", "--value", "certs.image.registry"]),
            ("addons", &["--value", "certs.image.registri"]),
            ("addons", &["--value", "certs.enabled"]),
            ("random", &[]),
        ];
        let mut documents = Vec::new();
        for (chart, flags) in runs {
            let file = |flag: &&str| match flag.strip_prefix("testdata/") {
                Some(_) => root().join(flag).to_string_lossy().into_owned(),
                None => (*flag).to_owned(),
            };
            let path = root().join("testdata/charts").join(chart).to_string_lossy().into_owned();
            let mut args = vec!["blame".to_owned(), path, "--format=json".to_owned()];
            args.extend(flags.iter().map(file));
            let document = json_of(args, |outcome| outcome == Outcome::Clean);
            let name = format!("{chart} {flags:?}");
            documents.push((name.clone(), document.unwrap_or_else(|said| panic!("{name}: {said}"))));
        }
        conform("blame.schema.json", &documents);
    }
}
