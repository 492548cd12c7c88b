//! Helm's checks of a loaded chart before it is installed.

use super::Chart;
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::{log, semver};

/// Checks the type of a chart.
///
/// # Errors
/// Helm's text: `library charts are not installable`.
pub(crate) fn check_type(chart: &Chart) -> Result<(), Error> {
    match chart.metadata.chart_type.as_str() {
        "library" => Err(Error::chart("library charts are not installable")),
        _ => Ok(()),
    }
}

/// Checks that every declared dependency is in `charts/`, whether enabled or not; returns helm's log lines.
///
/// # Errors
/// Helm's text: `an error occurred while checking for chart dependencies. …`.
pub(crate) fn check_dependencies(chart: &Chart) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    if chart.metadata.deprecated {
        warnings.push(log::line("WARN", "this chart is deprecated", &[]));
    }
    let declared = chart.metadata.dependencies.iter().flatten().map(|dependency| dependency.name.as_str());
    let is_missing = |name: &&str| !chart.subcharts.iter().any(|subchart| subchart.name() == *name);
    let missing: Vec<&str> = declared.filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(warnings);
    }
    Err(Error::chart(format!(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch \
         missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
        missing.join(", ")
    )))
}

/// Checks the chart's `kubeVersion` against a Kubernetes version; for helm 4 a vendor's suffix is ignored.
///
/// # Errors
/// `chart requires kubeVersion: >=1.28.0 which is incompatible with Kubernetes v1.27.9`.
pub(crate) fn check_kube_version(chart: &Chart, kube_version: &str, helm: HelmVersion) -> Result<(), Error> {
    let wanted = &chart.metadata.kube_version;
    if wanted.is_empty() {
        return Ok(());
    }
    let numbers = kube_version.trim_start_matches('v');
    let end = match helm {
        HelmVersion::V4 => numbers.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(numbers.len()),
        HelmVersion::V3 => numbers.len(),
    };
    let version = semver::Version::parse_as(numbers[..end].trim_end_matches('.'), helm);
    let fits = semver::Constraint::parse_as(wanted, helm)
        .is_ok_and(|wanted| version.is_ok_and(|version| wanted.check(&version)));
    if fits {
        return Ok(());
    }
    Err(Error::chart(format!(
        "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {kube_version}"
    )))
}
