//! Renderers of whole charts: helm as a process, and airtight.

use super::answer::{Answer, message};
use crate::cli::{Outcome, Streams, on_large_stack, run};
use std::path::Path;
use std::process::{Command, Stdio};

/// Helm, with limits for memory and time; the caller adds arguments.
pub(crate) fn command(helm: &Path, home: &Path) -> Command {
    // Some templates use all memory, or never end.
    let mut command = bounded("ulimit -v 4000000; exec timeout 30 \"$0\" \"$@\"", helm, home);
    command.stdin(Stdio::null());
    command
}

/// A Go program, started as `$0` of a shell script that limits it, without our environment.
#[expect(clippy::disallowed_methods, reason = "helm is what we are compared with")]
pub(crate) fn bounded(script: &str, program: &Path, home: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).arg(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
    // Short runs need no garbage collection.
    command.env("GOGC", "400");
    command
}

/// Helm's answer to the arguments of `template`.
pub(crate) fn helms(helm: &Path, home: &Path, args: &[String]) -> Result<Answer, String> {
    let mut command = command(helm, home);
    let result = command.arg("template").args(args).output();
    let result = result.map_err(|error| format!("{}: {error}", helm.display()))?;
    if result.status.success() {
        return Ok(Answer::Output(result.stdout));
    }
    Ok(Answer::Error(hintless(&message(&result.stderr))))
}

/// Airtight's answer to the arguments of `template`.
pub(crate) fn ours(args: &[String]) -> Answer {
    let mut all = vec!["airtight".to_owned(), "template".to_owned()];
    all.extend_from_slice(args);
    all.extend(["--time-zone".to_owned(), "UTC".to_owned()]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let outcome =
        on_large_stack(|| run(all, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    match outcome {
        Some(Outcome::Clean) => Answer::Output(out),
        Some(_) => Answer::Error(hintless(&message(&err))),
        None => Answer::Error("airtight panicked".to_owned()),
    }
}

/// A message without the hint that the helm command adds to those of its SDK.
fn hintless(message: &str) -> String {
    let hint = "\n\nUse --debug flag to render out invalid YAML";
    message.strip_suffix(hint).unwrap_or(message).trim_end().to_owned()
}
