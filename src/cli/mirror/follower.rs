//! [`Follower`]: the progress of a run, by bytes on a terminal, as lines in a log.

use crate::cli::progress::bar;
use crate::mirroring::{Follow, Item, Outcome};
use crate::registry::Watch;
use crate::report::mirror::told;
use crate::report::plain_line;
use indicatif::ProgressBar;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The most artifacts that are named at a time.
const NAMED: usize = 2;

/// The progress of a run.
pub(super) struct Follower<'e> {
    err: RefCell<&'e mut dyn Write>,
    bar: Option<ProgressBar>,
    artifacts: usize,
    ended: Cell<usize>,
    current: RefCell<BTreeSet<String>>,
    /// The bytes that are expected, and those that were sent.
    expected: Cell<u64>,
    sent: Cell<u64>,
    is_quiet: bool,
}

impl<'e> Follower<'e> {
    pub(super) fn new(err: &'e mut dyn Write, artifacts: usize, is_quiet: bool) -> Self {
        let is_shown = !is_quiet && std::io::stderr().is_terminal();
        let bar = is_shown.then(|| bar(0, "{bytes}/{total_bytes} {bytes_per_sec} {eta}"));
        let follower = Self {
            err: RefCell::new(err),
            bar,
            artifacts,
            ended: Cell::new(0),
            current: RefCell::default(),
            expected: Cell::new(0),
            sent: Cell::new(0),
            is_quiet,
        };
        follower.draw();
        follower
    }

    /// Erases the bar.
    pub(super) fn finish(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }

    fn line(&self, text: &str) {
        if self.is_quiet {
            return;
        }
        match &self.bar {
            Some(bar) => bar.println(plain_line(text)),
            // Progress that cannot be written is no reason to stop.
            None => drop(writeln!(self.err.borrow_mut(), "{text}")),
        }
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let current = self.current.borrow();
        let named: Vec<&str> = current.iter().take(NAMED).map(String::as_str).collect();
        bar.set_prefix(format!("{}/{}", self.ended.get(), self.artifacts));
        bar.set_length(self.expected.get().max(self.sent.get()));
        bar.set_position(self.sent.get());
        bar.set_message(named.join(", "));
    }
}

impl Watch for Follower<'_> {
    fn waits(&self, host: &str, wait: Duration, why: &str) {
        // Shorter waits are not worth a line.
        if wait >= Duration::from_secs(1) {
            self.line(&format!("waiting {:.0} s for {host}: {why}", wait.as_secs_f64()));
        }
    }

    fn moved(&self, bytes: u64) {
        self.sent.set(self.sent.get() + bytes);
        self.draw();
    }

    fn lost(&self, bytes: u64) {
        self.sent.set(self.sent.get().saturating_sub(bytes));
        self.draw();
    }
}

impl Follow for Follower<'_> {
    fn begins(&self, item: &Item) {
        self.current.borrow_mut().insert(plain_line(&item.source));
        self.draw();
    }

    fn expects(&self, bytes: u64) {
        self.expected.set(self.expected.get().saturating_add(bytes));
        self.draw();
    }

    fn expects_less(&self, bytes: u64) {
        self.expected.set(self.expected.get().saturating_sub(bytes));
        self.draw();
    }

    fn ends(&self, item: &Item, outcome: &Outcome) {
        self.ended.set(self.ended.get() + 1);
        self.current.borrow_mut().remove(&plain_line(&item.source));
        if self.bar.is_none() {
            self.line(&format!("{}/{} {}", self.ended.get(), self.artifacts, told(item, outcome)));
        }
        self.draw();
    }
}
