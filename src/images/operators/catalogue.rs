//! Parses the catalogue, `catalogue.yaml`.

use crate::limits::Limits;
use crate::yaml::{self, Data, Node};
use std::sync::LazyLock;

/// A default image of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name in the catalogue: `cert-manager-acme-solver`.
    pub(crate) id: String,
    /// The operator: `cert-manager`.
    pub(crate) operator: String,
    /// The public image, usually without its tag, which depends on the operator's version.
    pub(crate) image: String,
    /// Its use, for messages.
    pub(crate) used: String,
    /// What was read to know this, and where.
    pub(crate) sources: Vec<String>,
    /// What to set, for messages.
    pub(crate) set: String,
    /// Why the image might be set elsewhere, for messages; empty if only the release decides.
    pub(crate) doubt: String,
    /// Repositories of the operator itself, `jetstack/cert-manager-controller`, if a custom resource triggers the entry.
    pub(super) containers: Vec<String>,
    pub(super) when: When,
    /// Settings that override the image; one of them is enough.
    pub(super) given: Vec<Given>,
}

/// What in a release makes an operator use the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct When {
    pub(super) on: On,
    /// Values that disable the use of the image.
    pub(super) unless: Conditions,
    /// A field that must exist.
    pub(super) with: Option<Field>,
    /// A field that must not exist.
    pub(super) without: Option<Field>,
    /// Objects that must not be in the release.
    pub(super) alone: Option<Objects>,
    /// A word in the command of the operator's container.
    pub(super) word: Option<String>,
    /// The first version of the operator that no longer uses the image.
    pub(super) before: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum On {
    /// A custom resource, or a configuration in a ConfigMap.
    Objects(Objects),
    /// A container of one of these repositories: the operator.
    Container(Vec<String>),
    /// A container with one of these environment variables.
    ContainerWith(Vec<String>),
    /// A container whose image Istio's injector fills in.
    Injected,
}

/// Objects of some kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Objects {
    /// Empty: any.
    pub(super) kinds: Vec<String>,
    /// The API group or a suffix of it; `None`: any.
    pub(super) group: Option<String>,
    /// Whether they are documents in the texts of ConfigMaps.
    pub(super) nested: bool,
    /// Values that they must have.
    pub(super) conditions: Conditions,
}

/// Fields with their accepted values.
pub(super) type Conditions = Vec<(Field, Vec<String>)>;

/// A setting that overrides the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// A non-empty field of the object, with a certain text if one is given.
    Field { field: Field, holds: String },
    /// A field that refers to an object of this kind, which has its own entry.
    Reference { field: Field, kind: String },
    /// A field of any of these objects; only if the first object has the field `own`, if given. With `names`, it must be a text
    /// that sets this name: `helper_image = "x"`.
    Elsewhere { objects: Objects, own: Option<Field>, field: Field, names: String },
    /// Arguments (`--x`) and environment variables of the operator's container; all of them.
    Settings(Vec<String>),
    /// A setting for the registry of the images, which finders do not see: it must be the mirror.
    Registry(Box<Given>),
}

/// The path of a field. `*` is any one step, `**` any number of steps; a step with dots is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field(pub(super) Vec<String>);

impl Field {
    fn parse(text: &str) -> Self {
        let mut quoted = false;
        let steps = text.split(|c: char| {
            quoted ^= c == '"';
            c == '.' && !quoted
        });
        Self(steps.map(|step| step.trim_matches('"').to_owned()).collect())
    }
}

static CATALOGUE: LazyLock<Result<Vec<Entry>, String>> = LazyLock::new(|| parse(include_str!("catalogue.yaml")));

/// The catalogue, in the order of its file.
pub(super) fn catalogue() -> &'static [Entry] {
    CATALOGUE.as_deref().unwrap_or_default()
}

fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let node = yaml::read(text.as_bytes(), &Limits::default()).map_err(|error| error.to_string())?;
    node.items().iter().map(entry).collect()
}

fn entry(node: &Node) -> Result<Entry, String> {
    let id = node.text_of("id");
    let fail = |why: String| format!("{id}: {why}");
    only(node, &["id", "operator", "image", "used", "sources", "when", "given", "set", "doubt", "operator-images"])
        .map_err(fail)?;
    let required = |name: &str| match node.text_of(name) {
        text if text.is_empty() => Err(fail(format!("{name} is missing"))),
        text => Ok(text),
    };
    let when = node.member("when").ok_or_else(|| fail("when is missing".to_owned()))?;
    let given = node.member("given").unwrap_or(when).items().iter().map(given).collect::<Result<_, _>>();
    Ok(Entry {
        operator: required("operator")?,
        image: required("image")?,
        used: required("used")?,
        set: required("set")?,
        doubt: node.text_of("doubt"),
        sources: texts(node.member("sources")),
        containers: texts(node.member("operator-images")),
        when: self::when(when).map_err(fail)?,
        given: given.map_err(fail)?,
        id: required("id")?,
    })
}

