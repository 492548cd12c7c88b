//! Lines of a log that CI systems take for commands.
//!
//! Source: GitHub, "Workflow commands for GitHub Actions": leading white space is trimmed, and text is compared as it is
//! displayed; Microsoft, "Logging commands"; JetBrains, "Service messages"; GitLab, "Job logs"; Buildkite, "Managing log
//! output".

/// Invisible characters do not count when text is compared as displayed.
fn seen(text: &str) -> String {
    let is_ignored = |c: char| {
        c.is_control() && !c.is_whitespace()
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{61C}')
    };
    text.chars().filter(|c| !is_ignored(*c)).collect()
}

pub(super) fn github_v1(line: &str) -> Option<String> {
    let line = seen(line);
    let inside = line.split_once("##[")?.1.split_once(']')?.0;
    let name = inside.split(' ').next().unwrap_or_default();
    (!name.is_empty()).then(|| name.to_owned())
}

pub(super) fn github_v2(line: &str) -> Option<(String, String, String)> {
    let line = seen(line);
    let rest = line.trim_start().strip_prefix("::")?;
    let (command, data) = rest.split_once("::")?;
    let (name, properties) = command.split_once(' ').unwrap_or((command, ""));
    // The command names of a runner consist of letters and hyphens.
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    is_name.then(|| (name.to_owned(), properties.to_owned(), data.to_owned()))
}

/// Azure accepts `##vso[area.event properties]` anywhere in a line, and displays `##[group]` as its own.
pub(super) fn azure(line: &str) -> bool {
    let line = seen(line).to_ascii_lowercase();
    ["##vso[", "##["].iter().any(|begin| line.split_once(begin).is_some_and(|(_, rest)| rest.contains(']')))
}

/// TeamCity accepts service messages anywhere in a line.
pub(super) fn team_city(line: &str) -> bool {
    line.contains("##teamcity[")
}

/// GitLab folds its log at these; Buildkite does so for lines that begin with these.
pub(super) fn folds(line: &str) -> bool {
    let marked = ["section_start:", "section_end:"]
        .iter()
        .any(|mark| line.split_once(mark).is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit())));
    marked || ["--- ", "+++ ", "~~~ ", "^^^ "].iter().any(|mark| line.starts_with(mark))
}
