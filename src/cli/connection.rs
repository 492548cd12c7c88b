//! What the commands that use the network read for their connections: certificates and credentials.

use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::go::time::duration;
use crate::registry::{Credentials, credential_files};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file in PEM, with its name for messages.
pub(super) fn pem(reach: &Reach, flag: &str, path: &Path) -> Result<(String, Vec<u8>), Error> {
    let text = reach.read(By::User, path).map_err(|error| error.after(flag))?;
    Ok((format!("{flag} {}", path.display()), text))
}

/// A client certificate with its key, as [`pem`] reads them.
pub(super) fn identity(
    reach: &Reach,
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<(String, Vec<u8>)>, Error> {
    let (Some(certificate), Some(key)) = (certificate, key) else { return Ok(None) };
    let (name, mut text) = pem(reach, "--cert-file", certificate)?;
    text.push(b'\n');
    text.extend(pem(reach, "--key-file", key)?.1);
    Ok(Some((name, text)))
}

/// The credentials of the user's files: of `given` (`--auth-file`) alone, or of `first` and the usual ones.
pub(super) fn credentials(reach: &Reach, given: Option<&Path>, first: Option<PathBuf>) -> Result<Credentials, Error> {
    let usual = credential_files(given.map(Path::to_path_buf), |name| std::env::var_os(name));
    let first = first.filter(|_| given.is_none());
    let mut files = Vec::new();
    for path in first.into_iter().chain(usual) {
        // Which of the usual files are there differs.
        if given.is_some() || look::is_there(&path) {
            let text = reach.read(By::User, &path);
            let text = text.map_err(|error| if given.is_some() { error.after("--auth-file") } else { error })?;
            files.push((path.display().to_string(), text));
        }
    }
    Credentials::read(files).map_err(|error| Error::input(error.to_string()))
}

/// A duration as helm and kubectl write it.
pub(super) fn duration_of(text: &str) -> Result<Duration, String> {
    let nanoseconds = duration::parse(text.as_bytes())?;
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| "a duration must not be negative".to_owned())
}
