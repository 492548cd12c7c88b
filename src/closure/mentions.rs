//! [`Mentions`]: the members of maps that a pipeline may read, by their names.

use super::pipelines::{WHOLE, calls_of};
use super::usage::function;
use crate::template::ast::{Arg, Command, Pipe};
use std::collections::BTreeSet;

/// Names of members; a change of another member is not seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Mentions {
    /// The names in chains such as `.Values.mode`, and the texts, as `get $map "mode"` has them.
    pub(super) names: BTreeSet<Vec<u8>>,
    /// Whether any member of a map may be read: `toYaml .`, `index . $name`.
    pub(super) is_any: bool,
    /// The templates that are called.
    pub(super) calls: BTreeSet<Vec<u8>>,
}

/// Functions that look at all members of maps, besides those that print them.
const OF_ALL: &[&str] = &[
    "keys",
    "values",
    "pick",
    "omit",
    "merge",
    "mergeOverwrite",
    "mustMerge",
    "mustMergeOverwrite",
    "deepCopy",
    "mustDeepCopy",
    "deepEqual",
    "len",
    "print",
    "println",
    "printf",
    "cat",
    "quote",
    "squote",
    "toString",
    "eq",
    "ne",
];

/// Functions that take the names of members.
const BY_NAME: &[&str] = &["index", "get", "hasKey", "dig", "pluck"];

impl Mentions {
    /// What a pipeline mentions; `is_a_map` tells whether an operand may be a map.
    pub(super) fn of(pipe: &Pipe, is_a_map: impl Fn(&Arg) -> bool) -> Self {
        let mut mentions = Self::default();
        mentions.pipe(pipe, &is_a_map);
        let mut calls = Vec::new();
        calls_of(pipe, &mut calls);
        for (name, ..) in calls {
            match name {
                Some(name) => drop(mentions.calls.insert(name)),
                None => mentions.is_any = true,
            }
        }
        mentions
    }

    /// Adds those of another pipeline.
    pub(super) fn add(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.is_any |= other.is_any;
        self.calls.extend(other.calls.iter().cloned());
    }

    /// Whether a change of these members may be seen.
    pub(super) fn sees(&self, members: Option<&BTreeSet<Vec<u8>>>) -> bool {
        self.is_any || members.is_none_or(|members| members.iter().any(|name| self.names.contains(name)))
    }

    fn pipe(&mut self, pipe: &Pipe, is_a_map: &dyn Fn(&Arg) -> bool) {
        for (at, command) in pipe.cmds.iter().enumerate() {
            self.command(command, is_a_map);
            // `$map | toYaml`
            let function = function(command);
            let given = at.checked_sub(1).and_then(|before| pipe.cmds.get(before));
            if let Some(given) = given.filter(|_| WHOLE.contains(&function) || OF_ALL.contains(&function)) {
                let is_map = given.args.len() == 1 && is_a_map(&given.args[0]);
                self.is_any |= is_map || given.args.len() > 1 && may_return_a_map(given);
            }
        }
    }

    fn command(&mut self, command: &Command, is_a_map: &dyn Fn(&Arg) -> bool) {
        let function = function(command);
        let arguments = command.args.get(1..).unwrap_or_default();
        self.is_any |= function == "tpl";
        if WHOLE.contains(&function) || OF_ALL.contains(&function) {
            self.is_any |= arguments.iter().any(|arg| match arg {
                Arg::Pipe(inner) => inner.cmds.last().is_some_and(may_return_a_map),
                arg => is_a_map(arg),
            });
        }
        if BY_NAME.contains(&function) {
            let is_known = |arg: &Arg| matches!(arg, Arg::String { .. } | Arg::Constant(_));
            let names = match function {
                "pluck" => arguments.get(..1),
                // The map is its last argument.
                "dig" => arguments.get(..arguments.len().saturating_sub(1)),
                _ => arguments.get(1..),
            };
            self.is_any |= !names.unwrap_or_default().iter().all(is_known);
        }
        command.args.iter().for_each(|arg| self.arg(arg, is_a_map));
    }

    fn arg(&mut self, arg: &Arg, is_a_map: &dyn Fn(&Arg) -> bool) {
        let chain = match arg {
            Arg::Field { ident, .. } => &ident[..],
            Arg::Variable(variable) => &variable.ident[1..],
            Arg::Chain { node, field, .. } => {
                self.arg(node, is_a_map);
                &field[..]
            }
            Arg::Pipe(inner) => return self.pipe(inner, is_a_map),
            Arg::String { text, .. } => {
                self.names.insert(text.as_bytes().to_vec());
                return;
            }
            _ => return,
        };
        self.names.extend(chain.iter().map(|name| name.as_bytes().to_vec()));
    }
}

/// Whether a command may return an existing map: other functions than these.
fn may_return_a_map(command: &Command) -> bool {
    match &command.args[0] {
        Arg::Identifier { name, .. } => {
            ["get", "index", "dig", "default", "coalesce", "ternary", "dict", "set", "first", "last"].contains(&&**name)
        }
        Arg::Pipe(inner) => inner.cmds.last().is_none_or(may_return_a_map),
        _ => true,
    }
}
