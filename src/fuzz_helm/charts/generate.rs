//! [`case`]: a random case, the same for the same seed.

use super::case::{CHART, Case, Flag};
use super::templates::Writer;
use super::tree::Tree;
use crate::fuzz_helm::random::Random;
use std::collections::BTreeMap;

/// A random case.
pub(crate) fn case(random: &mut Random) -> Case {
    let tree = Tree::new(random);
    let mut files = BTreeMap::new();
    write_charts(random, &tree, &mut files);
    if random.percent(15) {
        files.insert(format!("{CHART}/.helmignore"), ignore(random));
    }
    let flags = flags(random, &tree, &mut files);
    let release = random
        .pick(&["rel", "rel", "rel", "rel", "a.b", "x-1", "r", "the-longest-name-of-a-release-that-helm-takes-at-all0"])
        .to_owned();
    Case {
        files: files
            .into_iter()
            .map(|(path, text)| (path, text.into_bytes()))
            .map(|(path, bytes)| dress(random, path, bytes))
            .collect(),
        release,
        flags,
    }
}

fn write_charts(random: &mut Random, tree: &Tree, files: &mut BTreeMap<String, String>) {
    let charts = tree.all();
    for chart in &charts {
        files.insert(format!("{}/Chart.yaml", chart.folder), chart.metadata.clone());
        if let Some(requirements) = &chart.requirements {
            files.insert(format!("{}/requirements.yaml", chart.folder), requirements.clone());
        }
        if random.percent(90) {
            let mut text = chart.values(random, false).document(random);
            if random.percent(4) {
                text.push_str(random.pick(&[
                    "base: &q {a: 1, b: null}\nuse: *q\nmerged: {<<: *q, b: 2}\n",
                    "---\na: second\n",
                    "...\n",
                    "# the end",
                    "a: twice\n",
                    "? complex\n: 1\n",
                ]));
            }
            files.insert(format!("{}/values.yaml", chart.folder), text);
        }
        if random.percent(7) {
            files.insert(format!("{}/values.schema.json", chart.folder), schema(random));
        }
        for path in extra_files(random) {
            files.insert(format!("{}/{path}", chart.folder), content(random));
        }
        if random.percent(12) {
            let path = random.pick(&[
                "crds/a.yaml",
                "crds/b.yml",
                "crds/deep/c.json",
                "crds/_d.yaml",
                "crds/e.txt",
                "crds/F.YAML",
            ]);
            let text = random.pick(&[
                "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a.x.test\n",
                "kind: CustomResourceDefinition\nmetadata:\n  name: {{ .nope }}\n",
                "a: 1\n---\nb: 2\n\n",
                "---\na: 1\n---\n",
                "",
                "{\"kind\": \"X\"}",
            ]);
            files.insert(format!("{}/{path}", chart.folder), text.to_owned());
        }
        if random.percent(6) {
            files.insert(
                format!("{}/charts/{}", chart.folder, random.pick(&["_hidden/x.yaml", ".dot/Chart.yaml", "x.prov"])),
                "a: 1\n".to_owned(),
            );
        }
    }
    let mut writer = Writer::new(random);
    let mut more = Vec::new();
    for chart in &charts {
        // Not every chart has helpers.
        if writer.below(100) < if chart.folder == CHART { 97 } else { 70 } {
            more.push((format!("{}/templates/_helpers.tpl", chart.folder), writer.helpers(chart, "h")));
        }
        if writer.below(100) < 20 {
            more.push((format!("{}/templates/sub/_more.tpl", chart.folder), writer.helpers(chart, "m")));
        }
    }
    for chart in &charts {
        let names = [
            "a.yaml",
            "b.yaml",
            "sub/c.yaml",
            "z.yml",
            "tests/t.yaml",
            "_d/e.yaml",
            "no-extension",
            "j.json",
            "odd name.yaml",
            ".hidden.yaml",
            "win\\dow.yaml",
            "t.tpl",
        ];
        let count = 1 + writer.below(if chart.children.is_empty() { 2 } else { 3 });
        let start = writer.below(names.len());
        let spread = if writer.below(3) == 0 { start } else { 0 };
        for at in 0..count {
            let name = names[(spread + at) % names.len()];
            more.push((format!("{}/templates/{name}", chart.folder), writer.manifests(chart)));
        }
        if writer.below(5) == 0 {
            more.push((format!("{}/templates/NOTES.txt", chart.folder), writer.notes(chart)));
        }
        if writer.below(25) == 0 {
            more.push((format!("{}/templates/empty.yaml", chart.folder), String::new()));
        }
    }
    files.extend(more);
}

