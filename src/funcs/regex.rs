//! The regular expressions family: Go's patterns and rules. A pattern comes first, then the text.

use super::args::{int, string};
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::regex::{Bounds, Error, Regex, Replacement, Searched, quote_meta};
use crate::template::types::{INT, STRING, STRINGS};
use crate::template::{Context, Failure, Flow, Function, List, Value};
use crate::trace::Str;
use std::ops::Range;
use std::rc::Rc;

/// The functions of this family. Those named `must…` return an invalid pattern as an error, the others panic.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("regexMatch", &[&STRING, &STRING], Flow::None, "whether a pattern matches somewhere", |ctx, args| {
        match matches(ctx, args)? {
            // sprig quirk: an invalid pattern matches nothing.
            Err(Error::Syntax(_)) => Ok(false.into()),
            result => result.map(Value::from).map_err(failure),
        }
    }),
    Function::new(
        "mustRegexMatch",
        &[&STRING, &STRING],
        Flow::None,
        "the same, with an error for an invalid pattern",
        |ctx, args| matches(ctx, args)?.map(Value::from).map_err(failure),
    ),
    Function::new("regexFind", &[&STRING, &STRING], Flow::Exact, "the first match, or nothing", |ctx, args| {
        find(ctx, args, Errors::Panic)
    }),
    Function::new("mustRegexFind", &[&STRING, &STRING], Flow::Exact, "the same as regexFind", |ctx, args| {
        find(ctx, args, Errors::Return)
    }),
    Function::new(
        "regexFindAll",
        &[&STRING, &STRING, &INT],
        Flow::Exact,
        "the first n matches; all if n is negative",
        |ctx, args| find_all(ctx, args, Errors::Panic),
    ),
    Function::new(
        "mustRegexFindAll",
        &[&STRING, &STRING, &INT],
        Flow::Exact,
        "the same as regexFindAll",
        |ctx, args| find_all(ctx, args, Errors::Return),
    ),
    Function::new(
        "regexReplaceAll",
        &[&STRING, &STRING, &STRING],
        Flow::Exact,
        "the text with every match replaced; $1 and ${name} are groups",
        |ctx, args| replace(ctx, args, Replacement::template, Errors::Panic),
    ),
    Function::new(
        "mustRegexReplaceAll",
        &[&STRING, &STRING, &STRING],
        Flow::Exact,
        "the same as regexReplaceAll",
        |ctx, args| replace(ctx, args, Replacement::template, Errors::Return),
    ),
    Function::new(
        "regexReplaceAllLiteral",
        &[&STRING, &STRING, &STRING],
        Flow::Exact,
        "the text with every match replaced by a literal text",
        |ctx, args| replace(ctx, args, Replacement::literal, Errors::Panic),
    ),
    Function::new(
        "mustRegexReplaceAllLiteral",
        &[&STRING, &STRING, &STRING],
        Flow::Exact,
        "the same as regexReplaceAllLiteral",
        |ctx, args| replace(ctx, args, Replacement::literal, Errors::Return),
    ),
    Function::new(
        "regexSplit",
        &[&STRING, &STRING, &INT],
        Flow::Exact,
        "the at most n parts between matches; all if n is negative",
        |ctx, args| split(ctx, args, Errors::Panic),
    ),
    Function::new("mustRegexSplit", &[&STRING, &STRING, &INT], Flow::Exact, "the same as regexSplit", |ctx, args| {
        split(ctx, args, Errors::Return)
    }),
    Function::new("regexQuoteMeta", &[&STRING], Flow::Exact, "the text as a pattern for itself", |ctx, args| {
        let text = string(args, 0)?;
        ctx.allow_string(text.len())?;
        Ok(quote_meta(text).into())
    })
    .costs(4, 40),
];

/// How a function reports an invalid pattern.
#[derive(Debug, Clone, Copy)]
enum Errors {
    /// As Go's error.
    Return,
    /// As the panic of Go's `MustCompile`.
    Panic,
}

fn compiled(ctx: &mut Context<'_>, pattern: &Str, groups: bool, errors: Errors) -> Result<Rc<Regex>, Failure> {
    let (compiled, cost) = ctx.regexes.get(pattern.as_bytes(), groups, ctx.env.helm);
    ctx.charge(cost)?;
    compiled.map_err(|error| match (errors, error) {
        (Errors::Panic, Error::Syntax(text)) => {
            Failure::Text(format!("regexp: Compile({}): {text}", quoted(pattern.as_bytes())))
        }
        (_, error) => failure(error),
    })
}

