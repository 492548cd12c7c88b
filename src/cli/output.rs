//! The flags that select the format and the destination of a report.

use super::door::{Door, Stream, Verbatim};
use super::{Problem, Streams};
use crate::disk::{Reach, look};
use crate::error::Error;
use crate::report::stream::{Limited, Reports};
use crate::report::text::{Detail, Style, TextLayout};
use crate::report::{csv, github, gitlab, json, junit, sarif, text};
#[cfg(feature = "html")]
use crate::report::{html, markdown};
use clap::{ArgMatches, Command, FromArgMatches, ValueEnum};
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The typed flags; the order of the two decides which file belongs to which format.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Report")]
struct Typed {
    /// Report format (can be given several times, each with its own --output; one report may go to stdout)
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Vec<Format>,
    /// Write the report of the preceding --format to a file, - for stdout
    ///
    /// Without a preceding --format, the extension of the file selects the format: .txt, .html, .json, .sarif, .csv, .md, .xml,
    /// .jsonl (blob).
    /// Example: --format sarif --output report.sarif --format html --output report.html --format text
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// When to colour the report; auto: on a terminal, and as NO_COLOR, CLICOLOR and CLICOLOR_FORCE say
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Formats for people (text, html, markdown, github): show at most this number of findings, the most severe of each release; the
    /// verdict and the exit status count all
    #[arg(long, value_name = "NUMBER")]
    max_findings: Option<usize>,
    /// Text format: how findings are shown
    #[arg(long, value_enum, value_name = "STYLE", default_value = "grouped")]
    output_style: OutputStyle,
    /// Text format: print the number of findings of each rule, and of images of each registry and class, instead of findings
    #[arg(long, conflicts_with_all = ["quiet", "verbose"])]
    statistics: bool,
    /// Text format: print only the verdict, with the key that set the mirror; no progress, no warnings of helm's
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Text format: also print every image, with why it counts as one, and everything that helm logs
    #[arg(short, long)]
    verbose: bool,
}

/// How reports are written.
#[derive(Debug, Clone)]
pub(crate) struct OutputFlags {
    /// The requested reports, or why the request makes no sense.
    requests: Result<Vec<Request>, Error>,
    color: Color,
    /// The level of detail.
    pub detail: Detail,
    /// How findings are shown in a text.
    layout: TextLayout,
    /// The maximum number of findings that are shown.
    most: Option<usize>,
}

/// A requested report: its format, and its file; `None` is stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Request {
    format: Format,
    path: Option<PathBuf>,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal, with excerpts of the sources
    Text,
    /// For a browser: one page that needs no network
    #[cfg(feature = "html")]
    Html,
    /// For programs (docs/report.schema.json)
    Json,
    /// For code scanning, SARIF 2.1.0
    Sarif,
    /// For tools that show test results
    Junit,
    /// For annotations on a pull request in GitHub Actions
    Github,
    /// For GitLab's code quality widget
    Gitlab,
    /// For a comment on a pull request
    #[cfg(feature = "html")]
    Markdown,
    /// For a spreadsheet, a row for each finding
    Csv,
    /// For airtight merge: the results of a part of the releases (airtight lint only)
    Blob,
}

impl Format {
    fn is_for_people(self) -> bool {
        match self {
            Self::Text | Self::Github => true,
            #[cfg(feature = "html")]
            Self::Html | Self::Markdown => true,
            _ => false,
        }
    }
}

/// How findings are shown in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputStyle {
    /// A line for each finding
    Concise,
    /// What has to be changed, with everything that it decides
    Grouped,
    /// Each finding, with all locations
    Full,
}

