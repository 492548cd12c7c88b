//! `testdata/fix/*.toml`: edits of user values, and their results.
//!
//! `document.toml` contains texts of values files: `[[case]]` with `text`, `path`, one of `set`, `add` and `remove`, and the
//! `result`, or the word of the `refusal`. `helm = 3` reads them as helm 3 does.

use super::{read, root, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use crate::fix::plan::PlannedChange;
use crate::fix::{Edit, FixTarget, Originals, ValueAction, apply, edit, edit_all};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use crate::trace::FlagPart;
use crate::values::UserValues;
use crate::values_path::{Key, ValuesPath};
use crate::yaml::{Data, Node, read_documents};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).expect("TOML is JSON")
}

pub(super) fn action(case: &toml::Value) -> ValueAction {
    match (case.get("set"), case.get("add"), case.get("null")) {
        (Some(value), ..) => ValueAction::Set(json(value)),
        (_, Some(value), _) => ValueAction::Add(json(value)),
        (.., Some(_)) => ValueAction::Set(Value::Null),
        _ => ValueAction::Remove,
    }
}

#[test]
fn documents_are_edited_as_recorded() {
    let cases: toml::Value = toml::from_str(&read(&root().join("testdata/fix/document.toml"))).expect("it is TOML");
    let cases = cases["case"].as_array().expect("it has cases");
    assert!(cases.len() >= 40);
    let mut wrong = Vec::new();
    for case in cases {
        let name = case["name"].as_str().expect("a case has a name");
        let text = case["text"].as_str().expect("a case has a text");
        let helm = if case.get("helm").is_some() { HelmVersion::V3 } else { HelmVersion::V4 };
        let (keys, action) = (path(case["path"].as_str().expect("a path")), action(case));
        let made = edit(text.as_bytes(), &keys, &action, helm, &Limits::default());
        let made = made.map(|bytes| String::from_utf8(bytes).expect("it is UTF-8"));
        let is_right = match (&made, case.get("result"), case.get("refusal")) {
            (Ok(made), Some(result), None) => Some(made.as_str()) == result.as_str(),
            (Err(refusal), None, Some(wanted)) => Some(refusal.name()) == wanted.as_str(),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{name}: {}", made.unwrap_or_else(|refusal| format!("refused: {refusal:?}"))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sets and removes every scalar of every values file of the repository. `edit` itself checks that other values stay the same;
/// this checks that other lines stay the same.
#[test]
fn any_scalar_of_any_values_file_is_edited_or_refused() {
    let limits = Limits::default();
    let (mut edits, mut refused) = (0, Vec::new());
    let mut texts = Vec::new();
    for folder in ["testdata/charts", "testdata/values", "testdata/fix"] {
        values_files(&root().join(folder), &mut texts);
    }
    assert!(texts.len() > 20, "{}", texts.len());
    for (name, text) in texts {
        let Ok(documents) = read_documents(&text, HelmVersion::V4, &limits) else { continue };
        let mut paths = Vec::new();
        documents.iter().for_each(|document| scalars(document, &mut Vec::new(), &mut paths));
        for path in paths {
            for action in
                [ValueAction::Set("3.10".into()), ValueAction::Set("mirror.internal/a".into()), ValueAction::Remove]
            {
                match edit(&text, &path, &action, HelmVersion::V4, &limits) {
                    Err(refusal) => refused.push(format!("{name} {path:?} {action:?}: {}", refusal.name())),
                    Ok(after) => {
                        edits += 1;
                        let (lost, new) = (lines_of(&text, &after), lines_of(&after, &text));
                        assert!(new.len() <= 1, "{name} {path:?} {action:?}: {new:?}");
                        let comment = lost.iter().find(|line| line.trim_start().starts_with('#'));
                        assert_eq!(comment, None, "{name} {path:?} {action:?}");
                        assert_eq!(edit(&text, &path, &action, HelmVersion::V4, &limits).as_ref(), Ok(&after));
                    }
                }
            }
        }
    }
    let differs: Vec<&String> = refused.iter().filter(|line| line.ends_with(": differs")).collect();
    assert!(differs.is_empty(), "{differs:#?}");
    assert!(edits > 400 && refused.len() * 5 < edits, "{edits} edits, refused: {refused:#?}");
}

/// Several edits of a file at once have the same result as one edit after the other.
#[test]
fn edits_at_once_are_edits_one_by_one() {
    let (helm, limits) = (HelmVersion::V4, Limits::default());
    let (mut texts, mut edits, mut wrong) = (Vec::new(), 0, Vec::new());
    for folder in ["testdata/charts", "testdata/values", "testdata/fix"] {
        values_files(&root().join(folder), &mut texts);
    }
    for (name, text) in texts {
        let Ok(documents) = read_documents(&text, helm, &limits) else { continue };
        let mut paths = Vec::new();
        documents.iter().for_each(|document| scalars(document, &mut Vec::new(), &mut paths));
        for action in [ValueAction::Set("3.10".into()), ValueAction::Remove] {
            paths.retain(|path| edit(&text, path, &action, helm, &limits).is_ok());
            paths.sort();
            for every in [1, 2, 3] {
                let some: Vec<PlannedChange<'_>> =
                    paths.iter().step_by(every).map(|path| (path.as_slice(), &action)).collect();
                let one_by_one = some
                    .iter()
                    .rev()
                    .try_fold(text.clone(), |text, (path, action)| edit(&text, path, action, helm, &limits));
                // Entries in braces, or after a dash, cannot always be removed together with their neighbours.
                let Ok(one_by_one) = one_by_one else { continue };
                edits += some.len();
                match edit_all(&text, &some, helm, &limits) {
                    Ok(at_once) if at_once == one_by_one => {}
                    Ok(at_once) => wrong.push(format!(
                        "{name} {action:?} {every}: {:?} and not {:?}",
                        lines_of(&at_once, &one_by_one),
                        lines_of(&one_by_one, &at_once)
                    )),
                    Err(why) => wrong.push(format!("{name} {action:?} {every}: {} edits: {why:?}", some.len())),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {edits}: {}", wrong.len(), wrong.join("\n"));
    assert!(edits > 500, "{edits}");
}

pub(super) fn values_files(folder: &std::path::Path, found: &mut Vec<(String, Vec<u8>)>) {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            values_files(&path, found);
        } else if name.ends_with(".yaml") && name.contains("values") {
            found.extend(std::fs::read(&path).ok().map(|text| (name, text)));
        }
    }
}

fn path(text: &str) -> ValuesPath {
    text.parse().expect("a path")
}

pub(super) fn scalars(node: &Node, path: &mut Vec<Key>, found: &mut Vec<Vec<Key>>) {
    match &node.data {
        Data::Map(entries) => {
            for (key, value) in entries {
                path.push(Key::Name(key.key.to_string().into()));
                scalars(value, path, found);
                path.pop();
            }
        }
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Key::Index(index as u32));
                scalars(item, path, found);
                path.pop();
            }
        }
        _ if !path.is_empty() => found.push(path.clone()),
        _ => {}
    }
}

/// Lines of a text that another text does not contain, or contains less often.
pub(super) fn lines_of(text: &[u8], other: &[u8]) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for line in other.split(|&byte| byte == b'\n') {
        *counts.entry(line).or_insert(0) += 1;
    }
    let mut lines = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        match counts.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => lines.push(String::from_utf8_lossy(line).into_owned()),
        }
    }
    lines
}

