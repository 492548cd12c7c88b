//! Strings: trimming, cutting, padding, joining, splitting.
//!
//! Lengths and positions are bytes, as in sprig; what a function keeps of its input keeps its origins.

use crate::template::print::{push_plain, push_quoted, strval};
use crate::template::types::{ANY, INT, STRING, STRING_MAP, STRINGS};
use crate::template::{Context, Failure, Flow, Function, List, Map, Value};
use crate::trace::{Buf, Str};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function::new("abbrev", &[&INT, &STRING], Flow::Exact, "cut to a width, with ... at the end", abbrev),
    Function::new("abbrevboth", &[&INT, &INT, &STRING], Flow::Exact, "cut to a width from both sides", abbrevboth),
    Function::new("trunc", &[&INT, &STRING], Flow::Exact, "the first n bytes, or the last -n", trunc),
    Function::new("substr", &[&INT, &INT, &STRING], Flow::Exact, "the bytes from one position to another", substr),
    Function::new("trim", &[&STRING], Flow::Exact, "without white space at both ends", trim),
    Function::new("trimAll", &[&STRING, &STRING], Flow::Exact, "without any of some characters at both ends", trim_all),
    Function::new("trimall", &[&STRING, &STRING], Flow::Exact, "the same as trimAll", trim_all),
    Function::new("trimPrefix", &[&STRING, &STRING], Flow::Exact, "without a prefix", trim_prefix),
    Function::new("trimSuffix", &[&STRING, &STRING], Flow::Exact, "without a suffix", trim_suffix),
    Function::new("repeat", &[&INT, &STRING], Flow::Exact, "n times the string", repeat),
    Function::new("contains", &[&STRING, &STRING], Flow::None, "whether the second holds the first", contains),
    Function::new("hasPrefix", &[&STRING, &STRING], Flow::None, "whether the second begins with the first", has_prefix),
    Function::new("hasSuffix", &[&STRING, &STRING], Flow::None, "whether the second ends with the first", has_suffix),
    Function::new("quote", &[], Flow::Exact, "each argument in double quotes", quote).variadic(&ANY),
    Function::new("squote", &[], Flow::Exact, "each argument in single quotes", squote).variadic(&ANY),
    Function::new("cat", &[], Flow::Exact, "the arguments with blanks between them", cat).variadic(&ANY),
    Function::new("indent", &[&INT, &STRING], Flow::Exact, "n blanks before every line", indent),
    Function::new("nindent", &[&INT, &STRING], Flow::Exact, "a line break, then indent", nindent),
    Function::new(
        "replace",
        &[&STRING, &STRING, &STRING],
        Flow::Exact,
        "every occurrence of one text by another",
        replace,
    ),
    Function::new("plural", &[&STRING, &STRING, &INT], Flow::Exact, "the first for 1, the second for all else", plural),
    Function::new("toString", &[&ANY], Flow::Exact, "the value as text", to_string),
    Function::new("toStrings", &[&ANY], Flow::Exact, "the elements as text", to_strings),
    Function::new("join", &[&STRING, &ANY], Flow::Exact, "the elements with a separator between them", join),
    Function::new("split", &[&STRING, &STRING], Flow::Exact, "the parts as a map _0, _1 …", split),
    Function::new("splitn", &[&STRING, &INT, &STRING], Flow::Exact, "at most n parts as a map _0, _1 …", splitn),
    Function::new("splitList", &[&STRING, &STRING], Flow::Exact, "the parts as a list", split_list),
    Function::new("sortAlpha", &[&ANY], Flow::Exact, "the elements as text, sorted by bytes", sort_alpha),
    Function::new("hello", &[], Flow::None, "Hello!", hello),
];

type Result = std::result::Result<Value, Failure>;

/// A string argument; the engine has checked that it is one.
pub(super) fn string(args: &[Value], index: usize) -> std::result::Result<&Str, Failure> {
    args.get(index).and_then(Value::as_str).ok_or_else(|| Failure::from("expected a string"))
}

/// An `int` argument; the engine has checked that it is one.
pub(super) fn int(args: &[Value], index: usize) -> std::result::Result<i64, Failure> {
    match args.get(index) {
        Some(Value::Int(number, _, _)) => Ok(*number),
        _ => Err(Failure::from("expected an integer")),
    }
}

