//! [`Before`]: what is known of a render, so that another render of the same charts with other values can skip the files whose
//! output cannot change.
//!
//! The output of a file stays the same if nothing that it read in the maps of the values has changed, and if it used no randomness.
//! A file that changes what others see (`set`, `merge`) is tied to the files that read what it changes: they are executed with it, in
//! their order.

use super::scope::TemplateFile;
use super::{Inputs, Release};
use crate::chart::Chart;
use crate::template::touched::{Change, Looks, Touch, Touches};
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values::Instance;
use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The reads of a render, file by file.
#[derive(Debug)]
pub(crate) struct Before {
    files: Vec<Looked>,
    values: Values,
    charts: Vec<Found>,
    release: Release,
    /// The index of the `.Release` map.
    release_map: Option<u32>,
    /// What files changed in the maps of the values.
    changed: HashMap<u32, Changed>,
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
    /// Whether it read or changed what files change.
    pub(super) is_tied: bool,
}

/// The values of a render as they were before its files were executed.
#[derive(Debug)]
struct Values {
    top: Map,
    /// The entries of maps that files changed.
    kept: HashMap<u32, BTreeMap<Str, Value>, RandomState>,
}

/// A chart of a release, with its dependencies.
#[derive(Debug)]
struct Found {
    full_path: String,
    chart: Arc<Chart>,
    enabled: Vec<bool>,
}

/// What files change in a map.
#[derive(Debug, Default)]
struct Changed {
    members: HashSet<Str>,
    /// Whether it may be any other member as well.
    is_any: bool,
}

/// What another render of the charts has in common with an earlier one.
#[derive(Debug, Default)]
pub(super) struct Again<'b> {
    /// The files whose output stays the same.
    pub(super) unchanged: BTreeSet<String>,
    /// Whether these are all of them.
    pub(super) is_same: bool,
    /// The maps that files may change, since all who read that are executed.
    expected: Vec<(Map, &'b Changed)>,
}

/// Watches the data of files.
pub(super) fn watch(files: &[TemplateFile], mut touches: Touches) -> Touches {
    files.iter().for_each(|file| touches.watch(&file.scope.clone().into()));
    touches
}

impl Before {
    /// For a finished render; `None` if it is not known how its files depend on each other.
    pub(super) fn of(
        root: &Instance,
        inputs: &Inputs<'_>,
        files: Vec<Looked>,
        touches: Touches,
        scopes: &[TemplateFile],
    ) -> Option<Self> {
        let Looks { of_files, changed: changes, kept } = touches.finish(files.len())?;
        let release_map = scopes.first().and_then(|file| file.scope.get(b"Release")?.as_map()?.watched());
        let values = Values { top: inputs.values.clone(), kept };
        let mut changed: HashMap<u32, Changed> = HashMap::new();
        for (map, member) in changes {
            let changed = changed.entry(map).or_default();
            match member {
                Some(member) => drop(changed.members.insert(member)),
                None => changed.is_any = true,
            }
        }
        if !changed.is_empty() {
            let mut known = HashSet::new();
            values.maps(&values.top, &mut known);
            if !changed.keys().all(|map| known.contains(map)) {
                return None;
            }
        }
        let mut charts = Vec::new();
        add(root, &mut charts);
        let is_tied = |(map, touch): &(u32, Touch)| changed.get(map).is_some_and(|changed| changed.shows(touch));
        let files = files.into_iter().zip(of_files);
        let files = files.map(|(file, touches)| Looked { is_tied: touches.iter().any(is_tied), touches, ..file });
        let (files, release) = (files.collect(), inputs.release.clone());
        Some(Self { files, values, charts, release, release_map, changed, failed: RefCell::default() })
    }

    /// The file to execute first: the first failure ends a render, and what failed once will most likely fail again. Many
    /// charts check their values in NOTES.txt. `None` if files change what others see.
    pub(super) fn first(&self) -> Option<String> {
        let notes = || {
            let notes = self.files.iter().filter(|file| !file.is_random && file.name.ends_with("/NOTES.txt"));
            notes.map(|file| &file.name).min_by_key(|name| name.len()).cloned()
        };
        if !self.changed.is_empty() {
            return None;
        }
        self.failed.borrow().clone().or_else(notes)
    }

    /// Records that a file failed, unless it must not be executed first.
    pub(super) fn fails(&self, name: &str) {
        if self.files.iter().any(|file| !file.is_random && file.name == name) {
            *self.failed.borrow_mut() = Some(name.to_owned());
        }
    }

