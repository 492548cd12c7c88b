//! [`Progress`]: the progress of a long run, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// The progress of a run, shared by threads. It is drawn on stderr if that is a terminal, and erased at the end.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A run with a number of steps; `what` names them: `releases`.
    pub(crate) fn new(steps: usize, what: &'static str, is_shown: bool) -> Self {
        // A single step needs no bar.
        if !is_shown || steps < 2 || !std::io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = bar(steps as u64, "{pos}/{len}");
        bar.set_prefix(what);
        Self(bar)
    }

    /// A progress that draws nothing.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// A step begins; its name is chart text.
    pub(crate) fn begin(&self, name: &str) {
        self.0.set_message(crate::report::plain_line(name));
    }

    /// A step ended.
    pub(crate) fn end(&self) {
        self.0.inc(1);
    }
}

/// A bar on stderr, between a prefix and a message; `numbers` is a template of indicatif: `{pos}/{len}`.
pub(super) fn bar(length: u64, numbers: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(&format!("{{prefix}} {{bar:24.cyan/dim}} {numbers} {{wide_msg:.dim}}"));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
    bar
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
