//! [`Latent`]: a user's value that would bypass the mirror once something is enabled, although nothing renders it now.

mod fixes;

use super::candidates::value_of;
use super::keys::{Keys, names_registry};
use super::trial::Trials;
use super::{Analysis, Judged};
use crate::compiler::Compiler;
use crate::fix::Fix;
use crate::images::deciders::{decider, deciders};
use crate::images::{ReferencePart, Search, Tier};
use crate::reads::UserSetting;
use crate::reads::dependencies::{Switch, SwitchKind, of_dependencies};
use crate::reads::statics::Reading;
use crate::reference::{Mirror, Reference};
use crate::release::{InputChange, ReleaseInputs};
use crate::render::manifest::manifests;
use crate::settings::Settings;
use crate::source::Place;
use crate::template::{Map, Value};
use crate::trace::{Origin, Origins};
use crate::values::value_at;
use crate::values_path::{Key, ValuesPath};
use fixes::On;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most combinations of switches that are tried.
const MAX_RENDERS: usize = 8;
/// The most additional combinations, for values that the switches beside them do not decide.
const MORE_RENDERS: usize = 12;
/// The most switches that are tried together.
const MOST_SWITCHES: usize = 32;

/// A value of the user's that would bypass the mirror.
#[derive(Debug, Clone)]
pub(crate) struct Latent {
    /// The value.
    pub setting: UserSetting,
    /// The evidence.
    pub proof: Proof,
    /// What sends the image to the mirror, once it is rendered.
    pub fix: Option<Fix>,
    /// The image that proves it.
    on: Option<On>,
}

/// The evidence that a value would bypass the mirror.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// With these switches on, it decides an image.
    SwitchedOn {
        /// The paths of the switches.
        switches: Vec<ValuesPath>,
        /// The image.
        reference: String,
    },
    /// This code could read it.
    Possible(Place),
}

/// The user's values that would bypass the mirror.
pub(super) fn find(
    analysis: &Analysis,
    values: &Map,
    prepared: &ReleaseInputs,
    settings: &Settings,
    keys: &Keys,
    compiler: &mut Compiler,
) -> Vec<Latent> {
    let decided = decided(&analysis.images, &analysis.origins);
    let candidates = analysis.reads.settings().iter().filter(|setting| {
        !decided.contains(&setting.origin)
            && !keys.all.contains(&setting.path)
            && names_other_registry(setting, &settings.mirror) != Names::Nothing
    });
    let dependencies = of_dependencies(&prepared.chart);
    let mut by_switches: BTreeMap<BTreeSet<ValuesPath>, Vec<&UserSetting>> = BTreeMap::new();
    for setting in candidates {
        let mut switches: BTreeSet<ValuesPath> = enabling(&setting.path, values);
        let around = dependencies.iter().filter(|switch| setting.path.starts_with(&switch.chart));
        let (conditions, others): (Vec<&Switch>, Vec<&Switch>) =
            around.partition(|switch| switch.kind == SwitchKind::Condition);
        for switch in &conditions {
            if value_at(values, &switch.path).is_none_or(|value| !value.truth()) {
                switches.insert(switch.path.clone());
            }
        }
        // A condition takes precedence over tags.
        let tags = others.into_iter().filter(|tag| {
            tag.kind == SwitchKind::Tag && !conditions.iter().any(|condition| condition.chart == tag.chart)
        });
        for switch in tags {
            if value_at(values, &switch.path).is_some_and(|value| !value.truth()) {
                switches.insert(switch.path.clone());
            }
        }
        by_switches.entry(switches).or_default().push(setting);
    }
    let mut found = Vec::new();
    let mut open: Vec<(BTreeSet<ValuesPath>, &UserSetting, Place)> = Vec::new();
    for (number, (switches, candidates)) in by_switches.into_iter().enumerate() {
        let proven = match switches.is_empty() || number >= MAX_RENDERS {
            true => BTreeMap::new(),
            false => switched_on(&switches, prepared, settings, keys, compiler),
        };
        for setting in candidates {
            match proven.get(&analysis.origins.path(setting.origin)) {
                Some(on) => {
                    let switches = switches.iter().cloned().collect();
                    found.push(Latent::switched_on(setting, switches, on.clone()));
                }
                None => {
                    let place = possible(setting, analysis, prepared, settings);
                    open.extend(place.map(|place| (switches.clone(), setting, place)));
                }
            }
        }
    }
    let mut trial = |switches: &BTreeSet<ValuesPath>| switched_on(switches, prepared, settings, keys, compiler);
    found.extend(settle(open, analysis, values, prepared, &mut trial));
    found.sort_by(|a, b| a.setting.path.cmp(&b.setting.path));
    let mut trials = Trials::new(prepared, settings, keys, compiler, &analysis.rendered, &analysis.manifests);
    fixes::find(&mut found, analysis, &mut trials);
    found
}

