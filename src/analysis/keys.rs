//! Which values keys send images to the mirror, and which of them the tool sets for the user.
//!
//! A release is judged as its owner would install it: the tool sets at most one key, only if some template reads it, and
//! reports it. A key that the owner set to the mirror counts as well.

use crate::chart::Chart;
use crate::error::Error;
use crate::reads::GLOBAL;
use crate::reads::statics::{Reading, Statics};
use crate::reference::mirror::NOWHERE;
use crate::reference::{Mirror, Reference};
use crate::release::{InputChange, ReleaseInputs};
use crate::settings::Settings;
use crate::template::{Map, Value};
use crate::values::value_at;
use crate::values_path::{Key, ValuesPath};
use crate::yaml::{Data, Node};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The values path from which charts most often read the mirror.
pub(crate) const USUAL_KEY: &str = "global.imageRegistry";

/// The same as a path.
pub(crate) fn usual_key() -> ValuesPath {
    ValuesPath::of_dots(USUAL_KEY)
}

/// Other such paths, the more common ones first.
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

/// Names under which a map at such a key contains the registry: `global.imageRegistry: {url: ""}`.
const TABLE_NAMES: &[&str] = &["url", "registry", "host", "hostname", "server", "address", "domain", "hub", "name"];

/// A key that the tool set because the user's values do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assumed {
    /// The key, `global.imageRegistry`.
    pub key: ValuesPath,
    /// Its value, in the form of the chart's default: `mirror.internal/`.
    pub value: String,
}

/// The keys of a release.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    /// All of them.
    pub(super) all: Vec<ValuesPath>,
    /// Those that the tool sets, because the user did not.
    pub(super) assumed: Vec<ValuesPath>,
    /// Whether nothing reads the key, so that it is only named.
    only_named: bool,
    /// Whether the tool may set keys: no values were given, or keys are declared to be set elsewhere.
    may_set: bool,
    /// The value of a key that sends images to the mirror: `mirror.internal/proxy`, in the form of the chart's default.
    values: BTreeMap<ValuesPath, String>,
    /// The keys whose values need a trailing slash, because the chart adds none before the path.
    glued: BTreeSet<ValuesPath>,
}

impl Keys {
    /// Finds the keys: those of the settings; otherwise those that the user set to the mirror and those that templates read.
    ///
    /// # Errors
    /// The user's input cannot be read.
    pub(super) fn find(prepared: &ReleaseInputs, settings: &Settings, statics: &Statics) -> Result<Self, Error> {
        let user = prepared.user_values(None)?;
        let is_set = |key: &ValuesPath| value_at(&user.values, key).is_some_and(|value| !value.is_nil());
        let mut keys = Self { may_set: !prepared.is_given || settings.assume_rewrite, ..Self::default() };
        let (mirror, chart) = (&settings.mirror, &prepared.chart);
        let mut of_user = BTreeMap::new();
        user_keys(&user.values, &mut ValuesPath::default(), mirror, statics, &mut of_user);
        let shape = |key: &ValuesPath| value_of_shape(default_at(chart, key), settings);
        if let Some(given) = &settings.global_keys {
            for key in given {
                let value = of_user.get(key).cloned().or_else(|| shape(key));
                if value.is_none() && !is_set(key) {
                    continue;
                }
                keys.all.push(key.clone());
                keys.values.extend(value.map(|value| (key.clone(), value)));
                if !is_set(key) && keys.may_set {
                    keys.assumed.push(key.clone());
                }
            }
            keys.only_named = keys.all.is_empty();
            return Ok(keys);
        }
        let usual = usual_key();
        let is_table = |key: &ValuesPath| value_at(&user.values, key).is_some_and(|value| value.as_map().is_some());
        if is_set(&usual) && !is_table(&usual) {
            keys.values.extend(shape(&usual).map(|value| (usual.clone(), value)));
            keys.all.push(usual);
        } else if let Some(key) = key_in_code(&usual, chart, statics)
            && !is_set(&key)
            && let Some(value) = shape(&key)
        {
            keys.assume(&key, value);
        }
        // If a global key is read, a chart's own key that names the mirror is an override.
        let is_global = |key: &ValuesPath| key[0].is(GLOBAL);
        let has_global = !keys.all.is_empty() || of_user.keys().any(is_global);
        of_user.retain(|key, _| !has_global || is_global(key));
        for (key, value) in of_user {
            if !keys.all.contains(&key) {
                keys.all.push(key.clone());
            }
            keys.values.insert(key, value);
        }
        if keys.all.is_empty() {
            let other = OTHER_KEYS.iter().find_map(|key| key_in_code(&ValuesPath::of_dots(key), chart, statics));
            match other.map(|key| (shape(&key), key)) {
                Some((value, key)) if is_set(&key) => {
                    keys.values.extend(value.map(|value| (key.clone(), value)));
                    keys.all.push(key);
                }
                Some((Some(value), key)) => keys.assume(&key, value),
                // Nothing reads it: it is named, but not set.
                _ => {
                    keys.all.push(usual_key());
                    keys.only_named = true;
                }
            }
        }
        Ok(keys)
    }

