//! [`Blobs`]: the parts of a run, held against each other, and read back in the order of the releases.

use super::{Head, Line, SCHEMA, Tail};
use crate::disk::{By, Found, Reach};
use crate::error::Error;
use crate::names::count;
use crate::suppress::Known;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// The most bytes of a line.
const LINE: u64 = 1 << 30;

/// The most releases of a run: the index of all is kept in memory.
const RELEASES: usize = 10_000_000;

/// The most problems that are listed.
const PROBLEMS: usize = 20;

/// The complete results of a run.
#[derive(Debug)]
pub(crate) struct Blobs {
    files: Vec<Option<Found>>,
    /// Where the line of each release is.
    lines: Vec<Span>,
    /// What the parts say about suppressions together.
    pub(crate) suppressions: Known,
}

/// A range of a file.
#[derive(Debug, Clone, Copy)]
struct Span {
    file: u32,
    length: u32,
    start: u64,
}

/// The part of a line that finds its place.
#[derive(Deserialize)]
struct Numbered {
    number: Option<usize>,
    end: Option<usize>,
    #[serde(rename = "airtight-blob")]
    schema: Option<IgnoredAny>,
}

/// The parts as they are read.
#[derive(Default)]
struct Reading {
    files: Vec<(PathBuf, Option<Found>)>,
    /// The head of the first file, which the others are held against.
    first: Option<Head>,
    lines: Vec<Option<Span>>,
    /// The file of each shard.
    shards: BTreeMap<u32, usize>,
    /// Whether a part is no shard.
    has_others: bool,
    suppressions: Known,
    /// The first and the last day on which suppressions were judged.
    days: Option<(Date, Date)>,
    problems: Vec<String>,
}

impl Blobs {
    /// Reads parts of a run.
    ///
    /// # Errors
    /// They are not the complete parts of one run, or cannot be read: each problem is a line that says what to do.
    pub(crate) fn open(paths: Vec<PathBuf>, tool: &str, reach: &Reach) -> Result<Self, Error> {
        let mut reading = Reading::default();
        for path in paths {
            let found = reach.found(By::User, &path);
            let read = match &found {
                Ok(found) => reading.file(found, tool),
                Err(error) => Err(error.to_string()),
            };
            if let Err(problem) = read {
                reading.problems.push(format!("{}: {problem}", path.display()));
            }
            reading.files.push((path, found.ok()));
        }
        reading.finish()
    }

    /// Visits the line of each release, in the order of the run.
    ///
    /// # Errors
    /// The first error of `show`, or a line cannot be read back.
    pub(crate) fn each(&self, show: &mut dyn FnMut(Line) -> io::Result<()>) -> io::Result<()> {
        let mut open: Option<(u32, File)> = None;
        let mut bytes = Vec::new();
        for span in &self.lines {
            let file = match &mut open {
                Some((number, file)) if *number == span.file => file,
                other => {
                    let found = self.files.get(span.file as usize).and_then(Option::as_ref);
                    let opened = found.ok_or(io::ErrorKind::NotFound)?.open().map_err(io::Error::other)?;
                    &mut other.insert((span.file, opened.file)).1
                }
            };
            file.seek(SeekFrom::Start(span.start))?;
            bytes.resize(span.length as usize, 0);
            file.read_exact(&mut bytes)?;
            show(serde_json::from_slice(&bytes)?)?;
        }
        Ok(())
    }
}

impl Reading {
    /// Reads one file; the error says what is wrong with it.
    fn file(&mut self, found: &Found, tool: &str) -> Result<(), String> {
        let opened = found.open().map_err(|error| error.to_string())?.file;
        let number = self.files.len();
        let mut lines = Lines { reader: BufReader::with_capacity(1 << 18, opened), line: Vec::new(), start: 0 };
        let head = match lines.next()? {
            Some(b"") => return Err("its first line is cut off: run this part again".to_owned()),
            Some(line) => head_of(line)?,
            None => return Err("it is empty: run this part again".to_owned()),
        };
        self.compare(&head, tool, number)?;
        let mut seen = 0;
        loop {
            let cut = || {
                let whole = count(head.releases, "release");
                format!("it is cut off after {seen} of {whole}: run this part again")
            };
            let start = lines.start;
            let Some(line) = lines.next()? else { return Err(cut()) };
            let Ok(about) = serde_json::from_slice::<Numbered>(line) else { return Err(cut()) };
            match about {
                Numbered { schema: Some(_), .. } => return Err("it has two heads: two runs wrote to it".to_owned()),
                Numbered { end: Some(end), .. } => {
                    if end != seen || seen != head.releases {
                        return Err(format!(
                            "it has {seen} of {}: run this part again",
                            count(head.releases, "release")
                        ));
                    }
                    let tail: Tail = serde_json::from_slice(line).map_err(|_| cut())?;
                    if lines.next()?.is_some() {
                        return Err("something follows its last line: two runs wrote to it".to_owned());
                    }
                    self.suppressions.add(tail.suppressions);
                    return Ok(());
                }
                Numbered { number: Some(release), .. } => {
                    seen += 1;
                    let length = u32::try_from(line.len()).map_err(|_| "a line is too long".to_owned())?;
                    self.put(release, Span { file: number as u32, length, start })?;
                }
                Numbered { .. } => return Err("a line is not of a blob".to_owned()),
            }
        }
    }

