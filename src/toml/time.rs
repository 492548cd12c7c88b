//! Dates and times of a TOML text.

use crate::go::time::layout::{self, RFC3339_NANO};
use crate::go::time::{Time, Zone};
use crate::template::Context;

const LOCAL_DATETIME: &str = "datetime-local";
const LOCAL_DATE: &str = "date-local";
const LOCAL_TIME: &str = "time-local";

/// The layout and the zone of each form; the first that fits is used. An empty name is the machine's zone.
const FORMS: [(&[u8], &str); 7] = [
    (RFC3339_NANO, ""),
    (b"2006-01-02T15:04:05.999999999", LOCAL_DATETIME),
    (b"2006-01-02", LOCAL_DATE),
    (b"15:04:05.999999999", LOCAL_TIME),
    (b"2006-01-02T15:04Z07:00", ""),
    (b"2006-01-02T15:04", LOCAL_DATETIME),
    (b"15:04", LOCAL_TIME),
];

/// The meaning of a text without a zone.
pub(super) struct Zones {
    local: Zone,
    /// Seconds east of UTC at present.
    offset: i32,
}

impl Zones {
    pub(super) fn new(ctx: &Context<'_>) -> Self {
        let local = Zone::local(&ctx.env.time_zone);
        let now = ctx.now().div_euclid(1_000_000_000);
        let offset = local.at(i64::try_from(now).unwrap_or(0)).1;
        Self { local, offset }
    }

    /// Reads a date, a time, or both with `T` between them and optionally a zone.
    pub(super) fn parse(&self, text: &str) -> Option<Time> {
        let (form, time) = FORMS.iter().find_map(|(form, name)| {
            let zone = match *name {
                "" => self.local.clone(),
                // BurntSushi quirk: these have the current offset of the machine's zone.
                name => Zone::Fixed(name.into(), self.offset),
            };
            layout::parse(form, text.as_bytes(), &zone).ok().map(|time| (form, time))
        })?;
        // Go also reads `1:2:3`, with the separators at other positions.
        let ahead = form.iter().take_while(|byte| !matches!(byte, b'.' | b'Z'));
        let mut ahead = ahead.zip(text.bytes().map(Some).chain(std::iter::repeat(None)));
        let in_place = ahead.all(|(&form, found)| form.is_ascii_digit() || found == Some(form));
        in_place.then_some(time)
    }
}

/// A time as TOML has it.
pub(super) fn write(time: &Time) -> Vec<u8> {
    let form = match &time.zone {
        Zone::Fixed(name, _) if **name == *LOCAL_DATETIME => FORMS[1].0,
        Zone::Fixed(name, _) if **name == *LOCAL_DATE => FORMS[2].0,
        Zone::Fixed(name, _) if **name == *LOCAL_TIME => FORMS[3].0,
        _ => return layout::format(time, RFC3339_NANO),
    };
    layout::format(&time.with_zone(Zone::Utc), form)
}
