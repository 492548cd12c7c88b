//! [`Challenge`]: how a registry wants to be authenticated (`WWW-Authenticate`).

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A user and a password with each request.
    Basic,
    /// A token of a token server.
    Bearer { realm: String, service: Option<String>, scopes: Vec<String> },
}

impl Challenge {
    /// The strongest known challenge in the values of the header.
    pub(super) fn parse<'v>(values: impl IntoIterator<Item = &'v str>) -> Option<Self> {
        let mut basic = None;
        for value in values {
            for (scheme, parameters) in schemes(value) {
                let get = |name: &str| {
                    let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.clone())
                };
                if scheme.eq_ignore_ascii_case("bearer")
                    && let Some(realm) = get("realm")
                {
                    let scopes = get("scope").unwrap_or_default();
                    let scopes = scopes.split_whitespace().map(str::to_owned).collect();
                    return Some(Self::Bearer { realm, service: get("service"), scopes });
                }
                if scheme.eq_ignore_ascii_case("basic") {
                    basic = Some(Self::Basic);
                }
            }
        }
        basic
    }
}

/// A scheme, and its parameters.
type Scheme = (String, Vec<(String, String)>);

/// The schemes of a header's value: `Bearer realm="https://auth.example/token",service="a, b"`.
fn schemes(value: &str) -> Vec<Scheme> {
    let mut found: Vec<Scheme> = Vec::new();
    let mut rest = value.trim_start();
    while !rest.is_empty() {
        let end = rest.find([' ', '=', ',']).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = rest[end..].trim_start();
        match rest.strip_prefix('=') {
            Some(after) => {
                let (text, after) = parameter(after.trim_start());
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.push((word.to_owned(), text));
                }
                rest = after;
            }
            None if !word.is_empty() => found.push((word.to_owned(), Vec::new())),
            None => {}
        }
        rest = rest.trim_start_matches([',', ' ']);
        if rest.starts_with('=') {
            // Not a challenge.
            break;
        }
    }
    found
}

/// The value of a parameter, quoted or not, and what follows.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn challenges_are_read() {
        let bearer = |realm: &str, service: Option<&str>, scopes: &[&str]| {
            Some(Challenge::Bearer {
                realm: realm.to_owned(),
                service: service.map(str::to_owned),
                scopes: scopes.iter().map(|&text| text.to_owned()).collect(),
            })
        };
        for (values, expected) in [
            (
                &[r#"Bearer realm="https://a.io/token",service="a, b",scope="repository:x:pull,push""#][..],
                bearer("https://a.io/token", Some("a, b"), &["repository:x:pull,push"]),
            ),
            (&[r#"bearer realm=https://a.io/token"#], bearer("https://a.io/token", None, &[])),
            (&[r#"Basic realm="x", Bearer realm="https://a""#], bearer("https://a", None, &[])),
            (&["Basic realm=\"a\\\"b\"", "Negotiate"], Some(Challenge::Basic)),
            (&["Negotiate abc==", "Basic"], Some(Challenge::Basic)),
            (&["Bearer service=\"x\""], None),
            (&["Bearer realm=\"unclosed"], bearer("unclosed", None, &[])),
            (&["=,=", "", ",,,"], None),
        ] {
            assert_eq!(Challenge::parse(values.iter().copied()), expected, "{values:?}");
        }
    }
}
