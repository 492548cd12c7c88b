//! Reads the entries of a tar stream, exactly those that Go's archive/tar sees.
//!
//! Readers of tar disagree about sizes in extended headers, about what a directory is, and about the end; a file that only one
//! reader sees is a way to hide something. Helm reads with Go, so Go's reading decides. Sparse files, which Go reads, are
//! refused.
//! Source: Go `archive/tar`, `Reader.Next`.

use super::unpack::{Fault, Unpacked};
use crate::error::Error;
use std::io::BufRead;
use tar::Header;

/// An entry that is not the header of another.
#[derive(Debug)]
pub(super) struct Entry {
    /// The name, from wherever Go reads it.
    pub(super) name: Vec<u8>,
    /// The type byte of the header; `0` for a file.
    pub(super) kind: u8,
    /// Whether Go takes it for a directory.
    pub(super) is_folder: bool,
    /// The stated size, from an extended header if there is one.
    pub(super) size: u64,
    /// The size of its content in the stream.
    pub(super) content: u64,
    /// The size in the entry's own header, if an extended header states another one.
    pub(super) other_size: Option<u64>,
}

/// Reads entry after entry.
pub(super) struct Entries<'u, 'b, 'l, R: BufRead> {
    pub(super) stream: &'u mut Unpacked<'b, 'l, R>,
    /// Unread content and padding of the current entry.
    content_left: u64,
    padding: u64,
}

const BLOCK: usize = 512;
/// Go's limit on the content of an extended header.
const SPECIAL_BYTES: u64 = 1 << 20;

impl<'u, 'b, 'l, R: BufRead> Entries<'u, 'b, 'l, R> {
    pub(super) fn new(stream: &'u mut Unpacked<'b, 'l, R>) -> Self {
        Self { stream, content_left: 0, padding: 0 }
    }

