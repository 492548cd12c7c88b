//! Runs each shape of `testdata/bounds/shapes.toml` a hundred times as large as the tests do, so with about a megabyte of it, in
//! each command and with the default limits: a table of processor time and memory, on Linux.
//!
//! `just bounds [WORD]`: only shapes with the word in their name.

#![expect(clippy::disallowed_methods, reason = "reads files of the repository, and of /proc, and starts itself")]
#![expect(clippy::print_stdout, reason = "what the program is for")]
#![expect(clippy::expect_used, reason = "a failure ends the program, which is not part of the tool")]

#[path = "../src/golden/shapes.rs"]
#[allow(dead_code, reason = "the tests know what each shape comes to")]
mod shapes;

use airtight::command::{Outcome, Streams, on_large_stack, run};
use mimalloc::MiMalloc;
use shapes::{Case, Cases};
use std::process::{Command, ExitCode};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How many times as large as in the tests.
const TIMES: usize = 100;

/// What a run may take with the default limits, in seconds of processor time and MiB.
const BOUNDS: (f64, f64) = (2.0, 512.0);

fn main() -> ExitCode {
    let cases = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/bounds/shapes.toml"));
    let Cases { case: cases } = toml::from_str(&cases.expect("the cases are there")).expect("they are TOML");
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, command] = args.as_slice()
        && flag == "--one"
    {
        let case = cases.iter().find(|case| case.name == *name).expect("a case");
        println!("{}", measured(case, command));
        return ExitCode::SUCCESS;
    }
    let word = args.iter().find(|arg| !arg.starts_with("--")).map_or("", String::as_str);
    let mut over = 0;
    for case in cases.iter().filter(|case| case.name.contains(word)) {
        let scratch = tempfile::tempdir().expect("a folder can be made");
        case.write(scratch.path(), TIMES);
        for command in case.runs() {
            let this = std::env::current_exe().expect("the program has a path");
            let mut child = Command::new(this);
            let run = child.args(["--one", &case.name, command]).current_dir(scratch.path()).output();
            let said = run.map(|run| String::from_utf8_lossy(&run.stdout).trim().to_owned()).unwrap_or_default();
            let mut numbers = said.split(' ').map_while(|number| number.parse::<f64>().ok());
            let (seconds, mib) = (numbers.next(), numbers.next());
            let is_over = seconds.is_none_or(|seconds| seconds > BOUNDS.0) || mib.is_none_or(|mib| mib > BOUNDS.1);
            over += usize::from(is_over);
            let name = command.split(' ').next().unwrap_or_default();
            let mark = if is_over { "  OVER" } else { "" };
            println!("{:<50} {name:<8} {said}{mark}", case.name);
        }
    }
    println!("{over} runs take more than {} s or {} MiB", BOUNDS.0, BOUNDS.1);
    if over == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a command in this process: its seconds of processor time, the most memory in MiB, and how it ends.
fn measured(case: &Case, command: &str) -> String {
    let input = case.input(TIMES);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome = on_large_stack(|| {
        run(case.args(command), &mut Streams { out: &mut out, err: &mut err, input: &mut input.as_bytes() })
    });
    let proc = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    // The 14th and 15th field, in hundredths of a second; the name before them may contain blanks.
    let stat = proc("stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(f64::NAN);
    let status = proc("status");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let most = most.and_then(|kib| kib.trim().parse::<f64>().ok()).unwrap_or(f64::NAN);
    let said = String::from_utf8_lossy(&out) + String::from_utf8_lossy(&err);
    let limit =
        said.find("(--limit ").map(|at| said[at..].split(')').next().unwrap_or_default().trim_start_matches('('));
    let end = match outcome {
        Some(Outcome::Clean) => "clean",
        Some(Outcome::Findings) => "findings",
        Some(Outcome::Failed) => "failed",
        _ => "crashed",
    };
    format!("{:.2} {:.0} {end} {}", (ticks(11) + ticks(12)) / 100.0, most / 1024.0, limit.unwrap_or_default())
}
