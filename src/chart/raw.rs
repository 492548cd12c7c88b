//! [`RawFile`]: what archives and folders hold.

/// A file of a chart before its purpose is known.
#[derive(Debug)]
pub(super) struct RawFile {
    /// The path inside the chart.
    pub(super) path: String,
    /// The content, without a byte order mark.
    pub(super) content: Vec<u8>,
}

impl RawFile {
    pub(super) fn new(path: String, mut content: Vec<u8>) -> Self {
        if content.starts_with(b"\xef\xbb\xbf") {
            content.drain(..3);
        }
        Self { path, content }
    }
}
