//! The JSON schema of `airtight.yaml` for editors, derived from the table of keys.

use super::keys::{ConfigKey, KeyKind, LEVELS, ROOT};
use crate::rules::RULES;
use crate::selection::ALL;
use serde_json::{Map, Value, json};

/// The schema.
pub(super) fn schema() -> Value {
    let mut schema = table(ROOT);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("airtight.yaml");
    schema
}

fn table(keys: &[ConfigKey]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut one = of_kind(&key.kind);
            one["description"] = json!(key.doc);
            (key.name.to_owned(), one)
        })
        .collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn of_kind(kind: &KeyKind) -> Value {
    let text = json!({ "type": ["string", "number", "boolean"] });
    let rules = || RULES.iter().map(|rule| rule.id);
    match kind {
        KeyKind::Text => text,
        KeyKind::Truth => json!({ "type": "boolean" }),
        KeyKind::Texts => json!({ "anyOf": [text, { "type": "array", "items": text }] }),
        KeyKind::Choice(choices) => {
            // `3` is a number in YAML.
            let numbers = choices.iter().filter_map(|choice| choice.parse::<u32>().ok()).map(Value::from);
            let all: Vec<Value> = choices.iter().map(|&choice| Value::from(choice)).chain(numbers).collect();
            json!({ "enum": all })
        }
        KeyKind::TextsByName => json!({ "type": "object", "additionalProperties": text }),
        KeyKind::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        KeyKind::Levels => {
            let levels: Vec<Value> =
                LEVELS.iter().map(|&level| level.into()).chain([true.into(), false.into()]).collect();
            let rules: Map<String, Value> = rules().map(|id| (id.to_owned(), json!({ "enum": levels }))).collect();
            json!({ "type": "object", "properties": rules, "additionalProperties": false })
        }
        KeyKind::Rules => {
            let one = json!({ "enum": rules().chain([ALL]).collect::<Vec<_>>() });
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        KeyKind::Rule => json!({ "enum": rules().collect::<Vec<_>>() }),
        KeyKind::Table(keys) => table(keys),
        KeyKind::Tables(keys) => json!({ "type": "array", "items": table(keys) }),
        KeyKind::Named(keys) => {
            let mut named = table(keys);
            named["type"] = json!(["object", "null"]);
            json!({ "type": "object", "additionalProperties": named })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FILE_NAME};
    use crate::golden::{derived, files, read, root};
    use crate::limits::Limits;
    use crate::source::File;
    use crate::yaml;

    const PATH: &str = "docs/airtight.schema.json";

    #[test]
    fn the_schema_is_derived() {
        let text = serde_json::to_string_pretty(&schema()).expect("a schema can be written");
        derived(PATH, &format!("{text}\n"));
    }

    /// An example of everything that a schema allows.
    fn example(schema: &Value, key: &str) -> Value {
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        if let Some(all) = schema["anyOf"].as_array() {
            return example(&all[all.len() - 1], key);
        }
        match schema["type"].as_str().or_else(|| schema["type"][0].as_str()) {
            Some("array") => json!([example(&schema["items"], key)]),
            Some("object") => match schema["properties"].as_object() {
                Some(keys) => Value::Object(keys.iter().map(|(key, one)| (key.clone(), example(one, key))).collect()),
                None if key == "mirrors" => json!({ "quay.io": "mirror.internal/quay" }),
                None => json!({ "prod": example(&schema["additionalProperties"], key) }),
            },
            Some("boolean") => json!(true),
            _ if schema["pattern"].is_string() => json!("2026-12-31"),
            _ if key == "mirror" => json!("mirror.internal"),
            _ if key == "repository" => json!("https://charts.example.org"),
            _ => json!("text"),
        }
    }

    #[test]
    fn every_key_of_the_schema_is_accepted() {
        let mut example = example(&schema(), "");
        // A rule that is selected is not off.
        example["rules"].as_object_mut().expect("a map").remove(RULES[0].id);
        let text = example.to_string();
        let config = Config::parse(&File::new(FILE_NAME, text.as_str()), "").expect("all of it is known");
        assert_eq!(config.releases.len(), 1);
        assert_eq!(config.finders.len(), 2);
    }

    fn json_of(node: &yaml::Node) -> Value {
        match &node.data {
            yaml::Data::Map(entries) => {
                Value::Object(entries.iter().map(|(entry, node)| (entry.key.to_string(), json_of(node))).collect())
            }
            yaml::Data::Seq(items) => items.iter().map(json_of).collect(),
            yaml::Data::Bool(value) => (*value).into(),
            yaml::Data::Int(value) => (*value).into(),
            yaml::Data::Null => Value::Null,
            _ => node.data.scalar_text().into(),
        }
    }

    /// The configurations in the documentation: fenced blocks that name a mirror or releases.
    #[test]
    fn examples_of_the_documentation_are_valid() {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("airtight.json", schema()).expect("it is JSON");
        let compiled = compiler.compile("airtight.json", &mut schemas).expect("it is a schema");
        let mut seen = 0;
        for path in files("docs", ".md").into_iter().chain([root().join("README.md")]) {
            let page = read(&path);
            for block in page.split("```yaml\n# airtight.yaml\n").skip(1) {
                let text = block.split("```").next().unwrap_or_default();
                Config::parse(&File::new(FILE_NAME, text), "")
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let node = yaml::read(text.as_bytes(), &Limits::default()).expect("it is YAML");
                let value = json_of(&node);
                let valid = schemas.validate(&value, compiled);
                valid.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                seen += 1;
            }
        }
        assert!(seen > 0, "no page shows a configuration");
    }
}
