//! The public interface of the library, as a list that shows in a diff what becomes of it.

use super::{derived, read, root};
use regex::Regex;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The most names that the library has on its front page.
const MOST: usize = 40;

/// The names of `pub use` lines of the library, each with its module.
fn exported() -> Vec<(String, String)> {
    let lib = read(&root().join("src/lib.rs"));
    let line = Regex::new(r"(?m)^pub use (\w+)::(?:\{([^}]*)\}|(\w+));").unwrap();
    let mut names = Vec::new();
    for found in line.captures_iter(&lib) {
        let list = found.get(2).or(found.get(3)).expect("one of the two").as_str();
        names.extend(list.split(',').map(|name| (name.trim().to_owned(), found[1].to_owned())));
    }
    names.sort();
    names
}

/// The files of a room.
fn files_of(room: &str) -> Vec<PathBuf> {
    let file = root().join(format!("src/{room}.rs"));
    if file.exists() {
        return vec![file];
    }
    let folder = walkdir::WalkDir::new(root().join("src").join(room)).sort_by_file_name();
    folder.into_iter().map(|entry| entry.expect("it can be read").into_path()).filter(|path| path.is_file()).collect()
}

/// What a name is, and its public fields and functions, as they are written.
fn described(name: &str, room: &str) -> String {
    let head = Regex::new(&format!(r"(?m)^pub (struct|enum|trait|type|fn) {name}\b")).unwrap();
    let own = Regex::new(&format!(r"^impl(?:<[^>]*>)? {name}(?:<[^>]*>)? \{{$")).unwrap();
    let mut text = String::new();
    let mut members = Vec::new();
    for file in files_of(room) {
        let source = read(&file);
        if let Some(found) = head.captures(&source) {
            text = format!("{} {name}\n", &found[1]);
        }
        let mut inside = false;
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            inside = own.is_match(line) || head.is_match(line) || inside && line != "}";
            let Some(member) = line.strip_prefix("    pub ").filter(|_| inside) else { continue };
            let mut member = member.to_owned();
            // A signature may take several lines.
            while member.starts_with("fn") && !member.contains('{') {
                let Some(more) = lines.next() else { break };
                let gap = if member.ends_with('(') || more.trim_start().starts_with(')') { "" } else { " " };
                member = member.trim_end_matches(',').to_owned() + if gap.is_empty() { "" } else { ", " } + more.trim();
            }
            members.push(member.trim_end_matches([' ', '{', ',']).replace("(, ", "("));
        }
    }
    members.iter().for_each(|member| writeln!(text, "    {member}").expect("a String takes all"));
    text
}

#[test]
fn the_public_interface_is_listed() {
    let names = exported();
    assert!(names.len() < MOST, "the library has {} public names", names.len());
    let text: String = names.iter().map(|(name, room)| described(name, room)).collect();
    assert_eq!(text.lines().filter(|line| !line.starts_with(' ')).count(), names.len(), "a name is not found:\n{text}");
    derived("testdata/public.txt", &text);
}
