//! Parses a text by a layout.

use super::{MONTHS, OffsetForm, Token, WEEKDAYS, next_token};
use crate::go::time::instant::{days_before, days_in};
use crate::go::time::{SECOND, Time, Zone, leading_integer, quote};

/// Parses a text by a layout, in `local` if it names no zone.
///
/// Source: Go `time.ParseInLocation`.
///
/// # Errors
/// Go's text: `parsing time "x" as "2006": cannot parse "x" as "2006"`.
pub(crate) fn parse(layout: &[u8], text: &[u8], local: &Zone) -> Result<Time, String> {
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

/// The values parsed so far.
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

/// Why a part of a text does not match its token.
enum Misfit {
    /// The form is wrong.
    Form,
    /// The number with this name is out of range.
    Range(&'static str),
}

impl Found {
    /// Parses the value of a token at the beginning of a text. `layout` is the layout after the token.
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
            // Only checked.
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
        // Go quirk: an offset of one second west of UTC is treated as missing.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            let time = Time::from_civil(date, clock, Zone::Utc).add(-i64::from(offset) * SECOND);
            let (name, known) = local.at(time.unix());
            let fits = known == offset && (self.zone.is_empty() || name.as_bytes() == self.zone);
            let zone = if fits { local.clone() } else { Zone::Fixed(lossy(&self.zone).into(), offset) };
            return Ok(time.with_zone(zone));
        }
        if !self.zone.is_empty() {
            let time = Time::from_civil(date, clock, Zone::Utc);
            let name = lossy(&self.zone);
            if let Some(offset) = local.offset_of(&name, time.unix()) {
                return Ok(time.add(-i64::from(offset) * SECOND).with_zone(local.clone()));
            }
            // The clock reading is taken as UTC, whatever the abbreviation means.
            let offset = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok()).unwrap_or(0) * 3600;
            return Ok(time.with_zone(Zone::Fixed(name.into(), offset)));
        }
        Ok(Time::from_civil(date, clock, local.clone()))
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Removes the literal text of a layout from the beginning of a text; any number of spaces matches any other.
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
    /// Without leading spaces (only U+0020).
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

/// Parses a whole text as a number with an optional sign.
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

/// Parses a name, ignoring case, or its first three letters; returns its index.
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

/// A separator and digits as nanoseconds; digits after the ninth are dropped.
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
    let step = if form.colons { 3 } else { 2 };
    let mut parts = [0i32; 3];
    let mut formed = matches!(taken[0], b'+' | b'-');
    for (part, pair) in parts.iter_mut().zip(taken[1..].chunks(step)) {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] = pair else {
            // Go quirk: the range of the values so far is checked first.
            formed = false;
            break;
        };
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
    if !formed {
        return Err(Misfit::Form);
    }
    let offset = (hours * 60 + minutes) * 60 + seconds;
    Ok(if taken[0] == b'-' { -offset } else { offset })
}

/// The length of the zone abbreviation at the beginning of a text.
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

/// The length of a sign and hours up to 23; 0 if there are none.
fn signed_hours_size(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else { return 0 };
    match leading_integer(digits) {
        Some((hours, rest)) if hours <= 23 && rest.len() < digits.len() => text.len() - rest.len(),
        _ => 0,
    }
}
