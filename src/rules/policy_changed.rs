//! A branch changes what is checked or what is accepted. Checked with `--changed-since REV`.
//!
//! ## Why it matters in an air gap
//! A pull request can turn a rule off, exclude the location of an image, name another mirror, remove a release from the
//! list, add an image to the lists of mirrored images, or accept its own findings with a suppression or a baseline. If its
//! own configuration counted, the check would be clean, and exactly what the check should catch would be installed.
//!
//! ## What to do
//! With `--changed-since`, the configuration, the suppressions, the lists of the bundle and the baseline are those of the
//! merge base. Change them in a separate branch. Whoever is responsible for the check reviews these findings and lets them
//! pass with `--config-from head` (or `--ignore policy-changed`) on the command line of the pipeline. A change that makes
//! the check stricter is only a hint. No comment, baseline or configuration of the branch itself can accept this finding.
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

use super::{Rule, RuleContext};
use crate::finding::Severity;
use crate::rule_ids;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::POLICY_CHANGED,
    summary: "a branch changes what is checked or what is accepted",
    severity: Severity::Error,
    on: true,
    source: include_str!("policy_changed.rs"),
    check,
};

/// Reported where a branch is compared with its base ([`PolicyChange`](crate::policy::PolicyChange)), once for all releases.
fn check(_: &mut RuleContext<'_>) {}
