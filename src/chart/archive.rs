//! Reads a chart archive (`.tgz`) in memory; nothing is ever unpacked to disk.

use super::assemble::RawFile;
use super::budget::Budget;
use super::entries::Entries;
use crate::go::go_quote;
use flate2::bufread::{DeflateDecoder, GzDecoder};
use std::collections::HashSet;
use std::io::{self, BufRead, Read};

/// Why an archive cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The gzip header is wrong.
    GzipHeader,
    /// Any other error that helm has as well, in its words.
    Helm(String),
    /// One of our own bounds, or something that we refuse and helm reads.
    Limit(String),
}

impl Fault {
    pub(super) fn bad_header() -> Self {
        Self::Helm("archive/tar: invalid tar header".to_owned())
    }

    pub(super) fn unexpected_end() -> Self {
        Self::Helm("unexpected EOF".to_owned())
    }

    /// The text as it is shown for an archive inside a chart.
    pub(super) fn text(self) -> String {
        match self {
            Self::GzipHeader => "gzip: invalid header".to_owned(),
            Self::Helm(text) | Self::Limit(text) => text,
        }
    }
}

/// The files of an archive in its order, duplicates included, with names relative to the chart.
///
/// What looks like an attempt to show one thing to helm and another to somebody else is a warning about `shown`.
pub(super) fn read(
    source: impl BufRead,
    shown: &str,
    budget: &mut Budget<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<RawFile>, Fault> {
    let mut warn = |what: String| warnings.push(format!("{shown}: {what}"));
    let mut stream = Unpacked::new(source, budget)?;
    let mut files = Vec::new();
    let mut names = HashSet::new();
    let mut first_top = None;
    let mut other_tops = false;
    let mut entries = Entries::new(&mut stream);
    while let Some(entry) = entries.next()? {
        let full_name = String::from_utf8_lossy(&entry.name).into_owned();
        entries.stream.budget.take_entry(&full_name).map_err(Fault::Limit)?;
        if let Some(other) = entry.other_size {
            warn(format!("{full_name:?} has {} bytes by one header and {other} by another", entry.size));
        }
        if entry.is_folder {
            if entry.kind != b'5' {
                warn(format!("{full_name:?} is a file with the mode of a folder, which helm passes over"));
            }
            continue;
        }
        if entry.kind == b'g' {
            continue;
        }
        let (top, name) = relative_name(&full_name).map_err(Fault::Helm)?;
        let budget = &entries.stream.budget;
        if entry.size > budget.bytes_left() || entry.content < entry.size {
            let limit = budget.limits.chart_bytes;
            return Err(Fault::Helm(format!("decompressed chart is larger than the maximum size {limit}")));
        }
        if entry.size > budget.file_bytes() {
            let limit = budget.file_bytes();
            return Err(Fault::Helm(format!(
                "decompressed chart file {full_name:?} is larger than the maximum file size {limit}"
            )));
        }
        if matches!(entry.kind, b'1'..=b'6') {
            warn(format!("{full_name:?} is a link or device, which helm takes for an empty file"));
        }
        if std::str::from_utf8(&entry.name).is_err() {
            warn(format!("{full_name:?} has a name that is not UTF-8"));
        }
        match &first_top {
            None => first_top = Some(top.to_owned()),
            Some(first) => other_tops |= first != top,
        }
        let content = entries.content()?;
        if !names.insert(name.clone()) {
            warn(format!("{name:?} is there more than once, and the last one counts"));
        }
        files.push(RawFile::new(name, content));
    }
    if other_tops {
        warn("it has several top folders, which helm merges".to_owned());
    }
    for hidden in stream.hidden_rest() {
        warn(hidden.to_owned());
    }
    if files.is_empty() {
        return Err(Fault::Helm("no files in chart archive".to_owned()));
    }
    Ok(files)
}

/// Splits an entry's name into the top folder, whatever that is, and the path inside the chart.
fn relative_name(full_name: &str) -> Result<(&str, String), String> {
    let separator = if full_name.contains('\\') { '\\' } else { '/' };
    let (top, rest) = full_name.split_once(separator).unwrap_or((full_name, ""));
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return Err("chart illegally contains absolute paths".to_owned());
    }
    let name = clean(&rest);
    if name == "." {
        let name = go_quote(full_name.as_bytes());
        return Err(format!("chart illegally contains content outside the base directory: {name}"));
    }
    if name.starts_with("..") {
        return Err("chart illegally references parent directory".to_owned());
    }
    if let [letter, b':', b'/', ..] = name.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err("chart contains illegally named files".to_owned());
    }
    if top == "Chart.yaml" {
        return Err("chart yaml not in base directory".to_owned());
    }
    Ok((top, name))
}

/// Go's `path.Clean` of a relative path.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// The unpacked stream: all members of a gzip file, one behind the other, counted against the budget.
pub(super) struct Unpacked<'b, 'l, R: BufRead> {
    /// `None` after the last one.
    member: Option<DeflateDecoder<R>>,
    pub(super) budget: &'b mut Budget<'l>,
    /// Where it is unpacked to, piece by piece.
    chunk: Box<[u8]>,
}

/// What is read and unpacked at a time: the decoder copies the last 32 KiB of each piece aside.
pub(super) const CHUNK: usize = 256 << 10;

/// What is set aside at once for a file, at most: a stated size costs nothing until it is true.
const RESERVED: u64 = 8 << 20;

