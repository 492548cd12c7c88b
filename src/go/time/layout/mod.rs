//! Go's time layouts, `2006-01-02 15:04:05`: formatting and parsing a [`Time`].

mod read;

pub(crate) use read::parse;

use super::Time;

/// The layout that JSON uses.
pub(crate) const RFC3339_NANO: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// Months in order, full names.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Days of the week from Sunday, full names.
pub(crate) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A token of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    PaddedDay,
    ZeroDay,
    PaddedYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    /// `PM` or `pm`
    Noon {
        upper: bool,
    },
    ZoneName,
    Offset(OffsetForm),
    /// `.000`, or `.999` without zeros at the end.
    Fraction {
        separator: u8,
        digits: usize,
        trimmed: bool,
    },
}

/// The form of an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OffsetForm {
    /// `Z` for UTC.
    z: bool,
    colons: bool,
    minutes: bool,
    seconds: bool,
}

/// Splits a layout at its first token: the text before it, the token, the rest.
fn next_token(layout: &[u8]) -> (&[u8], Option<(Token, usize)>, &[u8]) {
    for at in 0..layout.len() {
        if let Some((skip, size, token)) = token_at(&layout[at..]) {
            let (start, end) = (at + skip, at + skip + size);
            return (&layout[..start], Some((token, size)), &layout[end..]);
        }
    }
    (layout, None, &[])
}

/// The token at the beginning of a text: its offset and length.
fn token_at(text: &[u8]) -> Option<(usize, usize, Token)> {
    let token = |size: usize, token: Token| Some((0, size, token));
    let lower_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_lowercase);
    match text {
        [b'J', b'a', b'n', b'u', b'a', b'r', b'y', ..] => token(7, Token::LongMonth),
        [b'J', b'a', b'n', ..] if !lower_at(3) => token(3, Token::Month),
        [b'M', b'o', b'n', b'd', b'a', b'y', ..] => token(6, Token::LongWeekday),
        [b'M', b'o', b'n', ..] if !lower_at(3) => token(3, Token::Weekday),
        [b'M', b'S', b'T', ..] => token(3, Token::ZoneName),
        [b'0', b'1', ..] => token(2, Token::ZeroMonth),
        [b'0', b'2', ..] => token(2, Token::ZeroDay),
        [b'0', b'3', ..] => token(2, Token::ZeroHour12),
        [b'0', b'4', ..] => token(2, Token::ZeroMinute),
        [b'0', b'5', ..] => token(2, Token::ZeroSecond),
        [b'0', b'6', ..] => token(2, Token::Year),
        [b'0', b'0', b'2', ..] => token(3, Token::ZeroYearDay),
        [b'1', b'5', ..] => token(2, Token::Hour),
        [b'1', ..] => token(1, Token::NumberMonth),
        [b'2', b'0', b'0', b'6', ..] => token(4, Token::LongYear),
        [b'2', ..] => token(1, Token::Day),
        // The underscore of `_2006` is literal.
        [b'_', b'2', b'0', b'0', b'6', ..] => Some((1, 4, Token::LongYear)),
        [b'_', b'2', ..] => token(2, Token::PaddedDay),
        [b'_', b'_', b'2', ..] => token(3, Token::PaddedYearDay),
        [b'3', ..] => token(1, Token::Hour12),
        [b'4', ..] => token(1, Token::Minute),
        [b'5', ..] => token(1, Token::Second),
        [b'P', b'M', ..] => token(2, Token::Noon { upper: true }),
        [b'p', b'm', ..] => token(2, Token::Noon { upper: false }),
        [sign @ (b'-' | b'Z'), rest @ ..] => {
            let forms: [(&[u8], bool, bool, bool); 5] = [
                (b"070000", false, true, true),
                (b"07:00:00", true, true, true),
                (b"0700", false, true, false),
                (b"07:00", true, true, false),
                (b"07", false, false, false),
            ];
            let &(form, colons, minutes, seconds) = forms.iter().find(|(form, ..)| rest.starts_with(form))?;
            token(1 + form.len(), Token::Offset(OffsetForm { z: *sign == b'Z', colons, minutes, seconds }))
        }
        [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] => {
            let digits = text[1..].iter().take_while(|byte| *byte == digit).count();
            // More digits follow: not a fraction.
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            token(1 + digits, Token::Fraction { separator: *separator, digits, trimmed: *digit == b'9' })
        }
        _ => None,
    }
}

