//! [`Trail`]: the history of one value: which layer decided, what it hides, and what it consists of.

use crate::analysis::Traced;
use crate::error::Error;
use crate::provenance::{Decider, decider_of};
use crate::secrets::{self, Secrets};
use crate::similar::similar_paths;
use crate::source::Place;
use crate::template::print::strval;
use crate::template::{Map, Value};
use crate::trace::{Layer, OriginData, Origins};
use crate::values_path::{Key, ValuesPath};

/// The history of one value.
#[derive(Debug)]
pub(crate) struct Trail {
    /// The path that was asked for.
    pub path: ValuesPath,
    /// The current value; `None` if it is not set.
    pub value: Option<ShownValue>,
    /// Who set it, followed by everything that this hides, nearest first. For a value that is not set, who mentions it.
    pub settings: Vec<Decider>,
    /// For a map or list: its content, sorted by path.
    pub leaves: Vec<Leaf>,
    /// For a value that is not set: existing paths with similar names.
    pub near: Vec<ValuesPath>,
    /// Where templates read it, if known.
    pub reads: Vec<Place>,
    /// Whether its name says that it is a secret.
    pub is_secret: bool,
    /// All secrets in the sources.
    pub secrets: Secrets,
}

impl Trail {
    /// Masks secrets in values whose names do not show that they are secrets.
    pub(crate) fn hide_secrets(&mut self) {
        let values = self.value.iter_mut().chain(self.leaves.iter_mut().map(|leaf| &mut leaf.value));
        for value in values {
            if let ShownValue::Text(text) = value {
                *text = self.secrets.hide_in(text, false);
            }
        }
    }
}

/// A value as displayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShownValue {
    /// A text.
    Text(String),
    /// A number or a boolean.
    Plain(String),
    /// `null`
    Null,
    /// A map or list, with its number of members.
    Tree(&'static str, usize),
}

/// A scalar below a value.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Its path.
    pub path: ValuesPath,
    /// Its value.
    pub value: ShownValue,
    /// Who set it.
    pub decider: Decider,
    /// Whether its name says that it is a secret.
    pub is_secret: bool,
}

/// The trail of the value at a path of the top chart's values: `image.tag`, `db.image.tag` of the subchart db.
///
/// # Errors
/// The path is invalid.
pub(crate) fn trail(traced: &Traced, asked: &str) -> Result<Trail, Error> {
    let path: ValuesPath = asked.parse()?;
    let origins = &traced.origins;
    let top = Value::Map(traced.values.clone());
    let mut is_secret = path.iter().any(is_secret);
    let found = path.iter().try_fold(top.clone(), |value, step| match (step, value) {
        (Key::Name(key), Value::Map(map)) => {
            is_secret |= **key == *"value" && names_secret(&map);
            map.get(key.as_bytes())
        }
        (Key::Index(index), Value::List(list)) => list.get(*index as usize).cloned(),
        _ => None,
    });
    let mut trail = Trail {
        value: found.as_ref().map(shown),
        settings: Vec::new(),
        leaves: Vec::new(),
        near: Vec::new(),
        reads: traced.rendered.reads.places(&path).into_iter().cloned().collect(),
        is_secret,
        secrets: Secrets::of(origins),
        path,
    };
    match &found {
        Some(Value::Map(_) | Value::List(_)) => {
            leaves(
                found.as_ref().unwrap_or(&Value::Nil),
                &mut trail.path.clone(),
                trail.is_secret,
                origins,
                &mut trail.leaves,
            );
        }
        Some(value) if !value.origin().is_none() => {
            let winner = value.origin();
            let all = std::iter::once(winner).chain(origins.hidden(winner));
            trail.settings.extend(all.map(|origin| decider_of(origin, 0, origins)));
        }
        _ => trail.settings = mentions(&trail.path, origins),
    }
    if found.is_none() {
        let mut all = Vec::new();
        paths(&top, &mut ValuesPath::default(), &mut all);
        trail.near = similar_paths(&trail.path, all);
    }
    Ok(trail)
}

fn shown(value: &Value) -> ShownValue {
    match value {
        Value::Nil => ShownValue::Null,
        Value::Str(text) => ShownValue::Text(text.to_string()),
        Value::Map(map) => ShownValue::Tree("map", map.len()),
        Value::List(list) => ShownValue::Tree("list", list.len()),
        other => ShownValue::Plain(strval(other).map(|text| text.to_string()).unwrap_or_default()),
    }
}

fn leaves(value: &Value, way: &mut ValuesPath, secret: bool, origins: &Origins, found: &mut Vec<Leaf>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            let named = names_secret(map);
            for (key, member) in map.entries() {
                let step = Key::from(&*key.to_text());
                let secret = secret || is_secret(&step) || named && key.as_bytes() == b"value";
                way.push(step);
                leaves(&member, way, secret, origins, found);
                way.pop();
            }
        }
        Value::List(list) if !list.is_empty() => {
            for (index, item) in list.iter().enumerate() {
                way.push(Key::Index(index as u32));
                leaves(item, way, secret, origins, found);
                way.pop();
            }
        }
        leaf => found.push(Leaf {
            path: way.clone(),
            value: shown(leaf),
            decider: decider_of(leaf.origin(), 0, origins),
            is_secret: secret,
        }),
    }
}

/// Who mentions a path that has no value now: mostly nulls, and what they removed.
fn mentions(path: &ValuesPath, origins: &Origins) -> Vec<Decider> {
    let mut found: Vec<(Layer, Decider)> = Vec::new();
    for origin in origins.all() {
        let Some(OriginData::Setting(setting)) = origins.get(origin) else { continue };
        let own = origins.path(origin);
        let full = match &setting.layer {
            Layer::Chart(chart) => own.of_user(chart),
            _ => own,
        };
        let decider = decider_of(origin, 0, origins);
        let known = |(_, known): &(Layer, Decider)| known.place == decider.place;
        if full == *path && !found.iter().any(known) {
            found.push((setting.layer.clone(), decider));
        }
    }
    found.sort_by(|(a, _), (b, _)| match (a, b) {
        // A chart takes precedence over its subcharts.
        (Layer::Chart(a), Layer::Chart(b)) => a.len().cmp(&b.len()),
        _ => b.cmp(a),
    });
    found.into_iter().map(|(_, decider)| decider).collect()
}

fn paths(value: &Value, way: &mut ValuesPath, found: &mut Vec<ValuesPath>) {
    let Value::Map(map) = value else { return };
    for (key, member) in map.entries() {
        way.push(Key::from(&*key.to_text()));
        found.push(way.clone());
        paths(&member, way, found);
        way.pop();
    }
}

fn is_secret(key: &Key) -> bool {
    key.name().is_some_and(secrets::is_secret)
}

/// Whether a map's `name` says that its `value` is a secret, as that of an environment variable does.
fn names_secret(map: &Map) -> bool {
    matches!(map.get(b"name"), Some(Value::Str(name)) if secrets::is_secret(&name.to_text()))
}
