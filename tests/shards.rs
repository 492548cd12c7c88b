//! Shards as processes: killed at any moment, two with the same index, a full disk. What is merged is what one process says, or an
//! error.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "runs the program, and makes its files")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const DAY: [&str; 2] = ["--today", "2026-06-30"];

fn airtight(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_airtight"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    airtight(folder, args).output().unwrap()
}

fn shard(folder: &Path, index: usize) -> Command {
    let (shard, file) = (format!("{index}/2"), format!("blobs/{index}.jsonl"));
    let args = ["lint", "--cache", "cache", "--shard", &shard, "--format", "blob", "--output", &file];
    airtight(folder, &[&args[..], &DAY].concat())
}

fn begin(folder: &Path, index: usize) -> Child {
    shard(folder, index).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The repository of `testdata/fleet`, with many releases of one chart.
fn fleet() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/fleet/charts/web");
    let copied = Command::new("cp").arg("-r").arg(from).arg(folder.path().join("web")).status();
    assert!(copied.unwrap().success());
    let releases: String = (0..60)
        .map(|number| format!("  - {{name: web-{number}, chart: web, set: [sidecar=quay.io/acme/sidecar:{number}]}}\n"))
        .collect();
    let config = format!("mirror: mirror.internal\nrewrite: assumed\nreleases:\n{releases}");
    fs::write(folder.path().join("airtight.yaml"), config).unwrap();
    fs::create_dir(folder.path().join("blobs")).unwrap();
    folder
}

#[test]
fn a_shard_that_is_killed_is_run_again() {
    let folder = fleet();
    let folder = folder.path();
    let one = run(folder, &[&["lint"], &DAY[..]].concat());
    assert!(String::from_utf8_lossy(&one.stdout).contains("in 60 releases"));
    assert_eq!(shard(folder, 1).status().unwrap().code(), Some(1));
    for moment in 0..30 {
        let _ = fs::remove_file(folder.join("blobs/2.jsonl"));
        let mut child = begin(folder, 2);
        // Whenever it is killed, its blob is whole or not there.
        std::thread::sleep(Duration::from_millis(moment * 7));
        let _ = child.kill();
        child.wait().unwrap();
        let is_there = folder.join("blobs/2.jsonl").exists();
        let merged = run(folder, &["merge", "blobs"]);
        match is_there {
            true => assert_eq!((merged.status, &merged.stdout), (one.status, &one.stdout)),
            false => {
                assert_eq!(merged.status.code(), Some(2));
                assert!(String::from_utf8_lossy(&merged.stderr).contains("shard 2/2 is missing"), "{merged:?}");
            }
        }
    }
    shard(folder, 2).status().unwrap();
    let merged = run(folder, &["merge", "blobs"]);
    assert_eq!((merged.status, merged.stdout), (one.status, one.stdout));
}

#[test]
fn two_processes_may_run_the_same_shard() {
    let folder = fleet();
    let folder = folder.path();
    let one = run(folder, &[&["lint"], &DAY[..]].concat());
    let children: Vec<Child> = [1, 2, 1, 2, 2].into_iter().map(|index| begin(folder, index)).collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }
    let merged = run(folder, &["merge", "blobs"]);
    assert_eq!((merged.status, merged.stdout), (one.status, one.stdout));
    assert_eq!(fs::read_dir(folder.join("blobs")).unwrap().count(), 2);
}

#[test]
fn a_blob_through_a_pipe_is_the_same() {
    let folder = fleet();
    let folder = folder.path();
    shard(folder, 1).status().unwrap();
    let args = ["lint", "--shard", "1/2", "--format", "blob"];
    let piped = run(folder, &[&args[..], &DAY].concat());
    assert_eq!(piped.stdout, fs::read(folder.join("blobs/1.jsonl")).unwrap());
    if Path::new("/dev/full").exists() {
        let full = run(folder, &[&args[..], &DAY, &["--output", "/dev/full"]].concat());
        assert_eq!(full.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&full.stderr).contains("cannot write /dev/full: "), "{full:?}");
    }
}

/// As the pods of an Indexed Job do, over one folder.
#[test]
fn the_environment_says_which_shard_it_is() {
    let folder = fleet();
    let folder = folder.path();
    let one = run(folder, &[&["lint"], &DAY[..]].concat());
    let pods: Vec<Child> = (0..8)
        .map(|index| {
            let file = format!("blobs/shard-{index}.jsonl");
            let args =
                ["lint", "--cache", "cache", "--shard", "auto", "--exit-zero", "--format", "blob", "--output", &file];
            let mut command = airtight(folder, &[&args[..], &DAY].concat());
            command
                .env("JOB_COMPLETION_INDEX", index.to_string())
                .env("AIRTIGHT_SHARDS", "8")
                .env_remove("CI_NODE_TOTAL");
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut pod in pods {
        assert_eq!(pod.wait().unwrap().code(), Some(0));
    }
    let merged = run(folder, &["merge", "blobs"]);
    assert_eq!((merged.status, merged.stdout), (one.status, one.stdout));
}
