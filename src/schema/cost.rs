//! Limits the cost of validating values against a schema before boon does it: a small schema can double the work with each
//! level (`allOf` of two references to the next level).

use crate::error::Error;
use crate::schema::budget::Budget;
use crate::schema::number::is_multiple;
use crate::schema::prepare::{Prepared, percent_decoded, push_token};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Results of the walk.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// The positions in the values to which schemas with `propertyNames` were applied, by pointer of the schema; boon does not
    /// report where it found a wrong name.
    pub(super) names: HashMap<String, Vec<String>>,
    /// Pointers of schemas whose `multipleOf` boon accepts wrongly: it divides binary numbers.
    pub(super) inexact: BTreeSet<String>,
}

impl Budget<'_> {
    /// Walks every path that the validator could take, and counts.
    pub(super) fn visit(&mut self, prepared: &Prepared, values: &Json) -> Result<Visits, Error> {
        let mut walk = Walk {
            budget: self,
            doc: &prepared.doc,
            anchors: HashMap::new(),
            resources: vec![("", String::new(), &prepared.doc)],
            patterns: HashMap::new(),
            running: HashSet::new(),
            place: String::new(),
            depth: 0,
            visits: Visits::default(),
        };
        walk.index(&prepared.doc, &mut String::new());
        walk.schema(&prepared.doc, "", values)?;
        Ok(walk.visits)
    }
}

struct Walk<'w, 'l> {
    budget: &'w mut Budget<'l>,
    doc: &'w Json,
    /// Schemas by their anchors.
    anchors: HashMap<&'w str, Vec<(String, &'w Json)>>,
    /// Schemas with an id: the id, their location, and the schemas; the first is the whole document.
    resources: Vec<(&'w str, String, &'w Json)>,
    patterns: HashMap<&'w str, Option<regex::Regex>>,
    /// Pairs of schema and value being visited, by address: a cycle ends there.
    running: HashSet<(usize, usize)>,
    /// The current position in the values.
    place: String,
    depth: u32,
    visits: Visits,
}

