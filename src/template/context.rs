//! [`Context`]: the state of one render, passed from action to action, and what a function may use of it.

use super::decisions::Decisions;
use super::env::Env;
use super::error::Failure;
use super::function::Function;
use super::reads::Reads;
use super::set::{Compiled, Set};
use super::touched::Probe;
use super::value::{Map, Value};
use crate::limits::Limits;
use crate::memory::{Held, Memory};
use crate::source::Place;
use crate::trace::{Marks, Origin, Origins, Str};
use foldhash::fast::RandomState;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes produced in one step.
const BYTES_OF_A_STEP: u64 = 64;

/// Steps after which the size of a render's tables is checked.
const LOOK: u64 = 4096;

/// The state of one render: its environment, its remaining budget, and its origins.
pub(crate) struct Context<'r> {
    /// Clock and randomness.
    pub env: &'r mut Env,
    /// The limits.
    pub limits: &'r Limits,
    /// The table of origins; `None` without tracing.
    pub origins: Option<&'r mut Origins>,
    /// Which values were read; `None` if not recorded.
    pub reads: Option<Reads>,
    /// Forced and recorded branches; `None` if not requested.
    pub decisions: Option<Decisions>,
    /// Records the reads of relevant pipelines, and lets the render continue after failures; `None` if not requested.
    pub probe: Option<Probe>,
    /// The number of failures after which a probed render continued.
    pub tolerated: u32,
    /// Whether the current function, or an earlier one, read the clock.
    pub(super) clock_seen: Cell<bool>,
    /// The location of the current function, if something watched is among its arguments.
    pub(super) caller: Option<Place>,
    /// Compiled regular expressions.
    pub regexes: crate::regex::Cache,
    /// The functions available to texts of `tpl`.
    pub functions: &'r dyn Fn(&str) -> Option<&'static Function>,
    /// The templates that can be called now.
    pub(super) templates: Rc<Set>,
    /// Compiled texts of `tpl`.
    pub(super) texts: HashMap<Str, Rc<Text>>,
    /// Their size in bytes.
    pub(super) texts_size: usize,
    /// The string constants of templates with their origins, by address.
    pub(super) constants: HashMap<usize, Str, RandomState>,
    /// The number of templates being executed.
    pub(super) depth: u32,
    /// The number of nested lists and pipelines being executed.
    pub(super) nesting: u32,
    /// The number of active `include`s by name.
    pub includes: HashMap<Str, u32, RandomState>,
    /// The memory that the render holds.
    memory: Memory,
    /// The memory that it holds to its end: origins, and recorded data.
    kept: Held,
    kept_bytes: usize,
    /// Whether a limit was exceeded that ends the render.
    is_stopped: bool,
    /// The steps that the render may take.
    steps: u64,
    steps_left: u64,
    crypto_left: u32,
}

impl<'r> Context<'r> {
    /// The state at the start of a render.
    pub(crate) fn new(env: &'r mut Env, limits: &'r Limits, origins: Option<&'r mut Origins>) -> Self {
        let memory = Memory::default();
        let kept = memory.hold(0);
        Self {
            env,
            limits,
            origins,
            reads: None,
            decisions: None,
            probe: None,
            tolerated: 0,
            clock_seen: Cell::new(false),
            caller: None,
            regexes: crate::regex::Cache::default(),
            functions: &|_| None,
            templates: Rc::default(),
            texts: HashMap::new(),
            texts_size: 0,
            constants: HashMap::default(),
            depth: 0,
            nesting: 0,
            includes: HashMap::default(),
            memory,
            kept,
            kept_bytes: 0,
            is_stopped: false,
            steps: limits.template_steps,
            steps_left: limits.template_steps,
            crypto_left: limits.crypto_calls,
        }
    }

    /// The same state with templates to execute, and with the functions for texts of `tpl`.
    pub(crate) fn with_templates(self, set: Set, functions: &'r dyn Fn(&str) -> Option<&'static Function>) -> Self {
        self.with_shared(Rc::new(set), functions)
    }

    /// The same state with templates that several renders share.
    pub(crate) fn with_shared(
        mut self,
        set: Rc<Set>,
        functions: &'r dyn Fn(&str) -> Option<&'static Function>,
    ) -> Self {
        self.templates = set;
        self.functions = functions;
        self
    }

    /// Whether execution continues after a failure.
    pub(super) fn is_tolerant(&self) -> bool {
        self.probe.is_some() || self.keeps_no_value()
    }

    /// Records that a template asks for a fact that no map contains: `APIVersions batch/v1`.
    pub(crate) fn ask(&self, fact: &str) {
        if let Some(probe) = &self.probe {
            probe.ask(fact.as_bytes());
        }
    }

    /// Records that the current function changes a map.
    pub(crate) fn note_change(&self, map: &Map) {
        if let Some(probe) = &self.probe {
            probe.change(map.is_tracked());
        }
    }

    /// Records that the current function reads a member of a map.
    pub(crate) fn look_at(&mut self, map: &Map, key: &[u8]) {
        if let (Some(reads), Some(caller)) = (&mut self.reads, &self.caller) {
            reads.member(map, key, caller);
        }
    }

    /// The current time in nanoseconds since 1970 (UTC).
    pub(crate) fn now(&self) -> i128 {
        self.clock_seen.set(true);
        self.env.now()
    }

    /// Marks a value that depends on the clock.
    pub(crate) fn clock_origin(&self) -> Origin {
        if self.decisions.is_some() { Origin::NONE.marked(Marks::CLOCK) } else { Origin::NONE }
    }

