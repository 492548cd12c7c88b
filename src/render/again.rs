//! [`Before`]: what is known of a render, so that another render of the same charts with other values can skip the files whose
//! output cannot change.
//!
//! The output of a file stays the same if nothing that it read in the maps of the values has changed, if it used no randomness, and
//! if no file changed what others see.

use super::scope::TemplateFile;
use super::{Inputs, Release};
use crate::chart::Chart;
use crate::template::touched::{Touch, Touches};
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values::Instance;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The reads of a render, file by file.
#[derive(Debug)]
pub(crate) struct Before {
    files: Vec<Looked>,
    values: Map,
    charts: Vec<Found>,
    release: Release,
    /// The index of the `.Release` map.
    release_map: Option<u32>,
    /// The file that failed in the last failed render.
    failed: RefCell<Option<String>>,
}

/// An executed file.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) name: String,
    /// What it read, with the indexes of the maps.
    pub(super) touches: Vec<(u32, Touch)>,
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
pub(super) fn watch(files: &[TemplateFile], mut touches: Touches) -> Touches {
    files.iter().for_each(|file| touches.watch(&file.scope.clone().into()));
    touches
}

impl Before {
    /// For a finished render; `None` if its files depend on each other.
    pub(super) fn of(
        root: &Instance,
        inputs: &Inputs<'_>,
        files: Vec<Looked>,
        touches: Touches,
        scopes: &[TemplateFile],
    ) -> Option<Self> {
        let looked = touches.finish(files.len())?;
        let release_map = scopes.first().and_then(|file| file.scope.get(b"Release")?.as_map()?.watched());
        let mut charts = Vec::new();
        add(root, &mut charts);
        let files = files.into_iter().zip(looked).map(|(file, touches)| Looked { touches, ..file }).collect();
        let (values, release) = (inputs.values.clone(), inputs.release.clone());
        Some(Self { files, values, charts, release, release_map, failed: RefCell::default() })
    }

    /// The file to execute first: the first failure ends a render, and what failed once will most likely fail again. Many
    /// charts check their values in NOTES.txt.
    pub(super) fn first(&self) -> Option<String> {
        let notes = || {
            let notes = self.files.iter().filter(|file| !file.is_random && file.name.ends_with("/NOTES.txt"));
            notes.map(|file| &file.name).min_by_key(|name| name.len()).cloned()
        };
        self.failed.borrow().clone().or_else(notes)
    }

    /// Records that a file failed, unless it must not be executed first.
    pub(super) fn fails(&self, name: &str) {
        if self.files.iter().any(|file| !file.is_random && file.name == name) {
            *self.failed.borrow_mut() = Some(name.to_owned());
        }
    }

    /// The files whose output stays the same for a release of these charts with other values.
    pub(super) fn unchanged(&self, root: &Instance, inputs: &Inputs<'_>) -> BTreeSet<String> {
        let mut charts = Vec::new();
        add(root, &mut charts);
        let is_same = |(one, other): (&Found, &Found)| {
            Arc::ptr_eq(&one.chart, &other.chart) && one.full_path == other.full_path && one.enabled == other.enabled
        };
        let mut different = HashMap::new();
        let is_release_known = self.compare_release(inputs.release, &mut different);
        let is_known = is_release_known
            && charts.len() == self.charts.len()
            && charts.iter().zip(&self.charts).all(is_same)
            && compare(&self.values, inputs.values, &mut different);
        let is_different = |(map, touch): &(u32, Touch)| different.get(map).is_some_and(|map| map.shows(touch));
        let stays = |file: &&Looked| !file.is_random && !file.touches.iter().any(is_different);
        self.files.iter().filter(|_| is_known).filter(stays).map(|file| file.name.clone()).collect()
    }

    /// Records the differences of `.Release`; false if that cannot be determined.
    fn compare_release(&self, new: &Release, different: &mut HashMap<u32, Different>) -> bool {
        let old = &self.release;
        let is_event = old.is_upgrade != new.is_upgrade;
        let members = [
            ("Name", old.name != new.name),
            ("Namespace", old.namespace != new.namespace),
            ("IsUpgrade", is_event),
            ("IsInstall", is_event),
            ("Revision", old.revision != new.revision),
        ];
        let members: HashSet<Str> =
            members.iter().filter(|(_, is_different)| *is_different).map(|(name, _)| Str::from(*name)).collect();
        if members.is_empty() {
            return true;
        }
        self.release_map.is_some_and(|map| different.insert(map, Different { members, emptiness: false }).is_none())
    }
}

fn add(instance: &Instance, found: &mut Vec<Found>) {
    let enabled = instance.dependencies.iter().flatten().map(|requirement| requirement.enabled).collect();
    found.push(Found { full_path: instance.full_path.clone(), chart: instance.chart.clone(), enabled });
    instance.children.iter().for_each(|child| add(child, found));
}

/// The differences in a map, without those in nested maps.
#[derive(Debug, Default)]
struct Different {
    members: HashSet<Str>,
    /// Whether only one of the two is empty.
    emptiness: bool,
}

impl Different {
    /// Whether the differences are visible to a file that read this.
    fn shows(&self, touch: &Touch) -> bool {
        match touch {
            Touch::Member(key) => self.members.contains(key),
            Touch::Emptiness => self.emptiness,
            Touch::All => true,
        }
    }
}

/// Records the differences of maps by index, not counting those in nested maps; false if that cannot be determined.
fn compare(old: &Map, new: &Map, different: &mut HashMap<u32, Different>) -> bool {
    let Some(number) = old.watched() else { return false };
    let (old, new) = (old.borrow(), new.borrow());
    let mut members: Vec<&Str> = new.keys().filter(|key| !old.contains_key(*key)).collect();
    for (key, value) in old.iter() {
        let is_same = match (value, new.get(key)) {
            (Value::Map(old), Some(Value::Map(new))) => {
                if !compare(old, new, different) {
                    return false;
                }
                std::ptr::eq(old.ty(), new.ty()) && old.is_nil() == new.is_nil()
            }
            (old, Some(new)) => old.is_same(new),
            (_, None) => false,
        };
        if !is_same {
            members.push(key);
        }
    }
    if !members.is_empty() {
        let found = different.entry(number).or_default();
        found.members.extend(members.into_iter().cloned());
        found.emptiness |= old.is_empty() != new.is_empty();
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::chart::{Chart, ChartFile, Metadata, ValuesFile};
    use crate::compiler::Compiler;
    use crate::helm::HelmVersion;
    use crate::limits::Limits;
    use crate::release::{InputChange, ReleaseInputs, SetFiles};
    use crate::render::{Capabilities, Release};
    use crate::source::File;
    use crate::template::Env;
    use crate::trace::Origins;
    use crate::values::UserValues;
    use crate::yaml;
    use std::sync::Arc;

    const VALUES: &str =
        "{a: {x: 1, deep: {leaf: 2}}, b: {x: 1}, list: [{name: c}, {name: a}], part: {z: 1}, none: {}}";

    fn prepared(templates: &[&str]) -> ReleaseInputs {
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
            lock: None,
            subcharts: Vec::new(),
        };
        ReleaseInputs {
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
        let changes = [InputChange::SetJson(crate::values_path::ValuesPath::of_dots(path), json.to_owned())];
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
        let first = prepared.render(&mut compiler, &[], Some(&mut origins), &mut Vec::new()).expect("it renders");
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
        let first = prepared.render(&mut compiler, &[], Some(&mut origins), &mut Vec::new()).expect("it renders");
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
