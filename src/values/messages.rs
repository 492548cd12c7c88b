//! Go's wording of values in warnings and errors.

use crate::go::go_quote;
use crate::template::Value;
use crate::template::print::strval;

/// `%q` of a string.
pub(super) fn quote(text: &str) -> String {
    go_quote(text.as_bytes())
}

/// `%q` of a slice of runes: `['a' 'b']`.
pub(super) fn quote_runes(text: &str) -> String {
    let rune = |c: char| match c {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        _ => format!("'{}'", quote(c.encode_utf8(&mut [0; 4])).trim_matches('"')),
    };
    format!("[{}]", text.chars().map(rune).collect::<Vec<_>>().join(" "))
}

/// `%v`.
pub(super) fn plain(value: &Value) -> String {
    strval(value).map_or_else(|failure| failure.to_string(), |text| text.to_string())
}

/// `%t`, which is for booleans: for other values helm prints Go's error, `%!t(string=foo)`.
pub(super) fn as_truth(value: &Value) -> String {
    if value.is_nil() {
        return "%!t(<nil>)".to_owned();
    }
    let mut text = String::new();
    print_truth(value, &mut text);
    text
}

/// A longer value is not worth printing in an error; helm would print all of it.
const PRINTED: usize = 1 << 20;

fn print_truth(value: &Value, out: &mut String) {
    let space = |index| if index == 0 { "" } else { " " };
    match value {
        _ if out.len() > PRINTED => {}
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(space(index));
                print_truth(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, item)) in map.entries().into_iter().enumerate() {
                out.push_str(space(index));
                print_truth(&Value::Str(key), out);
                out.push(':');
                print_truth(&item, out);
            }
            out.push(']');
        }
        Value::Bool(..) | Value::Nil => out.push_str(&plain(value)),
        _ => out.push_str(&format!("%!t({}={})", value.ty().name, plain(value))),
    }
}
