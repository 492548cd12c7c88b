//! [`ValueReads`]: which values a traced render read, by the paths under which a user sets them.
//!
//! The maps of all charts' `.Values` are watched before the render ([`MapWatch`]), because templates can change them. The content of
//! `global` is shared by all charts.

pub(crate) mod dependencies;
pub(crate) mod flow;
pub(crate) mod scope;
pub(crate) mod spelled;
pub(crate) mod statics;
pub(crate) mod unset;

use crate::source::{File, Place};
use crate::template::reads::{self as engine, Reached};
use crate::template::{Map, Value};
use crate::trace::{Layer, Origin, OriginData, Origins, Setting as Set, Str};
use crate::values::Instance;
use crate::values_path::{Key, ValuesPath};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use dependencies::of_dependencies;
pub(crate) use flow::ReadFlow;
pub(crate) use scope::Scopes;
pub(crate) use statics::Statics;

/// The key of the values that charts share.
pub(crate) const GLOBAL: &str = "global";

/// Values that are nested deeper are not recorded: each has its own path, which would be that long.
const DEEPEST: usize = 64;

/// Full path of a chart → its first read.
type Looks = BTreeMap<String, Place>;

/// The reads of a render.
#[derive(Debug, Default)]
pub(crate) struct ValueReads {
    members: BTreeMap<ValuesPath, Looks>,
    wholes: BTreeMap<ValuesPath, Looks>,
    settings: Vec<UserSetting>,
    reached: Vec<Reached>,
}

/// A value that the user set and that no other setting replaced: a scalar, a list of scalars, an empty map or list.
#[derive(Debug, Clone)]
pub(crate) struct UserSetting {
    /// Its effective path: below `global`, it is one path for all charts.
    pub path: ValuesPath,
    /// Its location.
    pub origin: Origin,
    /// Its text, if it is a string.
    pub text: Option<Str>,
    /// Whether each map above it, from the outside in, has other members that the user did not set: whether it is added to the
    /// chart's values, or is all of them.
    pub alone: bool,
}

/// The maps of a release, watched during a render.
#[derive(Debug, Default)]
pub(crate) struct MapWatch {
    tables: Vec<Watched>,
    settings: Vec<UserSetting>,
    seen: BTreeSet<Origin>,
}

#[derive(Debug)]
struct Watched {
    number: usize,
    way: Way,
    chart: Rc<str>,
    /// Whether it is the `.Values` of the chart.
    is_top: bool,
}

/// The path of a watched map, as a step from its parent map: few paths are ever needed.
#[derive(Debug, Clone, Default)]
struct Way(Option<Rc<(Way, Key)>>);

impl Way {
    /// The path to a member of this map; `is_top` says that this is the `.Values` of a chart.
    fn step(&self, key: impl Into<Key>, is_top: bool) -> Self {
        let key = key.into();
        let above = if is_top && key.is(GLOBAL) { Self::default() } else { self.clone() };
        Self(Some(Rc::new((above, key))))
    }

    fn path(&self) -> ValuesPath {
        let (mut path, mut way) = (ValuesPath::default(), self);
        while let Some(step) = &way.0 {
            path.push(step.1.clone());
            way = &step.0;
        }
        path.reversed()
    }
}

