//! URLs, parsed and built as Go's `net/url` does.

use super::lists::NIL_DEREFERENCE;
use crate::go::url::{Part, Url, User, may_stand_plain, parse};
use crate::template::types::{GoKind, MAP, STRING};
use crate::template::{Context, Failure, Flow, Function, Map, Value};
use crate::trace::{Buf, Str};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("urlParse", &[&STRING], Flow::Exact, "the parts of a URL, as a map", url_parse).costs(40, 160),
    Function::new("urlJoin", &[&MAP], Flow::Exact, "the URL of the parts that urlParse gives", url_join).costs(40, 64),
];

/// Source: sprig `urlParse`.
fn url_parse(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let Some(text) = args[0].as_str() else { return Err("expected a string".into()) };
    let url = parse(text).map_err(|error| Failure::Text(format!("unable to parse url: {error}")))?;
    let parts = Map::new();
    parts.insert("hostname", url.hostname().into());
    parts.insert("userinfo", url.user.as_ref().map_or_else(|| Str::new(""), join_user).into());
    parts.insert("scheme", url.scheme.into());
    parts.insert("host", url.host.into());
    parts.insert("path", url.path.into());
    parts.insert("query", url.query.into());
    parts.insert("opaque", url.opaque.into());
    parts.insert("fragment", url.fragment.into());
    Ok(parts.into())
}

/// Source: sprig `urlJoin`.
fn url_join(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let Some(parts) = args[0].as_map() else { return Err("expected a map".into()) };
    let mut url = Url {
        scheme: part(parts, "scheme")?,
        host: part(parts, "host")?,
        path: part(parts, "path")?,
        query: part(parts, "query")?,
        opaque: part(parts, "opaque")?,
        fragment: part(parts, "fragment")?,
        user: None,
    };
    let user = part(parts, "userinfo")?;
    if !user.is_empty() {
        // sprig parses the user as part of a whole URL, so `a/b` is a host and not a user.
        let mut around = Buf::new();
        around.push_text("proto://");
        around.push(&user);
        around.push_text("@host");
        let parsed = parse(&around.into_str());
        url.user = parsed.map_err(|error| Failure::Text(format!("unable to parse userinfo in dict: {error}")))?.user;
    }
    let joined = join(&url);
    ctx.allow_string(joined.len())?;
    Ok(joined.into())
}

/// A member of the map that `urlJoin` takes; empty if missing.
fn part(parts: &Map, name: &str) -> Result<Str, Failure> {
    match parts.get(name.as_bytes()) {
        None => Ok(Str::new("")),
        Some(Value::Nil) => Err(NIL_DEREFERENCE.into()),
        Some(Value::Str(text)) => Ok(text),
        Some(other) => {
            let kind = other.kind();
            // A named string type counts as a string.
            if let (GoKind::String, Value::GoObject(object)) = (kind, &other) {
                return Ok(Str::new(object.text().unwrap_or_default().as_bytes()));
            }
            let kind = kind.name();
            Err(Failure::Text(format!("unable to parse {name} key, must be of type string, but {kind} found")))
        }
    }
}

/// Source: Go `net/url`, `URL.String`.
fn join(url: &Url) -> Str {
    let mut out = Buf::new();
    if !url.scheme.is_empty() {
        out.push(&url.scheme);
        out.push_text(":");
    }
    if url.opaque.is_empty() {
        if !url.host.is_empty() || url.user.is_some() || !url.scheme.is_empty() && !url.path.is_empty() {
            out.push_text("//");
            if let Some(user) = &url.user {
                out.push(&join_user(user));
                out.push_text("@");
            }
            escape(&mut out, &url.host, Part::Host);
        }
        let path = url.path.as_bytes();
        if !path.is_empty() && path[0] != b'/' && !url.host.is_empty() {
            out.push_text("/");
        }
        let mut escaped = Buf::new();
        if path == b"*" {
            escaped.push(&url.path)
        } else {
            escape(&mut escaped, &url.path, Part::Path)
        }
        // Text before a colon would be parsed as a scheme.
        let first = escaped.as_bytes().split(|&byte| byte == b'/').next().unwrap_or_default();
        if out.is_empty() && first.contains(&b':') {
            out.push_text("./");
        }
        out.push(&escaped.into_str());
    } else {
        out.push(&url.opaque);
    }
    if !url.query.is_empty() {
        out.push_text("?");
        out.push(&url.query);
    }
    if !url.fragment.is_empty() {
        out.push_text("#");
        escape(&mut out, &url.fragment, Part::Fragment);
    }
    out.into_str()
}

fn join_user(user: &User) -> Str {
    let mut out = Buf::new();
    escape(&mut out, &user.name, Part::User);
    if let Some(password) = &user.password {
        out.push_text(":");
        escape(&mut out, password, Part::User);
    }
    out.into_str()
}

