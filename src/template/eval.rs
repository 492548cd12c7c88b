//! Evaluates pipelines, operands and calls, as Go's `text/template` does with reflection.

use super::ast::{Arg, Command, Constant, Pipe};
use super::builtins::index::len_of_nothing;
use super::complex::Complex;
use super::error::Failure;
use super::function::{Flow, Function, Look, Spread};
use super::state::{At, Eval, Result, State};
use super::types::{self, GoKind, Type};
use super::value::{IntKind, List, Map, Value};
use crate::trace::{Buf, Marks, Origin, Str};
use smallvec::SmallVec;
use std::sync::Arc;

/// What a function receives besides its arguments' nodes.
struct Callee<'t> {
    function: &'static Function,
    /// Where failures of the function are reported.
    node: At<'t>,
    /// The receiver of a method.
    receiver: Option<Value>,
}

/// Whether a pipeline ends in a hash.
fn is_hash(pipe: &Pipe) -> bool {
    let name = |arg: &'_ Arg| match arg {
        Arg::Identifier { name, .. } => Some(&**name == "sha256sum" || &**name == "sha1sum"),
        _ => None,
    };
    pipe.cmds.last().and_then(|command| name(&command.args[0])).unwrap_or(false)
}

impl<'t> State<'t, '_, '_> {
    /// The value of a pipeline; declares or assigns its variables.
    pub(super) fn pipeline(&mut self, dot: &Eval, pipe: &'t Pipe) -> Result<Eval> {
        let Some(probe) = &self.ctx.probe else { return self.unprobed_pipeline(dot, pipe) };
        let before = probe.enter(std::ptr::from_ref(pipe) as usize);
        // Of a hash, nothing can be read, and a probed run is only searched: making its argument takes most of the time of some charts.
        if !probe.is_recording() && pipe.decl.is_empty() && is_hash(pipe) {
            return Ok(Eval::of(Value::str("0")));
        }
        let result = self.unprobed_pipeline(dot, pipe);
        if let Some(probe) = &self.ctx.probe {
            probe.leave(before);
        }
        result
    }

    fn unprobed_pipeline(&mut self, dot: &Eval, pipe: &'t Pipe) -> Result<Eval> {
        self.at = At::Pipe(pipe);
        self.nest()?;
        self.charge(1)?;
        let mut value = None;
        for command in &pipe.cmds {
            let mut result = self.command(dot, command, value)?;
            // Out of its interface: from here on a missing value is not even nil.
            result.slot = false;
            value = Some(result);
        }
        self.ctx.nesting -= 1;
        let value = value.unwrap_or_else(Eval::invalid);
        for variable in &pipe.decl {
            if pipe.is_assign {
                self.assign(&variable.ident[0], value.clone())?;
            } else {
                self.declare(&variable.ident[0], value.clone());
            }
        }
        Ok(value)
    }

    fn command(&mut self, dot: &Eval, command: &'t Command, last: Option<Eval>) -> Result<Eval> {
        let first = &command.args[0];
        let rest = &command.args[1..];
        match first {
            Arg::Field { ident, .. } => {
                self.at = At::Arg(first);
                self.field_chain(dot, dot.clone(), first, ident, rest, last)
            }
            Arg::Chain { node, field, .. } => {
                let receiver = self.chain_receiver(dot, first, node)?;
                self.field_chain(dot, receiver, first, field, rest, last)
            }
            Arg::Identifier { function, pos, .. } => {
                self.at = At::Arg(first);
                self.reached(*pos);
                let callee = Callee { function, node: At::Command(command), receiver: None };
                self.call(dot, callee, rest, last)
            }
            Arg::Pipe(pipe) => {
                self.not_a_function(first, rest, &last)?;
                self.pipeline(dot, pipe)
            }
            Arg::Variable(variable) => {
                self.at = At::Arg(first);
                let value = self.variable(&variable.ident[0])?;
                if variable.ident.len() == 1 {
                    self.reached(variable.pos);
                    self.not_a_function(first, rest, &last)?;
                    return Ok(value);
                }
                self.field_chain(dot, value, first, &variable.ident[1..], rest, last)
            }
            Arg::Nil(_) => {
                self.at = At::Arg(first);
                self.not_a_function(first, rest, &last)?;
                Err(self.fail("nil is not a command"))
            }
            Arg::Dot(_) | Arg::Bool(..) | Arg::Constant(_) | Arg::String { .. } => {
                self.at = At::Arg(first);
                self.not_a_function(first, rest, &last)?;
                self.constant(dot, first)
            }
        }
    }

