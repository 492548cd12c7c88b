//! [`watch`]: follows what is wrong in a cluster: lists pods, then watches them, and begins again when the server forgot where.

use crate::cluster::objects::{Event, List, Pod};
use crate::cluster::resources::PODS;
use crate::cluster::{Cluster, Ended, EventKind, Failure, FailureKind, Query};
use crate::running::Against;
use crate::running::offences::{Change, Offences};
use crate::snapshot::Scope;
use std::ops::ControlFlow;
use std::time::Duration;

/// The first pause before a server is asked again that failed; each is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(250);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

/// Who is told what changes.
pub(crate) trait Follow {
    /// A change.
    ///
    /// # Errors
    /// It cannot be told.
    fn changed(&mut self, change: &Change) -> std::io::Result<()>;
    /// A failure after which watching goes on.
    fn fails(&mut self, failure: &Failure);
}

/// Why watching ended.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Nothing is wrong any more.
    Clean,
    /// The time is up, and so many things are wrong.
    TimeUp(usize),
    /// The cluster cannot be watched.
    Failed(Failure),
    /// The changes cannot be told.
    Untold(std::io::Error),
}

/// Follows what is wrong, until nothing is if that is wanted, or until the time is up.
pub(crate) fn watch(
    cluster: &Cluster,
    scope: Scope<'_>,
    against: Against<'_>,
    until_clean: bool,
    follow: &mut dyn Follow,
) -> Stopped {
    let query = Query { labels: scope.labels, ..Query::all(PODS, scope.namespace) };
    let mut found = Offences::default();
    let mut failures = Failures::default();
    let mut is_listed = false;
    'list: loop {
        let listed = cluster.list(&query, |listed: &mut Offences, text| {
            let page: List<Pod<'_>> = serde_json::from_str(text)?;
            page.items.iter().for_each(|pod| drop(listed.set(pod, against)));
            Ok(page.metadata)
        });
        let mut state = match listed {
            Ok((listed, state)) => {
                (failures, is_listed) = (Failures::default(), true);
                if let Err(error) = tell(follow, &found.update(listed)) {
                    return Stopped::Untold(error);
                }
                state
            }
            // What never worked is not tried for ever.
            Err(failure) if !is_listed || stays(failure.kind) => return Stopped::Failed(failure),
            Err(failure) => {
                if !go_on(cluster, follow, &failure, &mut failures) {
                    return Stopped::TimeUp(found.len());
                }
                continue;
            }
        };
        loop {
            if until_clean && found.is_clean() {
                return Stopped::Clean;
            }
            if cluster.time_left().is_zero() {
                return Stopped::TimeUp(found.len());
            }
            let mut untold = None;
            let mut events = 0_u64;
            let ended = cluster.watch(&query, &mut state, |kind, text| {
                events += 1;
                let changes = match kind {
                    EventKind::Bookmark | EventKind::Error => Vec::new(),
                    EventKind::Deleted => found.remove(&serde_json::from_str::<Event<Pod<'_>>>(text)?.object),
                    EventKind::Added | EventKind::Modified => {
                        found.set(&serde_json::from_str::<Event<Pod<'_>>>(text)?.object, against)
                    }
                };
                untold = tell(follow, &changes).err();
                let is_enough = untold.is_some() || until_clean && found.is_clean();
                Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            });
            if let Some(error) = untold {
                return Stopped::Untold(error);
            }
            match ended {
                Ok(Ended::Enough) => return Stopped::Clean,
                Ok(Ended::Cut) if events > 0 => failures = Failures::default(),
                // A server that ends each watch at once is not asked without a pause.
                Ok(Ended::Cut) => {
                    cluster.pause(pause(failures.count));
                    failures.count += 1;
                }
                Err(failure) if failure.kind == FailureKind::Gone => continue 'list,
                Err(failure) if stays(failure.kind) => return Stopped::Failed(failure),
                Err(failure) => {
                    let is_of_server = failure.kind == FailureKind::Server;
                    if !go_on(cluster, follow, &failure, &mut failures) {
                        return Stopped::TimeUp(found.len());
                    }
                    // A server that cannot go on from a state may know a later one.
                    if is_of_server {
                        continue 'list;
                    }
                }
            }
        }
    }
}

fn tell(follow: &mut dyn Follow, changes: &[Change]) -> std::io::Result<()> {
    changes.iter().try_for_each(|change| follow.changed(change))
}

/// Whether asking again is of no use.
fn stays(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Certificate | FailureKind::Unauthorized | FailureKind::Forbidden)
}

fn pause(failures: u32) -> Duration {
    PAUSE.saturating_mul(2_u32.saturating_pow(failures.min(16))).min(LONGEST)
}

/// Failures one after the other.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    is_told: bool,
}

/// Tells one of several failures, and waits; false if the time is up.
fn go_on(cluster: &Cluster, follow: &mut dyn Follow, failure: &Failure, failures: &mut Failures) -> bool {
    // The server may just have closed the connection on which it was asked; then another one will do.
    if !failures.is_told && (failure.kind != FailureKind::Unreachable || failures.count > 0) {
        follow.fails(failure);
        failures.is_told = true;
    }
    cluster.pause(pause(failures.count));
    failures.count += 1;
    !cluster.time_left().is_zero()
}
