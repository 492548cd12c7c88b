//! [`Time`]: a point in time in a time zone, computed as in Go: without the year limits of `jiff`, which provides the zones.

use super::SECOND;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::rc::Rc;

/// Seconds from Go's zero time, the beginning of the year 1, to 1970.
const ZERO_TO_UNIX: i64 = 62_135_596_800;
const DAY: i64 = 86_400;
/// Days of 400 years, after which the calendar repeats, including weekdays.
const CYCLE: i64 = 146_097;

/// A point in time, with its zone.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    /// Seconds since 1970.
    seconds: i64,
    nanos: u32,
    /// The zone.
    pub zone: Zone,
    /// For the result of `now`: the monotonic clock reading since the start of the program.
    pub monotonic: Option<i64>,
}

/// A time zone.
#[derive(Debug, Clone)]
pub(crate) enum Zone {
    /// UTC; the zero value of Go's zones.
    Utc,
    /// The zone of the machine; `None` if that is UTC.
    Local(Option<TimeZone>),
    /// A zone by its name.
    Named(TimeZone),
    /// A zone from a parsed text: its name, which may be empty, and seconds east of UTC.
    Fixed(Rc<str>, i32),
    /// An unknown zone without a name: its clocks show UTC.
    Blank,
}

/// A date and a time of day, as a calendar and a clock in a zone show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    /// The year; 0 is the year before 1.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// From 1.
    pub year_day: i64,
    /// From 0, Sunday.
    pub weekday: i64,
    /// From 0.
    pub hour: i64,
    /// From 0.
    pub minute: i64,
    /// From 0.
    pub second: i64,
}

impl Time {
    /// A number of nanoseconds since 1970.
    pub(crate) fn from_nanos(nanos: i128, zone: Zone) -> Self {
        let billion = i128::from(SECOND);
        let seconds = nanos.div_euclid(billion).clamp(i64::MIN.into(), i64::MAX.into());
        Self { seconds: seconds as i64, nanos: nanos.rem_euclid(billion) as u32, zone, monotonic: None }
    }

    /// A number of seconds since 1970.
    pub(crate) fn from_unix(seconds: i64, zone: Zone) -> Self {
        Self { seconds, nanos: 0, zone, monotonic: None }
    }

    /// Go's zero time: the beginning of the year 1 in UTC.
    pub(crate) fn zero() -> Self {
        Self::from_unix(-ZERO_TO_UNIX, Zone::Utc)
    }

    /// The time of a date and clock reading in a zone; numbers out of their usual range carry over.
    ///
    /// Source: Go `time.Date`.
    pub(crate) fn from_civil(
        [year, month, day]: [i64; 3],
        [hour, minute, second, nanos]: [i64; 4],
        zone: Zone,
    ) -> Self {
        let month = month.wrapping_sub(1);
        let year = year.wrapping_add(month.div_euclid(12));
        let second = second.wrapping_add(nanos.div_euclid(SECOND));
        let days = days_before(year, month.rem_euclid(12) + 1).wrapping_add(day).wrapping_sub(1);
        let clock = hour.wrapping_mul(3600).wrapping_add(minute.wrapping_mul(60)).wrapping_add(second);
        let shown = days.wrapping_mul(DAY).wrapping_add(clock);
        let guess = i64::from(zone.at(shown).1);
        // Close to a change of the clocks, the offset of the estimated time is used.
        let offset = if guess == 0 { 0 } else { i64::from(zone.at(shown.wrapping_sub(guess)).1) };
        let seconds = shown.wrapping_sub(offset);
        Self { seconds, nanos: nanos.rem_euclid(SECOND) as u32, zone, monotonic: None }
    }