    /// Adds a key that the user did not set; the tool sets it if it may.
    fn assume(&mut self, key: &ValuesPath, value: String) {
        if !self.all.contains(key) {
            self.all.push(key.clone());
        }
        self.values.insert(key.clone(), value);
        if self.may_set {
            self.assumed.push(key.clone());
        }
        self.only_named = false;
    }

    /// The usual key, which no code names literally, but which a render read under a computed name. Returns whether there is
    /// something new to set.
    pub(super) fn came_to_usual_key(&mut self, settings: &Settings) -> bool {
        let Some(value) = settings.mirror.only_place() else { return false };
        if !self.only_named || settings.global_keys.is_some() {
            return false;
        }
        self.assume(&usual_key(), value);
        !self.assumed.is_empty()
    }

    /// The changes that set the keys that the user did not set.
    pub(super) fn defaults(&self) -> Vec<InputChange> {
        let set = |key: &ValuesPath| Some(InputChange::Default(key.clone(), self.values.get(key)?.clone()));
        self.assumed.iter().filter_map(set).collect()
    }

    /// The changes that put the canary in place of the mirror.
    pub(super) fn canary(&self, mirror: &Mirror) -> Vec<InputChange> {
        if self.only_named {
            return Vec::new();
        }
        let text = |key: &ValuesPath| {
            let (_, rest) = mirror.split(self.values.get(key)?)?;
            Some(InputChange::Set(key.clone(), format!("{NOWHERE}{rest}")))
        };
        self.all.iter().filter_map(text).collect()
    }

    /// The changes that set the keys to the mirror, whatever the user set.
    pub(super) fn mirrored(&self) -> Vec<InputChange> {
        let set = |key: &ValuesPath| Some(InputChange::Set(key.clone(), self.values.get(key)?.clone()));
        self.all.iter().filter_map(set).collect()
    }

    /// The changes that remove the rewrite.
    pub(super) fn removed(&self) -> Vec<InputChange> {
        if self.only_named {
            return Vec::new();
        }
        self.all.iter().map(|key| InputChange::Remove(key.clone())).collect()
    }

