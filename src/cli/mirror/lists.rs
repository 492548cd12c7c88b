//! The lists of artifacts to copy.

use crate::bundle::Bundle;
use crate::bundle::artifact::Artifact;
use crate::bundle::listed::LeftOut;
use crate::cli::lists::{file_of, parse_lists, read_lists};
use crate::cli::{Problem, Streams};
use crate::disk::{By, Reach};
use crate::error::Error;
use crate::mirroring::Platform;
use crate::report::plain_line;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The list that is read if none is given.
const LIST: &str = "artifacts.txt";

/// Artifacts of lists.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The artifacts.
    pub artifacts: Vec<Artifact>,
    /// Whether the lists name something that is not an artifact.
    pub has_others: bool,
}

/// Reads lists, and says what in them is not copied, or not as they say.
pub(super) fn read(
    lists: &[PathBuf],
    platforms: &[Platform],
    reach: &Reach,
    streams: &mut Streams<'_>,
) -> Result<Lists, Problem> {
    let default = [PathBuf::from(LIST)];
    let paths = if lists.is_empty() { default.as_slice() } else { lists };
    let mut lists = Vec::new();
    for path in paths {
        match path.as_os_str() == "-" {
            true => lists.push(file_of("stdin", streams.read_input(reach.file_bytes())?)),
            false => lists.extend(read_lists(By::User, path, reach)?),
        }
    }
    let lists = parse_lists(&lists)?;
    if lists.entries().is_empty() {
        let is_about_nodes = !lists.node_mirrors.is_empty();
        let text =
            if is_about_nodes { "the files say where nodes find images, not which" } else { "the lists are empty" };
        return Err(Error::input(text).into());
    }
    let has_others = warn(&lists, platforms, streams)?;
    Ok(Lists { artifacts: lists.artifacts().cloned().collect(), has_others })
}

/// Says what the lists name that is not copied, or not as they say; returns whether something is not copied.
fn warn(lists: &Bundle, platforms: &[Platform], streams: &mut Streams<'_>) -> std::io::Result<bool> {
    for LeftOut { what, at } in &lists.left_out {
        writeln!(streams.err, "warning: {}", plain_line(&format!("{at}: not copied: {what}")))?;
    }
    let wanted: BTreeSet<&str> =
        lists.artifacts().flat_map(|artifact| &artifact.platforms).map(String::as_str).collect();
    if !wanted.is_empty() && platforms.is_empty() {
        let wanted = wanted.into_iter().collect::<Vec<_>>().join(",");
        let text = format!("the lists name platforms, and all are copied; pass --platform {wanted} to copy only these");
        writeln!(streams.err, "warning: {}", plain_line(&text))?;
    }
    Ok(!lists.left_out.is_empty())
}
