//! [`ChangedFiles`]: how the working folder differs from a commit.
//!
//! git lists what the commit and the index contain (with the times and sizes of the files), and which files are neither in
//! the index nor ignored. Whether a file still matches the index is decided here, because git would read files through the
//! filters that the repository configures.

use super::GitRepository;
use super::objects::Id;
use crate::error::Error;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// The differences from a commit, as paths relative to the repository.
#[derive(Debug, Default)]
pub(crate) struct ChangedFiles {
    /// Files, links and submodules.
    paths: BTreeSet<Vec<u8>>,
    /// All links in the index.
    links: BTreeSet<Vec<u8>>,
}

impl ChangedFiles {
    /// Whether something at a path, below it or above it changed. The empty path is the repository.
    pub(crate) fn touch(&self, path: &[u8]) -> bool {
        below(&self.paths, path).next().is_some()
            || self.paths.contains(path)
            || path.iter().enumerate().any(|(at, &byte)| byte == b'/' && self.paths.contains(&path[..at]))
    }

    /// The links below a folder.
    pub(crate) fn links_below<'c>(&'c self, path: &[u8]) -> impl Iterator<Item = &'c [u8]> {
        below(&self.links, path)
    }
}

/// The paths below a folder; all of them for the repository itself.
fn below<'c>(paths: &'c BTreeSet<Vec<u8>>, folder: &[u8]) -> impl Iterator<Item = &'c [u8]> {
    let start = if folder.is_empty() { Vec::new() } else { [folder, b"/"].concat() };
    let from = paths.range(start.clone()..);
    from.take_while(move |path| path.starts_with(&start)).map(Vec::as_slice)
}

/// An entry of the index.
struct Entry<'a> {
    path: &'a [u8],
    mode: &'a [u8],
    /// In hexadecimal digits.
    id: &'a [u8],
    /// Non-zero only while a merge has conflicts.
    stage: &'a [u8],
    stat: Option<Stat>,
}

/// What the index records about a file; times are seconds and nanoseconds.
#[derive(Default)]
struct Stat {
    created: (u64, u32),
    modified: (u64, u32),
    inode: u64,
    size: u64,
    /// It is not in the working folder, because of a sparse checkout.
    is_left_out: bool,
}

const SKIP_WORKTREE: u32 = 1 << 30;

/// The depth to which nested submodules are searched.
const DEPTH: u32 = 16;

impl GitRepository {
    /// The differences from a commit, including staged and uncommitted changes.
    pub(crate) fn changes(&self, since: &Id) -> Result<ChangedFiles, Error> {
        self.changes_at_depth(since, 0)
    }

    fn changes_at_depth(&self, since: &Id, depth: u32) -> Result<ChangedFiles, Error> {
        let mut changes = ChangedFiles::default();
        let (others, tree, index) = std::thread::scope(|scope| {
            let others = scope.spawn(|| self.git.ask(&["ls-files", "--others", "--exclude-standard", "-z"]));
            let tree = scope.spawn(|| self.git.ask(&["ls-tree", "-r", "-z", "--full-tree", since.text()]));
            let index = self.git.ask(&["ls-files", "--stage", "--debug", "-z"]);
            let lost = |_| Err(Error::file("--changed-since: the thread that asks git failed"));
            (others.join().unwrap_or_else(lost), tree.join().unwrap_or_else(lost), index)
        });
        let (others, tree, index) = (others?, tree?, index?);
        changes.paths.extend(paths(&others));
        let mut committed =
            committed(&tree).ok_or_else(|| Error::file("--changed-since: unexpected output of git ls-tree"))?;
        let index_time = self.index.metadata().ok().map(|about| modified(&about));
        let mut rest = index.as_slice();
        while !rest.is_empty() {
            let (entry, after) =
                entry(rest).ok_or_else(|| Error::file("--changed-since: unexpected output of git ls-files"))?;
            rest = after;
            let was = committed.remove(entry.path);
            if entry.mode == b"120000" {
                changes.links.insert(entry.path.to_vec());
            }
            if was != Some((entry.mode, entry.id)) || entry.stage != b"0" {
                changes.paths.insert(entry.path.to_vec());
            } else if entry.mode == b"160000" {
                self.submodule(&entry, depth, &mut changes);
            } else if self.differs(&entry, index_time) {
                changes.paths.insert(entry.path.to_vec());
            }
        }
        // The rest was removed.
        changes.paths.extend(committed.into_keys().map(<[u8]>::to_vec));
        Ok(changes)
    }

    /// The differences of the working folder from the index: what the next commit would not have. Ignored files do not count.
    pub(crate) fn unstaged(&self) -> Result<ChangedFiles, Error> {
        let mut changes = ChangedFiles::default();
        changes.paths.extend(paths(&self.git.ask(&["ls-files", "--others", "--exclude-standard", "-z"])?));
        let index = self.git.ask(&["ls-files", "--stage", "--debug", "-z"])?;
        let index_time = self.index.metadata().ok().map(|about| modified(&about));
        let mut rest = index.as_slice();
        while !rest.is_empty() {
            let (entry, after) =
                entry(rest).ok_or_else(|| Error::file("--pre-commit: unexpected output of git ls-files"))?;
            rest = after;
            if entry.stage != b"0" || entry.mode != b"160000" && self.differs(&entry, index_time) {
                changes.paths.insert(entry.path.to_vec());
            }
        }
        Ok(changes)
    }

