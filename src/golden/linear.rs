//! Work outside templates grows linearly, and stops at its limits. It is counted, never timed; the inputs are so big that a
//! quadratic walk could not finish.

use super::{prepared, root};
use crate::chart::load::load;
use crate::cli::{Outcome, Streams, on_large_stack, run};
use crate::compiler::Compiler;
use crate::helm::HelmVersion;
use crate::images::Search;
use crate::limits::Limits;
use crate::lint::lint;
use crate::reference::Mirror;
use crate::release::ReleaseInputs;
use crate::render::manifest::{Manifest, Manifests, manifests};
use crate::render::{Rendered, RenderedFile};
use crate::secrets::{masked, redacted};
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::suppress::comment::Comment;
use crate::trace::Str;
use crate::values::layers::UserValues;
use crate::work::Work;
use std::sync::Arc;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n";

/// Manifests of a given size, with the number of images in each per part.
type Shape = (&'static str, fn(usize) -> String, usize);

const SHAPES: &[Shape] = &[
    ("containers", |parts| many(POD, "", parts, |i| format!("  - {{name: c{i}, image: \"quay.io/a/b{i}:1\"}}\n")), 1),
    ("one image", |parts| many(POD, "", parts, |i| format!("  - {{name: c{i}, image: \"quay.io/a/b:1\"}}\n")), 1),
    ("pods", |parts| many("", "", parts, |i| format!("---\n{POD}  - {{name: c{i}, image: quay.io/a/b{i}:1}}\n")), 1),
    ("members", |parts| many(MAP, "", parts, |i| format!("  k{i}: quay.io/a/b{i}:1\n")), 1),
    (
        "lines",
        |parts| {
            many(MAP, "", parts, |i| if i == 0 { "  a: |\n".into() } else { format!("    IMAGE=quay.io/a/b{i}:1\n") })
        },
        1,
    ),
    ("one line", |parts| many(&format!("{MAP}  a: \""), "\"\n", parts, |i| format!("quay.io/a/b{i}:1 ")), 1),
    (
        "JSON",
        |parts| many(&format!("{MAP}  a: '["), "0]'\n", parts, |i| format!("{{\"image\":\"quay.io/a/b{i}:1\"}},")),
        1,
    ),
    ("closed", |parts| many(&format!("{MAP}  a: 'x: "), "'\n", parts, |_| "</".into()), 0),
    ("elements", |parts| many(&format!("{MAP}  a: 'x: "), "'\n", parts, |i| format!("<image>acme/b{i}:1</image>")), 1),
];

fn many(before: &str, after: &str, parts: usize, part: impl Fn(usize) -> String) -> String {
    let mut text = before.to_owned();
    (0..parts).for_each(|number| text.push_str(&part(number)));
    text + after
}

fn read(text: &str) -> Vec<Arc<Manifest>> {
    let (name, source) = ("a.yaml".to_owned(), File::new("a.yaml", text));
    let file = RenderedFile { name, source, text: Str::from(text), emits: Vec::new() };
    let rendered = Rendered { files: vec![file], ..Rendered::default() };
    let read: Manifests = manifests(&rendered, HelmVersion::V4, &Limits::default()).expect("the shape is YAML");
    read.ordinary.into_iter().map(Arc::new).collect()
}

#[test]
fn steps_of_finders_grow_with_what_they_look_through() {
    let (settings, limits) = (Settings::without_mirror(), Limits::default());
    for (name, shape, images) in SHAPES {
        let search = |parts| Search::of(&read(&shape(parts)), settings.hints(), &limits);
        let (once, twice) = (search(500), search(1000));
        assert!(!twice.is_cut);
        let found = |search: &Search, parts: usize| search.uses.len().abs_diff(parts * images) <= 1;
        assert!(found(&once, 500) && found(&twice, 1000), "{name}: {} and {}", once.uses.len(), twice.uses.len());
        // Numbers have one more digit.
        assert!(twice.steps * 20 <= once.steps * 41, "{name}: {} steps, then {}", once.steps, twice.steps);
    }
}

/// A lint renders a release several times, and tries what each value decided: with one finding after the other, all read the same
/// two files. Only trials of edits parse a text of their own.
#[test]
fn a_lint_parses_each_values_file_once() {
    let chart = load(&root().join("testdata/charts/shop"), &Limits::default(), HelmVersion::V4).expect("a chart").chart;
    let files = vec![
        File::new("a.yaml", "global: {imageRegistry: mirror.internal}\nimage: {registry: quay.io}\n"),
        File::new("b.yaml", "image: {registry: docker.io}\n"),
    ];
    let user = UserValues { files, ..UserValues::default() };
    let inputs = ReleaseInputs { is_given: true, ..prepared(chart, user) };
    let settings = Settings::new(Mirror::parse("mirror.internal").expect("a mirror"));
    let report = lint(&inputs, &settings, &mut Compiler::new(), &mut Vec::new()).expect("a report");
    assert!(report.findings.iter().any(|finding| finding.fix.is_some()), "no fix was tried");
    let parsed = inputs.user.read.parsed();
    for file in &inputs.user.files {
        let count = parsed.iter().filter(|parsed| Arc::ptr_eq(parsed, file)).count();
        assert_eq!(count, 1, "{} is parsed {count} times", file.name());
    }
    assert!(parsed.len() > 2, "no edit was tried");
}

#[test]
fn what_is_cut_says_so() {
    let settings = Settings::without_mirror();
    let all = read(&SHAPES[0].1(100));
    let limits = |find_steps| Limits { find_steps, ..Limits::default() };
    let whole = Search::of(&all, settings.hints(), &limits(u64::MAX));
    assert!(!whole.is_cut);
    assert!(!Search::of(&all, settings.hints(), &limits(whole.steps)).is_cut);
    let cut = Search::of(&all, settings.hints(), &limits(whole.steps - 1));
    assert!(cut.is_cut && cut.uses.len() == 100);
    // The documents after it are not searched either.
    let two = [all.clone(), all].concat();
    assert!(Search::of(&two, settings.hints(), &limits(whole.steps)).is_cut);
}

#[test]
fn what_applies_to_the_same_lines_is_searched_once() {
    const PARTS: usize = 100_000;
    let read = |text: String| Comment::all(&File::new("values.yaml", text), false);
    assert_eq!(read(many("", "a: 1\n", PARTS, |_| "# airtight: ignore[x] y\n".into())).len(), PARTS);
    assert_eq!(read(many("a: 1\n", "", PARTS, |_| "# airtight: ignore[x] y\n".into())).len(), PARTS);
    let elements = read(many("images:\n", "", PARTS, |i| format!("- a{i} # airtight: ignore[x] y\n")));
    let (known, new) = Comment::since(&elements, &elements);
    assert_eq!((known.len(), new.len()), (PARTS, 0));
}

#[test]
fn a_key_without_an_end_is_masked_once() {
    const PARTS: usize = 100_000;
    let text = "-----BEGIN PRIVATE KEY-----\n".repeat(PARTS);
    assert_eq!(redacted(&text).matches("********").count(), PARTS);
}

#[test]
fn each_of_many_secrets_is_masked_wherever_it_occurs() {
    const PARTS: usize = 100_000;
    let secret = |i: usize| format!("{:08x}Q{i}", i * 0x9E37_79B9);
    let text = many("", "", PARTS, |i| format!("password={}\n{}\n", secret(i), secret(PARTS - 1 - i)));
    let shown = redacted(&text);
    assert_eq!(shown.matches("********").count(), 2 * PARTS);
    assert!(!shown.contains('Q'));
    // A text of secrets that contain each other is masked as a whole.
    let text = many("", "", 300, |i| format!("password={}\n", "Xx".repeat(i)));
    assert_eq!(redacted(&text), "********");
}

#[test]
fn an_excerpt_is_as_big_as_what_it_shows() {
    let line = |secret: &str| {
        format!("{}\"token\": \"{secret}\", \"image\": \"quay.io/a:1\"", "\"a\": \"ä\", ".repeat(10_000))
    };
    let text = format!("{}{}\nlast: 1\n", "a: 1\n".repeat(10_000), line("kahf7Ohngiez8"));
    let file = File::new("values.yaml", text.as_bytes());
    let start = text.find("quay.io").expect("it is there") as u32;
    let place = Place { file, start, end: start + 11 };
    let shown = masked(&place);
    assert!(shown.file.bytes().len() < 2_000, "{}", shown.file.bytes().len());
    assert_eq!((shown.line_column(), shown.spots()), (place.line_column(), place.spots()));
    assert_eq!(shown.file.line_column(shown.start).0, 10_001);
    let line = shown.file.line(10_001).expect("the line is there");
    assert!(line.starts_with('…') && !line.contains("kahf7Ohngiez8") && !line.contains("quay.io"), "{line}");
    assert_eq!(shown.file.line(10_000).as_deref(), Some("a: 1"));
    assert_eq!((shown.file.line(9_000), shown.file.start_of_line(9_000)), (None, None));
}

/// Pods whose images a template names, and pods whose images come from a list of the user: one instruction covers them all.
#[test]
fn reports_grow_with_what_they_tell() {
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: ";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: {{ (.Values.global).imageRegistry | quote }}\n";
    let counted = format!(
        "{map}{{{{- range $i := until (int .Values.count) }}}}\n{pod}quay.io/a/b{{{{ $i }}}}:1\n{{{{- end }}}}\n"
    );
    let listed = format!("{{{{- range .Values.images }}}}\n{pod}{{{{ . }}}}\n{{{{- end }}}}\n");
    let list = |parts: usize| (0..parts).map(|i| format!("- quay.io/a/b{i}:1\n")).collect::<String>();
    let values = |parts: usize| format!("count: {parts}\nimages:\n{}", list(parts));
    for format in ["text", "html", "json", "sarif", "junit", "github", "gitlab", "csv"] {
        for (name, template) in [("counted", &counted), ("listed", &listed)] {
            let told = |parts: usize| {
                said(&format!("{name}-{format}"), template, &values(parts), &["lint", "--format", format]).1.len()
            };
            let (once, twice) = (told(60), told(120));
            assert!(twice <= 2 * once + once / 2, "{name} as {format}: {once} bytes, then {twice}");
        }
    }
}

/// The output of a command for a chart with one template, and values of the user.
fn said(name: &str, template: &str, values: &str, command: &[&str]) -> (Outcome, String) {
    #![expect(clippy::disallowed_methods, reason = "a chart on disk")]
    let folder = root().join(format!("target/linear/{}-{name}", std::process::id()));
    std::fs::create_dir_all(folder.join("templates")).expect("the folder can be made");
    let write = |path: &str, text: &str| std::fs::write(folder.join(path), text).expect("the file can be written");
    write("Chart.yaml", "{apiVersion: v2, name: app, version: 1.0.0}\n");
    write("templates/a.yaml", template);
    write("values.user.yaml", values);
    let (chart, file) = (folder.to_string_lossy().into_owned(), folder.join("values.user.yaml"));
    let file = file.to_string_lossy().into_owned();
    let mut args = vec!["airtight", command[0], &chart, "-f", &file, "--no-config", "--mirror", "mirror.internal"];
    args.extend(&command[1..]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome =
        on_large_stack(|| run(&args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    (outcome.expect("it ends"), format!("{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err)))
}

#[test]
fn many_findings_are_told_in_every_format() {
    const PARTS: usize = 300;
    let formats = ["text", "json", "sarif", "html", "csv", "markdown", "junit", "gitlab", "github"];
    let shapes = SHAPES.iter().filter(|(name, ..)| ["containers", "one line"].contains(name));
    for (name, shape, _) in shapes {
        for format in formats {
            let (outcome, report) =
                said(&format!("format-{format}"), &shape(PARTS), "{}", &["lint", "--format", format]);
            assert!(matches!(outcome, Outcome::Findings), "{name}, {format}");
            // A page or a comment omits something; the text for each is limited.
            assert!(report.len() < PARTS * 8_000, "{name}, {format}: {} bytes", report.len());
        }
    }
}

#[test]
fn values_that_nothing_reads_are_each_told() {
    let values = many("", "", 1_500, |number| format!("key{number}: 1\n"));
    let (_, report) = said("unread", "{}", &values, &["lint"]);
    assert_eq!(report.matches("warning[unread-override]").count(), 1_500);
    let accepted = many("", "", 800, |i| format!("# airtight: ignore[unread-override] it is there\nkey{i}: 1\n"));
    let (outcome, report) = said("accepted", "a: 1\n", &accepted, &["lint", "--format", "csv"]);
    assert_eq!(report.matches("it is there").count(), 800, "{outcome:?}");
}

#[test]
fn running_out_of_steps_is_never_clean() {
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: mirror.internal/a:1}]}\n";
    let limit = ["--limit", "find-steps=5"];
    let (outcome, report) = said("lint", pod, "{}", &["lint", limit[0], limit[1]]);
    assert!(matches!(outcome, Outcome::Findings) && report.contains("--limit find-steps"), "{report}");
    let (outcome, report) = said("images", pod, "{}", &["images", limit[0], limit[1]]);
    assert!(matches!(outcome, Outcome::Failed) && report.contains("--limit find-steps"), "{report}");
    let (outcome, report) = said("blame", pod, "{}", &["blame", limit[0], limit[1]]);
    assert!(matches!(outcome, Outcome::Failed) && report.contains("--limit find-steps"), "{report}");
}

#[test]
fn what_there_are_no_steps_to_tell_is_left_out_and_said() {
    let map = |parts| SHAPES[3].1(parts);
    let settings = Settings::without_mirror();
    let found = Search::of(&read(&map(300)), settings.hints(), &Limits::default());
    // The work to search it, to check it again, and to report a few findings.
    let limit = format!("find-steps={}", 3 * found.steps + 50 * 1_000);
    let (outcome, report) = said("told", &map(300), "{}", &["lint", "--limit", &limit]);
    assert!(matches!(outcome, Outcome::Findings) && report.contains("--limit find-steps"), "{report}");
    let told = report.matches("error[hidden-image]").count() + report.matches("error[hardcoded-image]").count();
    assert!(told < 300, "{told}");
}

#[test]
fn advice_takes_half_of_the_steps_at_most() {
    let work = Work::of(&Limits { find_steps: 1000, ..Limits::default() });
    assert!(work.may_look(500));
    assert!(!work.may_look(1) && work.take_of_looks(500) && !work.take_of_looks(1));
}
