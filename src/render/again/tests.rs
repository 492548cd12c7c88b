use crate::compiler::Compiler;
use crate::golden::chart;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::release::{InputChange, ReleaseInputs, SetFiles};
use crate::render::{Capabilities, Release};
use crate::template::Env;
use crate::trace::Origins;
use crate::values::UserValues;

const VALUES: &str = "{a: {x: 1, deep: {leaf: 2}}, b: {x: 1}, list: [{name: c}, {name: a}], part: {z: 1}, none: {}}";

fn prepared(templates: &[&str]) -> ReleaseInputs {
    ReleaseInputs {
        chart: chart("app", templates, VALUES, Vec::new()),
        release: Release { name: "r".to_owned(), namespace: "n".to_owned(), is_upgrade: false, revision: 1 },
        capabilities: Capabilities::default_of(HelmVersion::V4),
        env: Env::seeded(1),
        limits: Limits::default(),
        user: UserValues::default(),
        check_schema: true,
        is_given: false,
        set_files: SetFiles::none(),
        work: crate::work::Work::of(&Limits::default()),
    }
}

/// Which of some files are executed again when a value is another one.
fn executed(templates: &[&str], path: &str, json: &str) -> Vec<usize> {
    let (prepared, mut compiler) = (prepared(templates), Compiler::new());
    let mut origins = Origins::new();
    let first = prepared.render(&mut compiler, &[], Some(&mut origins), None).expect("it renders");
    let changes = [InputChange::SetJson(crate::values_path::ValuesPath::of_dots(path), json.to_owned())];
    let again = prepared.render_again(&mut compiler, &changes, &first.rendered).expect("it renders");
    let full = prepared.render(&mut compiler, &changes, None, None).expect("it renders").rendered.files;
    // Whatever was not executed is as it was.
    for file in &full {
        let of = |files: &[crate::render::RenderedFile]| {
            files.iter().find(|known| known.name == file.name).map(|known| known.text.to_text().into_owned())
        };
        let text = of(&again.rendered.files).or_else(|| of(&first.rendered.files));
        assert_eq!(text.as_deref(), Some(&*file.text.to_text()), "{path} {json} {templates:?}");
    }
    let is_executed = |number: &usize| {
        let name = format!("app/templates/{number}.yaml");
        again.rendered.files.iter().any(|file| file.name == name)
    };
    (0..templates.len()).filter(is_executed).collect()
}

#[test]
fn files_that_look_at_nothing_different_are_not_executed_again() {
    let plain = [
        "{{ .Values.a.x }}",
        "{{ .Values.b.x }}",
        "{{ toYaml .Values.a }}",
        "{{ len .Values.part }}",
        "{{ 1 }}",
        "{{ with .Values.a }}{{ .new }}{{ end }}",
        "{{ hasKey .Values.part \"w\" }}{{ if .Values.part }}{{ end }}{{ if .Values.none }}{{ end }}",
    ];
    for (path, json, expected) in [
        ("a.x", "2", &[0, 2][..]),
        ("a.x", "1", &[]),
        ("a.deep.leaf", "3", &[2]),
        ("a.new", "1", &[2, 5]),
        ("b", "{\"x\":1}", &[]),
        ("part", "{}", &[]),
        ("part.w", "1", &[3, 6]),
        ("part.v", "1", &[3]),
        ("none.x", "1", &[6]),
    ] {
        assert_eq!(executed(&plain, path, json), expected, "{path} {json}");
    }
}

#[test]
fn whatever_looks_into_a_map_is_seen() {
    let templates = [
        "{{ (merge (dict \"k\" 1) .Values.a.deep).leaf }}",
        "{{ (omit .Values.a.deep \"k\").leaf }}{{ (pick .Values.a.deep \"leaf\").leaf }}",
        "{{ range $k, $v := .Values.a.deep }}{{ $v }}{{ end }}",
        "{{ (deepCopy .Values.a).deep.leaf }}",
        "{{ with .Values.a }}{{ with .deep }}{{ .leaf }}{{ end }}{{ end }}",
        "{{ tpl \"{{ .Values.a.deep.leaf }}\" $ }}",
        "{{ eq (toJson .Values.a.deep) \"{}\" }}",
        "{{ index .Values \"a\" \"deep\" \"leaf\" }}{{ get .Values.a.deep \"leaf\" }}{{ dig \"deep\" \"leaf\" 0 .Values.a }}",
        "{{ values .Values.a.deep }}{{ printf \"%v\" .Values.a }}{{ .Values.PathValue \"a.deep.leaf\" }}",
        "{{ $d := dict \"all\" .Values }}{{ $d.all.a.deep.leaf }}",
        "{{ range .Values.list }}{{ .name }}{{ end }}",
    ];
    assert_eq!(executed(&templates, "a.deep.leaf", "5"), (0..10).collect::<Vec<_>>());
    let templates = ["{{ range .Values.list }}{{ .name }}{{ end }}", "{{ .Values.b.x }}"];
    assert_eq!(executed(&templates, "list", "[{\"name\":\"d\"}]"), [0]);
}

