//! The formats of a report: each conforms to its schema, and has the same bytes on every run, in any folder.

use super::{read, root, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use crate::finding::Severity;
use crate::fix::Safety;
use crate::images::{Class, ReferencePart, Shape, Tier};
use crate::report::AcceptedBy;
use serde_json::Value;
use std::path::Path;

/// Every format but the terminal's, which has its own cases.
const FORMATS: [&str; 9] = ["text", "html", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv"];

/// Runs with findings, without findings, and with findings of all kinds.
const RUNS: &[&[&str]] = &[
    &["testdata/charts/addons", "-f", "testdata/values/override.yaml"],
    &["testdata/charts/addons", "--set", "certs.image.registry=ghcr.io"],
    &["testdata/charts/addons", "-f", "testdata/values/suppressed.yaml"],
    &["testdata/charts/addons", "--set-json", r#"{"certs":{"image":{"registry":"<b>%22,;:\n[x](y){0}"}}}"#],
    &["testdata/charts/manager"],
    &["testdata/charts/manager", "--set", "config.envoyProxy=null"],
    &["testdata/charts/manager", "--set", "replicaCount=0"],
    &["testdata/charts/borrower"],
    &["testdata/charts/brokers"],
    &["testdata/charts/operators", "--set", "global.imageRegistry=mirror.internal"],
    &["testdata/charts/secrets"],
    &["testdata/broken/template"],
    // Names and references that are markup, commands and formulas.
    &["testdata/hostile"],
    &["--manifests", "testdata/charts/ccm/values.yaml"],
];

/// The output of a run in a format; the working folder must be set.
fn report(run_args: &[&str], format: &str) -> Vec<u8> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["airtight", "lint", "--mirror", "mirror.internal", "--no-config", "--format", format];
    let args = args.iter().chain(run_args).map(|arg| (*arg).to_owned());
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    let told = String::from_utf8_lossy(&err);
    assert!(matches!(outcome, Some(Outcome::Clean | Outcome::Findings)), "{run_args:?} {format}: {told}");
    out
}

/// Asserts that the output of each run in a format conforms to a schema, and returns the documents.
fn follows(format: &str, schema: &str) -> Vec<Value> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("schema.json", parse(&read(&root().join(schema)))).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let schema = compiler.compile("schema.json", &mut schemas).expect("the schema is right");
    let _guard = working_folder(&root());
    let one = |run: &&[&str]| {
        let document = parse(&String::from_utf8(report(run, format)).expect("it is UTF-8"));
        if let Err(error) = schemas.validate(&document, schema) {
            panic!("{run:?}: {error:#}");
        }
        document
    };
    RUNS.iter().map(one).collect()
}

#[test]
fn json_follows_its_schema() {
    let documents = follows("json", "docs/report.schema.json");
    assert!(documents.iter().any(|document| document["summary"]["errors"].as_u64() > Some(1)));
}

#[test]
fn sarif_follows_its_schema_and_points_at_the_values_first() {
    let documents = follows("sarif", "testdata/schemas/sarif-2.1.0.json");
    let results = documents[0]["runs"][0]["results"].as_array().expect("results");
    let one = results.iter().find(|one| one["ruleId"] == "override-bypasses-mirror").expect("the override is found");
    let at = |location: &Value| location["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(at(&one["locations"][0]), "testdata/values/override.yaml");
    assert_eq!(at(&one["relatedLocations"][0]), "testdata/charts/addons/charts/certs/templates/deployment.yaml");
    for document in &documents {
        for one in document["runs"][0]["results"].as_array().expect("results") {
            assert!(one["locations"][0]["physicalLocation"].is_object(), "{one:#}");
            let rule = one["ruleIndex"].as_u64().expect("an index") as usize;
            assert_eq!(document["runs"][0]["tool"]["driver"]["rules"][rule]["id"], one["ruleId"]);
        }
    }
}

#[test]
fn gitlab_follows_its_schema() {
    for document in follows("gitlab", "testdata/schemas/gitlab-code-quality.json") {
        let mut names: Vec<&Value> = document.as_array().into_iter().flatten().map(|one| &one["fingerprint"]).collect();
        let all = names.len();
        names.sort_by_key(|name| name.to_string());
        names.dedup();
        assert_eq!(names.len(), all, "fingerprints differ");
    }
}

#[test]
fn junit_counts_what_it_holds() {
    use quick_xml::Reader;
    use quick_xml::events::Event;
    let _guard = working_folder(&root());
    for run in RUNS {
        let text = String::from_utf8(report(run, "junit")).expect("it is UTF-8");
        let mut reader = Reader::from_str(&text);
        let (mut cases, mut failed, mut claimed, mut above) = (0, 0, Vec::new(), Vec::new());
        loop {
            let event = reader.read_event().unwrap_or_else(|error| panic!("{run:?}: {error}\n{text}"));
            let (tag, is_open) = match &event {
                Event::Start(tag) => (tag, true),
                Event::Empty(tag) => (tag, false),
                Event::End(_) => {
                    above.pop();
                    continue;
                }
                Event::Eof => break,
                _ => continue,
            };
            let name = String::from_utf8_lossy(tag.name().as_ref().as_ref()).into_owned();
            let parent = above.last().map(String::as_str).unwrap_or_default().to_owned();
            match (parent.as_str(), name.as_str()) {
                ("", "testsuites") | ("testsuites", "testsuite") => {
                    let number = |name: &str| -> usize {
                        let value = tag.try_get_attribute(name).expect("attributes").expect("a number");
                        String::from_utf8_lossy(value.value.as_ref().as_ref()).parse().expect("a number")
                    };
                    claimed.push((number("tests"), number("failures")));
                }
                ("testsuite", "testcase") => cases += 1,
                ("testcase", "failure") => failed += 1,
                ("testcase", "skipped" | "system-out") | ("testsuite", "system-out") => {}
                other => panic!("{run:?}: {other:?}"),
            }
            if is_open {
                above.push(name);
            }
        }
        assert_eq!(claimed.len(), 2, "{run:?}");
        assert!(claimed.iter().all(|(tests, failures)| *tests == cases && *failures <= failed), "{run:?}: {text}");
    }
}

#[test]
fn github_commands_are_one_line_each() {
    let _guard = working_folder(&root());
    for run in RUNS {
        let text = String::from_utf8(report(run, "github")).expect("it is UTF-8");
        let is_command = |line: &str| ["::error ", "::warning ", "::notice "].iter().any(|name| line.starts_with(name));
        assert!(text.lines().all(is_command), "{text}");
    }
}

/// Every format shows how a branch changes the check, as its schema requires.
#[test]
fn every_format_tells_what_a_branch_changes() {
    use super::cli::{commit, git};
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    };
    let config = "mirror: mirror.internal\nreleases: [{name: shop, chart: chart}]\n";
    write("airtight.yaml", config);
    write("chart/Chart.yaml", "{apiVersion: v2, name: shop, version: 1.0.0}\n");
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    commit(folder.path());
    write("airtight.yaml", &format!("rules: {{mutable-tag: on, hardcoded-image: off}}\n{config}"));
    let schemas = [
        ("json", Some(read(&root().join("docs/report.schema.json")))),
        ("sarif", Some(read(&root().join("testdata/schemas/sarif-2.1.0.json")))),
        ("gitlab", Some(read(&root().join("testdata/schemas/gitlab-code-quality.json")))),
    ];
    let _guard = working_folder(folder.path());
    for format in FORMATS {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = ["airtight", "lint", "--changed-since", "main", "--format", format].map(str::to_owned);
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
        assert_eq!(outcome, Some(Outcome::Findings), "{format}: {}", String::from_utf8_lossy(&err));
        let text = String::from_utf8(out).expect("it is UTF-8");
        for part in ["policy-changed", "the rule hardcoded-image is now off", "airtight.yaml"] {
            assert!(text.contains(part), "{format} does not say {part}:\n{text}");
        }
        let schema = schemas.iter().find(|(name, _)| *name == format).and_then(|(_, schema)| schema.as_ref());
        if let Some(schema) = schema {
            let parse = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
            let (mut compiler, mut compiled) = (boon::Compiler::new(), boon::Schemas::new());
            compiler.add_resource("schema.json", parse(schema)).expect("a schema");
            let schema = compiler.compile("schema.json", &mut compiled).expect("the schema is right");
            if let Err(error) = compiled.validate(&parse(&text), schema) {
                panic!("{format}: {error:#}");
            }
        }
    }
}

/// The number of findings in a report, including accepted ones.
fn told(json: &Value) -> usize {
    let release = &json["releases"][0];
    ["findings", "suppressed"].iter().map(|name| release[name].as_array().map_or(0, Vec::len)).sum()
}

#[test]
fn every_format_says_what_was_suppressed_by_whom_and_why() {
    let _guard = working_folder(&root());
    let run = &["testdata/charts/addons", "-f", "testdata/values/suppressed.yaml"];
    for format in FORMATS {
        let text = String::from_utf8(report(run, format)).expect("it is UTF-8");
        for part in ["suppressed", "cert-manager-controller:v1.16.1", "has no other registry", "values/suppressed.yaml"]
        {
            assert!(text.contains(part), "{format} does not say {part}:\n{text}");
        }
    }
}

#[test]
fn csv_has_as_many_cells_in_each_row() {
    let _guard = working_folder(&root());
    for run in RUNS {
        let text = report(run, "csv");
        let rows = csv::Reader::from_reader(text.as_slice()).into_records().filter_map(Result::ok).count();
        let json: Value = serde_json::from_slice(&report(run, "json")).expect("it is JSON");
        assert_eq!(rows, told(&json), "{run:?}");
    }
}

/// The same files in two folders, with paths written in other ways, and their reports.
#[test]
fn every_format_is_the_same_bytes_in_every_folder() {
    let copy = |to: &Path| {
        for entry in walkdir::WalkDir::new(root().join("testdata")) {
            let entry = entry.expect("the folder can be read");
            let below = entry.path().strip_prefix(root()).expect("it is inside");
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(to.join(below)).expect("a folder can be made");
            } else {
                std::fs::copy(entry.path(), to.join(below)).expect("a file can be copied");
            }
        }
    };
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let deep = other.path().join("deep/er");
    for folder in [one.path(), &deep] {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        copy(folder);
    }
    let all = |folder: &Path| -> Vec<Vec<u8>> {
        let _guard = working_folder(folder);
        FORMATS.iter().flat_map(|format| RUNS.iter().map(|run| report(run, format))).collect()
    };
    let (first, second) = (all(one.path()), all(&deep));
    assert!(first == second, "a report depends on where it is made");
    let absolute = one.path().to_string_lossy().into_owned();
    assert!(!first.iter().any(|text| String::from_utf8_lossy(text).contains(&absolute)), "a report has absolute paths");
}

