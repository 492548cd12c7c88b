//! Checks the rule of docs/architecture.md for rooms and files: dependencies go one way.

use super::root;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// A module by its names: `["images", "find"]`; empty for the library itself.
type Module = Vec<String>;

/// The imports of each module.
type Arrows = BTreeMap<Module, BTreeSet<Module>>;

/// Files that Go's own types tie together, as docs/architecture.md names them: a function runs in a context, whose
/// compiled templates name functions; a value has a type, and a type has methods.
const TIED: &[&[&str]] = &[&[
    "template::ast",
    "template::context",
    "template::decisions",
    "template::function",
    "template::growth",
    "template::literal",
    "template::parse",
    "template::reads",
    "template::set",
    "template::touched",
    "template::types",
    "template::value",
]];

/// Rooms for tests, which may import everything.
const TESTS: &[&str] = &["golden", "bin", "fuzzing", "fuzz_helm"];

static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^[ \t]*(pub(?:\([^)]*\))? )?use ([^;]+);").unwrap());
static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:crate|super|self)(?:::\w+)+").unwrap());
static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"#\[cfg\([^\n]*\btest\b[^\n]*\)\]\nmod ").unwrap());
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"::|[{},]|\bas\b|\w+").unwrap());

/// The module of a file of `src`.
fn module_of(path: &Path) -> Module {
    let mut names: Module = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod" || last == "lib" || last == "main") {
        names.pop();
    }
    names
}

/// The paths in the tree of a `use`.
fn flat(tree: &str) -> Vec<Vec<&str>> {
    fn below<'t>(
        words: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>,
        path: &[&'t str],
        found: &mut Vec<Vec<&'t str>>,
    ) {
        let mut path = path.to_vec();
        while let Some(&word) = words.peek() {
            match word {
                "," | "}" => break,
                "{" => {
                    words.next();
                    while words.peek().is_some_and(|word| *word != "}") {
                        below(words, &path, found);
                        words.next_if_eq(&",");
                    }
                    words.next();
                    return;
                }
                "as" => {
                    words.next();
                }
                "::" => {}
                name => path.push(name),
            }
            words.next();
        }
        found.push(path);
    }
    let mut found = Vec::new();
    below(&mut WORD.find_iter(tree).map(|word| word.as_str()).peekable(), &[], &mut found);
    found
}

/// A path from the crate root, as seen from a module; `None` for another crate.
fn absolute(path: &[&str], from: &Module) -> Option<Module> {
    fn own<'p>(names: &'p [&str]) -> impl Iterator<Item = String> + 'p {
        names.iter().map(|&name| name.to_owned())
    }
    match path {
        ["crate", rest @ ..] => Some(own(rest).collect()),
        ["self", rest @ ..] => Some(from.iter().cloned().chain(own(rest)).collect()),
        ["super", ..] => {
            let up = path.iter().take_while(|&&name| name == "super").count();
            let above = from.get(..from.len().checked_sub(up)?)?;
            Some(above.iter().cloned().chain(own(&path[up..])).collect())
        }
        _ => None,
    }
}

fn arrows() -> Arrows {
    let src = root().join("src");
    let files: BTreeMap<Module, String> = walkdir::WalkDir::new(&src)
        .into_iter()
        .map(|entry| entry.expect("the folder can be read").into_path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs"))
        .map(|path| (module_of(path.strip_prefix(&src).expect("it is in the folder")), super::read(&path)))
        .filter(|(module, _)| module.first().is_none_or(|room| !TESTS.contains(&room.as_str())))
        .collect();
    let mut arrows = Arrows::new();
    for (module, text) in &files {
        let text = TEST_MODULE.find(text).map_or(text.as_str(), |tests| &text[..tests.start()]);
        let code: String =
            text.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join("\n");
        // A re-export is not a dependency.
        let used = USE.captures_iter(&code).filter(|found| found.get(1).is_none());
        let mut paths: Vec<Vec<&str>> = used.flat_map(|found| flat(found.get(2).expect("a tree").as_str())).collect();
        let rest = USE.replace_all(&code, "");
        paths.extend(PATH.find_iter(&rest).map(|path| path.as_str().split("::").collect::<Vec<_>>()));
        for path in paths.iter().filter_map(|path| absolute(path, module)) {
            let owner = (0..=path.len()).rev().map(|end| &path[..end]).find(|names| files.contains_key(*names));
            if let Some(owner) = owner.filter(|owner| *owner != module.as_slice()) {
                arrows.entry(module.clone()).or_default().insert(owner.to_vec());
            }
        }
    }
    arrows
}

/// Everything that can be reached from a module.
fn reached(from: &Module, arrows: &Arrows) -> BTreeSet<Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for other in arrows.get(module).into_iter().flatten() {
            if reached.insert(other.clone()) {
                next.push(other);
            }
        }
    }
    reached
}

/// Groups of modules in which each reaches all others.
fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<String>> {
    let reach: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|module| (module, reached(module, arrows))).collect();
    let circle = |module: &Module| -> BTreeSet<String> {
        let back = |other: &&Module| reach.get(*other).is_some_and(|reached| reached.contains(module));
        reach[module].iter().filter(back).map(|other| other.join("::")).collect()
    };
    arrows.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn no_file_imports_one_that_imports_it_back() {
    let tied: BTreeSet<BTreeSet<String>> =
        TIED.iter().map(|files| files.iter().map(|&file| file.to_owned()).collect()).collect();
    assert_eq!(circles(&arrows()), tied);
}

#[test]
fn rooms_import_one_way() {
    let room = |module: &Module| module.iter().take(1).cloned().collect::<Module>();
    let mut rooms = Arrows::new();
    for (from, to) in arrows() {
        let others = to.iter().map(room).filter(|to| *to != room(&from) && !to.is_empty());
        rooms.entry(room(&from)).or_default().extend(others);
    }
    rooms.remove(&Module::new());
    assert_eq!(circles(&rooms), BTreeSet::new());
    assert!(rooms.len() > 30, "the rooms are not found");
}
