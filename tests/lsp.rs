//! `testdata/lsp/NAME/`: a session of an editor with `airtight lsp`, in a scratch folder with the `files` of the case.
//!
//! `session.txt` has the steps (`> `), each followed by the messages that the server sends for it (`< `, JSON), in their order, and at the
//! end the exit status and stderr (`= `). `UPDATE=1` writes what the server sends into the places that begin with `<`, `|` and `=`: the
//! number of messages is that of the session. Lines with `#` are comments.
//!
//! The steps: `initialize [ENCODING]…` (its answer is not shown), `open PATH`, `change PATH "OLD" => "NEW"` (a change of this part alone),
//! `save PATH`, `close PATH`, `hover PATH "TEXT"` and `actions PATH "TEXT" [KIND]` (where the text begins), `apply N` (makes the edits of
//! action N of the last answer in the documents, and sends them), `text PATH` (shows a document, `| `), `write PATH "TEXT"` (on the disk,
//! with a notification), `send JSON`, `raw "TEXT"`, `shutdown`, `exit`, `end` (stdin is closed).
//!
//! `@` is the URI of the scratch folder. What all messages have is left out, ranges are `LINE:COLUMN-LINE:COLUMN` from 0 as in the protocol,
//! and the diagnostics of an action, which must be among those that were published, are their codes.
//!
//! `docs/editors.md` shows parts of sessions: `<!-- testdata/lsp/NAME/session.txt: PART -->` before a block of text, where the part is the
//! first `problem` or the first `hover`.
#![expect(clippy::disallowed_methods, reason = "runs the program, and reads the cases")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a client that only tests have")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Only a server that hangs needs longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client that does what a script says.
struct Client {
    folder: PathBuf,
    program: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    documents: BTreeMap<String, Document>,
    encoding: String,
    next_id: u64,
    /// The last answer.
    answer: Value,
    /// The diagnostics of each document, by URI.
    published: BTreeMap<String, Value>,
}

struct Document {
    version: u64,
    text: String,
}