#[test]
fn what_the_user_gave_is_edited_in_memory() {
    let file = File::on_disk("prod.yaml", Some("prod.yaml".to_owned()), "image: {registry: quay.io, tag: 1}\n");
    let user = UserValues {
        files: vec![file.clone(), File::new("other.yaml", "a: 1\n")],
        set: vec!["b=1".to_owned(), "c.d=2,e=3".to_owned()],
        ..UserValues::default()
    };
    let part = |occurrence| FlagPart { flag: "--set", occurrence, argument: "".into() };
    let edit = |target, path: &str, action| Edit { target, path: path.parse().expect("a path"), place: None, action };
    let of_file = || FixTarget::File { number: 0, file: file.clone() };
    let edits = [
        edit(of_file(), "image.registry", ValueAction::Remove),
        edit(of_file(), "image.tag", ValueAction::Set("1".into())),
        edit(FixTarget::Flag(part(0)), "b", ValueAction::Remove),
        edit(FixTarget::Flag(part(1)), "c.d", ValueAction::Set("x".into())),
        edit(FixTarget::Overlay, "global.imageRegistry", ValueAction::Add("mirror.internal".into())),
        edit(FixTarget::Overlay, "sidecars", ValueAction::Set(serde_json::json!([{"image": "a", "tag": "3.10"}]))),
        edit(FixTarget::Overlay, "global.on", ValueAction::Add(true.into())),
    ];
    let made = apply(&user, &edits, HelmVersion::V4, &Limits::default(), &Originals::default()).expect("they are made");
    let texts: Vec<String> =
        made.files.iter().map(|file| format!("{}: {}", file.name(), String::from_utf8_lossy(file.bytes()))).collect();
    let overlay =
        "global:\n  imageRegistry: mirror.internal\n  \"on\": true\nsidecars:\n  - image: a\n    tag: \"3.10\"\n";
    assert_eq!(
        texts,
        ["prod.yaml: image: {tag: \"1\"}\n", "other.yaml: a: 1\n", &format!("airtight-overlay.yaml: {overlay}")]
    );
    assert_eq!(made.set, ["", "c.d=x,e=3"]);
    let refused = |edits: &[Edit]| {
        let made = apply(&user, edits, HelmVersion::V4, &Limits::default(), &Originals::default());
        made.err().map(|why| why.name())
    };
    assert_eq!(refused(&[edit(FixTarget::Overlay, "a", ValueAction::Remove)]), Some("overlay"));
    assert_eq!(refused(&[edit(FixTarget::Overlay, "l[0]", ValueAction::Set("x".into()))]), Some("overlay"));
    let other = FixTarget::File { number: 1, file: file.clone() };
    assert_eq!(refused(&[edit(other, "a", ValueAction::Remove)]), Some("other-file"));
}

