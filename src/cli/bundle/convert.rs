//! `airtight bundle convert`: from any form of lists to another.

use crate::bundle::Bundle;
use crate::bundle::forms::form::Form;
use crate::bundle::forms::write;
use crate::bundle::forms::writing::{Wish, Written};
use crate::cli::lists::{file_of, parse_lists, read_lists};
use crate::cli::output::write_file;
use crate::cli::settings::LayoutFlag;
use crate::cli::{Outcome, Problem, Streams};
use crate::disk::{By, Reach, made};
use crate::error::Error;
use crate::limits::Limits;
use crate::reference::Mirror;
use crate::report::plain_line;
use clap::builder::PossibleValue;
use std::path::{Path, PathBuf};

/// Read lists of any form, and write another
///
/// The form of a file is recognized by its content: plain lists, tables, and the lists of Hauler, Zarf, skopeo, regsync, oc-mirror, `dt`,
/// containerd, k3s and OpenShift. Several lists become one, in which each artifact is once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight bundle convert bundle --to hauler -o hauler.yaml\n  \
                        airtight bundle convert images.txt charts.txt --to regsync --mirror mirror.internal\n  \
                        airtight bundle convert hauler.yaml --to artifacts | airtight mirror mirror.internal -\n\n\
                        Exit status: 0 the form says everything, 1 it does not (stderr says what), 2 a list cannot be read.")]
pub(crate) struct Args {
    /// Lists, folders of them, or - for stdin
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// The form to write
    #[arg(long, value_enum, value_name = "FORM")]
    to: FormFlag,
    /// The mirror, for forms that say where artifacts are on it: a host, optionally with a port and a path; or
    /// SOURCE=HOST/PATH for each source registry (can be given several times)
    #[arg(long, value_name = "HOST")]
    mirror: Vec<String>,
    /// How a source reference maps to a path on the mirror
    #[arg(long, value_enum, default_value = "path")]
    layout: LayoutFlag,
    /// Write to a file instead of stdout; for hosts-toml, to a folder
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Exit with status 0 although the form cannot say everything
    #[arg(long)]
    lossy: bool,
}

/// The forms by name.
#[derive(Debug, Clone, Copy)]
struct FormFlag(Form);

impl clap::ValueEnum for FormFlag {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [FormFlag; 13] = {
            let mut all = [FormFlag(Form::List); 13];
            let mut at = 0;
            while at < all.len() {
                all[at] = FormFlag(Form::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            Form::List => "A reference a line, charts with oci://, each with its place if --mirror is given",
            Form::Artifacts => "The same without oci://",
            Form::Csv => "A table",
            Form::Hauler => "Hauler's manifest",
            Form::Zarf => "Zarf's package",
            Form::SkopeoSync => "For skopeo sync --src yaml",
            Form::Regsync => "regsync's configuration",
            Form::OcMirror => "oc-mirror's ImageSetConfiguration",
            Form::ImageDigestMirrorSet => "ImageDigestMirrorSet and ImageTagMirrorSet of OpenShift",
            Form::Annotations => "Annotations for a Chart.yaml",
            Form::ImagesLock => "Images.lock of dt",
            Form::HostsToml => "containerd's hosts.toml, in a folder for each registry",
            Form::Registries => "registries.yaml of k3s and RKE2",
        };
        Some(PossibleValue::new(self.0.name()).help(help))
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let reach = Reach::of_user(Limits::default().file_bytes);
    let mirror = match args.mirror.as_slice() {
        [] => None,
        places => Some(Mirror::parse_all(places).map_err(|why| Error::input(format!("--mirror: {why}")))?),
    };
    let bundle = read(&args.paths, &reach, streams)?;
    let artifacts = bundle.merged();
    let form = args.to.0;
    let is_about_nodes = !bundle.node_mirrors.is_empty();
    if artifacts.is_empty() && !is_about_nodes {
        return Err(Error::input("the lists are empty").into());
    }
    if artifacts.is_empty() && !form.is_about_nodes() {
        return Err(Error::input("the files say where nodes find images, not which").into());
    }
    let layout = args.layout.into();
    let wish = Wish { artifacts: &artifacts, node_mirrors: &bundle.node_mirrors, mirror: mirror.as_ref(), layout };
    if form.needs_places()
        && !artifacts.is_empty()
        && !artifacts.iter().any(|artifact| wish.place_of(artifact).is_some())
    {
        let text = format!("--to {} needs the places of the artifacts on the mirror: pass --mirror HOST", form.name());
        return Err(Error::input(text).into());
    }
    let written = write(form, &wish);
    give(args, &written, &reach, streams)?;
    let left_out = bundle.left_out.iter().map(|one| format!("{}: left out: {}", one.at, one.what));
    let mut is_whole = true;
    for text in left_out.chain(written.lost) {
        is_whole = false;
        writeln!(streams.err, "warning: {}", plain_line(&text))?;
    }
    Ok(if is_whole || args.lossy { Outcome::Clean } else { Outcome::Findings })
}

fn read(paths: &[PathBuf], reach: &Reach, streams: &mut Streams<'_>) -> Result<Bundle, Error> {
    let mut files = Vec::new();
    for path in paths {
        match path.as_os_str() == "-" {
            true => files.push(file_of("stdin", streams.read_input(reach.file_bytes())?)),
            false => files.extend(read_lists(By::User, path, reach)?),
        }
    }
    parse_lists(&files)
}

/// Writes the files to where they are wanted.
fn give(args: &Args, written: &Written, reach: &Reach, streams: &mut Streams<'_>) -> Result<(), Problem> {
    let fail = |path: &Path, error: std::io::Error| Error::file(format!("cannot write {}: {error}", path.display()));
    match (&args.output, written.files.as_slice()) {
        (None, [(_, text)]) => write!(streams.out, "{text}")?,
        (None, []) => {}
        (None, _) => {
            let text = format!("--to {} writes {} files: pass -o FOLDER", args.to.0.name(), written.files.len());
            return Err(Error::input(text).into());
        }
        (Some(path), files) if args.to.0 == Form::HostsToml => {
            for (name, text) in files {
                let file = path.join(name);
                reach.check_output(&file).map_err(|error| error.after("--output"))?;
                let folder = file.parent().unwrap_or(path);
                made::folder(folder).map_err(|error| fail(folder, error))?;
                write_file(&file, text.as_bytes()).map_err(|error| fail(&file, error))?;
            }
        }
        (Some(path), files) => {
            reach.check_output(path).map_err(|error| error.after("--output"))?;
            let text: String = files.iter().map(|(_, text)| text.as_str()).collect();
            write_file(path, text.as_bytes()).map_err(|error| fail(path, error))?;
        }
    }
    Ok(())
}
