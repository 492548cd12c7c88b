//! Recognizes most values that match their schema without boon, which must compile the schema and validate it against the
//! metaschema first.
//!
//! It supports the keywords and drafts that most charts use. It gives no answer for any other schema, nor for values that do not
//! match, because the messages are boon's.

use crate::helm::HelmVersion;
use crate::schema::prepare::Prepared;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};

/// The nesting limit of schemas, including references.
const DEPTH: u32 = 200;

/// The most schemas that are evaluated for a value.
const STEPS: u32 = 200_000;

/// Whether a schema is certainly valid and the values certainly match it.
pub(super) fn accepts(prepared: &Prepared, values: &Json) -> bool {
    let doc = &prepared.doc;
    let Some(ref_stands_alone) = ref_stands_alone(doc, prepared.helm) else { return false };
    let mut judge = Judge { doc, ref_stands_alone, steps: STEPS, depth: DEPTH, patterns: BTreeMap::new() };
    prepared.refused.is_empty() && judge.is_good(doc) && judge.fits(doc, values) == Some(true)
}

/// Whether the draft of a schema is one in which `$ref` overrides its siblings; `None` for drafts that are not supported here.
fn ref_stands_alone(doc: &Json, helm: HelmVersion) -> Option<bool> {
    let draft = match doc.as_object()?.get("$schema") {
        None => return Some(helm == HelmVersion::V3),
        Some(draft) => draft.as_str()?,
    };
    let draft = draft.strip_suffix('#').unwrap_or(draft);
    match draft.strip_prefix("http://").or_else(|| draft.strip_prefix("https://"))? {
        "json-schema.org/draft-07/schema" => Some(true),
        "json-schema.org/draft/2020-12/schema" => Some(false),
        _ => None,
    }
}

struct Judge<'d> {
    doc: &'d Json,
    ref_stands_alone: bool,
    steps: u32,
    depth: u32,
    patterns: BTreeMap<&'d str, regex::Regex>,
}

impl<'d> Judge<'d> {
    /// Whether this is certainly a valid schema with only the keywords that [`Judge::fits`] supports.
    fn is_good(&self, schema: &Json) -> bool {
        let Json::Object(schema) = schema else { return schema.is_boolean() };
        let all = |member: &Json| member.as_object().is_some_and(|map| map.values().all(|schema| self.is_good(schema)));
        schema.iter().all(|(keyword, member)| match keyword.as_str() {
            // Only supported at the top.
            "$schema" => self.doc.as_object().is_some_and(|doc| std::ptr::eq(doc, schema)),
            "title" | "description" | "$comment" => member.is_string(),
            "default" => true,
            "examples" => member.is_array(),
            "deprecated" | "readOnly" | "writeOnly" | "uniqueItems" => member.is_boolean(),
            "type" => match member {
                Json::Array(types) => is_set(types, is_type),
                name => is_type(name),
            },
            "enum" => member.as_array().is_some_and(|list| !list.is_empty()),
            "const" => true,
            "required" => {
                member.as_array().is_some_and(|names| names.is_empty() || is_set(names, |name| name.is_string()))
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => member.is_number(),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => member.is_u64(),
            "pattern" => member.as_str().is_some_and(is_common_pattern),
            "properties" | "definitions" | "$defs" => all(member),
            "items" | "additionalProperties" | "not" => self.is_good(member),
            "allOf" | "anyOf" | "oneOf" => {
                member.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(|schema| self.is_good(schema)))
            }
            "$ref" => member.as_str().is_some_and(|reference| self.target(reference).is_some()),
            keyword => keyword.starts_with("x-"),
        })
    }

