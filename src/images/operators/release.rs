//! Where a release leaves an image to an operator's default.

use super::catalogue::{Conditions, Entry, Field, Given, Objects, On, catalogue};
use super::{Implicit, is_mirror};
use crate::limits::Limits;
use crate::objects::injection::{fills_in, names_proxy};
use crate::objects::pods::Pod;
use crate::objects::text::Text;
use crate::objects::{Object, ObjectName, Path, Step};
use crate::reference::hosts::{host_of_url, is_public};
use crate::reference::{Mirror, Reference};
use crate::render::manifest::Manifest;
use crate::yaml::{self, Data, Node};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The objects of a release that are relevant for the catalogue.
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
    /// The tag of its image.
    tag: Option<String>,
    words: Vec<String>,
    /// Non-empty environment variables, with their literal values.
    variables: Vec<(String, String)>,
    /// Whether Istio's injector fills in its image, and nothing in the pod says which one.
    is_injected: bool,
    /// Whether variables come from objects that are not searched.
    takes_more: bool,
}

/// The state of one setting that overrides an image.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Given,
    Open,
    /// A registry that is not the mirror.
    Named(String),
    /// Unknown from the release, and why.
    Unknown(String),
}

/// The state of an image that nothing names.
#[derive(Debug, Default)]
struct Left {
    doubt: Option<String>,
    registry: Option<String>,
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
                    source: object.source().clone(),
                    prefix: Path::default(),
                    node: Cow::Borrowed(object.node),
                    name: object.name,
                    kind: object.kind,
                });
            }
        }
        release
    }

    pub(super) fn implicit(&self, mirror: &Mirror) -> Vec<Implicit> {
        catalogue().iter().flat_map(|entry| self.of_entry(entry, mirror)).collect()
    }

    fn of_entry(&self, entry: &Entry, mirror: &Mirror) -> Vec<Implicit> {
        let when = &entry.when;
        if when.alone.as_ref().is_some_and(|alone| self.trees.iter().any(|tree| tree.is_one_of(alone))) {
            return Vec::new();
        }
        let container = |found: &dyn Fn(&Operator) -> bool| -> Vec<Implicit> {
            let starts = |operator: &&Operator| {
                when.word
                    .as_ref()
                    .is_none_or(|word| operator.words.iter().find(|word| !word.contains('/')) == Some(word))
            };
            let is_older =
                |operator: &&Operator| when.before.as_ref().is_none_or(|version| !operator.is_at_least(version));
            let operators = self.operators.iter().filter(|operator| found(operator)).filter(starts).filter(is_older);
            operators.filter_map(|operator| self.of_operator(entry, operator, mirror)).collect()
        };
        match &when.on {
            On::Objects(objects) => {
                let trees = self.trees.iter().filter(|tree| tree.is_one_of(objects) && tree.wants(entry));
                trees.filter_map(|tree| self.of_tree(entry, tree, mirror)).collect()
            }
            On::Container(repositories) => container(&|operator| operator.is_of(repositories)),
            On::Injected => container(&|operator| operator.is_injected),
            On::ContainerWith(names) => container(&|operator| names.iter().any(|name| operator.has(name))),
        }
    }

    fn of_tree(&self, entry: &Entry, tree: &Tree<'_>, mirror: &Mirror) -> Option<Implicit> {
        let operators: Vec<&Operator> =
            self.operators.iter().filter(|operator| operator.is_of(&entry.containers)).collect();
        let left = self.left(entry, Some(tree), &operators, mirror)?;
        let first = entry.given.iter().find_map(Given::own_field);
        let (path, place) = first.map_or_else(|| tree.start(), |field| tree.nearest(field));
        let found = found(entry, left, tree.manifest, &tree.name, place);
        Some(Implicit { field: path.to_string(), ..found })
    }

    fn of_operator(&self, entry: &Entry, operator: &Operator, mirror: &Mirror) -> Option<Implicit> {
        let left = self.left(entry, None, &[operator], mirror)?;
        let found = found(entry, left, &operator.manifest, &operator.object, operator.place.clone());
        Some(Implicit { field: operator.field.clone(), container: Some(operator.name.clone()), ..found })
    }

    /// The state if nothing names the image; `None` if something names it.
    fn left(&self, entry: &Entry, tree: Option<&Tree<'_>>, operators: &[&Operator], mirror: &Mirror) -> Option<Left> {
        let mut left = Left { doubt: Some(entry.doubt.clone()).filter(|doubt| !doubt.is_empty()), registry: None };
        for given in &entry.given {
            match self.answer(entry, given, tree, operators, mirror) {
                Answer::Given => return None,
                Answer::Open => {}
                Answer::Named(registry) => left.registry = left.registry.or(Some(registry)),
                Answer::Unknown(why) => left.doubt = left.doubt.or(Some(why)),
            }
        }
        // The registry in a release setting is visible in the manifest.
        left.doubt = left.doubt.filter(|_| left.registry.is_none());
        Some(left)
    }

    fn answer(
        &self,
        entry: &Entry,
        given: &Given,
        tree: Option<&Tree<'_>>,
        operators: &[&Operator],
        mirror: &Mirror,
    ) -> Answer {
        let answer = |given: bool| if given { Answer::Given } else { Answer::Open };
        match given {
            Given::Field { field, holds } => answer(tree.is_some_and(|tree| tree.has(field, holds))),
            Given::Reference { field, kind } => {
                let Some(named) = tree.and_then(|tree| at(&tree.node, &field.0)) else { return Answer::Open };
                let (kind_there, name) = (named.text_of("kind"), named.text_of("name"));
                if kind_there != *kind || name.is_empty() {
                    return Answer::Open;
                }
                if self.trees.iter().any(|tree| tree.kind == *kind && tree.name.name == name) {
                    // It has its own entry.
                    return Answer::Given;
                }
                Answer::Unknown(format!("the {kind} {name} that it refers to is not part of this release"))
            }
            Given::Elsewhere { objects, own, field, names } => {
                let asked = own.as_ref().is_none_or(|own| tree.is_some_and(|tree| tree.has(own, "")));
                let sets = |tree: &Tree<'_>| {
                    tree.has(field, names)
                        && (names.is_empty() || tree.texts(field).iter().any(|text| sets(text, names)))
                };
                answer(asked && self.trees.iter().any(|tree| tree.is_one_of(objects) && sets(tree)))
            }
            Given::Registry(given) => match self.answer(entry, given, tree, operators, mirror) {
                Answer::Given => {
                    let values = self.values(given, tree, operators);
                    let is_inside = |value: &String| {
                        is_mirror(value, mirror) || host_of_url(value).is_some_and(|host| !is_public(host, mirror))
                    };
                    match values.into_iter().find(|value| !is_inside(value)) {
                        None => Answer::Given,
                        // `UseDefault`
                        Some(value) if !value.contains(['.', ':', '/']) => Answer::Open,
                        Some(value) => Answer::Named(value.trim_end_matches('/').to_owned()),
                    }
                }
                other => other,
            },
            Given::Settings(settings) => {
                if operators.is_empty() {
                    return Answer::Unknown(format!(
                        "this release contains no {}; the settings of one that already runs may name the image",
                        entry.operator
                    ));
                }
                let all = |operator: &&Operator| settings.iter().all(|setting| operator.has(setting));
                let is_variable = settings.iter().any(|setting| !setting.starts_with('-'));
                match operators.iter().any(all) {
                    true => Answer::Given,
                    false if is_variable && operators.iter().any(|operator| operator.takes_more) => {
                        Answer::Unknown("its container also takes variables from other objects (envFrom)".to_owned())
                    }
                    false => Answer::Open,
                }
            }
        }
    }

    /// The texts in the release for a setting.
    fn values(&self, given: &Given, tree: Option<&Tree<'_>>, operators: &[&Operator]) -> Vec<String> {
        match given {
            Given::Field { field, .. } => tree.map(|tree| tree.texts(field)).unwrap_or_default(),
            Given::Elsewhere { objects, field, .. } => {
                let trees = self.trees.iter().filter(|tree| tree.is_one_of(objects));
                trees.flat_map(|tree| tree.texts(field)).collect()
            }
            Given::Settings(settings) => {
                let value = |setting: &String| operators.iter().find_map(|operator| operator.value(setting));
                settings.iter().filter_map(value).filter(|value| !value.is_empty()).collect()
            }
            Given::Reference { .. } | Given::Registry(_) => Vec::new(),
        }
    }
}

