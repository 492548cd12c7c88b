//! Computes `.Values`, with the origin of each value.
//!
//! The stages: [`layers`] merges the user's values (`-f` files, then [`strvals`] flags); [`process`] merges the charts' own
//! defaults below them ([`coalesce`]) and decides which subcharts exist and what they export ([`dependencies`]). [`origins`] says
//! where each value was set, and every step in which one setting replaces another records both.

mod assignments;
mod coalesce;
mod defaults;
mod dependencies;
mod graph;
pub(crate) mod json;
mod key_places;
pub(crate) mod layers;
mod messages;
pub(crate) mod origins;
mod strvals;

pub(crate) use assignments::{Assignment, assignments};
pub(crate) use defaults::Defaults;
pub(crate) use json::is_json;
pub(crate) use key_places::KeyPlaces;
pub(crate) use layers::{Merged, UserValues};

use crate::chart::{Chart, Dependency};
use crate::error::Error;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::template::{Map, Value};
use crate::trace::Origins;
use crate::values_path::Key;
use coalesce::Coalescer;
use graph::Graph;
use std::sync::Arc;

/// A chart in one release: under its name or alias, with its processed defaults and its enabled subcharts.
///
/// Created for each render from the immutable [`Chart`], because processing dependencies renames, removes and rewrites.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// The chart that it was made from.
    pub chart: Arc<Chart>,
    /// Name or alias.
    pub name: String,
    /// The path of names from the top chart: `app/charts/db`.
    pub full_path: String,
    /// The chart's default values, after import-values.
    pub values: Map,
    /// The requirements that remain after conditions and tags; `None` if absent. `.Chart.Dependencies` shows them.
    pub dependencies: Option<Vec<Requirement>>,
    /// Enabled subcharts, in helm's order.
    pub children: Vec<Instance>,
}

/// A requirement of an [`Instance`] after processing.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    /// As declared; `name` is the alias if there is one.
    pub declared: Dependency,
    /// Whether it is enabled.
    pub enabled: bool,
    /// `import-values` as rewritten by import processing: `{child, parent}` maps; `None` if absent.
    pub import_values: Option<Vec<crate::template::Value>>,
}

/// The options of [`process`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessOptions<'a> {
    /// Which helm's rules to use.
    pub helm: HelmVersion,
    /// The limits.
    pub limits: &'a Limits,
    /// The default values of charts that were read before.
    pub defaults: &'a Defaults,
}

/// The charts and values of a release.
#[derive(Debug)]
pub(crate) struct Processed {
    /// The top chart with its enabled subcharts.
    pub root: Instance,
    /// The coalesced values: `.Values` of the top chart, with those of each subchart under its name.
    pub values: Map,
}

/// The value at a path that contains no list.
pub(crate) fn value_at(values: &Map, path: &[Key]) -> Option<Value> {
    let (last, tables) = path.split_last()?;
    let mut map = values.clone();
    for step in tables {
        map = map.get(step.name()?.as_bytes())?.as_map()?.clone();
    }
    map.get(last.name()?.as_bytes())
}

