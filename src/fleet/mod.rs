//! Runs over many releases: in parts on several machines ([`shard`]), whose results are put together again ([`blob`]).
//!
//! A check of one release needs nothing of another. What needs all of them (unused suppressions, totals, the order of a report) is
//! done once, in the process that has all results. The result of one release is a [`Record`](record::Record).

pub(crate) mod blob;
pub(crate) mod cache;
pub(crate) mod record;
pub(crate) mod shard;
