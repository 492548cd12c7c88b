//! A branch that changes what is checked, or what is accepted. Checked with `--changed-since REV`.
//!
//! ## Why it matters in an air gap
//! A pull request can turn a rule off, exclude the place of an image, name another mirror, take a release out of the list,
//! add an image to the lists of what was mirrored, or accept its own findings with a suppression or a baseline. If its own
//! configuration counted, the check would be clean, and what it was there for would be installed.
//!
//! ## What to do
//! With `--changed-since` the configuration, the suppressions, the lists of the bundle and the baseline of the merge base
//! decide. Change them in a branch of their own; who answers for the check looks at these findings and lets them pass with
//! `--config-from head` (or `--ignore policy-changed`) on the pipeline's command line. What makes the check stricter is only
//! a hint. No comment, no baseline and no configuration of the branch itself accepts this finding.
//!
//! ```bad
//! # main/airtight.yaml
//! mirror: mirror.internal
//! releases: [{name: api, chart: chart}]
//! # main/chart/Chart.yaml
//! {apiVersion: v2, name: api, version: 1.0.0}
//! # airtight.yaml
//! mirror: mirror.internal
//! rules: {hardcoded-image: off}
//! releases: [{name: api, chart: chart}]
//! ```
//! ```good
//! # main/airtight.yaml
//! mirror: mirror.internal
//! releases: [{name: api, chart: chart}]
//! # main/chart/Chart.yaml
//! {apiVersion: v2, name: api, version: 1.0.0}
//! # airtight.yaml
//! # Of all that runs in the cluster.
//! mirror: mirror.internal
//! releases: [{name: api, chart: chart}]
//! ```

use super::{Context, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "policy-changed",
    summary: "a branch changes what is checked, or what is accepted",
    severity: Severity::Error,
    on: true,
    source: include_str!("policy_changed.rs"),
    check,
};

/// Found where a branch is compared with its base ([`Change`](crate::policy::Change)), once for all releases.
fn check(_: &mut Context<'_>) {}
