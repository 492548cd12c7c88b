//! [`apply`]: applies edits to the user's values, for a trial.

use super::document::{self, Before};
use super::{Edit, FixTarget, Refusal, ValueAction, flag, overlay};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use crate::values::UserValues;
use crate::values_path::Key;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// The name of the file for edits of [`FixTarget::Overlay`].
pub(super) const OVERLAY: &str = "airtight-overlay.yaml";

/// A cache of the values files that trials edit: each is read once.
#[derive(Debug, Default)]
pub(crate) struct Originals(RefCell<HashMap<usize, Known>>);

/// A file, kept so that its address stays unique, and its content.
type Known = (Arc<File>, Rc<Before>);

impl Originals {
    fn of(&self, file: &Arc<File>, helm: HelmVersion, limits: &Limits) -> Rc<Before> {
        let address = Arc::as_ptr(file) as usize;
        if let Some((_, known)) = self.0.borrow().get(&address) {
            return known.clone();
        }
        let before = Rc::new(Before::of(file.bytes(), helm, limits));
        self.0.borrow_mut().insert(address, (file.clone(), before.clone()));
        before
    }
}

/// A values file: its name and content.
type Text<'u> = (&'u str, &'u [u8]);

/// What edits change, with their indexes: a values file, an argument of a flag.
#[derive(Default)]
struct ByTarget<'e> {
    files: BTreeMap<u32, Vec<(usize, &'e Edit)>>,
    flags: BTreeMap<(&'static str, u32), Vec<(usize, &'e Edit)>>,
}

impl<'e> ByTarget<'e> {
    fn of(edits: &'e [Edit]) -> Self {
        let mut found = Self::default();
        for (number, edit) in edits.iter().enumerate() {
            match &edit.target {
                FixTarget::File { number: file, .. } => found.files.entry(*file).or_default().push((number, edit)),
                FixTarget::Flag(part) => {
                    found.flags.entry((part.flag, part.occurrence)).or_default().push((number, edit));
                }
                FixTarget::Overlay => {}
            }
        }
        found
    }
}

/// The user's values with edits applied; the input is not changed.
///
/// Files and flags keep their names and indexes. A flag with nothing left to set becomes an empty argument. The edits for an
/// additional file are put in one file after all others, [`OVERLAY`]. `read` is a cache of the files.
///
/// # Errors
/// Why one of the edits cannot be made.
pub(crate) fn apply(
    user: &UserValues,
    edits: &[Edit],
    helm: HelmVersion,
    limits: &Limits,
    read: &Originals,
) -> Result<UserValues, Refusal> {
    let mut made = user.clone();
    let of = ByTarget::of(edits);
    let mut texts: BTreeMap<Text<'_>, (&Arc<File>, Vec<&Edit>)> = BTreeMap::new();
    for (number, edits) in &of.files {
        let file = file_of(user, *number, edits)?;
        // A file that was given twice is edited once.
        let (_, known) = texts.entry((file.shown(), file.bytes())).or_insert((file, Vec::new()));
        known.extend(edits.iter().map(|(_, edit)| *edit));
    }
    for ((shown, bytes), (file, edits)) in texts {
        let after = edited_in(file, &edits, helm, limits, read)?;
        let same = made.files.iter_mut().zip(&user.files);
        let same = same.filter(|(_, other)| other.shown() == shown && other.bytes() == bytes);
        same.for_each(|(other, _)| *other = after.clone());
    }
    for ((name, occurrence), edits) in &of.flags {
        let argument = arguments(&mut made, name).get_mut(*occurrence as usize).ok_or(Refusal::Missing)?;
        *argument = flag::edit(name, argument, &changes(edits.iter().map(|(_, edit)| *edit)), limits)?;
    }
    let text = overlay(edits)?;
    if !text.is_empty() {
        made.files.push(File::new(OVERLAY, text));
    }
    Ok(made)
}

