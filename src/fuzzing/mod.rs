//! The code under fuzzing: for each kind of input a [`Target`] that reads any bytes and panics if an answer is wrong.
//!
//! Built only with the feature `fuzzing`, and in tests. The crate in `fuzz/` passes libFuzzer's inputs to [`run`]; the tests run
//! every seed of `testdata/fuzz/TARGET/`, and mutations of each. They also check that a run ends, and how much memory it
//! uses: the limits are far below the defaults.
//!
//! An input with several files is written as one text, so that a seed can be read and edited: [`Parts`].

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
use crate::stack;

/// A kind of input, and what must be true for every input.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, such as `yaml`, which is also the name of its binary and of its folder of seeds.
    pub name: &'static str,
    /// What it checks, in one line.
    pub checks: &'static str,
    /// Panics if that is not true.
    check: fn(&[u8]),
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target {
        name: "archives",
        checks: "no path leaves the chart, and an archive gives the same chart as its files",
        check: archives::check,
    },
    Target { name: "bundle", checks: "every name in a list is listed", check: texts::bundle },
    Target { name: "config", checks: "every problem has a line", check: texts::config },
    Target { name: "finders", checks: "every image is at its reported position", check: documents::finders },
    Target { name: "fixes", checks: "a fix changes the file as reported", check: reports::fixes },
    Target {
        name: "lint",
        checks: "the same report twice, and every image that bypasses the mirror is reported",
        check: reports::lint,
    },
    Target {
        name: "manifests",
        checks: "reading less of a manifest gives the same result",
        check: documents::manifests,
    },
    Target { name: "reference", checks: "a reference can be parsed from its parts", check: texts::reference },
    Target { name: "regex", checks: "matches are in the text and do not overlap", check: texts::regex },
    Target {
        name: "reports",
        checks: "every format can be parsed, and contains all findings",
        check: reports::formats,
    },
    Target { name: "schema", checks: "checking values twice gives the same result", check: layers::schema },
    Target {
        name: "set",
        checks: "tracing changes no value, and every assignment is at its recorded position",
        check: layers::set,
    },
    Target { name: "templates", checks: "tracing changes no byte and no message", check: templates::check },
    Target { name: "values", checks: "tracing changes no value and no message", check: layers::values },
    Target { name: "yaml", checks: "both readers agree, and written YAML is read back", check: yaml::check },
];

/// Runs a target on an input; panics if an answer is wrong.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("there is no target {name:?}"));
    // The depth limit assumes the stack that commands have.
    stack::on_large(|| (target.check)(data)).expect("there is room for a thread");
}

/// Limits that one input reaches within milliseconds.
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

/// Whether a message is about a limit: such an answer may depend on how it was computed.
fn is_bound(message: &str) -> bool {
    message.contains("--limit ")
}
