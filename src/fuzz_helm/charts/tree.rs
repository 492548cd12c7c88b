//! [`Tree`]: the charts of a case, with their dependencies.

use super::case::CHART;
use super::node::{KEYS, Node};
use crate::fuzz_helm::literals::yaml_quote;
use crate::fuzz_helm::random::Random;

const NAMES: &[&str] = &["sub", "web", "db", "lib", "x-y", "Cap", "a1", "a.b", "common"];
/// Keys for `import-values` and `exports`.
const PATHS: &[&str] = &["data", "x", "m.a", "exports.data", "global", "a", "default.m", "."];

/// A chart with its subcharts.
pub(crate) struct Tree {
    /// Its folder in the folder of the case.
    pub(crate) folder: String,
    pub(crate) name: String,
    /// Its names in the parent chart.
    pub(crate) keys: Vec<String>,
    pub(crate) children: Vec<Tree>,
    /// Chart.yaml.
    pub(crate) metadata: String,
    /// requirements.yaml, for a chart with `apiVersion: v1`.
    pub(crate) requirements: Option<String>,
}

impl Tree {
    /// A random tree.
    pub(crate) fn new(random: &mut Random) -> Self {
        let name = if random.percent(90) { CHART } else { random.pick(&["app", "C-1", "x.y", "sub"]) };
        Self::chart(random, CHART.to_owned(), name.to_owned(), 0)
    }

    /// The chart and all its subcharts, parents first.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Self::all));
        all
    }

    fn chart(random: &mut Random, folder: String, name: String, depth: usize) -> Self {
        let count = match depth {
            0 => [0, 1, 1, 2, 2, 3][random.below(6)],
            1 => [0, 0, 0, 1, 2][random.below(5)],
            _ => usize::from(random.percent(10)),
        };
        let start = random.below(NAMES.len());
        let mut children = Vec::new();
        for at in 0..count {
            let name = NAMES[(start + at * 2) % NAMES.len()];
            let place = if random.percent(90) { name.to_owned() } else { format!("{name}-0.1.0") };
            children.push(Self::chart(random, format!("{folder}/charts/{place}"), name.to_owned(), depth + 1));
        }
        let library = depth > 0 && (name == "common" || random.percent(6));
        let mut dependencies = String::new();
        // Helm processes undeclared subcharts in random order.
        let mut undeclared = false;
        let mut used = Vec::new();
        for child in &mut children {
            if !undeclared && random.percent(6) {
                undeclared = true;
                child.keys.push(child.name.clone());
                continue;
            }
            let times = if random.percent(10) { 2 } else { 1 };
            for time in 0..times {
                let (text, key) = dependency(random, &child.name, time > 0);
                if used.contains(&key) && !random.percent(2) {
                    continue;
                }
                used.push(key.clone());
                dependencies.push_str(&text);
                child.keys.push(key);
            }
        }
        if random.percent(1) {
            dependencies.push_str(&dependency(random, "missing", false).0);
        }
        let first = random.percent(4);
        let mut metadata = metadata(random, &name, library, first);
        let mut requirements = None;
        if !dependencies.is_empty() {
            let list = format!("dependencies:\n{dependencies}");
            if first || random.percent(1) { requirements = Some(list) } else { metadata.push_str(&list) }
        }
        Self { folder, name, keys: Vec::new(), children, metadata, requirements }
    }

    /// Values for a values file of the chart, or of a user.
    pub(crate) fn values(&self, random: &mut Random, user: bool) -> Node {
        let start = random.below(KEYS.len());
        let count = random.below(if user { 5 } else { 8 });
        let mut entries: Vec<(String, Node)> = (0..count)
            .map(|at| {
                let key = KEYS[(start + at * 4) % KEYS.len()];
                let null = user && random.percent(15);
                let node = match key {
                    _ if null => Node::null(),
                    "m" if random.percent(80) => Node::map(random, 2),
                    "enabled" if random.percent(80) => boolean(random),
                    "s" if random.percent(50) => Node::template(random),
                    _ => Node::any(random, 2),
                };
                (key.to_owned(), node)
            })
            .collect();
        if random.percent(40) {
            entries.push(("global".to_owned(), global(random)));
        }
        if random.percent(25) {
            let tags = ["front", "back", "sub", "data"].into_iter().filter(|_| random.percent(50)).collect::<Vec<_>>();
            let tags = tags.into_iter().map(|tag| (tag.to_owned(), boolean(random))).collect();
            entries.push(("tags".to_owned(), Node::Map(tags)));
        }
        if !user && random.percent(45) {
            let exported = |random: &mut Random| {
                if random.percent(90) { Node::map(random, 2) } else { Node::scalar(random) }
            };
            let mut exports = vec![("data".to_owned(), exported(random))];
            if random.percent(50) {
                exports.push(("x".to_owned(), exported(random)));
            }
            entries.push(("exports".to_owned(), Node::Map(exports)));
        }
        for child in &self.children {
            for key in &child.keys {
                if !random.percent(55) || entries.iter().any(|(other, _)| other == key) {
                    continue;
                }
                let node = match random.below(30) {
                    0 if random.percent(25) => Node::null(),
                    1 if random.percent(20) => Node::scalar(random),
                    2 => Node::Map(Vec::new()),
                    _ => child.values(random, true),
                };
                let node = match node {
                    Node::Map(mut entries) if random.percent(30) && entries.iter().all(|(key, _)| key != "enabled") => {
                        entries.push(("enabled".to_owned(), boolean(random)));
                        Node::Map(entries)
                    }
                    node => node,
                };
                entries.push((key.clone(), node));
            }
        }
        Node::Map(entries)
    }
}

