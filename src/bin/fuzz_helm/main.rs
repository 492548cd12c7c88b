//! Compares random templates with a real helm: `fuzz-helm HELM [--count N] [--seed N] [--keep FILE]`.
//!
//! Not part of CI; `just fuzz-helm HELM` runs it. Every difference is a line of JSON in the file of `--keep`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own: this is its edge")]

mod batch;
mod grammar;
mod literals;
mod random;

use batch::{Batch, Tally};
use clap::Parser;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Templates in one run of helm.
const BATCH: u64 = 200;
/// Batches at once.
const WORKERS: u64 = 2;

/// Compares random templates with a real helm.
#[derive(Debug, Parser)]
struct Args {
    /// The real helm
    helm: PathBuf,
    /// How many templates to compare
    #[arg(long, default_value_t = 50_000)]
    count: u64,
    /// Where the random sequence starts; the same seed makes the same templates
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// File for the differences, a JSON object a line
    #[arg(long)]
    keep: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match compare(&args) {
        Ok(tally) => {
            println!("{tally}");
            ExitCode::from(u8::from(tally.different > 0))
        }
        Err(error) => {
            eprintln!("fuzz-helm: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(args: &Args) -> Result<Tally, String> {
    let keep = args.keep.as_ref().map(std::fs::File::create).transpose().map_err(|error| error.to_string())?;
    let state = Mutex::new((Tally::default(), keep));
    let next = AtomicU64::new(0);
    let batches = args.count.div_ceil(BATCH);
    let work = || -> Result<(), String> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= batches {
                return Ok(());
            }
            let size = BATCH.min(args.count - number * BATCH);
            let (tally, differences) = Batch::new(&args.helm, args.seed, number, size)?.run()?;
            let mut state = state.lock().map_err(|error| error.to_string())?;
            state.0.add(&tally);
            for difference in &differences {
                println!("{difference}\n");
                if let Some(file) = &mut state.1 {
                    writeln!(file, "{}", difference.json()).map_err(|error| error.to_string())?;
                }
            }
            eprintln!("{}", state.0);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("airtight panicked".to_owned())))
    })?;
    state.into_inner().map(|(tally, _)| tally).map_err(|error| error.to_string())
}
