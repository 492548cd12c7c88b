//! Counts the allocations for rendering and linting five charts, and compares them with `benches/allocations.txt`.
//!
//! A count is the same on every machine, so it shows a regression without a clock. It varies slightly with the compiler: only
//! differences of more than 5 % are reported. `just count` rewrites the file.

#![expect(clippy::disallowed_methods, reason = "reads and writes a file of the repository")]

use airtight::command::{Streams, on_large_stack, run};
use allocation_counter::{AllocationInfo, measure};
use std::fmt::Write as _;
use std::process::ExitCode;

const CHARTS: &[&str] = &["addons", "manager", "operators", "shop", "station"];

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/allocations.txt");

fn main() -> ExitCode {
    let mut counted = String::from("# chart command allocations bytes-at-most\n");
    for chart in CHARTS {
        for command in ["template", "lint"] {
            let AllocationInfo { count_total, bytes_max, .. } =
                on_large_stack(|| count(command, chart)).unwrap_or_default();
            let _ = writeln!(counted, "{chart} {command} {count_total} {bytes_max}");
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        return match std::fs::write(FILE, &counted) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let known = std::fs::read_to_string(FILE).unwrap_or_default();
    let mut is_right = true;
    for (known, counted) in known.lines().zip(counted.lines()) {
        if !is_near(known, counted) {
            is_right = false;
            tell(&format!("{FILE} is out of date (`just count`):\n  file: {known}\n  made: {counted}"));
        }
    }
    if is_right && known.lines().count() == counted.lines().count() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stderr, reason = "what the program is for")]
fn tell(text: &str) {
    eprintln!("{text}");
}

/// Whether two lines are nearly equal.
fn is_near(known: &str, counted: &str) -> bool {
    let (mut known, mut counted) = (known.split(' '), counted.split(' '));
    let near = |(known, counted): (&str, &str)| match (known.parse::<u64>(), counted.parse::<u64>()) {
        (Ok(known), Ok(counted)) => known.abs_diff(counted) * 20 <= known,
        _ => known == counted,
    };
    known.by_ref().zip(counted.by_ref()).all(near) && known.next().is_none() && counted.next().is_none()
}

/// The allocations of the second run of a command: one-time allocations of the process do not count.
fn count(command: &str, chart: &str) -> AllocationInfo {
    let chart = format!("{}/testdata/charts/{chart}", env!("CARGO_MANIFEST_DIR"));
    let flags: &[&str] =
        if command == "lint" { &["--no-config", "--mirror", "mirror.internal"] } else { &["--seed", "0"] };
    let args = [&["airtight", command], &[chart.as_str()][..], flags].concat();
    let once = || {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        run(&args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() });
    };
    once();
    measure(once)
}
