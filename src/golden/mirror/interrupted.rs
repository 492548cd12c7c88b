//! Runs that end anywhere, and are run again.

use super::{Case, Registries, layout};
use crate::disk::lock::{Attempt, Lock};
use std::path::Path;

/// A run may end at any request, and be run again.
#[test]
fn a_run_that_ended_anywhere_is_run_again() {
    let text = r#"
        about = "x"
        list = "@source/acme/api:1.4\n@source/acme/web:2\n"
        images = [
            {name = "acme/api:1.4", layers = ["base 3000", "_api 2000"], platforms = ["linux/amd64", "linux/arm64"], signed = ["cosign", "referrer"]},
            {name = "acme/web:2", layers = ["base 3000", "web 10"]},
        ]
        [source]
        referrers = true
    "#;
    let case: Case = toml::from_str(text).expect("a case");
    let folder = tempfile::tempdir().expect("a folder");
    let whole = Registries::start(&case);
    let run = whole.run(&case, folder.path(), &[]);
    assert_eq!(run.status, 0, "{run:?}");
    let requests = whole.mirror.state().met;
    assert!(requests > 20, "{requests}");
    for most in 0..requests {
        let registries = Registries::start(&case);
        registries.mirror.state().dies_after = Some(most);
        let broken = registries.run(&case, folder.path(), &["--retry-budget", "0s"]);
        registries.verify(&case, &broken, &format!("ended after {most}"));
        assert_eq!(broken.status, 1, "{broken:?}");
        registries.mirror.state().dies_after = None;
        let again = registries.run(&case, folder.path(), &[]);
        registries.verify(&case, &again, &format!("again after {most}"));
        assert_eq!((again.status, &again.tags), (0, &run.tags), "after {most}: {}", again.stdout);
    }
}

/// The same on the way to a disk: the source ends at any request, or the archive is cut anywhere.
#[test]
fn a_layout_that_ended_anywhere_is_continued() {
    for (path, args) in [("bundle", "[]"), ("bundle.tar", "[]"), ("bundle.tar", r#"["--chunk-size", "5000"]"#)] {
        let text = format!(
            r#"
            about = "x"
            list = "@source/acme/api:1.4\n@source/acme/web:2\n"
            disk = {{path = "{path}", args = {args}}}
            images = [
                {{name = "acme/api:1.4", layers = ["base 3000", "_api 2000"], platforms = ["linux/amd64", "linux/arm64"], signed = ["cosign", "referrer"]}},
                {{name = "acme/web:2", layers = ["base 3000", "web 10"]}},
            ]
            [source]
            referrers = true
            "#
        );
        let case: Case = toml::from_str(&text).expect("a case");
        let disk = case.disk.as_ref().expect("a disk");
        let whole = tempfile::tempdir().expect("a folder");
        let registries = Registries::start(&case);
        let run = registries.write(&case, disk, whole.path(), &[]);
        assert_eq!(run.status, 0, "{run:?}");
        let requests = registries.source.state().met;
        assert!(requests > 20, "{requests}");
        for most in (0..requests).step_by(5) {
            let folder = tempfile::tempdir().expect("a folder");
            registries.prepare(&[]);
            registries.source.state().met = 0;
            registries.source.state().dies_after = Some(most);
            let broken = registries.write(&case, disk, folder.path(), &["--retry-budget", "0s"]);
            assert_eq!(broken.status, 1, "{broken:?}");
            assert!(!broken.tags.concat().contains("WRONG"), "{:?}", broken.tags);
            registries.source.state().dies_after = None;
            // Many at a time: artifacts share blobs and manifests.
            let again = registries.write(&case, disk, folder.path(), &["--concurrency", "8"]);
            assert_eq!((again.status, &again.tags), (0, &run.tags), "after {most}: {}", again.stdout);
        }
        let files = layout::bytes(whole.path(), path);
        let total = files.len();
        let is_archive = path.ends_with(".tar");
        for length in (0..total).step_by(1201).filter(|_| is_archive) {
            let folder = tempfile::tempdir().expect("a folder");
            let chunk = if args == "[]" { usize::MAX } else { 5000 };
            layout::spread(folder.path(), path, &files[..length], chunk);
            let again = registries.write(&case, disk, folder.path(), &[]);
            assert_eq!((again.status, &again.tags), (0, &run.tags), "{length} bytes: {}{}", again.stdout, again.stderr);
            assert!(layout::bytes(folder.path(), path) == files, "other bytes after {length}");
            let sums = |folder: &Path| layout::bytes(folder, "bundle.tar.sha256");
            assert_eq!(sums(folder.path()), sums(whole.path()), "{length}");
        }
    }
}

/// Two runs that write the same layout: the second one ends at once, and says why.
#[test]
fn a_layout_is_written_by_one_run_at_a_time() {
    for path in ["bundle", "bundle.tar"] {
        let text = format!(
            r#"
            about = "x"
            list = "@source/acme/web:2\n"
            disk = {{path = "{path}"}}
            images = [{{name = "acme/web:2", layers = ["web 10"]}}]
            "#
        );
        let case: Case = toml::from_str(&text).expect("a case");
        let disk = case.disk.as_ref().expect("a disk");
        let registries = Registries::start(&case);
        let folder = tempfile::tempdir().expect("a folder");
        let Ok(Attempt::Locked(lock)) = Lock::attempt(&folder.path().join(path)) else { panic!("it is free") };
        let second = registries.write(&case, disk, folder.path(), &[]);
        let told = format!(
            "Error: @/{path} is being written by another airtight; wait until it ends, or write to another path\n"
        );
        assert_eq!((second.status, second.stderr), (2, told));
        let plan = registries.write(&case, disk, folder.path(), &["--dry-run"]);
        assert_eq!(plan.status, 0, "a plan writes nothing: {plan:?}");
        drop(lock);
        assert_eq!(registries.write(&case, disk, folder.path(), &[]).status, 0);
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|one| one.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".lock")), "{left:?}");
    }
}
