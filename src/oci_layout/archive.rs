//! [`Archive`]: what a tar archive with a layout contains, and where.

use super::fault::of_system;
use super::parts::{Parts, digest_of};
use super::paths::{INDEX, MARKER, digest_of as digest_of_path};
use crate::registry::{Digest, Error, Kind};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read as _};
use std::ops::Range;
use std::sync::Arc;

/// The unit of tar, in bytes.
pub(super) const BLOCK: u64 = 512;

/// The most files of an archive.
const FILES: usize = 100_000;

/// The longest name that is read from a header of its own, in bytes.
const LONG_NAME: u64 = 64 << 10;

/// What a tar archive contains.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) parts: Arc<Parts>,
    files: Vec<File>,
    blobs: BTreeMap<Digest, Range<u64>>,
    index: Option<Range<u64>>,
    /// Whether it was written to its end.
    pub(super) is_ended: bool,
    /// What is wrong with it, for people.
    pub(super) problems: Vec<String>,
}

/// A file of an archive.
#[derive(Debug)]
struct File {
    what: What,
    /// Where its headers begin.
    header: u64,
    content: Range<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Marker,
    Blob(Digest),
    Index,
    Other,
}

/// How far an archive can be kept.
#[derive(Debug)]
pub(super) struct Kept {
    /// The bytes up to the end of the last whole blob.
    pub(super) bytes: u64,
    /// The blobs, with their sizes.
    pub(super) blobs: BTreeMap<Digest, u64>,
    /// Why what follows is not kept, if something is wrong with it.
    pub(super) problem: Option<String>,
}

impl Archive {
    /// Reads all headers of an archive. What is missing or damaged is passed over, and named in `problems`.
    ///
    /// # Errors
    /// It cannot be read at all, or has too many files.
    pub(super) fn read(parts: Parts) -> Result<Self, Error> {
        let parts = Arc::new(parts);
        let mut archive = Self {
            parts: parts.clone(),
            files: Vec::new(),
            blobs: BTreeMap::new(),
            index: None,
            is_ended: false,
            problems: Vec::new(),
        };
        let total = parts.total();
        let mut at = 0;
        // A name that a header of its own gives to the next file, and where that header begins.
        let mut long_name: Option<(u64, Option<String>)> = None;
        while at < total {
            let mut block = [0; BLOCK as usize];
            if let Err(error) = parts.read(at..at + BLOCK).read_exact(&mut block) {
                archive.problems.push(format!("{}: {}", parts.shown, said(&error)));
                at = archive.next_header(parts.next_part(at));
                long_name = None;
                continue;
            }
            if is_end(&block) {
                archive.is_ended = total - at >= 2 * BLOCK;
                break;
            }
            let header = tar::Header::from_byte_slice(&block);
            let Some(size) = size_of(header, &block) else {
                let range = at..at + BLOCK;
                let names = parts.names(&range);
                archive.problems.push(format!("{}: {names} is damaged{}", parts.shown, parts.explain(&range)));
                at = archive.next_header(at + BLOCK);
                long_name = None;
                continue;
            };
            let content = at + BLOCK..(at + BLOCK).saturating_add(size);
            let kind = header.entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                let name = long_name_of(&parts, &content, kind.is_pax_local_extensions());
                long_name = Some((at, name));
            } else {
                let (begin, name) = long_name.take().unwrap_or((at, None));
                let what = what_of(header, name);
                // A file that is there again takes the place of the first, as when an archive is unpacked.
                match &what {
                    What::Blob(digest) => drop(archive.blobs.insert(digest.clone(), content.clone())),
                    What::Index => archive.index = Some(content.clone()),
                    _ => {}
                }
                archive.files.push(File { what, header: begin, content: content.clone() });
            }
            if archive.files.len() > FILES {
                let text = format!("{}: it has more than {FILES} files", parts.shown);
                return Err(Error::new(Kind::Limit, text));
            }
            at = align(content.end);
        }
        Ok(archive)
    }

    /// Where the next header of a file of a layout is, after something that cannot be read.
    ///
    /// It could be one inside of a blob. Whatever is found so is verified as everything else.
    fn next_header(&mut self, from: u64) -> u64 {
        let total = self.parts.total();
        // Headers begin at multiples of their size.
        let mut at = align(from);
        while at < total {
            let mut stream = BufReader::with_capacity(1 << 16, self.parts.read(at..total));
            let mut block = [0; BLOCK as usize];
            loop {
                if let Err(error) = stream.read_exact(&mut block) {
                    if total - at >= BLOCK {
                        self.problems.push(format!("{}: {}", self.parts.shown, said(&error)));
                    }
                    at = align(self.parts.next_part(at));
                    break;
                }
                let header = tar::Header::from_byte_slice(&block);
                if size_of(header, &block).is_some() && what_of(header, None) != What::Other {
                    return at;
                }
                at += BLOCK;
            }
        }
        total
    }

    /// The bytes of a blob.
    pub(super) fn blob(&self, digest: &Digest) -> Option<Range<u64>> {
        self.blobs.get(digest).cloned()
    }

    /// The text of the index; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is too long.
    pub(super) fn index(&self, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let Some(range) = self.index.clone() else { return Ok(None) };
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        if length > limit {
            let text = format!("{}: the index has more than {limit} bytes, the limit", self.parts.shown);
            return Err(Error::new(Kind::Limit, text));
        }
        let mut text = vec![0; length];
        let read = self.parts.read(range).read_exact(&mut text);
        read.map_err(|error| Error::new(Kind::Disk, format!("{}: {}", self.parts.shown, said(&error))))?;
        Ok(Some(text))
    }

    /// Reads an archive of an earlier run, and finds what can be kept of it: everything before the index, or before the first byte
    /// that is not right.
    pub(super) fn kept(&self) -> Kept {
        let mut kept = Kept { bytes: 0, blobs: BTreeMap::new(), problem: None };
        for file in &self.files {
            if file.header != kept.bytes || self.parts.total() < align(file.content.end) {
                break;
            }
            match &file.what {
                What::Marker => {}
                What::Blob(digest) => match self.verified(digest, &file.content) {
                    Ok(true) => {
                        kept.blobs.insert(digest.clone(), file.content.end - file.content.start);
                    }
                    Ok(false) => {
                        kept.problem = Some(format!("{}: the blob {digest} is damaged", self.parts.shown));
                        break;
                    }
                    Err(error) => {
                        kept.problem = Some(format!("{}: {}", self.parts.shown, said(&error)));
                        break;
                    }
                },
                What::Index | What::Other => break,
            }
            kept.bytes = align(file.content.end);
        }
        kept.problem = kept.problem.or_else(|| self.problems.first().cloned());
        kept
    }

    fn verified(&self, digest: &Digest, content: &Range<u64>) -> io::Result<bool> {
        let mut stream = self.parts.read(content.clone());
        if digest.parts().0 == "sha256" {
            return Ok(digest_of(stream)? == *digest);
        }
        let mut hasher = digest.hasher();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(hasher.finish() == *digest),
                length => hasher.update(&buffer[..length]),
            }
        }
    }
}

