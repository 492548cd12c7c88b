//! The picture of a release as SVG: which registries serve which workloads through which values.

use super::escaped;
use crate::analysis::images::PartOrigin;
use crate::report::inventory::short;
use crate::report::{Report, plain_line};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Left edges of the three columns, and the width of a node, in units of the picture.
const COLUMNS: [f64; 3] = [0.0, 370.0, 740.0];
const NODE_WIDTH: f64 = 260.0;
const NODE_HEIGHT: f64 = 44.0;
const GAP: f64 = 14.0;
const HEADER: f64 = 34.0;

/// Nodes at most in a column; the rest is drawn as one node.
const MOST_NODES: usize = 16;

/// Characters of a label that fit in a node.
const LABEL: usize = 33;

/// One end of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    label: String,
    detail: String,
}

/// A node with its position.
#[derive(Debug, Default)]
struct Drawn {
    node: Node,
    /// The images that flow through it: from the mirror, and others.
    good: usize,
    bad: usize,
    top: f64,
    height: f64,
}

/// Uses of images by route, and whether they come from the mirror.
type Flows = BTreeMap<([usize; 3], bool), usize>;

/// The picture; `None` without images.
pub(super) fn picture(report: &Report, number: usize) -> Option<String> {
    let (columns, flows) = arrange(report)?;
    let height = columns.iter().map(|column| bottom(column)).fold(0.0, f64::max) + 4.0;
    let width = COLUMNS[2] + NODE_WIDTH;
    let mut svg = String::new();
    let title = format!("picture-{number}-title");
    let _ = write!(
        svg,
        "<svg class=\"picture\" viewBox=\"-2 0 {} {height:.0}\" role=\"img\" aria-labelledby=\"{title}\">\
         <title id=\"{title}\">Registries, the values that decide for them, and the workloads that pull from them; \
         the table of images has the same content</title>",
        width + 4.0
    );
    for (x, head) in COLUMNS.iter().zip(["Registry", "Decided by", "Workload"]) {
        let _ = write!(svg, "<text class=\"head\" x=\"{x}\" y=\"18\">{head}</text>");
    }
    for left in 0..2 {
        lines(&columns, &flows, left, &mut svg);
    }
    for (index, column) in columns.iter().enumerate() {
        let of = |text: fn(&Node) -> &str| alike(column.iter().map(|drawn| text(&drawn.node)));
        let alike = (of(|node| &node.label), of(|node| &node.detail));
        for drawn in column {
            node(drawn, COLUMNS[index], alike, &mut svg);
        }
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// Finds the nodes, their order, and the flows between them.
fn arrange(report: &Report) -> Option<([Vec<Drawn>; 3], Flows)> {
    let mut ways: Vec<([Node; 3], bool)> = Vec::new();
    for image in &report.images {
        for one in &image.uses {
            let registry = if image.registry.is_empty() { "no registry" } else { &image.registry };
            let workload = Node { label: one.object.name.clone(), detail: one.object.kind.clone() };
            let nodes = [
                Node { label: registry.to_owned(), detail: String::new() },
                one.decider().map_or_else(unknown, decided),
                workload,
            ];
            ways.push((nodes, one.class.is_in_place()));
        }
    }
    if ways.is_empty() {
        return None;
    }
    let mut columns: [Vec<Drawn>; 3] = Default::default();
    let mut indices: Vec<[usize; 3]> = vec![[0; 3]; ways.len()];
    for (column, drawn) in columns.iter_mut().enumerate() {
        // Nodes are placed beside their neighbours, bad ones first, because they are what the picture is for.
        let mut order: BTreeMap<&Node, (usize, usize, usize)> = BTreeMap::new();
        for (way, (nodes, is_good)) in ways.iter().enumerate() {
            let entry = order.entry(&nodes[column]).or_insert((0, 0, usize::MAX));
            *(if *is_good { &mut entry.0 } else { &mut entry.1 }) += 1;
            let left = if column == 0 { usize::from(*is_good) } else { indices[way][column - 1] };
            entry.2 = entry.2.min(left);
        }
        let mut sorted: Vec<(&Node, (usize, usize, usize))> = order.into_iter().collect();
        sorted.sort_by_key(|(node, (_, bad, left))| (*left, *bad == 0, (*node).clone()));
        let kept = if sorted.len() > MOST_NODES { MOST_NODES - 1 } else { sorted.len() };
        for (at, (node, (good, bad, _))) in sorted.iter().enumerate() {
            if at < kept || drawn.len() < kept {
                drawn.push(Drawn { node: (*node).clone(), good: *good, bad: *bad, ..Drawn::default() });
            } else {
                let rest = Node { label: format!("{} more", sorted.len() - kept), detail: String::new() };
                if drawn.len() == kept {
                    drawn.push(Drawn { node: rest, ..Drawn::default() });
                }
                drawn[kept].good += good;
                drawn[kept].bad += bad;
            }
        }
        let position: BTreeMap<&Node, usize> =
            sorted.iter().enumerate().map(|(at, (node, _))| (*node, at.min(drawn.len() - 1))).collect();
        for (way, (nodes, _)) in ways.iter().enumerate() {
            indices[way][column] = position.get(&nodes[column]).copied().unwrap_or_default();
        }
    }
    let mut flows = Flows::new();
    for (way, (_, is_good)) in ways.iter().enumerate() {
        *flows.entry((indices[way], *is_good)).or_default() += 1;
    }
    place(&mut columns, &flows);
    Some((columns, flows))
}

fn unknown() -> Node {
    Node { label: "unknown".to_owned(), detail: String::new() }
}

/// Who decided the registry: the values path, and where it is set.
fn decided(origin: &PartOrigin) -> Node {
    let place = short(origin);
    if origin.path.is_empty() {
        let detail = if place == origin.who { String::new() } else { place };
        return Node { label: origin.who.clone(), detail };
    }
    Node { label: origin.user_path.clone(), detail: place }
}

/// The width of a line for a number of uses.
fn line_width(uses: usize) -> f64 {
    (2.0 + 2.0 * uses as f64).min(14.0)
}

/// The lines between two columns: their ends, whether they are good, and their uses.
fn between(flows: &Flows, left: usize) -> BTreeMap<(usize, usize, bool), usize> {
    let mut merged = BTreeMap::new();
    for ((nodes, is_good), uses) in flows {
        *merged.entry((nodes[left], nodes[left + 1], *is_good)).or_default() += uses;
    }
    merged
}

/// Stacks the nodes of each column; the height of a node is the width of its lines.
fn place(columns: &mut [Vec<Drawn>; 3], flows: &Flows) {
    for (index, column) in columns.iter_mut().enumerate() {
        let mut widths = vec![[0.0_f64; 2]; column.len()];
        for left in index.saturating_sub(1)..=index.min(1) {
            for ((from, to, _), uses) in between(flows, left) {
                let (node, side) = if left == index { (from, 1) } else { (to, 0) };
                widths[node][side] += line_width(uses) + 2.0;
            }
        }
        let mut top = HEADER;
        for (drawn, widths) in column.iter_mut().zip(widths) {
            drawn.top = top;
            drawn.height = NODE_HEIGHT.max(widths[0].max(widths[1]) + 8.0);
            top += drawn.height + GAP;
        }
    }
    // Shorter columns are centred on the tallest.
    let tallest = columns.iter().map(|column| bottom(column)).fold(0.0, f64::max);
    for column in columns {
        let shift = (tallest - bottom(column)) / 2.0;
        column.iter_mut().for_each(|drawn| drawn.top += shift);
    }
}

fn bottom(column: &[Drawn]) -> f64 {
    column.last().map_or(HEADER, |last| last.top + last.height)
}

/// Draws the lines from a column to the next, good ones below the others.
fn lines(columns: &[Vec<Drawn>; 3], flows: &Flows, left: usize, svg: &mut String) {
    let merged = between(flows, left);
    // Where the next line leaves or enters each node: lines are stacked in its middle.
    let total = |node: usize, of_left: bool| -> f64 {
        let ends = merged.iter().filter(|((from, to, _), _)| if of_left { *from == node } else { *to == node });
        ends.map(|(_, uses)| line_width(*uses) + 2.0).sum()
    };
    let start = |index: usize, of_left: bool| -> Vec<f64> {
        let nodes = columns[index].iter().enumerate();
        nodes.map(|(at, drawn)| drawn.top + (drawn.height - total(at, of_left)) / 2.0).collect()
    };
    let (mut leaving, mut meeting) = (start(left, true), start(left + 1, false));
    let (x1, x2) = (COLUMNS[left] + NODE_WIDTH, COLUMNS[left + 1]);
    let middle = (x1 + x2) / 2.0;
    let mut drawn: Vec<(bool, String)> = Vec::new();
    for ((from, to, is_good), uses) in &merged {
        let width = line_width(*uses);
        let (y1, y2) = (leaving[*from] + width / 2.0 + 1.0, meeting[*to] + width / 2.0 + 1.0);
        leaving[*from] += width + 2.0;
        meeting[*to] += width + 2.0;
        let class = if *is_good { "good" } else { "bad" };
        let (one, other) = (&columns[left][*from].node.label, &columns[left + 1][*to].node.label);
        let title = escaped(&plain_line(&format!("{one} → {other}: {uses}")));
        drawn.push((
            *is_good,
            format!(
                "<path class=\"line {class}\" d=\"M{x1:.1} {y1:.1}C{middle:.1} {y1:.1} {middle:.1} {y2:.1} {x2:.1} {y2:.1}\" \
                 stroke-width=\"{width:.1}\"><title>{title}</title></path>"
            ),
        ));
    }
    drawn.sort_by_key(|(is_good, _)| !is_good);
    drawn.iter().for_each(|(_, line)| svg.push_str(line));
}

/// Draws a node; `alike`: how many characters of the labels, and of the details, of its column are alike.
fn node(drawn: &Drawn, x: f64, alike: (usize, usize), svg: &mut String) {
    let class = if drawn.bad > 0 { "bad" } else { "good" };
    let (label, detail) = (&drawn.node.label, &drawn.node.detail);
    let full = if detail.is_empty() { label.clone() } else { format!("{label} ({detail})") };
    let counted = format!("{full}: {} through the mirror, {} bypassing it", drawn.good, drawn.bad);
    let middle = drawn.top + drawn.height / 2.0;
    let _ = write!(
        svg,
        "<g class=\"node {class}\"><title>{}</title>\
         <rect x=\"{x}\" y=\"{:.1}\" width=\"{NODE_WIDTH}\" height=\"{:.1}\" rx=\"7\"/>\
         <rect class=\"edge\" x=\"{x}\" y=\"{:.1}\" width=\"5\" height=\"{:.1}\" rx=\"2.5\"/>",
        escaped(&plain_line(&counted)),
        drawn.top,
        drawn.height,
        drawn.top + 6.0,
        drawn.height - 12.0
    );
    let (first, second) = if detail.is_empty() { (middle + 5.0, 0.0) } else { (middle - 3.0, middle + 13.0) };
    let _ = write!(svg, "<text class=\"label\" x=\"{}\" y=\"{first:.1}\">{}</text>", x + 16.0, shown(label, alike.0));
    if !detail.is_empty() {
        let _ = write!(
            svg,
            "<text class=\"detail\" x=\"{}\" y=\"{second:.1}\">{}</text>",
            x + 16.0,
            shown(detail, alike.1)
        );
    }
    svg.push_str("</g>");
}

/// The part of a label that fits. Of a longer one the middle is left out; if all labels of its column begin alike, that beginning.
fn shown(label: &str, alike: usize) -> String {
    let label = plain_line(label);
    let characters: Vec<char> = label.chars().collect();
    let Some(gone) = (characters.len() + 1).checked_sub(LABEL).filter(|gone| *gone > 1) else { return escaped(&label) };
    let start = if alike >= gone { 0 } else { (characters.len() - gone) / 2 };
    let (before, after): (String, String) =
        (characters[..start].iter().collect(), characters[start + gone..].iter().collect());
    escaped(&format!("{before}…{after}"))
}

/// The number of characters with which all texts that do not fit begin.
fn alike<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    let mut long = texts.filter(|text| text.chars().count() > LABEL);
    let Some(first) = long.next() else { return 0 };
    let common = |text: &str| first.chars().zip(text.chars()).take_while(|(a, b)| a == b).count();
    long.map(common).min().unwrap_or(0)
}
