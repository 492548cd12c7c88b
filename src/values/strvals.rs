//! The grammar of `--set` and related flags: applies a flag's assignments to the user's values.
//!
//! Source: helm `pkg/strvals/parser.go` and `literal_parser.go`.

use super::json;
use super::messages::{quote, quote_runes};
use super::origins::{LayerOrigins, Nulls};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::source::{File, Place};
use crate::template::growth::Behind;
use crate::template::tree::Untraced;
use crate::template::{List, Map, Value, types};
use crate::trace::{FlagPart, Layer, Origin, OriginData, Origins, Setting, Str};
use crate::values_path::Key;
use crate::yaml::Data;
use std::ops::Range;
use std::sync::Arc;

/// The highest index that may be set.
const MAX_INDEX: i64 = 65_536;
/// The most nested names.
const MAX_NESTED: u32 = 30;

/// The flag; flags differ in how values are parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    /// `--set`: booleans, integers, null, strings
    Set,
    /// `--set-string`
    String,
    /// `--set-file`: the content of a file
    File,
    /// `--set-json`
    Json,
    /// `--set-literal`: no escapes; the rest of the argument is the value
    Literal,
}

impl Flag {
    /// As typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Set => "--set",
            Self::String => "--set-string",
            Self::File => "--set-file",
            Self::Json => "--set-json",
            Self::Literal => "--set-literal",
        }
    }
}

/// Applies the assignments of one flag to `values`. On an error, some of them may be applied.
///
/// # Errors
/// helm's text without `failed parsing --set data: `.
pub(super) fn parse_into(
    flag: Flag,
    argument: &str,
    occurrence: usize,
    values: &Map,
    helm: HelmVersion,
    read_file: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    trace: Option<(&mut Origins, &mut Nulls)>,
) -> Result<(), Error> {
    let trace = trace.map(|(origins, nulls)| {
        let part = FlagPart { flag: flag.name(), occurrence: occurrence as u32, argument: argument.into() };
        Trace { origins, nulls, layer: Layer::Flag(part), file: File::new(flag.name(), argument) }
    });
    let mut parser = Parser { flag, text: argument, at: 0, read_file, trace };
    loop {
        return match parser.key(values, 0, Origin::NONE) {
            Ok(()) => continue,
            Err(Stop::End) => Ok(()),
            // Helm quirk: an unclosed index ends the argument silently; helm 3 reports it.
            Err(Stop::EndInIndex) if helm == HelmVersion::V4 => Ok(()),
            Err(Stop::EndInIndex) => Err(Error::input("error parsing index: EOF")),
            Err(Stop::Error(error)) => Err(error),
        };
    }
}

/// Why parsing stopped.
enum Stop {
    /// The end of the argument, where allowed.
    End,
    /// The end of the argument inside `[…`.
    EndInIndex,
    Error(Error),
}

fn fail<T>(text: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Error(Error::input(text)))
}

/// Go's panic if a value does not have the type that a path needs, as helm catches it.
fn wrong_type<T>(value: &Value, wanted: &str) -> Result<T, Stop> {
    let found = if value.is_nil() { "nil" } else { value.ty().name };
    fail(format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"))
}

struct Trace<'a> {
    origins: &'a mut Origins,
    nulls: &'a mut Nulls,
    layer: Layer,
    file: Arc<File>,
}

struct Parser<'a> {
    flag: Flag,
    text: &'a str,
    at: usize,
    read_file: &'a mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    trace: Option<Trace<'a>>,
}

/// Text up to a stop character, which is consumed.
struct Run {
    text: String,
    /// Its position in the argument, including escapes, without the stop character.
    range: Range<usize>,
    /// `None` at the end of the argument.
    stop: Option<char>,
}

/// What an assignment sets.
struct Assigned {
    value: Value,
    origin: Origin,
    /// There is nothing after `=`.
    at_end: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Reads up to one of the characters in `stops`; a backslash makes the next one literal.
    fn until(&mut self, stops: &[char]) -> Run {
        let start = self.at;
        let mut text = String::new();
        loop {
            let end = self.at;
            match self.next() {
                Some(c) if stops.contains(&c) => return Run { text, range: start..end, stop: Some(c) },
                Some('\\') if self.flag != Flag::Literal => text.extend(self.next()),
                Some(c) => text.push(c),
                None => return Run { text, range: start..end, stop: None },
            }
        }
    }

