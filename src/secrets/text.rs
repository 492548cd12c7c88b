//! Secrets in running text: the user in a URL, the value after `password=`, and the key formats of known services.

use super::MASK;
use super::names::is_secret;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Text with the secrets masked that are recognizable by the text alone.
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    let ranges = secrets_in(text);
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        out.push_str(&text[at..range.start]);
        out.push_str(MASK);
        at = range.end;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// The byte ranges of a text that are secrets, in order and disjoint.
pub(super) fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    userinfo(text, &mut found);
    named(text, &mut found);
    well_known(text, &mut found);
    private_keys(text, &mut found);
    found.retain(|range| range.start < range.end && &text[range.clone()] != MASK);
    // A secret at one position of a text is masked at all others.
    let again: BTreeSet<&str> =
        found.iter().map(|range| &text[range.clone()]).filter(|secret| is_told_apart(secret)).collect();
    occurrences(text, &again, &mut found);
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// The most secrets that are searched one after the other.
const FEW: usize = 8;
/// The most occurrences, for each byte of a text, of secrets that contain each other.
const MOST_AGAIN: usize = 32;

/// Adds where secrets occur in a text.
fn occurrences(text: &str, secrets: &BTreeSet<&str>, found: &mut Vec<Range<usize>>) {
    if secrets.len() <= FEW {
        for secret in secrets {
            found.extend(text.match_indices(secret).map(|(at, _)| at..at + secret.len()));
        }
        return;
    }
    let everything = 0..text.len();
    let finder = AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(secrets);
    let Ok(finder) = finder else { return found.push(everything) };
    let mut left = text.len().saturating_mul(MOST_AGAIN);
    let mut last: Option<Range<usize>> = None;
    for one in finder.find_overlapping_iter(text) {
        if left == 0 {
            return found.push(everything);
        }
        left -= 1;
        match &mut last {
            Some(last) if last.end == one.end() => last.start = last.start.min(one.start()),
            _ => found.extend(last.replace(one.range())),
        }
    }
    found.extend(last);
}

/// Whether a secret cannot be mistaken for a word.
fn is_told_apart(secret: &str) -> bool {
    secret.len() >= 6 && !secret.contains('\n') && !secret.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether a character ends a URL or a reference in running text.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|' | '\\')
}

/// `user:pass@` in references, and everything before `@` in URLs.
fn userinfo(text: &str, found: &mut Vec<Range<usize>>) {
    if !text.contains('@') {
        return;
    }
    let mut next = 0;
    for word in text.split(ends_word) {
        let from = next;
        next = from + word.len();
        next += text[next..].chars().next().map_or(0, char::len_utf8);
        if !word.contains('@') {
            continue;
        }
        let end = match word.find("://") {
            Some(at) => of_url(&word[at + 3..]).map(|end| at + 3..at + 3 + end),
            None => of_reference(word),
        };
        found.extend(end.map(|range| from + range.start..from + range.end));
    }
}

/// The end of the user in a URL without its scheme.
fn of_url(rest: &str) -> Option<usize> {
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    // A password may contain invalid characters.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd = authority.split_once(':').is_some_and(|(_, port)| !is_port(port));
    if !authority.contains('@') && !is_odd {
        return None;
    }
    last_at(rest).filter(|end| *end > 0 && &rest[..*end] != "git")
}

/// The user in a reference without a scheme: `name@sha256:…` has none, `me@example.org` is an address.
fn of_reference(word: &str) -> Option<Range<usize>> {
    let end = last_at(word)?;
    let start = word[..end].rfind(['=', '(', '[', '{', ',', ';']).map_or(0, |at| at + 1);
    // A password may contain these; the rest of it is useless then.
    let start =
        if word[start..end].contains(':') { start } else { word[..end].rfind(['=', '(']).map_or(0, |at| at + 1) };
    let (user, password) = word[start..end].split_once(':')?;
    (!user.contains('@') && !password.is_empty()).then_some(start..end)
}

/// The last `@` of a reference or URL that does not begin a digest.
fn last_at(text: &str) -> Option<usize> {
    let is_digest = |at: usize| {
        let rest = &text[at + 1..];
        let algorithm = rest.split(':').next().unwrap_or_default();
        ["sha256", "sha384", "sha512", "sha1", "md5", "blake3"].contains(&algorithm.to_ascii_lowercase().as_str())
    };
    text.match_indices('@').map(|(at, _)| at).rfind(|at| !is_digest(*at))
}

