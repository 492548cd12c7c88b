//! The format string of `printf`.

use super::super::error::Failure;
use super::super::value::Value;
use super::printer::{Done, Flags, Printer};
use crate::go::decode_rune;
use crate::trace::Str;

/// Prints arguments by a format.
///
/// Source: Go `fmt`, `doPrintf`.
pub(super) fn format(printer: &mut Printer<'_>, format: &Str, args: &[Value]) -> Result<(), Failure> {
    Format { text: format.as_bytes(), at: 0, args, next: 0, reordered: false, indexed: false, good: true }
        .run(printer, format)
}

struct Format<'a> {
    text: &'a [u8],
    at: usize,
    args: &'a [Value],
    /// The index of the next verb's argument.
    next: usize,
    /// Whether any verb selected its argument by index.
    reordered: bool,
    /// Whether an index precedes this point: `%[2]`.
    indexed: bool,
    /// Whether the indexes of this verb are valid.
    good: bool,
}

impl Format<'_> {
    fn run(&mut self, printer: &mut Printer<'_>, format: &Str) -> Done {
        while self.at < self.text.len() {
            let start = self.at;
            let length = self.text[start..].iter().position(|&byte| byte == b'%').unwrap_or(self.text.len() - start);
            self.at += length;
            printer.room(length)?;
            printer.out.push_slice(format, start..self.at);
            if self.at < self.text.len() {
                self.at += 1;
                self.verb(printer)?;
            }
        }
        printer.flags = Flags::default();
        if !self.reordered && self.next < self.args.len() {
            self.extra(printer)?;
        }
        Ok(())
    }

    fn verb(&mut self, printer: &mut Printer<'_>) -> Done {
        self.good = true;
        printer.flags = self.flags();
        self.index();
        self.width(printer)?;
        self.precision(printer)?;
        if !self.indexed {
            self.index();
        }
        if self.at >= self.text.len() {
            return printer.push(b"%!(NOVERB)");
        }
        let (verb, size) = decode_rune(&self.text[self.at..]);
        self.at += size;
        if verb == '%' {
            // Go quirk: width and precision of `%5%` are ignored.
            return printer.push(b"%");
        }
        if !self.good {
            return note(printer, verb, b"(BADINDEX)");
        }
        let Some(arg) = self.args.get(self.next) else {
            return note(printer, verb, b"(MISSING)");
        };
        self.next += 1;
        self.indexed = false;
        if matches!(verb, 'v' | 'w') {
            let flags = &mut printer.flags;
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        printer.arg(arg, verb)
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        self.indexed = false;
        flags
    }

    fn width(&mut self, printer: &mut Printer<'_>) -> Done {
        if self.text.get(self.at) != Some(&b'*') {
            printer.flags.width = self.number();
            if self.indexed && printer.flags.width.is_some() {
                self.good = false;
            }
            return Ok(());
        }
        self.at += 1;
        self.indexed = false;
        match self.star() {
            None => printer.push(b"%!(BADWIDTH)"),
            Some(width) => {
                printer.flags.width = Some(width.unsigned_abs() as usize);
                if width < 0 {
                    printer.flags.minus = true;
                    printer.flags.zero = false;
                }
                Ok(())
            }
        }
    }

    fn precision(&mut self, printer: &mut Printer<'_>) -> Done {
        // Go quirk: a point at the very end is a verb.
        if self.text.get(self.at) != Some(&b'.') || self.at + 1 == self.text.len() {
            return Ok(());
        }
        self.at += 1;
        if self.indexed {
            self.good = false;
        }
        self.index();
        if self.text.get(self.at) != Some(&b'*') {
            printer.flags.precision = Some(self.number().unwrap_or(0));
            return Ok(());
        }
        self.at += 1;
        self.indexed = false;
        match self.star().and_then(|precision| usize::try_from(precision).ok()) {
            None => printer.push(b"%!(BADPREC)"),
            Some(precision) => {
                printer.flags.precision = Some(precision);
                Ok(())
            }
        }
    }

    /// Parses `[n]`: the index of the next argument, from 1.
    fn index(&mut self) {
        self.indexed = false;
        if self.text.get(self.at) != Some(&b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.text[self.at..];
        let close = if rest.len() < 3 { None } else { rest.iter().position(|&byte| byte == b']') };
        let Some(close) = close else {
            self.good = false;
            self.at += 1;
            return;
        };
        let end = self.at + close;
        self.at += 1;
        let number = self.number_until(end);
        let whole = self.at == end;
        self.at = end + 1;
        match number {
            Some(number) if whole => {
                self.indexed = true;
                match number.checked_sub(1).filter(|&index| index < self.args.len()) {
                    Some(index) => self.next = index,
                    None => self.good = false,
                }
            }
            _ => self.good = false,
        }
    }

    fn number(&mut self) -> Option<usize> {
        self.number_until(self.text.len())
    }

    fn number_until(&mut self, end: usize) -> Option<usize> {
        let mut number = None;
        while self.at < end && self.text[self.at].is_ascii_digit() {
            let so_far = number.unwrap_or(0);
            if so_far > MOST {
                // Go quirk: the whole rest is read as an invalid number.
                self.at = end;
                return None;
            }
            number = Some(so_far * 10 + usize::from(self.text[self.at] - b'0'));
            self.at += 1;
        }
        number
    }

    /// A width or precision from the arguments.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        let number = match arg {
            Value::Int(number, _, _) => *number,
            Value::GoObject(object) if !matches!(arg.kind(), super::GoKind::Struct | super::GoKind::Ptr) => {
                match object.json() {
                    Some(Value::Int(number, _, _)) => number,
                    _ => return None,
                }
            }
            _ => return None,
        };
        (number.unsigned_abs() <= MOST as u64).then_some(number)
    }

    fn extra(&mut self, printer: &mut Printer<'_>) -> Done {
        printer.push(b"%!(EXTRA ")?;
        for (index, arg) in self.args[self.next..].iter().enumerate() {
            if index > 0 {
                printer.push(b", ")?;
            }
            if arg.is_nil() {
                printer.push(b"<nil>")?;
            } else {
                printer.typed(arg)?;
            }
        }
        printer.push(b")")
    }
}

/// The largest width and precision.
const MOST: usize = 1_000_000;

fn note(printer: &mut Printer<'_>, verb: char, text: &[u8]) -> Done {
    let mut letter = [0; 4];
    printer.push(b"%!")?;
    printer.push(verb.encode_utf8(&mut letter).as_bytes())?;
    printer.push(text)
}