    fn not_a_function(&self, first: &Arg, rest: &[Arg], last: &Option<Eval>) -> Result<()> {
        if !rest.is_empty() || last.is_some() {
            return Err(self.fail(format!("can't give argument to non-function {first}")));
        }
        Ok(())
    }

    fn chain_receiver(&mut self, dot: &Eval, chain: &'t Arg, node: &'t Arg) -> Result<Eval> {
        self.at = At::Arg(chain);
        if let Arg::Nil(_) = node {
            return Err(self.fail(format!("indirection through explicit nil in {chain}")));
        }
        self.operand(dot, node)
    }

    /// The value of an operand that is computed rather than constant.
    fn operand(&mut self, dot: &Eval, arg: &'t Arg) -> Result<Eval> {
        self.at = At::Arg(arg);
        match arg {
            Arg::Dot(_) | Arg::Nil(_) | Arg::Bool(..) | Arg::Constant(_) | Arg::String { .. } => {
                self.constant(dot, arg)
            }
            Arg::Field { ident, .. } => self.field_chain(dot, dot.clone(), arg, ident, &[], None),
            Arg::Variable(variable) => {
                let value = self.variable(&variable.ident[0])?;
                match &variable.ident[1..] {
                    [] => {
                        self.reached(variable.pos);
                        Ok(value)
                    }
                    fields => self.field_chain(dot, value, arg, fields, &[], None),
                }
            }
            Arg::Pipe(pipe) => self.pipeline(dot, pipe),
            Arg::Identifier { function, pos, .. } => {
                self.reached(*pos);
                let callee = Callee { function, node: At::Arg(arg), receiver: None };
                self.call(dot, callee, &[], None)
            }
            Arg::Chain { node, field, .. } => {
                let receiver = self.chain_receiver(dot, arg, node)?;
                self.field_chain(dot, receiver, arg, field, &[], None)
            }
        }
    }

    /// A constant or the dot, if no type is expected.
    fn constant(&mut self, dot: &Eval, arg: &'t Arg) -> Result<Eval> {
        Ok(match arg {
            Arg::Dot(pos) => {
                self.reached(*pos);
                dot.clone()
            }
            Arg::Bool(pos, truth) => Eval::of(Value::bool(*truth)).marked(self.text_marks(*pos)),
            Arg::Constant(number) => Eval::of(self.number(number)?).marked(self.text_marks(number.pos)),
            Arg::String { .. } => Eval::of(self.string(arg)?),
            _ => Eval::invalid(),
        })
    }

