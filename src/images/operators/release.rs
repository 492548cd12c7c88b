//! Where a release leaves an image to an operator's default.

use super::Implicit;
use super::catalogue::{Entry, Field, Given, Objects, On, catalogue};
use crate::images::object::{Object, ObjectName, Path, Step, items, member, string};
use crate::images::pods::Pod;
use crate::images::reference::Reference;
use crate::images::text::Text;
use crate::limits::Limits;
use crate::render::manifest::Manifest;
use crate::yaml::{self, Data, Node};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The objects of a release that the catalogue speaks of.
#[derive(Debug)]
pub(super) struct Release<'n> {
    trees: Vec<Tree<'n>>,
    operators: Vec<Operator>,
}

/// An object, or a document in a text of a ConfigMap.
#[derive(Debug)]
struct Tree<'n> {
    manifest: &'n Arc<Manifest>,
    name: ObjectName,
    group: String,
    kind: String,
    nested: bool,
    source: Text,
    prefix: Path,
    node: Cow<'n, Node>,
}

/// A container that may be an operator.
#[derive(Debug)]
struct Operator {
    manifest: Arc<Manifest>,
    object: ObjectName,
    field: String,
    name: String,
    place: Range<u32>,
    /// The repository of its image.
    repository: String,
    words: Vec<String>,
    /// Environment variables that are set to something.
    variables: Vec<String>,
    /// Whether variables come from objects that are not looked into.
    takes_more: bool,
}

/// What is known of one way to name an image.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Given,
    Open,
    /// It cannot be told from the release, and why.
    Unknown(String),
}

impl<'n> Release<'n> {
    pub(super) fn read(manifests: &'n [Arc<Manifest>], limits: &Limits) -> Self {
        let needles = needles();
        let mut release = Self { trees: Vec::new(), operators: Vec::new() };
        for object in manifests.iter().flat_map(Object::all) {
            if let Some(pod) = Pod::of(&object) {
                release.operators.extend(operators(&object, &pod));
                continue;
            }
            let group = group(&object.api_version).to_owned();
            if object.kind == "ConfigMap" && group.is_empty() {
                documents(&object, &needles, limits, &mut release.trees);
            }
            if needles.iter().any(|needle| *needle == object.kind) || object.kind == "ConfigMap" {
                release.trees.push(Tree {
                    manifest: object.manifest,
                    group,
                    nested: false,
                    source: object.source,
                    prefix: Path::default(),
                    node: Cow::Borrowed(object.node),
                    name: object.name,
                    kind: object.kind,
                });
            }
        }
        release
    }

    pub(super) fn implicit(&self) -> Vec<Implicit> {
        catalogue().iter().flat_map(|entry| self.of_entry(entry)).collect()
    }

    fn of_entry(&self, entry: &'static Entry) -> Vec<Implicit> {
        let when = &entry.when;
        if when.alone.as_ref().is_some_and(|alone| self.trees.iter().any(|tree| tree.is_one_of(alone))) {
            return Vec::new();
        }
        let container = |found: &dyn Fn(&Operator) -> bool| -> Vec<Implicit> {
            let operators = self.operators.iter().filter(|operator| found(operator));
            operators.filter_map(|operator| self.of_operator(entry, operator)).collect()
        };
        match &when.on {
            On::Objects(objects) => {
                let trees = self.trees.iter().filter(|tree| tree.is_one_of(objects) && tree.wants(entry));
                trees.filter_map(|tree| self.of_tree(entry, tree)).collect()
            }
            On::Container(repositories) => container(&|operator| operator.is_of(repositories)),
            On::ContainerWith(names) => container(&|operator| {
                names.iter().any(|name| operator.variables.iter().any(|variable| variable == name))
            }),
        }
    }

    fn of_tree(&self, entry: &'static Entry, tree: &Tree<'_>) -> Option<Implicit> {
        let operators: Vec<&Operator> =
            self.operators.iter().filter(|operator| operator.is_of(&entry.containers)).collect();
        let doubt = self.doubt(entry, Some(tree), &operators)?;
        let first = entry.given.iter().find_map(|given| match given {
            Given::Field { field, .. } | Given::Reference { field, .. } => Some(field),
            _ => None,
        })?;
        let (path, place) = tree.nearest(first);
        Some(Implicit {
            entry,
            manifest: tree.manifest.clone(),
            object: tree.name.clone(),
            field: path.to_string(),
            container: None,
            place,
            doubt,
        })
    }

    fn of_operator(&self, entry: &'static Entry, operator: &Operator) -> Option<Implicit> {
        let doubt = self.doubt(entry, None, &[operator])?;
        Some(Implicit {
            entry,
            manifest: operator.manifest.clone(),
            object: operator.object.clone(),
            field: operator.field.clone(),
            container: Some(operator.name.clone()),
            place: operator.place.clone(),
            doubt,
        })
    }

