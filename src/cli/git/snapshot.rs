//! [`Snapshot`]: the content of a commit, read from its objects; nothing is written to the disk.
//!
//! Paths are resolved as the system does, including links, but only within the commit.

use super::objects::{Id, Objects};
use crate::chart::stored::{Collected, Stored};
use crate::error::Error;
use crate::limits::Limits;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The content of a commit.
#[derive(Debug)]
pub(crate) struct Snapshot {
    objects: RefCell<Objects>,
    root: Id,
    /// The trees read so far, and their size in bytes.
    trees: RefCell<(BTreeMap<Id, Rc<Tree>>, usize)>,
}

/// The entries of a tree, by their names' bytes.
type Tree = Vec<(Vec<u8>, Entry)>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    File(Id),
    Folder(Id),
    Link(Id),
    Submodule,
}

/// What a path resolves to after all links were followed.
enum Found {
    Nothing,
    File(Id),
    Folder(Folder),
}

struct Folder {
    /// The names of the folders above it; none of them is a link.
    path: Vec<Vec<u8>>,
    id: Id,
}

/// The largest tree in bytes: a folder of some hundred thousand files.
const TREE_BYTES: u64 = 32 << 20;

/// The largest commit in bytes, including its message.
const COMMIT_BYTES: u64 = 64 << 20;

/// The most bytes of trees that are kept.
const KEPT_BYTES: usize = 64 << 20;

/// The longest target of a link, as on Linux.
const LINK_BYTES: u64 = 4096;

/// The most links that are followed for one path, as on Linux.
pub(super) const LINKS: usize = 40;

impl Snapshot {
    pub(super) fn of(mut objects: Objects, commit: &Id) -> Result<Self, Error> {
        let text = objects.read(commit, "commit", COMMIT_BYTES)?;
        // The first line names the tree.
        let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let root = line.strip_prefix(b"tree ").and_then(Id::parse);
        let root =
            root.ok_or_else(|| Error::file(format!("--changed-since: the commit {} has no tree", commit.text())))?;
        Ok(Self { objects: RefCell::new(objects), root, trees: RefCell::default() })
    }

    /// The content of a file; `None` if there is none.
    ///
    /// Errors say why it is not known.
    pub(crate) fn file(&self, path: &[u8], limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self.find(path)? {
            Found::File(id) => self.blob(&id, limit).map(Some),
            Found::Nothing | Found::Folder(_) => Ok(None),
        }
    }

