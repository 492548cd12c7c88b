//! [`lint()`]: analyses a release, runs the rules, and makes a [`Report`].

use crate::analysis::images::images;
use crate::analysis::manifests::{Owners, analyse_manifests};
use crate::analysis::on_mirror::OnMirror;
use crate::analysis::overlay::put_in_overlay;
use crate::analysis::running::{analyse_running, analyse_saved};
use crate::analysis::upgrade::{OtherEvent, other_event};
use crate::analysis::{Analysis, Cause, Refusal, analyse};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::images::Class;
use crate::limits::Limits;
use crate::release::ReleaseInputs;
use crate::report::{Coverage, ReleaseName, Report, ReportAbout};
use crate::rule_ids;
use crate::rules::RuleContext;
use crate::running::{Against, Running};
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::source::File;
use std::sync::Arc;

/// Renders a release and judges its images. Helm's log lines are added to `log`.
///
/// # Errors
/// The user's input cannot be used. A chart that does not render is a finding.
pub(crate) fn lint(
    prepared: &ReleaseInputs,
    settings: &Settings,
    compiler: &mut Compiler,
    log: &mut Vec<String>,
) -> Result<Report, Error> {
    let mut prepared = prepared.afresh();
    let mut analysis = analyse(&prepared, settings, compiler, log)?;
    if let Some(judged) = in_spite_of_schema(&mut prepared, &analysis, settings, compiler)? {
        analysis = judged;
    }
    let prepared = &prepared;
    let other = other_event(prepared, &analysis, settings, compiler);
    analysis.note_what_was_not_done(&prepared.work);
    let mut report = report(Some(prepared), &analysis, settings);
    put_in_overlay(&mut report.findings, &analysis, prepared, settings, compiler);
    match other {
        OtherEvent::Same => {}
        OtherEvent::Failed => report.other_event_failed = true,
        OtherEvent::Differs(other) => {
            let analysis = analyse(&other, settings, compiler, &mut Vec::new())?;
            report.add_event(self::report(Some(&other), &analysis, settings), other.release.is_upgrade);
        }
    }
    Ok(report)
}

/// The analysis of a release whose values the schema of its chart refuses, as if the schema were not asked: its refusal is reported, and
/// does not hide what can be judged without it. `None` if the schema is not why it does not render, or not the only reason.
fn in_spite_of_schema(
    prepared: &mut ReleaseInputs,
    analysis: &Analysis,
    settings: &Settings,
    compiler: &mut Compiler,
) -> Result<Option<Analysis>, Error> {
    let Some(failure) = analysis.failure.as_ref().filter(|failure| failure.cause == Cause::Schema) else {
        return Ok(None);
    };
    let unchecked = ReleaseInputs { check_schema: false, ..prepared.afresh() };
    let mut judged = analyse(&unchecked, settings, compiler, &mut Vec::new())?;
    if judged.failure.is_some() {
        return Ok(None);
    }
    let refused = prepared.refused_by_schema(&[], compiler);
    let places = refused.iter().filter_map(|path| judged.set_at(path)).collect();
    judged.refusal = Some(Refusal { failure: failure.clone(), places });
    *prepared = unchecked;
    Ok(Some(judged))
}

/// The report of the rules on an analysis.
pub(crate) fn report(prepared: Option<&ReleaseInputs>, analysis: &Analysis, settings: &Settings) -> Report {
    // Rules ask nobody: what the mirror has is known before they run.
    let on_mirror = OnMirror::of(analysis, settings);
    let context = RuleContext { prepared, analysis, settings, on_mirror: on_mirror.as_ref(), findings: Vec::new() };
    let mirrored = analysis
        .images
        .iter()
        .filter(|judged| !judged.bypasses(&settings.mirror) && judged.class != Class::Doubled)
        .count();
    let findings = context.check_all();
    let secrets = Secrets::of(&analysis.origins);
    let mut images = images(analysis, settings);
    if let Some(on_mirror) = &on_mirror {
        on_mirror.note(&mut images);
    }
    Report {
        release: prepared.map(name).unwrap_or_default(),
        is_listed: false,
        about: ReportAbout::Release,
        home: prepared.map(|prepared| prepared.chart.metadata_file.clone()),
        archives: Vec::new(),
        own_files: prepared
            .iter()
            .flat_map(|prepared| &prepared.user.files)
            .map(|file| file.shown().to_owned())
            .collect(),
        findings,
        left_out: 0,
        suppressed: Vec::new(),
        changes: None,
        images,
        gated: analysis.gated.clone(),
        other_event_failed: false,
        coverage: Coverage {
            manifests: analysis.manifests.len(),
            pods: 0,
            images: analysis.images.len(),
            mirrored,
            no_pull_secret: analysis.pull_secrets.are_unknown() && settings.is_on(rule_ids::MISSING_PULL_SECRET, true),
        },
        mirror: settings.mirror.to_string(),
        assumed_keys: analysis.assumed_keys.clone(),
        is_told: settings.assume_rewrite,
        secrets,
    }
}

/// The name of a release in reports.
pub(crate) fn name(prepared: &ReleaseInputs) -> ReleaseName {
    ReleaseName {
        name: prepared.release.name.clone(),
        chart: prepared.chart.name().to_owned(),
        namespace: prepared.release.namespace.clone(),
        environment: None,
    }
}

/// Judges the images of manifests without a chart. A finding about an owned object names the owner.
pub(crate) fn lint_manifests(files: &[Arc<File>], settings: &Settings, limits: &Limits) -> Report {
    let analysis = analyse_manifests(files, settings, limits);
    let owners = Owners::of(&analysis.manifests);
    let mut report = report(None, &analysis, settings);
    report.home = files.first().cloned();
    for finding in &mut report.findings {
        let owner = finding.subject.as_ref().and_then(|subject| owners.chain(&subject.object));
        finding.notes.extend(owner.map(|owner| format!("owned by {owner}")));
    }
    report
}

/// Judges what runs in a cluster.
pub(crate) fn lint_running(running: Running, settings: &Settings, limits: &Limits) -> Report {
    report_running(&analyse_running(running, settings, limits), settings)
}

/// Judges saved objects of a cluster, and plain lists of images.
pub(crate) fn lint_saved(files: &[Arc<File>], against: Against<'_>, settings: &Settings, limits: &Limits) -> Report {
    let mut report = report_running(&analyse_saved(files, against, settings, limits), settings);
    report.home = files.first().cloned();
    report
}

/// The report on an analysis with what runs: pods are counted, not the distinct images.
fn report_running(analysis: &Analysis, settings: &Settings) -> Report {
    let mut report = report(None, analysis, settings);
    if let Some(running) = &analysis.running {
        let coverage = &mut report.coverage;
        (coverage.pods, coverage.images, coverage.mirrored) = (running.pods, running.uses, running.mirrored);
        if running.pods > 0 {
            coverage.manifests = running.others;
        }
    }
    report
}
