//! The data of a template file: `.Values`, `.Chart`, `.Release`, `.Capabilities`, `.Files`, `.Subcharts`, `.Template`.

use super::{Inputs, capabilities, chart_of_helm_3, files};
use crate::chart::Metadata;
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::source::{File, Place};
use crate::template::types::{ANY, GoKind, MAP, STRING, STRING_MAP, Type};
use crate::template::{Context, Failure, Flow, Function, Look, Map, Spread, Value};
use crate::trace::{Origin, OriginData, Origins, Str};
use crate::values::{Instance, Requirement};
use std::sync::Arc;

/// A template file of one chart, with its data.
pub(super) struct TemplateFile {
    /// Full name.
    pub(super) name: String,
    pub(super) source: Arc<File>,
    /// The map of its chart, shared by all its files.
    pub(super) scope: Map,
    /// `app/templates`
    base_path: String,
}

impl TemplateFile {
    /// Whether the file only defines templates: its base name starts with `_`.
    pub(super) fn is_partial(&self) -> bool {
        self.name.rsplit('/').next().is_some_and(|base| base.starts_with('_'))
    }

    /// Sets `.Template` before the file is executed.
    pub(super) fn enter(&self) {
        let template = Map::of(self.scope.ty(), Default::default());
        template.insert("Name", Value::str(self.name.as_str()));
        template.insert("BasePath", Value::str(self.base_path.as_str()));
        self.scope.insert("Template", template.into());
    }
}

/// The type of `.Values`: a map with methods, which take precedence over keys of the same name.
fn values_type(helm: HelmVersion) -> &'static Type {
    static OF_4: Type = Type { methods: &VALUES_METHODS, ..Type::new("common.Values", GoKind::Map, Some(&ANY)) };
    static OF_3: Type = Type { methods: &VALUES_METHODS, ..Type::new("chartutil.Values", GoKind::Map, Some(&ANY)) };
    match helm {
        HelmVersion::V4 => &OF_4,
        HelmVersion::V3 => &OF_3,
    }
}

static VALUES_METHODS: [Function; 5] = [
    Function::new("AsMap", &[], Flow::Exact, "the values as a plain map", as_map)
        .spreads(Spread::Holds)
        .looks(Look::Nothing),
    Function::new("YAML", &[], Flow::Exact, "the values as YAML", yaml),
    Function::new("Table", &[&STRING], Flow::Exact, "the map at a dotted path", table)
        .spreads(Spread::Member)
        .looks(Look::Some),
    Function::new("PathValue", &[&STRING], Flow::Exact, "the scalar at a dotted path", path_value)
        .spreads(Spread::Member)
        .looks(Look::Some),
    // Its parameter is a writer, which no template has.
    Function::new("Encode", &[&WRITER], Flow::None, "not callable from a template", encode),
];

static WRITER: Type = Type::new("io.Writer", GoKind::Ptr, None);

fn encode(_: &mut Context<'_>, _: &[Value]) -> Result<Value, Failure> {
    Err(Failure::from("runtime error: invalid memory address or nil pointer dereference"))
}

fn receiver(args: &[Value]) -> Result<&Map, Failure> {
    args.first().and_then(Value::as_map).ok_or_else(|| Failure::from("no values"))
}

fn as_map(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let map = receiver(args)?;
    Ok(Value::Map(map.retyped(&MAP)))
}

fn yaml(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let text = crate::funcs::yaml::yaml_or_failure(ctx, &Value::Map(receiver(args)?.clone()))?;
    let mut out = crate::trace::Buf::with_capacity(text.len() + 1);
    out.push(&text);
    out.push_text("\n");
    Ok(Value::Str(out.into_str()))
}

fn table(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let path = args.get(1).and_then(Value::as_str).cloned().unwrap_or_else(|| Str::new(""));
    let mut map = receiver(args)?.clone();
    for name in path.as_bytes().split(|&byte| byte == b'.') {
        ctx.look_at(&map, name);
        map = match map.get(name) {
            Some(Value::Map(next)) => next,
            _ => return Err(Failure::Text(format!("{} is not a table", go_quote(name)))),
        };
    }
    Ok(Value::Map(map.retyped(values_type(ctx.env.helm))))
}

