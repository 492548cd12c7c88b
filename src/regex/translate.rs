//! Writes a [`Node`] in the syntax of the `regex` crate, with all effects of flags expanded.

use super::class;
use super::syntax::{Node, NodeKind};
use std::fmt::Write;

/// The pattern for the `regex` crate; groups are captured only if `captures` is set.
pub(super) fn translate(node: &Node, captures: bool) -> String {
    let mut out = String::new();
    write(node, captures, &mut out);
    out
}

/// An estimate of the states of the compiled program.
pub(super) fn weight(node: &Node) -> u64 {
    match &node.kind {
        NodeKind::Class(class) => 2 + 2 * class.ranges().len() as u64,
        NodeKind::Any | NodeKind::AnyNotNewline => 16,
        NodeKind::Repeat { sub, min, max, .. } => {
            weight(sub).saturating_mul(u64::from(max.unwrap_or(*min).max(1))).saturating_add(2)
        }
        NodeKind::Capture(sub) => weight(sub).saturating_add(2),
        NodeKind::Concat(subs) | NodeKind::Alternate(subs) => {
            subs.iter().fold(1, |sum: u64, sub| sum.saturating_add(weight(sub)))
        }
        _ => 2,
    }
}

fn write(node: &Node, captures: bool, out: &mut String) {
    match &node.kind {
        NodeKind::Empty => out.push_str("(?:)"),
        NodeKind::Literal(code) => match char::from_u32(*code) {
            Some(character) if character.is_ascii_alphanumeric() || !character.is_ascii() => out.push(character),
            Some(_) => push(out, format_args!(r"\x{{{code:X}}}")),
            None => out.push_str(NOTHING),
        },
        NodeKind::Class(class) if class.ranges().is_empty() => out.push_str(NOTHING),
        NodeKind::Class(class) if class::is_full(class) => out.push_str("(?s:.)"),
        NodeKind::Class(class) => {
            out.push('[');
            for range in class.ranges() {
                let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                push(out, format_args!(r"\x{{{start:X}}}-\x{{{end:X}}}"));
            }
            out.push(']');
        }
        NodeKind::Any => out.push_str("(?s:.)"),
        NodeKind::AnyNotNewline => out.push('.'),
        NodeKind::BeginText => out.push_str(r"\A"),
        NodeKind::EndText => out.push_str(r"\z"),
        NodeKind::BeginLine => out.push_str("(?m:^)"),
        NodeKind::EndLine => out.push_str("(?m:$)"),
        NodeKind::WordBoundary => out.push_str(r"(?-u:\b)"),
        NodeKind::NotWordBoundary => out.push_str(r"(?-u:\B)"),
        NodeKind::Repeat { sub, min, max, greedy, .. } => {
            out.push_str("(?:");
            write(sub, captures, out);
            out.push(')');
            match (min, max) {
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (0, Some(1)) => out.push('?'),
                (min, None) => push(out, format_args!("{{{min},}}")),
                (min, Some(max)) => push(out, format_args!("{{{min},{max}}}")),
            }
            if !greedy {
                out.push('?');
            }
        }
        NodeKind::Capture(sub) => {
            out.push_str(if captures { "(" } else { "(?:" });
            write(sub, captures, out);
            out.push(')');
        }
        NodeKind::Concat(subs) => {
            for sub in subs {
                let group = matches!(sub.kind, NodeKind::Alternate(_));
                out.push_str(if group { "(?:" } else { "" });
                write(sub, captures, out);
                out.push_str(if group { ")" } else { "" });
            }
        }
        NodeKind::Alternate(subs) => {
            for (index, sub) in subs.iter().enumerate() {
                out.push_str(if index > 0 { "|" } else { "" });
                write(sub, captures, out);
            }
        }
    }
}

/// A class without members.
const NOTHING: &str = "[a&&b]";

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}
