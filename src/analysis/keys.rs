//! Which values keys send images to the mirror, and which of them the tool sets for the user.
//!
//! A release is judged as its owner would install it: the tool sets one key at most, only where some template reads
//! it, and says so. What the owner set to the mirror is a key as well.

use crate::chart::Chart;
use crate::images::Mirror;
use crate::images::mirror::NOWHERE;
use crate::reads::statics::{Reading, Statics};
use crate::reads::{GLOBAL, Path, dotted, steps};
use crate::release::{Change, Prepared};
use crate::settings::Settings;
use crate::template::{Map, Value};
use crate::yaml::{Data, Node};
use std::collections::BTreeMap;

/// The values path that charts most often read the mirror from.
pub const USUAL_KEY: &str = "global.imageRegistry";

/// Other paths that charts read it from, the more usual first.
///
/// Sources: kyverno, keda, nats (`global.image.registry`); castai (`global.registry`); istio (`global.hub`);
/// external-secrets (`global.repository`); Rancher's charts (`global.cattle.systemDefaultRegistry`); cert-manager
/// (`imageRegistry`).
const OTHER_KEYS: &[&str] = &[
    "global.image.registry",
    "global.registry",
    "global.hub",
    "global.imageRepository",
    "global.repository",
    "global.cattle.systemDefaultRegistry",
    "global.systemDefaultRegistry",
    "global.containerRegistry",
    "global.dockerRegistry",
    "imageRegistry",
    "systemDefaultRegistry",
];

/// The keys of a release.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    /// All of them.
    pub(super) all: Vec<String>,
    /// Those that the tool sets, since the user did not.
    pub(super) assumed: Vec<String>,
    /// Nothing reads the key, so that it is only named.
    only_named: bool,
    /// What the user's values say after the mirror's host, `/proxy` of `mirror.internal/proxy`, by key.
    rests: BTreeMap<String, String>,
}

impl Keys {
    /// Finds the keys: those of the settings; or else what the user set to the mirror and what templates read.
    ///
    /// # Errors
    /// When what the user gave cannot be read.
    pub(super) fn find(prepared: &Prepared, settings: &Settings, statics: &Statics) -> Result<Self, String> {
        let user = prepared.user_values(None)?;
        let is_set = |key: &str| value_at(&user.values, &steps(key)).is_some_and(|value| !value.is_nil());
        let mut keys = Self::default();
        user_keys(&user.values, &mut Vec::new(), &settings.mirror, statics, &mut keys.rests);
        // One value cannot send the images of several sources to places of their own.
        let may_assume = settings.mirror.only_place().is_some();
        if !settings.global_keys.is_empty() {
            let is_of_user = |key: &&String| is_set(key);
            keys.all = settings.global_keys.iter().filter(|key| may_assume || is_of_user(key)).cloned().collect();
            keys.assumed = keys.all.iter().filter(|key| !is_set(key)).cloned().collect();
            return Ok(keys);
        }
        let is_read = |key: &&str| is_read_by_code(key, &prepared.chart, statics);
        if is_set(USUAL_KEY) {
            keys.all.push(USUAL_KEY.to_owned());
        } else if may_assume && is_read(&USUAL_KEY) {
            keys.assume(USUAL_KEY);
        }
        // Where a global key is read, one of a chart's own that names the mirror is an override.
        let is_global = |key: &String| key.starts_with("global.");
        let has_global = !keys.all.is_empty() || keys.rests.keys().any(is_global);
        keys.rests.retain(|key, _| !has_global || is_global(key));
        keys.all.extend(keys.rests.keys().filter(|key| *key != USUAL_KEY).cloned());
        if keys.all.is_empty() {
            match OTHER_KEYS.iter().find(|key| is_read(key)) {
                Some(other) if is_set(other) => keys.all.push((*other).to_owned()),
                Some(other) if may_assume => keys.assume(other),
                // Nothing reads it: it is named, but not set.
                _ => {
                    keys.all.push(USUAL_KEY.to_owned());
                    keys.only_named = true;
                }
            }
        }
        Ok(keys)
    }

    /// Has the tool set a key.
    pub(super) fn assume(&mut self, key: &str) {
        if !self.all.iter().any(|known| known == key) {
            self.all.push(key.to_owned());
        }
        self.assumed.push(key.to_owned());
        self.only_named = false;
    }

    /// What sets the keys that the user did not set.
    pub(super) fn defaults(&self, mirror: &Mirror) -> Vec<Change> {
        set_keys(&self.assumed, mirror)
    }

