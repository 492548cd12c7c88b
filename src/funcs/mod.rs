//! The functions of the template language: one file a family, one table of [`Function`](crate::template::Function)s
//! in each.
pub mod crypto;
pub mod dates;
pub mod dicts;
pub mod encoding;
pub mod flow;
pub mod json;
pub mod lists;
pub mod numbers;
pub mod paths;
pub mod reflect;
pub mod regex;
pub mod semver;
pub mod strings;
pub mod toml;
pub mod urls;
pub mod yaml;

use crate::template::Value;
use crate::trace::Str;

/// The text of an argument that the engine has checked to be a string.
fn string(value: &Value) -> &Str {
    static EMPTY: std::sync::LazyLock<Str> = std::sync::LazyLock::new(|| Str::new(""));
    value.as_str().unwrap_or(&EMPTY)
}
