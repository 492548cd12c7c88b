//! [`OpenReference`]: a reference with variables that are filled in later, as far as it is known.

use super::Reference;
use std::fmt;
use std::ops::Range;

/// A reference with variables: `quay.io/acme/api:{{workflow.parameters.tag}}`, `$(REGISTRY)/acme/api:1`.
///
/// It can be neither pulled nor mirrored in this form, and it is never equal to a reference; but if the registry is literal,
/// it is known whether the mirror serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenReference {
    /// The text before the first variable, as a reference without tag and digest; `None` if it does not contain the registry. Its
    /// repository may be incomplete or empty.
    pub known: Option<Reference>,
    /// The first variable, as written.
    pub variable: String,
    /// The part that contains the first variable.
    part: Part,
}

/// A part of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Registry,
    Repository,
    Tag,
    Digest,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registry => "registry",
            Self::Repository => "repository",
            Self::Tag => "tag",
            Self::Digest => "digest",
        })
    }
}

/// Longer texts are not references.
const LENGTH: usize = 1024;

impl OpenReference {
    /// Parses a text with variables that is a reference once they are filled in; `None` if it has none, cannot be one, or is
    /// only variables.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > LENGTH {
            return None;
        }
        let first = variables(text).next()?;
        let (before, variable) = (&text[..first.start], &text[first.clone()]);
        let filled = filled(text);
        let filled_reference = Reference::parse(&filled).ok()?;
        let last = before.rsplit('/').next().unwrap_or_default();
        let is_host =
            |component: &str| component.contains(['.', ':']) && Reference::parse(&format!("{component}/x")).is_ok();
        let part = match before.split_once('/') {
            _ if last.contains('@') => Part::Digest,
            Some(_) if last.contains(':') => Part::Tag,
            Some(_) => Part::Repository,
            // `e:$(TAG)`, but `localhost:$(PORT)/e`
            None if before.ends_with(':') && before.len() > 1 && !text[first.end..].contains('/') => Part::Tag,
            None => Part::Registry,
        };
        let known = match part {
            Part::Registry => None,
            _ => {
                let end = last.find([':', '@']).map_or(before.len(), |at| before.len() - last.len() + at);
                let host = before.split_once('/').map(|(host, _)| host).filter(|host| is_host(host));
                let start = host.map_or(0, |host| host.len() + 1);
                Some(Reference::beginning(text, host, start..end))
            }
        };
        // `$(REGISTRY)/$(IMAGE):1` contains nothing known.
        let path = &filled[filled_reference.repository_range.clone()];
        let says_something = path.bytes().any(|byte| byte.is_ascii_alphabetic())
            || known.as_ref().is_some_and(|known| known.registry_range.is_some());
        (says_something && (known.is_some() || text[first.end..].starts_with('/'))).then(|| Self {
            known,
            variable: variable.to_owned(),
            part,
        })
    }

    /// Why it is not a reference: `its tag is not known until $(TAG) is filled in`.
    pub(crate) fn why(&self) -> String {
        format!("its {} is not known until {} is filled in", self.part, self.variable)
    }
}

/// The text with a simple placeholder for each variable.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut at = 0;
    for variable in variables(text) {
        filled.push_str(&text[at..variable.start]);
        let digest = format!("{:064}", 0);
        filled.push_str(match &filled {
            before if before.ends_with('@') => "sha256:00000000000000000000000000000000",
            before if before.ends_with("@sha256:") => &digest,
            _ => "0",
        });
        at = variable.end;
    }
    filled.push_str(&text[at..]);
    filled
}

/// The variables of a text, in order.
pub(crate) fn variables(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(next) = text.as_bytes()[at..].iter().position(|byte| b"{$%<@#".contains(byte)) {
            at += next;
            if let Some(length) = variable(&text[at..]) {
                at += length;
                return Some(at - length..at);
            }
            at += 1;
        }
        None
    })
}

/// Longer texts are not variables.
const VARIABLE: usize = 200;