impl Client {
    fn start(folder: PathBuf, args: &[String]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_airtight"))
            .arg("lsp")
            .args(args)
            .current_dir(&folder)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(program.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if out.read_line(&mut line).unwrap() == 0 {
                        return;
                    }
                    if line == "\r\n" {
                        break;
                    }
                    length = line.trim_end().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
                }
                let mut content = vec![0; length];
                out.read_exact(&mut content).unwrap();
                if sender.send(serde_json::from_slice(&content).unwrap()).is_err() {
                    return;
                }
            }
        });
        let stdin = program.stdin.take();
        let (documents, encoding, answer) = (BTreeMap::new(), "utf-16".to_owned(), Value::Null);
        let published = BTreeMap::new();
        Self { folder, program, stdin, messages, documents, encoding, next_id: 0, answer, published }
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.folder.display())
    }

    fn raw(&mut self, bytes: &[u8]) {
        // The server may have ended already, which its status tells.
        let _ = self.stdin.as_mut().unwrap().write_all(bytes);
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn request(&mut self, method: &str, params: &Value) {
        self.next_id += 1;
        let mut message = json!({"id": self.next_id, "method": method});
        if !params.is_null() {
            message["params"] = params.clone();
        }
        self.send(message);
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(json!({"method": method, "params": params}));
    }

    /// The next message.
    fn next(&mut self, step: &str) -> Value {
        let message = self.messages.recv_timeout(PATIENCE);
        let message = message.unwrap_or_else(|error| panic!("nothing follows {step:?}: {error}"));
        assert_eq!(message["jsonrpc"], "2.0");
        if message.get("id").is_some() && message.get("method").is_none() {
            self.answer = message.clone();
        }
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap().to_owned();
            self.published.insert(uri, message["params"]["diagnostics"].clone());
        }
        message
    }

    /// A message as it is recorded.
    fn shown(&self, mut message: Value) -> String {
        message.as_object_mut().unwrap().remove("jsonrpc");
        for action in message.get_mut("result").and_then(Value::as_array_mut).into_iter().flatten() {
            for diagnostic in action.get_mut("diagnostics").and_then(Value::as_array_mut).into_iter().flatten() {
                let is_it = |known: &Value| known.as_array().is_some_and(|known| known.contains(diagnostic));
                assert!(self.published.values().any(is_it), "{diagnostic} was not published");
                *diagnostic = diagnostic["code"].clone();
            }
        }
        short(&mut message);
        let text = serde_json::to_string_pretty(&message).unwrap().replace(&self.uri(""), "@/");
        let text =
            text.replace(&*self.folder.to_string_lossy(), "<folder>").replace(env!("CARGO_PKG_HOMEPAGE"), "<site>");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "<version>");
        format!("< {}", text.replace('\n', "\n  "))
    }

    /// The position of a byte of a document.
    fn position(&self, path: &str, at: usize) -> Value {
        let before = &self.documents[path].text[..at];
        let line = before.matches('\n').count();
        let column = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
        let character = match self.encoding.as_str() {
            "utf-8" => column.len(),
            "utf-32" => column.chars().count(),
            _ => column.encode_utf16().count(),
        };
        json!({"line": line, "character": character})
    }

    /// The byte at a position of a document.
    fn byte(&self, path: &str, position: &Value) -> usize {
        let text = &self.documents[path].text;
        let all = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let found = all.into_iter().find(|&at| self.position(path, at) == *position);
        found.unwrap_or_else(|| panic!("{path} has no position {position}"))
    }

    fn at(&self, path: &str, part: &str) -> usize {
        let text = &self.documents[path].text;
        text.find(part).unwrap_or_else(|| panic!("{path} has no {part:?}"))
    }

    /// Sends the text of a document after a change.
    fn changed(&mut self, path: &str, text: String, change: &Value) {
        let document = self.documents.get_mut(path).unwrap();
        document.version += 1;
        document.text = text;
        let version = document.version;
        let document = json!({"uri": self.uri(path), "version": version});
        self.notify("textDocument/didChange", &json!({"textDocument": document, "contentChanges": [change]}));
    }

    fn step(&mut self, step: &str) {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        let quoted = |text: &str| -> Vec<String> {
            let values = serde_json::Deserializer::from_str(text).into_iter::<String>();
            values.map(|value| value.unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
        };
        let (path, quotes) = rest.split_once(' ').unwrap_or((rest, ""));
        let identifier = json!({"uri": self.uri(path)});
        match verb {
            "initialize" => {
                let offered: Vec<&str> = rest.split_whitespace().collect();
                let capabilities = json!({
                    "general": {"positionEncodings": offered},
                    "textDocument": {
                        "publishDiagnostics": {"relatedInformation": true, "tagSupport": {"valueSet": [1, 2]}},
                        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
                    },
                    "workspace": {"workspaceEdit": {"documentChanges": true}},
                });
                let root = json!([{"uri": self.uri("").trim_end_matches('/'), "name": "x"}]);
                let params =
                    json!({"processId": null, "rootUri": null, "workspaceFolders": root, "capabilities": capabilities});
                self.request("initialize", &params);
                let answer = self.next(step);
                self.encoding = answer["result"]["capabilities"]["positionEncoding"].as_str().unwrap().to_owned();
                self.notify("initialized", &json!({}));
            }
            "open" => {
                let text = std::fs::read_to_string(self.folder.join(path)).unwrap();
                let document = json!({"uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text});
                self.documents.insert(path.to_owned(), Document { version: 1, text });
                self.notify("textDocument/didOpen", &json!({"textDocument": document}));
            }
            "change" => {
                let (old, new) = quotes.split_once(" => ").unwrap();
                let (old, new) = (quoted(old).remove(0), quoted(new).remove(0));
                let start = self.at(path, &old);
                let end = start + old.len();
                let range = json!({"start": self.position(path, start), "end": self.position(path, end)});
                let mut text = self.documents[path].text.clone();
                text.replace_range(start..end, &new);
                self.changed(path, text, &json!({"range": range, "text": new}));
            }
            "save" => self.notify("textDocument/didSave", &json!({"textDocument": identifier})),
            "close" => {
                self.documents.remove(path);
                self.notify("textDocument/didClose", &json!({"textDocument": identifier}));
            }
            "hover" => {
                let position = self.position(path, self.at(path, &quoted(quotes)[0]));
                self.request("textDocument/hover", &json!({"textDocument": identifier, "position": position}));
            }
            "actions" => {
                let (part, kind) = quotes
                    .rsplit_once("\" ")
                    .map_or((quotes.to_owned(), None), |(part, kind)| (format!("{part}\""), Some(kind)));
                let position = self.position(path, self.at(path, &quoted(&part)[0]));
                let mut context = json!({"diagnostics": []});
                if let Some(kind) = kind {
                    context["only"] = json!([kind]);
                }
                let range = json!({"start": position, "end": position});
                let params = json!({"textDocument": identifier, "range": range, "context": context});
                self.request("textDocument/codeAction", &params);
            }
            "apply" => self.apply(path.parse().unwrap()),
            "write" => {
                std::fs::write(self.folder.join(path), &quoted(quotes)[0]).unwrap();
                let changes = json!([{"uri": self.uri(path), "type": 2}]);
                self.notify("workspace/didChangeWatchedFiles", &json!({"changes": changes}));
            }
            "send" => {
                let text = rest
                    .replace("@/", &self.uri(""))
                    .replace("@\"", &format!("{}\"", self.uri("").trim_end_matches('/')));
                self.send(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}")));
            }
            "raw" => self.raw(quoted(rest)[0].as_bytes()),
            "shutdown" => self.request("shutdown", &Value::Null),
            "exit" => self.notify("exit", &Value::Null),
            "end" => self.stdin = None,
            "text" => {}
            _ => panic!("unknown step {step:?}"),
        }
    }

    /// Makes the edits of an action as an editor does, and sends the texts.
    fn apply(&mut self, number: usize) {
        let edit = self.answer["result"][number]["edit"].clone();
        for change in
            edit["documentChanges"].as_array().unwrap_or_else(|| panic!("no action {number}: {}", self.answer))
        {
            let uri = change["textDocument"]["uri"].as_str().unwrap();
            let path = uri.strip_prefix(&self.uri("")).unwrap().to_owned();
            assert_eq!(change["textDocument"]["version"], self.documents[&path].version, "{path}");
            let edits = change["edits"].as_array().unwrap();
            let range =
                |edit: &Value| self.byte(&path, &edit["range"]["start"])..self.byte(&path, &edit["range"]["end"]);
            let mut edits: Vec<_> = edits.iter().map(|edit| (range(edit), edit["newText"].as_str().unwrap())).collect();
            edits.sort_by_key(|(range, _)| range.start);
            let mut text = self.documents[&path].text.clone();
            for (range, new) in edits.into_iter().rev() {
                text.replace_range(range, new);
            }
            self.changed(&path, text.clone(), &json!({"text": text}));
        }
    }

    /// The exit status and stderr.
    fn end(mut self) -> String {
        self.stdin = None;
        let mut told = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        let status = self.program.wait().unwrap().code().unwrap_or(-1);
        // Nothing was sent that the session does not have.
        let more: Vec<Value> = self.messages.iter().collect();
        assert!(more.is_empty(), "the session does not have {more:#?}");
        let lines =
            told.lines().map(|line| format!("= {}\n", line.replace(&*self.folder.to_string_lossy(), "<folder>")));
        format!("= status {status}\n{}", lines.collect::<String>())
    }
}

/// Writes ranges in short.
fn short(value: &mut Value) {
    let position = |value: &Value| Some(format!("{}:{}", value["line"].as_u64()?, value["character"].as_u64()?));
    if let (Some(start), Some(end)) = (position(&value["start"]), position(&value["end"])) {
        *value = format!("{start}-{end}").into();
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(short),
        Value::Object(members) => members.values_mut().for_each(short),
        _ => {}
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// The session as it went.
fn session(case: &Path, script: &str) -> String {
    let scratch = tempfile::tempdir().unwrap();
    copy(&case.join("files"), scratch.path());
    let args = script.lines().find_map(|line| line.strip_prefix("# airtight lsp ")).unwrap_or_default();
    let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
    let mut client = Client::start(scratch.path().canonicalize().unwrap(), &args);
    let (mut made, mut told, mut last) = (String::new(), String::new(), "");
    for line in script.lines() {
        // Shown if the session breaks off.
        println!("{}{line}", std::mem::take(&mut told));
        let before = made.len();
        match line.as_bytes().first() {
            Some(b'>') => {
                last = line[1..].trim();
                client.step(last);
                writeln!(made, "> {last}").unwrap();
                if let Some(path) = last.strip_prefix("text ") {
                    for line in client.documents[path].text.lines() {
                        writeln!(made, "{}", format!("| {line}").trim_end()).unwrap();
                    }
                }
            }
            Some(b'<') => {
                let message = client.next(last);
                writeln!(made, "{}", client.shown(message)).unwrap();
            }
            Some(b'=' | b'|' | b' ') => {}
            _ => writeln!(made, "{line}").unwrap(),
        }
        told = made[before..].to_owned();
    }
    made + &client.end()
}

#[test]
fn the_server_answers_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/lsp");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let path = case.join("session.txt");
        let recorded = std::fs::read_to_string(&path).unwrap();
        let made = match std::panic::catch_unwind(|| session(&case, &recorded)) {
            Ok(made) => made,
            Err(_) => {
                wrong.push(format!("{}: broke off", path.display()));
                continue;
            }
        };
        if made != recorded {
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, made).unwrap();
            } else {
                wrong.push(format!("{}:\n{made}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The messages of a recorded session.
fn messages(session: &str) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    let mut is_message = false;
    for line in session.lines() {
        match line.strip_prefix("< ") {
            Some(begin) => texts.push(begin.to_owned()),
            None if line.starts_with(' ') && is_message => texts.last_mut().unwrap().push_str(line),
            None => {}
        }
        is_message = line.starts_with(['<', ' ']);
    }
    texts.iter().map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
}

#[test]
fn the_page_shows_what_the_server_sends() {
    const MARK: &str = "<!-- testdata/lsp/";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/editors.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (mut made, mut rest) = (String::new(), page.as_str());
    while let Some((before, after)) = rest.split_once(MARK) {
        let (name, block) = after.split_once(" -->\n").unwrap();
        let (file, part) = name.split_once(": ").unwrap();
        let (fence, block) = block.split_once('\n').unwrap();
        let (_, after) = block.split_once("\n```\n").unwrap();
        let session = std::fs::read_to_string(root.join("testdata/lsp").join(file)).unwrap();
        let said = messages(&session).into_iter().find_map(|message| {
            let text = match part {
                "problem" => &message["params"]["diagnostics"][0]["message"],
                "hover" => &message["result"]["contents"]["value"],
                _ => panic!("unknown part {part:?}"),
            };
            text.as_str().map(str::to_owned)
        });
        let said = said.unwrap_or_else(|| panic!("{file} has no {part}"));
        made.extend([before, MARK, name, " -->\n", fence, "\n", &said, "\n```\n"]);
        rest = after;
    }
    made += rest;
    assert!(page.contains(MARK));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, made).unwrap();
    } else {
        assert_eq!(made, page, "docs/editors.md is out of date (just bless)");
    }
}
