//! Which resources helm fetches or opens because schemas refer to them.
//!
//! Helm compiles a schema before it validates, and loads what the compiled parts refer to, whatever the values are. Parts that are
//! never compiled are not loaded, such as `$defs` without a reference. boon compiles as helm's validator does, so it is asked what
//! it would load.

use super::budget::Budget;
use super::{KnownSchemas, SCHEMA_URL, formats, permissive};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::schema::prepare::{Prepared, Reference};
use crate::source::{File, Place};
use crate::template::Map;
use crate::values::Instance;
use boon::{Compiler, Draft, Schemas, UrlLoader};
use memchr::memmem;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use url::Url;

/// A resource outside a chart's schema that is loaded when the values are validated.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// The chart's name in its parent.
    pub chart: String,
    /// `https://example.com/x.json`, or a `file:` URL.
    pub url: String,
    /// The references to it, in the order of the file.
    pub places: Vec<Place>,
}

impl Remote {
    /// Whether it is a file on the machine.
    pub(crate) fn is_file(&self) -> bool {
        self.url.starts_with("file:")
    }
}

/// The resources that helm loads for the schemas of a chart, and of each subchart with its own table of values.
pub(crate) fn remotes(
    instance: &Instance,
    values: &Map,
    helm: HelmVersion,
    limits: &Limits,
    known: &KnownSchemas,
) -> Vec<Remote> {
    let mut found = Vec::new();
    let own = instance.chart.schema.iter();
    found.extend(own.flat_map(|schema| of_schema(&instance.name, schema, helm, limits, known)));
    for child in &instance.children {
        if let Some(table) = values.get(child.name.as_bytes()).as_ref().and_then(|value| value.as_map()) {
            found.extend(remotes(child, table, helm, limits, known));
        }
    }
    found
}

/// Whether a schema may refer to anything outside itself: a fast, approximate check of its text.
pub(crate) fn may_refer_elsewhere(file: &File) -> bool {
    let text = file.bytes();
    let after = |key: &[u8], is_local: &dyn Fn(&[u8]) -> bool| {
        memmem::find_iter(text, key).all(|at| {
            let rest = text[at + key.len()..].trim_ascii_start();
            rest.strip_prefix(b":").is_some_and(|rest| is_local(rest.trim_ascii_start()))
        })
    };
    let is_fragment = |rest: &[u8]| rest.starts_with(b"\"#");
    let is_draft = |rest: &[u8]| {
        let address = rest.strip_prefix(b"\"").and_then(|rest| rest.split(|&byte| byte == b'"').next());
        address.and_then(|address| std::str::from_utf8(address).ok()).is_some_and(is_built_in)
    };
    // A key can be written with escapes.
    let is_plain = memmem::find(text, b"\\u").is_none();
    let is_own = after(b"ref\"", &is_fragment) && after(b"Ref\"", &is_fragment) && after(b"schema\"", &is_draft);
    !(is_plain && is_own)
}

/// Whether a schema refers to anything outside itself.
pub(crate) fn refers_elsewhere(file: &Arc<File>, helm: HelmVersion, limits: &Limits, known: &KnownSchemas) -> bool {
    known.read(file, helm, &mut Budget::new(limits)).is_ok_and(|known| !is_closed(&known.prepared))
}

/// Whether all references of a schema are within the document, which load nothing: most schemas have only these.
fn is_closed(prepared: &Prepared) -> bool {
    prepared.refs.iter().all(|reference| reference.text.starts_with('#') || is_built_in(&reference.text))
}

/// The same for one chart's schema; `chart` is the chart's name.
pub(crate) fn of_schema(
    chart: &str,
    file: &Arc<File>,
    helm: HelmVersion,
    limits: &Limits,
    known: &KnownSchemas,
) -> Vec<Remote> {
    let Ok(known) = known.read(file, helm, &mut Budget::new(limits)) else { return Vec::new() };
    let place = |&(start, end): &(u32, u32)| Place { file: file.clone(), start, end };
    let remote = |Resource { url, ranges }: &Resource| {
        let places = ranges.iter().map(place).collect();
        Remote { chart: chart.to_owned(), url: url.clone(), places }
    };
    known.resources.get_or_init(|| resources(&known.prepared, helm)).iter().map(remote).collect()
}

/// A resource that a schema loads.
pub(super) struct Resource {
    url: String,
    /// The references to it, in the order of the file.
    ranges: Vec<(u32, u32)>,
}

