//! Checks docs/contributing.md and docs/fuzzing.md: the paths that they name exist, and the file that the recipe of a rule writes
//! is a rule.

use super::{derived, read, root};
use crate::images::find::FINDERS;
use crate::rules::RULES;
use std::path::Path;

/// The texts between single backticks.
fn code(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

/// Whether a text names a path of the repository, and not a command, a pattern or a name that the reader chooses.
fn is_path(text: &str) -> bool {
    let starts = ["src/", "testdata/", "docs/", "fuzz/", "benches/"].iter().any(|folder| text.starts_with(folder));
    let is_chosen =
        text.split(['/', '.', '-']).any(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase()));
    let is_example = text.contains("moving_target");
    starts && !is_chosen && !is_example && !text.contains([' ', '*', '{', '…'])
}

#[test]
fn paths_that_the_pages_name_are_there() {
    for name in ["docs/contributing.md", "docs/fuzzing.md"] {
        let page = read(&root().join(name));
        let missing: Vec<&str> = code(&page).filter(|text| is_path(text) && !root().join(text).exists()).collect();
        assert!(missing.is_empty(), "{name} names what is not there: {missing:?}");
        assert!(code(&page).filter(|text| is_path(text)).count() > 5, "the paths are not found in {name}");
    }
}

/// The rule that `just new-rule moving-target` writes has the same structure as our rules.
#[test]
fn a_new_rule_is_written_as_rules_are() {
    let justfile = read(&root().join("justfile"));
    let recipe = justfile.split("\nnew-rule NAME:\n").nth(1).and_then(|rest| rest.lines().next()).expect("a recipe");
    let mut text = read(&root().join("docs/new-rule.txt"));
    let replaced = recipe.split('\'').nth(1).expect("the changes that sed makes");
    for change in replaced.split("; ") {
        let mut parts = change.split('/').skip(1);
        let (from, to) = (parts.next().expect("what is replaced"), parts.next().expect("by what"));
        let to = to.replace("{{NAME}}", "moving-target").replace("{{replace(NAME, \"-\", \"_\")}}", "moving_target");
        text = text.replace(from, &to);
    }
    assert!(recipe.ends_with("> src/rules/{{replace(NAME, \"-\", \"_\")}}.rs"), "{recipe}");
    let field = |text: &str, name: &str| text.split(&format!("{name}: ")).nth(1)?.lines().next().map(str::to_owned);
    assert_eq!(field(&text, "    id").as_deref(), Some("\"moving-target\","));
    // It includes the file that is written.
    assert_eq!(field(&text, "    source").as_deref(), Some("include_str!(\"moving_target.rs\"),"));
    for rule in RULES {
        let file = Path::new("src/rules").join(format!("{}.rs", rule.id.replace('-', "_")));
        let source = read(&root().join(&file));
        let wanted = format!("include_str!(\"{}.rs\"),", rule.id.replace('-', "_"));
        assert_eq!(field(&source, "    source"), Some(wanted), "{}", file.display());
    }
    // It sets every field of the table.
    for name in ["id", "summary", "severity", "on", "source"] {
        assert!(field(&text, &format!("    {name}")).is_some(), "{name}");
    }
}

/// The table of the page of finders is made of their rows.
#[test]
fn the_page_of_finders_lists_each() {
    const PAGE: &str = "docs/finders.md";
    const HEAD: &str = "| finder | finds |\n| --- | --- |\n";
    let page = read(&root().join(PAGE));
    let (before, table) = page.split_once(HEAD).expect("the page has a table of finders");
    let after = table.split_once("\n\n").map_or("", |(_, after)| after);
    let rows: String = FINDERS.iter().map(|finder| format!("| `{}` | {} |\n", finder.id, finder.summary)).collect();
    derived(PAGE, &format!("{before}{HEAD}{rows}\n{after}"));
}
