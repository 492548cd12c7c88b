//! `.Files`: the files of a chart that are neither templates nor special.

use crate::chart::Chart;
use crate::glob::Glob;
use crate::template::types::{BYTES, GoKind, STRING, Type};
use crate::template::{Context, Failure, Flow, Function, Map, Value};
use crate::trace::{Origin, OriginData, Origins, Str};
use base64::Engine;

/// The type of `.Files` and of the result of its `Glob`.
pub(crate) static FILES: Type = Type {
    name: "engine.files",
    kind: GoKind::Map,
    elem: Some(&BYTES),
    methods: &[
        Function::new("Get", &[&STRING], Flow::Exact, "a file's text, empty when there is none", get),
        Function::new("GetBytes", &[&STRING], Flow::Exact, "a file's bytes", get_bytes),
        Function::new("Lines", &[&STRING], Flow::Exact, "a file's lines", lines),
        Function::new("Glob", &[&STRING], Flow::Exact, "the files whose path matches a pattern", glob),
        Function::new("AsConfig", &[], Flow::Exact, "YAML of the files' texts by base name", as_config),
        Function::new("AsSecrets", &[], Flow::Exact, "YAML of the files' base64 by base name", as_secrets),
    ],
};

/// The files of a chart.
pub(super) fn object(chart: &Chart, mut origins: Option<&mut Origins>) -> Value {
    let map = Map::of(&FILES, Default::default());
    for entry in &chart.files {
        let origin = match &mut origins {
            Some(origins) => origins.add(OriginData::File(entry.file.clone())),
            None => Origin::NONE,
        };
        map.insert(entry.path.as_str(), Value::Bytes(Str::of_file(&entry.file, origin)));
    }
    map.into()
}

fn receiver(args: &[Value]) -> Result<&Map, Failure> {
    args.first().and_then(Value::as_map).ok_or_else(|| Failure::from("no files"))
}

fn content(args: &[Value]) -> Result<Option<Str>, Failure> {
    let name = args.get(1).and_then(Value::as_str).ok_or_else(|| Failure::from("no file name"))?;
    Ok(match receiver(args)?.get(name.as_bytes()) {
        Some(Value::Bytes(text)) => Some(text),
        _ => None,
    })
}

fn get(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::Str(content(args)?.unwrap_or_else(|| Str::new(""))))
}

fn get_bytes(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::Bytes(content(args)?.unwrap_or_else(|| Str::new(""))))
}

fn lines(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let text = content(args)?.unwrap_or_else(|| Str::new(""));
    if text.is_empty() {
        return Ok(Value::strings([]));
    }
    let end = text.len() - usize::from(text.as_bytes().ends_with(b"\n"));
    let whole = text.slice(0..end);
    let count = memchr::memchr_iter(b'\n', whole.as_bytes()).count() + 1;
    ctx.charge(3 * count as u64)?;
    ctx.allow_memory((count * 150).saturating_add(whole.len()))?;
    let lines: Vec<Str> = whole.as_bytes().split(|&byte| byte == b'\n').map(|line| whole.part(line)).collect();
    Ok(Value::exact_strings(lines))
}

fn glob(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let files = receiver(args)?;
    let pattern = args.get(1).and_then(Value::as_str).map(|pattern| pattern.to_text().into_owned()).unwrap_or_default();
    // Helm quirk: an invalid pattern matches everything.
    let glob = Glob::parse(&pattern).ok();
    let found = Map::of(&FILES, Default::default());
    ctx.charge(16 * files.len() as u64)?;
    for (name, content) in files.entries() {
        let matches = match &glob {
            Some(glob) => glob.matches(&name.to_text(), ctx.limits.glob_steps).map_err(Failure::limit)?,
            None => true,
        };
        if matches {
            found.insert(name, content);
        }
    }
    Ok(found.into())
}

fn base_names(ctx: &mut Context<'_>, files: &Map, encode: impl Fn(&Str) -> Str) -> Result<Map, Failure> {
    let by_name = Map::new();
    let bytes =
        files.borrow().values().map(|value| if let Value::Bytes(text) = value { text.len() } else { 0 }).sum::<usize>();
    ctx.charge(24 * files.len() as u64 + bytes as u64 / 4)?;
    ctx.allow_memory(bytes * 2)?;
    for (name, content) in files.entries() {
        let Value::Bytes(text) = content else { continue };
        let base = name.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        by_name.insert(Str::new(base), Value::Str(encode(&text)));
    }
    Ok(by_name)
}

fn as_config(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let texts = base_names(ctx, receiver(args)?, Str::clone)?;
    Ok(Value::Str(crate::funcs::yaml::yaml_text(ctx, &texts.into())?))
}

fn as_secrets(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let encode = |text: &Str| {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
        Str::with_origin(encoded, text.origin())
    };
    let texts = base_names(ctx, receiver(args)?, encode)?;
    Ok(Value::Str(crate::funcs::yaml::yaml_text(ctx, &texts.into())?))
}