/// `password=x`, `token: x`, `"secret": "x"`, `--password x`, `-u user:x`, `Bearer x`.
fn named(text: &str, found: &mut Vec<Range<usize>>) {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut close = Close::default();
    for (at, separator) in text.match_indices([':', '=']) {
        let before = text[..at].trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'', ']']);
        // URLs and `::` contain no names.
        if text[at + 1..].starts_with(['/', ':', '=']) && separator == ":" || text[at + 1..].starts_with('=') {
            continue;
        }
        let name = &before[before
            .rfind(|c| !is_name(c))
            .map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8))..];
        if name.is_empty() || !is_secret(name) || separator == ":" && takes_path(name) {
            continue;
        }
        let is_spaced = text[at + 1..].starts_with([' ', '\t']);
        let start = at + 1 + text[at + 1..].len() - text[at + 1..].trim_start_matches([' ', '\t']).len();
        let range = value_at(text, start, &mut close);
        let value = &text[range.clone()];
        // `password: must be set` is prose.
        let is_word =
            value.bytes().all(|byte| byte.is_ascii_lowercase()) && !text[..range.start].ends_with(['"', '\'']);
        let is_sentence =
            separator == ":" && is_spaced && is_word && text[range.end..].starts_with([' ', ',', '.', ';']);
        // `templates/secret.yaml:26:16` is a location in a file.
        let is_place =
            separator == ":" && is_file_name(name) && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        if !super::harmless::is_trivial(value)
            && !is_sentence
            && !is_place
            && !value.starts_with("{{")
            && value != "\\n"
        {
            found.push(range.clone());
        }
        if ["bearer", "basic", "token", "digest"].contains(&value.to_ascii_lowercase().as_str()) {
            let rest = &text[range.end..];
            found.push(value_at(text, range.end + rest.len() - rest.trim_start().len(), &mut Close::default()));
        }
    }
    // Flags whose value is the next word.
    let mut words = words(text).peekable();
    let mut close = Close::default();
    while let Some(range) = words.next() {
        let word = text[range.clone()].trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let Some(next) = words.peek() else { break };
        let is_flag = word.starts_with("--") && !word.contains('=') && is_secret(word) && !takes_path(word);
        let is_user = matches!(word, "-u" | "--user" | "--proxy-user" | "--creds" | "--basic-auth");
        let is_bearer = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
        if !(is_flag || is_user || is_bearer) {
            continue;
        }
        let value = value_at(
            text,
            next.start + text[next.clone()].len() - text[next.clone()].trim_start_matches(['"', '\'', '[', ',']).len(),
            &mut close,
        );
        let shown = &text[value.clone()];
        let is_user = is_user && shown.contains(':');
        let is_bearer = is_bearer && shown.len() >= 8 && shown.bytes().any(|byte| !byte.is_ascii_lowercase());
        if (is_flag && !shown.starts_with('-') || is_user || is_bearer)
            && !shown.starts_with("{{")
            && !shown.starts_with('$')
        {
            found.push(value);
        }
    }
}

/// Whether a name is a flag with the path of a file, of `verify` and of kubectl.
fn takes_path(name: &str) -> bool {
    name == "--kubeconfig"
}

/// Whether a name is a file name of a chart or of values.
fn is_file_name(name: &str) -> bool {
    [".yaml", ".yml", ".tpl", ".json", ".txt", ".toml"].iter().any(|end| name.ends_with(end))
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let begin = text.as_ptr() as usize;
    text.split_whitespace().map(move |word| {
        let start = word.as_ptr() as usize - begin;
        start..start + word.len()
    })
}

/// The last closing bracket found: text with many unclosed lists is searched once.
#[derive(Default)]
struct Close(Option<Option<usize>>);

impl Close {
    /// The first one after a byte; calls come in ascending order.
    fn after(&mut self, text: &str, start: usize) -> Option<usize> {
        match self.0 {
            Some(None) => None,
            Some(Some(at)) if at >= start => Some(at),
            _ => *self.0.insert(text[start..].find(']').map(|at| start + at)),
        }
    }
}

/// The value that begins at a byte: quoted text, or text up to a blank or a separator.
fn value_at(text: &str, start: usize, close: &mut Close) -> Range<usize> {
    let rest = &text[start..];
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
        let inside = &rest[1..];
        let end = inside
            .char_indices()
            .find(|(at, c)| *c == quote && !inside[..*at].ends_with('\\'))
            .map_or(inside.len(), |(at, _)| at);
        return start + 1..start + 1 + end;
    }
    // A list is masked as a whole.
    if rest.starts_with('[')
        && let Some(end) = close.after(text, start)
    {
        return start..end + 1;
    }
    let end =
        rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ';' | '&' | ',' | '}' | ')' | ']'));
    // Punctuation at the end is not part of it.
    start..start + rest[..end.unwrap_or(rest.len())].trim_end_matches([':', '.']).len()
}

