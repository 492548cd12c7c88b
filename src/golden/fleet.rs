//! `testdata/fleet`: a repository of releases that is checked in one process, in parts that are merged, and with results that are known
//! already. The bytes must be the same.

use super::cli::copy;
use super::{derived, read, root, with_output, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The formats of a report.
const FORMATS: [&str; 9] = ["text", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv", "html"];

/// The same day in each run.
const TODAY: [&str; 2] = ["--today", "2026-06-30"];

/// How a run ended.
#[derive(Debug, PartialEq)]
struct Ran {
    outcome: Option<Outcome>,
    out: String,
    err: String,
}

/// A copy of the repository.
struct Fleet {
    folder: TempDir,
    releases: usize,
}

impl Fleet {
    /// All of it, or only what can be checked.
    fn new(is_whole: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&root().join("testdata/fleet"), folder.path());
        let tar =
            Command::new("tar").args(["-czf", "packed.tgz", "-C", "charts", "web"]).current_dir(folder.path()).status();
        assert!(tar.expect("tar runs").success());
        let config = folder.path().join("airtight.yaml");
        let text = fs::read_to_string(&config).expect("a file");
        let is_kept = |line: &&str| is_whole || !line.contains("name: broken") && !line.contains("name: gone");
        let text: String = text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect();
        fs::write(&config, text).expect("a file");
        Self { folder, releases: if is_whole { 11 } else { 9 } }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command in it.
    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        let _guard = working_folder(self.folder.path());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args: Vec<&str> = ["airtight"].into_iter().chain(args.iter().copied()).collect();
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut stdin.as_bytes() }));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ran { outcome, out: text(out), err: text(err) }
    }

    /// The bytes of a run in every format.
    fn formats(&self, args: &[&str]) -> Vec<Ran> {
        FORMATS.iter().map(|format| self.run(&[args, &["--format", format]].concat())).collect()
    }

    /// Checks all shards into a folder.
    fn shards(&self, of: usize, folder: &str, more: &[&str]) {
        let _ = fs::remove_dir_all(self.path(folder));
        fs::create_dir(self.path(folder)).expect("a folder");
        for index in 1..=of {
            self.shard(index, of, folder, more);
        }
    }

    fn shard(&self, index: usize, of: usize, folder: &str, more: &[&str]) {
        let (shard, file) = (format!("{index}/{of}"), format!("{folder}/{index}.jsonl"));
        let args = ["lint", "--shard", &shard, "--format", "blob", "--output", &file];
        let ran = self.run(&[&args[..], &TODAY, more].concat());
        assert!(self.path(&file).exists(), "shard {shard}: {ran:?}");
        assert_eq!(ran.out, "");
    }

    /// The lines about problems of a merge that is refused.
    fn refused(&self, paths: &[&str]) -> String {
        let ran = self.run(&[&["merge"], paths].concat());
        assert_eq!((ran.outcome, ran.out.as_str()), (Some(Outcome::Failed), ""), "{}", ran.err);
        ran.err.strip_prefix("Error: ").unwrap_or(&ran.err).to_owned()
    }
}

#[test]
fn shards_that_are_merged_are_one_run() {
    for is_whole in [false, true] {
        let fleet = Fleet::new(is_whole);
        let one = fleet.formats(&[&["lint"], &TODAY[..]].concat());
        assert!(
            one[0].out.contains(&format!("in {} releases", fleet.releases - usize::from(is_whole))),
            "{}",
            one[0].out
        );
        for (of, more) in
            [(1, &[][..]), (2, &[]), (3, &["--shard-by", "size"]), (16, &[]), (16, &["--shard-by", "size"])]
        {
            fleet.shards(of, "blobs", more);
            let merged = fleet.formats(&["merge", "blobs"]);
            for ((format, one), merged) in FORMATS.iter().zip(&one).zip(&merged) {
                assert_eq!(one, merged, "{format} of {of} shards {more:?}");
            }
        }
    }
}

/// The page shows the output of the tool word for word.
#[test]
fn the_page_shows_what_is_said() {
    let fleet = Fleet::new(true);
    fleet.shards(3, "blobs", &[]);
    let page = read(&root().join("docs/fleet.md"));
    let made = with_output(&page, "<!-- testdata/fleet:", "-->\n```text\n", |before, typed| {
        if let Some(gone) = before.trim().strip_prefix("rm ") {
            fs::remove_file(fleet.path(gone)).expect("a file");
        }
        let args: Vec<&str> = typed.split_whitespace().skip(2).collect();
        let ran = fleet.run(&args);
        // The digest of an archive that tar packs on another day is another one.
        let lines = ran.out.split_inclusive('\n').filter(|line| !line.contains("packed.tgz"));
        lines.take(3).chain([ran.err.as_str()]).collect()
    });
    derived("docs/fleet.md", &made);
}

