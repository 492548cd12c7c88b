//! [`Assignment`]: values of switches, and executing a file under them.

use super::operators;
use super::slots::Slots;
use super::{Setting, Switch, set_capability};
use crate::helm::HelmVersion;
use crate::images::rendered::of_file;
use crate::limits::Limits;
use crate::render::units::{UnitInput, UnitOutput, Units};
use crate::render::{Capabilities, RenderedFile};
use crate::settings::Settings;
use crate::source::File;
use crate::template::touched::ProbedPipes;
use crate::template::tree::Untraced;
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values::json;
use crate::work::Work;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Pipelines whose reads count, and those that are passed over.
pub(super) type Pipes = Rc<ProbedPipes>;

/// The values of switches that differ from what is given.
pub(super) type Assignment = BTreeMap<Switch, Rc<str>>;

/// What is found of one reference.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    /// The file that printed it.
    pub(super) file: usize,
    /// The files to execute for what it prints: those that change what it sees, and itself.
    pub(super) files: Rc<[usize]>,
    /// Under which settings, beside those that enable its chart.
    pub(super) assignment: Assignment,
}

/// The settings of an assignment.
pub(super) fn settings_of(assignment: &Assignment) -> Vec<Setting> {
    let of = |(switch, value): (&Switch, &Rc<str>)| Setting { switch: switch.clone(), value: value.to_string() };
    assignment.iter().map(of).collect()
}

/// The references in a text, and whether it could be read as YAML.
pub(super) type Read = (Rc<[String]>, bool);

/// The references in the text of a file, and what it leaves to operators.
pub(super) fn references(
    text: &Str,
    (name, source): (&str, &Arc<File>),
    helm: HelmVersion,
    settings: &Settings,
    limits: &Limits,
) -> Read {
    let file = RenderedFile { name: name.to_owned(), source: source.clone(), text: text.clone(), emits: Vec::new() };
    let found = of_file(&file, helm, settings.hints(), limits, &Work::of(limits));
    let is_read = found.is_read;
    let mut all: BTreeSet<String> = found.references().map(|image| image.text.as_str().to_owned()).collect();
    all.extend(operators::names(&file, helm, &settings.mirror, limits));
    (all.into_iter().collect(), is_read)
}

/// Executes files under an assignment.
pub(super) fn run(
    units: &mut Units,
    files: &[usize],
    assignment: &Assignment,
    relevant: &Pipes,
    slots: &Slots,
    release: Option<&Map>,
    own: &Capabilities,
) -> UnitOutput {
    let mut members: Vec<(Map, Str, Option<Value>)> = Vec::new();
    let mut capabilities = None;
    for (switch, value) in assignment {
        match switch {
            Switch::Value(path) => {
                let Some((last, parent)) = path.split_last() else { continue };
                let Some(name) = last.name() else { continue };
                for map in slots.maps(parent) {
                    members.push((map.clone(), Str::from(name), of_json(value)));
                }
            }
            Switch::Upgrade => {
                let is_upgrade = &**value == "true";
                for (name, value) in [("IsUpgrade", is_upgrade), ("IsInstall", !is_upgrade)] {
                    members.extend(release.map(|release| (release.clone(), Str::from(name), Some(Value::bool(value)))));
                }
            }
            Switch::KubeVersion | Switch::ApiVersion(_) => {
                set_capability(capabilities.get_or_insert_with(|| own.clone()), switch, value);
            }
        }
    }
    let members = members.iter().map(|(map, key, value)| (map, key, value.clone())).collect();
    units.run(files, &UnitInput { members, capabilities: capabilities.as_ref() }, relevant)
}

/// The value of a switch; `None` removes it.
fn of_json(text: &str) -> Option<Value> {
    let node = json::read_all(text)?;
    let value = Value::from_node(&node, &mut Untraced);
    (!value.is_nil()).then_some(value)
}
