//! The formats of helm's validator, with its messages.
//!
//! Source: santhosh-tekuri/jsonschema v6.0.3, `format.go`.

use crate::funcs::urls;
use crate::go::time::{Zone, layout};
use crate::go::{go_quote, quote_rune};
use crate::helm::HelmVersion;
use crate::regex::{Error, Regex};
use crate::schema::prepare::REGEX_FORMAT;
use crate::trace::Str;
use boon::Format;
use serde_json::Value as Json;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// All formats; where boon has one too, helm's validator is stricter.
static FORMATS: &[Format] = &[
    Format { name: REGEX_FORMAT, func: |value| on_text(value, regex) },
    Format { name: "json-pointer", func: |value| on_text(value, json_pointer) },
    Format { name: "relative-json-pointer", func: |value| on_text(value, relative_json_pointer) },
    Format { name: "uuid", func: |value| on_text(value, uuid) },
    Format { name: "duration", func: |value| on_text(value, duration) },
    Format { name: "period", func: |value| on_text(value, period) },
    Format { name: "ipv4", func: |value| on_text(value, ipv4) },
    Format { name: "ipv6", func: |value| on_text(value, ipv6) },
    Format { name: "hostname", func: |value| on_text(value, hostname) },
    Format { name: "email", func: |value| on_text(value, email) },
    Format { name: "date", func: |value| on_text(value, date) },
    Format { name: "time", func: |value| on_text(value, time) },
    Format { name: "date-time", func: |value| on_text(value, date_time) },
    Format { name: "uri", func: |value| on_text(value, uri) },
    Format { name: "iri", func: |value| on_text(value, uri) },
    Format { name: "uri-reference", func: |value| on_text(value, uri_reference) },
    Format { name: "iri-reference", func: |value| on_text(value, uri_reference) },
    Format { name: "uri-template", func: |value| on_text(value, uri_template) },
    Format { name: "semver", func: |value| on_text(value, semver) },
    Format { name: "idn-hostname", func: |_| Ok(()) },
    Format { name: "idn-email", func: |_| Ok(()) },
];

/// The formats of helm 3's validator (xeipuuv/gojsonschema v1.2.0), which numbers never match.
static FORMATS_3: &[Format] = &[
    Format { name: REGEX_FORMAT, func: |value| on_text_only(value, regex) },
    Format { name: "json-pointer", func: |value| on_text_only(value, json_pointer) },
    Format { name: "relative-json-pointer", func: |value| on_text_only(value, relative_json_pointer) },
    Format { name: "uuid", func: |value| on_text_only(value, uuid) },
    Format { name: "duration", func: |_| Ok(()) },
    Format { name: "period", func: |_| Ok(()) },
    Format { name: "ipv4", func: |value| on_text_only(value, ipv4) },
    Format { name: "ipv6", func: |value| on_text_only(value, ipv6) },
    Format { name: "hostname", func: |value| on_text_only(value, hostname) },
    Format { name: "email", func: |value| on_text_only(value, email) },
    Format { name: "date", func: |value| on_text_only(value, date) },
    Format { name: "time", func: |value| on_text_only(value, time) },
    Format { name: "date-time", func: |value| on_text_only(value, date_time) },
    Format { name: "uri", func: |value| on_text_only(value, uri) },
    Format { name: "iri", func: |value| on_text_only(value, uri) },
    Format { name: "uri-reference", func: |value| on_text_only(value, uri_reference) },
    Format { name: "iri-reference", func: |value| on_text_only(value, uri_reference) },
    Format { name: "uri-template", func: |value| on_text_only(value, uri_template) },
    Format { name: "semver", func: |_| Ok(()) },
    Format { name: "idn-hostname", func: |_| Ok(()) },
    Format { name: "idn-email", func: |value| on_text_only(value, email) },
];

