//! Copies the artifacts of lists to a mirror, and checks that a mirror has them.
//!
//! [`plan`](plan::plan) says what goes where, without the network. [`Copying`] copies one artifact: first the blobs, then the
//! manifests of an index, then what refers to it (signatures, attestations, SBOMs), and its own tag last. So a tag on the mirror
//! means that everything below it is there, and a run that was killed is simply run again. [`Checking`] asks the mirror alone, and so does
//! [`Asker`], for single references. [`pins`] asks the sources what references name.
//!
//! Manifests are copied byte for byte: digests stay. Only `--platform` makes new ones, of indexes.

mod asking;
mod blobs;
mod check;
mod copy;
mod outcome;
mod pinning;
mod plan;
mod platform;
mod referring;
mod run;
mod source;
mod target;
mod tree;

pub(crate) use asking::Asker;
pub(crate) use check::Checking;
pub(crate) use copy::{Copying, Wish};
pub(crate) use outcome::{Outcome, State};
pub(crate) use pinning::{Pin, pins};
pub(crate) use plan::{Item, plan, plan_for_disk};
pub(crate) use platform::{Platform, Platforms};
pub(crate) use run::{Follow, run};
pub(crate) use source::Source;
pub(crate) use target::Target;