/// What helm loads for a schema: the schema is compiled twice to find out.
fn resources(prepared: &Prepared, helm: HelmVersion) -> Vec<Resource> {
    if is_closed(prepared) {
        return Vec::new();
    }
    let loaded = loaded(prepared.doc.clone(), &prepared.refs, helm);
    if loaded.is_empty() {
        return Vec::new();
    }
    let leading: Vec<(usize, &String)> = prepared
        .refs
        .iter()
        .enumerate()
        .flat_map(|(number, reference)| {
            let urls = urls(&prepared.doc, reference);
            loaded.iter().filter(move |url| urls.contains(*url)).map(move |url| (number, url))
        })
        .collect();
    let reached = reached(prepared, &leading, helm);
    let resource = |url: &String| {
        let leading = leading.iter().filter(|(_, to)| *to == url).map(|&(number, _)| number);
        let (compiled, other): (Vec<usize>, Vec<usize>) = leading.partition(|number| reached.contains(number));
        let numbers = if compiled.is_empty() { other } else { compiled };
        Resource { url: url.clone(), ranges: numbers.into_iter().map(|number| prepared.refs[number].range).collect() }
    };
    loaded.iter().map(resource).collect()
}

/// Whether an address is that of a draft built into helm's validator.
fn is_built_in(address: &str) -> bool {
    let draft = ["https://json-schema.org/", "http://json-schema.org/"].iter().find_map(|at| address.strip_prefix(at));
    let known = ["draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12"];
    draft
        .and_then(|draft| draft.trim_end_matches('#').strip_suffix("/schema"))
        .is_some_and(|draft| known.contains(&draft))
}

/// Which references are compiled: each is given a unique address, and those that are then loaded are.
fn reached(prepared: &Prepared, leading: &[(usize, &String)], helm: HelmVersion) -> BTreeSet<usize> {
    let (mut doc, mut refs) = (prepared.doc.clone(), prepared.refs.clone());
    let mut addresses = Vec::new();
    for &(number, url) in leading {
        let reference = &mut refs[number];
        let address = format!("{url}{}airtight-{number}", if url.contains('?') { '&' } else { '?' });
        let fragment = reference.text.split_once('#').map(|(_, fragment)| format!("#{fragment}")).unwrap_or_default();
        reference.text = format!("{address}{fragment}");
        if let Some(text) = doc.pointer_mut(&reference.pointer) {
            *text = reference.text.clone().into();
        }
        addresses.push((number, address));
    }
    let loaded = loaded(doc, &refs, helm);
    addresses.into_iter().filter(|(_, address)| loaded.contains(address)).map(|(number, _)| number).collect()
}

/// The possible targets of a reference: by its location in the document, and without the `$id` beside it, which old drafts
/// ignore.
fn urls(doc: &Json, reference: &Reference) -> Vec<String> {
    let mut holders = vec![doc];
    let tokens: Vec<&str> = reference.pointer.split('/').skip(1).collect();
    for token in tokens.iter().take(tokens.len().saturating_sub(1)) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let below = holders.last().and_then(|holder| match holder {
            Json::Array(items) => items.get(token.parse::<usize>().ok()?),
            holder => holder.get(&token),
        });
        holders.extend(below);
    }
    let mut bases = vec![Url::parse(SCHEMA_URL).ok()];
    for holder in holders {
        let id = ["$id", "id"].iter().find_map(|name| holder.get(name).and_then(Json::as_str));
        let base = bases.last().cloned().flatten();
        bases.push(match id {
            Some(id) => base.as_ref().and_then(|base| base.join(id).ok()).or(base),
            None => base,
        });
    }
    let mut urls = Vec::new();
    for base in bases.iter().rev().take(2).flatten() {
        if let Ok(mut url) = base.join(&reference.text) {
            url.set_fragment(None);
            urls.push(url.into());
        }
    }
    urls
}

/// The addresses that are loaded when a schema is compiled.
fn loaded(doc: Json, refs: &[Reference], helm: HelmVersion) -> BTreeSet<String> {
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let loader = Recorder { refs: refs.to_vec(), seen: Rc::clone(&seen) };
    let compile = || {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(loader));
        if helm == HelmVersion::V3 {
            compiler.set_default_draft(Draft::V7);
        }
        formats::of(helm).iter().for_each(|format| compiler.register_format(*format));
        // An invalid schema is reported by the validation.
        if compiler.add_resource(SCHEMA_URL, doc).is_ok() {
            let _ = compiler.compile(SCHEMA_URL, &mut Schemas::new());
        }
    };
    let _ = catch_unwind(AssertUnwindSafe(compile));
    seen.take()
}

/// Loads nothing, and records what should be loaded.
struct Recorder {
    refs: Vec<Reference>,
    seen: Rc<RefCell<BTreeSet<String>>>,
}

