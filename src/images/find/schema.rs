//! JSON schemas in manifests: which of their parts can contain images. A map is a schema only as far as it consists of schema
//! keywords; everything else in it is searched as usual.

use crate::yaml::{Data, Node};

/// The value of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// A schema, or a list of them.
    Schema,
    /// Schemas by name.
    Schemas,
    /// A default.
    Default,
    /// Descriptions, and values that nothing uses.
    Words,
    /// Not a keyword.
    Other,
}

/// What the value of a key in a schema is.
pub(super) fn keyword(key: &str) -> Keyword {
    match key {
        "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" => Keyword::Schemas,
        "items"
        | "additionalProperties"
        | "additionalItems"
        | "allOf"
        | "anyOf"
        | "oneOf"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "prefixItems" => Keyword::Schema,
        "default" => Keyword::Default,
        "description" | "title" | "example" | "examples" | "enum" | "const" | "pattern" | "$comment" | "format"
        | "externalDocs" | "required" | "type" | "$schema" | "$id" | "$ref" => Keyword::Words,
        _ => Keyword::Other,
    }
}

/// Whether a map is a schema: it describes members.
pub(super) fn is_schema(node: &Node) -> bool {
    let Some(properties) = node.member("properties") else { return false };
    let is_described = |node: &Node| node.member("type").is_some() || node.member("$ref").is_some();
    let Data::Map(entries) = &properties.data else { return false };
    entries.iter().any(|(_, value)| is_described(value))
        && (node.member("$schema").is_some() || node.member("type").and_then(Node::str) == Some("object"))
}

/// The kinds that define kinds: the cluster applies the defaults of their schemas, and drops everything else.
pub(super) fn is_definition(kind: &str) -> bool {
    matches!(kind, "CustomResourceDefinition" | "CompositeResourceDefinition")
}
