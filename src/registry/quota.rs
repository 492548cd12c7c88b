//! [`Quotas`]: what registries say is left of their rate limits.

use reqwest::header::HeaderMap;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What is left of the rate limit of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    /// The requests that are left.
    pub remaining: u64,
    /// The requests that it allows; `None` if it does not say.
    pub limit: Option<u64>,
    /// In how many seconds; `None` if it does not say.
    pub seconds: Option<u64>,
}

/// What registries said last.
#[derive(Debug, Default)]
pub(super) struct Quotas(RefCell<BTreeMap<String, Quota>>);

impl Quotas {
    /// Notes what an answer of a registry says: `ratelimit-remaining: 76;w=21600`. Returns whether nothing is left.
    pub(super) fn note(&self, host: &str, headers: &HeaderMap) -> bool {
        let header = |name: &str| {
            let names = [name.to_owned(), format!("x-{name}")];
            names.iter().find_map(|name| parsed(headers.get(name.as_str())?.to_str().ok()?))
        };
        let Some((remaining, seconds)) = header("ratelimit-remaining") else { return false };
        let limit = header("ratelimit-limit");
        let seconds = seconds.or(limit.and_then(|(_, seconds)| seconds));
        let quota = Quota { remaining, limit: limit.map(|(limit, _)| limit), seconds };
        self.0.borrow_mut().insert(host.to_owned(), quota);
        remaining == 0
    }

    /// What each registry said last.
    pub(super) fn all(&self) -> BTreeMap<String, Quota> {
        self.0.borrow().clone()
    }
}

/// A number of requests, and the seconds that it is for.
fn parsed(text: &str) -> Option<(u64, Option<u64>)> {
    // Several limits may be listed; the first is the one that counts.
    let mut parts = text.split(',').next()?.split(';');
    let number = parts.next()?.trim().parse().ok()?;
    let seconds = parts.find_map(|part| part.trim().strip_prefix("w=")?.trim().parse().ok());
    Some((number, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn limits_are_read() {
        let quota = |pairs: &[(&'static str, &'static str)]| {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            let quotas = Quotas::default();
            quotas.note("docker.io", &pairs.iter().map(pair).collect());
            let all = quotas.all();
            all.get("docker.io").map(|quota| (quota.remaining, quota.limit, quota.seconds))
        };
        for (pairs, expected) in [
            (
                &[("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "76;w=21600")][..],
                Some((76, Some(100), Some(21_600))),
            ),
            (&[("x-ratelimit-remaining", "0")], Some((0, None, None))),
            (&[("ratelimit-remaining", "4, 5;w=60")], Some((4, None, None))),
            (&[("ratelimit-remaining", "many")], None),
            (&[("ratelimit-limit", "100;w=21600")], None),
        ] {
            assert_eq!(quota(pairs), expected, "{pairs:?}");
        }
    }
}
