//! Durations in flags.

use crate::go::time::duration;
use std::time::Duration;

/// A duration as helm and kubectl write it.
pub(super) fn duration_of(text: &str) -> Result<Duration, String> {
    let nanoseconds = duration::parse(text.as_bytes())?;
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| "a duration must not be negative".to_owned())
}
