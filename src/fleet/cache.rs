//! [`Cache`]: the results of releases that were checked before, by everything that they depend on.

use super::record::Record;
use crate::content_digest::ContentDigest;
use crate::disk::kept::{shrink, touch, write};
use crate::disk::{By, Reach};
use crate::suppress::Noted;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The longest result, in bytes.
const RESULT_BYTES: u64 = 256 << 20;

/// What the folder of the cache is called in the folder that the user names: it says how the cache is built.
const LAYOUT: &str = "results-1";

/// The number of folders among which results are divided.
const FOLDERS: u64 = 256;

/// The results of releases on the disk, for any number of processes.
///
/// A file has the digest of its content in its first line, which is verified on each read. Whoever can write to the folder can forge
/// results.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// The most bytes of all results together.
    most: u64,
}

/// A result, and what else must be true for it to hold.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The day on which suppressions were judged.
    pub(crate) today: Date,
    /// The lines of the configuration that the result shows or points to, by number, as digests.
    pub(crate) configuration: BTreeMap<u32, String>,
    /// The line of the configuration where the release begins; 0 without one.
    pub(crate) entry: u32,
    /// The result.
    pub(crate) record: Record,
    /// What it says about suppressions.
    pub(crate) noted: Noted,
}

impl Cache {
    /// The cache in a folder, which is made when something is kept.
    pub(crate) fn new(folder: &Path, most: u64) -> Self {
        Self { folder: folder.join(LAYOUT), most }
    }

    /// What is kept under a key; `None` if there is nothing, or if it is damaged.
    pub(crate) fn get(&self, key: &str) -> Option<Kept> {
        let path = self.path(key);
        let bytes = Reach::of_user(RESULT_BYTES).read(By::User, &path).ok()?;
        let (digest, content) = bytes.split_at_checked(64)?;
        if ContentDigest::of(content).hex().as_bytes() != digest {
            return None;
        }
        let kept = serde_json::from_slice(content).ok()?;
        touch(&path);
        Some(kept)
    }

    /// Keeps something under a key, and drops what was not used for the longest time if there is too much.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn put(&self, key: &str, kept: &Kept) -> io::Result<()> {
        let content = serde_json::to_string(kept)?;
        let path = self.path(key);
        write(&path, (ContentDigest::of(content.as_bytes()).hex() + &content).as_bytes())?;
        if let Some(folder) = path.parent() {
            shrink(folder, self.most / FOLDERS, usize::MAX);
        }
        Ok(())
    }

    /// The file for a key, which is hexadecimal.
    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key.get(..2).unwrap_or_default()).join(key)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "damages files of the cache")]
mod tests {
    use super::*;
    use std::fs;

    fn kept(log: &str) -> Kept {
        let record = Record::failed("shop".to_owned(), vec![log.to_owned()], "an error".to_owned());
        Kept {
            today: Date::constant(2026, 1, 31),
            configuration: BTreeMap::new(),
            entry: 0,
            record,
            noted: Noted::default(),
        }
    }

    #[test]
    fn what_is_damaged_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(folder.path(), 1 << 20);
        let key = "ab".repeat(32);
        assert!(cache.get(&key).is_none());
        cache.put(&key, &kept("a line")).expect("it can be written");
        assert_eq!(cache.get(&key).expect("it is there").record.log, ["a line"]);
        let path = cache.path(&key);
        let whole = fs::read(&path).expect("a file");
        for at in [0, 63, 64, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).expect("a file");
            assert!(cache.get(&key).is_none(), "byte {at}");
        }
        for cut in [0, 10, 64, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).expect("a file");
            assert!(cache.get(&key).is_none(), "{cut} bytes");
        }
        cache.put(&key, &kept("another")).expect("it can be written");
        assert!(cache.get(&key).is_some());
    }

    #[test]
    fn it_is_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(folder.path(), FOLDERS * 3_000);
        let key = |number: usize| format!("ab{number:062x}");
        for number in 0..10 {
            cache.put(&key(number), &kept(&"x".repeat(1_000))).expect("it can be written");
        }
        let left = (0..10).filter(|number| cache.get(&key(*number)).is_some()).count();
        assert_eq!(left, 2, "each has 1,000 bytes and a little more");
    }
}
