//! [`Statics`]: which values the code of the templates could read, executed or not, including disabled subcharts.
//!
//! Chains through `.Values` are rooted: they name a path. Others (`.image.registry` in a `define`, or below `with`) are relative:
//! they can only be reached through a rooted chain that passes a value on. If the code does not show what it reads, the answer is
//! that it could.

use super::dependencies::named_subcharts;
use super::{GLOBAL, ValueReads};
use crate::chart::Chart;
use crate::compiler::Compiler;
use crate::helm::HelmVersion;
use crate::source::{File, Place};
use crate::template::ast::{Arg, Branch, Command, NodeList, Pipe, TemplateNode};
use crate::template::{Flow, Function, Look};
use crate::values_path::{Key, ValuesPath};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the code of a release's charts could read, and the user's texts.
#[derive(Debug, Default)]
pub(crate) struct Statics {
    /// The same for all releases of a chart.
    code: Arc<Code>,
    /// Chains in the texts of the user.
    texts: Vec<Rooted>,
}

/// What the code of charts could read.
#[derive(Debug, Default)]
struct Code {
    rooted: Vec<Rooted>,
    relative: Vec<Relative>,
    /// Texts that could be keys of `index` and similar functions.
    words: BTreeSet<String>,
    /// The positions of charts in the values, including the top chart's empty one.
    prefixes: BTreeSet<ValuesPath>,
}

/// A chain through `.Values`.
#[derive(Debug)]
struct Rooted {
    /// The position of the chart in the values; `None` if any chart can execute it.
    prefix: Option<ValuesPath>,
    path: ValuesPath,
    usage: Usage,
    place: Site,
}

/// A chain through a value that was passed on.
#[derive(Debug)]
struct Relative {
    names: Box<[Arc<str>]>,
    place: Site,
}

#[derive(Debug, Clone)]
struct Site {
    file: Arc<File>,
    at: u32,
    /// Whether a render records its evaluation.
    is_noted: bool,
}

/// How the value of a chain is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Usage {
    /// It is tested.
    Test,
    /// It is passed on.
    Pass,
    /// All of it is printed or converted.
    Whole,
}

/// How liberally code is interpreted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading<'r> {
    /// Only code that names the path, or at least its last key.
    Named,
    /// Any code that could lead there; for code that the render executed, only what it read.
    Possible(Option<&'r ValueReads>),
}

impl Statics {
    /// Analyses the templates of a chart and of all its subcharts, once for all releases of the chart.
    pub(crate) fn of(chart: &Chart, compiler: &mut Compiler, helm: HelmVersion) -> Self {
        let code = compiler.derived(chart, helm, |compiler| {
            let mut code = Code::default();
            code.chart(chart, chart.name(), &ValuesPath::default(), compiler, helm);
            code
        });
        Self { code, texts: Vec::new() }
    }

    /// Adds the chains in a text that is not a template yet.
    pub(crate) fn text(&mut self, file: &Arc<File>) {
        self.texts.extend(chains(file));
    }

    fn rooted(&self) -> impl Iterator<Item = &Rooted> {
        self.code.rooted.iter().chain(&self.texts)
    }

