//! Go's `text/template`: the language of charts, without anything of Helm.

pub(crate) mod ast;
pub(crate) mod builtins;
pub(crate) mod complex;
pub(crate) mod context;
pub(crate) mod decisions;
pub(crate) mod durations;
pub(crate) mod env;
pub(crate) mod error;
mod eval;
pub(crate) mod exec;
pub(crate) mod float;
pub(crate) mod function;
pub(crate) mod growth;
pub(crate) mod keys;
mod lex;
mod literal;
mod marking;
pub(crate) mod parse;
pub(crate) mod parts;
pub(crate) mod print;
pub(crate) mod reads;
pub(crate) mod set;
pub(crate) mod state;
pub(crate) mod times;
pub(crate) mod touched;
pub(crate) mod tree;
pub(crate) mod types;
pub(crate) mod value;

pub(crate) use context::Context;
pub(crate) use env::{Clock, Env};
pub(crate) use error::{Error, Failure};
pub(crate) use function::{Flow, Function, Look, Spread};
pub(crate) use value::{GoObject, IntKind, List, Map, Value};
