//! `.helmignore`: which files of a chart folder are not part of the chart.

use super::budget::Budget;
use crate::error::Error;
use crate::glob::path::Pattern;

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

/// The largest `.helmignore` that is read: far more than anybody writes.
pub(super) const BYTES: u64 = 1 << 20;

/// The longest line that helm's scanner accepts.
const LINE_BYTES: usize = 64 << 10;

impl Rules {
    /// The rules of a `.helmignore` (empty if there is none), followed by the built-in one.
    ///
    /// Errors are helm's: `syntax error in pattern`, `double-star (**) syntax is not supported`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        if text.len() as u64 > BYTES {
            return Err(Error::limit(format!(".helmignore has more than {BYTES} bytes")));
        }
        let text = String::from_utf8_lossy(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
        let mut rules = Vec::new();
        for line in text.split('\n') {
            if line.len() >= LINE_BYTES {
                return Err(Error::chart("bufio.Scanner: token too long"));
            }
            rules.extend(Rule::parse(line)?);
        }
        rules.extend(Rule::parse("templates/.?*")?);
        Ok(Self(rules))
    }

    /// Whether the rules exclude a path, which is relative to the chart and uses `/`.
    ///
    /// Helm quirk: the first rule that applies decides, and a negated rule excludes everything that it does not match.
    ///
    /// Errors name the limit that comparing all paths of the chart exceeds.
    pub(super) fn ignore(&self, path: &str, is_folder: bool, budget: &mut Budget<'_>) -> Result<bool, Error> {
        let ignored = self.ignore_within(path, is_folder, &mut budget.ignore_steps);
        ignored.ok_or_else(|| budget.out_of_ignore_steps())
    }

    /// The same; `None` if too few steps are left.
    fn ignore_within(&self, path: &str, is_folder: bool, steps_left: &mut u64) -> Option<bool> {
        let whole: Vec<char> = path.chars().collect();
        let base = &whole[whole.iter().rposition(|&character| character == '/').map_or(0, |slash| slash + 1)..];
        for rule in &self.0 {
            let skipped = rule.folders_only && !is_folder;
            let matches = !skipped && rule.matches(&whole, base, steps_left)?;
            if rule.negated != matches {
                return Some(true);
            }
        }
        Some(false)
    }
}

impl Rule {
    /// `None` for an empty line and a comment.
    fn parse(line: &str) -> Result<Option<Self>, Error> {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        if text.contains("**") {
            return Err(Error::chart("double-star (**) syntax is not supported"));
        }
        // Helm quirk: the syntax is checked before the prefixes are removed.
        Pattern::parse(text).ok_or_else(|| Error::chart("syntax error in pattern"))?;
        let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (folders_only, text) = text.strip_suffix('/').map_or((false, text), |rest| (true, rest));
        let (base_name, text) = match text.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!text.contains('/'), text),
        };
        Ok(Some(Self { pattern: Pattern::parse(text), negated, folders_only, base_name }))
    }

    /// Whether it matches a path, or the last element of the path; `None` if too few steps are left.
    fn matches(&self, whole: &[char], base: &[char], steps_left: &mut u64) -> Option<bool> {
        let subject = if self.base_name { base } else { whole };
        let Some(pattern) = &self.pattern else { return Some(false) };
        pattern.matches_within(subject, steps_left)
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    #[test]
    fn rules_decide_in_order() {
        let ignored = |rules: &str, path: &str, is_folder| {
            let rules = Rules::parse(rules.as_bytes()).unwrap();
            rules.ignore_within(path, is_folder, &mut 1000).unwrap()
        };
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
