//! Parses a URL. Source: Go 1.27 `net/url`, `Parse`.

use super::address;
use crate::go::go_quote;
use crate::trace::{Buf, Str};

/// The parts of a URL, decoded where Go decodes them.
pub(crate) struct Url {
    pub(crate) scheme: Str,
    pub(super) opaque: Str,
    pub(super) user: Option<User>,
    pub(crate) host: Str,
    pub(crate) path: Str,
    pub(super) query: Str,
    pub(super) fragment: Str,
}

/// `name:password`
pub(super) struct User {
    pub(super) name: Str,
    pub(super) password: Option<Str>,
}

/// The part of a URL that a text belongs to, which decides which characters are allowed unescaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    User,
    Host,
    /// The zone of an IPv6 address.
    Zone,
    Fragment,
}

impl Url {
    /// The host without port and brackets.
    pub(crate) fn hostname(&self) -> Str {
        let bytes = self.host.as_bytes();
        let colon = bytes.iter().rposition(|&byte| byte == b':').filter(|&colon| is_port(&bytes[colon..]));
        let end = colon.unwrap_or(bytes.len());
        if bytes[..end].starts_with(b"[") && bytes[..end].ends_with(b"]") {
            self.host.slice(1..end - 1)
        } else {
            self.host.slice(0..end)
        }
    }
}

/// Parses a URL. The error is Go's: `parse "%zz": invalid URL escape "%zz"`.
pub(crate) fn parse(text: &Str) -> Result<Url, String> {
    let hash = find(text.as_bytes(), b"#");
    let before = text.slice(0..hash.unwrap_or(text.len()));
    let mut url =
        parse_before_fragment(&before).map_err(|error| format!("parse {}: {error}", go_quote(before.as_bytes())))?;
    if let Some(hash) = hash {
        url.fragment = unescape(&text.slice(hash + 1..text.len()), Part::Fragment)
            .map_err(|error| format!("parse {}: {error}", go_quote(text.as_bytes())))?;
    }
    Ok(url)
}