impl From<OutputStyle> for TextLayout {
    fn from(style: OutputStyle) -> Self {
        match style {
            OutputStyle::Concise => Self::Concise,
            OutputStyle::Grouped => Self::Grouped,
            OutputStyle::Full => Self::Full,
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl clap::Args for OutputFlags {
    fn augment_args(command: Command) -> Command {
        Typed::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Typed::augment_args_for_update(command)
    }
}

impl FromArgMatches for OutputFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = Typed::from_arg_matches(matches)?;
        let indices = |name: &str| -> Vec<usize> {
            let typed_here = matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine);
            if typed_here { matches.indices_of(name).into_iter().flatten().collect() } else { Vec::new() }
        };
        let formats = indices("format").into_iter().zip(typed.format.iter().copied()).collect::<Vec<_>>();
        let outputs = indices("output").into_iter().zip(typed.output.iter().cloned()).collect::<Vec<_>>();
        let requests = pair(&formats, &outputs);
        let detail = match typed {
            Typed { quiet: true, .. } => Detail::Verdict,
            Typed { verbose: true, .. } => Detail::All,
            Typed { statistics: true, .. } => Detail::Statistics,
            _ => Detail::Usual,
        };
        let layout = typed.output_style.into();
        Ok(Self { requests, color: typed.color, detail, layout, most: typed.max_findings })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Pairs formats with files; each comes with its position on the command line.
fn pair(formats: &[(usize, Format)], outputs: &[(usize, PathBuf)]) -> Result<Vec<Request>, Error> {
    let mut requests: Vec<(usize, Request)> =
        formats.iter().map(|&(at, format)| (at, Request { format, path: None })).collect();
    let mut has_file = vec![false; requests.len()];
    for (at, path) in outputs {
        let target = (path.as_os_str() != "-").then(|| path.clone());
        let before = formats.iter().rposition(|(format_at, _)| format_at < at).filter(|&index| !has_file[index]);
        match before {
            Some(index) => {
                has_file[index] = true;
                requests[index].1.path = target;
            }
            None => {
                let format = format_of(path).ok_or_else(|| {
                    let path = path.display();
                    let missing = if cfg!(feature = "html") { "" } else { " (this build has no HTML and Markdown)" };
                    Error::input(format!("--output {path}: the format is not known{missing}; put --format before it"))
                })?;
                requests.push((*at, Request { format, path: target }));
                has_file.push(true);
            }
        }
    }
    requests.sort_by_key(|(at, _)| *at);
    let mut requests: Vec<Request> = requests.into_iter().map(|(_, request)| request).collect();
    if requests.is_empty() {
        requests.push(Request { format: Format::Text, path: None });
    }
    for (index, request) in requests.iter().enumerate() {
        if requests[..index].iter().any(|other| other.path == request.path) {
            return Err(Error::input(match &request.path {
                Some(path) => format!("two reports would be written to {}", path.display()),
                None => "two reports would go to stdout: put --output after all but one --format".to_owned(),
            }));
        }
    }
    Ok(requests)
}

/// The format that the extension of a file selects.
pub(super) fn format_of(path: &Path) -> Option<Format> {
    if path.as_os_str() == "-" {
        return Some(Format::Text);
    }
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "txt" => Some(Format::Text),
        #[cfg(feature = "html")]
        "html" | "htm" => Some(Format::Html),
        "json" => Some(Format::Json),
        "sarif" => Some(Format::Sarif),
        "csv" => Some(Format::Csv),
        #[cfg(feature = "html")]
        "md" => Some(Format::Markdown),
        "xml" => Some(Format::Junit),
        "jsonl" => Some(Format::Blob),
        _ => None,
    }
}

/// The most results of a SARIF file that GitHub takes, and that it shows:
/// <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning>.
const SARIF_TAKEN: usize = 25_000;
const SARIF_SHOWN: usize = 5_000;

impl OutputFlags {
    /// The style of a text without colour, whatever its width.
    fn style(&self) -> Style<'static> {
        Style { colour: false, width: None, detail: self.detail, layout: self.layout, links: None }
    }

