//! The text of a first `airtight.yaml`, from the content of a folder.

use std::fmt::Write as _;

/// A release that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoundRelease {
    /// Its name.
    pub name: String,
    /// Path of the chart.
    pub chart: String,
    /// Its namespace, if found.
    pub namespace: Option<String>,
    /// Values files.
    pub values: Vec<String>,
    /// Environments, each with its additional values files.
    pub environments: Vec<(String, Vec<String>)>,
    /// Where it was found, `helmfile.yaml`; empty for a folder with a chart.
    pub from: String,
    /// Assignments, in the form of the keys of airtight.yaml.
    pub set: Vec<String>,
    /// Assignments of strings.
    pub set_string: Vec<String>,
    /// Inline values.
    pub set_json: Vec<String>,
    /// Assignments of files.
    pub set_file: Vec<String>,
    /// Kubernetes version.
    pub kube_version: Option<String>,
    /// API versions.
    pub api_versions: Vec<String>,
    /// Whether schema validation is skipped.
    pub skip_schema_validation: bool,
    /// Whether missing values files count as empty.
    pub drops_missing: bool,
    /// A chart that is not in this folder, or may not be, for messages.
    pub remote: Option<String>,
    /// Parts that airtight.yaml cannot express; with such a part the release is incomplete.
    pub left_out: Vec<String>,
}

/// Replaces an action of a template that was removed to parse the rest.
pub(crate) const ACTION: &str = "<template>";

/// The name of a values file in place of a part that was left out: no such file exists, so the release cannot be checked
/// until somebody replaces it.
const LEFT_OUT: &str = "LEFT OUT: ";

impl FoundRelease {
    /// Adds inline values; `what` names them if JSON cannot express them.
    pub(crate) fn add_inline(&mut self, values: Option<String>, what: &str) {
        match values {
            Some(values) => self.set_json.push(values),
            None => self.left_out.push(format!("`{what}` with numbers that JSON cannot express")),
        }
    }

    /// Leaves out what another tool still fills in, `{{ .Environment.Name }}` or `${cluster}`, and records it.
    pub(crate) fn leave_out_placeholders(&mut self, filler: &str) {
        let is_open = |text: &String| text.contains("{{") || text.contains("${") || text.contains(ACTION);
        let mut open: Vec<String> =
            [&self.name, &self.chart].into_iter().filter(|text| is_open(text)).cloned().collect();
        open.extend(self.namespace.take_if(|text| is_open(text)).map(|text| format!("the namespace {text}")));
        open.extend(self.values.extract_if(.., |text| is_open(text)));
        // Values may be secrets: only their keys are reported.
        let key = |assignment: String| assignment.split('=').next().unwrap_or_default().to_owned();
        for list in [&mut self.set, &mut self.set_string, &mut self.set_file] {
            open.extend(list.extract_if(.., |text| is_open(text)).map(key));
        }
        let inline = self.set_json.extract_if(.., |text| is_open(text)).count();
        open.extend((inline > 0).then(|| "inline values".to_owned()));
        self.left_out.extend(open.into_iter().map(|text| format!("{text}: filled in by {filler}")));
    }
}

/// The text of the file; `elsewhere` lists what is installed from here but cannot be a release here.
pub(crate) fn text(mirror: Option<&str>, releases: &[FoundRelease], elsewhere: &[String]) -> String {
    let mut out = String::from(
        "# What is installed from here, and the mirror that its images must come from (`airtight lint`).\n",
    );
    match mirror {
        Some(mirror) => {
            let _ = writeln!(out, "mirror: {}", scalar(mirror));
        }
        None => out.push_str("mirror: mirror.internal # your private registry\n"),
    }
    out.push_str("\nreleases:\n");
    for release in releases {
        if !release.from.is_empty() {
            let _ = writeln!(out, "  # from {}", line(&release.from));
        }
        for part in &release.left_out {
            let _ = writeln!(out, "  # left out: {}", line(part));
        }
        let _ = writeln!(out, "  - name: {}\n    chart: {}", scalar(&release.name), scalar(&release.chart));
        if let Some(namespace) = &release.namespace {
            let _ = writeln!(out, "    namespace: {}", scalar(namespace));
        }
        // No path of the file has the placeholders of templates.
        let plain = |part: &str| line(part).replace('"', "'").replace("{{", "<").replace("}}", ">").replace("${", "<");
        let open = release.left_out.iter().map(|part| format!("{LEFT_OUT}{}", plain(part)));
        let values: Vec<String> = release.values.iter().cloned().chain(open).collect();
        let lists = [
            ("values", &values),
            ("set", &release.set),
            ("set_string", &release.set_string),
            ("set_json", &release.set_json),
            ("set_file", &release.set_file),
            ("api_versions", &release.api_versions),
        ];
        for (key, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
            let _ = writeln!(out, "    {key}: {}", list(items));
        }
        if let Some(version) = &release.kube_version {
            let _ = writeln!(out, "    kube_version: {}", scalar(version));
        }
        if release.skip_schema_validation {
            out.push_str("    skip_schema_validation: true\n");
        }
        if !release.environments.is_empty() {
            out.push_str("    environments:\n");
            for (name, values) in &release.environments {
                match values.is_empty() {
                    true => {
                        let _ = writeln!(out, "      {}: {{}}", scalar(name));
                    }
                    false => {
                        let _ = writeln!(out, "      {}:\n        values: {}", scalar(name), list(values));
                    }
                }
            }
        }
    }
    if !elsewhere.is_empty() {
        out.push_str("\n# Left out, and not checked:\n");
    }
    for one in elsewhere {
        let _ = writeln!(out, "# - {}", line(one));
    }
    out
}

/// A text on a single line.
fn line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| scalar(item)).collect::<Vec<_>>().join(", "))
}

/// A text as YAML: in quotes unless it is certainly a plain string.
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
        let found = FoundRelease {
            name: "on".to_owned(),
            chart: "charts/it's: a #1".to_owned(),
            namespace: Some("1.0".to_owned()),
            environments: vec![("no".to_owned(), vec!["a, b.yaml".to_owned()])],
            ..FoundRelease::default()
        };
        let config = Config::parse(&File::new(FILE_NAME, text(None, &[found], &[])), "").expect("it can be read");
        let entry = &config.releases[0].entry;
        assert_eq!((entry.full_name().as_str(), entry.chart.to_string().as_str()), ("on/no", "charts/it's: a #1"));
        assert_eq!((entry.namespace.as_deref(), entry.values.as_slice()), (Some("1.0"), &["a, b.yaml".to_owned()][..]));
    }
}
