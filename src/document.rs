//! Objects of Kubernetes that airtight writes: as YAML with comments, as people write it (the order of the keys is that of the code,
//! texts of several lines are blocks), or as JSON.

use crate::yaml::is_plain;
use serde_json::{Value as Json, json};

/// A document: comments at its head, and a map.
#[derive(Debug)]
pub(crate) struct Document {
    /// The lines of the comment above it.
    pub head: Vec<String>,
    /// Its content.
    pub root: Map,
}

/// A map, in order.
#[derive(Debug, Default)]
pub(crate) struct Map(Vec<Field>);

#[derive(Debug)]
struct Field {
    comment: Vec<&'static str>,
    key: &'static str,
    value: Value,
}

/// A value.
#[derive(Debug)]
pub(crate) enum Value {
    /// A string, on one line or as a block.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Strings on one line.
    Words(Vec<String>),
    /// Numbers on one line.
    Numbers(Vec<u64>),
    /// Strings, a line each.
    Lines(Vec<String>),
    /// Maps.
    Maps(Vec<Map>),
    /// A map.
    Map(Map),
}

impl Map {
    /// A map with these strings.
    pub(crate) fn of(fields: &[(&'static str, &str)]) -> Self {
        fields.iter().fold(Self::default(), |map, (key, text)| map.with(key, *text))
    }

    /// The same with one more key.
    pub(crate) fn with(self, key: &'static str, value: impl Into<Value>) -> Self {
        self.with_comment(&[], key, value)
    }

    /// The same with one more key, below a comment.
    pub(crate) fn with_comment(mut self, comment: &[&'static str], key: &'static str, value: impl Into<Value>) -> Self {
        self.0.push(Field { comment: comment.to_vec(), key, value: value.into() });
        self
    }

    /// The same with one more key, if there is a value.
    pub(crate) fn with_some(self, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Map>> for Value {
    fn from(maps: Vec<Map>) -> Self {
        Self::Maps(maps)
    }
}

/// The strings of a list on one line.
pub(crate) fn words(words: &[impl AsRef<str>]) -> Value {
    Value::Words(words.iter().map(|word| word.as_ref().to_owned()).collect())
}

/// The text of documents, with `---` between them.
pub(crate) fn text(documents: &[Document]) -> String {
    let mut texts = Vec::new();
    for document in documents {
        let mut text: String = document.head.iter().map(|line| format!("# {line}\n")).collect();
        write_map(&document.root, 0, false, &mut text);
        texts.push(text);
    }
    texts.join("---\n")
}

/// The same as one object for programs, without comments: a List, as kubectl prints several objects.
pub(crate) fn list(documents: &[Document]) -> Json {
    let items: Vec<Json> = documents.iter().map(|document| json_of_map(&document.root)).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn json_of_map(map: &Map) -> Json {
    map.0.iter().map(|field| (field.key.to_owned(), json_of(&field.value))).collect()
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Flag(flag) => json!(flag),
        Value::Number(number) => json!(number),
        Value::Words(texts) | Value::Lines(texts) => json!(texts),
        Value::Numbers(numbers) => json!(numbers),
        Value::Maps(maps) => maps.iter().map(json_of_map).collect(),
        Value::Map(map) => json_of_map(map),
    }
}

/// Writes a map; `is_item` if its first line continues a line with `- `, whose comment is above it.
fn write_map(map: &Map, indent: usize, is_item: bool, out: &mut String) {
    let margin = " ".repeat(indent);
    for (number, Field { comment, key, value }) in map.0.iter().enumerate() {
        let continues = is_item && number == 0;
        if !continues {
            write_comment(comment, &margin, out);
            out.push_str(&margin);
        }
        out.push_str(&format!("{key}:"));
        write_value(value, indent, out);
    }
}

fn write_comment(comment: &[&str], margin: &str, out: &mut String) {
    comment.iter().for_each(|line| out.push_str(&format!("{margin}# {line}\n")));
}

fn write_value(value: &Value, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Text(text) if is_block(text) => {
            out.push_str(" |-\n");
            for line in text.lines() {
                let margin = if line.is_empty() { "" } else { &format!("{margin}  ") };
                out.push_str(&format!("{margin}{line}\n"));
            }
        }
        Value::Text(text) => out.push_str(&format!(" {}\n", scalar(text))),
        Value::Flag(flag) => out.push_str(&format!(" {flag}\n")),
        Value::Number(number) => out.push_str(&format!(" {number}\n")),
        Value::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| word_of_list(word)).collect();
            out.push_str(&format!(" [{}]\n", words.join(", ")));
        }
        Value::Numbers(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            out.push_str(&format!(" [{}]\n", numbers.join(", ")));
        }
        Value::Lines(lines) => {
            out.push('\n');
            lines.iter().for_each(|line| out.push_str(&format!("{margin}- {}\n", scalar(line))));
        }
        Value::Maps(maps) => {
            out.push('\n');
            for map in maps {
                write_comment(map.0.first().map_or(&[], |first| &first.comment), &margin, out);
                out.push_str(&format!("{margin}- "));
                write_map(map, indent + 2, true, out);
            }
        }
        Value::Map(map) => {
            out.push('\n');
            write_map(map, indent + 2, false, out);
        }
    }
}

/// Whether a text is written as a block, which keeps it exactly.
fn is_block(text: &str) -> bool {
    let is_line = |line: &str| !line.ends_with(' ') && !line.contains(|c: char| c.is_control());
    text.contains('\n') && !text.starts_with([' ', '\n']) && !text.ends_with('\n') && text.split('\n').all(is_line)
}

/// A text as a value of a block.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A text as an element of a list on one line, where more characters have a meaning.
fn word_of_list(text: &str) -> String {
    match text.contains([',', '[', ']', '{', '}']) {
        true => serde_json::Value::from(text).to_string(),
        false => scalar(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::yaml::read;

    #[test]
    fn odd_texts_are_read_as_they_were_written() {
        let odd = [
            "",
            " ",
            "a: b",
            "- a",
            "yes",
            "1",
            "1.0",
            "null",
            "~",
            "#",
            "a #b",
            "'",
            "\"",
            "\\",
            "a\nb",
            "a\n\nb",
            " a\nb",
            "a\n",
            "a \nb",
            "a\n b",
            "\t",
            "a\tb\nc",
            "é",
            "\u{1}",
            "{a}",
            "[a]",
            "a, b",
            "*",
            "&a",
            "!a",
            "%",
            "@",
            "`",
            "|",
            ">-",
            "---",
            "=",
            "<<",
            "a\r\nb",
            "0x1",
            "2001-01-01",
        ];
        for text in odd {
            let map = Map::default().with("text", text).with("words", words(&[text, text]));
            let items =
                vec![Map::default().with_comment(&["why", "and how"], "first", text), Map::of(&[("next", text)])];
            let root = map.with("maps", items).with("lines", Value::Lines(vec![text.to_owned()])).with("last", true);
            let document =
                Document { head: vec!["head".to_owned()], root: root.with("numbers", Value::Numbers(vec![1, 2])) };
            let said = list(std::slice::from_ref(&document));
            let made = super::text(&[document]);
            let same: Json = serde_saphyr::from_str(&made).unwrap_or_else(|error| panic!("{made}: {error}"));
            assert_eq!(said["items"], json!([same]), "{made}");
            let node = read(made.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{made}: {error}"));
            let texts =
                |list: &str| node.items_of(list).iter().map(|item| item.str().map(str::to_owned)).collect::<Vec<_>>();
            assert_eq!(node.member("text").and_then(|node| node.str()), Some(text), "{made}");
            assert_eq!(texts("words"), [Some(text.to_owned()), Some(text.to_owned())], "{made}");
            assert_eq!(texts("lines"), [Some(text.to_owned())], "{made}");
            assert_eq!(node.items_of("maps")[0].text_of("first"), text, "{made}");
            assert_eq!(node.items_of("maps")[1].text_of("next"), text, "{made}");
        }
    }
}
