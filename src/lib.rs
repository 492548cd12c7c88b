//! airtight renders Helm charts exactly as helm does, without helm, and says which images bypass the private mirror
//! and who put them there.
//!
//! The way through: [`chart::load`] reads a chart, [`values::process`] makes of it and of what the user set an
//! [`values::Instance`], [`render::render`] executes its templates, [`render::manifest::manifests`] reads the result,
//! [`images::find()`] finds the images, [`analysis::analyse`] says what became of the rewrite in each, [`rules`] judge them, [`report`] tells. `docs/architecture.md` says more.

pub mod analysis;
pub mod blame;
pub mod bundle;
pub mod chart;
pub mod cli;
pub mod compiler;
pub mod config;
pub mod disk;
pub mod downloads;
pub mod finding;
pub mod fix;
pub mod funcs;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod gitops;
pub mod glob;
pub mod go;
#[cfg(test)]
mod golden;
pub mod helm;
pub mod images;
pub mod json;
pub mod limits;
pub mod lint;
mod log;
pub mod memory;
pub mod policy;
pub mod reads;
pub mod regex;
pub mod release;
pub mod render;
pub mod report;
pub mod rules;
pub mod secrets;
pub mod semver;
pub mod settings;
pub mod shell;
pub mod source;
pub mod sources;
pub mod suppress;
pub mod template;
pub mod trace;
pub mod values;
pub mod work;
pub mod yaml;
