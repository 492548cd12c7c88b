//! [`Session`]: the state of the server, from `initialize` to `exit`. It takes messages and results, and collects what is to be sent
//! and asked; it neither reads, writes nor waits.

use super::actions::{FIX_ALL, Wanted, actions};
use super::diagnostics::{Shows, diagnostics};
use super::documents::{Documents, Open};
use super::found::{Found, Problem};
use super::message::{Incoming, Outgoing};
use super::paths::path_of;
use super::text::Encoding;
use super::{Asked, Changed, HoverText};
use gen_lsp_types::json_rpc::Id;
use gen_lsp_types::{
    CancelParams, ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionRequest,
    Diagnostic, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, ErrorCodes, FileChangeType,
    FileSystemWatcher, GlobPattern, Hover, HoverParams, HoverRequest, InitializeParams, InitializeRequest,
    InitializeResult, LogMessageNotification, LogMessageParams, MarkupContent, MarkupKind, MessageType, Position,
    PublishDiagnosticsNotification, PublishDiagnosticsParams, Range as Span, Registration, RegistrationParams,
    RegistrationRequest, SaveOptions, ServerCapabilities, ServerInfo, ShutdownRequest, TextDocumentSyncKind,
    TextDocumentSyncOptions, Uri, WorkspaceFolder, WorkspaceFolders, WorkspaceFoldersServerCapabilities,
    WorkspaceOptions,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What else than open documents the releases are made of. The content of a chart may be any file, but editors watch many.
const WATCHED: &str = "**/{*.{yaml,yml,tpl,txt,json,toml,lock,tgz},.helmignore}";

/// How far the protocol has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Before `initialize`.
    #[default]
    New,
    /// At work.
    Working,
    /// After `shutdown`.
    ShutDown,
}

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With `shutdown` and `exit`.
    Orderly,
    /// Without `shutdown`.
    Abrupt,
}

/// A question that takes time.
#[derive(Debug)]
pub(super) struct Question {
    /// Its number.
    pub(super) number: u64,
    /// What is open.
    pub(super) open: Open,
    /// The file that it is about.
    pub(super) path: PathBuf,
    /// The byte in its text.
    pub(super) at: usize,
}

/// Who waits for the answer to a question.
#[derive(Debug)]
struct Waiting {
    id: Id,
    uri: Uri,
    version: i32,
}

/// The diagnostics that the client has of a document.
#[derive(Debug, Default, PartialEq)]
struct Published {
    version: i32,
    diagnostics: Vec<Diagnostic>,
}

/// The state of the server.
#[derive(Debug, Default)]
pub(super) struct Session {
    stage: Stage,
    encoding: Encoding,
    shows: Shows,
    /// Whether edits have the versions of documents.
    versions: bool,
    /// Whether the client can watch files.
    watches: bool,
    folders: Vec<PathBuf>,
    documents: Documents,
    /// What changed since the last check that was completed; `None` if nothing did.
    changed: Option<Changed>,
    /// What changed since the running check began.
    since: Option<Changed>,
    /// Whether a check is to begin.
    is_due: bool,
    /// The problems, as long as they are those of the open texts.
    problems: BTreeMap<PathBuf, Vec<Problem>>,
    published: BTreeMap<String, Published>,
    said: BTreeSet<String>,
    waiting: BTreeMap<u64, Waiting>,
    next_question: u64,
    /// Messages to be sent.
    pub(super) out: Vec<Outgoing>,
    /// Questions to be asked.
    pub(super) questions: Vec<Question>,
    /// The folder in which the server is to work.
    pub(super) enters: Option<PathBuf>,
}

/// The parameters of a message.
fn read<P: DeserializeOwned>(params: Value) -> Result<P, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

impl Session {
    /// Takes a message; returns how the session ends, if it does.
    pub(super) fn receive(&mut self, message: Incoming) -> Option<End> {
        match message {
            Incoming::Request { id, method, params } => self.request(id, &method, params),
            Incoming::Notification { method, .. } if method == "exit" => {
                return Some(if self.stage == Stage::ShutDown { End::Orderly } else { End::Abrupt });
            }
            Incoming::Notification { method, params } if self.stage == Stage::Working => {
                if let Err(why) = self.notification(&method, params) {
                    self.log(MessageType::Error, format!("{method}: {why}"));
                }
            }
            Incoming::Notification { .. } | Incoming::Response => {}
            Incoming::Wrong(answer) => self.out.push(answer),
        }
        None
    }