    /// Whether nothing names the image, and why that is not sure; `None` where something names it.
    fn doubt(&self, entry: &Entry, tree: Option<&Tree<'_>>, operators: &[&Operator]) -> Option<Option<String>> {
        let mut doubt = Some(entry.doubt.clone()).filter(|doubt| !doubt.is_empty());
        for given in &entry.given {
            match self.answer(entry, given, tree, operators) {
                Answer::Given => return None,
                Answer::Open => {}
                Answer::Unknown(why) => doubt = doubt.or(Some(why)),
            }
        }
        Some(doubt)
    }

    fn answer(&self, entry: &Entry, given: &Given, tree: Option<&Tree<'_>>, operators: &[&Operator]) -> Answer {
        let answer = |given: bool| if given { Answer::Given } else { Answer::Open };
        match given {
            Given::Field { field, holds } => answer(tree.is_some_and(|tree| tree.has(field, holds))),
            Given::Reference { field, kind } => {
                let Some(named) = tree.and_then(|tree| at(&tree.node, &field.0)) else { return Answer::Open };
                let (kind_there, name) = (string(member(named, "kind")), string(member(named, "name")));
                if kind_there != *kind || name.is_empty() {
                    return Answer::Open;
                }
                if self.trees.iter().any(|tree| tree.kind == *kind && tree.name.name == name) {
                    // It has an entry of its own.
                    return Answer::Given;
                }
                Answer::Unknown(format!("the {kind} {name} that it names is not part of this release"))
            }
            Given::Elsewhere { objects, own, field } => {
                let asked = own.as_ref().is_none_or(|own| tree.is_some_and(|tree| tree.has(own, "")));
                answer(asked && self.trees.iter().any(|tree| tree.is_one_of(objects) && tree.has(field, "")))
            }
            Given::Settings(settings) => {
                if operators.is_empty() {
                    return Answer::Unknown(format!(
                        "no {} is part of this release; the settings of one that runs already may name the image",
                        entry.operator
                    ));
                }
                let all = |operator: &&Operator| settings.iter().all(|setting| operator.has(setting));
                let is_variable = settings.iter().any(|setting| !setting.starts_with('-'));
                match operators.iter().any(all) {
                    true => Answer::Given,
                    false if is_variable && operators.iter().any(|operator| operator.takes_more) => {
                        Answer::Unknown("its container takes variables from other objects too (envFrom)".to_owned())
                    }
                    false => Answer::Open,
                }
            }
        }
    }
}

impl Tree<'_> {
    fn is_one_of(&self, objects: &Objects) -> bool {
        let group = objects.group.as_deref();
        let kind = objects.kinds.is_empty() || objects.kinds.contains(&self.kind);
        kind && self.nested == objects.nested
            && group.is_none_or(|group| {
                let rest = self.group.strip_suffix(group);
                rest.is_some_and(|rest| rest.is_empty() || !group.is_empty() && rest.ends_with('.'))
            })
            && self.all(&objects.conditions)
    }

    fn all(&self, conditions: &[(Field, String)]) -> bool {
        conditions.iter().all(|(field, value)| string(at(&self.node, &field.0)) == *value)
    }

    /// Whether it needs the image at all.
    fn wants(&self, entry: &Entry) -> bool {
        let when = &entry.when;
        let is_there = |field: &Field| at(&self.node, &field.0).is_some_and(|node| node.data != Data::Null);
        let without = when.unless.iter().any(|(field, value)| string(at(&self.node, &field.0)) == *value);
        !without && when.with.as_ref().is_none_or(is_there) && !when.without.as_ref().is_some_and(is_there)
    }

    fn has(&self, field: &Field, holds: &str) -> bool {
        any(&self.node, &field.0, &|node| match &node.data {
            Data::Null => false,
            Data::Str(text) => !text.is_empty() && text.to_text().contains(holds),
            Data::Map(entries) => !entries.is_empty(),
            Data::Seq(items) => !items.is_empty(),
            _ => holds.is_empty(),
        })
    }

    /// How far the way to a field goes, and where its last step stands in the manifest.
    fn nearest(&self, field: &Field) -> (Path, Range<u32>) {
        let mut path = self.prefix.clone();
        let mut node: &Node = &self.node;
        let kind = entry_of(node, "kind").map(|(range, _)| range);
        let mut range = kind.unwrap_or(node.start..node.end);
        for step in &field.0 {
            let Some((there, next)) = entry_of(node, step) else { break };
            path.push(Step::Key(step.clone()));
            (range, node) = (there, next);
        }
        if let (true, Some(first)) = (path == self.prefix, field.0.first()) {
            path.push(Step::Key(first.clone()));
        }
        let places = self.source.places(range.start as usize..range.end as usize);
        (path, places.into_iter().next().unwrap_or_else(|| self.source.whole()))
    }
}

