//! [`lint()`]: a release is analysed, the rules judge it, and a [`Report`] tells.

use crate::analysis::{Analysis, analyse};
use crate::release::Prepared;
use crate::render::Compiler;
use crate::report::images::images;
use crate::report::{Coverage, ReleaseName, Report};
use crate::rules::Context;
use crate::settings::Settings;

/// Renders a release and judges its images. Helm's log lines are added to `log`.
///
/// # Errors
/// When what the user gave cannot be used. A chart that does not render is a finding.
pub fn lint(
    prepared: &Prepared,
    settings: &Settings,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Report, String> {
    let analysis = analyse(prepared, settings, compiler, log)?;
    Ok(report(Some(prepared), &analysis, settings))
}

/// What the rules say of an analysis.
pub fn report(prepared: Option<&Prepared>, analysis: &Analysis, settings: &Settings) -> Report {
    let context = Context { prepared, analysis, settings, findings: Vec::new() };
    let mirrored = analysis.images.iter().filter(|judged| !judged.bypasses(&settings.mirror)).count();
    Report {
        release: prepared.map(name).unwrap_or_default(),
        findings: context.check_all(),
        images: images(analysis, settings),
        coverage: Coverage { manifests: analysis.manifests.len(), images: analysis.images.len(), mirrored },
        mirror: settings.mirror.to_string(),
        assumed_keys: analysis.assumed_keys.clone(),
    }
}

fn name(prepared: &Prepared) -> ReleaseName {
    ReleaseName {
        name: prepared.release.name.clone(),
        chart: prepared.chart.name().to_owned(),
        namespace: prepared.release.namespace.clone(),
        environment: None,
    }
}
