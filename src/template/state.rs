//! [`State`]: the state of a template's execution: its position, its variables and its output.

use super::ast::{self, Template, TemplateNode};
use super::context::Context;
use super::error::{Error, ErrorSite, Failure};
use super::types::{self, GoKind, Type};
use super::value::Value;
use crate::memory::Held;
use crate::source::Place;
use crate::trace::{Buf, Marks, Origin, OriginData};
use std::fmt;

pub(super) type Result<T> = std::result::Result<T, Box<Error>>;

/// Which bytes of a file's output were written by which of its actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Emit {
    /// First byte of the output.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// Position in the template file of the action's pipeline, or of the first byte of the text.
    pub at: u32,
    /// Whether it is literal text: then each byte of the output is the byte of the file as far from `at`.
    pub is_text: bool,
}

/// The node at which an error would be reported: the last one that evaluation reached.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Start,
    Node(&'t TemplateNode),
    Pipe(&'t ast::Pipe),
    Command(&'t ast::Command),
    Arg(&'t ast::Arg),
}

impl At<'_> {
    pub(super) fn pos(self) -> Option<ast::Pos> {
        match self {
            Self::Start => None,
            Self::Node(node) => Some(node.pos()),
            Self::Pipe(pipe) => Some(pipe.pos),
            Self::Command(command) => Some(command.pos),
            Self::Arg(arg) => Some(arg.pos()),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => Ok(()),
            Self::Node(node) => node.fmt(f),
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::Arg(arg) => arg.fmt(f),
        }
    }
}

/// A value, and whether it is in an `interface {}` (Go's `reflect.Value` of kind Interface), like a member of a values map:
/// that decides between `<no value>` and "nil pointer evaluating", and which type an error names.
#[derive(Clone)]
pub(super) struct Eval {
    pub(super) value: Value,
    pub(super) slot: bool,
    /// The marks of nil, or of an object; other values have their own.
    pub(super) marks: Marks,
}

impl Eval {
    pub(super) fn of(value: Value) -> Self {
        Self { value, slot: false, marks: Marks::NONE }
    }

    /// Go's zero `reflect.Value`: not even nil.
    pub(super) fn invalid() -> Self {
        Self::of(Value::Nil)
    }

    /// A value as a member of a container.
    pub(super) fn member(value: Value, slot: bool) -> Self {
        Self { value, slot, marks: Marks::NONE }
    }

    /// Its marks.
    pub(super) fn marks(&self) -> Marks {
        self.marks | self.value.marks()
    }

    /// The marks of its truth.
    pub(super) fn truth_marks(&self) -> Marks {
        match self.value {
            Value::Nil => self.marks,
            _ => self.value.truth_marks(),
        }
    }

    /// The same with more marks.
    pub(super) fn marked(self, marks: Marks) -> Self {
        if marks.is_none() {
            return self;
        }
        let held = if let Value::Nil | Value::GoObject(_) = self.value { marks } else { Marks::NONE };
        Self { value: self.value.marked(marks), slot: self.slot, marks: self.marks | held }
    }

    /// Whether the elements of a container type are in interfaces.
    pub(super) fn is_slot_of(ty: &Type) -> bool {
        ty.elem.is_some_and(|elem| elem.kind == GoKind::Interface)
    }

    pub(super) fn type_name(&self) -> &'static str {
        if self.slot { types::ANY.name } else { self.value.ty().name }
    }

    pub(super) fn is_invalid(&self) -> bool {
        !self.slot && self.value.is_nil()
    }
}

/// The name of a text given to `tpl`.
pub(super) const TEXT: &str = "gotpl";

/// The execution of one template.
pub(super) struct State<'t, 'c, 'r> {
    pub(super) ctx: &'c mut Context<'r>,
    pub(super) template: &'t Template,
    pub(super) at: At<'t>,
    /// The origin of the template's own text; none without tracing.
    pub(super) text_origin: Origin,
    /// The index of its file in [`Reads`](super::reads::Reads).
    pub(super) file: Option<u32>,
    /// Whether it is a template of a chart, not a text of `tpl`, which may be dropped before the render ends.
    pub(super) is_of_chart: bool,
    /// The executed text or action.
    pub(super) node: Option<&'t TemplateNode>,
    /// The number of conditions of an `if … else if` that did not hold before the next `if`.
    pub(super) chain: u32,
    pub(super) vars: Vec<(&'t str, Eval)>,
    pub(super) out: Buf,
    /// Only for the outermost template of a traced file.
    pub(super) emits: Option<Vec<Emit>>,
    /// The counted part of these, once they are large.
    pub(super) held: Option<Held>,
}

/// A node as Go prints it, unless that is too long to read: each of a thousand nested calls prints its own.
fn shortened(mut context: String) -> String {
    const MAX: usize = 16 << 10;
    if context.len() > MAX {
        let end = (0..=MAX).rev().find(|&at| context.is_char_boundary(at)).unwrap_or(0);
        context.truncate(end);
        context.push('…');
    }
    context
}

impl<'t, 'c, 'r> State<'t, 'c, 'r> {
    pub(super) fn new(
        ctx: &'c mut Context<'r>,
        template: &'t Template,
        data: Eval,
        out: Buf,
        emits: Option<Vec<Emit>>,
    ) -> Self {
        let text_origin = match ctx.origins.as_deref_mut() {
            Some(origins) => origins.template_text(&template.file, 0),
            None => Origin::NONE,
        };
        let file = ctx.reads.as_ref().and_then(|reads| reads.file(&template.file));
        Self {
            ctx,
            template,
            at: At::Start,
            text_origin,
            file,
            is_of_chart: template.source.is_none() && &*template.file_name != TEXT,
            node: None,
            chain: 0,
            vars: vec![("$", data)],
            out,
            emits,
            held: None,
        }
    }

    pub(super) fn enter(&mut self) -> Result<()> {
        if self.ctx.depth >= self.ctx.limits.template_depth {
            let limit = self.ctx.limits.template_depth;
            return Err(self.fail(format!("exceeded maximum template depth ({limit}) (--limit template-depth)")));
        }
        self.ctx.depth += 1;
        Ok(())
    }

    /// The failure of this execution at the current node.
    pub(super) fn fail(&self, message: impl Into<String>) -> Box<Error> {
        self.fail_with(message.into(), None)
    }

    /// The same with the message of a failure outside a call.
    pub(super) fn fail_by(&self, failure: Failure) -> Box<Error> {
        let cause = matches!(failure, Failure::Limit(_)).then(|| Box::new(Failure::Limit(String::new())));
        self.fail_with(failure.to_string(), cause)
    }

    pub(super) fn fail_with(&self, message: String, cause: Option<Box<Failure>>) -> Box<Error> {
        // A course through everything continues after failures, and never reports them.
        if self.ctx.is_tolerant() {
            return Box::new(Error::Plain(message));
        }
        let site = self.at.pos().map(|pos| {
            let (line, column) = self.template.file.line_column(pos);
            Box::new(ErrorSite {
                file: self.template.file_name.to_string(),
                line,
                column,
                template: self.template.name.to_text().into_owned(),
                context: shortened(self.at.to_string()),
            })
        });
        let message = match site {
            Some(_) => message,
            // Go omits the location if no node was reached.
            None => format!("{}: {message}", self.template.name),
        };
        Box::new(Error::Exec { site, message, cause })
    }

    /// The location of a node in its source: for a text of `tpl`, where that text was set.
    pub(super) fn place(&self, at: At<'_>) -> Place {
        let pos = at.pos().unwrap_or_default();
        let here = || Place { file: self.template.file.clone(), start: pos, end: pos };
        let Some(source) = &self.template.source else { return here() };
        let spans = source.spans();
        let span = spans.get(spans.partition_point(|span| span.end <= pos)).filter(|span| span.start <= pos);
        let origins = self.ctx.origins.as_deref();
        match span.and_then(|span| Some((span, origins?.get(span.origin)?))) {
            Some((span, OriginData::Template { file, start })) => {
                let at = start + span.at + (pos - span.start);
                Place { file: file.clone(), start: at, end: at }
            }
            Some((_, OriginData::Setting(setting))) => setting.place.clone(),
            Some((span, OriginData::File(file))) => {
                let at = span.at + (pos - span.start);
                Place { file: file.clone(), start: at, end: at }
            }
            _ => here(),
        }
    }

    pub(super) fn charge(&mut self, steps: u64) -> Result<()> {
        self.ctx.charge(steps).map_err(|failure| self.fail_by(failure))
    }

    /// Goes one level deeper into the tree; an error ends the render, so only success returns here.
    pub(super) fn nest(&mut self) -> Result<()> {
        let limit = self.ctx.limits.template_nesting;
        if self.ctx.nesting >= limit {
            return Err(self.fail(format!("templates nest deeper than {limit} levels (--limit template-nesting)")));
        }
        self.ctx.nesting += 1;
        Ok(())
    }

    pub(super) fn declare(&mut self, name: &'t str, value: Eval) {
        self.vars.push((name, value));
    }

    pub(super) fn assign(&mut self, name: &str, value: Eval) -> Result<()> {
        match self.vars.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.fail(format!("undefined variable: {name}"))),
        }
    }

    pub(super) fn variable(&self, name: &str) -> Result<Eval> {
        match self.vars.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.fail(format!("undefined variable: {name}"))),
        }
    }
}
