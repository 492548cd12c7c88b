//! `verify --watch`: a line for each change of what is wrong.

use super::Args;
use crate::cli::{Outcome, Problem, Streams};
use crate::cluster::{Cluster, Failure};
use crate::error::Error;
use crate::report::plain_line;
use crate::running::Against;
use crate::running::offences::{Change, Offence, Wrong};
use crate::settings::Settings;
use crate::snapshot::Scope;
use crate::watching::{Follow, Stopped, watch};
use serde::Serialize;

/// A change as a line of JSON.
#[derive(Serialize)]
struct Line<'c> {
    /// `new` or `gone`
    change: &'static str,
    /// `bypasses-mirror`, or why it cannot be pulled: `unauthorized`, `not-found`.
    wrong: String,
    image: &'c str,
    kind: &'c str,
    namespace: &'c str,
    name: &'c str,
}

/// Writes the changes.
struct Writer<'w, 's> {
    streams: &'w mut Streams<'s>,
    settings: &'w Settings,
    is_json: bool,
}

impl Follow for Writer<'_, '_> {
    fn changed(&mut self, change: &Change) -> std::io::Result<()> {
        let Offence { image, owner, wrong } = &change.offence;
        if self.is_json {
            let line = Line {
                change: if change.is_new { "new" } else { "gone" },
                wrong: match wrong {
                    Wrong::Bypasses => "bypasses-mirror".to_owned(),
                    Wrong::CannotBePulled(fault) => fault.name().replace(' ', "-"),
                },
                image,
                kind: &owner.kind,
                namespace: &owner.namespace,
                name: &owner.name,
            };
            writeln!(self.streams.out, "{}", serde_json::to_string(&line).map_err(std::io::Error::other)?)?;
        } else {
            let wrong = match wrong {
                Wrong::Bypasses => format!("does not resolve through {}", self.settings.mirror),
                Wrong::CannotBePulled(fault) => format!("cannot be pulled: {}", fault.name()),
            };
            let sign = if change.is_new { '+' } else { '-' };
            writeln!(self.streams.out, "{}", plain_line(&format!("{sign} {image} {wrong} ({owner})")))?;
        }
        // A change is of interest when it happens.
        self.streams.out.flush()
    }

    fn fails(&mut self, failure: &Failure) {
        let _ = writeln!(self.streams.err, "Warning: {}; watching goes on", failure.text);
    }
}

impl Args {
    /// Follows a cluster.
    pub(super) fn follow(
        &self,
        cluster: &mut Cluster,
        scope: Scope<'_>,
        against: Against<'_>,
        settings: &Settings,
        streams: &mut Streams<'_>,
    ) -> Result<Outcome, Problem> {
        if let Some(time) = self.timeout {
            cluster.set_time(time);
        }
        let mut writer = Writer { streams, settings, is_json: self.output.is_json()? };
        match watch(cluster, scope, against, self.until_clean, &mut writer) {
            Stopped::Clean => Ok(Outcome::Clean),
            Stopped::TimeUp(0) if !self.until_clean => Ok(Outcome::Clean),
            Stopped::TimeUp(wrong) => {
                let what =
                    if wrong == 0 { "pods do not have their images yet".to_owned() } else { format!("{wrong} wrong") };
                let _ = writeln!(streams.err, "the time is up: {what}");
                Ok(Outcome::Findings)
            }
            Stopped::Failed(failure) => Err(Error::from(failure).into()),
            Stopped::Untold(error) => Err(error.into()),
        }
    }
}