impl Latent {
    fn switched_on(setting: &UserSetting, switches: Vec<ValuesPath>, on: On) -> Self {
        let reference = on.image.text.as_str().to_owned();
        let proof = Proof::SwitchedOn { switches, reference };
        Self { setting: setting.clone(), proof, fix: None, on: Some(on) }
    }
}

/// Tries other switches for values that the switches beside them do not decide: values that code reads and that are false.
fn settle(
    open: Vec<(BTreeSet<ValuesPath>, &UserSetting, Place)>,
    analysis: &Analysis,
    values: &Map,
    prepared: &ReleaseInputs,
    trial: &mut dyn FnMut(&BTreeSet<ValuesPath>) -> BTreeMap<ValuesPath, On>,
) -> Vec<Latent> {
    let mut found: Vec<Latent> = Vec::new();
    let mut left = MORE_RENDERS;
    let known = if open.is_empty() { BTreeSet::new() } else { analysis.flow(prepared).paths() };
    let is_off = |path: &&ValuesPath| matches!(value_at(values, path), Some(Value::Bool(false, _)));
    let off: BTreeSet<&ValuesPath> = known.iter().chain(analysis.reads.paths()).filter(is_off).collect();
    for (beside, setting, place) in open {
        let path = analysis.origins.path(setting.origin);
        let mut proves = |switches: &BTreeSet<ValuesPath>| {
            left = left.checked_sub(1)?;
            trial(switches).remove(&path)
        };
        // The nearest first.
        let near = |off: &ValuesPath| off.iter().zip(&setting.path).take_while(|(a, b)| a == b).count();
        let mut nearest: Vec<&ValuesPath> = off.iter().copied().collect();
        nearest.sort_by_key(|off| std::cmp::Reverse(near(off)));
        let others = nearest.into_iter().filter(|off| !beside.contains(*off)).take(MOST_SWITCHES);
        let others: Vec<ValuesPath> = others.cloned().collect();
        let with = |others: &[ValuesPath]| beside.iter().chain(others).cloned().collect::<BTreeSet<ValuesPath>>();
        let mut proof = None;
        let close = others.iter().filter(|off| near(off) > 0).count();
        for count in [1, close, others.len()] {
            if proof.is_none() && count > 0 && count <= others.len() {
                proof = proves(&with(&others[..count])).map(|on| (others[..count].to_vec(), on));
            }
        }
        // Not all switches of a proof may be needed.
        while let Some((all, on)) = &mut proof
            && all.len() > 1
        {
            let (first, second) = all.split_at(all.len() / 2);
            let (first, second) = (first.to_vec(), second.to_vec());
            let Some((half, given)) =
                [first, second].into_iter().find_map(|half| proves(&with(&half)).map(|given| (half, given)))
            else {
                break;
            };
            (*all, *on) = (half, given);
        }
        found.push(match proof {
            Some((others, on)) => Latent::switched_on(setting, with(&others).into_iter().collect(), on),
            None => Latent { setting: setting.clone(), proof: Proof::Possible(place), fix: None, on: None },
        });
    }
    found
}

/// The settings that decide the host or the path of some image.
fn decided(images: &[Judged], origins: &Origins) -> BTreeSet<Origin> {
    let parts = [ReferencePart::Registry, ReferencePart::Repository];
    let of = |judged: &Judged| parts.map(|part| deciders(&judged.image, part, origins));
    images.iter().flat_map(of).flatten().map(|decider| decider.origin).collect()
}

/// What a value says about registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Nothing,
    /// It may be on another registry than the mirror.
    Perhaps,
    /// It names another registry.
    Other,
}

