//! `testdata/cli/NAME.toml`: arguments, exit status, stdout and stderr of a run in the folder of the repository.

use super::{derived, files, read, root, with_output, working_folder};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    /// The standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stdin: Option<String>,
    /// The working folder, in the repository or, if there are `files` or `from`, in the scratch folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cwd: Option<String>,
    /// A folder of the repository whose files the scratch folder begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Files of a scratch folder, by path; the command then runs there. `-> TARGET` is a link.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
    /// Shell commands to run in the scratch folder after the commits, to prepare what files cannot express.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    setup: String,
    /// Files that must not exist after the run: programs that must not run would create them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    makes_no: Vec<String>,
    /// Commits of the scratch folder: the files that each changes or, with an empty text, removes. `files` is committed first,
    /// on the branch `main`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    commits: Vec<BTreeMap<String, String>>,
    /// Links of the scratch folder, by path, with their targets; `@/` is the scratch folder. Not a part of `commits`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    links: BTreeMap<String, String>,
    /// Pipes of the scratch folder that nothing writes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pipes: Vec<String>,
    /// The expected text of files after the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    leaves: BTreeMap<String, String>,
    #[serde(default)]
    status: u8,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

#[test]
fn the_command_answers_as_recorded() {
    let cases = files("testdata/cli", ".toml");
    assert!(!cases.is_empty());
    for path in cases {
        let mut case: Case = toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if cfg!(not(unix)) && !(case.links.is_empty() && case.pipes.is_empty()) {
            continue;
        }
        let scratch = tempfile::tempdir().expect("a folder can be made");
        let is_alone = case.files.is_empty() && case.from.is_none();
        let top = if is_alone { root() } else { scratch.path().to_path_buf() };
        set_up(&case, &top);
        let real = scratch.path().canonicalize().expect("it is there").to_string_lossy().into_owned();
        // Other tests use paths from the root of the repository.
        let folder = working_folder(&top.join(case.cwd.as_deref().unwrap_or_default()));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut input = case.stdin.clone().unwrap_or_default();
        let args = std::iter::once("airtight").chain(case.args.iter().map(String::as_str));
        let args = args.map(|arg| arg.replace("@/", &format!("{real}/"))).collect::<Vec<_>>();
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut input.as_bytes() }));
        input.clear();
        for (path, text) in &mut case.leaves {
            *text = read(Path::new(path));
        }
        for made in &case.makes_no {
            assert!(top.join(made).symlink_metadata().is_err(), "{} made {made}", path.display());
        }
        drop(folder);
        case.status = match outcome {
            Some(Outcome::Clean) => 0,
            Some(Outcome::Findings) => 1,
            Some(Outcome::Failed) => 2,
            None => 101,
        };
        case.stdout = String::from_utf8_lossy(&out).replace(&real, "@");
        case.stderr = String::from_utf8_lossy(&err).replace(&real, "@");
        let text = toml::to_string_pretty(&case).expect("a case can be written");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        derived(&format!("testdata/cli/{name}"), &text);
    }
    pages();
}

/// Writes the files of a case, and creates its commits.
fn set_up(case: &Case, top: &Path) {
    let write = |files: &BTreeMap<String, String>| {
        for (path, text) in files {
            let path = top.join(path);
            if text.is_empty() {
                let _ = std::fs::remove_file(&path);
                continue;
            }
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
            match text.strip_prefix("-> ") {
                Some(target) => link(target, &path),
                None => std::fs::write(path, text).expect("the file can be written"),
            }
        }
    };
    if let Some(from) = &case.from {
        copy(&root().join(from), top);
    }
    write(&case.files);
    for (path, target) in &case.links {
        let path = top.join(path);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        link(&target.replace("@/", &format!("{}/", top.display())), &path);
    }
    for path in &case.pipes {
        let path = top.join(path);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
    }
    if !case.commits.is_empty() {
        commits(case, top, write);
    }
    if !case.setup.is_empty() {
        let mut shell = Command::new("sh");
        shell.args(["-euc", &case.setup]).current_dir(top).envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ]);
        assert!(shell.status().expect("sh runs").success(), "{}", case.setup);
    }
    for made in &case.makes_no {
        let _ = std::fs::remove_file(top.join(made));
    }
}

/// Copies all files of a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.expect("the folder can be read");
        let to = to.join(entry.path().strip_prefix(from).expect("it is in the folder"));
        if entry.file_type().is_dir() {
            std::fs::create_dir(&to).expect("the folder can be made");
        } else {
            std::fs::copy(entry.path(), &to).expect("the file can be copied");
        }
    }
}

fn commits(case: &Case, top: &Path, write: impl Fn(&BTreeMap<String, String>)) {
    git(top, &["init", "--quiet", "--initial-branch=main"]);
    commit(top);
    git(top, &["checkout", "--quiet", "-b", "change"]);
    for files in &case.commits {
        write(files);
        commit(top);
    }
}

