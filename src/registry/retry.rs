//! When to try again: which answers are temporary, how long to wait, and the waits that all requests to a host share.

use super::error::{Again, Error, Fault, Kind};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long a client waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes, in each direction.
    pub idle: Duration,
    /// For the answer to a request; an upload has more, by its size.
    pub response: Duration,
    /// In total for each host, between attempts.
    pub budget: Duration,
    /// The length of a second of waiting between attempts. Only tests change it.
    pub second: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            response: Duration::from_secs(60),
            budget: Duration::from_secs(600),
            second: Duration::from_secs(1),
        }
    }
}

/// The most attempts without any progress.
const ATTEMPTS: u32 = 8;

/// The longest wait that is not the host's own wish, in seconds.
const LONGEST: f64 = 30.0;

/// The attempts of one piece of work.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
}

impl Tries {
    /// Something was achieved: earlier failures no longer count.
    pub(super) fn progress(&mut self) {
        self.failed = 0;
    }
}

/// The hosts that are waited for.
#[derive(Debug, Default)]
pub(super) struct Gates(RefCell<BTreeMap<String, Gate>>);

#[derive(Debug, Default)]
struct Gate {
    /// No request is sent before.
    opens: Option<Instant>,
    /// The total of all waits so far.
    waited: Duration,
    /// The answers in a row that said only that the host is busy.
    busy: u32,
}

impl Gates {
    /// Waits until requests may be sent to a host.
    pub(super) async fn pass(&self, host: &str) {
        loop {
            let opens = self.0.borrow().get(host).and_then(|gate| gate.opens);
            match opens {
                Some(at) if at > Instant::now() => tokio::time::sleep_until(at).await,
                _ => return,
            }
        }
    }

    /// A host answered: it is no longer busy.
    pub(super) fn answered(&self, host: &str) {
        if let Some(gate) = self.0.borrow_mut().get_mut(host) {
            gate.busy = 0;
        }
    }

    /// Lets no request to a host pass for some seconds, because its rate limit is used up: the next one would only be refused. If that is
    /// longer than allowed, the host is asked anyway, and says what it wants. `told` learns of the wait.
    pub(super) fn close(&self, host: &str, seconds: u64, patience: &Patience, told: impl FnOnce(Duration)) {
        let wait = Duration::try_from_secs_f64(seconds as f64 * patience.second.as_secs_f64());
        let (Ok(wait), now) = (wait, Instant::now()) else { return };
        let mut gates = self.0.borrow_mut();
        let gate = gates.entry(host.to_owned()).or_default();
        let Some(until) = now.checked_add(wait) else { return };
        // Many answers say the same: its time is counted once.
        let counted = until.saturating_duration_since(gate.opens.unwrap_or(now).max(now));
        if counted.is_zero() || gate.waited.saturating_add(counted) > patience.budget {
            return;
        }
        gate.waited += counted;
        gate.opens = Some(until);
        told(wait);
    }

    /// Waits before the next attempt; `told` learns of waits that the host asked for.
    ///
    /// # Errors
    /// The fault is final, there were too many attempts, or the waits would be longer than allowed.
    pub(super) async fn pause(
        &self,
        host: &str,
        tries: &mut Tries,
        fault: Fault,
        patience: &Patience,
        told: impl FnOnce(Duration),
    ) -> Result<(), Error> {
        let Fault { error, again } = fault;
        let (wait, is_shared) = match again {
            Again::Never => return Err(error),
            Again::Soon => {
                tries.failed += 1;
                if tries.failed >= ATTEMPTS {
                    return Err(error.with_note(&format!("{ATTEMPTS} attempts failed")));
                }
                (backoff(tries.failed), false)
            }
            Again::Busy(seconds) => {
                let mut gates = self.0.borrow_mut();
                let gate = gates.entry(host.to_owned()).or_default();
                let is_open = gate.opens.is_none_or(|at| at <= Instant::now());
                // Requests that were sent before the gate closed say nothing new.
                gate.busy += u32::from(is_open);
                let wait = match seconds {
                    Some(seconds) => (seconds as f64).max(0.1),
                    None => backoff(gate.busy.max(1)).max(1.0),
                };
                (wait, true)
            }
        };
        // A host may ask for a wait of centuries.
        let wait = Duration::try_from_secs_f64(wait * patience.second.as_secs_f64()).unwrap_or(Duration::MAX);
        let until = {
            let mut gates = self.0.borrow_mut();
            let gate = gates.entry(host.to_owned()).or_default();
            let now = Instant::now();
            let until = now.checked_add(wait);
            // Many requests wait for one gate: its time is counted once.
            let counted = match gate.opens {
                Some(opens) if is_shared && opens > now => {
                    until.map_or(wait, |until| until.saturating_duration_since(opens))
                }
                _ => wait,
            };
            let Some(until) = until.filter(|_| gate.waited.saturating_add(counted) <= patience.budget) else {
                let note = match again {
                    Again::Busy(Some(seconds)) => format!("it asks to wait for {seconds} s"),
                    _ => format!("waited for {:.0} s", seconds(gate.waited, patience)),
                };
                return Err(error.with_note(&format!(
                    "{note}, and --retry-budget allows {:.0} s for each registry; run again later, or raise it",
                    seconds(patience.budget, patience)
                )));
            };
            gate.waited += counted;
            if is_shared {
                gate.opens = Some(gate.opens.map_or(until, |opens| opens.max(until)));
            }
            until
        };
        told(wait);
        tokio::time::sleep_until(until).await;
        Ok(())
    }
}

/// A wait in seconds.
fn seconds(wait: Duration, patience: &Patience) -> f64 {
    wait.as_secs_f64() / patience.second.as_secs_f64()
}

