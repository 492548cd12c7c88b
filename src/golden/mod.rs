//! Golden files: everything that a test generates and git keeps.
//!
//! A test fails if its file is out of date; `UPDATE=1 cargo test` (`just bless`) rewrites it.

#![expect(clippy::disallowed_methods, reason = "tests read and write files of the repository")]
#![expect(clippy::print_stderr, reason = "a test says what it left out")]

use crate::chart::{Chart, ChartFile, Metadata, ValuesFile};
#[cfg(feature = "cli")]
use crate::cli::{Outcome, Streams, on_large_stack, run};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::release::{ReleaseInputs, SetFiles};
use crate::render::{Capabilities, Release};
use crate::source::File;
use crate::template::Env;
use crate::values::UserValues;
use crate::work::Work;
use crate::yaml;
#[cfg(feature = "cli")]
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The working folder is global to the process: a test that changes it, or depends on it, must hold this lock.
pub(crate) struct WorkingFolder(#[expect(dead_code, reason = "held until it is dropped")] MutexGuard<'static, ()>);

/// Changes the working folder until the result is dropped.
pub(crate) fn working_folder(folder: &Path) -> WorkingFolder {
    static HELD: Mutex<()> = Mutex::new(());
    // A test that failed while holding the lock has restored the folder.
    let guard = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    std::env::set_current_dir(folder).expect("the folder is there");
    WorkingFolder(guard)
}

impl Drop for WorkingFolder {
    fn drop(&mut self) {
        let _ = std::env::set_current_dir(root());
    }
}

/// Asserts that the file at `path` (from the folder of the repository) is exactly `text`.
pub(crate) fn derived(path: &str, text: &str) {
    let full = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&full, text).expect("a derived file can be written");
        return;
    }
    let known = std::fs::read_to_string(&full).unwrap_or_default();
    if known != text {
        let line = known.lines().zip(text.lines()).position(|(a, b)| a != b);
        let at = line.unwrap_or_else(|| known.lines().count().min(text.lines().count()));
        let (want, got) = (known.lines().nth(at).unwrap_or("<end>"), text.lines().nth(at).unwrap_or("<end>"));
        panic!("{path} is out of date (`just bless`), line {}:\n  file: {want}\n  made: {got}", at + 1);
    }
}

/// The files with an extension in a folder of the repository, sorted by name.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

/// The names of the entries of a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A page with the output of the cases that it shows: after a mark, `<!-- testdata/cli/NAME.toml -->`, a block of text has the command,
/// if it begins with `$`, and what `said` says for the name and that line. The mark ends where the block begins.
pub(crate) fn with_output(text: &str, mark: &str, begin: &str, said: impl Fn(&str, &str) -> String) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        let (name, block) = after.split_once(begin).expect("a block of text follows the mark");
        let (shown, after) = block.split_once("```\n").expect("the block ends");
        let typed = if shown.starts_with('$') { shown.split_inclusive('\n').next().unwrap_or_default() } else { "" };
        made.extend([before, mark, name, begin, typed, &said(name, typed), "```\n"]);
        rest = after;
    }
    made + rest
}

/// The charts of the repository.
pub(crate) fn own_charts() -> Vec<PathBuf> {
    files("testdata/charts", "")
}

/// A chart of templates, values and subcharts.
pub(crate) fn chart(name: &str, templates: &[&str], values: &str, subcharts: Vec<Arc<Chart>>) -> Arc<Chart> {
    let file = File::new("values.yaml", values);
    let document = yaml::read(file.bytes(), &Limits::default()).expect("values");
    let file_of = |(number, text): (usize, &&str)| ChartFile {
        path: format!("templates/{number}.yaml"),
        file: File::new(format!("{name}/templates/{number}.yaml"), *text),
    };
    let metadata =
        Metadata { api_version: "v2".into(), name: name.into(), version: "1.0.0".into(), ..Metadata::default() };
    Arc::new(Chart {
        metadata,
        metadata_file: File::new("Chart.yaml", ""),
        values: Some(ValuesFile { file, documents: vec![document].into() }),
        schema: None,
        templates: templates.iter().enumerate().map(file_of).collect(),
        files: Vec::new(),
        lock: None,
        subcharts,
    })
}

/// A release of a chart with the user's values, as the test harnesses render it.
pub(crate) fn prepared(chart: Arc<Chart>, user: UserValues) -> ReleaseInputs {
    ReleaseInputs {
        chart,
        release: Release { name: "rel".into(), namespace: "kubelb".into(), is_upgrade: false, revision: 1 },
        capabilities: Capabilities::default_of(HelmVersion::V4),
        env: Env::seeded(1),
        limits: Limits::default(),
        user,
        check_schema: false,
        is_given: false,
        work: Work::of(&Limits::default()),
        set_files: SetFiles::none(),
    }
}

