//! The command line: arguments become requests to the library, and its answers become text.
//!
//! stdout carries the product, stderr the messages. Exit status: 0 clean, 1 findings, 2 the tool could not do its work
//! ([`exit_status`]).

pub(crate) mod admission;
mod archives;
pub(crate) mod blame;
mod blob;
mod booleans;
pub(crate) mod bundle;
pub(crate) mod changed;
mod charts;
mod collect;
pub(crate) mod config;
#[cfg(feature = "registry")]
mod connection;
#[cfg(feature = "registry")]
pub(crate) mod dependency;
mod diff;
pub(crate) mod door;
mod duration;
mod edits;
pub(crate) mod exit_status;
pub(crate) mod explore;
mod fetch;
mod fix;
pub(crate) mod git;
mod hook;
pub(crate) mod images;
pub(crate) mod indexed_job;
pub(crate) mod init;
mod inputs;
pub(crate) mod jobs;
pub(crate) mod lint;
mod list;
mod lists;
#[cfg(feature = "lsp")]
pub(crate) mod lsp;
pub(crate) mod manifests;
pub(crate) mod manual;
mod merge;
#[cfg(feature = "registry")]
pub(crate) mod mirror;
mod mirror_check;
mod missing_dependencies;
pub(crate) mod one_release;
pub(crate) mod output;
mod part;
pub(crate) mod policy;
pub(crate) mod post_render;
pub(crate) mod progress;
#[cfg(feature = "registry")]
pub(crate) mod pull;
pub(crate) mod release;
mod results;
pub(crate) mod rules;
pub(crate) mod settings;
mod since;
pub(crate) mod template;
pub(crate) mod verify;
pub(crate) mod version;

use crate::disk::read_all;
use crate::error::Error;
use crate::stack;
use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Subcommand};
use door::{Door, Stream};
use std::any::Any;
use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Renders Helm charts exactly as helm does, and finds the images that bypass the private mirror.
#[derive(Debug, clap::Parser)]
#[command(
    name = "airtight",
    version,
    long_version = version::long(),
    max_term_width = 100,
    args_override_self = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = format!(
        "airtight lint CHART --mirror HOST checks a chart; airtight lint checks all releases of airtight.yaml; airtight init \
         writes a first airtight.yaml.\n\n{}",
        exit_status::table()
    )
)]
struct Root {}

#[derive(Debug, Subcommand)]
enum Command {
    Lint(Box<lint::Args>),
    List(Box<list::Args>),
    Merge(Box<merge::Args>),
    Images(Box<images::Args>),
    Blame(Box<blame::Args>),
    Template(Box<template::Args>),
    Verify(Box<verify::Args>),
    Bundle(Box<bundle::Args>),
    #[cfg(feature = "registry")]
    Mirror(Box<mirror::Args>),
    #[cfg(feature = "registry")]
    Pull(Box<pull::Args>),
    #[cfg(feature = "registry")]
    Dependency(Box<dependency::Args>),
    Policy(Box<admission::Args>),
    Job(Box<indexed_job::Args>),
    PostRender(Box<post_render::Args>),
    Init(init::Args),
    #[cfg(feature = "lsp")]
    Lsp(Box<lsp::Args>),
    Rules(rules::Args),
    Explain(rules::ExplainArgs),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
    Version(version::Args),
}

/// The command line as clap knows it.
pub(crate) fn command() -> clap::Command {
    let commands = Command::augment_subcommands(Root::command());
    commands.mut_subcommands(without_empty_variables)
}

/// A command that takes no default from a variable of the environment that is set to nothing.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|text| text.is_empty());
    let below = command.mut_subcommands(without_empty_variables);
    below.mut_args(
        |arg| if arg.get_env().is_some_and(is_empty) { arg.env(clap::builder::Resettable::Reset) } else { arg },
    )
}

/// The same with the flags of one command only, if the first argument is that command: those of all take as long as a small render.
fn command_for(args: &[OsString]) -> clap::Command {
    let own = |name: &'static str| clap::Command::new(name);
    let one = match args.get(1).and_then(|name| name.to_str()) {
        Some("lint") => lint::Args::augment_args(own("lint")),
        Some("images") => images::Args::augment_args(own("images")),
        Some("blame") => blame::Args::augment_args(own("blame")),
        Some("template") => template::Args::augment_args(own("template")),
        _ => return command(),
    };
    Root::command().subcommand(without_empty_variables(one))
}

