//! [`Context`]: what one render carries from action to action, and what a function may use of it.

use super::decisions::Decisions;
use super::env::Env;
use super::error::Failure;
use super::function::Function;
use super::reads::Reads;
use super::set::{Compiled, Set};
use super::value::{Map, Value};
use crate::limits::Limits;
use crate::source::Place;
use crate::trace::{Marks, Origin, Origins, Str};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// The state of one render: its environment, what it may still use up, and where its data came from.
pub struct Context<'r> {
    /// Clock and randomness.
    pub env: &'r mut Env,
    /// The bounds.
    pub limits: &'r Limits,
    /// The table of origins; `None` when nobody asked for them.
    pub origins: Option<&'r mut Origins>,
    /// What was looked at; `None` when nobody asked.
    pub reads: Option<Reads>,
    /// Which way it goes at branches, and what is noted of that; `None` when nobody asked.
    pub decisions: Option<Decisions>,
    /// Whether the function that is called, or one before, looked at the clock.
    pub(super) clock_seen: Cell<bool>,
    /// The place of the function that is called, while something watched is among its arguments.
    pub(super) caller: Option<Place>,
    /// The regular expressions that were compiled.
    pub regexes: crate::regex::Cache,
    /// Which functions a text given to `tpl` can call.
    pub functions: &'r dyn Fn(&str) -> Option<&'static Function>,
    /// The templates that can be called now.
    pub(super) templates: Rc<Set>,
    /// Texts given to `tpl`, compiled.
    pub(super) texts: HashMap<Str, Rc<Compiled>>,
    /// Templates being executed now.
    pub(super) depth: u32,
    /// Lists and pipelines being executed now, each inside of the one before.
    pub(super) nesting: u32,
    /// `include`s of each name being executed now.
    pub includes: HashMap<Str, u32>,
    steps_left: u64,
    crypto_left: u32,
}

impl<'r> Context<'r> {
    /// The state at the start of a render.
    pub fn new(env: &'r mut Env, limits: &'r Limits, origins: Option<&'r mut Origins>) -> Self {
        Self {
            env,
            limits,
            origins,
            reads: None,
            decisions: None,
            clock_seen: Cell::new(false),
            caller: None,
            regexes: crate::regex::Cache::default(),
            functions: &|_| None,
            templates: Rc::default(),
            texts: HashMap::new(),
            depth: 0,
            nesting: 0,
            includes: HashMap::new(),
            steps_left: limits.template_steps,
            crypto_left: limits.crypto_calls,
        }
    }

    /// The same state with templates to execute, and with the functions that texts given to `tpl` can call.
    pub fn with_templates(mut self, set: Set, functions: &'r dyn Fn(&str) -> Option<&'static Function>) -> Self {
        self.templates = Rc::new(set);
        self.functions = functions;
        self
    }

    /// Notes that the function that is called looks at a member of a map.
    pub fn look_at(&mut self, map: &Map, key: &[u8]) {
        if let (Some(reads), Some(caller)) = (&mut self.reads, &self.caller) {
            reads.member(map, key, caller);
        }
    }

    /// The current time in nanoseconds since 1970 (UTC).
    pub fn now(&self) -> i128 {
        self.clock_seen.set(true);
        self.env.now()
    }

    /// What makes a value that was read off the clock known as such.
    pub fn clock_origin(&self) -> Origin {
        if self.decisions.is_some() { Origin::NONE.marked(Marks::CLOCK) } else { Origin::NONE }
    }

    /// Whether missing values keep their mark, so that what is made of them is known as such: where everything is
    /// executed, whatever it needs.
    pub fn keeps_no_value(&self) -> bool {
        self.decisions.as_ref().is_some_and(|decisions| decisions.way().is_some())
    }

    /// Steps that the render took.
    pub fn steps(&self) -> u64 {
        self.limits.template_steps - self.steps_left
    }

    /// Whether the render may not go on.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left == 0
    }

    /// Whether origins are asked for.
    pub fn tracing(&self) -> bool {
        self.origins.is_some()
    }

    /// Takes `count` steps (items made, elements visited) from what the render may use.
    pub fn charge(&mut self, count: u64) -> Result<(), Failure> {
        match self.steps_left.checked_sub(count) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => {
                self.steps_left = 0;
                Err(Failure::limit(format!(
                    "more than {} template steps (--limit template-steps)",
                    self.limits.template_steps
                )))
            }
        }
    }

    /// Checks that a string of so many bytes may be made, before it is made.
    pub fn allow_string(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes > self.limits.string_bytes {
            return Err(Failure::limit(format!(
                "a string of more than {} bytes (--limit string-bytes)",
                self.limits.string_bytes
            )));
        }
        // Long strings are work too: a step for each KiB keeps loops that build them bounded.
        self.charge(bytes as u64 / 1024)
    }

    /// Takes one call of costly cryptography from what the render may use.
    pub fn charge_crypto(&mut self) -> Result<(), Failure> {
        self.crypto_left = self.crypto_left.checked_sub(1).ok_or_else(|| {
            Failure::limit(format!(
                "more than {} calls of costly cryptography (--limit crypto-calls)",
                self.limits.crypto_calls
            ))
        })?;
        Ok(())
    }

    /// The origin of something computed from these values.
    pub fn union(&mut self, values: &[Value]) -> Origin {
        let Some(origins) = self.origins.as_deref_mut() else { return Origin::NONE };
        let mut found = Vec::new();
        for value in values {
            value.for_each_origin(&mut |origin| found.push(origin));
        }
        origins.union(found)
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("steps_left", &self.steps_left)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}
