//! What became of the artifacts of `mirror` and `mirror check`, as text and for programs.

use super::{plain_line, write_json};
use crate::mirroring::{Item, Outcome, State};
use crate::registry::{Error, Quota};
use crate::secrets::redacted;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Raised when a field changes its meaning or is removed; new fields do not raise it.
const VERSION: u32 = 1;

/// The depth to which the document has its own lines: one line for each artifact.
const LINES: usize = 3;

/// The artifacts of a run, and what became of them.
#[derive(Debug)]
pub(crate) struct Mirrored {
    /// The mirror, or the path of the layout that was written, as given.
    pub mirror: String,
    /// The path of the layout that was read, as given; `None` if registries were.
    pub from: Option<String>,
    /// Whether a layout was written.
    pub is_on_disk: bool,
    /// What was asked for.
    pub mode: Mode,
    /// The artifacts, in the order of the lists.
    pub artifacts: Vec<(Item, Outcome)>,
    /// The HTTP requests.
    pub requests: u64,
    /// What registries say is left of their rate limits.
    pub quotas: BTreeMap<String, Quota>,
    /// The command that copies artifacts that are missing.
    pub copy_command: String,
    /// The command that also sends what is missing below those that the mirror has.
    pub repair_command: String,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Copy.
    Copy,
    /// Say what would be copied.
    Plan,
    /// Say what is there.
    Check,
}

#[derive(Serialize)]
struct Document<'m> {
    version: u32,
    mode: &'static str,
    mirror: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'m str>,
    summary: Summary<'m>,
    artifacts: Vec<Artifact<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'m> {
    artifacts: usize,
    present: usize,
    copied: usize,
    planned: usize,
    missing: usize,
    differs: usize,
    failed: usize,
    bytes: u64,
    requests: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rate_limits: Vec<RateLimit<'m>>,
}

#[derive(Serialize)]
struct RateLimit<'m> {
    registry: &'m str,
    remaining: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
}

#[derive(Serialize)]
struct Artifact<'m> {
    source: &'m str,
    destination: &'m str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reduced: Option<ReducedIndex<'m>>,
    bytes: u64,
    blobs: Blobs,
    referrers: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing: &'m [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'m str>,
}

#[derive(Serialize)]
struct ReducedIndex<'m> {
    from: &'m str,
    platforms: &'m [String],
}

#[derive(Serialize)]
struct Blobs {
    present: usize,
    mounted: usize,
    copied: usize,
}

#[derive(Serialize)]
struct Failure {
    kind: &'static str,
    message: String,
}

impl Mirrored {
    /// The number of artifacts in a state.
    pub(crate) fn count(&self, state: State) -> usize {
        self.artifacts.iter().filter(|(_, outcome)| outcome.state == state).count()
    }

    fn bytes(&self) -> u64 {
        self.artifacts.iter().map(|(_, outcome)| outcome.bytes).sum()
    }