    fn request(&mut self, id: Id, method: &str, params: Value) {
        let done = match (self.stage, method) {
            (Stage::New, "initialize") => read(params).map(|params| self.initialize(id.clone(), params)),
            (Stage::New, _) => {
                return self.refuse(id, ErrorCodes::ServerNotInitialized, "the first request is initialize");
            }
            (Stage::ShutDown, _) => return self.refuse(id, ErrorCodes::InvalidRequest, "the server was shut down"),
            (Stage::Working, "initialize") => {
                return self.refuse(id, ErrorCodes::InvalidRequest, "the server was initialized before");
            }
            (Stage::Working, "shutdown") => {
                self.stage = Stage::ShutDown;
                self.out.push(Outgoing::answer::<ShutdownRequest>(id.clone(), ()));
                Ok(())
            }
            (Stage::Working, "textDocument/hover") => read(params).map(|params| self.hover(id.clone(), &params)),
            (Stage::Working, "textDocument/codeAction") => {
                read(params).map(|params| self.code_actions(id.clone(), &params))
            }
            (Stage::Working, _) => {
                return self.refuse(id, ErrorCodes::MethodNotFound, &format!("{method} is not supported"));
            }
        };
        if let Err(why) = done {
            self.refuse(id, ErrorCodes::InvalidParams, &format!("{method}: {why}"));
        }
    }

    fn refuse(&mut self, id: Id, code: ErrorCodes, why: &str) {
        self.out.push(Outgoing::error(id, code, why));
    }

