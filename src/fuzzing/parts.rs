//! [`Parts`]: several files in one text.

/// Several files in one text: each begins after a line `=== NAME`.
///
/// ```text
/// === values.yaml
/// image: quay.io/acme/app:1
/// === templates/pod.yaml
/// image: {{ .Values.image }}
/// ```
#[derive(Debug)]
pub struct Parts<'d>(Vec<(String, &'d [u8])>);

/// The prefix of the line before a file.
const MARK: &[u8] = b"=== ";

impl<'d> Parts<'d> {
    /// Splits an input; text before the first marker is dropped.
    pub fn of(data: &'d [u8]) -> Self {
        let mut parts = Vec::new();
        let mut open: Option<(String, usize)> = None;
        let mut at = 0;
        for line in data.split_inclusive(|&byte| byte == b'\n') {
            if let Some(name) = line.strip_prefix(MARK) {
                parts.extend(open.take().map(|(name, start)| (name, &data[start..at])));
                let name = String::from_utf8_lossy(name).trim_end_matches(['\n', '\r']).to_owned();
                open = Some((name, at + line.len()));
            }
            at += line.len();
        }
        parts.extend(open.map(|(name, start)| (name, &data[start..])));
        Self(parts)
    }

    /// The files, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'d [u8])> {
        self.0.iter().map(|(name, content)| (name.as_str(), *content))
    }

    /// The contents of all files with a name.
    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'d [u8]> + 'p {
        self.iter().filter(move |(found, _)| *found == name).map(|(_, content)| content)
    }

    /// The texts of all files with a name, without the last line break: the arguments of a flag.
    pub fn arguments(&self, name: &str) -> Vec<String> {
        let text = |content| String::from_utf8_lossy(content).trim_end_matches('\n').to_owned();
        self.all(name).map(text).collect()
    }
}
