//! Renders Helm charts exactly as helm does, without helm, and reports which of their images bypass a private mirror and who
//! decided so.
//!
//! # Render a chart
//!
//! [`Chart::open`] takes a folder, the bytes of an archive, or a map of files. A [`Renderer`] is a release of the chart:
//! values, flags, a name, a cluster. The text is the output of `helm template`, byte for byte.
//!
//! ```
//! # fn main() -> Result<(), airtight::Error> {
//! let chart = airtight::Chart::open("testdata/charts/shop")?;
//! let rendered = airtight::Renderer::new(&chart).name("web").set("image.tag=1.4.2").render()?;
//! let text = String::from_utf8_lossy(rendered.text());
//! assert!(text.contains("image: ghcr.io/acme/shop:1.4.2"));
//! # Ok(())
//! # }
//! ```
//!
//! # Find the origin of a text
//!
//! A renderer that [traces](Renderer::trace) records for every byte who decided it: a line of a values file, a flag, the
//! default of a chart, or the template.
//!
//! ```
//! # fn main() -> Result<(), airtight::Error> {
//! # let chart = airtight::Chart::open("testdata/charts/shop")?;
//! let values = "image:\n  tag: 1.4.2\n";
//! let rendered = airtight::Renderer::new(&chart).values("prod.yaml", values).trace().render()?;
//! let text = String::from_utf8_lossy(rendered.text());
//! let tag = text.find("1.4.2").unwrap();
//! assert_eq!(rendered.origins(tag..tag + 5)[0].to_string(), "prod.yaml:2:8, image.tag");
//! # Ok(())
//! # }
//! ```
//!
//! # Lint a release
//!
//! A [`Linter`] renders a release as often as needed to decide for each image whether it resolves through the mirror, and what
//! would change that.
//!
//! ```
//! # fn main() -> Result<(), airtight::Error> {
//! # let chart = airtight::Chart::open("testdata/charts/shop")?;
//! let values = "global: {imageRegistry: mirror.internal}\nimage: {registry: quay.io}\n";
//! let release = airtight::Renderer::new(&chart).values("prod.yaml", values);
//! let report = airtight::Linter::new("mirror.internal".parse()?).lint(&release)?;
//! let finding = &report.findings()[0];
//! assert_eq!(finding.message, "quay.io/acme/shop:1.4.0 does not resolve through mirror.internal");
//! assert_eq!(finding.location.as_ref().unwrap().to_string(), "prod.yaml:2:19");
//! assert_eq!(finding.help.as_deref(), Some("remove `image.registry` from prod.yaml [safe]"));
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! A chart may come from anybody. Whatever it contains, a render ends within [`Limits`], which are counted and not timed, and
//! never overflows the caller's stack. It reads only the files of the chart and does not use the network. The same inputs
//! give the same bytes, except for the time and random functions: [`Renderer::seed`] fixes these.
//!
//! An [`Error`] has a [kind](ErrorKind) and helm's own text.
//!
//! `docs/architecture.md` describes the internals.

#![cfg_attr(
    not(all(feature = "cli", feature = "lsp", feature = "registry")),
    allow(dead_code, unused_imports, reason = "much of it is only used by the command")
)]

#[cfg(all(test, feature = "cli", not(feature = "html")))]
compile_error!("the tests of the command need the feature html");

mod admission;
mod analysis;
mod api;
mod blame;
mod bundle;
mod chart;
mod chart_reference;
#[cfg(feature = "cli")]
mod cli;
mod closure;
mod cluster;
mod compiler;
mod config;
mod content_digest;
#[cfg(feature = "registry")]
mod dependencies;
mod disk;
mod document;
mod downloads;
mod error;
#[cfg(feature = "registry")]
mod fetching;
mod finding;
mod fix;
#[cfg(feature = "cli")]
mod fleet;
mod funcs;
#[cfg(feature = "fuzz-helm")]
#[doc(hidden)]
pub mod fuzz_helm;
#[cfg(any(all(test, feature = "html"), feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gitops;
mod glob;
mod go;
#[cfg(test)]
mod golden;
mod helm;
mod holdings;
mod images;
mod indexed_job;
#[cfg(feature = "cluster")]
mod installed;
mod joined;
mod json;
mod limits;
mod lint;
mod list_findings;
mod log;
#[cfg(feature = "lsp")]
mod lsp;
mod memory;
#[cfg(feature = "registry")]
mod mirroring;
mod names;
mod objects;
#[cfg(feature = "registry")]
mod oci_layout;
mod policy;
mod provenance;
mod reads;
mod reference;
mod regex;
#[cfg(feature = "registry")]
mod registry;
mod release;
mod render;
mod report;
mod rule_ids;
mod rules;
mod running;
#[cfg(any(feature = "cluster", feature = "registry"))]
mod runtime;
mod schema;
mod secrets;
mod selection;
mod semver;
mod settings;
mod shell;
mod similar;
#[cfg(feature = "cluster")]
mod snapshot;
mod source;
mod sources;
mod stack;
mod store;
mod suppress;
mod template;
mod toml;
mod trace;
mod values;
mod values_path;
#[cfg(feature = "cluster")]
mod watching;
mod work;
mod yaml;

pub use api::{Chart, ChartSource, Finding, Linter, Manifest, Origin, OriginKind, Rendered, Renderer, Report};
pub use error::{Error, ErrorKind, Location};
pub use finding::Severity;
pub use helm::HelmVersion;
pub use limits::Limits;
pub use reference::{Layout, Mirror, Reference};

/// The command, for its binary and its benchmark. Not for users of the library: it changes with the command.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod command {
    pub use crate::cli::{Outcome, Streams, main, on_large_stack, run};
}