    fn initialize(&mut self, id: Id, params: InitializeParams) {
        self.stage = Stage::Working;
        let can = params.capabilities;
        let actions = self.learn(&can);
        #[expect(deprecated, reason = "clients send what was before workspaceFolders")]
        let root = params.root_uri;
        let listed = params.workspace_folders_initialize_params.workspace_folders;
        self.folders = match listed {
            Some(WorkspaceFolders::WorkspaceFolderList(folders)) if !folders.is_empty() => paths(&folders),
            _ => root.iter().filter_map(path_of).collect(),
        };
        self.enters = self.folders.first().cloned();
        let kinds = vec![CodeActionKind::QuickFix, CodeActionKind::Custom(FIX_ALL.into())];
        let actions = actions
            .then(|| CodeActionOptions { code_action_kinds: Some(kinds), ..CodeActionOptions::default() }.into());
        let sync = TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::Incremental),
            save: Some(SaveOptions { include_text: Some(false) }.into()),
            ..TextDocumentSyncOptions::default()
        };
        let folders =
            WorkspaceFoldersServerCapabilities { supported: Some(true), change_notifications: Some(true.into()) };
        let capabilities = ServerCapabilities {
            position_encoding: Some(self.encoding.kind()),
            text_document_sync: Some(sync.into()),
            hover_provider: Some(true.into()),
            code_action_provider: actions,
            workspace: Some(WorkspaceOptions { workspace_folders: Some(folders), ..WorkspaceOptions::default() }),
            ..ServerCapabilities::default()
        };
        let info =
            ServerInfo { name: env!("CARGO_PKG_NAME").to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
        let result = InitializeResult { capabilities, server_info: Some(info) };
        self.out.push(Outgoing::answer::<InitializeRequest>(id, result));
    }

    /// Notes what the client can do; returns whether it reads code actions.
    fn learn(&mut self, can: &ClientCapabilities) -> bool {
        let general = can.general.as_ref();
        self.encoding = Encoding::among(general.and_then(|general| general.position_encodings.as_deref()));
        let documents = can.text_document.as_ref();
        let publish = documents.and_then(|documents| documents.publish_diagnostics.as_ref());
        let publish = publish.map(|publish| &publish.diagnostics_capabilities);
        self.shows = Shows {
            related: publish.is_some_and(|publish| publish.related_information == Some(true)),
            unneeded: publish.is_some_and(|publish| publish.tag_support.is_some()),
            pages: publish.is_some_and(|publish| publish.code_description_support == Some(true)),
        };
        let workspace = can.workspace.as_ref();
        let edit = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        self.versions = edit.is_some_and(|edit| edit.document_changes == Some(true));
        let watches = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        self.watches = watches.is_some_and(|watches| watches.dynamic_registration == Some(true));
        let actions = documents.and_then(|documents| documents.code_action.as_ref());
        actions.is_some_and(|actions| actions.code_action_literal_support.is_some())
    }

    fn notification(&mut self, method: &str, params: Value) -> Result<(), String> {
        match method {
            "initialized" => self.watch(),
            "textDocument/didOpen" => {
                let document = read::<DidOpenTextDocumentParams>(params)?.text_document;
                let path = self.documents.open(document.uri, document.version, &document.text);
                self.change_files(path);
            }
            "textDocument/didChange" => {
                let DidChangeTextDocumentParams { text_document, content_changes } = read(params)?;
                let uri = &text_document.text_document_identifier.uri;
                let path = self.documents.change(uri, text_document.version, &content_changes, self.encoding);
                self.change_files(path);
            }
            "textDocument/didClose" => {
                let uri = read::<DidCloseTextDocumentParams>(params)?.text_document.uri;
                let document = self.documents.close(&uri);
                if self.published.remove(&uri.0).is_some_and(|published| !published.diagnostics.is_empty()) {
                    self.publish(uri, None, Vec::new());
                }
                self.change_files(document.and_then(|document| document.path));
            }
            "textDocument/didSave" => self.change(Changed::Everything),
            "workspace/didChangeWatchedFiles" => {
                let changes = read::<DidChangeWatchedFilesParams>(params)?.changes;
                // The text in the editor counts, whatever is written to the disk.
                let is_open = |uri: &Uri| path_of(uri).is_some_and(|path| self.documents.at(&path).is_some());
                let counts =
                    |change: &gen_lsp_types::FileEvent| change.kind != FileChangeType::Changed || !is_open(&change.uri);
                if changes.iter().any(counts) {
                    self.change(Changed::Everything);
                }
            }
            "workspace/didChangeWorkspaceFolders" => {
                let event = read::<DidChangeWorkspaceFoldersParams>(params)?.event;
                let (removed, added) = (paths(&event.removed), paths(&event.added));
                self.folders.retain(|folder| !removed.contains(folder));
                self.folders.extend(added);
                self.change(Changed::Everything);
            }
            "$/cancelRequest" => {
                let id = Id::from(read::<CancelParams>(params)?.id);
                let asked = self.waiting.iter().find(|(_, waiting)| waiting.id == id).map(|(number, _)| *number);
                if let Some(number) = asked {
                    self.waiting.remove(&number);
                    self.refuse(id, CANCELLED, "cancelled");
                }
            }
            // Everything else is for other servers.
            _ => {}
        }
        Ok(())
    }

    /// Asks the client to watch what releases are made of.
    fn watch(&mut self) {
        if !self.watches {
            return;
        }
        let watcher = FileSystemWatcher { glob_pattern: GlobPattern::Pattern(WATCHED.to_owned()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
        let registration = Registration {
            id: "watched-files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        let params = RegistrationParams { registrations: vec![registration] };
        self.out.push(Outgoing::request::<RegistrationRequest>("watch", params));
    }

    fn change_files(&mut self, path: Option<PathBuf>) {
        // A buffer without a file is part of nothing.
        if let Some(path) = path {
            self.change(Changed::Files(BTreeSet::from([path])));
        }
    }

    fn change(&mut self, changed: Changed) {
        Changed::add(&mut self.changed, changed.clone());
        Changed::add(&mut self.since, changed);
        self.is_due = true;
        self.problems.clear();
    }

    /// Whether a check should begin soon.
    pub(super) fn is_due(&self) -> bool {
        self.is_due
    }

    /// Begins a check.
    pub(super) fn begin(&mut self) -> Asked {
        (self.is_due, self.since) = (false, None);
        Asked { open: self.documents.seen(&self.folders), changed: self.changed.clone().unwrap_or(Changed::Everything) }
    }

    /// Takes the result of a check. It counts only if nothing changed in the meantime.
    pub(super) fn checked(&mut self, found: Found) {
        for text in found.said {
            if self.said.insert(text.clone()) {
                self.log(MessageType::Warning, text);
            }
        }
        if self.since.is_some() {
            return;
        }
        self.changed = None;
        self.problems = found.problems;
        let mut all = Vec::new();
        for document in self.documents.all() {
            let problems = document.path.as_ref().and_then(|path| self.problems.get(path));
            let known = self.published.get(&document.uri.0);
            let diagnostics = match problems {
                Some(problems) => diagnostics(problems, document, &self.documents, self.encoding, self.shows),
                // It belongs to no release, or not any more.
                None if known.is_none_or(|known| known.diagnostics.is_empty()) => continue,
                None => Vec::new(),
            };
            let published = Published { version: document.version, diagnostics };
            if known != Some(&published) {
                all.push((document.uri.clone(), published));
            }
        }
        for (uri, published) in all {
            self.publish(uri.clone(), Some(published.version), published.diagnostics.clone());
            self.published.insert(uri.0, published);
        }
    }

    fn publish(&mut self, uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        let params = PublishDiagnosticsParams { uri, version, diagnostics };
        self.out.push(Outgoing::notification::<PublishDiagnosticsNotification>(params));
    }

    fn hover(&mut self, id: Id, params: &HoverParams) {
        let asked = &params.text_document_position_params;
        let document = self.documents.get(&asked.text_document.uri);
        let Some((document, path)) = document.and_then(|document| Some((document, document.path.clone()?))) else {
            return self.out.push(Outgoing::answer::<HoverRequest>(id, None));
        };
        let at = document.text.byte(asked.position, self.encoding);
        let waiting = Waiting { id, uri: document.uri.clone(), version: document.version };
        let number = self.next_question;
        self.next_question += 1;
        self.waiting.insert(number, waiting);
        let open = self.documents.seen(&self.folders);
        self.questions.push(Question { number, open, path, at });
    }

    /// Takes the answer to a question.
    pub(super) fn answered(&mut self, number: u64, answer: Option<HoverText>) {
        let Some(Waiting { id, uri, version }) = self.waiting.remove(&number) else { return };
        let document = self.documents.get(&uri).filter(|document| document.version == version);
        let range = |range| document.map(|document| document.text.span(&range, self.encoding));
        let hover = answer.map(|HoverText { markdown, range: bytes }| Hover {
            contents: MarkupContent { kind: MarkupKind::Markdown, value: markdown }.into(),
            range: range(bytes),
        });
        self.out.push(Outgoing::answer::<HoverRequest>(id, hover));
    }

    fn code_actions(&mut self, id: Id, params: &CodeActionParams) {
        let mut found = Vec::new();
        if let Some(document) = self.documents.get(&params.text_document.uri) {
            let problems = document.path.as_ref().and_then(|path| self.problems.get(path));
            let published = self.published.get(&document.uri.0);
            let diagnostics = published.map(|published| published.diagnostics.as_slice()).unwrap_or_default();
            let problems: Vec<_> = problems.into_iter().flatten().zip(diagnostics).collect();
            // Somebody asks about a line, wherever in it the cursor is.
            let (start, end) = (params.range.start.line, params.range.end.line);
            let lines = Span {
                start: Position { line: start, character: 0 },
                end: Position { line: end, character: u32::MAX },
            };
            let wanted = Wanted {
                only: params.context.only.as_deref(),
                range: document.text.bytes_of(&lines, self.encoding),
                encoding: self.encoding,
                versions: self.versions,
            };
            found = actions(&problems, document, &self.documents, &wanted);
        }
        self.out.push(Outgoing::answer::<CodeActionRequest>(id, Some(found)));
    }

    /// Says something in the log of the editor.
    pub(super) fn log(&mut self, kind: MessageType, message: String) {
        let params = LogMessageParams { kind, message };
        self.out.push(Outgoing::notification::<LogMessageNotification>(params));
    }
}

/// The error of a request that the client takes back.
const CANCELLED: ErrorCodes = ErrorCodes::Custom(-32800);

fn paths(folders: &[WorkspaceFolder]) -> Vec<PathBuf> {
    folders.iter().filter_map(|folder| path_of(&folder.uri)).collect()
}

#[cfg(test)]
mod tests {
    use super::{End, Session};
    use crate::lsp::Changed;
    use crate::lsp::HoverText;
    use crate::lsp::found::{Found, Problem, ProblemLevel};
    use crate::lsp::message::Incoming;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    const FILE: &str = if cfg!(windows) { "c:/no-such-folder/a.yaml" } else { "/no-such-folder/a.yaml" };

    fn uri() -> String {
        format!("file:///{}", FILE.trim_start_matches('/'))
    }

    fn receive(session: &mut Session, mut message: Value) -> Option<End> {
        message["jsonrpc"] = "2.0".into();
        session.receive(Incoming::of(message.to_string().as_bytes()))
    }

    /// What was sent since the last call.
    fn sent(session: &mut Session) -> Vec<Value> {
        let texts = session.out.drain(..).map(|message| message.content().to_owned());
        texts.map(|text| serde_json::from_str(&text).expect("it is JSON")).collect()
    }

    /// A session with an open file.
    fn open() -> Session {
        let mut session = Session::default();
        let params = json!({"processId": null, "rootUri": null, "capabilities": {}});
        receive(&mut session, json!({"id": 1, "method": "initialize", "params": params}));
        let document = json!({"uri": uri(), "languageId": "yaml", "version": 1, "text": "a: 1\n"});
        receive(&mut session, json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
        assert_eq!(sent(&mut session).len(), 1);
        session
    }

    fn change(session: &mut Session, version: u32, text: &str) {
        let document = json!({"uri": uri(), "version": version});
        let params = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        receive(session, json!({"method": "textDocument/didChange", "params": params}));
    }

    fn found() -> Found {
        let problem = Problem {
            range: 0..1,
            level: ProblemLevel::Warning,
            rule: None,
            message: "x".to_owned(),
            related: Vec::new(),
            is_unneeded: false,
            fixes: Vec::new(),
            suppression: None,
        };
        Found { problems: BTreeMap::from([(PathBuf::from(FILE), vec![problem])]), said: vec!["once".to_owned()] }
    }

    #[test]
    fn a_result_for_another_text_is_not_published() {
        let mut session = open();
        assert!(session.is_due());
        let asked = session.begin();
        assert_eq!(&*asked.open.files[Path::new(FILE)], b"a: 1\n");
        assert!(!session.is_due());
        change(&mut session, 2, "b: 1\n");
        session.checked(found());
        // What is said holds for any text, and is said once.
        assert_eq!(sent(&mut session).len(), 1);
        assert!(session.is_due());
        let asked = session.begin();
        assert_eq!(asked.changed, Changed::Files([PathBuf::from(FILE)].into()));
        session.checked(found());
        let published = sent(&mut session);
        assert_eq!(published.len(), 1);
        assert_eq!(published[0]["params"]["version"], 2);
        assert_eq!(published[0]["params"]["diagnostics"][0]["severity"], 2);
        // The same result again says nothing new.
        receive(&mut session, json!({"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri()}}}));
        assert_eq!(session.begin().changed, Changed::Everything);
        session.checked(found());
        assert!(sent(&mut session).is_empty());
    }

    #[test]
    fn a_request_is_answered_once() {
        let mut session = open();
        let position = json!({"line": 0, "character": 0});
        let params = json!({"textDocument": {"uri": uri()}, "position": position});
        for id in [2, 3] {
            receive(&mut session, json!({"id": id, "method": "textDocument/hover", "params": params}));
        }
        let numbers: Vec<u64> = session.questions.iter().map(|question| question.number).collect();
        receive(&mut session, json!({"method": "$/cancelRequest", "params": {"id": 2}}));
        for number in numbers {
            session.answered(number, Some(HoverText { markdown: "x".to_owned(), range: 0..1 }));
        }
        let answers = sent(&mut session);
        assert_eq!(answers.len(), 2);
        assert_eq!((&answers[0]["id"], &answers[0]["error"]["code"]), (&json!(2), &json!(-32800)));
        assert_eq!((&answers[1]["id"], &answers[1]["result"]["range"]["end"]["character"]), (&json!(3), &json!(1)));
    }

    #[test]
    fn the_disk_counts_only_where_the_editor_has_no_text() {
        let mut session = open();
        session.begin();
        let watched = |session: &mut Session, uri: &str, kind: u32| {
            let params = json!({"changes": [{"uri": uri, "type": kind}]});
            receive(session, json!({"method": "workspace/didChangeWatchedFiles", "params": params}));
            session.is_due()
        };
        assert!(!watched(&mut session, &uri(), 2));
        assert!(watched(&mut session, &uri(), 3));
        session.begin();
        assert!(watched(&mut session, &format!("{}.other", uri()), 2));
    }

    #[test]
    fn any_message_is_survived_and_every_request_answered() {
        let position = json!({"line": 0, "character": 4_000_000_000_u32});
        let at = json!({"textDocument": {"uri": uri()}, "position": position});
        let range = json!({"start": position, "end": {"line": 9, "character": 0}});
        let change = json!({"range": range, "text": "é😀\r\n"});
        let version = json!({"uri": uri(), "version": 2});
        let context = json!({"diagnostics": [], "only": ["quickfix"]});
        let seeds = [
            json!({"id": 1, "method": "textDocument/hover", "params": at}),
            json!({"method": "textDocument/didChange", "params": {"textDocument": version, "contentChanges": [change]}}),
            json!({"id": "a", "method": "textDocument/codeAction", "params": {"textDocument": {"uri": uri()}, "range": range, "context": context}}),
            json!({"method": "workspace/didChangeWorkspaceFolders", "params": {"event": {"added": [{"uri": uri(), "name": ""}], "removed": []}}}),
            json!({"method": "textDocument/didClose", "params": {"textDocument": {"uri": uri()}}}),
            json!({"method": "$/cancelRequest", "params": {"id": 1}}),
            json!({"id": 1, "result": null}),
        ];
        // Each part of each message in turn is replaced by something else.
        let others = [json!(null), json!(-1), json!(1e300), json!("file:///%"), json!([]), json!({}), json!(true)];
        for seed in &seeds {
            let mut seed = seed.clone();
            seed["jsonrpc"] = "2.0".into();
            let mut places = vec![String::new()];
            let mut next = 0;
            while let Some(place) = places.get(next).cloned() {
                next += 1;
                match seed.pointer(&place) {
                    Some(Value::Object(members)) => places.extend(members.keys().map(|key| format!("{place}/{key}"))),
                    Some(Value::Array(items)) => {
                        places.extend((0..items.len()).map(|index| format!("{place}/{index}")))
                    }
                    _ => {}
                }
            }
            for (place, other) in places.iter().flat_map(|place| others.iter().map(move |other| (place, other))) {
                let mut message = seed.clone();
                *message.pointer_mut(place).expect("it is there") = other.clone();
                let mut session = open();
                session.begin();
                session.checked(found());
                sent(&mut session);
                session.receive(Incoming::of(message.to_string().as_bytes()));
                for question in std::mem::take(&mut session.questions) {
                    session.answered(question.number, None);
                }
                let answers = sent(&mut session).into_iter().filter(|message| message.get("id").is_some()).count();
                let is_request = message.get("method").is_some() && message.get("id").is_some();
                // What is no message at all is answered, too.
                let is_message = !["", "/jsonrpc", "/method"].contains(&place.as_str());
                assert!(answers == usize::from(is_request) || !is_message, "{message}");
            }
        }
    }

    #[test]
    fn the_status_says_whether_the_server_was_shut_down() {
        let mut session = open();
        assert_eq!(receive(&mut session, json!({"method": "exit"})), Some(End::Abrupt));
        receive(&mut session, json!({"id": 9, "method": "shutdown"}));
        assert_eq!(receive(&mut session, json!({"method": "exit"})), Some(End::Orderly));
    }
}
