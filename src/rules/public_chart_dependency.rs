//! A dependency of the chart, or something that an object of the release installs, must be fetched from a public
//! repository.
//!
//! ## Why it matters in an air gap
//! `helm dependency build`, and every tool that runs it (GitOps controllers too), contacts that repository and cannot reach
//! it. Dependencies in `charts/` are not fetched and are not findings.
//!
//! Objects that make a controller fetch charts, manifests or disks are checked too: Flux (HelmRepository, GitRepository,
//! Bucket), Argo CD (Application, ApplicationSet, including git repositories), the HelmChart of k3s and RKE2, Rancher and
//! Fleet, Crossplane's Helm provider, kapp-controller, Cluster API, KubeVirt, the plugins of a KafkaConnect build, and the
//! indexes of falcoctl. Charts and artifacts in registries are references, and are found as images are.
//!
//! ## What to do
//! Run `helm dependency build` before the chart crosses the gap, and ship the chart with its `charts/`; or use the mirror as
//! the repository. For an object, use a repository inside the gap.
//!
//! ```bad
//! # Chart.yaml
//! apiVersion: v2
//! name: example
//! version: 1.0.0
//! dependencies:
//!   - name: postgresql
//!     version: 16.x.x
//!     repository: https://charts.bitnami.com/bitnami
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! # --ignore render-failed
//! ```
//! ```bad
//! # templates/repository.yaml
//! apiVersion: source.toolkit.fluxcd.io/v1
//! kind: HelmRepository
//! metadata: {name: bitnami}
//! spec: {url: "https://charts.bitnami.com/bitnami"}
//! ```
//! ```good
//! # templates/repository.yaml
//! apiVersion: source.toolkit.fluxcd.io/v1
//! kind: HelmRepository
//! metadata: {name: charts}
//! spec: {url: "https://charts.tools.svc/stable"}
//! ```
//! ```good
//! # Chart.yaml
//! apiVersion: v2
//! name: example
//! version: 1.0.0
//! dependencies:
//!   - name: postgresql
//!     version: 16.x.x
//!     repository: https://charts.bitnami.com/bitnami
//! # charts/postgresql/Chart.yaml
//! apiVersion: v2
//! name: postgresql
//! version: 16.1.0
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! ```

use super::{Rule, RuleContext};
use crate::chart::Chart;
use crate::finding::{Excerpt, Finding, Severity};
use crate::limits::Limits;
use crate::provenance::printed;
use crate::reference::hosts::{host_of_url, is_public};
use crate::source::Place;
use crate::sources::public;
use crate::yaml;
use crate::yaml::Node;

pub(super) static RULE: Rule = Rule {
    id: "public-chart-dependency",
    summary: "a dependency of the chart, or what an object installs, must be fetched from a public repository",
    severity: Severity::Warning,
    on: true,
    source: include_str!("public_chart_dependency.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let mut findings = Vec::new();
    if let Some(prepared) = ctx.prepared {
        look(ctx, &prepared.chart, &prepared.limits, &mut findings);
    }
    let limits = ctx.prepared.map_or_else(Limits::default, |prepared| prepared.limits.clone());
    for source in public(&ctx.analysis.manifests, &ctx.settings.mirror, &limits) {
        let place = printed(&source.manifest, source.url.whole());
        let label = format!("printed here: {}, {}", source.object, source.field);
        findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("{} fetches {} from {}", source.object, source.what, without_user(&source.url)),
            subject: None,
            excerpts: place.map(|place| Excerpt { place, label }).into_iter().collect(),
            notes: Vec::new(),
            help: Some("use a repository inside the gap".to_owned()),
            fix: None,
        });
    }
    ctx.findings.extend(findings);
}

fn look(ctx: &RuleContext<'_>, chart: &Chart, limits: &Limits, findings: &mut Vec<Finding>) {
    for dependency in chart.metadata.dependencies.iter().flatten() {
        let is_there = chart.subcharts.iter().any(|subchart| subchart.name() == dependency.name);
        let is_public_host =
            host_of_url(&dependency.repository).is_some_and(|host| is_public(host, &ctx.settings.mirror));
        if is_there || !is_public_host {
            continue;
        }
        let place = place(chart, &dependency.name, limits);
        findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("{} of chart {} comes from {}", dependency.name, chart.name(), dependency.repository),
            subject: None,
            excerpts: place.map(|place| Excerpt { place, label: "this is public".to_owned() }).into_iter().collect(),
            notes: Vec::new(),
            help: Some("ship the chart in `charts/`, or use the mirror as its repository".to_owned()),
            fix: None,
        });
    }
    for subchart in &chart.subcharts {
        look(ctx, subchart, limits, findings);
    }
}

/// Where Chart.yaml names the repository of a dependency; `None` if requirements.yaml names it.
fn place(chart: &Chart, name: &str, limits: &Limits) -> Option<Place> {
    let node = yaml::read(chart.metadata_file.bytes(), limits).ok()?;
    let list = node.member("dependencies").map(Node::items)?;
    let dependency = list.iter().find(|dependency| dependency.text_of("name") == name)?;
    let repository = dependency.member("repository")?;
    Some(Place { file: chart.metadata_file.clone(), start: repository.start, end: repository.end })
}

/// A URL without its user and password.
fn without_user(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |slash| start + slash);
    match url[start..end].rfind('@') {
        Some(at) if start > 0 => format!("{}{}", &url[..start], &url[start + at + 1..]),
        _ => url.to_owned(),
    }
}