    /// Whether the file in the working folder differs from the index.
    fn differs(&self, entry: &Entry<'_>, index_time: Option<(u64, u32)>) -> bool {
        let path = self.top.join(to_path(entry.path));
        let Ok(about) = path.symlink_metadata() else {
            return !entry.stat.as_ref().is_some_and(|stat| stat.is_left_out);
        };
        let is_link = entry.mode == b"120000";
        // On a system without links, a link is a file whose text is the target.
        if about.is_symlink() && !is_link || !about.is_symlink() && !about.is_file() {
            return true;
        }
        if let Some(stat) = &entry.stat {
            // A file written after the index may have changed again within the same clock tick.
            let is_older = index_time.is_some_and(|time| stat.modified < time);
            if is_older && stat.is_of(&about) {
                return false;
            }
            // git writes the size zero when it is not certain itself.
            if !is_link && stat.size != 0 && stat.size != about.len() & u64::from(u32::MAX) {
                return true;
            }
        }
        !Id::parse(entry.id).is_some_and(|id| has_id(&path, &about, &id))
    }

    /// Adds the differences of a submodule. A submodule that is not checked out has none.
    fn submodule(&self, entry: &Entry<'_>, depth: u32, changes: &mut ChangedFiles) {
        let folder = self.top.join(to_path(entry.path));
        let Ok(about) = folder.symlink_metadata() else { return };
        if about.is_dir() && folder.join(".git").symlink_metadata().is_err() {
            return;
        }
        let inside = if about.is_dir() && depth < DEPTH {
            let inside = Self::at(&self.git, folder).ok();
            inside.zip(Id::parse(entry.id)).and_then(|(inside, id)| inside.changes_at_depth(&id, depth + 1).ok())
        } else {
            None
        };
        // If its state is not known, it may have changed.
        let Some(inside) = inside else {
            changes.paths.insert(entry.path.to_vec());
            return;
        };
        let path = |path: &Vec<u8>| [entry.path, b"/", path].concat();
        changes.paths.extend(inside.paths.iter().map(path));
        changes.links.extend(inside.links.iter().map(path));
    }
}

impl Stat {
    fn is_of(&self, about: &Metadata) -> bool {
        self.size == about.len() & u64::from(u32::MAX) && self.modified == modified(about) && self.is_same_file(about)
    }

    /// The writer of a file can set back its modification time, but not these fields.
    #[cfg(unix)]
    fn is_same_file(&self, about: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        let created = u64::try_from(about.ctime()).unwrap_or_default();
        self.created.0 == created && self.inode == about.ino() & u64::from(u32::MAX)
    }

    #[cfg(not(unix))]
    fn is_same_file(&self, _: &Metadata) -> bool {
        let _ = (self.created, self.inode);
        true
    }
}

/// When a file was last modified: seconds and nanoseconds.
fn modified(about: &Metadata) -> (u64, u32) {
    let since = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let since: Duration = since.unwrap_or_default();
    (since.as_secs(), since.subsec_nanos())
}

/// Whether the content of a file has this id. Only regular files are opened, and nothing of them is shown.
#[expect(clippy::disallowed_methods, reason = "only a hash of the file is compared")]
fn has_id(path: &Path, about: &Metadata, id: &Id) -> bool {
    let found = if about.is_symlink() {
        path.read_link().ok().and_then(|target| {
            let target = bytes(&target);
            hash(id, target.len() as u64, target.as_slice())
        })
    } else if !about.is_file() {
        None
    } else {
        File::open(path).ok().and_then(|file| hash(id, about.len(), BufReader::new(file)))
    };
    found.as_ref() == Some(id)
}

/// The id of a blob, with the same hash function as another id.
fn hash(like: &Id, size: u64, content: impl Read) -> Option<Id> {
    fn of<D: Digest>(size: u64, content: impl Read) -> Option<Vec<u8>> {
        let mut digest = D::new();
        digest.update(format!("blob {size}\0"));
        let mut content = content.take(size);
        let mut part = vec![0; 1 << 16];
        loop {
            match content.read(&mut part).ok()? {
                0 => return Some(digest.finalize().to_vec()),
                count => digest.update(&part[..count]),
            }
        }
    }
    let bytes = if like.bytes() == 20 { of::<Sha1>(size, content) } else { of::<Sha256>(size, content) };
    bytes.map(|bytes| Id::of_bytes(&bytes))
}

/// The paths of a list in which each ends with a zero byte; a nested repository ends with `/`.
fn paths(list: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let paths = list.split(|&byte| byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| path.strip_suffix(b"/").unwrap_or(path).to_vec())
}