    /// Applies one assignment, or the rest of its path, to `data`.
    fn key(&mut self, data: &Map, level: u32, parent: Origin) -> Result<(), Stop> {
        let literal = self.flag == Flag::Literal;
        let run = self.until(if literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] });
        let name = run.text.as_str();
        let key = || Key::Name(name.into());
        match run.stop {
            None if name.is_empty() => Err(Stop::End),
            None => fail(format!("key {} has no value", quote(name))),
            Some(',') => fail(format!("key {} has no value (cannot end with ,)", quote(name))),
            Some('[') => {
                let index = self.index()?;
                let before = match data.get(name.as_bytes()) {
                    None => List::nil(&types::LIST),
                    Some(Value::List(list)) => list,
                    Some(other) => return wrong_type(&other, "[]interface {}"),
                };
                let mut list = before.to_vec();
                let origin = self.step(key, parent, &run.range);
                let result = self.list_item(&mut list, index, level, origin);
                if !name.is_empty() {
                    data.insert(name, Value::List(extended(&before, list, origin)));
                }
                result
            }
            Some('.') => {
                let level = level + 1;
                if level > MAX_NESTED {
                    return fail(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_NESTED}"
                    ));
                }
                let origin = self.step(key, parent, &run.range);
                let inner = match data.get(name.as_bytes()) {
                    None => self.new_map(origin),
                    Some(Value::Map(map)) => map,
                    Some(other) => return wrong_type(&other, types::MAP.name),
                };
                let result = self.key(&inner, level, origin);
                if result.is_ok() && inner.is_empty() {
                    return fail(format!("key map {} has no value", quote(name)));
                }
                if !inner.is_empty() && !name.is_empty() {
                    data.insert(name, Value::Map(inner));
                }
                result
            }
            Some(_) => {
                let Assigned { value, origin, at_end } = self.value(key, parent)?;
                // Helm quirk: an assignment without a name is parsed and ignored.
                if !name.is_empty() {
                    if let Some(before) = data.get(name.as_bytes()) {
                        self.hide(origin, &before);
                    }
                    data.insert(name, value);
                }
                if at_end { Err(Stop::End) } else { Ok(()) }
            }
        }
    }

    /// The text between `[` and `]`.
    fn index(&mut self) -> Result<i64, Stop> {
        let run = self.until(&[']']);
        if run.stop.is_none() {
            return Err(Stop::EndInIndex);
        }
        run.text.parse().or_else(|error: std::num::ParseIntError| {
            use std::num::IntErrorKind::{NegOverflow, PosOverflow};
            let why = match error.kind() {
                PosOverflow | NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            fail(format!("error parsing index: strconv.Atoi: parsing {}: {why}", quote(&run.text)))
        })
    }

    /// Applies what follows `]` to an element of `list`.
    fn list_item(&mut self, list: &mut Vec<Value>, index: i64, level: u32, parent: Origin) -> Result<(), Stop> {
        let Ok(at) = usize::try_from(index) else { return fail(format!("negative {index} index not allowed")) };
        let run = self.until(&['[', '.', '=']);
        if !run.text.is_empty() {
            return fail(format!("unexpected data at end of array index: {}", quote_runes(&run.text)));
        }
        let key = || Key::Index(at as u32);
        match run.stop {
            None => Err(Stop::End),
            Some('[') => {
                let next = self.index()?;
                let before = list.get(at).cloned().unwrap_or_default();
                let inner_before = match &before {
                    Value::Nil => List::nil(&types::LIST),
                    Value::List(inner) => inner.clone(),
                    other => return wrong_type(other, "[]interface {}"),
                };
                let mut inner = inner_before.to_vec();
                let origin = self.step(key, parent, &run.range);
                let result = self.list_item(&mut inner, next, level, origin);
                let inner = Value::List(extended(&inner_before, inner, origin));
                match result {
                    Ok(()) => set_index(list, index, inner),
                    Err(stop) => {
                        // Go's list is changed in place even if the argument ends too early.
                        if !before.is_nil() {
                            list[at] = inner;
                        }
                        Err(stop)
                    }
                }
            }
            Some('.') => {
                let origin = self.step(key, parent, &run.range);
                let inner = match list.get(at) {
                    Some(Value::Map(map)) => map.clone(),
                    Some(before) => {
                        let map = self.new_map(origin);
                        self.hide(origin, before);
                        list[at] = Value::Map(map.clone());
                        map
                    }
                    None => self.new_map(origin),
                };
                self.key(&inner, level, origin)?;
                set_index(list, index, Value::Map(inner))
            }
            Some(_) => {
                let Assigned { value, origin, .. } = self.value(key, parent)?;
                if let Some(before) = list.get(at) {
                    self.hide(origin, before);
                }
                set_index(list, index, value)
            }
        }
    }

    /// The text after `=`, and the comma after it.
    fn value(&mut self, key: impl Fn() -> Key, parent: Origin) -> Result<Assigned, Stop> {
        let start = self.at;
        match self.flag {
            Flag::Literal => {
                self.at = self.text.len();
                let origin = self.setting(key, parent, &(start..self.at));
                let value = Value::Str(Str::with_origin(&self.text[start..], origin));
                Ok(Assigned { value, origin, at_end: false })
            }
            Flag::Json => {
                if self.skip_comma() {
                    let origin = self.null(key, parent, &(start..start));
                    return Ok(Assigned { value: Value::Nil, origin, at_end: false });
                }
                let Some((node, end)) = json::read_value(self.text, self.at) else { return fail("not JSON") };
                let (value, origin) = match &mut self.trace {
                    None => (Value::from_node(&node, &mut Untraced), Origin::NONE),
                    Some(_) if node.data == Data::Null => (Value::Nil, self.null(key, parent, &(start..end))),
                    Some(Trace { origins, nulls, layer, file }) => {
                        let nodes = LayerOrigins::new(origins, layer.clone(), file).noting(nulls);
                        let value = Value::from_node(&node, &mut nodes.below(key(), parent));
                        let origin = value.origin();
                        (value, origin)
                    }
                };
                self.at = end;
                self.skip_comma();
                Ok(Assigned { value, origin, at_end: false })
            }
            Flag::Set | Flag::String | Flag::File => match self.peek() {
                None => {
                    let origin = self.setting(key, parent, &(start..start));
                    Ok(Assigned { value: Value::str(""), origin, at_end: true })
                }
                Some('{') => {
                    self.at += 1;
                    self.braces(key, parent, start)
                }
                Some(_) => {
                    let run = self.until(&[',']);
                    let (value, origin) = self.scalar(&run, key, parent)?;
                    Ok(Assigned { value, origin, at_end: false })
                }
            },
        }
    }

    /// The items of `{a,b}`, after the opening brace at `start`.
    fn braces(&mut self, key: impl Fn() -> Key, parent: Origin, start: usize) -> Result<Assigned, Stop> {
        // The list's own origin precedes those of its items, which refer to it; its end is known only then.
        let closing = self.closing_brace();
        let origin = self.setting(key, parent, &(start..closing));
        let mut items = Vec::new();
        loop {
            let run = self.until(&[',', '}']);
            if run.stop.is_none() {
                return fail("list must terminate with '}'");
            }
            let index = items.len() as u32;
            let (item, _) = self.scalar(&run, || Key::Index(index), origin)?;
            items.push(item);
            if run.stop == Some('}') {
                if self.peek() == Some(',') {
                    self.at += 1;
                }
                let value = Value::List(List::with_origin(&types::LIST, items, origin));
                return Ok(Assigned { value, origin, at_end: false });
            }
        }
    }

    /// The position after the closing brace of the current list.
    fn closing_brace(&mut self) -> usize {
        if self.trace.is_none() {
            return self.at;
        }
        let before = self.at;
        self.until(&['}']);
        std::mem::replace(&mut self.at, before)
    }

    fn scalar(&mut self, run: &Run, key: impl Fn() -> Key, parent: Origin) -> Result<(Value, Origin), Stop> {
        let value = match self.flag {
            Flag::Set => typed(&run.text),
            Flag::File => Value::str((self.read_file)(&run.text).map_err(Stop::Error)?),
            Flag::String | Flag::Json | Flag::Literal => Value::str(run.text.as_str()),
        };
        if value.is_nil() {
            return Ok((value, self.null(key, parent, &run.range)));
        }
        let origin = self.setting(key, parent, &run.range);
        Ok((if origin.is_none() { value } else { value.with_origin(origin) }, origin))
    }

    /// Skips white space and one comma; returns whether nothing else was found before the comma or the end.
    fn skip_comma(&mut self) -> bool {
        loop {
            match self.peek() {
                None => return true,
                Some(',') => {
                    self.at += 1;
                    return true;
                }
                Some(c) if c.is_whitespace() => self.at += c.len_utf8(),
                Some(_) => return false,
            }
        }
    }

    fn new_map(&self, origin: Origin) -> Map {
        let map = Map::new();
        map.set_origin(origin);
        map
    }

    /// The origin of a container on the path of an assignment.
    fn step(&mut self, key: impl Fn() -> Key, parent: Origin, range: &Range<usize>) -> Origin {
        self.setting(key, parent, range)
    }

    fn setting(&mut self, key: impl Fn() -> Key, parent: Origin, range: &Range<usize>) -> Origin {
        let Some(trace) = &mut self.trace else { return Origin::NONE };
        let place = Place { file: trace.file.clone(), start: range.start as u32, end: range.end as u32 };
        let setting = Setting { layer: trace.layer.clone(), place, key: Some(key()), parent };
        trace.origins.add(OriginData::Setting(setting))
    }

    fn null(&mut self, key: impl Fn() -> Key, parent: Origin, range: &Range<usize>) -> Origin {
        let origin = self.setting(key, parent, range);
        if let Some(trace) = &mut self.trace {
            trace.nulls.note(trace.origins, origin);
        }
        origin
    }

    fn hide(&mut self, winner: Origin, before: &Value) {
        if let Some(trace) = &mut self.trace {
            trace.origins.hide(winner, before.origin());
        }
    }
}

