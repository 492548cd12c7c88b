//! [`Budget`]: the remaining budget for reading one chart, including nested archives.

use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;

/// The remaining bytes and entries for a chart and its subcharts.
#[derive(Debug)]
pub(super) struct Budget<'l> {
    pub(super) limits: &'l Limits,
    pub(super) helm: HelmVersion,
    bytes: u64,
    entries: u64,
    /// Steps of comparing paths with the rules of `.helmignore`.
    pub(super) ignore_steps: u64,
}

/// How many times the steps of one glob match all rules of `.helmignore` may take for all paths.
const IGNORING: u64 = 100;

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l Limits, helm: HelmVersion) -> Self {
        let ignore_steps = limits.glob_steps.saturating_mul(IGNORING);
        Self { limits, helm, bytes: limits.chart_bytes, entries: limits.chart_entries, ignore_steps }
    }

    /// The largest size of a single file: helm 4 has no such limit.
    pub(super) fn file_bytes(&self) -> u64 {
        match self.helm {
            HelmVersion::V4 => u64::MAX,
            HelmVersion::V3 => 5 << 20,
        }
    }

    /// The remaining bytes.
    pub(super) fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// Takes bytes; `false` if fewer are left, and then none are.
    pub(super) fn take_bytes(&mut self, count: u64) -> bool {
        let left = self.bytes.checked_sub(count);
        self.bytes = left.unwrap_or(0);
        left.is_some()
    }

    /// Takes a file or folder.
    pub(super) fn take_entry(&mut self, path: &str) -> Result<(), Error> {
        if path.len() > self.limits.path_bytes {
            let shown: String = path.chars().take(60).collect();
            let limit = self.limits.path_bytes;
            return Err(Error::limit(format!("the path {shown:?}… is longer than {limit} bytes (--limit path-bytes)")));
        }
        self.entries = self.entries.checked_sub(1).ok_or_else(|| {
            let most = self.limits.chart_entries;
            Error::limit(format!("more than {most} files and folders in a chart (--limit chart-entries)"))
        })?;
        Ok(())
    }

    /// The error if no steps are left for the rules of `.helmignore`.
    pub(super) fn out_of_ignore_steps(&self) -> Error {
        let most = self.limits.glob_steps;
        Error::limit(format!(
            "comparing the files with .helmignore takes more than {IGNORING} times {most} steps (--limit glob-steps)"
        ))
    }

    /// The error if no bytes are left for data that helm does not count.
    pub(super) fn out_of_bytes(&self) -> Error {
        let most = self.limits.chart_bytes;
        Error::limit(format!("more than {most} bytes unpacked, archive headers included (--limit chart-bytes)"))
    }
}
