//! What is written in the forms of other tools, read by these tools.

use super::programs::program;
use crate::bundle::Bundle;
use crate::golden::{read, root};
use crate::reference::Reference;
use crate::source::File;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

const FOLDER: &str = "testdata/bundle/forms";

fn written(name: &str) -> PathBuf {
    root().join(FOLDER).join("written").join(name)
}

/// The references of the list, each with its tag and with its digest.
fn references() -> BTreeSet<String> {
    let list = File::new("list.txt", read(&root().join(FOLDER).join("list.txt")));
    let bundle = Bundle::read([&list]).expect("a list");
    let names = bundle.artifacts().flat_map(|artifact| {
        let (tag, digest) = artifact.version();
        let name = artifact.reference.name();
        [tag.map(|tag| format!("{name}:{tag}")), digest.map(|digest| format!("{name}@{digest}"))]
    });
    names.flatten().collect()
}

#[test]
fn skopeo_would_copy_the_list() {
    let Some(skopeo) = program("skopeo") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("to");
    let output = Command::new(skopeo)
        .args(["sync", "--dry-run", "--src", "yaml", "--dest", "dir"])
        .args([&written("skopeo-sync/skopeo-sync.yaml"), &to])
        .output()
        .expect("skopeo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let from = said.split("from=\"docker://").skip(1).filter_map(|rest| rest.split('"').next());
    let from: BTreeSet<String> = from.map(|text| Reference::parse(text).expect(text).to_string()).collect();
    assert_eq!(from, references());
}

#[test]
fn regsync_understands_its_configuration() {
    let Some(regsync) = program("regsync") else { return };
    let output = Command::new(regsync).args(["config", "-c"]).arg(written("regsync/regsync.yml")).output();
    let output = output.expect("regsync starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    let sources = said.lines().filter_map(|line| line.trim_start_matches(['-', ' ']).strip_prefix("source: "));
    assert_eq!(sources.count(), 8, "{said}");
}
