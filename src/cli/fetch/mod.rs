//! Charts that are fetched: the flags of all commands that take a chart, and what they put into the store.

#[cfg(feature = "registry")]
mod flags;
#[cfg(not(feature = "registry"))]
mod without;

use crate::chart::stored::Stored;
use crate::chart_reference::{ChartReference, RemoteChart};
use crate::disk::look;
use crate::error::Error;
use crate::limits::Limits;
use crate::store::Store;
#[cfg(feature = "registry")]
pub(crate) use flags::{FetchFlags, SourceFlags, ToldOnStderr, Waits};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
#[cfg(not(feature = "registry"))]
pub(crate) use without::FetchFlags;

/// The content of fetched charts; the error says why one is not known.
pub(crate) type Archives = BTreeMap<RemoteChart, Result<Stored, Error>>;

impl FetchFlags {
    /// The chart that an argument of the command line names.
    ///
    /// # Errors
    /// See [`ChartReference::parse`].
    pub(crate) fn reference(&self, chart: &Path) -> Result<ChartReference, Error> {
        self.reference_of(chart, None)
    }

    /// The chart that an argument of the command line names, in a version instead of that of the flags.
    ///
    /// # Errors
    /// See [`ChartReference::parse`].
    pub(crate) fn reference_of(&self, chart: &Path, version: Option<&str>) -> Result<ChartReference, Error> {
        let version = version.or(self.version());
        let reference = ChartReference::of_argument(chart, version, self.repository(), look::exists)?;
        let missing = reference.local().filter(|path| !look::exists(path)).and_then(Path::to_str);
        match missing.and_then(|chart| self.of_helms_list(chart)) {
            Some(error) => Err(error),
            None => Ok(reference),
        }
    }

    /// Checks that no flag is given that only a chart on the command line can have.
    ///
    /// # Errors
    /// `--version` or `--repo` is given.
    pub(crate) fn check_without_chart(&self) -> Result<(), Error> {
        for (flag, value, key) in
            [("--version", self.version(), "version"), ("--repo", self.repository(), "repository")]
        {
            if value.is_some() {
                return Err(Error::input(format!(
                    "{flag} is for a chart on the command line; a release of airtight.yaml has the key `{key}`"
                )));
            }
        }
        Ok(())
    }

    /// Fetches the charts that are not on the disk, each once, several at a time. Waits are told to `err`.
    ///
    /// # Errors
    /// A flag cannot be used.
    pub(crate) fn archives<'c>(
        &self,
        charts: impl IntoIterator<Item = &'c ChartReference>,
        limits: &Limits,
        err: &mut dyn Write,
    ) -> Result<Archives, Error> {
        let mut wanted: Vec<RemoteChart> = charts.into_iter().filter_map(ChartReference::remote).cloned().collect();
        wanted.sort();
        wanted.dedup();
        let fetched = self.contents(&wanted, limits, err)?;
        Ok(wanted.into_iter().zip(fetched).collect())
    }
}

/// Puts fetched charts into a store.
pub(crate) fn put(archives: Archives, store: &mut Store) {
    for (chart, content) in archives {
        store.put_chart(&ChartReference::Remote(chart), content);
    }
}
