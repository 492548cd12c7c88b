//! Links only the counters of code that a target reaches, because libFuzzer reads all of them after every input.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,start-stop-gc");
    }
}