    /// The position of the chart that a path leads into, and the rest of the path.
    fn scopes<'p>(&self, path: &'p [Key]) -> Vec<(ValuesPath, &'p [Key])> {
        let of = |prefix: &ValuesPath| path.strip_prefix(&**prefix).map(|rest| (prefix.clone(), rest));
        if path.first().is_some_and(|first| first.is(GLOBAL)) {
            return self.code.prefixes.iter().map(|prefix| (prefix.clone(), path)).collect();
        }
        self.code.prefixes.iter().filter_map(of).collect()
    }

    /// The innermost chart that a path leads into.
    pub(crate) fn prefix_of(&self, path: &[Key]) -> ValuesPath {
        let inside = self.code.prefixes.iter().filter(|prefix| path.starts_with(prefix));
        inside.max_by_key(|prefix| prefix.len()).cloned().unwrap_or_default()
    }

    /// A position in the code that could read a value.
    pub(crate) fn could_read(&self, path: &[Key], reading: Reading<'_>) -> Option<Place> {
        self.scopes(path).iter().find_map(|(prefix, rest)| self.could_read_from(prefix, rest, reading))
    }

    /// A position in the code of one chart that could read a value; the path is the chart's own.
    pub(crate) fn could_read_from(&self, prefix: &ValuesPath, path: &[Key], reading: Reading<'_>) -> Option<Place> {
        let mut rooted = self.rooted().filter(|one| one.prefix.as_ref().is_none_or(|own| own == prefix));
        rooted.find(|one| self.leads(one, path, reading)).map(|one| one.place.place())
    }

    fn leads(&self, one: &Rooted, path: &[Key], reading: Reading<'_>) -> bool {
        if one.path.starts_with(path) {
            return true;
        }
        let Some(below) = path.strip_prefix(&*one.path) else { return false };
        let is_top = one.path.is_empty();
        let open = match reading {
            Reading::Named => false,
            Reading::Possible(reads) => {
                !one.place.reached(reads) && (one.usage == Usage::Whole || one.usage == Usage::Pass && !is_top)
            }
        };
        open || one.usage != Usage::Test && self.is_named(below, reading)
    }

    /// Whether relative chains could end at the last of these steps, or before it.
    fn is_named(&self, steps: &[Key], reading: Reading<'_>) -> bool {
        let names: Vec<&str> = steps.iter().filter_map(Key::name).collect();
        let Some(last) = names.last() else { return true };
        let is_same = |(a, b): (&Arc<str>, &&str)| **a == **b;
        let ends = |chain: &[Arc<str>], names: &[&str]| chain.iter().rev().zip(names.iter().rev()).all(is_same);
        if self.code.words.contains(*last) || self.code.relative.iter().any(|one| ends(&one.names, &names)) {
            return true;
        }
        let Reading::Possible(reads) = reading else { return false };
        let mut unreached = self.code.relative.iter().filter(|one| !one.place.reached(reads));
        unreached.any(|one| (1..names.len()).any(|length| ends(&one.names, &names[..length])))
    }

    /// Whether a word is a string constant of the code.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.code.words.contains(word)
    }

    /// The values that code names, by the user's path.
    pub(crate) fn paths(&self) -> BTreeSet<ValuesPath> {
        let mut paths = BTreeSet::new();
        for one in self.rooted().filter(|one| !one.path.is_empty()) {
            let prefixes: Vec<&ValuesPath> = match &one.prefix {
                Some(prefix) => vec![prefix],
                None => self.code.prefixes.iter().collect(),
            };
            for prefix in prefixes {
                let above = if one.path[0].is(GLOBAL) { &[] } else { &**prefix };
                paths.insert(above.iter().chain(&one.path).cloned().collect());
            }
        }
        paths
    }

    /// The charts by their positions in the values.
    pub(crate) fn prefixes(&self) -> &BTreeSet<ValuesPath> {
        &self.code.prefixes
    }
}

impl Code {
    fn chart(
        &mut self,
        chart: &Chart,
        full_path: &str,
        prefix: &ValuesPath,
        compiler: &mut Compiler,
        helm: HelmVersion,
    ) {
        self.prefixes.insert(prefix.clone());
        for template in &chart.templates {
            let name = format!("{full_path}/{}", template.path);
            let Some(compiled) = compiler.compile_to_inspect(&name, &template.file, helm) else {
                self.rooted.extend(chains(&template.file));
                continue;
            };
            for template in &compiled.templates {
                let is_body = template.name.as_bytes() == name.as_bytes();
                let file = &template.file;
                let mut walk = Walk { found: self, prefix: is_body.then_some(prefix), file };
                walk.list(&template.body);
            }
        }
        // Their content can be passed to `tpl`.
        self.rooted.extend(chart.files.iter().flat_map(|file| chains(&file.file)));
        if let Some(values) = &chart.values {
            self.rooted.extend(chains(&values.file));
        }
        for (name, subchart) in named_subcharts(chart) {
            let prefix = prefix.with(name.as_str());
            self.chart(subchart, &format!("{full_path}/charts/{name}"), &prefix, compiler, helm);
        }
    }
}

/// Chains in a text that is not a template yet.
fn chains(file: &Arc<File>) -> impl Iterator<Item = Rooted> {
    const MARK: &[u8] = b".Values.";
    memchr::memmem::find_iter(file.bytes(), MARK).map(|at| {
        let start = at + MARK.len();
        let is_of_chain = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
        let chain: String = file.bytes()[start..].iter().take_while(is_of_chain).copied().map(char::from).collect();
        let path = ValuesPath::of_dots(chain.trim_matches('.'));
        let place = Site { file: file.clone(), at: start as u32, is_noted: false };
        Rooted { prefix: None, path, usage: Usage::Pass, place }
    })
}

