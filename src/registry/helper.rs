//! Credential helpers: programs that the user's own credential files name, such as `docker-credential-pass`.
//!
//! The protocol is docker's: `get`, the server's name as input, and a JSON object as output. A helper that does not answer in time is
//! ended.

use serde::Deserialize;
use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// The longest output that is read, in bytes.
const OUTPUT: u64 = 1 << 20;

/// How often a helper that has closed its output is asked whether it has ended.
const MOMENT: Duration = Duration::from_millis(10);

/// What a helper says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A user and a secret.
    Login { user: String, secret: String },
    /// It has none.
    Nothing,
}

/// Why a helper said nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It cannot be started.
    Start,
    /// It did not answer in time, and was ended.
    Slow,
    /// It ended with an error.
    Error,
    /// Its answer is not one.
    Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The program of a helper; `None` if its name is not one.
pub(super) fn program(helper: &str) -> Option<String> {
    let is_name =
        !helper.is_empty() && helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_name.then(|| format!("docker-credential-{helper}"))
}

/// Asks a helper for the login to a server.
///
/// # Errors
/// It has no answer. Its output may contain secrets, so nothing of it is in the error.
pub(super) async fn ask(program: &str, server: &str, patience: Duration) -> Result<Said, Failure> {
    let mut child = start(program).map_err(|_| Failure::Start)?;
    let answered = timeout(patience, answer_of(&mut child, server)).await;
    if answered.is_err() {
        // It may have ended just now.
        let _ = child.kill();
        let _ = child.wait();
    }
    answered.unwrap_or(Err(Failure::Slow))
}

#[expect(clippy::disallowed_methods, reason = "only a helper that the user's own credential file names is started")]
fn start(program: &str) -> std::io::Result<Child> {
    Command::new(program).arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

async fn answer_of(child: &mut Child, server: &str) -> Result<Said, Failure> {
    if let Some(mut input) = child.stdin.take() {
        // Whether it reads its input shows in its answer. A name fits into a pipe.
        let _ = input.write_all(server.as_bytes());
    }
    let output = read(child.stdout.take());
    let errors = read(child.stderr.take());
    let (output, errors) = (output.await.unwrap_or_default(), errors.await.unwrap_or_default());
    let status = loop {
        match child.try_wait() {
            Ok(None) => sleep(MOMENT).await,
            Ok(Some(status)) => break status,
            Err(_) => return Err(Failure::Error),
        }
    };
    if !status.success() {
        let is_unknown =
            [output, errors].iter().any(|text| String::from_utf8_lossy(text).contains("credentials not found"));
        return if is_unknown { Ok(Said::Nothing) } else { Err(Failure::Error) };
    }
    let answer: Answer = serde_json::from_slice(&output).map_err(|_| Failure::Answer)?;
    Ok(match answer.username.is_empty() && answer.secret.is_empty() {
        true => Said::Nothing,
        false => Said::Login { user: answer.username, secret: answer.secret },
    })
}

/// Reads an output, in a thread that nobody waits for: what a helper has started may keep it open.
fn read(stream: Option<impl Read + Send + 'static>) -> oneshot::Receiver<Vec<u8>> {
    let (sender, receiver) = oneshot::channel();
    if let Some(stream) = stream {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stream.take(OUTPUT).read_to_end(&mut text);
            let _ = sender.send(text);
        });
    }
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "programs of the test")]
    fn helpers_are_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let asked = |script: &str, patience: u64| {
            let path = folder.path().join("helper");
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file can be written");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");
            let program = path.display().to_string();
            // Another test may start a program while the script is open for writing.
            loop {
                match runtime.block_on(ask(&program, "m.internal", Duration::from_millis(patience))) {
                    Err(Failure::Start) => std::thread::sleep(MOMENT),
                    said => return said,
                }
            }
        };
        let login = |user: &str, secret: &str| Ok(Said::Login { user: user.to_owned(), secret: secret.to_owned() });
        let echo = r#"read server; echo "{\"ServerURL\": \"$server\", \"Username\": \"$1\", \"Secret\": \"$server\"}""#;
        assert_eq!(asked(echo, 60_000), login("get", "m.internal"));
        assert_eq!(asked("echo 'credentials not found in native keychain'; exit 1", 60_000), Ok(Said::Nothing));
        assert_eq!(asked("echo '{\"Username\": \"\", \"Secret\": \"\"}'", 60_000), Ok(Said::Nothing));
        assert_eq!(asked("echo locked; exit 1", 60_000), Err(Failure::Error));
        assert_eq!(asked("echo hello", 60_000), Err(Failure::Answer));
        // It hangs, itself or in a program that it started; and with its output closed.
        for script in ["exec sleep 1000", "sleep 30; echo late", "exec >&- 2>&-; exec sleep 1000"] {
            assert_eq!(asked(script, 200), Err(Failure::Slow), "{script}");
        }
        let missing = folder.path().join("missing").display().to_string();
        let said = runtime.block_on(ask(&missing, "m.internal", Duration::from_secs(60)));
        assert_eq!(said, Err(Failure::Start));
        for (name, expected) in [("pass", true), ("ecr-login", true), ("../x", false), ("", false), ("a b", false)] {
            assert_eq!(program(name).is_some(), expected, "{name}");
        }
    }
}