#[cfg(unix)]
fn link(target: &str, path: &Path) {
    let _ = std::fs::remove_file(path);
    std::os::unix::fs::symlink(target, path).expect("the link can be made");
}

#[cfg(not(unix))]
fn link(target: &str, path: &Path) {
    std::fs::write(path, target).expect("the file can be written");
}

pub(crate) fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    git(folder, &[&author[..], &["commit", "--quiet", "--allow-empty", "--message=a"]].concat());
}

pub(crate) fn git(folder: &Path, args: &[&str]) {
    let status = Command::new("git").arg("-C").arg(folder).args(args).status().expect("git runs");
    assert!(status.success(), "git {args:?}");
}

/// A page with the output of the cases that it names: `<!-- testdata/cli/NAME.toml -->` before a code block. A first line that
/// begins with `$` is the command and is kept.
fn page(text: &str) -> String {
    with_output(text, "<!-- testdata/cli/", ".toml -->\n```text\n", |name, typed| {
        let case: Case = toml::from_str(&read(&root().join(format!("testdata/cli/{name}.toml")))).expect("a case");
        let line = case.args.join(" ");
        assert!(typed.is_empty() || typed.ends_with(&format!("airtight {line}\n")), "{typed} is not {line}");
        if case.stdout.is_empty() { case.stderr } else { case.stdout }
    })
}

/// A page with the table of keys and who decides each, after its marker.
fn decided(text: &str) -> String {
    use crate::config::keys::{ConfigKey, Decides, ENVIRONMENT, FINDERS, RELEASE, ROOT, SUPPRESSION};
    const MARK: &str = "<!-- src/config/keys.rs -->\n\n";
    let Some((before, after)) = text.split_once(MARK) else { return text.to_owned() };
    let (_, after) = after.split_once("\n\n").expect("the table ends");
    let mut table = String::from("| keys | what counts | when the branch changes it |\n| --- | --- | --- |\n");
    let tables: [(&str, &[ConfigKey]); 5] = [
        ("", ROOT),
        ("a release's ", RELEASE),
        ("an environment's ", ENVIRONMENT),
        ("in `finders`: ", FINDERS),
        ("a suppression's ", SUPPRESSION),
    ];
    for (of, keys) in tables {
        for (decides, words) in [
            (Decides::Base, "the base | `policy-changed`"),
            (Decides::BranchTold, "the branch | `policy-changed`, a warning"),
            (Decides::Branch, "the branch | not reported"),
        ] {
            let names = keys.iter().filter(|key| key.decides == decides).map(|key| format!("`{}`", key.name));
            let names: Vec<String> = names.collect();
            if !names.is_empty() {
                table.push_str(&format!("| {of}{} | {words} |\n", names.join(", ")));
            }
        }
    }
    format!("{before}{MARK}{table}\n{after}")
}

/// The pages show the output of the tool word for word.
fn pages() {
    for name in [
        "README.md",
        "docs/pull-requests.md",
        "docs/configuration.md",
        "docs/fix.md",
        "docs/charts.md",
        "docs/bundle.md",
        "docs/closure.md",
        "docs/policy.md",
        "docs/fleet.md",
        "docs/helm.md",
        "docs/tutorial.md",
        "docs/verify.md",
    ] {
        let text = read(&root().join(name));
        let made = decided(&page(&text));
        assert!(text.contains(".toml -->"), "{name} shows nothing");
        derived(name, &made);
    }
    let readme = read(&root().join("README.md"));
    for name in ["readme", "readme-images"] {
        let case: Case = toml::from_str(&read(&root().join(format!("testdata/cli/{name}.toml")))).expect("a case");
        assert!(readme.contains(&format!("-- {}\n", case.args.join(" "))), "README.md has another command than {name}");
    }
}

/// A hook that compares with HEAD allows the first commit of a repository.
#[test]
fn before_the_first_commit_everything_is_new() {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet"]);
    let chart = root().join("testdata/charts/shop").to_string_lossy().into_owned();
    let config = format!("mirror: mirror.internal\nrewrite: assumed\nreleases: [{{name: shop, chart: {chart}}}]\n");
    std::fs::write(folder.path().join("airtight.yaml"), config).expect("a file can be written");
    let _guard = working_folder(folder.path());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["airtight", "lint", "--changed-since", "HEAD", "--quiet", "--allow-outside", &chart];
    let outcome =
        on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    assert_eq!(outcome, Some(Outcome::Clean), "{}", String::from_utf8_lossy(&err));
    assert!(out.starts_with(b"shop: clean: 2 image references"), "{}", String::from_utf8_lossy(&out));
}
