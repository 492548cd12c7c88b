//! Values: what users pass, and the result.

use super::templates::{prepared, user};
use super::{Parts, is_bound, limits};
use crate::helm::HelmVersion;
use crate::release::RenderProblem;
use crate::schema;
use crate::trace::Origins;
use crate::values::{Processed, UserValues, assignments};

/// The values of a chart merged with a user's, from files and from flags.
pub(super) fn values(data: &[u8]) {
    let Some(prepared) = prepared(data) else { return };
    let mut origins = Origins::new();
    let (mut log, mut traced_log) = (Vec::new(), Vec::new());
    let plain = told(prepared.values(&[], None, Some(&mut log)));
    let traced = told(prepared.values(&[], Some(&mut origins), Some(&mut traced_log)));
    if [&plain, &traced].iter().any(|told| told.as_ref().is_err_and(|error| is_bound(error))) {
        return;
    }
    assert_eq!(plain, traced, "tracing changes the values");
    assert_eq!(plain, told(prepared.values(&[], None, None)), "reading the log changes the values");
    assert_eq!(log, traced_log, "tracing changes what is logged");
}

fn told(processed: Result<Processed, RenderProblem>) -> Result<String, String> {
    match processed {
        Ok(Processed { root, values }) => Ok(format!("{} {values:?}", root.full_path)),
        Err(RenderProblem::Input(error) | RenderProblem::Chart(_, error)) => Err(error.into_text()),
        Err(RenderProblem::Template(_)) => unreachable!("no template is executed"),
    }
}

/// The argument of a flag: its name, then the argument after a line break.
pub(super) fn set(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (flag, argument) = text.split_once('\n').unwrap_or(("--set", &text));
    let mut user = UserValues::default();
    let arguments = match flag {
        "--set-json" => &mut user.set_json,
        "--set-string" => &mut user.set_string,
        "--set-literal" => &mut user.set_literal,
        "--set-file" => &mut user.set_file,
        _ => &mut user.set,
    };
    arguments.push(argument.to_owned());
    let limits = limits();
    for helm in [HelmVersion::V4, HelmVersion::V3] {
        let mut read = |_: usize, path: &str| Ok(path.as_bytes().to_vec());
        let mut origins = Origins::new();
        let plain = user.merge(helm, &limits, &mut read, None);
        let traced = user.merge(helm, &limits, &mut read, Some(&mut origins));
        let shown = |merged: &Result<crate::values::Merged, crate::error::Error>| match merged {
            Ok(merged) => Ok(format!("{:?}", merged.values)),
            Err(error) => Err(error.clone()),
        };
        assert_eq!(shown(&plain), shown(&traced), "tracing changes what {flag} sets");
    }
    let mut end = 0;
    for one in assignments(flag, argument).unwrap_or_default() {
        assert!(one.range.start >= end && one.range.end <= argument.len(), "{one:?} stands outside, or twice");
        assert!(argument.get(one.range.clone()).is_some(), "{one:?} cuts a character");
        assert!(argument.get(one.value.clone()).is_some(), "the value of {one:?} cuts a character");
        assert!(
            one.range.start <= one.value.start && one.value.end <= one.range.end,
            "the value is outside of {one:?}"
        );
        end = one.range.end;
    }
}

/// A chart with `values.schema.json`.
pub(super) fn schema(data: &[u8]) {
    let parts = Parts::of(data);
    let Some(mut prepared) = prepared(data) else { return };
    prepared.user = user(&parts);
    let Ok(Processed { root, values }) = prepared.values(&[], None, None) else { return };
    for helm in [HelmVersion::V4, HelmVersion::V3] {
        // The second result comes from the cache.
        let known = schema::KnownSchemas::default();
        let check = || schema::validate(&root, &values, helm, &prepared.limits, &known);
        assert_eq!(check(), check(), "the same values are judged otherwise");
    }
    let _ = prepared.remote_schemas(&schema::KnownSchemas::default());
}