impl Given {
    /// The field of the object itself that names the image.
    pub(super) fn own_field(&self) -> Option<&Field> {
        match self {
            Self::Field { field, .. } | Self::Reference { field, .. } => Some(field),
            Self::Registry(given) => given.own_field(),
            Self::Elsewhere { .. } | Self::Settings(_) => None,
        }
    }
}

/// The hit, without its field.
fn found(entry: &Entry, left: Left, manifest: &Arc<Manifest>, object: &ObjectName, place: Range<u32>) -> Implicit {
    Implicit {
        operator: entry.operator.clone(),
        is_named: left.registry.is_some(),
        image: left.registry.unwrap_or_else(|| entry.image.clone()),
        used: entry.used.clone(),
        set: entry.set.clone(),
        manifest: manifest.clone(),
        object: object.clone(),
        field: String::new(),
        container: None,
        place,
        doubt: left.doubt,
    }
}

/// Whether a text sets a name: `helper_image = "x"`, `helper_image: x`.
fn sets(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let ends = |c: char| c.is_alphanumeric() || c == '_';
        !text[..at].ends_with(ends)
            && text[at + name.len()..].trim_start_matches([' ', '\t', '"']).starts_with(['=', ':'])
    })
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

    fn all(&self, conditions: &Conditions) -> bool {
        conditions
            .iter()
            .all(|(field, values)| values.contains(&at(&self.node, &field.0).map(Node::text).unwrap_or_default()))
    }

    /// Whether the operator needs the image at all.
    fn wants(&self, entry: &Entry) -> bool {
        let when = &entry.when;
        let is_there = |field: &Field| at(&self.node, &field.0).is_some_and(|node| node.data != Data::Null);
        let without = when
            .unless
            .iter()
            .any(|(field, values)| values.contains(&at(&self.node, &field.0).map(Node::text).unwrap_or_default()));
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

    /// The texts at the path of a field.
    fn texts(&self, field: &Field) -> Vec<String> {
        let texts = std::cell::RefCell::new(Vec::new());
        any(&self.node, &field.0, &|node| {
            texts.borrow_mut().extend(Some(node.text()).filter(|text| !text.is_empty()));
            false
        });
        texts.into_inner()
    }

    /// The spec of the object.
    fn start(&self) -> (Path, Range<u32>) {
        self.nearest(&Field(vec!["spec".to_owned()]))
    }

    /// How much of the path of a field exists, and the position of its last step in the manifest.
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

    /// Whether its tag is a version or a later one.
    fn is_at_least(&self, version: &str) -> bool {
        let numbers = |text: &str| -> Vec<u64> {
            let parts = text.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
            parts.map_while(|part| part.parse().ok()).collect()
        };
        self.tag.as_deref().map(numbers).is_some_and(|tag| !tag.is_empty() && tag >= numbers(version))
    }

    fn has(&self, setting: &str) -> bool {
        if !setting.starts_with('-') {
            return self.variables.iter().any(|(name, _)| name == setting);
        }
        let name = setting.trim_start_matches('-');
        // As one word, as two, or in a shell line.
        self.words.iter().flat_map(|word| word.split_ascii_whitespace()).any(|word| {
            let Some(flag) = word.strip_prefix('-') else { return false };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            flag.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.len() > 1 && rest.starts_with('='))
        })
    }
}

