//! Fields from the configuration: those that contain images, and those that do not, whatever the other finders say.

use super::hints::{HintAction, Hints, PlaceRule};
use super::{FieldAt, Finder, Hit, Hits, Shape, Tier};
use crate::objects::{Object, Path};
use std::borrow::Cow;

pub(super) static FINDER: Finder = Finder { id: "custom", summary: "fields that the configuration names", visit };

impl PlaceRule {
    fn matches(&self, object: &Object<'_>, path: &str) -> bool {
        matches(&self.kind, &object.name.kind) && matches(&self.name, &object.name.name) && matches(&self.field, path)
    }
}

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let mut rules = found.hints.places.iter().filter(|rule| rule.action == HintAction::Add).peekable();
    if rules.peek().is_none() {
        return;
    }
    let path = place.path();
    let name = path.to_string();
    if !rules.any(|rule| rule.matches(place.object, &name)) {
        return;
    }
    let Some(text) = place.text().filter(|text| !text.is_empty()) else { return };
    let hit = Hit {
        path,
        container: None,
        text,
        tier: Tier::Likely,
        shape: Shape::Custom,
        reason: Cow::Borrowed("the configuration says that this is an image"),
        nodes: Vec::new(),
    };
    found.add(place.object, hit);
}

/// Whether the configuration excludes a path.
pub(super) fn is_excluded(hints: Hints<'_>, object: &Object<'_>, path: &Path) -> bool {
    let mut rules = hints.places.iter().filter(|rule| rule.action == HintAction::Exclude).peekable();
    if rules.peek().is_none() {
        return false;
    }
    // An excluded field excludes everything below it.
    let mut above = Path::default();
    let ways: Vec<String> = path
        .steps()
        .iter()
        .map(|step| {
            above.push(step.clone());
            above.to_string()
        })
        .collect();
    rules.any(|rule| ways.iter().any(|way| rule.matches(object, way)))
}

/// Whether a pattern with `*` and `?` matches a whole text; on a mismatch only the last `*` is retried.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "spec.image"),
            ("spec.pools[*].runner", "spec.pools[12].runner"),
            ("data[\"*.yaml\"] → *", "data[\"a.b.yaml\"] → image"),
            ("*a*b", "xaxbxab"),
            ("Ten?nt*", "TenantPool"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("spec.*.x", "spec.a.xy"), ("a?", "a"), ("*ab", "abc")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
