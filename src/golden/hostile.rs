//! Puts commands for CI systems and terminals into all text that others control: none may be printed.

use super::{read, runners, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use pulldown_cmark::{Event, Options, Parser, Tag};
use std::path::Path;

/// Texts that are commands at the beginning of a line, and some that are commands anywhere.
const HOSTILE: &str = "x\n::stop-commands::t\n  ::set-env name=A::b\r::error::c\n\u{feff}::add-mask::d\n##[add-mask]e ##[set-env name=A]f \
                       ##vso[task.setvariable variable=a]g #\u{200b}#[group]h ##teamcity[message text='i'] \
                       section_start:1:j\r\u{1b}[0K \u{1b}]1337;k\u{7} \u{9b}31m \u{202e}l\u{61c}\n--- m\n+++ n";

/// The same on one line, for names without line breaks.
const ON_A_LINE: &str = "::error::a ##[add-mask]b ##vso[task.x]c ##teamcity[d] \u{1b}[31me";

struct Said {
    outcome: Option<Outcome>,
    out: String,
    err: String,
}

fn said(args: &[&str]) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once("airtight").chain(args.iter().copied()).map(str::to_owned);
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { outcome, out: text(out), err: text(err) }
}

/// Asserts that no line of a text is a command; commands to GitHub may only be those of its format.
fn is_quiet(text: &str, of: &str, is_github: bool) {
    // Each of these ends a line for some runner.
    for line in text.split(['\n', '\r']) {
        let command = runners::github_v2(line);
        let is_own = is_github
            && command.as_ref().is_some_and(|(name, ..)| ["error", "warning", "notice"].contains(&name.as_str()));
        assert!(is_own || command.is_none(), "{of}: {command:?} in {line}");
        assert!(is_own || !is_github || line.is_empty(), "{of}: {line}");
        if let Some((_, properties, data)) = command {
            let names = ["file", "line", "endLine", "col", "endColumn", "title"];
            for property in properties.split(',') {
                let (name, value) = property.split_once('=').unwrap_or_default();
                assert!(names.contains(&name) && !value.contains([':', '\n', '\r']), "{of}: {property:?} in {line}");
            }
            assert!(!data.contains(['\n', '\r']), "{of}: {line}");
        }
        assert_eq!(runners::github_v1(line), None, "{of}: {line}");
        assert!(!runners::azure(line) && !runners::team_city(line) && !runners::folds(line), "{of}: {line}");
    }
    let unseen = |c: char| {
        c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{61c}' | '\u{200b}' | '\u{202e}' | '\u{feff}')
    };
    let found = text.find(unseen).map(|at| text[..at].lines().last().unwrap_or_default().to_owned());
    assert!(found.is_none(), "{of} has what a terminal obeys, behind {found:?}");
}

fn write(path: &str, text: &str) {
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder).expect("a folder can be made");
    }
    std::fs::write(path, text).expect("a file can be written");
}

/// A text as a constant in JSON and YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

const FORMATS: [&str; 9] = ["text", "html", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv"];

/// Charts in which every text is a command; returns the names of the folders.
fn charts() -> Vec<String> {
    let hostile = quoted(HOSTILE);
    let chart = |name: &str, values: &str, template: &str| {
        write(&format!("{name}/Chart.yaml"), "{apiVersion: v2, name: app, version: 1.0.0, deprecated: true}\n");
        write(&format!("{name}/values.yaml"), values);
        write(&format!("{name}/templates/pod.yaml"), template);
        name.to_owned()
    };
    let image = quoted(&format!("quay.io/a/b:1 {HOSTILE}"));
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {hostile}, namespace: {hostile}, labels: {{a: {hostile}}}}}\nspec:\n  containers:\n    - {{name: {hostile}, image: {{{{ .Values.image | quote }}}}, args: [{image}, \"--image=quay.io/x/y:1\"]}}\n    - name: {hostile}\n      image: quay.io/acme/plain:1 # {ON_A_LINE}\n      env: [{{name: {hostile}, value: quay.io/acme/env:2}}]\n"
    );
    let raw = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a: |\n    ::error::a\n    {ON_A_LINE}\n    image: quay.io/acme/text:1\n    ##[group]x\n  {hostile}: quay.io/acme/key:1\n"
    );
    let name = format!("folder {ON_A_LINE}");
    vec![
        chart("pods", &format!("image: {image}\n{hostile}: 1\n"), &pod),
        chart("raw", "{}", &raw),
        chart("fails", "{}", &format!("{{{{ fail {hostile} }}}}")),
        chart("requires", "{}", &format!("{{{{ required {hostile} .Values.a }}}}")),
        chart("broken", "{}", &format!("{{{{ include {hostile} . }}}}")),
        chart("unparsable", "{}", &format!("kind: {hostile}\na: [\n")),
        chart(
            "lines",
            &format!("image: quay.io/acme/a:1\nother: {hostile}\n"),
            &format!(
                "{ON_A_LINE}: a\napiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: {{{{ .Values.image }}}}}}]}} # {ON_A_LINE}\n"
            ),
        ),
        chart(
            &name,
            "{}",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: quay.io/a/b:1}]}\n",
        ),
    ]
}

