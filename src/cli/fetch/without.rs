//! [`FetchFlags`] of a build without the network: there are none.

use crate::chart::stored::Stored;
use crate::chart_reference::RemoteChart;
use crate::error::Error;
use crate::limits::Limits;
use std::io::Write;

/// No flags: this build cannot fetch.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct FetchFlags {}

#[expect(clippy::unused_self, reason = "the same methods as with the network")]
impl FetchFlags {
    #[cfg(feature = "lsp")]
    pub(crate) fn of_cache(_: Option<std::path::PathBuf>) -> Self {
        Self {}
    }

    pub(crate) fn of_helms_list(&self, _: &str) -> Option<Error> {
        None
    }

    pub(super) fn version(&self) -> Option<&str> {
        None
    }

    pub(super) fn repository(&self) -> Option<&str> {
        None
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same methods as with the network")]
    pub(super) fn contents(
        &self,
        charts: &[RemoteChart],
        _: &Limits,
        _: &mut dyn Write,
    ) -> Result<Vec<Result<Stored, Error>>, Error> {
        let refused = charts.iter().map(|chart| {
            Err(Error::input(format!(
                "{chart}: this airtight was built without the feature `registry`, so it cannot fetch charts; build it with \
                 its default features, or fetch the chart with `helm pull` and name the archive"
            )))
        });
        Ok(refused.collect())
    }
}
