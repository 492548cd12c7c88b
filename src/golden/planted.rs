//! Planted secrets: however they are written, no format and no command shows them.

use super::{read, root, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use std::path::{Path, PathBuf};

/// The planted texts: as people write them, of digits, of letters, and as services generate them.
const PLANTS: [&str; 4] = ["Pl4nt-Xy", "4815162342", "correcthorsebatterystaple", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"];

/// The output of a run, on stdout, on stderr and in files.
fn said(args: &[String]) -> (Option<Outcome>, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once("airtight".to_owned()).chain(args.iter().cloned());
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    (outcome, format!("{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err)))
}

/// Asserts that a text contains no planted secret.
fn has_none(text: &str, of: &str) {
    use base64::Engine as _;
    let coded = |plant: &str| base64::engine::general_purpose::STANDARD.encode(plant);
    for plant in PLANTS {
        for wanted in [plant.to_owned(), coded(plant)] {
            let lines: Vec<&str> = text.lines().filter(|line| line.contains(&wanted)).take(8).collect();
            assert!(lines.is_empty(), "{of} shows {wanted} in\n{}", lines.join("\n"));
        }
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
    std::fs::write(path, text).expect("a file can be written");
}

/// The files of a folder, if it is there.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The texts of a file in `testdata/planted`.
fn listed(name: &str) -> Vec<String> {
    let text = read(&root().join("testdata/planted").join(name));
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("# ") || line.contains("PLANT"))
        .map(|line| format!("{line}\n"))
        .collect();
    let text =
        text.split("\n---\n").filter(|text| !text.contains("(PLANT)")).map(|text| format!("{}\n", text.trim_end()));
    text.filter(|text| !text.trim().is_empty()).collect()
}

/// All ways of writing a secret that is recognized by its name or by its text.
fn told_by_name() -> Vec<String> {
    let names: Vec<String> = read(&root().join("testdata/planted/names.txt")).lines().map(str::to_owned).collect();
    let shapes = listed("shapes.yaml");
    let plain = |name: &String| name.trim_matches('"').replace(' ', "-");
    let mut texts: Vec<String> = names.iter().map(|name| shapes[0].replace("NAME", name)).collect();
    for (at, name) in names.iter().enumerate() {
        texts.push(shapes[1 + at % (shapes.len() - 1)].replace("NAME", &plain(name)));
    }
    texts.extend(shapes.iter().map(|shape| shape.replace("NAME", "password")));
    texts.extend(listed("texts.yaml"));
    texts
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

/// A text with a secret planted in it.
fn planted(text: &str, number: usize) -> String {
    text.replace("PLANT", PLANTS[number % PLANTS.len()])
}

/// Values with a text before and after an image, for each text.
fn values(texts: &[String]) -> String {
    let one = |(number, text): (usize, &String)| {
        let text = indented(&planted(text, number), 2);
        format!(
            "case{number}:\n{text}  image: quay.io/acme/case-{number}:1\nother{number}:\n  image: quay.io/acme/other-{number}:1\n{text}"
        )
    };
    texts.iter().enumerate().map(one).collect()
}

/// A template with a text before and after an image, for each text.
fn template(texts: &[String]) -> String {
    let one = |(number, text): (usize, &String)| {
        let text = indented(&planted(text, number), 6);
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: t{number}}}\nspec:\n  containers:\n    - name: a\n{text}      image: quay.io/acme/before-{number}:1\n    - name: b\n      image: quay.io/acme/behind-{number}:1\n{text}"
        )
    };
    texts.iter().enumerate().map(one).collect()
}

/// Prints a pod for each value with an image.
const EACH: &str = "{{- range $key, $one := .Values }}{{ if kindIs \"map\" $one }}{{ if $one.image }}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: {{ $key | lower }}}\nspec:\n  containers:\n    - name: {{ $key | lower }}\n      image: {{ $one.image }}\n{{ end }}{{ end }}{{ end -}}";

fn chart(folder: &Path, path: &str, values: &str, template: &str) {
    write(folder, &format!("{path}/Chart.yaml"), "{apiVersion: v2, name: app, version: 1.0.0}\n");
    write(folder, &format!("{path}/values.yaml"), values);
    write(folder, &format!("{path}/templates/pods.yaml"), template);
}

/// Lints in every format at once, and checks each; returns the text with all excerpts, and the page.
fn lint(args: &str) -> (String, String) {
    for style in ["concise", "grouped"] {
        let (_, text) =
            said(&words(&format!("lint --no-config --mirror mirror.internal --output-style {style} {args}")));
        has_none(&text, &format!("lint {args} in the style {style}"));
    }
    let formats = ["text", "html", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv"];
    let mut all = words(&format!("lint --no-config --mirror mirror.internal --verbose --output-style full {args}"));
    for format in formats {
        all.extend(words(&format!("--format {format} --output out.{format}")));
    }
    let (outcome, text) = said(&all);
    assert_eq!(outcome, Some(Outcome::Findings), "{args}: {text}");
    has_none(&text, &format!("lint {args} on its streams"));
    for format in formats {
        has_none(&read(Path::new(&format!("out.{format}"))), &format!("lint {args} as {format}"));
    }
    (read(Path::new("out.text")), read(Path::new("out.html")))
}

#[test]
fn no_secret_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let texts = told_by_name();
    let beside: Vec<String> = listed("beside.yaml").into_iter().chain(texts.iter().cloned()).collect();
    let is_yaml = |text: &&String| !text.contains("{{") && !text.starts_with("user:");
    let of_values: Vec<String> = beside.iter().filter(is_yaml).cloned().collect();
    chart(folder.path(), "defaults", &values(&of_values), EACH);
    chart(
        folder.path(),
        "templates",
        "{}",
        &template(&beside.iter().filter(|text| !text.starts_with("user:")).cloned().collect::<Vec<_>>()),
    );
    chart(folder.path(), "empty", "{}", EACH);
    write(folder.path(), "user.yaml", &values(&of_values));
    let _guard = working_folder(folder.path());

    for args in ["defaults", "empty -f user.yaml", "defaults -f user.yaml"] {
        let (text, page) = lint(args);
        // The rest of the output is still useful.
        for shown in ["image: quay.io/acme/case-3:1", "image: quay.io/acme/other-3:1"] {
            assert!(text.contains(shown), "{args}: {shown} is not in the text");
        }
        assert!(page.contains("password: ********") && page.contains("greeting: ********"), "{args}");
    }
    let (text, page) = lint("templates");
    assert!(text.contains("image: quay.io/acme/before-3:1") && page.contains("greeting: ********"));

    // One flag for each name, next to an image.
    let names = read(&root().join("testdata/planted/names.txt"));
    let flags: String = names
        .lines()
        .filter(|name| !name.starts_with('"'))
        .enumerate()
        .map(|(number, name)| {
            let (plant, name) = (PLANTS[number % 4], name.replace('.', "\\."));
            match number % 3 {
                0 => format!("--set c{number}.{name}={plant},c{number}.image=quay.io/acme/f{number}:1,c{number}.greeting={plant} "),
                1 => format!("--set-string c{number}.image=quay.io/acme/f{number}:1,c{number}.{name}={{{plant},{plant}}} "),
                _ => format!("--set-json c{number}={{\"image\":\"quay.io/acme/f{number}:1\",\"{name}\":[\"{plant}\"]}} ").replace("\\.", "."),
            }
        })
        .collect();
    let (text, _) = lint(&format!("empty {flags}"));
    assert!(text.contains("c0.image=quay.io/acme/f0:1"), "{text}");
    let unread: String = (0..4).map(|number| format!("--set a.b{number}={} ", PLANTS[number])).collect();
    lint(&format!("defaults {unread}"));

    // The other commands.
    chart(folder.path(), "named", "{}", &template(&texts));
    for args in [
        format!("images --no-config empty {flags}"),
        format!("images --no-config --format json --mirror mirror.internal empty {flags}"),
        format!("images --no-config --format csv --mirror mirror.internal empty {flags}"),
        format!("images --no-config --wide --mirror mirror.internal empty {flags}"),
        format!("images --no-config --source --mirror mirror.internal empty {flags}"),
        format!("blame --no-config --full empty {flags}"),
        "blame --no-config named".to_owned(),
        "blame --no-config --full named".to_owned(),
        "blame --no-config --format json named".to_owned(),
        "blame --no-config defaults --value case3.image".to_owned(),
        format!("blame --no-config empty {flags} --value c0"),
        format!("blame --no-config empty {flags} --value c0.password"),
        format!("blame --no-config empty {flags} --format json --value c1"),
    ] {
        let (outcome, text) = said(&words(&args));
        assert!(matches!(outcome, Some(Outcome::Clean | Outcome::Findings)), "{args}: {text}");
        has_none(&text, &args);
    }
}

/// Secrets also reach messages in other ways than excerpts.
#[test]
fn no_message_tells_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = |image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n    - {{name: a, image: \"{image}\"}}\n"
        )
    };
    let secret = format!(
        "{}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {p}, b: \"x\\n{p}\"}}\ndata:\n  c: {{{{ \"{p}\" | b64enc }}}}\n",
        pod("quay.io/a/b:1"),
        p = PLANTS[0]
    );
    let plant = PLANTS[0];
    for (name, values, template) in [
        ("reference", "{}".to_owned(), pod(&format!("user:{plant}@quay.io/a/b:1"))),
        ("scheme", "{}".to_owned(), pod(&format!("https://user:{plant}@quay.io/a/b:1"))),
        ("oci", "{}".to_owned(), pod(&format!("oci://{plant}@quay.io/a/b:1"))),
        ("default", format!("image: user:{plant}@quay.io/a/b:1\n"), pod("{{ .Values.image }}")),
        ("tag", format!("password: {plant}\n"), pod("quay.io/a/b:{{ .Values.password }}")),
        ("fails", format!("password: {plant}\n"), "{{ fail (printf \"no %s\" .Values.password) }}".to_owned()),
        (
            "digits",
            "password: \"4815162342\"\n".to_owned(),
            "{{ fail (printf \"no %s\" .Values.password) }}".to_owned(),
        ),
        ("literal", "{}".to_owned(), format!("{{{{ fail \"a password={plant} is bad\" }}}}")),
        ("secret", "{}".to_owned(), secret),
        (
            "twice",
            "{}".to_owned(),
            format!(
                "{}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b}}\npassword: {plant}\npassword: {plant}2\n",
                pod("quay.io/a/b:1")
            ),
        ),
        (
            "download",
            "{}".to_owned(),
            pod("quay.io/a/b:1").replace(
                "image:",
                &format!(
                    "command: [sh, -c, \"curl -u a:{plant} https://b:{plant}@get.example.com/x?token={plant}\"], image:"
                ),
            ),
        ),
    ] {
        chart(folder.path(), name, &values, &template);
    }
    write(folder.path(), "fails/values.schema.json", "{}");
    chart(folder.path(), "schema", &format!("db: {{password: {plant}}}\n"), "");
    write(
        folder.path(),
        "schema/values.schema.json",
        r#"{"properties": {"db": {"properties": {"password": {"enum": ["a"], "type": "string", "pattern": "^x$", "maxLength": 2}}}}}"#,
    );
    write(folder.path(), "table.yaml", &format!("case: {plant}\npassword: {plant}\n"));
    chart(folder.path(), "coalesce", "case: {a: b}\npassword: {a: b}\n", &pod("quay.io/a/b:1"));
    let _guard = working_folder(folder.path());
    for args in
        ["reference", "scheme", "oci", "default", "tag", "fails", "digits", "literal", "secret", "twice", "schema"]
    {
        lint(args);
        for command in [
            "images --mirror mirror.internal",
            "images --format json",
            "images --format list",
            "images --format csv",
            "images --all",
            "images --all --format tree",
            "images --all --format json",
            "images --diff tag",
            "images --all --mirror quay.io --diff default --format json",
            "bundle -d lists --comments",
            "bundle -d lists --mirror quay.io",
            "blame",
            "blame --full",
            "blame --format json",
            "blame --value db",
        ] {
            has_none(&said(&words(&format!("{command} --no-config {args}"))).1, &format!("{command} {args}"));
            for list in files_in(Path::new("lists")) {
                has_none(&read(&list), &format!("{} of {command} {args}", list.display()));
            }
        }
    }
    for args in ["coalesce -f table.yaml", "download --extend-select runtime-download", "reference -f table.yaml"] {
        lint(args);
    }
    for args in [
        format!("lint fails --mirror https://user:{plant}@mirror.internal"),
        format!("lint fails --mirror user:{plant}@mirror.internal"),
        format!("lint defaults db.password={plant}"),
        format!("lint fails --mirror m.i --set password=a,{plant}"),
        format!("template fails --set password={plant}"),
        format!("template schema --set db.password={plant}"),
        format!("lint fails --mirror m.i -f https://u:{plant}@host.example/values.yaml"),
        format!("init --mirror user:{plant}@quay.io"),
        format!("lint fails --mirror m.i --limit token={plant}"),
        format!("lint --release a:{plant}@b"),
        format!("lint --changed-since https://u:{plant}@x"),
    ] {
        has_none(&said(&words(&args)).1, &args);
    }
    for file in ["a.json", "b.txt"] {
        let (_, text) = said(&words(&format!("lint --no-config --mirror m.i reference --write-baseline {file}")));
        has_none(&text, "the baseline");
        has_none(&read(Path::new(file)), "the baseline");
    }
}
