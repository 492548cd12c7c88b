//! [`Cpu`] and [`Memory`]: how much of a node a container gets.

use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// Processors, as written: `2`, `500m`, `0.5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cpu(String);

/// Memory, as written: `512Mi`, `1.5Gi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory(String);

/// The least memory, in bytes: below it not even the program starts.
const LEAST_MEMORY: u128 = 32 << 20;

/// The units of memory. A small m would be thousandths of a byte.
const UNITS: [(&str, u128); 9] = [
    ("", 1),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
];

/// A number with its unit: `(1500, "Gi")` for `1.5Gi`, in thousandths.
fn thousandths(text: &str) -> Option<(u128, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || whole.len() > 15 || part.len() > 3 {
        return None;
    }
    let part: u128 = format!("{part:0<3}").parse().ok()?;
    Some((whole.parse::<u128>().ok()? * 1000 + part, unit))
}

impl FromStr for Cpu {
    type Err = Error;

    /// # Errors
    /// `"two" is no number of processors: …`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let is_some = match thousandths(text) {
            Some((number, "")) => number > 0,
            // Whole thousandths.
            Some((number, "m")) => number > 0 && !text.contains('.'),
            _ => false,
        };
        if !is_some {
            return Err(Error::input(format!("{text:?} is no number of processors: 2, 0.5 and 500m are")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Memory {
    type Err = Error;

    /// # Errors
    /// `"512m" is no amount of memory: …`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let unit = |name: &str| UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, bytes)| *bytes);
        let bytes = thousandths(text).and_then(|(number, name)| Some(number * unit(name)? / 1000));
        match bytes {
            None => Err(Error::input(format!("{text:?} is no amount of memory: 512Mi, 1.5Gi and 600M are"))),
            Some(bytes) if bytes < LEAST_MEMORY => {
                Err(Error::input(format!("{text:?} is too little memory: airtight needs at least 32Mi")))
            }
            Some(_) => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cpu, Memory};

    #[test]
    fn amounts_are_those_that_make_sense() {
        for text in ["1", "2", "0.5", "1.25", "500m", "1500m", "0.001"] {
            assert!(text.parse::<Cpu>().is_ok(), "{text:?}");
        }
        for text in
            ["", "0", "0.0", "0m", "-1", "+1", ".5", "1.", "1.5m", "0.0001", "1,5", "two", "1Mi", "1 ", "1e3", "1m1"]
        {
            assert!(text.parse::<Cpu>().is_err(), "{text:?}");
        }
        for text in ["512Mi", "1.5Gi", "600M", "536870912", "1Ti", "32Mi", "999999999999999Ti"] {
            assert!(text.parse::<Memory>().is_ok(), "{text:?}");
        }
        for text in
            ["", "512", "512m", "512MB", "31Mi", "1.5", "0Gi", "-1Gi", "1 Gi", "Gi", "1K", "1gi", "9999999999999999Gi"]
        {
            assert!(text.parse::<Memory>().is_err(), "{text:?}");
        }
    }
}
