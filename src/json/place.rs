//! Go 1.27's name for the location in a JSON text where a value does not fit: `Go struct field .a.b`, `.a.0`.

/// A key as a part of a path, as in a JSON pointer.
pub(crate) fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A path for messages; an empty one is a `Go value`.
///
/// Source: Go `encoding/json`, which uses the last part of the path.
pub(crate) fn place(path: &str) -> String {
    if path.is_empty() || path == "." {
        return "Go value".to_owned();
    }
    // Go quirk: any number counts as the index of an element, which is not called a field.
    let last = path.rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        path.to_owned()
    } else {
        format!("Go struct field {path}")
    }
}
