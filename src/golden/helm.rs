//! `testdata/helm/`: small templates and charts with helm's recorded answers.
//!
//! A file of `templates/` contains one template per line, each tested in a chart of its own; `values.json` contains the values
//! that lines refer to by number. A file of `charts/` contains one chart per line, with the arguments of the command. `helm3` in
//! a line is the answer of helm 3.17.3 if it differs. Each file is a family of cases. `differences.txt` names the cases in which
//! airtight differs on purpose.

use super::{derived, read, root};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use base64::Engine;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateCase {
    name: String,
    template: String,
    values: Option<usize>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    output: Option<String>,
    output_base64: Option<String>,
    error: Option<String>,
    helm3: Option<Answer>,
}

/// The answer of helm to a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    output: Option<String>,
    output_base64: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ChartCase {
    name: String,
    files: BTreeMap<String, Json>,
    #[serde(default)]
    args: Vec<String>,
    chart: String,
    #[serde(default)]
    norel: bool,
    stdin: Option<String>,
    stdout: Option<String>,
    error: Option<String>,
    written: Option<BTreeMap<String, String>>,
    helm3: Option<ChartAnswer>,
}

/// The answer of helm to a chart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChartAnswer {
    stdout: Option<String>,
    error: Option<String>,
    written: Option<BTreeMap<String, String>>,
}

/// A folder that is removed when the value is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("airtight-{}-{}", std::process::id(), name.replace('/', "-")));
        std::fs::create_dir_all(&path).expect("a folder can be made");
        Self(path.canonicalize().expect("it is there"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
    std::fs::write(path, bytes).expect("a file can be written");
}

fn differences() -> BTreeSet<String> {
    let text = read(&root().join("testdata/helm/differences.txt"));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Runs all cases, on two threads, and compares the failing ones with the list of known differences.
fn compare<C: Sync>(cases: &[C], name: impl Fn(&C) -> &str + Sync, differs: impl Fn(&C) -> Option<String> + Sync) {
    assert!(!cases.is_empty());
    let known = differences();
    let half = cases.len().div_ceil(2);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let work: Vec<_> = cases
            .chunks(half)
            .map(|part| {
                let (name, differs, known) = (&name, &differs, &known);
                scope.spawn(move || {
                    let result = part.iter().filter_map(|case| {
                        let why = differs(case);
                        match (why, known.contains(name(case))) {
                            (Some(why), false) => Some(format!("{}: {why}", name(case))),
                            (None, true) => Some(format!("{}: is as helm's now, and no known difference", name(case))),
                            _ => None,
                        }
                    });
                    result.collect::<Vec<_>>()
                })
            })
            .collect();
        work.into_iter().flat_map(|part| part.join().expect("a case panicked")).collect()
    });
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The outcome, stdout and stderr of a run.
fn airtight(args: &[String], mut input: &[u8]) -> (Option<Outcome>, Vec<u8>, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome =
        on_large_stack(|| run(args.iter().cloned(), &mut Streams { out: &mut out, err: &mut err, input: &mut input }));
    (outcome, out, String::from_utf8_lossy(&err).into_owned())
}

/// The message after `Error: `.
fn message(err: &str) -> &str {
    let text = err.rfind("\nError: ").map_or(err, |at| &err[at + 1..]);
    let text = text.strip_prefix("Error: ").unwrap_or(text).trim_end_matches('\n');
    text.trim_end_matches("\n\nUse --debug flag to render out invalid YAML")
}

#[test]
fn templates_render_as_helm_renders_them() {
    let (values, cases) = template_cases();
    compare(&cases, |case| &case.name, |case| template_differs(case, &values));
}

/// The values that cases refer to, and the cases.
fn template_cases() -> (Vec<String>, Vec<TemplateCase>) {
    let values = read(&root().join("testdata/helm/values.json"));
    (serde_json::from_str(&values).expect("a list of texts"), cases_in("templates"))
}

/// The cases of all families, in the order of their files.
fn cases_in<C: for<'d> Deserialize<'d>>(folder: &str) -> Vec<C> {
    let folder = root().join("testdata/helm").join(folder);
    let files = std::fs::read_dir(&folder).expect("a folder of families");
    let mut files: Vec<PathBuf> = files.map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    let case = |file: &Path, line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", file.display()))
    };
    files.iter().flat_map(|file| read(file).lines().map(|line| case(file, line)).collect::<Vec<C>>()).collect()
}

/// Whether an error is the same as helm's; only the end of a very long one counts.
fn says(said: &str, wanted: &str) -> bool {
    if wanted.len() < 3000 { said.contains(wanted) } else { said.ends_with(&wanted[wanted.len() - 100..]) }
}

