//! [`FetchFlags`] of a build without the network: there are none.

use crate::chart_reference::ChartReference;
use crate::disk::look;
use crate::error::Error;

/// No flags: this build cannot fetch.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct FetchFlags {}

impl FetchFlags {
    /// The chart that an argument names.
    ///
    /// # Errors
    /// It would have to be fetched.
    pub(crate) fn reference(&self, chart: &str) -> Result<ChartReference, Error> {
        match ChartReference::parse(chart, None, None, look::exists)? {
            ChartReference::Remote(remote) => Err(Error::input(format!(
                "{remote}: this airtight was built without the feature `registry`, so it cannot fetch charts; `cargo install \
                 airtight` builds it with that feature, or fetch the chart with `helm pull` and name the archive"
            ))),
            local => Ok(local),
        }
    }
}