fn extra_files(random: &mut Random) -> Vec<&'static str> {
    const PATHS: &[&str] = &[
        "f.txt",
        "conf/a.properties",
        "conf/b.json",
        "conf/deep/c.txt",
        "é.txt",
        "bin.dat",
        "crlf.txt",
        "README.md",
        "LICENSE",
        "sp ace.txt",
        "conf/.dot",
        "conf\\win.txt",
        "ci/values.yaml",
        "values.yml",
        "Chart.lock",
        "templates.txt",
    ];
    let count = [0, 0, 1, 2, 4][random.below(5)];
    let start = random.below(PATHS.len());
    let mut paths: Vec<&str> = (0..count).map(|at| PATHS[(start + at * 3) % PATHS.len()]).collect();
    paths.retain(|path| *path != "Chart.lock" || random.percent(3));
    paths
}

fn content(random: &mut Random) -> String {
    random
        .pick(&[
            "one\ntwo\n",
            "one line",
            "",
            "a=1\nb=2\n\n",
            "{\"a\": [1, 2]}\n",
            "crlf\r\nlines\r\n",
            "{{ .Release.Name }} of {{ .Chart.Name }}\n",
            "{{ include \"shared\" . }}",
            "tab\there  \n trailing \n",
            "é ü 日本 \u{1f600}\n",
            "a: 1\nb: [x]\n",
            "---\n",
            "\n",
            "\u{feff}bom\n",
            "\0nul\u{1}\n",
            "quote \" and \\ back\n",
            "a: b: c\n",
        ])
        .to_owned()
}

fn ignore(random: &mut Random) -> String {
    let mut out = String::new();
    for _ in 0..=random.below(3) {
        out.push_str(random.pick(&[
            "# comment\n",
            "\n",
            "*.txt\n",
            "conf/\n",
            "/f.txt\n",
            "conf/*\n",
            "templates/b.yaml\n",
            "b.yaml\n",
            "charts/\n",
            "charts/sub\n",
            "README.md\r\n",
            "  LICENSE  \n",
            "*.dat\n",
            "[a-c].yaml\n",
            "sub/\n",
            "sub\n",
            "crds/\n",
            "values.schema.json\n",
            "?.yaml\n",
            "_helpers.tpl\n",
            "x/*/y\n",
            "\\#x\n",
            "é.txt\n",
            ".helmignore\n",
        ]));
    }
    if random.percent(3) {
        out.push_str(random.pick(&["!f.txt\n", "a/**\n", "[\n", "values.yaml\n", "*\n", "/\n", "Chart.yaml\n"]));
    }
    out
}

fn schema(random: &mut Random) -> String {
    random
        .pick(&[
            "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}}",
            "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"required\": [\"n\"]}",
            "{\"properties\": {\"m\": {\"type\": [\"object\", \"null\"]}, \"global\": {\"type\": \"object\"}}}",
            "{\"properties\": {\"n\": {\"minimum\": 2}}}",
            "{\"additionalProperties\": {\"type\": [\"string\", \"object\", \"number\", \"array\", \"boolean\"]}}",
            "{\"properties\": {\"l\": {\"items\": {\"type\": \"string\"}, \"maxItems\": 2}}}",
            "{\"properties\": {\"s\": {\"enum\": [\"x\", \"yy\", null]}}}",
            "{\"properties\": {\"b\": {\"pattern\": \"^[a-z]+$\"}}}",
            "{\"properties\": {\"a\": {\"$ref\": \"#/definitions/t\"}}, \"definitions\": {\"t\": {\"type\": \"integer\"}}}",
            "true",
            "{}",
            "{\"not\": {\"required\": [\"key-dash\"]}}",
            "{\"properties\": {\"enabled\": {\"const\": true}}}",
        ])
        .to_owned()
}

/// Removes or adds text that editors remove or add in files.
fn dress(random: &mut Random, path: String, mut bytes: Vec<u8>) -> (String, Vec<u8>) {
    if path.ends_with("bin.dat") {
        bytes.extend_from_slice(b"\xff\xfe\x00\xc3(\xe2\x82");
    }
    match random.below(100) {
        0 | 1 => {
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\n', "\r\n");
            if !path.ends_with("bin.dat") {
                bytes = text.into_bytes();
            }
        }
        2 => drop(bytes.splice(0..0, *b"\xef\xbb\xbf")),
        3 => {
            while bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
        }
        4 if random.percent(20) => bytes.clear(),
        5 if random.percent(20) => bytes.push(b'\t'),
        _ => {}
    }
    (path, bytes)
}

