//! [`ReadFlow`]: which values the code of a release can read, executed or not, followed through everything that passes values on:
//! helpers and their arguments, maps and lists that code creates, merges, keys given as text, loops, texts for `tpl`.
//!
//! Every template is walked with all of its possible arguments, both ways at each branch, until nothing changes. For code that
//! the render executed, the render itself knows what it read; where such code does not show what it reads (`toYaml`, a computed
//! key), the render's answer is used.

mod answers;
mod call;
mod engine;
mod frames;
mod lookup;
mod read;
mod sets;
mod settled;
mod value;
mod walk;

use super::ValueReads;
use super::dependencies::named_subcharts;
use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::glob::Glob;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::{File, Place};
use crate::template::ast::Template;
use crate::values_path::{Key, ValuesPath};
use crate::yaml::{Data, Node};
use answers::Site;
use engine::Engine;
use read::{Read, found};
use std::collections::BTreeSet;
use std::sync::Arc;
use value::{Atom, Step};

/// The most rounds until nothing changes.
const MOST_ROUNDS: u32 = 10;
/// The index for no call: in text that is not a template yet.
const NO_FRAME: u32 = u32::MAX;

/// What the code of a release can read.
#[derive(Debug, Default)]
pub(crate) struct ReadFlow {
    reads: Vec<Read>,
    is_complete: bool,
}

impl ReadFlow {
    /// Follows the values of a release; `is_rendered` says for a position in the values whether its chart is enabled.
    pub(crate) fn of(
        chart: &Chart,
        helm: HelmVersion,
        compiler: &mut Compiler,
        reads: &ValueReads,
        is_rendered: &dyn Fn(&[Key]) -> bool,
    ) -> Self {
        let mut engine = Engine::new(compiler, helm, reads);
        let (mut bodies, mut files) = (Vec::new(), Vec::new());
        add_chart(&mut engine, chart, chart.name(), &mut ValuesPath::default(), &mut bodies, &mut files);
        let settings = reads.settings().iter().filter_map(|setting| Some((&setting.path, setting.text.as_ref()?)));
        for (path, text) in settings {
            let text = text.to_text();
            if text.contains("{{") {
                let file = File::new("a value", text.as_bytes());
                for scope in 0..engine.scopes.len() {
                    if path.starts_with(&engine.scopes[scope].prefix) {
                        add_text(&mut engine, scope, &text, &file, 0, &mut bodies);
                    }
                }
            }
        }
        for round in 1..=MOST_ROUNDS {
            (engine.round, engine.changed) = (round, false);
            for (template, scope, may_run) in &bodies {
                let is_live = *may_run && is_rendered(&engine.scopes[*scope].prefix);
                let root = engine.sets.one(Atom::Root(*scope as u32));
                if let Some(frame) = engine.frame(template, root, *scope, is_live) {
                    engine.call(frame);
                }
            }
            let asked: Vec<ChartText> = files.extract_if(.., |file| is_asked_for(file, &engine)).collect();
            for (scope, _, file) in &asked {
                let text = String::from_utf8_lossy(file.bytes()).into_owned();
                add_text(&mut engine, *scope, &text, file, 0, &mut bodies);
            }
            if engine.is_cut || !engine.changed && asked.is_empty() {
                break;
            }
        }
        Self { is_complete: !engine.is_cut && !engine.changed, reads: found(&mut engine) }
    }

    /// Whether all code was followed to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// A position in the code that can read a value, although this render did not read it.
    pub(crate) fn can_read(&self, path: &[Key]) -> Option<&Place> {
        // Reading a list reads its elements, unless they are maps.
        let length = path.iter().rposition(|step| !step.is_index()).map_or(0, |last| last + 1);
        self.reads.iter().find_map(|read| read.reads(&path[..length]))
    }

    /// A position that names a value, in templates of the chart at a position in the values.
    pub(crate) fn names_in(&self, chart: &ValuesPath, path: &[Key]) -> Option<&Place> {
        let named = self.reads.iter().filter(|read| read.named().is_some_and(|named| *named == *path));
        named.filter_map(|read| read.charts.get(chart)).next()
    }

    /// The values that code names.
    pub(crate) fn paths(&self) -> BTreeSet<ValuesPath> {
        self.reads.iter().filter_map(Read::named).collect()
    }
}