    /// The target of `#/definitions/NAME`, `#/$defs/NAME/properties/NAME` and similar references.
    fn target(&self, reference: &str) -> Option<&'d Json> {
        let mut tokens = reference.strip_prefix("#/")?.split('/');
        let mut schema = self.doc;
        while let Some(place) = tokens.next() {
            let name = tokens.next()?;
            let is_common = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if !is_common || !matches!(place, "definitions" | "$defs" | "properties") {
                return None;
            }
            schema = schema.get(place)?.get(name)?;
        }
        Some(schema)
    }

    /// Whether a value matches a valid schema; `None` if that is not known here.
    fn fits(&mut self, schema: &'d Json, value: &Json) -> Option<bool> {
        let Json::Object(keywords) = schema else { return schema.as_bool() };
        self.steps = self.steps.checked_sub(1)?;
        self.depth = self.depth.checked_sub(1)?;
        let mut is_known = true;
        let mut fits = true;
        if let Some(reference) = keywords.get("$ref").filter(|_| self.ref_stands_alone) {
            fits = self.fits(self.target(reference.as_str()?)?, value)?;
        } else {
            for (keyword, member) in keywords {
                match self.keyword(keyword, member, keywords, value) {
                    Some(true) => {}
                    Some(false) => fits = false,
                    None => is_known = false,
                }
            }
        }
        self.depth += 1;
        if fits && !is_known { None } else { Some(fits) }
    }

    fn keyword(
        &mut self,
        keyword: &str,
        member: &'d Json,
        schema: &'d serde_json::Map<String, Json>,
        value: &Json,
    ) -> Option<bool> {
        let within = |count: usize, least: bool| {
            let limit = member.as_u64().unwrap_or_default();
            if least { count as u64 >= limit } else { count as u64 <= limit }
        };
        match (keyword, value) {
            ("type", _) => Some(match member {
                Json::Array(types) => types.iter().any(|name| has_type(value, name)),
                name => has_type(value, name),
            }),
            ("enum", _) => any(member.as_array()?.iter().map(|known| equals(known, value))),
            ("const", _) => equals(member, value),
            ("$ref", _) => self.fits(self.target(member.as_str()?)?, value),
            ("allOf", _) => all(member.as_array()?.iter().map(|schema| self.fits(schema, value))),
            ("anyOf", _) => any(member.as_array()?.iter().map(|schema| self.fits(schema, value))),
            ("oneOf", _) => {
                let mut count = 0;
                for schema in member.as_array()? {
                    count += u32::from(self.fits(schema, value)?);
                }
                Some(count == 1)
            }
            ("not", _) => self.fits(member, value).map(|fits| !fits),
            ("minimum", Json::Number(number)) => Some(number.as_f64()? >= member.as_f64()?),
            ("maximum", Json::Number(number)) => Some(number.as_f64()? <= member.as_f64()?),
            ("exclusiveMinimum", Json::Number(number)) => Some(number.as_f64()? > member.as_f64()?),
            ("exclusiveMaximum", Json::Number(number)) => Some(number.as_f64()? < member.as_f64()?),
            ("minLength" | "maxLength", Json::String(text)) => {
                Some(within(text.chars().count(), keyword == "minLength"))
            }
            ("minItems" | "maxItems", Json::Array(items)) => Some(within(items.len(), keyword == "minItems")),
            ("minProperties" | "maxProperties", Json::Object(map)) => {
                Some(within(map.len(), keyword == "minProperties"))
            }
            ("pattern", Json::String(text)) => Some(self.pattern(member.as_str()?)?.is_match(text)),
            ("uniqueItems", Json::Array(items)) if member == &Json::Bool(true) && items.len() > 1 => {
                let mut seen = HashSet::new();
                all(items.iter().map(|item| item.as_str().map(|text| seen.insert(text))))
            }
            ("items", Json::Array(items)) => all(items.iter().map(|item| self.fits(member, item))),
            ("required", Json::Object(map)) => {
                Some(member.as_array()?.iter().all(|name| name.as_str().is_some_and(|name| map.contains_key(name))))
            }
            ("properties", Json::Object(map)) => {
                let schemas = member.as_object()?;
                all(map.iter().filter_map(|(name, value)| Some(self.fits(schemas.get(name)?, value))))
            }
            ("additionalProperties", Json::Object(map)) => {
                let known = schema.get("properties").and_then(Json::as_object);
                let is_other = |name: &str| !known.is_some_and(|known| known.contains_key(name));
                all(map.iter().filter(|(name, _)| is_other(name)).map(|(_, value)| self.fits(member, value)))
            }
            _ => Some(true),
        }
    }

    fn pattern(&mut self, pattern: &'d str) -> Option<&regex::Regex> {
        if !self.patterns.contains_key(pattern) {
            self.patterns.insert(pattern, regex::Regex::new(pattern).ok()?);
        }
        self.patterns.get(pattern)
    }
}

