//! Parses a schema, and rewrites it so that boon understands it as helm's validator would.

use super::{decode_error, number};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::regex::{self, Regex};
use crate::schema::budget::Budget;
use crate::values::json;
use crate::yaml::{Data, Node};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// A schema prepared for boon, with mappings from boon's output to the original text.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// Which validator is imitated.
    pub(super) helm: HelmVersion,
    /// The schema.
    pub(super) doc: Json,
    /// Numbers in `enum` and `const` as written, by JSON pointer.
    pub(super) numbers: HashMap<String, String>,
    /// Original patterns and addresses, by their replacement in `doc`.
    pub(super) patterns: HashMap<String, String>,
    /// Patterns that Go rejects, by their replacement in `doc`.
    pub(super) refused: HashMap<String, Refused>,
    /// All references.
    pub(super) refs: Vec<Reference>,
}

/// A reference to a schema: `$ref` and similar keywords, or the `$schema` that names the metaschema.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// As written.
    pub(super) text: String,
    /// JSON pointer to it in the prepared schema.
    pub(super) pointer: String,
    /// The byte range of its value in the file.
    pub(super) range: (u32, u32),
}

/// A pattern that Go rejects.
#[derive(Debug)]
pub(super) struct Refused {
    /// As written.
    pub(super) pattern: String,
    /// Go's error.
    pub(super) error: String,
    /// Pointer to the object that has it as a property name.
    pub(super) holder: String,
}

/// boon's name for the format `regex`, whose own one cannot be replaced.
pub(super) const REGEX_FORMAT: &str = "airtight-regex";

/// The weight limit of all patterns of a schema: the size of their compiled programs.
const PATTERNS_WEIGHT: u64 = 1_000_000;

impl Prepared {
    /// Reads a schema.
    ///
    /// # Errors
    /// Go's text if it is not JSON; limits.
    pub(super) fn read(schema: &[u8], helm: HelmVersion, budget: &mut Budget) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(schema);
        let (node, end) = json::read_schema(&text).ok_or_else(|| Error::refused(decode_error(schema)))?;
        // Helm 3 parses one value and ignores the rest.
        if helm == HelmVersion::V4 && !text[end..].trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            return Err(Error::refused("invalid character after top-level value"));
        }
        let mut reader = Reader {
            text: &text,
            budget,
            pointer: String::new(),
            depth: 0,
            weight: 0,
            prepared: Self { helm, ..Self::default() },
        };
        let mut doc = reader.schema(&node)?;
        if helm == HelmVersion::V3 {
            forget_foreign_draft(&mut doc)?;
        }
        Ok(Self { doc, ..reader.prepared })
    }

    /// The original of a pattern in the prepared schema; itself if it was not replaced.
    pub(super) fn original<'a>(&'a self, text: &'a str) -> &'a str {
        let refused = self.refused.get(text).map(|refused| &refused.pattern);
        refused.or_else(|| self.patterns.get(text)).map_or(text, String::as_str)
    }
}

struct Reader<'r, 'l> {
    text: &'r str,
    budget: &'r mut Budget<'l>,
    /// The current location.
    pointer: String,
    depth: u32,
    weight: u64,
    prepared: Prepared,
}

