//! Propagates [`Marks`] through calls of functions, and decides branches.

use super::ast::{Arg, Pipe};
use super::decisions::Site;
use super::function::{Function, Look, Spread};
use super::state::{At, Eval, State};
use super::value::Value;
use crate::source::Place;
use crate::trace::Marks;
use std::sync::Arc;

impl<'t> State<'t, '_, '_> {
    /// Whether marks are tracked.
    pub(super) fn is_marking(&self) -> bool {
        self.ctx.decisions.is_some()
    }

    /// The way a branch goes: as its condition says, unless the course forces another.
    pub(super) fn decide(&mut self, at: At<'t>, argument: u32, holds: bool, marks: Marks) -> bool {
        if !self.ctx.decisions.as_ref().is_some_and(|decisions| decisions.is_watched(marks)) {
            return holds;
        }
        let place = self.place(at);
        let site = self.site(at, &place, argument);
        let condition = || match at {
            At::Pipe(pipe) => condition(pipe),
            other => other.to_string(),
        };
        match &mut self.ctx.decisions {
            Some(decisions) => decisions.decide(site, place, &condition, holds, marks),
            None => holds,
        }
    }

    fn site(&self, at: At<'t>, place: &Place, argument: u32) -> Site {
        let own = Arc::ptr_eq(&place.file, &self.template.file);
        Site {
            file: place.file.name().to_owned(),
            at: place.start,
            within: if own { 0 } else { at.pos().unwrap_or_default() },
            argument,
        }
    }

    /// Chooses as functions of [`Spread::Choice`] do, but as forced; `None` if that is what they do anyway.
    pub(super) fn choose(&mut self, function: &Function, values: &[Value], at: At<'t>) -> Option<Value> {
        let way = self.ctx.decisions.as_ref()?.way();
        match (function.name, values) {
            ("ternary", [yes, no, test]) => {
                let holds = test.truth();
                if let Some(way) = way {
                    let wanted = way % 2 == 0;
                    if wanted != holds {
                        self.reach_gated(at, wanted);
                    }
                    return Some(if wanted { yes.clone() } else { no.clone() });
                }
                let other = if holds { no } else { yes };
                if let (Value::Str(text), Some(decisions)) = (other, &mut self.ctx.decisions) {
                    decisions.leave_text(text.as_bytes(), u32::from(holds));
                }
                let decided = self.decide(at, 3, holds, test.marks());
                (decided != holds).then(|| if decided { yes.clone() } else { no.clone() })
            }
            ("default", [default, given, ..]) => {
                let holds = given.truth();
                let decided = self.decide(at, 2, holds, given.truth_marks());
                (decided != holds).then(|| if decided { given.clone() } else { default.clone() })
            }
            ("coalesce", values) => {
                for (number, value) in values.iter().enumerate() {
                    if self.decide(at, number as u32, value.truth(), value.truth_marks()) {
                        return Some(value.clone());
                    }
                }
                Some(Value::Nil)
            }
            _ => None,
        }
    }

    /// Records that the executed action is reached only because a choice is forced.
    fn reach_gated(&mut self, at: At<'t>, holds: bool) {
        let text = match at {
            At::Command(command) => command.args.get(3).map(ToString::to_string),
            _ => None,
        };
        let node = self.node;
        let Some(decisions) = &mut self.ctx.decisions else { return };
        let condition = || text.clone().unwrap_or_else(|| at.to_string());
        let address = match at {
            At::Command(command) => std::ptr::from_ref(command) as usize,
            _ => 0,
        };
        if decisions.enter(address, false, &condition, holds) {
            if let Some(node) = node {
                self.reach(At::Node(node));
            }
            self.reach(at);
            if let Some(decisions) = &mut self.ctx.decisions {
                decisions.leave_gate();
            }
        }
    }

    /// Records that a node was reached through the gates.
    pub(super) fn reach(&mut self, at: At<'t>) {
        let place = self.place(at);
        let length = || match at {
            At::Node(super::ast::TemplateNode::Text { text, .. }) => text.len() as u32,
            _ => {
                let rest = place.file.bytes().get(place.start as usize..).unwrap_or_default();
                memchr::memmem::find(rest, b"}}").map_or(rest.len(), |end| end + 2) as u32
            }
        };
        if let Some(decisions) = &mut self.ctx.decisions {
            decisions.reach(&place, &length);
        }
    }