#[test]
fn a_chart_named_from_the_root_on_is_told_from_the_working_folder_on() {
    let _guard = working_folder(&root());
    let chart = root().join("testdata/charts/addons").to_string_lossy().into_owned();
    let (absolute, relative) = (report(&[&chart], "sarif"), report(&["./testdata/charts/addons"], "sarif"));
    assert!(absolute == relative);
}

/// The page as text: every row, nothing loaded from elsewhere, all chart text escaped.
#[test]
fn the_page_needs_nothing_but_itself() {
    let _guard = working_folder(&root());
    for run in RUNS {
        let page = String::from_utf8(report(run, "html")).expect("it is UTF-8");
        let json: Value = serde_json::from_slice(&report(run, "json")).expect("it is JSON");
        let images = json["releases"][0]["images"].as_array().map_or(0, Vec::len);
        let releases = json["releases"].as_array().expect("a list");
        let listed = |one: &Value, name: &str| one[name].as_array().map_or(0, Vec::len);
        let groups: usize = releases.iter().map(|one| listed(one, "groups") + listed(one, "suppressed")).sum();
        assert_eq!(page.matches("<tr data-class=").count(), images, "{run:?}");
        assert_eq!(page.matches("<details class=\"finding").count(), groups, "{run:?}");
        for markup in ["<b>%22", "<img", "<script>alert", "</title><script"] {
            assert!(!page.contains(markup), "{run:?}: {markup} of a chart is not escaped");
        }
        // The only scheme in it is in the policy.
        for outside in ["http:", "https:", "src=\"", "url(", "@import", "<link", "javascript:"] {
            assert!(!page.contains(outside), "{run:?}: {outside}");
        }
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    }
}