/// Modes and ids by path.
type Committed<'a> = BTreeMap<&'a [u8], (&'a [u8], &'a [u8])>;

/// The files of a commit: `MODE TYPE ID`, a tab, the path and a zero byte for each.
fn committed(list: &[u8]) -> Option<Committed<'_>> {
    let lines = list.split(|&byte| byte == 0).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let tab = memchr::memchr(b'\t', line)?;
            let mut head = line[..tab].split(|&byte| byte == b' ');
            let (mode, id) = (head.next()?, head.nth(1)?);
            Some((&line[tab + 1..], (mode, id)))
        })
        .collect()
}

/// Reads an entry of the index, and returns the rest: `MODE ID STAGE`, a tab, the path and a zero byte; then lines
/// indented by two blanks with what the index records about the file.
fn entry(text: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let tab = memchr::memchr(b'\t', text)?;
    let mut head = text[..tab].split(|&byte| byte == b' ');
    let (mode, id, stage) = (head.next()?, head.next()?, head.next()?);
    let end = tab + 1 + memchr::memchr(0, &text[tab + 1..])?;
    let path = &text[tab + 1..end];
    let mut rest = &text[end + 1..];
    let mut numbers = Vec::new();
    while let Some(line) = rest.strip_prefix(b"  ") {
        let end = memchr::memchr(b'\n', line)?;
        let line = std::str::from_utf8(&line[..end]).ok()?;
        rest = &rest[end + 3..];
        for part in line.split('\t') {
            let (name, number) = part.split_once(": ")?;
            numbers.push((name, number));
        }
    }
    Some((Entry { path, mode, id, stage, stat: stat(&numbers) }, rest))
}

/// What the index records; `None` if this version of git prints another form.
fn stat(numbers: &[(&str, &str)]) -> Option<Stat> {
    let text = |name: &str| numbers.iter().find(|(other, _)| *other == name).map(|(_, number)| *number);
    let time = |name: &str| {
        let (seconds, nanoseconds) = text(name)?.split_once(':')?;
        Some((seconds.parse().ok()?, nanoseconds.parse().ok()?))
    };
    let number = |name: &str| text(name)?.parse().ok();
    let flags = u32::from_str_radix(text("flags")?, 16).ok()?;
    Some(Stat {
        created: time("ctime")?,
        modified: time("mtime")?,
        inode: number("ino")?,
        size: number("size")?,
        is_left_out: flags & SKIP_WORKTREE != 0,
    })
}

/// A path as git writes it.
pub(super) fn bytes(path: &Path) -> Vec<u8> {
    if std::path::MAIN_SEPARATOR == '/' {
        path.as_os_str().as_encoded_bytes().to_vec()
    } else {
        path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/").into_bytes()
    }
}

#[cfg(unix)]
pub(super) fn to_path(path: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(path))
}

#[cfg(not(unix))]
pub(super) fn to_path(path: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(path).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{ChangedFiles, entry};

    #[test]
    fn what_is_at_below_or_around_a_path_touches_it() {
        let paths = ["a/b", "c", "d-e/f"].map(|path| path.as_bytes().to_vec());
        let changes = ChangedFiles { paths: paths.into(), ..ChangedFiles::default() };
        for path in ["a/b", "a", "a/b/x", "c", "c/x/y", "d-e", ""] {
            assert!(changes.touch(path.as_bytes()), "{path}");
        }
        for path in ["a/bb", "b", "cc", "d", "d-e/ff", "a/a"] {
            assert!(!changes.touch(path.as_bytes()), "{path}");
        }
        assert!(!ChangedFiles::default().touch(b""));
    }

    #[test]
    fn entries_of_the_index_are_read_with_or_without_what_it_remembers() {
        let id = "78981922613b2afb6025042ff6bd878ac1994e85";
        let first = format!("100644 {id} 0\t a\t\n\0");
        let stat = "  ctime: 17:5\n  mtime: 18:6\n  dev: 1\tino: 9\n  uid: 0\tgid: 0\n  size: 2\tflags: 40000000\n";
        let text = format!("{first}{stat}120000 {id} 2\t\u{ff}\0");
        let (one, rest) = entry(text.as_bytes()).expect("an entry");
        let remembered = one.stat.expect("it remembers");
        assert_eq!((one.path, one.mode, one.stage), (&b" a\t\n"[..], &b"100644"[..], &b"0"[..]));
        assert_eq!((remembered.created, remembered.modified), ((17, 5), (18, 6)));
        assert_eq!((remembered.inode, remembered.size, remembered.is_left_out), (9, 2, true));
        let (two, rest) = entry(rest).expect("another entry");
        assert_eq!((two.stage, two.stat.is_some(), rest), (&b"2"[..], false, &b""[..]));
        assert!(entry(b"100644 0\ta\0").is_none());
        assert!(entry(&text.as_bytes()[..first.len() - 1]).is_none());
    }
}
