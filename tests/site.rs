//! The site has every page of docs/, and no link of it leads nowhere.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "files of the repository, and a script")]

use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The anchors of a page: those of its headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
            anchors.insert(heading.chars().filter(|&c| kept(c)).collect::<String>().replace(' ', "-"));
        }
    }
    anchors
}

#[test]
fn every_page_is_listed_and_every_link_leads_somewhere() {
    let scratch = tempfile::tempdir().expect("a folder");
    let source = scratch.path().join("book");
    let made = Command::new("sh").arg(root().join("ci/book.sh")).arg(&source).status().expect("sh runs");
    assert!(made.success());
    let pages = |folder: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).expect("pages");
        let names = entries.map(|entry| entry.expect("a page").file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect()
    };
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("an expression");
    let read =
        |name: &str| std::fs::read_to_string(source.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let listed: BTreeSet<String> = link.captures_iter(&read("SUMMARY.md")).map(|found| found[1].to_owned()).collect();
    assert_eq!(listed, pages(&source));
    assert!(pages(&root().join("docs")).is_subset(&listed));
    let repository = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/v", env!("CARGO_PKG_VERSION"), "/");
    let mut checked = 0;
    for name in &listed {
        let page = read(name);
        let mut is_code = false;
        let prose = page.lines().filter(|line| {
            is_code ^= line.trim_start().starts_with("```");
            !is_code
        });
        for target in
            prose.flat_map(|line| link.captures_iter(line).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        {
            if let Some(path) = target.strip_prefix(repository) {
                assert!(root().join(path).exists(), "{name}: {target}");
            } else if !target.contains("://") {
                let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
                let file = if file.is_empty() { name } else { file };
                assert!(source.join(file).exists(), "{name}: {target}");
                assert!(anchor.is_empty() || anchors(&read(file)).contains(anchor), "{name}: {target}");
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}
