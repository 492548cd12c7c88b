//! How Go 1.27 names the place in a JSON text where a value does not fit: `Go struct field .a.b`, `.a.0`.

/// A key as a part of a path: as in a JSON pointer.
pub fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A path as messages name it; without one it is a `Go value`.
///
/// Source: Go `encoding/json`, which asks for the last part of the path.
pub fn place(path: &str) -> String {
    if path.is_empty() || path == "." {
        return "Go value".to_owned();
    }
    // Go quirk: it takes any number for that of an element, which it does not call a field.
    let last = path.rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        path.to_owned()
    } else {
        format!("Go struct field {path}")
    }
}