/// Why each edit of the user's values cannot be made, as far as that is known without a trial.
pub(crate) fn refusals(
    user: &UserValues,
    edits: &[Edit],
    helm: HelmVersion,
    limits: &Limits,
    read: &Originals,
) -> Vec<Option<Refusal>> {
    let mut found: Vec<Option<Refusal>> = vec![None; edits.len()];
    let of = ByTarget::of(edits);
    for (number, edits) in &of.files {
        let of_file = match file_of(user, *number, edits) {
            Ok(file) if is_template(file.shown()) => vec![Some(Refusal::Template); edits.len()],
            Ok(file) => {
                let changes = changes(edits.iter().map(|(_, edit)| *edit));
                document::refusals(file.bytes(), &read.of(file, helm, limits), &changes)
            }
            Err(why) => vec![Some(why); edits.len()],
        };
        edits.iter().zip(of_file).for_each(|((number, _), why)| found[*number] = why);
    }
    let mut given = user.clone();
    for ((name, occurrence), edits) in &of.flags {
        let argument = arguments(&mut given, name).get(*occurrence as usize);
        let of_flag = argument.map(|argument| {
            let changes = changes(edits.iter().map(|(_, edit)| *edit));
            flag::refusals(name, argument, &changes, limits)
        });
        let of_flag = of_flag.unwrap_or_else(|| vec![Some(Refusal::Missing); edits.len()]);
        edits.iter().zip(of_flag).for_each(|((number, _), why)| found[*number] = why);
    }
    for (edit, found) in edits.iter().zip(&mut found).filter(|(edit, _)| matches!(edit.target, FixTarget::Overlay)) {
        *found = overlay(std::slice::from_ref(edit)).err();
    }
    found
}

/// The file with this index, which must be the one that the edits are for.
fn file_of<'u>(user: &'u UserValues, number: u32, edits: &[(usize, &Edit)]) -> Result<&'u Arc<File>, Refusal> {
    let file = user.files.get(number as usize).ok_or(Refusal::OtherFile)?;
    let is_it = |edit: &Edit| matches!(&edit.target, FixTarget::File { file: own, .. } if own.shown() == file.shown());
    if edits.iter().all(|(_, edit)| is_it(edit)) { Ok(file) } else { Err(Refusal::OtherFile) }
}

fn arguments<'u>(user: &'u mut UserValues, flag: &str) -> &'u mut Vec<String> {
    match flag {
        "--set-json" => &mut user.set_json,
        "--set" => &mut user.set,
        "--set-string" => &mut user.set_string,
        "--set-file" => &mut user.set_file,
        _ => &mut user.set_literal,
    }
}

fn changes<'e>(edits: impl Iterator<Item = &'e Edit>) -> Vec<(&'e [Key], &'e ValueAction)> {
    edits.map(|edit| (&*edit.path, &edit.action)).collect()
}

/// A values file with an edit applied.
///
/// # Errors
/// Why it cannot be made.
pub(crate) fn edited(file: &Arc<File>, edit: &Edit, helm: HelmVersion, limits: &Limits) -> Result<Arc<File>, Refusal> {
    edited_all(file, &[edit], helm, limits)
}

/// A values file with edits applied.
///
/// # Errors
/// Why one of them, or all of them together, cannot be made.
pub(crate) fn edited_all(
    file: &Arc<File>,
    edits: &[&Edit],
    helm: HelmVersion,
    limits: &Limits,
) -> Result<Arc<File>, Refusal> {
    edited_in(file, edits, helm, limits, &Originals::default())
}

fn edited_in(
    file: &Arc<File>,
    edits: &[&Edit],
    helm: HelmVersion,
    limits: &Limits,
    read: &Originals,
) -> Result<Arc<File>, Refusal> {
    if is_template(file.shown()) {
        return Err(Refusal::Template);
    }
    let before = read.of(file, helm, limits);
    let bytes = document::edit_read(file.bytes(), &before, &changes(edits.iter().copied()), helm, limits)?;
    Ok(File::on_disk(file.name(), file.path().map(str::to_owned), bytes))
}

/// Whether a file is a template from which a tool makes the values file.
fn is_template(name: &str) -> bool {
    [".gotmpl", ".tpl", ".tmpl", ".j2", ".jinja"].iter().any(|ending| name.ends_with(ending))
}

impl Edit {
    /// Identifies an edit: its target, its path and its action.
    pub(crate) fn id(&self) -> String {
        let target = match &self.target {
            FixTarget::File { file, .. } => file.shown().to_owned(),
            FixTarget::Flag(part) => format!("{} {}", part.flag, part.occurrence),
            FixTarget::Overlay => String::new(),
        };
        format!("{target}\n{}\n{:?}", self.path, self.action)
    }

    /// Whether it is the same edit of the same file or flag.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_target = match (&self.target, &other.target) {
            (FixTarget::File { number, file }, FixTarget::File { number: other, file: of }) => {
                number == other && Arc::ptr_eq(file, of)
            }
            (FixTarget::Flag(part), FixTarget::Flag(other)) => part == other,
            (FixTarget::Overlay, FixTarget::Overlay) => true,
            _ => false,
        };
        is_same_target && self.path == other.path && self.action == other.action
    }
}