    /// Adds a slash to the values that the tool set, if one of these references shows that the chart adds none between the value
    /// and the path: `mirror.internalacme/api`. Returns whether something changed.
    pub(super) fn end_with_slash<'t>(&mut self, references: impl Iterator<Item = &'t str>) -> bool {
        let open: Vec<(ValuesPath, String)> = self.told().into_iter().map(|one| (one.key, one.value)).collect();
        let open: Vec<(ValuesPath, String)> = open.into_iter().filter(|(_, value)| !value.ends_with('/')).collect();
        let mut glued = BTreeMap::new();
        for text in references {
            let is_glued = |value: &String| {
                let rest = text.strip_prefix(value.as_str());
                rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric()))
            };
            let of = open.iter().filter(|(_, value)| is_glued(value));
            glued.extend(of.map(|(key, value)| (key.clone(), format!("{value}/"))));
        }
        let is_new = !glued.is_empty();
        self.values.extend(glued);
        is_new
    }

    /// The same keys with a slash at the end of the values, if one of these references with the canary shows that the chart adds
    /// none: `nowhereacme/api`; `None` otherwise.
    pub(super) fn slashed<'t>(&self, references: impl Iterator<Item = &'t str>, mirror: &Mirror) -> Option<Self> {
        let follows = |text: &str, value: &str, is: fn(char) -> bool| {
            text.strip_prefix(NOWHERE)
                .and_then(|rest| rest.strip_prefix(value))
                .is_some_and(|rest| rest.starts_with(is))
        };
        let references: Vec<&str> = references.filter(|text| text.starts_with(NOWHERE)).collect();
        let is_glued = |value: &str| {
            let any = |is: fn(char) -> bool| references.iter().any(|text| follows(text, value, is));
            !value.ends_with('/') && any(|first| first.is_ascii_alphanumeric()) && !any(|first| first == '/')
        };
        let mut keys = self.clone();
        for (key, value) in &self.values {
            if mirror.split(value).is_some_and(|(_, rest)| is_glued(rest)) {
                keys.values.insert(key.clone(), format!("{value}/"));
                keys.glued.insert(key.clone());
            }
        }
        (keys.glued != self.glued).then_some(keys)
    }

    /// Whether the value of a key is the mirror's, in the chart's form.
    pub(super) fn is_on_mirror(&self, key: &ValuesPath, text: &str, mirror: &Mirror) -> bool {
        mirror.split(text).is_some() && (text.ends_with('/') || !self.glued.contains(key))
    }

    /// The keys that the tool set, with their values.
    pub(super) fn told(&self) -> Vec<Assumed> {
        let told = |key: &ValuesPath| Some(Assumed { key: key.clone(), value: self.values.get(key)?.clone() });
        self.assumed.iter().filter_map(told).collect()
    }

    /// The value of a key that sends images to the mirror.
    pub(super) fn value(&self, key: &ValuesPath) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Whether the tool sets nothing although it could set the key.
    pub(super) fn is_only_named(&self) -> bool {
        self.only_named
    }

    /// Whether the tool may set keys, because no values were given, or keys are declared to be set elsewhere.
    pub(super) fn may_set(&self) -> bool {
        self.may_set
    }

    /// The same keys, none of them set by the tool.
    pub(super) fn unset(self) -> Self {
        Self { assumed: Vec::new(), ..self }
    }
}

/// The value of a key that sends images to the mirror, in the form of the chart's default: `quay.io/` becomes
/// `mirror.internal/`, `docker.io/acme` becomes `mirror.internal/acme`; `None` if sources have their own places, and the
/// default names none.
fn value_of_shape(default: Option<&Node>, settings: &Settings) -> Option<String> {
    let (mirror, layout) = (&settings.mirror, settings.layout);
    let usual = mirror.only_place();
    let text = match default.map(|node| &node.data) {
        Some(Data::Str(text)) => text.to_text().into_owned(),
        _ => return usual,
    };
    let (own, slash) = text.strip_suffix('/').map_or((text.as_str(), ""), |own| (own, "/"));
    let host = own.split('/').next().unwrap_or_default();
    if !(host.contains(['.', ':']) || host == "localhost") {
        return usual.map(|usual| if own.is_empty() { usual + slash } else { usual });
    }
    // The place of an image below it, without the image.
    let below = ["/a/b", "/b"].into_iter().find_map(|end| {
        let source = Reference::parse(&format!("{own}{end}")).ok()?;
        layout.repository(mirror, &source)?.strip_suffix(end).map(str::to_owned)
    });
    below.or(usual).map(|value| value + slash)
}

/// The default at a values path: of the chart, or for shared values, of a subchart.
fn default_at<'c>(chart: &'c Chart, path: &[Key]) -> Option<&'c Node> {
    let at = |document: &'c Node| path.iter().try_fold(document, |node, step| node.member(step.name()?));
    let own = chart.values.iter().flat_map(|values| &values.documents).rev().find_map(at);
    own.or_else(|| {
        let is_shared = path.first().is_some_and(|first| first.is(GLOBAL));
        chart.subcharts.iter().filter(|_| is_shared).find_map(|subchart| default_at(subchart, path))
    })
}

