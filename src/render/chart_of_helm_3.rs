//! `.Chart` in helm 3: a struct around `chart.Metadata`; in helm 4 it is a map.

use crate::template::types::{self, GoKind, STRING_MAP, STRINGS, Type};
use crate::template::{GoObject, List, Map, Value};
use crate::trace::Str;
use crate::values::{Instance, Requirement};
use std::any::Any;

static CHART: Type = Type::new("struct { chart.Metadata; IsRoot bool }", GoKind::Struct, None);
static METADATA: Type = Type::new("chart.Metadata", GoKind::Struct, None);
static MAINTAINER: Type = Type::new("*chart.Maintainer", GoKind::Ptr, None);
static MAINTAINERS: Type = Type::new("[]*chart.Maintainer", GoKind::Slice, Some(&MAINTAINER));
static DEPENDENCY: Type = Type::new("*chart.Dependency", GoKind::Ptr, None);
static DEPENDENCIES: Type = Type::new("[]*chart.Dependency", GoKind::Slice, Some(&DEPENDENCY));

/// A struct of helm's package `chart`: its fields in order, with their names in Go and in JSON.
#[derive(Debug)]
struct Record {
    ty: &'static Type,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    json: &'static str,
    value: Value,
    /// Whether JSON omits it if it is empty.
    omitted: bool,
}

impl Field {
    fn new(name: &'static str, json: &'static str, value: Value) -> Self {
        Self { name, json, value, omitted: true }
    }
}

impl GoObject for Record {
    fn ty(&self) -> &'static Type {
        self.ty
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.fields.iter().map(|field| (field.name, field.value.clone())).collect()
    }
    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        let kept = self.fields.iter().filter(|field| !field.omitted || field.value.truth());
        kept.map(|field| (field.json, field.value.clone())).collect()
    }
}

/// The struct in `.Chart`: `chart.Metadata` is embedded, so its fields count as the struct's own.
#[derive(Debug)]
struct ChartObject {
    metadata: std::rc::Rc<Record>,
    is_root: bool,
}

impl GoObject for ChartObject {
    fn ty(&self) -> &'static Type {
        &CHART
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Metadata", Value::GoObject(self.metadata.clone())), ("IsRoot", Value::bool(self.is_root))]
    }
    fn field(&self, name: &str) -> Option<Value> {
        let own = self.fields().into_iter().chain(self.metadata.fields());
        own.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.metadata.json_fields();
        fields.push(("IsRoot", Value::bool(self.is_root)));
        fields
    }
}

/// `.Chart` of a chart; `text` makes a string with an origin in its Chart.yaml.
pub(super) fn object(instance: &Instance, is_root: bool, text: &dyn Fn(&str) -> Value) -> Value {
    let meta = &instance.chart.metadata;
    let annotations = match &meta.annotations {
        Some(entries) => {
            let entries = entries.iter().map(|(key, value)| (Str::from(key.as_str()), text(value))).collect();
            Map::of(&STRING_MAP, entries)
        }
        None => Map::nil(&STRING_MAP),
    };
    let maintainers = meta.maintainers.as_ref().map(|people| {
        let fields = |name, email, url| {
            vec![
                Field::new("Name", "name", text(name)),
                Field::new("Email", "email", text(email)),
                Field::new("URL", "url", text(url)),
            ]
        };
        let record = |fields| Value::object(Record { ty: &MAINTAINER, fields });
        people.iter().map(|person| record(fields(&person.name, &person.email, &person.url))).collect()
    });
    let dependencies =
        instance.dependencies.as_ref().map(|list| list.iter().map(|one| dependency(one, text)).collect());
    let fields = vec![
        Field::new("Name", "name", text(&instance.name)),
        Field::new("Home", "home", text(&meta.home)),
        Field::new("Sources", "sources", strings(&meta.sources, text)),
        Field::new("Version", "version", text(&meta.version)),
        Field::new("Description", "description", text(&meta.description)),
        Field::new("Keywords", "keywords", strings(&meta.keywords, text)),
        Field::new("Maintainers", "maintainers", list(&MAINTAINERS, maintainers)),
        Field::new("Icon", "icon", text(&meta.icon)),
        Field::new("APIVersion", "apiVersion", text(&meta.api_version)),
        Field::new("Condition", "condition", text(&meta.condition)),
        Field::new("Tags", "tags", text(&meta.tags)),
        Field::new("AppVersion", "appVersion", text(&meta.app_version)),
        Field::new("Deprecated", "deprecated", Value::bool(meta.deprecated)),
        Field::new("Annotations", "annotations", annotations.into()),
        Field::new("KubeVersion", "kubeVersion", text(&meta.kube_version)),
        Field::new("Dependencies", "dependencies", list(&DEPENDENCIES, dependencies)),
        Field::new("Type", "type", text(&meta.chart_type)),
    ];
    Value::object(ChartObject { metadata: std::rc::Rc::new(Record { ty: &METADATA, fields }), is_root })
}

fn dependency(requirement: &Requirement, text: &dyn Fn(&str) -> Value) -> Value {
    let declared = &requirement.declared;
    let always = |name, json, value| Field { omitted: false, ..Field::new(name, json, value) };
    let fields = vec![
        always("Name", "name", text(&declared.name)),
        Field::new("Version", "version", text(&declared.version)),
        always("Repository", "repository", text(&declared.repository)),
        Field::new("Condition", "condition", text(&declared.condition)),
        Field::new("Tags", "tags", strings(&declared.tags, text)),
        Field::new("Enabled", "enabled", Value::bool(requirement.enabled)),
        Field::new("ImportValues", "import-values", list(&types::LIST, requirement.import_values.clone())),
        Field::new("Alias", "alias", text(&declared.alias)),
    ];
    Value::object(Record { ty: &DEPENDENCY, fields })
}

fn strings(items: &Option<Vec<String>>, text: &dyn Fn(&str) -> Value) -> Value {
    list(&STRINGS, items.as_ref().map(|items| items.iter().map(|item| text(item)).collect()))
}

fn list(ty: &'static Type, items: Option<Vec<Value>>) -> Value {
    items.map_or_else(|| List::nil(ty), |items| List::new(ty, items)).into()
}
