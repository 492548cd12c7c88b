//! Checks the declarations of the function table: everything that a call reads is recorded
//! ([`Look`](crate::template::Look)), and every part of an argument that it keeps has its origin ([`Flow`](crate::template::Flow)).
//!
//! The templates of `testdata/helm/templates/` call every function in many ways. Each is rendered with traces, and then again
//! with other values where nothing was read, which must change nothing.

use super::{files, prepared, read, root};
use crate::chart::{Chart, ChartFile, Metadata, ValuesFile};
use crate::compiler::Compiler;
use crate::funcs::FAMILIES;
use crate::limits::Limits;
use crate::reads::ValueReads;
use crate::source::File;
use crate::trace::{OriginData, Origins, Str};
use crate::values::UserValues;
use crate::values_path::ValuesPath;
use crate::yaml::{self, Data, Node};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A template that helm renders, with its values.
struct Case {
    name: String,
    template: String,
    values: String,
}

fn cases() -> Vec<Case> {
    let values = read(&root().join("testdata/helm/values.json"));
    let values: Vec<String> = serde_json::from_str(&values).expect("a list of texts");
    let lines = files("testdata/helm/templates", ".jsonl").iter().map(|path| read(path)).collect::<Vec<_>>().concat();
    let case = |line: &str| {
        let case: Json = serde_json::from_str(line).expect("a case");
        let has = |key: &str| case.get(key).is_some();
        (has("output") && !has("files") && !has("args")).then(|| Case {
            name: case["name"].as_str().expect("a name").to_owned(),
            template: case["template"].as_str().expect("a template").to_owned(),
            values: case["values"].as_u64().map_or_else(|| "{}".to_owned(), |index| values[index as usize].clone()),
        })
    };
    let own = OWN.iter().map(|&template| Case {
        name: "own".to_owned(),
        template: template.to_owned(),
        values: values[0].clone(),
    });
    lines.lines().filter_map(case).chain(own).collect()
}

/// A chart with one template.
fn chart(template: &str, values: &str) -> Option<Arc<Chart>> {
    let file = File::new("rel/values.yaml", values);
    let document = yaml::read(file.bytes(), &Limits::default()).ok()?;
    let path = "templates/x.yaml".to_owned();
    Some(Arc::new(Chart {
        metadata: Metadata {
            api_version: "v2".to_owned(),
            name: "rel".to_owned(),
            version: "1.0.0".to_owned(),
            ..Metadata::default()
        },
        metadata_file: File::new("Chart.yaml", ""),
        values: Some(ValuesFile { file, documents: vec![document].into() }),
        schema: None,
        templates: vec![ChartFile { path, file: File::new("rel/templates/x.yaml", template) }],
        files: Vec::new(),
        lock: None,
        subcharts: Vec::new(),
    }))
}

/// The text of the template with values, and what it read of them; `None` if it fails.
fn rendered(template: &str, values: &str, origins: Option<&mut Origins>) -> Option<(Str, ValueReads)> {
    let prepared = prepared(chart(template, values)?, UserValues::default());
    let outcome = prepared.render(&mut Compiler::new(), &[], origins, None).ok()?;
    let text = outcome.rendered.files.into_iter().next()?.text;
    Some((text, outcome.rendered.reads))
}

/// The scalars that nothing read, neither alone nor as a part of a whole.
fn unread(node: &Node, path: &mut ValuesPath, reads: &ValueReads, found: &mut Vec<(String, Range<usize>)>) {
    match &node.data {
        Data::Map(entries) => {
            for (entry, value) in entries {
                path.push(&*entry.key.to_text());
                unread(value, path, reads, found);
                path.pop();
            }
        }
        // Reading a list counts as reading everything in it.
        Data::Seq(items) if reads.read(path).is_none() => {
            items.iter().for_each(|item| unread(item, path, reads, found));
        }
        Data::Str(_) | Data::Bool(_) | Data::Int(_) | Data::Uint(_) | Data::Float(_) if reads.read(path).is_none() => {
            found.push((path.to_string(), node.start as usize..node.end as usize));
        }
        _ => {}
    }
}

/// The values with some scalars changed, each to another of its type.
fn changed(values: &str, scalars: &[(String, Range<usize>)]) -> String {
    let mut text = values.to_owned();
    let mut places: Vec<&Range<usize>> = scalars.iter().map(|(_, place)| place).collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.start));
    places.dedup();
    for place in places {
        let other = match &values[place.clone()] {
            "true" => "false",
            "false" => "true",
            scalar if scalar.parse::<f64>().is_ok() => "77",
            _ => "\"zq\"",
        };
        text.replace_range(place.clone(), other);
    }
    text
}