/// The formats of the validator in a version of helm.
pub(super) fn of(helm: HelmVersion) -> &'static [Format] {
    match helm {
        HelmVersion::V4 => FORMATS,
        HelmVersion::V3 => FORMATS_3,
    }
}

fn on_text_only(value: &Json, check: fn(&str) -> Result<(), String>) -> Outcome {
    if value.is_number() { Err("a number has no format".into()) } else { on_text(value, check) }
}

fn on_text(value: &Json, check: fn(&str) -> Result<(), String>) -> Outcome {
    value.as_str().map_or(Ok(()), |text| check(text).map_err(Into::into))
}

fn fail(message: &str) -> Result<(), String> {
    Err(message.to_owned())
}

fn quoted(character: char) -> String {
    quote_rune(character, false)
}

fn regex(text: &str) -> Result<(), String> {
    match Regex::new(text.as_bytes(), false, HelmVersion::V4) {
        Ok(_) => Ok(()),
        Err(Error::Syntax(error)) => Err(error),
        Err(Error::Limit(what)) => fail(what),
    }
}

fn json_pointer(text: &str) -> Result<(), String> {
    let Some(rest) = text.strip_prefix('/') else {
        return if text.is_empty() { Ok(()) } else { fail("not starting with /") };
    };
    for token in rest.split('/') {
        for (at, _) in token.match_indices('~') {
            if !matches!(token.as_bytes().get(at + 1), Some(b'0' | b'1')) {
                return fail("~ must be followed by 0 or 1");
            }
        }
    }
    Ok(())
}

fn relative_json_pointer(text: &str) -> Result<(), String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, &text[digits..]) {
        (0, _) => fail("must start with non-negative integer"),
        (2.., _) if text.starts_with('0') => fail("starts with zero"),
        (_, "#") => Ok(()),
        (_, pointer) => json_pointer(pointer),
    }
}