/// A key that code reads: the key itself, or the one in the map there.
fn key_in_code(key: &ValuesPath, chart: &Chart, statics: &Statics) -> Option<ValuesPath> {
    if is_read_by_code(key, chart, statics) {
        return Some(key.clone());
    }
    let Data::Map(_) = &default_at(chart, key)?.data else { return None };
    let inside = TABLE_NAMES.iter().map(|name| key.with(*name));
    inside.into_iter().find(|key| {
        let is_text = |node: &Node| matches!(node.data, Data::Str(_) | Data::Null);
        default_at(chart, key).is_some_and(is_text) && is_read_by_code(key, chart, statics)
    })
}

/// Another key for all images that code reads, if any, as a hint for a user whose key has no effect.
pub(crate) fn other_key(chart: &Chart, statics: &Statics) -> Option<&'static str> {
    OTHER_KEYS.iter().copied().find(|key| is_read_by_code(&ValuesPath::of_dots(key), chart, statics))
}

/// Whether charts are known that read the registry of their images from a key.
pub(crate) fn is_known_key(key: &ValuesPath) -> bool {
    let key = key.to_string();
    key == USUAL_KEY || OTHER_KEYS.contains(&&*key)
}

fn is_read_by_code(key: &ValuesPath, chart: &Chart, statics: &Statics) -> bool {
    statics.could_read(key, Reading::Named).is_some() && !clashes(chart, key)
}

/// Whether the defaults of a chart or a subchart have something else at a parent of a key: consul's `global.image` is a
/// string.
fn clashes(chart: &Chart, path: &[Key]) -> bool {
    let is_other = |document: &Node| {
        let mut next = Some(document);
        for step in path {
            next = match next {
                Some(node) if matches!(node.data, Data::Map(_)) => step.name().and_then(|name| node.member(name)),
                Some(node) if !matches!(node.data, Data::Null) => return true,
                _ => None,
            };
        }
        next.is_some_and(|node| matches!(node.data, Data::Map(_) | Data::Seq(_)))
    };
    let own = chart.values.iter().flat_map(|values| &values.documents).any(is_other);
    own || path[0].is(GLOBAL) && chart.subcharts.iter().any(|subchart| clashes(subchart, path))
}

/// Whether a key of this name is for registries: `imageRegistry`, `hub`.
pub(crate) fn names_registry(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("registry") || key == "hub"
}

/// The keys that the user set to the mirror, or to a path on it, with their values.
fn user_keys(
    values: &Map,
    path: &mut ValuesPath,
    mirror: &Mirror,
    statics: &Statics,
    found: &mut BTreeMap<ValuesPath, String>,
) {
    for (key, value) in values.entries() {
        path.push(&*key.to_text());
        match value {
            Value::Map(inner) => user_keys(&inner, path, mirror, statics, found),
            Value::Str(text) => {
                let text = text.to_text();
                if let Some((_, rest)) = mirror.split(&text)
                    && is_key(path, rest, statics)
                    && statics.could_read(path, Reading::Named).is_some()
                {
                    found.insert(path.clone(), text.into_owned());
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// Whether a path that is set to the mirror is for all images of a chart, and not for one.
fn is_key(path: &[Key], rest: &str, statics: &Statics) -> bool {
    let Some(last) = path.last().and_then(Key::name) else { return false };
    if rest.contains([':', '@']) {
        return false;
    }
    if path[0].is(GLOBAL) {
        return !last.to_ascii_lowercase().ends_with("image");
    }
    let prefix = ValuesPath::from(&path[..path.len() - 1]);
    // If the chart supports the usual key, such a value is an override like others.
    let has_usual = || statics.could_read_from(&prefix, &usual_key(), Reading::Named).is_some();
    names_registry(last) && statics.prefixes().contains(&prefix) && !has_usual()
}
