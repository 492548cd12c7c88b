//! Random whole charts, compared with helm: trees of charts, layers of values, files, hooks, flags.

pub(crate) mod case;
mod compare;
mod filter;
mod generate;
mod lines;
mod node;
mod shrink;
mod templates;
mod tree;

pub(crate) use compare::{Comparer, Peers, Tally, write};
