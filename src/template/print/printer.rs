//! [`Printer`]: prints any value by a verb.

use super::super::complex::Complex;
use super::super::error::Failure;
use super::super::types::GoKind;
use super::super::value::{GoObject, IntKind, List, Map, Value};
use super::push_scalar;
use crate::go::{can_backquote, decode_rune, quote, rune_count};
use crate::helm::HelmVersion;
use crate::trace::{Buf, Origin, Str};
use std::ops::Range;

/// The flags between `%` and the verb.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
}

/// Prints values, by the rules of Go's `fmt`.
pub(super) struct Printer<'a> {
    pub(super) out: &'a mut Buf,
    pub(super) flags: Flags,
    /// Inside `%!d(…)`, where no `String` method is called.
    reporting: bool,
    /// The maximum length of `out`.
    end: usize,
    bytes: usize,
    pub(super) helm: HelmVersion,
}

pub(super) type Done = Result<(), Failure>;

/// The nesting limit: that of YAML, plus what templates wrap around it.
const DEPTH: u32 = 11_000;

impl<'a> Printer<'a> {
    /// A printer that appends at most a number of bytes.
    pub(super) fn new(out: &'a mut Buf, bytes: usize) -> Self {
        let end = out.len().saturating_add(bytes);
        Self { out, flags: Flags::default(), reporting: false, end, bytes, helm: HelmVersion::V4 }
    }

    /// The same, for a version of helm.
    pub(super) fn of_helm(self, helm: HelmVersion) -> Self {
        Self { helm, ..self }
    }

    /// Appends text without origin.
    pub(super) fn push(&mut self, text: &[u8]) -> Done {
        self.room(text.len())?;
        self.out.push_bytes(text);
        Ok(())
    }

    /// Checks that this many more bytes may be written.
    pub(super) fn room(&self, bytes: usize) -> Done {
        if bytes > self.end.saturating_sub(self.out.longest()) {
            return Err(Failure::limit(format!("a string of more than {} bytes (--limit string-bytes)", self.bytes)));
        }
        Ok(())
    }

