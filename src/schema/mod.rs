//! Validates values against values.schema.json, with helm's messages.
//!
//! The validator is the crate `boon`, by the author of the one in helm, so that both find the same errors in the same order. The
//! other modules compensate for differences: `prepare` parses the schema as Go does and translates Go's regular expressions for
//! boon, `cost` limits the cost of a hostile schema, `accept` avoids boon if the values match, `messages` words the errors,
//! `formats` are those of helm's validator. References never cause anything to be fetched or read; `remote` lists what helm would
//! fetch.

mod accept;
mod budget;
mod cost;
mod formats;
mod known;
mod messages;
mod number;
mod prepare;
pub(crate) mod remote;

use crate::error::{Error, ErrorKind};
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::log;
use crate::source::File;
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values::Instance;
use crate::values_path::{Key, ValuesPath};
use boon::{CompileError, Compiler, Draft, SchemaIndex, Schemas, UrlLoader};
use budget::Budget;
use cost::Visits;
use known::Known;
pub(crate) use known::KnownSchemas;
use prepare::{Prepared, Reference};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// Helm's name for every schema.
const SCHEMA_URL: &str = "file:///values.schema.json";

/// Validates the values of a chart, and of each subchart with its own table; returns log lines.
///
/// # Errors
/// Helm's text: `values don't meet the specifications of the schema(s) in the following chart(s):`, then for each chart its name
/// and the errors. Sibling messages are in the order of the schema and of the properties' names, where helm's order is random.
/// Helm 3 has another validator: its results are reproduced, its messages are not.
pub(crate) fn validate(
    instance: &Instance,
    values: &Map,
    helm: HelmVersion,
    limits: &Limits,
    known: &KnownSchemas,
) -> Result<Vec<String>, Error> {
    let mut check = Check::new(helm, limits, known);
    check.chart(instance, values);
    if check.text.is_empty() {
        return Ok(check.warnings);
    }
    const CONTEXT: &str = "values don't meet the specifications of the schema(s) in the following chart(s)";
    Err(Error::new(check.kind, format!("{CONTEXT}:\n{}", check.text)))
}

/// The values that do not match the schemas, by their paths from the top chart.
pub(crate) fn refused(
    instance: &Instance,
    values: &Map,
    helm: HelmVersion,
    limits: &Limits,
    known: &KnownSchemas,
) -> Vec<ValuesPath> {
    let mut check = Check::new(helm, limits, known);
    check.chart(instance, values);
    check.refused
}

struct Check<'l> {
    helm: HelmVersion,
    limits: &'l Limits,
    known: &'l KnownSchemas,
    text: String,
    /// A limit if one was exceeded: then the other schemas do not decide.
    kind: ErrorKind,
    warnings: Vec<String>,
    /// The URNs that schemas refer to.
    seen: BTreeSet<String>,
    /// The keys of the chart that is validated, from the top chart.
    way: ValuesPath,
    /// The values that do not match.
    refused: Vec<ValuesPath>,
}

impl<'l> Check<'l> {
    fn new(helm: HelmVersion, limits: &'l Limits, known: &'l KnownSchemas) -> Self {
        Self {
            helm,
            limits,
            known,
            text: String::new(),
            kind: ErrorKind::Refused,
            warnings: Vec::new(),
            seen: BTreeSet::new(),
            way: ValuesPath::default(),
            refused: Vec::new(),
        }
    }

    /// Notes a value of the chart by its pointer.
    fn refuse(&mut self, pointer: &str, values: &Json) {
        let (mut path, mut above) = (self.way.clone(), String::new());
        for token in pointer.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            let is_list = values.pointer(&above).is_some_and(Json::is_array);
            path.push(match name.parse() {
                Ok(index) if is_list => Key::Index(index),
                _ => Key::from(name.as_str()),
            });
            above.push('/');
            above.push_str(token);
        }
        self.refused.push(path);
    }
}