/// A template that is executed for a chart with the usual data; and whether the render executes it.
type Body = (Arc<Template>, usize, bool);

/// A file of a chart that may be a template: its chart, its path, its content.
type ChartText = (usize, String, Arc<File>);

/// Whether code reads a file.
fn is_asked_for((scope, path, _): &ChartText, engine: &Engine<'_>) -> bool {
    engine.asked.iter().any(|(chart, name)| {
        chart == scope
            && match name {
                Step::Key(name) => {
                    let (name, steps) = (engine.sets.str(*name), Limits::default().glob_steps);
                    **name == **path || Glob::parse(name).is_ok_and(|glob| glob.matches(path, steps) == Ok(true))
                }
                // A documentation page is for other programs than helm.
                Step::Any => !path.contains(".md"),
            }
    })
}

fn add_chart(
    engine: &mut Engine<'_>,
    chart: &Chart,
    full_path: &str,
    prefix: &mut ValuesPath,
    bodies: &mut Vec<Body>,
    files: &mut Vec<ChartText>,
) -> usize {
    let name = full_path.rsplit('/').next().unwrap_or_default().to_owned();
    let scope = engine.add_scope(prefix.clone(), full_path.to_owned(), name);
    for template in &chart.templates {
        let name = format!("{full_path}/{}", template.path);
        let Some(compiled) = engine.compiler.compile_to_inspect(&name, &template.file, engine.helm) else {
            chains(engine, scope, &template.file);
            continue;
        };
        let is_partial = template.path.rsplit('/').next().is_some_and(|file| file.starts_with('_'));
        for template in &compiled.templates {
            engine.named.entry(template.name.as_bytes().to_vec()).or_default().push(template.clone());
            if template.name == compiled.name && !is_partial {
                bodies.push((template.clone(), scope, true));
            }
        }
    }
    let mut children = Vec::new();
    for (name, subchart) in named_subcharts(chart) {
        prefix.push(name.as_str());
        children.push(add_chart(engine, subchart, &format!("{full_path}/charts/{name}"), prefix, bodies, files));
        prefix.pop();
    }
    engine.scopes[scope].children = children;
    // The content of these can be passed to `tpl`.
    let templates = chart.files.iter().filter(|file| memchr::memmem::find(file.file.bytes(), b"{{").is_some());
    files.extend(templates.map(|file| (scope, file.path.clone(), file.file.clone())));
    if let Some(values) = &chart.values {
        for document in &values.documents {
            add_texts(engine, scope, document, &values.file, bodies);
        }
    }
    scope
}

/// The texts in a chart's values that may be templates; those below a subchart's key belong to the subchart, too.
fn add_texts(engine: &mut Engine<'_>, scope: usize, node: &Node, file: &Arc<File>, bodies: &mut Vec<Body>) {
    match &node.data {
        Data::Str(text) => {
            let text = text.to_text();
            if text.contains("{{") {
                add_text(engine, scope, &text, file, node.start, bodies);
            }
        }
        Data::Seq(items) => items.iter().for_each(|item| add_texts(engine, scope, item, file, bodies)),
        Data::Map(members) => {
            for (entry, node) in members {
                add_texts(engine, scope, node, file, bodies);
                let children = engine.scopes[scope].children.iter();
                let child = children.copied().find(|&child| entry.key == *engine.scopes[child].name.as_str());
                if let Some(child) = child {
                    add_texts(engine, child, node, file, bodies);
                }
            }
        }
        _ => {}
    }
}

fn add_text(engine: &mut Engine<'_>, scope: usize, text: &str, file: &Arc<File>, at: u32, bodies: &mut Vec<Body>) {
    let source = engine.sets.text(text);
    match engine.compile(source) {
        Some(compiled) => {
            let own = compiled.templates.iter().filter(|template| template.name == compiled.name);
            bodies.extend(own.map(|template| (template.clone(), scope, false)));
        }
        None => chains_in(engine, scope, text, file, at),
    }
}

fn chains(engine: &mut Engine<'_>, scope: usize, file: &Arc<File>) {
    let text = String::from_utf8_lossy(file.bytes()).into_owned();
    chains_in(engine, scope, &text, file, 0);
}

