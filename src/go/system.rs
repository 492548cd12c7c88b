//! Go's texts for errors of the system.

use std::io;

/// A system error in Go's text: `no such file or directory`.
pub(crate) fn system_error(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut rest = text.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}
