//! Go's texts of a `float64`, one function for each rule that shows in charts.
//!
//! `helm-semantics` names them by letters: `%v` prints by rule G, JSON by rule J, `toYaml` by rule Y, TOML by rule T.

use std::io::Write;

/// The text that `%v` and `{{ }}` print: `5`, `1e+06`, `1.2345675e+06`, `1e-05`, `NaN`, `+Inf`.
///
/// Shortest digits that read back as the same number; exponent form from 10^6 on and below 10^-4.
/// Source: Go `strconv.FormatFloat(x, 'g', -1, 64)`.
pub fn shortest_g(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let digits = Digits::of(number);
    // The number of digits plays no part: 123456.789 is plain, 1234567.5 is not.
    if digits.exponent < -4 || digits.exponent >= 6 { digits.scientific(2) } else { digits.plain() }
}

/// The text in JSON: `5`, `1000000`, `1e+21`, `1e-7`, `-0`. NaN and the infinities have none in JSON; they print as
/// [`shortest_g`] names them, for error texts.
///
/// Source: Go `encoding/json`, which follows ECMAScript.
pub fn json_float(number: f64) -> String {
    if !number.is_finite() {
        return shortest_g(number);
    }
    let digits = Digits::of(number);
    if number != 0.0 && (digits.exponent < -6 || digits.exponent >= 21) {
        digits.scientific(1)
    } else {
        digits.plain()
    }
}

/// The text that `toYaml` prints: the JSON text read back as YAML, an integer if it is one that fits 64 bits.
///
/// Shape: `1000000`, `1.2345675e+06`, `10000000000000000000`, `1e+20`, `0` for -0.
pub fn yaml_float(number: f64) -> String {
    // 2^64 and -2^63 are exact; what lies between them and is whole has plain digits in JSON.
    if number.is_finite() && number.fract() == 0.0 && number > -9.3e18 && number < 1.9e19 {
        let text = json_float(number);
        if text == "-0" {
            return "0".to_owned();
        }
        if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
            return text;
        }
    }
    shortest_g(number)
}

/// The text in TOML, which always has a point or an exponent: `1.0`, `1e+06`, `nan`, `-inf`.
///
/// `exponents`: whether large and small numbers have exponent form, as they do since BurntSushi/toml 1.5.
pub fn toml_float(number: f64, exponents: bool) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut text = if exponents { shortest_g(number) } else { Digits::of(number).plain() };
    if !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

/// The shortest decimal digits of a finite number: `number = d.ddd × 10^exponent`.
struct Digits {
    negative: bool,
    digits: [u8; 20],
    len: usize,
    exponent: i32,
}

impl Digits {
    fn of(number: f64) -> Self {
        // Rust prints the same shortest digits as Go, as `d.ddde-x`.
        let mut text = [0; 32];
        let mut rest = &mut text[..];
        let _ = write!(rest, "{:e}", number.abs());
        let unused = rest.len();
        let text = &text[..32 - unused];
        let (mantissa, exponent) = match text.iter().position(|&byte| byte == b'e') {
            Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok().and_then(|text| text.parse().ok())),
            None => (text, None),
        };
        let mut found = Self {
            negative: number.is_sign_negative(),
            digits: [b'0'; 20],
            len: 0,
            exponent: exponent.unwrap_or_default(),
        };
        for &digit in mantissa.iter().filter(|byte| byte.is_ascii_digit()).take(20) {
            found.digits[found.len] = digit;
            found.len += 1;
        }
        found
    }

    /// `1.5e+06`, with at least `width` digits in the exponent.
    fn scientific(&self, width: usize) -> String {
        let mut text = self.sign();
        text.push(self.digits[0] as char);
        if self.len > 1 {
            text.push('.');
            text.extend(self.digits[1..self.len].iter().map(|&digit| digit as char));
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        // Go always writes two digits; encoding/json takes one of `e-07` away again, never one of `e+21`.
        text.push_str(&format!("e{sign}{:0width$}", self.exponent.abs()));
        text
    }

    /// `1500000`, `0.00015`.
    fn plain(&self) -> String {
        let mut text = self.sign();
        if self.exponent < 0 {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', (-self.exponent - 1) as usize));
            text.extend(self.digits[..self.len].iter().map(|&digit| digit as char));
            return text;
        }
        let whole = self.exponent as usize + 1;
        text.extend(self.digits[..self.len.min(whole)].iter().map(|&digit| digit as char));
        if self.len <= whole {
            text.extend(std::iter::repeat_n('0', whole - self.len));
        } else {
            text.push('.');
            text.extend(self.digits[whole..self.len].iter().map(|&digit| digit as char));
        }
        text
    }

    fn sign(&self) -> String {
        let mut text = String::with_capacity(24);
        if self.negative {
            text.push('-');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (18446744073709551615.0, "1.8446744073709552e+19", "18446744073709552000", "1.8446744073709552e+19", "1.8446744073709552e+19"),
            (12345678901234567890.0, "1.2345678901234567e+19", "12345678901234567000", "12345678901234567000", "1.2345678901234567e+19"),
            (0.30000000000000004, "0.30000000000000004", "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"),
        ];
        for (number, g, j, y, t) in cases {
            assert_eq!(shortest_g(number), g);
            assert_eq!(json_float(number), j);
            assert_eq!(yaml_float(number), y);
            assert_eq!(toml_float(number, true), t);
        }
        assert_eq!(toml_float(1e21, false), "1000000000000000000000.0");
        assert_eq!(toml_float(1e-7, false), "0.0000001");
        assert_eq!(shortest_g(f64::NEG_INFINITY), "-Inf");
    }
}
