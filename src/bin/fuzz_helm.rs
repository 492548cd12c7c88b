//! Compares random templates and charts with a real helm: `just fuzz-helm`.

fn main() -> std::process::ExitCode {
    airtight::fuzz_helm::main()
}
