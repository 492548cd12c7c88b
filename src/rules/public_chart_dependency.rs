//! A chart that the release depends on, and that is to be fetched from a public repository.
//!
//! ## Why it matters in an air gap
//! `helm dependency build` and every tool that runs it (GitOps controllers too) ask that repository, and cannot reach it.
//! Dependencies that lie in `charts/` are not fetched, and are no finding.
//!
//! ## What to do
//! Run `helm dependency build` before the chart crosses the gap, and carry it along with its `charts/`; or name the
//! mirror in the repository.
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

use super::{Context, Rule};
use crate::chart::Chart;
use crate::finding::{Excerpt, Finding, Severity};
use crate::images::hosts::{host_of_url, is_public};
use crate::images::object::{items, member, string};
use crate::limits::Limits;
use crate::source::Place;
use crate::yaml;

pub(super) static RULE: Rule = Rule {
    id: "public-chart-dependency",
    summary: "a dependency of the chart has to be fetched from a public repository",
    severity: Severity::Warning,
    on: true,
    source: include_str!("public_chart_dependency.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    let Some(prepared) = ctx.prepared else { return };
    let mut findings = Vec::new();
    look(ctx, &prepared.chart, &prepared.limits, &mut findings);
    ctx.findings.extend(findings);
}

fn look(ctx: &Context<'_>, chart: &Chart, limits: &Limits, findings: &mut Vec<Finding>) {
    for dependency in chart.metadata.dependencies.iter().flatten() {
        let is_there = chart.subcharts.iter().any(|subchart| subchart.name() == dependency.name);
        let public = host_of_url(&dependency.repository).is_some_and(|host| is_public(host, &ctx.settings.mirror));
        if is_there || !public {
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
            help: Some("carry the chart in `charts/`, or name the mirror in the repository".to_owned()),
        });
    }
    for subchart in &chart.subcharts {
        look(ctx, subchart, limits, findings);
    }
}

/// Where Chart.yaml names the repository of a dependency; `None` where requirements.yaml does.
fn place(chart: &Chart, name: &str, limits: &Limits) -> Option<Place> {
    let node = yaml::read(chart.metadata_file.bytes(), limits).ok()?;
    let list = member(&node, "dependencies").map(items)?;
    let dependency = list.iter().find(|dependency| string(member(dependency, "name")) == name)?;
    let repository = member(dependency, "repository")?;
    Some(Place { file: chart.metadata_file.clone(), start: repository.start, end: repository.end })
}
