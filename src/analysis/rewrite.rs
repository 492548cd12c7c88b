//! [`RewriteUnset`]: the rewrite is not set in a release that is judged as given, or a setting removes it.

use super::Judged;
use super::keys::Keys;
use super::propose::{Proposal, added, changed, title_of_removal};
use crate::fix::{Fix, ValueAction};
use crate::images::Class;
use crate::provenance::{Decider, decider_of};
use crate::reference::Mirror;
use crate::release::ReleaseInputs;
use crate::source::File;
use crate::template::Value;
use crate::trace::{Layer, Origin, OriginData, Origins};
use crate::values::layers::{Merged, UserValues};
use crate::values::value_at;
use crate::values_path::{Key, ValuesPath};
use std::sync::Arc;

/// The rewrite is not set, and these images would follow it.
#[derive(Debug, Clone)]
pub(crate) struct RewriteUnset {
    /// The key that would send them to the mirror.
    pub key: ValuesPath,
    /// Its value.
    pub value: String,
    /// The user's setting that prevents it, with its text: `""`, `null`, `quay.io`; `None` if it is not set.
    pub by: Option<(Decider, String)>,
    /// The images, by index.
    pub images: Vec<usize>,
    /// Those that the key alone does not bring to their place in the layout, with their references then.
    pub not_enough: Vec<(usize, String)>,
    /// What sets the key.
    pub fix: Option<Fix>,
}

/// What keeps the rewrite from the images that would follow it; and for each, what would set it, the best first.
pub(super) fn find(
    judged: &[Judged],
    prepared: &ReleaseInputs,
    keys: &Keys,
    mirror: &Mirror,
) -> Vec<(RewriteUnset, Vec<Proposal>)> {
    let images: Vec<usize> = (0..judged.len()).filter(|&number| judged[number].class == Class::NotRewritten).collect();
    if images.is_empty() {
        return Vec::new();
    }
    let mut origins = Origins::new();
    let Ok(user) = prepared.user_values(Some(&mut origins)) else { return Vec::new() };
    let mut found: Vec<(RewriteUnset, Vec<Proposal>)> = Vec::new();
    for key in &keys.all {
        let Some(value) = keys.value(key) else { continue };
        if is_on_mirror(&user, key, keys, mirror) {
            continue;
        }
        let by = taken_by(&user, key, prepared, (keys, mirror), &mut origins);
        // One unset key is enough.
        if by.is_none() && !found.is_empty() {
            continue;
        }
        let proposals = proposals(key, value, by, &user, prepared, &origins);
        let said = |origin: Origin| (decider_of(origin, 0, &origins), said(origin, &origins));
        let unset = RewriteUnset {
            key: key.clone(),
            value: value.to_owned(),
            by: by.map(said),
            images: images.clone(),
            not_enough: Vec::new(),
            fix: None,
        };
        found.push((unset, proposals));
    }
    // A setting that removes one key is more specific than another key that is not set.
    if found.iter().any(|(unset, _)| unset.by.is_some()) {
        found.retain(|(unset, _)| unset.by.is_some());
    }
    found
}

/// What sets a key to something other than the mirror; `None` if it is the mirror, or unknown.
pub(super) fn setting(key: &ValuesPath, prepared: &ReleaseInputs, keys: &Keys, mirror: &Mirror) -> Option<Proposal> {
    if !prepared.is_given || keys.assumed.contains(key) {
        return None;
    }
    let mut origins = Origins::new();
    let user = prepared.user_values(Some(&mut origins)).ok()?;
    if is_on_mirror(&user, key, keys, mirror) {
        return None;
    }
    let by = taken_by(&user, key, prepared, (keys, mirror), &mut origins);
    proposals(key, keys.value(key)?, by, &user, prepared, &origins).into_iter().next()
}

fn is_on_mirror(user: &Merged, key: &ValuesPath, keys: &Keys, mirror: &Mirror) -> bool {
    match value_at(&user.values, key) {
        Some(Value::Str(text)) => keys.is_on_mirror(key, &text.to_text(), mirror),
        _ => false,
    }
}

/// The user's setting that keeps a key from being the mirror: another value, null, or one that hides a file with it.
fn taken_by(
    user: &Merged,
    key: &ValuesPath,
    prepared: &ReleaseInputs,
    of: (&Keys, &Mirror),
    origins: &mut Origins,
) -> Option<Origin> {
    let own = value_at(&user.values, key).filter(|value| !value.is_nil()).map(|value| match value.origin() {
        none if none.is_none() => origins.of_user_at(key),
        origin => origin,
    });
    let own = own.filter(|origin| !origin.is_none());
    let null = || {
        let names: Vec<Arc<str>> = key.iter().filter_map(Key::name).map(Arc::from).collect();
        (1..=names.len()).rev().map(|length| user.nulls.get(&names[..length])).find(|origin| !origin.is_none())
    };
    own.or_else(null).or_else(|| hidden_by(key, prepared, of, origins))
}

