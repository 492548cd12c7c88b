//! Tells the program the commit that it is built from, for `airtight version`: in release builds, without running a program and without
//! the network. There is none if the source is not a checkout. `AIRTIGHT_COMMIT`, set by whoever packages it, comes first. A program for
//! musl is linked so that it is small.
#![expect(clippy::disallowed_methods, reason = "reads git's own files, before there is a program")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A static program that may be loaded anywhere has an entry of 24 bytes for each pointer in its data: a megabyte, unless they are packed.
    if env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "musl") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    println!("cargo::rerun-if-env-changed=AIRTIGHT_COMMIT");
    // A commit must not make a build for development compile everything again.
    if env::var_os("AIRTIGHT_COMMIT").is_some() || env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return;
    }
    let source = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    if let Some(commit) = of_package(&source).or_else(|| of_checkout(&source)) {
        println!("cargo::rustc-env=AIRTIGHT_COMMIT={commit}");
    }
}

/// The commit that cargo recorded when it packed the source.
fn of_package(source: &Path) -> Option<String> {
    let text = fs::read_to_string(source.join(".cargo_vcs_info.json")).ok()?;
    let rest = text.split_once("\"sha1\"")?.1;
    commit(rest.split('"').nth(1)?)
}

/// The commit that is checked out, if this folder is the top of a checkout.
fn of_checkout(source: &Path) -> Option<String> {
    let git = source.join(".git");
    // A worktree has a file that names its folder.
    let git = match fs::read_to_string(&git) {
        Ok(text) => source.join(text.trim().strip_prefix("gitdir: ")?),
        Err(_) => git,
    };
    let shared = match fs::read_to_string(git.join("commondir")) {
        Ok(path) => git.join(path.trim()),
        Err(_) => git.clone(),
    };
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    println!("cargo::rerun-if-changed={}", git.join("HEAD").display());
    let Some(name) = head.trim().strip_prefix("ref: ") else { return commit(head.trim()) };
    let loose = shared.join(name);
    if let Ok(text) = fs::read_to_string(&loose) {
        println!("cargo::rerun-if-changed={}", loose.display());
        return commit(text.trim());
    }
    let packed = fs::read_to_string(shared.join("packed-refs")).ok()?;
    println!("cargo::rerun-if-changed={}", shared.join("packed-refs").display());
    let line = packed.lines().find(|line| line.split_once(' ').is_some_and(|(_, own)| own == name))?;
    commit(line.split(' ').next()?)
}

/// A text, if it is the name of a commit: SHA-1 or SHA-256 in hexadecimal digits.
fn commit(text: &str) -> Option<String> {
    let is_name = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| text.to_owned())
}