/// The path of a scalar that changes the output although nothing read it.
fn missed(case: &Case, text: &Str, reads: &ValueReads) -> Option<String> {
    let node = yaml::read(case.values.as_bytes(), &Limits::default()).ok()?;
    let mut scalars = Vec::new();
    unread(&node, &mut ValuesPath::default(), reads, &mut scalars);
    let differs = |scalars: &[(String, Range<usize>)]| {
        let other = rendered(&case.template, &changed(&case.values, scalars), None);
        other.is_none_or(|(other, _)| other != *text)
    };
    if scalars.is_empty() || !differs(&scalars) {
        return None;
    }
    let one = scalars.iter().find(|scalar| differs(std::slice::from_ref(scalar)));
    Some(one.map_or_else(|| "several values together".to_owned(), |(path, _)| path.clone()))
}

/// Output whose origin is a string of the values, but that is not in it.
fn misplaced(text: &Str, origins: &Origins) -> Option<String> {
    text.spans().iter().find_map(|span| {
        let Some(OriginData::Setting(setting)) = origins.get(span.origin) else { return None };
        let place = &setting.place;
        let written = place.file.bytes().get(place.start as usize..place.end as usize)?;
        // In a string without escapes, each byte is at its own position.
        let plain = written.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        let plain = plain.filter(|plain| !plain.contains(&b'\\'))?;
        let bytes = &text.as_bytes()[span.start as usize..span.end as usize];
        let there = plain.get(span.at as usize..span.at as usize + bytes.len());
        // `upper` keeps the position of each letter; a byte of a string (`index "str" 0`) is a number that the whole string
        // decided.
        let is_kept = there.is_some_and(|there| there.eq_ignore_ascii_case(bytes));
        let is_number = span.at == 0 && bytes.iter().all(u8::is_ascii_digit);
        (!is_kept && !is_number).then(|| {
            let (bytes, plain) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(plain));
            format!("{bytes:?} is not at {} of {plain:?}", span.at)
        })
    })
}

#[test]
fn what_functions_read_and_keep_is_recorded() {
    let mut wrong = Vec::new();
    let (mut compared, mut kept) = (0, 0);
    let mut called = BTreeSet::new();
    for case in cases() {
        let mut origins = Origins::new();
        let Some((text, reads)) = rendered(&case.template, &case.values, Some(&mut origins)) else { continue };
        compared += 1;
        kept += text.spans().len();
        called.extend(case.template.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        if let Some(path) = missed(&case, &text, &reads) {
            wrong.push(format!("{}: {} reads {path}, which is not recorded", case.name, case.template));
        }
        if let Some(why) = misplaced(&text, &origins) {
            wrong.push(format!("{}: {}: {why}", case.name, case.template));
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} templates:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 4_000 && kept > 4_000, "{compared} templates with {kept} spans");
    let functions = FAMILIES.iter().flat_map(|(_, functions)| functions.iter());
    let never: Vec<&str> = functions.map(|function| function.name).filter(|name| !called.contains(*name)).collect();
    assert_eq!(never, NEVER, "no template that renders calls these");
}

/// Functions that no template calls successfully: `call` needs a function as a value, `fail` always fails.
const NEVER: &[&str] = &["call", "fail"];

/// Calls of functions that no recorded template makes.
const OWN: &[&str] = &[
    "{{ biggest .Values.i 7 }}{{ minf .Values.f 2 }}{{ randInt 1 (int .Values.i) }}",
    "{{ mustLast .Values.l }}{{ mustRest .Values.l }}{{ mustInitial .Values.l }}{{ mustReverse .Values.l }}",
    "{{ mustAppend .Values.l .Values.s }}{{ mustPush .Values.l 1 }}{{ mustPrepend .Values.l .Values.i }}",
    "{{ mustUniq .Values.l }}{{ mustWithout .Values.l .Values.s }}{{ mustHas .Values.s .Values.l }}",
    "{{ mustCompact .Values.mix }}{{ mustChunk 2 .Values.l }}{{ mustSlice .Values.l 1 2 }}",
    "{{ mustToPrettyJson .Values.m }}{{ mustRegexFind \"t.\" .Values.s }}{{ mustRegexSplit \"t\" .Values.s -1 }}",
    "{{ date_in_zone \"2006-01-02\" (toDate \"2006\" \"2024\") \"UTC\" }}{{ mustToDate \"2006\" \"2024\" | date_modify \"1h\" }}",
    "{{ mustToDate \"2006\" \"2024\" | must_date_modify \"1h\" }}{{ sha512sum .Values.s }}",
    "{{ $key := genPrivateKey \"ecdsa\" }}{{ $ca := genCAWithKey .Values.s 1 $key }}\
     {{ (genSelfSignedCertWithKey .Values.s nil nil 1 $key).Cert }}{{ (genSignedCertWithKey .Values.s nil nil 1 $ca $key).Cert }}\
     {{ (buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key)).Cert }}",
];
