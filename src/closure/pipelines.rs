//! What the pipelines of templates say by themselves: which templates they call, which maps they change, and which values they name.

use super::part_names;
use super::usage::function;
use crate::images::rendered::may_name_an_image;
use crate::template::ast::{Arg, Command, NodeList, Pipe, TemplateNode};
use crate::template::{Map, Value};
use crate::trace::Str;
use crate::values_path::{Key, ValuesPath};
use std::collections::{BTreeSet, HashMap};

/// The values of a chart in the data of its templates.
pub(super) const VALUES: &str = "Values";

/// The address of a node, which does not move while the template is compiled.
pub(super) fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value) as usize
}

/// What `.` is, as far as known.
#[derive(Debug, Clone)]
pub(super) enum Dot {
    /// The data of a file.
    Top,
    /// A value of the chart.
    Value(ValuesPath),
    Unknown,
}

/// Whether the text of a line may name an image, or a part of one.
pub(super) fn line_names_an_image(line: &[u8]) -> bool {
    let is_key_of = |names: &[&[u8]]| names.iter().any(|name| memchr::memmem::find(line, name).is_some());
    if is_key_of(&[b"ullPolicy", b"ullSecret"]) && !is_key_of(&[b"image:", b"repository:", b"registry:"]) {
        return false;
    }
    may_name_an_image(line) || {
        let end = line.trim_ascii_end();
        let end = end.strip_suffix(b"\"").or_else(|| end.strip_suffix(b"'")).unwrap_or(end).trim_ascii_end();
        [&b"tag:"[..], b"Tag:", b"digest:", b"TAG:"].iter().any(|name| end.ends_with(name))
    }
}

/// By variable: whether it only ever holds new maps, so that changing them has no effect elsewhere.
pub(super) type Fresh = HashMap<String, bool>;

/// What an operand is.
pub(super) fn chain_of(arg: &Arg, dot: &Dot) -> Dot {
    let (base, names) = match arg {
        Arg::Dot(_) => return dot.clone(),
        Arg::Field { ident, .. } => (dot.clone(), &ident[..]),
        Arg::Variable(variable) if &*variable.ident[0] == "$" => (Dot::Top, &variable.ident[1..]),
        Arg::Variable(variable) => (Dot::Unknown, &variable.ident[1..]),
        Arg::Chain { node, field, .. } => match &**node {
            Arg::Pipe(pipe) => match pipe.cmds.as_slice() {
                [command] if command.args.len() == 1 => (chain_of(&command.args[0], dot), &field[..]),
                _ => return Dot::Unknown,
            },
            _ => return Dot::Unknown,
        },
        _ => return Dot::Unknown,
    };
    // `.context.Values.image` in a helper is a value of the chart as well.
    if let (Dot::Top | Dot::Unknown, Some(at)) = (&base, names.iter().position(|name| &**name == VALUES)) {
        return Dot::Value(names[at + 1..].iter().map(Key::from).collect());
    }
    match (base, names.split_first()) {
        (base, None) => base,
        (Dot::Top | Dot::Unknown, Some((first, _))) => match &**first {
            "Release" | "Chart" | "Capabilities" | "Template" | "Files" => Dot::Top,
            _ => Dot::Unknown,
        },
        (Dot::Value(path), Some(_)) => Dot::Value(path.iter().cloned().chain(names.iter().map(Key::from)).collect()),
    }
}

pub(super) fn value_at(values: &Map, path: &ValuesPath) -> Option<Value> {
    let mut value = Value::Map(values.clone());
    for key in path.iter() {
        // An element of a list has what the list has.
        match &value {
            Value::Map(map) => value = map.get(key.name()?.as_bytes())?,
            Value::List(_) => return Some(value),
            _ => return None,
        }
    }
    Some(value)
}