impl Check<'_> {
    fn chart(&mut self, instance: &Instance, values: &Map) {
        if let Some(schema) = &instance.chart.schema
            && let Err(error) = self.schema(schema, values)
        {
            if error.kind() == ErrorKind::Limit {
                self.kind = ErrorKind::Limit;
            }
            self.text.push_str(&format!("{}:\n{error}", instance.name));
        }
        for child in &instance.children {
            match values.get(child.name.as_bytes()) {
                None => {}
                Some(value) if value.is_nil() => {}
                Some(value) => match value.as_map() {
                    Some(table) => {
                        self.way.push(Key::from(child.name.as_str()));
                        self.chart(child, table);
                        self.way.pop();
                    }
                    None => {
                        let found = value.ty().name;
                        self.text.push_str(&format!(
                            "{}:\ninvalid type for values: expected object (map), got {found}\n",
                            child.name
                        ));
                    }
                },
            }
        }
    }

    /// Validates one table of values; the error is what helm prints below the chart's name.
    fn schema(&mut self, schema: &Arc<File>, values: &Map) -> Result<(), Error> {
        let mut budget = Budget::new(self.limits);
        let known = self.known.read(schema, self.helm, &mut budget)?;
        let values = to_json(&Value::Map(values.clone()));
        let (mut seen, mut pointers) = (BTreeSet::new(), Vec::new());
        let result = catch_unwind(AssertUnwindSafe(|| run(&known, &values, &mut budget, (&mut seen, &mut pointers))));
        pointers.iter().for_each(|pointer| self.refuse(pointer, &values));
        for url in seen {
            if self.seen.insert(url.clone()) {
                let warning = "unresolved URN reference ignored; using permissive schema";
                self.warnings.push(log::line("WARN", warning, &[("urn", known.prepared.original(&url))]));
            }
        }
        // Helm recovers from panics of its validator, too.
        result.unwrap_or_else(|_| Err(Error::refused("unable to validate schema")))
    }
}

/// What a validation notes: the URNs that schemas refer to, and the pointers of values that do not match.
type Noted<'n> = (&'n mut BTreeSet<String>, &'n mut Vec<String>);

fn run(known: &Known, values: &Json, budget: &mut Budget, noted: Noted<'_>) -> Result<(), Error> {
    let visits = budget.visit(&known.prepared, values)?;
    if accept::accepts(&known.prepared, values) {
        return Ok(());
    }
    // boon compares each schema that it finds with all schemas in its queue.
    let schemas = objects(&known.prepared.doc);
    budget.take(schemas.saturating_mul(schemas) / COMPARED_IN_A_STEP)?;
    ask_boon(known, values, &visits, noted)
}

/// Comparisons of schemas in one step.
const COMPARED_IN_A_STEP: u64 = 500;

/// The number of objects in a document, which is the maximum number of schemas.
fn objects(doc: &Json) -> u64 {
    match doc {
        Json::Object(members) => 1 + members.values().map(objects).sum::<u64>(),
        Json::Array(items) => items.iter().map(objects).sum(),
        _ => 0,
    }
}

fn ask_boon(known: &Known, values: &Json, visits: &Visits, (seen, pointers): Noted<'_>) -> Result<(), Error> {
    let prepared = &known.prepared;
    let own;
    let compiled = match visits.inexact.is_empty() {
        true => known.compiled(),
        false => {
            let mut doc = prepared.doc.clone();
            for schema in &visits.inexact {
                if let Some(of) = doc.pointer_mut(&format!("{schema}/multipleOf")) {
                    // Only 0 is a multiple of that; `messages` decides the errors that boon then reports everywhere.
                    *of = f64::MAX.into();
                }
            }
            own = compiled(prepared, doc);
            &own
        }
    };
    seen.extend(compiled.seen.iter().cloned());
    let (schemas, index) = compiled.schema.as_ref().map_err(Error::clone)?;
    match schemas.validate(values, *index) {
        Ok(()) => Ok(()),
        Err(error) => match messages::about_values(&error, prepared, values, visits) {
            Some((text, found)) => {
                pointers.extend(found);
                Err(Error::refused(format!("{text}\n")))
            }
            None => Ok(()),
        },
    }
}

/// A schema, compiled for boon.
struct Compiled {
    /// The error is helm's text.
    schema: Result<(Schemas, SchemaIndex), Error>,
    /// The URNs that it refers to.
    seen: BTreeSet<String>,
}

fn compiled(prepared: &Prepared, doc: Json) -> Compiled {
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let schema = compile(prepared, doc, Rc::clone(&seen));
    Compiled { schema, seen: seen.take() }
}

fn compile(prepared: &Prepared, doc: Json, seen: Seen) -> Result<(Schemas, SchemaIndex), Error> {
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Loader { helm: prepared.helm, refs: prepared.refs.clone(), seen }));
    if prepared.helm == HelmVersion::V3 {
        compiler.set_default_draft(Draft::V7);
    }
    formats::of(prepared.helm).iter().for_each(|format| compiler.register_format(*format));
    let mut schemas = Schemas::new();
    compiler.add_resource(SCHEMA_URL, doc).map_err(|error| Error::refused(compile_error(&error, prepared)))?;
    let index =
        compiler.compile(SCHEMA_URL, &mut schemas).map_err(|error| Error::refused(compile_error(&error, prepared)))?;
    Ok((schemas, index))
}

