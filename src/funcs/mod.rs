//! The functions of the template language: one file a family, one table of [`Function`](crate::template::Function)s
//! in each.
pub mod crypto;
pub mod dates;
pub mod dicts;
pub mod encoding;
pub mod flow;
pub mod lists;
pub mod numbers;
pub mod paths;
pub mod reflect;
pub mod regex;
pub mod semver;
pub mod strings;
pub mod urls;