    /// Rejects requests that make no sense before the work begins.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.blob()? {
            Some(_) => {
                Err(Error::input("--format blob is for airtight lint, without --changed-since, --fix and --manifests"))
            }
            None => Ok(()),
        }
    }

    /// Where a blob is requested: its file; `None` in it is stdout.
    ///
    /// # Errors
    /// The requests make no sense.
    pub(crate) fn blob(&self) -> Result<Option<Option<&Path>>, Error> {
        let requests = self.requests.as_ref().map_err(Clone::clone)?;
        let mut blobs = requests.iter().filter(|request| request.format == Format::Blob);
        match (blobs.next(), blobs.next()) {
            (Some(_), Some(_)) => Err(Error::input("--format blob is given twice")),
            (blob, _) => Ok(blob.map(|request| request.path.as_deref())),
        }
    }

    /// Whether changes are written as lines of JSON, and not as text.
    ///
    /// # Errors
    /// Another format, or a file, is requested: changes have only these two, on stdout.
    #[cfg(feature = "cluster")]
    pub(crate) fn is_json(&self) -> Result<bool, Error> {
        match self.requests.as_ref().map_err(Clone::clone)?.as_slice() {
            [Request { format: Format::Text, path: None }] => Ok(false),
            [Request { format: Format::Json, path: None }] => Ok(true),
            _ => Err(Error::input("--watch writes changes to stdout, with --format text or --format json")),
        }
    }

    /// The same without colours, for a report that does not go to stdout.
    pub(crate) fn without_colour(&self) -> Self {
        Self { color: Color::Never, ..self.clone() }
    }

    /// Reports files that cannot be written before the work begins.
    pub(crate) fn check_paths(&self, reach: &Reach) -> Result<(), Error> {
        let requests = self.requests.as_ref().map_err(Clone::clone)?;
        let mut paths = requests.iter().filter_map(|request| request.path.as_deref());
        paths.try_for_each(|path| reach.check_output(path).map_err(|error| error.after("--output")))
    }

    /// Whether a report shows the text changes of fixes.
    pub(crate) fn shows_changes(&self) -> bool {
        let shows = |request: &Request| match request.format {
            Format::Sarif | Format::Blob => true,
            #[cfg(feature = "html")]
            Format::Markdown => true,
            _ => false,
        };
        self.requests.as_ref().is_ok_and(|requests| requests.iter().any(shows))
    }

    /// Writes the reports of one run: first the files, then stdout.
    pub(crate) fn write(&self, reports: &dyn Reports, streams: &mut Streams<'_>) -> Result<(), Problem> {
        let requests = self.requests.as_ref().map_err(Clone::clone)?;
        let all = reports.totals().all_findings();
        let limited = self.most.filter(|most| *most < all).map(|most| Limited { reports, most });
        if let Some(limited) = &limited {
            let _ = writeln!(streams.err, "showing {} of {all} findings (--max-findings)", limited.most);
        }
        // A program would take what is left out for clean.
        let reports = |format: Format| match &limited {
            Some(limited) if format.is_for_people() => limited as &dyn Reports,
            _ => reports,
        };
        if requests.iter().any(|request| request.format == Format::Sarif) && all > SARIF_SHOWN {
            let _ = writeln!(
                streams.err,
                "the SARIF file has {all} results: GitHub {}",
                match all > SARIF_TAKEN {
                    true => format!("refuses files with more than {SARIF_TAKEN}"),
                    false => format!("shows {SARIF_SHOWN} of them"),
                }
            );
        }
        // A blob was written while releases were checked.
        let requests: Vec<&Request> = requests.iter().filter(|request| request.format != Format::Blob).collect();
        for request in &requests {
            if let Some(path) = &request.path {
                let style = Style { colour: self.color == Color::Always, width: None, ..self.style() };
                let told = |error| cannot_write(Some(path), &error);
                write_file_by(path, &mut |file| {
                    let mut file = BufWriter::new(file);
                    write(request.format, reports(request.format), style, &mut Door::to_out(&mut file))?;
                    file.flush()
                })
                .map_err(told)?;
            }
        }
        for request in requests.iter().filter(|request| request.path.is_none()) {
            let colour = use_colour(self.color);
            let folder = if colour && takes_links() { look::working_folder().ok() } else { None };
            let style = Style { colour, width: terminal_width(), links: folder.as_deref(), ..self.style() };
            write(request.format, reports(request.format), style, streams.out)?;
        }
        Ok(())
    }
}

fn write(format: Format, reports: &dyn Reports, style: Style<'_>, out: &mut dyn Stream) -> std::io::Result<()> {
    match format {
        Format::Text => text::write(reports, style, out),
        #[cfg(feature = "html")]
        Format::Html => html::write(reports, out),
        Format::Json => json::write(reports, out),
        Format::Sarif => sarif::write(reports, out),
        Format::Junit => junit::write(reports, out),
        Format::Github => github::write(reports, out.verbatim(Verbatim::GithubCommands)?),
        Format::Gitlab => gitlab::write(reports, out),
        #[cfg(feature = "html")]
        Format::Markdown => markdown::write(reports, out),
        Format::Csv => csv::write(reports, out),
        Format::Blob => Ok(()),
    }
}

/// Writes a file atomically: nobody sees a partial file, and on failure the old content stays.
pub(super) fn write_file(path: &Path, text: &[u8]) -> std::io::Result<()> {
    write_file_by(path, &mut |file| file.write_all(text))
}

