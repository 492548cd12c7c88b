//! [`Unpacked`]: the stream inside a gzip file, counted while it is read.

use super::budget::Budget;
use crate::error::Error;
use crate::go::system_error;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufRead, Read};

/// Why an archive cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The gzip header is wrong.
    GzipHeader,
    /// Any other error that helm has as well, with its text.
    Helm(Error),
    /// One of our own limits, or something that we refuse and helm reads.
    Limit(Error),
}

impl Fault {
    pub(super) fn bad_header() -> Self {
        Self::Helm(Error::chart("archive/tar: invalid tar header"))
    }

    pub(super) fn unexpected_end() -> Self {
        Self::Helm(Error::chart("unexpected EOF"))
    }

    /// The error for an archive inside a chart.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::GzipHeader => Error::chart("gzip: invalid header"),
            Self::Helm(error) | Self::Limit(error) => error,
        }
    }
}

/// The unpacked stream: all members of a gzip file in sequence, counted against the budget.
pub(super) struct Unpacked<'b, 'l, R: BufRead> {
    /// `None` after the last one.
    member: Option<DeflateDecoder<R>>,
    pub(super) budget: &'b mut Budget<'l>,
    /// The output buffer.
    chunk: Box<[u8]>,
}

/// The size of input and output pieces: the decoder copies the last 32 KiB of each piece.
pub(super) const CHUNK: usize = 256 << 10;

/// The largest initial allocation for a file: a stated size costs nothing until it proves true.
const RESERVED: u64 = 8 << 20;

/// How far to search after the end of the archive.
const REST_BYTES: u64 = 1 << 20;

impl<'b, 'l, R: BufRead> Unpacked<'b, 'l, R> {
    pub(super) fn new(mut source: R, budget: &'b mut Budget<'l>) -> Result<Self, Fault> {
        if is_at_end(&mut source)? {
            return Err(Fault::Helm(Error::chart("EOF")));
        }
        Ok(Self { member: Some(open_member(source)?), budget, chunk: vec![0; CHUNK].into() })
    }

    /// Reads exactly a number of bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        let bytes = self.take_up_to(count)?;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(Fault::unexpected_end()) }
    }

    /// Reads a number of bytes, or fewer at the end.
    pub(super) fn take_up_to(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        if count > self.budget.bytes_left() {
            return Err(Fault::Limit(self.budget.out_of_bytes()));
        }
        let mut bytes = Vec::with_capacity(count.min(RESERVED) as usize);
        self.read(count, |chunk| bytes.extend_from_slice(chunk))?;
        Ok(bytes)
    }

    /// Skips a number of bytes, or fewer at the end; returns how many.
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
            // The checksum and the length: helm stops at the end of the archive, before it reads them.
            source.read_exact(&mut [0; 8]).map_err(|error| read_fault(&error))?;
            if !is_at_end(&mut source)? {
                self.member = Some(open_member(source)?);
            }
        }
        Ok(())
    }

    /// Reports data after the end of the archive, which helm does not read.
    pub(super) fn hidden_rest(mut self) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut left = REST_BYTES;
        let mut chunk = [0; 16 << 10];
        while let Some(member) = &mut self.member {
            match member.read(&mut chunk) {
                Ok(0) => break,
                Ok(got) if chunk[..got].iter().any(|&byte| byte != 0) => {
                    found.push("it has data after the end of the archive, which helm does not read");
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
            found.push("data follows its compressed part, which helm does not read");
        }
        found
    }
}

/// The longest name or comment in a gzip header.
const HEADER_TEXT: usize = 512;

/// Reads the gzip header; the content is unpacked without its checksum, which helm never checks.
///
/// Source: Go `compress/gzip`, `Reader.readHeader`.
fn open_member<R: BufRead>(mut source: R) -> Result<DeflateDecoder<R>, Fault> {
    const HAS_CHECKSUM: u8 = 2;
    const HAS_EXTRA: u8 = 4;
    const TEXTS: [u8; 2] = [8, 16];
    let mut head = [0; 10];
    read_head(&mut source, &mut head)?;
    let [0x1f, 0x8b, 8, flags, ..] = head else { return Err(Fault::GzipHeader) };
    // Go quirk: the reserved flags are ignored.
    let mut checksum = Crc::new();
    checksum.update(&head);
    if flags & HAS_EXTRA != 0 {
        let mut length = [0; 2];
        read_head(&mut source, &mut length)?;
        checksum.update(&length);
        let mut extra = vec![0; usize::from(u16::from_le_bytes(length))];
        read_head(&mut source, &mut extra)?;
        checksum.update(&extra);
    }
    for _ in TEXTS.iter().filter(|&&has_text| flags & has_text != 0) {
        let mut length = 0;
        let mut byte = [1];
        while byte != [0] {
            if length >= HEADER_TEXT {
                return Err(Fault::GzipHeader);
            }
            read_head(&mut source, &mut byte)?;
            checksum.update(&byte);
            length += 1;
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        let mut stated = [0; 2];
        read_head(&mut source, &mut stated)?;
        if u16::from_le_bytes(stated) != checksum.sum() as u16 {
            return Err(Fault::GzipHeader);
        }
    }
    Ok(DeflateDecoder::new(source))
}

fn read_head(source: &mut impl BufRead, bytes: &mut [u8]) -> Result<(), Fault> {
    source.read_exact(bytes).map_err(|error| read_fault(&error))
}

fn is_at_end(source: &mut impl BufRead) -> Result<bool, Fault> {
    source.fill_buf().map(<[u8]>::is_empty).map_err(|error| read_fault(&error))
}

fn read_fault(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::unexpected_end(),
        // The decoder's own errors have no system error number.
        _ if error.raw_os_error().is_some() => Fault::Helm(Error::file(system_error(error))),
        _ => Fault::Helm(Error::chart("flate: corrupt input")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::bufread::GzEncoder;

    #[test]
    fn headers_are_gos() {
        let mut plain = Vec::new();
        GzEncoder::new(&b"text"[..], Compression::default()).read_to_end(&mut plain).unwrap();
        let with = |flags: u8, between: &[u8]| {
            let mut bytes = plain[..10].to_vec();
            bytes[3] = flags;
            bytes.extend_from_slice(between);
            bytes.extend_from_slice(&plain[10..]);
            bytes
        };
        let unpacked = |bytes: &[u8]| {
            let mut text = String::new();
            let mut member = open_member(bytes).map_err(|fault| fault.into_error().into_text())?;
            member.read_to_string(&mut text).map_err(|error| error.to_string())?;
            Ok::<_, String>(text)
        };
        let reserved = with(0xE0, &[]);
        let extra = with(4, b"\x02\0ab");
        let texts = with(24, b"name\0comment\0");
        let mut checksum = Crc::new();
        checksum.update(&with(2, &[])[..10]);
        let checked = with(2, &(checksum.sum() as u16).to_le_bytes());
        for bytes in [&plain, &reserved, &extra, &texts, &checked] {
            assert_eq!(unpacked(bytes), Ok("text".to_owned()));
        }
        let long = with(8, &[b'a'; 600]);
        for bytes in [&with(2, &[1, 2]), &long, &b"0123456789".to_vec()] {
            assert_eq!(unpacked(bytes), Err("gzip: invalid header".to_owned()));
        }
        assert_eq!(unpacked(&plain[..9]), Err("unexpected EOF".to_owned()));
    }
}