impl Site {
    fn place(&self) -> Place {
        Place { file: self.file.clone(), start: self.at, end: self.at }
    }

    fn reached(&self, reads: Option<&ValueReads>) -> bool {
        self.is_noted && reads.is_some_and(|reads| reads.reached(&self.file, self.at))
    }
}

/// The most chains that are followed through a pipeline, each with a `default` of its own: far more than anybody writes.
const MOST_PIPED: usize = 100;

/// The walk over one template.
struct Walk<'w> {
    found: &'w mut Code,
    /// `None` in a `define`.
    prefix: Option<&'w ValuesPath>,
    file: &'w Arc<File>,
}

/// A path that an operand names, with the position of its chain.
type Base = (ValuesPath, u32);

impl Walk<'_> {
    fn list(&mut self, list: &NodeList) {
        for node in &list.nodes {
            match node {
                TemplateNode::Action { pipe, .. } => {
                    self.pipe(pipe, if pipe.decl.is_empty() { Usage::Whole } else { Usage::Pass });
                }
                TemplateNode::If(branch) => self.branch(branch, Usage::Test),
                TemplateNode::With(branch) | TemplateNode::Range(branch) => self.branch(branch, Usage::Pass),
                TemplateNode::Template { pipe: Some(pipe), .. } => self.pipe(pipe, Usage::Pass),
                TemplateNode::Template { .. }
                | TemplateNode::Text { .. }
                | TemplateNode::Break(_)
                | TemplateNode::Continue(_) => {}
            }
        }
    }

    fn branch(&mut self, branch: &Branch, usage: Usage) {
        let usage = if branch.pipe.decl.is_empty() { usage } else { Usage::Pass };
        self.pipe(&branch.pipe, usage);
        self.list(&branch.list);
        branch.else_list.iter().for_each(|list| self.list(list));
    }

    fn pipe(&mut self, pipe: &Pipe, usage: Usage) {
        // How the rest of the pipeline uses the value of each command, from the last to the first.
        let mut usages = vec![usage];
        for command in pipe.cmds.iter().skip(1).rev() {
            let usage = usages[usages.len() - 1];
            usages.push(function_of(command).map_or(usage, |function| argument_usage(function, usage)));
        }
        let mut piped = Vec::new();
        for (command, usage) in pipe.cmds.iter().zip(usages.into_iter().rev()) {
            self.command(command, usage, &piped);
            if pipe.cmds.len() > 1 {
                piped = bases_of_command(command, &piped);
                piped.truncate(MOST_PIPED);
            }
        }
    }

    fn command(&mut self, command: &Command, usage: Usage, piped: &[Base]) {
        let Some(function) = function_of(command) else {
            command.args.iter().for_each(|arg| self.arg(arg, usage));
            // A method, `.Values.PathValue "a.b"`: only those of `.Values` take paths.
            for path in literals(command) {
                self.rooted(ValuesPath::of_dots(&path), usage, command.pos);
            }
            return;
        };
        let is_lookup = is_lookup(function);
        let found = if is_lookup { bases_of_command(command, piped) } else { Vec::new() };
        let found_below = !found.is_empty();
        for (path, at) in found {
            self.rooted(path, usage, at);
        }
        let words = literals(command);
        if is_lookup && !found_below && !words.is_empty() {
            self.relative(words.into_iter().map(Arc::from).collect(), command.pos);
        }
        let usage = match found_below {
            // The lookup is recorded above; the container itself is not passed on.
            true => Usage::Test,
            false => argument_usage(function, usage),
        };
        command.args[1..].iter().for_each(|arg| self.arg(arg, usage));
    }

    fn arg(&mut self, arg: &Arg, usage: Usage) {
        match arg {
            Arg::Field { pos, ident } => self.chain(ident, usage, *pos),
            Arg::Variable(variable) => self.chain(&variable.ident[1..], usage, variable.pos),
            Arg::Chain { pos, node, field } => {
                let bases = bases(node);
                if bases.is_empty() || field.iter().any(|name| &**name == "Values") {
                    self.chain(field, usage, *pos);
                    self.arg(node, Usage::Pass);
                    return;
                }
                for (path, at) in bases {
                    self.rooted(path.into_iter().chain(to_path(field)).collect(), usage, at);
                }
                self.arg(node, Usage::Test);
            }
            Arg::Pipe(pipe) => self.pipe(pipe, usage),
            Arg::String { text, .. } => {
                let text = text.to_text();
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
                if !text.is_empty() && text.chars().all(is_word) && !self.found.words.contains(&*text) {
                    self.found.words.insert(text.into_owned());
                }
            }
            Arg::Dot(_) | Arg::Nil(_) | Arg::Bool(..) | Arg::Constant(_) | Arg::Identifier { .. } => {}
        }
    }

    fn chain(&mut self, names: &[Arc<str>], usage: Usage, at: u32) {
        match names.iter().position(|name| &**name == "Values") {
            Some(values) => {
                let path = to_path(&names[values + 1..]);
                match values {
                    0 => self.rooted(path, usage, at),
                    // `.Subcharts.db.Values.x`, `.context.Values.x`: the values of any chart.
                    _ => {
                        let place = self.site(at);
                        self.found.rooted.push(Rooted { prefix: None, path, usage, place });
                    }
                }
            }
            None if names.is_empty() => {}
            None => self.relative(names.into(), at),
        }
    }

    fn rooted(&mut self, path: ValuesPath, usage: Usage, at: u32) {
        let place = self.site(at);
        self.found.rooted.push(Rooted { prefix: self.prefix.cloned(), path, usage, place });
    }

    fn relative(&mut self, names: Box<[Arc<str>]>, at: u32) {
        let place = self.site(at);
        self.found.relative.push(Relative { names, place });
    }

    fn site(&self, at: u32) -> Site {
        Site { file: self.file.clone(), at, is_noted: true }
    }
}

