//! [`Edits`]: the values files of a run with fixes in them, until they are written.

use super::disk::Disk;
use super::jobs::Job;
use crate::disk::Reach;
use crate::fix::{Edit, Fix, Refusal, Target, edited, path_text};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::File;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A values file of a run.
#[derive(Debug)]
struct Values {
    /// Where it is, without links.
    real: PathBuf,
    /// What it is called by those that read it.
    names: BTreeSet<String>,
    /// Why it is not written.
    refused: Option<String>,
    /// As it is on the disk, and with the edits; there where there are some.
    texts: Option<(Arc<File>, Arc<File>)>,
}

/// The values files of a run.
#[derive(Debug)]
pub(super) struct Edits {
    files: Vec<Values>,
}

/// The texts of all files at one time.
pub(super) type State = Vec<Option<(Arc<File>, Arc<File>)>>;

impl Edits {
    /// Those that the releases read; nothing is edited yet.
    pub(super) fn new(jobs: &[Job], disk: &Disk, reach: &Reach) -> Self {
        let mut files: Vec<Values> = Vec::new();
        for name in jobs.iter().flat_map(|job| job.flags.value_files()) {
            let path = Path::new(&name);
            let Ok(real) = path.canonicalize() else { continue };
            if let Some(known) = files.iter_mut().find(|file| file.real == real) {
                known.names.insert(name);
                continue;
            }
            let refused = match reach.check_output(path) {
                Err(why) => Some(why),
                Ok(()) if !real.is_file() => Some("it is not an ordinary file".to_owned()),
                Ok(()) if !disk.own.holds_values(path) => Some("it came from elsewhere".to_owned()),
                Ok(()) => None,
            };
            files.push(Values { real, names: BTreeSet::from([name]), refused, texts: None });
        }
        Self { files }
    }

    /// Makes all edits of a fix, or none.
    ///
    /// # Errors
    /// Why not, and in which file.
    pub(super) fn apply(
        &mut self,
        fix: &Fix,
        made: &mut BTreeSet<String>,
        helm: HelmVersion,
        limits: &Limits,
    ) -> Result<(), String> {
        let state = self.state();
        let mut now = BTreeSet::new();
        for edit in &fix.edits {
            let key = key(edit);
            // Several findings have one cause.
            if made.contains(&key) {
                continue;
            }
            if let Err(why) = self.edit(edit, helm, limits) {
                self.restore(state);
                return Err(why);
            }
            now.insert(key);
        }
        made.append(&mut now);
        Ok(())
    }

    fn edit(&mut self, edit: &Edit, helm: HelmVersion, limits: &Limits) -> Result<(), String> {
        let Target::File { file, .. } = &edit.target else { return Err(Refusal::Manual.to_string()) };
        let told = |why: &str| format!("{}: `{}`: {why}", file.shown(), path_text(&edit.path));
        let values = self.files.iter_mut().find(|values| values.names.contains(file.name()));
        let Some(values) = values else { return Err(told("it is not a file on the disk")) };
        if let Some(why) = &values.refused {
            return Err(told(why));
        }
        let (original, current) = values.texts.clone().unwrap_or_else(|| (file.clone(), file.clone()));
        let after = edited(&current, edit, helm, limits).map_err(|why| told(&why.to_string()))?;
        values.texts = Some((original, after));
        Ok(())
    }

    /// As it is now.
    pub(super) fn state(&self) -> State {
        self.files.iter().map(|file| file.texts.clone()).collect()
    }

    /// Goes back to what was.
    pub(super) fn restore(&mut self, state: State) {
        self.files.iter_mut().zip(state).for_each(|(file, texts)| file.texts = texts);
    }

    /// Has the releases read the edited texts.
    pub(super) fn show(&self, disk: &mut Disk) {
        for file in &self.files {
            for name in &file.names {
                match &file.texts {
                    Some((_, current)) => disk.texts.insert(name.clone(), Ok(current.bytes().to_vec())),
                    None => disk.texts.remove(name),
                };
            }
        }
    }

    /// The files that are different: as they are, and with the edits.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&Arc<File>, &Arc<File>)> {
        let texts = self.files.iter().filter_map(|file| file.texts.as_ref());
        texts.filter(|(old, new)| old.bytes() != new.bytes()).map(|(old, new)| (old, new))
    }

    /// Writes the files that are different.
    ///
    /// # Errors
    /// A file cannot be written, or somebody else has written it meanwhile.
    pub(super) fn write(&self, reach: &Reach) -> Result<(), String> {
        for file in &self.files {
            let Some((old, new)) = file.texts.as_ref().filter(|(old, new)| old.bytes() != new.bytes()) else {
                continue;
            };
            let current = reach.read(crate::disk::By::User, &file.real)?;
            if current != old.bytes() {
                return Err(format!("{} was changed meanwhile; run it again", old.shown()));
            }
            replace(&file.real, new.bytes()).map_err(|error| format!("cannot write {}: {error}", old.shown()))?;
        }
        Ok(())
    }
}

/// What tells an edit from others.
pub(super) fn key(edit: &Edit) -> String {
    let target = match &edit.target {
        Target::File { file, .. } => file.shown().to_owned(),
        Target::Flag(part) => format!("{} {}", part.flag, part.occurrence),
        Target::Overlay => String::new(),
    };
    format!("{target}\n{}\n{:?}", path_text(&edit.path), edit.action)
}

/// Replaces a file by another text at once; who may read and write it stays as it is.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let permissions = path.metadata()?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // The error of one that cannot be made would name it.
    let made = builder.prefix(".airtight-").tempfile_in(folder);
    let mut file = made.map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(text)?;
    file.as_file().set_permissions(permissions)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
