//! The functions of the template language: one file a family, one table of [`Function`]s in each.

pub mod crypto;
pub mod dates;
pub mod dicts;
pub mod encoding;
pub mod flow;
pub mod helm;
pub mod json;
pub mod lists;
pub mod network;
pub mod numbers;
pub mod paths;
pub mod random;
pub mod reflect;
pub mod regex;
pub mod semver;
pub mod strings;
#[cfg(test)]
mod testing;
pub mod toml;
pub mod urls;
pub mod yaml;

use crate::template::{Function, Value, builtins};
use crate::trace::Str;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Every family with its table, in the order of the documentation.
pub static FAMILIES: &[(&str, &[Function])] = &[
    ("Go", builtins::FUNCTIONS),
    ("Helm", helm::FUNCTIONS),
    ("Flow", flow::FUNCTIONS),
    ("Strings", strings::FUNCTIONS),
    ("Numbers", numbers::FUNCTIONS),
    ("Lists", lists::FUNCTIONS),
    ("Dicts", dicts::FUNCTIONS),
    ("Reflection", reflect::FUNCTIONS),
    ("Encoding", encoding::FUNCTIONS),
    ("YAML", yaml::FUNCTIONS),
    ("JSON", json::FUNCTIONS),
    ("TOML", toml::FUNCTIONS),
    ("Regular expressions", regex::FUNCTIONS),
    ("Versions", semver::FUNCTIONS),
    ("Dates", dates::FUNCTIONS),
    ("Paths", paths::FUNCTIONS),
    ("URLs", urls::FUNCTIONS),
    ("Cryptography", crypto::FUNCTIONS),
    ("Randomness", random::FUNCTIONS),
    ("Network", network::FUNCTIONS),
];

/// The function of a name.
pub fn lookup(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
        FAMILIES.iter().flat_map(|(_, functions)| functions.iter()).map(|function| (function.name, function)).collect()
    });
    BY_NAME.get(name).copied()
}

/// The text of an argument that the engine has checked to be a string.
fn string(value: &Value) -> &Str {
    static EMPTY: std::sync::LazyLock<Str> = std::sync::LazyLock::new(|| Str::new(""));
    value.as_str().unwrap_or(&EMPTY)
}