#[test]
fn a_baseline_counts_once_wherever_it_is_given() {
    let fleet = Fleet::new(false);
    let written = fleet
        .run(&[&["lint", "--write-baseline", "baseline.json", "--select", "unmirrored-image"], &TODAY[..]].concat());
    assert_eq!(written.outcome, Some(Outcome::Clean), "{written:?}");
    let with = ["--baseline", "baseline.json"];
    let one = fleet.formats(&[&["lint"], &TODAY[..], &with].concat());
    assert!(one[0].out.contains("suppressed"), "{}", one[0].out);
    fleet.shards(3, "later", &[]);
    assert_eq!(one, fleet.formats(&[&["merge", "later"], &with[..]].concat()));
    fleet.shards(3, "before", &with);
    assert_eq!(one, fleet.formats(&["merge", "before"]));
}

#[test]
fn lists_of_work_are_parts_of_a_run() {
    let fleet = Fleet::new(true);
    let one = fleet.formats(&[&["lint"], &TODAY[..]].concat());
    for format in ["name", "jsonl"] {
        let listed = fleet.run(&["list", "--format", format]);
        assert_eq!(listed.outcome, Some(Outcome::Clean), "{listed:?}");
        let lines: Vec<&str> = listed.out.lines().collect();
        assert_eq!(lines.len(), fleet.releases);
        let _ = fs::remove_dir_all(fleet.path("parts"));
        fs::create_dir(fleet.path("parts")).expect("a folder");
        // In another order, as workers take them from a queue.
        for (number, lines) in lines.rchunks(4).enumerate() {
            let file = format!("parts/{number}.jsonl");
            let args = ["lint", "--releases", "-", "--format", "blob", "--output", &file];
            fleet.run_with(&[&args[..], &TODAY].concat(), &lines.join("\n"));
        }
        assert_eq!(one, fleet.formats(&["merge", "parts"]));
    }
    // What changed since it was listed is not checked.
    let listed = fleet.run(&["list", "--format", "jsonl"]).out;
    fs::write(fleet.path("values/pinned.yaml"), "image: {registry: quay.io}\n").expect("a file");
    let ran = fleet.run_with(&[&["lint", "--releases", "-"], &TODAY[..]].concat(), &listed);
    assert_eq!(ran.outcome, Some(Outcome::Failed));
    let said = "Error: web/test: its chart, values or flags changed since it was listed: make the list again (airtight list)\n";
    assert_eq!(ran.err.matches("since it was listed").count(), 1, "{}", ran.err);
    assert!(ran.err.contains(said), "{}", ran.err);
}

