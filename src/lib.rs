//! airtight renders Helm charts exactly as helm does, without helm, and says which images bypass the private mirror
//! and who put them there.
//!
//! The way through: [`chart::load`] reads a chart, [`values::process`] makes of it and of what the user set an
//! [`values::Instance`], [`render::render`] executes its templates, [`render::manifest::manifests`] reads the result,
//! [`images::extract()`] finds the images, [`rules`] judge them, [`report`] tells. `docs/architecture.md` says more.

pub mod chart;
pub mod cli;
pub mod finding;
pub mod funcs;
pub mod glob;
#[cfg(test)]
mod golden;
pub mod images;
pub mod json;
pub mod limits;
mod log;
pub mod regex;
pub mod render;
pub mod report;
pub mod rules;
pub mod semver;
pub mod source;
pub mod template;
pub mod trace;
pub mod values;
pub mod yaml;