/// A pattern as quoted in Go's panics: in backquotes, if possible.
fn quoted(pattern: &[u8]) -> String {
    match std::str::from_utf8(pattern) {
        Ok(text) if text.chars().all(|c| !matches!(c, '\u{FEFF}' | '`' | '\x7F') && (c >= ' ' || c == '\t')) => {
            format!("`{text}`")
        }
        _ => go_quote(pattern),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Syntax(text) => Failure::Text(text),
        Error::Limit(what) => Failure::limit(what),
    }
}

impl Bounds for Context<'_> {
    type Error = Failure;

    fn most_bytes(&self) -> usize {
        self.limits.string_bytes
    }

    fn take_steps(&mut self, count: u64) -> Result<(), Failure> {
        self.charge(count)
    }

    fn allow_bytes(&mut self, count: usize) -> Result<(), Failure> {
        self.allow_string(count)
    }

    fn allow_memory(&mut self, count: usize) -> Result<(), Failure> {
        Context::allow_memory(self, count)
    }
}

fn matches(ctx: &mut Context<'_>, args: &[Value]) -> Result<Result<bool, Error>, Failure> {
    let (pattern, text) = (string(args, 0)?, string(args, 1)?);
    let (compiled, cost) = ctx.regexes.get(pattern.as_bytes(), false, ctx.env.helm);
    let scan = compiled.as_ref().map_or(0, |regex| regex.scan_cost(text.len() as u64));
    ctx.charge(cost + scan)?;
    Ok(compiled.map(|regex| regex.is_match(&Searched::new(text.as_bytes()))))
}

fn find(ctx: &mut Context<'_>, args: &[Value], errors: Errors) -> Result<Value, Failure> {
    let (pattern, text) = (string(args, 0)?, string(args, 1)?);
    let regex = compiled(ctx, pattern, false, errors)?;
    ctx.charge(regex.scan_cost(text.len() as u64))?;
    let found = regex.find(&Searched::new(text.as_bytes()));
    Ok(found.map_or_else(|| Value::str(""), |range| text.slice(range).into()))
}

fn find_all(ctx: &mut Context<'_>, args: &[Value], errors: Errors) -> Result<Value, Failure> {
    let (pattern, text) = (string(args, 0)?, string(args, 1)?);
    let regex = compiled(ctx, pattern, false, errors)?;
    let found = ranges(ctx, &regex, text, int(args, 2)?)?;
    if found.is_empty() {
        return Ok(List::nil(&STRINGS).into());
    }
    // Go quirk: the Go version of helm 3 allocates ten at once.
    let room = if ctx.env.helm == HelmVersion::V3 { 10 } else { 0 };
    let found = found.into_iter().map(|range| text.slice(range).into()).collect();
    Ok(List::grown_from(&STRINGS, room, found).into())
}

fn ranges(ctx: &mut Context<'_>, regex: &Regex, text: &Str, most: i64) -> Result<Vec<Range<usize>>, Failure> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    regex.find_all(&Searched::new(text.as_bytes()), most, ctx)
}

fn replace(
    ctx: &mut Context<'_>,
    args: &[Value],
    read: fn(&Str) -> Replacement,
    errors: Errors,
) -> Result<Value, Failure> {
    let (pattern, source) = (string(args, 0)?, string(args, 1)?);
    let replacement = read(string(args, 2)?);
    let regex = compiled(ctx, pattern, replacement.needs_groups(), errors)?;
    Ok(replacement.replace_all(ctx, &regex, source)?.into())
}

