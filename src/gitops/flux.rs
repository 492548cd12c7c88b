//! HelmReleases of Flux.

use super::{below, has, inline, list, some, text};
use crate::config::init::FoundRelease;
use crate::yaml::Node;

/// Fields of a HelmRelease that change what is installed and that airtight.yaml cannot express.
const OTHERS: &[&str] = &["postRenderers", "commonMetadata"];

/// The release of a HelmRelease.
pub(super) fn release(node: &Node) -> Vec<FoundRelease> {
    let Some(spec) = node.member("spec") else { return Vec::new() };
    let own = node.text_at(&["metadata", "name"]);
    let target = some(text(spec, "targetNamespace"));
    // As Flux composes it.
    let name = some(text(spec, "releaseName")).unwrap_or_else(|| match &target {
        Some(target) => format!("{target}-{own}"),
        None => own,
    });
    let mut found = FoundRelease {
        name,
        namespace: target.or_else(|| some(node.text_at(&["metadata", "namespace"]))),
        ..FoundRelease::default()
    };
    let chart = spec.descend(&["chart", "spec"]);
    match chart {
        Some(chart) => {
            let source = chart.text_at(&["sourceRef", "kind"]);
            let name = text(chart, "chart");
            match source.as_str() {
                "GitRepository" | "Bucket" => found.chart = below("", &name),
                _ => found.remote = Some(format!("{name} of {source} {}", chart.text_at(&["sourceRef", "name"]))),
            }
            values_files(chart, &mut found);
        }
        None => {
            let reference = |part: &str| spec.text_at(&["chartRef", part]);
            found.remote = Some(format!("{} {}", reference("kind"), reference("name")));
        }
    }
    for from in list(spec, "valuesFrom") {
        let path = some(text(from, "targetPath")).map(|path| format!(" at {path}")).unwrap_or_default();
        found.left_out.push(format!("the values of {} {}{path}", text(from, "kind"), text(from, "name")));
    }
    if let Some(values) = spec.member("values").filter(|_| has(spec, "values")) {
        found.add_inline(inline(values), "values");
    }
    found.left_out.extend(OTHERS.iter().filter(|name| has(spec, name)).map(|name| (*name).to_owned()));
    found.leave_out_placeholders("its Kustomization");
    vec![found]
}

/// Values files in the source replace the chart's own values.yaml, which can be one of them.
fn values_files(chart: &Node, found: &mut FoundRelease) {
    let files: Vec<String> = list(chart, "valuesFiles").iter().map(|file| below("", &file.text())).collect();
    let files =
        if files.is_empty() { some(below("", &text(chart, "valuesFile"))).into_iter().collect() } else { files };
    let own = below(&found.chart, "values.yaml");
    match files.split_first() {
        None => {}
        Some((first, others)) if *first == own => found.values.extend_from_slice(others),
        Some(_) => found.left_out.push(format!("that {} replace the chart's own values.yaml", files.join(", "))),
    }
}