impl Operator {
    /// The value of a setting in the container.
    fn value(&self, setting: &str) -> Option<String> {
        if !setting.starts_with('-') {
            return self.variables.iter().find(|(name, _)| name == setting).map(|(_, value)| value.clone());
        }
        let name = setting.trim_start_matches('-');
        let mut words = self.words.iter().flat_map(|word| word.split_ascii_whitespace());
        while let Some(word) = words.next() {
            let flag = word.strip_prefix('-').map(|flag| flag.strip_prefix('-').unwrap_or(flag));
            match flag.and_then(|flag| flag.strip_prefix(name)) {
                Some("") => return words.next().map(str::to_owned),
                Some(rest) if rest.starts_with('=') => return Some(rest[1..].trim_matches(['"', '\'']).to_owned()),
                _ => {}
            }
        }
        None
    }
}

fn operators(object: &Object<'_>, pod: &Pod<'_>) -> Vec<Operator> {
    let of = |container: crate::objects::pods::Container<'_>| {
        let image = container.node.member("image");
        let reference = Reference::parse(&image.map(Node::text).unwrap_or_default()).ok()?;
        let set = |variable: &&Node| !variable.text_of("value").is_empty() || variable.member("valueFrom").is_some();
        let variables = container.node.items_of("env").iter().filter(set);
        let image = image.unwrap_or(container.node);
        Some(Operator {
            manifest: object.manifest.clone(),
            object: object.name.clone(),
            place: object.source().places(image.start as usize..image.end as usize).into_iter().next()?,
            field: container.path.to_string(),
            repository: reference.repository,
            tag: reference.tag,
            words: container.words(object).iter().map(|word| word.as_str().to_owned()).collect(),
            variables: variables.map(|variable| (variable.text_of("name"), variable.text_of("value"))).collect(),
            is_injected: fills_in(pod.template, container.node) && !names_proxy(pod.template),
            takes_more: container.node.member("envFrom").is_some_and(|from| !from.items().is_empty()),
            name: container.name,
        })
    };
    pod.containers().into_iter().filter_map(of).collect()
}

