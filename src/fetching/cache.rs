//! [`Cache`]: the charts that were fetched, on the disk.
//!
//! Archives are kept by their digest, which is verified on each read; records say which chart in which version an archive is.
//! Files appear whole, under their final name, so that any number of processes can use a cache at once. Nobody but the user can read
//! it. It is bounded: what was not used for the longest time goes first.

use crate::disk::kept::{files, shrink, touch, write};
use crate::disk::{By, Reach};
use crate::error::Error;
use crate::registry::Digest;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The most bytes of all archives together.
const CACHE_BYTES: u64 = 1 << 30;

/// The most records.
const RECORDS: usize = 20_000;

/// The longest record, in bytes.
const RECORD_BYTES: u64 = 64 << 10;

/// What the folder of the cache is called in the folder that the user names: it says how the cache is built.
const LAYOUT: &str = "charts-1";

/// A cache of charts.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Whether the user named it, so that it must work.
    is_named: bool,
    /// The most bytes.
    limit: u64,
}

/// What a cache knows of a version of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Where the chart is, without its version.
    pub(super) location: String,
    /// The version; the digest for a reference by digest; empty for a URL of an archive.
    pub(super) version: String,
    /// The name of the chart.
    pub(super) name: String,
    /// The digest of its manifest, if it is in a registry.
    pub(super) manifest: Option<String>,
    /// The digest of its archive.
    pub(super) archive: String,
    /// The URL of its archive, if it is on a web server.
    pub(super) url: Option<String>,
}

