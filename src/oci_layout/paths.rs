//! Where the parts of a layout are.

use crate::registry::Digest;
use std::path::{Path, PathBuf};

/// The form of a layout on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A folder.
    Folder,
    /// A tar archive, possibly in parts.
    Archive,
}

/// The form of a layout that is written to a path.
///
/// # Errors
/// The name says that it is a compressed archive.
pub(crate) fn form_of(path: &Path) -> Result<Form, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if [".tgz", ".tar.gz", ".tar.xz", ".tar.zst", ".zip"].iter().any(|ending| name.ends_with(ending)) {
        return Err(format!(
            "{}: layers are compressed already, so a layout is a folder or a .tar that is not",
            path.display()
        ));
    }
    Ok(if name.ends_with(".tar") { Form::Archive } else { Form::Folder })
}

pub(super) const MARKER: &str = "oci-layout";
pub(super) const MARKER_TEXT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
pub(super) const INDEX: &str = "index.json";

/// `blobs/sha256/9f86…`.
pub(super) fn blob(digest: &Digest) -> String {
    let (algorithm, hex) = digest.parts();
    format!("blobs/{algorithm}/{hex}")
}

/// The digest of a blob by its path in a layout.
pub(super) fn digest_of(path: &str) -> Option<Digest> {
    let (algorithm, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
    Digest::parse(&format!("{algorithm}:{hex}"))
}

/// A part of an archive: `bundle.tar.002`.
pub(super) fn part(archive: &Path, number: usize) -> PathBuf {
    let mut name = archive.as_os_str().to_owned();
    name.push(format!(".{number:03}"));
    PathBuf::from(name)
}

/// The number of a part, by its name and that of the archive.
pub(super) fn number_of(name: &str, archive: &str) -> Option<usize> {
    let digits = name.strip_prefix(archive)?.strip_prefix('.')?;
    let is_number = digits.len() >= 3 && digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_number)?;
    // `.0001` is not one that was written.
    (format!("{number:03}") == digits).then_some(number)
}

/// The checksums of the parts, as `sha256sum --check` reads them: `bundle.tar.sha256`.
pub(super) fn sums(archive: &Path) -> PathBuf {
    let mut name = archive.as_os_str().to_owned();
    name.push(".sha256");
    PathBuf::from(name)
}
