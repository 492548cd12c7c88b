//! The links on the way of a path on the disk.

use super::snapshot::LINKS;
use std::path::{Component, Path, PathBuf};

/// The locations that a path passes on the disk: each link on the way, and the end, whether it exists or not.
pub(crate) fn steps(here: &Path, path: &Path) -> Vec<PathBuf> {
    let parts =
        |path: &Path| -> Vec<PathBuf> { path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect() };
    let mut left = parts(path);
    let mut found = here.to_path_buf();
    let mut steps = Vec::new();
    while let Some(part) = left.pop() {
        match part.components().next() {
            None | Some(Component::CurDir) => continue,
            Some(Component::ParentDir) => {
                found.pop();
                continue;
            }
            // An absolute target replaces what was found.
            Some(_) => found.push(&part),
        }
        if let Ok(target) = found.read_link() {
            steps.push(found.clone());
            if steps.len() > LINKS {
                // Its content cannot be read.
                return steps;
            }
            found.pop();
            left.extend(parts(&target));
        }
    }
    steps.push(found);
    steps
}

#[cfg(all(test, unix))]
mod tests {
    use super::steps;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    #[test]
    fn each_link_on_the_way_is_a_step() {
        let scratch = tempfile::tempdir().expect("a folder");
        let top = scratch.path().canonicalize().expect("it is there");
        std::fs::create_dir_all(top.join("v1/deep")).expect("a folder can be made");
        for (target, link) in [("v1", "mid"), ("../mid/deep", "v1/x"), ("loop", "loop")] {
            symlink(target, top.join(link)).expect("a link can be made");
        }
        symlink(top.join("v1"), top.join("absolute")).expect("a link can be made");
        for (path, expected) in [
            ("v1/a.yaml", &["v1/a.yaml"][..]),
            ("./v1/../b//c", &["b/c"]),
            ("mid/a.yaml", &["mid", "v1/a.yaml"]),
            ("mid/x/../a", &["mid", "v1/x", "mid", "v1/a"]),
            ("absolute/deep", &["absolute", "v1/deep"]),
            ("nowhere/mid/a", &["nowhere/mid/a"]),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(|path| top.join(path)).collect();
            assert_eq!(steps(&top, path.as_ref()), expected, "{path}");
            assert_eq!(steps("/nowhere".as_ref(), &top.join(path)), expected, "{path}");
        }
        assert_eq!(steps(&top, "loop/a".as_ref())[0], top.join("loop"));
    }
}