fn boolean(random: &mut Random) -> Node {
    let odd = random.percent(8);
    let from: &[&str] = if odd { &["null", "\"true\"", "1", "yes", "{}"] } else { &["true", "false"] };
    Node::Scalar(random.pick(from).to_owned())
}

fn global(random: &mut Random) -> Node {
    if random.percent(4) {
        return Node::scalar(random);
    }
    let mut entries = Vec::new();
    for key in ["on", "registry", "m", "a", "sub", "global"] {
        if !random.percent(35) {
            continue;
        }
        let node = match key {
            _ if random.percent(8) => Node::null(),
            "on" => boolean(random),
            "m" | "sub" | "global" if random.percent(85) => Node::map(random, 1),
            _ => Node::any(random, 1),
        };
        entries.push((key.to_owned(), node));
    }
    Node::Map(entries)
}

/// An entry of `dependencies`, and the key of its values.
fn dependency(random: &mut Random, name: &str, again: bool) -> (String, String) {
    let mut out = format!("- name: {name}\n");
    let version = random.pick(&["0.1.0", "0.1.0", ">=0", "~0.1", "*", "0.x.x", "^0.1.0-0"]);
    let version = if random.percent(3) { random.pick(&["9.9.9", "^2", "bad", "", ">0.1.0"]) } else { version };
    out.push_str(&format!("  version: {}\n", yaml_quote(version)));
    if random.percent(25) {
        let repository = random.pick(&["https://charts.test/x", "file://../sub", "oci://r.test/c", "", "@repo"]);
        out.push_str(&format!("  repository: {}\n", yaml_quote(repository)));
    }
    let mut key = name.to_owned();
    if again || random.percent(12) {
        key = random.pick(&["ali", "other", "Ali-2", "a_b", "data"]).to_owned();
        out.push_str(&format!("  alias: {key}\n"));
    }
    if random.percent(40) {
        let own = format!("{key}.enabled");
        let condition = match random.below(12) {
            0 => "global.on".to_owned(),
            1 => format!("{own},global.on"),
            2 => format!("nope,{own}"),
            3 => "enabled".to_owned(),
            4 => format!(" {own} "),
            5 => "m.a".to_owned(),
            6 => format!("{name}.m.enabled"),
            7 => random.pick(&["", ",", "m..a", ".", "tags.front"]).to_owned(),
            _ => own,
        };
        out.push_str(&format!("  condition: {}\n", yaml_quote(&condition)));
    }
    if random.percent(25) {
        let tags = random.pick(&["[front]", "[front, back]", "[back, nope]", "[sub]", "[]", "[data]", "\n  - front"]);
        out.push_str(&format!("  tags: {tags}\n"));
    }
    if random.percent(30) {
        out.push_str("  import-values:\n");
        for _ in 0..=random.below(2) {
            let text = match random.below(8) {
                0..=2 => random.pick(&["data", "x", "data", "nope", "m"]).to_owned(),
                3..=6 => {
                    format!("{{child: {}, parent: {}}}", yaml_quote(random.pick(PATHS)), yaml_quote(random.pick(PATHS)))
                }
                _ => random.pick(&["{child: data}", "{parent: a}", "1", "null", "{child: m, parent: null}"]).to_owned(),
            };
            out.push_str(&format!("  - {text}\n"));
        }
    }
    if random.percent(2) {
        out.push_str(random.pick(&["  enabled: false\n", "  enabled: true\n", "  unknown: 1\n"]));
    }
    (out, key)
}

fn metadata(random: &mut Random, name: &str, library: bool, first: bool) -> String {
    let mut out = String::new();
    out.push_str(if first { random.pick(&["apiVersion: v1\n", "apiVersion: v1\n", ""]) } else { "apiVersion: v2\n" });
    out.push_str(&format!("name: {name}\nversion: 0.1.0\n"));
    if library {
        out.push_str("type: library\n");
    }
    let optional: &[(usize, &str)] = &[
        (30, "appVersion: 1.10\n"),
        (20, "appVersion: \"2.0-x\"\n"),
        (15, "description: |\n  Two lines,\n  of text.\n"),
        (10, "keywords: [a, 1, true, null]\n"),
        (8, "annotations:\n  k: v\n  category: Infrastructure\n"),
        (6, "kubeVersion: \">=1.19.0-0\"\n"),
        (1, "kubeVersion: \"<1.20\"\n"),
        (6, "maintainers:\n- name: A\n  email: a@b.test\n- name: B\n"),
        (5, "sources: [\"https://x.test\"]\nhome: https://h.test\nicon: https://i.test/i.png\n"),
        (3, "deprecated: true\n"),
        (4, "condition: x.y\ntags: \"a,b\"\n"),
        (4, "unknown: {a: 1}\n"),
        (2, "Version: 9.9.9\n"),
    ];
    let mut app = false;
    for (percent, text) in optional {
        let again =
            text.starts_with("appVersion") && app || text.starts_with("kubeVersion") && out.contains("kubeVersion");
        if !again && random.percent(*percent) {
            app |= text.starts_with("appVersion");
            out.push_str(text);
        }
    }
    if !library && random.percent(4) {
        out.push_str("type: application\n");
    }
    out
}
