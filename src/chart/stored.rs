//! [`Stored`]: a chart that is not on the disk, such as one in a commit.

use super::budget::Budget;
use super::ignore::Rules;
use super::raw::RawFile;
use crate::content_digest::{ContentDigest, ContentHasher};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::sync::Arc;

/// A chart from another source than the disk.
///
/// A copy shares the content.
#[derive(Debug, Clone)]
pub(crate) enum Stored {
    /// The files of a folder except those that its `.helmignore` excludes, in helm's order.
    Folder(Arc<Vec<StoredFile>>),
    /// An archive's bytes.
    Archive(Arc<Vec<u8>>),
}

impl Stored {
    /// An archive.
    pub(crate) fn archive(bytes: Vec<u8>) -> Self {
        Self::Archive(Arc::new(bytes))
    }

    /// The digest of its content.
    pub(crate) fn digest(&self) -> ContentDigest {
        match self {
            Self::Archive(bytes) => ContentDigest::of(bytes),
            Self::Folder(files) => {
                let mut hash = ContentHasher::default();
                files.iter().flat_map(|file| [file.path.as_bytes(), &file.content]).for_each(|part| hash.bytes(part));
                hash.finish()
            }
        }
    }
}

/// A file of such a folder.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    path: String,
    content: Vec<u8>,
}

/// Collects a folder: the caller walks it and asks for each entry whether it is part of the chart.
#[derive(Debug)]
pub(crate) struct Collected<'l> {
    rules: Rules,
    budget: Budget<'l>,
    files: Vec<StoredFile>,
}

impl<'l> Collected<'l> {
    /// A folder with the text of its `.helmignore`, which is empty if there is none.
    pub(crate) fn new(helmignore: &[u8], limits: &'l Limits) -> Result<Self, Error> {
        Ok(Self { rules: Rules::parse(helmignore)?, budget: Budget::new(limits, HelmVersion::V4), files: Vec::new() })
    }

    /// Whether an entry is part of the chart; the content of an excluded folder is excluded too. Errors name the exceeded limit.
    pub(crate) fn takes(&mut self, path: &str, is_folder: bool) -> Result<bool, Error> {
        if self.rules.ignore(path, is_folder, &mut self.budget)? {
            return Ok(false);
        }
        self.budget.take_entry(path)?;
        Ok(true)
    }

    /// The largest allowed size of the next file.
    pub(crate) fn bytes_left(&self) -> u64 {
        self.budget.bytes_left()
    }

    /// Adds a file that is part of the chart.
    pub(crate) fn add(&mut self, path: String, content: Vec<u8>) -> Result<(), Error> {
        take(&mut self.budget, &path, &content)?;
        self.files.push(StoredFile { path, content });
        Ok(())
    }

    /// The chart.
    pub(crate) fn into_stored(self) -> Stored {
        Stored::Folder(Arc::new(self.files))
    }
}

/// The files of a folder, with the limits of the budget.
pub(super) fn files(folder: &[StoredFile], budget: &mut Budget<'_>) -> Result<Vec<RawFile>, Error> {
    let mut files = Vec::new();
    for StoredFile { path, content } in folder {
        budget.take_entry(path)?;
        take(budget, path, content)?;
        files.push(RawFile::new(path.clone(), content.clone()));
    }
    Ok(files)
}

fn take(budget: &mut Budget<'_>, path: &str, content: &[u8]) -> Result<(), Error> {
    let size = content.len() as u64;
    if size > budget.file_bytes() {
        let (base, limit) = (path.rsplit('/').next().unwrap_or(path), budget.file_bytes());
        return Err(Error::limit(format!("chart file {base:?} is larger than the maximum file size {limit}")));
    }
    if !budget.take_bytes(size) {
        let limit = budget.limits.chart_bytes;
        return Err(Error::limit(format!(
            "error reading {path}: chart exceeds maximum decompressed size of {limit} bytes"
        )));
    }
    Ok(())
}