/// Keys of known services, by prefix.
fn well_known(text: &str, found: &mut Vec<Range<usize>>) {
    const PREFIXES: &[(&str, usize)] = &[
        ("ghp_", 20),
        ("gho_", 20),
        ("ghu_", 20),
        ("ghs_", 20),
        ("ghr_", 20),
        ("github_pat_", 20),
        ("glpat-", 16),
        ("gldt-", 16),
        ("glrt-", 16),
        ("xoxb-", 12),
        ("xoxp-", 12),
        ("xoxa-", 12),
        ("xapp-", 12),
        ("AKIA", 12),
        ("ASIA", 12),
        ("AIza", 30),
        ("npm_", 30),
        ("pypi-", 30),
        ("sk_live_", 12),
        ("sk_test_", 12),
        ("rk_live_", 12),
        ("sk-", 24),
        ("dckr_pat_", 16),
        ("hvs.", 20),
        ("hvb.", 20),
        ("shpat_", 20),
        ("SG.", 30),
        ("dop_v1_", 30),
        ("eyJ", 30),
        ("$2a$", 20),
        ("$2b$", 20),
        ("$2y$", 20),
        ("$apr1$", 10),
        ("$argon2", 20),
        ("AGE-SECRET-KEY-", 20),
    ];
    // Called for every text of a report: one search for word starts instead of one for each prefix.
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        if !matches!(bytes[at], b'g' | b'x' | b'A' | b'n' | b'p' | b's' | b'r' | b'd' | b'h' | b'S' | b'e' | b'$')
            || at > 0 && bytes[at - 1].is_ascii_alphanumeric()
        {
            continue;
        }
        let rest = &bytes[at..];
        // Most words begin like one of them, and are none.
        let is_prefix = |prefix: &str| rest[0] == prefix.as_bytes()[0] && rest.starts_with(prefix.as_bytes());
        for (prefix, least) in PREFIXES.iter().filter(|(prefix, _)| is_prefix(prefix)) {
            let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.$/+=".contains(byte);
            let len = rest[prefix.len()..].iter().take_while(|byte| is_of_key(byte)).count();
            if len >= *least {
                found.push(at..at + prefix.len() + len);
            }
        }
    }
}

/// The text between `-----BEGIN … PRIVATE KEY-----` and its end.
fn private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    const MARK: &str = "PRIVATE KEY-----";
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MARK));
    let mut done = 0;
    for at in FINDER.find_iter(text.as_bytes()) {
        // Keys without an end reach to the end of the text, over those that follow.
        if at >= done && text[..at].rfind("-----").is_some_and(|begin| text[begin..at].starts_with("-----BEGIN")) {
            let start = at + MARK.len();
            let end = text[start..].find("-----END").map_or(text.len(), |end| start + end);
            done = end;
            // Each line is masked separately, so that the line count stays.
            let mut from = start;
            for line in text[start..end].split_inclusive('\n') {
                let begin = from + line.len() - line.trim_start().len();
                found.push(begin..begin + line.trim().len());
                from += line.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn secrets_are_told_by_what_stands_around_them() {
        for (text, shown) in [
            ("user:pass@quay.io/x:1", "********@quay.io/x:1"),
            ("\"user:pass@quay.io/x\" is none", "\"********@quay.io/x\" is none"),
            ("https://user:token@host/a", "https://********@host/a"),
            ("oci://tok@host/a@sha256:0", "oci://********@host/a@sha256:0"),
            ("https://u:p@ss/w@host/a, b@c.d", "https://********@host/a, b@c.d"),
            ("https://u:pa/ss@host/a", "https://********@host/a"),
            ("user:pass@quay.io/x:1@sha256:0123", "********@quay.io/x:1@sha256:0123"),
            ("quay.io/x:1@sha256:0123", "quay.io/x:1@sha256:0123"),
            ("quay.io:5000/x:1", "quay.io:5000/x:1"),
            ("name it: --kubeconfig deploy/config", "name it: --kubeconfig deploy/config"),
            ("name one with --kubeconfig: the token", "name one with --kubeconfig: the token"),
            ("kubeconfig: YXBpVmVyc2lvbjogdjE=", "kubeconfig: ********"),
            ("https://registry.npmjs.org/@scope/x@1", "https://registry.npmjs.org/@scope/x@1"),
            ("git@github.com:acme/x me@example.org", "git@github.com:acme/x me@example.org"),
            ("at (web/templates/secret.yaml:26:16): no", "at (web/templates/secret.yaml:26:16): no"),
            ("secret.yaml: hunter2", "secret.yaml: ********"),
            ("u:p@tcp(db:3306)/x", "********@tcp(db:3306)/x"),
            ("--image=u:p@quay.io/x", "--image=********@quay.io/x"),
            ("Server=x;Password=S3cr3t;User=a", "Server=x;Password=********;User=a"),
            ("{\"password\": \"a b\", \"x\": 1}", "{\"password\": \"********\", \"x\": 1}"),
            ("https://h/x?token=abc&y=1", "https://h/x?token=********&y=1"),
            (
                "curl -u a:b --password c -H 'Authorization: Bearer abcdefg1'",
                "curl -u ******** --password ******** -H 'Authorization: ******** ********'",
            ),
            ("password: must be set", "password: must be set"),
            ("token is missing: set auth.token", "token is missing: set auth.token"),
            ("the key ghp_0123456789abcdefghijklmn is old", "the key ******** is old"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nab\ncd\n-----END RSA",
                "-----BEGIN RSA PRIVATE KEY-----\n********\n********\n-----END RSA",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nab\n-----BEGIN PRIVATE KEY-----\ncd",
                "********\n********\n********\n********",
            ),
            ("password: true, tokens: []", "password: true, tokens: []"),
            ("nothing reads `db.password`", "nothing reads `db.password`"),
            ("--limit token=Hunter-2: \"Hunter-2\" is no number", "--limit token=********: \"********\" is no number"),
            ("failed: --set db.password=hunter2,x=1", "failed: --set db.password=********,x=1"),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }
}