    /// The sorted names in a folder; empty if there is none.
    pub(crate) fn names(&self, path: &[u8]) -> Result<Vec<String>, Error> {
        let Found::Folder(folder) = self.find(path)? else { return Ok(Vec::new()) };
        Ok(self.tree(&folder.id)?.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// The chart at a path, a folder or an archive.
    ///
    /// Errors say why it is not known.
    pub(crate) fn chart(&self, path: &[u8], limits: &Limits) -> Result<Stored, Error> {
        let folder = match self.find(path)? {
            Found::Nothing => return Err(Error::file(format!("{} does not exist", shown(path)))),
            Found::File(id) => return Ok(Stored::archive(self.blob(&id, limits.chart_bytes)?)),
            Found::Folder(folder) => folder,
        };
        let ignored = [path, b"/.helmignore"].concat();
        let mut chart = Collected::new(&self.file(&ignored, limits.chart_bytes)?.unwrap_or_default(), limits)?;
        self.collect(&mut chart, "", &folder, &mut Vec::new())?;
        Ok(chart.into_stored())
    }

    /// Collects a folder as if it were at a path of the chart; `links` are the targets of the links that were followed to
    /// reach it.
    fn collect(
        &self,
        chart: &mut Collected<'_>,
        at: &str,
        folder: &Folder,
        links: &mut Vec<Vec<Vec<u8>>>,
    ) -> Result<(), Error> {
        let tree = self.tree(&folder.id)?;
        let mut names = BTreeSet::new();
        for (name, entry) in tree.iter() {
            let inside = match at {
                "" => String::from_utf8_lossy(name).into_owned(),
                at => format!("{at}/{}", String::from_utf8_lossy(name)),
            };
            let path = [folder.path.as_slice(), std::slice::from_ref(name)].concat();
            // git would not write it to a disk either.
            if !is_name(name) {
                return Err(Error::file(format!(
                    "its commit is malformed: it has the path {:?}",
                    shown(&path.join(&b'/'))
                )));
            }
            if !names.insert(name) {
                return Err(Error::file(format!(
                    "its commit is malformed: it has {:?} twice",
                    shown(&path.join(&b'/'))
                )));
            }
            let (found, is_link) = match entry {
                Entry::File(id) => (Found::File(id.clone()), false),
                Entry::Folder(id) => (Found::Folder(Folder { path, id: id.clone() }), false),
                Entry::Link(_) => (self.find(&path.join(&b'/'))?, true),
                Entry::Submodule if chart.takes(&inside, true)? => return Err(in_submodule(&path)),
                Entry::Submodule => continue,
            };
            match found {
                Found::Nothing => return Err(Error::file(format!("{inside} is a link to a file that does not exist"))),
                Found::File(id) => {
                    if chart.takes(&inside, false)? {
                        let content = self.blob(&id, chart.bytes_left());
                        let content = content.map_err(|error| error.after(&inside))?;
                        chart.add(inside, content)?;
                    }
                }
                Found::Folder(target) => {
                    if !chart.takes(&inside, true)? {
                        continue;
                    }
                    if is_link {
                        links.push(folder.path.clone());
                        if links.iter().any(|link| link.starts_with(&target.path)) {
                            return Err(Error::file(format!("{inside} is a link to a folder that contains it")));
                        }
                    }
                    self.collect(chart, &inside, &target, links)?;
                    if is_link {
                        links.pop();
                    }
                }
            }
        }
        Ok(())
    }

    /// Resolves a path from the commit's root, link by link.
    fn find(&self, path: &[u8]) -> Result<Found, Error> {
        let parts =
            |path: &[u8]| -> Vec<Vec<u8>> { path.split(|&byte| byte == b'/').rev().map(<[u8]>::to_vec).collect() };
        let leads_out = || Err(Error::file(format!("{} leads out of the repository", shown(path))));
        let mut left = parts(path);
        let mut folders: Vec<(Vec<u8>, Id)> = Vec::new();
        let mut links = 0_usize;
        while let Some(name) = left.pop() {
            match name.as_slice() {
                b"" | b"." => continue,
                b".." => match folders.pop() {
                    Some(_) => continue,
                    None => return leads_out(),
                },
                _ => {}
            }
            let tree = self.tree(folders.last().map_or(&self.root, |(_, id)| id))?;
            let from = tree.partition_point(|(other, _)| *other < name);
            let mut named = tree[from..].iter().take_while(|(other, _)| *other == name);
            let entry = named.next().map(|(_, entry)| entry);
            if named.next().is_some() {
                return Err(Error::file(format!("its commit is malformed: it has {:?} twice", shown(path))));
            }
            match entry {
                None => return Ok(Found::Nothing),
                Some(Entry::Folder(id)) => folders.push((name, id.clone())),
                // Nothing is below a file.
                Some(Entry::File(_)) if left.iter().any(|part| !part.is_empty()) => return Ok(Found::Nothing),
                Some(Entry::File(id)) => return Ok(Found::File(id.clone())),
                Some(Entry::Submodule) => {
                    let mut path: Vec<Vec<u8>> = folders.into_iter().map(|(name, _)| name).collect();
                    path.push(name);
                    return Err(in_submodule(&path));
                }
                Some(Entry::Link(id)) => {
                    links += 1;
                    if links > LINKS {
                        return Err(Error::file(format!("{} leads through more than {LINKS} links", shown(path))));
                    }
                    let target = self.blob(id, LINK_BYTES)?;
                    if target.starts_with(b"/") {
                        return leads_out();
                    }
                    left.extend(parts(&target));
                }
            }
        }
        let id = folders.last().map_or(&self.root, |(_, id)| id).clone();
        Ok(Found::Folder(Folder { path: folders.into_iter().map(|(name, _)| name).collect(), id }))
    }

    fn blob(&self, id: &Id, limit: u64) -> Result<Vec<u8>, Error> {
        self.objects.borrow_mut().read(id, "blob", limit)
    }

    fn tree(&self, id: &Id) -> Result<Rc<Tree>, Error> {
        if let Some(tree) = self.trees.borrow().0.get(id) {
            return Ok(Rc::clone(tree));
        }
        let bytes = self.objects.borrow_mut().read(id, "tree", TREE_BYTES)?;
        let tree =
            parse(&bytes, id.bytes()).ok_or_else(|| Error::file(format!("the tree {} is malformed", id.text())))?;
        let tree = Rc::new(tree);
        let (trees, kept) = &mut *self.trees.borrow_mut();
        if *kept + bytes.len() <= KEPT_BYTES {
            *kept += bytes.len();
            trees.insert(id.clone(), Rc::clone(&tree));
        }
        Ok(tree)
    }
}

/// Reads a tree: `MODE NAME`, a zero byte, and the bytes of the id, for each entry.
fn parse(mut bytes: &[u8], id_bytes: usize) -> Option<Tree> {
    let mut tree = Tree::new();
    while !bytes.is_empty() {
        let space = memchr::memchr(b' ', bytes)?;
        let (mode, rest) = (&bytes[..space], &bytes[space + 1..]);
        let end = memchr::memchr(0, rest)?;
        let (name, rest) = (&rest[..end], &rest[end + 1..]);
        let (id, rest) = rest.split_at_checked(id_bytes)?;
        bytes = rest;
        let id = Id::of_bytes(id);
        let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
        let entry = match mode & 0o170_000 {
            0o100_000 => Entry::File(id),
            0o040_000 => Entry::Folder(id),
            0o120_000 => Entry::Link(id),
            0o160_000 => Entry::Submodule,
            _ => return None,
        };
        tree.push((name.to_vec(), entry));
    }
    tree.sort();
    Some(tree)
}

/// Whether git would write an entry of a tree with this name to a disk.
fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/') && !name.eq_ignore_ascii_case(b".git")
}

fn in_submodule(path: &[Vec<u8>]) -> Error {
    let path = shown(&path.join(&b'/'));
    Error::input(format!("{path} is a submodule, and the commits of submodules are not compared"))
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Entry, Id, is_name, parse};

