//! Endings of file names.

/// Whether a text ends like a file name.
pub(super) fn ends_like_file(text: &str) -> bool {
    let Some((_, end)) = text.rsplit_once('.') else { return false };
    FILE_ENDS.contains(&end)
}

/// Endings of file names, without the dot.
#[rustfmt::skip]
pub(super) const FILE_ENDS: &[&str] = &[
    "bash", "bin", "cfg", "conf", "crt", "css", "csv", "db", "exe", "gif", "go", "gz", "html", "ico", "img",
    "ini", "iso", "jar", "jpeg", "jpg", "js", "json", "key", "log", "lua", "md", "pdf", "pem", "php", "png",
    "properties", "proto", "py", "qcow2", "rb", "rego", "rs", "sh", "so", "sock", "sql", "svg", "tar", "tgz",
    "tmpl", "toml", "tpl", "ts", "txt", "vmdk", "wasm", "webp", "xml", "yaml", "yml", "zip",
];
