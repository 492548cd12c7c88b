//! The material of the random templates: edge cases of texts and numbers.

use super::random::Random;

const STRINGS: &[&str] = &[
    "",
    " ",
    "a",
    "abc",
    "Hello World",
    "foo_bar-baz",
    "FooBarHTTP",
    "a,b,,c",
    "  padded\t\n",
    "line1\nline2\n",
    "\n",
    "\r\n",
    "true",
    "false",
    "null",
    "~",
    "yes",
    "0",
    "-1",
    "007",
    "0x1F",
    "1e3",
    "1.50",
    "1_000",
    "12345678901234567890",
    "<a href=\"x\">'&</a>",
    "it's \"q\" \\ back",
    "é",
    "日本語テキスト",
    "ǆ ǅ ß ŉ",
    "İıſK",
    "\u{1F600}👩\u{200d}👧",
    "e\u{301}",
    "\u{feff}bom",
    "\u{2028}x\u{85}",
    "\u{0}nul",
    "\u{7f}\u{1}",
    "a: b",
    "- x",
    "# c",
    "{{ .Values.s0 }}",
    "%d%s%",
    "$1 ${a} $$",
    "key",
    "a.b.c",
    "x y  z",
    "UPPER lower",
    "trailing ",
    "*star",
    "&anchor",
    "!tag",
    "|",
    ">-",
    "@at",
    "2020-01-02",
    "12:30:45",
    ".5",
    "+1",
    "0o17",
    "0b11",
    "Inf",
    "NaN",
    ".inf",
    "a=b",
    "/path/../to//x.tar.gz",
    "ªº𝔘",
    "Ω≈ç√",
    "ﬁﬂ",
    "ΑΣ ς",
    "a\u{a0}b",
    "\t",
    "'",
    "\"",
    "\\n",
    "--",
    "---\nx: 1\n",
];
const INTS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "7",
    "10",
    "16",
    "64",
    "100",
    "255",
    "1000",
    "-100",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "0x1F",
    "0b101",
    "0o17",
    "017",
    "1_000",
    "'a'",
    "'é'",
];
const FLOATS: &[&str] = &[
    "0.0",
    "1.5",
    "-1.5",
    "0.1",
    "2.5",
    "3.5",
    "1e6",
    "1e20",
    "1e21",
    "1e-5",
    "0.000001",
    "1e-7",
    "123456.789",
    "1e100",
    "-0.0",
    "0x1p-2",
    "1.7976931348623157e308",
    "5e-324",
    "100000.0",
    "12345678.9",
    "0.30000000000000004",
    "1e3",
];
const NUMBERS: &[&str] = &[
    "\"12\"",
    "\"1.5\"",
    "\"-3\"",
    "\"0x10\"",
    "\"010\"",
    "\"08\"",
    "\"1e3\"",
    "\"abc\"",
    "\"\"",
    "\" 1\"",
    "true",
    "false",
    "\"1_0\"",
    "\"+5\"",
    "\"9223372036854775808\"",
    "\"1.\"",
    "\".5\"",
    "\"Inf\"",
    "\"nan\"",
    "\"0b1\"",
    "\"0o7\"",
    "\"1.0\"",
    "\"1.00\"",
    "\"-0\"",
];
const REGEXES: &[&str] = &[
    "a",
    "[a-z]+",
    "^\\w+$",
    "(a)(b)?",
    ".",
    "",
    "\\s*",
    "[[:alpha:]]",
    "\\p{L}+",
    "(?i)HELLO",
    "a|b|",
    "x*",
    "^",
    "$",
    "\\b",
    "(?P<a>\\w)(?P<b>.)",
    "[^a-z]",
    "\\d{2,3}",
    "(?s).+",
    "(?m)^.",
    "a{0}",
    "(",
    "[z-a]",
    "a**",
    "\\pX",
    "(?P<a",
    "\\Q.\\E",
    "[\\x00-\\x{10FFFF}]",
    "é|語",
    "a+?",
    "\\D\\S\\W",
    "(?:ab)+",
    "^(?:[0-9]+\\.){2}[0-9]+",
    "[[:^digit:]]",
    "\\z",
    "(|a)*",
    "(?U)a+",
    "a{2}{3}",
    "\\8",
    "[a-\\d]",
    "x{1001}",
];
const VERSIONS: &[&str] = &[
    "1.2.3",
    "v1.2",
    "1",
    "1.2.3-rc.1+b5",
    "0.0.0",
    "2.0.0-alpha",
    "1.2.3-alpha.10",
    "01.2.3",
    "1.2.3.4",
    "x",
    "1.27.0-gke.1",
    "v1.30.2+k3s1",
    "",
    "18446744073709551616.0.0",
    "1.2.3-01",
    "1.2.3-",
    "10.20.30",
];
const CONSTRAINTS: &[&str] = &[
    ">=1.2",
    "^1.2.3",
    "~1.2",
    "1.x",
    "*",
    ">1 <3",
    ">=1, <2 || >=3",
    "1.2 - 2.3",
    "!=1.2.3",
    "=1.2",
    "^0.0.3",
    "~0",
    ">= 1.19-0",
    "x",
    "",
    ">1.2.3-alpha",
    "~>2.0",
    "=>1",
    "<=v1.2.x",
    "^0.2",
    "foo",
    "1.2.3 ||",
    ">=1.2.3-0 <2.0.0-0",
    "<1.x",
    ">1.x",
    "!=1.x",
    "2.0.0-alpha",
    "^2.0.0-a",
];
const LAYOUTS: &[&str] = &[
    "2006-01-02",
    "2006-01-02T15:04:05Z07:00",
    "Mon Jan _2 15:04:05 MST 2006",
    "02/01/06 03:04PM",
    "15:04:05.000",
    "002 __2",
    "January Monday",
    ".999",
    "-0700 -07 Z07",
    "2006-1-2 3:4:5pm",
    "",
    "x",
    "06",
    "Jan 2",
    "15:04:05,000000",
    "20060102150405",
    "MST",
    "01 1 _1",
    "05.00 5",
];
const DATES: &[&str] = &[
    "2020-01-02",
    "2021-12-31T23:59:59Z",
    "1999-02-29",
    "2024-02-29T12:00:00+02:00",
    "12:30:45.123",
    "Mon Jan  2 15:04:05 UTC 2006",
    "x",
    "",
    "0001-01-01",
    "20200102030405",
    "2020-13-01",
    "Jan 5",
    "2020-1-2 3:4:5pm",
];
const ZONES: &[&str] =
    &["UTC", "", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Nowhere", "Local", "Etc/GMT+5"];
const DURATIONS: &[&str] = &[
    "\"1h\"",
    "\"90m\"",
    "\"1h30m15.5s\"",
    "\"-2h\"",
    "\"100ms\"",
    "\"3us\"",
    "\"1d\"",
    "\"\"",
    "\"0\"",
    "3600",
    "86400",
    "\"95\"",
    "\"1.5\"",
    "0",
    "-5",
    "\"2540400h10m10.000000000s\"",
    "\"7ns\"",
    "1.5",
    "\"1h\" ",
    "nil",
];
const YAMLS: &[&str] = &[
    "a: 1\nb: [x, y]\n",
    "- 1\n- two\n- 3.0\n",
    "a: {b: c",
    "x",
    "",
    "a: null\nb: ~\n",
    "a: &x 1\nb: *x\n",
    "s: |\n  t1\n  t2\n",
    "s: >-\n  f1\n  f2\n",
    "1: a\ntrue: b\n",
    "a: 0x1F\nb: 0o17\nc: 1e3\nd: .inf\n",
    "a: 2020-01-02\n",
    "a: b: c",
    "\ta: 1",
    "a: 'it''s'\n",
    "<<: {a: 1}\nb: 2\n",
    "---\na: 1\n---\nb: 2\n",
    "a: \"\\u00e9\\n\"\n",
    "[1, 2, {a: b}]",
    "a: 1\na: 2\n",
    "# c\n",
    "a: yes\nb: No\nc: on\n",
    "a: 12345678901234567890\nb: -0\nc: 1_000\n",
    "k: !!str 5\n",
    "? a\n: b\n",
    "a:\n- b\n-\n  c: d\n",
    "\u{feff}a: 1",
];
const JSONS: &[&str] = &[
    "{\"a\":1,\"b\":[true,null]}",
    "[1,2.5,\"x\"]",
    "{",
    "null",
    "",
    "\"s\"",
    "{\"a\":1}x",
    "1e400",
    "[1,]",
    "{\"a\":\"\\u00e9\\ud83d\\ude00\"}",
    "{\"a\":{\"a\":{}}}",
    " [ ] ",
    "tru",
    "{\"a\":1,\"a\":2}",
    "-0",
    "12345678901234567890",
    "{'a':1}",
    "\"\\ud800\"",
    "\"a\tb\"",
    "[1 2]",
    "{\"a\" 1}",
    "01",
];
const TOMLS: &[&str] = &[
    "a = 1\nb = \"x\"\n",
    "[t]\nx = [1, 2]\n",
    "a =",
    "[[l]]\nn = 1\n[[l]]\nn = 2\n",
    "d = 2020-01-02T03:04:05Z\n",
    "f = 1.0\ng = inf\n",
    "",
    "a.b.c = true\n",
    "x = '''\nraw\n'''\n",
    "a = 1\na = 2\n",
    "s = \"\\u00e9\"\n",
    "i = { a = 1, b = 2 }\n",
    "n = 0x1F\n",
    "bad",
    "t = 12:30:00\n",
];
const URLS: &[&str] = &[
    "http://u:p@example.com:8080/a/b?x=1&y=2#f",
    "https://[::1]:80/",
    "/just/path",
    "mailto:a@b.c",
    "http://a b/",
    "",
    "//host/x",
    "%zz",
    "http://x/%41%2F",
    "ftp://h",
    "http://h:x/",
    "a:b",
    "?q",
    "#f",
    "http://é.com/ü?ä",
    "http://host?",
    "http://host/#",
];
const PATHS: &[&str] = &[
    "/a/b/c.txt",
    "a/../b",
    "",
    ".",
    "..",
    "/",
    "//",
    "a//b/",
    "./x",
    "x.tar.gz",
    ".hidden",
    "../../a",
    "/..",
    "a/.",
    "dir/é.yaml",
];
const BASES: &[&str] = &[
    "aGVsbG8=",
    "aGVsbG8",
    "",
    "w6k=",
    "!!!!",
    "////",
    "NBSWY3DP",
    "NBSWY3DPEB3W64TMMQ======",
    "a\nGVs",
    "YQ==",
    "YR==",
    "MFRGG===",
];

/// A Go literal of a kind with its own texts; `None` for other kinds.
///
/// Kinds are letters: `s`tring, `i`nt, `f`or anything numeric, `x` a small size, `r`egex, `v`ersion, `c`onstraint,
/// `L`ayout, `D`ate text, `z`one, `d`uration, `y`aml, `j`son, `o` toml, `u`rl, `p`ath, `h` base 64 or 32.
pub(crate) fn literal(kind: u8, random: &mut Random) -> Option<String> {
    let texts = match kind {
        b's' => return Some(quote(&text(random), random)),
        b'i' => return Some(random.pick(INTS).to_owned()),
        b'f' => {
            let from = [INTS, INTS, FLOATS, FLOATS, NUMBERS][random.below(5)];
            return Some(random.pick(from).to_owned());
        }
        b'x' => return Some(random.below(13).to_string()),
        b'b' => return Some(random.pick(&["true", "false"]).to_owned()),
        b'd' => return Some(random.pick(DURATIONS).to_owned()),
        b'r' => REGEXES,
        b'v' => VERSIONS,
        b'c' => CONSTRAINTS,
        b'L' => LAYOUTS,
        b'D' => DATES,
        b'z' => ZONES,
        b'y' => YAMLS,
        b'j' => JSONS,
        b'o' => TOMLS,
        b'u' => URLS,
        b'p' => PATHS,
        b'h' => BASES,
        _ => return None,
    };
    let mut text = random.pick(texts).to_owned();
    if random.percent(8) {
        mutate(&mut text, random);
    }
    Some(quote(&text, random))
}

/// A random text.
pub(crate) fn text(random: &mut Random) -> String {
    let mut text = random.pick(STRINGS).to_owned();
    if random.percent(15) {
        text.push_str(random.pick(STRINGS));
    }
    if random.percent(10) {
        mutate(&mut text, random);
    }
    text
}

/// Changes, removes or duplicates one character.
fn mutate(text: &mut String, random: &mut Random) {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len() + 1);
    let other = random.pick(STRINGS).chars().next().unwrap_or('x');
    match (random.below(3), at < chars.len()) {
        (0, true) => drop(chars.remove(at)),
        (1, true) => chars[at] = other,
        _ => chars.insert(at, other),
    }
    *text = chars.into_iter().collect();
}

