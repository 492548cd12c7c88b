//! The one room that reads files and folders.
//!
//! A path is read for whoever named it ([`By`]). What the user typed may lie anywhere; what a repository names (its
//! configuration, its charts, its links) is read only where a [`Reach`] allows it: below the repository's root, and
//! below what `--allow-outside` names. Paths count after all links on the way are resolved, and it is the resolved path
//! that is opened. Devices, pipes, sockets, `/proc`, `/sys`, `/dev` and `.git` are never read, and no read is without
//! a bound.
//!
//! `clippy.toml` bans the other ways to open a file, so that nobody forgets this one.
#![expect(clippy::disallowed_methods, reason = "this is the room that the bans point to")]

mod folder;
pub mod look;
mod open;
mod reach;
mod resolve;
mod walk;

pub use folder::Folder;
pub use open::read_all;
pub use reach::{By, Reach};
pub use walk::Walk;