fn to_path(names: &[Arc<str>]) -> ValuesPath {
    names.iter().map(Key::from).collect()
}

fn function_of(command: &Command) -> Option<&'static Function> {
    match command.args.first() {
        Some(Arg::Identifier { function, .. }) => Some(function),
        _ => None,
    }
}

/// How an argument of a function is used if its result is used in some way.
fn argument_usage(function: &Function, usage: Usage) -> Usage {
    match (function.look, function.flow) {
        (Look::Whole, _) => Usage::Whole,
        (Look::Nothing | Look::Members, Flow::None) => Usage::Test,
        (Look::Nothing, _) if matches!(function.name, "include" | "tpl") => Usage::Pass,
        (Look::Nothing, _) => usage,
        (Look::Members | Look::Some, _) => Usage::Pass,
    }
}

/// Functions that read one member by its key.
fn is_lookup(function: &Function) -> bool {
    matches!(function.name, "index" | "get" | "hasKey" | "dig" | "pluck" | "pick")
}

/// The strings among the arguments, as keys; for `dig`, without its default.
fn literals(command: &Command) -> Vec<String> {
    let strings = command.args[1..].iter().filter_map(|arg| match arg {
        Arg::String { text, .. } => Some(text.to_text().into_owned()),
        _ => None,
    });
    strings.collect()
}

/// The paths that an operand can be.
fn bases(arg: &Arg) -> Vec<Base> {
    let of = |names: &[Arc<str>], at| {
        let values = names.iter().position(|name| &**name == "Values");
        values.filter(|&values| values == 0).map(|_| (to_path(&names[1..]), at)).into_iter().collect()
    };
    match arg {
        Arg::Field { pos, ident } => of(ident, *pos),
        Arg::Variable(variable) if &*variable.ident[0] == "$" => of(&variable.ident[1..], variable.pos),
        Arg::Chain { node, field, .. } => {
            let longer = |(path, at): Base| (path.into_iter().chain(to_path(field)).collect(), at);
            bases(node).into_iter().map(longer).collect()
        }
        Arg::Pipe(pipe) => {
            let cmds = pipe.cmds.iter();
            cmds.fold(Vec::new(), |piped, command| bases_of_command(command, &piped))
        }
        _ => Vec::new(),
    }
}