impl MapWatch {
    /// Watches the values of a chart and its subcharts, and the operands of template files.
    pub(crate) fn start<'f>(
        root: &Instance,
        values: &Map,
        files: impl Iterator<Item = &'f Arc<File>>,
        origins: &Origins,
    ) -> (Self, engine::Reads) {
        let (mut watch, mut reads) = (Self::default(), engine::Reads::default());
        let chart = Rc::from(root.full_path.as_str());
        watch.map(values, (Way::default(), 0), &chart, Some(root), &mut reads, origins);
        files.for_each(|file| reads.watch_file(file));
        (watch, reads)
    }

    fn map(
        &mut self,
        map: &Map,
        (way, depth): (Way, usize),
        chart: &Rc<str>,
        instance: Option<&Instance>,
        reads: &mut engine::Reads,
        origins: &Origins,
    ) {
        let number = reads.watch(map);
        let alone = map.borrow().values().all(|value| is_users(value, origins));
        for (key, value) in map.borrow().iter() {
            let key = key.to_text();
            let child = instance.and_then(|instance| instance.children.iter().find(|child| child.name == key));
            let to = (way.step(&*key, instance.is_some()), depth + 1);
            match (value, child) {
                (Value::Map(map), Some(child)) => {
                    let chart = Rc::from(child.full_path.as_str());
                    self.map(map, to, &chart, Some(child), reads, origins);
                }
                _ => self.value(value, to, chart, alone, reads, origins),
            }
        }
        self.tables.push(Watched { number, way, chart: chart.clone(), is_top: instance.is_some() });
    }

    fn value(
        &mut self,
        value: &Value,
        (way, depth): (Way, usize),
        chart: &Rc<str>,
        alone: bool,
        reads: &mut engine::Reads,
        origins: &Origins,
    ) {
        let is_tree = |value: &Value| matches!(value, Value::Map(_) | Value::List(_));
        match value {
            Value::Map(map) if !map.is_empty() => return self.map(map, (way, depth), chart, None, reads, origins),
            Value::List(list) if list.iter().any(is_tree) => {
                for (index, item) in list.iter().enumerate() {
                    let to = (way.step(Key::Index(index as u32), false), depth + 1);
                    self.value(item, to, chart, alone, reads, origins);
                }
                return;
            }
            Value::Map(map) => {
                let number = reads.watch(map);
                self.tables.push(Watched { number, way: way.clone(), chart: chart.clone(), is_top: false });
            }
            _ => {}
        }
        let origin = value.origin();
        if depth <= DEEPEST && is_users(value, origins) && self.seen.insert(origin) {
            self.settings.push(UserSetting { path: way.path(), origin, text: value.as_str().cloned(), alone });
        }
    }

    /// The reads so far.
    pub(crate) fn finish(self, reads: engine::Reads) -> ValueReads {
        let (mut members, mut wholes) = (BTreeMap::<ValuesPath, Looks>::new(), BTreeMap::<ValuesPath, Looks>::new());
        for Watched { number, way, chart, is_top } in self.tables {
            let Some(table) = reads.table(number) else { continue };
            for (key, place) in &table.members {
                let looks = members.entry(way.step(&*key.to_text(), is_top).path()).or_default();
                looks.entry(chart.to_string()).or_insert_with(|| place.clone());
            }
            if let Some(place) = &table.whole {
                wholes.entry(way.path()).or_default().entry(chart.to_string()).or_insert_with(|| place.clone());
            }
        }
        ValueReads { members, wholes, settings: self.settings, reached: reads.into_reached() }
    }
}

fn is_users(value: &Value, origins: &Origins) -> bool {
    let layer = match origins.get(value.origin()) {
        Some(OriginData::Setting(Set { layer, .. })) => layer,
        _ => return false,
    };
    matches!(layer, Layer::File(_) | Layer::Flag(_))
}

impl ValueReads {
    /// The first read of a value: of itself, or of everything in a parent.
    pub(crate) fn read(&self, path: &[Key]) -> Option<&Place> {
        let own = self.members.get(path).and_then(|looks| looks.values().next());
        own.or_else(|| self.around(path).find_map(|looks| looks.values().next()))
    }

    /// The first read of a value in each chart.
    pub(crate) fn places(&self, path: &[Key]) -> Vec<&Place> {
        let own = self.members.get(path).into_iter();
        let looks = own.chain(self.around(path));
        let mut found: Vec<&Place> = Vec::new();
        for place in looks.flat_map(|looks| looks.values()) {
            if !found.contains(&place) {
                found.push(place);
            }
        }
        found
    }

    /// The first read of a value in a chart, given by its full path.
    pub(crate) fn read_in(&self, chart: &str, path: &[Key]) -> Option<&Place> {
        let own = self.members.get(path).and_then(|looks| looks.get(chart));
        own.or_else(|| self.around(path).find_map(|looks| looks.get(chart)))
    }

