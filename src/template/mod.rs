//! Go's `text/template`: the language of charts, without anything of Helm.

pub mod ast;
pub mod builtins;
pub mod complex;
pub mod context;
pub mod decisions;
pub mod env;
pub mod error;
mod eval;
pub mod exec;
pub mod float;
pub mod function;
pub mod growth;
pub mod keys;
mod lex;
mod literal;
mod marking;
pub mod parse;
pub mod parts;
pub mod print;
pub mod reads;
pub mod set;
pub mod state;
pub mod touched;
pub mod tree;
pub mod types;
pub mod value;

pub use context::Context;
pub use env::{Clock, Env};
pub use error::{Error, Failure};
pub use function::{Flow, Function, Look, Spread};
pub use value::{IntKind, List, Map, Object, Value};
