//! [`Domains`]: the alternatives of a switch that are tried.
//!
//! They follow from the value that is given and from what templates do with values of that name: both truths of a boolean; the texts
//! and numbers that a value is compared with, and another one; nothing and something for a list, a map, and what is not set. A text
//! that becomes a part of an image is *free*: it keeps the value that is given.

use super::Switch;
use super::part_names;
use super::pipelines::may_contain_an_image;
use super::slots::Slots;
use super::usage::Usage;
use crate::chart::{self, Chart};
use crate::helm::HelmVersion;
use crate::render::capabilities::Capabilities;
use crate::semver::parse_version;
use crate::template::Value;
use crate::template::touched::Touch;
use crate::values_path::{Key, ValuesPath};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A text that no chart contains: in place of a text that users choose.
pub(crate) const STUB: &str = "airtight-stub";

/// The most alternatives of one switch.
const MOST: usize = 24;

/// One value of a switch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Alternative {
    /// As it is given.
    Given,
    /// A value, as JSON; for capabilities a version, for others `true` or `false`.
    Json(Rc<str>),
}

/// What the values and templates of a release say about its switches.
#[derive(Debug)]
pub(super) struct Domains<'d> {
    pub(super) slots: &'d Slots,
    pub(super) usage: Usage,
    pub(super) capabilities: &'d Capabilities,
    /// Whether the release is an upgrade.
    pub(super) is_upgrade: bool,
    /// The charts whose `kubeVersion` the version must match.
    pub(super) constraints: Vec<&'d Chart>,
    pub(super) helm: HelmVersion,
    /// Kubernetes versions, one in each interval between those that templates compare with.
    pub(super) versions: Vec<String>,
}

