//! `airtight lint --pre-commit`: what a hook of <https://pre-commit.com> checks.

use super::changed::{Base, is_before_first_commit};
use crate::error::Error;
use std::path::PathBuf;

/// The revision to compare with, if not everything is checked, and whether only what is staged counts: for the names of files, and the
/// ends of a range of commits, that pre-commit passes to a hook.
///
/// With `--all-files`, pre-commit passes files that did not change, and nothing else tells it.
///
/// # Errors
/// There is no repository, or the range ends elsewhere than at HEAD.
pub(super) fn range(files: &[PathBuf], range: [Option<String>; 2]) -> Result<(Option<String>, bool), Error> {
    const HEAD: &str = "HEAD";
    let [from, to] = range.map(|name| name.filter(|name| !name.is_empty()));
    if let Some(from) = from {
        let to = to.unwrap_or_else(|| HEAD.to_owned());
        if !Base::is_head(&to)? {
            let why = format!("--pre-commit: the range ends at {to}, and HEAD is another commit: check out {to} first");
            return Err(Error::input(why));
        }
        return Ok((Some(from), false));
    }
    if is_before_first_commit(HEAD) {
        return Ok((Some(HEAD.to_owned()), false));
    }
    let base = Base::since(HEAD)?;
    let is_all = files.iter().any(|file| !base.touches(file));
    Ok(if is_all { (None, false) } else { (Some(HEAD.to_owned()), true) })
}