/// The same, for text that is produced while it is written.
#[expect(clippy::disallowed_methods, reason = "writes what Reach::check_output let pass")]
fn write_file_by(path: &Path, make: &mut dyn FnMut(&mut std::fs::File) -> std::io::Result<()>) -> std::io::Result<()> {
    // A special file (a pipe, a device) is written to, not replaced; so is the target of a link.
    if path.symlink_metadata().is_ok_and(|about| !about.is_file()) {
        return make(&mut std::fs::File::create(path)?);
    }
    let mut file = new_file(path)?;
    make(file.as_file_mut())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The error for a report that cannot be written to a file, or to stdout.
pub(super) fn cannot_write(path: Option<&Path>, error: &std::io::Error) -> Error {
    match path {
        Some(path) => Error::file(format!("cannot write {}: {error}", path.display())),
        None => Error::file(format!("cannot write: {error}")),
    }
}

/// A file in the folder of a path, for text that gets its name when it is complete.
#[expect(clippy::disallowed_methods, reason = "writes what Reach::check_output let pass")]
pub(super) fn new_file(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.metadata()?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".airtight-");
    // The permissions of a new file: what the user's umask leaves.
    #[cfg(unix)]
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(open);
    // The error for a temporary file would name that file.
    builder.tempfile_in(folder).map_err(|error| std::io::Error::from(error.kind()))
}

/// The columns of the terminal; `None` if stdout is not a terminal.
pub(super) fn terminal_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Whether stdout is a terminal that follows links to files, as far as the environment says.
fn takes_links() -> bool {
    std::io::stdout().is_terminal() && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// Whether stdout is written in colour.
#[expect(clippy::disallowed_methods, reason = "the environment of the command")]
pub(crate) fn use_colour(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let is_coloured = auto(std::io::stdout().is_terminal(), |name| std::env::var(name).ok());
            // The console of Windows prints the codes of colours unless it is told to follow them.
            is_coloured && anstyle_query::windows::enable_ansi_colors() != Some(false)
        }
    }
}

/// The conventions of terminal programs: <https://no-color.org>, <https://bixense.com/clicolors>.
fn auto(is_terminal: bool, env: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| env(name).is_some_and(|text| !text.is_empty());
    let is_off = |name: &str| env(name).is_some_and(|text| text == "0");
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && !is_off("CLICOLOR_FORCE") {
        return true;
    }
    is_terminal && !is_off("CLICOLOR") && env("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::{Format, Request, auto, pair};
    use std::path::PathBuf;

    #[test]
    fn a_file_belongs_to_the_format_before_it() {
        let request = |format, path: Option<&str>| Request { format, path: path.map(PathBuf::from) };
        let (text, sarif) = (Format::Text, Format::Sarif);
        let file = |at: usize, name: &str| (at, PathBuf::from(name));
        assert_eq!(pair(&[], &[]), Ok(vec![request(text, None)]));
        assert_eq!(
            pair(&[(1, text), (3, sarif)], &[file(5, "a")]),
            Ok(vec![request(text, None), request(sarif, Some("a"))])
        );
        assert_eq!(
            pair(&[(1, sarif), (5, text)], &[file(3, "a")]),
            Ok(vec![request(sarif, Some("a")), request(text, None)])
        );
        assert_eq!(pair(&[], &[file(1, "a.html")]), Ok(vec![request(Format::Html, Some("a.html"))]));
        assert_eq!(pair(&[(1, sarif)], &[file(3, "-")]), Ok(vec![request(sarif, None)]));
        assert_eq!(pair(&[], &[file(1, "-")]), Ok(vec![request(text, None)]));
        assert!(pair(&[], &[file(1, "a")]).is_err());
        assert!(pair(&[(1, text), (3, sarif)], &[]).is_err());
        assert!(pair(&[(1, text), (5, sarif)], &[file(3, "a"), file(7, "a")]).is_err());
    }

    #[test]
    fn colour_follows_the_terminal_unless_the_environment_says_otherwise() {
        let with = |is_terminal: bool, pairs: &[(&str, &str)]| {
            auto(is_terminal, |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).to_owned()))
        };
        assert!(with(true, &[]) && !with(false, &[]));
        assert!(!with(true, &[("NO_COLOR", "1")]) && with(true, &[("NO_COLOR", "")]));
        assert!(with(false, &[("CLICOLOR_FORCE", "1")]) && !with(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!with(true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!with(true, &[("CLICOLOR", "0")]) && !with(true, &[("TERM", "dumb")]));
    }
}