/// The values with a name, wherever they are in maps.
pub(super) fn values_of(value: &Value, name: &str, depth: u32, found: &mut Vec<Value>) {
    let Value::Map(map) = value else { return };
    for (key, value) in map.entries() {
        if key.as_bytes() == name.as_bytes() {
            found.push(value.clone());
        }
        if depth > 0 {
            values_of(&value, name, depth - 1, found);
        }
    }
}

/// Whether a value contains a key or a text that may name an image. Templates in texts are given to `template`; whether these name
/// one is for the caller to find out.
pub(super) fn names_an_image(value: &Value, depth: u32, template: &mut dyn FnMut(&Str)) -> bool {
    match value {
        Value::Str(text) if memchr::memmem::find(text.as_bytes(), b"{{").is_some() => {
            template(text);
            false
        }
        Value::Str(text) => may_name_an_image(text.as_bytes()),
        Value::List(list) => depth > 0 && list.iter().any(|item| names_an_image(item, depth - 1, template)),
        Value::Map(map) => {
            depth == 0
                || map.entries().iter().any(|(key, value)| {
                    line_names_an_image(key.as_bytes()) && !is_empty(value)
                        || names_an_image(value, depth - 1, template)
                })
        }
        _ => false,
    }
}

/// Whether a value contains anything that may name an image, or a template.
pub(super) fn may_contain_an_image(value: &Value, depth: u32) -> bool {
    let mut has_templates = false;
    names_an_image(value, depth, &mut |_| has_templates = true) || has_templates
}

fn is_empty(value: &Value) -> bool {
    !value.truth()
}

/// The addresses of all pipelines of a list of nodes, but not of those that they call.
pub(super) fn pipes_of(list: &NodeList) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    collect_pipes(list, &mut found);
    found
}

fn collect_pipes(list: &NodeList, found: &mut BTreeSet<usize>) {
    for node in &list.nodes {
        match node {
            TemplateNode::Action { pipe, .. } | TemplateNode::Template { pipe: Some(pipe), .. } => {
                found.insert(address(pipe));
            }
            TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
                found.insert(address(&branch.pipe));
                collect_pipes(&branch.list, found);
                branch.else_list.iter().for_each(|list| collect_pipes(list, found));
            }
            _ => {}
        }
    }
}

/// Functions that print all of a value.
pub(super) const WHOLE: &[&str] =
    &["toYaml", "toJson", "tpl", "toYamlPretty", "toPrettyJson", "toRawJson", "mustToJson", "mustToYaml"];

/// Whether an action calls no template.
pub(super) fn calls_nothing(names: &Option<Vec<Vec<u8>>>) -> bool {
    names.as_ref().is_none_or(Vec::is_empty)
}

/// Functions whose result is no part of their arguments.
pub(super) const TESTS: &[&str] = &[
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "not",
    "empty",
    "hasKey",
    "has",
    "contains",
    "hasPrefix",
    "hasSuffix",
    "len",
    "kindIs",
    "typeIs",
    "kindOf",
    "typeOf",
    "semverCompare",
    "sha256sum",
    "sha1sum",
    "regexMatch",
];

/// A call by `include`: its name, `None` if it is computed; the pipelines of its arguments; what is passed.
pub(super) type Included<'p> = (Option<Vec<u8>>, Vec<&'p Pipe>, Option<&'p Arg>);

/// The templates that a pipeline calls by `include`.
pub(super) fn calls_of<'p>(pipe: &'p Pipe, found: &mut Vec<Included<'p>>) {
    for command in &pipe.cmds {
        if function(command) == "include" {
            let name = match command.args.get(1) {
                Some(Arg::String { text, .. }) => Some(text.as_bytes().to_vec()),
                _ => None,
            };
            let arguments = command.args.iter().skip(2).filter_map(|arg| match arg {
                Arg::Pipe(pipe) => Some(&**pipe),
                _ => None,
            });
            found.push((name, arguments.collect(), command.args.get(2)));
        }
        for arg in &command.args {
            if let Arg::Pipe(pipe) = arg {
                calls_of(pipe, found);
            }
        }
    }
}

