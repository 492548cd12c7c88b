//! IP addresses in brackets, with Go's errors.

use crate::go::go_quote;

/// Whether a text is an IPv6 address, optionally with a zone (`fe80::1%en0`); `false` for an IPv4 address.
///
/// The error is Go's: `ParseAddr("1:2"): address string too short`.
///
/// Source: Go `net/netip`, `ParseAddr`.
pub(crate) fn check(text: &[u8]) -> Result<bool, String> {
    let result = match text.iter().find(|byte| b".:%".contains(byte)) {
        Some(b'.') => check_v4(text).map(|()| false),
        Some(b':') => check_v6(text).map(|()| true),
        Some(_) => Err(("missing IPv6 address", &[][..])),
        None => Err(("unable to parse IP", &[][..])),
    };
    result.map_err(|(message, at)| {
        let place = if at.is_empty() { String::new() } else { format!(" (at {})", go_quote(at)) };
        format!("ParseAddr({}): {message}{place}", go_quote(text))
    })
}

/// Go's message, and the rest of the text where the error was detected.
type Complaint<'a> = (&'static str, &'a [u8]);

fn check_v4(text: &[u8]) -> Result<(), Complaint<'_>> {
    let (mut value, mut digits, mut fields) = (0, 0, 1);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(("IPv4 field has octet with leading zero", &[]));
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(("IPv4 field has value >255", &[]));
                }
            }
            b'.' => {
                if digits == 0 || at + 1 == text.len() {
                    return Err(("IPv4 field must have at least one digit", &text[at..]));
                }
                if fields == 4 {
                    return Err(("IPv4 address too long", &[]));
                }
                (value, digits, fields) = (0, 0, fields + 1);
            }
            _ => return Err(("unexpected character", &text[at..])),
        }
    }
    if fields < 4 { Err(("IPv4 address too short", &[])) } else { Ok(()) }
}

fn check_v6(text: &[u8]) -> Result<(), Complaint<'_>> {
    let zone = text.iter().position(|&byte| byte == b'%').unwrap_or(text.len());
    if zone + 1 == text.len() {
        return Err(("zone must be a non-empty string", &[]));
    }
    let mut rest = &text[..zone];
    let mut has_gap = rest.starts_with(b"::");
    if has_gap {
        rest = &rest[2..];
        if rest.is_empty() {
            return Ok(());
        }
    }
    let mut fields = 0;
    while fields < 8 {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", rest));
        }
        if rest.get(digits) == Some(&b'.') {
            if !has_gap && fields != 6 {
                return Err(("embedded IPv4 address must replace the final 2 fields of the address", rest));
            }
            if fields > 6 {
                return Err(("too many hex fields to fit an embedded IPv4 at the end of the address", rest));
            }
            check_v4(rest)?;
            rest = &[];
            fields += 2;
            break;
        }
        fields += 1;
        rest = &rest[digits..];
        match rest {
            [] => break,
            [b':'] => return Err(("colon must be followed by more characters", rest)),
            [b':', ..] => rest = &rest[1..],
            _ => return Err(("unexpected character, want colon", rest)),
        }
        if rest[0] == b':' {
            if has_gap {
                return Err(("multiple :: in address", rest));
            }
            has_gap = true;
            rest = &rest[1..];
            if rest.is_empty() {
                break;
            }
        }
    }
    match (rest, fields < 8, has_gap) {
        ([_, ..], ..) => Err(("trailing garbage after address", rest)),
        ([], true, false) => Err(("address string too short", &[])),
        ([], false, true) => Err(("the :: must expand to at least one field of zeros", &[])),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn addresses_are_gos() {
        for text in ["::", "::1", "1::", "fe80::1%en0", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4"] {
            assert_eq!(check(text.as_bytes()), Ok(true), "{text}");
        }
        assert_eq!(check(b"1.2.3.4"), Ok(false));
        let cases = [
            ("", "unable to parse IP"),
            ("%a", "missing IPv6 address"),
            ("fe80::1%", "zone must be a non-empty string"),
            ("1:2", "address string too short"),
            ("12345::", "each group must have 4 or less digits (at \"12345::\")"),
            ("1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")"),
            ("1:2:3:4::5:6:7:8", "the :: must expand to at least one field of zeros"),
            ("1:", "colon must be followed by more characters (at \":\")"),
            ("1.2.3", "IPv4 address too short"),
            ("1.2.3.256", "IPv4 field has value >255"),
            ("01.2.3.4", "IPv4 field has octet with leading zero"),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text.as_bytes()), Err(format!("ParseAddr({text:?}): {expected}")));
        }
    }
}
