//! The code under fuzzing: for each kind of input a [`Target`] that reads any bytes and panics if an answer is wrong.
//!
//! Built only with the feature `fuzzing`, and in tests. The crate in `fuzz/` passes libFuzzer's inputs to [`Target::run`]; the tests run
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

// Each is an item of its own, so that the binary of a target contains no code of the others: libFuzzer reads the counters of all
// code after each input.

/// Archives of charts.
pub const ARCHIVES: Target = Target {
    name: "archives",
    checks: "no path leaves the chart, and an archive gives the same chart as its files",
    check: archives::check,
};

/// Lists of a bundle.
pub const BUNDLE: Target = Target { name: "bundle", checks: "every name in a list is listed", check: texts::bundle };

/// airtight.yaml.
pub const CONFIG: Target = Target { name: "config", checks: "every problem has a line", check: texts::config };

/// Manifests with images in them.
pub const FINDERS: Target =
    Target { name: "finders", checks: "every image is at its reported position", check: documents::finders };

/// A chart whose findings have fixes.
pub const FIXES: Target = Target { name: "fixes", checks: "a fix changes the file as reported", check: reports::fixes };

/// A chart that is checked.
pub const LINT: Target = Target {
    name: "lint",
    checks: "the same report twice, and every image that bypasses the mirror is reported",
    check: reports::lint,
};

/// Manifests, in the order of their kinds.
pub const MANIFESTS: Target = Target {
    name: "manifests",
    checks: "reading less of a manifest gives the same result",
    check: documents::manifests,
};

/// References of images, and places of a mirror.
pub const REFERENCE: Target =
    Target { name: "reference", checks: "a reference can be parsed from its parts", check: texts::reference };

/// Regular expressions of Go, with a text and a replacement.
pub const REGEX: Target =
    Target { name: "regex", checks: "matches are in the text and do not overlap", check: texts::regex };

/// Reports in every format.
pub const REPORTS: Target = Target {
    name: "reports",
    checks: "every format can be parsed, and contains all findings",
    check: reports::formats,
};

/// A chart with `values.schema.json`.
pub const SCHEMA: Target =
    Target { name: "schema", checks: "checking values twice gives the same result", check: layers::schema };

/// Arguments of `--set` and similar flags.
pub const SET: Target = Target {
    name: "set",
    checks: "tracing changes no value, and every assignment is at its recorded position",
    check: layers::set,
};

/// A chart that is rendered.
pub const TEMPLATES: Target =
    Target { name: "templates", checks: "tracing changes no byte and no message", check: templates::check };

/// Values in several layers.
pub const VALUES: Target =
    Target { name: "values", checks: "tracing changes no value and no message", check: layers::values };

/// YAML.
pub const YAML: Target =
    Target { name: "yaml", checks: "both readers agree, and written YAML is read back", check: yaml::check };

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    ARCHIVES, BUNDLE, CONFIG, FINDERS, FIXES, LINT, MANIFESTS, REFERENCE, REGEX, REPORTS, SCHEMA, SET, TEMPLATES,
    VALUES, YAML,
];

impl Target {
    /// Runs it on an input; panics if an answer is wrong.
    ///
    /// It runs on the caller's stack, because a thread for each input would take longer than most inputs. The depth limits
    /// assume the stack that commands have: a thread of [`stack::builder`](crate::stack::builder), or a process with a stack of
    /// that size (`ulimit -s`).
    pub fn run(&self, data: &[u8]) {
        (self.check)(data);
    }
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
