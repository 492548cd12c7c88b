//! The tree as text again, as Go's `String()` writes it: what stands in `at <…>` of an error.

use super::ast::{Arg, Branch, Command, List, Node, Number, Pipe, Variable};
use std::fmt::{Display, Formatter, Result};

impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.nodes.iter().try_for_each(|node| node.fmt(f))
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text { text, .. } => text.fmt(f),
            Self::Action { pipe, .. } => write!(f, "{{{{{pipe}}}}}"),
            Self::If(branch) => write_branch(f, "if", branch),
            Self::With(branch) => write_branch(f, "with", branch),
            Self::Range(branch) => write_branch(f, "range", branch),
            Self::Template { quoted, pipe: None, .. } => write!(f, "{{{{template {quoted}}}}}"),
            Self::Template { quoted, pipe: Some(pipe), .. } => write!(f, "{{{{template {quoted} {pipe}}}}}"),
            Self::Break(_) => f.write_str("{{break}}"),
            Self::Continue(_) => f.write_str("{{continue}}"),
        }
    }
}

fn write_branch(f: &mut Formatter<'_>, keyword: &str, branch: &Branch) -> Result {
    write!(f, "{{{{{keyword} {}}}}}{}", branch.pipe, branch.list)?;
    if let Some(list) = &branch.else_list {
        write!(f, "{{{{else}}}}{list}")?;
    }
    f.write_str("{{end}}")
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, variable) in self.decl.iter().enumerate() {
            write!(f, "{}{variable}", if index > 0 { ", " } else { "" })?;
        }
        if !self.decl.is_empty() {
            f.write_str(if self.is_assign { " = " } else { " := " })?;
        }
        for (index, command) in self.cmds.iter().enumerate() {
            write!(f, "{}{command}", if index > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write_operand(f, arg)?;
        }
        Ok(())
    }
}

/// An operand inside something else: a pipeline needs its parentheses there.
fn write_operand(f: &mut Formatter<'_>, arg: &Arg) -> Result {
    match arg {
        Arg::Pipe(pipe) => write!(f, "({pipe})"),
        _ => arg.fmt(f),
    }
}

/// An operand; a pipeline is printed without parentheses, which belong to what it stands in.
impl Display for Arg {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Dot(_) => f.write_str("."),
            Self::Nil(_) => f.write_str("nil"),
            Self::Bool(_, truth) => truth.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::String { quoted, .. } => f.write_str(quoted),
            Self::Identifier { name, .. } => f.write_str(name),
            Self::Field { ident, .. } => ident.iter().try_for_each(|name| write!(f, ".{name}")),
            Self::Variable(variable) => variable.fmt(f),
            Self::Chain { node, field, .. } => {
                write_operand(f, node)?;
                field.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Self::Pipe(pipe) => pipe.fmt(f),
        }
    }
}

impl Display for Variable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.ident.join("."))
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.text)
    }
}
