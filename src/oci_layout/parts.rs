//! [`Parts`]: the files of an archive, as one sequence of bytes.

use super::fault::of_file;
use super::paths::{number_of, part, sums};
use crate::disk::{By, Found, Reach, look};
use crate::registry::{Digest, Error, Hasher, Kind};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file of checksums, in bytes.
const SUMS_BYTES: u64 = 1 << 20;

/// The files of an archive.
#[derive(Debug)]
pub(super) struct Parts {
    /// The name of the archive for messages.
    pub(super) shown: String,
    parts: Vec<Part>,
    /// The size of each part but the last.
    chunk: u64,
    /// What the file of checksums says about each part.
    sums: BTreeMap<String, Digest>,
}

#[derive(Debug)]
struct Part {
    /// `bundle.tar.002`.
    name: String,
    /// The file and its size; `None` if it is missing.
    found: Option<(Found, u64)>,
}

impl Parts {
    /// The files of an archive; `None` if there are none.
    ///
    /// # Errors
    /// A file may not be read, or the archive is there twice.
    pub(super) fn find(path: &Path, reach: &Reach) -> Result<Option<Self>, Error> {
        let numbers = numbers(path, reach)?;
        let shown = path.display().to_string();
        let size = |found: &Found| found.open().map(|opened| opened.about.len()).map_err(|error| of_file(&error));
        if look::is_there(path) {
            if !numbers.is_empty() {
                let text = format!(
                    "{shown} is there, and so is {}; move away the one that is not meant",
                    part(path, 0).display()
                );
                return Err(Error::new(Kind::Input, text));
            }
            let found = reach.found(By::User, path).map_err(|error| of_file(&error))?;
            let size = size(&found)?;
            let parts = vec![Part { name: name_of(path), found: Some((found, size)) }];
            return Ok((size > 0).then_some(Self { shown, parts, chunk: u64::MAX, sums: BTreeMap::new() }));
        }
        let Some(&last) = numbers.last() else { return Ok(None) };
        let sums = read_sums(path, reach);
        let listed = sums.keys().filter_map(|name| number_of(name, &name_of(path))).max().unwrap_or(0);
        let mut parts = Vec::new();
        for number in 0..=last.max(listed.min(last + MISSING)) {
            let path = part(path, number);
            let found = match numbers.binary_search(&number) {
                Ok(_) => {
                    let found = reach.found(By::User, &path).map_err(|error| of_file(&error))?;
                    let size = size(&found)?;
                    Some((found, size))
                }
                Err(_) => None,
            };
            parts.push(Part { name: name_of(&path), found });
        }
        // A part that was cut is shorter than the others.
        let chunk = parts.iter().filter_map(|part| part.found.as_ref()).map(|(_, size)| *size).max().unwrap_or(0);
        if chunk == 0 {
            return Ok(None);
        }
        Ok(Some(Self { shown, parts, chunk, sums }))
    }

    /// The number of parts, and the size of each but the last; `None` if it is one file.
    pub(super) fn split(&self) -> Option<(usize, u64)> {
        (self.chunk != u64::MAX).then_some((self.parts.len(), self.chunk))
    }

    /// Whether the checksums of all parts are there.
    pub(super) fn has_sums(&self) -> bool {
        self.split().is_none() || self.parts.iter().all(|part| self.sums.contains_key(&part.name))
    }

    /// The number of bytes, as far as it is known.
    pub(super) fn total(&self) -> u64 {
        let before = (self.parts.len() as u64 - 1).saturating_mul(self.chunk);
        let last = self.parts.last().and_then(|part| part.found.as_ref()).map_or(self.chunk, |(_, size)| *size);
        if self.parts.len() == 1 { last } else { before.saturating_add(last) }
    }

    /// The part that a byte is in, and the byte's place there.
    fn locate(&self, at: u64) -> (usize, u64) {
        (usize::try_from(at / self.chunk).unwrap_or(usize::MAX), at % self.chunk)
    }

    /// Where the next part begins.
    pub(super) fn next_part(&self, at: u64) -> u64 {
        (at / self.chunk).saturating_add(1).saturating_mul(self.chunk).min(self.total())
    }

    /// Bytes, as a stream.
    pub(super) fn read(self: &Arc<Self>, range: Range<u64>) -> Cursor {
        Cursor { parts: self.clone(), at: range.start, end: range.end, open: None }
    }

