//! The text of a first `airtight.yaml`, from what a folder holds.

use std::fmt::Write as _;

/// A release that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Path of the chart.
    pub chart: String,
    /// Its namespace, where that was found.
    pub namespace: Option<String>,
    /// Values files.
    pub values: Vec<String>,
    /// Environments with the values files each adds.
    pub environments: Vec<(String, Vec<String>)>,
    /// Where it was found, `helmfile.yaml`; empty for a folder with a chart.
    pub from: String,
}

/// The text of the file.
pub fn text(mirror: Option<&str>, releases: &[Found]) -> String {
    let mut out =
        String::from("# What is installed from here, and where its images have to come from (`airtight lint`).\n");
    match mirror {
        Some(mirror) => {
            let _ = writeln!(out, "mirror: {}", scalar(mirror));
        }
        None => out.push_str("mirror: mirror.internal # your private registry\n"),
    }
    out.push_str("\nreleases:\n");
    for release in releases {
        if !release.from.is_empty() {
            let _ = writeln!(out, "  # {}", release.from);
        }
        let _ = writeln!(out, "  - name: {}\n    chart: {}", scalar(&release.name), scalar(&release.chart));
        if let Some(namespace) = &release.namespace {
            let _ = writeln!(out, "    namespace: {}", scalar(namespace));
        }
        if !release.values.is_empty() {
            let _ = writeln!(out, "    values: {}", list(&release.values));
        }
        if !release.environments.is_empty() {
            out.push_str("    environments:\n");
            for (name, values) in &release.environments {
                let _ = writeln!(out, "      {}:\n        values: {}", scalar(name), list(values));
            }
        }
    }
    out
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| scalar(item)).collect::<Vec<_>>().join(", "))
}

/// A text as YAML: in quotes unless it is plain beyond doubt.
fn scalar(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["yes", "no", "on", "off", "true", "false", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FILE_NAME};
    use crate::source::File;

    #[test]
    fn odd_names_are_written_so_that_they_are_read() {
        let found = Found {
            name: "on".to_owned(),
            chart: "charts/it's: a #1".to_owned(),
            namespace: Some("1.0".to_owned()),
            environments: vec![("no".to_owned(), vec!["a, b.yaml".to_owned()])],
            ..Found::default()
        };
        let config = Config::parse(&File::new(FILE_NAME, text(None, &[found])), "").expect("it can be read");
        let entry = &config.releases[0].entry;
        assert_eq!((entry.full_name().as_str(), entry.chart.as_str()), ("on/no", "charts/it's: a #1"));
        assert_eq!((entry.namespace.as_deref(), entry.values.as_slice()), (Some("1.0"), &["a, b.yaml".to_owned()][..]));
    }
}