    /// Go's type of an untyped number constant.
    fn number(&self, number: &Constant) -> Result<Value> {
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::object(Complex(real, imaginary)));
        }
        let text = number.text.as_str();
        let is_hex_int =
            text.len() > 2 && (text.starts_with("0x") || text.starts_with("0X")) && !text.contains(['p', 'P']);
        if let Some(float) = number.float
            && !is_hex_int
            && !text.starts_with('\'')
            && text.contains(['.', 'e', 'E', 'p', 'P'])
        {
            return Ok(Value::float(float));
        }
        match (number.int, number.uint) {
            (Some(int), _) => Ok(Value::int(int)),
            (None, Some(_)) => Err(self.fail(format!("{text} overflows int"))),
            (None, None) => Ok(Value::Nil),
        }
    }

    /// The marks of a constant: in a text of `tpl`, those of that text.
    fn text_marks(&self, pos: u32) -> Marks {
        let Some(source) = self.template.source.as_ref().filter(|_| self.is_marking()) else { return Marks::NONE };
        let spans = source.spans();
        let span = spans.get(spans.partition_point(|span| span.end <= pos)).filter(|span| span.start <= pos);
        span.map_or(Marks::NONE, |span| span.origin.marks())
    }

    fn string(&mut self, arg: &Arg) -> Result<Value> {
        let Arg::String { pos, quoted, text } = arg else { return Ok(Value::Nil) };
        if self.text_origin.is_none() || text.is_empty() {
            return Ok(Value::Str(text.clone()));
        }
        let address = std::ptr::from_ref(arg) as usize;
        if self.is_of_chart
            && let Some(known) = self.ctx.constants.get(&address)
        {
            return Ok(Value::Str(known.clone()));
        }
        let mut buf = Buf::with_capacity(text.len());
        match &self.template.source {
            // The text of `tpl` has its own origin.
            Some(source) => {
                let range = *pos as usize..*pos as usize + quoted.len();
                buf.push_instead(text.as_bytes(), source, range);
            }
            // The text begins after the quote.
            None => buf.push_from(text.as_bytes(), self.text_origin, pos + 1),
        }
        let text = buf.into_str();
        let value = Value::Str(text.clone());
        self.ctx.hold(&value).map_err(|failure| self.fail_by(failure))?;
        if self.is_of_chart {
            self.ctx.keep(&text, 0);
            self.ctx.constants.insert(address, text);
        }
        Ok(value)
    }

    /// Records that the operand at a position is evaluated.
    pub(super) fn reached(&mut self, at: u32) {
        if let (Some(reads), Some(file)) = (&mut self.ctx.reads, self.file) {
            reads.reach(file, at);
        }
    }

    fn field_chain(
        &mut self,
        dot: &Eval,
        mut receiver: Eval,
        node: &'t Arg,
        idents: &'t [Arc<str>],
        rest: &'t [Arg],
        last: Option<Eval>,
    ) -> Result<Eval> {
        let Some((final_ident, idents)) = idents.split_last() else { return Ok(receiver) };
        self.charge(2 + 2 * idents.len() as u64)?;
        self.reached(node.pos());
        for ident in idents {
            receiver = self.field(dot, ident, node, &[], None, receiver)?;
        }
        // If the last is a method, it receives the arguments.
        self.field(dot, final_ident, node, rest, last, receiver)
    }

    fn field(
        &mut self,
        dot: &Eval,
        name: &'t str,
        node: &'t Arg,
        rest: &'t [Arg],
        last: Option<Eval>,
        receiver: Eval,
    ) -> Result<Eval> {
        if receiver.value.is_nil() {
            if receiver.slot {
                return Err(self.fail(format!("nil pointer evaluating interface {{}}.{name}")));
            }
            return Ok(receiver);
        }
        let type_name = receiver.type_name();
        let marks = if self.is_marking() { receiver.marks().taken_out() } else { Marks::NONE };
        if let Some(method) = receiver.value.ty().method(name) {
            let callee = Callee { function: method, node: At::Arg(node), receiver: Some(receiver.value) };
            return self.call(dot, callee, rest, last);
        }
        let has_arguments = !rest.is_empty() || last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    return Err(self.fail(format!("{name} is not a method but has arguments")));
                }
                // The member of another map may be empty.
                let marks = if marks.is_none() { marks } else { marks | Marks::SIZE };
                if let Some(reads) = &self.ctx.reads
                    && !reads.knows(map, name.as_bytes())
                {
                    self.look_at_member(map, name, At::Arg(node));
                }
                let elem = map.ty().elem.unwrap_or(&types::ANY);
                return Ok(match map.get(name.as_bytes()) {
                    Some(value) => Eval::member(value, elem.kind == GoKind::Interface),
                    None => zero_element(elem),
                }
                .marked(marks));
            }
            Value::GoObject(object) => {
                if let Some(value) = object.field(name) {
                    self.ctx.ask(name);
                    if !name.starts_with(char::is_uppercase) {
                        return Err(self.fail(format!("{name} is an unexported field of struct type {type_name}")));
                    }
                    if has_arguments {
                        return Err(self.fail(format!("{name} has arguments but cannot be invoked as function")));
                    }
                    return Ok(Eval::of(value).marked(marks));
                }
            }
            _ => {}
        }
        Err(self.fail(format!("can't evaluate field {name} in type {type_name}")))
    }

    fn call(&mut self, dot: &Eval, callee: Callee<'t>, args: &'t [Arg], last: Option<Eval>) -> Result<Eval> {
        let function = callee.function;
        self.check_count(function, args.len(), last.is_some())?;
        if let "and" | "or" = function.name
            && callee.receiver.is_none()
        {
            return self.and_or(dot, function.name == "or", args, last);
        }
        let mut values = SmallVec::<[Value; 4]>::new();
        let mut held = Marks::NONE;
        let method = usize::from(callee.receiver.is_some());
        values.extend(callee.receiver);
        let fixed = function.params.len();
        for (index, arg) in args.iter().enumerate() {
            let ty = if index < fixed { function.params[index] } else { function.variadic.unwrap_or(&types::ANY) };
            let value = self.argument(dot, arg, ty)?;
            if let "len" = function.name
                && value.value.is_nil()
            {
                return Err(self.len_of_nil(&callee.node, value.slot));
            }
            held = held | value.marks;
            values.push(value.value.passed());
        }
        if let Some(last) = last {
            let index = values.len() - method;
            let ty = if index < fixed { function.params[index] } else { function.variadic.unwrap_or(&types::ANY) };
            held = held | last.marks;
            let value = self.checked(last, ty)?;
            if let "len" = function.name
                && value.value.is_nil()
            {
                return Err(self.len_of_nil(&callee.node, value.slot));
            }
            values.push(value.value.passed());
        }
        if let "call" = function.name
            && let [value, ..] = values.as_slice()
            && !value.is_nil()
        {
            // No value of a template is a function; Go reports the operand as written.
            let source = args.first().map_or_else(|| format!("<{} Value>", value.ty().name), Arg::to_string);
            let text = format!("non-function {source} of type {}", value.ty().name);
            self.at = callee.node;
            return Err(self.fail_with("error calling call".to_owned(), Some(Box::new(Failure::Text(text)))));
        }
        if self.ctx.reads.is_some() && values.iter().any(|value| matches!(value, Value::Map(_) | Value::List(_))) {
            self.look(function, &values, callee.node);
        }
        let cost = function.cost;
        let texts: usize = match function.look {
            Look::Nothing => 0,
            _ => values
                .iter()
                .map(|value| if let Value::Str(text) | Value::Bytes(text) = value { text.len() } else { 0 })
                .sum(),
        };
        self.charge(u64::from(cost.call) + ((texts as u64 * u64::from(cost.kib)) >> 10))?;
        let draws = self.ctx.env.draws();
        if let Spread::Choice = function.spread
            && self.is_marking()
            && let Some(chosen) = self.choose(function, &values, callee.node)
        {
            return Ok(Eval::of(chosen));
        }
        let result = (function.call)(self.ctx, &values).and_then(|value| {
            let value = self.with_flow(function, value, &values);
            let result = match self.is_marking() {
                true => self.with_marks(function, value, &values, held, draws),
                false => Eval::of(value),
            };
            self.ctx.hold(&result.value)?;
            Ok(result)
        });
        match result {
            Ok(value) => Ok(value),
            Err(failure) => {
                self.at = callee.node;
                Err(self.fail_with(format!("error calling {}", function.name), Some(Box::new(failure))))
            }
        }
    }

    /// Records what a function reads in its arguments.
    fn look(&mut self, function: &Function, values: &[Value], node: At<'t>) {
        let place = match function.look {
            Look::Nothing => return,
            Look::Whole | Look::Members | Look::Some => self.place(node),
        };
        let Some(reads) = &mut self.ctx.reads else { return };
        match function.look {
            Look::Nothing => {}
            Look::Whole => values.iter().for_each(|value| reads.whole(value, &place)),
            Look::Members => {
                values.iter().filter_map(Value::as_map).for_each(|map| reads.members(map, &place));
            }
            Look::Some => self.ctx.caller = Some(place),
        }
    }

    fn look_at_member(&mut self, map: &Map, name: &str, at: At<'t>) {
        let place = self.place(at);
        if let Some(reads) = &mut self.ctx.reads {
            reads.member(map, name.as_bytes(), &place);
        }
    }

    /// Records a read of the keys of a map, here.
    pub(super) fn look_at_members(&mut self, map: &Map) {
        if self.ctx.reads.is_some() {
            let place = self.place(self.at);
            self.ctx.reads.iter_mut().for_each(|reads| reads.members(map, &place));
        }
    }

    /// Records a read of everything in a value, here.
    pub(super) fn look_at_whole(&mut self, value: &Value) {
        if self.ctx.reads.is_some() {
            let place = self.place(self.at);
            self.ctx.reads.iter_mut().for_each(|reads| reads.whole(value, &place));
        }
    }

    fn check_count(&self, function: &Function, args: usize, piped: bool) -> Result<()> {
        let given = args + usize::from(piped);
        let want = function.params.len();
        let name = function.name;
        if function.variadic.is_some() {
            if given < want {
                return Err(self.fail(format!("wrong number of args for {name}: want at least {want} got {args}")));
            }
        } else if given != want {
            return Err(self.fail(format!("wrong number of args for {name}: want {want} got {given}")));
        }
        Ok(())
    }

    /// Go's `len` distinguishes a nil in an interface from the zero value.
    fn len_of_nil(&mut self, node: &At<'t>, slot: bool) -> Box<super::Error> {
        self.at = *node;
        self.fail_with("error calling len".to_owned(), Some(Box::new(len_of_nothing(!slot))))
    }

    /// `and` and `or` stop at the first argument that decides.
    fn and_or(&mut self, dot: &Eval, or: bool, args: &'t [Arg], last: Option<Eval>) -> Result<Eval> {
        let mut value = Eval::invalid();
        for (number, arg) in args.iter().enumerate() {
            value = self.argument(dot, arg, &types::ANY)?;
            let holds = value.value.truth();
            if !self.is_marking() || number + 1 == args.len() && last.is_none() {
                if holds == or {
                    return Ok(value);
                }
                continue;
            }
            let marks = value.truth_marks();
            let decided = self.decide(At::Arg(arg), 0, holds, marks);
            if decided == or {
                // The way was decided here, not where the result is used.
                let is_settled = decided != holds || matches!(value.value, Value::Bool(..)) && !marks.is_none();
                return Ok(if is_settled { Eval::of(Value::bool(decided)) } else { value });
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// Evaluates an argument for a parameter of a type.
    fn argument(&mut self, dot: &Eval, arg: &'t Arg, ty: &'static Type) -> Result<Eval> {
        match arg {
            Arg::Dot(pos) => {
                self.at = At::Arg(arg);
                self.reached(*pos);
                return self.checked(dot.clone(), ty);
            }
            Arg::Nil(_) => {
                self.at = At::Arg(arg);
                return match zero(ty) {
                    Some(value) => Ok(Eval::of(value)),
                    None => Err(self.fail(format!("cannot assign nil to {}", ty.name))),
                };
            }
            Arg::Field { .. } | Arg::Variable(_) | Arg::Pipe(_) | Arg::Identifier { .. } | Arg::Chain { .. } => {
                let value = self.operand(dot, arg)?;
                return self.checked(value, ty);
            }
            Arg::Bool(..) | Arg::Constant(_) | Arg::String { .. } => self.at = At::Arg(arg),
        }
        let number = if let Arg::Constant(number) = arg { Some(&**number) } else { None };
        let (value, expected) = match ty.kind {
            GoKind::Interface => return self.constant(dot, arg),
            GoKind::Bool => (if let Arg::Bool(_, truth) = arg { Some(Value::bool(*truth)) } else { None }, "bool"),
            GoKind::String => (if let Arg::String { .. } = arg { Some(self.string(arg)?) } else { None }, "string"),
            GoKind::Float64 => (number.and_then(|number| number.float).map(Value::float), "float"),
            GoKind::Complex128 => {
                (number.and_then(|number| number.complex).map(|(re, im)| Value::object(Complex(re, im))), "complex")
            }
            GoKind::Int | GoKind::Int32 | GoKind::Int64 => {
                let kind = match ty.kind {
                    GoKind::Int32 => IntKind::Int32,
                    GoKind::Int64 => IntKind::Int64,
                    _ => IntKind::Int,
                };
                let int = number.and_then(|number| number.int);
                (int.map(|int| Value::Int(int, kind, Origin::NONE)), "integer")
            }
            GoKind::Uint8 | GoKind::Uint32 | GoKind::Uint64 => {
                let kind = match ty.kind {
                    GoKind::Uint8 => IntKind::Uint8,
                    GoKind::Uint32 => IntKind::Uint32,
                    _ => IntKind::Uint64,
                };
                let uint = number.and_then(|number| number.uint);
                (uint.map(|uint| Value::Int(uint as i64, kind, Origin::NONE)), "unsigned integer")
            }
            GoKind::Invalid | GoKind::Slice | GoKind::Map | GoKind::Struct | GoKind::Ptr => {
                return Err(self.fail(format!("can't handle {arg} for arg of type {}", ty.name)));
            }
        };
        match value {
            Some(value) => Ok(Eval::of(value)),
            None => Err(self.fail(format!("expected {expected}; found {arg}"))),
        }
    }

    /// Checks that a value can be assigned to a parameter of a type.
    fn checked(&self, eval: Eval, ty: &'static Type) -> Result<Eval> {
        if eval.is_invalid() {
            return match zero(ty) {
                Some(value) => Ok(Eval::of(value)),
                None => Err(self.fail(format!("invalid value; expected {}", ty.name))),
            };
        }
        if ty.kind == GoKind::Interface {
            return Ok(eval);
        }
        let got = if eval.value.is_nil() { &types::ANY } else { eval.value.ty() };
        if got == ty {
            return Ok(Eval { slot: false, ..eval });
        }
        if is_assignable(got, ty) {
            return Ok(Eval::of(match eval.value {
                Value::Map(map) => Value::Map(map.retyped(ty)),
                other => other,
            }));
        }
        if got.name.strip_prefix('*') == Some(ty.name) {
            return Ok(Eval::of(eval.value));
        }
        Err(self.fail(format!("wrong type for value; expected {}; got {}", ty.name, got.name)))
    }

    /// Gives a result the origins that its function declares.
    fn with_flow(&mut self, function: &Function, value: Value, args: &[Value]) -> Value {
        match function.flow {
            Flow::Union if self.ctx.tracing() => {
                let origin = self.ctx.union(args);
                if origin.is_none() { value } else { derived(value, origin, 8) }
            }
            _ => value,
        }
    }
}

/// The same value with all new data in it marked as computed from `origin`.
fn derived(value: Value, origin: Origin, depth: u32) -> Value {
    match value {
        Value::List(list) if depth > 0 => {
            let items = list.iter().map(|item| derived(item.clone(), origin, depth - 1)).collect();
            if list.is_nil() { Value::List(list) } else { Value::List(list.remade(items, origin)) }
        }
        Value::Map(map) if depth > 0 => {
            for value in map.borrow_mut().values_mut() {
                *value = derived(std::mem::take(value), origin, depth - 1);
            }
            Value::Map(map)
        }
        other => other.with_origin(origin),
    }
}

/// The value of a missing key in a map: the zero value of its elements.
fn zero_element(elem: &'static Type) -> Eval {
    let value = match elem.kind {
        GoKind::String => Value::Str(Str::new("")),
        GoKind::Slice => Value::List(List::nil(elem)),
        GoKind::Map => Value::Map(Map::nil(elem)),
        _ => return Eval::member(Value::Nil, elem.kind == GoKind::Interface),
    };
    Eval::of(value)
}

/// nil as a value of a type, if the type allows it.
fn zero(ty: &'static Type) -> Option<Value> {
    match ty.kind {
        GoKind::Interface | GoKind::Ptr => Some(Value::Nil),
        GoKind::Map => Some(Value::Map(Map::nil(ty))),
        GoKind::Slice => Some(Value::List(List::nil(ty))),
        _ => None,
    }
}

/// Go's assignability, as far as it occurs: a named map or slice type and the same type without a name.
fn is_assignable(from: &Type, to: &Type) -> bool {
    let unnamed = |ty: &Type| ty.name.starts_with("map[") || ty.name.starts_with("[]");
    from.kind == to.kind
        && matches!(from.kind, GoKind::Map | GoKind::Slice)
        && from.elem == to.elem
        && (unnamed(from) || unnamed(to))
}