    /// Holds a head against the first one.
    fn compare(&mut self, head: &Head, tool: &str, number: usize) -> Result<(), String> {
        if head.tool != tool {
            return Err(format!(
                "it was written by {}, and this is {tool}: check and merge with the same version",
                head.tool
            ));
        }
        if head.of > RELEASES {
            return Err(format!("its run has more than {RELEASES} releases"));
        }
        match head.shard {
            Some(shard) => {
                if let Some(other) = self.shards.get(&shard.number()).and_then(|other| self.name(*other)) {
                    return Err(format!("it is shard {shard}, and so is {other}: remove one of them"));
                }
                self.shards.insert(shard.number(), number);
            }
            None => self.has_others = true,
        }
        let (first_day, last_day) = self.days.unwrap_or((head.today, head.today));
        self.days = Some((first_day.min(head.today), last_day.max(head.today)));
        let Some(first) = &self.first else {
            self.lines = vec![None; head.of];
            self.first = Some(head.clone());
            return Ok(());
        };
        let name = self.name(0).unwrap_or_default();
        let of = |head: &Head| head.shard.map(super::Shard::of);
        if (&head.configuration, head.of) != (&first.configuration, first.of) {
            return Err(format!(
                "it is of another run than {name}: airtight.yaml, flags, lists or the baseline differ; run all parts with the same"
            ));
        }
        if head.shard.is_some() && first.shard.is_some() && of(head) != of(first) {
            let shards = |head: &Head| of(head).unwrap_or_default();
            return Err(format!("it is one of {} shards, and {name} one of {}", shards(head), shards(first)));
        }
        Ok(())
    }

    /// The name of a file, for messages.
    fn name(&self, number: usize) -> Option<String> {
        self.files.get(number).map(|(path, _)| path.display().to_string())
    }

    /// Notes where the line of a release is.
    fn put(&mut self, release: usize, span: Span) -> Result<(), String> {
        let Some(slot) = self.lines.get_mut(release) else {
            return Err("it has a release that the run does not have".to_owned());
        };
        match slot.replace(span) {
            None => Ok(()),
            Some(other) => {
                let other = self.name(other.file as usize).unwrap_or_else(|| "this file".to_owned());
                Err(format!("a release of it is also in {other}: remove one of them"))
            }
        }
    }

    /// The results, if nothing is missing.
    fn finish(mut self) -> Result<Blobs, Error> {
        let missing = self.lines.iter().filter(|line| line.is_none()).count();
        // A file with a problem may have what is missing.
        if missing > 0 && self.problems.is_empty() {
            let of = count(self.lines.len(), "release");
            self.problems.push(match self.first.as_ref().and_then(|head| head.shard).filter(|_| !self.has_others) {
                Some(shard) => {
                    let absent = (0..shard.of()).filter(|number| !self.shards.contains_key(number));
                    let absent: Vec<String> = absent.map(|number| format!("{}/{}", number + 1, shard.of())).collect();
                    let (what, it) = if absent.len() == 1 { ("shard", "it") } else { ("shards", "them") };
                    format!("{what} {} missing: {missing} of {of}; run {it}", listed(&absent))
                }
                None => format!("{missing} of {of} are in no file: run them"),
            });
        }
        if let Some((first, last)) = self.days
            && self.problems.is_empty()
            && !self.suppressions.holds_on(first, last)
        {
            self.problems.push(format!(
                "suppressions were judged on {first} and on {last}, and one ended between: run the parts of {first} again, or all of \
                 them with the same SOURCE_DATE_EPOCH"
            ));
        }
        if self.first.is_none() && self.problems.is_empty() {
            return Err(Error::input("nothing to merge: there is no blob (*.jsonl)"));
        }
        if !self.problems.is_empty() {
            let more = self.problems.len().saturating_sub(PROBLEMS);
            self.problems.truncate(PROBLEMS);
            if more > 0 {
                self.problems.push(format!("and {}", count(more, "more problem")));
            }
            return Err(Error::input(format!("the run is not complete\n{}", self.problems.join("\n"))));
        }
        let files = self.files.into_iter().map(|(_, found)| found).collect();
        Ok(Blobs { files, lines: self.lines.into_iter().flatten().collect(), suppressions: self.suppressions })
    }
}

/// The first names of a list with a verb: `3/16, 7/16 are`.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    match (names.len(), more) {
        (1, _) => format!("{shown} is"),
        (_, 0) => format!("{shown} are"),
        _ => format!("{shown} and {more} others are"),
    }
}

/// The head in the first line of a file.
fn head_of(line: &[u8]) -> Result<Head, String> {
    #[derive(Deserialize)]
    struct Schema {
        #[serde(rename = "airtight-blob")]
        schema: u32,
    }
    match serde_json::from_slice::<Schema>(line) {
        Ok(Schema { schema: SCHEMA }) => {
            serde_json::from_slice(line).map_err(|_| "its first line is damaged: run this part again".to_owned())
        }
        Ok(Schema { schema }) => {
            Err(format!("it is a blob of version {schema}, and this airtight reads version {SCHEMA}"))
        }
        Err(_) => Err("it is not a blob, which airtight lint --format blob writes".to_owned()),
    }
}

/// The lines of a file.
struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// Where the next line begins.
    start: u64,
}

impl Lines {
    /// The next line without its line break; `None` at the end. A line without a line break was cut off.
    fn next(&mut self) -> Result<Option<&[u8]>, String> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(LINE);
        let read = limited.read_until(b'\n', &mut self.line).map_err(|error| format!("cannot be read: {error}"))?;
        self.start += read as u64;
        match self.line.pop() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(&self.line)),
            // Its end is missing, so that it is no JSON.
            Some(_) => Ok(Some(b"")),
        }
    }
}
