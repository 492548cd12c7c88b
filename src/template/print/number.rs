//! Numbers by their verbs.

use super::super::complex::Complex;
use super::super::value::Value;
use super::printer::{Done, Printer};
use crate::go::is_printable_in;
use crate::go::quote_rune_in;
use crate::go::strconv;

impl Printer<'_> {
    /// Prints an integer; `whole` is its value, for messages.
    ///
    /// Source: Go `fmt`, `fmtInteger`.
    pub(super) fn integer(&mut self, number: i64, signed: bool, verb: char, whole: &Value) -> Done {
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let kept = self.flags;
                self.flags.sharp = true;
                let done = self.digits(number as u64, false, 16, 'x', whole);
                self.flags = kept;
                done
            }
            'v' | 'd' => match self.plain(whole) {
                Some(done) => done,
                None => self.digits(number as u64, signed, 10, verb, whole),
            },
            'b' => self.digits(number as u64, signed, 2, verb, whole),
            'o' | 'O' => self.digits(number as u64, signed, 8, verb, whole),
            'x' | 'X' => self.digits(number as u64, signed, 16, verb, whole),
            'c' => {
                let mut text = [0; 4];
                self.padded(rune(number).encode_utf8(&mut text).as_bytes(), whole.origin())
            }
            'q' => self.padded(quote_rune_in(rune(number), self.flags.plus, self.helm).as_bytes(), whole.origin()),
            'U' => self.code_point(number as u64, whole),
            _ => self.bad_verb(whole, verb),
        }
    }

    fn digits(&mut self, number: u64, signed: bool, base: u32, verb: char, whole: &Value) -> Done {
        let negative = signed && (number as i64) < 0;
        let size = if negative { (number as i64).unsigned_abs() } else { number };
        let flags = self.flags;
        let kept = std::mem::replace(&mut self.flags.zero, false);
        if flags.precision == Some(0) && size == 0 {
            let done = self.repeat(b' ', flags.width.unwrap_or(0));
            self.flags.zero = kept;
            return done;
        }
        let least = match (flags.precision, flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width.saturating_sub(usize::from(negative || flags.plus || flags.space))
            }
            _ => 0,
        };
        self.room(least)?;
        let mut digits = match base {
            2 => format!("{size:b}"),
            8 => format!("{size:o}"),
            16 if verb == 'X' => format!("{size:X}"),
            16 => format!("{size:x}"),
            _ => size.to_string(),
        };
        if digits.len() < least {
            digits.insert_str(0, &"0".repeat(least - digits.len()));
        }
        let mut text = String::with_capacity(digits.len() + 4);
        if negative {
            text.push('-');
        } else if flags.plus {
            text.push('+');
        } else if flags.space {
            text.push(' ');
        }
        match verb {
            'O' => text.push_str(if flags.sharp && !digits.starts_with('0') { "0o0" } else { "0o" }),
            _ if !flags.sharp => {}
            'X' => text.push_str("0X"),
            _ => match base {
                2 => text.push_str("0b"),
                8 if !digits.starts_with('0') => text.push('0'),
                16 => text.push_str("0x"),
                _ => {}
            },
        }
        text.push_str(&digits);
        let done = self.padded(text.as_bytes(), whole.origin());
        self.flags.zero = kept;
        done
    }

    /// `U+00E9`, with `#` also `'é'`.
    fn code_point(&mut self, number: u64, whole: &Value) -> Done {
        let least = self.flags.precision.unwrap_or(0).max(4);
        self.room(least)?;
        let digits = format!("{number:X}");
        let mut text = format!("U+{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        if self.flags.sharp {
            let character = u32::try_from(number).ok().and_then(char::from_u32);
            if let Some(character) = character.filter(|&character| is_printable_in(character, self.helm)) {
                text.push_str(&format!(" '{character}'"));
            }
        }
        let kept = std::mem::replace(&mut self.flags.zero, false);
        let done = self.padded(text.as_bytes(), whole.origin());
        self.flags.zero = kept;
        done
    }

    /// Prints a floating-point number; `whole` is its value, for messages.
    ///
    /// Source: Go `fmt`, `fmtFloat`.
    pub(super) fn float(&mut self, number: f64, verb: char, whole: &Value) -> Done {
        let (format, precision) = match verb {
            'v' => (b'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb as u8, None),
            'f' | 'F' => (b'f', Some(6)),
            'e' | 'E' => (verb as u8, Some(6)),
            _ => return self.bad_verb(whole, verb),
        };
        if format == b'g'
            && let Some(done) = self.plain(whole)
        {
            return done;
        }
        let precision = self.flags.precision.or(precision);
        self.room(precision.unwrap_or(0))?;
        let mut text = strconv::format_float(number, format, precision);
        if !matches!(text.first(), Some(b'-' | b'+')) {
            text.insert(0, b'+');
        }
        let flags = self.flags;
        if flags.space && text[0] == b'+' && !flags.plus {
            text[0] = b' ';
        }
        if !number.is_finite() {
            // Infinities do not look like numbers and are not padded with zeros.
            let hidden = number.is_nan() && !flags.space && !flags.plus;
            self.flags.zero = false;
            let done = self.padded(&text[usize::from(hidden)..], whole.origin());
            self.flags.zero = flags.zero;
            return done;
        }
        if flags.sharp && format != b'b' {
            keep_point(&mut text, format, precision);
        }
        if !flags.plus && text[0] == b'+' {
            return self.padded(&text[1..], whole.origin());
        }
        let width = flags.width.unwrap_or(0);
        if flags.zero && !flags.minus && width > text.len() {
            // Zeros are between the sign and the digits.
            self.room(width)?;
            let zeros = width - text.len();
            text.splice(1..1, std::iter::repeat_n(b'0', zeros));
        }
        self.padded(&text, whole.origin())
    }

    /// `(1+2i)`
    pub(super) fn complex(&mut self, number: &Complex, verb: char, whole: &Value) -> Done {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(whole, verb);
        }
        self.push(b"(")?;
        self.float(number.0, verb, whole)?;
        let kept = std::mem::replace(&mut self.flags.plus, true);
        self.float(number.1, verb, whole)?;
        self.flags.plus = kept;
        self.push(b"i)")
    }
}

/// `#`: the point stays, and with `%g` the trailing zeros.
fn keep_point(text: &mut Vec<u8>, format: u8, precision: Option<usize>) {
    let hex = matches!(format, b'x' | b'X');
    let mut wanted = match format {
        b'g' | b'G' | b'x' => precision.map_or(6, |precision| precision as i64),
        _ => 0,
    };
    let is_tail = |byte: &u8| matches!(byte, b'p' | b'P') || !hex && matches!(byte, b'e' | b'E');
    let tail = text.iter().position(is_tail).map(|at| text.split_off(at)).unwrap_or_default();
    let (mut point, mut counting) = (false, false);
    for &byte in &text[1..] {
        if byte == b'.' {
            point = true;
            continue;
        }
        counting |= byte != b'0';
        wanted -= i64::from(counting);
    }
    if !point {
        if text.len() == 2 && text[1] == b'0' {
            wanted -= 1;
        }
        text.push(b'.');
    }
    text.resize(text.len() + wanted.max(0) as usize, b'0');
    text.extend_from_slice(&tail);
}

/// The character with this number; U+FFFD if invalid.
fn rune(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
