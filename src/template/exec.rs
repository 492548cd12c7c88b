//! Executes templates: walks the tree and writes the output.
//!
//! The order of evaluation, the "current node" of an error, and every message are those of Go's `text/template` (`exec.go`),
//! with the option `missingkey=zero` that helm sets.

use super::ast::{self, Branch, Template, TemplateNode};
use super::context::Context;
use super::context::Text;
use super::error::{Error, Failure};
use super::print;
use super::set::{Compiled, Set};
use super::state::{At, Emit, Eval, Result, State, TEXT};
use super::value::Value;
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::memory::Held;
use crate::source::File;
use crate::trace::{Buf, Marks, Origin, Str};
use std::rc::Rc;
use std::sync::Arc;

/// The output of a missing value, until helm removes it from the finished text.
const NO_VALUE: &str = "<no value>";

/// Bytes of compiled texts of `tpl` that are cached.
const MOST_TEXTS: usize = 32 << 20;

/// Steps of compiling a text of `tpl`, besides those of its characters.
const COMPILING: u64 = 100;

/// Whether to continue after a node.
enum Next {
    On,
    Break,
    Continue,
}

/// The output is counted whenever it grows by this many bytes.
const UNCOUNTED: usize = 64 << 10;

impl Context<'_> {
    /// Executes the template file with this name: returns its text, and with tracing, which of its actions wrote which bytes.
    pub(crate) fn execute_file(
        &mut self,
        name: &[u8],
        data: Value,
    ) -> std::result::Result<(Str, Vec<Emit>), Box<Error>> {
        let template = self.lookup(name)?;
        let emits = self.tracing().then(Vec::new);
        let (out, emits) = self.run(&template, data, Buf::with_capacity(usual_size(&template)), emits)?;
        let emits = emits.unwrap_or_default();
        self.keep(&out, emits.capacity() * size_of::<Emit>());
        Ok((out, emits))
    }

    /// Executes a named template and returns its text: helm's `include`, without its counter.
    pub(crate) fn execute(&mut self, name: &[u8], data: Value) -> std::result::Result<Str, Box<Error>> {
        let template = self.lookup(name)?;
        Ok(self.run(&template, data, Buf::new(), None)?.0)
    }

    /// Parses a text as a template and executes it: helm's `tpl`. Templates that the text defines are visible only to itself and to
    /// what it calls.
    ///
    /// The outer result is about parsing, the inner about execution.
    pub(crate) fn execute_text(
        &mut self,
        text: &Str,
        data: Value,
    ) -> std::result::Result<std::result::Result<Str, Box<Error>>, Error> {
        if memchr::memmem::find(text.as_bytes(), b"{{").is_none() {
            return Ok(Ok(text.clone()));
        }
        let compiled = self.compile_text(text)?;
        let templates = &compiled.compiled.templates;
        let Some(body) = templates.first().cloned() else { return Ok(Ok(Str::new(""))) };
        let outer = self.templates.clone();
        let mut set = Set::within(outer.clone());
        for template in templates {
            set.add(template.clone());
        }
        self.templates = Rc::new(set);
        let result = self.run(&body, data, Buf::new(), None);
        self.templates = outer;
        Ok(result.map(|(text, _)| text))
    }

    fn compile_text(&mut self, text: &Str) -> std::result::Result<Rc<Text>, Error> {
        // A traced text is compiled again, because its output has the origins of this text and not of an equal one.
        let traced = !text.spans().is_empty();
        if !traced && let Some(known) = self.texts.get(text) {
            return Ok(known.clone());
        }
        let file = File::new(TEXT, text.as_bytes());
        let limit = |failure: Failure| Error::Limit(failure.to_string());
        // The cost of parsing a character, and of compiling any text.
        self.charge(COMPILING + 2 * text.len() as u64).map_err(limit)?;
        let mut compiled = Compiled::parse(TEXT, &file, self.functions, self.memory_left())?;
        self.charge(COMPILING * compiled.templates.len() as u64).map_err(limit)?;
        let size = compiled.size + text.len();
        let held = self.hold_bytes(size).map_err(limit)?;
        if traced {
            for template in &mut compiled.templates {
                if let Some(template) = Arc::get_mut(template) {
                    template.source = Some(text.clone());
                }
            }
        }
        let compiled = Rc::new(Text { compiled, _held: held });
        if !traced {
            // Compiling again costs time; caching costs memory.
            if self.texts_size + size > MOST_TEXTS {
                self.texts.clear();
                self.texts_size = 0;
            }
            self.texts_size += size;
            self.texts.insert(text.clone(), compiled.clone());
        }
        Ok(compiled)
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<Template>> {
        self.templates.get(name).cloned().ok_or_else(|| {
            let name = go_quote(name);
            Box::new(Error::Plain(format!("template: no template {name} associated with template \"gotpl\"")))
        })
    }

    fn run(
        &mut self,
        template: &Template,
        data: Value,
        out: Buf,
        emits: Option<Vec<Emit>>,
    ) -> Result<(Str, Option<Vec<Emit>>)> {
        let mut state = State::new(self, template, Eval::of(data), out, emits);
        state.enter()?;
        let dot = state.vars[0].1.clone();
        let result = state.list(&dot, &template.body);
        state.ctx.depth -= 1;
        result?;
        Ok((state.out.into_str(), state.emits))
    }
}