fn dots(head: Option<&str>, kept: Str, tail: Option<&str>) -> Str {
    let mut out = Buf::with_capacity(kept.len() + 6);
    out.push_text(head.unwrap_or_default());
    out.push(&kept);
    out.push_text(tail.unwrap_or_default());
    out.into_str()
}

fn abbreviated(text: &Str, width: i64) -> Str {
    if width < 4 || text.len() as i64 <= width {
        return text.clone();
    }
    dots(None, text.slice(0..width as usize - 3), Some("..."))
}

fn abbrev(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(abbreviated(string(args, 1)?, int(args, 0)?).into())
}

fn abbrevboth(_: &mut Context<'_>, args: &[Value]) -> Result {
    let (left, right, text) = (int(args, 0)?, int(args, 1)?, string(args, 2)?);
    let len = text.len() as i64;
    if right < 4 || (left > 0 && right < 7) || len <= right {
        return Ok(text.clone().into());
    }
    let offset = left.min(len).min(len - (right - 3));
    if offset <= 4 {
        return Ok(dots(None, text.slice(0..right as usize - 3), Some("...")).into());
    }
    let from = offset as usize;
    if offset + right - 3 < len {
        let rest = abbreviated(&text.slice(from..text.len()), right - 3);
        return Ok(dots(Some("..."), rest, None).into());
    }
    let from = (len - (right - 3)) as usize;
    Ok(dots(Some("..."), text.slice(from..text.len()), None).into())
}

fn trunc(_: &mut Context<'_>, args: &[Value]) -> Result {
    let (count, text) = (int(args, 0)?, string(args, 1)?);
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(text.len());
    let range = if count < 0 { text.len() - wanted..text.len() } else { 0..wanted };
    Ok(text.slice(range).into())
}

fn substr(_: &mut Context<'_>, args: &[Value]) -> Result {
    let (start, end, text) = (int(args, 0)?, int(args, 1)?, string(args, 2)?);
    let len = text.len() as i64;
    let (from, to) = match (start, end) {
        (start, end) if start < 0 => (0, end),
        (start, end) if end < 0 || end > len => (start, len),
        bounds => bounds,
    };
    // The texts are those of Go's panics.
    if to < 0 || to > len {
        return Err(if to < 0 {
            Failure::Text(format!("runtime error: slice bounds out of range [:{to}]"))
        } else {
            Failure::Text(format!("runtime error: slice bounds out of range [:{to}] with length {len}"))
        });
    }
    if from > to {
        let range = if to == len { format!("[{from}:{to}]") } else { format!("[{from}:{to}]") };
        return Err(Failure::Text(format!("runtime error: slice bounds out of range {range}")));
    }
    Ok(text.slice(from as usize..to as usize).into())
}

/// Cuts characters off both ends.
fn trimmed(text: &Str, cut: impl Fn(char) -> bool) -> Str {
    let bytes = text.as_bytes();
    if let Ok(valid) = std::str::from_utf8(bytes) {
        return text.part(valid.trim_matches(|c| cut(c)).as_bytes());
    }
    let mut range = 0..bytes.len();
    while range.start < range.end {
        let (c, width) = crate::template::print::decode_rune(&bytes[range.clone()]);
        if !cut(c) {
            break;
        }
        range.start += width;
    }
    while range.start < range.end {
        let mut at = range.end - 1;
        while at > range.start && range.end - at < 4 && bytes[at] & 0xC0 == 0x80 {
            at -= 1;
        }
        let (c, width) = crate::template::print::decode_rune(&bytes[at..range.end]);
        let (c, at) = if at + width == range.end { (c, at) } else { ('\u{FFFD}', range.end - 1) };
        if !cut(c) {
            break;
        }
        range.end = at;
    }
    text.slice(range)
}

fn trim(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(trimmed(string(args, 0)?, char::is_whitespace).into())
}

fn trim_all(_: &mut Context<'_>, args: &[Value]) -> Result {
    let cut = string(args, 0)?.to_text().into_owned();
    Ok(trimmed(string(args, 1)?, |c| cut.contains(c)).into())
}

