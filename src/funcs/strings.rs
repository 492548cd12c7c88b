//! Strings: trimming, cutting, padding, joining, splitting.
//!
//! Lengths and positions are in bytes, as in sprig; the parts of the input that a function keeps have their origins.

use super::args::{Growing, bounded, int, string};
use super::{case, wrap};
use crate::go::{decode_rune, push_quoted};
use crate::template::growth::Behind;
use crate::template::print::{push_plain, strval};
use crate::template::types::{ANY, INT, STRING, STRING_MAP, STRINGS};
use crate::template::{Context, Failure, Flow, Function, List, Map, Spread, Value};
use crate::trace::{Buf, Str};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("abbrev", &[&INT, &STRING], Flow::Exact, "cut to a width, with ... at the end", abbrev),
    Function::new("abbrevboth", &[&INT, &INT, &STRING], Flow::Exact, "cut to a width from both sides", abbrevboth),
    Function::new("trunc", &[&INT, &STRING], Flow::Exact, "the first n bytes, or the last -n", trunc)
        .spreads(Spread::Full),
    Function::new("substr", &[&INT, &INT, &STRING], Flow::Exact, "the bytes from one position to another", substr),
    Function::new("trim", &[&STRING], Flow::Exact, "without white space at both ends", trim),
    Function::new("trimAll", &[&STRING, &STRING], Flow::Exact, "without any of some characters at both ends", trim_all)
        .costs(4, 150),
    Function::new("trimall", &[&STRING, &STRING], Flow::Exact, "the same as trimAll", trim_all).costs(4, 150),
    Function::new("trimPrefix", &[&STRING, &STRING], Flow::Exact, "without a prefix", trim_prefix),
    Function::new("trimSuffix", &[&STRING, &STRING], Flow::Exact, "without a suffix", trim_suffix),
    Function::new("upper", &[&STRING], Flow::Exact, "in upper case", case::upper).costs(3, 96).spreads(Spread::Full),
    Function::new("lower", &[&STRING], Flow::Exact, "in lower case", case::lower).costs(3, 96).spreads(Spread::Full),
    Function::new("title", &[&STRING], Flow::Exact, "with a capital at the start of each word", case::title)
        .costs(4, 400)
        .spreads(Spread::Full),
    Function::new("untitle", &[&STRING], Flow::Exact, "with a small letter at the start of each word", case::untitle)
        .costs(4, 400)
        .spreads(Spread::Full),
    Function::new("swapcase", &[&STRING], Flow::Exact, "upper case for lower and the reverse", case::swapcase)
        .costs(5, 800)
        .spreads(Spread::Full),
    Function::new("camelcase", &[&STRING], Flow::Exact, "a_name as AName", case::camelcase)
        .costs(5, 800)
        .spreads(Spread::Full),
    Function::new("snakecase", &[&STRING], Flow::Exact, "AName as a_name", case::snakecase)
        .costs(5, 800)
        .spreads(Spread::Full),
    Function::new("kebabcase", &[&STRING], Flow::Exact, "AName as a-name", case::kebabcase)
        .costs(5, 800)
        .spreads(Spread::Full),
    Function::new("nospace", &[&STRING], Flow::Exact, "without white space", wrap::nospace).costs(4, 200),
    Function::new("initials", &[&STRING], Flow::Exact, "the first byte of each word", wrap::initials).costs(4, 200),
    Function::new("wrap", &[&INT, &STRING], Flow::Exact, "broken into lines at spaces", wrap::wrap).costs(4, 48),
    Function::new(
        "wrapWith",
        &[&INT, &STRING, &STRING],
        Flow::Exact,
        "wrap that breaks long words, with a separator",
        wrap::wrap_with,
    )
    .costs(4, 110),
    Function::new("repeat", &[&INT, &STRING], Flow::Exact, "n times the string", repeat).spreads(Spread::Full),
    Function::new("contains", &[&STRING, &STRING], Flow::None, "whether the second holds the first", contains),
    Function::new("hasPrefix", &[&STRING, &STRING], Flow::None, "whether the second begins with the first", has_prefix),
    Function::new("hasSuffix", &[&STRING, &STRING], Flow::None, "whether the second ends with the first", has_suffix),
    Function::new("quote", &[], Flow::Exact, "each argument in double quotes", quote)
        .costs(4, 130)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("squote", &[], Flow::Exact, "each argument in single quotes", squote)
        .costs(4, 24)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("cat", &[], Flow::Exact, "the arguments with blanks between them", cat)
        .costs(4, 24)
        .spreads(Spread::Full)
        .variadic(&ANY),
    Function::new("indent", &[&INT, &STRING], Flow::Exact, "n blanks before every line", indent).spreads(Spread::Full),
    Function::new("nindent", &[&INT, &STRING], Flow::Exact, "a line break, then indent", nindent).spreads(Spread::Full),
    Function::new(
        "replace",
        &[&STRING, &STRING, &STRING],
        Flow::Exact,
        "every occurrence of one text by another",
        replace,
    )
    .costs(4, 24),
    Function::new("plural", &[&STRING, &STRING, &INT], Flow::Exact, "the first for 1, the second for all else", plural),
    Function::new("toString", &[&ANY], Flow::Exact, "the value as text", to_string).spreads(Spread::Full),
    Function::new("toStrings", &[&ANY], Flow::Exact, "the elements as text", to_strings).spreads(Spread::Full),
    Function::new("join", &[&STRING, &ANY], Flow::Exact, "the elements with a separator between them", join)
        .spreads(Spread::Full),
    Function::new("split", &[&STRING, &STRING], Flow::Exact, "the parts as a map _0, _1 …", split),
    Function::new("splitn", &[&STRING, &INT, &STRING], Flow::Exact, "at most n parts as a map _0, _1 …", splitn),
    Function::new("splitList", &[&STRING, &STRING], Flow::Exact, "the parts as a list", split_list),
    Function::new("sortAlpha", &[&ANY], Flow::Exact, "the elements as text, sorted by bytes", sort_alpha)
        .spreads(Spread::Unordered),
    Function::new("hello", &[], Flow::None, "Hello!", hello),
];