/// A comment on GitHub may have 65,536 characters, for any number of releases.
#[test]
fn a_comment_is_never_too_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let chart = root().join("testdata/charts/addons");
    let releases: String = (0..40).map(|at| format!("  - {{name: r{at}, chart: {}}}\n", chart.display())).collect();
    let config = folder.path().join("airtight.yaml");
    std::fs::write(&config, format!("mirror: mirror.internal\nreleases:\n{releases}")).expect("a file can be written");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (config, chart) = (config.to_string_lossy(), chart.to_string_lossy());
    let args = ["airtight", "lint", "--format", "markdown", "--config", &config, "--allow-outside", &chart];
    let args = args.map(str::to_owned);
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    assert_eq!(outcome, Some(Outcome::Findings), "{}", String::from_utf8_lossy(&err));
    let text = String::from_utf8(out).expect("it is UTF-8");
    assert!(text.len() < 65_536 && text.contains("more findings are not shown here"), "{} bytes", text.len());
}

/// A browser on this machine; without one there is nothing to test.
fn browser() -> Option<std::path::PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<std::path::PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// Runs the script of the page in a real browser, under the policy of the page, and reads the number of visible rows.
#[test]
fn a_browser_shows_every_row_and_complains_of_nothing() {
    let Some(browser) = browser() else { return };
    let (page, json) = {
        let _guard = working_folder(&root());
        (report(RUNS[0], "html"), report(RUNS[0], "json"))
    };
    let json: Value = serde_json::from_slice(&json).expect("it is JSON");
    let images = json["releases"][0]["images"].as_array().map_or(0, Vec::len);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    std::fs::write(&path, page).expect("the page can be written");
    let profile = folder.path().join("profile");
    let open = |fragment: &str| {
        let output = std::process::Command::new(&browser)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("file://{}{fragment}", path.display()))
            .output()
            .expect("the browser runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let (dom, log) = open("");
    if dom.is_empty() {
        // A browser that cannot start here (no shared memory, no user) proves nothing.
        return;
    }
    let counted = format!("aria-live=\"polite\">{images} of {images}</output>");
    assert!(dom.contains(&counted), "the script did not run: {log}");
    assert!(!log.contains("CONSOLE"), "{log}");
    let (dom, log) = open("#search=FRROUTING%20hard-coded");
    assert!(dom.contains(&format!("aria-live=\"polite\">1 of {images}</output>")), "the search finds one: {log}");
}

/// The names in the JSON schemas are those of the code.
#[test]
fn the_enums_of_the_schemas_are_the_names_of_the_code() {
    fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
        all.iter().map(|&one| name(one)).collect()
    }
    let classes = names(Class::ALL, Class::name);
    let tiers = names(Tier::ALL, Tier::name);
    for (schema, pointer, expected) in [
        ("images", "/$defs/class/enum", &classes),
        ("images", "/$defs/tier/enum", &tiers),
        ("images", "/$defs/use/properties/shape/enum", &names(Shape::ALL, Shape::name)),
        ("images", "/$defs/origin/properties/part/enum", &names(ReferencePart::ALL, ReferencePart::name)),
        ("report", "/$defs/class/enum", &classes),
        ("report", "/$defs/tier/enum", &tiers),
        ("report", "/$defs/use/properties/shape/enum", &names(Shape::ALL, Shape::name)),
        ("report", "/$defs/origin/properties/part/enum", &names(ReferencePart::ALL, ReferencePart::name)),
        ("report", "/$defs/finding/properties/severity/enum", &names(Severity::ALL, Severity::name)),
        ("report", "/$defs/fix/properties/safety/enum", &names(Safety::ALL, Safety::name)),
        ("report", "/$defs/suppressed/properties/by/enum", &names(AcceptedBy::ALL, AcceptedBy::name)),
    ] {
        let schema =
            serde_json::from_str::<Value>(&read(&root().join(format!("docs/{schema}.schema.json")))).expect("a schema");
        let listed = schema.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no {pointer}"));
        let mut listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
        let mut expected = expected.clone();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected, "{pointer}");
    }
}
