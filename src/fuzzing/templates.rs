//! Templates: a render is the same with and without traces.

use super::{Parts, is_bound, limits};
use crate::chart::load::load_stored;
use crate::chart::stored::{Collected, Stored};
use crate::compiler::Compiler;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::release::{ReleaseInputs, RenderOutcome, RenderProblem, SetFiles};
use crate::render::failure::helm_text;
use crate::render::{Capabilities, Release};
use crate::source::File;
use crate::template::Env;
use crate::trace::Origins;
use crate::values::UserValues;
use crate::work::Work;
use std::path::Path;

pub(super) fn check(data: &[u8]) {
    let Some(prepared) = prepared(data) else { return };
    let mut origins = Origins::new();
    let (mut log, mut traced_log) = (Vec::new(), Vec::new());
    let plain = prepared.render(&mut Compiler::new(), &[], None, Some(&mut log));
    let traced = prepared.render(&mut Compiler::new(), &[], Some(&mut origins), Some(&mut traced_log));
    match (told(plain), told(traced)) {
        (Err(left), Err(right)) if is_bound(&left) || is_bound(&right) => return,
        (Err(bound), _) | (_, Err(bound)) if is_bound(&bound) => return,
        (left, right) => assert_eq!(left, right, "tracing changes what is rendered"),
    }
    assert_eq!(log, traced_log, "tracing changes what is logged");
}

/// The texts of the files with their names; or the message.
fn told(outcome: Result<RenderOutcome, RenderProblem>) -> Result<Vec<(String, String)>, String> {
    match outcome {
        Ok(outcome) => {
            let files = outcome.rendered.files.into_iter().chain(outcome.rendered.notes);
            Ok(files
                .map(|file| {
                    // Every part of it has a position in the text.
                    let end = file.text.spans().last().map_or(0, |span| span.end as usize);
                    assert!(end <= file.text.len(), "{} has an origin behind its end", file.name);
                    (file.name, String::from_utf8_lossy(file.text.as_bytes()).into_owned())
                })
                .collect())
        }
        Err(RenderProblem::Input(error) | RenderProblem::Chart(_, error)) => Err(error.into_text()),
        Err(RenderProblem::Template(error)) => Err(helm_text(&error, HelmVersion::V4)),
    }
}

/// The release that an input describes; `None` if it contains no chart.
pub(super) fn prepared(data: &[u8]) -> Option<ReleaseInputs> {
    let parts = Parts::of(data);
    let limits = limits();
    let chart = load_stored(&folder(&parts, &limits)?, Path::new("chart"), None, &limits, HelmVersion::V4).ok()?.chart;
    let user = user(&parts);
    Some(ReleaseInputs {
        chart,
        release: Release { name: "rel".into(), namespace: "default".into(), is_upgrade: false, revision: 1 },
        capabilities: Capabilities::default_of(HelmVersion::V4),
        env: Env::seeded(1),
        work: Work::of(&limits),
        limits,
        is_given: !user.is_empty(),
        user,
        check_schema: true,
        set_files: SetFiles::none(),
    })
}

/// The files of a chart; adds Chart.yaml if the input has none.
pub(super) fn folder(parts: &Parts<'_>, limits: &Limits) -> Option<Stored> {
    let mut folder = Collected::new(b"", limits).ok()?;
    if parts.all("Chart.yaml").next().is_none() {
        folder.add("Chart.yaml".to_owned(), b"{apiVersion: v2, name: app, version: 1.0.0}".to_vec()).ok()?;
    }
    for (name, content) in parts.iter().filter(|(name, _)| !name.starts_with('-')) {
        folder.add(name.to_owned(), content.to_vec()).ok()?;
    }
    Some(folder.into_stored())
}

/// The user's values: parts that are named after flags.
pub(super) fn user(parts: &Parts<'_>) -> UserValues {
    let files = parts.all("-f").enumerate();
    UserValues {
        files: files
            .map(|(number, content)| File::on_disk(format!("{number}.yaml"), Some(format!("{number}.yaml")), content))
            .collect(),
        set_json: parts.arguments("--set-json"),
        set: parts.arguments("--set"),
        set_string: parts.arguments("--set-string"),
        set_file: Vec::new(),
        set_literal: parts.arguments("--set-literal"),
        read: Default::default(),
    }
}