fn when(node: &Node) -> Result<When, String> {
    only(
        node,
        &[
            "kind",
            "kinds",
            "group",
            "nested",
            "if",
            "container",
            "container-with",
            "injected",
            "unless",
            "with",
            "without",
            "alone",
            "word",
            "before",
        ],
    )?;
    let is_injected = node.text_of("injected") == "true";
    let on = match (texts(node.member("container")), texts(node.member("container-with"))) {
        (containers, _) if !containers.is_empty() => On::Container(containers),
        _ if is_injected => On::Injected,
        (_, names) if !names.is_empty() => On::ContainerWith(names),
        _ => On::Objects(objects(node)),
    };
    let field = |name: &str| node.member(name).map(|field| Field::parse(&field.text()));
    Ok(When {
        on,
        unless: conditions(node.member("unless")),
        with: field("with"),
        without: field("without"),
        alone: node.member("alone").map(objects),
        word: node.member("word").map(|word| word.text()),
        before: node.member("before").map(|version| version.text()),
    })
}

fn objects(node: &Node) -> Objects {
    let mut kinds = texts(node.member("kinds"));
    kinds.extend(node.member("kind").map(|kind| kind.text()));
    Objects {
        kinds,
        group: node.member("group").map(|group| group.text()),
        nested: node.text_of("nested") == "true",
        conditions: conditions(node.member("if")),
    }
}

fn given(node: &Node) -> Result<Given, String> {
    only(node, &["field", "holds", "reference", "kind", "in", "own", "names", "setting", "settings", "registry"])?;
    let field = |name: &str| node.member(name).map(|field| Field::parse(&field.text()));
    let mut settings = texts(node.member("settings"));
    settings.extend(node.member("setting").map(|setting| setting.text()));
    let given = match (field("field"), field("reference"), node.member("in")) {
        (Some(field), None, Some(place)) => {
            let own = node.member("own").map(|own| Field::parse(&own.text()));
            Given::Elsewhere { objects: objects(place), own, field, names: node.text_of("names") }
        }
        (Some(field), None, None) => Given::Field { field, holds: node.text_of("holds") },
        (None, Some(field), None) => Given::Reference { field, kind: node.text_of("kind") },
        (None, None, None) if !settings.is_empty() => Given::Settings(settings),
        _ => return Err("an item of given is of no known form".to_owned()),
    };
    Ok(if node.text_of("registry") == "true" { Given::Registry(Box::new(given)) } else { given })
}

fn conditions(node: Option<&Node>) -> Conditions {
    let Some(Data::Map(entries)) = node.map(|node| &node.data) else { return Vec::new() };
    let values = |value: &Node| match &value.data {
        Data::Seq(_) => texts(Some(value)),
        _ => vec![value.text()],
    };
    entries.iter().map(|(entry, value)| (Field::parse(&entry.key.to_text()), values(value))).collect()
}

fn texts(node: Option<&Node>) -> Vec<String> {
    node.map(|node| node.items().iter().map(|item| item.text()).collect()).unwrap_or_default()
}

fn only(node: &Node, names: &[&str]) -> Result<(), String> {
    let Data::Map(entries) = &node.data else { return Err("not a map".to_owned()) };
    match entries.iter().find(|(entry, _)| !names.iter().any(|name| entry.key == **name)) {
        None => Ok(()),
        Some((entry, _)) => Err(format!("{} is unknown", entry.key.to_text())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let entries = CATALOGUE.as_ref().unwrap_or_else(|error| panic!("{error}"));
        assert!(entries.len() > 20);
        for (number, entry) in entries.iter().enumerate() {
            assert!(entries[..number].iter().all(|other| other.id != entry.id), "{} stands there twice", entry.id);
            assert!(!entry.given.is_empty(), "{}: nothing names the image", entry.id);
            assert!(!entry.sources.is_empty(), "{} has no source", entry.id);
            assert!(entry.sources.iter().all(|source| source.starts_with("https://")), "{}", entry.id);
            if let On::Objects(objects) = &entry.when.on {
                assert!(!objects.kinds.is_empty() && objects.group.is_some(), "{}: which objects?", entry.id);
                let by_setting = entry.given.iter().any(|given| match given {
                    Given::Registry(given) => matches!(**given, Given::Settings(_)),
                    given => matches!(given, Given::Settings(_)),
                });
                assert_eq!(by_setting, !entry.containers.is_empty(), "{}: whose setting?", entry.id);
            }
        }
    }
}
