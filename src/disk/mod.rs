//! The only module that reads files and folders, and that writes image layouts ([`made`]).
//!
//! A path is read on behalf of whoever named it ([`By`]). The user may name any path; what a repository names (its
//! configuration, its charts, its links) is read only where a [`Reach`] allows it: below the repository's root, and
//! below the paths of `--allow-outside`. Links are resolved before the check, and the resolved path is the one that
//! is opened. Devices, pipes, sockets, `/proc`, `/sys`, `/dev` and `.git` are never read, and every read has a size
//! limit.
//!
//! `clippy.toml` bans all other ways to open a file.
#![expect(clippy::disallowed_methods, reason = "this is the room that the bans point to")]

mod folder;
mod found;
pub(crate) mod kept;
pub(crate) mod lock;
pub(crate) mod look;
pub(crate) mod made;
mod open;
mod reach;
mod resolve;
mod shown;
mod unsaved;
mod walk;

pub(crate) use folder::Folder;
pub(crate) use found::Found;
pub(crate) use open::{Opened, read_all};
pub(crate) use reach::{By, Reach};
pub(crate) use shown::{seen, shown};
pub(crate) use unsaved::Unsaved;
pub(crate) use walk::Walk;