fn path_value(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let path = args.get(1).and_then(Value::as_str).cloned().unwrap_or_else(|| Str::new(""));
    let mut map = receiver(args)?.clone();
    let names: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b'.').collect();
    let (last, tables) = names.split_last().map_or((&[][..], &[][..]), |(last, tables)| (*last, tables));
    // Helm quirk: whatever is missing on the way, the last name is reported.
    let not_a_value = || Failure::Text(format!("{} is not a value", go_quote(last)));
    for name in tables {
        ctx.look_at(&map, name);
        map = match map.get(name) {
            Some(Value::Map(next)) => next,
            _ => return Err(not_a_value()),
        };
    }
    ctx.look_at(&map, last);
    match map.get(last) {
        None | Some(Value::Map(_)) => Err(not_a_value()),
        Some(value) => Ok(value),
    }
}

/// Collects the template files of a chart and its subcharts, each with its scope.
///
/// Source: helm `pkg/engine/engine.go`, `recAllTpls`.
pub(super) fn collect(
    root: &Instance,
    inputs: &Inputs<'_>,
    helm: HelmVersion,
    mut origins: Option<&mut Origins>,
    files: &mut Vec<TemplateFile>,
) {
    let fact = |origins: &mut Option<&mut Origins>, name| match origins {
        Some(origins) => origins.add(OriginData::Fact(name)),
        None => Origin::NONE,
    };
    let release = Map::new();
    let name = fact(&mut origins, "Release.Name");
    release.insert("Name", Value::Str(Str::with_origin(inputs.release.name.as_str(), name)));
    let namespace = fact(&mut origins, "Release.Namespace");
    release.insert("Namespace", Value::Str(Str::with_origin(inputs.release.namespace.as_str(), namespace)));
    release.insert("IsUpgrade", Value::bool(inputs.release.is_upgrade));
    release.insert("IsInstall", Value::bool(!inputs.release.is_upgrade));
    release.insert("Revision", Value::int(inputs.release.revision));
    release.insert("Service", Value::str("Helm"));
    let kube_version = fact(&mut origins, "Capabilities.KubeVersion");
    let capabilities = capabilities::object(inputs.capabilities, helm, kube_version);
    let top = Top { helm, release: release.into(), capabilities };
    chart(root, &top, Some(inputs.values.clone()), true, &mut origins, files);
}

struct Top {
    helm: HelmVersion,
    release: Value,
    capabilities: Value,
}

fn chart(
    instance: &Instance,
    top: &Top,
    values: Option<Map>,
    is_root: bool,
    origins: &mut Option<&mut Origins>,
    files: &mut Vec<TemplateFile>,
) -> Map {
    let values = values.unwrap_or_default().retyped(values_type(top.helm));
    // Helm quirk: the top has the type of `.Values`, including its methods.
    let scope = Map::of(values_type(top.helm), Default::default());
    scope.insert("Chart", metadata(instance, is_root, top.helm, origins));
    scope.insert("Files", files::object(&instance.chart, origins.as_deref_mut()));
    scope.insert("Release", top.release.clone());
    scope.insert("Capabilities", top.capabilities.clone());
    scope.insert("Values", values.clone().into());
    let subcharts = Map::new();
    scope.insert("Subcharts", subcharts.clone().into());
    for child in &instance.children {
        // Helm quirk: the table is looked up by a dotted path. A chart `a.b` does not see the values under its own name, but
        // those under `b` in `a`.
        let table =
            child.name.split('.').try_fold(values.clone(), |table, name| table.get(name.as_bytes())?.as_map().cloned());
        let view = chart(child, top, table, false, origins, files);
        // Helm quirk: what a chart sees of those below it is the same map, without the methods.
        subcharts.insert(child.name.as_str(), view.retyped(&MAP).into());
    }
    let base_path = format!("{}/templates", instance.full_path);
    for template in &instance.chart.templates {
        let base = template.path.rsplit('/').next().unwrap_or_default();
        if instance.chart.metadata.chart_type.eq_ignore_ascii_case("library") && !base.starts_with('_') {
            continue;
        }
        files.push(TemplateFile {
            name: format!("{}/{}", instance.full_path, template.path),
            source: template.file.clone(),
            scope: scope.clone(),
            base_path: base_path.clone(),
        });
    }
    scope
}

