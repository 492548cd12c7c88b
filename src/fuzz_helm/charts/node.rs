//! [`Node`]: random values, written in the many forms of YAML.

use crate::fuzz_helm::literals::{text, yaml_number, yaml_quote};
use crate::fuzz_helm::random::Random;

/// A value of a values file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// As written there: numbers, words, quoted texts.
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Keys that occur in the values of all charts, so that they collide.
pub(crate) const KEYS: &[&str] =
    &["a", "b", "m", "l", "s", "n", "enabled", "key-dash", "Upper", "é", "1", "true", "x.y"];

/// Texts that a template may pass to `tpl`.
const TEMPLATES: &[&str] = &[
    "{{ .Release.Name }}-x",
    "{{ .Values.s }}",
    "{{ include \"shared\" . }}",
    "{{ .Chart.Name }}{{ .Values.global | toJson }}",
    "{{ tpl \"{{ .Values.a | toJson }}\" . }}",
    "{{ define \"late\" }}l{{ end }}{{ include \"late\" . }}",
    "{{ .Template.Name }} {{ .Files.Get \"f.txt\" | quote }}",
    "{{ template \"shared\" . }}",
    "{{ .Values.nope.nope }}",
    "{{ range $i, $e := until 3 }}{{ $i }}{{ end }}",
    "{{- $x := 1 -}} {{ $x }}",
    "{{ .Subcharts | keys | sortAlpha | join \",\" }}",
    "{{ block \"blk\" . }}b{{ end }}",
    "{{ fail \"told\" }}",
    "plain {} text",
    "{{ .Capabilities.KubeVersion.Minor }}",
];

impl Node {
    /// A scalar.
    pub(crate) fn scalar(random: &mut Random) -> Self {
        Self::Scalar(match random.below(12) {
            0 | 1 => random.pick(&["true", "false"]).to_owned(),
            2 | 3 => number(random),
            4 => random.pick(&["1", "2", "0", "80", "1e3", "0.5", "-7", "1234567", "0x1f", "010", "1_000"]).to_owned(),
            5 => random.pick(&["null", "~", "", "Null"]).to_owned(),
            6 => random.pick(&["yes", "off", "2020-01-02", "1:30", "'1'", "\"\"", "on"]).to_owned(),
            7 => yaml_quote(&text(random)),
            8 => yaml_quote(random.pick(TEMPLATES)),
            9 => random.pick(&["[]", "{}"]).to_owned(),
            _ => random.pick(&["x", "yy", "nginx", "registry.test/a/b:1", "plain text", "v1.2.3"]).to_owned(),
        })
    }

    /// A template for `tpl`.
    pub(crate) fn template(random: &mut Random) -> Self {
        Self::Scalar(yaml_quote(random.pick(TEMPLATES)))
    }

    /// Null.
    pub(crate) fn null() -> Self {
        Self::Scalar("null".to_owned())
    }

    /// Any value.
    pub(crate) fn any(random: &mut Random, depth: usize) -> Self {
        match random.below(if depth == 0 { 6 } else { 10 }) {
            0..=5 => Self::scalar(random),
            6 => Self::List((0..random.below(4)).map(|_| Self::any(random, depth - 1)).collect()),
            _ => Self::map(random, depth - 1),
        }
    }

    /// A map with the common keys.
    pub(crate) fn map(random: &mut Random, depth: usize) -> Self {
        let start = random.below(KEYS.len());
        let entries = (0..random.below(5)).map(|at| {
            let key = KEYS[(start + at * 3) % KEYS.len()];
            (key.to_owned(), Self::any(random, depth))
        });
        Self::Map(entries.collect())
    }

    /// As a YAML document.
    pub(crate) fn document(&self, random: &mut Random) -> String {
        match self {
            Self::Map(entries) if !entries.is_empty() && random.percent(85) => {
                let mut out = String::new();
                self.block(0, random, &mut out);
                out
            }
            node => format!("{}\n", node.flow(random)),
        }
    }

    /// As JSON, if the value can be written in it.
    pub(crate) fn json(&self) -> serde_json::Value {
        use serde_json::{Value as Json, json};
        match self {
            Self::Scalar(text) => match text.as_str() {
                "null" | "~" | "" | "Null" => Json::Null,
                text => serde_json::from_str(text).unwrap_or_else(|_| json!(text.trim_matches('\''))),
            },
            Self::List(elements) => Json::Array(elements.iter().map(Self::json).collect()),
            Self::Map(entries) => Json::Object(entries.iter().map(|(key, node)| (key.clone(), node.json())).collect()),
        }
    }

    fn flow(&self, random: &mut Random) -> String {
        match self {
            // An empty text is not a value in a list.
            Self::Scalar(text) if text.is_empty() => "null".to_owned(),
            Self::Scalar(text) => text.clone(),
            Self::List(elements) => {
                let elements: Vec<String> = elements.iter().map(|element| element.flow(random)).collect();
                format!("[{}]", elements.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, node)| format!("{}: {}", yaml_key(key, random), node.flow(random)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn block(&self, indent: usize, random: &mut Random, out: &mut String) {
        let Self::Map(entries) = self else { return };
        for (key, node) in entries {
            if random.percent(3) {
                out.push_str(random.pick(&["# a comment\n", "\n", "  \n", "#\n"]));
            }
            out.push_str(&" ".repeat(indent));
            out.push_str(&yaml_key(key, random));
            out.push(':');
            match node {
                Self::Map(entries) if !entries.is_empty() && random.percent(75) => {
                    out.push('\n');
                    node.block(indent + 2, random, out);
                }
                Self::List(elements) if !elements.is_empty() && random.percent(50) => {
                    out.push('\n');
                    let indent = if random.percent(50) { indent } else { indent + 2 };
                    for element in elements {
                        out.push_str(&format!("{}- {}\n", " ".repeat(indent), element.flow(random)));
                    }
                }
                node => {
                    let text = match node {
                        Self::Scalar(text) => text.clone(),
                        node => node.flow(random),
                    };
                    let comment = if random.percent(3) { "  # why" } else { "" };
                    out.push_str(&format!(" {text}{comment}\n"));
                }
            }
        }
    }
}

fn yaml_key(key: &str, random: &mut Random) -> String {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let word = matches!(key, "true" | "1");
    if plain && (!word || random.percent(20)) && random.percent(92) { key.to_owned() } else { yaml_quote(key) }
}

/// A number, rarely one that cannot be written in JSON.
fn number(random: &mut Random) -> String {
    loop {
        let text = yaml_number(random);
        if text.trim_start_matches(['-', '+', '.']).parse::<f64>().is_ok_and(f64::is_finite) || random.below(500) == 0 {
            return text;
        }
    }
}
