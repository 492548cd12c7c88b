//! The report as annotations on a pull request: GitHub Actions reads workflow commands from the log.
//!
//! Shape: `::error file=values/prod.yaml,line=8,col=15,title=override-bypasses-mirror::…`. Source: GitHub, "Workflow
//! commands for GitHub Actions". The runner shows ten errors and ten warnings for each step; the log contains all.

use super::location::{ReportLocation, details};
use super::stream::Reports;
use super::{Report, Suppressed, escape, neutral, plain};
use crate::finding::{Finding, Severity};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Writes a command for each finding, and one for the verdict.
pub(crate) fn write(reports: &dyn Reports, out: &mut dyn Write) -> io::Result<()> {
    let mut assumed = BTreeSet::new();
    reports.each(&mut |report| {
        for finding in &report.findings {
            writeln!(out, "{}", command(finding, report, None))?;
        }
        for one in &report.suppressed {
            writeln!(out, "{}", command(&one.finding, report, Some(one)))?;
        }
        assumed.extend(report.assumed_keys.iter().map(|key| report.assumed(key)));
        Ok(())
    })?;
    for text in assumed {
        writeln!(out, "::notice title=airtight::{}", data(&text))?;
    }
    writeln!(out, "::notice title=airtight::{}", data(&reports.totals().verdict()))
}

fn command(finding: &Finding, report: &Report, suppressed: Option<&Suppressed>) -> String {
    let name = match finding.severity {
        _ if suppressed.is_some() => "notice",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    };
    let mut properties = String::new();
    let (primary, _) = ReportLocation::of_finding(finding, report);
    if let Some(at) = primary {
        properties.push_str(&format!("file={},line={}", property(&at.path), at.line));
        properties.push_str(&at.end.map(|(line, _)| format!(",endLine={line}")).unwrap_or_default());
        // Columns are only read if the range is within one line.
        match at.end {
            Some((line, column)) if line == at.line => {
                properties.push_str(&format!(",col={},endColumn={column}", at.column));
            }
            Some(_) => {}
            None => properties.push_str(&format!(",col={}", at.column)),
        }
        properties.push(',');
    }
    let title = format!("{} ({})", finding.rule, report.release.full_name());
    let title = if report.release.name.is_empty() { finding.rule.to_owned() } else { title };
    let title = if suppressed.is_some() { format!("suppressed: {title}") } else { title };
    let why = suppressed.map(|one| format!("suppressed: {}", one.why()));
    let lines: Vec<String> = std::iter::once(finding.message.clone()).chain(why).chain(details(finding)).collect();
    format!("::{name} {properties}title={}::{}", property(&title), data(&lines.join("\n")))
}

/// The text of a command.
fn data(text: &str) -> String {
    // Another runner may read the log, too.
    let text: Vec<String> = plain(text).split('\n').map(|line| neutral(line, escape).into_owned()).collect();
    text.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("100%\n::error::x"), "100%25%0A:\\u{3a}error::x");
        assert_eq!(property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }
}
