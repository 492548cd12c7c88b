//! [`Edits`]: the values files of a run with fixes applied, until they are written.

use super::jobs::Job;
use crate::disk::{Reach, look};
use crate::error::Error;
use crate::fix::{Edit, Fix, FixTarget, Refusal, edited_all};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A values file of a run.
#[derive(Debug)]
struct Values {
    /// The path without links.
    real: PathBuf,
    /// The names by which releases read it.
    names: BTreeSet<String>,
    /// Why it is not written.
    refused: Option<String>,
    /// The text on the disk and the edited text; `None` without edits.
    texts: Option<(Arc<File>, Arc<File>)>,
    /// The text at the start of this round; `None` if it has no edits from earlier rounds.
    base: Option<Arc<File>>,
    /// The edits of this round.
    edits: Vec<Edit>,
}

/// The values files of a run.
#[derive(Debug)]
pub(super) struct Edits {
    files: Vec<Values>,
}

/// A requested fix, and how its release reads values.
pub(super) struct Asked<'f> {
    pub(super) fix: &'f Fix,
    pub(super) helm: HelmVersion,
    pub(super) limits: &'f Limits,
}

/// The texts of all files at one point, with the edits that were made in them.
pub(super) type State = Vec<(Option<(Arc<File>, Arc<File>)>, Vec<Edit>)>;

impl Edits {
    /// The files that the releases read, without edits.
    pub(super) fn new(jobs: &[Job], store: &Store, reach: &Reach) -> Self {
        let mut files: Vec<Values> = Vec::new();
        for name in jobs.iter().flat_map(|job| job.flags.value_files()) {
            let path = Path::new(&name);
            let Ok(real) = look::real(path) else { continue };
            if let Some(known) = files.iter_mut().find(|file| file.real == real) {
                known.names.insert(name);
                continue;
            }
            let refused = match reach.check_output(path) {
                Err(error) => Some(error.into_text()),
                Ok(()) if !look::is_file(&real) => Some("it is not a regular file".to_owned()),
                Ok(()) if !store.own.holds_values(path) => Some("it is not one of your own files".to_owned()),
                Ok(()) => None,
            };
            files.push(Values {
                real,
                names: BTreeSet::from([name]),
                refused,
                texts: None,
                base: None,
                edits: Vec::new(),
            });
        }
        Self { files }
    }

    /// Starts a round with fixes computed for the current texts: their paths refer to these texts.
    pub(super) fn begin(&mut self) {
        for file in &mut self.files {
            file.base = file.texts.as_ref().map(|(_, current)| current.clone());
            file.edits.clear();
        }
    }

