//! What the user gave: `-f` files and `--set`-like flags, merged in helm's order.

use super::json;
use super::origins::{LayerOrigins, Nulls, hide};
use super::strvals::{self, Flag};
use crate::limits::Limits;
use crate::source::File;
use crate::template::tree::Untraced;
use crate::template::{HelmVersion, Map, Value};
use crate::trace::{FlagPart, Layer, Origins};
use crate::yaml::{self, Data, Node};
use std::sync::Arc;

/// The values that the user gave, as typed; within each kind in the order of the command line.
#[derive(Debug, Clone, Default)]
pub struct UserValues {
    /// `-f`: each file under the name that was typed.
    pub files: Vec<Arc<File>>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

/// The user's values, merged.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// The tree.
    pub values: Map,
    /// Who set the nulls in it; only filled when origins are asked for.
    pub nulls: Nulls,
}

impl From<Map> for Merged {
    fn from(values: Map) -> Self {
        Self { values, nulls: Nulls::default() }
    }
}

impl UserValues {
    /// Merges everything: files, `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`, whatever the
    /// order in which the kinds were typed. `read_file` reads the files that `--set-file` names.
    ///
    /// # Errors
    /// helm's text after `Error: `, such as `failed parsing --set data: key "a" has no value`.
    ///
    /// Source: helm `pkg/cli/values/options.go`.
    pub fn merge(
        &self,
        helm: HelmVersion,
        limits: &Limits,
        read_file: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
        mut origins: Option<&mut Origins>,
    ) -> Result<Merged, String> {
        let mut nulls = Nulls::default();
        let mut values = Map::new();
        for (number, file) in self.files.iter().enumerate() {
            let documents = read_documents(file, helm, limits)
                .map_err(|error| format!("failed to parse {}: {error}", file.name()))?;
            let layer = Layer::File(number as u32);
            let read = merge_documents(&documents, &layer, file, origins.as_deref_mut(), Some(&mut nulls));
            values = merge_maps(&values, &read, &mut origins, &nulls, &mut Vec::new());
        }
        for (number, argument) in self.set_json.iter().enumerate() {
            let trimmed = argument.trim();
            if helm == HelmVersion::V4 && trimmed.starts_with('{') {
                let node = json::read_all(trimmed)
                    .ok_or_else(|| format!("failed parsing --set-json data JSON: {argument}"))?;
                let part = FlagPart { flag: "--set-json", occurrence: number as u32, argument: trimmed.into() };
                let file = File::new("--set-json", trimmed);
                let layer = Layer::Flag(part);
                let read = merge_documents(&[node], &layer, &file, origins.as_deref_mut(), Some(&mut nulls));
                values = merge_maps(&values, &read, &mut origins, &nulls, &mut Vec::new());
            } else {
                let trace = origins.as_deref_mut().map(|origins| (origins, &mut nulls));
                strvals::parse_into(Flag::Json, argument, number, &values, helm, read_file, trace)
                    .map_err(|_| format!("failed parsing --set-json data {argument}"))?;
            }
        }
        let flags = [
            (Flag::Set, &self.set),
            (Flag::String, &self.set_string),
            (Flag::File, &self.set_file),
            (Flag::Literal, &self.set_literal),
        ];
        for (flag, arguments) in flags {
            for (number, argument) in arguments.iter().enumerate() {
                let trace = origins.as_deref_mut().map(|origins| (origins, &mut nulls));
                strvals::parse_into(flag, argument, number, &values, helm, read_file, trace)
                    .map_err(|error| format!("failed parsing {} data: {error}", flag.name()))?;
            }
        }
        Ok(Merged { values, nulls })
    }
}

/// The documents of a `-f` file.
fn read_documents(file: &File, helm: HelmVersion, limits: &Limits) -> Result<Vec<Node>, String> {
    let (documents, context) = match helm {
        HelmVersion::V4 => (yaml::read_documents(file.bytes(), limits)?, "cannot unmarshal yaml document: "),
        HelmVersion::V3 => {
            let read = yaml::read(file.bytes(), limits);
            (vec![read.map_err(|error| format!("error converting YAML to JSON: {error}"))?], "")
        }
    };
    for document in &documents {
        let what = match &document.data {
            Data::Map(_) | Data::Null => continue,
            Data::Bool(_) => "bool",
            Data::Int(_) | Data::Uint(_) | Data::Float(_) => "number",
            Data::Str(_) => "string",
            Data::Seq(_) => "array",
        };
        return Err(format!(
            "{context}error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
        ));
    }
    Ok(documents)
}

/// The tree that the documents of one file merge into; those that are not maps count as empty.
pub(super) fn merge_documents(
    documents: &[Node],
    layer: &Layer,
    file: &Arc<File>,
    mut origins: Option<&mut Origins>,
    mut nulls: Option<&mut Nulls>,
) -> Map {
    let mut merged: Option<Map> = None;
    for document in documents {
        let value = match &mut origins {
            None => Value::from_node(document, &mut Untraced),
            Some(origins) => {
                let nodes = LayerOrigins::new(origins, layer.clone(), file);
                match &mut nulls {
                    Some(nulls) => Value::from_node(document, &mut nodes.noting(nulls)),
                    None => Value::from_node(document, &mut { nodes }),
                }
            }
        };
        let Value::Map(map) = value else { continue };
        merged = Some(match merged {
            None => map,
            Some(before) => {
                let none = Nulls::default();
                merge_maps(&before, &map, &mut origins, nulls.as_deref().unwrap_or(&none), &mut Vec::new())
            }
        });
    }
    merged.unwrap_or_default()
}

/// A new map with the members of both: maps merge, anything else of `over` replaces what `under` has.
///
/// Source: helm `pkg/chart/loader/load.go`, `MergeMaps`.
fn merge_maps(
    under: &Map,
    over: &Map,
    origins: &mut Option<&mut Origins>,
    nulls: &Nulls,
    path: &mut Vec<Arc<str>>,
) -> Map {
    let merged = under.shallow_copy();
    if !over.origin().is_none() {
        merged.set_origin(over.origin());
    }
    for (key, value) in over.entries() {
        let before = merged.get(key.as_bytes());
        let value = match (before, value) {
            (Some(Value::Map(under)), Value::Map(over)) => {
                path.push(key.to_text().into());
                let inner = merge_maps(&under, &over, origins, nulls, path);
                path.pop();
                Value::Map(inner)
            }
            (Some(before), value) if origins.is_some() => {
                let mut winner = value.origin();
                if value.is_nil() {
                    path.push(key.to_text().into());
                    winner = nulls.get(path);
                    path.pop();
                }
                hide(origins, winner, before.origin());
                value
            }
            (_, value) => value,
        };
        merged.insert(key, value);
    }
    merged
}