/// The setting that removed a whole map with the mirror in it: `--set-json global={}`. Found by merging without each layer,
/// the last first.
fn hidden_by(
    key: &ValuesPath,
    prepared: &ReleaseInputs,
    (keys, mirror): (&Keys, &Mirror),
    origins: &Origins,
) -> Option<Origin> {
    let comes_back = |user: UserValues| {
        let without = ReleaseInputs { user, ..prepared.clone() };
        without.user_values(None).is_ok_and(|user| is_on_mirror(&user, key, keys, mirror))
    };
    let layer =
        layers(&prepared.user).into_iter().rev().find_map(|(layer, without)| comes_back(without).then_some(layer))?;
    let of_layer = |origin: &Origin| match origins.get(*origin) {
        Some(OriginData::Setting(setting)) => layer.is(&setting.layer),
        _ => false,
    };
    let leads = |origin: &Origin| {
        let path = origins.path(*origin);
        !path.is_empty() && key.starts_with(&path)
    };
    origins.all().filter(of_layer).filter(leads).max_by_key(|origin| origins.keys(*origin).len())
}

/// A part of the user's input: a file, or an occurrence of a flag.
enum Given {
    File(u32),
    Flag(&'static str, u32),
}

impl Given {
    fn is(&self, layer: &Layer) -> bool {
        match (self, layer) {
            (Self::File(number), Layer::File(other)) => number == other,
            (Self::Flag(flag, occurrence), Layer::Flag(part)) => *flag == part.flag && *occurrence == part.occurrence,
            _ => false,
        }
    }
}

/// The parts of the user's input in merge order, each with the input without it.
fn layers(user: &UserValues) -> Vec<(Given, UserValues)> {
    let mut found = Vec::new();
    for (number, file) in user.files.iter().enumerate() {
        let mut without = user.clone();
        without.files[number] = File::new(file.name(), "");
        found.push((Given::File(number as u32), without));
    }
    type Flags = fn(&mut UserValues) -> &mut Vec<String>;
    let flags: [(&'static str, Flags); 4] = [
        ("--set-json", |user| &mut user.set_json),
        ("--set", |user| &mut user.set),
        ("--set-string", |user| &mut user.set_string),
        ("--set-literal", |user| &mut user.set_literal),
    ];
    for (flag, of) in flags {
        for number in 0..of(&mut user.clone()).len() {
            let mut without = user.clone();
            // An empty part sets nothing, and the others keep their indexes.
            of(&mut without)[number] = if flag == "--set-json" { "{}".to_owned() } else { String::new() };
            found.push((Given::Flag(flag, number as u32), without));
        }
    }
    found
}

/// The text of a setting, as written; for a map, that it is one.
fn said(origin: Origin, origins: &Origins) -> String {
    let Some(OriginData::Setting(setting)) = origins.get(origin) else { return String::new() };
    let place = &setting.place;
    let bytes = &place.file.bytes()[place.start as usize..place.end as usize];
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    match text {
        "" if matches!(setting.layer, Layer::Flag(_)) => "empty".to_owned(),
        "\"\"" | "''" => "empty".to_owned(),
        "" | "~" => "null".to_owned(),
        text if text.contains('\n') => "another table".to_owned(),
        text => text.to_owned(),
    }
}

/// What would set a key, the best first.
fn proposals(
    key: &ValuesPath,
    value: &str,
    by: Option<Origin>,
    user: &Merged,
    prepared: &ReleaseInputs,
    origins: &Origins,
) -> Vec<Proposal> {
    let mut found = Vec::new();
    // A chart that joins the value and the path without a slash needs the slash in the value.
    let with_slash = format!("{value}/");
    let values = [value].into_iter().chain((!value.ends_with('/')).then_some(with_slash.as_str()));
    if let Some(origin) = by {
        let hides = origins.hidden(origin);
        let own = value_at(&user.values, key).is_some();
        if !hides.is_empty() || !own {
            found.extend(changed(
                origin,
                ValueAction::Remove,
                title_of_removal(&decider_of(origin, 0, origins)),
                origins,
            ));
        }
    }
    for value in values {
        let title = format!("set `{key}` to `{value}`");
        let at = by.filter(|origin| origins.path(*origin) == *key);
        let set = at.and_then(|origin| changed(origin, ValueAction::Set(value.into()), title.clone(), origins));
        found.extend(set);
        found.push(added(key.clone(), value.into(), title, prepared));
    }
    found
}