impl UrlLoader for Recorder {
    fn load(&self, url: &str) -> Result<Json, Box<dyn Error>> {
        match url.split(':').next().unwrap_or_default() {
            "http" | "https" | "file" => {
                self.seen.borrow_mut().insert(url.to_owned());
            }
            // Helm loads nothing else.
            _ => {}
        }
        Ok(permissive(url, &self.refs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(schema: &str) -> Vec<String> {
        let file = File::new("values.schema.json", schema);
        let remotes = of_schema("c", &file, HelmVersion::V4, &Limits::default(), &KnownSchemas::default());
        let shown = remotes.iter().map(|remote| {
            let lines: Vec<String> = remote.places.iter().map(|place| place.line_column().0.to_string()).collect();
            format!("{} {}", remote.url, lines.join(","))
        });
        shown.collect()
    }

    /// Each was tried with helm 4.3.1: it fails in a machine without a network exactly where something is expected here.
    #[test]
    fn what_helm_loads_is_found() {
        const X: &str = "http://e.com/x.json";
        let x = |lines: &str| vec![format!("{X} {lines}")];
        let cases: [(&str, Vec<String>); 34] = [
            (r#"{"$ref":"X"}"#, x("1")),
            (r#"{"$ref":"X#/definitions/y"}"#, x("1")),
            (r#"{"$defs":{"u":{"$ref":"X"}}}"#, vec![]),
            (r#"{"definitions":{"u":{"$ref":"X"}}}"#, vec![]),
            ("{\"$defs\":{\"u\":\n{\"$ref\":\"X\"}},\"properties\":{\"a\":{\"$ref\":\"#/$defs/u\"}}}", x("2")),
            ("{\"$defs\":{\"u\":{\"$ref\":\"X\"}},\n\"properties\":{\"a\":{\"$ref\":\"X\"}}}", x("2")),
            ("{\"properties\":{\"a\":{\"$ref\":\"X#/a\"},\n\"b\":{\"$ref\":\"X#/b\"}}}", x("1,2")),
            (r#"{"properties":{"absent":{"$ref":"X"}}}"#, x("1")),
            (r#"{"if":false,"then":{"$ref":"X"}}"#, vec![]),
            (r#"{"then":{"$ref":"X"}}"#, vec![]),
            (r#"{"anyOf":[true,{"$ref":"X"}]}"#, x("1")),
            (
                r##"{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a","definitions":{"a":true},"properties":{"a":{"$ref":"X"}}}"##,
                vec![],
            ),
            (r#"{"enum":[{"$ref":"X"}]}"#, vec![]),
            (r#"{"default":{"$ref":"X"}}"#, vec![]),
            (r#"{"x-foo":{"$ref":"X"}}"#, vec![]),
            (r##"{"x-foo":{"$ref":"X"},"properties":{"a":{"$ref":"#/x-foo"}}}"##, x("1")),
            (r#"{"properties":{"$ref":{"type":"string"}}}"#, vec![]),
            (r#"{"$schema":"X"}"#, x("1")),
            (r##"{"$schema":"https://json-schema.org/draft-07/schema#","$ref":"#"}"##, vec![]),
            (
                r#"{"$schema":"http://json-schema.org/draft-03/schema#"}"#,
                vec!["http://json-schema.org/draft-03/schema 1".to_owned()],
            ),
            (r#"{"properties":{"a":{"$ref":"http://json-schema.org/draft-07/schema#"}}}"#, vec![]),
            (r#"{"properties":{"a":{"$ref":"https://json-schema.org/draft/2020-12/meta/core"}}}"#, vec![]),
            (r#"{"$id":"http://e.com/root.json","properties":{"a":{"$ref":"x.json"}}}"#, x("1")),
            (
                r#"{"$id":"http://e.com/root.json","properties":{"a":{"$ref":"root.json#/$defs/z"}},"$defs":{"z":true}}"#,
                vec![],
            ),
            (
                r##"{"$id":"http://e.com/root.json","properties":{"a":{"$ref":"#/$defs/z"}},"$defs":{"z":true}}"##,
                vec![],
            ),
            (r#"{"$defs":{"z":{"$id":"X"}},"properties":{"a":{"$ref":"X"}}}"#, vec![]),
            (r#"{"properties":{"a":{"$id":"http://e.com/dir/","$ref":"../x.json"}}}"#, x("1")),
            (
                r#"{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$id":"http://e.com/dir/","$ref":"y.json"}}}"#,
                vec!["file:///y.json 1".to_owned()],
            ),
            (
                r#"{"$schema":"http://json-schema.org/draft-04/schema#","id":"http://e.com/r.json","properties":{"a":{"$ref":"x.json"}}}"#,
                x("1"),
            ),
            (r#"{"$ref":"other.json"}"#, vec!["file:///other.json 1".to_owned()]),
            (r#"{"$ref":"file:///etc/x.json"}"#, vec!["file:///etc/x.json 1".to_owned()]),
            (r#"{"$ref":"urn:x:y"}"#, vec![]),
            (r#"{"$dynamicRef":"X"}"#, x("1")),
            (r#"{"properties":{"a":{"contentSchema":{"$ref":"X"}}}}"#, vec![]),
        ];
        for (schema, expected) in cases {
            assert_eq!(found(&schema.replace("\"X", &format!("\"{X}"))), expected, "{schema}");
        }
    }
}