/// What a file is, by its header or the name that was given before.
fn what_of(header: &tar::Header, name: Option<String>) -> What {
    let path = name.or_else(|| String::from_utf8(header.path_bytes().into_owned()).ok()).unwrap_or_default();
    let path = path.strip_prefix("./").unwrap_or(&path);
    match (header.entry_type().is_file(), path) {
        (true, MARKER) => What::Marker,
        (true, INDEX) => What::Index,
        (true, path) => digest_of_path(path).map_or(What::Other, What::Blob),
        // Links and devices are not looked at.
        (false, _) => What::Other,
    }
}

/// The next place where a header may begin.
fn align(at: u64) -> u64 {
    at.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
}

/// Whether a block ends an archive.
fn is_end(block: &[u8]) -> bool {
    block.iter().all(|&byte| byte == 0)
}

/// The text of an error of the system or of ours.
pub(super) fn said(error: &io::Error) -> String {
    let text = of_system("", error).to_string();
    text.trim_start_matches(": ").to_owned()
}

/// The size of a file by its header; `None` if the header is not right.
fn size_of(header: &tar::Header, block: &[u8; BLOCK as usize]) -> Option<u64> {
    let sum = |byte: (usize, &u8)| if (148..156).contains(&byte.0) { 32 } else { u32::from(*byte.1) };
    let sum: u32 = block.iter().enumerate().map(sum).sum();
    if header.cksum().ok()? != sum {
        return None;
    }
    header.entry_size().ok()
}

/// The name in a header of its own, of GNU tar or of POSIX.
fn long_name_of(parts: &Arc<Parts>, content: &Range<u64>, is_pax: bool) -> Option<String> {
    if content.end - content.start > LONG_NAME {
        return None;
    }
    let mut text = Vec::new();
    parts.read(content.clone()).read_to_end(&mut text).ok()?;
    if !is_pax {
        let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
        return String::from_utf8(text.to_vec()).ok();
    }
    // `18 path=blobs/x\n`
    let mut rest = text.as_slice();
    let mut path = None;
    while let Some(space) = rest.iter().position(|&byte| byte == b' ') {
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length.checked_sub(1)?)?;
        if let Some(value) = record.strip_prefix(b"path=") {
            path = String::from_utf8(value.to_vec()).ok();
        }
        rest = rest.get(length..)?;
    }
    path
}
