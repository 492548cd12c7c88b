//! Arguments of commands: `--x-image=ref`, `--x-image ref` as two words, within a shell string, split over
//! `--x-image-repository` and `--x-image-tag`, and bare references.

use super::lines::lines;
use super::{FieldAt, Finder, Hit, Hits, Shape, Tier, commands, descriptors, dockerfile, judge, place, variables};
use crate::images::find::appearance::{Naming, is_plausible, is_unmistakable, may_be_bare};
use crate::images::find::joined_parts::{Context, Entry, join};
use crate::objects::Step;
use crate::objects::text::Text;
use crate::reference::open::variables;
use crate::yaml::{Data, Node};
use std::borrow::Cow;
use std::cell::LazyCell;

pub(super) static FINDER: Finder =
    Finder { id: "arguments", summary: "arguments of commands, as one word, as two, or in a shell string", visit };

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let Data::Seq(list) = &place.node.data else { return };
    let Some(key) = place.key() else { return };
    if !judge::is_command(key) && !place::starts_with_flag(list) {
        return;
    }
    split(place, found);
    pulled(place, key, found);
    let mut flag: Option<&str> = None;
    for (index, item) in place.node.items().iter().enumerate() {
        let Some(string) = item.str() else { continue };
        argument(place, index, item, string, flag, found);
        flag = Some(string).filter(|string| string.starts_with('-') && !string.contains(['=', ' ', '\n']));
    }
}

/// Images pulled by the command with these words: `[docker, pull, x]`, or `args` after the `command` beside them.
fn pulled(place: &FieldAt<'_>, key: &str, found: &mut Hits<'_>) {
    let words = |list: &[Node]| -> Option<Vec<String>> {
        let words = list.iter().map(Node::str);
        words.map(|word| word.filter(|word| !word.contains(['\n', ' '])).map(str::to_owned)).collect()
    };
    let list = place.node.items();
    let command = match key {
        "args" => place.parent().and_then(|map| map.member("command")).map(Node::items).unwrap_or_default(),
        _ => &[],
    };
    let (Some(mut all), Some(own)) = (words(command), words(list)) else { return };
    let before = all.len();
    all.extend(own);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    // A word may contain many images: its text is parsed once.
    let mut known: Option<(usize, Text)> = None;
    for image in commands::in_words(&all) {
        let Some(index) = image.word.checked_sub(before) else { continue };
        let known = match known.take().filter(|(of, _)| *of == index) {
            Some(text) => known.insert(text),
            None => {
                let Some(text) = place.object.text(&list[index]) else { continue };
                known.insert((index, text))
            }
        };
        let reason = format!("`{}` pulls an image", image.command);
        add(place, index, known.1.slice(image.range), Tier::Likely, reason, found);
    }
}

/// References composed of several arguments.
fn split(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut indexes = Vec::new();
    let mut flag = None;
    for (index, node) in place.node.items().iter().enumerate() {
        let Some(string) = node.str().filter(|string| !string.contains([' ', '\n'])) else {
            flag = None;
            continue;
        };
        let entry = match (string.split_once('='), flag.take()) {
            (Some((name, _)), _) => Some((name, name.len() + 1)),
            (None, Some(name)) if !string.starts_with('-') => Some((name, 0)),
            _ => {
                flag = Some(string).filter(|string| string.starts_with('-'));
                None
            }
        };
        if let Some((name, from)) = entry {
            entries.push(Entry::node(name, node, from));
            indexes.push(index);
        }
    }
    for joined in join(place.object, &entries, Context { naming: Naming::Other, alone: false }, found.hints) {
        let own = joined.own.places(0..joined.own.len());
        let hit = Hit {
            path: place.path().with(Step::Index(indexes[joined.entry])),
            container: place.container(),
            tier: Tier::Likely,
            shape: Shape::Argument,
            reason: Cow::Owned(descriptors::reason(&joined)),
            nodes: joined.nodes(|entry| place.path().with(Step::Index(indexes[entry]))),
            text: joined.text,
        };
        found.add_joined(place.object, hit, &own);
    }
}

fn argument(place: &FieldAt<'_>, index: usize, item: &Node, string: &str, flag: Option<&str>, found: &mut Hits<'_>) {
    // A text may contain many images: it is parsed once.
    let text = LazyCell::new(|| place.object.text(item));
    if variables::may_have(string) {
        // `--image=quay.io/acme/api:$(TAG)`; the variable may contain the separator too.
        let first = variables(string).next().map_or(string.len(), |variable| variable.start);
        let (name, from) = match string[..first].rfind('=') {
            Some(sign) => (Some(&string[..sign]), sign + 1),
            None => (flag, 0),
        };
        if let Some(text) = &*text
            && let path = place.path().with(Step::Index(index))
            && variables::add(
                place,
                path,
                name.unwrap_or_default(),
                &text.slice(from..text.len()),
                Shape::Argument,
                found,
            )
        {
            return;
        }
    }
    if string.contains([' ', '\n', ',', '"', '\'', '{']) {
        if string.contains("<<")
            && let Some(text) = &*text
        {
            for base in dockerfile::written(string).into_iter().flat_map(|range| dockerfile::bases(&text.slice(range)))
            {
                let reason = format!("`{}` of a Dockerfile", base.by);
                let path = place.path().with(Step::Index(index));
                let hit = Hit {
                    path,
                    container: place.container(),
                    text: base.text,
                    tier: Tier::Likely,
                    shape: Shape::Argument,
                    reason: Cow::Owned(reason),
                    nodes: Vec::new(),
                };
                found.add(place.object, hit);
            }
        }
        if commands::is_plausible(string) {
            for image in commands::in_script(string) {
                let Some(text) = &*text else { break };
                let reason = format!("`{}` pulls an image", image.command);
                add(place, index, text.slice(image.range), Tier::Likely, reason, found);
            }
        }
        if is_plausible(string) {
            let Some(text) = &*text else { return };
            for line in lines(text, flag, found.hints) {
                let (tier, reason) = match &line.name {
                    Some(name) => (Tier::Likely, format!("`{name}` in an argument names an image")),
                    None => (Tier::Possible, "a reference in an argument".to_owned()),
                };
                add(place, index, text.slice(line.range), tier, reason, found);
            }
        }
        return;
    }
    let (name, from) = match string.rfind('=') {
        Some(sign) => (Some(string[..sign].trim_end_matches([':', '+'])), sign + 1),
        None if string.starts_with('-') => return,
        None => (flag, 0),
    };
    let value = &string[from..];
    let (tier, reason) = match name {
        Some(name) => match judge::judge(name, value, may_be_bare(name), found.hints) {
            Some(Tier::Possible) => (Tier::Possible, format!("the argument `{name}` is a reference")),
            Some(tier) => (tier, format!("the argument `{name}` names an image")),
            None => return,
        },
        None if is_unmistakable(value, false, found.hints) => {
            (Tier::Possible, "an argument that is a reference".to_owned())
        }
        None => return,
    };
    let Some(text) = &*text else { return };
    add(place, index, text.slice(from..string.len()), tier, reason, found);
}

fn add(place: &FieldAt<'_>, index: usize, text: Text, tier: Tier, reason: String, found: &mut Hits<'_>) {
    let path = place.path().with(Step::Index(index));
    let hit = Hit {
        path,
        container: place.container(),
        text,
        tier,
        shape: Shape::Argument,
        reason: Cow::Owned(reason),
        nodes: Vec::new(),
    };
    found.add(place.object, hit);
}
