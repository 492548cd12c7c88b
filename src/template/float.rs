//! The text of a `float64` in JSON, YAML and TOML, by Go's rules.
//!
//! The output of `%v` is [`shortest_g`].

use crate::go::strconv::{format_float, format_int, shortest_g};

/// The text in JSON: `5`, `1000000`, `1e+21`, `1e-7`, `-0`. NaN and the infinities are not in JSON; for error messages they
/// print as in [`shortest_g`].
///
/// Source: Go `encoding/json`, which follows ECMAScript.
pub(crate) fn json_float(number: f64) -> Vec<u8> {
    let size = number.abs();
    if size < 1e15 && size == size.trunc() && !(number == 0.0 && number.is_sign_negative()) {
        return format_int(number as i64).as_bytes().to_vec();
    }
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return format_float(number, b'f', None);
    }
    let mut text = format_float(number, b'e', None);
    if let [.., b'e', b'-', b'0', last] = *text.as_slice() {
        // `1e-07` to `1e-7`.
        text.truncate(text.len() - 2);
        text.push(last);
    }
    text
}

/// The text of `toYaml`: the JSON text read back as YAML, an integer if it fits 64 bits.
///
/// Shape: `1000000`, `1.2345675e+06`, `10000000000000000000`, `1e+20`, `0` for -0.
pub(crate) fn yaml_float(number: f64) -> Vec<u8> {
    if number == 0.0 {
        return b"0".to_vec();
    }
    if number == number.trunc() && number.abs() < 1e20 {
        let text = json_float(number);
        let digits = str::from_utf8(&text).unwrap_or_default();
        if digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok() {
            return text;
        }
    }
    shortest_g(number).as_bytes().to_vec()
}

/// The text in TOML, which always has a point or an exponent: `1.0`, `1e+06`, `nan`, `-inf`.
///
/// `exponents`: whether large and small numbers have exponent form, as they do since BurntSushi/toml 1.5.
pub(crate) fn toml_float(number: f64, exponents: bool) -> Vec<u8> {
    if !number.is_finite() {
        let sign = if number.is_sign_negative() { "-" } else { "" };
        return format!("{sign}{}", if number.is_nan() { "nan" } else { "inf" }).into_bytes();
    }
    let mut text = if exponents { shortest_g(number).as_bytes().to_vec() } else { format_float(number, b'f', None) };
    if !text.iter().any(|byte| matches!(byte, b'.' | b'e')) {
        text.extend_from_slice(b".0");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: Vec<u8>) -> String {
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn every_rule() {
        // number, rule G, rule J, rule Y, rule T
        let cases = [
            (5.0, "5", "5", "5", "5.0"),
            (999999.5, "999999.5", "999999.5", "999999.5", "999999.5"),
            (1000000.0, "1e+06", "1000000", "1000000", "1e+06"),
            (1234567.5, "1.2345675e+06", "1234567.5", "1.2345675e+06", "1.2345675e+06"),
            (1e19, "1e+19", "10000000000000000000", "10000000000000000000", "1e+19"),
            (1e20, "1e+20", "100000000000000000000", "1e+20", "1e+20"),
            (1e21, "1e+21", "1e+21", "1e+21", "1e+21"),
            (-1e100, "-1e+100", "-1e+100", "-1e+100", "-1e+100"),
            (0.0001, "0.0001", "0.0001", "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001", "1e-05", "1e-05"),
            (1e-7, "1e-07", "1e-7", "1e-07", "1e-07"),
            (5e-324, "5e-324", "5e-324", "5e-324", "5e-324"),
            (-0.0, "-0", "-0", "0", "-0.0"),
            (
                18446744073709551615.0,
                "1.8446744073709552e+19",
                "18446744073709552000",
                "1.8446744073709552e+19",
                "1.8446744073709552e+19",
            ),
            (
                12345678901234567890.0,
                "1.2345678901234567e+19",
                "12345678901234567000",
                "12345678901234567000",
                "1.2345678901234567e+19",
            ),
            (
                0.30000000000000004,
                "0.30000000000000004",
                "0.30000000000000004",
                "0.30000000000000004",
                "0.30000000000000004",
            ),
        ];
        for (number, g, j, y, t) in cases {
            assert_eq!(shortest_g(number).as_bytes(), g.as_bytes());
            assert_eq!(text(json_float(number)), j);
            assert_eq!(text(yaml_float(number)), y);
            assert_eq!(text(toml_float(number, true)), t);
        }
        assert_eq!(toml_float(1e21, false), b"1000000000000000000000.0");
        assert_eq!(toml_float(1e-7, false), b"0.0000001");
    }
}
