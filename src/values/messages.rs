//! Go's way to print values and log lines, as far as warnings and errors about values need it.

use crate::template::Value;

/// A line of helm's log: `level=WARN msg="ImportValues missing table" chart=db`.
///
/// Source: Go `log/slog`, `TextHandler`.
pub(super) fn log_line(level: &str, message: &str, attributes: &[(&str, &str)]) -> String {
    let mut line = format!("level={level} msg={}", attribute(message));
    for (key, value) in attributes {
        line.push_str(&format!(" {key}={}", attribute(value)));
    }
    line
}

fn attribute(value: &str) -> String {
    let plain = |c: char| match c {
        ' ' | '=' | '"' => false,
        '\\' => true,
        _ => printable(c) && !c.is_whitespace(),
    };
    if !value.is_empty() && value.chars().all(plain) { value.to_owned() } else { quote(value) }
}

/// `%q` of a string.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    text.chars().for_each(|c| escape(c, '"', &mut quoted));
    quoted.push('"');
    quoted
}

/// `%q` of a slice of runes: `['a' 'b']`.
pub(super) fn quote_runes(text: &str) -> String {
    let mut quoted = String::from("[");
    for (index, c) in text.chars().enumerate() {
        quoted.push_str(if index == 0 { "'" } else { " '" });
        escape(c, '\'', &mut quoted);
        quoted.push('\'');
    }
    quoted.push(']');
    quoted
}

fn escape(c: char, quote: char, out: &mut String) {
    match c {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\\' => out.push_str("\\\\"),
        _ if c == quote => out.extend(['\\', c]),
        _ if printable(c) => out.push(c),
        _ if (c as u32) < 0x80 => out.push_str(&format!("\\x{:02x}", c as u32)),
        _ if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", c as u32)),
        _ => out.push_str(&format!("\\U{:08x}", c as u32)),
    }
}

fn printable(c: char) -> bool {
    match c {
        ' ' => true,
        '\'' | '"' | '\\' => true,
        _ if c.is_whitespace() => false,
        // Marks that combine are printed by Go and escaped by Rust; all other answers agree.
        _ => c.escape_debug().len() == 1 || c.is_alphanumeric(),
    }
}

/// More than this of one value is not worth a log line; helm would print it all.
const PRINTED: usize = 1 << 20;

/// `%v`.
pub(super) fn plain(value: &Value) -> String {
    let mut text = String::new();
    print(value, scalar, &mut text);
    text
}

/// `%t`, which is meant for booleans: what helm prints of other values is Go's complaint, `%!t(string=foo)`.
pub(super) fn as_truth(value: &Value) -> String {
    let complain = |value: &Value| match value {
        Value::Bool(..) | Value::Nil => scalar(value),
        _ => format!("%!t({}={})", value.ty().name, scalar(value)),
    };
    let mut text = String::new();
    match value {
        Value::Nil => text.push_str("%!t(<nil>)"),
        _ => print(value, complain, &mut text),
    }
    text
}

fn print(value: &Value, scalar: fn(&Value) -> String, out: &mut String) {
    let space = |index| if index == 0 { "" } else { " " };
    match value {
        _ if out.len() > PRINTED => {}
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(space(index));
                print(item, scalar, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, item)) in map.entries().into_iter().enumerate() {
                out.push_str(space(index));
                out.push_str(&scalar(&Value::Str(key)));
                out.push(':');
                print(&item, scalar, out);
            }
            out.push(']');
        }
        _ => out.push_str(&scalar(value)),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        Value::Bool(truth, _) => truth.to_string(),
        Value::Int(number, ..) => number.to_string(),
        Value::Float(number, _) => float(*number),
        Value::Str(text) | Value::Bytes(text) => text.to_text().into_owned(),
        Value::Object(_) | Value::List(_) | Value::Map(_) => String::new(),
    }
}

/// Go's shortest `%g`: an exponent below -4 or above 5 is written as one.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return number.to_string() };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => number.to_string(),
    }
}