/// Helm's error about an invalid schema.
fn compile_error(error: &CompileError, prepared: &Prepared) -> String {
    let quoted = |text: &str| go_quote(text.as_bytes());
    let unregistered =
        |url: &str| format!("failing loading {}: no URLLoader registered for {}", quoted(url), quoted(url));
    match error {
        CompileError::ValidationError { url, src } => {
            let text = messages::about_schema(src, prepared);
            format!("{} is not valid against metaschema: {text}", quoted(url))
        }
        CompileError::LoadUrlError { url, src } => format!("failing loading {}: {src}", quoted(url)),
        CompileError::UnsupportedUrlScheme { url } => unregistered(url),
        CompileError::InvalidMetaSchemaUrl { .. } => {
            unregistered(prepared.doc.get("$schema").and_then(Json::as_str).unwrap_or_default())
        }
        CompileError::UnsupportedDraft { url } => format!("draft {} is not supported", quoted(url)),
        CompileError::MetaSchemaCycle { url } => format!("cycle in resolving $schema in {}", quoted(url)),
        CompileError::ParseUrlError { url, src } => format!("error in parsing {}: {src}", quoted(url)),
        CompileError::ParseIdError { loc } => format!("error in parsing id at {}", quoted(loc)),
        CompileError::ParseAnchorError { loc } => format!("error in parsing anchor at {}", quoted(loc)),
        CompileError::DuplicateId { url, id, ptr1, ptr2 } => {
            let (ptr1, ptr2) = (ptr1.min(ptr2), ptr1.max(ptr2));
            format!("duplicate id {} in {} at {} and {}", quoted(id), quoted(url), quoted(ptr1), quoted(ptr2))
        }
        CompileError::DuplicateAnchor { anchor, url, ptr1, ptr2 } => {
            let (ptr1, ptr2) = (ptr1.min(ptr2), ptr1.max(ptr2));
            format!("duplicate anchor {} in {} at {} and {}", quoted(anchor), quoted(url), quoted(ptr1), quoted(ptr2))
        }
        CompileError::InvalidJsonPointer(url) => format!("invalid json-pointer {}", quoted(url)),
        CompileError::JsonPointerNotFound(url) => format!("json-pointer in {} not found", quoted(url)),
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {} not found in schema {}", quoted(reference), quoted(url))
        }
        CompileError::UnsupportedVocabulary { url, vocabulary } => {
            format!("unsupported vocabulary {} in {}", quoted(vocabulary), quoted(url))
        }
        other => other.to_string(),
    }
}

type Seen = Rc<RefCell<BTreeSet<String>>>;

/// Loads nothing. A remote schema accepts everything; a file is refused.
struct Loader {
    helm: HelmVersion,
    /// All references.
    refs: Vec<Reference>,
    seen: Seen,
}

impl UrlLoader for Loader {
    fn load(&self, url: &str) -> Result<Json, Box<dyn error::Error>> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "http" | "https" => Ok(permissive(url, &self.refs)),
            "urn" if self.helm == HelmVersion::V3 => Err(format!("Reference {url} must be canonical").into()),
            "urn" => {
                self.seen.borrow_mut().insert(url.to_owned());
                Ok(Json::Bool(true))
            }
            "file" => Err("airtight reads no files that a schema refers to".into()),
            _ => Err(format!("no URLLoader registered for {}", go_quote(url.as_bytes())).into()),
        }
    }
}

/// A schema that accepts everything and in which every reference to it resolves.
fn permissive(url: &str, refs: &[Reference]) -> Json {
    let last = |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned();
    let mut doc = serde_json::Map::new();
    for reference in refs {
        let Some((base, fragment)) = reference.text.split_once('#') else { continue };
        if last(base) != last(url) || fragment.is_empty() {
            continue;
        }
        let fragment = prepare::percent_decoded(fragment);
        let mut place = &mut doc;
        match fragment.strip_prefix('/') {
            Some(pointer) => {
                for token in pointer.split('/') {
                    let token = token.replace("~1", "/").replace("~0", "~");
                    let member = place.entry(token).or_insert_with(|| Json::Object(serde_json::Map::new()));
                    let Json::Object(member) = member else { break };
                    place = member;
                }
            }
            None => {
                let definitions = place.entry("$defs").or_insert_with(|| Json::Object(serde_json::Map::new()));
                if let Json::Object(definitions) = definitions {
                    definitions.insert(format!("anchor {fragment}"), serde_json::json!({ "$anchor": fragment }));
                }
            }
        }
    }
    Json::Object(doc)
}

