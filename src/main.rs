//! The command: arguments in, exit status out.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A render works on a thread of its own, where glibc's allocator grows by thousands of small system calls.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    airtight::command::main()
}