impl Operator {
    fn is_of(&self, repositories: &[String]) -> bool {
        repositories.iter().any(|repository| {
            let before = self.repository.strip_suffix(repository.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }

    fn has(&self, setting: &str) -> bool {
        if !setting.starts_with('-') {
            return self.variables.iter().any(|variable| variable == setting);
        }
        let name = setting.trim_start_matches('-');
        // In one word, in two, or in a line for a shell.
        self.words.iter().flat_map(|word| word.split_ascii_whitespace()).any(|word| {
            let Some(flag) = word.strip_prefix('-') else { return false };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            flag.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.len() > 1 && rest.starts_with('='))
        })
    }
}

fn operators(object: &Object<'_>, pod: &Pod<'_>) -> Vec<Operator> {
    let of = |container: crate::images::pods::Container<'_>| {
        let image = member(container.node, "image");
        let reference = Reference::parse(&string(image)).ok()?;
        let set =
            |variable: &&Node| !string(member(variable, "value")).is_empty() || member(variable, "valueFrom").is_some();
        let variables = member(container.node, "env").map(items).unwrap_or_default().iter().filter(set);
        let image = image.unwrap_or(container.node);
        Some(Operator {
            manifest: object.manifest.clone(),
            object: object.name.clone(),
            place: object.source.places(image.start as usize..image.end as usize).into_iter().next()?,
            field: container.path.to_string(),
            repository: reference.repository,
            words: container.words(object).iter().map(|word| word.as_str().to_owned()).collect(),
            variables: variables.map(|variable| string(member(variable, "name"))).collect(),
            takes_more: member(container.node, "envFrom").is_some_and(|from| !items(from).is_empty()),
            name: container.name,
        })
    };
    pod.containers().into_iter().filter_map(of).collect()
}

/// Adds the documents in the texts of a ConfigMap that hold one of the words that the catalogue looks for.
fn documents<'n>(object: &Object<'n>, needles: &[&str], limits: &Limits, trees: &mut Vec<Tree<'n>>) {
    let Some(Data::Map(entries)) = member(object.node, "data").map(|data| &data.data) else { return };
    for (entry, value) in entries {
        let Data::Str(string_there) = &value.data else { continue };
        let bytes = string_there.as_bytes();
        if !needles.iter().any(|needle| memchr::memmem::find(bytes, needle.as_bytes()).is_some()) {
            continue;
        }
        let Some(source) = object.text(value) else { continue };
        let Ok(node) = yaml::read(source.as_bytes(), limits) else { continue };
        if !matches!(node.data, Data::Map(_)) {
            continue;
        }
        trees.push(Tree {
            manifest: object.manifest,
            name: object.name.clone(),
            group: group(&string(member(&node, "apiVersion"))).to_owned(),
            kind: string(member(&node, "kind")),
            nested: true,
            prefix: Path::default().key("data").key(&entry.key.to_text()).with(Step::Nested),
            source,
            node: Cow::Owned(node),
        });
    }
}

/// The words that tell a text or a kind worth a look.
fn needles() -> Vec<&'static str> {
    let mut needles: Vec<&str> = Vec::new();
    let mut add = |objects: &'static Objects, field: Option<&'static Field>| match objects.kinds.as_slice() {
        [] => needles.extend(field.and_then(|field| field.0.last()).map(String::as_str)),
        kinds => needles.extend(kinds.iter().map(String::as_str)),
    };
    for entry in catalogue() {
        if let On::Objects(objects) = &entry.when.on {
            add(objects, None);
        }
        if let Some(alone) = &entry.when.alone {
            add(alone, None);
        }
        for given in &entry.given {
            if let Given::Elsewhere { objects, field, .. } = given {
                add(objects, Some(field));
            }
        }
    }
    // Every ConfigMap is kept as it is.
    needles.retain(|needle| *needle != "ConfigMap");
    needles
}

/// The group of an `apiVersion`; empty for the core's.
fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

fn entry_of<'n>(node: &'n Node, name: &str) -> Option<(Range<u32>, &'n Node)> {
    let Data::Map(entries) = &node.data else { return None };
    let (entry, value) = entries.iter().rev().find(|(entry, _)| entry.key == *name)?;
    Some((entry.start..entry.end, value))
}

/// The node at a way without `*`.
fn at<'n>(node: &'n Node, steps: &[String]) -> Option<&'n Node> {
    steps.iter().try_fold(node, |node, step| member(node, step))
}

/// Whether a node at the way, one of them where there are several, is as wanted.
fn any(node: &Node, steps: &[String], wanted: &dyn Fn(&Node) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else { return wanted(node) };
    let below = |steps: &[String]| match &node.data {
        Data::Map(entries) => entries.iter().any(|(_, value)| any(value, steps, wanted)),
        Data::Seq(items) => items.iter().any(|item| any(item, steps, wanted)),
        _ => false,
    };
    match step.as_str() {
        "**" => any(node, rest, wanted) || below(steps),
        "*" => below(rest),
        name => member(node, name).is_some_and(|next| any(next, rest, wanted)),
    }
}