/// How far to look behind the end of the archive.
const REST_BYTES: u64 = 1 << 20;

impl<'b, 'l, R: BufRead> Unpacked<'b, 'l, R> {
    fn new(mut source: R, budget: &'b mut Budget<'l>) -> Result<Self, Fault> {
        if is_at_end(&mut source)? {
            return Err(Fault::Helm("EOF".to_owned()));
        }
        Ok(Self { member: Some(open_member(source)?), budget, chunk: vec![0; CHUNK].into() })
    }

    /// Reads exactly so many bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        let bytes = self.take_up_to(count)?;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(Fault::unexpected_end()) }
    }

    /// Reads so many bytes, or fewer at the end.
    pub(super) fn take_up_to(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        if count > self.budget.bytes_left() {
            return Err(Fault::Limit(self.budget.out_of_bytes()));
        }
        let mut bytes = Vec::with_capacity(count.min(RESERVED) as usize);
        self.read(count, |chunk| bytes.extend_from_slice(chunk))?;
        Ok(bytes)
    }

    /// Passes over so many bytes, or fewer at the end; says how many.
    pub(super) fn skip(&mut self, count: u64) -> Result<u64, Fault> {
        self.read(count, |_| ())
    }

    fn read(&mut self, count: u64, mut each: impl FnMut(&[u8])) -> Result<u64, Fault> {
        let mut done = 0;
        while done < count {
            let Some(member) = &mut self.member else { break };
            let wanted = (count - done).min(self.chunk.len() as u64) as usize;
            let got = member.read(&mut self.chunk[..wanted]).map_err(|error| read_fault(&error))?;
            if got == 0 {
                self.next_member()?;
                continue;
            }
            if !self.budget.take_bytes(got as u64) {
                return Err(Fault::Limit(self.budget.out_of_bytes()));
            }
            each(&self.chunk[..got]);
            done += got as u64;
        }
        Ok(done)
    }

    fn next_member(&mut self) -> Result<(), Fault> {
        if let Some(member) = self.member.take() {
            let mut source = member.into_inner();
            // The checksum and the length: helm ends at the end of the archive, before it comes to them.
            source.read_exact(&mut [0; 8]).map_err(|error| read_fault(&error))?;
            if !is_at_end(&mut source)? {
                self.member = Some(open_member(source)?);
            }
        }
        Ok(())
    }

    /// Says what lies behind the end of the archive, where helm does not look.
    fn hidden_rest(mut self) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut left = REST_BYTES;
        let mut chunk = [0; 16 << 10];
        while let Some(member) = &mut self.member {
            match member.read(&mut chunk) {
                Ok(0) => break,
                Ok(got) if chunk[..got].iter().any(|&byte| byte != 0) => {
                    found.push("it goes on behind the end of the archive, where helm does not look");
                    return found;
                }
                Ok(got) => left = left.saturating_sub(got as u64),
                Err(_) => return found,
            }
            if left == 0 {
                found.push("a long run of zeros follows the end of the archive");
                return found;
            }
        }
        let behind = |member: DeflateDecoder<R>| {
            let mut source = member.into_inner();
            let _ = source.read_exact(&mut [0; 8]);
            source.fill_buf().is_ok_and(|rest| rest.iter().any(|&byte| byte != 0))
        };
        if self.member.is_some_and(behind) {
            found.push("something follows its compressed part, where helm does not look");
        }
        found
    }
}

/// Reads the gzip header; what follows is unpacked without its checksum, which helm never looks at.
fn open_member<R: BufRead>(source: R) -> Result<DeflateDecoder<R>, Fault> {
    let mut member = GzDecoder::new(source);
    if member.header().is_some() {
        return Ok(DeflateDecoder::new(member.into_inner()));
    }
    match member.read(&mut []) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Fault::unexpected_end()),
        _ => Err(Fault::GzipHeader),
    }
}

fn is_at_end(source: &mut impl BufRead) -> Result<bool, Fault> {
    source.fill_buf().map(<[u8]>::is_empty).map_err(|error| read_fault(&error))
}

fn read_fault(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::unexpected_end(),
        // The decoder's own errors have no number of the system.
        _ if error.raw_os_error().is_some() => Fault::Helm(super::folder::go_error(error)),
        _ => Fault::Helm("flate: corrupt input".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, relative_name};

    #[test]
    fn names_lose_their_first_element() {
        for (full, expected) in [
            ("c/Chart.yaml", Ok("Chart.yaml")),
            ("./c/a", Ok("c/a")),
            ("/c/x", Ok("c/x")),
            ("c/a/../b.txt", Ok("b.txt")),
            ("c\\templates\\a.yaml", Ok("templates/a.yaml")),
            ("stray", Err("chart illegally contains content outside the base directory: \"stray\"")),
            ("c//etc", Err("chart illegally contains absolute paths")),
            ("c/../../x", Err("chart illegally references parent directory")),
            ("c/..x", Err("chart illegally references parent directory")),
            ("c/c:/x", Err("chart contains illegally named files")),
            ("Chart.yaml/x", Err("chart yaml not in base directory")),
        ] {
            let found = relative_name(full);
            assert_eq!(found.as_ref().map(|(_, name)| name.as_str()).map_err(String::as_str), expected, "{full}");
        }
        assert_eq!(clean("a//b/./c/"), "a/b/c");
    }
}