/// Functions that print a text as it is, but for white space.
const LAYOUT: &[&str] = &["nindent", "indent", "trim"];

/// Functions that together print a text as it is, but for its layout: `fromYaml | toYaml`.
const REFORMATS: &[&str] = &["fromYaml", "toYaml"];

/// Whether what a pipeline prints begins with a line break: `… | nindent 6`.
pub(super) fn begins_a_line(pipe: &Pipe) -> bool {
    pipe.cmds.last().is_some_and(|command| function(command) == "nindent")
}

/// Whether a pipeline prints one value as it is, and does nothing else: `{{ toYaml .Values.sidecars | nindent 6 }}`.
pub(super) fn prints_a_value(pipe: &Pipe) -> bool {
    let Some((first, rest)) = pipe.cmds.split_first() else { return false };
    let is_value = |arg: &Arg| !matches!(arg, Arg::Pipe(_));
    let prints = function(first) == "toYaml" || first.args.len() == 1;
    let is_layout = |command: &Command| LAYOUT.contains(&function(command)) || function(command) == "toYaml";
    pipe.decl.is_empty() && prints && first.args.iter().all(is_value) && rest.iter().all(is_layout)
}

/// Whether a pipeline prints what one template prints, and nothing else: `{{ include "pod" . | nindent 6 }}`.
pub(super) fn prints_a_call(pipe: &Pipe) -> bool {
    let Some((first, rest)) = pipe.cmds.split_first() else { return false };
    let is_layout = |command: &Command| [LAYOUT, REFORMATS].iter().any(|names| names.contains(&function(command)));
    let is_call = |command: &Command| function(command) == "include";
    match (is_call(first), first.args.as_slice()) {
        (true, _) => rest.iter().all(is_layout),
        // `{{ nindent 6 (include "pod" .) }}`
        (false, [.., Arg::Pipe(inner)]) => is_layout(first) && rest.iter().all(is_layout) && prints_a_call(inner),
        (false, _) => false,
    }
}

/// Whether a template in the text of a value names an image by what it prints there: `{{ .Values.image.tag }}`.
pub(super) fn prints_a_part(pipe: &Pipe) -> bool {
    pipe.cmds.iter().flat_map(|command| &command.args).any(|arg| match arg {
        Arg::Field { ident, .. } => ident.last().is_some_and(|name| names_a_part(name)),
        Arg::Variable(variable) => variable.ident.last().is_some_and(|name| names_a_part(name)),
        Arg::Chain { field, .. } => field.last().is_some_and(|name| names_a_part(name)),
        Arg::String { text, .. } => line_names_an_image(text.as_bytes()),
        Arg::Pipe(inner) => prints_a_part(inner),
        _ => false,
    })
}

fn names_a_part(name: &str) -> bool {
    line_names_an_image(name.as_bytes()) || part_names::is_a_version(name)
}

pub(super) fn variables_of(pipe: &Pipe, found: &mut BTreeSet<String>) {
    pipe.cmds.iter().flat_map(|command| &command.args).for_each(|arg| variables_of_arg(arg, found));
}

fn variables_of_arg(arg: &Arg, found: &mut BTreeSet<String>) {
    match arg {
        Arg::Variable(variable) if &*variable.ident[0] != "$" => drop(found.insert(variable.ident[0].to_string())),
        Arg::Pipe(pipe) => variables_of(pipe, found),
        Arg::Chain { node, .. } => variables_of_arg(node, found),
        _ => {}
    }
}

/// Functions that change the map that is their first argument.
const CHANGING: &[&str] =
    &["set", "unset", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "push", "mustPush"];

/// The names of the members that a pipeline sets or removes; `None` if any may be.
pub(super) fn members_changed_by(pipe: &Pipe) -> Option<BTreeSet<Vec<u8>>> {
    let mut found = BTreeSet::new();
    collect_members(pipe, &mut found).then_some(found)
}