    /// The names of the parts that bytes are in.
    pub(super) fn names(&self, range: &Range<u64>) -> String {
        let (first, _) = self.locate(range.start);
        let (last, _) = self.locate(range.end.saturating_sub(1).max(range.start));
        let name = |number: usize| self.parts.get(number).or(self.parts.last()).map_or("", |part| part.name.as_str());
        match last - first {
            0 => name(first).to_owned(),
            1 => format!("{} and {}", name(first), name(last)),
            _ => format!("{} to {}", name(first), name(last)),
        }
    }

    /// What is wrong with the parts that bytes are in, as far as the checksums tell.
    pub(super) fn explain(&self, range: &Range<u64>) -> String {
        let (first, _) = self.locate(range.start);
        let (last, _) = self.locate(range.end.saturating_sub(1).max(range.start));
        let wrong = self.parts.iter().skip(first).take(last - first + 1).filter_map(|part| {
            let wanted = self.sums.get(&part.name)?;
            let is = digest_of_part(part)?;
            let twin = self.sums.iter().find(|(_, sum)| **sum == is).map(|(name, _)| name);
            match twin {
                _ if is == *wanted => None,
                Some(twin) => Some(format!("{} has the content of {twin}", part.name)),
                None => Some(format!("{} was changed after it was written", part.name)),
            }
        });
        let wrong: Vec<String> = wrong.collect();
        if wrong.is_empty() { String::new() } else { format!(": {}; copy it again", wrong.join(", ")) }
    }
}

/// The most parts at the end that are missing and listed.
const MISSING: usize = 1000;

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The numbers of the parts that are there, sorted.
fn numbers(path: &Path, reach: &Reach) -> Result<Vec<usize>, Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !look::is_folder(folder) {
        return Ok(Vec::new());
    }
    let name = name_of(path);
    let names = reach.folder(By::User, folder, "the folder").and_then(|folder| folder.names());
    let names = names.map_err(|error| of_file(&error))?;
    let mut numbers: Vec<usize> = names.iter().filter_map(|found| number_of(found, &name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The path of the archive, if that of one of its parts is given.
pub(super) fn whole(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    match text.rsplit_once('.') {
        Some((archive, _)) if number_of(&text, archive).is_some() => PathBuf::from(archive),
        _ => path.to_path_buf(),
    }
}

/// The checksums; they are only used to say more about what is wrong anyway.
fn read_sums(path: &Path, reach: &Reach) -> BTreeMap<String, Digest> {
    let read = || {
        let found = reach.found(By::User, &sums(path)).ok()?;
        String::from_utf8(found.open().ok()?.read_at_most(path, SUMS_BYTES).ok()?).ok()
    };
    let text = read().unwrap_or_default();
    let line = |line: &str| {
        let (hex, name) = line.split_once("  ")?;
        Some((name.to_owned(), Digest::parse(&format!("sha256:{hex}"))?))
    };
    text.lines().filter_map(line).collect()
}

fn digest_of_part(part: &Part) -> Option<Digest> {
    let (found, _) = part.found.as_ref()?;
    digest_of(found.open().ok()?.file).ok()
}

/// The digest of the rest of a stream.
pub(super) fn digest_of(mut stream: impl Read) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Bytes of an archive, as a stream.
#[derive(Debug)]
pub(super) struct Cursor {
    parts: Arc<Parts>,
    at: u64,
    end: u64,
    /// The file of a part, which is at `at`.
    open: Option<(usize, File)>,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.end || buffer.is_empty() {
            return Ok(0);
        }
        let (number, inside) = self.parts.locate(self.at);
        let Some(part) = self.parts.parts.get(number) else {
            let last = self.parts.parts.last().map_or("", |part| part.name.as_str());
            return Err(io::Error::other(format!("{last} is cut, or what follows it is missing")));
        };
        let Some((found, size)) = &part.found else {
            return Err(io::Error::other(format!("{} is missing", part.name)));
        };
        if inside >= *size {
            let text = if number + 1 == self.parts.parts.len() {
                format!("{} is cut, or what follows it is missing", part.name)
            } else {
                format!("{} is cut: it has {size} bytes instead of {}", part.name, self.parts.chunk)
            };
            return Err(io::Error::other(text));
        }
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            let mut file = found.open().map_err(io::Error::other)?.file;
            file.seek(SeekFrom::Start(inside))?;
            self.open = Some((number, file));
        }
        let Some((_, file)) = &mut self.open else { return Ok(0) };
        let most = (self.end - self.at).min(size - inside).min(buffer.len() as u64);
        let length = file.read(&mut buffer[..usize::try_from(most).unwrap_or(0)])?;
        if length == 0 {
            return Err(io::Error::other(format!("{} became shorter while it was read", part.name)));
        }
        self.at += length as u64;
        Ok(length)
    }
}