    #[test]
    fn trees_are_read_and_malformed_ones_are_refused() {
        let id = [0xab; 20];
        let entry = |head: &[u8]| [head, &b"\0"[..], &id[..]].concat();
        let both = [entry(b"120000 z"), entry(b"40000 a b")].concat();
        let id = Id::of_bytes(&id);
        let sorted = vec![(b"a b".to_vec(), Entry::Folder(id.clone())), (b"z".to_vec(), Entry::Link(id))];
        assert_eq!(parse(&both, 20), Some(sorted));
        assert_eq!(parse(b"", 20), Some(Vec::new()));
        for malformed in [&both[..both.len() - 1], b"100644", b"100644 a", b"100644 a\0short", b"x a\0"] {
            assert_eq!(parse(malformed, 20), None, "{malformed:?}");
        }
        assert_eq!(parse(&entry(b"10644 a"), 20), None);
    }

    #[test]
    fn names_that_leave_a_folder_are_none() {
        for name in ["", ".", "..", "a/b", "/", ".git", ".GIT"] {
            assert!(!is_name(name.as_bytes()), "{name}");
        }
        for name in ["a", "..a", "a\\b", "-x", "\n", ".gitignore", ":(top)a"] {
            assert!(is_name(name.as_bytes()), "{name}");
        }
    }
}
