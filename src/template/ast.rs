//! The tree of a parsed template, Go's `text/template/parse` nodes.
//!
//! Every node has its byte position in its file; `Display` prints a node as Go's `String()` does, which is the
//! `<…>` in error messages. The tree is immutable and can be shared between threads.

use super::function::Function;
use crate::go::go_quote;
use crate::source::File;
use crate::trace::Str;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

/// Byte offset in the template's file.
pub(crate) type Pos = u32;

/// One named template: the body of a file, or one made by `define` or `block`.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// Its name: a file's full path, or the name in `define`.
    pub name: Str,
    /// Name of the file it was parsed from, as errors print it.
    pub file_name: Arc<str>,
    /// The file, for locations and excerpts.
    pub file: Arc<File>,
    /// The body.
    pub body: NodeList,
    /// Whether the body is only white space and comments; such a template never replaces another.
    pub is_empty: bool,
    /// The text that it was parsed from, if that is a traced string (`tpl`) and not a file.
    pub source: Option<Str>,
}

/// A sequence of nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeList {
    /// The nodes.
    pub nodes: Vec<TemplateNode>,
}

/// A node between or inside `{{ }}`.
#[derive(Debug, Clone)]
pub(crate) enum TemplateNode {
    /// Literal text, after trimming; `text` is the part of the file from `pos`.
    Text {
        /// First byte.
        pos: Pos,
        /// The text.
        text: Str,
    },
    /// `{{ pipeline }}`
    Action {
        /// Position of the pipeline.
        pos: Pos,
        /// What is computed and, unless it is a declaration, printed.
        pipe: Pipe,
    },
    /// `{{ if }}`
    If(Branch),
    /// `{{ with }}`
    With(Branch),
    /// `{{ range }}`
    Range(Branch),
    /// `{{ template "name" pipeline }}`
    Template {
        /// Position of the name.
        pos: Pos,
        /// The name.
        name: Str,
        /// The data; nil if omitted.
        pipe: Option<Pipe>,
    },
    /// `{{ break }}`
    Break(Pos),
    /// `{{ continue }}`
    Continue(Pos),
}

/// `if`, `with` or `range`.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    /// Position of the pipeline.
    pub pos: Pos,
    /// The condition or collection.
    pub pipe: Pipe,
    /// The body if the condition holds.
    pub list: NodeList,
    /// `{{ else }}`; an `else if` is a list of one `if`.
    pub else_list: Option<NodeList>,
}

/// Commands joined by `|`, with the variables that are set.
#[derive(Debug, Clone)]
pub(crate) struct Pipe {
    /// First byte.
    pub pos: Pos,
    /// `$x = …` instead of `$x := …`.
    pub is_assign: bool,
    /// Declared or assigned variables, at most two (in `range`).
    pub decl: Vec<Variable>,
    /// At least one.
    pub cmds: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// First byte.
    pub pos: Pos,
    /// At least one.
    pub args: Vec<Arg>,
}

/// `$x.Field.Field`
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    /// First byte, as Go sets it.
    pub pos: Pos,
    /// The variable with its `$`, then the fields.
    pub ident: Vec<Arc<str>>,
}

/// An operand.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    /// `.`
    Dot(Pos),
    /// `nil`
    Nil(Pos),
    /// `true`, `false`
    Bool(Pos, bool),
    /// A number or a character constant.
    Constant(Box<Constant>),
    /// A quoted string.
    String {
        /// First byte.
        pos: Pos,
        /// As written.
        quoted: String,
        /// Its value.
        text: Str,
    },
    /// A function's name.
    Identifier {
        /// First byte.
        pos: Pos,
        /// The name.
        name: Arc<str>,
        /// The function.
        function: &'static Function,
    },
    /// `.Field.Field`
    Field {
        /// As in Go: the start of the second segment if there is one (visible in helm's columns).
        pos: Pos,
        /// At least one.
        ident: Vec<Arc<str>>,
    },
    /// `$x.Field`
    Variable(Variable),
    /// `(pipeline).Field` and other operands with fields after them.
    Chain {
        /// As in Go.
        pos: Pos,
        /// The operand of the fields.
        node: Box<Arg>,
        /// At least one.
        field: Vec<Arc<str>>,
    },
    /// `(pipeline)`
    Pipe(Box<Pipe>),
}

