//! Releases of helmfile.

use super::{assigned, below, has, inline, list, some, text};
use crate::config::init::FoundRelease;
use crate::yaml::{Data, Node};

/// Fields of a release that change what is installed and that airtight.yaml cannot express.
const OTHERS: &[&str] = &[
    "secrets",
    "valuesTemplate",
    "setTemplate",
    "jsonPatches",
    "strategicMergePatches",
    "transformers",
    "postRenderer",
    "dependencies",
    "inherit",
    "valuesPathPrefix",
];

/// The releases of a helmfile.
pub(super) fn releases(path: &str, node: &Node) -> Vec<FoundRelease> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let defaults = node.member("helmDefaults");
    // Arguments of helm can set values.
    let of_all: Vec<&str> =
        ["args", "postRenderer"].into_iter().filter(|name| defaults.is_some_and(|node| has(node, name))).collect();
    let release = |one: &Node| {
        let mut found = release(folder, one);
        found.kube_version = some(text(one, "kubeVersion")).or_else(|| some(text(node, "kubeVersion")));
        let versions = if has(one, "apiVersions") { list(one, "apiVersions") } else { list(node, "apiVersions") };
        found.api_versions = versions.iter().map(|version| version.text()).collect();
        found.left_out.extend(of_all.iter().map(|name| format!("`helmDefaults.{name}`")));
        found.leave_out_placeholders("helmfile's environments");
        found
    };
    let mut found: Vec<FoundRelease> =
        list(node, "releases").iter().filter(|one| text(one, "installed") != "false").map(release).collect();
    // Files below this folder are found by themselves.
    for (key, what) in [("helmfiles", "the releases of"), ("bases", "the releases of the base")] {
        for other in list(node, key) {
            let path = match &other.data {
                Data::Map(_) => text(other, "path"),
                _ => other.text(),
            };
            if path.contains("://") || path.contains("..") || key == "bases" {
                found.push(FoundRelease {
                    remote: Some(format!("{what} {path}, if there are any")),
                    ..FoundRelease::default()
                });
            }
        }
    }
    found
}

fn release(folder: &str, one: &Node) -> FoundRelease {
    let chart = text(one, "chart");
    let mut found = FoundRelease {
        name: text(one, "name"),
        chart: below(folder, &chart),
        namespace: some(text(one, "namespace")),
        ..FoundRelease::default()
    };
    if !chart.starts_with('.') {
        // `bitnami/redis` is a chart of a repository, unless there is such a folder.
        found.remote = Some(chart);
    }
    let mut has_inline = false;
    let values = one.items_of("values");
    for value in values {
        match &value.data {
            Data::Map(_) => {
                found.add_inline(inline(value), "values");
                has_inline = true;
            }
            _ => {
                let file = value.text();
                if file.ends_with(".gotmpl") || file.contains("://") || file.contains('*') {
                    found.left_out.push(format!("the values file {file}"));
                } else if has_inline {
                    // Inline values of airtight.yaml take precedence over files.
                    found.left_out.push(format!("the values file {file}, which overrides earlier values"));
                } else {
                    found.values.push(below(folder, &file));
                }
            }
        }
    }
    for (name, is_string) in [("set", false), ("setString", true)] {
        for assignment in list(one, name) {
            let (key, listed) = (text(assignment, "name"), list(assignment, "values"));
            let target = if is_string { &mut found.set_string } else { &mut found.set };
            if let Some(file) = some(text(assignment, "file")) {
                found.set_file.push(format!("{key}={}", below(folder, &file)));
            } else if listed.is_empty() {
                target.push(format!("{key}={}", assigned(&text(assignment, "value"))));
            } else {
                let listed: Vec<String> = listed.iter().map(|value| assigned(&value.text())).collect();
                target.push(format!("{key}={{{}}}", listed.join(",")));
            }
        }
    }
    found.left_out.extend(OTHERS.iter().filter(|name| has(one, name)).map(|name| format!("`{name}`")));
    found
}