    /// What a release of these charts with other values has in common with this render.
    pub(super) fn again(&self, root: &Instance, inputs: &Inputs<'_>) -> Again<'_> {
        let mut charts = Vec::new();
        add(root, &mut charts);
        let is_same = |(one, other): (&Found, &Found)| {
            Arc::ptr_eq(&one.chart, &other.chart) && one.full_path == other.full_path && one.enabled == other.enabled
        };
        let mut comparison = Comparison { before: self, different: HashMap::new(), expected: Vec::new() };
        let is_known = comparison.compare_release(inputs.release)
            && charts.len() == self.charts.len()
            && charts.iter().zip(&self.charts).all(is_same)
            && comparison.compare(&self.values.top, inputs.values);
        if !is_known {
            return Again::default();
        }
        let Comparison { different, expected, .. } = comparison;
        let is_different = |(map, touch): &(u32, Touch)| different.get(map).is_some_and(|map| map.shows(touch));
        let differs = |file: &Looked| file.is_random || file.touches.iter().any(is_different);
        let differ: Vec<bool> = self.files.iter().map(differs).collect();
        // Whatever is executed must find what the tied files change.
        let is_any = differ.contains(&true);
        let stays =
            |(file, differs): (&Looked, bool)| (!differs && !(is_any && file.is_tied)).then(|| file.name.clone());
        let unchanged = self.files.iter().zip(differ).filter_map(stays).collect();
        Again { unchanged, is_same: !is_any, expected }
    }
}

impl Again<'_> {
    /// Whether files that were not executed, or not in their turn, may be wrong: a file changed what others see, and did not in the
    /// earlier render.
    pub(super) fn is_broken(&self, touches: &Touches) -> bool {
        let expected: HashMap<u32, &Changed> =
            self.expected.iter().filter_map(|(map, changed)| Some((map.watched()?, *changed))).collect();
        let is_expected =
            |(map, member): &Change| expected.get(map).is_some_and(|changed| changed.contains(member.as_ref()));
        touches.changed().is_none_or(|changes| !changes.iter().all(is_expected))
    }
}

impl Changed {
    /// Whether this may be what a file read.
    fn shows(&self, touch: &Touch) -> bool {
        match touch {
            Touch::Member(key) => self.contains(Some(key)),
            Touch::Emptiness | Touch::All => true,
        }
    }

    fn contains(&self, member: Option<&Str>) -> bool {
        self.is_any || member.is_some_and(|member| self.members.contains(member))
    }
}

impl Values {
    /// Calls with the entries of a map, as they were.
    fn with_entries<R>(&self, map: &Map, call: impl FnOnce(&BTreeMap<Str, Value>) -> R) -> R {
        match map.watched().and_then(|number| self.kept.get(&number)) {
            Some(entries) => call(entries),
            None => call(&map.borrow()),
        }
    }

    /// The indexes of a map and of the maps in it.
    fn maps(&self, map: &Map, found: &mut HashSet<u32>) {
        if map.watched().is_some_and(|number| found.insert(number)) {
            self.with_entries(map, |entries| {
                entries.values().filter_map(Value::as_map).for_each(|inner| self.maps(inner, found));
            });
        }
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

/// How the values of a release differ from those of a render.
struct Comparison<'b> {
    before: &'b Before,
    /// By the indexes of the maps of the render.
    different: HashMap<u32, Different>,
    /// The maps of the release that stand for changed ones.
    expected: Vec<(Map, &'b Changed)>,
}

impl Comparison<'_> {
    /// Records the differences of `.Release`; false if that cannot be determined.
    fn compare_release(&mut self, new: &Release) -> bool {
        let old = &self.before.release;
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
        let difference = Different { members, emptiness: false };
        self.before.release_map.is_some_and(|map| self.different.insert(map, difference).is_none())
    }

    /// Records the differences of maps by index, not counting those in nested maps; false if that cannot be determined.
    fn compare(&mut self, old: &Map, new: &Map) -> bool {
        let Some(number) = old.watched() else { return false };
        let before = self.before;
        if let Some(changed) = before.changed.get(&number) {
            self.expected.push((new.clone(), changed));
        }
        before.values.with_entries(old, |old| self.compare_entries(number, old, &new.borrow()))
    }

    fn compare_entries(&mut self, number: u32, old: &BTreeMap<Str, Value>, new: &BTreeMap<Str, Value>) -> bool {
        let mut members: Vec<&Str> = new.keys().filter(|key| !old.contains_key(*key)).collect();
        for (key, value) in old {
            let is_same = match (value, new.get(key)) {
                (Value::Map(old), Some(Value::Map(new))) => {
                    if !self.compare(old, new) {
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
            let found = self.different.entry(number).or_default();
            found.members.extend(members.into_iter().cloned());
            found.emptiness |= old.is_empty() != new.is_empty();
        }
        true
    }
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
        let readers =
            ["{{ .Values.b.x }}{{ .k }}", "{{ .Values.part.z }}", "{{ toYaml .Values.b }}", "{{ .Values.k }}"];
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
        let random =
            ["{{ range untilStep 0 (int .Values.a.x) 1 }}{{ randAlpha 5 }}{{ end }}", "{{ randAlpha 5 }}", "x"];
        assert_eq!(executed(&random, "a.x", "3"), [0, 1]);
    }
}