/// A constant; its type is decided where it is used.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    /// First byte.
    pub pos: Pos,
    /// As written.
    pub text: String,
    /// As an integer, if it is one: also `3.0`, `'a'`, `0x3`.
    pub int: Option<i64>,
    /// As an unsigned integer, if it is one.
    pub uint: Option<u64>,
    /// As a floating-point number, if it is real.
    pub float: Option<f64>,
    /// As a complex number (real, imaginary), if it is written with `i`.
    pub complex: Option<(f64, f64)>,
}

impl NodeList {
    /// Whether it contains only white space.
    ///
    /// Source: Go `text/template/parse`, `IsEmptyTree`.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            TemplateNode::Text { text, .. } => text.to_text().trim().is_empty(),
            _ => false,
        })
    }
}

impl TemplateNode {
    /// Its position, as in Go.
    pub(crate) fn pos(&self) -> Pos {
        match self {
            Self::Text { pos, .. }
            | Self::Action { pos, .. }
            | Self::Template { pos, .. }
            | Self::Break(pos)
            | Self::Continue(pos) => *pos,
            Self::If(branch) | Self::With(branch) | Self::Range(branch) => branch.pos,
        }
    }
}

impl Arg {
    /// Its position, as in Go.
    pub(crate) fn pos(&self) -> Pos {
        match self {
            Self::Dot(pos) | Self::Nil(pos) | Self::Bool(pos, _) => *pos,
            Self::String { pos, .. }
            | Self::Identifier { pos, .. }
            | Self::Field { pos, .. }
            | Self::Chain { pos, .. } => *pos,
            Self::Constant(number) => number.pos,
            Self::Variable(variable) => variable.pos,
            Self::Pipe(pipe) => pipe.pos,
        }
    }
}

impl Display for NodeList {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| node.fmt(f))
    }
}

impl Display for TemplateNode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text, .. } => text.fmt(f),
            Self::Action { pipe, .. } => write!(f, "{{{{{pipe}}}}}"),
            Self::If(branch) => branch.print("if", f),
            Self::With(branch) => branch.print("with", f),
            Self::Range(branch) => branch.print("range", f),
            Self::Template { name, pipe, .. } => {
                write!(f, "{{{{template {}", go_quote(name.as_bytes()))?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Self::Break(_) => f.write_str("{{break}}"),
            Self::Continue(_) => f.write_str("{{continue}}"),
        }
    }
}

impl Branch {
    fn print(&self, name: &str, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{name} {}}}}}{}", self.pipe, self.list)?;
        if let Some(list) = &self.else_list {
            write!(f, "{{{{else}}}}{list}")?;
        }
        f.write_str("{{end}}")
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.decl.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, variable)?;
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
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, arg) in self.args.iter().enumerate() {
            f.write_str(if index > 0 { " " } else { "" })?;
            match arg {
                Arg::Pipe(pipe) => write!(f, "({pipe})")?,
                arg => arg.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for Variable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.ident.join("."))
    }
}

impl Display for Arg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut Formatter<'_>, names: &[Arc<str>]| names.iter().try_for_each(|name| write!(f, ".{name}"));
        match self {
            Self::Dot(_) => f.write_str("."),
            Self::Nil(_) => f.write_str("nil"),
            Self::Bool(_, truth) => truth.fmt(f),
            Self::Constant(number) => f.write_str(&number.text),
            Self::String { quoted, .. } => f.write_str(quoted),
            Self::Identifier { name, .. } => f.write_str(name),
            Self::Field { ident, .. } => fields(f, ident),
            Self::Variable(variable) => variable.fmt(f),
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Chain { node, field, .. } => {
                match &**node {
                    Self::Pipe(pipe) => write!(f, "({pipe})")?,
                    node => node.fmt(f)?,
                }
                fields(f, field)
            }
        }
    }
}