/// `.Chart`: in helm 4 a map of the metadata's fields by their Go names, in helm 3 a struct.
fn metadata(instance: &Instance, is_root: bool, helm: HelmVersion, origins: &mut Option<&mut Origins>) -> Value {
    let chart = &instance.chart;
    let origin = match origins {
        Some(origins) => origins.add(OriginData::File(chart.metadata_file.clone())),
        None => Origin::NONE,
    };
    let fields = [("version", &chart.metadata.version), ("appVersion", &chart.metadata.app_version)];
    let fields = fields.map(|(key, value)| {
        let origin = match (&mut *origins, field(&chart.metadata_file, key, value)) {
            (Some(origins), Some(place)) => origins.add(OriginData::Field(place)),
            _ => origin,
        };
        (value.as_ptr(), origin)
    });
    let text = |text: &str| {
        // The fields may have the same text: the address distinguishes them.
        let own = fields.iter().find(|(address, _)| *address == text.as_ptr() && !text.is_empty());
        Value::Str(Str::with_origin(text, own.map_or(origin, |(_, origin)| *origin)))
    };
    if helm == HelmVersion::V3 {
        return chart_of_helm_3::object(instance, is_root, &text);
    }
    // Helm quirk: it makes the map by reflection, in which every slice becomes one of `interface {}`, and none is nil.
    let strings =
        |list: &Option<Vec<String>>| Value::list(list.iter().flatten().map(|item| text(item)).collect::<Vec<_>>());
    let Metadata { annotations, maintainers, .. } = &chart.metadata;
    let meta = &chart.metadata;
    let map = Map::new();
    map.insert("APIVersion", text(&meta.api_version));
    map.insert("Name", text(&instance.name));
    map.insert("Version", text(&meta.version));
    map.insert("KubeVersion", text(&meta.kube_version));
    map.insert("Description", text(&meta.description));
    map.insert("Type", text(&meta.chart_type));
    map.insert("Keywords", strings(&meta.keywords));
    map.insert("Home", text(&meta.home));
    map.insert("Sources", strings(&meta.sources));
    map.insert("Icon", text(&meta.icon));
    map.insert("AppVersion", text(&meta.app_version));
    map.insert("Deprecated", Value::bool(meta.deprecated));
    map.insert("Condition", text(&meta.condition));
    map.insert("Tags", text(&meta.tags));
    map.insert("IsRoot", Value::bool(is_root));
    let annotations = match annotations {
        Some(entries) => {
            let entries = entries.iter().map(|(key, value)| (Str::from(key.as_str()), text(value))).collect();
            Map::of(&STRING_MAP, entries)
        }
        None => Map::nil(&STRING_MAP),
    };
    map.insert("Annotations", annotations.into());
    let maintainers = maintainers.iter().flatten().map(|person| {
        let fields = [("Name", &person.name), ("Email", &person.email), ("URL", &person.url)];
        Value::Map(fields.into_iter().map(|(key, value)| (Str::from(key), text(value))).collect())
    });
    map.insert("Maintainers", Value::list(maintainers.collect()));
    let requirements = instance.dependencies.iter().flatten().map(|requirement| dependency(requirement, &text));
    map.insert("Dependencies", Value::list(requirements.collect()));
    map.into()
}

/// The location of a top-level key's value in a Chart.yaml, if it is on the key's line.
fn field(file: &Arc<File>, key: &str, value: &str) -> Option<Place> {
    let mut start = 0;
    for line in file.bytes().split_inclusive(|&byte| byte == b'\n') {
        let rest = line.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
        if let Some(rest) = rest {
            let from = rest.len() - rest.trim_ascii_start().len();
            let word = rest[from..].split(u8::is_ascii_whitespace).next().unwrap_or_default();
            // The text of a number need not be what is written: `1.10` is `1.1`.
            let is_number = word.first().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
            let found = memchr::memmem::find(rest, value.as_bytes()).map(|at| at..at + value.len());
            let place = if is_number { from..from + word.len() } else { found? };
            let at = start + line.len() - rest.len();
            return Some(Place { file: file.clone(), start: (at + place.start) as u32, end: (at + place.end) as u32 });
        }
        start += line.len();
    }
    None
}

fn dependency(requirement: &Requirement, text: &dyn Fn(&str) -> Value) -> Value {
    let declared = &requirement.declared;
    let map = Map::new();
    map.insert("Name", text(&declared.name));
    map.insert("Version", text(&declared.version));
    map.insert("Repository", text(&declared.repository));
    map.insert("Condition", text(&declared.condition));
    map.insert("Alias", text(&declared.alias));
    map.insert("Enabled", Value::bool(requirement.enabled));
    map.insert("Tags", Value::list(declared.tags.iter().flatten().map(|tag| text(tag)).collect()));
    map.insert("ImportValues", Value::list(requirement.import_values.clone().unwrap_or_default()));
    map.into()
}