/// Source: Go `regexp`, `Split`.
fn split(ctx: &mut Context<'_>, args: &[Value], errors: Errors) -> Result<Value, Failure> {
    let (pattern, text, most) = (string(args, 0)?, string(args, 1)?, int(args, 2)?);
    let regex = compiled(ctx, pattern, false, errors)?;
    if most == 0 {
        return Ok(List::nil(&STRINGS).into());
    }
    if !pattern.is_empty() && text.is_empty() {
        return Ok(Value::exact_strings([text.clone()]));
    }
    let mut parts: Vec<Value> = Vec::new();
    let (mut start, mut end) = (0, 0);
    let matches = ranges(ctx, &regex, text, most)?;
    let expected = matches.len();
    for found in matches {
        if most > 0 && parts.len() as i64 == most - 1 {
            break;
        }
        end = found.start;
        // Go quirk: there is no part before an empty match at the very beginning.
        if found.end != 0 {
            parts.push(text.slice(start..end).into());
        }
        start = found.end;
    }
    if end != text.len() {
        parts.push(text.slice(start..text.len()).into());
    }
    Ok(List::grown_from(&STRINGS, expected, parts).into())
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;
    use crate::limits::Limits;
    use crate::template::{Context, Env, Failure, Value};
    use crate::trace::{OriginData, Origins, Str};
    use serde_json::Value as Json;

    fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
        let (mut env, limits) = (Env::seeded(1), Limits::default());
        let function = FUNCTIONS.iter().find(|function| function.name == name).expect("a function of this family");
        (function.call)(&mut Context::new(&mut env, &limits, None), args)
    }

    fn to_json(value: &Value) -> Json {
        match value {
            Value::Bool(truth, _) => Json::Bool(*truth),
            Value::Str(text) => Json::String(text.to_string()),
            Value::List(list) if list.is_nil() => Json::Null,
            Value::List(list) => Json::Array(list.iter().map(to_json).collect()),
            other => panic!("unexpected {other:?}"),
        }
    }

    /// What helm 4.3.1 printed for random patterns: function, arguments, result or error.
    #[test]
    fn functions_agree_with_helm() {
        let cases: Vec<(String, Vec<Json>, Json)> =
            serde_json::from_str(include_str!("../../testdata/regex/functions.json")).unwrap();
        for (name, args, expected) in cases {
            let values: Vec<Value> = args
                .iter()
                .map(|arg| arg.as_i64().map_or_else(|| Value::str(arg.as_str().unwrap_or_default()), Value::int))
                .collect();
            let result = match call(&name, &values) {
                Ok(value) => to_json(&value),
                Err(failure) => serde_json::json!({ "error": failure.to_string() }),
            };
            assert_eq!(result, expected, "{name} {args:?}");
        }
    }

    #[test]
    fn each_bad_byte_is_one_character() {
        let text = || Value::str(*b"a\xffb\xe6\x97");
        let found = call("regexFindAll", &[Value::str("[^ab]"), text(), Value::int(-1)]).unwrap();
        let found: Vec<&[u8]> = found.as_list().unwrap().iter().map(|item| item.as_str().unwrap().as_bytes()).collect();
        assert_eq!(found, [b"\xff", b"\xe6", b"\x97"]);
        let replaced = call("regexReplaceAll", &[Value::str("(b)"), text(), Value::str("<$1>")]).unwrap();
        assert_eq!(replaced.as_str().unwrap().as_bytes(), b"a\xff<b>\xe6\x97");
    }

    #[test]
    fn what_stays_keeps_its_origin_and_what_comes_has_the_replacements() {
        let mut origins = Origins::new();
        let [source, replacement] = ["source", "replacement"].map(|fact| origins.add(OriginData::Fact(fact)));
        let args = [
            Value::str("b(c)"),
            Value::Str(Str::with_origin("abcd", source)),
            Value::Str(Str::with_origin("<$1>", replacement)),
        ];
        let result = call("regexReplaceAll", &args).unwrap();
        let text = result.as_str().unwrap();
        let spans: Vec<_> = text.spans().iter().map(|span| (span.start..span.end, span.origin, span.at)).collect();
        assert_eq!(text.as_bytes(), b"a<c>d");
        let expected =
            [(0..1, source, 0), (1..2, replacement, 0), (2..3, source, 2), (3..4, replacement, 3), (4..5, source, 3)];
        assert_eq!(spans, expected);
    }

    #[test]
    fn hostile_patterns_end_in_a_limit() {
        for pattern in [r"(?:\pL{1000}){1}\pL{1000}\pL{1000}".to_owned(), "(a)".repeat(2000), "a".repeat(2 << 20)] {
            let args = [Value::str(pattern), Value::str("a"), Value::str("$1")];
            assert!(matches!(call("regexReplaceAll", &args), Err(Failure::Limit(_))));
        }
    }
}
