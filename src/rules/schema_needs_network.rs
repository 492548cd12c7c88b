//! A values.schema.json refers to another schema, which helm has to fetch.
//!
//! ## Why it matters in an air gap
//! Helm loads what a schema refers to before it checks the values, whatever they are. Inside the gap it cannot: install,
//! upgrade and `helm template` fail. A `$ref` to a file is no better, as helm looks for it on the machine's disk and not in
//! the chart. The schemas of json-schema.org that helm has built in are no finding, nor is what nothing refers to.
//!
//! ## What to do
//! Carry the other schema along: put it under `definitions`, with the address that the `$ref` names as its `$id`. The
//! `$ref` stays as it is. Or install with `--skip-schema-validation`.
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

use super::{Context, Rule};
use crate::finding::{Excerpt, Finding, Severity};
use crate::schema::remote::Remote;

pub(super) static RULE: Rule = Rule {
    id: "schema-needs-network",
    summary: "a values.schema.json refers to a schema that helm has to fetch",
    severity: Severity::Error,
    on: true,
    source: include_str!("schema_needs_network.rs"),
    check,
};

fn check(ctx: &mut Context<'_>) {
    let remotes = ctx.prepared.map(|prepared| prepared.remote_schemas()).unwrap_or_default();
    ctx.findings.extend(remotes.iter().map(|remote| finding(ctx, remote)).collect::<Vec<_>>());
}

fn finding(ctx: &Context<'_>, remote: &Remote) -> Finding {
    let Remote { chart, url, places } = remote;
    let file = url.strip_prefix("file://");
    let message = match file {
        Some(path) => format!("the schema of chart {chart} has helm open {path}, which is no file of the chart"),
        None => format!("the schema of chart {chart} has helm fetch {url}"),
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
            "put that schema under `definitions`, with this address as its `$id` (the reference then stays), or install \
             with --skip-schema-validation"
                .to_owned(),
        ),
    }
}
