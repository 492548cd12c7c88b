//! The ids of rules that other code refers to: to check whether a rule is on, or to recognize its findings.

/// `expired-suppression`
pub const EXPIRED_SUPPRESSION: &str = "expired-suppression";
/// `latent-override`
pub const LATENT_OVERRIDE: &str = "latent-override";
/// `missing-pull-secret`
pub const MISSING_PULL_SECRET: &str = "missing-pull-secret";
/// `nothing-rendered`
pub const NOTHING_RENDERED: &str = "nothing-rendered";
/// `number-as-tag`
pub const NUMBER_AS_TAG: &str = "number-as-tag";
/// `policy-changed`
pub const POLICY_CHANGED: &str = "policy-changed";
/// `render-failed`
pub const RENDER_FAILED: &str = "render-failed";
/// `rewrite-not-set`
pub const REWRITE_NOT_SET: &str = "rewrite-not-set";
/// `suppression-without-reason`
pub const SUPPRESSION_WITHOUT_REASON: &str = "suppression-without-reason";
/// `unparsable-manifest`
pub const UNPARSABLE_MANIFEST: &str = "unparsable-manifest";
/// `unpinned-image`
pub const UNPINNED_IMAGE: &str = "unpinned-image";
/// `unstable-render`
pub const UNSTABLE_RENDER: &str = "unstable-render";
/// `unused-suppression`
pub const UNUSED_SUPPRESSION: &str = "unused-suppression";