fn trim_prefix(_: &mut Context<'_>, args: &[Value]) -> Result {
    let text = string(args, 1)?;
    let rest = text.as_bytes().strip_prefix(string(args, 0)?.as_bytes());
    Ok(rest.map_or_else(|| text.clone(), |rest| text.part(rest)).into())
}

fn trim_suffix(_: &mut Context<'_>, args: &[Value]) -> Result {
    let text = string(args, 1)?;
    let rest = text.as_bytes().strip_suffix(string(args, 0)?.as_bytes());
    Ok(rest.map_or_else(|| text.clone(), |rest| text.part(rest)).into())
}

fn repeat(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let (count, text) = (int(args, 0)?, string(args, 1)?);
    let Ok(count) = usize::try_from(count) else { return Err(Failure::from("strings: negative Repeat count")) };
    let Some(len) = count.checked_mul(text.len()).filter(|&len| i64::try_from(len).is_ok()) else {
        return Err(Failure::from("strings: Repeat output length overflow"));
    };
    ctx.allow_string(len)?;
    let mut out = Buf::with_capacity(len);
    if len > 0 {
        (0..count).for_each(|_| out.push(text));
    }
    Ok(out.into_str().into())
}

/// Where `needle` first stands in `text`, from a position on.
pub(super) fn find(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    if needle.is_empty() {
        return Some(from);
    }
    let first = needle[0];
    let mut at = from;
    while at + needle.len() <= text.len() {
        at += memchr::memchr(first, &text[at..text.len() - needle.len() + 1])?;
        if text[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn contains(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(find(string(args, 1)?.as_bytes(), string(args, 0)?.as_bytes(), 0).is_some().into())
}

fn has_prefix(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(string(args, 1)?.as_bytes().starts_with(string(args, 0)?.as_bytes()).into())
}

fn has_suffix(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(string(args, 1)?.as_bytes().ends_with(string(args, 0)?.as_bytes()).into())
}

/// Appends each argument that is not nil, with a blank between two.
fn spaced(
    args: &[Value],
    mut push: impl FnMut(&Value, &mut Buf) -> std::result::Result<(), Failure>,
) -> std::result::Result<Str, Failure> {
    let mut out = Buf::new();
    // sprig quirk: nil is left out altogether.
    for (index, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push_text(" ");
        }
        push(value, &mut out)?;
    }
    Ok(out.into_str())
}

fn quote(_: &mut Context<'_>, args: &[Value]) -> Result {
    let push = |value: &Value, out: &mut Buf| {
        push_quoted(&strval(value)?, out);
        Ok(())
    };
    Ok(spaced(args, push)?.into())
}

fn squote(_: &mut Context<'_>, args: &[Value]) -> Result {
    let push = |value: &Value, out: &mut Buf| {
        out.push_text("'");
        push_plain(value, out)?;
        out.push_text("'");
        Ok(())
    };
    Ok(spaced(args, push)?.into())
}

fn cat(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(spaced(args, push_plain)?.into())
}

/// Writes `text` with blanks before every line.
fn push_indented(ctx: &mut Context<'_>, count: i64, text: &Str, out: &mut Buf) -> std::result::Result<(), Failure> {
    let Ok(count) = usize::try_from(count) else { return Err(Failure::from("strings: negative Repeat count")) };
    let bytes = text.as_bytes();
    let lines = memchr::memchr_iter(b'\n', bytes).count() + 1;
    ctx.allow_string(count.saturating_mul(lines).saturating_add(bytes.len()))?;
    let blanks = vec![b' '; count];
    let mut start = 0;
    out.push_bytes(&blanks);
    while let Some(end) = memchr::memchr(b'\n', &bytes[start..]) {
        out.push_slice(text, start..start + end + 1);
        out.push_bytes(&blanks);
        start += end + 1;
    }
    out.push_slice(text, start..bytes.len());
    Ok(())
}

fn indent(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut out = Buf::with_capacity(args.get(1).and_then(Value::as_str).map_or(0, Str::len) * 5 / 4);
    push_indented(ctx, int(args, 0)?, string(args, 1)?, &mut out)?;
    Ok(out.into_str().into())
}

fn nindent(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let mut out = Buf::with_capacity(args.get(1).and_then(Value::as_str).map_or(0, Str::len) * 5 / 4 + 1);
    out.push_text("\n");
    push_indented(ctx, int(args, 0)?, string(args, 1)?, &mut out)?;
    Ok(out.into_str().into())
}

fn replace(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let (old, new, text) = (string(args, 0)?, string(args, 1)?, string(args, 2)?);
    let bytes = text.as_bytes();
    let mut out = Buf::with_capacity(bytes.len());
    let (mut kept, mut at) = (0, 0);
    while at <= bytes.len() {
        let Some(found) = find(bytes, old.as_bytes(), at) else { break };
        out.push_slice(text, kept..found);
        out.push(new);
        ctx.allow_string(out.len())?;
        kept = found + old.len();
        // Nothing is found between any two characters, and at both ends.
        at = match old.is_empty() {
            true if kept < bytes.len() => kept + crate::template::print::decode_rune(&bytes[kept..]).1,
            true => bytes.len() + 1,
            false => kept,
        };
    }
    out.push_slice(text, kept..bytes.len());
    Ok(out.into_str().into())
}

fn plural(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(args[usize::from(int(args, 2)? != 1)].clone())
}

fn to_string(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(strval(&args[0])?.into())
}

/// The elements of a list as texts, nil left out; of anything else its own text.
///
/// Source: sprig `strslice`.
fn texts(value: &Value) -> std::result::Result<Vec<Str>, Failure> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(list) => list.iter().filter(|item| !item.is_nil()).map(strval).collect(),
        Value::Bytes(bytes) => bytes.as_bytes().iter().map(|&byte| strval(&Value::int(i64::from(byte)))).collect(),
        other => Ok(vec![strval(other)?]),
    }
}

