//! `toToml`, `fromToml`.

use crate::funcs::args::string;
use crate::template::types::{ANY, STRING};
use crate::template::{Context, Failure, Flow, Function, Map, Spread, Value};
use crate::toml;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("toToml", &[&ANY], Flow::Exact, "the value as TOML, or the error", to_toml)
        .costs(25, 16)
        .spreads(Spread::Full),
    Function::new("mustToToml", &[&ANY], Flow::Exact, "the value as TOML, or an error", must_to_toml)
        .costs(25, 16)
        .spreads(Spread::Full)
        .since_helm_4(),
    Function::new("fromToml", &[&STRING], Flow::Exact, "the map in a TOML text; `Error` has the error", from_toml)
        .costs(40, 230)
        .spreads(Spread::Holds),
];

fn to_toml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match toml::encode(ctx, &args[0]) {
        Ok(text) => Ok(Value::Str(text)),
        Err(toml::Error::Toml(words)) => Ok(Value::from(words)),
        Err(toml::Error::Failure(failure)) => Err(failure),
    }
}

fn must_to_toml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match toml::encode(ctx, &args[0]) {
        Ok(text) => Ok(Value::Str(text)),
        Err(toml::Error::Toml(words)) => Err(Failure::Text(words)),
        Err(toml::Error::Failure(failure)) => Err(failure),
    }
}

fn from_toml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    match toml::decode(ctx, string(args, 0)?)? {
        Ok(map) => Ok(Value::Map(map)),
        Err(words) => {
            let map = Map::new();
            map.insert("Error", Value::from(words));
            Ok(Value::Map(map))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::HelmVersion;
    use crate::json;
    use crate::limits::Limits;
    use crate::template::Env;
    use crate::trace::Str;

    fn value(json: &str) -> Value {
        json::decode(&Str::from(json), HelmVersion::V4).unwrap().value
    }

    #[test]
    fn written_as_helm_writes() {
        let (mut env, limits) = (Env::seeded(1), Limits::default());
        let mut ctx = Context::new(&mut env, &limits, None);
        for (json, toml) in [
            (r#"{"b":1,"a":"x\n\t\"\\\u0001"}"#, "a = \"x\\n\\t\\\"\\\\\\u0001\"\nb = 1.0\n"),
            (r#"{"a":{"b":{"c":1}}}"#, "[a]\n  [a.b]\n    c = 1.0\n"),
            (r#"{"a":[{"b":1},{"b":2}],"c":null}"#, "[[a]]\n  b = 1.0\n\n[[a]]\n  b = 2.0\n"),
            (r#"{"x":{"c":3,"b":{"y":2},"x":1}}"#, "[x]\n  c = 3.0\n  x = 1.0\n  [x.b]\n    y = 2.0\n"),
            (r#"{"a":[1,{"b":1,"c":null}],"d":[],"e":{}}"#, "a = [1.0, {b = 1.0, }]\nd = []\n\n[e]\n"),
            (r#"{"":1,"a b":2,"é":[[1],["x"]]}"#, "\"\" = 1.0\n\"a b\" = 2.0\n\"é\" = [[1.0], [\"x\"]]\n"),
            (r#"{"a":[null]}"#, "toml: cannot encode array with nil element"),
            (r#"[{"a":1}]"#, "toml: top-level values must be Go maps or structs"),
            ("5", "5.0"),
        ] {
            let found = to_toml(&mut ctx, &[value(json)]).unwrap();
            assert_eq!(found.as_str().unwrap().to_string(), toml, "{json}");
        }
    }

    #[test]
    fn read_as_helm_reads() {
        let (mut env, limits) = (Env::seeded(1), Limits::default());
        let mut ctx = Context::new(&mut env, &limits, None);
        let style = json::JsonStyle { html: false, pretty: false, escape_bad_bytes: false, max_bytes: 1000 };
        for (toml, json) in [
            ("a = 1\nb.c = 'x'\n[t]\nd = true", r#"{"a":1,"b":{"c":"x"},"t":{"d":true}}"#),
            ("[[a]]\nb=1.5\n[[a]]\nb=0x1F\n[a.c]\nd={e=[1,]}", r#"{"a":[{"b":1.5},{"b":31,"c":{"d":{"e":[1]}}}]}"#),
            ("a = \"\"\"\nx\\\n   y\\u00e9\"\"\"", r#"{"a":"xyé"}"#),
            (
                "a = 2020-01-02\nb = 07:32:00\nc = 2020-01-02 03:04:05.60+01:00",
                r#"{"a":"2020-01-02T00:00:00Z","b":"0000-01-01T07:32:00Z","c":"2020-01-02T03:04:05.6+01:00"}"#,
            ),
            ("a = ", r#"{"Error":"toml: line 1 (last key \"a\"): unexpected EOF; expected value"}"#),
            ("a = 1\na = 2", r#"{"Error":"toml: line 2 (last key \"a\"): Key 'a' has already been defined."}"#),
            ("[a]\n[a]", r#"{"Error":"toml: line 2: Key 'a' has already been defined."}"#),
            ("x", r#"{"Error":"toml: line 1: unexpected EOF; expected key separator '='"}"#),
            (
                "a = 01",
                r#"{"Error":"toml: line 1 (last key \"a\"): Invalid integer \"01\": cannot have leading zeroes"}"#,
            ),
            (
                "a = 1\u{1}",
                r#"{"Error":"toml: line 1 (last key \"a\"): TOML files cannot contain control characters: '0x01'"}"#,
            ),
        ] {
            let found = from_toml(&mut ctx, &[Value::str(toml)]).unwrap();
            assert_eq!(json::encode(&found, &style).unwrap().to_string(), json, "{toml}");
        }
    }
}