/// A second run changes nothing, and the permissions of the file stay the same.
#[test]
fn a_file_is_fixed_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let chart = root().join("testdata/charts/shop").to_string_lossy().into_owned();
    let values = folder.path().join("prod.yaml");
    std::fs::write(&values, "# kept\nimage:\n  registry: quay.io\n  tag: \"1\"\n").expect("a file can be written");
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    #[cfg(unix)]
    std::fs::set_permissions(&values, mode).expect("it is ours");
    let _guard = working_folder(folder.path());
    for _ in 0..2 {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args =
            ["airtight", "lint", &chart, "--mirror", "mirror.internal", "-f", "prod.yaml", "--fix", "--assume-rewrite"];
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
        assert_eq!(outcome, Some(Outcome::Clean), "{}", String::from_utf8_lossy(&err));
        assert_eq!(read(&values), "# kept\nimage:\n  tag: \"1\"\n");
    }
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&values.metadata().expect("it is there")) & 0o777, 0o640);
    assert_eq!(super::names(folder.path()), ["prod.yaml"]);
}

#[test]
fn odd_texts_are_refused_or_edited_and_never_panic() {
    let limits = Limits::default();
    let sample = "# c\na:\n  b: 'x' # d\n  c: {e: 1, f: [g, h]}\nl:\n- n: 1\n  m: |\n    t\n- o\n";
    let edits = [
        ("a.b", ValueAction::Set("x: y".into())),
        ("a.c.e", ValueAction::Remove),
        ("a.c.f[1]", ValueAction::Remove),
        ("l[0].n", ValueAction::Remove),
        ("l[1]", ValueAction::Set("".into())),
        ("l[0].p.q", ValueAction::Add("z".into())),
        ("q.r", ValueAction::Add("z".into())),
    ]
    .map(|(text, action)| (path(text), action));
    let pieces = [
        "", "\t", "\r", "- ", ": ", "{", "]", "*a ", "&a ", "? ", "---\n", "\u{FEFF}", "|", "'", "\u{85}", "#", "\n",
        "<<: ",
    ];
    for at in 0..=sample.len() {
        for piece in pieces {
            let text = [&sample[..at], piece, &sample[at..]].concat();
            for (path, action) in &edits {
                let _ = edit(text.as_bytes(), path, action, HelmVersion::V4, &limits);
            }
        }
    }
}

/// If many lines bypass the mirror, each is tested, and one run fixes them all.
#[test]
fn hundreds_of_overrides_are_fixed() {
    const COUNT: usize = 400;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    };
    write("chart/Chart.yaml", "apiVersion: v2\nname: parts\nversion: 1.0.0\n");
    let template = "apiVersion: v1\nkind: Pod\nmetadata: {name: all}\nspec:\n  containers:\n    {{- range $name, $part := \
                    .Values.parts }}\n    - name: {{ $name }}\n      image: \"{{ $part.image.registry | default \
                    $.Values.global.imageRegistry }}/acme/{{ $name }}:1\"\n    {{- end }}\n";
    write("chart/templates/pod.yaml", template);
    let (mut defaults, mut own) = ("parts:\n".to_owned(), "global:\n  imageRegistry: mirror.internal\n".to_owned());
    own.push_str("parts:\n");
    for number in 0..COUNT {
        // A value that the chart itself points elsewhere is set to the mirror; otherwise the line is removed.
        let default = if number % 4 == 0 { "ghcr.io" } else { "\"\"" };
        defaults.push_str(&format!("  p{number}: {{image: {{registry: {default}}}}}\n"));
        own.push_str(&format!("  p{number}:\n    # {number}\n    image:\n      registry: quay.io\n"));
    }
    write("chart/values.yaml", &defaults);
    write("own.yaml", &own);
    let _guard = working_folder(folder.path());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["airtight", "lint", "chart", "--no-config", "--mirror", "mirror.internal", "-f", "own.yaml", "--fix"];
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    assert_eq!(outcome, Some(Outcome::Clean), "{}{}", String::from_utf8_lossy(&err), String::from_utf8_lossy(&out));
    assert_eq!(String::from_utf8_lossy(&err), format!("fixed {COUNT} findings in own.yaml\n"));
    let after = read(&folder.path().join("own.yaml"));
    assert_eq!(after.matches("registry: mirror.internal").count(), COUNT / 4, "{after}");
    assert_eq!(after.matches("# ").count(), COUNT, "{after}");
    assert!(!after.contains("quay.io"), "{after}");
}