#[test]
fn no_line_is_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let _guard = working_folder(folder.path());
    let mut charts = charts();
    let file = format!("values {ON_A_LINE}.yaml").replace('/', "");
    write(&file, &format!("image: quay.io/b/c:2 # {ON_A_LINE}\nunread: {}\n", quoted(HOSTILE)));
    let lined = "a\n::error::b.yaml";
    write(lined, "image: ghcr.io/b/c:2\n");
    let set = format!("image=quay.io/{HOSTILE}").replace(',', "\\,");
    let set_json = format!("unread={}", quoted(HOSTILE));
    let flags: Vec<Vec<&str>> = vec![
        vec![],
        vec!["-f", &file, "-f", lined],
        vec!["--set-literal", &set],
        vec!["--set-json", &set_json, "--verbose"],
        vec!["--quiet"],
    ];
    for chart in &charts {
        for flags in &flags {
            for format in FORMATS {
                let args = [
                    &["lint", "--no-config", "--mirror", "mirror.internal", "--format", format, chart],
                    flags.as_slice(),
                ]
                .concat();
                let said = said(&args);
                assert!(said.outcome.is_some(), "{args:?}: {}", said.err);
                is_quiet(&said.out, &format!("stdout of {args:?}"), format == "github");
                is_quiet(&said.err, &format!("stderr of {args:?}"), false);
                if format == "markdown" {
                    is_inert(&said.out, &format!("{args:?}"));
                }
                // The same for output to a file.
                let to_file = [&args[..], &["--output", "out"]].concat();
                let report = (format == "sarif").then(|| self::said(&to_file)).map(|_| read(Path::new("out")));
                report.iter().for_each(|text| is_quiet(text, &format!("{to_file:?}"), false));
            }
        }
        for command in [
            "images",
            "images --wide",
            "images --format json",
            "images --format csv",
            "images --format list",
            "images --source --mirror m.i",
            "blame",
            "blame --full",
            "blame --format json",
            "blame --value image",
            "blame --value image --show-secrets",
            "blame --format json --value image",
        ] {
            let args: Vec<&str> = command.split(' ').chain(["--no-config", chart]).collect();
            let said = said(&args);
            is_quiet(&said.out, &format!("stdout of {args:?}"), false);
            is_quiet(&said.err, &format!("stderr of {args:?}"), false);
        }
        // Output of helm is printed as it is; messages about it are not.
        is_quiet(&said(&["template", chart]).err, &format!("stderr of template {chart}"), false);
        is_quiet(&said(&["template", chart, "--debug"]).err, &format!("stderr of template {chart} --debug"), false);
    }
    // Manifests without a chart.
    for chart in charts.drain(..2) {
        let path = format!("{chart}/templates/pod.yaml");
        for format in FORMATS {
            let said = said(&["lint", "--no-config", "--mirror", "m.i", "--manifests", &path, "--format", format]);
            is_quiet(&said.out, &format!("{path} as {format}"), format == "github");
            is_quiet(&said.err, &path, false);
        }
    }
}