/// The charts of the corpus by name; empty without the corpus, with a message on stderr.
///
/// # Panics
/// There is no corpus, and `CORPUS=required` says that there is one.
pub(crate) fn corpus() -> Vec<PathBuf> {
    let folders = ["../shared/corpus/charts", "../../shared/corpus/charts"];
    let Some(entries) = folders.iter().find_map(|folder| std::fs::read_dir(root().join(folder)).ok()) else {
        assert!(std::env::var_os("CORPUS").is_none_or(|said| said != "required"), "the corpus of charts is missing");
        eprintln!("the corpus of charts is missing: only the charts of the repository are looked at");
        return Vec::new();
    };
    let mut charts: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    charts.sort();
    charts
}

/// Fifty small charts of the corpus.
pub(crate) fn some_of_corpus() -> Vec<PathBuf> {
    const CHARTS: usize = 50;
    const LARGEST: u64 = 80_000;
    let mut charts = corpus();
    charts.retain(|path| path.metadata().is_ok_and(|about| about.len() < LARGEST));
    let step = (charts.len() / CHARTS).max(1);
    charts.into_iter().step_by(step).take(CHARTS).collect()
}

/// Asserts that a folder with cases, a line of JSON each, is what answering each of them gives.
#[cfg(feature = "cli")]
fn derived_lines<C: serde::Serialize + serde::de::DeserializeOwned + Send>(folder: &str, answered: fn(C) -> C) {
    let lists = files(folder, ".jsonl");
    assert!(!lists.is_empty());
    for path in lists {
        let mut text = String::new();
        for line in read(&path).lines() {
            let case: C = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let case = on_large_stack(|| answered(case)).expect("it does not panic");
            text.push_str(&serde_json::to_string(&case).expect("a case can be written"));
            text.push('\n');
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        derived(&format!("{folder}/{name}"), &text);
    }
}

/// Writes a chart into a folder: its files by their paths, and the usual ones that it does not have itself.
#[cfg(feature = "cli")]
fn write_chart(folder: &Path, own: &BTreeMap<String, String>, usual: &[(&str, &str)]) {
    let usual = usual.iter().copied().filter(|(path, _)| !own.contains_key(*path));
    for (path, text) in usual.chain(own.iter().map(|(path, text)| (path.as_str(), text.as_str()))) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }
}

/// What `airtight` prints with these arguments, as JSON; what it says on stderr unless it ends as `accepted` says.
#[cfg(feature = "cli")]
pub(crate) fn json_of(
    args: impl IntoIterator<Item = String>,
    accepted: fn(Outcome) -> bool,
) -> Result<serde_json::Value, String> {
    let args: Vec<String> = std::iter::once("airtight".to_owned()).chain(args).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    match accepted(outcome.expect("it does not panic")) {
        true => Ok(serde_json::from_slice(&out).expect("it is JSON")),
        false => Err(String::from_utf8_lossy(&err).into_owned()),
    }
}

/// Asserts that documents conform to a schema in `docs/`; each has a name for the message.
#[cfg(feature = "cli")]
pub(crate) fn conform(schema: &str, documents: &[(String, serde_json::Value)]) {
    let mut compiler = boon::Compiler::new();
    let text = serde_json::from_str(&read(&root().join("docs").join(schema))).expect("it is JSON");
    compiler.add_resource(schema, text).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let schema = compiler.compile(schema, &mut schemas).expect("the schema is right");
    for (name, document) in documents {
        if let Err(error) = schemas.validate(document, schema) {
            panic!("{name}: {error}");
        }
    }
}

mod admission;
#[cfg(feature = "cli")]
mod advice;
#[cfg(all(feature = "cli", feature = "registry"))]
mod api_server;
#[cfg(feature = "cli")]
mod bounds;
mod bundle;
#[cfg(feature = "cli")]
pub(crate) mod cli;
#[cfg(feature = "cli")]
mod closure;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster;
#[cfg(feature = "cli")]
mod fix;
#[cfg(all(feature = "cli", feature = "html"))]
mod fleet;
#[cfg(feature = "cli")]
mod formats;
mod functions;
#[cfg(feature = "cli")]
mod fuzzing;
#[cfg(feature = "cli")]
mod helm;
#[cfg(feature = "cli")]
mod hostile;
#[cfg(all(feature = "cli", any(feature = "cluster", feature = "registry")))]
mod http;
mod images;
#[cfg(feature = "cli")]
mod indexed_job;
#[cfg(feature = "cli")]
mod linear;
#[cfg(all(feature = "cli", feature = "registry"))]
mod mirror;
#[cfg(feature = "cli")]
mod origins;
#[cfg(feature = "cli")]
mod overlay;
#[cfg(feature = "cli")]
mod planted;
mod recipes;
#[cfg(feature = "cli")]
mod reference;
mod rooms;
mod runners;
mod shapes;
mod surface;
#[cfg(feature = "cli")]
mod tasks;
#[cfg(feature = "cli")]
mod ways;
