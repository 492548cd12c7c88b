//! `toYaml`, `fromYaml` and related functions.

mod source;
mod write;

use crate::funcs::args::string;
use crate::json;
use crate::limits::Limits;
use crate::template::types::{self, ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, List, Map, Spread, Value};
use crate::trace::Str;
use crate::yaml::{self, Data, Node};
use source::Source;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("toYaml", &[&ANY], Flow::Exact, "the value as YAML; nothing if it cannot be written", to_yaml)
        .costs(15, 16)
        .spreads(Spread::Full),
    Function::new("mustToYaml", &[&ANY], Flow::Exact, "the value as YAML, or an error", must_to_yaml)
        .costs(15, 16)
        .spreads(Spread::Full)
        .since_helm_4(),
    Function::new("toYamlPretty", &[&ANY], Flow::Exact, "the value as YAML with indented lists", to_yaml_pretty)
        .costs(15, 16)
        .spreads(Spread::Full),
    Function::new("fromYaml", &[&STRING], Flow::Exact, "the map in a YAML text; `Error` has the error", from_yaml)
        .costs(28, 100)
        .spreads(Spread::Holds),
    Function::new(
        "fromYamlArray",
        &[&STRING],
        Flow::Exact,
        "the list in a YAML text, or a list of one error",
        from_yaml_array,
    )
    .costs(28, 100)
    .spreads(Spread::Holds),
];

fn to_yaml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    yaml_text(ctx, &args[0]).map(Value::Str)
}

/// A value as `toYaml` writes it: empty if it cannot be written.
pub(crate) fn yaml_text(ctx: &mut Context<'_>, value: &Value) -> Result<Str, Failure> {
    match yaml_or_failure(ctx, value) {
        // Helm quirk: on any error, the result is the empty string.
        Err(Failure::Text(_)) => Ok(Str::new("")),
        result => result,
    }
}

/// A value as YAML, or the error.
pub(crate) fn yaml_or_failure(ctx: &mut Context<'_>, value: &Value) -> Result<Str, Failure> {
    write::to_yaml(ctx, value)
}

fn must_to_yaml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    yaml_or_failure(ctx, &args[0]).map(Value::Str)
}

fn to_yaml_pretty(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    write::to_yaml_pretty(ctx, &args[0]).map(Value::Str)
}

fn from_yaml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let text = string(args, 0)?;
    let error = match read(ctx, text)? {
        Ok(node) => match &node.data {
            Data::Map(_) => return Source::new(text).value(ctx, &node),
            Data::Null => return Ok(Value::Map(Map::new())),
            _ => mismatch(&node, types::MAP.name),
        },
        Err(error) => error,
    };
    let map = Map::new();
    map.insert("Error", Value::from(error));
    Ok(Value::Map(map))
}

fn from_yaml_array(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let text = string(args, 0)?;
    let error = match read(ctx, text)? {
        Ok(node) => match &node.data {
            Data::Seq(_) => return Source::new(text).value(ctx, &node),
            Data::Null => return Ok(Value::list(Vec::new())),
            _ => mismatch(&node, types::LIST.name),
        },
        Err(error) => error,
    };
    Ok(Value::List(List::new(&types::LIST, vec![Value::from(error)])))
}

/// The tree of a text, or helm's error message.
fn read(ctx: &mut Context<'_>, text: &Str) -> Result<Result<Node, String>, Failure> {
    let limits = limits_of(ctx);
    match yaml::read(text.as_bytes(), &limits) {
        Err(error) if error.limit => Err(failure(ctx, &error)),
        result => Ok(result.map_err(|error| format!("error converting YAML to JSON: {error}"))),
    }
}

/// The limits for a text that is read while other values are held.
fn limits_of(ctx: &Context<'_>) -> Limits {
    Limits { memory_bytes: ctx.memory_left(), ..ctx.limits.clone() }
}

fn failure(ctx: &mut Context<'_>, error: &yaml::Error) -> Failure {
    let text = error.to_string();
    match error.limit {
        false => Failure::Text(text),
        true if text.ends_with("(--limit memory-bytes)") => out_of_memory(ctx),
        true => Failure::limit(text),
    }
}

/// The failure of a value that does not fit in memory.
pub(in crate::funcs) fn out_of_memory(ctx: &mut Context<'_>) -> Failure {
    ctx.allow_memory(usize::MAX).err().unwrap_or_else(|| Failure::limit("too large"))
}

fn mismatch(node: &Node, wanted: &str) -> String {
    let found = node.data.json_kind();
    format!("error unmarshaling JSON: while decoding JSON: {}", json::mismatch(found, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::HelmVersion;
    use crate::template::Env;

    fn call(function: &str, argument: &Value) -> Value {
        let (mut env, limits) = (Env::seeded(1), Limits::default());
        let mut ctx = Context::new(&mut env, &limits, None);
        let function = FUNCTIONS.iter().find(|row| row.name == function).unwrap();
        match (function.call)(&mut ctx, std::slice::from_ref(argument)) {
            Ok(value) => value,
            Err(failure) => Value::from(format!("error: {failure}")),
        }
    }

    fn text(value: &Value) -> String {
        value.as_str().map(ToString::to_string).unwrap_or_default()
    }

    /// Each case is a value, what `toYaml` makes of it and, where that differs, what `toYamlPretty` does.
    #[test]
    fn as_helm_writes() {
        let cases = include_str!("../../../testdata/toyaml/cases.json");
        let cases = json::decode(&Str::from(cases), HelmVersion::V4).unwrap().value;
        let mut wrong = Vec::new();
        for case in cases.as_list().unwrap().iter().map(|case| case.as_list().unwrap()) {
            let wanted = [("toYaml", &case[1]), ("toYamlPretty", case.get(2).unwrap_or(&case[1]))];
            for (function, wanted) in wanted {
                let found = call(function, &case[0]);
                if text(&found) != text(wanted) {
                    wrong.push(format!("{function} {:?}:\n{found:?} instead of\n{wanted:?}", case[0]));
                }
            }
        }
        assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    }
}
