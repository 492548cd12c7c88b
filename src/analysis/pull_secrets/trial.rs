//! Which value gives a pod the pull secret that it lacks: each value that the templates read is set in turn, and the release
//! is rendered.

use super::super::keys::Keys;
use super::super::propose::{added, changed};
use super::super::together::{self, Trial};
use super::super::{Analysis, trial as image_trials};
use super::PullSecrets;
use super::asks::names_pull_secrets;
use crate::chart::owner_of;
use crate::compiler::Compiler;
use crate::fix::{Edit, Fix, Proven, ValueAction};
use crate::objects::Object;
use crate::objects::ObjectName;
use crate::objects::pull_secrets::{Puller, Pullers};
use crate::reads::GLOBAL;
use crate::reads::dependencies::{Switch, SwitchKind, of_dependencies};
use crate::release::{InputChange, ReleaseInputs};
use crate::render::manifest::{Manifest, manifests, sort};
use crate::settings::Settings;
use crate::template::{Map, Value};
use crate::values::value_at;
use crate::values_path::{Key, ValuesPath};
use foldhash::fast::RandomState;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The most renders of one release.
const MAX_RENDERS: usize = 24;

/// Words in keys that may name a secret of a registry; those that name pull secrets are tried first.
const OTHER_WORDS: &[&str] = &["secret", "cred"];

/// What gives a pod the pull secrets that it lacks.
#[derive(Debug, Clone)]
pub(crate) enum Giving {
    /// This value, proven by a trial.
    Set {
        /// Its path.
        path: ValuesPath,
        /// Its value, as YAML on one line.
        value: String,
        /// The same as an edit, tried as its user would make it.
        fix: Option<Fix>,
    },
    /// None of the values that the templates read and that may name secrets.
    Nothing,
    /// Not all of them were tried.
    Unknown,
}

/// The context of the trials.
pub(super) struct Trials<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) values: &'a Map,
    pub(super) prepared: &'a ReleaseInputs,
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a Keys,
    pub(super) compiler: &'a mut Compiler,
}