/// The length of the variable at the beginning of a text: `{{ .Tag }}`, `${TAG}`, `${{ tag }}`, `$(params.tag)`, `$TAG`, `%s`,
/// `%[1]s`, `<tag>`, `@tag@`, `{tag}`, `#{tag}`.
pub(crate) fn variable(text: &str) -> Option<usize> {
    let closed = |open: usize, close: &str| {
        let rest = &text.as_bytes()[open..text.len().min(open + VARIABLE)];
        let end = memchr::memmem::find(rest, close.as_bytes())?;
        (end > 0 && !rest[..end].contains(&b'\n')).then_some(open + end + close.len())
    };
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.- ".contains(&byte))
    };
    let named = |open: usize, close: &str| {
        let end = closed(open, close)?;
        is_name(&text[open..end - close.len()]).then_some(end)
    };
    match text.as_bytes() {
        [b'{', b'{', ..] => closed(2, "}}"),
        [b'$', b'{', b'{', ..] => closed(3, "}}"),
        [b'$' | b'#', b'{', ..] => braced(text.as_bytes()),
        [b'$', b'(', ..] => closed(2, ")"),
        [b'$', first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
            let name = text.as_bytes()[1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
            Some(1 + name.count())
        }
        [b'%', b's' | b'v' | b'd', ..] => Some(2),
        [b'%', b'[', ..] => {
            let end = closed(2, "]")?;
            matches!(text.as_bytes().get(end), Some(b's' | b'v' | b'd')).then_some(end + 1)
        }
        [b'{', ..] => named(1, "}"),
        [b'<', ..] => named(1, ">"),
        [b'@', ..] => named(1, "@"),
        _ => None,
    }
}

/// The length of `${…}`, including nested braces.
fn braced(text: &[u8]) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.iter().enumerate().take(VARIABLE) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return (at > 2).then_some(at + 1),
            b'}' => depth -= 1,
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_variable_is_known() {
        for (text, registry, repository) in [
            ("quay.io/e/e:{{workflow.parameters.tag}}", "quay.io", "e/e"),
            ("quay.io/e/e:v{{ .Tag }}-debug", "quay.io", "e/e"),
            ("quay.io/e/e:$(params.tag)", "quay.io", "e/e"),
            ("quay.io/e/e:${TAG:-1.0}", "quay.io", "e/e"),
            ("quay.io/e/e:$TAG", "quay.io", "e/e"),
            ("quay.io/e/e@${DIGEST}", "quay.io", "e/e"),
            ("quay.io/e/e@sha256:{{sha}}", "quay.io", "e/e"),
            ("quay.io/e/%s", "quay.io", "e/"),
            ("quay.io/e/e:%[1]s", "quay.io", "e/e"),
            ("quay.io/<org>/e:1", "quay.io", ""),
            ("quay.io/e/e:@version@", "quay.io", "e/e"),
            ("acme/e:${TAG}", "docker.io", "acme/e"),
            ("e:${TAG}", "docker.io", "e"),
        ] {
            let open = OpenReference::parse(text).and_then(|open| open.known);
            let open = open.as_ref().map(|open| (open.registry.as_str(), open.repository.as_str()));
            assert_eq!(open, Some((registry, repository)), "{text}");
        }
        for text in ["$(REGISTRY)/e/e:1", "${HUB}/proxy", "{{ .Hub }}/proxy:{{ .Tag }}", "localhost:${PORT}/acme/e"] {
            assert_eq!(OpenReference::parse(text).map(|open| open.known), Some(None), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_references() {
        for text in [
            "quay.io/e/e:1",
            "$(IMAGE)",
            "{{ .Image }}",
            "{{ .Registry }}/{{ .Image }}:{{ .Tag }}",
            "${IMAGE}:1",
            "quay.io/e e:${TAG}",
            "https://quay.io/${X}",
            "quay.io/{a,b}/c:1",
            "100%",
            "a@b.com",
            "x<y",
            "",
        ] {
            assert_eq!(OpenReference::parse(text), None, "{text}");
        }
    }
}