    /// Applies fixes, each with all of its edits or none. If they cannot be applied together, tries each half.
    pub(super) fn apply(&mut self, fixes: &[Asked<'_>], made: &mut BTreeSet<String>) -> Vec<Result<(), Error>> {
        match self.together(fixes, made) {
            Ok(()) => vec![Ok(()); fixes.len()],
            Err(why) if fixes.len() == 1 => vec![Err(why)],
            Err(_) => {
                let (first, second) = fixes.split_at(fixes.len() / 2);
                let first = self.apply(first, made);
                let second = self.apply(second, made);
                [first, second].concat()
            }
        }
    }

    /// Applies all edits of the fixes, or none.
    ///
    /// # Errors
    /// Why they cannot be applied, and in which file.
    fn together(&mut self, fixes: &[Asked<'_>], made: &mut BTreeSet<String>) -> Result<(), Error> {
        let Some(Asked { helm, limits, .. }) = fixes.first() else { return Ok(()) };
        if fixes.iter().any(|one| one.helm != *helm) {
            return Err(Error::input("their releases read values in different ways"));
        }
        let mut now = BTreeSet::new();
        let mut by_file: BTreeMap<usize, Vec<&Edit>> = BTreeMap::new();
        for edit in fixes.iter().flat_map(|one| &one.fix.edits) {
            let key = key(edit);
            // Several findings can have one cause.
            if !made.contains(&key) && now.insert(key) {
                by_file.entry(self.file_of(edit)?).or_default().push(edit);
            }
        }
        let mut texts = Vec::new();
        for (&number, edits) in &by_file {
            let FixTarget::File { file, .. } = &edits[0].target else { continue };
            let values = &self.files[number];
            let base = values.base.as_ref().unwrap_or(file);
            let all: Vec<&Edit> = values.edits.iter().chain(edits.iter().copied()).collect();
            let after = edited_all(base, &all, *helm, limits).map_err(|why| told(edits[0], &why.to_string()))?;
            let original = values.texts.as_ref().map_or(file, |(original, _)| original).clone();
            texts.push((number, (original, after)));
        }
        for (number, both) in texts {
            self.files[number].texts = Some(both);
            self.files[number].edits.extend(by_file[&number].iter().copied().cloned());
        }
        made.append(&mut now);
        Ok(())
    }

    /// The index of the file that an edit changes.
    fn file_of(&self, edit: &Edit) -> Result<usize, Error> {
        let FixTarget::File { file, .. } = &edit.target else { return Err(Error::input(Refusal::Manual.to_string())) };
        let number = self.files.iter().position(|values| values.names.contains(file.name()));
        let number = number.ok_or_else(|| told(edit, "it is not a file on the disk"))?;
        match &self.files[number].refused {
            Some(why) => Err(told(edit, why)),
            None => Ok(number),
        }
    }

    /// The current state.
    pub(super) fn state(&self) -> State {
        self.files.iter().map(|file| (file.texts.clone(), file.edits.clone())).collect()
    }

    /// Restores an earlier state.
    pub(super) fn restore(&mut self, state: State) {
        self.files.iter_mut().zip(state).for_each(|(file, was)| (file.texts, file.edits) = was);
    }

    /// Makes the releases read the edited texts.
    pub(super) fn show(&self, store: &mut Store) {
        for file in &self.files {
            for name in &file.names {
                match &file.texts {
                    Some((_, current)) => store.put_text(name, Ok(current.bytes().to_vec())),
                    None => store.remove_text(name),
                };
            }
        }
    }

    /// The changed files: the text on the disk, and the edited text.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&Arc<File>, &Arc<File>)> {
        let texts = self.files.iter().filter_map(|file| file.texts.as_ref());
        texts.filter(|(old, new)| old.bytes() != new.bytes()).map(|(old, new)| (old, new))
    }

    /// Writes the changed files.
    ///
    /// # Errors
    /// A file cannot be written, or was changed in the meantime.
    pub(super) fn write(&self, reach: &Reach) -> Result<(), Error> {
        for file in &self.files {
            let Some((old, new)) = file.texts.as_ref().filter(|(old, new)| old.bytes() != new.bytes()) else {
                continue;
            };
            let current = reach.read(crate::disk::By::User, &file.real)?;
            if current != old.bytes() {
                return Err(Error::input(format!(
                    "{} was changed in the meantime; run the command again",
                    old.shown()
                )));
            }
            replace(&file.real, new.bytes())
                .map_err(|error| Error::file(format!("cannot write {}: {error}", old.shown())))?;
        }
        Ok(())
    }
}

/// Identifies an edit.
pub(super) fn key(edit: &Edit) -> String {
    edit.id()
}

/// Why an edit is not made, and its location.
fn told(edit: &Edit, why: &str) -> Error {
    let file = match &edit.target {
        FixTarget::File { file, .. } => file.shown(),
        FixTarget::Flag(part) => part.flag,
        FixTarget::Overlay => "",
    };
    Error::input(format!("{file}: `{}`: {why}", edit.path))
}

/// Replaces a file atomically; its permissions stay.
#[expect(clippy::disallowed_methods, reason = "of a file that is written, not read")]
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let permissions = path.metadata()?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // The error for a temporary file would name that file.
    let made = builder.prefix(".airtight-").tempfile_in(folder);
    let mut file = made.map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(text)?;
    file.as_file().set_permissions(permissions)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
