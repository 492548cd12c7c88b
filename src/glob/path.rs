//! Patterns of Go's `path.Match`.

/// Whether a pattern such as `templates/*.yaml` matches a whole path; `None` if it is malformed.
pub(crate) fn path_match(pattern: &str, path: &str) -> Option<bool> {
    Some(Pattern::parse(pattern)?.matches(&path.chars().collect::<Vec<_>>()))
}

/// A pattern of Go's `path.Match`: `*.txt`, `dir/?`, `[^a-c]*`; it matches the whole text.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// `*`
    Run,
    /// `?`
    One,
    /// `[a-z]`, `[^a-z]`
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// Any other character.
    Char(char),
}

impl Pattern {
    /// `None` when it is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            parts.push(match character {
                '*' => Part::Run,
                '?' => Part::One,
                '\\' => Part::Char(rest.next()?),
                '[' => {
                    let negated = rest.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    while ranges.is_empty() || rest.next_if_eq(&']').is_none() {
                        let low = class_member(&mut rest)?;
                        let high = match rest.next_if_eq(&'-') {
                            Some(_) => class_member(&mut rest)?,
                            None => low,
                        };
                        ranges.push((low, high));
                    }
                    Part::Class { negated, ranges }
                }
                _ => Part::Char(character),
            });
        }
        Some(Self(parts))
    }

    pub(crate) fn matches(&self, text: &[char]) -> bool {
        let mut steps = u64::MAX;
        self.matches_within(text, &mut steps).unwrap_or(false)
    }

    /// Whether it matches; takes a step for each comparison, and is `None` if too few are left.
    pub(crate) fn matches_within(&self, text: &[char], steps_left: &mut u64) -> Option<bool> {
        let (mut part, mut at) = (0, 0);
        // Where to continue after the last `*` if the rest does not match here.
        let mut last_run = None;
        loop {
            let part_of = self.0.get(part);
            *steps_left = steps_left.checked_sub(part_of.map_or(1, Part::steps))?;
            let fits = match part_of {
                Some(Part::Run) => {
                    part += 1;
                    last_run = Some((part, at));
                    continue;
                }
                None => at == text.len(),
                Some(part) => text.get(at).is_some_and(|&character| part.fits(character)),
            };
            match (fits, last_run) {
                (true, _) if part == self.0.len() => return Some(true),
                (true, _) => (part, at) = (part + 1, at + 1),
                (false, Some((after, start))) if text.get(start).is_some_and(|&skipped| skipped != '/') => {
                    last_run = Some((after, start + 1));
                    (part, at) = (after, start + 1);
                }
                (false, _) => return Some(false),
            }
        }
    }
}

impl Part {
    /// The cost of a comparison.
    fn steps(&self) -> u64 {
        if let Self::Class { ranges, .. } = self { 1 + ranges.len() as u64 / 4 } else { 1 }
    }

    fn fits(&self, character: char) -> bool {
        match self {
            Self::Run => false,
            Self::One => character != '/',
            // Go quirk: a class matches a slash too.
            Self::Class { negated, ranges } => {
                ranges.iter().any(|&(low, high)| low <= character && character <= high) != *negated
            }
            Self::Char(wanted) => *wanted == character,
        }
    }
}

/// A character of a class, possibly after a `\`.
fn class_member(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        character => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, text, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[b-d]", "abc", true),
            ("ab[^e-g]", "abc", true),
            ("a[^a]b", "a/b", true),
            ("a\\*b", "a*b", true),
            ("a?b", "a/b", false),
            ("a?b", "a☺b", true),
            ("[\\]a]", "]", true),
            ("[x\\-]", "-", true),
            ("*x", "xxx", true),
            ("", "", true),
            ("", "a", false),
        ] {
            let parsed = Pattern::parse(pattern).expect(pattern);
            assert_eq!(parsed.matches(&text.chars().collect::<Vec<_>>()), expected, "{pattern} on {text}");
        }
        for malformed in ["[]a]", "[-]", "[x-]", "[-x]", "[\\", "[a-b-c]", "[", "[^", "a[", "a\\", "[a-b-d]"] {
            assert!(Pattern::parse(malformed).is_none(), "{malformed}");
        }
    }
}