type Result = std::result::Result<Value, Failure>;

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
    // The messages are those of Go's panics.
    if to < 0 || to > len {
        return Err(if to < 0 {
            Failure::Text(format!("runtime error: slice bounds out of range [:{to}]"))
        } else {
            Failure::Text(format!("runtime error: slice bounds out of range [:{to}] with length {len}"))
        });
    }
    if from > to {
        return Err(Failure::Text(format!("runtime error: slice bounds out of range [{from}:{to}]")));
    }
    Ok(text.slice(from as usize..to as usize).into())
}

/// Cuts characters off both ends.
fn trimmed(text: &Str, cut: impl Fn(char) -> bool) -> Str {
    let bytes = text.as_bytes();
    if let Ok(valid) = std::str::from_utf8(bytes) {
        return text.part(valid.trim_matches(&cut).as_bytes());
    }
    let mut range = 0..bytes.len();
    while range.start < range.end {
        let (c, width) = decode_rune(&bytes[range.clone()]);
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
        let (c, width) = decode_rune(&bytes[at..range.end]);
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
    ctx.allow_string(count.saturating_mul(size_of_val(text.spans())))?;
    if text.spans().is_empty() {
        return Ok(Value::str(text.as_bytes().repeat(if len > 0 { count } else { 0 })));
    }
    ctx.charge(count as u64 / 2)?;
    let mut out = Buf::with_capacity(len);
    if len > 0 {
        (0..count).for_each(|_| out.push(text));
    }
    Ok(out.into_str().into())
}

/// The first occurrence of `needle` in `text`, from a position.
pub(super) fn find(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    /// Up to this size, trying every position is fastest, and bounded.
    const SHORT: usize = 32;
    let Some(&first) = needle.first() else { return Some(from) };
    if needle.len() > SHORT {
        return find_long(text, needle, from);
    }
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

/// The same in linear time (Knuth, Morris, Pratt).
fn find_long(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    // For each prefix of the needle, the length of its longest suffix that is also a prefix.
    let mut borders = vec![0_usize; needle.len()];
    let step = |borders: &[usize], mut matched: usize, byte: u8| {
        while matched > 0 && needle[matched] != byte {
            matched = borders[matched - 1];
        }
        matched + usize::from(needle[matched] == byte)
    };
    for at in 1..needle.len() {
        borders[at] = step(&borders, borders[at - 1], needle[at]);
    }
    let mut matched = 0;
    for (at, &byte) in text.iter().enumerate().skip(from) {
        matched = step(&borders, matched, byte);
        if matched == needle.len() {
            return Some(at + 1 - matched);
        }
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

/// Appends each argument that is not nil, separated by blanks.
fn spaced(
    ctx: &mut Context<'_>,
    args: &[Value],
    mut push: impl FnMut(&Value, &mut Buf) -> std::result::Result<(), Failure>,
) -> std::result::Result<Str, Failure> {
    let mut out = Buf::new();
    // sprig quirk: nil is left out.
    for (index, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push_text(" ");
        }
        push(value, &mut out)?;
        bounded(ctx, &out)?;
    }
    Ok(out.into_str())
}

fn quote(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let helm = ctx.env.helm;
    let mut longer = 0;
    let push = |value: &Value, out: &mut Buf| {
        let (text, before) = (strval(value)?, out.len());
        push_quoted(&text, helm, out);
        longer += out.len() - before - text.len().min(out.len() - before);
        Ok(())
    };
    let quoted = spaced(ctx, args, push)?;
    // Escapes take longest.
    ctx.charge(2 * longer as u64)?;
    Ok(quoted.into())
}

fn squote(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let push = |value: &Value, out: &mut Buf| {
        out.push_text("'");
        push_plain(value, out)?;
        out.push_text("'");
        Ok(())
    };
    Ok(spaced(ctx, args, push)?.into())
}

fn cat(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(spaced(ctx, args, push_plain)?.into())
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
        bounded(ctx, out)?;
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
        ctx.charge(1)?;
        out.push_slice(text, kept..found);
        out.push(new);
        bounded(ctx, &out)?;
        kept = found + old.len();
        // An empty needle is found between any two characters, and at both ends.
        at = match old.is_empty() {
            true if kept < bytes.len() => kept + decode_rune(&bytes[kept..]).1,
            true => bytes.len() + 1,
            false => kept,
        };
    }
    out.push_slice(text, kept..bytes.len());
    ctx.allow_string(out.len())?;
    Ok(out.into_str().into())
}

fn plural(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(args[usize::from(int(args, 2)? != 1)].clone())
}

fn to_string(_: &mut Context<'_>, args: &[Value]) -> Result {
    Ok(strval(&args[0])?.into())
}

/// The elements of a list as strings, without nil; for anything else, its own string.
///
/// Source: sprig `strslice`.
fn texts(ctx: &mut Context<'_>, value: &Value) -> std::result::Result<Vec<Str>, Failure> {
    let mut growing = Growing::default();
    let mut text = |item: &Value| {
        ctx.charge(1)?;
        let text = strval(item)?;
        // Values that are not strings make new ones.
        let bytes = if let Value::Str(_) = item { 0 } else { NEW_TEXT + text.len() };
        growing.by(ctx, size_of::<Value>() + bytes)?;
        Ok(text)
    };
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(list) => list.iter().filter(|item| !item.is_nil()).map(text).collect(),
        Value::Bytes(bytes) => bytes.as_bytes().iter().map(|&byte| text(&Value::int(i64::from(byte)))).collect(),
        other => Ok(vec![text(other)?]),
    }
}

/// Bytes of a string besides its characters, including its place in a list.
const NEW_TEXT: usize = 150;

fn to_strings(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    if args[0].ty() == &STRINGS {
        return Ok(args[0].clone());
    }
    Ok(strings_for(&args[0], texts(ctx, &args[0])?))
}

/// The strings of a list, with the capacity that sprig allocates for elements that turn out to be nil.
fn strings_for(list: &Value, texts: Vec<Str>) -> Value {
    let length = if let Value::List(list) = list { list.len() } else { texts.len() };
    let room = length.saturating_sub(texts.len());
    List::with_behind(&STRINGS, texts.into_iter().map(Value::Str).collect(), Behind::Zeros(room)).into()
}

fn join(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let separator = string(args, 0)?;
    let mut out = Buf::new();
    for (index, text) in texts(ctx, &args[1])?.iter().enumerate() {
        if index > 0 {
            out.push(separator);
        }
        out.push(text);
        bounded(ctx, &out)?;
    }
    ctx.allow_string(out.len())?;
    Ok(out.into_str().into())
}

/// The parts between separators; an empty separator splits into characters. At most `limit` parts.
fn parts(ctx: &mut Context<'_>, text: &Str, separator: &Str, limit: usize) -> std::result::Result<Vec<Str>, Failure> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut growing = Growing::default();
    if separator.is_empty() {
        let mut at = 0;
        while at < bytes.len() && found.len() + 1 < limit {
            let width = decode_rune(&bytes[at..]).1;
            ctx.charge(1)?;
            growing.by(ctx, NEW_TEXT + width)?;
            found.push(text.slice(at..at + width));
            at += width;
        }
        if at < bytes.len() {
            found.push(text.slice(at..bytes.len()));
        }
        return Ok(found);
    }
    let mut start = 0;
    while found.len() + 1 < limit {
        let Some(end) = find(bytes, separator.as_bytes(), start) else { break };
        ctx.charge(1)?;
        growing.by(ctx, NEW_TEXT + end - start)?;
        found.push(text.slice(start..end));
        start = end + separator.len();
    }
    found.push(text.slice(start..bytes.len()));
    Ok(found)
}

fn numbered(ctx: &mut Context<'_>, parts: Vec<Str>) -> Result {
    ctx.charge(3 * parts.len() as u64)?;
    ctx.allow_memory(parts.len() * 2 * NEW_TEXT)?;
    let entries = parts.into_iter().enumerate().map(|(index, part)| (Str::from(format!("_{index}")), Value::Str(part)));
    Ok(Map::of(&STRING_MAP, entries.collect()).into())
}

fn split(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let parts = parts(ctx, string(args, 1)?, string(args, 0)?, usize::MAX)?;
    numbered(ctx, parts)
}

fn splitn(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let limit = match int(args, 1)? {
        0 => return numbered(ctx, Vec::new()),
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let parts = parts(ctx, string(args, 2)?, string(args, 0)?, limit)?;
    numbered(ctx, parts)
}

fn split_list(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    let parts = parts(ctx, string(args, 1)?, string(args, 0)?, usize::MAX)?;
    Ok(Value::exact_strings(parts))
}

/// The cost of sorting a number of elements, in steps.
fn sorting(count: usize) -> u64 {
    let count = count as u64;
    count * u64::from(u64::BITS - count.leading_zeros())
}

fn sort_alpha(ctx: &mut Context<'_>, args: &[Value]) -> Result {
    match &args[0] {
        Value::List(list) if list.ty() == &STRINGS => {
            // sprig quirk: a []string is sorted in place, visibly for everyone who has it.
            ctx.charge(sorting(list.len()))?;
            ctx.allow_memory(list.len() * size_of::<Value>())?;
            list.sort_strings();
            ctx.check_memory()?;
            Ok(args[0].clone())
        }
        Value::List(_) | Value::Bytes(_) => {
            let mut sorted = texts(ctx, &args[0])?;
            ctx.charge(sorting(sorted.len()))?;
            sorted.sort();
            Ok(strings_for(&args[0], sorted))
        }
        other => Ok(Value::exact_strings([strval(other)?])),
    }
}

fn hello(_: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(Value::str("Hello!"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::source::File;
    use crate::template::Env;
    use crate::template::print::print_value;
    use crate::trace::{OriginData, Origins};

    fn call(name: &str, args: &[Value]) -> Result {
        let (mut env, limits) = (Env::seeded(1), Limits { string_bytes: 1000, ..Limits::default() });
        let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
        (function.call)(&mut Context::new(&mut env, &limits, None), args)
    }

    fn shown(result: Result) -> String {
        match result {
            Ok(value) => {
                let mut out = Buf::new();
                print_value(&value, &mut out).unwrap();
                out.into_str().to_string()
            }
            Err(failure) => format!("error: {failure}"),
        }
    }

    /// Each argument that looks like a number is one.
    fn args(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(|text| text.parse().map_or_else(|_| Value::str(*text), Value::int)).collect()
    }

    #[test]
    fn functions_do_what_sprig_s_do() {
        let cases: &[(&[&str], &str)] = &[
            (&["abbrev", "5", "hello world"], "he..."),
            (&["abbrevboth", "5", "10", "1234 5678 9123"], "...5678..."),
            (&["trunc", "-3", "hello"], "llo"),
            (&["substr", "-1", "3", "hello"], "hel"),
            (&["substr", "3", "1", "hello"], "error: runtime error: slice bounds out of range [3:1]"),
            (&["substr", "-1", "9", "hello"], "error: runtime error: slice bounds out of range [:9] with length 5"),
            (&["trim", "\u{a0}a \u{85}"], "a"),
            (&["trimAll", "é-", "-éa-é"], "a"),
            (&["replace", "", "-", "aé"], "-a-é-"),
            (&["repeat", "-1", "a"], "error: strings: negative Repeat count"),
            (&["indent", "2", "a\n"], "  a\n  "),
            (&["nindent", "0", "a"], "\na"),
            (&["quote", "a\"é\u{a0}"], "\"a\\\"é\\u00a0\""),
            (&["cat", "", "a", "7"], " a 7"),
            (&["plural", "one", "many", "2"], "many"),
            (&["split", "", "aé"], "map[_0:a _1:é]"),
            (&["splitn", ",", "2", "a,b,c"], "map[_0:a _1:b,c]"),
            (&["splitn", ",", "0", "a"], "map[]"),
            (&["splitList", ",", ""], "[]"),
            (&["sortAlpha", "b"], "[b]"),
            (&["title", "a-b a'c a_d ǆ 日a"], "A-B A'C A_d ǅ 日a"),
            (&["untitle", "AB CD"], "aB cD"),
            (&["swapcase", "aB cǅ"], "Ab Cǆ"),
            (&["upper", "ßﬁᾳa"], "ßﬁᾼA"),
            (&["lower", "İΑΣ"], "iασ"),
            (&["camelcase", "--"], "---"),
            (&["camelcase", "HTTPServer_GO__x-"], "HttpserverGo_X-"),
            (&["snakecase", "HTTPServer2xx"], "http_server_2xx"),
            (&["kebabcase", "Bld4Floor3rd a日b"], "bld4-floor-3rd-a-日-b"),
            (&["nospace", "é a"], "Ã©a"),
            (&["initials", "first try"], "ft"),
            (&["wrap", "3", "a bcdef g h"], "a\nbcdef\ng h"),
            (&["wrapWith", "3", "|", "abcdef g"], "abc|def|g"),
            (&["repeat", "999", "ab"], "error: a string of more than 1000 bytes (--limit string-bytes)"),
        ];
        for (case, want) in cases {
            assert_eq!(&shown(call(case[0], &args(&case[1..]))), want, "{case:?}");
        }
    }

    #[test]
    fn sort_alpha_sorts_slices_of_strings_in_place() {
        let list = call("splitList", &args(&[",", "c,b,a"])).unwrap();
        let same = call("toStrings", std::slice::from_ref(&list)).unwrap();
        assert_eq!(shown(call("sortAlpha", std::slice::from_ref(&same))), "[a b c]");
        assert_eq!(shown(Ok(list)), "[a b c]");
        let list = Value::list(args(&["c", "b", "1"]));
        assert_eq!(shown(call("sortAlpha", std::slice::from_ref(&list))), "[1 b c]");
        assert_eq!(shown(Ok(list)), "[c b 1]");
    }

    #[test]
    fn what_is_kept_keeps_its_origins() {
        let mut origins = Origins::new();
        let origin = origins.add(OriginData::File(File::new("a.txt", "Hello, Ünder World")));
        let text = Value::Str(Str::with_origin("Hello, Ünder World", origin));
        let spans = |name: &str, mut first: Vec<Value>| {
            first.push(text.clone());
            let result = call(name, &first).unwrap();
            let text = result.as_str().unwrap();
            text.spans()
                .iter()
                .map(|span| (text.slice(span.start as usize..span.end as usize), span.at))
                .fold(String::new(), |shown, (part, at)| format!("{shown}[{part}@{at}]"))
        };
        assert_eq!(spans("upper", args(&[])), "[HELLO, ÜNDER WORLD@0]");
        assert_eq!(spans("abbrev", args(&["8"])), "[Hello@0]");
        assert_eq!(spans("nindent", args(&["2"])), "[Hello, Ünder World@0]");
        assert_eq!(spans("snakecase", args(&[])), "[hello,_ünder_world@0]");
        assert_eq!(spans("wrap", args(&["8"])), "[Hello,@0][Ünder@7][World@14]");
        assert_eq!(spans("replace", args(&["Hello, ", ""])), "[Ünder World@7]");
        assert_eq!(spans("trimSuffix", args(&["World"])), "[Hello, Ünder @0]");
    }

    #[test]
    fn long_needles_are_found_as_short_ones_are() {
        let needle = [&b"ab".repeat(20)[..], b"c"].concat();
        let text = [&b"ab".repeat(50)[..], b"c", &needle].concat();
        assert_eq!(find(&text, &needle, 0), Some(60));
        assert_eq!(find(&text, &needle, 61), Some(101));
        assert_eq!(find(&text, &needle, 102), None);
        assert_eq!(find(b"abc", b"bc", 0), Some(1));
        assert_eq!(find(b"abc", b"bcd", 0), None);
        assert_eq!(find(b"abc", b"", 2), Some(2));
    }
}