fn template_differs(case: &TemplateCase, values: &[String]) -> Option<String> {
    let answer =
        Answer { output: case.output.clone(), output_base64: case.output_base64.clone(), error: case.error.clone() };
    answer_differs(case, values, &answer, &[])
}

/// The cases in which helm 3 answers differently, named `NAME@3`.
#[test]
fn templates_render_as_helm_3_renders_them() {
    let (values, cases) = template_cases();
    let flag = ["--helm-version".to_owned(), "3".to_owned()];
    let cases: Vec<(String, Answer, TemplateCase)> =
        cases.into_iter().filter_map(|mut case| Some((format!("{}@3", case.name), case.helm3.take()?, case))).collect();
    let open = still_open(&cases, |(name, ..)| name, |(_, answer, case)| answer_differs(case, &values, answer, &flag));
    derived("testdata/helm/helm3-open.txt", &open);
}

/// Lists the cases in which the answer differs from helm 3, except for deliberate differences.
fn still_open<C: Sync>(
    cases: &[C],
    name: impl Fn(&C) -> &str + Sync,
    differs: impl Fn(&C) -> Option<String> + Sync,
) -> String {
    let known = differences();
    let half = cases.len().div_ceil(2);
    let differing: Vec<&str> = std::thread::scope(|scope| {
        let work: Vec<_> = cases
            .chunks(half)
            .map(|part| {
                let (name, differs, known) = (&name, &differs, &known);
                scope.spawn(move || {
                    let differing = part.iter().filter(|case| !known.contains(name(case)) && differs(case).is_some());
                    differing.map(name).collect::<Vec<_>>()
                })
            })
            .collect();
        work.into_iter().flat_map(|part| part.join().expect("a case panicked")).collect()
    });
    let (count, all) = (differing.len(), cases.len());
    let names = differing.join("\n");
    format!(
        "# Made by `just bless`: the cases in which --helm-version 3 is not yet as helm 3.17.3, {count} of {all}. Only to get shorter.\n{names}\n"
    )
}

fn answer_differs(case: &TemplateCase, values: &[String], answer: &Answer, flags: &[String]) -> Option<String> {
    const BEGIN: &[u8] = b"@@begin@@";
    const END: &[u8] = b"@@end@@";
    let folder = Folder::new(&format!("{}{}", case.name, flags.len()));
    let chart = folder.0.join("case");
    write(&chart.join("Chart.yaml"), b"apiVersion: v2\nname: case\nversion: 0.1.0\nappVersion: 1.2.3\n");
    if let Some(index) = case.values {
        write(&chart.join("values.yaml"), values[index].as_bytes());
    }
    for (path, text) in &case.files {
        write(&chart.join(path), text.as_bytes());
    }
    let wants_error = answer.error.is_some();
    if wants_error {
        write(&chart.join("templates/t.yaml"), case.template.as_bytes());
    } else {
        let marked = [BEGIN, case.template.as_bytes(), END].concat();
        write(&chart.join("templates/t.yaml"), &marked);
        // Not YAML: --debug then prints every file as rendered.
        write(&chart.join("templates/zz.yaml"), b"a: b: c\n");
    }
    let chart = chart.to_string_lossy().into_owned();
    let mut args: Vec<String> = ["airtight", "template", "rel"].map(str::to_owned).to_vec();
    args.push(chart.clone());
    args.extend(case.args.iter().map(|arg| arg.replace("@/", &format!("{chart}/"))));
    args.extend_from_slice(flags);
    args.extend(["--time-zone".to_owned(), "UTC".to_owned()]);
    if !wants_error {
        args.push("--debug".to_owned());
    }
    let (outcome, out, err) = airtight(&args, b"");
    if let Some(wanted) = &answer.error {
        let said = message(&err).replace(&chart, "@");
        return (outcome != Some(Outcome::Failed) || !says(&said, wanted))
            .then(|| format!("want the error {wanted:?}, got {said:?}"));
    }
    let find = |mark: &[u8]| out.windows(mark.len()).position(|window| window == mark);
    let (Some(start), Some(end)) = (find(BEGIN), find(END)) else { return Some(format!("failed: {}", message(&err))) };
    let got = &out[start + BEGIN.len()..end];
    let wanted = match (&answer.output, &answer.output_base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (_, Some(text)) => base64::engine::general_purpose::STANDARD.decode(text).expect("base64"),
        _ => Vec::new(),
    };
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (got != wanted).then(|| format!("want {:?}, got {:?}", lossy(&wanted), lossy(got)))
}

#[test]
fn charts_render_as_helm_renders_them() {
    let cases: Vec<ChartCase> = cases_in("charts");
    compare(&cases, |case| &case.name, |case| chart_differs(case, &[]));
}