/// The seconds before an attempt after a number of failures: 0.5, 1, 2, 4 … and up to half less, so that many clients do not
/// come back at once.
fn backoff(failures: u32) -> f64 {
    let full = 0.5 * 2f64.powi(failures.min(10) as i32 - 1);
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    full.min(LONGEST) * (0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

/// Whether the answer may be another one in a moment.
pub(super) fn again(status: StatusCode, headers: &HeaderMap) -> Again {
    match status.as_u16() {
        429 => Again::Busy(retry_after(headers)),
        503 => retry_after(headers).map_or(Again::Soon, |seconds| Again::Busy(Some(seconds))),
        408 | 425 => Again::Soon,
        // Not implemented, an HTTP version that is not supported, no space: these stay.
        501 | 505 | 507 | 508 | 510 => Again::Never,
        500..=599 => Again::Soon,
        _ => Again::Never,
    }
}

/// The kind of an error for a status.
pub(super) fn kind_of(status: StatusCode) -> Kind {
    match status.as_u16() {
        401 => Kind::Unauthorized,
        403 => Kind::Forbidden,
        404 | 410 => Kind::NotFound,
        408 | 504 => Kind::Timeout,
        413 => Kind::Limit,
        429 => Kind::TooManyRequests,
        507 => Kind::NoSpace,
        500..=599 => Kind::Unavailable,
        _ => Kind::Rejected,
    }
}

/// The seconds of `Retry-After`, or those until the rate limit allows more.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER).and_then(|value| seconds_of(headers, value)).or_else(|| reset(headers))
}

/// The seconds until the rate limit allows more, if the registry says so.
pub(super) fn reset(headers: &HeaderMap) -> Option<u64> {
    let header = ["ratelimit-reset", "x-ratelimit-reset"].iter().find_map(|name| headers.get(*name))?;
    seconds_of(headers, header)
}

/// The seconds of a header: a number, or a date, which counts from the server's own clock if it says what that is.
fn seconds_of(headers: &HeaderMap, value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        // Some registries send the time at which the limit ends.
        const A_MOMENT_IN_TIME: u64 = 1_000_000_000;
        return Some(match u64::try_from(clock(headers)) {
            Ok(now) if seconds > A_MOMENT_IN_TIME => seconds.saturating_sub(now),
            _ => seconds,
        });
    }
    let until = moment(text)?;
    Some(u64::try_from(until - clock(headers)).unwrap_or(0))
}

/// The server's clock, or ours, in seconds of Unix.
fn clock(headers: &HeaderMap) -> i64 {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(moment);
    date.unwrap_or_else(now)
}

/// A date of HTTP, in seconds of Unix.
fn moment(text: &str) -> Option<i64> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(date.timestamp().as_second())
}

#[expect(clippy::disallowed_methods, reason = "a registry says until when to wait")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

impl Error {
    /// The error with the number of attempts, or why there are no more.
    fn with_note(self, note: &str) -> Self {
        Self::new(self.kind(), format!("{self} ({note})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn retry_after_has_two_forms() {
        let date = (DATE, "Wed, 21 Oct 2015 07:28:00 GMT");
        for (pairs, expected) in [
            (vec![(RETRY_AFTER, "7")], Some(7)),
            (vec![(RETRY_AFTER, "Wed, 21 Oct 2015 07:28:05 GMT"), date.clone()], Some(5)),
            (vec![(RETRY_AFTER, "Wed, 21 Oct 2015 07:27:05 GMT"), date.clone()], Some(0)),
            // 2015-10-21T07:28:09Z
            (vec![(RETRY_AFTER, "1445412489"), date], Some(9)),
            (vec![(RETRY_AFTER, "soon")], None),
            (vec![(HeaderName::from_static("ratelimit-reset"), "12")], Some(12)),
            (vec![(HeaderName::from_static("x-ratelimit-reset"), "12"), (RETRY_AFTER, "3")], Some(3)),
            (vec![(RETRY_AFTER, "-1")], None),
            (vec![], None),
        ] {
            assert_eq!(retry_after(&headers(&pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn temporary_answers_are_tried_again() {
        for (status, expected) in [
            (200, Again::Never),
            (401, Again::Never),
            (403, Again::Never),
            (404, Again::Never),
            (408, Again::Soon),
            (429, Again::Busy(Some(7))),
            (500, Again::Soon),
            (501, Again::Never),
            (502, Again::Soon),
            (503, Again::Busy(Some(7))),
            (507, Again::Never),
            (522, Again::Soon),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(again(status, &headers(&[(RETRY_AFTER, "7")])), expected, "{status}");
        }
        assert_eq!(again(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new()), Again::Soon);
    }

    #[test]
    fn a_used_up_limit_closes_the_gate() {
        let gates = Gates::default();
        let patience = Patience { budget: Duration::from_secs(100), ..Patience::default() };
        let mut told = Vec::new();
        for seconds in [30, 30, 40, 90, 0] {
            gates.close("quay.io", seconds, &patience, |wait| told.push(wait.as_secs()));
        }
        // The second 30 s end a moment after the first.
        told.dedup();
        assert_eq!(told, [30, 40, 90]);
        let waited = |host: &str| gates.0.borrow().get(host).map(|gate| gate.waited.as_secs());
        assert_eq!((waited("quay.io"), waited("docker.io")), (Some(90), None), "the same time is counted once");
        gates.close("quay.io", 102, &patience, |_| panic!("the budget does not allow it"));
        assert_eq!(waited("quay.io"), Some(90));
    }

    #[test]
    fn the_wait_grows_and_ends() {
        for (failures, most) in [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (1000, 30.0)] {
            let wait = backoff(failures);
            assert!(wait <= most && wait >= most / 2.0, "{failures}: {wait}");
        }
    }
}