impl Trials<'_> {
    /// What gives each of these pods what it lacks.
    pub(super) fn run(
        &mut self,
        asked: &PullSecrets,
        objects: &[Object<'_>],
        lacking: &[&Puller<'_>],
    ) -> BTreeMap<ObjectName, Giving> {
        let name = |puller: &Puller<'_>| objects[puller.object].name.clone();
        let mut open: BTreeSet<ObjectName> = lacking.iter().map(|puller| name(puller)).collect();
        let reach: Vec<(ObjectName, BTreeSet<String>)> =
            lacking.iter().map(|puller| (name(puller), charts_of(objects, puller))).collect();
        let charts: BTreeSet<String> = reach.iter().flat_map(|(_, charts)| charts.iter().cloned()).collect();
        let switches = of_dependencies(&self.prepared.chart);
        let has_imports = switches.iter().any(|one| one.kind == SwitchKind::Import);
        let missing: BTreeSet<String> = lacking.iter().flat_map(|puller| asked.missing(puller)).cloned().collect();
        let had = self.lacking_nothing(&self.analysis.manifests, asked);
        let mut found = BTreeMap::new();
        let mut values: Vec<(ValuesPath, Json, Vec<ObjectName>)> = Vec::new();
        let (mut renders, mut is_complete) = (0, true);
        'candidates: for path in self.candidates(asked) {
            let concerns = |(pod, charts): &(ObjectName, BTreeSet<String>)| {
                open.contains(pod) && (has_imports || charts.iter().any(|chart| is_seen_by(chart, &path)))
            };
            if !reach.iter().any(concerns) || !has_imports && self.is_never_seen(&path, &switches) {
                continue;
            }
            for value in forms(value_at(self.values, &path).as_ref(), &missing) {
                if open.is_empty() {
                    break 'candidates;
                }
                if renders == MAX_RENDERS {
                    is_complete = false;
                    break 'candidates;
                }
                renders += 1;
                let change = InputChange::SetJson(path.clone(), value.to_string());
                let changes = [self.keys.defaults(), vec![change]].concat();
                let mut pods = self.given_by(&changes, asked, &charts, &had).unwrap_or_default();
                pods.retain(|pod| open.remove(pod));
                if !pods.is_empty() {
                    values.push((path.clone(), value, pods.into_iter().collect()));
                }
            }
        }
        let mut fixes = self.fixes(asked, &had, &values);
        for (number, (path, value, pods)) in values.into_iter().enumerate() {
            let (value, fix) = (in_one_line(&value), fixes.remove(&number));
            let giving = Giving::Set { path, value, fix };
            found.extend(pods.into_iter().map(|pod| (pod, giving.clone())));
        }
        let rest = if is_complete { Giving::Nothing } else { Giving::Unknown };
        found.extend(open.into_iter().map(|pod| (pod, rest.clone())));
        found
    }

    /// Whether no template would see another value at a path: a trial without a render.
    fn is_never_seen(&self, path: &[Key], switches: &[Switch]) -> bool {
        let is_shared = path.iter().any(|key| key.is(GLOBAL));
        let decides = |switch: &Switch| switch.path.starts_with(path) || path.starts_with(&switch.path);
        let before = self.analysis.rendered.before.as_ref();
        !is_shared && !switches.iter().any(decides) && before.is_some_and(|before| before.is_blind_to(path))
    }

    /// The values that the templates read and that may name pull secrets: those that the user already used for it, then those
    /// whose keys say so, with keys for all charts first.
    fn candidates(&self, asked: &PullSecrets) -> Vec<ValuesPath> {
        let rank_of = |key: &str| {
            let is_word = || OTHER_WORDS.iter().any(|word| key.to_ascii_lowercase().contains(word));
            if names_pull_secrets(key) { Some(1) } else { is_word().then_some(2) }
        };
        // Most paths repeat the keys of others.
        let mut known: HashMap<String, Option<usize>, RandomState> = HashMap::default();
        let mut rank_of = |key: &Key| {
            let name = key.name()?;
            if !known.contains_key(name) {
                known.insert(name.to_owned(), rank_of(name));
            }
            known[name]
        };
        // A value within a list element is not set: the other elements would be lost.
        let whole = |path: &[Key]| path.iter().take_while(|key| !key.is_index()).cloned().collect::<ValuesPath>();
        let mut paths: BTreeMap<ValuesPath, usize> = BTreeMap::new();
        let named = self.analysis.statics.paths();
        for path in self.analysis.reads.paths().chain(&named) {
            // The first key of the best rank.
            let ranked = path.iter().enumerate().filter_map(|(at, key)| Some((rank_of(key)?, at)));
            if let Some((rank, at)) = ranked.min() {
                paths.entry(whole(&path[..=at])).or_insert(rank);
            }
        }
        for ask in &asked.asks {
            paths.insert(whole(&ask.path), 0);
        }
        let mut paths: Vec<(ValuesPath, usize)> = paths.into_iter().collect();
        paths.sort_by_key(|(path, rank)| (*rank, path.first().is_none_or(|first| !first.is(GLOBAL))));
        paths.into_iter().map(|(path, _)| path).collect()
    }

    /// The values as edits of the user's input, as far as they work, by index.
    fn fixes(
        &mut self,
        asked: &PullSecrets,
        had: &BTreeSet<ObjectName>,
        values: &[(ValuesPath, Json, Vec<ObjectName>)],
    ) -> BTreeMap<usize, Fix> {
        let (origins, prepared) = (&self.analysis.origins, self.prepared);
        let proposals = |(number, (path, value, _)): (usize, &(ValuesPath, Json, Vec<ObjectName>))| {
            let title = format!("set `{path}` to `{}`", in_one_line(value));
            let set = changed(origins.of_user_at(path), ValueAction::Set(value.clone()), title.clone(), origins);
            let add = added(path.clone(), value.clone(), title, prepared);
            let over = add.over();
            (number, set.into_iter().chain([add]).chain(over).collect())
        };
        let open = values.iter().enumerate().map(proposals).collect();
        together::fixes(open, &mut Edited { trials: self, asked, had, values })
    }

    /// The pods that lack nothing with changed values; `None` if these are no more than `had`. Where files depend on each other, at first
    /// only for the pods of some charts: all files would be executed for each value that is tried.
    fn given_by(
        &mut self,
        changes: &[InputChange],
        asked: &PullSecrets,
        charts: &BTreeSet<String>,
        had: &BTreeSet<ObjectName>,
    ) -> Option<BTreeSet<ObjectName>> {
        if self.analysis.rendered.before.is_none() {
            let rendered = self.prepared.render_charts(self.compiler, changes, charts).ok()?.rendered;
            let read = manifests(&rendered, self.prepared.env.helm, &self.prepared.limits).ok()?;
            let all: Vec<Arc<Manifest>> = read.ordinary.into_iter().chain(read.hooks).map(Arc::new).collect();
            if self.lacking_nothing(&all, asked).is_subset(had) {
                return None;
            }
        }
        let given = self.given(self.prepared, changes, asked, had)?;
        // Few values help, and schemas take long to ask.
        (!given.is_subset(had) && self.prepared.fits_schema(changes, self.compiler)).then_some(given)
    }

    /// The pods that lack nothing in a release with changed values, whatever schemas allow; `None` if it does not render. `had` are those
    /// of the release as it is.
    fn given(
        &mut self,
        prepared: &ReleaseInputs,
        changes: &[InputChange],
        asked: &PullSecrets,
        had: &BTreeSet<ObjectName>,
    ) -> Option<BTreeSet<ObjectName>> {
        let Analysis { rendered: first, manifests: known, .. } = self.analysis;
        let prepared = ReleaseInputs { check_schema: false, ..prepared.clone() };
        let mut rendered = prepared.render_again(self.compiler, changes, first).ok()?.rendered;
        let different = rendered.keep_different(first);
        if different.is_empty() && rendered.files.is_empty() {
            return Some(had.clone());
        }
        let read = manifests(&rendered, prepared.env.helm, &prepared.limits).ok()?;
        // Unchanged output was parsed already; the files of `crds/` are not from templates.
        let templates: HashSet<&str> = first.files.iter().map(|file| file.name.as_str()).collect();
        let stays = |name: &str| templates.contains(name) && !different.contains(name);
        let mut all: Vec<Arc<Manifest>> = read.ordinary.into_iter().chain(read.hooks).map(Arc::new).collect();
        all.extend(known.iter().filter(|manifest| stays(&manifest.name)).cloned());
        sort(&mut all);
        Some(self.lacking_nothing(&all, asked))
    }

    /// The pods in manifests that pull from the mirror and lack nothing.
    fn lacking_nothing(&self, manifests: &[Arc<Manifest>], asked: &PullSecrets) -> BTreeSet<ObjectName> {
        let objects: Vec<Object<'_>> = manifests.iter().flat_map(Object::all).collect();
        let comes_from_mirror = self.analysis.comes_from_mirror(&self.settings.mirror);
        let pullers = Pullers::of(&objects, &self.prepared.release.namespace, &comes_from_mirror);
        let given = pullers.pods.iter().filter(|puller| puller.image.is_some() && asked.missing(puller).is_empty());
        given.map(|puller| objects[puller.object].name.clone()).collect()
    }
}