/// Sets an element of a list, which is padded with nulls as needed.
fn set_index(list: &mut Vec<Value>, index: i64, value: Value) -> Result<(), Stop> {
    if index > MAX_INDEX {
        return fail(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}"));
    }
    let at = index as usize;
    if list.len() <= at {
        list.resize(at + 1, Value::Nil);
    }
    list[at] = value;
    Ok(())
}

/// A list after one of its elements was set: a longer list is a new one with exactly that length.
fn extended(before: &List, items: Vec<Value>, origin: Origin) -> List {
    let exact = List::with_behind(&types::LIST, Vec::new(), Behind::Zeros(0));
    if items.len() == before.len() { before.remade(items, origin) } else { exact.remade(items, origin) }
}

/// The value of a text in `--set`.
fn typed(text: &str) -> Value {
    match text {
        _ if same_letters(text, "true") => Value::bool(true),
        _ if same_letters(text, "false") => Value::bool(false),
        _ if same_letters(text, "null") => Value::Nil,
        "0" => Value::int64(0),
        _ if text.starts_with('0') => Value::str(text),
        _ => text.parse().map_or_else(|_| Value::str(text), Value::int64),
    }
}

/// Go's `strings.EqualFold` with an ASCII word.
fn same_letters(text: &str, word: &str) -> bool {
    // Go quirk: the long s is an s.
    text.len() <= 2 * word.len() && text.replace('ſ', "s").eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::print::strval;

    fn set(flag: Flag, argument: &str, under: &Map) -> Result<String, String> {
        let mut read = |path: &str| match path {
            "f.txt" => Ok(b"content\n".to_vec()),
            _ => Err(Error::file(format!("open {path}: no such file or directory"))),
        };
        parse_into(flag, argument, 0, under, HelmVersion::V4, &mut read, None).map_err(Error::into_text)?;
        let text = strval(&Value::Map(under.clone())).map_err(|failure| failure.to_string())?;
        Ok(text.to_string())
    }

    #[test]
    fn grammar() {
        let cases: [(Flag, &str, Result<&str, &str>); 39] = [
            (Flag::Set, "a=b,c.d=1", Ok("map[a:b c:map[d:1]]")),
            (Flag::Set, "a=,b=null", Ok("map[a: b:<nil>]")),
            (Flag::Set, "a={x,,y},b={}", Ok("map[a:[x  y] b:[]]")),
            (Flag::Set, "a={b}c", Err("key \"c\" has no value")),
            (Flag::Set, "a={b", Err("list must terminate with '}'")),
            (Flag::Set, r"a\.b=c\,d,e=\", Ok("map[a.b:c,d e:]")),
            (Flag::Set, "a", Err("key \"a\" has no value")),
            (Flag::Set, "a,b=1", Err("key \"a\" has no value (cannot end with ,)")),
            (Flag::Set, "a.=1", Err("key map \"a\" has no value")),
            (Flag::Set, "=x,.a=1,[0]=2", Ok("map[]")),
            (Flag::Set, "a[2].b=1,a[0]=x", Ok("map[a:[x <nil> map[b:1]]]")),
            (Flag::Set, "a[1][1]=x,a[1][0].k=y", Ok("map[a:[<nil> [map[k:y] x]]]")),
            (Flag::Set, "a[0]", Ok("map[a:[]]")),
            (Flag::Set, "a[0=b", Ok("map[]")),
            (Flag::Set, "a[0].b=", Ok("map[a:[]]")),
            (Flag::Set, "a={1},a[0].b=", Ok("map[a:[map[b:]]]")),
            (Flag::Set, "a={1},b[0]={2},b[0][0].c=", Ok("map[a:[1] b:[[map[c:]]]]")),
            (Flag::Set, "a[-1]=b", Err("negative -1 index not allowed")),
            (Flag::Set, "a[x]=b", Err("error parsing index: strconv.Atoi: parsing \"x\": invalid syntax")),
            (
                Flag::Set,
                "a[99999999999999999999]=b",
                Err("error parsing index: strconv.Atoi: parsing \"99999999999999999999\": value out of range"),
            ),
            (Flag::Set, "a[65537]=b", Err("index of 65537 is greater than maximum supported index of 65536")),
            (Flag::Set, "a[0]'b\"=c", Err("unexpected data at end of array index: ['\\'' 'b' '\"']")),
            (
                Flag::Set,
                "a=1,a.b=2",
                Err("unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}"),
            ),
            (
                Flag::Set,
                "a=null,a[0]=2",
                Err("unable to parse key: interface conversion: interface {} is nil, not []interface {}"),
            ),
            (Flag::String, "a=1,b=null,c={true}", Ok("map[a:1 b:null c:[true]]")),
            (Flag::File, "a=f.txt", Ok("map[a:content\n]")),
            (Flag::File, "a={f.txt,g}", Err("open g: no such file or directory")),
            (Flag::File, "a=", Ok("map[a:]")),
            (Flag::Literal, r"a,b=c\,d=e", Ok(r"map[a,b:c\,d=e]")),
            (Flag::Literal, "a[0].b={x}", Ok("map[a:[map[b:{x}]]]")),
            (Flag::Literal, "a", Err("key \"a\" has no value")),
            (Flag::Json, "a=1,b=[1,{\"c\":null}] , d=", Ok("map[ d:<nil> a:1 b:[1 map[c:<nil>]]]")),
            (Flag::Json, "a=01=5", Ok("map[1:5 a:0]")),
            (Flag::Json, "a=1 2", Err("key \"2\" has no value")),
            (Flag::Json, r#"a="\u00e9\ud83d\ude00\ud800x""#, Ok("map[a:é😀\u{FFFD}x]")),
            (Flag::Json, "a=tru", Err("not JSON")),
            (Flag::Json, "a=1e999", Err("not JSON")),
            (Flag::Json, "a[1]={\"b\":1.5e3}", Ok("map[a:[<nil> map[b:1500]]]")),
            (Flag::Json, "a=[1,]", Err("not JSON")),
        ];
        for (flag, argument, expected) in cases {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(set(flag, argument, &Map::new()), expected, "{} {argument}", flag.name());
        }
    }

    #[test]
    fn types() {
        for (text, ty) in [
            ("5", "int64"),
            ("-01", "int64"),
            ("+1", "int64"),
            ("0", "int64"),
            ("01", "string"),
            ("1.5", "string"),
            ("9223372036854775808", "string"),
            ("tRuE", "bool"),
            ("fal\u{17f}e", "bool"),
            ("NULL", "<nil>"),
            ("~", "string"),
        ] {
            assert_eq!(typed(text).ty().name, ty, "{text}");
        }
    }
}