fn parsed(args: Vec<OsString>) -> Result<Command, clap::Error> {
    let args = booleans::spelled_out(args, command);
    let mut command = command_for(&args);
    let mut matches = command.try_get_matches_from_mut(args)?;
    Command::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Success, and nothing to report.
    Clean,
    /// Success, and there are findings.
    Findings,
    /// The tool could not do its work.
    Failed,
}

impl Outcome {
    /// The exit status of the process.
    fn status(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.status().into()
    }
}

/// The exit status of a process that panicked, or could not begin.
const PANICKED: u8 = 101;

/// The streams of a run; within a run each is guarded by a `Door`.
pub struct Streams<'s> {
    /// The product.
    pub out: &'s mut dyn Stream,
    /// Messages.
    pub err: &'s mut dyn Stream,
    /// stdin.
    pub input: &'s mut (dyn Read + Send),
}

impl Streams<'_> {
    /// Prints log lines to stderr.
    fn log(&mut self, lines: &[String]) {
        for line in lines {
            let _ = writeln!(self.err, "{line}");
        }
    }

    /// Reads all of stdin, up to a number of bytes.
    fn read_input(&mut self, limit: u64) -> Result<Vec<u8>, Error> {
        read_all(&mut self.input, "stdin", limit)
    }
}

impl std::fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

/// A lock that a panic elsewhere does not break.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with its location, if it has one.
fn with_location(error: &Error) -> String {
    match error.location() {
        Some(location) => format!("{error}\n  at {location}"),
        None => error.to_string(),
    }
}

/// Runs the command with the process's arguments and streams.
pub fn main() -> ExitCode {
    // The message of a panic may contain text of a chart.
    std::panic::set_hook(Box::new(|about| {
        let _ = writeln!(Door::to_err(&mut io::stderr()), "{about}\nthis is a bug in airtight");
    }));
    let run = || {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let outcome = {
            // Not locked: the threads that do the work report progress.
            let mut streams = Streams { out: &mut out, err: &mut io::stderr(), input: &mut io::stdin() };
            let mut left = Left::default();
            let outcome = run_leaving(std::env::args_os(), &mut streams, &mut left);
            // The process ends: freeing a chart and its tree takes longer than the end of the process.
            std::mem::forget(left);
            outcome
        };
        finished(out.flush(), outcome, &mut Door::to_err(&mut io::stderr()))
    };
    match on_large_stack(run) {
        Some(outcome) => outcome.into(),
        None => PANICKED.into(),
    }
}

/// Runs a closure on a thread whose stack is large enough for the deepest input that the limits allow; `None` if it
/// panicked, or if the thread cannot be created.
pub fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    let run = std::panic::AssertUnwindSafe(|| stack::on_large(run));
    std::panic::catch_unwind(run).ok()?.ok()
}

/// Runs the command with the given arguments, the program's name first.
///
/// Shape: `run(["airtight", "template", "rel", "chart"], &mut streams)`.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString>>, streams: &mut Streams<'_>) -> Outcome {
    run_leaving(args, streams, &mut Left::default())
}

/// What a command leaves to its caller to free.
#[derive(Default)]
struct Left(Vec<Box<dyn Any>>);

impl Left {
    fn leave(&mut self, value: impl Any) {
        self.0.push(Box::new(value));
    }
}

fn run_leaving(
    args: impl IntoIterator<Item = impl Into<OsString>>,
    streams: &mut Streams<'_>,
    left: &mut Left,
) -> Outcome {
    let (mut out, mut err) = (Door::to_out(streams.out), Door::to_err(streams.err));
    let outcome = run_behind_doors(args, &mut Streams { out: &mut out, err: &mut err, input: streams.input }, left);
    let written = out.finish();
    finished(written, outcome, &mut err)
}

/// The outcome once the output is complete, or cannot be: a full disk is said once.
fn finished(written: io::Result<()>, outcome: Outcome, err: &mut dyn io::Write) -> Outcome {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            if outcome != Outcome::Failed {
                let _ = writeln!(err, "{}", cannot_write(&error));
            }
            Outcome::Failed
        }
        _ => outcome,
    }
}

fn cannot_write(error: &io::Error) -> String {
    format!("Error: cannot write: {error}")
}

