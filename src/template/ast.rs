//! The tree of a parsed template, Go's `text/template/parse` nodes.
//!
//! Every node knows its byte position in its file; `Display` (in `ast_print.rs`) prints a node as Go's `String()` does, which is the
//! `<…>` in error messages. The tree is immutable and can be shared between threads.

use crate::source::File;
use crate::trace::Str;
use std::sync::Arc;

/// Byte offset in the template's file.
pub type Pos = u32;

/// One named template: a file's body, or what `define` or `block` made.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its name: a file's full path, or the name in `define`.
    pub name: Str,
    /// Name of the file it was parsed from, as errors print it.
    pub file_name: Arc<str>,
    /// The file, for places and excerpts.
    pub file: Arc<File>,
    /// The body.
    pub body: List,
    /// Whether there is nothing but white space and comments in it: such a body never replaces another's.
    pub is_empty: bool,
}

impl Template {
    /// The line, from 1, and the column in bytes, from 0, of a position: what errors of execution print.
    ///
    /// Source: Go `text/template/parse`, `Tree.ErrorContext`.
    pub fn error_context(&self, pos: Pos) -> (u32, u32) {
        self.file.line_column(pos)
    }
}

/// Nodes in sequence.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// What can stand between and in `{{ }}`.
#[derive(Debug, Clone)]
pub enum Node {
    /// Literal text, trimmed as the marks around it say; `text` is the part of the file from `pos` on.
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
        /// What is computed and, unless it declares, printed.
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
        /// The name as a Go string constant, for printing.
        quoted: String,
        /// The data; nothing passes nil.
        pipe: Option<Pipe>,
    },
    /// `{{ break }}`
    Break(Pos),
    /// `{{ continue }}`
    Continue(Pos),
}

/// `if`, `with` or `range`.
#[derive(Debug, Clone)]
pub struct Branch {
    /// Position of the pipeline.
    pub pos: Pos,
    /// The condition or collection.
    pub pipe: Pipe,
    /// When it holds.
    pub list: List,
    /// `{{ else }}`; an `else if` is a list of one `if`.
    pub else_list: Option<List>,
}

/// Commands joined by `|`, with the variables they are given to.
#[derive(Debug, Clone)]
pub struct Pipe {
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
pub struct Command {
    /// First byte.
    pub pos: Pos,
    /// At least one.
    pub args: Vec<Arg>,
}

/// `$x.Field.Field`
#[derive(Debug, Clone)]
pub struct Variable {
    /// First byte, as Go sets it.
    pub pos: Pos,
    /// The variable with its `$`, then the fields.
    pub ident: Vec<Arc<str>>,
}

/// An operand.
#[derive(Debug, Clone)]
pub enum Arg {
    /// `.`
    Dot(Pos),
    /// `nil`
    Nil(Pos),
    /// `true`, `false`
    Bool(Pos, bool),
    /// A number or a character constant.
    Number(Box<Number>),
    /// A quoted string.
    String {
        /// First byte.
        pos: Pos,
        /// As written.
        quoted: String,
        /// What it means.
        text: Str,
    },
    /// A function's name.
    Identifier {
        /// First byte.
        pos: Pos,
        /// The name.
        name: Arc<str>,
    },
    /// `.Field.Field`
    Field {
        /// As Go sets it: the start of the second segment where there is one (helm-visible in columns).
        pos: Pos,
        /// At least one.
        ident: Vec<Arc<str>>,
    },
    /// `$x.Field`
    Variable(Variable),
    /// `(pipeline).Field` and other operands with fields after them.
    Chain {
        /// As Go sets it.
        pos: Pos,
        /// What the fields are taken of.
        node: Box<Arg>,
        /// At least one.
        field: Vec<Arc<str>>,
    },
    /// `(pipeline)`
    Pipe(Box<Pipe>),
}

/// A constant; what it can be is decided where it is used.
#[derive(Debug, Clone)]
pub struct Number {
    /// First byte.
    pub pos: Pos,
    /// As written.
    pub text: String,
    /// As an integer, when it is one: also `3.0`, `'a'`, `0x3`.
    pub int: Option<i64>,
    /// As an unsigned integer, when it is one.
    pub uint: Option<u64>,
    /// As a floating-point number, when it is real.
    pub float: Option<f64>,
    /// As a complex number (real, imaginary), when it is written with `i`.
    pub complex: Option<(f64, f64)>,
}