    /// Seconds since 1970.
    pub(crate) fn unix(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    pub(crate) fn subsecond(&self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since 1970, truncated to 64 bits.
    pub(crate) fn unix_nanos(&self) -> i64 {
        self.seconds.wrapping_mul(SECOND).wrapping_add(i64::from(self.nanos))
    }

    /// Seconds since the year 1.
    pub(crate) fn absolute(&self) -> i64 {
        self.seconds.wrapping_add(ZERO_TO_UNIX)
    }

    /// The name of the zone at this time, which may be empty, and seconds east of UTC.
    pub(crate) fn offset(&self) -> (Rc<str>, i32) {
        self.zone.at(self.seconds)
    }

    /// The date and clock reading in the zone.
    pub(crate) fn civil(&self) -> Civil {
        let shown = i128::from(self.seconds) + i128::from(self.offset().1);
        let days = shown.div_euclid(i128::from(DAY)) as i64;
        let clock = shown.rem_euclid(i128::from(DAY)) as i64;
        let (year, month, day) = date_of(days);
        Civil {
            year,
            month,
            day,
            year_day: days - days_before(year, 1) + 1,
            // 1970 began on a Thursday.
            weekday: (days + 4).rem_euclid(7),
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
        }
    }

    /// The same time in another zone. A change of zone drops the monotonic clock reading.
    pub(crate) fn with_zone(&self, zone: Zone) -> Self {
        Self { zone, monotonic: None, ..*self }
    }

    /// A duration later.
    pub(crate) fn add(&self, duration: i64) -> Self {
        let nanos = i64::from(self.nanos) + duration % SECOND;
        Self {
            seconds: self.seconds.wrapping_add(duration / SECOND).wrapping_add(nanos.div_euclid(SECOND)),
            nanos: nanos.rem_euclid(SECOND) as u32,
            zone: self.zone.clone(),
            monotonic: self.monotonic.and_then(|own| own.checked_add(duration)),
        }
    }

    /// The duration since another time, or the longest duration.
    pub(crate) fn since(&self, other: &Self) -> i64 {
        let nanos = |time: &Self| i128::from(time.seconds) * i128::from(SECOND) + i128::from(time.nanos);
        (nanos(self) - nanos(other)).clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// The time truncated to a multiple of a duration since the year 1; unchanged if the duration is not positive.
    pub(crate) fn truncate(&self, unit: i64) -> Self {
        let plain = Self { monotonic: None, ..self.clone() };
        if unit <= 0 { plain } else { plain.add(-plain.past_multiple(unit)) }
    }

    /// The time rounded to a multiple of a duration since the year 1, halves up.
    pub(crate) fn round(&self, unit: i64) -> Self {
        let plain = Self { monotonic: None, ..self.clone() };
        if unit <= 0 {
            return plain;
        }
        let past = plain.past_multiple(unit);
        plain.add(if past < unit - past { -past } else { unit - past })
    }

    fn past_multiple(&self, unit: i64) -> i64 {
        let nanos = i128::from(self.absolute()) * i128::from(SECOND) + i128::from(self.nanos);
        nanos.rem_euclid(i128::from(unit)) as i64
    }

    /// Only the point in time, for comparison.
    pub(crate) fn moment(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }
}

impl Zone {
    /// The local zone if the machine's zone has this name.
    pub(crate) fn local(name: &str) -> Self {
        Self::Local(find(name).filter(|_| name != "UTC"))
    }

    /// The zone with a name, `local` being the machine's; `None` if there is none.
    ///
    /// Source: Go `time.LoadLocation`, with tables of our own.
    pub(crate) fn load(name: &str, local: &str) -> Option<Self> {
        match name {
            "" | "UTC" => Some(Self::Utc),
            "Local" => Some(Self::local(local)),
            _ => find(name).map(Self::Named),
        }
    }

    /// The name of the zone itself: `Europe/Berlin`, `UTC`, `Local`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Utc | Self::Local(None) => "UTC",
            Self::Local(Some(zone)) | Self::Named(zone) => zone.iana_name().unwrap_or("Local"),
            Self::Fixed(name, _) => name,
            Self::Blank => "",
        }
    }

    /// Whether Go would have the same pointer for both, which is what `==` of times compares.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Utc, Self::Utc) | (Self::Local(_), Self::Local(_)))
    }

    /// The abbreviation at a point in time, and seconds east of UTC.
    pub(crate) fn at(&self, seconds: i64) -> (Rc<str>, i32) {
        match self {
            Self::Utc | Self::Local(None) | Self::Blank => ("UTC".into(), 0),
            Self::Fixed(name, offset) => (name.clone(), *offset),
            Self::Local(Some(zone)) | Self::Named(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                (info.abbreviation().into(), info.offset().seconds())
            }
        }
    }

    /// Whether daylight saving time is in effect at a point in time.
    pub(crate) fn is_dst(&self, seconds: i64) -> bool {
        match self {
            Self::Utc | Self::Local(None) | Self::Fixed(..) | Self::Blank => false,
            Self::Local(Some(zone)) | Self::Named(zone) => zone.to_offset_info(timestamp(seconds)).dst().is_dst(),
        }
    }

    /// The offset of an abbreviation in the zone, preferably near a time shown by its clocks.
    ///
    /// Source: Go `time.Location`, `lookupName`, which uses the whole history of the zone; we use the year around the time.
    pub(crate) fn offset_of(&self, abbreviation: &str, shown: i64) -> Option<i32> {
        let months = [0].into_iter().chain((1..=12).flat_map(|month| [-month, month]));
        months
            .map(|month| self.at(shown.wrapping_add(month * 30 * DAY)))
            .find_map(|(name, offset)| (*name == *abbreviation).then_some(offset))
    }
}

/// A point in time for the zone tables, which end with the year 9999: later ones are moved by whole cycles of the calendar.
fn timestamp(seconds: i64) -> jiff::Timestamp {
    const LAST: i64 = 253_000_000_000;
    let within = if seconds > LAST {
        let cycle = CYCLE * DAY;
        seconds - (seconds - LAST).div_euclid(cycle).saturating_add(1).saturating_mul(cycle)
    } else {
        seconds
    };
    jiff::Timestamp::from_second(within).unwrap_or(jiff::Timestamp::MIN)
}

/// A zone of the built-in database.
fn find(name: &str) -> Option<TimeZone> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    // File names are case-sensitive.
    (zone.iana_name() == Some(name)).then_some(zone)
}

/// Days from 1970 to the beginning of a month of a year.
pub(super) fn days_before(year: i64, month: i64) -> i64 {
    // Years begin in March here, so that leap days are last.
    let (year, month) = if month <= 2 { (year.wrapping_sub(1), month + 9) } else { (year, month - 3) };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let within = year * 365 + year / 4 - year / 100 + (month * 153 + 2) / 5;
    cycle.wrapping_mul(CYCLE).wrapping_add(within - 719_468)
}

/// The year, month and day of a number of days since 1970.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days.wrapping_add(719_468);
    let (cycle, day) = (days.div_euclid(CYCLE), days.rem_euclid(CYCLE));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    let year = cycle * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

/// Days of a month.
pub(super) fn days_in(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_before(next_year, next) - days_before(year, month)
}