impl<'w> Walk<'w, '_> {
    /// Finds anchors and ids.
    fn index(&mut self, node: &'w Json, pointer: &mut String) {
        if let Json::Object(object) = node {
            for key in ["$anchor", "$dynamicAnchor"] {
                if let Some(anchor) = object.get(key).and_then(Json::as_str) {
                    self.anchors.entry(anchor).or_default().push((pointer.clone(), node));
                }
            }
            for key in ["$id", "id"] {
                if let Some(id) = object.get(key).and_then(Json::as_str) {
                    match id.strip_prefix('#') {
                        Some(anchor) => self.anchors.entry(anchor).or_default().push((pointer.clone(), node)),
                        None => self.resources.push((id, pointer.clone(), node)),
                    }
                }
            }
        }
        let mut below = |walk: &mut Self, token: &str, child: &'w Json| {
            if !child.is_object() && !child.is_array() {
                return;
            }
            let length = pointer.len();
            push_token(pointer, token);
            walk.index(child, pointer);
            pointer.truncate(length);
        };
        match node {
            Json::Object(object) => object.iter().for_each(|(key, child)| below(self, key, child)),
            Json::Array(list) => {
                list.iter().enumerate().for_each(|(at, child)| below(self, &at.to_string(), child));
            }
            _ => {}
        }
    }

    fn schema(&mut self, schema: &'w Json, pointer: &str, value: &'w Json) -> Result<(), Error> {
        self.budget.take(1)?;
        let Json::Object(object) = schema else { return Ok(()) };
        let pair = (std::ptr::from_ref(schema).addr(), std::ptr::from_ref(value).addr());
        if !self.running.insert(pair) {
            return Ok(());
        }
        self.depth += 1;
        // References add levels to those of values and schemas.
        self.budget.check_depth(self.depth / 10)?;
        for (key, member) in object {
            if matches!(
                key.as_str(),
                "type" | "title" | "description" | "default" | "required" | "$defs" | "definitions"
            ) {
                continue;
            }
            let at = joined(pointer, key);
            self.keyword(object, key, member, &at, value)?;
        }
        if object.contains_key("propertyNames") {
            self.visits.names.entry(pointer.to_owned()).or_default().push(self.place.clone());
        }
        self.depth -= 1;
        self.running.remove(&pair);
        Ok(())
    }

    fn keyword(
        &mut self,
        object: &'w serde_json::Map<String, Json>,
        key: &str,
        member: &'w Json,
        at: &str,
        value: &'w Json,
    ) -> Result<(), Error> {
        match (key, member) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", Json::String(reference)) => {
                for (pointer, target) in self.resolve(reference) {
                    self.schema(target, &pointer, value)?;
                }
            }
            ("allOf" | "anyOf" | "oneOf", Json::Array(list)) => {
                for (index, schema) in list.iter().enumerate() {
                    self.schema(schema, &format!("{at}/{index}"), value)?;
                }
            }
            ("not" | "if" | "then" | "else", _) => self.schema(member, at, value)?,
            ("dependentSchemas" | "dependencies", Json::Object(schemas)) => {
                for (name, schema) in schemas {
                    if value.get(name).is_some() {
                        let at = joined(at, name);
                        self.schema(schema, &at, value)?;
                    }
                }
            }
            ("multipleOf", Json::Number(of)) => {
                if let Json::Number(number) = value
                    && !is_multiple(number, of)
                    && number.as_f64().zip(of.as_f64()).is_some_and(|(number, of)| (number / of).fract() == 0.0)
                {
                    self.visits.inexact.extend(at.rsplit_once('/').map(|(schema, _)| schema.to_owned()));
                }
            }
            ("enum", Json::Array(list)) => self.budget.take(list.len() as u64)?,
            ("pattern", _) => self.budget.take(value.as_str().map_or(0, |text| text.len() as u64 / 64))?,
            _ => match value {
                Json::Object(properties) => self.object_keyword(object, key, member, at, properties)?,
                Json::Array(items) => self.array_keyword(key, member, at, items)?,
                _ => {}
            },
        }
        Ok(())
    }

    fn object_keyword(
        &mut self,
        object: &'w serde_json::Map<String, Json>,
        key: &str,
        member: &'w Json,
        at: &str,
        properties: &'w serde_json::Map<String, Json>,
    ) -> Result<(), Error> {
        match (key, member) {
            ("properties", Json::Object(schemas)) => {
                for (name, value) in properties {
                    if let Some(schema) = schemas.get(name) {
                        self.below(schema, at, name, value)?;
                    }
                }
            }
            ("patternProperties", Json::Object(schemas)) => {
                for (pattern, schema) in schemas {
                    let at = joined(at, pattern);
                    for (name, value) in properties {
                        self.budget.take(1 + name.len() as u64 / 64)?;
                        let compiled = self.patterns.entry(pattern).or_insert_with(|| regex::Regex::new(pattern).ok());
                        if compiled.as_ref().is_some_and(|compiled| compiled.is_match(name)) {
                            self.child(schema, &at, name, value)?;
                        }
                    }
                }
            }
            ("additionalProperties" | "unevaluatedProperties", Json::Object(_)) => {
                let known = object.get("properties").and_then(Json::as_object);
                for (name, value) in properties {
                    if !known.is_some_and(|known| known.contains_key(name)) {
                        self.child(member, at, name, value)?;
                    }
                }
            }
            ("propertyNames", _) => self.budget.take(properties.len() as u64)?,
            _ => {}
        }
        Ok(())
    }

    fn array_keyword(&mut self, key: &str, member: &'w Json, at: &str, items: &'w [Json]) -> Result<(), Error> {
        match (key, member) {
            ("items" | "prefixItems", Json::Array(schemas)) => {
                for (index, (schema, item)) in schemas.iter().zip(items).enumerate() {
                    self.below(schema, at, &index.to_string(), item)?;
                }
            }
            ("items" | "additionalItems" | "contains" | "unevaluatedItems", Json::Object(_)) => {
                for (index, item) in items.iter().enumerate() {
                    self.child(member, at, &index.to_string(), item)?;
                }
            }
            ("uniqueItems", _) => self.budget.take(items.len() as u64)?,
            _ => {}
        }
        Ok(())
    }

    /// A member of the value, by the schema with its name.
    fn below(&mut self, schema: &'w Json, at: &str, name: &str, value: &'w Json) -> Result<(), Error> {
        self.child(schema, &joined(at, name), name, value)
    }

    fn child(&mut self, schema: &'w Json, at: &str, name: &str, value: &'w Json) -> Result<(), Error> {
        let length = self.place.len();
        push_token(&mut self.place, name);
        self.schema(schema, at, value)?;
        self.place.truncate(length);
        Ok(())
    }

    /// All possible targets of a reference; none outside the document.
    fn resolve(&self, reference: &str) -> Vec<(String, &'w Json)> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let fragment = percent_decoded(fragment);
        let last = |url: &str| url.trim_end_matches('#').rsplit('/').next().unwrap_or_default().to_owned();
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchors.get(fragment.as_str()).cloned().unwrap_or_default();
        }
        let is_meant = |id: &str| base.is_empty() || last(id) == last(base);
        let resources = self.resources.iter().filter(|(id, ..)| is_meant(id));
        let mut found: Vec<_> = resources
            .filter_map(|(_, pointer, schema)| Some((format!("{pointer}{fragment}"), schema.pointer(&fragment)?)))
            .collect();
        if last(base) == "values.schema.json"
            && let Some(schema) = self.doc.pointer(&fragment)
        {
            found.push((fragment, schema));
        }
        found
    }
}

/// A JSON pointer with one more step.
fn joined(pointer: &str, token: &str) -> String {
    let mut joined = String::with_capacity(pointer.len() + 1 + token.len());
    joined.push_str(pointer);
    push_token(&mut joined, token);
    joined
}
