//! What fuzzing runs: for each kind of input a [`Target`] that reads any bytes and panics where an answer is wrong.
//!
//! Only there with the feature `fuzzing`, and in tests. The crate in `fuzz/` hands libFuzzer's inputs on to [`run`]; the tests run
//! every seed of `testdata/fuzz/TARGET/`, and some changes of each. That a run ends, and in how much memory, is part of
//! what is checked: the bounds are far below the usual ones.
//!
//! An input that is several files is written as one text, so that a seed can be read and edited: [`Parts`].

mod archives;
mod documents;
mod layers;
mod parts;
mod reports;
mod same;
mod templates;
mod texts;
mod yaml;

pub use parts::Parts;

use crate::limits::Limits;

/// A kind of input, and what has to be true of every such input.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, `yaml`: that of its binary and of its folder of seeds.
    pub name: &'static str,
    /// What it checks, in a line.
    pub checks: &'static str,
    /// Panics where that is not true.
    check: fn(&[u8]),
}

/// All of them, by name.
pub const TARGETS: &[Target] = &[
    Target {
        name: "archives",
        checks: "no path leaves the chart, and an archive is the chart that its files are",
        check: archives::check,
    },
    Target { name: "bundle", checks: "what a list names is listed", check: texts::bundle },
    Target { name: "config", checks: "what is wrong is told with its place", check: texts::config },
    Target { name: "finders", checks: "images stand where they are said to stand", check: documents::finders },
    Target { name: "fixes", checks: "a fix that is offered changes the file as it says", check: reports::fixes },
    Target {
        name: "lint",
        checks: "the same report twice, and no image off the mirror is called clean",
        check: reports::lint,
    },
    Target { name: "manifests", checks: "reading less of a manifest decides the same", check: documents::manifests },
    Target { name: "reference", checks: "a reference is read back from its parts", check: texts::reference },
    Target { name: "regex", checks: "matches are in the text and do not overlap", check: texts::regex },
    Target { name: "reports", checks: "every format is read back, with all findings in it", check: reports::formats },
    Target { name: "schema", checks: "values are checked the same twice", check: layers::schema },
    Target {
        name: "set",
        checks: "tracing changes no value, and every assignment is where it is said to be",
        check: layers::set,
    },
    Target { name: "templates", checks: "tracing changes no byte and no message", check: templates::check },
    Target { name: "values", checks: "tracing changes no value and no message", check: layers::values },
    Target {
        name: "yaml",
        checks: "the short way reads as the long way, and what is written is read back",
        check: yaml::check,
    },
];

/// Runs a target on an input; it panics where an answer is wrong.
///
/// The stack is the caller's, since a thread for each input takes longer than most inputs do. Depth is bounded for the stack
/// that commands have: a thread of [`stack::builder`](crate::stack::builder), or a process with as much (`ulimit -s`).
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("there is no target {name:?}"));
    (target.check)(data);
}

/// Bounds that one input reaches in some milliseconds.
fn limits() -> Limits {
    Limits {
        chart_bytes: 1 << 20,
        chart_entries: 200,
        chart_depth: 8,
        yaml_nodes: 20_000,
        yaml_depth: 500,
        yaml_bytes: 1 << 20,
        include_depth: 100,
        template_depth: 500,
        template_nesting: 2_000,
        template_steps: 500_000,
        memory_bytes: 32 << 20,
        find_steps: 1_000_000,
        string_bytes: 1 << 18,
        output_bytes: 1 << 19,
        crypto_calls: 0,
        glob_steps: 10_000,
        schema_depth: 50,
        schema_steps: 20_000,
        file_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// Whether a message is about a bound: such an answer may differ with the way it was come to.
fn is_bound(message: &str) -> bool {
    message.contains("--limit ")
}
