//! Watching: the changes of a list after it was read, as long as the server tells them.

use super::client::{Cluster, PATIENCE, Query};
use super::failure::Failure;
use super::objects::Event;
use futures_util::io::AsyncBufReadExt as _;
use serde::Deserialize;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The most bytes of an event: an object has at most a few MiB.
const EVENT_BYTES: usize = 64 << 20;

/// After how many seconds the server ends a watch, which then goes on with another request.
const LENGTH: u64 = 290;

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum EventKind {
    /// The object is new.
    Added,
    /// The object is another one now.
    Modified,
    /// The object is gone.
    Deleted,
    /// Nothing happened up to this state.
    Bookmark,
    /// The watch cannot go on; the object is a status.
    Error,
}

/// An event without its object.
#[derive(Debug, Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: EventKind,
}

/// The state that an object shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Versioned {
    metadata: Version,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Version {
    resource_version: String,
}

/// The status in an event about an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
    message: String,
}

/// How a watch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Whoever watches has seen enough.
    Enough,
    /// The server or the network ended it: it goes on from this state.
    Cut,
}

impl Cluster {
    /// Tells the changes after a state, which moves on with each of them, until the watch ends. `tell` gets the text of an event.
    ///
    /// # Errors
    /// [`FailureKind::Gone`](super::FailureKind::Gone) if the state is too old: then the list must be read again. Other failures of the server or the network.
    pub(crate) fn watch(
        &self,
        query: &Query<'_>,
        state: &mut String,
        mut tell: impl FnMut(EventKind, &str) -> Result<ControlFlow<()>, serde_json::Error>,
    ) -> Result<Ended, Failure> {
        let what = query.what("watch");
        let (length, from) = (LENGTH.to_string(), state.clone());
        let parameters = [
            ("watch", "1"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", length.as_str()),
            ("resourceVersion", from.as_str()),
        ];
        self.runtime.block_on(async {
            let mut answer = pin!(self.open(query, "watch", &parameters).await?);
            let mut line = Vec::new();
            loop {
                // The server ends a watch itself; a connection that says nothing for longer is dead.
                let patience = Duration::from_secs(LENGTH + PATIENCE).min(self.time_left());
                let piece = timeout(patience, answer.fill_buf()).await;
                // A part of a line is told again when the watch goes on.
                let Ok(Ok(piece)) = piece else { return Ok(Ended::Cut) };
                if piece.is_empty() {
                    return Ok(Ended::Cut);
                }
                let end = memchr::memchr(b'\n', piece).map_or(piece.len(), |at| at + 1);
                line.extend_from_slice(&piece[..end]);
                answer.consume_unpin(end);
                if line.len() > EVENT_BYTES {
                    let why = format!("an event has more than {EVENT_BYTES} bytes");
                    return Err(Failure::of_answer(&self.server, &what, &why));
                }
                if line.last() != Some(&b'\n') {
                    continue;
                }
                let broken = |_| Failure::of_answer(&self.server, &what, "an event has another form");
                let text = std::str::from_utf8(&line)
                    .map_err(|_| Failure::of_answer(&self.server, &what, "it is not UTF-8"))?;
                let Kind { kind } = serde_json::from_str(text).map_err(broken)?;
                if kind == EventKind::Error {
                    let status = serde_json::from_str::<Event<Status>>(text).map_err(broken)?.object;
                    return Err(Failure::of_status(
                        status.code,
                        &status.message,
                        &self.server,
                        &what,
                        &query.rule("watch"),
                    ));
                }
                let enough = tell(kind, text).map_err(broken)?;
                let version = serde_json::from_str::<Event<Versioned>>(text).map_err(broken)?.object.metadata;
                if !version.resource_version.is_empty() {
                    *state = version.resource_version;
                }
                if enough.is_break() {
                    return Ok(Ended::Enough);
                }
                line.clear();
            }
        })
    }

    /// Ends watching after some time.
    pub(crate) fn set_time(&mut self, time: Duration) {
        self.end = Some(Instant::now() + time);
    }

    /// The time until watching ends.
    pub(crate) fn time_left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Waits, but not beyond the end.
    pub(crate) fn pause(&self, time: Duration) {
        let time = time.min(self.time_left());
        self.runtime.block_on(async { sleep(time).await });
    }
}