    fn around<'r>(&'r self, path: &[Key]) -> impl Iterator<Item = &'r Looks> {
        (0..=path.len()).filter_map(move |length| self.wholes.get(&path[..length]))
    }

    /// Whether a value itself was read, existing or not.
    pub(crate) fn looks_at(&self, path: &[Key]) -> bool {
        self.members.contains_key(path)
    }

    /// Whether any member of the map at a path was read.
    pub(crate) fn looks_into(&self, path: &[Key]) -> bool {
        let mut from = self.members.range::<[Key], _>((Bound::Included(path), Bound::Unbounded));
        from.find(|(found, _)| ***found != *path).is_some_and(|(found, _)| found.starts_with(path))
    }

    /// The paths that were read, existing or not, sorted.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &ValuesPath> {
        self.members.keys()
    }

    /// The paths that a chart read, given by its full path.
    pub(crate) fn paths_in<'r>(&'r self, chart: &'r str) -> impl Iterator<Item = &'r ValuesPath> {
        self.members.iter().filter(move |(_, looks)| looks.contains_key(chart)).map(|(path, _)| path)
    }

    /// The user's settings, in the order of the values.
    pub(crate) fn settings(&self) -> &[UserSetting] {
        &self.settings
    }

    /// Whether the operand at a position of a template file was evaluated, or if that is not known.
    pub(crate) fn reached(&self, file: &Arc<File>, at: u32) -> bool {
        let reached = self.reached.iter().find(|reached| Arc::ptr_eq(reached.file(), file));
        reached.is_some_and(|reached| reached.contains(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Chart, ChartFile, Metadata, ValuesFile};
    use crate::compiler::Compiler;
    use crate::helm::HelmVersion;
    use crate::limits::Limits;
    use crate::release::{ReleaseInputs, SetFiles};
    use crate::render::{Capabilities, Release};
    use crate::template::Env;
    use crate::values::UserValues;
    use crate::work::Work;
    use crate::yaml;

    const VALUES: &str = "
image: {registry: quay.io, repository: acme/api, tag: '1'}
web: {enabled: true, image: {tag: '2'}, labels: {a: b, c: d}}
hosts: [{name: a, port: 1}, {name: b, port: 2}]
text: '{{ .Values.web.enabled }}'
key: tag
global: {hub: x, extra: {y: z}}
db: {user: u}
";

    fn chart(name: &str, template: &str, subcharts: Vec<Arc<Chart>>) -> Arc<Chart> {
        let file = File::new(format!("{name}/values.yaml"), if name == "app" { VALUES } else { "{password: p}" });
        let document = yaml::read(file.bytes(), &Limits::default()).expect("values");
        let path = "templates/x.yaml".to_owned();
        Arc::new(Chart {
            metadata: Metadata {
                api_version: "v2".to_owned(),
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                ..Metadata::default()
            },
            metadata_file: File::new("Chart.yaml", ""),
            values: Some(ValuesFile { file, documents: vec![document].into() }),
            schema: None,
            templates: vec![ChartFile { path, file: File::new(format!("{name}/templates/x.yaml"), template) }],
            files: Vec::new(),
            lock: None,
            subcharts,
        })
    }

    /// What a render of the chart `app`, with the subchart `db`, looks at.
    fn reads(template: &str, of_db: &str) -> ValueReads {
        let prepared = ReleaseInputs {
            chart: chart("app", template, vec![chart("db", of_db, Vec::new())]),
            release: Release { name: "r".to_owned(), namespace: "n".to_owned(), is_upgrade: false, revision: 1 },
            capabilities: Capabilities::default_of(HelmVersion::V4),
            env: Env::default(),
            limits: Limits::default(),
            user: UserValues { set: vec!["image.tag=3,db.user=v".to_owned()], ..UserValues::default() },
            check_schema: true,
            is_given: false,
            work: Work::of(&Limits::default()),
            set_files: SetFiles::none(),
        };
        let mut origins = Origins::new();
        let outcome = prepared.render(&mut Compiler::new(), &[], Some(&mut origins), None);
        outcome.expect("it renders").rendered.reads
    }

    /// `a.b` for a value that was looked at, `a.*` for everything in one.
    fn show(reads: &ValueReads) -> String {
        let members = reads.members.keys().map(|path| path.to_string());
        let wholes = reads.wholes.keys().map(|path| format!("{path}.*"));
        let mut all: Vec<String> = members.chain(wholes).collect();
        all.sort();
        all.join(" ")
    }

    #[test]
    fn what_templates_look_at() {
        for (template, expected) in [
            ("{{ .Values.image.tag }}", "image image.tag"),
            ("{{ .Values.image.none }}", "image image.none"),
            ("{{ if .Values.web.enabled }}{{ end }}", "web web.enabled"),
            ("{{ if false }}{{ .Values.image.tag }}{{ end }}", ""),
            ("{{ with .Values.image }}{{ .tag }}{{ end }}", "image image.tag"),
            ("{{ range .Values.hosts }}{{ .name }}{{ end }}", "hosts hosts[0].name hosts[1].name"),
            ("{{ (index .Values.hosts 1).port }}", "hosts hosts[1].port"),
            ("{{ range $k, $v := .Values.image }}{{ end }}", "image image.registry image.repository image.tag"),
            ("{{ toYaml .Values.image }}", "image image.*"),
            ("{{ .Values.image | toJson | sha256sum }}", "image image.*"),
            ("{{ .Values.web }}", "web web.* web.image.* web.labels.*"),
            ("{{ printf \"%v\" .Values.web.labels }}", "web web.labels web.labels.*"),
            ("{{ index .Values \"image\" .Values.key }}", "image image.tag key"),
            ("{{ get .Values.image \"tag\" }}{{ hasKey .Values.image \"x\" }}", "image image.tag image.x"),
            ("{{ dig \"image\" \"no\" \"d\" .Values.web }}", "web web.image web.image.no"),
            ("{{ pluck \"tag\" .Values.image .Values.web.image }}", "image image.tag web web.image web.image.tag"),
            ("{{ (pick .Values.image \"tag\").tag }}", "image image.tag"),
            ("{{ (omit .Values.image \"tag\").registry }}", "image image.registry"),
            ("{{ (deepCopy .Values.image).tag }}", "image image.tag"),
            ("{{ (default dict .Values.image).tag }}", "image image.tag"),
            ("{{ (merge (dict \"tag\" 1) .Values.web.image).tag }}", "web web.image"),
            ("{{ $all := merge (dict \"x\" 1) . }}{{ $all.Values.image.tag }}", "image image.tag"),
            (
                "{{ define \"i\" }}{{ .i.tag }}{{ end }}{{ include \"i\" (dict \"i\" .Values.image) }}",
                "image image.tag",
            ),
            ("{{ tpl .Values.text . }}", "text web web.enabled"),
            ("{{ keys .Values.web.labels | len }}", "web web.labels web.labels.a web.labels.c"),
            ("{{ kindOf .Values.web }}{{ empty .Values.image }}", "image web"),
            ("{{ .Values.PathValue \"image.tag\" }}", "image image.tag"),
            ("{{ $_ := set .Values \"image\" (dict \"tag\" 1) }}{{ .Values.image.tag }}", "image"),
            ("{{ .Values.db.user }}{{ .Values.global.hub }}", "db db.user global global.hub"),
            ("{{ .Subcharts.db.Values.password }}", "db.password"),
        ] {
            assert_eq!(show(&reads(template, "")), expected, "{template}");
        }
    }

    #[test]
    fn globals_are_one_for_all_charts() {
        let found = reads("", "{{ .Values.global.hub }}{{ .Values.global.extra.y }}{{ .Values.password }}");
        assert_eq!(show(&found), "db.password global global.extra global.extra.y global.hub");
        assert!(found.read_in("app/charts/db", &ValuesPath::of_dots("global.hub")).is_some());
        assert!(found.read_in("app", &ValuesPath::of_dots("global.hub")).is_none());
        let place = found.read(&ValuesPath::of_dots("global.extra.y")).map(ToString::to_string);
        assert_eq!(place.as_deref(), Some("db/templates/x.yaml:1:35"));
        assert!(
            found.looks_into(&ValuesPath::of_dots("global.extra"))
                && !found.looks_into(&ValuesPath::of_dots("global.extra.y"))
        );
    }

    #[test]
    fn settings_are_what_people_set() {
        let found = reads("", "");
        let settings: Vec<(String, bool)> =
            found.settings().iter().map(|one| (one.path.to_string(), one.alone)).collect();
        assert_eq!(settings, [("db.user".to_owned(), false), ("image.tag".to_owned(), false)]);
    }
}