/// The charts for which helm 3 answers differently, named `NAME@3`.
#[test]
fn charts_render_as_helm_3_renders_them() {
    let cases: Vec<ChartCase> = cases_in::<ChartCase>("charts")
        .into_iter()
        .filter_map(|mut case| {
            let ChartAnswer { stdout, error, written } = case.helm3.take()?;
            let error = error.map(|text| without_validators_words(&text));
            Some(ChartCase { name: format!("{}@3", case.name), stdout, error, written, ..case })
        })
        .collect();
    let flag = ["--helm-version".to_owned(), "3".to_owned()];
    let open = still_open(&cases, |case| &case.name, |case| chart_differs(case, &flag));
    derived("testdata/helm/helm3-open-charts.txt", &open);
}

/// Helm 3 has another schema validator, whose messages are not copied. What counts is that the values are invalid, and for
/// which chart.
fn without_validators_words(error: &str) -> String {
    const SAYS: &str = "values don't meet the specifications of the schema(s) in the following chart(s):\n";
    match error.split_once(SAYS) {
        Some((before, after)) => format!("{before}{SAYS}{}", after.lines().next().unwrap_or_default()),
        None => error.to_owned(),
    }
}

fn chart_differs(case: &ChartCase, flags: &[String]) -> Option<String> {
    let folder = Folder::new(&case.name);
    let root = folder.0.to_string_lossy().into_owned();
    for (path, content) in &case.files {
        place(&folder.0, &folder.0.join(path), content);
    }
    let mut args: Vec<String> = ["airtight", "template"].map(str::to_owned).to_vec();
    if !case.norel {
        args.push("rel".to_owned());
    }
    args.push(folder.0.join(&case.chart).to_string_lossy().into_owned());
    args.extend(case.args.iter().map(|arg| arg.replace("@/", &format!("{root}/"))));
    args.extend_from_slice(flags);
    let (outcome, out, err) = airtight(&args, case.stdin.as_deref().unwrap_or_default().as_bytes());
    let out = String::from_utf8_lossy(&out).replace(&root, "@");
    if let Some(wanted) = &case.error {
        let said = message(&err).replace(&root, "@");
        let same = outcome == Some(Outcome::Failed) && says(&said, wanted);
        return (!same).then(|| format!("want the error {wanted:?}, got {said:?} and {out:?}"));
    }
    if outcome != Some(Outcome::Clean) {
        return Some(format!("failed: {}", message(&err).replace(&root, "@")));
    }
    if Some(&out) != case.stdout.as_ref() {
        return Some(format!("want {:?}, got {out:?}", case.stdout));
    }
    let written = case.written.as_ref()?;
    written.iter().find_map(|(path, text)| {
        let found = std::fs::read_to_string(folder.0.join("out").join(path)).unwrap_or_default();
        (found != *text).then(|| format!("{path}: want {text:?}, got {found:?}"))
    })
}

fn content(value: &Json) -> Vec<u8> {
    match value {
        Json::String(text) => text.clone().into_bytes(),
        value => match (value["base64"].as_str(), value["zeros"].as_u64()) {
            (Some(text), _) => base64::engine::general_purpose::STANDARD.decode(text).expect("base64"),
            (None, Some(count)) => vec![b'\n'; count as usize],
            (None, None) => Vec::new(),
        },
    }
}

/// Creates the file, link, folder or archive of a case.
fn place(root: &Path, path: &Path, value: &Json) {
    if let Some(target) = value["symlink"].as_str() {
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        let target = target.replace("@/", &format!("{}/", root.to_string_lossy()));
        std::os::unix::fs::symlink(target, path).expect("a link can be made");
    } else if !value["dir"].is_null() {
        std::fs::create_dir_all(path).expect("a folder can be made");
    } else if let Some(entries) = value["tgz"].as_object() {
        write(path, &archive(entries));
    } else {
        write(path, &content(value));
    }
}

fn archive(entries: &serde_json::Map<String, Json>) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, value) in entries {
        let (kind, link, bytes) = match (value["symlink"].as_str(), value["dir"].is_null()) {
            (Some(target), _) => (tar::EntryType::Symlink, Some(target), Vec::new()),
            (None, false) => (tar::EntryType::Directory, None, Vec::new()),
            (None, true) => (tar::EntryType::Regular, None, content(value)),
        };
        let mut header = tar::Header::new_gnu();
        // The crate refuses names that leave the archive, but such charts are needed here.
        let field = &mut header.as_old_mut().name;
        let name = name.as_bytes();
        assert!(name.len() <= field.len(), "long names are not needed here");
        field[..name.len()].copy_from_slice(name);
        if let Some(target) = link {
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        }
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(&bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}