/// A number for a values file.
pub(crate) fn yaml_number(random: &mut Random) -> String {
    // Only Go has hexadecimal floats and runes.
    loop {
        let from = if random.percent(60) { INTS } else { FLOATS };
        let text = random.pick(from);
        if !text.contains(['\'', 'p']) {
            return text.to_owned();
        }
    }
}

/// A text as a Go literal, raw or interpreted; sometimes with a byte that is not UTF-8.
pub(crate) fn quote(text: &str, random: &mut Random) -> String {
    if random.percent(15) && !text.contains(['`', '\r']) && !text.contains("{{") {
        return format!("`{text}`");
    }
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            char if (char as u32) < 0x20 || char == '\u{7f}' => out.push_str(&format!("\\x{:02x}", char as u32)),
            '\u{feff}' | '\u{2028}' | '\u{85}' => out.push_str(&format!("\\u{:04x}", char as u32)),
            char => out.push(char),
        }
    }
    if random.percent(2) {
        out.push_str(random.pick(&["\\xff", "\\xc3", "\\u00e9", "\\101", "\\xed\\xa0\\x80", "\\U0001F600"]));
    }
    out.push('"');
    out
}

/// A text as a double-quoted YAML scalar.
pub(crate) fn yaml_quote(text: &str) -> String {
    let escaped = text.chars().map(|char| match char {
        '"' | '\\' => format!("\\{char}"),
        char if (char as u32) < 0x20 || matches!(char as u32, 0x7f..=0xa0 | 0x2028 | 0x2029 | 0xfeff) => {
            format!("\\u{:04x}", char as u32)
        }
        char => char.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
