//! [`run`]: works on many artifacts at a time.

use super::outcome::Outcome;
use super::plan::Item;
use crate::registry::Watch;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

/// Who follows the artifacts of a run.
pub(crate) trait Follow: Watch {
    /// An artifact is begun.
    fn begins(&self, item: &Item);
    /// These bytes may have to be sent.
    fn expects(&self, bytes: u64);
    /// These bytes need not be sent after all.
    fn expects_less(&self, bytes: u64);
    /// An artifact is done.
    fn ends(&self, item: &Item, outcome: &Outcome);
}

/// Works on artifacts, a number at a time; the outcomes are in the order of the artifacts. Failures of one do not stop others.
pub(crate) async fn run<F: Future<Output = Outcome>>(
    items: &[Item],
    at_a_time: usize,
    follow: &dyn Follow,
    work: impl Fn(usize) -> F,
) -> Vec<Outcome> {
    let one = |number: usize| {
        let done = work(number);
        async move {
            follow.begins(&items[number]);
            let outcome = done.await;
            follow.ends(&items[number], &outcome);
            (number, outcome)
        }
    };
    let mut outcomes: Vec<Option<Outcome>> = items.iter().map(|_| None).collect();
    let mut waiting = 0..items.len();
    let mut working: FuturesUnordered<_> = waiting.by_ref().take(at_a_time.max(1)).map(&one).collect();
    while let Some((number, outcome)) = working.next().await {
        outcomes[number] = Some(outcome);
        working.extend(waiting.next().map(&one));
    }
    outcomes.into_iter().flatten().collect()
}