/// `None` if there is no `Some(false)` but a `None`.
fn all(mut results: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    results
        .try_fold(Some(true), |so_far, fits| match fits {
            Some(true) => Ok(so_far),
            Some(false) => Err(Some(false)),
            None => Ok(None),
        })
        .unwrap_or_else(|fits| fits)
}

/// `None` if there is no `Some(true)` but a `None`.
fn any(results: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(results.map(|fits| fits.map(|fits| !fits))).map(|none_fits| !none_fits)
}

fn is_type(name: &Json) -> bool {
    const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
    name.as_str().is_some_and(|name| TYPES.contains(&name))
}

/// A non-empty list of some kind, without duplicates.
fn is_set(list: &[Json], is_member: impl Fn(&Json) -> bool) -> bool {
    let mut seen = HashSet::new();
    !list.is_empty() && list.iter().all(|member| is_member(member) && seen.insert(member.as_str()))
}

/// A pattern with the same meaning for boon, which rewrites most letter escapes, and for the regex crate.
fn is_common_pattern(pattern: &str) -> bool {
    let mut escapes = pattern.split('\\').skip(1);
    !pattern.contains("\\\\")
        && escapes.all(|rest| rest.starts_with(|c: char| c.is_ascii_punctuation() || "Axz".contains(c)))
}