fn parse_before_fragment(text: &Str) -> Result<Url, String> {
    let none = || Str::new("");
    let mut url =
        Url { scheme: none(), opaque: none(), user: None, host: none(), path: none(), query: none(), fragment: none() };
    let bytes = text.as_bytes();
    if bytes.iter().any(|&byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if bytes == b"*" {
        url.path = text.clone();
        return Ok(url);
    }
    let mut start = 0;
    if let Some(colon) = scheme_end(bytes)? {
        url.scheme = text.with_text(bytes.to_ascii_lowercase()).slice(0..colon);
        start = colon + 1;
    }
    let question = find(&bytes[start..], b"?").map(|at| start + at);
    let end = question.unwrap_or(bytes.len());
    if let Some(question) = question {
        url.query = text.slice(question + 1..bytes.len());
    }
    let rest = &bytes[start..end];
    if !rest.starts_with(b"/") {
        if start > 0 {
            url.opaque = text.slice(start..end);
            return Ok(url);
        }
        if rest.split(|&byte| byte == b'/').next().is_some_and(|first| first.contains(&b':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if (start > 0 || !rest.starts_with(b"///")) && rest.starts_with(b"//") {
        let authority = start + 2;
        start = find(&bytes[authority..end], b"/").map_or(end, |slash| authority + slash);
        parse_authority(&mut url, &text.slice(authority..start))?;
    }
    url.path = unescape(&text.slice(start..end), Part::Path)?;
    Ok(url)
}

/// The position of the colon after a scheme, if any.
fn scheme_end(bytes: &[u8]) -> Result<Option<usize>, String> {
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok(Some(at)),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn parse_authority(url: &mut Url, authority: &Str) -> Result<(), String> {
    let bytes = authority.as_bytes();
    let at = bytes.iter().rposition(|&byte| byte == b'@');
    let host = at.map_or(0, |at| at + 1);
    url.host = parse_host(url.scheme.as_bytes(), &authority.slice(host..bytes.len()))?;
    let Some(at) = at else { return Ok(()) };
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !bytes[..at].iter().all(is_valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let colon = find(&bytes[..at], b":");
    let name = unescape(&authority.slice(0..colon.unwrap_or(at)), Part::User)?;
    let password = match colon {
        Some(colon) => Some(unescape(&authority.slice(colon + 1..at), Part::User)?),
        None => None,
    };
    url.user = Some(User { name, password });
    Ok(())
}

fn parse_host(scheme: &[u8], host: &Str) -> Result<Str, String> {
    let bytes = host.as_bytes();
    let port_error = |port: &[u8]| format!("invalid port {} after host", go_quote(port));
    match bytes.iter().rposition(|&byte| byte == b'[') {
        Some(0) => {}
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {
            // Go requires a single colon only for HTTP: database URLs have lists of hosts.
            let colon = match scheme {
                b"http" | b"https" => bytes.iter().position(|&byte| byte == b':'),
                _ => bytes.iter().rposition(|&byte| byte == b':'),
            };
            if let Some(port) = colon.map(|colon| &bytes[colon..]).filter(|port| !is_port(port)) {
                return Err(port_error(port));
            }
            return unescape(host, Part::Host);
        }
    }
    let close = bytes.iter().rposition(|&byte| byte == b']').ok_or_else(|| "missing ']' in host".to_owned())?;
    if !is_port(&bytes[close + 1..]) {
        return Err(port_error(&bytes[close + 1..]));
    }
    let zone = find(&bytes[1..close], b"%25").map_or(close, |zone| zone + 1);
    let mut address = Buf::new();
    address.push(&unescape(&host.slice(1..zone), Part::Host)?);
    address.push(&unescape(&host.slice(zone..close), Part::Zone)?);
    match address::check(address.as_bytes()) {
        Ok(true) => {}
        Ok(false) => return Err("invalid IP-literal".to_owned()),
        Err(error) => return Err(format!("invalid host: {error}")),
    }
    let mut out = Buf::new();
    out.push_slice(host, 0..1);
    out.push(&address.into_str());
    out.push_slice(host, close..bytes.len());
    Ok(out.into_str())
}

/// Whether a text is empty, or a colon and digits.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Source: Go `net/url`, `unescape`.
fn unescape(text: &Str, part: Part) -> Result<Str, String> {
    let bytes = text.as_bytes();
    let in_host = matches!(part, Part::Host | Part::Zone);
    let bad_escape = |at: usize| {
        let end = bytes.len().min(at + 3);
        Err(format!("invalid URL escape {}", go_quote(&bytes[at..end])))
    };
    // The escapes are checked before anything is decoded.
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            if in_host && bytes[at] < 0x80 && !may_stand_plain(bytes[at], part) {
                return Err(format!("invalid character {} in host name", go_quote(&bytes[at..at + 1])));
            }
            at += 1;
            continue;
        }
        let Some(byte) = escaped_byte(&bytes[at..]) else { return bad_escape(at) };
        let is_percent = bytes[at..].starts_with(b"%25");
        // Of ASCII characters, a host may only escape the percent sign, and a zone those that are not allowed unescaped.
        if part == Part::Host && byte < 0x80 && !is_percent
            || part == Part::Zone && !is_percent && byte != b' ' && !may_stand_plain(byte, Part::Host)
        {
            return bad_escape(at);
        }
        at += 3;
    }
    let Some(first) = find(bytes, b"%") else { return Ok(text.clone()) };
    let mut out = Buf::with_capacity(bytes.len());
    out.push_slice(text, 0..first);
    let mut at = first;
    while at < bytes.len() {
        let next = match escaped_byte(&bytes[at..]) {
            Some(byte) => {
                out.push_instead(&[byte], text, at..at + 3);
                at + 3
            }
            None => {
                let next = find(&bytes[at..], b"%").map_or(bytes.len(), |percent| at + percent);
                out.push_slice(text, at..next);
                next
            }
        };
        at = next;
    }
    Ok(out.into_str())
}

/// The byte of an escape at the start of a text.
fn escaped_byte(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(*high)? * 16 + digit(*low)?) as u8)
}

/// Whether a byte needs no escape. Source: Go `net/url`, `shouldEscape`.
pub(super) fn may_stand_plain(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return true;
    }
    match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Part::Path => b"$&+,/:;=@".contains(&byte),
        Part::User => b"$&+,;=".contains(&byte),
        Part::Fragment => b"$&+,/:;=?@!()*".contains(&byte),
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