/// Source: Go `net/url`, `escape`.
fn escape(out: &mut Buf, text: &Str, part: Part) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate().filter(|&(_, &byte)| !may_stand_plain(byte, part)) {
        out.push_slice(text, start..at);
        out.push_instead(format!("%{byte:02X}").as_bytes(), text, at..at + 1);
        start = at + 1;
    }
    out.push_slice(text, start..bytes.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, map, show, text};

    #[test]
    fn urls_are_taken_apart() {
        // url; scheme host hostname path query opaque fragment userinfo
        let cases = [
            (
                "http://admin:secret@server.com:8080/api?list=false#anchor",
                "http|server.com:8080|server.com|/api|list=false||anchor|admin:secret",
            ),
            ("mailto:a@b.c", "mailto|||||a@b.c||"),
            ("not a url", "|||not a url||||"),
            ("//host/p", "|host|host|/p||||"),
            ("*", "|||*||||"),
            ("///a", "|||///a||||"),
            ("http:///a", "http|||/a||||"),
            ("http:a?b#c", "http||||b|a|c|"),
            ("HTTP://h/a%20b/c%2Fd", "http|h|h|/a b/c/d||||"),
            ("http://h/a+b?c+d#e+f%20", "http|h|h|/a+b|c+d||e+f |"),
            ("http://[fe80::1%25en0]:80/x", "http|[fe80::1%en0]:80|fe80::1%en0|/x||||"),
            ("http://a%c3%a9/", "http|aé|aé|/||||"),
            ("http://a%2525/", "http|a%25|a%25|/||||"),
            ("http://a@b@c/", "http|c|c|/||||a%40b"),
            ("http://:p@h", "http|h|h|||||:p"),
            ("http://@h", "http|h|h|||||"),
            ("http://u%40:p%3a@h", "http|h|h|||||u%40:p%3A"),
            ("mongodb://a:1,b:2/", "mongodb|a:1,b:2|a:1,b|/||||"),
            ("docker.io/library/nginx:1.2", "|||docker.io/library/nginx:1.2||||"),
            ("http://h/a?b?c", "http|h|h|/a|b?c|||"),
            ("??", "||||?|||"),
        ];
        let names = ["scheme", "host", "hostname", "path", "query", "opaque", "fragment", "userinfo"];
        for (url, expected) in cases {
            let parts = call(FUNCTIONS, "urlParse", &[text(url)]).unwrap();
            let part = |name: &str| parts.as_map().unwrap().get(name.as_bytes()).unwrap().as_str().unwrap().to_string();
            assert_eq!(names.map(part).join("|"), expected, "{url}");
        }
    }

    #[test]
    fn complaints_are_gos() {
        let cases = [
            ("%zz", r#"invalid URL escape "%zz""#),
            ("http://h/%é1", r#"invalid URL escape "%é""#),
            ("http://h/%", r#"invalid URL escape "%""#),
            ("http://h/#%zz", r#"invalid URL escape "%zz""#),
            ("http://a b/", r#"invalid character " " in host name"#),
            ("http://a%41/", r#"invalid URL escape "%41""#),
            ("http://h:abc/", r#"invalid port ":abc" after host"#),
            ("http://::1/", r#"invalid port "::1" after host"#),
            ("x://a:1:x/", r#"invalid port ":x" after host"#),
            ("http://a[b]/", "invalid IP-literal"),
            ("http://[::1", "missing ']' in host"),
            ("http://[::1]x", r#"invalid port "x" after host"#),
            ("http://[1.2.3.4]/", "invalid IP-literal"),
            ("http://[zz]/", r#"invalid host: ParseAddr("zz"): unable to parse IP"#),
            ("http://[1::2::3]/", r#"invalid host: ParseAddr("1::2::3"): multiple :: in address (at ":3")"#),
            ("http://[fe80::1%25%3f]/", r#"invalid URL escape "%3f""#),
            ("nginx :1", "first path segment in URL cannot contain colon"),
            (":foo", "missing protocol scheme"),
            ("http://us er@h/", "net/url: invalid userinfo"),
            ("a\x7f", "net/url: invalid control character in URL"),
        ];
        for (url, expected) in cases {
            let shown = url.split('#').next().filter(|_| !url.contains("#%")).unwrap_or(url);
            let quoted = crate::go::go_quote(shown.as_bytes());
            let expected = format!("!unable to parse url: parse {quoted}: {expected}");
            assert_eq!(show(call(FUNCTIONS, "urlParse", &[text(url)])), expected, "{url}");
        }
    }

    #[test]
    fn urls_are_put_together() {
        let cases: Vec<(Vec<(&str, &str)>, &str)> = vec![
            (
                vec![("scheme", "http"), ("host", "h"), ("path", "a b/é"), ("query", "x=1 2")],
                "http://h/a%20b/%C3%A9?x=1 2",
            ),
            (vec![("scheme", "http"), ("host", "h"), ("opaque", "o"), ("query", "q"), ("fragment", "f")], "http:o?q#f"),
            (vec![("host", "h"), ("path", "p")], "//h/p"),
            (vec![("path", "a:b")], "./a:b"),
            (vec![("path", "*")], "*"),
            (vec![("scheme", "x")], "x:"),
            (vec![("scheme", "x"), ("path", "//a")], "x:////a"),
            (vec![("host", "[::1%a]:80")], "//[::1%25a]:80"),
            (vec![("userinfo", "u:p:q"), ("host", "a b")], "//u:p%3Aq@a%20b"),
            (vec![("userinfo", "u/p"), ("host", "h")], "//h"),
            (vec![("userinfo", ":"), ("host", "h")], "//:@h"),
            (vec![("userinfo", "a"), ("path", "x")], "//a@x"),
            (
                vec![("fragment", "!()*'$&+,;=:@/?"), ("path", "!()*'$&+,;=:@/?~-_.")],
                "./%21%28%29%2A%27$&+,;=:@/%3F~-_.#!()*%27$&+,;=:@/?",
            ),
        ];
        for (parts, expected) in cases {
            let parts: Vec<(&str, Value)> = parts.into_iter().map(|(name, part)| (name, text(part))).collect();
            let url = call(FUNCTIONS, "urlJoin", &[map(&parts)]).unwrap();
            assert_eq!(url.as_str().unwrap().to_string(), expected);
        }
        let complaint = show(call(FUNCTIONS, "urlJoin", &[map(&[("path", Value::list(vec![]))])]));
        assert_eq!(complaint, "!unable to parse path key, must be of type string, but slice found");
    }
}