#[test]
fn what_is_incomplete_is_never_merged() {
    let fleet = Fleet::new(true);
    fleet.shards(3, "blobs", &[]);
    let path = |index: usize| fleet.path(&format!("blobs/{index}.jsonl"));
    let whole = fs::read(path(2)).expect("a file");
    let is_whole = || assert_ne!(fleet.run(&["merge", "blobs"]).out, "");
    is_whole();
    let releases = whole.split(|byte| *byte == b'\n').count() - 3;

    fs::remove_file(path(2)).expect("a file");
    let missing = format!("the run is not complete\nshard 2/3 is missing: {releases} of 11 releases; run it\n");
    assert_eq!(fleet.refused(&["blobs"]), missing);

    // Cut at any byte.
    for cut in (0..whole.len()).step_by(whole.len() / 97).chain([whole.len() - 1]) {
        fs::write(path(2), &whole[..cut]).expect("a file");
        let said = fleet.refused(&["blobs"]);
        assert!(said.starts_with("the run is not complete\nblobs/2.jsonl: "), "{cut}: {said}");
        assert!(said.ends_with("run this part again\n"), "{cut}: {said}");
    }
    // Lines that are missing, or there twice.
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for number in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(number);
        fs::write(path(2), fewer.concat()).expect("a file");
        fleet.refused(&["blobs"]);
        let mut more = lines.clone();
        more.insert(number, lines[number]);
        fs::write(path(2), more.concat()).expect("a file");
        fleet.refused(&["blobs"]);
    }
    // A rerun of that shard alone completes the run.
    fleet.shard(2, 3, "blobs", &[]);
    is_whole();

    fs::copy(path(2), fleet.path("blobs/copy.jsonl")).expect("a file");
    let doubled =
        "the run is not complete\nblobs/copy.jsonl: it is shard 2/3, and so is blobs/2.jsonl: remove one of them\n";
    assert_eq!(fleet.refused(&["blobs"]), doubled);
    fs::remove_file(fleet.path("blobs/copy.jsonl")).expect("a file");
    fs::write(fleet.path("blobs/.airtight-4.jsonl"), "half").expect("a file");
    is_whole();

    // Of other runs.
    let of_other = "it is of another run than blobs/1.jsonl: airtight.yaml, flags, lists or the baseline differ; run all parts with the same";
    for more in [&["--select", "mutable-tag"][..], &["--mirror", "other.internal"], &["--set", "a=b"]] {
        fleet.shard(2, 3, "blobs", more);
        assert_eq!(
            fleet.refused(&["blobs"]),
            format!("the run is not complete\nblobs/2.jsonl: {of_other}\n"),
            "{more:?}"
        );
    }
    fleet.shard(2, 4, "blobs", &[]);
    let others = "the run is not complete\nblobs/2.jsonl: it is one of 4 shards, and blobs/1.jsonl one of 3\n";
    assert_eq!(fleet.refused(&["blobs"]), others);
    let version = String::from_utf8_lossy(&whole).replacen("\"tool\":\"airtight ", "\"tool\":\"airtight 9.", 1);
    fs::write(path(2), version).expect("a file");
    assert!(fleet.refused(&["blobs"]).contains("check and merge with the same version"));
    fs::write(path(2), "{}\n").expect("a file");
    assert!(fleet.refused(&["blobs"]).contains("it is not a blob, which airtight lint --format blob writes"));

    // On other days: only what ends between matters.
    fleet.shard(2, 3, "blobs", &["--today", "2026-07-01"]);
    is_whole();
    fleet.shard(2, 3, "blobs", &["--today", "2026-01-31"]);
    assert!(
        fleet
            .refused(&["blobs"])
            .contains("suppressions were judged on 2026-01-31 and on 2026-06-30, and one ended between")
    );
    fs::create_dir(fleet.path("empty")).expect("a folder");
    assert_eq!(fleet.refused(&["empty"]), "nothing to merge: there is no blob (*.jsonl)\n");
}

/// The line about the cache.
fn told(ran: &Ran) -> &str {
    ran.err.lines().find(|line| line.starts_with("cache: ")).unwrap_or_default()
}

fn without_cache(mut ran: Ran) -> Ran {
    ran.err = ran.err.split_inclusive('\n').filter(|line| !line.starts_with("cache: ")).collect();
    ran
}

#[test]
fn known_results_are_the_same_bytes() {
    let fleet = Fleet::new(true);
    let time = ["--time", "2026-06-30T12:00:00Z"];
    let plain = [&["lint"], &TODAY[..], &time].concat();
    let cached = [&plain[..], &["--cache", "cache"]].concat();
    let one = fleet.formats(&plain);
    let first = fleet.run(&cached);
    assert_eq!(told(&first), "cache: 0 of 11 releases known, 11 checked");
    assert_eq!(without_cache(first), one[0]);
    let again = fleet.run(&cached);
    // What cannot be checked is tried again.
    assert_eq!(told(&again), "cache: 10 of 11 releases known, 1 checked");
    let rest = fleet.formats(&cached);
    for ((format, one), known) in FORMATS.iter().zip(&one).zip(rest) {
        assert_eq!(*one, without_cache(known), "{format}");
    }
    // Shards know what others found.
    fs::create_dir(fleet.path("blobs")).expect("a folder");
    for index in ["1/2", "2/2"] {
        let file = format!("blobs/{}.jsonl", &index[..1]);
        fleet.run(&[&cached[..], &["--shard", index, "--format", "blob", "--output", &file]].concat());
    }
    assert_eq!(fleet.formats(&["merge", "blobs"]), one);
    // With the time of the run, what asks for the time is checked each time.
    let now = [&["lint"], &TODAY[..], &["--cache", "other"]].concat();
    fleet.run(&now);
    let said = fleet.run(&now).err;
    assert!(
        said.contains(
            "cache: 8 of 11 releases known, 3 checked\ncache: 2 not kept, because their templates ask for the time"
        ),
        "{said}"
    );
}

