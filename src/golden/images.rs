//! `testdata/images/NAME.yaml`: manifests, each with a `NAME.txt` of the image references found in them, one per line:
//! `tier shape object field [container] reference — reason`.
//!
//! `# rules: add|exclude KIND NAME FIELD` in a case is a field from the configuration, `# limit: NAME=N` a limit.

use super::{derived, files, read};
use crate::helm::HelmVersion;
use crate::images::find::{HintAction, PlaceRule};
use crate::images::{ImageUse, find};
use crate::limits::Limits;
use crate::reference::Mirror;
use crate::render::manifest::{Manifests, manifests};
use crate::render::{Rendered, RenderedFile};
use crate::settings::Settings;
use crate::source::File;
use crate::trace::Str;
use std::fmt::Write;
use std::sync::Arc;

#[test]
fn images_are_found_as_recorded() {
    let cases = files("testdata/images", ".yaml");
    assert!(!cases.is_empty());
    for path in cases {
        let text = read(&path);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        derived(&format!("testdata/images/{name}.txt"), &listed(&text, &name));
    }
}

fn listed(text: &str, name: &str) -> String {
    let mut settings = Settings::new(Mirror::parse("mirror.internal").expect("a mirror"));
    settings.finders = text.lines().filter_map(|line| line.strip_prefix("# rules: ")).map(rule).collect();
    uses(text, name, &settings).iter().map(line).collect()
}

fn rule(text: &str) -> PlaceRule {
    let words: Vec<&str> = text.splitn(4, ' ').collect();
    let [action, kind, name, field] = words[..] else { panic!("rules: {text}") };
    let action = if action == "add" { HintAction::Add } else { HintAction::Exclude };
    PlaceRule { action, kind: kind.to_owned(), name: name.to_owned(), field: field.to_owned() }
}

/// The uses in a stream of manifests.
fn uses(text: &str, name: &str, settings: &Settings) -> Vec<ImageUse> {
    let mut limits = Limits::default();
    for limit in text.lines().filter_map(|line| line.strip_prefix("# limit: ")) {
        limits.raise(limit).expect("the case names a limit");
    }
    let source = File::new(name, text.as_bytes());
    let file = RenderedFile { name: name.to_owned(), source, text: Str::from(text), emits: Vec::new() };
    let rendered = Rendered { files: vec![file], ..Rendered::default() };
    let read: Manifests = manifests(&rendered, HelmVersion::V4, &limits).expect("the case is YAML");
    let all = read.ordinary.into_iter().chain(read.hooks).map(Arc::new);
    all.flat_map(|manifest| find(&manifest, settings.hints(), &limits)).collect()
}

fn line(image: &ImageUse) -> String {
    let mut line = format!("{} {} {} {}", image.tier.name(), image.shape.name(), image.object, image.field);
    if let Some(container) = &image.container {
        let _ = write!(line, " [{container}]");
    }
    let reference = match &image.reference {
        Ok(reference) => reference.to_string(),
        Err(error) => format!("{:?} ({error})", image.text.as_str()),
    };
    let _ = writeln!(line, " {reference} — {}", image.reason);
    line
}
