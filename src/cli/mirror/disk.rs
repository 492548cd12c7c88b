//! The flags about an image layout on a disk, which carries artifacts across a gap.

use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::disk::lock::{Attempt, Lock};
use crate::disk::{Reach, made};
use crate::error::Error;
use crate::oci_layout::{Form, ImageLayout, LayoutWriter, form_of};
use crate::reference::Reference;
use crate::report::plain_line;
use std::path::PathBuf;

/// The smallest part of an archive, in bytes.
const SMALLEST: u64 = 4096;

/// Where an image layout is written.
#[derive(Debug, clap::Args)]
pub(super) struct ToFlags {
    /// Write the artifacts to an OCI image layout: a folder, or an archive if the name ends in .tar
    ///
    /// All positional arguments are lists then. --from PATH fills the mirror from it.
    #[arg(long, value_name = "PATH", conflicts_with = "from")]
    to: Option<PathBuf>,
    /// Split the archive of --to into PATH.000, PATH.001 and so on, of this size each, such as 4G or 650Mi
    #[arg(long, value_name = "SIZE", requires = "to", value_parser = size_of)]
    chunk_size: Option<u64>,
}

/// Where an image layout is read.
#[derive(Debug, clap::Args)]
pub(super) struct FromFlags {
    /// Read the artifacts from the image layout that --to wrote, not from registries; without LIST, all of them
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
}

impl ToFlags {
    /// Whether a layout is written.
    pub(super) fn is_given(&self) -> bool {
        self.to.is_some()
    }

    /// What is written, for messages, and its name as skopeo has it: `oci:bundle`, `oci-archive:bundle.tar`.
    pub(super) fn names(&self) -> Result<Option<(String, String)>, Error> {
        let Some(path) = &self.to else { return Ok(None) };
        let shown = path.display().to_string();
        let transport = match form_of(path).map_err(Error::input)? {
            Form::Folder => "oci",
            Form::Archive => "oci-archive",
        };
        Ok(Some((shown.clone(), format!("{transport}:{shown}"))))
    }

    /// Locks what is written, so that no other process writes it too; `None` if nothing is.
    pub(super) fn lock(&self, reach: &Reach) -> Result<Option<Lock>, Error> {
        let Some(path) = &self.to else { return Ok(None) };
        reach.check_output(path)?;
        if let Some(above) = path.parent().filter(|_| form_of(path) == Ok(Form::Folder)) {
            // Such as are missing are made for a folder. What cannot be made is told when it is written.
            let _ = made::folder(above);
        }
        match Lock::attempt(path) {
            Ok(Attempt::Locked(lock)) => Ok(Some(lock)),
            Ok(Attempt::Taken) => {
                let shown = path.display();
                Err(Error::file(format!(
                    "{shown} is being written by another airtight; wait until it ends, or write to another path"
                )))
            }
            Err(error) => Err(Error::file(format!("cannot write {}: {error}", path.display()))),
        }
    }

    /// Opens what is written; `is_thorough` verifies what an earlier run left.
    pub(super) fn open(&self, reach: &Reach, is_thorough: bool) -> Result<Option<LayoutWriter>, Error> {
        let Some(path) = &self.to else { return Ok(None) };
        let form = form_of(path).map_err(Error::input)?;
        if form == Form::Folder && self.chunk_size.is_some() {
            let text =
                format!("--chunk-size splits an archive; {} would be a folder: end its name in .tar", path.display());
            return Err(Error::input(text));
        }
        let writer = LayoutWriter::open(path, form, self.chunk_size, reach, is_thorough);
        writer.map(Some).map_err(|error| Error::input(error.to_string()))
    }
}

impl FromFlags {
    /// The path, as given.
    pub(super) fn shown(&self) -> Option<String> {
        self.from.as_ref().map(|path| path.display().to_string())
    }

    /// Opens what is read.
    pub(super) fn open<'r>(&self, reach: &'r Reach) -> Result<Option<ImageLayout<'r>>, Error> {
        let layout = self.from.as_ref().map(|path| ImageLayout::open(path, reach)).transpose();
        layout.map_err(|error| Error::input(plain_line(&error.to_string())))
    }
}

/// All artifacts of a layout, with their digests (`with_digests`; otherwise only those without a tag) and the places that the list named when it was written.
pub(super) fn artifacts(layout: &ImageLayout<'_>, with_digests: bool) -> Result<Vec<Artifact>, Error> {
    let entry = |(source, destination, digest): (Reference, Option<&str>, &str)| {
        let destination = destination.map(Reference::parse).transpose().map_err(|why| {
            Error::input(format!(
                "{}: {source}: its place {:?}: {why}",
                layout.shown(),
                destination.unwrap_or_default()
            ))
        })?;
        let digest = (with_digests || source.tag.is_none()).then(|| digest.to_owned());
        Ok(Artifact { digest, ..Artifact::new(ArtifactKind::Image, source).with_destination(destination) })
    };
    let entries = layout.artifacts().filter_map(|one| Some((one.source()?, one.destination(), one.digest_text())));
    let entries = entries.map(entry).collect::<Result<Vec<Artifact>, Error>>()?;
    if entries.is_empty() {
        let text = format!(
            "{}: no artifact has the whole name of its source there, such as quay.io/acme/api:1.4",
            layout.shown()
        );
        return Err(Error::input(text));
    }
    Ok(entries)
}

/// A number of bytes, with the units of Kubernetes: `650Mi`, `4G`.
fn size_of(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
    ];
    let bare = text.strip_suffix('B').unwrap_or(text);
    let unit = UNITS.iter().find_map(|(unit, bytes)| Some((bare.strip_suffix(unit)?, *bytes)));
    let (number, unit) = unit.unwrap_or((bare, 1));
    let number: u64 = number.trim().parse().map_err(|_| "not a size such as 650Mi or 4G".to_owned())?;
    let size = number.checked_mul(unit).filter(|&size| size < u64::MAX / 2).ok_or("too large")?;
    if size < SMALLEST {
        return Err(format!("a part has at least {SMALLEST} bytes"));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::size_of;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in
            [("4096", 4096), ("4Ki", 4096), ("650MiB", 650 << 20), ("4G", 4_000_000_000), ("5kB", 5000)]
        {
            assert_eq!(size_of(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "4095", "-1", "4X", "99999999999999T", "1.5G"] {
            assert!(size_of(text).is_err(), "{text}");
        }
    }
}
