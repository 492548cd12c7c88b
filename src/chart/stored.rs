//! [`Stored`]: a chart that does not lie on the disk, such as one that a commit holds.

use super::budget::Budget;
use super::ignore::Rules;
use super::raw::RawFile;
use crate::helm::HelmVersion;
use crate::limits::Limits;

/// A chart that was read from elsewhere than the disk.
#[derive(Debug, Clone)]
pub enum Stored {
    /// The files of a folder that its `.helmignore` leaves, in helm's order.
    Folder(Vec<StoredFile>),
    /// An archive's bytes.
    Archive(Vec<u8>),
}

/// A file of such a folder.
#[derive(Debug, Clone)]
pub struct StoredFile {
    path: String,
    content: Vec<u8>,
}

/// Collects a folder: whoever walks through it asks for each entry whether it is part of the chart.
#[derive(Debug)]
pub struct Collected<'l> {
    rules: Rules,
    budget: Budget<'l>,
    files: Vec<StoredFile>,
}

impl<'l> Collected<'l> {
    /// A folder with the text of its `.helmignore`, which is empty where there is none.
    pub fn new(helmignore: &[u8], limits: &'l Limits) -> Result<Self, String> {
        Ok(Self { rules: Rules::parse(helmignore)?, budget: Budget::new(limits, HelmVersion::V4), files: Vec::new() })
    }

    /// Whether an entry is part of the chart; what lies in a folder that is not is not part of it either. Errors say which
    /// bound is reached.
    pub fn takes(&mut self, path: &str, is_folder: bool) -> Result<bool, String> {
        if self.rules.ignore(path, is_folder) {
            return Ok(false);
        }
        self.budget.take_entry(path)?;
        Ok(true)
    }

    /// How many bytes the next file may have.
    pub fn bytes_left(&self) -> u64 {
        self.budget.bytes_left()
    }

    /// Adds a file that is part of the chart.
    pub fn add(&mut self, path: String, content: Vec<u8>) -> Result<(), String> {
        take(&mut self.budget, &path, &content)?;
        self.files.push(StoredFile { path, content });
        Ok(())
    }

    /// The chart.
    pub fn into_stored(self) -> Stored {
        Stored::Folder(self.files)
    }
}

/// The files of a folder, for helm as the budget has it.
pub(super) fn files(folder: &[StoredFile], budget: &mut Budget<'_>) -> Result<Vec<RawFile>, String> {
    let mut files = Vec::new();
    for StoredFile { path, content } in folder {
        budget.take_entry(path)?;
        take(budget, path, content)?;
        files.push(RawFile::new(path.clone(), content.clone()));
    }
    Ok(files)
}

fn take(budget: &mut Budget<'_>, path: &str, content: &[u8]) -> Result<(), String> {
    let size = content.len() as u64;
    if size > budget.file_bytes() {
        let (base, limit) = (path.rsplit('/').next().unwrap_or(path), budget.file_bytes());
        return Err(format!("chart file {base:?} is larger than the maximum file size {limit}"));
    }
    if !budget.take_bytes(size) {
        let limit = budget.limits.chart_bytes;
        return Err(format!("error reading {path}: chart exceeds maximum decompressed size of {limit} bytes"));
    }
    Ok(())
}