    /// The result of a function, with its marks.
    pub(super) fn with_marks(
        &mut self,
        function: &Function,
        value: Value,
        args: &[Value],
        held: Marks,
        draws: u64,
    ) -> Eval {
        let (mut marks, mut visits) = (held, 0);
        for (number, arg) in args.iter().enumerate() {
            let own = match function.spread {
                Spread::All | Spread::Full if function.look == Look::Whole => arg.all_marks(&mut visits),
                // What `compact` removes depends on the elements.
                Spread::All if matches!(arg, Value::List(_)) => arg.all_marks(&mut visits),
                Spread::All | Spread::Full | Spread::Member => arg.marks(),
                // A key decides which members exist.
                Spread::Holds if function.name == "dict" && number % 2 == 0 => arg.marks(),
                Spread::Holds if function.name == "set" && number == 1 => arg.marks(),
                Spread::Holds if function.name == "include" && number == 0 => arg.marks(),
                Spread::Holds => match arg {
                    Value::List(_) | Value::Map(_) if function.name != "include" && function.name != "tpl" => {
                        held_by(function, number, arg)
                    }
                    _ => Marks::NONE,
                },
                Spread::Choice | Spread::Kind => Marks::NONE,
                Spread::Size => match arg {
                    // The length of the mirror's name differs between mirrors.
                    Value::Str(text) if function.name == "len" => {
                        let mirror = Marks { mirror: text.marks().mirror, ..Marks::NONE };
                        arg.truth_marks() | mirror
                    }
                    other => other.truth_marks(),
                },
                Spread::Unordered => arg.all_marks(&mut visits).unordered(),
                Spread::Shuffled => arg.marks(),
            };
            marks = marks | own;
        }
        // If the limit is exceeded, the next step fails.
        let _ = self.ctx.charge(visits);
        if function.spread != Spread::Holds {
            if self.ctx.env.draws() != draws {
                marks = marks | Marks::RANDOM;
            }
            if self.ctx.clock_seen.get() {
                marks = marks | Marks::CLOCK;
            }
            self.ctx.clock_seen.set(false);
        }
        if let (Spread::Shuffled, Value::List(list)) = (function.spread, &value)
            && list.len() > 1
        {
            marks = marks | Marks::ORDER;
        }
        if marks.is_none() {
            return Eval::of(value);
        }
        let is_list = matches!(value, Value::List(_));
        let marks = if is_list { marks } else { marks.taken_out() };
        let is_fresh = args.is_empty() || !function.hermetic;
        let size = match (&value, function.spread) {
            (Value::Str(text) | Value::Bytes(text), Spread::Full) => text.is_empty(),
            (Value::Str(_) | Value::Bytes(_), _) if is_fresh => args.iter().any(|arg| !arg.marks().is_none()),
            // Another member may be empty.
            (Value::Str(_) | Value::Bytes(_), Spread::Choice) => false,
            (Value::Str(_) | Value::Bytes(_), _) => true,
            _ => false,
        };
        let marks = Marks { size: size || marks.size && !matches!(value, Value::Str(_)), ..marks };
        let known = value.marks();
        // A text whose parts have the mark already needs no more.
        let value = match &value {
            Value::Str(_) if marks.are_in(known) => value,
            Value::Str(_) => value.marked(marks),
            _ => value.marked(marks),
        };
        let held = if let Value::Nil | Value::GoObject(_) = value { marks } else { Marks::NONE };
        Eval { value, slot: false, marks: held }
    }
}

/// The marks of a container's content, for a container that contains it or is changed in place.
fn held_by(function: &Function, number: usize, arg: &Value) -> Marks {
    match function.name {
        // The lists themselves are gone.
        "concat" | "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" | "deepCopy" | "mustDeepCopy"
        | "AsMap" => arg.marks(),
        _ if number == 0 && !matches!(function.name, "list" | "tuple" | "dict") => arg.marks(),
        _ => Marks::NONE,
    }
}

/// The condition of a branch as written, without the variable that it sets.
pub(super) fn condition(pipe: &Pipe) -> String {
    let commands: Vec<String> = pipe.cmds.iter().map(ToString::to_string).collect();
    commands.join(" | ")
}

/// Whether a loop reveals its order: its effects outlive it, or it ends early.
pub(super) fn tells_order(list: &super::ast::NodeList) -> bool {
    use super::ast::TemplateNode;
    let sets = |pipe: &Pipe| {
        pipe.is_assign
            || pipe
                .cmds
                .iter()
                .any(|command| matches!(&command.args[0], Arg::Identifier { name, .. } if &**name == "set"))
    };
    list.nodes.iter().any(|node| match node {
        TemplateNode::Break(_) => true,
        TemplateNode::Action { pipe, .. } => sets(pipe),
        TemplateNode::If(branch) | TemplateNode::With(branch) | TemplateNode::Range(branch) => {
            sets(&branch.pipe) || tells_order(&branch.list) || branch.else_list.as_ref().is_some_and(tells_order)
        }
        TemplateNode::Text { .. } | TemplateNode::Template { .. } | TemplateNode::Continue(_) => false,
    })
}
