//! [`apply`]: what the user gave, with edits in it, for a trial.

use super::{Action, Edit, Refusal, Target, document, flag, overlay};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use crate::values::UserValues;

/// What the file is called that edits of [`Target::Overlay`] come in.
pub const OVERLAY: &str = "airtight-overlay.yaml";

/// The user's values with edits in them; what was given is not changed.
///
/// Files keep their names and their numbers. Flags keep their numbers too: one that has nothing left to say is an empty
/// argument. The edits for a further file come in one behind all others, [`OVERLAY`].
///
/// # Errors
/// Why one of the edits is not made.
pub fn apply(user: &UserValues, edits: &[Edit], helm: HelmVersion, limits: &Limits) -> Result<UserValues, Refusal> {
    let mut user = user.clone();
    for edit in edits {
        match &edit.target {
            Target::File { number, file } => {
                let current = user.files.get(*number as usize).ok_or(Refusal::OtherFile)?.clone();
                if current.shown() != file.shown() {
                    return Err(Refusal::OtherFile);
                }
                let edited = edited(&current, edit, helm, limits)?;
                // A file that was given twice is edited once.
                for other in &mut user.files {
                    if other.shown() == current.shown() && other.bytes() == current.bytes() {
                        *other = edited.clone();
                    }
                }
            }
            Target::Flag(part) => {
                let arguments = match part.flag {
                    "--set-json" => &mut user.set_json,
                    "--set" => &mut user.set,
                    "--set-string" => &mut user.set_string,
                    "--set-file" => &mut user.set_file,
                    _ => &mut user.set_literal,
                };
                let argument = arguments.get_mut(part.occurrence as usize).ok_or(Refusal::Missing)?;
                *argument = flag::edit(part.flag, argument, &edit.path, &edit.action, limits)?;
            }
            Target::Overlay => {}
        }
    }
    let text = overlay(edits)?;
    if !text.is_empty() {
        user.files.push(File::new(OVERLAY, text));
    }
    Ok(user)
}

/// A values file with an edit in it.
///
/// # Errors
/// Why it is not made.
pub fn edited(file: &File, edit: &Edit, helm: HelmVersion, limits: &Limits) -> Result<std::sync::Arc<File>, Refusal> {
    if is_template(file.shown()) {
        return Err(Refusal::Template);
    }
    let bytes = document::edit(file.bytes(), &edit.path, &edit.action, helm, limits)?;
    Ok(File::on_disk(file.name(), file.path().map(str::to_owned), bytes))
}

/// Whether a file is one that a tool makes the values file of.
fn is_template(name: &str) -> bool {
    [".gotmpl", ".tpl", ".tmpl", ".j2", ".jinja"].iter().any(|ending| name.ends_with(ending))
}

impl Edit {
    /// Whether it takes something away.
    pub fn removes(&self) -> bool {
        self.action == Action::Remove
    }
}