    /// Writes it for programs (docs/mirror.schema.json).
    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let artifact = |(item, outcome): &'_ (Item, Outcome)| {
            let error = outcome.error.as_ref();
            let error = error.map(|error| Failure { kind: error.kind().name(), message: shown(error) });
            (item.digest.as_ref().filter(|listed| outcome.digest.as_ref() != Some(*listed)).is_some(), error)
        };
        let artifacts = self.artifacts.iter().map(|both| {
            let (differs, error) = artifact(both);
            let (item, outcome) = both;
            Artifact {
                source: &item.source,
                destination: &item.destination,
                state: outcome.state.name(),
                digest: outcome.digest.as_ref().map(|digest| digest.as_str()),
                listed: item.digest.as_ref().filter(|_| differs).map(|digest| digest.as_str()),
                reduced: outcome
                    .reduced
                    .as_ref()
                    .map(|reduced| ReducedIndex { from: reduced.whole.as_str(), platforms: &reduced.platforms }),
                bytes: outcome.bytes,
                blobs: Blobs {
                    present: outcome.blobs.present,
                    mounted: outcome.blobs.mounted,
                    copied: outcome.blobs.copied,
                },
                referrers: outcome.referrers,
                missing: &outcome.missing,
                error,
                help: self.help(outcome),
            }
        });
        let document = Document {
            version: VERSION,
            mode: match self.mode {
                Mode::Copy => "copy",
                Mode::Plan => "plan",
                Mode::Check => "check",
            },
            mirror: &self.mirror,
            from: self.from.as_deref(),
            summary: Summary {
                artifacts: self.artifacts.len(),
                present: self.count(State::Present),
                copied: self.count(State::Copied),
                planned: self.count(State::Planned),
                missing: self.count(State::Missing),
                differs: self.count(State::Differs),
                failed: self.count(State::Failed),
                bytes: self.bytes(),
                requests: self.requests,
                rate_limits: self
                    .quotas
                    .iter()
                    .map(|(registry, quota)| RateLimit {
                        registry,
                        remaining: quota.remaining,
                        limit: quota.limit,
                        seconds: quota.seconds,
                    })
                    .collect(),
            },
            artifacts: artifacts.collect(),
        };
        write_json(&document, LINES, out)
    }

    /// The command that brings an artifact; `None` if there is nothing to bring.
    fn help(&self, outcome: &Outcome) -> Option<&str> {
        match (self.mode, outcome.state) {
            (Mode::Plan, State::Planned) | (Mode::Check, State::Differs) => Some(&self.copy_command),
            // The mirror has its manifest, but not all below it.
            (Mode::Check, State::Missing) if outcome.digest.is_some() => Some(&self.repair_command),
            (Mode::Check, State::Missing) => Some(&self.copy_command),
            _ => None,
        }
    }

    /// Writes it for people: what is not as it should be, and the sums. A plan lists everything.
    pub(crate) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for (item, outcome) in &self.artifacts {
            let is_plain = matches!(outcome.state, State::Present | State::Copied);
            if is_plain && self.mode != Mode::Plan {
                continue;
            }
            writeln!(out, "{}", told(item, outcome))?;
            for what in &outcome.missing {
                writeln!(out, "  {} is not on the mirror", plain_line(what))?;
            }
            if let Some(error) = &outcome.error {
                writeln!(out, "  {}", shown(error))?;
            }
        }
        let counts = [State::Copied, State::Planned, State::Present, State::Missing, State::Differs, State::Failed];
        let words: Vec<String> = counts
            .iter()
            .filter(|&&state| self.count(state) > 0)
            .map(|&state| match state {
                State::Planned => format!("{} to copy", self.count(state)),
                State::Differs => format!("{} with another digest", self.count(state)),
                State::Present => format!("{} there already", self.count(state)),
                state => format!("{} {}", self.count(state), state.name()),
            })
            .map(|text| if self.mode == Mode::Check { text.replace("there already", "complete") } else { text })
            .collect();
        let artifacts = match self.artifacts.len() {
            1 => "1 artifact".to_owned(),
            count => format!("{count} artifacts"),
        };
        let sent = match self.mode {
            Mode::Copy => {
                let requests = if self.requests == 1 { "request" } else { "requests" };
                let sent = if self.is_on_disk { "written" } else { "sent" };
                format!("; {} {sent}, {} {requests}", size(self.bytes()), self.requests)
            }
            Mode::Plan if self.is_on_disk => format!("; {} to write", size(self.bytes())),
            Mode::Plan => format!("; {} to send", size(self.bytes())),
            Mode::Check => String::new(),
        };
        let words = if words.is_empty() { "nothing to do".to_owned() } else { words.join(", ") };
        writeln!(out, "{}: {artifacts}: {words}{sent}", plain_line(&self.mirror))?;
        for (registry, quota) in &self.quotas {
            let requests = if quota.remaining == 1 { "request" } else { "requests" };
            let of = quota.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
            let time = quota.seconds.map(|seconds| format!(" in {}", time(seconds))).unwrap_or_default();
            writeln!(out, "{}: {} {requests} left{of}{time}", plain_line(registry), quota.remaining)?;
        }
        let reduced = self.artifacts.iter().filter(|(_, outcome)| outcome.reduced.is_some()).count();
        if reduced > 0 {
            let have = if reduced == 1 { "1 index has" } else { &format!("{reduced} indexes have") };
            writeln!(out, "{have} only the platforms of --platform, and so another digest than at the source")?;
        }
        let helps: BTreeSet<&str> = self.artifacts.iter().filter_map(|(_, outcome)| self.help(outcome)).collect();
        // One command does for all: a repair copies too.
        if let (Mode::Check, Some(help)) = (self.mode, helps.last()) {
            writeln!(out, "to bring what is missing, run: {}", plain_line(help))?;
        }
        Ok(())
    }
}

/// The text of an error, which may quote a registry or a proxy.
fn shown(error: &Error) -> String {
    plain_line(&redacted(&error.to_string()))
}

/// An artifact in one line: `copied quay.io/acme/api:1.4 → mirror.internal/acme/api:1.4 (12.3 MB)`.
pub(crate) fn told(item: &Item, outcome: &Outcome) -> String {
    let word = if outcome.state == State::Planned { "to copy" } else { outcome.state.name() };
    let line = format!("{word} {} → {}", plain_line(&item.source), plain_line(&item.destination));
    match (outcome.state, &outcome.digest, &item.digest) {
        (State::Copied | State::Planned, ..) => {
            let blobs = outcome.blobs;
            let mounted = if blobs.mounted > 0 { format!(", {} mounted", blobs.mounted) } else { String::new() };
            let referrers =
                if outcome.referrers > 0 { format!(", {} referrers", outcome.referrers) } else { String::new() };
            let reduced = match &outcome.reduced {
                Some(reduced) => format!("; only {}, so the digest is another", reduced.platforms.join(", ")),
                None => String::new(),
            };
            format!("{line} ({}{mounted}{referrers}{reduced})", size(outcome.bytes))
        }
        (State::Differs, Some(there), Some(listed)) => {
            format!("{line} (the list says {listed}, the mirror has {there})")
        }
        _ => line,
    }
}

/// A number of seconds for people: `6 h`.
fn time(seconds: u64) -> String {
    match seconds {
        _ if seconds > 0 && seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        _ if seconds > 0 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// A number of bytes for people: `12.3 MB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}
