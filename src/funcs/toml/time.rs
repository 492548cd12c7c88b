//! [`Time`]: a date or time of a TOML text.

use crate::template::types::{Kind, Type};
use crate::template::{Object, Value};
use std::any::Any;
use std::borrow::Cow;

/// Go's `time.Time`, as far as TOML can write one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Time {
    /// `2006-01-02`; the year 0 for a time of day.
    date: String,
    /// `15:04:05.5`, with seconds and without zeros at the end.
    clock: String,
    zone: Zone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Zone {
    LocalDatetime,
    LocalDate,
    LocalTime,
    Utc,
    /// `+02:00`
    Offset(String),
}

static TIME: Type = Type::new("time.Time", Kind::Struct, None);

impl Time {
    /// Reads a date, a time, or both with `T` between them and perhaps a zone after them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = match text.split_once('T') {
            Some((date, rest)) => (date, Some(rest)),
            None if text.contains(':') => ("0000-01-01", Some(text)),
            None => (text, None),
        };
        let has_date = !std::ptr::eq(date.as_ptr(), "0000-01-01".as_ptr()) && text.starts_with(date);
        if !is_date(date) {
            return None;
        }
        let date = date.to_owned();
        let Some(rest) = rest else {
            return Some(Self { date, clock: "00:00:00".to_owned(), zone: Zone::LocalDate });
        };
        let clock_end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(clock_end);
        let clock = clock_text(clock)?;
        let zone = match zone {
            "" if has_date => Zone::LocalDatetime,
            "" => Zone::LocalTime,
            _ if !has_date => return None,
            "Z" | "+00:00" | "-00:00" => Zone::Utc,
            _ => Zone::Offset(is_offset(zone)?.to_owned()),
        };
        Some(Self { date, clock, zone })
    }

    /// As TOML has it.
    pub(super) fn toml(&self) -> String {
        match &self.zone {
            Zone::LocalDate => self.date.clone(),
            Zone::LocalTime => self.clock.clone(),
            Zone::LocalDatetime => format!("{}T{}", self.date, self.clock),
            _ => self.rfc3339(),
        }
    }

    fn rfc3339(&self) -> String {
        let zone = match &self.zone {
            Zone::Offset(offset) => offset,
            _ => "Z",
        };
        format!("{}T{}{zone}", self.date, self.clock)
    }
}

impl Object for Time {
    fn ty(&self) -> &'static Type {
        &TIME
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        let (offset, name) = match &self.zone {
            Zone::LocalDatetime => ("+0000".to_owned(), "datetime-local".to_owned()),
            Zone::LocalDate => ("+0000".to_owned(), "date-local".to_owned()),
            Zone::LocalTime => ("+0000".to_owned(), "time-local".to_owned()),
            Zone::Utc => ("+0000".to_owned(), "UTC".to_owned()),
            Zone::Offset(offset) => (offset.replace(':', ""), offset.replace(':', "")),
        };
        Some(format!("{} {} {offset} {name}", self.date, self.clock).into())
    }
    fn json(&self) -> Option<Value> {
        Some(Value::from(self.rfc3339()))
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

/// Two digits up to a limit.
fn two(text: &str, most: u32) -> Option<u32> {
    if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|&number| number <= most)
}

/// `2006-01-02`
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let year: u32 = year.parse().unwrap_or(0);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match two(month, 12) {
        None | Some(0) => return false,
        Some(2) if leap => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        Some(_) => 31,
    };
    two(day, days).is_some_and(|day| day > 0)
}

/// `15:04`, `15:04:05`, `15:04:05.678`, as Go writes it again.
fn clock_text(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = whole.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] if fraction.is_none() => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    two(hour, 23)?;
    two(minute, 59)?;
    two(second, 59)?;
    let mut clock = format!("{hour}:{minute}:{second}");
    if let Some(fraction) = fraction {
        if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let nanoseconds = fraction[..fraction.len().min(9)].trim_end_matches('0');
        if !nanoseconds.is_empty() {
            clock.push('.');
            clock.push_str(nanoseconds);
        }
    }
    Some(clock)
}

/// `+02:00`
fn is_offset(text: &str) -> Option<&str> {
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    // Go quirk: offsets of 24 hours and of 60 minutes pass.
    two(hours, 24)?;
    two(minutes, 60)?;
    Some(text)
}
