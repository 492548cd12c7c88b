//! References with variables: variables that the object itself defines are filled in; for others, the known part is
//! reported.
//!
//! Kubernetes fills environment variables into `$(NAME)`, OpenShift fills the parameters of a Template into `${NAME}`.

use super::hints::Hints;
use super::registries::{is_registry, may_be_registry};
use super::{FieldAt, Hit, Hits, Shape, Tier, judge};
use crate::images::find::appearance::{Naming, naming};
use crate::objects::Path;
use crate::objects::text::{Text, TextPiece};
use crate::reference::open::{OpenReference, variables};
use crate::yaml::Node;
use std::borrow::Cow;

/// Whether a text may have variables: a cheap check.
pub(super) fn may_have(text: &str) -> bool {
    text.bytes().any(|byte| b"{$%<@".contains(&byte)) && text.len() <= 1024
}

/// The nesting depth of values.
const ROUNDS: usize = 4;

/// The text with the variables filled in that the object defines; `None` if it defines none.
fn filled(place: &FieldAt<'_>, text: &Text) -> Option<Text> {
    filled_in(place, place.node, text)
}

/// The same for a text in a node below the place.
pub(super) fn filled_in(place: &FieldAt<'_>, node: &Node, text: &Text) -> Option<Text> {
    let mut filled: Option<Text> = None;
    for _ in 0..ROUNDS {
        let Some(next) = filled_once(place, node, filled.as_ref().unwrap_or(text)) else { break };
        if next.len() > 1024 {
            break;
        }
        filled = Some(next);
    }
    filled
}

fn filled_once(place: &FieldAt<'_>, node: &Node, text: &Text) -> Option<Text> {
    let mut texts = Vec::new();
    let mut at = 0;
    let mut is_filled = false;
    for variable in variables(text) {
        let Some(value) = value(place, node, &text[variable.clone()]) else { continue };
        is_filled = true;
        texts.push(text.slice(at..variable.start));
        texts.push(value);
        at = variable.end;
    }
    texts.push(text.slice(at..text.len()));
    let pieces: Vec<TextPiece<'_>> = texts.iter().filter(|text| !text.is_empty()).map(TextPiece::Found).collect();
    is_filled.then(|| Text::joined(&pieces))
}

/// Longer lists of values are not searched completely.
const MOST: usize = 1_000;

/// The value that the object gives to a variable, as written: `$(NAME)`, `${NAME}`, `$NAME`.
fn value(place: &FieldAt<'_>, node: &Node, variable: &str) -> Option<Text> {
    let name = variable.trim_matches(['$', '(', ')', '{', '}', ' ']);
    if name.is_empty() || !variable.starts_with(['$', '{']) {
        return None;
    }
    let named = |list: &'_ Node, name: &str, field: &str| {
        let mut all = list.items().iter().rev().take(MOST);
        let item = all.find(|item| item.member("name").and_then(Node::str) == Some(name))?;
        place.object.text(item.member(field)?).filter(|text| !text.is_empty())
    };
    let root = place.object.node;
    let above = || std::iter::once(node).chain(place.above.iter().rev().copied());
    // The environment of the container.
    let environment = || {
        let env = above().find_map(|map| map.member("env"))?;
        named(env, name, "value")
    };
    let parameters = || named(root.member("parameters")?, name, "value");
    if variable.starts_with("{{") {
        // Argo: `{{workflow.parameters.tag}}`, `{{inputs.parameters.tag}}`
        let (scope, name) = name.rsplit_once(".parameters.")?;
        let holder = match scope {
            "workflow" => root.member("spec")?.member("arguments")?,
            _ => above().find_map(|map| map.member("inputs"))?,
        };
        return named(holder.member("parameters")?, name, "value");
    }
    if let Some(name) = name.strip_prefix("params.") {
        // Tekton: `$(params.tag)`
        let params = above().find_map(|map| map.member("params"))?;
        return named(params, name, "default").or_else(|| named(params, name, "value"));
    }
    match place.object.kind.as_str() {
        "Template" => parameters(),
        _ => environment(),
    }
}

/// Adds a text with variables, if it is a reference once they are filled in. `path` is that of the text, `name` its name.
pub(super) fn add(
    place: &FieldAt<'_>,
    path: Path,
    name: &str,
    text: &Text,
    shape: Shape,
    found: &mut Hits<'_>,
) -> bool {
    let own = text.places(0..text.len());
    let filled = filled(place, text);
    let text = filled.as_ref().unwrap_or(text);
    let (tier, reason) = match &filled {
        Some(filled) if !may_have(filled) => {
            match judge::judge(name, filled, crate::images::find::appearance::may_be_bare(name), found.hints) {
                Some(tier) => (tier, format!("`{name}`, with the values of its variables, is a reference")),
                None => return false,
            }
        }
        _ => match judge(name, text, found.hints) {
            Some(tier) => (tier, format!("`{name}` is a reference with variables")),
            None => return false,
        },
    };
    let container = place.container();
    let (text, reason) = (text.clone(), Cow::Owned(reason));
    found.add_joined(place.object, Hit { path, container, text, tier, shape, reason, nodes: Vec::new() }, &own);
    true
}

/// How certain it is that a text with variables is a reference; `None` if it is not one, or if nothing is known of it.
pub(super) fn judge(name: &str, text: &str, hints: Hints<'_>) -> Option<Tier> {
    if judge::is_prefix(name) {
        return None;
    }
    let open = OpenReference::parse(text)?;
    let is_image = naming(name) == Naming::Image;
    let Some(known) = &open.known else { return is_image.then_some(Tier::Likely) };
    match known.registry_range.as_ref().map(|host| &text[host.clone()]) {
        Some(host) if is_registry(host, hints) && (is_image || !known.repository.is_empty()) => {
            Some(if is_image { Tier::Likely } else { Tier::Possible })
        }
        Some(host) => (is_image && may_be_registry(host)).then_some(Tier::Likely),
        None => is_image.then_some(Tier::Likely),
    }
}
