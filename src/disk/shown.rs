//! Paths as they are displayed.

use super::look;
use std::path::Path;

/// A path with `/`, for messages.
pub(crate) fn shown(path: &Path) -> String {
    let path = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { path.into_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// A path relative to the working folder; `None` if it is elsewhere and absolute.
pub(crate) fn seen(path: &Path) -> Option<String> {
    if path.is_absolute() {
        let here = look::working_folder().ok()?;
        return path.strip_prefix(here).ok().map(shown);
    }
    let path = shown(path);
    let mut rest = path.as_str();
    while let Some(after) = rest.strip_prefix("./") {
        rest = after.trim_start_matches('/');
    }
    Some(rest.to_owned())
}
