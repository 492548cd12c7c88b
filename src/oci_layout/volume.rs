//! [`Volume`]: writes an archive as a stream of bytes, into one file or into parts.

use super::archive::BLOCK;
use super::parts::digest_of;
use super::paths::{INDEX, MARKER, MARKER_TEXT, blob, part, sums};
use crate::disk::made::{NewFile, grow, remove};
use crate::registry::{Digest, Hasher};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

/// An archive that is written.
#[derive(Debug)]
pub(super) struct Volume {
    archive: PathBuf,
    /// The size of each part; `None` for one file.
    chunk: Option<u64>,
    at: u64,
    /// The part that is written, with the digest of its bytes.
    open: Option<(usize, File, Hasher)>,
    /// The digests of the parts that are full.
    digests: BTreeMap<usize, Digest>,
}

impl Volume {
    /// Continues an archive after a number of bytes; what it has after them is removed.
    pub(super) fn begin(archive: &Path, chunk: Option<u64>, at: u64) -> io::Result<Self> {
        let mut volume = Self { archive: archive.to_path_buf(), chunk, at, open: None, digests: BTreeMap::new() };
        volume.cut(at)?;
        if at == 0 {
            volume.file(MARKER, MARKER_TEXT.len() as u64, &mut MARKER_TEXT.as_bytes())?;
        }
        Ok(volume)
    }

    fn path(&self, number: usize) -> PathBuf {
        if self.chunk.is_some() { part(&self.archive, number) } else { self.archive.clone() }
    }

    /// The part that a byte is in, and the byte's place there.
    fn locate(&self, at: u64) -> (usize, u64) {
        match self.chunk {
            Some(chunk) => (usize::try_from(at / chunk).unwrap_or(usize::MAX), at % chunk),
            None => (0, at),
        }
    }

    /// Removes everything after a number of bytes.
    fn cut(&mut self, at: u64) -> io::Result<()> {
        self.open = None;
        self.at = at;
        let (number, inside) = self.locate(at);
        self.digests.retain(|&known, _| known < number);
        if self.chunk.is_some() {
            remove(&sums(&self.archive))?;
            let mut later = number + usize::from(inside > 0);
            while crate::disk::look::is_there(&self.path(later)) {
                remove(&self.path(later))?;
                later += 1;
            }
        }
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (number, inside) = self.locate(self.at);
            let room = self.chunk.map_or(u64::MAX, |chunk| chunk - inside);
            let now = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            if self.open.as_ref().is_none_or(|(open, ..)| *open != number) {
                self.close()?;
                let path = self.path(number);
                let mut hasher = Hasher::new();
                if self.chunk.is_some() && inside > 0 {
                    hash_again(&path, inside, &mut hasher)?;
                }
                self.open = Some((number, grow(&path, inside)?, hasher));
            }
            let Some((_, file, hasher)) = &mut self.open else { return Ok(()) };
            file.write_all(&bytes[..now])?;
            if self.chunk.is_some() {
                hasher.update(&bytes[..now]);
            }
            self.at += now as u64;
            bytes = &bytes[now..];
        }
        Ok(())
    }

    /// The part that is open is full.
    fn close(&mut self) -> io::Result<()> {
        if let Some((number, file, hasher)) = self.open.take() {
            file.sync_data()?;
            self.digests.insert(number, hasher.finish());
        }
        Ok(())
    }

    /// Adds a file. If it cannot be added wholly, nothing of it is.
    pub(super) fn file(&mut self, path: &str, size: u64, content: &mut dyn Read) -> io::Result<()> {
        let begin = self.at;
        let added = self.add(path, size, content);
        if added.is_err() {
            let digests = self.digests.clone();
            self.cut(begin)?;
            self.digests = digests.into_iter().filter(|(number, _)| *number < self.locate(begin).0).collect();
        }
        added
    }

    /// Adds a blob.
    pub(super) fn blob(&mut self, digest: &Digest, size: u64, content: &mut dyn Read) -> io::Result<()> {
        self.file(&blob(digest), size, content)
    }

    fn add(&mut self, path: &str, size: u64, content: &mut dyn Read) -> io::Result<()> {
        let mut header = header(size, tar::EntryType::Regular);
        if header.set_path(path).is_err() {
            // As GNU tar does.
            let mut long = header_of_long_name(path.len() as u64 + 1)?;
            long.set_cksum();
            self.write(long.as_bytes())?;
            self.write(path.as_bytes())?;
            self.write(&[0])?;
            self.pad(path.len() as u64 + 1)?;
            header.set_path(&path[..90])?;
        }
        header.set_cksum();
        self.write(header.as_bytes())?;
        let mut left = size;
        let mut buffer = vec![0; 1 << 18];
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let length = content.read(&mut buffer[..most])?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.write(&buffer[..length])?;
            left -= length as u64;
        }
        self.pad(size)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let padding = size.next_multiple_of(BLOCK) - size;
        self.write(&[0; BLOCK as usize][..usize::try_from(padding).unwrap_or(0)])
    }

    /// Ends the archive with its index, and writes the checksums of its parts.
    pub(super) fn finish(mut self, index: &[u8]) -> io::Result<()> {
        self.file(INDEX, index.len() as u64, &mut &*index)?;
        self.write(&[0; 2 * BLOCK as usize])?;
        let (last, _) = self.locate(self.at - 1);
        self.close()?;
        if self.chunk.is_none() {
            return Ok(());
        }
        let mut text = String::new();
        for number in 0..=last {
            let path = self.path(number);
            let digest = match self.digests.get(&number) {
                Some(digest) => digest.clone(),
                None => hash_file(&path)?,
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            text.push_str(&format!("{}  {name}\n", digest.parts().1));
        }
        let mut file = NewFile::begin(&sums(&self.archive))?;
        file.write(text.as_bytes())?;
        file.finish()
    }
}

/// How every archive of ours begins.
pub(super) fn beginning() -> Vec<u8> {
    let mut header = header(MARKER_TEXT.len() as u64, tar::EntryType::Regular);
    // The name fits.
    let _ = header.set_path(MARKER);
    header.set_cksum();
    [header.as_bytes().as_slice(), MARKER_TEXT.as_bytes()].concat()
}

/// The beginning of a header. It contains no time and no user, so that the same blobs give the same bytes.
fn header(size: u64, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

fn header_of_long_name(size: u64) -> io::Result<tar::Header> {
    let mut header = header(size, tar::EntryType::GNULongName);
    header.set_path("././@LongLink").or_else(|_| header.set_path("@LongLink"))?;
    Ok(header)
}

fn hash_file(path: &Path) -> io::Result<Digest> {
    digest_of(crate::disk::made::written(path)?)
}

/// The digest of what a part has already.
fn hash_again(path: &Path, length: u64, hasher: &mut Hasher) -> io::Result<()> {
    let mut file = crate::disk::made::written(path)?.take(length);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            length => hasher.update(&buffer[..length]),
        }
    }
}
