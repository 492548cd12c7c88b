//! The forms in which tools list what is mirrored: each is read and written, and recognized by its content.

mod annotations;
pub(crate) mod form;
mod hauler;
mod hosts_toml;
mod images_lock;
mod mirror_sets;
mod node;
mod oc_mirror;
pub(crate) mod recognition;
pub(crate) mod record;
mod registries;
mod regsync;
mod skopeo_sync;
mod table;
pub(crate) mod typed;
pub(crate) mod writing;
mod zarf;

use super::lines;
use super::listed::Content;
use crate::error::Error;
use crate::source::File;
use form::Form;
use recognition::recognized;
use std::sync::Arc;
use writing::{Wish, Written};

/// Reads a file of any form.
///
/// # Errors
/// It cannot be read, or what it brings cannot be known from it alone. The error has the position: `hauler.yaml:7:13: …`.
pub(crate) fn read(file: &Arc<File>) -> Result<Content, Error> {
    if record::is_record(file) {
        return record::read(file);
    }
    match recognized(file)? {
        Form::List | Form::Artifacts => Ok(Content { artifacts: lines::read(file)?, ..Content::default() }),
        Form::Csv => table::read(file),
        Form::Hauler => hauler::read(file),
        Form::Zarf => zarf::read(file),
        Form::SkopeoSync => skopeo_sync::read(file),
        Form::Regsync => regsync::read(file),
        Form::OcMirror => oc_mirror::read(file),
        Form::ImageDigestMirrorSet => mirror_sets::read(file),
        Form::Annotations => annotations::read(file),
        Form::ImagesLock => images_lock::read(file),
        Form::HostsToml => hosts_toml::read(file),
        Form::Registries => registries::read(file),
    }
}

/// Writes a form.
pub(crate) fn write(form: Form, wish: &Wish<'_>) -> Written {
    match form {
        Form::List => plain(wish, "artifacts.txt", true),
        Form::Artifacts => plain(wish, "artifacts.txt", false),
        Form::Csv => table::write(wish),
        Form::Hauler => hauler::write(wish),
        Form::Zarf => zarf::write(wish),
        Form::SkopeoSync => skopeo_sync::write(wish),
        Form::Regsync => regsync::write(wish),
        Form::OcMirror => oc_mirror::write(wish),
        Form::ImageDigestMirrorSet => mirror_sets::write(wish),
        Form::Annotations => annotations::write(wish),
        Form::ImagesLock => images_lock::write(wish),
        Form::HostsToml => hosts_toml::write(wish),
        Form::Registries => registries::write(wish),
    }
}

/// Writes a plain list.
fn plain(wish: &Wish<'_>, name: &str, with_schemes: bool) -> Written {
    let mut text = String::new();
    for artifact in wish.artifacts {
        let place = wish.place_of(artifact).map(|place| place.to_string());
        text.push_str(&lines::line(artifact, place.as_deref(), with_schemes));
        text.push('\n');
    }
    let mut written = Written::one(name, text);
    wish.lose_all(&mut written, |artifact| {
        let path = artifact.path.as_ref().filter(|_| wish.place_of(artifact).is_none())?;
        Some(format!("its place {path} has no host; name the mirror with --mirror"))
    });
    wish.lose_all(&mut written, |artifact| writing::lost_platforms(artifact, "a list"));
    written
}
