//! The functions of the template language: one file a family, one table of [`Function`]s in each.

mod args;
mod case;
pub(crate) mod crypto;
pub(crate) mod dates;
pub(crate) mod dicts;
mod durations;
pub(crate) mod encoding;
pub(crate) mod flow;
pub(crate) mod helm;
pub(crate) mod json;
pub(crate) mod lists;
pub(crate) mod network;
pub(crate) mod numbers;
pub(crate) mod paths;
pub(crate) mod random;
pub(crate) mod reflect;
pub(crate) mod regex;
pub(crate) mod semver;
pub(crate) mod strings;
#[cfg(test)]
mod testing;
pub(crate) mod toml;
pub(crate) mod urls;
mod wrap;
pub(crate) mod yaml;

use crate::helm::HelmVersion;
use crate::template::{Function, builtins};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Every family with its table, in the order of the documentation.
pub(crate) static FAMILIES: &[(&str, &[Function])] = &[
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
    ("Durations", durations::FUNCTIONS),
    ("Paths", paths::FUNCTIONS),
    ("URLs", urls::FUNCTIONS),
    ("Cryptography", crypto::FUNCTIONS),
    ("Randomness", random::FUNCTIONS),
    ("Network", network::FUNCTIONS),
];

/// What finds the functions that a version of helm has.
pub(crate) fn lookup_of(helm: HelmVersion) -> &'static dyn Fn(&str) -> Option<&'static Function> {
    match helm {
        HelmVersion::V4 => &lookup,
        HelmVersion::V3 => &|name| lookup(name).filter(|function| !function.since_helm_4),
    }
}

/// The function of a name.
pub(crate) fn lookup(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Function, foldhash::fast::RandomState>> =
        LazyLock::new(|| {
            FAMILIES
                .iter()
                .flat_map(|(_, functions)| functions.iter())
                .map(|function| (function.name, function))
                .collect()
        });
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::FAMILIES;
    use crate::golden::derived;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_there_twice() {
        let mut names = BTreeSet::new();
        for function in FAMILIES.iter().flat_map(|(_, functions)| functions.iter()) {
            assert!(names.insert(function.name), "{} is there twice", function.name);
            assert!(!function.doc.is_empty(), "{} says nothing", function.name);
        }
    }

    #[test]
    fn the_page_is_derived() {
        let mut text = String::from(
            "<!-- Made from src/funcs by `just bless`; do not edit. -->\n\n# Functions\n\nEvery function that helm 4.3.1 \
             offers to templates. A hermetic function depends only on its arguments; `--seed` makes the others \
             deterministic.\n",
        );
        for (family, functions) in FAMILIES {
            text.push_str(&format!(
                "\n## {family}\n\n| function | arguments | result | hermetic |\n| --- | --- | --- | --- |\n"
            ));
            for function in *functions {
                let mut types: Vec<String> = function.params.iter().map(|ty| ty.name.to_owned()).collect();
                types.extend(function.variadic.map(|ty| format!("{}…", ty.name)));
                let hermetic = if function.hermetic { "yes" } else { "no" };
                let mut doc = function.doc.replace('|', "\\|");
                if function.since_helm_4 {
                    doc.push_str(" (not with `--helm-version 3`)");
                }
                text.push_str(&format!("| `{}` | {} | {doc} | {hermetic} |\n", function.name, types.join(", ")));
            }
        }
        derived("docs/functions.md", &text);
    }
}
