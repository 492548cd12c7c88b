//! Go's time layouts, `2006-01-02 15:04:05`: printing a [`Time`] by one, and reading one.

use super::durations::{leading_integer, quote};
use super::instant::{Time, Zone, days_before, days_in};

/// The layout that JSON uses.
pub(super) const RFC3339_NANO: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// Months in order, full names.
pub(super) const MONTHS: [&str; 12] = [
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
pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A part of a layout that stands for something.
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

/// How an offset from UTC is written.
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

/// The token that a text begins with, after how many bytes, and of how many.
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
        // The underscore of `_2006` is one.
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
            // More digits of another kind: these are none of ours.
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
pub fn format(time: &Time, mut layout: &[u8]) -> Vec<u8> {
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

/// A number with zeros before it up to a width, the sign not counted.
fn number(out: &mut Vec<u8>, number: i64, width: usize) {
    let sign = if number < 0 { "-" } else { "" };
    out.extend_from_slice(format!("{sign}{:0width$}", number.unsigned_abs()).as_bytes());
}

/// What reading a layout found.
#[derive(Debug, Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    zone: Vec<u8>,
}

/// Why a part of a text does not fit its token.
enum Misfit {
    /// It does not have the form.
    Form,
    /// The number, called so, is out of range.
    Range(&'static str),
}

/// Reads a text by a layout, in `local` where it names no zone.
///
/// Source: Go `time.ParseInLocation`.
///
/// # Errors
/// Go's text: `parsing time "x" as "2006": cannot parse "x" as "2006"`.
pub fn parse(layout: &[u8], text: &[u8], local: &Zone) -> Result<Time, String> {
    let (mut rest, mut left) = (layout, text);
    let mut found = Found::default();
    let error = |message: String| format!("parsing time {}{message}", quote(text));
    let misfit = |value: &[u8], element: &[u8]| {
        error(format!(" as {}: cannot parse {} as {}", quote(layout), quote(value), quote(element)))
    };
    loop {
        let (prefix, token, after) = next_token(rest);
        left = skip(left, prefix).map_err(|left| misfit(left, prefix))?;
        let Some((token, size)) = token else {
            if !left.is_empty() {
                return Err(error(format!(": extra text: {}", quote(left))));
            }
            break;
        };
        let element = &rest[prefix.len()..prefix.len() + size];
        rest = after;
        let hold = left;
        match found.take(token, &mut left, rest) {
            Ok(()) => {}
            Err(Misfit::Form) => return Err(misfit(hold, element)),
            Err(Misfit::Range(what)) => return Err(error(format!(": {what} out of range"))),
        }
    }
    found.finish(local).map_err(|message| error(format!(": {message}")))
}

impl Found {
    /// Reads what a token stands for from the beginning of a text. `layout` is what follows the token.
    fn take(&mut self, token: Token, text: &mut &[u8], layout: &[u8]) -> Result<(), Misfit> {
        let range = |inside: bool, what| if inside { Ok(()) } else { Err(Misfit::Range(what)) };
        match token {
            Token::LongYear => {
                if !text.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Misfit::Form);
                }
                self.year = signed(take_bytes(text, 4)?)?;
            }
            Token::Year => {
                let year = signed(take_bytes(text, 2)?)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Token::Month | Token::LongMonth => {
                self.month = Some(1 + take_name(text, &MONTHS, token == Token::Month)?);
            }
            Token::NumberMonth | Token::ZeroMonth => {
                let month = two_digits(text, token == Token::ZeroMonth)?;
                self.month = Some(month);
                range((1..=12).contains(&month), "month")?;
            }
            // Only looked at.
            Token::Weekday | Token::LongWeekday => {
                take_name(text, &WEEKDAYS, token == Token::Weekday)?;
            }
            Token::Day | Token::PaddedDay | Token::ZeroDay => {
                if token == Token::PaddedDay {
                    *text = text.strip_prefix(b" ").unwrap_or(text);
                }
                self.day = Some(two_digits(text, token == Token::ZeroDay)?);
            }
            Token::PaddedYearDay | Token::ZeroYearDay => {
                if token == Token::PaddedYearDay {
                    for _ in 0..2 {
                        *text = text.strip_prefix(b" ").unwrap_or(text);
                    }
                }
                let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 || (token == Token::ZeroYearDay && digits != 3) {
                    return Err(Misfit::Form);
                }
                self.year_day = Some(signed(take_bytes(text, digits)?)?);
            }
            Token::Hour => {
                self.hour = two_digits(text, false)?;
                range(self.hour < 24, "hour")?;
            }
            Token::Hour12 | Token::ZeroHour12 => {
                self.hour = two_digits(text, token == Token::ZeroHour12)?;
                range(self.hour <= 12, "hour")?;
            }
            Token::Minute | Token::ZeroMinute => {
                self.minute = two_digits(text, token == Token::ZeroMinute)?;
                range(self.minute < 60, "minute")?;
            }
            Token::Second | Token::ZeroSecond => {
                self.second = two_digits(text, token == Token::ZeroSecond)?;
                range(self.second < 60, "second")?;
                // A fraction may follow the seconds even if the layout has none.
                let layout_has_one = matches!(next_token(layout).1, Some((Token::Fraction { .. }, _)));
                if let [b'.' | b',', digit, ..] = text
                    && digit.is_ascii_digit()
                    && !layout_has_one
                {
                    let size = 1 + text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    self.nanos = fraction(take_bytes(text, size)?)?;
                }
            }
            Token::Fraction { digits, trimmed: false, .. } => self.nanos = fraction(take_bytes(text, 1 + digits)?)?,
            Token::Fraction { trimmed: true, .. } => {
                if let [b'.' | b',', digit, ..] = text
                    && digit.is_ascii_digit()
                {
                    let size = 1 + text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    self.nanos = fraction(take_bytes(text, size)?)?;
                }
            }
            Token::Noon { upper } => {
                self.afternoon = match (take_bytes(text, 2)?, upper) {
                    (b"PM", true) | (b"pm", false) => Some(true),
                    (b"AM", true) | (b"am", false) => self.afternoon.or(Some(false)),
                    _ => return Err(Misfit::Form),
                }
            }
            Token::ZoneName => {
                if let Some(rest) = text.strip_prefix(b"UTC") {
                    self.utc = true;
                    *text = rest;
                } else {
                    let size = zone_name_size(text).ok_or(Misfit::Form)?;
                    self.zone = take_bytes(text, size)?.to_vec();
                }
            }
            Token::Offset(form) if form.z && text.first() == Some(&b'Z') => {
                self.utc = true;
                *text = &text[1..];
            }
            Token::Offset(form) => self.offset = Some(take_offset(text, form)?),
        }
        Ok(())
    }

    fn finish(mut self, local: &Zone) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        if let Some(year_day) = self.year_day {
            let days = days_before(self.year + 1, 1) - days_before(self.year, 1);
            if !(1..=days).contains(&year_day) {
                return Err("day-of-year out of range");
            }
            let mut month = 12;
            while days_before(self.year, month) - days_before(self.year, 1) >= year_day {
                month -= 1;
            }
            let day = year_day - (days_before(self.year, month) - days_before(self.year, 1));
            if self.month.is_some_and(|known| known != month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|known| known != day) {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (Some(month), Some(day));
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if !(1..=days_in(self.year, month)).contains(&day) {
            return Err("day out of range");
        }
        let date = [self.year, month, day];
        let clock = [self.hour, self.minute, self.second, self.nanos];
        if self.utc {
            return Ok(Time::from_civil(date, clock, Zone::Utc));
        }
        // Go quirk: an offset of one second west of UTC is taken for none.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            let time = Time::from_civil(date, clock, Zone::Utc).add(-i64::from(offset) * super::durations::SECOND);
            let (name, known) = local.at(time.unix());
            let fits = known == offset && (self.zone.is_empty() || name.as_bytes() == self.zone);
            let zone = if fits { local.clone() } else { Zone::Fixed(lossy(&self.zone).into(), offset) };
            return Ok(time.with_zone(zone));
        }
        if !self.zone.is_empty() {
            let time = Time::from_civil(date, clock, Zone::Utc);
            let name = lossy(&self.zone);
            if let Some(offset) = local.offset_of(&name, time.unix()) {
                return Ok(time.add(-i64::from(offset) * super::durations::SECOND).with_zone(local.clone()));
            }
            // The clock's reading counts as UTC, whatever the name may mean.
            let offset = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok()).unwrap_or(0) * 3600;
            return Ok(time.with_zone(Zone::Fixed(name.into(), offset)));
        }
        Ok(Time::from_civil(date, clock, local.clone()))
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Drops the text of a layout from the beginning of a text; any number of spaces equal any other.
fn skip<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let Some((&first, rest)) = prefix.split_first() {
        if first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return Err(text);
            }
            prefix = prefix.trim_start_with_spaces();
            text = text.trim_start_with_spaces();
            continue;
        }
        text = text.strip_prefix(&[first]).ok_or(text)?;
        prefix = rest;
    }
    Ok(text)
}