impl<'t> State<'t, '_, '_> {
    fn list(&mut self, dot: &Eval, list: &'t ast::NodeList) -> Result<Next> {
        self.nest()?;
        if let Some(probe) = self.ctx.probe.as_ref().filter(|_| self.is_of_chart) {
            probe.reach(std::ptr::from_ref(list) as usize);
        }
        for node in &list.nodes {
            let next = match self.ctx.is_tolerant() {
                true => self.node_at_any_cost(dot, node)?,
                false => self.node(dot, node)?,
            };
            match next {
                Next::On => {}
                leave => {
                    self.ctx.nesting -= 1;
                    return Ok(leave);
                }
            }
        }
        self.ctx.nesting -= 1;
        Ok(Next::On)
    }

    fn node(&mut self, dot: &Eval, node: &'t TemplateNode) -> Result<Next> {
        self.at = At::Node(node);
        self.charge(1)?;
        let before = self.out.len();
        match node {
            TemplateNode::Text { pos, text } => self.write_text(*pos, text)?,
            TemplateNode::Action { pipe, .. }
                if self.ctx.probe.as_ref().is_some_and(|probe| probe.skips(std::ptr::from_ref(pipe) as usize)) => {}
            TemplateNode::Action { pipe, .. } => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.decl.is_empty() {
                    self.at = At::Node(node);
                    self.charge(1)?;
                    self.print(&value.value)?;
                }
            }
            TemplateNode::If(branch) => return self.branch(dot, branch, false),
            TemplateNode::With(branch) => return self.branch(dot, branch, true),
            TemplateNode::Range(branch) => return self.range(dot, branch, node),
            TemplateNode::Template { pos, name, pipe } => {
                self.reached(*pos);
                self.call_template(dot, name, pipe.as_ref())?;
            }
            TemplateNode::Break(_) => return Ok(Next::Break),
            TemplateNode::Continue(_) => return Ok(Next::Continue),
        }
        if let Some(emits) = &mut self.emits
            && self.out.len() > before
        {
            let is_text = matches!(node, TemplateNode::Text { .. });
            emits.push(Emit { start: before as u32, end: self.out.len() as u32, at: node.pos(), is_text });
        }
        Ok(Next::On)
    }

    /// Executes a node in a course through everything: a failing node prints nothing.
    fn node_at_any_cost(&mut self, dot: &Eval, node: &'t TemplateNode) -> Result<Next> {
        let (depth, nesting, variables) = (self.ctx.depth, self.ctx.nesting, self.vars.len());
        if let TemplateNode::Text { .. } | TemplateNode::Action { .. } = node {
            self.node = Some(node);
            if self.ctx.decisions.as_ref().is_some_and(|decisions| decisions.depth() > 0) {
                self.reach(At::Node(node));
            }
        }
        match self.node(dot, node) {
            Err(_) if !self.ctx.is_exhausted() => {
                (self.ctx.depth, self.ctx.nesting) = (depth, nesting);
                self.vars.truncate(variables);
                self.ctx.tolerated += 1;
                if let TemplateNode::Action { pipe, .. } = node {
                    match pipe.decl.as_slice() {
                        [] => self.out.push_text(NO_VALUE),
                        _ => self.declare_nothing(pipe),
                    }
                }
                Ok(Next::On)
            }
            other => other,
        }
    }

    /// Declares the variables of a pipeline that failed.
    fn declare_nothing(&mut self, pipe: &'t ast::Pipe) {
        if !pipe.is_assign {
            for variable in &pipe.decl {
                self.declare(&variable.ident[0], Eval::invalid());
            }
        }
    }

    /// The value of a condition; in a course through everything, nil if it fails.
    fn condition(&mut self, dot: &Eval, pipe: &'t ast::Pipe) -> Result<Eval> {
        let (depth, nesting, variables) = (self.ctx.depth, self.ctx.nesting, self.vars.len());
        match self.pipeline(dot, pipe) {
            Err(_) if self.ctx.is_tolerant() && !self.ctx.is_exhausted() => {
                (self.ctx.depth, self.ctx.nesting) = (depth, nesting);
                self.vars.truncate(variables);
                self.ctx.tolerated += 1;
                self.declare_nothing(pipe);
                Ok(Eval::invalid())
            }
            Ok(value) => {
                self.note_truth(pipe, &value.value);
                Ok(value)
            }
            other => other,
        }
    }

    /// Records that a condition asks whether a map is empty: that happens after its pipeline.
    fn note_truth(&self, pipe: &'t ast::Pipe, value: &Value) {
        if let (Some(probe), Value::Map(map)) = (&self.ctx.probe, value) {
            let before = probe.enter(std::ptr::from_ref(pipe) as usize);
            map.touch_emptiness();
            probe.leave(before);
        }
    }

    /// Records that a loop takes the members of a map. What is read of members that are maps counts.
    fn note_members(&self, pipe: &'t ast::Pipe, value: &Value) {
        if let (Some(probe), Value::Map(map)) = (&self.ctx.probe, value) {
            let before = probe.enter(std::ptr::from_ref(pipe) as usize);
            for (key, _) in map.entries() {
                map.touch_member(key.as_bytes());
            }
            probe.leave(before);
        }
    }

    fn write_text(&mut self, pos: ast::Pos, text: &Str) -> Result<()> {
        match &self.template.source {
            Some(source) => self.out.push_slice(source, pos as usize..pos as usize + text.len()),
            None => self.out.push_from(text.as_bytes(), self.text_origin, pos),
        }
        self.check_output()
    }

    fn print(&mut self, value: &Value) -> Result<()> {
        if let Value::Map(_) | Value::List(_) = value {
            self.look_at_whole(value);
        }
        match value {
            Value::Nil => self.out.push_text(NO_VALUE),
            Value::Str(text) => self.out.push(text),
            value => print::print_value(value, &mut self.out).map_err(|failure| self.fail_by(failure))?,
        }
        self.check_output()
    }

    fn check_output(&mut self) -> Result<()> {
        let limit = self.ctx.limits.string_bytes;
        if self.out.len() > limit {
            return Err(self.fail(format!("a template wrote more than {limit} bytes (--limit string-bytes)")));
        }
        let emits = self.emits.as_ref().map_or(0, Vec::capacity) * size_of::<Emit>();
        let size = self.out.size() + emits;
        if size > self.held.as_ref().map_or(0, Held::bytes) + UNCOUNTED {
            let held = match self.held.take() {
                Some(mut held) => {
                    held.resize(size);
                    self.ctx.check_memory().map(|()| held)
                }
                None => self.ctx.hold_bytes(size),
            };
            self.held = Some(held.map_err(|failure| self.fail_by(failure))?);
        }
        Ok(())
    }

    fn branch(&mut self, dot: &Eval, branch: &'t Branch, with: bool) -> Result<Next> {
        let mark = self.vars.len();
        let value = self.condition(dot, &branch.pipe)?;
        let holds = value.value.truth();
        let (decided, gate) = match self.is_marking() {
            true => self.way(branch, holds, &value),
            false => (holds, false),
        };
        let next = if decided {
            self.list(if with { &value } else { dot }, &branch.list)
        } else if let Some(list) = &branch.else_list {
            self.list(dot, list)
        } else {
            Ok(Next::On)
        };
        if gate && let Some(decisions) = &mut self.ctx.decisions {
            decisions.leave_gate();
        }
        self.vars.truncate(mark);
        next
    }

    /// Which way a branch goes, and whether through a gate.
    fn way(&mut self, branch: &'t Branch, holds: bool, value: &Eval) -> (bool, bool) {
        let marks = value.truth_marks();
        // Without the mirror, the images are those that it replaces.
        let is_mirror = holds && matches!(value.value, Value::Str(_)) && value.value.marks().mirror;
        let chain = std::mem::take(&mut self.chain);
        let is_chain =
            |list: &ast::NodeList| matches!(list.nodes.as_slice(), [TemplateNode::If(_) | TemplateNode::With(_)]);
        let templates = self.ctx.templates.clone();
        // Texts of `tpl` may be dropped before the render ends.
        let is_kept = self.is_of_chart;
        let Some(decisions) = &mut self.ctx.decisions else { return (holds, false) };
        let is_gated = decisions.depth() > 0;
        let (decided, gate) = match decisions.way() {
            Some(way) => {
                let wanted = branch.else_list.is_none() || chain >= way;
                let at = std::ptr::from_ref(branch) as usize;
                let gate = wanted != holds
                    && !is_mirror
                    && decisions.enter(at, is_kept, &|| super::marking::condition(&branch.pipe), wanted);
                (if gate { wanted } else { holds }, gate)
            }
            None => (self.decide(At::Pipe(&branch.pipe), 0, holds, marks), false),
        };
        // Behind a gate, the real render took neither way.
        let taken = if is_gated { decided } else { holds };
        let left = if taken { branch.else_list.as_ref() } else { Some(&branch.list) };
        let left = left.filter(|_| !is_mirror);
        if let (Some(left), Some(decisions)) = (left, &mut self.ctx.decisions) {
            let way = chain + u32::from(taken);
            match &self.template.source {
                Some(source) => decisions.leave_text(source.as_bytes(), way),
                None => decisions.leave(left, branch, way, &templates),
            }
        }
        if !decided && branch.else_list.as_ref().is_some_and(is_chain) {
            self.chain = chain + 1;
        }
        (decided, gate)
    }

    fn range(&mut self, dot: &Eval, branch: &'t Branch, node: &'t TemplateNode) -> Result<Next> {
        self.at = At::Node(node);
        let mark = self.vars.len();
        let mut collection = self.condition(dot, &branch.pipe)?;
        self.note_members(&branch.pipe, &collection.value);
        if let Some(probe) = &self.ctx.probe {
            probe.begin_loop(std::ptr::from_ref(&branch.pipe) as usize);
        }
        let mut gate = false;
        if self.is_marking() {
            let holds = collection.value.truth();
            let marks = collection.marks().without_size();
            let decided;
            (decided, gate) = self.way(branch, holds, &collection);
            collection = self.decided_loop(branch, collection, holds, decided);
            if marks.order && super::marking::tells_order(&branch.list) {
                collection.value = self.in_decided_order(branch, collection.value);
            }
        }
        let next = self.iterate(dot, branch, collection.value);
        if gate && let Some(decisions) = &mut self.ctx.decisions {
            decisions.leave_gate();
        }
        self.vars.truncate(mark);
        next
    }

    /// The collection of a loop, after it was decided whether it is empty.
    fn decided_loop(&mut self, branch: &Branch, collection: Eval, holds: bool, decided: bool) -> Eval {
        if holds == decided {
            return collection;
        }
        // The variables of the loop are its elements.
        let pair = branch.pipe.decl.len() > 1;
        match (decided, &collection.value) {
            (false, _) => Eval::of(Value::list(Vec::new())),
            (true, Value::Int(..)) if !pair => Eval::of(Value::int(1)),
            (true, Value::Map(_)) => Eval::of(Value::Map(std::iter::once((Str::new(""), Value::Nil)).collect())),
            (true, _) => Eval::of(Value::list(vec![Value::Nil])),
        }
    }

    /// The elements of a list in random order; if forced, another one comes first.
    fn in_decided_order(&mut self, branch: &'t Branch, value: Value) -> Value {
        let Value::List(list) = &value else { return value };
        if self.decide(At::Pipe(&branch.pipe), 1, true, Marks::ORDER | Marks::RANDOM) {
            return value;
        }
        let mut items = list.to_vec();
        items.rotate_left(1);
        Value::List(list.remade(items, list.origin()))
    }

    fn iterate(&mut self, dot: &Eval, branch: &'t Branch, collection: Value) -> Result<Next> {
        match &collection {
            Value::Nil => {}
            Value::List(list) if !list.is_empty() => {
                let slot = Eval::is_slot_of(list.ty());
                let marks = collection.marks().unordered();
                for (index, item) in list.iter().enumerate() {
                    let item = Eval::member(item.clone(), slot).marked(marks);
                    match self.iteration(branch, Eval::of(Value::int(index as i64)), item)? {
                        Next::Break => break,
                        Next::On | Next::Continue => {}
                    }
                }
                return Ok(Next::On);
            }
            Value::Bytes(bytes) if !bytes.is_empty() => {
                for (index, &byte) in bytes.as_bytes().iter().enumerate() {
                    let item = Eval::of(Value::byte(byte));
                    if let Next::Break = self.iteration(branch, Eval::of(Value::int(index as i64)), item)? {
                        break;
                    }
                }
                return Ok(Next::On);
            }
            Value::Map(map) if !map.is_empty() => {
                let slot = Eval::is_slot_of(map.ty());
                let marks = collection.marks();
                self.look_at_members(map);
                // The keys are collected first, so that the body may change the map.
                for (key, value) in map.entries() {
                    let item = Eval::member(value, slot).marked(marks);
                    if let Next::Break = self.iteration(branch, Eval::of(Value::Str(key)), item)? {
                        break;
                    }
                }
                return Ok(Next::On);
            }
            Value::List(_) | Value::Bytes(_) | Value::Map(_) => {}
            // Older versions of Go, in helm 3, do not count.
            Value::Int(count, kind, origin) if self.ctx.env.helm == HelmVersion::V4 => {
                if branch.pipe.decl.len() > 1 {
                    return Err(self.fail(format!("can't use {count} to iterate over more than one variable")));
                }
                for number in 0..*count {
                    let item = Eval::of(Value::Int(number, *kind, Origin::NONE.marked(origin.marks())));
                    if let Next::Break = self.iteration(branch, Eval::invalid(), item)? {
                        break;
                    }
                }
                if *count > 0 {
                    return Ok(Next::On);
                }
            }
            other => {
                let mut text = Buf::new();
                print::print_value(other, &mut text).map_err(|failure| self.fail_by(failure))?;
                return Err(self.fail(format!("range can't iterate over {}", text.into_str())));
            }
        }
        match &branch.else_list {
            Some(list) => self.list(dot, list),
            None => Ok(Next::On),
        }
    }

    /// Executes the body of a loop for one element.
    fn iteration(&mut self, branch: &'t Branch, index: Eval, item: Eval) -> Result<Next> {
        let Some(probe) = &self.ctx.probe else { return self.round(branch, index, item) };
        let Some(before) = probe.begin_round(std::ptr::from_ref(&branch.pipe) as usize) else { return Ok(Next::On) };
        let next = self.round(branch, index, item);
        if let Some(probe) = &self.ctx.probe {
            probe.end_round(before);
        }
        next
    }

    fn round(&mut self, branch: &'t Branch, index: Eval, item: Eval) -> Result<Next> {
        let decl = &branch.pipe.decl;
        self.charge(1 + decl.len() as u64)?;
        let (key, value) = match decl.as_slice() {
            [] => (None, None),
            [value] => (None, Some(value)),
            [key, value, ..] => (Some(key), Some(value)),
        };
        if branch.pipe.is_assign {
            if let Some(key) = key {
                self.assign(&key.ident[0], index)?;
            }
            if let Some(value) = value {
                self.assign(&value.ident[0], item.clone())?;
            }
        } else {
            let top = self.vars.len();
            if key.is_some() {
                self.vars[top - 2].1 = index;
            }
            if value.is_some() {
                self.vars[top - 1].1 = item.clone();
            }
        }
        let mark = self.vars.len();
        let next = self.list(&item, &branch.list);
        self.vars.truncate(mark);
        next
    }

    fn call_template(&mut self, dot: &Eval, name: &Str, pipe: Option<&'t ast::Pipe>) -> Result<()> {
        let Some(template) = self.ctx.templates.get(name.as_bytes()).cloned() else {
            return Err(self.fail(format!("template {} not defined", go_quote(name.as_bytes()))));
        };
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Eval::invalid(),
        };
        self.enter()?;
        self.charge(3)?;
        // The called template writes to the caller's output.
        let (out, held) = (std::mem::take(&mut self.out), self.held.take());
        let mut callee = State::new(self.ctx, &template, data.clone(), out, None);
        callee.held = held;
        let result = callee.list(&data, &template.body);
        let (out, held) = (std::mem::take(&mut callee.out), callee.held.take());
        (self.out, self.held) = (out, held);
        self.ctx.depth -= 1;
        result.map(|_| ())
    }
}

/// The first capacity for the output of a file: most text is printed as it is, and a little is added.
fn usual_size(template: &Template) -> usize {
    let size = template.file.bytes().len();
    size + size / 8
}
