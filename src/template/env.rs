//! [`Env`]: the clock and the randomness of a render; a render has no other access to either.

use super::keys::Keys;
use crate::helm::HelmVersion;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The environment of templates.
#[derive(Debug, Clone)]
pub(crate) struct Env {
    /// The clock of `now`.
    pub clock: Clock,
    /// The source of random bytes.
    pub random: Random,
    /// The time zone that helm calls Local: an IANA name, or `UTC`.
    pub time_zone: String,
    /// Which helm to imitate.
    pub helm: HelmVersion,
    /// Keys shared by renders whose output is discarded.
    pub keys: Keys,
    /// How often randomness was used.
    pub draws: u64,
    /// Whether a template asked for the time, in this environment or in a copy.
    pub timed: Arc<AtomicBool>,
}

/// The source of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant, in nanoseconds since 1970 (UTC).
    Fixed(i128),
}

/// A source of random bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Random {
    /// The operating system.
    System,
    /// A sequence derived from a seed: SHA-256 of the seed and a counter.
    Seeded {
        /// The seed.
        seed: u64,
        /// The number of blocks used.
        counter: u64,
    },
}

impl Default for Env {
    fn default() -> Self {
        Self {
            clock: Clock::System,
            random: Random::System,
            time_zone: "UTC".to_owned(),
            helm: HelmVersion::V4,
            keys: Keys::default(),
            draws: 0,
            timed: Arc::default(),
        }
    }
}

impl Env {
    /// A deterministic environment: the clock is 2000-01-01, randomness is derived from the seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            clock: Clock::Fixed(946_684_800_000_000_000),
            random: Random::Seeded { seed, counter: 0 },
            ..Self::default()
        }
    }

    /// The same environment made deterministic: its clock is fixed, and randomness is derived from its seed, or from 0.
    #[must_use]
    pub(crate) fn repeatable(self) -> Self {
        let clock = Clock::Fixed(self.time());
        match self.random {
            Random::Seeded { .. } => Self { clock, ..self },
            Random::System => Self { clock, random: Random::Seeded { seed: 0, counter: 0 }, ..self },
        }
    }

    /// The current time in nanoseconds since 1970 (UTC), for a template.
    pub(crate) fn now(&self) -> i128 {
        self.timed.store(true, Ordering::Relaxed);
        self.time()
    }

    /// Whether a template asked for the time.
    pub(crate) fn is_timed(&self) -> bool {
        self.timed.load(Ordering::Relaxed)
    }

    fn time(&self) -> i128 {
        match self.clock {
            Clock::Fixed(nanoseconds) => nanoseconds,
            #[expect(clippy::disallowed_methods, reason = "the one place where a render may ask for the time")]
            Clock::System => jiff::Timestamp::now().as_nanosecond(),
        }
    }

    /// The seed of the randomness.
    pub(crate) fn seed(&self) -> Option<u64> {
        match self.random {
            Random::System => None,
            Random::Seeded { seed, .. } => Some(seed),
        }
    }

    /// Whether something was derived from the seed: whoever knows the seed knows the result.
    pub(crate) fn has_used_seed(&self) -> bool {
        matches!(self.random, Random::Seeded { counter, .. } if counter > 0 || self.keys.count() > 0)
    }

    /// How often randomness was used, which shows whether a result may differ in each render.
    pub(crate) fn draws(&self) -> u64 {
        self.draws + self.keys.count()
    }

    /// Fills a buffer with random bytes.
    pub(crate) fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.draws += 1;
        match &mut self.random {
            Random::System => getrandom::fill(bytes).map_err(|error| format!("no randomness from the system: {error}")),
            Random::Seeded { seed, counter } => {
                use sha2::Digest;
                for block in bytes.chunks_mut(32) {
                    let mut hash = sha2::Sha256::new();
                    hash.update(seed.to_le_bytes());
                    hash.update(counter.to_le_bytes());
                    *counter += 1;
                    block.copy_from_slice(&hash.finalize()[..block.len()]);
                }
                Ok(())
            }
        }
    }

    /// A random number below `bound`, which must not be 0, without bias.
    pub(crate) fn random_below(&mut self, bound: u64) -> Result<u64, String> {
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let mut bytes = [0; 8];
            self.fill_random(&mut bytes)?;
            let number = u64::from_le_bytes(bytes);
            if number < zone {
                return Ok(number % bound);
            }
        }
    }
}
