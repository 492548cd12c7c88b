//! [`InstalledRelease`]: a release as Helm keeps it in a secret of its namespace: the chart without its subcharts, the user's values, and the
//! manifests.
//!
//! Source: helm v4 `pkg/storage/driver/util.go`, `pkg/chart/v2/chart.go`.

use crate::chart::load::load_stored;
use crate::chart::stored::Collected;
use crate::cluster::objects::Secret;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::lint::{lint, lint_manifests};
use crate::release::{ReleaseInputs, SetFiles};
use crate::render::{Capabilities, Release};
use crate::report::{ReleaseName, Report};
use crate::rule_ids;
use crate::settings::Settings;
use crate::source::File;
use crate::template::Env;
use crate::values::UserValues;
use crate::work::Work;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;
use std::io::Read as _;
use std::path::Path;

/// The key of the release in its secret.
const KEY: &str = "release";

/// What a gzip stream begins with.
const GZIP: &[u8] = &[0x1F, 0x8B, 0x08];

/// A release that is installed in a cluster.
#[derive(Debug)]
pub(crate) struct InstalledRelease {
    wire: Wire,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire {
    name: String,
    namespace: String,
    chart: Option<WireChart>,
    /// The user's values.
    config: Option<Value>,
    manifest: Option<String>,
    hooks: Option<Vec<WireHook>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireHook {
    manifest: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireChart {
    metadata: Value,
    templates: Option<Vec<WireFile>>,
    values: Option<Value>,
    /// In base64.
    schema: Option<String>,
    files: Option<Vec<WireFile>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireFile {
    name: String,
    /// In base64.
    data: Option<String>,
}

impl InstalledRelease {
    /// Reads the release in a secret.
    ///
    /// # Errors
    /// It is not a release, or it is larger than a chart may be. The message quotes nothing of it.
    pub(crate) fn decode(secret: &Secret<'_>, limits: &Limits) -> Result<Self, String> {
        let text = secret.data.get(KEY).ok_or("it has no key `release`")?;
        let of_kubernetes = STANDARD.decode(text.as_ref()).map_err(|_| "its content is not base64")?;
        let packed = STANDARD.decode(of_kubernetes.trim_ascii()).map_err(|_| "its content is not a release of Helm")?;
        let mut json = Vec::new();
        if packed.starts_with(GZIP) {
            let mut unpacked = GzDecoder::new(packed.as_slice()).take(limits.chart_bytes + 1);
            unpacked.read_to_end(&mut json).map_err(|_| "its content is not whole")?;
            if json.len() as u64 > limits.chart_bytes {
                return Err(format!("it has more than {} bytes (--limit chart-bytes)", limits.chart_bytes));
            }
        } else {
            json = packed;
        }
        let wire = serde_json::from_slice(&json).map_err(|_| "its content has another form than a release of Helm")?;
        Ok(Self { wire })
    }

    /// The report on it: rendered again with the user's values if its chart is whole, and otherwise of its manifests.
    pub(crate) fn report(&self, settings: &Settings, limits: &Limits) -> Report {
        let rendered = self
            .inputs(limits)
            .ok()
            .flatten()
            .and_then(|inputs| lint(&inputs, settings, &mut Compiler::new(), &mut Vec::new()).ok());
        // A chart may ask for the version of the cluster, which is not asked for it.
        let is_whole = |report: &Report| report.findings.iter().all(|finding| finding.rule != rule_ids::RENDER_FAILED);
        rendered.filter(is_whole).unwrap_or_else(|| self.report_of_manifests(settings, limits))
    }

    fn report_of_manifests(&self, settings: &Settings, limits: &Limits) -> Report {
        let hooks = self.wire.hooks.iter().flatten().map(|hook| hook.manifest.as_str());
        let texts: Vec<&str> = self.wire.manifest.as_deref().into_iter().chain(hooks).collect();
        let file = File::new(format!("manifest of release {}", self.place()), texts.join("\n---\n"));
        let mut report = lint_manifests(&[file], settings, limits);
        // It says how to render manifests; this release is upgraded.
        report.findings.iter_mut().for_each(|finding| finding.help = None);
        report.release = ReleaseName {
            name: self.wire.name.clone(),
            chart: self.metadata("name"),
            namespace: self.wire.namespace.clone(),
            environment: None,
        };
        report
    }

    /// What renders the release; `None` if its chart is not whole: Helm does not keep subcharts.
    fn inputs(&self, limits: &Limits) -> Result<Option<ReleaseInputs>, Error> {
        let Some(chart) = &self.wire.chart else { return Ok(None) };
        let has_subcharts =
            chart.metadata.get("dependencies").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        if has_subcharts {
            return Ok(None);
        }
        let json = |value: &Value| value.to_string().into_bytes();
        let mut folder = Collected::new(b"", limits)?;
        folder.add("Chart.yaml".to_owned(), json(&chart.metadata))?;
        if let Some(values) = &chart.values {
            folder.add("values.yaml".to_owned(), written(values).into_bytes())?;
        }
        let decoded = |data: Option<&String>| STANDARD.decode(data.map(String::as_str).unwrap_or_default());
        if let Some(Ok(schema)) = chart.schema.as_ref().map(|schema| decoded(Some(schema)))
            && !schema.is_empty()
        {
            folder.add("values.schema.json".to_owned(), schema)?;
        }
        for file in chart.templates.iter().chain(&chart.files).flatten() {
            let is_inside = !file.name.split('/').any(|part| matches!(part, "" | "." | ".."));
            if let (true, Ok(data)) = (is_inside, decoded(file.data.as_ref())) {
                folder.add(file.name.clone(), data)?;
            }
        }
        let loaded = load_stored(&folder.into_stored(), Path::new("chart"), None, limits, HelmVersion::V4)?;
        let config = self.wire.config.as_ref().filter(|config| !config.is_null());
        let values = File::new(format!("values of release {}", self.place()), config.map(written).unwrap_or_default());
        Ok(Some(ReleaseInputs {
            chart: loaded.chart,
            release: Release {
                name: self.wire.name.clone(),
                namespace: self.wire.namespace.clone(),
                is_upgrade: false,
                revision: 1,
            },
            capabilities: Capabilities::default_of(HelmVersion::V4),
            env: Env::seeded(1),
            limits: limits.clone(),
            user: UserValues { files: vec![values], ..UserValues::default() },
            check_schema: false,
            is_given: true,
            work: Work::of(limits),
            set_files: SetFiles::none(),
        }))
    }

    /// `shop/api`: its namespace and its name.
    fn place(&self) -> String {
        format!("{}/{}", self.wire.namespace, self.wire.name)
    }

    fn metadata(&self, key: &str) -> String {
        let chart = self.wire.chart.as_ref();
        chart.and_then(|chart| chart.metadata.get(key)?.as_str()).unwrap_or_default().to_owned()
    }
}

/// Values as YAML, as `helm get values` shows them.
fn written(values: &Value) -> String {
    crate::bundle::forms::typed::written(std::slice::from_ref(values))
}