trait Spaces {
    /// Without the spaces (and those alone) at the beginning.
    fn trim_start_with_spaces(&self) -> &Self;
}

impl Spaces for [u8] {
    fn trim_start_with_spaces(&self) -> &Self {
        &self[self.iter().take_while(|byte| **byte == b' ').count()..]
    }
}

fn take_bytes<'a>(text: &mut &'a [u8], size: usize) -> Result<&'a [u8], Misfit> {
    let (taken, rest) = text.split_at_checked(size).ok_or(Misfit::Form)?;
    *text = rest;
    Ok(taken)
}

/// Reads a whole text as a number with an optional sign.
fn signed(text: &[u8]) -> Result<i64, Misfit> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    match leading_integer(digits) {
        Some((number, [])) => {
            let number = i64::try_from(number).map_err(|_| Misfit::Form)?;
            Ok(if negative { -number } else { number })
        }
        _ => Err(Misfit::Form),
    }
}

/// Reads one digit or two, or always two.
fn two_digits(text: &mut &[u8], always: bool) -> Result<i64, Misfit> {
    let digits = text.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || (always && digits != 2) {
        return Err(Misfit::Form);
    }
    signed(take_bytes(text, digits)?)
}

/// Reads a name, whatever its case, or its first three letters; gives its index.
fn take_name(text: &mut &[u8], names: &[&str], short: bool) -> Result<i64, Misfit> {
    for (index, name) in names.iter().enumerate() {
        let name = if short { &name.as_bytes()[..3] } else { name.as_bytes() };
        if text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            *text = &text[name.len()..];
            return Ok(index as i64);
        }
    }
    Err(Misfit::Form)
}