/// A time by a layout.
///
/// Source: Go `time.Time`, `Format`.
pub(crate) fn format(time: &Time, mut layout: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(layout.len() + 10);
    let civil = time.civil();
    let (zone, offset) = time.offset();
    let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
    while !layout.is_empty() {
        let (prefix, token, rest) = next_token(layout);
        out.extend_from_slice(prefix);
        let Some((token, _)) = token else { break };
        layout = rest;
        match token {
            Token::LongMonth => out.extend_from_slice(name(&MONTHS, civil.month - 1).as_bytes()),
            Token::Month => out.extend_from_slice(&name(&MONTHS, civil.month - 1).as_bytes()[..3]),
            Token::NumberMonth => number(&mut out, civil.month, 0),
            Token::ZeroMonth => number(&mut out, civil.month, 2),
            Token::LongWeekday => out.extend_from_slice(name(&WEEKDAYS, civil.weekday).as_bytes()),
            Token::Weekday => out.extend_from_slice(&name(&WEEKDAYS, civil.weekday).as_bytes()[..3]),
            Token::Day => number(&mut out, civil.day, 0),
            Token::PaddedDay => out.extend_from_slice(format!("{:2}", civil.day).as_bytes()),
            Token::ZeroDay => number(&mut out, civil.day, 2),
            Token::PaddedYearDay => out.extend_from_slice(format!("{:3}", civil.year_day).as_bytes()),
            Token::ZeroYearDay => number(&mut out, civil.year_day, 3),
            Token::Hour => number(&mut out, civil.hour, 2),
            Token::Hour12 => number(&mut out, hour12, 0),
            Token::ZeroHour12 => number(&mut out, hour12, 2),
            Token::Minute => number(&mut out, civil.minute, 0),
            Token::ZeroMinute => number(&mut out, civil.minute, 2),
            Token::Second => number(&mut out, civil.second, 0),
            Token::ZeroSecond => number(&mut out, civil.second, 2),
            Token::LongYear => number(&mut out, civil.year, 4),
            Token::Year => number(&mut out, (civil.year % 100).abs(), 2),
            Token::Noon { upper: true } => out.extend_from_slice(if civil.hour >= 12 { b"PM" } else { b"AM" }),
            Token::Noon { upper: false } => out.extend_from_slice(if civil.hour >= 12 { b"pm" } else { b"am" }),
            Token::ZoneName if !zone.is_empty() => out.extend_from_slice(zone.as_bytes()),
            Token::ZoneName => push_offset(&mut out, offset, PLAIN_OFFSET),
            Token::Offset(form) => push_offset(&mut out, offset, form),
            Token::Fraction { separator, digits, trimmed } => {
                let all = format!("{:09}", time.subsecond());
                let mut shown = &all[..digits.min(9)];
                if trimmed {
                    shown = shown.trim_end_matches('0');
                }
                if !shown.is_empty() {
                    out.push(separator);
                    out.extend_from_slice(shown.as_bytes());
                }
            }
        }
    }
    out
}

const PLAIN_OFFSET: OffsetForm = OffsetForm { z: false, colons: false, minutes: true, seconds: false };

fn push_offset(out: &mut Vec<u8>, offset: i32, form: OffsetForm) {
    if form.z && offset == 0 {
        out.push(b'Z');
        return;
    }
    // Go quirk: the sign is that of the whole minutes.
    let minutes = i64::from(offset / 60);
    out.push(if minutes < 0 { b'-' } else { b'+' });
    number(out, minutes.abs() / 60, 2);
    if form.minutes {
        out.extend_from_slice(if form.colons { b":" } else { b"" });
        number(out, minutes.abs() % 60, 2);
    }
    if form.seconds {
        out.extend_from_slice(if form.colons { b":" } else { b"" });
        let size = if minutes < 0 { -i64::from(offset) } else { i64::from(offset) };
        number(out, size % 60, 2);
    }
}

fn name(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("???")
}

/// A number padded with zeros to a width, not counting the sign.
fn number(out: &mut Vec<u8>, number: i64, width: usize) {
    let sign = if number < 0 { "-" } else { "" };
    out.extend_from_slice(format!("{sign}{:0width$}", number.unsigned_abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{format, parse};
    use crate::go::time::{Time, Zone};
    use serde_json::Value as Json;

    /// What helm 4.3.1 printed and read by random layouts, in Europe/Berlin.
    #[test]
    fn prints_and_reads_as_helm_does() {
        let cases: Vec<Vec<Json>> =
            serde_json::from_str(include_str!("../../../../testdata/dates/layouts.json")).unwrap();
        let local = Zone::local("Europe/Berlin");
        for case in cases {
            let text = |index: usize| case[index].as_str().unwrap_or_default();
            let layout = text(1).as_bytes();
            let result = if text(0) == "format" {
                let zone = Zone::load(text(3), "Europe/Berlin").unwrap_or(Zone::Utc);
                let time = Time::from_unix(case[2].as_i64().unwrap(), zone);
                Json::from(String::from_utf8(format(&time, layout)).unwrap())
            } else {
                match parse(layout, text(2).as_bytes(), &local) {
                    Ok(time) => {
                        let text = format(&time, b"2006-01-02 15:04:05.999999999 -0700 MST");
                        Json::from(String::from_utf8(text).unwrap())
                    }
                    Err(error) => serde_json::json!({ "error": error }),
                }
            };
            assert_eq!(Some(&result), case.last(), "{case:?}");
        }
    }
}
