//! What the name of a field, a variable or a flag says about its value.

use super::Tier;
use super::hints::Hints;
use crate::images::find::appearance::{
    Naming, has_capitals, is_named, is_unmistakable, is_versioned_path, naming, words,
};

/// How certain it is that a named value is a reference; `None` if it is not one.
pub(super) fn judge(name: &str, value: &str, bare: bool, hints: Hints<'_>) -> Option<Tier> {
    let is_image = match naming(name) {
        Naming::Image => is_named(value, bare),
        Naming::About => value.contains('/') && value.contains([':', '@']) && is_named(value, false),
        Naming::Other => false,
    };
    if is_image {
        return Some(Tier::Likely);
    }
    if has_capitals(value, hints) && (naming(name) == Naming::Image || value.contains([':', '@']) && !is_prefix(name)) {
        return Some(if naming(name) == Naming::Image { Tier::Likely } else { Tier::Possible });
    }
    let is_reference = value.contains('/')
        && (is_unmistakable(value, !is_prefix(name), hints) || is_versioned_path(value) && !is_other_artifact(name));
    is_reference.then_some(Tier::Possible)
}

/// Names of things that have a path and a version like images: `--chart=acme/api:1.2.3`.
pub(super) fn is_other_artifact(name: &str) -> bool {
    const WORDS: &[&str] = &["chart", "charts", "module", "modules", "package", "packages", "plugin", "plugins"];
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Names of prefixes of paths: `registry`, `IMAGE_PREFIX`.
pub(super) fn is_prefix(name: &str) -> bool {
    const LAST: &[&str] = &[
        "allowed",
        "base",
        "endpoint",
        "glob",
        "host",
        "hub",
        "mirror",
        "mirrors",
        "namespace",
        "org",
        "prefix",
        "prefixes",
        "registries",
        "registry",
        "repos",
        "server",
        "source",
        "url",
    ];
    words(name).last().is_some_and(|word| LAST.contains(&word.as_str()))
}

/// Whether a name ends in `dbRepository`, as Trivy's databases do.
pub(super) fn is_database(name: &str) -> bool {
    (name.ends_with("epository") || name.ends_with("REPOSITORY"))
        && matches!(words(name).as_slice(), [.., db, _] if db.ends_with("db"))
}

/// Whether a list with this name contains the words of a command.
pub(super) fn is_command(name: &str) -> bool {
    const LAST: &[&str] =
        &["arg", "args", "argument", "arguments", "argv", "cmd", "command", "commands", "entrypoint", "flags"];
    words(name).last().is_some_and(|word| LAST.contains(&word.as_str()))
}