    /// What puts the canary where the mirror is.
    pub(super) fn canary(&self, canary: &Mirror) -> Vec<Change> {
        if self.only_named {
            return Vec::new();
        }
        let usual = canary.only_place().unwrap_or_else(|| NOWHERE.to_owned());
        let text = |key: &String| self.rests.get(key).map_or_else(|| usual.clone(), |rest| format!("{NOWHERE}{rest}"));
        self.all.iter().map(|key| Change::Set(key.clone(), text(key))).collect()
    }

    /// What takes the rewrite away.
    pub(super) fn removed(&self) -> Vec<Change> {
        if self.only_named {
            return Vec::new();
        }
        self.all.iter().map(|key| Change::Remove(key.clone())).collect()
    }

    /// Whether the tool sets nothing, though the key is one that it could set.
    pub(super) fn is_only_named(&self) -> bool {
        self.only_named
    }

    /// The same keys, none of which the tool sets.
    pub(super) fn unset(self) -> Self {
        Self { assumed: Vec::new(), ..self }
    }
}

/// What sets keys to the mirror that the user did not set.
pub(super) fn set_keys(keys: &[String], mirror: &Mirror) -> Vec<Change> {
    let Some(place) = mirror.only_place() else { return Vec::new() };
    keys.iter().map(|key| Change::Default(key.clone(), place.clone())).collect()
}

/// Another key for all images that code reads, where there is one: for who set a key that does nothing.
pub fn other_key(chart: &Chart, statics: &Statics) -> Option<&'static str> {
    OTHER_KEYS.iter().copied().find(|key| is_read_by_code(key, chart, statics))
}

fn is_read_by_code(key: &str, chart: &Chart, statics: &Statics) -> bool {
    let path = steps(key);
    statics.could_read(&path, Reading::Named).is_some() && !clashes(chart, &path)
}

/// Whether the defaults of a chart, or of one below it, have something else where a key would lead: consul's
/// `global.image` is a text.
fn clashes(chart: &Chart, path: &[String]) -> bool {
    let is_other = |document: &Node| {
        let mut next = Some(document);
        for step in path {
            next = match next.map(|node| &node.data) {
                Some(Data::Map(members)) => {
                    members.iter().rev().find(|(entry, _)| entry.key == **step).map(|(_, node)| node)
                }
                None | Some(Data::Null) => None,
                Some(_) => return true,
            };
        }
        next.is_some_and(|node| matches!(node.data, Data::Map(_) | Data::Seq(_)))
    };
    let own = chart.values.iter().flat_map(|values| &values.documents).any(is_other);
    own || path[0] == GLOBAL && chart.subcharts.iter().any(|subchart| clashes(subchart, path))
}

/// Whether a key of this name is one for registries: `imageRegistry`, `hub`.
pub fn names_registry(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("registry") || key == "hub"
}

/// The keys that the user set to the mirror, or to something on it, with what follows its host.
fn user_keys(values: &Map, path: &mut Path, mirror: &Mirror, statics: &Statics, found: &mut BTreeMap<String, String>) {
    for (key, value) in values.entries() {
        path.push(key.to_text().into_owned());
        match value {
            Value::Map(inner) => user_keys(&inner, path, mirror, statics, found),
            Value::Str(text) => {
                if let Some(rest) = mirror.split(&text.to_text()).map(|(_, rest)| rest.to_owned())
                    && is_key(path, &rest, statics)
                    && statics.could_read(path, Reading::Named).is_some()
                {
                    found.insert(dotted(path), rest);
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// Whether a path that is set to the mirror is for all images of a chart, and not for one.
fn is_key(path: &[String], rest: &str, statics: &Statics) -> bool {
    let Some(last) = path.last() else { return false };
    // The tool's own way of naming keys has no way to write these.
    if path.iter().any(|step| step.contains('.')) || rest.contains([':', '@']) {
        return false;
    }
    if path[0] == GLOBAL {
        return !last.to_ascii_lowercase().ends_with("image");
    }
    let prefix = path[..path.len() - 1].to_vec();
    // Where the chart would come to the mirror by the usual key, such a value is an override like others.
    let has_usual = || statics.could_read_from(&prefix, &steps(USUAL_KEY), Reading::Named).is_some();
    names_registry(last) && statics.prefixes().contains(&prefix) && !has_usual()
}

/// The value at a path that leads through no list.
pub(super) fn value_at(values: &Map, path: &[String]) -> Option<Value> {
    let (last, tables) = path.split_last()?;
    let mut map = values.clone();
    for step in tables {
        map = map.get(step.as_bytes())?.as_map()?.clone();
    }
    map.get(last.as_bytes())
}