fn uuid(text: &str) -> Result<(), String> {
    let lengths = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != lengths.len() {
        return fail("must have 5 elements");
    }
    for (index, (group, length)) in groups.into_iter().zip(lengths).enumerate() {
        if group.len() != length {
            return Err(format!("element {} must be {length} characters long", index + 1));
        }
        if let Some(character) = group.chars().find(|character| !character.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {}", quoted(character)));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Result<(), String> {
    let Some(rest) = text.strip_prefix('P') else { return fail("must start with P") };
    if rest.is_empty() {
        return fail("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        return match weeks {
            "" => fail("no number in week"),
            _ if weeks.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
            _ => fail("invalid week"),
        };
    }
    let all_units = ["YMD", "HMS"];
    for (index, mut part) in rest.split('T').enumerate() {
        if index > 0 && part.is_empty() {
            return fail("no time elements");
        }
        let Some(&known) = all_units.get(index) else { return fail("more than one T") };
        let mut units = known;
        while !part.is_empty() {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return fail("missing number");
            }
            let Some(&unit) = part.as_bytes().get(digits) else { return fail("missing unit") };
            let unit = char::from(unit);
            match units.split_once(unit) {
                Some((_, after)) => units = after,
                None if known.contains(unit) => return Err(format!("unit {} out of order", quoted(unit))),
                None => return Err(format!("invalid unit {}", quoted(unit))),
            }
            part = part.get(digits + 1..).unwrap_or_default();
        }
    }
    Ok(())
}

fn period(text: &str) -> Result<(), String> {
    let Some((start, end)) = text.split_once('/') else { return fail("missing slash") };
    let said = |what: &'static str| move |error: String| format!("invalid {what}: {error}");
    if start.starts_with('P') {
        duration(start).map_err(said("start duration"))?;
        return date_time(end).map_err(said("end date-time"));
    }
    date_time(start).map_err(said("start date-time"))?;
    if end.starts_with('P') {
        duration(end).map_err(said("end duration"))
    } else {
        date_time(end).map_err(said("end date-time"))
    }
}

fn ipv4(text: &str) -> Result<(), String> {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return fail("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return fail("leading zeros");
        }
        let number: i64 = group.parse().map_err(|_| {
            let digits = group.strip_prefix(['+', '-']).unwrap_or(group);
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let why = if is_number { "value out of range" } else { "invalid syntax" };
            format!("strconv.Atoi: parsing {}: {why}", go_quote(group.as_bytes()))
        })?;
        if !(0..=255).contains(&number) {
            return fail("decimal must be between 0 and 255");
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Result<(), String> {
    if !text.contains(':') {
        return fail("missing colon");
    }
    urls::check_address(text.as_bytes())?;
    if text.contains('%') { fail("zone id is not a part of ipv6 address") } else { Ok(()) }
}

fn hostname(text: &str) -> Result<(), String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return fail("more than 253 characters long");
    }
    for label in text.split('.') {
        if !(1..=63).contains(&label.len()) {
            return fail("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return fail("label starts with hyphen");
        }
        if label.ends_with('-') {
            return fail("label ends with hyphen");
        }
        if let Some(character) = label.chars().find(|&c| !c.is_ascii_alphanumeric() && c != '-') {
            return Err(format!("invalid character {}", quoted(character)));
        }
    }
    Ok(())
}

fn email(text: &str) -> Result<(), String> {
    if text.len() > 254 {
        return fail("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return fail("missing @") };
    if local.len() > 64 {
        return fail("local part more than 64 characters long");
    }
    // Helm quirk: the closing quote is not searched.
    if local.len() > 1 && local.starts_with('"') {
        let mut inner = local[1..].chars();
        inner.next_back();
        if inner.as_str().contains(['\\', '"']) {
            return fail("backslash and quote are not allowed within quoted local part");
        }
    } else {
        if local.starts_with('.') {
            return fail("starts with dot");
        }
        if local.ends_with('.') {
            return fail("ends with dot");
        }
        if local.contains("..") {
            return fail("consecutive dots");
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
        if let Some(character) = local.chars().find(|&character| !is_allowed(character)) {
            return Err(format!("invalid character {}", quoted(character)));
        }
    }
    if let Some(address) = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']')) {
        return match address.strip_prefix("IPv6:") {
            Some(address) => ipv6(address).map_err(|error| format!("invalid ipv6 address: {error}")),
            None => ipv4(address).map_err(|error| format!("invalid ipv4 address: {error}")),
        };
    }
    hostname(domain).map_err(|error| format!("invalid domain: {error}"))
}

fn date(text: &str) -> Result<(), String> {
    date_of_bytes(text.as_bytes())
}

fn date_of_bytes(text: &[u8]) -> Result<(), String> {
    layout::parse(b"2006-01-02", text, &Zone::Utc).map(drop)
}

fn time(text: &str) -> Result<(), String> {
    time_of_bytes(text.as_bytes())
}

fn time_of_bytes(text: &[u8]) -> Result<(), String> {
    if text.len() < 9 {
        return fail("less than 9 characters long");
    }
    if text[2] != b':' || text[5] != b':' {
        return fail("missing colon in correct place");
    }
    let mut clock = [0; 3];
    for (number, digits) in clock.iter_mut().zip([&text[..2], &text[3..5], &text[6..8]]) {
        *number = small_number(digits, "hour/min/sec")?;
    }
    let [mut hour, mut minute, second] = clock;
    if hour > 23 || minute > 59 || second > 60 {
        return fail("hour/min/sec out of range");
    }
    let mut rest = &text[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return fail("no digits in second fraction");
        }
        rest = &fraction[digits..];
    }
    if !matches!(rest, b"z" | b"Z") {
        if rest.len() != 6 {
            return fail("offset must be 6 characters long");
        }
        let sign = match rest[0] {
            b'+' => -1,
            b'-' => 1,
            _ => return fail("offset must begin with plus/minus"),
        };
        if rest[3] != b':' {
            return fail("missing colon in offset in correct place");
        }
        let hours = small_number(&rest[1..3], "hour/min in offset")?;
        let minutes = small_number(&rest[4..6], "hour/min in offset")?;
        if hours > 23 || minutes > 59 {
            return fail("hour/min in offset out of range");
        }
        let mut total = hour * 60 + minute + sign * (hours * 60 + minutes);
        if total < 0 {
            total += 24 * 60;
        }
        (hour, minute) = (total / 60, total % 60);
    }
    if second >= 60 && (hour != 23 || minute != 59) {
        return fail("invalid leap second");
    }
    Ok(())
}

/// Go's `Atoi` of two bytes that must not be negative.
fn small_number(digits: &[u8], what: &str) -> Result<i32, String> {
    let number: Option<i32> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    match number {
        None => Err(format!("invalid {what}")),
        Some(number) if number < 0 => Err(format!("non-positive {what}")),
        Some(number) => Ok(number),
    }
}

fn date_time(text: &str) -> Result<(), String> {
    let text = text.as_bytes();
    if text.len() < 20 {
        return fail("less than 20 characters long");
    }
    if !matches!(text[10], b't' | b'T') {
        return fail("11th character must be t or T");
    }
    date_of_bytes(&text[..10]).map_err(|error| format!("invalid date element: {error}"))?;
    time_of_bytes(&text[11..]).map_err(|error| format!("invalid time element: {error}"))
}

/// Parses a URL: the host must be an address if it looks like one.
fn parse_url(text: &str) -> Result<urls::Url, String> {
    let url = urls::parse(&Str::new(text))?;
    let name = url.hostname();
    let name = name.to_text();
    if name.contains(':') {
        let host = url.host.to_text();
        if !host.contains('[') || !host.contains(']') {
            return Err("ipv6 address not enclosed in brackets".to_owned());
        }
        ipv6(&name).map_err(|error| format!("invalid ipv6 address: {error}"))?;
    }
    Ok(url)
}

fn uri(text: &str) -> Result<(), String> {
    if parse_url(text)?.scheme.is_empty() { fail("relative url") } else { Ok(()) }
}

fn uri_reference(text: &str) -> Result<(), String> {
    if text.contains('\\') {
        return fail("contains \\");
    }
    parse_url(text).map(drop)
}

fn uri_template(text: &str) -> Result<(), String> {
    let url = parse_url(text)?;
    // Helm quirk: only a path that needs escaping is checked, and braces do.
    for part in url.path.to_text().split('/') {
        let mut is_open = false;
        for character in part.chars() {
            match character {
                '{' if is_open => return fail("nested curly braces"),
                '}' if !is_open => return fail("nested curly braces"),
                '{' => is_open = true,
                '}' => is_open = false,
                _ => {}
            }
        }
        if is_open {
            return fail("no matching closing brace");
        }
    }
    Ok(())
}

fn semver(text: &str) -> Result<(), String> {
    let is_identifier = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    if let Some(build) = build {
        if build.is_empty() {
            return fail("build is empty");
        }
        for identifier in build.split('.') {
            if identifier.is_empty() {
                return fail("build identifier is empty");
            }
            if let Some(character) = identifier.chars().find(|&c| !is_identifier(c)) {
                return Err(format!("invalid character {} in build identifier", quoted(character)));
            }
        }
    }
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    for identifier in pre.iter().flat_map(|pre| pre.split('.')) {
        if identifier.is_empty() {
            return fail("pre-release identifier is empty");
        }
        if let Some(character) = identifier.chars().find(|&c| !is_identifier(c)) {
            return Err(format!("invalid character {} in pre-release identifier", quoted(character)));
        }
        let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && identifier.len() > 1 && identifier.starts_with('0') {
            return fail("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return fail("versionCore must have 3 numbers separated by dot");
    }
    for (number, name) in numbers.into_iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
