//! [`Before`]: what is known of a render, so that another render of the same charts with other values can skip the files whose
//! output cannot change.
//!
//! The output of a file stays the same if none of the maps that it read has changed, if it used no randomness, and if no file
//! changed what others see.

use super::scope::TemplateFile;
use crate::chart::Chart;
use crate::template::touched::Touches;
use crate::template::{Map, Value};
use crate::values::Instance;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// The reads of a render, file by file.
#[derive(Debug)]
pub struct Before {
    files: Vec<Looked>,
    values: Map,
    charts: Vec<Found>,
}

/// An executed file.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) name: String,
    /// The indexes of the maps that it read.
    pub(super) maps: Vec<u32>,
    /// Whether it used randomness, which depends on everything before it.
    pub(super) is_random: bool,
}

/// A chart of a release, with its dependencies.
#[derive(Debug)]
struct Found {
    full_path: String,
    chart: Arc<Chart>,
    enabled: Vec<bool>,
}

/// Watches the data of files.
pub(super) fn watch(files: &[TemplateFile]) -> Touches {
    let mut touches = Touches::default();
    files.iter().for_each(|file| touches.watch(&file.scope.clone().into()));
    touches
}

impl Before {
    /// For a finished render; `None` if its files depend on each other.
    pub(super) fn of(root: &Instance, values: &Map, files: Vec<Looked>, touches: Touches) -> Option<Self> {
        let looked = touches.finish(files.len())?;
        let mut charts = Vec::new();
        add(root, &mut charts);
        let files = files.into_iter().zip(looked).map(|(file, maps)| Looked { maps, ..file }).collect();
        Some(Self { files, values: values.clone(), charts })
    }

    /// The files whose output stays the same for a release of these charts with other values.
    pub(super) fn unchanged(&self, root: &Instance, values: &Map) -> BTreeSet<String> {
        let mut charts = Vec::new();
        add(root, &mut charts);
        let is_same = |(one, other): (&Found, &Found)| {
            Arc::ptr_eq(&one.chart, &other.chart) && one.full_path == other.full_path && one.enabled == other.enabled
        };
        let mut different = HashSet::new();
        let is_known = charts.len() == self.charts.len()
            && charts.iter().zip(&self.charts).all(is_same)
            && compare(&self.values, values, &mut different);
        let stays = |file: &&Looked| !file.is_random && !file.maps.iter().any(|map| different.contains(map));
        self.files.iter().filter(|_| is_known).filter(stays).map(|file| file.name.clone()).collect()
    }
}

fn add(instance: &Instance, found: &mut Vec<Found>) {
    let enabled = instance.dependencies.iter().flatten().map(|requirement| requirement.enabled).collect();
    found.push(Found { full_path: instance.full_path.clone(), chart: instance.chart.clone(), enabled });
    instance.children.iter().for_each(|child| add(child, found));
}

/// Records the maps that differ, not counting differences in nested maps; false if that cannot be determined.
fn compare(old: &Map, new: &Map, different: &mut HashSet<u32>) -> bool {
    let Some(number) = old.watched() else { return false };
    let (old, new) = (old.borrow(), new.borrow());
    let mut is_same = old.len() == new.len();
    for (key, value) in old.iter() {
        match (value, new.get(key)) {
            (Value::Map(old), Some(Value::Map(new))) => {
                is_same &= std::ptr::eq(old.ty(), new.ty()) && old.is_nil() == new.is_nil();
                if !compare(old, new, different) {
                    return false;
                }
            }
            (old, Some(new)) => is_same &= old.is_same(new),
            (_, None) => is_same = false,
        }
    }
    if !is_same {
        different.insert(number);
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::chart::{Chart, ChartFile, Metadata, ValuesFile};
    use crate::compiler::Compiler;
    use crate::helm::HelmVersion;
    use crate::limits::Limits;
    use crate::release::{Change, Prepared, SetFiles};
    use crate::render::{Capabilities, Release};
    use crate::source::File;
    use crate::template::Env;
    use crate::trace::Origins;
    use crate::values::UserValues;
    use crate::yaml;
    use std::sync::Arc;

    const VALUES: &str = "{a: {x: 1, deep: {leaf: 2}}, b: {x: 1}, list: [{name: c}, {name: a}], part: {z: 1}}";

    fn prepared(templates: &[&str]) -> Prepared {
        let file = File::new("values.yaml", VALUES);
        let document = yaml::read(file.bytes(), &Limits::default()).expect("values");
        let file_of = |(number, text): (usize, &&str)| ChartFile {
            path: format!("templates/{number}.yaml"),
            file: File::new(format!("app/templates/{number}.yaml"), *text),
        };
        let chart = Chart {
            metadata: Metadata {
                api_version: "v2".to_owned(),
                name: "app".to_owned(),
                version: "1.0.0".to_owned(),
                ..Metadata::default()
            },
            metadata_file: File::new("Chart.yaml", ""),
            values: Some(ValuesFile { file, documents: vec![document].into() }),
            schema: None,
            templates: templates.iter().enumerate().map(file_of).collect(),
            files: Vec::new(),
            subcharts: Vec::new(),
        };
        Prepared {
            chart: Arc::new(chart),
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
        let first = prepared.render(&mut compiler, &[], Some(&mut origins), &mut Vec::new()).expect("it renders");
        let changes = [Change::SetJson(path.to_owned(), json.to_owned())];
        let again = prepared.render_again(&mut compiler, &changes, &first.rendered).expect("it renders");
        let full = prepared.render(&mut compiler, &changes, None, &mut Vec::new()).expect("it renders").rendered.files;
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
        let plain =
            ["{{ .Values.a.x }}", "{{ .Values.b.x }}", "{{ toYaml .Values.a }}", "{{ len .Values.part }}", "{{ 1 }}"];
        for (path, json, expected) in [
            ("a.x", "2", &[0, 2][..]),
            ("a.x", "1", &[]),
            ("a.deep.leaf", "3", &[2]),
            ("a.new", "1", &[0, 2]),
            ("b", "{\"x\":1}", &[]),
            ("part", "{}", &[]),
            ("part.w", "1", &[3]),
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
        assert_eq!(executed(&templates, "list", "[{\"name\":\"d\"}]"), [0, 1]);
    }

    #[test]
    fn files_that_depend_on_each_other_are_all_executed() {
        for template in [
            "{{ $_ := set .Values \"k\" .Values.a.x }}",
            "{{ $_ := set . \"k\" .Values.a.x }}",
            "{{ $_ := set .Release \"Name\" (toString .Values.a.x) }}",
            "{{ $_ := merge .Values.b .Values.a }}",
            "{{ $_ := unset .Values.b \"x\" }}",
        ] {
            assert_eq!(executed(&[template, "{{ .Values.b.x }}{{ .k }}"], "a.x", "2"), [0, 1]);
        }
        let random =
            ["{{ range untilStep 0 (int .Values.a.x) 1 }}{{ randAlpha 5 }}{{ end }}", "{{ randAlpha 5 }}", "x"];
        assert_eq!(executed(&random, "a.x", "3"), [0, 1]);
    }
}
