//! Reads YAML as sigs.k8s.io/yaml (go-yaml v2.4.4) does.

use super::Node;
use super::compose::compose;
use super::direct;
use super::error::Error;
use super::node::Data;
use super::parse::{parse, parse_whole};
use super::scan::Scanner;
use super::text::Text;
use crate::limits::Limits;

/// Reads the first document of a text; an empty text is null.
///
/// Positions refer to the text; for UTF-16, to the text converted to UTF-8.
pub(crate) fn read(text: &[u8], limits: &Limits) -> Result<Node, Error> {
    read_entries(text, limits, |_| true)
}

/// Reads a text that must be one document, as [`read`] does.
pub(crate) fn read_whole(text: &[u8], limits: &Limits) -> Result<Node, Error> {
    check_size(text, limits)?;
    let text = Text::new(text);
    // The fast path gives up if something follows.
    if let Some(read) = direct::read(&text, limits, |_| true) {
        return read;
    }
    match parse_whole(Scanner::new(&text, limits))? {
        Some((tree, root)) => compose(&tree, root, limits, |_| true),
        None => Ok(Node { data: Data::Null, start: 0, end: 0, line: 1 }),
    }
}

/// Reads the first document of a text as [`read`] does, but keeps only the `wanted` entries of its map; the others have no
/// values. Errors anywhere in the document are still reported.
///
/// For callers that need only the head of many large documents.
pub(crate) fn read_entries(text: &[u8], limits: &Limits, wanted: fn(&[u8]) -> bool) -> Result<Node, Error> {
    check_size(text, limits)?;
    let text = Text::new(text);
    if let Some(read) = direct::read(&text, limits, wanted) {
        return read;
    }
    read_any(&text, limits, wanted)
}

fn check_size(text: &[u8], limits: &Limits) -> Result<(), Error> {
    if text.len() > limits.yaml_bytes {
        let message = format!("document has more than {} bytes (--limit yaml-bytes)", limits.yaml_bytes);
        return Err(Error::limit(message));
    }
    Ok(())
}

/// Reads as [`read`] does, but never uses the fast path.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn read_the_long_way(text: &[u8], limits: &Limits) -> Result<Node, Error> {
    check_size(text, limits)?;
    read_any(&Text::new(text), limits, |_| true)
}

/// The slow path, for any text.
pub(super) fn read_any(text: &Text<'_>, limits: &Limits, wanted: fn(&[u8]) -> bool) -> Result<Node, Error> {
    match parse(Scanner::new(text, limits))? {
        Some((tree, root)) => compose(&tree, root, limits, wanted),
        None => Ok(Node { data: Data::Null, start: 0, end: 0, line: 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Number, Value, from_str};

    /// Cases recorded from helm 4.3.1: `{"yaml": "a: 1", "json": {"a": 1}}`, or `error` instead of `json`, or `bytes` (U+0000 to
    /// U+00FF) instead of `yaml`.
    const CASES: &str = include_str!("../../testdata/yaml/read.jsonl");

    fn json(node: &Node) -> Value {
        match &node.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Int(value) => number(*value as f64),
            Data::Uint(value) => number(*value as f64),
            Data::Float(value) => number(*value),
            Data::Str(text) => Value::String(text.to_text().into_owned()),
            Data::Seq(elements) => Value::Array(elements.iter().map(json).collect()),
            Data::Map(entries) => {
                let entries = entries.iter().map(|(entry, node)| (entry.key.to_string(), json(node)));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    fn number(value: f64) -> Value {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }

    /// All numbers as floats.
    fn floats(value: &Value) -> Value {
        match value {
            Value::Number(value) => number(value.as_f64().unwrap()),
            Value::Array(elements) => Value::Array(elements.iter().map(floats).collect()),
            Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), floats(value))).collect()),
            other => other.clone(),
        }
    }

    #[test]
    fn answers_as_helm_does() {
        for line in CASES.lines() {
            let case: Value = from_str(line).unwrap();
            let text = match (case["yaml"].as_str(), case["bytes"].as_str()) {
                (Some(text), _) => text.as_bytes().to_vec(),
                (_, Some(bytes)) => bytes.chars().map(|character| character as u8).collect(),
                _ => panic!("{line}"),
            };
            let answer = read(&text, &Limits::default());
            match case["error"].as_str() {
                Some(error) => assert_eq!(answer.map_err(|error| error.to_string()), Err(error.to_owned()), "{line}"),
                None => assert_eq!(answer.map(|node| json(&node)), Ok(floats(&case["json"])), "{line}"),
            }
        }
    }

    fn places(node: &Node, text: &str, found: &mut Vec<String>) {
        let mut add = |start: u32, end: u32, line: u32| {
            found.push(format!("{line}:{}", &text[start as usize..end as usize]));
        };
        match &node.data {
            Data::Seq(elements) => elements.iter().for_each(|element| places(element, text, found)),
            Data::Map(entries) => {
                for (entry, value) in entries {
                    found.push(format!("{}:{}=", entry.line, &text[entry.start as usize..entry.end as usize]));
                    places(value, text, found);
                }
            }
            _ => add(node.start, node.end, node.line),
        }
    }

    #[test]
    fn nodes_know_their_bytes() {
        let text =
            "# c\na: 1\n'b c': \"x\\\n  y\"\nd: !!str |+ # e\n  f\n   g\n\n\nh: &i j k # l\nm: [*i, n,\n o]\np:\n";
        let mut found = Vec::new();
        places(&read(text.as_bytes(), &Limits::default()).unwrap(), text, &mut found);
        let expected = [
            "2:a=",
            "2:1",
            "3:'b c'=",
            "3:\"x\\\n  y\"",
            "5:d=",
            "5:|+ # e\n  f\n   g",
            "10:h=",
            "10:j k",
            "11:m=",
            "10:j k",
            "11:n",
            "12:o",
            "13:p=",
            "13:",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn depth_and_nodes_are_bounded() {
        let deep = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        let test = move || {
            let limits = Limits::default();
            assert!(read(deep(9_999).as_bytes(), &limits).is_ok());
            assert!(read("- ".repeat(9_999).as_bytes(), &limits).is_ok());
            let error = read(deep(10_001).as_bytes(), &limits).unwrap_err();
            assert_eq!(error.to_string(), "yaml: exceeded max depth of 10000");
            let aliases = format!("- &a {}\n- {}*a{}\n", deep(6_000), "[".repeat(6_000), "]".repeat(6_000));
            assert_eq!(read(aliases.as_bytes(), &limits).unwrap_err().to_string(), "exceeded max depth");
        };
        std::thread::Builder::new().stack_size(64 << 20).spawn(test).unwrap().join().unwrap();
        let few = Limits { yaml_nodes: 4, ..Limits::default() };
        assert!(read(b"[a, b]", &few).is_ok());
        let error = read(b"[a, b, c]", &few).unwrap_err();
        assert_eq!(error.to_string(), "document has more than 4 nodes (--limit yaml-nodes)");
    }
}
