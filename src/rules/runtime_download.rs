//! A command that fetches from the internet while the release runs. Off by default: `--extend-select runtime-download`.
//!
//! Checked are the commands and arguments of containers and their lifecycle hooks, the scripts in ConfigMaps that pods of
//! the release use, and the variables that make Grafana fetch plugins.
//!
//! ## Why it matters in an air gap
//! The image exists and the pod starts, and then `curl`, `apt-get` or a plugin installer waits for a host that cannot be
//! reached.
//!
//! ## What to do
//! Use an image that contains what is fetched, or fetch it from a host inside the gap. A command whose URL is a variable is
//! not reported, because its value is not known here.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: setup}
//! spec:
//!   containers:
//!     - name: setup
//!       image: {{ .Values.global.imageRegistry }}/acme/setup:1.4
//!       command: [sh, -c, "curl -sL https://get.acme.example/tool.tgz | tar xz"]
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --extend-select runtime-download
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: setup}
//! spec:
//!   containers:
//!     - name: setup
//!       image: {{ .Values.global.imageRegistry }}/acme/setup:1.4
//!       command: [sh, -c, "curl -sL http://files.tools.svc/tool.tgz | tar xz; curl localhost"]
//! # values.yaml
//! global: {imageRegistry: quay.io}
//! # --extend-select runtime-download
//! ```

use super::{Rule, RuleContext};
use crate::downloads::{download, in_script};
use crate::finding::{Excerpt, Finding, Severity};
use crate::objects::Object;
use crate::objects::Text;
use crate::objects::pods::{Container, Pod};
use crate::provenance::printed;
use crate::reference::Mirror;
use crate::reference::hosts::{host_of_url, is_public};
use crate::yaml::{Data, Node};
use std::collections::BTreeSet;
use std::ops::Range;

pub(super) static RULE: Rule = Rule {
    id: "runtime-download",
    summary: "a command fetches from the internet while the release runs",
    severity: Severity::Hint,
    on: false,
    source: include_str!("runtime_download.rs"),
    check,
};

/// Variables that name plugins to fetch.
const PLUGINS: &[&str] = &["GF_INSTALL_PLUGINS", "GF_PLUGINS_PREINSTALL", "GF_PLUGINS_PREINSTALL_SYNC"];

fn check(ctx: &mut RuleContext<'_>) {
    let mirror = &ctx.settings.mirror;
    let objects: Vec<Object<'_>> = ctx.analysis.manifests.iter().flat_map(Object::all).collect();
    let pods: Vec<(&Object<'_>, Pod<'_>)> =
        objects.iter().filter_map(|object| Some((object, Pod::of(object)?))).collect();
    let mut used = BTreeSet::new();
    for (_, pod) in &pods {
        config_maps(pod.spec, &mut used);
    }
    let mut findings = Vec::new();
    let mut add = |object: &Object<'_>, what: String, place: Range<u32>, at: String| {
        let place = printed(object.manifest, place);
        findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: what,
            subject: None,
            excerpts: place
                .map(|place| Excerpt { place, label: format!("printed here: {}, {at}", object.name) })
                .into_iter()
                .collect(),
            notes: Vec::new(),
            help: Some("use an image that contains it, or fetch it from a host inside the gap".to_owned()),
            fix: None,
        });
    };
    for (object, pod) in &pods {
        for container in pod.containers() {
            let at = format!("container {}", container.name);
            for (what, place) in of_container(object, &container, mirror) {
                add(object, what, place, at.clone());
            }
        }
    }
    for object in objects.iter().filter(|object| object.kind == "ConfigMap" && used.contains(&object.name.name)) {
        let Some(Data::Map(entries)) = object.node.member("data").map(|data| &data.data) else { continue };
        for (entry, value) in entries {
            let key = entry.key.to_text();
            let Data::Str(text) = &value.data else { continue };
            if !key.ends_with(".sh") && !key.ends_with(".bash") && !text.as_bytes().starts_with(b"#!") {
                continue;
            }
            let Some(text) = object.text(value) else { continue };
            for (what, place) in of_script(&text, mirror) {
                add(object, what, place, format!("data[{key:?}]"));
            }
        }
    }
    ctx.findings.extend(findings);
}

fn of_script(text: &Text, mirror: &Mirror) -> Vec<(String, Range<u32>)> {
    let place = |range: Range<usize>| text.places(range).into_iter().next().unwrap_or_else(|| text.whole());
    in_script(text, mirror).into_iter().map(|found| (found.what, place(found.place))).collect()
}

fn of_container(object: &Object<'_>, container: &Container<'_>, mirror: &Mirror) -> Vec<(String, Range<u32>)> {
    let words = |list: Option<&Node>| -> Vec<Text> {
        list.map(Node::items).unwrap_or_default().iter().filter_map(|word| object.text(word)).collect()
    };
    let mut lists = vec![container.words(object)];
    for hook in ["postStart", "preStop"] {
        lists.push(words(container.node.descend(&["lifecycle", hook, "exec", "command"])));
    }
    let mut found = Vec::new();
    for list in &lists {
        // A word with blanks is a script for a shell; without one, the words are the command.
        let scripts: Vec<&Text> = list.iter().filter(|word| word.contains(char::is_whitespace)).collect();
        if scripts.is_empty() {
            let words: Vec<&str> = list.iter().map(Text::as_str).collect();
            if let (Some(what), Some(first)) = (download(&words, mirror), list.first()) {
                found.push((what, first.whole()));
            }
        }
        found.extend(scripts.into_iter().flat_map(|script| of_script(script, mirror)));
    }
    for (name, value) in container.environment() {
        let plugins = value.map(Node::text).unwrap_or_default();
        let inside = |plugin: &str| {
            let url = plugin.find("http").and_then(|at| host_of_url(&plugin[at..]));
            url.is_some_and(|host| !is_public(host, mirror))
        };
        let named = plugins.split(',').map(str::trim).filter(|plugin| !plugin.is_empty());
        if let Some(value) = value
            && PLUGINS.contains(&name.as_str())
            && named.clone().count() > 0
            && !named.clone().all(inside)
        {
            let place = object.text(value).map_or(value.start..value.end, |text| text.whole());
            found.push((format!("{name} makes Grafana fetch plugins: {plugins}"), place));
        }
    }
    found
}

/// Adds the names of the ConfigMaps that a pod mounts or takes variables from.
fn config_maps(node: &Node, names: &mut BTreeSet<String>) {
    match &node.data {
        Data::Map(entries) => {
            for (entry, value) in entries {
                match &*entry.key.to_text() {
                    "configMap" | "configMapRef" | "configMapKeyRef" => {
                        names.insert(value.text_of("name"));
                    }
                    _ => config_maps(value, names),
                }
            }
        }
        Data::Seq(items) => items.iter().for_each(|item| config_maps(item, names)),
        _ => {}
    }
}