fn collect_members(pipe: &Pipe, found: &mut BTreeSet<Vec<u8>>) -> bool {
    pipe.cmds.iter().all(|command| {
        let is_known = match (function(command), command.args.get(2)) {
            ("set" | "unset", Some(Arg::String { text, .. })) => {
                found.insert(text.as_bytes().to_vec());
                true
            }
            (name, _) => !CHANGING.contains(&name),
        };
        is_known && command.args.iter().all(|arg| !matches!(arg, Arg::Pipe(inner) if !collect_members(inner, found)))
    })
}

/// What a pipeline changes: the variable that holds it, or `None` for any other map.
pub(super) fn changed_by<'p>(pipe: &'p Pipe, fresh: &Fresh) -> Vec<Option<&'p str>> {
    let mut found = Vec::new();
    collect_changed(pipe, fresh, &mut found);
    found
}

fn collect_changed<'p>(pipe: &'p Pipe, fresh: &Fresh, found: &mut Vec<Option<&'p str>>) {
    for command in &pipe.cmds {
        if CHANGING.contains(&function(command)) {
            match command.args.get(1) {
                Some(Arg::Variable(variable)) if variable.ident.len() == 1 => found.push(Some(&variable.ident[0])),
                Some(Arg::Pipe(inner)) if is_new(inner, fresh) => {}
                _ => found.push(None),
            }
        }
        for arg in &command.args {
            if let Arg::Pipe(inner) = arg {
                collect_changed(inner, fresh, found);
            }
        }
    }
}

/// Whether a pipeline makes a new map, list or scalar, which nothing else holds.
pub(super) fn is_new(pipe: &Pipe, fresh: &Fresh) -> bool {
    is_new_after(&pipe.cmds, fresh)
}

fn is_new_after(commands: &[Command], fresh: &Fresh) -> bool {
    let Some((last, before)) = commands.split_last() else { return false };
    // `x | default dict` is one of the two.
    if ["default", "coalesce"].contains(&function(last)) {
        let is_new_arg = |arg: &Arg| match arg {
            Arg::Pipe(inner) => is_new(inner, fresh),
            Arg::Identifier { name, .. } => ["dict", "list"].contains(&&**name),
            Arg::String { .. } | Arg::Bool(..) | Arg::Constant(_) => true,
            Arg::Variable(variable) if variable.ident.len() == 1 => {
                fresh.get(&*variable.ident[0]).copied().unwrap_or(false)
            }
            _ => false,
        };
        return last.args[1..].iter().all(is_new_arg) && (before.is_empty() || is_new_after(before, fresh));
    }
    is_new_command(last, fresh)
}

fn is_new_command(command: &Command, fresh: &Fresh) -> bool {
    match &command.args[0] {
        Arg::Identifier { name, .. } => match &**name {
            "dict" | "deepCopy" | "mustDeepCopy" | "fromYaml" | "fromJson" | "omit" | "pick" | "list" | "include"
            | "printf" | "tpl" | "toYaml" | "lookup" => true,
            "merge" | "mergeOverwrite" | "mustMerge" | "mustMergeOverwrite" | "set" | "unset" => {
                match command.args.get(1) {
                    Some(Arg::Pipe(inner)) => is_new(inner, fresh),
                    Some(Arg::Variable(variable)) if variable.ident.len() == 1 => {
                        fresh.get(&*variable.ident[0]).copied().unwrap_or(false)
                    }
                    _ => false,
                }
            }
            _ => false,
        },
        Arg::Bool(..) | Arg::String { .. } | Arg::Constant(_) => true,
        Arg::Variable(variable) if variable.ident.len() == 1 => {
            fresh.get(&*variable.ident[0]).copied().unwrap_or(false)
        }
        Arg::Pipe(inner) => is_new(inner, fresh),
        _ => false,
    }
}