fn names_other_registry(setting: &UserSetting, mirror: &Mirror) -> Names {
    let names: Vec<String> = setting.path.iter().filter_map(Key::name).map(str::to_ascii_lowercase).collect();
    let (Some(last), Some(text)) = (names.last(), &setting.text) else { return Names::Nothing };
    let text = text.to_text();
    // A registry to log in to is not one to pull from.
    let is_login = ["credential", "secret", "auth", "login"];
    let is_login = names.iter().any(|name| is_login.iter().any(|word| name.contains(word)));
    if is_login || text.is_empty() || text.contains("{{") {
        return Names::Nothing;
    }
    let looks_like_a_host = |host: &str| host.contains(['.', ':']) || host == "localhost";
    let is_of_image = names.iter().any(|name| name.contains("image"));
    let (reference, is_plain) = if names_registry(last) {
        (Reference::parse(&format!("{}/x", text.trim_end_matches('/'))), true)
    } else if last.ends_with("image") || last == "repository" {
        (Reference::parse(&text), last != "repository" || is_of_image)
    } else {
        return Names::Nothing;
    };
    match reference {
        Ok(reference) if mirror.serves(&reference) => Names::Nothing,
        Ok(reference) if is_plain && reference.registry_range.is_some() && looks_like_a_host(&reference.registry) => {
            Names::Other
        }
        Ok(_) => Names::Perhaps,
        Err(_) => Names::Nothing,
    }
}

/// The switches beside a path, and beside its parents, that are off: `metrics.enabled`.
fn enabling(path: &[Key], values: &Map) -> BTreeSet<ValuesPath> {
    let around = (0..path.len()).map(|length| &path[..length]).take_while(|around| !around.iter().any(Key::is_index));
    let switches = around.map(|around| ValuesPath::from(around).with("enabled"));
    switches.filter(|switch| matches!(value_at(values, switch), Some(Value::Bool(false, _)))).collect()
}

/// With switches on, the user's settings that decide an image that bypasses the mirror, by path, with the image.
fn switched_on(
    switches: &BTreeSet<ValuesPath>,
    prepared: &ReleaseInputs,
    settings: &Settings,
    keys: &Keys,
    compiler: &mut Compiler,
) -> BTreeMap<ValuesPath, On> {
    let mut changes = keys.defaults();
    changes.extend(switches.iter().cloned().map(InputChange::SwitchOn));
    let prepared = ReleaseInputs { check_schema: false, ..prepared.clone() };
    let (mut origins, mut found) = (Origins::new(), BTreeMap::new());
    let outcome = prepared.render(compiler, &changes, Some(&mut origins), None);
    let read = outcome.ok().and_then(|one| manifests(&one.rendered, prepared.env.helm, &prepared.limits).ok());
    let Some(read) = read else { return found };
    let all: Vec<_> = read.ordinary.into_iter().chain(read.hooks).map(Arc::new).collect();
    for image in Search::counted(&all, settings.hints(), &prepared.limits, &prepared.work).uses {
        let bypasses = image.known().is_some_and(|reference| !settings.mirror.serves(reference));
        let decider = decider(&image, ReferencePart::Registry, &origins);
        if bypasses && image.tier != Tier::Possible && decider.source.is_user() {
            let wanted = image.known().and_then(|own| settings.layout.destination(&settings.mirror, own));
            let value = wanted.and_then(|wanted| value_of(&image, decider.origin, &wanted));
            found.entry(decider.path).or_insert(On { image, value });
        }
    }
    found
}

/// The code that could read a value that names another registry, and that nothing read in this render.
fn possible(
    setting: &UserSetting,
    analysis: &Analysis,
    prepared: &ReleaseInputs,
    settings: &Settings,
) -> Option<Place> {
    if analysis.reads.read(&setting.path).is_some() || names_other_registry(setting, &settings.mirror) != Names::Other {
        return None;
    }
    let flow = analysis.flow(prepared);
    if flow.is_complete() {
        return flow.can_read(&setting.path).cloned();
    }
    let reading = Reading::Possible(Some(&analysis.reads));
    let prefix = analysis.statics.prefix_of(&setting.path);
    let is_rendered = analysis.is_rendered(&prefix);
    let reading = if is_rendered { reading } else { Reading::Possible(None) };
    analysis.statics.could_read(&setting.path, reading)
}