/// A value for the validator. Integers stay integers: `5`, not `5.0`.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(truth, _) => Json::Bool(*truth),
        Value::Int(number, ..) => Json::from(*number),
        Value::Float(number, _) => Json::from(*number),
        Value::Str(text) | Value::Bytes(text) => Json::String(text.to_text().into_owned()),
        Value::List(list) => Json::Array(list.iter().map(to_json).collect()),
        Value::Map(map) => {
            Json::Object(map.borrow().iter().map(|(key, value)| (key.to_text().into_owned(), to_json(value))).collect())
        }
        _ => Json::Null,
    }
}

/// Why a text is not JSON, in the words of Go's stream decoder.
fn decode_error(text: &[u8]) -> String {
    match crate::json::decode(&Str::new(text), HelmVersion::V4) {
        _ if text.trim_ascii().is_empty() => "EOF".to_owned(),
        Err(error) if error == "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        Err(error) => error,
        Ok(_) => "a number in the schema is out of range".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, KnownSchemas};
    use crate::error::{Error, ErrorKind};
    use crate::helm::HelmVersion;
    use crate::limits::Limits;
    use crate::source::File;
    use crate::template::{Map, Value};
    use std::fmt::Write;

    fn check(schema: &str, values: &Map) -> (Result<(), Error>, Vec<String>) {
        let limits = Limits::default();
        let known = KnownSchemas::default();
        let mut check = Check::new(HelmVersion::V4, &limits, &known);
        let file = File::new("values.schema.json", schema);
        let result = check.schema(&file, values);
        (result, check.warnings)
    }

    fn values() -> Map {
        let values = Map::new();
        values.insert("a", Value::float(1.0));
        values
    }

    #[test]
    fn doubling_and_deep_schemas_end() {
        let mut doubling = String::from(r##"{"$ref":"#/$defs/0","$defs":{"40":true"##);
        for level in 0..40 {
            let next = level + 1;
            let _ = write!(
                doubling,
                r##","{level}":{{"allOf":[{{"$ref":"#/$defs/{next}"}},{{"$ref":"#/$defs/{next}"}}]}}"##
            );
        }
        let (result, _) = check(&format!("{doubling}}}}}"), &values());
        assert!(result.is_err_and(|error| error.helm_text().contains("--limit schema-steps")));
        let deep = format!("{}true{}", r#"{"not":"#.repeat(2_100), "}".repeat(2_100));
        let on_large_stack = std::thread::Builder::new().stack_size(256 << 20);
        let thread = on_large_stack.spawn(move || check(&deep, &values())).unwrap();
        let (result, _) = thread.join().unwrap();
        let error = result.unwrap_err();
        assert!(error.kind() == ErrorKind::Limit && error.helm_text().contains("--limit schema-depth"), "{error}");
        let (result, _) = check(r#"{"patternProperties":{"(a{999}){999}":{}}}"#, &values());
        assert!(result.is_err());
    }

    #[test]
    fn nothing_is_loaded() {
        let (result, _) = check(r#"{"$ref":"http://example.com/x.json#/definitions/y"}"#, &values());
        assert_eq!(result, Ok(()));
        let (result, _) = check(r#"{"$schema":"https://example.com/own","type":"object"}"#, &values());
        assert_eq!(result, Ok(()));
        let (result, warnings) = check(r#"{"$ref":"file:///etc/hostname"}"#, &values());
        assert!(result.is_err_and(|error| error.helm_text().contains("reads no files")) && warnings.is_empty());
        let (result, warnings) = check(r#"{"$ref":"urn:x:y"}"#, &values());
        assert_eq!(result, Ok(()));
        assert!(warnings[0].starts_with("level=WARN msg=\"unresolved URN reference ignored"));
    }

    #[test]
    fn what_boon_leaves_out_is_there() {
        for (schema, expected) in [
            (
                r#"{"allOf":[{"anyOf":[{"required":["b"]}]}]}"#,
                "- at '': 'allOf' failed\n  - at '': 'anyOf' failed\n    - at '': missing property 'b'\n",
            ),
            (
                r#"{"propertyNames":{"maxLength":0}}"#,
                "- at '': invalid propertyName 'a'\n  - at '': maxLength: got 1, want 0\n",
            ),
            (r#"{"properties":{"a":{"multipleOf":0.1}}}"#, ""),
            (r#"{"properties":{"a":{"enum":[2.50,"x"]}}}"#, "- at '/a': value must be one of 2.50, 'x'\n"),
            (r#"{"patternProperties":{"^\\w$":{"type":"string"}}}"#, "- at '/a': got number, want string\n"),
        ] {
            let (result, _) = check(schema, &values());
            assert_eq!(result.err().map(Error::into_text).unwrap_or_default(), expected, "{schema}");
        }
    }
}
