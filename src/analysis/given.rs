//! [`Given`]: a release as rendered, and what is needed to render it again.

use super::keys::Keys;
use crate::reads::ValueReads;
use crate::reads::statics::Statics;
use crate::release::ReleaseInputs;
use crate::render::Rendered;
use crate::render::manifest::Manifest;
use crate::settings::Settings;
use crate::template::Map;
use crate::trace::Origins;
use std::sync::Arc;

/// A release as rendered, and what is needed to render it again.
pub(super) struct Given<'a> {
    pub(super) prepared: &'a ReleaseInputs,
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a Keys,
    pub(super) rendered: &'a Rendered,
    pub(super) manifests: &'a [Arc<Manifest>],
    pub(super) origins: &'a Origins,
    pub(super) reads: &'a ValueReads,
    pub(super) statics: &'a Statics,
    pub(super) values: &'a Map,
}