fn bases_of_command(command: &Command, piped: &[Base]) -> Vec<Base> {
    let Some(function) = function_of(command) else {
        return match command.args.as_slice() {
            [arg] => bases(arg),
            _ => Vec::new(),
        };
    };
    let all = |args: &[Arg]| args.iter().flat_map(bases).chain(piped.iter().cloned()).collect::<Vec<Base>>();
    let args = &command.args[1..];
    match function.name {
        "default" | "coalesce" | "ternary" | "or" | "and" | "required" => all(args),
        "index" | "get" | "hasKey" | "dig" | "pluck" | "pick" => {
            let mut keys = literals(command);
            let is_computed = args.iter().filter(|arg| !matches!(arg, Arg::String { .. })).count() > 1;
            if keys.is_empty() || function.name == "index" && is_computed {
                return Vec::new();
            }
            if function.name == "dig" && keys.len() > 1 && !is_computed {
                keys.pop();
            }
            // With `pick`, each key is a member of the same map; with the others, each is a member of the previous one.
            let ways: Vec<ValuesPath> = match function.name {
                "pick" => keys.into_iter().map(|key| vec![Key::from(key)].into()).collect(),
                _ => vec![keys.into_iter().map(Key::from).collect()],
            };
            let longer =
                |(path, at): &Base, way: &ValuesPath| (path.iter().chain(way).cloned().collect::<ValuesPath>(), *at);
            all(args).iter().flat_map(|base| ways.iter().map(|way| longer(base, way)).collect::<Vec<Base>>()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs;
    use crate::template::set::Compiled;

    /// What a template of a chart could read, of these paths.
    fn readable(template: &str, paths: &[&str], reading: Reading<'_>) -> Vec<String> {
        let file = File::new("app/templates/x.yaml", template);
        let compiled = Compiled::parse("app/templates/x.yaml", &file, funcs::lookup_of(HelmVersion::V4), usize::MAX);
        let compiled = compiled.expect("a template");
        let (mut found, prefix) = (Code::default(), ValuesPath::default());
        found.prefixes.insert(prefix.clone());
        for template in &compiled.templates {
            let is_body = template.name.as_bytes() == b"app/templates/x.yaml";
            let mut walk = Walk { found: &mut found, prefix: is_body.then_some(&prefix), file: &file };
            walk.list(&template.body);
        }
        let found = Statics { code: Arc::new(found), texts: Vec::new() };
        let could = |path: &&&str| found.could_read(&path.parse::<ValuesPath>().unwrap(), reading).is_some();
        paths.iter().filter(could).map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn chains_lookups_and_what_is_handed_on() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("{{ .Values.a.b }}", &["a.b", "a.c", "b", "a"], &["a.b", "a"]),
            ("{{ $.Values.a }}{{ (.Values.c).d }}", &["a", "a.x", "c.d", "c.e"], &["a", "c.d"]),
            (r#"{{ index .Values "a" "b-c" }}"#, &["a.b-c", "a.x"], &["a.b-c"]),
            (r#"{{ (pick .Values.a "b" "c") | toYaml }}"#, &["a.b", "a.c", "a.d"], &["a.b", "a.c"]),
            (r#"{{ .Values.PathValue "a.b" }}"#, &["a.b", "a.c"], &["a.b"]),
            (r#"{{ (get .Values.a "b").c }}"#, &["a.b.c", "a.b.d"], &["a.b.c"]),
            (r#"{{ dig "a" "b" "no" (.Values | merge dict) }}"#, &["x.a.b", "a.b", "a.c"], &["x.a.b", "a.b"]),
            (
                r#"{{ with .Values.image }}{{ .registry }}{{ end }}"#,
                &["image.registry", "image.tag"],
                &["image.registry"],
            ),
            (
                r#"{{ define "i" }}{{ .i.tag }}{{ end }}{{ include "i" (dict "i" .Values.web) }}"#,
                &["web.tag", "web.x"],
                &["web.tag"],
            ),
            ("{{ if .Values.a }}x{{ end }}", &["a", "a.b"], &["a"]),
            ("{{ $v := .Values }}{{ $v.image.tag }}", &["image.tag", "image.x"], &["image.tag"]),
            (
                "{{ range $k, $v := .Values.hosts }}{{ $v.name }}{{ end }}",
                &["hosts[0].name", "hosts[0].nmae"],
                &["hosts[0].name"],
            ),
            ("{{ .Values.global.imageRegistry }}", &["global.imageRegistry", "global.hub"], &["global.imageRegistry"]),
        ];
        for (template, paths, expected) in cases {
            assert_eq!(readable(template, paths, Reading::Named), *expected, "{template}");
        }
        // What is not executed could read all that it is given.
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("{{ toYaml .Values.a | nindent 2 }}", &["a.b.c", "b"], &["a.b.c"]),
            ("{{ .Values.a | default dict | toYaml }}", &["a.b.c"], &["a.b.c"]),
            ("{{ with .Values.a }}{{ include .name . }}{{ end }}", &["a.b", "b"], &["a.b"]),
            ("{{ if and .Values.a (not .Values.b) }}{{ end }}", &["a.x", "b.x", "b"], &["b"]),
        ];
        for (template, paths, expected) in cases {
            assert_eq!(readable(template, paths, Reading::Possible(None)), *expected, "{template}");
        }
    }
}
