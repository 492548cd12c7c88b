//! A values.schema.json refers to another schema, which helm must fetch.
//!
//! ## Why it matters in an air gap
//! Helm loads every schema that is referred to before it validates the values, whatever they are. Inside the gap it cannot:
//! install, upgrade and `helm template` fail. A `$ref` to a file fails too, because helm looks for it on the disk of the
//! machine and not in the chart. The schemas of json-schema.org that are built into helm are not findings, nor is a schema
//! that nothing refers to.
//!
//! ## What to do
//! Ship the other schema with the chart: put it under `definitions`, with the address from the `$ref` as its `$id`. The
//! `$ref` stays unchanged. Or install with `--skip-schema-validation`.
//!
//! ```bad
//! # values.schema.json
//! {"properties": {"resources": {"$ref": "https://schemas.example.com/resources.json"}}}
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! ```
//! ```good
//! # values.schema.json
//! {
//!   "properties": {"resources": {"$ref": "https://schemas.example.com/resources.json"}},
//!   "definitions": {"resources": {"$id": "https://schemas.example.com/resources.json", "type": "object"}}
//! }
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! ```

use super::{Rule, RuleContext};
use crate::finding::{Excerpt, Finding, Severity};
use crate::schema::remote::Remote;

pub(super) static RULE: Rule = Rule {
    id: "schema-needs-network",
    summary: "a values.schema.json refers to a schema that helm must fetch",
    severity: Severity::Error,
    on: true,
    source: include_str!("schema_needs_network.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let remotes = ctx.prepared.map(|prepared| prepared.remote_schemas(ctx.analysis.schemas())).unwrap_or_default();
    ctx.findings.extend(remotes.iter().map(|remote| finding(ctx, remote)).collect::<Vec<_>>());
}

fn finding(ctx: &RuleContext<'_>, remote: &Remote) -> Finding {
    let Remote { chart, url, places } = remote;
    let file = url.strip_prefix("file://");
    let message = match file {
        Some(path) => format!("the schema of chart {chart} makes helm open {path}, which is not a file of the chart"),
        None => format!("the schema of chart {chart} makes helm fetch {url}"),
    };
    let others: Vec<String> = places.iter().skip(1).map(|place| place.line_column().0.to_string()).collect();
    let lines = if others.len() == 1 { "line" } else { "lines" };
    Finding {
        rule: RULE.id,
        severity: ctx.settings.severity(RULE.id, RULE.severity),
        message,
        subject: None,
        excerpts: places
            .first()
            .map(|place| Excerpt { place: place.clone(), label: "loaded whatever the values are".to_owned() })
            .into_iter()
            .collect(),
        notes: if others.is_empty() { Vec::new() } else { vec![format!("so do {lines} {}", others.join(", "))] },
        fix: None,
        help: Some(
            "put that schema under `definitions`, with this address as its `$id` (the `$ref` stays unchanged), or install \
             with --skip-schema-validation"
                .to_owned(),
        ),
    }
}