#[test]
fn what_a_trial_alone_changes_is_seen() {
    let templates = [
        "{{ if .Values.a.flag }}{{ $_ := set .Values.b \"x\" 9 }}{{ end }}",
        "{{ .Values.b.x }}",
        "{{ range .Values.list }}{{ .name }}{{ end }}",
    ];
    // Everything is executed, in its order.
    assert_eq!(executed(&templates, "a.flag", "true"), [0, 1, 2]);
    assert_eq!(executed(&templates, "a.flag", "false"), [0]);
}

#[test]
fn an_upgrade_executes_the_files_that_ask_for_it() {
    let templates = [
        "{{ .Release.Name }}{{ .Values.a.x }}",
        "{{ if .Release.IsUpgrade }}x{{ end }}",
        "{{ with .Release }}{{ .Revision }}{{ end }}",
        "{{ toJson .Release }}",
        "{{ $_ := dict \"all\" $ }}{{ $_.all.Release.IsInstall }}",
    ];
    let (prepared, mut compiler) = (prepared(&templates), Compiler::new());
    let mut origins = Origins::new();
    let first = prepared.render(&mut compiler, &[], Some(&mut origins), None).expect("it renders");
    let release = Release { is_upgrade: true, revision: 2, ..prepared.release.clone() };
    let upgrade = ReleaseInputs { release, ..prepared };
    let again = upgrade.render_again(&mut compiler, &[], &first.rendered).expect("it renders");
    let names: Vec<&str> = again.rendered.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, [1, 2, 3, 4].map(|number| format!("app/templates/{number}.yaml")));
}

#[test]
fn a_trial_begins_with_what_fails() {
    let long = "{{ range until (int .Values.a.x) }}{{ range until 100 }}{{ . }}{{ end }}{{ end }}";
    let templates = [long, "{{ if gt .Values.a.x 9.0 }}{{ fail \"too many\" }}{{ end }}", long];
    let (prepared, mut compiler) = (prepared(&templates), Compiler::new());
    let mut origins = Origins::new();
    let first = prepared.render(&mut compiler, &[], Some(&mut origins), None).expect("it renders");
    let mut steps = || {
        let before = prepared.work.left_of_renders();
        let changes = [InputChange::SetJson(crate::values_path::ValuesPath::of_dots("a.x"), "100".to_owned())];
        assert!(prepared.render_again(&mut compiler, &changes, &first.rendered).is_err());
        before - prepared.work.left_of_renders()
    };
    let (one, two) = (steps(), steps());
    assert!(one > 10_000 && two < one / 50, "{one} {two}");
}

#[test]
fn files_that_depend_on_each_other_are_executed_together() {
    let readers = ["{{ .Values.b.x }}{{ .k }}", "{{ .Values.part.z }}", "{{ toYaml .Values.b }}", "{{ .Values.k }}"];
    for (template, path, expected) in [
        ("{{ $_ := set .Values \"k\" .Values.a.x }}", "a.x", &[0, 4][..]),
        ("{{ $_ := set .Values \"k\" .Values.a.x }}", "part.z", &[0, 2, 4]),
        ("{{ $_ := set .Values \"k\" .Values.a.x }}", "a.y", &[]),
        ("{{ $_ := set .Values.b \"x\" .Values.a.x }}", "a.x", &[0, 1, 3]),
        ("{{ $_ := merge .Values.b .Values.a }}", "a.x", &[0, 3]),
        ("{{ $_ := merge .Values.b .Values.a }}", "part.z", &[0, 2, 3]),
        ("{{ $_ := merge .Values.b .Values.a }}", "list", &[]),
        ("{{ $_ := unset .Values.b \"x\" }}", "part.z", &[0, 1, 2, 3]),
        ("{{ $_ := unset .Values.b \"x\" }}", "a.x", &[]),
        // Not in the values: all are executed.
        ("{{ $_ := set . \"k\" .Values.a.x }}", "a.x", &[0, 1, 2, 3, 4]),
        ("{{ $_ := set .Release \"Name\" (toString .Values.a.x) }}", "a.x", &[0, 1, 2, 3, 4]),
    ] {
        let templates: Vec<&str> = [template].into_iter().chain(readers).collect();
        assert_eq!(executed(&templates, path, "2"), expected, "{template} {path}");
    }
    let random = ["{{ range untilStep 0 (int .Values.a.x) 1 }}{{ randAlpha 5 }}{{ end }}", "{{ randAlpha 5 }}", "x"];
    assert_eq!(executed(&random, "a.x", "3"), [0, 1]);
}
