//! The user's values that name pull secrets.

use super::super::Analysis;
use crate::objects::Object;
use crate::objects::pull_secrets::{FIELD, Pullers};
use crate::provenance::{atoms, decider_of};
use crate::reads::GLOBAL;
use crate::release::ReleaseInputs;
use crate::source::Place;
use crate::template::{Map, Value};
use crate::values_path::{Key, ValuesPath};
use crate::yaml::Node;

/// A value that names pull secrets.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Its path, in the user's notation.
    pub path: ValuesPath,
    /// The names.
    pub names: Vec<String>,
    /// Its location.
    pub place: Option<Place>,
}

impl Ask {
    /// Whether it applies to all charts.
    pub(super) fn is_global(&self) -> bool {
        self.path.first().is_some_and(|first| first.is(GLOBAL))
    }
}

/// Endings of keys that name pull secrets, in lower case and without dashes.
const ENDS: &[&str] = &["pullsecret", "pullsecrets", "pullsecretname", "pullsecretnames", "pullsecretsname"];

/// Members of a map below such a key that contain names.
const MEMBERS: &[&[u8]] = &[b"name", b"names", b"secretName", b"existingSecret", b"secrets"];

/// Whether a key of values names pull secrets: `imagePullSecrets`, `image-pull-secret`, `pullSecretName`.
pub(super) fn names_pull_secrets(key: &str) -> bool {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    ENDS.iter().any(|end| key.ends_with(end)) && !key.starts_with("create")
}

/// The values that name pull secrets: by their keys, and by where they appear in the manifests.
pub(super) fn asks(
    analysis: &Analysis,
    prepared: &ReleaseInputs,
    objects: &[Object<'_>],
    pullers: &Pullers<'_>,
) -> Vec<Ask> {
    let mut found = Vec::new();
    if let Ok(user) = prepared.user_values(None) {
        by_key(&user.values, &mut ValuesPath::default(), &mut found);
    }
    // A value for a disabled chart says nothing about the enabled ones.
    found.retain(|(path, _)| {
        let prefix = analysis.statics.prefix_of(path);
        path.first().is_some_and(|first| first.is(GLOBAL)) || analysis.is_rendered(&prefix)
    });
    let place = |path: &ValuesPath| {
        let settings = analysis.reads.settings().iter();
        let mut own = settings.filter(|setting| setting.path.starts_with(path));
        own.find_map(|setting| decider_of(setting.origin, 0, &analysis.origins).place)
    };
    let ask = |(path, names)| Ask { place: place(&path), path, names };
    let mut asks: Vec<Ask> = found.into_iter().map(ask).collect();
    let lists = pullers.pods.iter().filter_map(|puller| Some((puller.object, puller.pod.spec.member(FIELD)?)));
    let accounts = objects.iter().enumerate().filter(|(_, object)| object.kind == "ServiceAccount");
    let accounts = accounts.filter_map(|(number, object)| Some((number, object.node.member(FIELD)?)));
    for (number, list) in lists.chain(accounts) {
        for node in list.items().iter().filter_map(|item| item.member("name")) {
            let name = node.text();
            if !is_name(&name) || asks.iter().any(|ask| ask.names.contains(&name)) {
                continue;
            }
            if let Some((path, place)) = user_of(analysis, &objects[number], node) {
                asks.push(Ask { path, names: vec![name], place });
            }
        }
    }
    asks
}

/// The user's value from which a node of a manifest was made, with its location.
fn user_of(analysis: &Analysis, object: &Object<'_>, node: &Node) -> Option<(ValuesPath, Option<Place>)> {
    let spans = object.manifest.content.spans();
    let first = spans.partition_point(|span| span.end <= node.start);
    let own = spans[first..].iter().take_while(|span| span.start < node.end);
    let origins = own.flat_map(|span| atoms(span, node.start, &analysis.origins));
    let mut deciders = origins.map(|(origin, at)| decider_of(origin, at, &analysis.origins));
    let decider = deciders.find(|decider| decider.source.is_user())?;
    Some((decider.path, decider.place))
}

fn by_key(map: &Map, path: &mut ValuesPath, found: &mut Vec<(ValuesPath, Vec<String>)>) {
    for (key, value) in map.entries() {
        path.push(&*key.to_text());
        let names = names_pull_secrets(&key.to_text()).then(|| names_in(&value));
        match (names, &value) {
            (Some(names), _) if !names.is_empty() => found.push((path.clone(), names)),
            (_, Value::Map(inner)) => by_key(inner, path, found),
            (_, Value::List(list)) => {
                for (index, item) in list.iter().enumerate() {
                    if let Some(inner) = item.as_map() {
                        path.push(Key::Index(index as u32));
                        by_key(inner, path, found);
                        path.pop();
                    }
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// The names in a value below such a key: `x`, `[x]`, `[{name: x}]`, `{name: x}`, `{x: {}}`.
fn names_in(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = match value {
        Value::Str(text) => vec![text.to_text().into_owned()],
        Value::List(list) => list.iter().flat_map(names_in).collect(),
        Value::Map(map) => {
            let is_off = map.get(b"enabled").is_some_and(|enabled| !enabled.truth());
            let named: Vec<String> =
                MEMBERS.iter().filter_map(|member| map.get(member)).flat_map(|value| names_in(&value)).collect();
            let tables = map.entries().into_iter().filter(|(_, value)| value.as_map().is_some());
            match (is_off, named.is_empty()) {
                (true, _) => Vec::new(),
                (false, false) => named,
                (false, true) => tables.map(|(key, _)| key.to_text().into_owned()).collect(),
            }
        }
        _ => Vec::new(),
    };
    names.retain(|name| is_name(name));
    names
}

/// Whether Kubernetes accepts a text as the name of a secret.
pub(super) fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(is_word) && part.ends_with(is_word) && part.chars().all(|c| is_word(c) || c == '-')
    };
    text.len() <= 253 && text.split('.').all(part)
}
