//! `airtight pull`: fetches charts and saves them, as `helm pull` does.

use super::fetch::FetchFlags;
use super::{Outcome, Problem, Streams};
use crate::chart::{Expanded, expand};
use crate::chart_reference::{ChartReference, RemoteChart};
use crate::disk::{Reach, look};
use crate::error::Error;
use crate::fetching::Fetched;
use crate::limits::Limits;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Fetch a chart and save it as `helm pull` does
///
/// The digest of what is saved is checked wherever one is known.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "fetch",
    after_help = "Examples:\n  \
                  airtight pull oci://ghcr.io/acme/charts/shop --version ^1.2\n  \
                  airtight pull shop --repo https://charts.example.org/stable --untar\n  \
                  airtight pull https://charts.example.org/stable/shop-1.2.0.tgz --destination charts"
)]
pub(crate) struct Args {
    /// The charts: oci://HOST/PATH, the URL of an archive, or the name of a chart in the repository of --repo
    #[arg(value_name = "CHART", required = true)]
    charts: Vec<String>,
    /// Save to this folder
    #[arg(short, long, value_name = "FOLDER", default_value = ".")]
    destination: PathBuf,
    /// Unpack the chart to a folder with its name
    #[arg(long)]
    untar: bool,
    /// Unpack the chart to its folder in this one, which is in --destination
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    untardir: PathBuf,
    /// Take development versions too: the same as --version '>0.0.0-0', unless --version is given
    #[arg(long)]
    devel: bool,
    #[command(flatten)]
    fetch: FetchFlags,
}

#[cfg(test)]
impl Args {
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        self.fetch.source.set_patience(patience);
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mut fetch = args.fetch.clone();
    if args.devel && fetch.version.as_deref().is_none_or(str::is_empty) {
        fetch.version = Some(">0.0.0-0".to_owned());
    }
    let charts = args.charts.iter().map(|chart| remote(&fetch, chart)).collect::<Result<Vec<_>, _>>()?;
    let limits = Limits::default();
    let fetched = fetch.fetch_all(&charts, &limits, &mut *streams.err)?;
    for (chart, fetched) in args.charts.iter().zip(fetched) {
        let fetched = fetched?;
        if let Some((name, digest)) = &fetched.artifact {
            writeln!(streams.out, "Pulled: {name}\nDigest: {digest}")?;
        }
        if args.untar {
            unpack(args, chart, &fetched, &limits)?;
        } else {
            save(&args.destination.join(&fetched.file_name), &fetched.archive)?;
        }
    }
    Ok(Outcome::Clean)
}

fn remote(fetch: &FetchFlags, chart: &str) -> Result<RemoteChart, Error> {
    // In a repository, a chart has a name without the repository's.
    let name = chart.rsplit('/').next().unwrap_or(chart);
    match fetch.remote_reference(chart)? {
        ChartReference::Remote(remote) => Ok(remote),
        ChartReference::Local(_) => Err(fetch.of_helms_list(chart).unwrap_or_else(|| Error::input(format!(
            "{chart}: not a chart that can be fetched; write oci://HOST/PATH, the URL of an archive, or {name} --repo URL"
        )))),
    }
}

/// Saves an archive; like helm, in place of a file with the same name.
fn save(path: &Path, archive: &[u8]) -> Result<(), Error> {
    Reach::of_user(u64::MAX).check_output(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !look::is_folder(folder) {
        return Err(Error::file(format!("open {}: no such file or directory", path.display())));
    }
    if look::is_folder(path) {
        return Err(Error::file(format!("{}: a folder with this name already exists", path.display())));
    }
    let written = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        readable_by_all(&mut builder);
        let mut file =
            builder.prefix(".airtight-").tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
        file.write_all(archive)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| cannot_write(path, &error))
}

/// Files are made readable for all whom the user lets read new files.
fn readable_by_all(builder: &mut tempfile::Builder<'_, '_>) {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    #[cfg(not(unix))]
    let _ = builder;
}

/// Unpacks an archive: its folder appears whole, or not at all.
fn unpack(args: &Args, chart: &str, fetched: &Fetched, limits: &Limits) -> Result<(), Error> {
    let folder = match args.untardir.as_path() {
        here if here == Path::new(".") => args.destination.clone(),
        below => args.destination.join(below),
    };
    let taken = |path: &Path| {
        let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
        Error::file(format!("failed to untar: a file or directory with the name {shown} already exists"))
    };
    // Helm quirk: the name in the reference must be free, and the name in Chart.yaml is used.
    let asked = folder.join(chart.rsplit('/').next().unwrap_or_default());
    if look::is_there(&asked) {
        return Err(taken(&asked));
    }
    let Expanded { name, files } = expand(&fetched.archive, Path::new(&fetched.file_name), limits)?;
    let target = folder.join(&name);
    if look::is_there(&target) {
        return Err(taken(&target));
    }
    Reach::of_user(u64::MAX).check_output(&target)?;
    let written = || -> io::Result<()> {
        std::fs::create_dir_all(&folder)?;
        let made = tempfile::Builder::new().prefix(".airtight-").tempdir_in(&folder);
        let made = made.map_err(|error| io::Error::from(error.kind()))?;
        let inside = made.path().join(&name);
        std::fs::create_dir(&inside)?;
        for (path, content) in &files {
            let path = inside.join(path);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::File::create(&path)?.write_all(content)?;
        }
        std::fs::rename(&inside, &target)
    };
    written().map_err(|error| cannot_write(&target, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::file(format!("cannot write {}: {}", path.display(), crate::go::system_error(error)))
}