/// Decides which subcharts are enabled, imports what they export, and merges the charts' defaults below the user's values. `user`
/// is not changed.
///
/// Log lines are added to `warnings`, if somebody reads them, as helm prints them, also on an error.
///
/// # Errors
/// helm's text after `Error: `: `type mismatch on db: %!t(string=foo)`; or one of our own limits.
///
/// Source: helm `pkg/chart/v2/util/dependencies.go`, `pkg/chart/common/util/coalesce.go`.
pub(crate) fn process(
    chart: &Arc<Chart>,
    user: &Merged,
    options: ProcessOptions<'_>,
    mut origins: Option<&mut Origins>,
    warnings: Option<&mut Vec<String>>,
) -> Result<Processed, Error> {
    let mut graph = Graph::load(chart, options, origins.as_deref_mut())?;
    let mut coalescer = Coalescer::new(options, origins, &user.nulls, warnings);
    if let Err(error) = graph.resolve(&user.values, &mut coalescer, options.defaults) {
        return Err(match options.helm {
            HelmVersion::V3 => error,
            HelmVersion::V4 => {
                const CONTEXT: &str = "chart dependencies processing failed";
                coalescer.log("ERROR", CONTEXT, &[("error", error.helm_text())]);
                error.after(CONTEXT)
            }
        });
    }
    let values = coalescer.finish(&graph, &user.values)?;
    let root = graph.into_instance(&mut coalescer)?;
    Ok(Processed { root, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Metadata, ValuesFile};
    use crate::source::File;
    use crate::template::print::strval;
    use crate::template::{Map, Value};
    use crate::trace::{Layer, OriginData};

    /// A chart of version 1.0.0 with these values.
    fn chart(
        name: &str,
        values: &str,
        dependencies: Option<Vec<Dependency>>,
        subcharts: Vec<Arc<Chart>>,
    ) -> Arc<Chart> {
        Arc::new(Chart {
            metadata: Metadata {
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                dependencies,
                ..Metadata::default()
            },
            metadata_file: File::new("Chart.yaml", ""),
            values: Some(ValuesFile {
                file: File::new(format!("{name}/values.yaml"), values),
                documents: json::read_all(values).into_iter().collect(),
            }),
            schema: None,
            templates: Vec::new(),
            files: Vec::new(),
            lock: None,
            subcharts,
        })
    }

    fn needs(name: &str, alias: &str, condition: &str, imports: &str) -> Dependency {
        let imports = match json::read_all(imports).map(|node| node.data) {
            Some(crate::yaml::Data::Seq(imports)) => Some(imports.into()),
            _ => None,
        };
        Dependency {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            alias: alias.to_owned(),
            condition: condition.to_owned(),
            import_values: imports,
            ..Dependency::default()
        }
    }

    fn run(chart: &Arc<Chart>, set: &str, origins: Option<&mut Origins>) -> Result<Processed, Error> {
        run_knowing(chart, set, origins, None, &Defaults::default())
    }

    fn run_knowing(
        chart: &Arc<Chart>,
        set: &str,
        origins: Option<&mut Origins>,
        warnings: Option<&mut Vec<String>>,
        defaults: &Defaults,
    ) -> Result<Processed, Error> {
        let limits = Limits::default();
        let user = UserValues { set: vec![set.to_owned()], ..UserValues::default() };
        let mut read = |_: usize, _: &str| Err(Error::file(""));
        let mut origins = origins;
        let user = user.merge(HelmVersion::V4, &limits, &mut read, origins.as_deref_mut())?;
        let options = ProcessOptions { helm: HelmVersion::V4, limits: &limits, defaults };
        process(chart, &user, options, origins, warnings)
    }

    fn values(chart: &Arc<Chart>, set: &str) -> String {
        match run(chart, set, None) {
            Err(error) => error.into_text(),
            Ok(processed) => {
                strval(&Value::Map(processed.values)).map_or_else(|f| f.to_string(), |text| text.to_string())
            }
        }
    }

    #[test]
    fn neither_the_log_nor_what_is_known_changes_values() {
        let leaf = chart("leaf", r#"{"v":1}"#, None, Vec::new());
        let needs_leaf = vec![needs("leaf", "", "leaf.on, global.leaf", "")];
        let defaults = r#"{"leaf":{"on":false,"w":null},"v":2,"enabled":true}"#;
        let mid = chart("mid", defaults, Some(needs_leaf), vec![leaf]);
        let by_tag = Dependency { tags: Some(vec!["t.u".to_owned()]), ..needs("mid", "", "mid.enabled", "") };
        let other = needs("mid", "other.one", "other.one.on,tags.all", "");
        let defaults = r#"{"mid":{"w":null},"tags":{"t.u":false},"global":{"a":{"b":1}}}"#;
        let top = chart("c", defaults, Some(vec![by_tag, other]), vec![mid]);
        let told = |set: &str, warnings: Option<&mut Vec<String>>, defaults: &Defaults| match run_knowing(
            &top, set, None, warnings, defaults,
        ) {
            Err(error) => error.into_text(),
            Ok(Processed { values, root }) => {
                let mut found = Vec::new();
                paths(&root, &mut found);
                let text = |values: Map| strval(&Value::Map(values)).map(|text| text.to_string()).unwrap_or_default();
                format!("{} {} {found:?}", text(values), text(root.values))
            }
        };
        let defaults = Defaults::default();
        let mut seen = std::collections::BTreeSet::new();
        for set in [
            "",
            "mid.enabled=true",
            "mid.enabled=false",
            "mid.enabled=no",
            "mid.leaf.on=true",
            "mid.enabled=true,mid.leaf.on=true",
            "mid.enabled=true,global.leaf=true,mid.leaf.on=null",
            "tags.t\\.u=true,tags.all=true",
            "mid=5",
            "global=5",
            "mid.enabled=true,mid.leaf=5",
            "other\\.one.on=true,mid.v=null",
        ] {
            let all = told(set, Some(&mut Vec::new()), &Defaults::default());
            for _ in 0..2 {
                assert_eq!(told(set, None, &defaults), all, "{set}");
            }
            seen.insert(all);
        }
        assert_eq!(seen.len(), 11, "{seen:#?}");
    }

    fn paths(instance: &Instance, found: &mut Vec<String>) {
        found.push(instance.full_path.clone());
        instance.children.iter().for_each(|child| paths(child, found));
    }

    #[test]
    fn values_of_charts() {
        let sub = || chart("s", r#"{"x":1,"n":null,"m":{"k":1,"n":null},"exports":{"d":{"e":2}}}"#, None, Vec::new());
        let plain = chart("c", r#"{"a":1,"s":{"x":2},"global":{"g":1}}"#, None, vec![sub()]);
        let declared = chart(
            "c",
            r#"{"one":{"enabled":true},"tags":{}}"#,
            Some(vec![
                needs("s", "one", "one.enabled", r#"["d",{"child":"m","parent":"p.q"}]"#),
                needs("s", "two", "two.on", ""),
            ]),
            vec![sub()],
        );
        let s = "exports:map[d:map[e:2]] global:map[g:1] m:map[k:1]";
        let one = "one:map[enabled:true exports:map[d:map[e:2]] global:map[] m:map[k:1] x:1]";
        let cases = [
            (&plain, "", format!("map[a:1 global:map[g:1] s:map[{s} x:2]]")),
            (&plain, "a=null,s.x=null,s.y=null", format!("map[global:map[g:1] s:map[{s} y:<nil>]]")),
            (&plain, "s=null", format!("map[a:1 global:map[g:1] s:map[{s} x:1]]")),
            (&plain, "s=5", "type mismatch on s: %!t(int64=5)".to_owned()),
            (&declared, "two=5", "chart dependencies processing failed: type mismatch on two: %!t(int64=5)".to_owned()),
            (&declared, "two.on=false", format!("map[e:2 {one} p:map[q:map[k:1]] tags:map[] two:map[on:false]]")),
        ];
        for (chart, set, expected) in cases {
            assert_eq!(values(chart, set), expected, "{set}");
        }
    }

    #[test]
    fn paths_below_aliases() {
        let top = |declared: bool| {
            let third = chart("w", "{}", None, Vec::new());
            let second = chart("u", "{}", declared.then(|| vec![needs("w", "", "", "")]), vec![third]);
            let first = chart("s", "{}", declared.then(|| vec![needs("u", "", "", "")]), vec![second]);
            chart("c", "{}", Some(vec![needs("s", "one", "", "")]), vec![first])
        };
        // Helm quirk: the parent of a chart below a copy is the original.
        for (declared, last) in [(true, "c/charts/one/charts/u/charts/w"), (false, "c/charts/s/charts/u/charts/w")] {
            let mut found = Vec::new();
            if let Ok(processed) = run(&top(declared), "", None) {
                paths(&processed.root, &mut found);
            }
            assert_eq!(found, ["c", "c/charts/one", "c/charts/one/charts/u", last]);
        }
    }

    #[test]
    fn what_makes_helm_burn_is_an_error() {
        let imports = r#"[{"child":"a","parent":"p"},{"child":"a","parent":"p.q"}]"#;
        let sub = chart("s", r#"{"a":{"k":1}}"#, None, Vec::new());
        let circle = chart("c", "{}", Some(vec![needs("s", "", "", imports)]), vec![sub]);
        let defaults = Defaults::default();
        fn options_of<'a>(limits: &'a Limits, defaults: &'a Defaults) -> ProcessOptions<'a> {
            ProcessOptions { helm: HelmVersion::V4, limits, defaults }
        }
        let limits = Limits { yaml_depth: 20, ..Limits::default() };
        let error = process(&circle, &Merged::default(), options_of(&limits, &defaults), None, None).err();
        let text =
            "chart dependencies processing failed: values are nested more than 20 levels deep (--limit yaml-depth)";
        assert_eq!(error, Some(Error::limit(text)));

        let tables = r#"{"global":{"a":{"k":1},"b":{"k":2},"c":{"k":3},"d":{"k":4}}}"#;
        let sub = |name: &str| chart(name, "{}", None, Vec::new());
        let many = chart("c", tables, None, vec![sub("q"), sub("r"), sub("s"), sub("t")]);
        let of = |memory_bytes| {
            let limits = Limits { memory_bytes, ..Limits::default() };
            process(&many, &Merged::default(), options_of(&limits, &defaults), None, None).map(|_| ())
        };
        assert_eq!(of(100_000), Ok(()));
        let text = "the values of all charts together take more than 1000 bytes (--limit memory-bytes)";
        assert!(of(1_000).is_err_and(|error| error.helm_text().ends_with(text)));

        let mut doubled = chart("s", "{}", None, Vec::new());
        for _ in 0..16 {
            doubled = chart("s", "{}", Some(vec![needs("s", "a", "", ""), needs("s", "b", "", "")]), vec![doubled]);
        }
        let limits = Limits { chart_entries: 500, ..Limits::default() };
        let error = process(&doubled, &Merged::default(), options_of(&limits, &defaults), None, None).err();
        let text =
            "chart dependencies processing failed: more than 500 charts and aliases of charts (--limit chart-entries)";
        assert_eq!(error, Some(Error::limit(text)));
    }

    #[test]
    fn every_layer_is_remembered() {
        let sub = chart("s", r#"{"image":{"tag":"sub"},"gone":1,"global":{"registry":"sub"}}"#, None, Vec::new());
        let defaults = r#"{"db":{"image":{"tag":"parent"}},"global":{"registry":"parent"}}"#;
        let top = chart("c", defaults, Some(vec![needs("s", "db", "", "")]), vec![sub]);
        let mut origins = Origins::new();
        let Ok(processed) = run(&top, "db.image.tag=flag,db.gone=null", Some(&mut origins)) else {
            panic!("does not process")
        };
        let get = |path: &[&str]| {
            let map = |value: Value| value.as_map().cloned().unwrap_or_default();
            path.iter().fold(Value::Map(processed.values.clone()), |value: Value, key| {
                map(value).get(key.as_bytes()).unwrap_or_default()
            })
        };
        let show = |origin| match origins.get(origin) {
            Some(OriginData::Setting(setting)) => {
                let layer = match &setting.layer {
                    Layer::Chart(path) => path.to_string(),
                    other => format!("{other:?}").chars().take_while(|c| c.is_alphabetic()).collect(),
                };
                format!("{layer} {}", origins.path(origin))
            }
            _ => String::new(),
        };
        let trail = |path: &[&str]| {
            let winner = get(path).origin();
            std::iter::once(winner).chain(origins.hidden(winner)).map(show).collect::<Vec<_>>()
        };
        assert_eq!(trail(&["db", "image", "tag"]), ["Flag db.image.tag", "c db.image.tag", "c/charts/s image.tag"]);
        assert_eq!(trail(&["db", "global", "registry"]), ["c global.registry", "c/charts/s global.registry"]);
        assert!(get(&["db", "gone"]).is_nil());
        assert!(!get(&["db"]).as_map().is_some_and(|db: &Map| db.contains_key(b"gone")));
    }
}
