//! Numbers, dates and times of a TOML text.

use super::lex::{Fault, Scanner};
use crate::go::go_quote;
use crate::go::strconv::{NumError, parse_float, parse_int};
use crate::template::times::TimeObject;
use crate::template::{IntKind, Value};

/// The state of a number while it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Digits, which may still turn out to be a date.
    Digits,
    /// Digits and underscores.
    Decimal,
    Float,
    Datetime,
    Hex,
    Octal,
    Binary,
}

impl Form {
    /// The next state for one more character; `None` if the character does not belong to it.
    fn with(self, char: char) -> Option<Self> {
        let digit = char.is_ascii_digit();
        match (self, char) {
            (Self::Digits, '-' | ':') => Some(Self::Datetime),
            (Self::Digits, '_') => Some(Self::Decimal),
            (Self::Digits | Self::Decimal, '.' | 'e' | 'E') => Some(Self::Float),
            (Self::Decimal, '_') => Some(self),
            (Self::Float, '_' | '.' | '-' | '+' | 'e' | 'E') => Some(self),
            (Self::Datetime, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+') => Some(self),
            (Self::Hex | Self::Octal | Self::Binary, '_') => Some(self),
            (Self::Hex, _) => char.is_ascii_hexdigit().then_some(self),
            (Self::Octal, _) => matches!(char, '0'..='7').then_some(self),
            (Self::Binary, _) => matches!(char, '0' | '1').then_some(self),
            _ => digit.then_some(self),
        }
    }
}

impl Scanner<'_> {
    /// Reads a number, a date or a time, from its first digit.
    pub(super) fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let mut form = Form::Digits;
        if self.next()? == Some('0') {
            let base = match self.peek()? {
                Some('b') => Some((Form::Binary, "a binary")),
                Some('o') => Some((Form::Octal, "an octal")),
                Some('x') => Some((Form::Hex, "a hexadecimal")),
                // A date begins with at least two digits.
                Some('-' | ':') | None => return self.integer(start),
                Some(_) => None,
            };
            if let Some((base, name)) = base {
                self.at += 1;
                let char = self.peek()?;
                if char == Some('_') || char.and_then(|char| base.with(char)).is_none() {
                    let message = format!("not {name} number: '{}{}'", self.read(start), char.unwrap_or('\0'));
                    return Err(self.fault(message));
                }
                form = base;
            }
        }
        self.rest(start, form)
    }

    /// Reads a number after its sign.
    pub(super) fn signed_number(&mut self) -> Result<Value, Fault> {
        let start = self.at - 1;
        let first = self.next()?;
        match first {
            Some('i' | 'n') => {
                let rest = if first == Some('i') { ['n', 'f'] } else { ['a', 'n'] };
                if !(self.accept(rest[0])? && self.accept(rest[1])?) {
                    return Err(self.fault(format!("invalid float: '{}'", self.read(start))));
                }
                self.float(start)
            }
            Some('0') if matches!(self.peek()?, Some('b' | 'o' | 'x')) => {
                let (sign, base) = (self.read(start), self.peek()?.unwrap_or('\0'));
                Err(self.fault(format!("cannot use sign with non-decimal numbers: '{sign}{base}'")))
            }
            Some('0'..='9') => self.rest(start, Form::Decimal),
            Some('.') => Err(self.fault("floats must start with a digit, not '.'")),
            _ => Err(self.fault_about(first, format!("expected a digit but got {}", Self::quote(first)))),
        }
    }

    fn rest(&mut self, start: usize, mut form: Form) -> Result<Value, Fault> {
        while let Some(next) = self.peek()?.and_then(|char| form.with(char)) {
            form = next;
            self.at += 1;
        }
        match form {
            Form::Float => self.float(start),
            Form::Datetime => {
                let text = self.read(start);
                let text = text.trim().replace('z', "Z").replace(['t', ' '], "T");
                match self.zones.parse(&text) {
                    Some(time) => Ok(Value::object(TimeObject { time, origin: self.source.origin_at(start, self.at) })),
                    None => Err(self.fault(format!("invalid datetime: {}", go_quote(text.as_bytes())))),
                }
            }
            _ => self.integer(start),
        }
    }

    fn integer(&self, start: usize) -> Result<Value, Fault> {
        let text = self.read(start);
        let quoted = || go_quote(text.as_bytes());
        if !underscores_fit(&text) {
            let message = format!("Invalid integer {}: underscores must be surrounded by digits", quoted());
            return Err(self.fault(message));
        }
        if has_leading_zero(&text) {
            return Err(self.fault(format!("Invalid integer {}: cannot have leading zeroes", quoted())));
        }
        match parse_int(text.as_bytes(), 0) {
            Ok(number) => Ok(Value::Int(number, IntKind::Int64, self.source.origin_at(start, self.at))),
            Err(_) => Err(self.fault(format!("{text} is out of range for int64"))),
        }
    }

    /// The float read since `start`.
    pub(super) fn float(&self, start: usize) -> Result<Value, Fault> {
        let text = self.read(start);
        let quoted = || go_quote(text.as_bytes());
        let mut parts = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
        if !parts.clone().all(underscores_fit) {
            let message = format!("Invalid float {}: underscores must be surrounded by digits", quoted());
            return Err(self.fault(message));
        }
        if parts.next().is_some_and(has_leading_zero) {
            return Err(self.fault(format!("Invalid float {}: cannot have leading zeroes", quoted())));
        }
        if text.split('.').skip(1).any(|after| !after.starts_with(|char: char| char.is_ascii_digit())) {
            let message = format!("Invalid float {}: '.' must be followed by one or more digits", quoted());
            return Err(self.fault(message));
        }
        let origin = self.source.origin_at(start, self.at);
        match text.as_str() {
            "nan" | "+nan" => return Ok(Value::Float(f64::NAN, origin)),
            "-nan" => return Ok(Value::Float(-f64::NAN, origin)),
            _ => {}
        }
        match parse_float(text.replace('_', "").as_bytes()) {
            Ok(number) => Ok(Value::Float(number, origin)),
            Err(NumError::Range(_)) => Err(self.fault(format!("{text} is out of range for float64"))),
            Err(NumError::Syntax) => Err(self.fault(format!("Invalid float value: {}", quoted()))),
        }
    }

    /// The text read since `start`.
    pub(super) fn read(&self, start: usize) -> String {
        String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned()
    }
}

/// Whether each underscore is between digits.
fn underscores_fit(text: &str) -> bool {
    if matches!(text.trim_start_matches(['+', '-']), "nan" | "inf") && text.len() <= 4 {
        return true;
    }
    let mut after_digit = false;
    for char in text.chars() {
        if char == '_' && !after_digit {
            return false;
        }
        after_digit = char.is_ascii_hexdigit();
    }
    after_digit
}

fn has_leading_zero(text: &str) -> bool {
    match text.as_bytes() {
        [b'0', b'b' | b'o' | b'x', ..] => false,
        [b'0', _, ..] | [b'+' | b'-', b'0', _, ..] => true,
        _ => false,
    }
}
