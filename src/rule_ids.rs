//! The ids of rules that other code refers to: to check whether a rule is on, or to recognize its findings.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use std::borrow::Cow;

/// The id of a rule: `hardcoded-image`.
pub(crate) type RuleId = &'static str;

/// All rules, in order: those of [`rules`](crate::rules), which a report that is read back may name.
pub(crate) const ALL: &[RuleId] = &[
    "digest-differs",
    "doubled-registry",
    "duplicate-list-line",
    "expired-suppression",
    "failed-pull",
    "global-not-read",
    "half-rewritten-image",
    "hardcoded-image",
    "hidden-image",
    "image-not-running",
    "implicit-default-image",
    "latent-override",
    "list-digest-differs",
    "mirror-not-checked",
    "misplaced-list-line",
    "missing-image",
    "missing-pull-secret",
    "mutable-tag",
    "namespace-without-pull-secret",
    "not-in-bundle",
    "not-on-mirror",
    "nothing-rendered",
    "number-as-tag",
    "outdated-list-line",
    "override-bypasses-mirror",
    "override-pins-mirror",
    "policy-changed",
    "public-chart-dependency",
    "render-failed",
    "rewrite-not-set",
    "running-digest-differs",
    "runtime-download",
    "schema-needs-network",
    "suppression-without-reason",
    "unlisted-image",
    "unlisted-optional-image",
    "unmirrored-image",
    "unneeded-list-line",
    "unparsable-manifest",
    "unpinned-image",
    "unread-override",
    "unrendered-image",
    "unstable-render",
    "unused-suppression",
    "wrong-mirror-path",
];

/// Reads the id of a rule.
pub(crate) fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleId, D::Error> {
    let id = Cow::<str>::deserialize(deserializer)?;
    let known = ALL.iter().find(|rule| **rule == id);
    known.copied().ok_or_else(|| D::Error::custom(format_args!("no rule {id}")))
}

/// Rules whose findings say that something was not checked: neither a baseline nor a comment accepts these, only an entry of
/// the configuration.
pub(crate) const UNSEEN: &[&str] = &[MIRROR_NOT_CHECKED, RENDER_FAILED, NOTHING_RENDERED, UNPARSABLE_MANIFEST];

/// `duplicate-list-line`
pub(crate) const DUPLICATE_LIST_LINE: &str = "duplicate-list-line";
/// `expired-suppression`
pub(crate) const EXPIRED_SUPPRESSION: &str = "expired-suppression";
/// `global-not-read`
pub(crate) const GLOBAL_NOT_READ: &str = "global-not-read";
/// `image-not-running`
pub(crate) const IMAGE_NOT_RUNNING: &str = "image-not-running";
/// `latent-override`
pub(crate) const LATENT_OVERRIDE: &str = "latent-override";
/// `list-digest-differs`
pub(crate) const LIST_DIGEST_DIFFERS: &str = "list-digest-differs";
/// `misplaced-list-line`
pub(crate) const MISPLACED_LIST_LINE: &str = "misplaced-list-line";
/// `mirror-not-checked`
pub(crate) const MIRROR_NOT_CHECKED: &str = "mirror-not-checked";
/// `missing-pull-secret`
pub(crate) const MISSING_PULL_SECRET: &str = "missing-pull-secret";
/// `not-on-mirror`
pub(crate) const NOT_ON_MIRROR: &str = "not-on-mirror";
/// `nothing-rendered`
pub(crate) const NOTHING_RENDERED: &str = "nothing-rendered";
/// `number-as-tag`
pub(crate) const NUMBER_AS_TAG: &str = "number-as-tag";
/// `outdated-list-line`
pub(crate) const OUTDATED_LIST_LINE: &str = "outdated-list-line";
/// `policy-changed`
pub(crate) const POLICY_CHANGED: &str = "policy-changed";
/// `render-failed`
pub(crate) const RENDER_FAILED: &str = "render-failed";
/// `rewrite-not-set`
pub(crate) const REWRITE_NOT_SET: &str = "rewrite-not-set";
/// `suppression-without-reason`
pub(crate) const SUPPRESSION_WITHOUT_REASON: &str = "suppression-without-reason";
/// `unlisted-image`
pub(crate) const UNLISTED_IMAGE: &str = "unlisted-image";
/// `unlisted-optional-image`
pub(crate) const UNLISTED_OPTIONAL_IMAGE: &str = "unlisted-optional-image";
/// `unneeded-list-line`
pub(crate) const UNNEEDED_LIST_LINE: &str = "unneeded-list-line";
/// `unparsable-manifest`
pub(crate) const UNPARSABLE_MANIFEST: &str = "unparsable-manifest";
/// `unpinned-image`
pub(crate) const UNPINNED_IMAGE: &str = "unpinned-image";
/// `unread-override`
pub(crate) const UNREAD_OVERRIDE: &str = "unread-override";
/// `unrendered-image`
pub(crate) const UNRENDERED_IMAGE: &str = "unrendered-image";
/// `unstable-render`
pub(crate) const UNSTABLE_RENDER: &str = "unstable-render";
/// `unused-suppression`
pub(crate) const UNUSED_SUPPRESSION: &str = "unused-suppression";