/// Adds the documents in the texts of a ConfigMap that contain one of the catalogue's words.
fn documents<'n>(object: &Object<'n>, needles: &[&str], limits: &Limits, trees: &mut Vec<Tree<'n>>) {
    let Some(Data::Map(entries)) = object.node.member("data").map(|data| &data.data) else { return };
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
            group: group(&node.text_of("apiVersion")).to_owned(),
            kind: node.text_of("kind"),
            nested: true,
            prefix: Path::default().key("data").key(&entry.key.to_text()).with(Step::Nested),
            source,
            node: Cow::Owned(node),
        });
    }
}

/// The kinds of objects that leave an image to an operator's default.
pub(super) fn kinds() -> Vec<&'static str> {
    let objects = catalogue().iter().filter_map(|entry| match &entry.when.on {
        On::Objects(objects) => Some(objects),
        _ => None,
    });
    // ConfigMaps are everywhere, and those that configure operators name a kind.
    objects.flat_map(|objects| &objects.kinds).map(String::as_str).filter(|kind| *kind != "ConfigMap").collect()
}

/// The words that make a text or a kind relevant.
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
        for mut given in &entry.given {
            if let Given::Registry(inner) = given {
                given = inner;
            }
            if let Given::Elsewhere { objects, field, .. } = given {
                add(objects, Some(field));
            }
        }
    }
    // Every ConfigMap is kept.
    needles.retain(|needle| *needle != "ConfigMap");
    needles
}

/// The group of an `apiVersion`; empty for the core group.
fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

fn entry_of<'n>(node: &'n Node, name: &str) -> Option<(Range<u32>, &'n Node)> {
    let Data::Map(entries) = &node.data else { return None };
    let (entry, value) = entries.iter().rev().find(|(entry, _)| entry.key == *name)?;
    Some((entry.start..entry.end, value))
}

/// The node at a path without `*`.
fn at<'n>(node: &'n Node, steps: &[String]) -> Option<&'n Node> {
    steps.iter().try_fold(node, |node, step| node.member(step))
}

/// Whether a node at the path, any of them if there are several, matches.
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
        name => node.member(name).is_some_and(|next| any(next, rest, wanted)),
    }
}