/// What a change of the repository makes unknown: every input counts, and nothing else.
#[test]
fn every_input_is_in_the_key() {
    let fleet = Fleet::new(false);
    let time = ["--time", "2026-06-30T12:00:00Z"];
    let args = [&["lint"], &TODAY[..], &time, &["--cache", "cache"]].concat();
    let run = |more: &[&str]| told(&fleet.run(&[&args[..], more].concat())).to_owned();
    let known = |known: usize| format!("cache: {known} of 9 releases known, {} checked", 9 - known);
    assert_eq!(run(&[]), known(0));
    assert_eq!(run(&[]), known(9));
    // A byte of each file, and the releases that it changes.
    let files = [
        ("charts/web/Chart.yaml", 6),
        ("charts/web/values.yaml", 6),
        ("charts/web/templates/deployment.yaml", 6),
        ("charts/web/templates/NOTES.txt", 6),
        ("charts/db/templates/pod.yaml", 2),
        ("packed.tgz", 1),
        ("values/base.yaml", 6),
        ("values/pinned.yaml", 1),
        ("values/secret.yaml", 1),
        ("values/unused.yaml", 3),
        ("values/motd.txt", 1),
    ];
    for (name, changed) in files {
        let path = fleet.path(name);
        let original = fs::read(&path).expect("a file");
        let mut other = original.clone();
        match name.ends_with(".tgz") {
            // The operating system in the header of gzip.
            true => other[9] ^= 1,
            false => other.extend(b"\n"),
        }
        fs::write(&path, other).expect("a file");
        assert_eq!(run(&[]), known(9 - changed), "{name}");
        assert_eq!(run(&[]), known(9), "{name}");
        fs::write(&path, original).expect("a file");
        assert_eq!(run(&[]), known(9), "{name}");
    }
    // A file that is added.
    fs::write(fleet.path("charts/db/templates/new.yaml"), "").expect("a file");
    assert_eq!(run(&[]), known(7));
    // Flags and configuration.
    for more in [
        &["--set", "a=b"][..],
        &["--mirror", "other.internal"],
        &["--select", "unmirrored-image"],
        &["--namespace", "other"],
        &["--kube-version", "1.30"],
        &["--helm-version", "3"],
        &["--seed", "2"],
        &["--time", "2026-06-30T12:00:01Z"],
        &["--limit", "template-steps=12345678"],
    ] {
        assert_eq!(run(more), known(0), "{more:?}");
        assert_eq!(run(more), known(9), "{more:?}");
    }
    // The same results serve every format.
    assert_eq!(run(&["--format", "sarif"]), known(9));
    // A suppression ends: only the releases that it applies to.
    let later = |day: &str| run(&["--today", day]);
    assert_eq!(later("2027-06-30"), known(9));
    assert_eq!(later("2027-07-01"), known(8));
    assert_eq!(run(&[]), known(8));
    let config = fleet.path("airtight.yaml");
    let text = fs::read_to_string(&config).expect("a file");
    let with = |from: &str, to: &str| fs::write(&config, text.replacen(from, to, 1)).expect("a file");
    with("release: db}", "release: db-two}");
    assert_eq!(run(&[]), known(7));
    with("rewrite: assumed\n", "rewrite: assumed\nignore: [unmirrored-image]\n");
    assert_eq!(run(&[]), known(0));
    // What moves is known, and is shown where it is now.
    with("releases:\n", "releases:\n  - {name: first, chart: charts/db}\n\n");
    let moved = fleet.run(&args);
    assert_eq!(told(&moved), "cache: 8 of 10 releases known, 2 checked");
    let fresh = fleet.run(&[&["lint"], &TODAY[..], &time].concat());
    assert_eq!(without_cache(moved), fresh);
}

#[test]
fn a_cache_that_cannot_be_written_loses_nothing() {
    let fleet = Fleet::new(false);
    let plain = [&["lint"], &TODAY[..]].concat();
    fs::write(fleet.path("file"), "").expect("a file");
    let ran = fleet.run(&[&plain[..], &["--cache", "file"]].concat());
    assert!(ran.err.contains("warning: the cache cannot be written: "), "{}", ran.err);
    assert_eq!(ran.out, fleet.run(&plain).out);
    // Damaged results are checked again.
    let cached = [&plain[..], &["--time", "2026-06-30T12:00:00Z", "--cache", "cache"]].concat();
    fleet.run(&cached);
    for entry in
        walkdir::WalkDir::new(fleet.path("cache")).into_iter().flatten().filter(|entry| entry.file_type().is_file())
    {
        let mut bytes = fs::read(entry.path()).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(entry.path(), bytes).expect("a file");
    }
    assert_eq!(told(&fleet.run(&cached)), "cache: 0 of 9 releases known, 9 checked");
    assert_eq!(told(&fleet.run(&cached)), "cache: 9 of 9 releases known, 0 checked");
    assert!(is_private(&fleet.path("cache/results-1")));
}

#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    folder.metadata().expect("a folder").permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}
