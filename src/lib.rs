//! Renders Helm charts exactly as helm does, without helm, and says which of their images bypass a private mirror and who
//! put them there.
//!
//! # Render a chart
//!
//! [`Chart::open`] takes a folder, the bytes of an archive, or a map of files. A [`Renderer`] is a release of it: values,
//! flags, a name, a cluster. The text is what `helm template` prints, byte for byte.
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
//! # Ask where a text comes from
//!
//! A renderer that [traces](Renderer::trace) remembers for every byte who decided it: a line of a values file, a flag, the
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
//! A [`Linter`] renders a release as often as it takes to know of each image whether it resolves through the mirror, and what
//! would change it.
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
//! # What holds
//!
//! A chart may come from anybody. Whatever is in it, a render ends within [`Limits`], which are counted and not timed, and
//! never overflows the caller's stack. It reads no file but the chart's, and asks no network. The same inputs give the same
//! bytes, but for the time and what is random: [`Renderer::seed`] fixes these.
//!
//! An [`Error`] has a [kind](ErrorKind) and helm's own words.
//!
//! `docs/architecture.md` tells how it works inside.

pub mod analysis;
mod api;
pub mod blame;
pub mod bundle;
pub mod chart;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compiler;
pub mod config;
pub mod disk;
pub mod downloads;
mod error;
pub mod finding;
pub mod fix;
pub mod funcs;
#[cfg(any(all(test, feature = "html"), feature = "fuzzing"))]
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
pub mod objects;
pub mod policy;
pub mod provenance;
pub mod reads;
pub mod reference;
pub mod regex;
pub mod release;
pub mod render;
pub mod report;
pub mod rules;
pub mod schema;
pub mod secrets;
pub mod semver;
pub mod settings;
pub mod shell;
pub mod source;
pub mod sources;
pub mod stack;
pub mod suppress;
pub mod template;
pub mod trace;
pub mod values;
pub mod work;
pub mod yaml;

pub use api::{Chart, ChartSource, Finding, Linter, Manifest, Origin, OriginKind, Rendered, Renderer, Report};
pub use error::{Error, ErrorKind, Location};
pub use finding::Severity;
pub use helm::HelmVersion;
pub use limits::Limits;
pub use reference::{Layout, Mirror, Reference};