fn has_type(value: &Json, name: &Json) -> bool {
    match (name.as_str().unwrap_or_default(), value) {
        ("integer", Json::Number(number)) => {
            number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        ("null", Json::Null)
        | ("boolean", Json::Bool(_))
        | ("number", Json::Number(_))
        | ("string", Json::String(_))
        | ("array", Json::Array(_))
        | ("object", Json::Object(_)) => true,
        _ => false,
    }
}

/// Whether two values are equal; `None` for two numbers, two lists or two maps.
fn equals(one: &Json, other: &Json) -> Option<bool> {
    match (one, other) {
        (Json::Number(_), Json::Number(_)) | (Json::Array(_), Json::Array(_)) | (Json::Object(_), Json::Object(_)) => {
            None
        }
        _ => Some(one == other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::schema::budget::Budget;
    use crate::schema::{KnownSchemas, ask_boon};
    use crate::source::File;
    use serde_json::json;
    use std::collections::BTreeSet;

    const SCHEMAS: &[&str] = &[
        r##"true"##,
        r##"false"##,
        r##"{}"##,
        r##"{"type":"string"}"##,
        r##"{"type":["string","null"]}"##,
        r##"{"type":["string","string"]}"##,
        r##"{"type":[]}"##,
        r##"{"type":"int"}"##,
        r##"{"type":"integer"}"##,
        r##"{"type":"number","minimum":1,"maximum":5}"##,
        r##"{"exclusiveMinimum":1,"exclusiveMaximum":5}"##,
        r##"{"exclusiveMinimum":true}"##,
        r##"{"minimum":"1"}"##,
        r##"{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}"##,
        r##"{"properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}"##,
        r##"{"properties":{"a":{"type":1}}}"##,
        r##"{"properties":[]}"##,
        r##"{"properties":{"a":3}}"##,
        r##"{"required":["a"]}"##,
        r##"{"required":[]}"##,
        r##"{"required":true}"##,
        r##"{"required":["a","a"]}"##,
        r##"{"enum":["x","y",null]}"##,
        r##"{"enum":[1,"x"]}"##,
        r##"{"enum":[]}"##,
        r##"{"enum":"x"}"##,
        r##"{"const":"x"}"##,
        r##"{"const":1}"##,
        r##"{"minLength":1,"maxLength":2}"##,
        r##"{"minLength":-1}"##,
        r##"{"minLength":1.0}"##,
        r##"{"minItems":1,"maxItems":2,"uniqueItems":true}"##,
        r##"{"minProperties":1,"maxProperties":1}"##,
        r##"{"items":{"type":"string"}}"##,
        r##"{"items":[{"type":"string"}]}"##,
        r##"{"items":false}"##,
        r##"{"pattern":"^[a-y.\\-]+$"}"##,
        r##"{"pattern":"^\\w$"}"##,
        r##"{"pattern":"("}"##,
        r##"{"format":"ipv4"}"##,
        r##"{"$ref":"#/definitions/d"}"##,
        r##"{"$ref":"#/$defs/d","type":"integer"}"##,
        r##"{"$ref":"#/definitions/loop"}"##,
        r##"{"$ref":"#/definitions/none"}"##,
        r##"{"$ref":"#/definitions/d/properties/v"}"##,
        r##"{"$ref":"#/definitions/deep/properties/v"}"##,
        r##"{"$ref":"#/definitions/deep"}"##,
        r##"{"$ref":"#"}"##,
        r##"{"$ref":"http://example.com/x"}"##,
        r##"{"allOf":[{"type":"string"},{"minLength":2}]}"##,
        r##"{"anyOf":[{"type":"string"},{"type":"null"}]}"##,
        r##"{"anyOf":[]}"##,
        r##"{"oneOf":[{"type":"string"},{"enum":["x"]}]}"##,
        r##"{"oneOf":[{"type":"number"},{"type":"integer"}]}"##,
        r##"{"not":{"type":"string"}}"##,
        r##"{"not":{"const":1}}"##,
        r##"{"$schema":"http://json-schema.org/draft-04/schema#"}"##,
        r##"{"$id":"x","$anchor":"y"}"##,
        r##"{"title":1}"##,
        r##"{"default":1,"description":"d","title":"t","x-own":{"$id":"::"},"$comment":""}"##,
        r##"{"deprecated":1}"##,
        r##"{"examples":1}"##,
        r##"{"multipleOf":2}"##,
        r##"{"if":{"type":"string"},"then":false}"##,
    ];

    /// Whatever it accepts, boon accepts.
    #[test]
    fn boon_agrees() {
        let values = [
            json!(null),
            json!(true),
            json!(0),
            json!(1),
            json!(5),
            json!(5.0),
            json!(2.5),
            json!(""),
            json!("x"),
            json!("é.x"),
            json!([]),
            json!(["x"]),
            json!(["x", "x"]),
            json!(["x", "y", 1]),
            json!([1, 1]),
            json!({}),
            json!({"a": 1}),
            json!({"a": "x"}),
            json!({"b": "x"}),
            json!({"a": 1, "b": 2}),
        ];
        let drafts = ["", "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"];
        let limits = Limits::default();
        let mut accepted = 0;
        for (at, schema) in SCHEMAS.iter().enumerate() {
            let next = SCHEMAS[(at + 1) % SCHEMAS.len()];
            let wholes = [
                format!(r#"{{"properties":{{"v":{schema}}}"#),
                format!(r#"{{"properties":{{"v":{{"oneOf":[{schema},{next}]}}}}"#),
                format!(r#"{{"properties":{{"v":{{"not":{schema}}}}}"#),
            ];
            for (whole, draft) in wholes.iter().flat_map(|whole| drafts.iter().map(move |draft| (whole, draft))) {
                let draft = if draft.is_empty() { String::new() } else { format!(r#","$schema":"{draft}""#) };
                let text = format!(
                    r##"{whole},"definitions":{{"deep":{{"properties":{{"v":{{"const":"x"}}}}}},"d":{{"type":"string"}},"loop":{{"anyOf":[{{"$ref":"#/definitions/loop"}}]}}}},"$defs":{{"d":{{}}}}{draft}}}"##
                );
                for (value, helm) in
                    values.iter().flat_map(|value| [(value, HelmVersion::V4), (value, HelmVersion::V3)])
                {
                    let values = json!({ "v": value });
                    let mut cost = Budget::new(&limits);
                    let file = File::new("values.schema.json", text.as_str());
                    let known = KnownSchemas::default().read(&file, helm, &mut cost).unwrap();
                    if accepts(&known.prepared, &values) {
                        accepted += 1;
                        let mut seen = BTreeSet::new();
                        let visits = cost.visit(&known.prepared, &values).unwrap();
                        let answer = ask_boon(&known, &values, &visits, (&mut seen, &mut Vec::new()));
                        assert_eq!((answer, seen.len()), (Ok(()), 0), "{text} {value}");
                    }
                }
            }
        }
        assert!(accepted > 3_000, "{accepted}");
    }
}