    /// Whether missing values keep their mark, so that values made from them can be recognized: in a course that executes
    /// everything.
    pub(crate) fn keeps_no_value(&self) -> bool {
        self.decisions.as_ref().is_some_and(|decisions| decisions.way().is_some())
    }

    /// Limits the steps of the render before its first one, as earlier renders may have used some. Returns whether that is less
    /// than its own limit.
    pub(crate) fn allow_steps(&mut self, most: u64) -> bool {
        self.steps = self.limits.template_steps.min(most);
        self.steps_left = self.steps;
        self.steps < self.limits.template_steps
    }

    /// The steps that the render took.
    pub(crate) fn steps(&self) -> u64 {
        self.steps - self.steps_left
    }

    /// The steps that the render may still take.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps_left
    }

    /// Whether the render must stop.
    pub(super) fn is_exhausted(&self) -> bool {
        self.is_stopped || self.steps_left == 0
    }

    /// Whether origins are traced.
    pub(crate) fn tracing(&self) -> bool {
        self.origins.is_some()
    }

    /// Takes `count` steps (items made, elements visited) from the render's budget.
    pub(crate) fn charge(&mut self, count: u64) -> Result<(), Failure> {
        match self.steps_left.checked_sub(count) {
            Some(left) => {
                let before = std::mem::replace(&mut self.steps_left, left);
                // Tables grow independently of values: their size is checked now and then.
                if before / LOOK != left / LOOK { self.check_memory() } else { Ok(()) }
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

    /// Checks that a string of this length may be made, before it is made.
    pub(crate) fn allow_string(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes > self.limits.string_bytes {
            return Err(Failure::limit(format!(
                "a string of more than {} bytes (--limit string-bytes)",
                self.limits.string_bytes
            )));
        }
        self.allow_memory(bytes)?;
        // Long strings are work too, even if nobody keeps them.
        self.charge(bytes as u64 / 1024)
    }

    /// The bytes that the render may still allocate.
    pub(crate) fn memory_left(&self) -> usize {
        self.limits.memory_bytes.saturating_sub(self.memory.held())
    }

    /// The failure of a text that exceeds the limit of its length, or of memory.
    pub(crate) fn too_long(&mut self) -> Failure {
        if self.memory_left() < self.limits.string_bytes
            && let Err(failure) = self.allow_memory(self.limits.string_bytes)
        {
            return failure;
        }
        self.allow_string(usize::MAX).err().unwrap_or_else(|| Failure::limit("a string is too long"))
    }

    /// Checks that this many more bytes may be held, before they are allocated.
    pub(crate) fn allow_memory(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes <= self.memory_left() { Ok(()) } else { Err(self.out_of_memory()) }
    }

    /// Counts a value and its content while it lives.
    #[inline]
    pub(crate) fn hold(&mut self, value: &Value) -> Result<(), Failure> {
        if value.is_to_be_held() {
            let before = self.memory.held();
            value.hold(&self.memory);
            // Memory is work too: its content was written.
            let made = self.memory.held().saturating_sub(before);
            self.check_memory()?;
            return self.charge(made as u64 / BYTES_OF_A_STEP);
        }
        Ok(())
    }

    /// Counts bytes while the returned value lives.
    pub(crate) fn hold_bytes(&mut self, bytes: usize) -> Result<Held, Failure> {
        self.allow_memory(bytes)?;
        Ok(self.memory.hold(bytes))
    }

    /// Counts a text, and additional bytes, to the end of the render.
    pub(super) fn keep(&mut self, text: &Str, beside: usize) {
        self.kept_bytes += text.hold(&self.memory) + beside;
    }

    /// Counts bytes to the end of the render.
    pub(crate) fn keep_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.kept_bytes += bytes;
        self.check_memory()
    }

    /// Checks the memory limit: what grows in place is counted before it is checked.
    pub(crate) fn check_memory(&mut self) -> Result<(), Failure> {
        let tables = self.origins.as_deref().map_or(0, Origins::size) + self.reads.as_ref().map_or(0, Reads::size);
        self.kept.resize(self.kept_bytes + tables);
        if self.memory.held() <= self.limits.memory_bytes { Ok(()) } else { Err(self.out_of_memory()) }
    }

    fn out_of_memory(&mut self) -> Failure {
        self.is_stopped = true;
        Failure::limit(format!("the render holds more than {} bytes (--limit memory-bytes)", self.limits.memory_bytes))
    }

    /// Takes one call of expensive cryptography, and a number of steps, from the render's budget.
    pub(crate) fn charge_crypto(&mut self, steps: u64) -> Result<(), Failure> {
        self.charge(steps)?;
        self.crypto_left = self.crypto_left.checked_sub(1).ok_or_else(|| {
            Failure::limit(format!(
                "more than {} calls of costly cryptography (--limit crypto-calls)",
                self.limits.crypto_calls
            ))
        })?;
        Ok(())
    }

    /// The origin of a value computed from these values.
    pub(crate) fn union(&mut self, values: &[Value]) -> Origin {
        let Some(origins) = self.origins.as_deref_mut() else { return Origin::NONE };
        let mut found = Vec::new();
        for value in values {
            value.for_each_origin(&mut |origin| {
                // A long list often has equal origins.
                if !found.last().is_some_and(|last: &Origin| last.is_same(origin)) {
                    found.push(origin);
                }
            });
        }
        let visits = found.len() as u64;
        let before = origins.size();
        let origin = origins.union(found);
        let visits = visits + (origins.size() - before) as u64 / 8;
        // If the limit is exceeded, the next step fails.
        let _ = self.charge(visits);
        origin
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

/// A compiled text of `tpl`.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) compiled: Compiled,
    pub(super) _held: Held,
}