impl Cache {
    /// The cache in a folder, which is made when something is kept: in `given` (`--cache-dir`), in `AIRTIGHT_CACHE_DIR`, or in
    /// `airtight` in the user's folder of caches. `None` if the environment `env` names no home.
    pub(crate) fn of(given: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let path = |name: &str| env(name).filter(|text| !text.is_empty()).map(PathBuf::from);
        let home = || path("HOME").or_else(|| path("USERPROFILE")).map(|home| home.join(".cache"));
        // The specification of these folders: a relative path is to be ignored.
        let caches = || path("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(home);
        let named = given.or_else(|| path("AIRTIGHT_CACHE_DIR"));
        let is_named = named.is_some();
        let folder = named.or_else(|| caches().map(|caches| caches.join("airtight")))?;
        Some(Self { folder, is_named, limit: CACHE_BYTES })
    }

    /// The folder, for messages.
    pub(super) fn shown(&self) -> String {
        self.folder.display().to_string()
    }

    /// What is known of a version of a chart.
    pub(super) fn record(&self, location: &str, version: &str) -> Option<Record> {
        let record = read_record(&self.record_path(location, version))?;
        (record.location == location && record.version == version).then_some(record)
    }

    /// All that is known of a chart, in the order of the versions' texts.
    pub(super) fn records(&self, location: &str) -> Vec<Record> {
        let folder = self.record_folder(location);
        let mut records: Vec<Record> = files(&folder)
            .iter()
            .filter_map(|file| read_record(&file.path))
            .filter(|record| record.location == location)
            .collect();
        records.sort_by(|one, other| one.version.cmp(&other.version));
        records
    }

    /// An archive that has this digest; `None` if there is none, or if it is damaged.
    pub(super) fn archive(&self, digest: &Digest, limit: u64) -> Option<Bytes> {
        let path = self.archive_path(digest);
        let bytes = Reach::of_user(limit).read(By::User, &path).ok()?;
        if !digest.matches(&bytes) {
            let _ = std::fs::remove_file(&path);
            return None;
        }
        touch(&path);
        Some(bytes.into())
    }

    /// Keeps an archive and what is known of it, and drops what was not used for the longest time if there is too much.
    ///
    /// # Errors
    /// The cache cannot be written, and the user named it. Without any other, a run goes on.
    pub(super) fn keep(&self, record: &Record, archive: &[u8]) -> Result<(), Error> {
        self.try_to_keep(record, archive).or_else(|error| if self.is_named { Err(error) } else { Ok(()) })
    }

    fn try_to_keep(&self, record: &Record, archive: &[u8]) -> Result<(), Error> {
        let failed = |error: io::Error| {
            Error::file(format!(
                "the cache {} cannot be written: {error}; --cache-dir FOLDER or AIRTIGHT_CACHE_DIR names another folder",
                self.folder.display()
            ))
        };
        let Some(digest) = Digest::parse(&record.archive) else { return Ok(()) };
        let path = self.archive_path(&digest);
        if self.archive(&digest, archive.len() as u64).is_none() {
            write(&path, archive).map_err(failed)?;
            shrink(&self.root().join("archives"), self.limit, usize::MAX);
        }
        let text = serde_json::to_vec(record).unwrap_or_default();
        write(&self.record_path(&record.location, &record.version), &text).map_err(failed)?;
        shrink(&self.root().join("records"), u64::MAX, RECORDS);
        Ok(())
    }

    fn root(&self) -> PathBuf {
        self.folder.join(LAYOUT)
    }

    fn archive_path(&self, digest: &Digest) -> PathBuf {
        self.root().join("archives").join(digest.as_str().replace(':', "-"))
    }

    fn record_folder(&self, location: &str) -> PathBuf {
        self.root().join("records").join(name_of(location))
    }

    fn record_path(&self, location: &str, version: &str) -> PathBuf {
        self.record_folder(location).join(name_of(version))
    }
}

/// The name of the file for a text.
fn name_of(text: &str) -> String {
    Digest::of(text.as_bytes()).as_str().replace(':', "-")
}

fn read_record(path: &Path) -> Option<Record> {
    let text = Reach::of_user(RECORD_BYTES).read(By::User, path).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "damages files of the cache")]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn record(version: &str, archive: &[u8]) -> Record {
        Record {
            location: "oci://m.internal/shop".to_owned(),
            version: version.to_owned(),
            name: "shop".to_owned(),
            manifest: None,
            archive: Digest::of(archive).to_string(),
            url: None,
        }
    }

    #[test]
    fn archives_are_verified_and_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache { folder: folder.path().join("new"), is_named: true, limit: 2500 };
        let archives: Vec<Vec<u8>> = (0..3_u8).map(|number| vec![number; 1000]).collect();
        let digest = |number: usize| Digest::of(&archives[number]);
        cache.keep(&record("1.0.0", &archives[0]), &archives[0]).expect("it can be written");
        cache.keep(&record("1.1.0", &archives[1]), &archives[1]).expect("it can be written");
        assert_eq!(cache.record("oci://m.internal/shop", "1.0.0"), Some(record("1.0.0", &archives[0])));
        assert_eq!(cache.records("oci://m.internal/shop").len(), 2);
        assert_eq!(cache.record("oci://m.internal/other", "1.0.0"), None);
        // The first is used once more, so that the second goes.
        let old = SystemTime::UNIX_EPOCH;
        for (number, age) in [(1, 1), (0, 2)] {
            let file =
                std::fs::OpenOptions::new().append(true).open(cache.archive_path(&digest(number))).expect("a file");
            file.set_modified(old + std::time::Duration::from_secs(age)).expect("a time");
        }
        cache.keep(&record("1.2.0", &archives[2]), &archives[2]).expect("it can be written");
        assert_eq!(cache.archive(&digest(1), 2000), None);
        assert_eq!(cache.archive(&digest(0), 2000).as_deref(), Some(archives[0].as_slice()));
        assert_eq!(cache.archive(&digest(0), 10), None);
        std::fs::write(cache.archive_path(&digest(0)), b"other bytes").expect("it can be written");
        assert_eq!(cache.archive(&digest(0), 2000), None);
        assert!(!cache.archive_path(&digest(0)).exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::of(Some(folder.path().join("a").join("b")), |_| None).expect("a cache");
        cache.keep(&record("1.0.0", b"archive"), b"archive").expect("it can be written");
        let mode = |path: &Path| path.metadata().expect("it exists").permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        assert_eq!(mode(&cache.root().join("archives")), 0o700);
        assert_eq!(mode(&cache.archive_path(&Digest::of(b"archive"))), 0o600);
        assert_eq!(mode(&cache.record_path("oci://m.internal/shop", "1.0.0")), 0o600);
    }

    #[test]
    fn the_folder_is_the_users() {
        let env = |name: &str| match name {
            "HOME" => Some(OsString::from("/h")),
            "XDG_CACHE_HOME" => Some(OsString::from("relative")),
            _ => None,
        };
        let folder =
            |given: Option<PathBuf>, env: &dyn Fn(&str) -> Option<OsString>| Some(Cache::of(given, env)?.folder);
        assert_eq!(folder(None, &env), Some(PathBuf::from("/h/.cache/airtight")));
        assert_eq!(folder(Some("c".into()), &env), Some(PathBuf::from("c")));
        let env = |name: &str| (name != "HOME").then(|| OsString::from("/x"));
        assert_eq!(folder(None, &env), Some(PathBuf::from("/x")));
        let env = |name: &str| (name == "XDG_CACHE_HOME").then(|| OsString::from("/x"));
        assert_eq!(folder(None, &env), Some(PathBuf::from("/x/airtight")));
        assert_eq!(folder(None, &|_| None), None);
    }
}