fn to_strings(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(Value::strings(texts(&args[0])?))
}

fn join(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let separator = string(args, 0)?;
    let mut out = Buf::new();
    for (index, text) in texts(&args[1])?.iter().enumerate() {
        if index > 0 {
            out.push(separator);
        }
        out.push(text);
    }
    ctx.allow_string(out.len())?;
    Ok(out.into_str().into())
}

/// The parts between separators; an empty separator parts the characters. At most `limit` parts.
fn parts(text: &Str, separator: &Str, limit: usize) -> Vec<Str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    if separator.is_empty() {
        let mut at = 0;
        while at < bytes.len() && found.len() + 1 < limit {
            let width = crate::template::print::decode_rune(&bytes[at..]).1;
            found.push(text.slice(at..at + width));
            at += width;
        }
        if at < bytes.len() {
            found.push(text.slice(at..bytes.len()));
        }
        return found;
    }
    let mut start = 0;
    while found.len() + 1 < limit {
        let Some(end) = find(bytes, separator.as_bytes(), start) else { break };
        found.push(text.slice(start..end));
        start = end + separator.len();
    }
    found.push(text.slice(start..bytes.len()));
    found
}

fn numbered(parts: Vec<Str>) -> Value {
    let entries = parts.into_iter().enumerate().map(|(index, part)| (Str::from(format!("_{index}")), Value::Str(part)));
    Map::of(&STRING_MAP, entries.collect()).into()
}

fn split(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let parts = parts(string(args, 1)?, string(args, 0)?, usize::MAX);
    ctx.charge(parts.len() as u64)?;
    Ok(numbered(parts))
}

fn splitn(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let limit = match int(args, 1)? {
        0 => return Ok(numbered(Vec::new())),
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let parts = parts(string(args, 2)?, string(args, 0)?, limit);
    ctx.charge(parts.len() as u64)?;
    Ok(numbered(parts))
}

fn split_list(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let parts = parts(string(args, 1)?, string(args, 0)?, usize::MAX);
    ctx.charge(parts.len() as u64)?;
    Ok(Value::strings(parts))
}

fn sort_alpha(_: &mut Context<'_>, args: &[Value]) -> Result {
    match &args[0] {
        Value::List(_) | Value::Bytes(_) => {
            let mut sorted = texts(&args[0])?;
            sorted.sort();
            Ok(Value::strings(sorted))
        }
        other => Ok(List::new(&STRINGS, vec![strval(other)?.into()]).into()),
    }
}

fn hello(_: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(Value::str("Hello!"))
}
