//! Applications and ApplicationSets of Argo CD.

use super::{assigned, below, has, inline, list, some, text};
use crate::config::init::FoundRelease;
use crate::limits::Limits;
use crate::trace::Str;
use crate::yaml::{self, Data, Node};

/// The releases of an Application: one for each source that is a chart.
pub(super) fn application(node: &Node) -> Vec<FoundRelease> {
    let Some(spec) = node.member("spec") else { return Vec::new() };
    let name = node.text_at(&["metadata", "name"]);
    let mut sources: Vec<&Node> = list(spec, "sources").iter().collect();
    // If there are several sources, `source` is ignored.
    if sources.is_empty() {
        sources.extend(spec.member("source"));
    }
    let refs: Vec<String> = sources.iter().filter_map(|source| some(text(source, "ref"))).collect();
    let is_chart = |source: &&&Node| has(source, "path") || has(source, "chart");
    sources.iter().filter(is_chart).map(|source| release(&name, spec, source, &refs)).collect()
}

fn release(name: &str, spec: &Node, source: &Node, refs: &[String]) -> FoundRelease {
    let mut found = FoundRelease {
        name: name.to_owned(),
        chart: below("", &text(source, "path")),
        namespace: some(spec.text_at(&["destination", "namespace"])),
        ..FoundRelease::default()
    };
    if let Some(chart) = some(text(source, "chart")) {
        found.remote = Some(format!("{chart} of {}", text(source, "repoURL")));
    }
    let Some(helm) = source.member("helm") else { return found };
    if let Some(own) = some(text(helm, "releaseName")) {
        found.name = own;
    }
    found.namespace = some(text(helm, "namespace")).or(found.namespace);
    found.skip_schema_validation = text(helm, "skipSchemaValidation") == "true";
    found.kube_version = some(text(helm, "kubeVersion"));
    found.api_versions = list(helm, "apiVersions").iter().map(|version| version.text()).collect();
    found.drops_missing = text(helm, "ignoreMissingValueFiles") == "true";
    for file in list(helm, "valueFiles").iter().map(|file| file.text()) {
        match value_file(&found.chart, &file, refs) {
            Ok(file) => found.values.push(file),
            Err(why) => found.left_out.push(why),
        }
    }
    // If there is an object, the text is ignored.
    if let Some(object) = helm.member("valuesObject").filter(|_| has(helm, "valuesObject")) {
        found.add_inline(inline(object), "valuesObject");
    } else if let Some(values) = some(text(helm, "values")) {
        match yaml::read(values.as_bytes(), &Limits::default()) {
            Ok(node) if matches!(node.data, Data::Map(_)) => found.add_inline(inline(&node), "values"),
            Ok(node) if node.data == Data::Null => {}
            _ => found.left_out.push("values, which are not a map".to_owned()),
        }
    }
    for parameter in list(helm, "parameters") {
        let (name, value) = (text(parameter, "name"), text(parameter, "value"));
        let assignment = format!("{name}={}", assigned(&value));
        if value.contains("$ARGOCD_") || value.contains("${ARGOCD_") {
            found.left_out.push(format!("the parameter {name}, which Argo CD fills in"));
        } else if text(parameter, "forceString") == "true" {
            found.set_string.push(assignment);
        } else {
            found.set.push(assignment);
        }
    }
    for parameter in list(helm, "fileParameters") {
        let path = below(&found.chart, &text(parameter, "path"));
        found.set_file.push(format!("{}={path}", text(parameter, "name")));
    }
    found
}

/// The path of a values file in the repository; or what is left out.
fn value_file(chart: &str, file: &str, refs: &[String]) -> Result<String, String> {
    let is_elsewhere = file.contains("://") || file.contains("$ARGOCD_") || file.contains("${") || file.contains('*');
    if is_elsewhere {
        return Err(format!("the values file {file}"));
    }
    if let Some(rest) = file.strip_prefix('$') {
        let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Files of a named source are relative to the root of its repository, which must be this one.
        return match refs.iter().any(|known| known == name) {
            true => Ok(below("", path)),
            false => Err(format!("the values file {file}")),
        };
    }
    match file.strip_prefix('/') {
        Some(of_repository) => Ok(below("", of_repository)),
        None => Ok(below(chart, file)),
    }
}

/// The releases of an ApplicationSet: those of its lists, if its templates use only the elements.
pub(super) fn application_set(node: &Node) -> Vec<FoundRelease> {
    let Some(template) = node.descend(&["spec", "template"]) else { return Vec::new() };
    let spec = node.member("spec");
    let generators = spec.map(|spec| list(spec, "generators")).unwrap_or_default();
    let is_list = |generator: &&Node| generator.descend(&["list", "elements"]).is_some() && !has(generator, "selector");
    let is_plain = spec.is_some_and(|spec| {
        text(spec, "goTemplate") != "true" && !has(spec, "templatePatch") && generators.iter().all(|one| is_list(&one))
    });
    let name = node.text_at(&["metadata", "name"]);
    let mut found = Vec::new();
    if is_plain {
        let elements = generators.iter().filter_map(|one| one.descend(&["list", "elements"])).flat_map(Node::items);
        found = elements.flat_map(|element| application(&filled(template, element))).collect();
    }
    if found.is_empty() {
        found = application(template);
        for one in &mut found {
            one.left_out.push(format!("what the generators of ApplicationSet {name} fill in"));
        }
    }
    for one in &mut found {
        one.leave_out_placeholders(&name);
    }
    found
}

/// A template with the fields of a list element filled in.
fn filled(node: &Node, element: &Node) -> Node {
    let data = match &node.data {
        Data::Str(text) => Data::Str(Str::new(&*fill(&text.to_text(), element))),
        Data::Seq(items) => Data::Seq(items.iter().map(|item| filled(item, element)).collect()),
        Data::Map(entries) => {
            Data::Map(entries.iter().map(|(entry, value)| (entry.clone(), filled(value, element))).collect())
        }
        other => other.clone(),
    };
    Node { data, ..node.clone() }
}

/// `{{env}}` is the field `env`; `{{values.env}}` is a nested field. Unknown fields stay.
fn fill(text: &str, element: &Node) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        let steps: Vec<&str> = name.trim().split('.').collect();
        match element.descend(&steps) {
            Some(value) if !matches!(value.data, Data::Map(_) | Data::Seq(_)) => out.push_str(&value.text()),
            _ => out.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = behind;
    }
    out + rest
}
