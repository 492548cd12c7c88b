//! Environment variables, and other lists of `{name, value}`: a value that is a reference, a list of references, one per line,
//! or split over `…_REGISTRY`, `…_REPOSITORY` and `…_TAG`.

use super::{FieldAt, Finder, Hit, Hits, Shape, Tier, descriptors, judge, nested, variables};
use crate::images::find::appearance::{Naming, is_plausible, may_be_bare, naming};
use crate::images::find::joined_parts::{Context, Entry, join};
use crate::objects::Step;
use crate::yaml::Data;
use crate::yaml::Node;
use std::borrow::Cow;

pub(super) static FINDER: Finder = Finder {
    id: "environment",
    summary: "values of environment variables: single, lists, or split over several variables",
    visit,
};

fn visit(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    if matches!(place.node.data, Data::Seq(_)) {
        split(place, found);
    } else if let Some(name) = place.variable() {
        value(place, name, found);
    }
}

/// A variable of a list, `{name: TAG, value: "1.2"}`.
fn named(item: &Node) -> Option<Entry<'_>> {
    Some(Entry::node(item.member("name")?.str()?, item.member("value")?, 0))
}

/// References composed of several variables.
fn split(place: &FieldAt<'_>, found: &mut Hits<'_>) {
    let list = place.node.items();
    let (indexes, entries): (Vec<usize>, Vec<Entry<'_>>) =
        list.iter().enumerate().filter_map(|(index, item)| Some((index, named(item)?))).unzip();
    for joined in join(place.object, &entries, Context { naming: Naming::Other, alone: false }, found.hints) {
        let way = |entry: usize| place.path().with(Step::Index(indexes[entry])).key("value");
        let path = way(joined.entry);
        let own = joined.own.places(0..joined.own.len());
        let hit = Hit {
            path,
            container: place.container(),
            tier: descriptors::tier(&joined),
            shape: Shape::Environment,
            reason: Cow::Owned(descriptors::reason(&joined)),
            nodes: joined.nodes(way),
            text: joined.text,
        };
        found.add_joined(place.object, hit, &own);
    }
}

fn value(place: &FieldAt<'_>, name: &str, found: &mut Hits<'_>) {
    let Some(string) = place.str() else { return };
    if variables::may_have(string)
        && let Some(text) = place.text()
        && variables::add(place, place.path(), name, &text, Shape::Environment, found)
    {
        return;
    }
    if string.contains(['\n', ',', ' ', '{', '=', ';', '"', '|']) {
        if is_plausible(string)
            || nested::is_script(string, name)
            || naming(name) != Naming::Other
            || judge::is_database(name)
        {
            nested::read(place, name, Shape::Environment, found);
        }
        return;
    }
    let is_database = judge::is_database(name);
    let (tier, reason) = match judge::judge(name, string, may_be_bare(name), found.hints) {
        Some(Tier::Possible) => (Tier::Possible, format!("the value of `{name}` is a reference")),
        Some(tier) => (tier, format!("the variable `{name}` names an image")),
        None => return,
    };
    let Some(text) = place.text() else { return };
    let hit = Hit {
        path: place.path(),
        container: place.container(),
        text,
        tier: if is_database { Tier::Likely } else { tier },
        shape: if is_database { Shape::Artifact } else { Shape::Environment },
        reason: Cow::Owned(if is_database { format!("the variable `{name}` names a database") } else { reason }),
        nodes: Vec::new(),
    };
    found.add(place.object, hit);
}