    /// Prints an argument by a verb.
    ///
    /// Source: Go `fmt`, `printArg`.
    pub(super) fn arg(&mut self, value: &Value, verb: char) -> Done {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.padded(b"<nil>", Origin::NONE),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(&Str::from(value.ty().name), 's', value),
            (Value::List(_) | Value::Map(_) | Value::Bytes(_), 'p') => self.pointer(value, verb),
            (Value::GoObject(object), 'p') if object.ty().kind == GoKind::Ptr => self.pointer(value, verb),
            (_, 'p') => self.bad_verb(value, verb),
            (Value::Bytes(text), _) => self.bytes(text, verb, "[]byte", value),
            (Value::List(list), 'v') if list.is_nil_bytes() && self.flags.sharp_v => self.push(b"[]byte(nil)"),
            (Value::List(list), _) if list.is_nil_bytes() => self.bytes(&Str::new(""), verb, "[]byte", value),
            _ => self.value(value, verb, 0),
        }
    }

    /// Prints a value at a depth inside the argument.
    ///
    /// Source: Go `fmt`, `printValue`.
    fn value(&mut self, value: &Value, verb: char, depth: u32) -> Done {
        match value {
            Value::Nil if self.flags.sharp_v => self.push(b"interface {}(nil)"),
            // Go quirk: an empty interface inside a value prints the same for every verb.
            Value::Nil => self.push(b"<nil>"),
            Value::Bool(truth, origin) => match verb {
                't' | 'v' => self.padded(if *truth { b"true" } else { b"false" }, *origin),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(number, _, _) => self.integer(*number, is_signed(value), verb, value),
            Value::Float(number, _) => self.float(*number, verb, value),
            Value::Str(text) => self.string(text, verb, value),
            _ if verb == 'w' && !self.reporting => self.bad_verb(value, verb),
            Value::Bytes(text) => match verb {
                's' | 'q' | 'x' | 'X' => self.bytes(text, verb, "[]uint8", value),
                _ => self.byte_list(text, verb),
            },
            Value::List(list) if list.is_nil_bytes() && matches!(verb, 's' | 'q' | 'x' | 'X') => {
                self.bytes(&Str::new(""), verb, "[]uint8", value)
            }
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::GoObject(object) => self.object(&**object, value, verb, depth),
        }
    }

    fn list(&mut self, list: &List, verb: char, depth: u32) -> Done {
        self.deeper(depth)?;
        let (open, between, close): (&[u8], &[u8], &[u8]) = if self.flags.sharp_v {
            self.push(list.ty().name.as_bytes())?;
            if list.is_nil() {
                return self.push(b"(nil)");
            }
            (b"{", b", ", b"}")
        } else {
            (b"[", b" ", b"]")
        };
        self.push(open)?;
        for (index, item) in list.iter().enumerate() {
            if index > 0 {
                self.push(between)?;
            }
            self.value(item, verb, depth + 1)?;
        }
        self.push(close)
    }

    fn map(&mut self, map: &Map, verb: char, depth: u32) -> Done {
        self.deeper(depth)?;
        let (open, between, close): (&[u8], &[u8], &[u8]) = if self.flags.sharp_v {
            self.push(map.ty().name.as_bytes())?;
            if map.is_nil() {
                return self.push(b"(nil)");
            }
            (b"{", b", ", b"}")
        } else {
            (b"map[", b" ", b"]")
        };
        self.push(open)?;
        for (index, (key, item)) in map.borrow().iter().enumerate() {
            if index > 0 {
                self.push(between)?;
            }
            self.string(key, verb, &Value::Nil)?;
            self.push(b":")?;
            self.value(item, verb, depth + 1)?;
        }
        self.push(close)
    }

    fn object(&mut self, object: &dyn GoObject, value: &Value, verb: char, depth: u32) -> Done {
        let named = !self.reporting && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
        if let Some(text) = object.text().filter(|_| named) {
            return self.string(&Str::with_origin(text.into_owned(), value.origin()), verb, value);
        }
        if let Some(text) = object.go_text().filter(|_| self.flags.sharp_v && verb == 'v' && !self.reporting) {
            self.flags.sharp_v = false;
            let done = self.string(&Str::with_origin(text, value.origin()), 's', value);
            self.flags.sharp_v = true;
            return done;
        }
        match object.ty().kind {
            _ if object.is_nil() => self.nil_pointer(value, verb),
            GoKind::Struct => self.structure(object, verb, depth),
            GoKind::Ptr if depth == 0 => {
                self.push(b"&")?;
                self.structure(object, verb, depth + 1)
            }
            GoKind::Ptr => self.pointer(value, verb),
            GoKind::Complex128 => match object.as_any().downcast_ref::<Complex>() {
                Some(number) => self.complex(number, verb, value),
                None => Ok(()),
            },
            _ => match object.json() {
                // A number with its own type: a duration, a month.
                Some(Value::Int(number, kind, _)) => {
                    self.integer(number, is_signed(&Value::Int(number, kind, Origin::NONE)), verb, value)
                }
                Some(Value::Float(number, _)) => self.float(number, verb, value),
                Some(Value::Str(text)) => self.string(&text, verb, value),
                Some(inner @ (Value::Bool(..) | Value::Bytes(_) | Value::List(_) | Value::Map(_))) => {
                    self.value(&inner, verb, depth)
                }
                _ => self.structure(object, verb, depth),
            },
        }
    }

    /// Prints the fields of a struct, or of the struct that an object points to: `{a b}`.
    pub(super) fn structure(&mut self, object: &dyn GoObject, verb: char, depth: u32) -> Done {
        self.deeper(depth)?;
        if self.flags.sharp_v {
            self.push(object.ty().name.trim_start_matches('*').as_bytes())?;
        }
        self.push(b"{")?;
        for (index, (name, field)) in object.fields().iter().enumerate() {
            if index > 0 {
                self.push(if self.flags.sharp_v { b", " } else { b" " })?;
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.push(name.as_bytes())?;
                self.push(b":")?;
            }
            self.value(field, verb, depth + 1)?;
        }
        self.push(b"}")
    }

    /// A nil pointer: the address 0, or `<nil>`.
    fn nil_pointer(&mut self, value: &Value, verb: char) -> Done {
        match verb {
            'v' if self.flags.sharp_v => {
                self.push(b"(")?;
                self.push(value.ty().name.as_bytes())?;
                self.push(b")(nil)")
            }
            'v' => self.padded(b"<nil>", Origin::NONE),
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(0, false, verb, value),
            _ => self.bad_verb(value, verb),
        }
    }

    /// An address. Go's differ from run to run; ours never do.
    fn pointer(&mut self, value: &Value, verb: char) -> Done {
        const ADDRESS: i64 = 0xc0_0000_0000;
        let kept = self.flags;
        match verb {
            'v' if self.flags.sharp_v => {
                self.push(b"(")?;
                self.push(value.ty().name.as_bytes())?;
                self.push(b")(0xc000000000)")
            }
            'v' | 'p' => {
                self.flags.sharp = !self.flags.sharp;
                let done = self.integer(ADDRESS, false, 'x', value);
                self.flags = kept;
                done
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(ADDRESS, false, verb, value),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Prints a value that the verb does not support: `%!d(string=hi)`.
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Done {
        let mut letter = [0; 4];
        self.push(b"%!")?;
        self.push(verb.encode_utf8(&mut letter).as_bytes())?;
        self.push(b"(")?;
        let was = std::mem::replace(&mut self.reporting, true);
        if value.is_nil() {
            self.push(b"<nil>")?;
        } else {
            self.typed(value)?;
        }
        self.reporting = was;
        self.push(b")")
    }

    /// Prints type and value: `int=5`.
    pub(super) fn typed(&mut self, value: &Value) -> Done {
        self.push(value.ty().name.as_bytes())?;
        self.push(b"=")?;
        self.arg(value, 'v')
    }

    /// Prints a string; `whole` is its value, for messages. A map key has none.
    pub(super) fn string(&mut self, text: &Str, verb: char, whole: &Value) -> Done {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => {
                let range = self.truncated(text);
                if self.flags.width.is_none() {
                    self.room(range.len())?;
                    self.out.push_slice(text, range);
                    return Ok(());
                }
                let width = rune_count(&text.as_bytes()[range.clone()]);
                self.fill(width, false)?;
                self.room(range.len())?;
                self.out.push_slice(text, range);
                self.fill(width, true)
            }
            'x' | 'X' => self.hex_bytes(text, verb == 'X'),
            'q' => self.quoted(text),
            _ if whole.is_nil() => self.bad_verb(&Value::Str(text.clone()), verb),
            _ => self.bad_verb(whole, verb),
        }
    }

    /// A text cut to the precision in characters.
    fn truncated(&self, text: &Str) -> Range<usize> {
        let Some(precision) = self.flags.precision else { return 0..text.len() };
        let bytes = text.as_bytes();
        let mut end = 0;
        for _ in 0..precision {
            if end >= bytes.len() {
                break;
            }
            end += decode_rune(&bytes[end..]).1;
        }
        0..end
    }

    fn quoted(&mut self, text: &Str) -> Done {
        let range = self.truncated(text);
        self.room(range.len())?;
        let mut quoted = Buf::new();
        if self.flags.sharp && can_backquote(&text.as_bytes()[range.clone()]) {
            quoted.push_text("`");
            quoted.push_slice(text, range);
            quoted.push_text("`");
        } else {
            quote(&mut quoted, text, range, self.flags.plus, self.helm);
        }
        let quoted = quoted.into_str();
        let width = rune_count(quoted.as_bytes());
        self.fill(width, false)?;
        self.room(quoted.len())?;
        self.out.push(&quoted);
        self.fill(width, true)
    }

    fn hex_bytes(&mut self, text: &Str, upper: bool) -> Done {
        let length = self.flags.precision.unwrap_or(usize::MAX).min(text.len());
        let prefix: &[u8] = match (self.flags.sharp, upper) {
            (false, _) => b"",
            (true, false) => b"0x",
            (true, true) => b"0X",
        };
        let prefixes = if self.flags.space { length } else { 1 };
        let width = match length {
            0 => 0,
            _ => 2 * length + prefix.len() * prefixes + if self.flags.space { length - 1 } else { 0 },
        };
        self.fill(width, length == 0 && self.flags.minus)?;
        self.room(width)?;
        let digits = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
        for (index, byte) in text.as_bytes()[..length].iter().enumerate() {
            if index > 0 && self.flags.space {
                self.out.push_bytes(b" ");
            }
            if index == 0 || self.flags.space {
                self.out.push_bytes(prefix);
            }
            let hex = [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]];
            self.out.push_instead(&hex, text, index..index + 1);
        }
        if length == 0 { Ok(()) } else { self.fill(width, true) }
    }

    /// Prints a `[]byte`.
    ///
    /// Source: Go `fmt`, `fmtBytes`.
    fn bytes(&mut self, text: &Str, verb: char, type_name: &str, whole: &Value) -> Done {
        match verb {
            'v' | 'd' if self.flags.sharp_v => {
                self.push(type_name.as_bytes())?;
                self.bytes_between(text, 'v', b"{", b", ", b"}")
            }
            'v' | 'd' => self.bytes_between(text, 'd', b"[", b" ", b"]"),
            's' | 'q' | 'x' | 'X' => self.string(text, verb, whole),
            _ => self.byte_list(text, verb),
        }
    }

    /// Prints a `[]byte` like any other slice.
    fn byte_list(&mut self, text: &Str, verb: char) -> Done {
        if self.flags.sharp_v {
            self.push(b"[]uint8")?;
            self.bytes_between(text, verb, b"{", b", ", b"}")
        } else {
            self.bytes_between(text, verb, b"[", b" ", b"]")
        }
    }

    fn bytes_between(&mut self, text: &Str, verb: char, open: &[u8], between: &[u8], close: &[u8]) -> Done {
        self.push(open)?;
        let origin = text.origin();
        for (index, &byte) in text.as_bytes().iter().enumerate() {
            if index > 0 {
                self.push(between)?;
            }
            let item = Value::Int(i64::from(byte), IntKind::Uint8, origin);
            self.integer(i64::from(byte), false, verb, &item)?;
        }
        self.push(close)
    }

    /// Appends text of one origin, padded to the width.
    pub(super) fn padded(&mut self, text: &[u8], origin: Origin) -> Done {
        let width = if self.flags.width.is_some() { rune_count(text) } else { 0 };
        self.fill(width, false)?;
        self.room(text.len())?;
        self.out.push_from(text, origin, 0);
        self.fill(width, true)
    }

    /// Appends padding up to the width, on the side that the flags select.
    pub(super) fn fill(&mut self, written: usize, after: bool) -> Done {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(written);
        if missing == 0 || after != self.flags.minus {
            return Ok(());
        }
        self.repeat(if self.flags.zero && !self.flags.minus { b'0' } else { b' ' }, missing)
    }

    pub(super) fn repeat(&mut self, byte: u8, mut count: usize) -> Done {
        self.room(count)?;
        let chunk = [byte; 64];
        while count > 0 {
            let step = count.min(chunk.len());
            self.out.push_bytes(&chunk[..step]);
            count -= step;
        }
        Ok(())
    }

    /// Appends a scalar without flags, if there are none.
    pub(super) fn plain(&mut self, value: &Value) -> Option<Done> {
        if self.flags != Flags::default() || !matches!(value, Value::Int(..) | Value::Float(..)) {
            return None;
        }
        Some(self.room(32).map(|()| push_scalar(value, self.out)))
    }

    fn deeper(&self, depth: u32) -> Done {
        if depth < DEPTH {
            Ok(())
        } else {
            // Go overflows its stack here, which ends helm.
            Err(Failure::limit(format!("a value of more than {DEPTH} levels is printed")))
        }
    }
}

fn is_signed(value: &Value) -> bool {
    !matches!(value, Value::Int(_, IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64, _))
}
