//! `testdata/closure/*.jsonl`: small charts, and every image that they can print with the settings that bring it. Whatever complete
//! renders print under all assignments of their booleans, and under random values, must be among them.

use super::{conform, derived, derived_lines, files, prepared, read, root, write_chart};
use crate::chart::load::load;
use crate::cli::{Outcome, Streams, on_large_stack, run};
use crate::closure::brute::{Plan, printed};
use crate::closure::shared::Searches;
use crate::closure::{Closure, Request, UnitReport, UnreachedBranch};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::release::ReleaseInputs;
use crate::settings::Settings;
use crate::values::UserValues;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Files by path in the chart; Chart.yaml always exists.
    files: BTreeMap<String, String>,
    /// By reference: `today`, or the settings that bring it, and why a complete render refuses them.
    #[serde(default)]
    images: BTreeMap<String, Vec<String>>,
    /// What operators pull by themselves, with the settings that bring it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    operators: BTreeMap<String, Vec<String>>,
    /// What is not set and would become a part of an image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    open: Vec<String>,
    /// Branches that no execution took: where, which, under which condition, and why; noted if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unreached: Option<Vec<String>>,
    /// By template: the executions that it took, and the file that was searched in its place; noted if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    searched: Option<BTreeMap<String, String>>,
    /// Files whose combinations are too many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bounded: Vec<String>,
}

const CHART: &str = "{apiVersion: v2, name: app, version: 1.0.0}\n";

#[test]
fn every_image_behind_a_switch_is_found_with_its_settings() {
    derived_lines("testdata/closure", explored);
}

fn explored(case: Case) -> Case {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let folder = scratch.path().join("app");
    write_chart(&folder, &case.files, &[("Chart.yaml", CHART)]);
    let plan = Plan { booleans: 4096, values: 400, seed: 7 };
    let (closure, found, _) = compared(&folder, plan).expect("the chart can be explored");
    let missing: Vec<_> = lacking(&closure, &found).collect();
    assert!(missing.is_empty(), "{}: the closure lacks {missing:#?}", case.name);
    let settings = |image: &crate::closure::ClosureImage| {
        let mut settings: Vec<String> = image.settings.iter().map(ToString::to_string).collect();
        if image.is_today {
            settings.push("today".to_owned());
        }
        settings.extend(image.unproven.iter().map(|why| format!("! {why}")));
        settings
    };
    let operator = |one: &crate::closure::OperatorImage| {
        let settings = one.settings.iter().map(ToString::to_string).collect();
        (format!("{} of {}", one.image, one.operator), settings)
    };
    let branch = |one: &UnreachedBranch| {
        format!("{}:{}:{}: {} {}: {}", one.template, one.line, one.column, one.branch, one.condition, one.why.name())
    };
    Case {
        searched: case.searched.as_ref().map(|_| searched(&closure)),
        unreached: case.unreached.as_ref().map(|_| closure.unreached.iter().map(branch).collect()),
        operators: closure.operators.iter().map(operator).collect(),
        images: closure.images.iter().map(|image| (image.reference.clone(), settings(image))).collect(),
        open: closure.open.iter().map(ToString::to_string).collect(),
        bounded: closure.units.iter().filter(|unit| unit.is_bounded).map(|unit| unit.template.clone()).collect(),
        ..case
    }
}

/// By template: the executions that it took, and the file that was searched in its place.
fn searched(closure: &Closure) -> BTreeMap<String, String> {
    let text = |unit: &UnitReport| match &unit.same_as {
        Some(other) => format!("{} as {other}", unit.runs),
        None => unit.runs.to_string(),
    };
    closure.units.iter().map(|unit| (unit.template.clone(), text(unit))).collect()
}

/// Releases of one chart whose values are equal where it matters are searched once; others are not.
#[test]
fn releases_with_equal_values_are_searched_once() {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let folder = scratch.path().join("app");
    let template = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n\
                    \x20   - name: a\n      image: quay.io/acme/a:{{ .Values.tag }}\n{{ if .Values.more.enabled }}\n\
                    \x20   - name: b\n      image: quay.io/acme/b:1\n{{ end }}\n\
                    \x20 nodeName: {{ .Values.label }}-{{ .Release.Name }}\n";
    let values = "tag: '1'\nlabel: x\nmore: {enabled: false}\n";
    let files = [("templates/x.yaml", template), ("values.yaml", values)];
    let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    write_chart(&folder, &files, &[("Chart.yaml", CHART)]);
    let mut searches = Searches::of_releases();
    let mut explored = |name: &str, set: &str| {
        let chart = load(&folder, &Limits::default(), HelmVersion::V4).expect("a chart").chart;
        let values = UserValues { set: vec![set.to_owned()], ..UserValues::default() };
        let mut inputs = prepared(chart, values);
        inputs.release.name = name.to_owned();
        let settings = Settings::without_mirror();
        let request = (Request::default(), &mut searches);
        let closure = Closure::of(&inputs, &settings, &mut Compiler::new(), request).expect("it can be explored");
        let images: Vec<String> = closure.images.iter().map(|image| image.reference.clone()).collect();
        (searched(&closure).into_values().next().unwrap_or_default(), images.join(" "))
    };
    let images = "quay.io/acme/a:1 quay.io/acme/b:1".to_owned();
    let mut check = |name, set, images: &str, is_new: bool| {
        let (searched, found) = explored(name, set);
        assert_eq!((found.as_str(), searched != "1 as app/templates/x.yaml"), (images, is_new), "{name}: {searched}");
    };
    check("one", "label=x", &images, true);
    // Neither the name of the release nor the label matters for an image.
    check("two", "label=y", &images, false);
    check("three", "tag=2", &images.replace("a:1", "a:2"), true);
    check("four", "more.enabled=true", &images, true);
    check("five", "more.enabled=true", &images, false);
}