/// A separator and digits as nanoseconds; more than nine digits are cut off.
fn fraction(text: &[u8]) -> Result<i64, Misfit> {
    let [b'.' | b',', digits @ ..] = text else { return Err(Misfit::Form) };
    let digits = &digits[..digits.len().min(9)];
    let number = signed(digits)?;
    if number < 0 {
        return Err(Misfit::Range("fractional second"));
    }
    Ok(number * 10i64.pow(9 - digits.len() as u32))
}

fn take_offset(text: &mut &[u8], form: OffsetForm) -> Result<i32, Misfit> {
    let size = match (form.colons, form.minutes, form.seconds) {
        (_, false, _) => 3,
        (false, true, false) => 5,
        (true, true, false) => 6,
        (false, true, true) => 7,
        (true, true, true) => 9,
    };
    if text.len() < size || (form.colons && (text[3] != b':' || (form.seconds && text[6] != b':'))) {
        return Err(Misfit::Form);
    }
    let taken = take_bytes(text, size)?;
    let digits: Vec<u8> = taken[1..].iter().copied().filter(|byte| !(form.colons && *byte == b':')).collect();
    let mut parts = [0i32; 3];
    for (part, pair) in parts.iter_mut().zip(digits.chunks(2)) {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = pair else { return Err(Misfit::Form) };
        *part = i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
    }
    let [hours, minutes, seconds] = parts;
    // Some people write 24 hours or 60 minutes.
    if hours > 24 {
        return Err(Misfit::Range("time zone offset hour"));
    }
    if minutes > 60 {
        return Err(Misfit::Range("time zone offset minute"));
    }
    if seconds > 60 {
        return Err(Misfit::Range("time zone offset second"));
    }
    let offset = (hours * 60 + minutes) * 60 + seconds;
    match taken[0] {
        b'+' => Ok(offset),
        b'-' => Ok(-offset),
        _ => Err(Misfit::Form),
    }
}

/// How many bytes at the beginning of a text look like the name of a zone.
///
/// Source: Go `time`, `parseTimeZone`.
fn zone_name_size(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_hours_size(rest));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_hours_size(text)).filter(|size| *size > 0);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

/// How many bytes of a sign and hours up to 23 there are; 0 when there are none.
fn signed_hours_size(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else { return 0 };
    match leading_integer(digits) {
        Some((hours, rest)) if hours <= 23 && rest.len() < digits.len() => text.len() - rest.len(),
        _ => 0,
    }
}
