//! [`Writer`]: writes a blob while releases are checked in any order.

use super::{Head, Line, Tail};
use crate::error::Error;
use crate::fleet::record::Record;
use crate::report::write_json;
use crate::suppress::Known;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most bytes that wait for a release before them.
const WAITING: usize = 64 << 20;

/// A blob that is being written, shared by threads. Releases have turns, so that the same run writes the same bytes; a thread that is
/// too far ahead waits.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    state: Mutex<State<W>>,
    turned: Condvar,
}

#[derive(Debug)]
struct State<W> {
    out: W,
    /// Whose turn it is.
    next: usize,
    /// Lines by their turn.
    waiting: BTreeMap<usize, Vec<u8>>,
    /// Their bytes.
    bytes: usize,
    /// The first error of writing.
    failed: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    /// Begins a blob.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn begin(mut out: W, head: &Head) -> io::Result<Self> {
        out.write_all(&line(head)?)?;
        let state = State { out, next: 0, waiting: BTreeMap::new(), bytes: 0, failed: None };
        Ok(Self { state: Mutex::new(state), turned: Condvar::new() })
    }

    /// Writes the result of the release with this number, in its turn.
    ///
    /// # Errors
    /// It cannot be turned into JSON. What cannot be written is an error of [`finish`](Self::finish).
    pub(crate) fn add(&self, turn: usize, number: usize, result: Record) -> Result<Record, Error> {
        let whole = Line { number, result };
        let bytes = line(&whole).map_err(|error| Error::file(format!("cannot keep a result: {error}")))?;
        let mut state = self.state();
        while turn > state.next && state.bytes > WAITING {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.bytes += bytes.len();
        state.waiting.insert(turn, bytes);
        state.write_what_follows();
        self.turned.notify_all();
        Ok(whole.result)
    }

    /// Writes the last line.
    ///
    /// # Errors
    /// Something could not be written, or a release is missing.
    pub(crate) fn finish(self, suppressions: Known) -> io::Result<W> {
        let State { mut out, next, waiting, failed, .. } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = failed {
            return Err(error);
        }
        if !waiting.is_empty() {
            return Err(io::Error::other("the result of a release was lost"));
        }
        out.write_all(&line(&Tail { end: next, suppressions })?)?;
        out.flush()?;
        Ok(out)
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> State<W> {
    fn write_what_follows(&mut self) {
        while let Some(line) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.bytes -= line.len();
            if self.failed.is_none() {
                self.failed = self.out.write_all(&line).err();
            }
        }
    }
}

/// A value as a line.
fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_json(value, 0, &mut bytes)?;
    Ok(bytes)
}
