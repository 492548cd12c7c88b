//! The cases of `testdata/bounds/NAME.toml`: charts in which `{*N|x*}` is N times `x`. The tests run them as they are,
//! `benches/bounds.rs` a hundred times as large.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cases {
    pub case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What is hostile about it.
    pub name: String,
    #[serde(default)]
    pub template: String,
    #[serde(default)]
    pub values: String,
    #[serde(default)]
    pub schema: String,
    /// More files of the chart.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The values file of the user, given with `-f`.
    #[serde(default)]
    pub user: String,
    /// The stdin of `lint`, instead of the chart; no other command is run then.
    #[serde(default)]
    pub stdin: String,
    /// Files next to the chart.
    #[serde(default)]
    pub beside: BTreeMap<String, String>,
    /// Further arguments of `lint`.
    #[serde(default)]
    pub lint: Vec<String>,
    /// The `--limit` flags of each run, after [`LIMITS`].
    #[serde(default)]
    pub limits: Vec<String>,
    /// The message about the exceeded limit; empty if no limit is exceeded.
    #[serde(default)]
    pub limit: String,
    /// The commands to run; empty for all.
    #[serde(default)]
    pub commands: Vec<String>,
    /// The commands that come to the limit, where others end within their bounds.
    #[serde(default)]
    pub limited: Vec<String>,
}

/// All commands.
pub(crate) const COMMANDS: [&str; 4] = [
    "template rel chart",
    "lint chart --no-config --mirror mirror.internal",
    "images chart --no-config",
    "blame chart --no-config",
];

impl Case {
    /// Writes the chart and the other files into a folder.
    pub(crate) fn write(&self, folder: &Path, times: usize) {
        let write = |path: &str, text: &str| {
            if !text.is_empty() {
                write(&folder.join(path), &repeated(text, times));
            }
        };
        write("chart/Chart.yaml", "{apiVersion: v2, name: app, version: 1.0.0}\n");
        write("chart/templates/a.yaml", &self.template);
        write("chart/values.yaml", &self.values);
        write("chart/values.schema.json", &self.schema);
        self.files.iter().for_each(|(path, text)| write(&format!("chart/{path}"), text));
        self.beside.iter().for_each(|(path, text)| write(path, text));
        write("user.yaml", &self.user);
    }

    /// The stdin.
    pub(crate) fn input(&self, times: usize) -> String {
        repeated(&self.stdin, times)
    }

    /// The commands to run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &'static str> {
        COMMANDS.into_iter().filter(|command| {
            let is_wanted = self.commands.is_empty() || self.commands.iter().any(|name| command.starts_with(name));
            is_wanted && (self.stdin.is_empty() || command.starts_with("lint"))
        })
    }

    /// The arguments of a run of one of [`COMMANDS`].
    pub(crate) fn args(&self, command: &str) -> Vec<String> {
        let is_piped = !self.stdin.is_empty();
        let mut args = vec!["airtight".to_owned()];
        args.extend(command.split(' ').map(|arg| if is_piped && arg == "chart" { "-" } else { arg }.to_owned()));
        if !self.user.is_empty() {
            args.extend(["-f", "user.yaml"].map(str::to_owned));
        }
        if command.starts_with("lint") {
            args.extend(self.lint.iter().cloned());
        }
        args
    }
}

/// Expands `{*N|x*}` to N times `x`, with the number of each in place of `{#}`, and `{*N*}` to N; all N are multiplied.
fn repeated(text: &str, times: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{*") {
        out.push_str(&rest[..start]);
        let (inside, after) = rest[start + 2..].split_once("*}").expect("{*N|text*}");
        rest = after;
        let Some((count, what)) = inside.split_once('|') else {
            out.push_str(&(inside.parse::<usize>().expect("a number") * times).to_string());
            continue;
        };
        let count = count.parse::<usize>().expect("a number") * times;
        match what.contains("{#}") {
            true => (0..count).for_each(|number| out.push_str(&what.replace("{#}", &number.to_string()))),
            false => out.push_str(&what.repeat(count)),
        }
    }
    out + rest
}

fn write(path: &Path, text: &str) {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder can be made");
    }
    std::fs::write(path, text).expect("a file can be written");
}