impl Reader<'_, '_> {
    /// A schema, or anything that may contain schemas.
    fn schema(&mut self, node: &Node) -> Result<Json, Error> {
        let entries = match &node.data {
            Data::Map(entries) => entries,
            Data::Seq(items) => {
                let list = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.below(&at.to_string(), |reader| reader.schema(item)));
                return list.collect::<Result<_, _>>().map(Json::Array);
            }
            _ => return self.data(node),
        };
        let mut object = Map::new();
        for (entry, value) in entries {
            let key = entry.key.to_text();
            // Helm 3 does not validate schemas against the metaschema, which requires at least one.
            let empty = matches!(&value.data, Data::Seq(items) if items.is_empty());
            if self.prepared.helm == HelmVersion::V3 && empty && matches!(&*key, "allOf" | "anyOf" | "oneOf") {
                continue;
            }
            if self.is_beyond(value) && is_bound(&key) {
                continue;
            }
            let member = self.below(&key, |reader| reader.member(&key, value))?;
            object.insert(key.into_owned(), member);
        }
        Ok(Json::Object(object))
    }

    fn member(&mut self, key: &str, value: &Node) -> Result<Json, Error> {
        match (key, &value.data) {
            ("pattern", Data::Str(pattern)) => self.pattern(&pattern.to_text()).map(Json::String),
            ("format", Data::Str(format)) if *format == *"regex" => Ok(REGEX_FORMAT.into()),
            ("$ref" | "$dynamicRef" | "$recursiveRef" | "$schema", Data::Str(reference)) => {
                let text = self.address(&reference.to_text());
                let range = (value.start, value.end);
                self.prepared.refs.push(Reference { text: text.clone(), pointer: self.pointer.clone(), range });
                Ok(Json::String(text))
            }
            ("minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties", _)
                if self.is_beyond(value) =>
            {
                // Not an integer, according to helm.
                Ok(Json::from(0.5))
            }
            ("$id" | "id", Data::Str(id)) => Ok(Json::String(self.address(&id.to_text()))),
            ("enum" | "const" | "default" | "examples", _) => self.data(value),
            (
                "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" | "dependencies",
                Data::Map(entries),
            ) => {
                let mut object = Map::new();
                for (entry, value) in entries {
                    let mut name = entry.key.to_text().into_owned();
                    if key == "patternProperties" {
                        name = self.pattern(&name)?;
                    }
                    let member = self.below(&name, |reader| reader.schema(value))?;
                    object.insert(name, member);
                }
                Ok(Json::Object(object))
            }
            _ => self.schema(value),
        }
    }

    /// A value that is not part of a schema.
    fn data(&mut self, node: &Node) -> Result<Json, Error> {
        Ok(match &node.data {
            Data::Null => Json::Null,
            Data::Bool(truth) => Json::Bool(*truth),
            Data::Int(_) | Data::Uint(_) | Data::Float(_) => {
                let written = &self.text[node.start as usize..node.end as usize];
                let number = number::parse(written);
                if number.to_string() != written {
                    self.prepared.numbers.insert(self.pointer.clone(), written.to_owned());
                }
                Json::Number(number)
            }
            Data::Str(text) => Json::String(text.to_text().into_owned()),
            Data::Seq(items) => {
                let list =
                    items.iter().enumerate().map(|(at, item)| self.below(&at.to_string(), |reader| reader.data(item)));
                Json::Array(list.collect::<Result<_, _>>()?)
            }
            Data::Map(entries) => {
                let mut object = Map::new();
                for (entry, value) in entries {
                    let key = entry.key.to_text();
                    let member = self.below(&key, |reader| reader.data(value))?;
                    object.insert(key.into_owned(), member);
                }
                Json::Object(object)
            }
        })
    }

    /// Whether a number has an exponent that Go's big numbers reject: for helm's validator it is not a number.
    ///
    /// Source: Go `math/big`, `Rat.SetString`.
    fn is_beyond(&self, node: &Node) -> bool {
        const MOST: u64 = 1_000_000;
        let Data::Float(_) = node.data else { return false };
        let written = &self.text[node.start as usize..node.end as usize];
        let Some((_, exponent)) = written.split_once(['e', 'E']) else { return false };
        exponent.trim_start_matches(['+', '-']).parse::<u64>().is_ok_and(|exponent| exponent > MOST)
    }

    /// An address in the form that boon accepts, which allows only the characters of RFC 3986, where Go accepts all visible ones.
    fn address(&mut self, written: &str) -> String {
        let is_fine = |character: char| character.is_ascii_graphic() && !r#""<>\^`{|}"#.contains(character);
        if written.chars().all(is_fine) {
            return written.to_owned();
        }
        let mut address = String::with_capacity(written.len() + 16);
        for character in written.chars() {
            if is_fine(character) {
                address.push(character);
            } else {
                let mut bytes = [0; 4];
                character.encode_utf8(&mut bytes).bytes().for_each(|byte| address.push_str(&format!("%{byte:02X}")));
            }
        }
        self.prepared.patterns.insert(address.clone(), written.to_owned());
        address
    }

    fn below(&mut self, token: &str, read: impl FnOnce(&mut Self) -> Result<Json, Error>) -> Result<Json, Error> {
        let length = self.pointer.len();
        push_token(&mut self.pointer, token);
        self.depth += 1;
        // boon keeps a pointer to each location of the schema, so deep locations cost more.
        self.budget.take(4 + u64::from(self.depth) / 16)?;
        self.budget.check_depth(self.depth / 2)?;
        let member = read(self);
        self.depth -= 1;
        self.pointer.truncate(length);
        member
    }

    /// The replacement of a pattern: the same pattern in the syntax of Rust's regex crate; or, if Go rejects it, one that boon
    /// rejects as well.
    fn pattern(&mut self, pattern: &str) -> Result<String, Error> {
        let regex = match Regex::new(pattern.as_bytes(), false, HelmVersion::V4) {
            Ok(regex) => regex,
            Err(regex::Error::Syntax(error)) => {
                let stands_for_it = "(".repeat(self.prepared.refused.len() + 1);
                let refused = Refused { pattern: pattern.to_owned(), error, holder: self.pointer.clone() };
                self.prepared.refused.insert(stands_for_it.clone(), refused);
                return Ok(stands_for_it);
            }
            Err(regex::Error::Limit(what)) => return Err(Error::limit(what)),
        };
        self.weight += regex.weight();
        let mut translated = regex.translated().to_owned();
        if self.weight > PATTERNS_WEIGHT || ::regex::Regex::new(&translated).is_err() {
            return Err(Error::limit("the patterns of the schema are too large"));
        }
        while self.prepared.patterns.get(&translated).is_some_and(|known| known != pattern) {
            translated.push_str("(?:)");
        }
        self.prepared.patterns.insert(translated.clone(), pattern.to_owned());
        Ok(translated)
    }
}

/// Whether a keyword limits a number.
fn is_bound(key: &str) -> bool {
    matches!(key, "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum")
}

/// Helm 3's validator supports the drafts 4, 6 and 7; with any other name it treats a schema as if it had none.
fn forget_foreign_draft(doc: &mut Json) -> Result<(), Error> {
    const KNOWN: [&str; 3] = ["draft-04/schema", "draft-06/schema", "draft-07/schema"];
    let Json::Object(schema) = doc else { return Ok(()) };
    if schema.get("$schema").is_some_and(|draft| !draft.is_string()) {
        return Err(Error::refused("$schema must be of type string"));
    }
    let draft = schema.get("$schema").and_then(Json::as_str).unwrap_or_default().trim_end_matches('#');
    if !KNOWN.iter().any(|known| draft.strip_prefix("http://json-schema.org/") == Some(known)) {
        schema.remove("$schema");
    }
    Ok(())
}

/// Adds a step to a JSON pointer.
pub(super) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    if !token.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(token);
        return;
    }
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(character),
        }
    }
}

/// The text of a URL's fragment.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
