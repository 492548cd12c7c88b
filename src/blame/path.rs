//! Paths as users type them: `spec.containers[0].image`, `data["config.yaml"]`, `annotations.example\.com/x`.

use crate::objects::Step;

/// Parses a path; the error says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let wrong = |why: &str| format!("{text:?} is not a path such as spec.containers[0].image: {why}");
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (inner, after) = match inside.strip_prefix('"') {
                Some(quoted) => quoted.split_once("\"]").ok_or_else(|| wrong("missing \"]"))?,
                None => inside.split_once(']').ok_or_else(|| wrong("missing ]"))?,
            };
            steps.push(match inner.parse() {
                Ok(index) if !inside.starts_with('"') => Step::Index(index),
                _ => Step::Key(inner.to_owned()),
            });
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let mut key = String::new();
        let mut chars = rest.char_indices();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => key.extend(chars.next().map(|(_, c)| c)),
                '.' | '[' => {
                    end = at;
                    break;
                }
                c => key.push(c),
            }
        }
        if key.is_empty() {
            return Err(wrong("a name is empty"));
        }
        steps.push(Step::Key(key));
        rest = &rest[end..];
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let key = |name: &str| Step::Key(name.to_owned());
        let is = |text: &str, steps: &[Step]| assert_eq!(parse(text).as_deref(), Ok(steps), "{text}");
        is("a.b[0].c", &[key("a"), key("b"), Step::Index(0), key("c")]);
        is(r#"data["x.yaml"].y"#, &[key("data"), key("x.yaml"), key("y")]);
        is(r"a.b\.c/d", &[key("a"), key("b.c/d")]);
        assert!(parse("a..b").is_err() && parse("a[0").is_err());
    }
}