/// A closure, what complete renders print, each with the settings that brought it, and how many of them did not fail.
type Compared = (Closure, BTreeMap<String, Vec<String>>, u64);

fn compared(chart: &Path, plan: Plan) -> Result<Compared, Error> {
    let chart = load(chart, &Limits::default(), HelmVersion::V4)?.chart;
    let inputs = ReleaseInputs { check_schema: true, ..prepared(chart, UserValues::default()) };
    let settings = Settings::without_mirror();
    let request = Request { unreached: true, ..Request::default() };
    let closure = Closure::of(&inputs, &settings, &mut Compiler::new(), (request, &mut Searches::default()))?;
    let (found, done) = printed(&inputs, &settings, &mut Compiler::new(), (plan, &closure))?;
    Ok((closure, found, done))
}

/// What complete renders print and a closure lacks.
fn lacking<'f>(
    closure: &Closure,
    found: &'f BTreeMap<String, Vec<String>>,
) -> impl Iterator<Item = (&'f String, &'f Vec<String>)> {
    found.iter().filter(|(reference, _)| !closure.images.iter().any(|image| image.reference == **reference))
}

#[test]
fn the_lists_of_a_bundle_are_the_same_every_time_and_right() {
    let chart = root().join("testdata/charts/platform").to_string_lossy().into_owned();
    let answer = |args: &[&str]| {
        let args = ["airtight"].iter().chain(args).map(|arg| (*arg).to_owned());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
        let outcome = outcome.expect("it does not panic");
        assert_eq!(outcome, Outcome::Clean, "{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    };
    let write = |more: &[&str]| {
        let scratch = tempfile::tempdir().expect("a folder can be made");
        let folder = scratch.path().join("bundle").to_string_lossy().into_owned();
        answer(&[&["bundle", &chart, "-d", &folder, "--no-config"], more].concat());
        answer(&["bundle", "check", &folder, &chart, "--no-config"]);
        let mut text = String::new();
        for path in files(&folder, "") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == "bundle.json" {
                conform(
                    "bundle.schema.json",
                    &[(name.clone(), serde_json::from_str(&read(&path)).expect("it is JSON"))],
                );
            }
            text.push_str(&format!("==> {name}\n{}", read(&path)));
        }
        text
    };
    let lists = write(&[]);
    assert_eq!(lists, write(&[]));
    derived("testdata/closure/bundle.txt", &(lists + &write(&["--comments"])));
}

/// `AIRTIGHT_CHARTS=folder`: the same for each archive in a folder, which is no part of the project (`just closure-brute`).
#[test]
#[expect(clippy::print_stdout, reason = "it is run by hand, for what it prints")]
fn complete_renders_of_other_charts_print_nothing_more() {
    let Ok(folder) = std::env::var("AIRTIGHT_CHARTS") else { return };
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let plan = Plan {
        booleans: number("AIRTIGHT_BOOLEANS", 1000),
        values: number("AIRTIGHT_VALUES", 1000),
        seed: number("AIRTIGHT_SEED", 7),
    };
    let mut charts = files(&folder, ".tgz");
    charts.sort_by_key(|path| std::fs::metadata(path).map_or(0, |data| data.len()));
    charts.truncate(number("AIRTIGHT_MOST", 40) as usize);
    let mut lacks = 0;
    for path in &charts {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let compared = on_large_stack(|| compared(path, plan));
        match compared.expect("it does not panic") {
            Err(error) => println!("{name}: {}", error.into_text()),
            Ok((closure, found, done)) => {
                let bounded = closure.units.iter().filter(|unit| unit.is_bounded).count();
                let runs: u32 = closure.units.iter().map(|unit| unit.runs).sum();
                for unit in closure.units.iter().filter(|unit| unit.is_bounded) {
                    println!("  BOUNDED {}", unit.template);
                }
                if std::env::var_os("AIRTIGHT_LIST").is_some() {
                    closure.images.iter().for_each(|image| println!("  {}", image.reference));
                }
                println!(
                    "{name}: {} images, {runs} runs, {bounded} bounded; {done} renders print {}",
                    closure.images.len(),
                    found.len()
                );
                for (reference, settings) in lacking(&closure, &found) {
                    lacks += 1;
                    println!("  LACKS {reference}: {}", settings.join(" "));
                }
            }
        }
    }
    assert_eq!(lacks, 0);
}