fn flags(random: &mut Random, tree: &Tree, files: &mut BTreeMap<String, String>) -> Vec<Flag> {
    let mut flags = Vec::new();
    for number in 0..[0, 1, 1, 2, 3][random.below(5)] {
        let mut text = tree.values(random, true).document(random);
        if random.percent(3) {
            text = random
                .pick(&[
                    "",
                    "# nothing\n",
                    "null\n",
                    "---\n",
                    "{}\n",
                    "a: b: c\n",
                    "- a\n",
                    "a: 1\n---\nb: 2\n",
                    "text\n",
                ])
                .to_owned();
        }
        files.insert(format!("v{number}.yaml"), text);
        flags.push(Flag::with("-f", format!("@/v{number}.yaml")));
    }
    if random.percent(12) {
        let values = tree.values(random, true);
        flags.push(Flag::with("--set-json", values.json().to_string()));
    }
    for _ in 0..[0, 0, 0, 1, 2][random.below(5)] {
        let path = set_path(random, tree);
        let value = random
            .pick(&["v", "true", "null", "1", "", "{a,b}", "a\\,b", "x=y", "{}", "é", "[]", "0123", "a b", "\"q\""]);
        flags.push(Flag::with("--set-string", format!("{path}={value}")));
    }
    if random.percent(6) {
        let path = set_path(random, tree);
        let value = random.pick(&["v", "a,b", "a=b", "\\", "null", ""]);
        flags.push(Flag::with("--set-literal", format!("{path}={value}")));
    }
    if random.percent(6) {
        let path = set_path(random, tree);
        files.insert("set.txt".to_owned(), content(random));
        flags.push(Flag::with("--set-file", format!("{path}=@/set.txt")));
    }
    if random.percent(5) {
        for _ in 0..=random.below(2) {
            let path = set_path(random, tree);
            if random.percent(75) {
                let value = random.pick(&[
                    "v",
                    "true",
                    "null",
                    "1",
                    "",
                    "{a,b}",
                    "{1,null}",
                    "1.5",
                    "0x10",
                    "-1",
                    "99999999999999999999",
                    "a\\,b",
                    "010",
                ]);
                flags.push(Flag::with("--set", format!("{path}={value}")));
            } else {
                let value =
                    random.pick(&["1", "null", "[1,\"a\",{\"b\":null}]", "{\"a\":1}", "\"x\"", "1.0", "{", "{}"]);
                flags.push(Flag::with("--set-json", format!("{path}={value}")));
            }
        }
    }
    for (percent, flag) in [
        (25, Flag::alone("--include-crds")),
        (10, Flag::alone("--is-upgrade")),
        (5, Flag::alone("--no-hooks")),
        (5, Flag::alone("--skip-tests")),
        (8, Flag::with("--api-versions", "x.test/v1")),
        (3, Flag::with("--api-versions", "y.test/v1/Widget")),
    ] {
        if random.percent(percent) {
            flags.push(flag);
        }
    }
    if random.percent(10) {
        let version = random.pick(&["1.20", "v1.31.2", "1.27.3-eks-1", "1.19.0", "1.30+", "v1.28.0-rc.1+b"]);
        flags.push(Flag::with("--kube-version", version));
    }
    if random.percent(12) {
        flags.push(Flag::with("--namespace", random.pick(&["ns-1", "kube-system", "a", "prod.x"])));
    }
    if random.percent(5) {
        flags.push(Flag::with(
            "--show-only",
            random.pick(&[
                "templates/a.yaml",
                "templates/*.yaml",
                "templates/b.yaml",
                "charts/*/templates/a.yaml",
                "templates/sub/c.yaml",
            ]),
        ));
    }
    flags
}

/// The paths that `--set` and similar flags set.
fn set_path(random: &mut Random, tree: &Tree) -> String {
    let own = random.pick(&[
        "a",
        "b",
        "m.a",
        "m.b.c",
        "l[0]",
        "l[2]",
        "l[0].x",
        "enabled",
        "s",
        "n",
        "global.on",
        "global.m.a",
        "key-dash",
        "x\\.y",
        "tags.front",
        "m",
        "é",
        "exports.data.a",
        "global",
        "l",
    ]);
    match tree.children.first().and_then(|child| child.keys.first()) {
        Some(key) if random.percent(40) => format!("{}.{own}", key.replace('.', "\\.")),
        _ => own.to_owned(),
    }
}
