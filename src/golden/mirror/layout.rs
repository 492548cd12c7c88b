//! What a layout on the disk contains, and what happens to it on its way.

#![expect(clippy::disallowed_methods, reason = "files of the test")]

use crate::registry::Digest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

/// Does something to the files of a layout: `remove bundle.tar.001`, `copy A B`, `flip A 700`, `cut A 100`, `write A TEXT`, `link A TARGET`. `@largest`
/// is the largest file of a folder.
pub(super) fn hurt(folder: &Path, what: &str) {
    let words: Vec<&str> = what.splitn(3, ' ').collect();
    let path = match words[1].strip_suffix("/@largest") {
        Some(inside) => {
            let files = walkdir::WalkDir::new(folder.join(inside)).into_iter().map(|entry| entry.expect("an entry"));
            files.max_by_key(|entry| entry.metadata().map_or(0, |about| about.len())).expect("a file").into_path()
        }
        None => folder.join(words[1]),
    };
    let bytes = || std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let number = || words[2].parse::<usize>().expect("a number");
    let write = |bytes: Vec<u8>| std::fs::write(&path, bytes).expect("a file can be written");
    match words[0] {
        "remove" if path.is_dir() => std::fs::remove_dir_all(&path).expect("a folder"),
        "remove" => std::fs::remove_file(&path).expect("a file"),
        "copy" => drop(std::fs::copy(&path, folder.join(words[2])).expect("a file")),
        "move" => std::fs::rename(&path, folder.join(words[2])).expect("a file"),
        "flip" => {
            let mut bytes = bytes();
            bytes[number()] ^= 1;
            write(bytes);
        }
        "cut" => {
            let mut bytes = bytes();
            bytes.truncate(number());
            write(bytes);
        }
        "write" => {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            write(words[2].replace("4MiB", &" ".repeat(4 << 20)).into_bytes());
        }
        "link" => std::os::unix::fs::symlink(words[2], &path).expect("a link"),
        _ => panic!("{what}"),
    }
}

/// The names in the index of a layout, each with its digest, and what is not right below it; and what else is there.
pub(super) fn listed(path: &Path) -> Vec<String> {
    let files = files(path);
    let Some(index) = files.get("index.json") else { return vec!["no index".to_owned()] };
    let index: Value = serde_json::from_slice(index).expect("the index is JSON");
    let mut lines = Vec::new();
    for entry in index["manifests"].as_array().expect("manifests") {
        let digest = entry["digest"].as_str().expect("a digest");
        let name = entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap_or("(no name)");
        let mut wrong = BTreeSet::new();
        verify(&files, digest, true, &mut wrong);
        let wrong: Vec<String> = wrong.into_iter().collect();
        let wrong = if wrong.is_empty() { String::new() } else { format!(" WRONG: {}", wrong.join(", ")) };
        lines.push(format!("{name} {}{wrong}", &digest[..19]));
    }
    for (name, bytes) in &files {
        match name.strip_prefix("blobs/sha256/") {
            Some(hex) if Digest::of(bytes).as_str() == format!("sha256:{hex}") => {}
            None if ["index.json", "oci-layout"].contains(&name.as_str()) => {}
            _ => lines.push(format!("{name} WRONG")),
        }
    }
    lines
}

fn verify(files: &BTreeMap<String, Vec<u8>>, digest: &str, is_manifest: bool, wrong: &mut BTreeSet<String>) {
    let Some(bytes) = files.get(&format!("blobs/{}", digest.replace(':', "/"))) else {
        wrong.insert(format!("no {digest}"));
        return;
    };
    if !is_manifest {
        return;
    }
    let tree: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let all = |key: &str| tree[key].as_array().cloned().unwrap_or_default();
    let of = |one: &Value| one["digest"].as_str().unwrap_or_default().to_owned();
    all("manifests").iter().for_each(|child| verify(files, &of(child), true, wrong));
    all("layers").iter().chain([&tree["config"]]).filter(|one| !one.is_null()).for_each(|blob| {
        verify(files, &of(blob), false, wrong);
    });
}

/// The files of a layout: of a folder, or of an archive and its parts.
fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |path: &Path| std::fs::read(path).expect("a file");
    if path.is_dir() {
        let entries = walkdir::WalkDir::new(path).into_iter().map(|entry| entry.expect("an entry"));
        let files = entries.filter(|entry| entry.file_type().is_file());
        let name = |inside: &Path| inside.strip_prefix(path).expect("inside").display().to_string();
        return files.map(|entry| (name(entry.path()), read(entry.path()))).collect();
    }
    let name = path.file_name().expect("a name").to_string_lossy();
    let bytes = bytes(path.parent().expect("a folder"), &name);
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries().expect("an archive") {
        let Ok(mut entry) = entry else { break };
        let mut content = Vec::new();
        if entry.read_to_end(&mut content).is_ok() {
            files.insert(entry.path().expect("a path").display().to_string(), content);
        }
    }
    files
}

/// The bytes of a file and its parts.
pub(super) fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(folder.join(name)).unwrap_or_default();
    (0..)
        .map_while(|number| std::fs::read(folder.join(format!("{name}.{number:03}"))).ok())
        .for_each(|part| bytes.extend(part));
    bytes
}

/// Writes bytes as a file, or as parts of a size.
pub(super) fn spread(folder: &Path, name: &str, bytes: &[u8], chunk: usize) {
    if chunk == usize::MAX {
        std::fs::write(folder.join(name), bytes).expect("a file can be written");
    }
    for (number, part) in bytes.chunks(chunk).enumerate().filter(|_| chunk != usize::MAX) {
        std::fs::write(folder.join(format!("{name}.{number:03}")), part).expect("a file can be written");
    }
}