impl Domains<'_> {
    /// The alternatives of a value of the user, that which is given first; only that one if nothing else is tried.
    pub(super) fn of_value(&self, path: &ValuesPath, touch: Looked, is_free: bool) -> Rc<[Alternative]> {
        let mut found = BTreeSet::new();
        match is_free {
            false => self.value(path, touch, &mut found),
            // `flavor: gcp` is a part of the image's name, and templates say what it can be. Not so a registry, or a tag.
            true if !part_names::may_be_one(path) => {
                let given = self.slots.value(path).unwrap_or_default();
                let others = self.usage.texts(path).filter(|text| {
                    !text.is_empty() && given.as_str().is_some_and(|given| given.as_bytes() != text.as_bytes())
                });
                found.extend(others.map(|text| Rc::from(json(text))));
            }
            true => {}
        }
        std::iter::once(Alternative::Given).chain(found.into_iter().take(MOST).map(Alternative::Json)).collect()
    }

    /// Whether a value is a part of an image by its name, and has a text that nobody compares: `image.tag: v1`.
    pub(super) fn is_a_part_by_name(&self, path: &ValuesPath) -> bool {
        part_names::is_one(path)
            && self.usage.texts(path).next().is_none()
            && self.slots.value(path).is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    }

    fn value(&self, path: &ValuesPath, touch: Looked, found: &mut BTreeSet<Rc<str>>) {
        let Some(name) = path.last().and_then(Key::name) else { return };
        let mut add = |json: &str| {
            found.insert(json.into());
        };
        let texts = || self.usage.texts(path);
        match self.slots.value(path).unwrap_or_default() {
            Value::Bool(truth, _) => add(if truth { "false" } else { "true" }),
            Value::Int(number, ..) => self.number(path, number, found),
            Value::Float(number, _) if number.fract() == 0.0 => self.number(path, number as i64, found),
            Value::Float(..) => {}
            Value::Str(text) => {
                let given = text.to_text();
                let mut others: BTreeSet<&str> = texts().filter(|other| *other != given).collect();
                let is_compared = !others.is_empty() || texts().next().is_some();
                others.insert(if given.is_empty() || is_compared { STUB } else { "" });
                if !given.is_empty() {
                    others.insert("");
                }
                others.into_iter().for_each(|other| add(&json(other)));
            }
            Value::List(list) if list.is_empty() => {
                add(&format!("[{}]", json(STUB)));
                add(&format!("[{{\"name\":{}}}]", json(STUB)));
            }
            list @ Value::List(_) if !may_contain_an_image(&list, 16) => add("[]"),
            Value::Map(map) if map.is_empty() => add(&self.stub_map(name)),
            map @ Value::Map(_) => {
                if touch == Looked::Whether && !may_contain_an_image(&map, 16) {
                    add("null");
                }
            }
            Value::Nil => {
                texts().for_each(|text| add(&json(text)));
                self.usage.numbers(path).for_each(|number| add(&number.to_string()));
                if self.usage.is_ranged(name) {
                    add(&format!("[{}]", json(STUB)));
                } else if self.usage.member(name).is_some() {
                    add(&self.stub_map(name));
                } else if self.usage.is_switch(name) {
                    add("true");
                } else {
                    add(&json(STUB));
                }
            }
            Value::Bytes(_) | Value::List(_) | Value::GoObject(_) => {}
        }
    }

    fn number(&self, path: &ValuesPath, given: i64, found: &mut BTreeSet<Rc<str>>) {
        let mut numbers = BTreeSet::from([i64::from(given == 0)]);
        for other in self.usage.numbers(path) {
            numbers.extend([other.saturating_sub(1), other, other.saturating_add(1)]);
        }
        numbers.remove(&given);
        found.extend(numbers.into_iter().map(|number| Rc::from(number.to_string())));
    }

    fn stub_map(&self, name: &str) -> String {
        let member = self.usage.member(name).unwrap_or(STUB);
        format!("{{{}:{}}}", json(member), json(STUB))
    }

    /// The alternatives of a fact.
    pub(super) fn of_fact(&self, switch: &Switch) -> Rc<[Alternative]> {
        let given = std::iter::once(Alternative::Given);
        match switch {
            Switch::Upgrade => {
                let other = if self.is_upgrade { "false" } else { "true" };
                given.chain([Alternative::Json(other.into())]).collect()
            }
            Switch::KubeVersion => {
                let own = &self.capabilities.kube_version.version;
                let is_allowed = |version: &&String| {
                    let normalized = version.as_str();
                    *version != own
                        && self
                            .constraints
                            .iter()
                            .all(|chart| chart::check_kube_version(chart, normalized, self.helm).is_ok())
                };
                let others = self.versions.iter().filter(is_allowed);
                given.chain(others.map(|version| Alternative::Json(version.as_str().into()))).collect()
            }
            // `--api-versions` only adds.
            Switch::ApiVersion(name) if self.capabilities.api_versions.contains(name) => given.collect(),
            Switch::ApiVersion(_) => given.chain([Alternative::Json("true".into())]).collect(),
            Switch::Value(_) => given.collect(),
        }
    }
}

/// How a map was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Looked {
    /// A member of its parent was taken.
    Member,
    /// Whether it is empty.
    Whether,
    /// All of it.
    Whole,
}

impl Looked {
    pub(super) fn of(touch: &Touch) -> Self {
        match touch {
            Touch::Member(_) => Self::Member,
            Touch::Emptiness => Self::Whether,
            Touch::All => Self::Whole,
        }
    }
}

/// A text as JSON.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Kubernetes versions such that each constraint in these texts holds for some and not for others, if any does: below, at and above
/// each version that they name.
pub(super) fn versions<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut minors: BTreeSet<u64> = BTreeSet::new();
    for text in texts {
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+".contains(c))) {
            let word = word.trim_start_matches(|c: char| !c.is_ascii_digit());
            let Ok(version) = parse_version(word) else { continue };
            // Kubernetes has had one major version.
            if version.major == 1 && version.minor < 1_000 {
                minors.extend([version.minor.saturating_sub(1), version.minor, version.minor + 1]);
            }
        }
    }
    minors.into_iter().map(|minor| format!("v1.{minor}.0")).collect()
}