    /// The next entry; `None` at the end of the archive. Unread content of the previous one is skipped.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Fault> {
        let mut extended = Records::default();
        let mut long_name = Vec::new();
        loop {
            self.pass_over()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let own_size = number(&header.as_old().size)?;
            let kind = header.as_old().linkflag[0];
            self.start(kind, own_size)?;
            match kind {
                b'x' => extended = self.records(true)?,
                b'g' => {
                    // For Go it is a separate entry, which ends the effect of an extended header before it.
                    self.records(false)?;
                    let name = own_name(&header);
                    return Ok(Some(Entry { name, kind, is_folder: false, size: 0, content: 0, other_size: None }));
                }
                b'L' => long_name = until_nul(&self.special()?).to_vec(),
                b'K' => drop(self.special()?),
                _ => return self.entry(&header, kind, own_size, extended, long_name).map(Some),
            }
        }
    }

    /// Reads the content of the current entry.
    pub(super) fn content(&mut self) -> Result<Vec<u8>, Fault> {
        let content = self.stream.take(self.content_left)?;
        self.content_left = 0;
        Ok(content)
    }

    fn entry(
        &mut self,
        header: &Header,
        mut kind: u8,
        own_size: u64,
        extended: Records,
        long_name: Vec<u8>,
    ) -> Result<Entry, Fault> {
        if extended.malformed {
            return Err(Fault::bad_header());
        }
        let mut name = extended.path.unwrap_or_else(|| own_name(header));
        if !long_name.is_empty() {
            name = long_name;
        }
        let size = extended.size.unwrap_or(own_size);
        if kind == 0 {
            kind = if name.ends_with(b"/") { b'5' } else { b'0' };
        }
        if kind == b'S' || extended.sparse {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(Fault::Limit(Error::chart(format!("{name:?} is a sparse file, which no chart needs"))));
        }
        self.start(kind, size)?;
        // Go quirk: the file type in the mode bits turns a file into a directory.
        let is_folder = kind == b'5' || number(&header.as_old().mode)? & !0o7777 == 0o40000;
        let other_size = (size != own_size).then_some(own_size);
        Ok(Entry { name, kind, is_folder, size, content: self.content_left, other_size })
    }

    /// Sets the length of the content that follows.
    fn start(&mut self, kind: u8, size: u64) -> Result<(), Fault> {
        if size > i64::MAX as u64 {
            return Err(Fault::bad_header());
        }
        let headers_only = matches!(kind, b'1'..=b'6');
        self.content_left = if headers_only { 0 } else { size };
        self.padding = self.content_left.wrapping_neg() % BLOCK as u64;
        Ok(())
    }

    fn pass_over(&mut self) -> Result<(), Fault> {
        let (content, padding) = (std::mem::take(&mut self.content_left), std::mem::take(&mut self.padding));
        if self.stream.skip(content)? < content {
            return Err(Fault::unexpected_end());
        }
        // The last padding may be truncated by the end.
        self.stream.skip(padding)?;
        Ok(())
    }

    /// A header block; `None` at the end, whether marked by two zero blocks or not.
    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let Some(block) = self.block()? else { return Ok(None) };
        if block == [0; BLOCK] {
            return match self.block()? {
                None => Ok(None),
                Some(block) if block == [0; BLOCK] => Ok(None),
                Some(_) => Err(Fault::bad_header()),
            };
        }
        let header = Header::from_byte_slice(&block).clone();
        let stated = octal(&header.as_old().cksum)?;
        let field = 148..156;
        let bytes = || block.iter().enumerate().map(|(at, &byte)| if field.contains(&at) { b' ' } else { byte });
        let unsigned: i64 = bytes().map(i64::from).sum();
        let signed: i64 = bytes().map(|byte| i64::from(byte as i8)).sum();
        if stated as i64 != unsigned && stated as i64 != signed {
            return Err(Fault::bad_header());
        }
        // Fields other than names and sizes must still be valid numbers.
        let fields = header.as_old();
        let devices: &[u8] = if block[257..263] == *b"ustar\0" || is_gnu(&block) { &block[329..345] } else { b"" };
        for field in [&fields.mode[..], &fields.uid, &fields.gid, &fields.mtime].into_iter().chain(devices.chunks(8)) {
            number_or_negative(field)?;
        }
        Ok(Some(header))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Fault> {
        let block = self.stream.take_up_to(BLOCK as u64)?;
        match <[u8; BLOCK]>::try_from(block.as_slice()) {
            Ok(block) => Ok(Some(block)),
            Err(_) if block.is_empty() => Ok(None),
            Err(_) => Err(Fault::unexpected_end()),
        }
    }

    /// The content of an entry that is the header of another.
    fn special(&mut self) -> Result<Vec<u8>, Fault> {
        if self.content_left > SPECIAL_BYTES {
            return Err(Fault::Helm(Error::chart("archive/tar: header field too long")));
        }
        self.content()
    }

    /// Parses an extended header: records `18 path=s/a.yaml` and a line break, where the number is the record's length. The values
    /// are only checked if the header is not global.
    fn records(&mut self, used: bool) -> Result<Records, Fault> {
        let text = self.special()?;
        let mut rest = text.as_slice();
        let mut records = Records::default();
        while !rest.is_empty() {
            let (key, value, after) = record(rest).ok_or_else(Fault::bad_header)?;
            rest = after;
            if !used {
                continue;
            }
            // In Go, an empty value keeps the value of the header.
            match key {
                b"path" => records.path = (!value.is_empty()).then(|| value.to_vec()),
                b"size" if value.is_empty() => records.size = None,
                b"size" => {
                    records.size = decimal(value).and_then(|size| u64::try_from(size).ok());
                    records.malformed |= records.size.is_none();
                }
                b"uid" | b"gid" if !value.is_empty() => records.malformed |= decimal(value).is_none(),
                b"mtime" | b"atime" | b"ctime" if !value.is_empty() => records.malformed |= !is_time(value),
                _ => records.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(records)
    }
}

/// The values of an extended header for the entry after it.
#[derive(Default)]
struct Records {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// Whether a number in it is invalid; that matters if an entry follows.
    malformed: bool,
}

/// Splits off the first record: its key, its value and the rest.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = text.iter().position(|&byte| byte == b' ')?;
    let length = usize::try_from(decimal(&text[..space])?).ok()?;
    if length < 5 || length > text.len() || length <= space + 1 {
        return None;
    }
    let (line, rest) = text.split_at(length);
    let (line, end) = line[space + 1..].split_last().map(|(end, line)| (line, *end))?;
    let equals = line.iter().position(|&byte| byte == b'=')?;
    let (key, value) = (&line[..equals], &line[equals + 1..]);
    let without_nul = match key {
        b"path" | b"linkpath" | b"uname" | b"gname" => value,
        _ => key,
    };
    let valid = end == b'\n' && !key.is_empty() && !without_nul.contains(&0);
    valid.then_some((key, value, rest))
}

