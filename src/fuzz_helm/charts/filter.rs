//! Differences that airtight does not need to fix, each with its reason.

use super::case::Case;
use crate::fuzz_helm::answer::Answer;

/// Why the server cannot run a case, although its tool has all of the flags.
pub(crate) fn not_for_server(case: &Case) -> Option<&'static str> {
    let metadata = case.files.get("c/Chart.yaml").map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if metadata.is_some_and(|text| text.contains("type: library")) {
        return Some("it renders a library chart, which the command refuses");
    }
    None
}

/// Why an answer of airtight does not count.
pub(crate) fn not_ours(ours: &Answer) -> Option<&'static str> {
    match ours {
        Answer::Error(message) if message.contains("(--limit ") => Some("past our limits, where helm has none"),
        _ => None,
    }
}

/// Why a difference is known; docs/differences.md lists it.
pub(crate) fn known(case: &Case) -> Option<&'static str> {
    let odd_name = case.files.keys().any(|path| !path.is_ascii());
    let globs = |text: &str| text.split(".Glob \"").skip(1).any(|rest| rest.split('"').next().is_some_and(is_fancy));
    if odd_name && case.files.values().any(|bytes| std::str::from_utf8(bytes).is_ok_and(globs)) {
        return Some(
            "helm's glob library misses names with characters of several bytes; a later one, in the server, does not",
        );
    }
    None
}

fn is_fancy(pattern: &str) -> bool {
    pattern.contains(['{', '[', '?'])
}