#[test]
fn no_message_is_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let _guard = working_folder(folder.path());
    charts();
    let config = |text: String| write("airtight.yaml", &text);
    let hostile = quoted(HOSTILE);
    let flags: Vec<Vec<&str>> = vec![
        vec![HOSTILE],
        vec!["lint", HOSTILE],
        vec!["lint", "--mirror", HOSTILE, "raw"],
        vec!["lint", "--mirror", "m.i", "raw", "-f", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--format", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--output", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--format", "json", "--output", "no/::error::x\n::error::y"],
        vec!["lint", "--mirror", "m.i", "raw", "--set", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--set-json", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--kube-version", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--time-zone", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--limit", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--select", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--ignore", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--bundle", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--baseline", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--write-baseline", "::error::x"],
        vec!["lint", "--mirror", "m.i", "--manifests", HOSTILE],
        vec!["lint", "--mirror", "m.i", "--changed-since", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--name", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--namespace", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--global-key", HOSTILE],
        vec!["lint", "--mirror", "m.i", "raw", "--pull-secret", HOSTILE],
        vec!["lint", "--config", HOSTILE],
        vec!["lint", "--release", HOSTILE],
        vec!["images", HOSTILE],
        vec!["images", "raw", "--registry", HOSTILE],
        vec!["images", "--release", HOSTILE],
        vec!["blame", "raw", "--value", HOSTILE],
        vec!["blame", "raw", "--value", "[x"],
        vec!["blame", "raw", "--image", HOSTILE],
        vec!["blame", "raw", "--path", HOSTILE],
        vec!["blame", "raw", "--show-only", HOSTILE],
        vec!["explain", HOSTILE],
        vec!["completions", HOSTILE],
        vec!["init", "--mirror", HOSTILE],
        vec!["template", HOSTILE],
        vec!["template", "raw", "--name-template", "{{ fail \"a\\n::error::b\" }}"],
        vec!["template", "raw", "--set", HOSTILE],
    ];
    let try_all = |flags: &[Vec<&str>], of: &str| {
        for args in flags {
            let Said { outcome, out, err } = said(args);
            assert!(
                outcome.is_some() && outcome != Some(Outcome::Clean) || err.is_empty() || !out.is_empty(),
                "{args:?}"
            );
            if args[0] != "template" {
                is_quiet(&out, &format!("{of}: stdout of {args:?}"), false);
            }
            is_quiet(&err, &format!("{of}: stderr of {args:?}"), false);
        }
    };
    try_all(&flags, "no configuration");
    let bad_files = [
        ("bad.yaml", format!("a: [\n{HOSTILE}")),
        ("list.txt", format!("{HOSTILE}\n")),
        ("base.json", format!("{{{hostile}: 1")),
    ];
    for (path, text) in &bad_files {
        write(path, text);
    }
    try_all(
        &[
            vec!["lint", "--mirror", "m.i", "raw", "-f", "bad.yaml"],
            vec!["lint", "--mirror", "m.i", "raw", "--bundle", "list.txt"],
            vec!["lint", "--mirror", "m.i", "raw", "--baseline", "base.json"],
            vec!["lint", "--mirror", "m.i", "--manifests", "bad.yaml"],
            vec!["template", "raw", "-f", "bad.yaml"],
        ],
        "files",
    );
    // A folder whose names are commands, and the output of `init` for it.
    let init = said(&["init", "--print"]);
    assert_eq!(init.outcome, Some(Outcome::Clean), "{}", init.err);
    is_quiet(&init.out, "init", false);
    for text in [
        format!("{hostile}: 1\n"),
        format!("mirror: {hostile}\n"),
        format!("mirror: m.i\nreleases: [{{name: {hostile}, chart: raw}}, {{name: b, chart: {hostile}}}]\n"),
        format!("mirror: m.i\nrules: {{{hostile}: error}}\nreleases: [{{name: a, chart: raw}}]\n"),
        format!("mirror: m.i\nreleases: [{{name: a, chart: raw, namespace: {hostile}, set: [{hostile}]}}]\n"),
        format!(
            "mirror: m.i\nreleases: [{{name: a, chart: raw}}]\nsuppress: [{{rule: hidden-image, reason: {hostile}}}, {{rule: {hostile}, reason: a}}]\n"
        ),
    ] {
        config(text.clone());
        for format in FORMATS {
            let said = said(&["lint", "--format", format]);
            is_quiet(&said.out, &format!("{text} as {format}"), format == "github");
            is_quiet(&said.err, &text, false);
        }
        try_all(&[vec!["images", "--release", "x"], vec!["lint", "--release", "x"]], &text);
    }
}

/// The guard does not change the text of our own pages and scripts, and that text contains no commands.
#[test]
fn own_text_passes() {
    for args in [&["rules"][..], &["explain", "hidden-image"], &["--help"], &["lint", "--help"]] {
        is_quiet(&said(args).out, &format!("{args:?}"), false);
    }
}

/// Asserts that Markdown contains no links, images, mentions or markup except those of the template.
fn is_inert(markdown: &str, of: &str) {
    let mut is_code = false;
    for event in Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_FOOTNOTES | Options::ENABLE_MATH,
    ) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                panic!("{of}: a link to {dest_url}")
            }
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(_) => is_code = false,
            Event::Html(text) | Event::InlineHtml(text) => {
                let own = ["<details>", "</details>", "<summary>", "</summary>", "<br>"];
                let rest = own.iter().fold(text.to_string(), |text, tag| text.replace(tag, ""));
                assert!(!rest.contains(['<', '>']), "{of}: markup {text:?}");
            }
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                panic!("{of}: {text}")
            }
            Event::Text(text) if !is_code => {
                for link in ["://", "www.", "mailto:", "xmpp:", "@"] {
                    assert!(!text.contains(link), "{of}: {link} in {text:?}");
                }
                let number = |mark: &str| {
                    text.match_indices(mark)
                        .any(|(at, _)| text[at + mark.len()..].starts_with(|c: char| c.is_ascii_digit()))
                };
                assert!(!["#", "!", "GH-", "gh-"].iter().any(|mark| number(mark)), "{of}: a reference in {text:?}");
                let is_commit = |word: &str| word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(!text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_commit), "{of}: a commit in {text:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn markdown_links_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let _guard = working_folder(folder.path());
    let texts = [
        "https://evil.example",
        "www.evil.example",
        "me@evil.example",
        "@acme/owners",
        "acme/x#123",
        "#123",
        "GH-12",
        "!7",
        "0123456789abcdef0123456789abcdef01234567",
        "![a](https://evil.example/a.png)",
        "[a](b)",
        "<b>x</b>",
        "`code` `",
        "a|b",
        "``` x",
        "a\n\n# b\n\n- c",
        "$x$",
        "[^1]",
        "mailto:a@b.c",
        "&lt;b&gt;",
        "1. x",
        "- x",
        "**x**",
        "<!-- x",
        "\\`x\\`",
        "http://[::1]",
        "~~x~~",
        "HTTPS://EVIL.EXAMPLE",
        "ftp://evil.example",
        "xmpp:a@b.c",
        "<https://a.b>",
    ];
    for (number, text) in texts.iter().enumerate() {
        let hostile = quoted(text);
        let folder = format!("c{number}");
        write(&format!("{folder}/Chart.yaml"), "{apiVersion: v2, name: app, version: 1.0.0}\n");
        write(&format!("{folder}/values.yaml"), &format!("image: {}\n", quoted(&format!("quay.io/a/b:1 {text}"))));
        write(
            &format!("{folder}/templates/pod.yaml"),
            &format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {hostile}}}\nspec:\n  containers:\n    - {{name: {hostile}, image: {{{{ .Values.image | quote }}}}}}\n"
            ),
        );
        write(&format!("f{number}/Chart.yaml"), "{apiVersion: v2, name: app, version: 1.0.0}\n");
        write(&format!("f{number}/templates/a.yaml"), &format!("{{{{ fail {hostile} }}}}"));
    }
    let releases: String = (0..texts.len())
        .map(|at| {
            format!(
                "  - {{name: {}, chart: c{at}, namespace: {}}}\n  - {{name: f{at}, chart: f{at}}}\n",
                quoted(texts[at]),
                quoted(texts[at])
            )
        })
        .collect();
    write("airtight.yaml", &format!("mirror: mirror.internal\nreleases:\n{releases}"));
    for release in (0..texts.len()).map(|at| format!("f{at}")) {
        is_inert(&said(&["lint", "--format", "markdown", "--release", &release]).out, &release);
    }
    let all = said(&["lint", "--format", "markdown"]);
    is_inert(&all.out, "all releases");
    for (at, text) in texts.iter().enumerate() {
        let said =
            said(&["lint", "--no-config", "--mirror", "mirror.internal", "--format", "markdown", &format!("c{at}")]);
        assert!(said.outcome == Some(Outcome::Findings), "{}", said.err);
        is_inert(&said.out, text);
    }
}