/// The name in the header itself, with the prefix of its format.
fn own_name(header: &Header) -> Vec<u8> {
    let name = until_nul(&header.as_old().name);
    let block = header.as_bytes();
    let times = [&block[345..357], &block[357..369]];
    let prefix: &[u8] = match &block[257..263] {
        // The star format ends with its own mark and has a shorter prefix.
        b"ustar\0" if block[508..] == *b"tar\0" => until_nul(&block[345..476]),
        b"ustar\0" => until_nul(&block[345..500]),
        // Go quirk: if the times of the GNU format are not numbers, they are read as the prefix that Go once wrote.
        _ if is_gnu(block) && times.iter().any(|time| time[0] != 0 && number_or_negative(time).is_err()) => {
            Some(until_nul(&block[345..500])).filter(|prefix| prefix.is_ascii()).unwrap_or_default()
        }
        _ => b"",
    };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn is_gnu(block: &[u8; BLOCK]) -> bool {
    block[257..265] == *b"ustar  \0"
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

/// A size or mode: octal digits, or big-endian bytes after a set first bit.
fn number(field: &[u8]) -> Result<u64, Fault> {
    u64::try_from(number_or_negative(field)?).map_err(|_| Fault::bad_header())
}

fn number_or_negative(field: &[u8]) -> Result<i64, Fault> {
    let Some(&first) = field.first().filter(|&&first| first & 0x80 != 0) else {
        return octal(field).map(|number| number as i64);
    };
    // Two's complement; the second bit is the sign.
    let negative = first & 0x40 != 0;
    let inverted = if negative { 0xff } else { 0 };
    let mut number: u64 = 0;
    for (at, &byte) in field.iter().enumerate() {
        let mut byte = byte ^ inverted;
        if at == 0 {
            byte &= 0x7f;
        }
        if number >> 56 != 0 {
            return Err(Fault::bad_header());
        }
        number = number << 8 | u64::from(byte);
    }
    match i64::try_from(number) {
        Ok(number) if negative => Ok(!number),
        Ok(number) => Ok(number),
        Err(_) => Err(Fault::bad_header()),
    }
}

fn octal(field: &[u8]) -> Result<u64, Fault> {
    // Go quirk: padding may be spaces and zero bytes on both sides, and the digits end at a zero byte.
    let is_padding = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !is_padding(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    let digits = until_nul(&field[start..end]);
    if digits.is_empty() {
        return Ok(0);
    }
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'));
    digits.and_then(|digits| u64::from_str_radix(digits, 8).ok()).ok_or_else(Fault::bad_header)
}

/// Go's `ParseInt` with base 10.
fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Seconds with an optional fraction.
fn is_time(text: &[u8]) -> bool {
    let (seconds, fraction) = match text.iter().position(|&byte| byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &b""[..]),
    };
    decimal(seconds).is_some() && fraction.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::{number_or_negative, octal, record};

    #[test]
    fn numbers_are_read_as_in_go() {
        assert_eq!(octal(b"0000644\0").ok(), Some(0o644));
        assert_eq!(octal(b"   644 \0").ok(), Some(0o644));
        assert_eq!(octal(b"\0\0\0\0").ok(), Some(0));
        assert!(octal(b"0000648\0").is_err() && octal(b"+644").is_err());
        assert_eq!(number_or_negative(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02").ok(), Some(258));
        assert_eq!(number_or_negative(b"\xff\xff\xff\xfe").ok(), Some(-2));
        assert!(number_or_negative(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
    }

    #[test]
    fn records_go_by_their_length() {
        assert_eq!(record(b"12 path=a\nb\nrest"), Some((&b"path"[..], &b"a\nb"[..], &b"rest"[..])));
        assert_eq!(record(b"11 path=ab\n"), Some((&b"path"[..], &b"ab"[..], &b""[..])));
        for bad in [&b"11 path=abc\n"[..], b"x path=a\n", b"99 path=a\n", b"9 path=\0\n", b"6 =ab\n", b"3 =\n"] {
            assert_eq!(record(bad), None, "{bad:?}");
        }
    }
}
