//! Whether a text is a timestamp for `!!timestamp`: the formats that go-yaml v2 tries, parsed as Go's `time.Parse` does.

/// `2001-12-14`, `2001-12-14t21:59:43.10-05:00`, `2001-12-14 21:59:43.10`; short fields are accepted.
pub(super) fn is_timestamp(text: &[u8]) -> bool {
    let year = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    year == 4 && text.get(4) == Some(&b'-') && parse(text).is_some()
}

fn parse(text: &[u8]) -> Option<()> {
    let year = text[..4].iter().fold(0, |year, &digit| year * 10 + u32::from(digit - b'0'));
    let mut rest = &text[5..];
    let month = number(&mut rest)?;
    rest = rest.strip_prefix(b"-")?;
    let day = number(&mut rest)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if day < 1 || day > days {
        return None;
    }
    match rest {
        [] => Some(()),
        [b'T' | b't', rest @ ..] => zone(time(rest)?),
        // A space in a format matches any number of spaces; only the format itself ends after the day.
        [b' ', ..] => {
            let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
            time(&rest[spaces..]).filter(|rest| rest.is_empty()).map(|_| ())
        }
        _ => None,
    }
}

/// `15:04:05.999`; returns the rest.
fn time(mut rest: &[u8]) -> Option<&[u8]> {
    let hour = number(&mut rest)?;
    rest = rest.strip_prefix(b":")?;
    let minute = number(&mut rest)?;
    rest = rest.strip_prefix(b":")?;
    let second = number(&mut rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if let [b'.' | b',', b'0'..=b'9', ..] = rest {
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &rest[1 + digits..];
    }
    Some(rest)
}

/// `Z`, `+01:00`
fn zone(rest: &[u8]) -> Option<()> {
    match rest {
        b"Z" => Some(()),
        [b'+' | b'-', h1, h2, b':', m1, m2] if [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()) => {
            let pair = |tens: u8, ones: u8| (tens - b'0') * 10 + (ones - b'0');
            (pair(*h1, *h2) <= 24 && pair(*m1, *m2) <= 60).then_some(())
        }
        _ => None,
    }
}

/// One or two digits.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let digits = rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = rest.split_at(digits);
    *rest = after;
    if digits.is_empty() {
        return None;
    }
    Some(digits.iter().fold(0, |value, &digit| value * 10 + u32::from(digit - b'0')))
}