fn run_behind_doors(
    args: impl IntoIterator<Item = impl Into<OsString>>,
    streams: &mut Streams<'_>,
    left: &mut Left,
) -> Outcome {
    let mut command = match parsed(args.into_iter().map(Into::into).collect()) {
        Ok(command) => command,
        Err(error) => {
            // All errors begin with the same word, helm's.
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").map_or(text.clone(), |text| format!("Error: {text}"));
            let _ = if error.use_stderr() { write!(streams.err, "{text}") } else { write!(streams.out, "{text}") };
            return if error.use_stderr() { Outcome::Failed } else { Outcome::Clean };
        }
    };
    let result = match &mut command {
        Command::Template(args) => template::run(args, streams, left),
        Command::Lint(args) => {
            args.stop_clock();
            args.settle_hook().map_err(Problem::from).and_then(|()| lint::run(args, streams))
        }
        Command::List(args) => list::run(args, streams),
        Command::Merge(args) => merge::run(args, streams),
        Command::Policy(args) => admission::run(args, streams),
        Command::Job(args) => indexed_job::run(args, streams),
        Command::PostRender(args) => post_render::run(args, streams),
        Command::Init(args) => init::run(args, streams),
        #[cfg(feature = "lsp")]
        Command::Lsp(args) => lsp::run(args, streams),
        Command::Images(args) => images::run(args, streams),
        Command::Blame(args) => blame::run(args, streams),
        Command::Verify(args) => {
            args.stop_clock();
            verify::run(args, streams)
        }
        Command::Bundle(args) => bundle::run(args, streams),
        #[cfg(feature = "registry")]
        Command::Mirror(args) => mirror::run(args, streams),
        #[cfg(feature = "registry")]
        Command::Pull(args) => pull::run(args, streams),
        #[cfg(feature = "registry")]
        Command::Dependency(args) => dependency::run(args, streams),
        Command::Rules(args) => rules::run(args, streams),
        Command::Explain(args) => rules::explain(args, streams),
        Command::Completions(args) => manual::completions(args, streams),
        Command::Man(args) => manual::man(args),
        Command::Version(args) => version::run(args, streams),
    };
    match result {
        Ok(outcome) => outcome,
        Err(Problem::Error(error)) => {
            // The words of template are helm's.
            let is_helms = matches!(command, Command::Template(_));
            let error = if is_helms { error.to_string() } else { with_location(&error) };
            let _ = writeln!(streams.err, "Error: {error}");
            Outcome::Failed
        }
        // The reader of our output closed it.
        Err(Problem::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Clean,
        Err(Problem::Write(error)) => {
            let _ = writeln!(streams.err, "{}", cannot_write(&error));
            Outcome::Failed
        }
    }
}

/// Runs a command that fetches charts, with another patience.
#[cfg(all(test, feature = "registry"))]
pub(crate) fn run_with_patience(
    args: Vec<String>,
    patience: crate::registry::Patience,
    streams: &mut Streams<'_>,
) -> Outcome {
    let command = parsed(args.into_iter().map(OsString::from).collect()).unwrap_or_else(|error| panic!("{error}"));
    let result = match command {
        Command::Pull(mut args) => {
            args.set_patience(patience);
            pull::run(&args, streams)
        }
        Command::Dependency(mut args) => {
            args.set_patience(patience);
            dependency::run(&args, streams)
        }
        Command::Lint(mut args) => {
            args.stop_clock();
            args.set_patience(patience);
            lint::run(&args, streams)
        }
        Command::Template(mut args) => {
            args.set_patience(patience);
            template::run(&args, streams, &mut Left::default())
        }
        Command::Images(mut args) => {
            args.set_patience(patience);
            images::run(&args, streams)
        }
        Command::Bundle(mut args) => {
            args.set_patience(patience);
            bundle::run(&args, streams)
        }
        Command::Verify(mut args) => {
            args.stop_clock();
            args.set_patience(patience);
            verify::run(&args, streams)
        }
        _ => panic!("the command fetches nothing"),
    };
    match result {
        Ok(outcome) => outcome,
        Err(Problem::Error(error)) => {
            let _ = writeln!(streams.err, "Error: {error}");
            Outcome::Failed
        }
        Err(Problem::Write(error)) => panic!("{error}"),
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Problem {
    /// An error for the user.
    Error(Error),
    /// The output could not be written.
    Write(io::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}