/// Chains in a text that is not a template itself.
fn chains_in(engine: &mut Engine<'_>, scope: usize, text: &str, file: &Arc<File>, from: u32) {
    const MARK: &str = ".Values.";
    let number = engine.file(file) as u32;
    for (at, _) in text.match_indices(MARK) {
        let chain = &text[at + MARK.len()..];
        let end = chain.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(chain.len());
        let mut value = engine.values_of(scope);
        let site = Site { file: number, at: from + at as u32, frame: NO_FRAME };
        for step in chain[..end].trim_matches('.').split('.') {
            let key = engine.sets.key(step);
            value = engine.member(value, key, site);
        }
        engine.whole(value, site);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::chart;

    /// What a chart can read of these paths, where nothing is known of a render.
    fn readable(chart: &Chart, paths: &[&str]) -> Vec<String> {
        let flow = ReadFlow::of(chart, HelmVersion::V4, &mut Compiler::new(), &ValueReads::default(), &|_| false);
        assert!(flow.is_complete());
        paths
            .iter()
            .filter(|path| flow.can_read(&path.parse::<ValuesPath>().unwrap()).is_some())
            .map(|path| (*path).to_owned())
            .collect()
    }

    #[test]
    fn values_are_followed_through_what_hands_them_on() {
        let get = r#"{{ define "get" }}{{ $o := .context.Values }}{{ range splitList "." .key }}{{ $o = index $o . }}{{ end }}{{ $o }}{{ end }}"#;
        let print = r#"{{ define "print" }}{{ tpl (toYaml .value) .context }}{{ end }}"#;
        let cases: &[(&[&str], &[&str], &[&str])] = &[
            (&["{{ .Values.a.b }}"], &["a.b", "a.c", "a", "b"], &["a.b", "a"]),
            (
                &["{{ include \"i\" (dict \"v\" .Values) }}", "{{ define \"i\" }}{{ .v.a.b }}{{ end }}"],
                &["a.b", "b", "x.b"],
                &["a.b"],
            ),
            (
                &["{{ include \"i\" . }}", "{{ define \"i\" }}{{ with .Values.a }}{{ .b }}{{ end }}{{ end }}"],
                &["a.b", "x.b"],
                &["a.b"],
            ),
            (&[r#"{{ include "get" (dict "key" "a.b" "context" $) }}"#, get], &["a.b", "a.c", "b"], &["a.b"]),
            (&[r#"{{ include "get" (dict "key" (printf "%s.b" "a") "context" .) }}"#, get], &["a.b", "a.c"], &["a.b"]),
            (&[r#"{{ include "print" (dict "value" .Values.a "context" $) }}"#, print], &["a.b.c", "b"], &["a.b.c"]),
            (&["{{ toYaml (omit .Values.a \"b\") }}"], &["a.b", "a.c"], &["a.c"]),
            (&["{{ (omit .Values.a \"b\").b }}"], &["a.b"], &[]),
            (&["{{ toYaml (pick .Values.a \"b\") }}"], &["a.b.c", "a.c"], &["a.b.c"]),
            (&["{{ $m := merge (dict \"b\" 1) .Values.a }}{{ toYaml $m }}"], &["a.b", "a.c"], &["a.c"]),
            (&["{{ $m := mergeOverwrite (dict \"b\" 1) .Values.a }}{{ $m.b }}"], &["a.b", "a.c"], &["a.b"]),
            (&["{{ $m := merge .Values.a .Values.d }}{{ $m.b }}"], &["a.b", "d.b", "d.c"], &["a.b", "d.b"]),
            (&["{{ $_ := set .Values \"x\" .Values.a }}{{ .Values.x.b }}"], &["a.b", "a.c"], &["a.b"]),
            (&["{{ $d := dict }}{{ $_ := set $d \"v\" .Values.a }}{{ $d.v.b }}"], &["a.b", "a.c"], &["a.b"]),
            (
                &["{{ range .Values.l }}{{ .b }}{{ end }}{{ range .Values.m }}{{ . }}{{ end }}"],
                &["l[0].b", "l[0].c", "m[1]"],
                &["l[0].b", "m[1]"],
            ),
            (&["{{ range $k, $v := .Values.a }}{{ $v.b }}{{ end }}"], &["a.x.b", "a.x.c"], &["a.x.b"]),
            (&["{{ range $k := list \"x\" \"y\" }}{{ index $.Values $k }}{{ end }}"], &["x", "y", "z"], &["x", "y"]),
            (&["{{ range tuple .Values.a .Values.d }}{{ .b }}{{ end }}"], &["a.b", "d.b", "d.c"], &["a.b", "d.b"]),
            (&["{{ index .Values .Values.key \"b\" }}"], &["x.b", "x.c"], &["x.b"]),
            (&["{{ (first (list .Values.a .Values.d)).b }}"], &["a.b", "d.b"], &["a.b"]),
            (&["{{ (.Values.a | default .Values.d).b }}"], &["a.b", "d.b", "d.c"], &["a.b", "d.b"]),
            (&["{{ dig \"a\" \"b\" \"\" .Values }}"], &["a.b", "a.c"], &["a.b"]),
            (&["{{ .Values.PathValue \"a.b\" }}"], &["a.b", "a.c"], &["a.b"]),
            (&["{{ if .Values.a }}{{ fail \"x\" }}{{ else }}{{ .Values.d.b }}{{ end }}"], &["d.b", "d.c"], &["d.b"]),
            (
                &["{{ $v := .Values }}{{ $w := $v.a }}{{ if $w }}{{ $w = $v.d }}{{ end }}{{ $w.b }}"],
                &["a.b", "d.b", "b"],
                &["a.b", "d.b"],
            ),
            (&["{{ toYaml .Values | sha256sum }}"], &["a.b", "b"], &["a.b", "b"]),
            (
                &[
                    r#"{{ include "env" (dict "of" .Values.x) }}"#,
                    r#"{{ define "env" }}{{ range $k, $v := .of }}{{ include "env" (dict "of" $v) }}{{ end }}{{ end }}"#,
                ],
                &["x.a.b.c.d.e.f", "y"],
                &["x.a.b.c.d.e.f"],
            ),
            (&["{{ if .Values.a }}{{ toYaml . }}{{ end }}"], &["a", "c"], &["a"]),
            // It calls `include` without arguments, and fails.
            (&["{{ printf \"%s-x\" include \"i\" . }}", "{{ define \"i\" }}{{ end }}"], &["a"], &[]),
            (
                &["{{ include (printf \"%s.i\" .Chart.Name) . }}", "{{ define \"app.i\" }}{{ .Values.a }}{{ end }}"],
                &["a", "b"],
                &["a"],
            ),
            (&["{{ include .Values.name .Values.a }}"], &["a.b", "b"], &["a.b"]),
            (&["{{ include (print $.Template.BasePath \"/1.yaml\") . }}", "{{ .Values.a }}"], &["a", "b"], &["a"]),
            (&["{{ tpl .Values.text . }}"], &["t.u", "t.x"], &["t.u"]),
            (&["{{ tpl \"{{ .Values.a.b }}\" . }}"], &["a.b", "a.c"], &["a.b"]),
            (&["{{ .Values.global.a }}"], &["global.a", "global.b", "db.global.a"], &["global.a"]),
            (&["{{ .Subcharts.db.Values.a }}"], &["db.a", "db.b"], &["db.a", "db.b"]),
            (
                &["{{ define \"loop\" }}{{ .a }}{{ include \"loop\" .b }}{{ end }}{{ include \"loop\" .Values.x }}"],
                &["x.b.a", "x.c"],
                &["x.b.a"],
            ),
        ];
        for (templates, paths, expected) in cases {
            let db = chart("db", &["{{ .Values.b }}"], "{}", Vec::new());
            let app = chart("app", templates, "{text: '{{ .Values.t.u }}'}", vec![db]);
            assert_eq!(readable(&app, paths), *expected, "{templates:?}");
        }
    }

    #[test]
    fn maps_that_are_merged_again_and_again_are_looked_up_once() {
        let merges = "{{ $c := merge (dict) $a $b }}{{ $a = $b }}{{ $b = $c }}".repeat(60);
        let template = format!("{{{{ $a := dict \"v\" .Values.a }}}}{{{{ $b := dict }}}}{merges}{{{{ $b.v.x }}}}");
        let app = chart("app", &[&template], "{}", Vec::new());
        assert_eq!(readable(&app, &["a.x", "a.y"]), ["a.x"]);
    }
}