/// The charts whose files print a pod and its service account, by full path: `app/charts/db`.
fn charts_of(objects: &[Object<'_>], puller: &Puller<'_>) -> BTreeSet<String> {
    let is_account = |object: &&Object<'_>| object.kind == "ServiceAccount" && object.name.name == puller.account;
    let printing = objects.iter().filter(is_account).chain([&objects[puller.object]]);
    printing.map(|object| owner_of(&object.manifest.name).to_owned()).collect()
}

/// Whether the templates of a chart see a value: it is their own, one of their subcharts', or global.
fn is_seen_by(chart: &str, path: &ValuesPath) -> bool {
    path.starts_with(&ValuesPath::default().of_user(chart)) || path.first().is_some_and(|first| first.is(GLOBAL))
}

/// Tries edits: the pods must lack nothing, and nothing may become worse.
struct Edited<'t, 'a> {
    trials: &'t mut Trials<'a>,
    asked: &'t PullSecrets,
    /// The pods that lack nothing as it is.
    had: &'t BTreeSet<ObjectName>,
    values: &'t [(ValuesPath, Json, Vec<ObjectName>)],
}

impl Trial for Edited<'_, '_> {
    type Outcome = BTreeSet<ObjectName>;

    fn run(&mut self, edits: &[Edit]) -> Option<BTreeSet<ObjectName>> {
        let Trials { analysis, prepared, settings, keys, ref mut compiler, .. } = *self.trials;
        let mut trials =
            image_trials::Trials::new(prepared, settings, keys, compiler, &analysis.rendered, &analysis.manifests);
        let edited = trials.edited(edits)?;
        let twin = trials.with_edits(edits).ok()??;
        if !twin.is_whole || !trials.spares(&twin, &analysis.images, &BTreeSet::new()) || !trials.fits_schema(edits) {
            return None;
        }
        let given = self.trials.given(&edited, &keys.defaults(), self.asked, self.had)?;
        self.had.is_subset(&given).then_some(given)
    }

    fn proves(&self, number: usize, given: &BTreeSet<ObjectName>) -> Option<Vec<Proven>> {
        // The change does not affect references.
        self.values[number].2.iter().all(|pod| given.contains(pod)).then(Vec::new)
    }
}

/// The forms in which a value can name secrets, its current form first; existing names of a list are kept.
fn forms(now: Option<&Value>, missing: &BTreeSet<String>) -> Vec<Json> {
    let one = missing.iter().next().filter(|_| missing.len() == 1).map(|name| json!(name));
    let names: Vec<&String> = missing.iter().collect();
    let tables: Vec<Json> = names.iter().map(|name| json!({"name": name})).collect();
    match now {
        Some(Value::Str(text)) if !text.is_empty() => one.into_iter().chain([json!(tables), json!(names)]).collect(),
        Some(Value::Str(_)) => one.into_iter().collect(),
        Some(Value::Map(_)) => one.into_iter().map(|name| json!({"name": name})).collect(),
        Some(Value::List(list)) if !list.is_empty() => {
            let name = |item: &Value| match item.as_map() {
                Some(map) => map.get(b"name").and_then(|name| Some(name.as_str()?.to_text().into_owned())),
                None => item.as_str().map(|text| text.to_text().into_owned()),
            };
            let own = list.iter().filter_map(name).filter(|name| !missing.contains(name));
            let all: Vec<String> = own.chain(missing.iter().cloned()).collect();
            let tables: Vec<Json> = all.iter().map(|name| json!({"name": name})).collect();
            match list.iter().any(|item| item.as_map().is_some()) {
                true => vec![json!(tables), json!(all)],
                false => vec![json!(all), json!(tables)],
            }
        }
        _ => [json!(tables), json!(names)].into_iter().chain(one).collect(),
    }
}

/// A value as YAML on one line: `[{name: regcred}]`. Names need no quotes, unless they look like numbers.
fn in_one_line(value: &Json) -> String {
    match value {
        Json::Array(items) => format!("[{}]", items.iter().map(in_one_line).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let members = members.iter().map(|(key, value)| format!("{key}: {}", in_one_line(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Json::String(text) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => text.clone(),
        other => other.to_string(),
    }
}
