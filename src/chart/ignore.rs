//! `.helmignore`: which files of a chart folder are not part of the chart.

/// Go's `path.Match`: whether a pattern such as `templates/*.yaml` matches a whole path; `None` if it is malformed.
pub(crate) fn path_match(pattern: &str, path: &str) -> Option<bool> {
    Some(Pattern::parse(pattern)?.matches(&path.chars().collect::<Vec<_>>()))
}

/// The rules of one chart folder.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Option<Pattern>,
    negated: bool,
    folders_only: bool,
    /// Matches the last element of the path instead of the whole path.
    base_name: bool,
}

/// The longest line that helm's scanner accepts.
const LINE_BYTES: usize = 64 << 10;

impl Rules {
    /// The rules of a `.helmignore` (empty if there is none), followed by the built-in one.
    ///
    /// Errors are helm's: `syntax error in pattern`, `double-star (**) syntax is not supported`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
        let mut rules = Vec::new();
        for line in text.split('\n') {
            if line.len() >= LINE_BYTES {
                return Err("bufio.Scanner: token too long".to_owned());
            }
            rules.extend(Rule::parse(line)?);
        }
        rules.extend(Rule::parse("templates/.?*")?);
        Ok(Self(rules))
    }

    /// Whether the rules exclude a path, which is relative to the chart and uses `/`.
    ///
    /// Helm quirk: the first rule that applies decides, and a negated rule excludes everything that it does not match.
    pub(super) fn ignore(&self, path: &str, is_folder: bool) -> bool {
        let whole: Vec<char> = path.chars().collect();
        let base = &whole[whole.iter().rposition(|&character| character == '/').map_or(0, |slash| slash + 1)..];
        for rule in &self.0 {
            let matches = || rule.matches(&whole, base);
            let skipped = rule.folders_only && !is_folder;
            if rule.negated {
                if skipped || !matches() {
                    return true;
                }
            } else if !skipped && matches() {
                return true;
            }
        }
        false
    }
}

impl Rule {
    /// `None` for an empty line and a comment.
    fn parse(line: &str) -> Result<Option<Self>, String> {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        if text.contains("**") {
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        // Helm quirk: the syntax is checked before the prefixes are removed.
        Pattern::parse(text).ok_or("syntax error in pattern")?;
        let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (folders_only, text) = text.strip_suffix('/').map_or((false, text), |rest| (true, rest));
        let (base_name, text) = match text.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!text.contains('/'), text),
        };
        Ok(Some(Self { pattern: Pattern::parse(text), negated, folders_only, base_name }))
    }

    /// Whether it matches a path, or the last element of the path.
    fn matches(&self, whole: &[char], base: &[char]) -> bool {
        let subject = if self.base_name { base } else { whole };
        self.pattern.as_ref().is_some_and(|pattern| pattern.matches(subject))
    }
}

/// A pattern of Go's `path.Match`: `*.txt`, `dir/?`, `[^a-c]*`; it matches the whole text.
#[derive(Debug)]
struct Pattern(Vec<Part>);

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
    fn parse(text: &str) -> Option<Self> {
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

    fn matches(&self, text: &[char]) -> bool {
        let (mut part, mut at) = (0, 0);
        // Where to continue after the last `*` if the rest does not match here.
        let mut last_run = None;
        loop {
            let fits = match self.0.get(part) {
                Some(Part::Run) => {
                    part += 1;
                    last_run = Some((part, at));
                    continue;
                }
                None => at == text.len(),
                Some(part) => text.get(at).is_some_and(|&character| part.fits(character)),
            };
            match (fits, last_run) {
                (true, _) if part == self.0.len() => return true,
                (true, _) => (part, at) = (part + 1, at + 1),
                (false, Some((after, start))) if text.get(start).is_some_and(|&skipped| skipped != '/') => {
                    last_run = Some((after, start + 1));
                    (part, at) = (after, start + 1);
                }
                (false, _) => return false,
            }
        }
    }
}

impl Part {
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
    use super::{Pattern, Rules};

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

    #[test]
    fn rules_decide_in_order() {
        let ignored =
            |rules: &str, path: &str, is_folder| Rules::parse(rules.as_bytes()).unwrap().ignore(path, is_folder);
        assert!(ignored("*.txt\n", "dir/a.txt", false));
        assert!(!ignored("/a.txt", "dir/a.txt", false));
        assert!(ignored(" sub/ \r\n", "dir/sub", true));
        assert!(!ignored("sub/", "dir/sub", false));
        assert!(!ignored("# *\n\n\\#x", "x", false));
        assert!(ignored("!a.txt", "Chart.yaml", false), "a negated rule leaves out all else");
        assert!(!ignored("!a.txt", "a.txt", false));
        assert!(ignored("", "templates/.x", false) && !ignored("", "templates/sub/.x", false));
        assert!(Rules::parse(b"a/**/b").is_err());
    }
}
