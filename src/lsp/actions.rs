//! Code actions: fixes, comments that accept findings, and all safe fixes of a file at once.

use super::changes::{FileChange, of_fix, of_fixes, of_suppression};
use super::documents::{Document, Documents};
use super::found::{OfferedFix, Problem};
use super::paths::uri_of;
use super::text::{Encoding, Text};
use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionResponse, Diagnostic, Edit, OptionalVersionedTextDocumentIdentifier,
    TextDocumentEdit, TextDocumentIdentifier, TextEdit, WorkspaceEdit,
};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;

/// The kind of the action that makes all safe fixes of a file: editors can run it when a file is saved.
pub(super) const FIX_ALL: &str = "source.fixAll.airtight";

/// What a client asks for, and how it reads the answer.
pub(super) struct Wanted<'w> {
    /// The kinds; all if `None`.
    pub(super) only: Option<&'w [CodeActionKind]>,
    /// The bytes of the document.
    pub(super) range: Range<usize>,
    /// What a column counts.
    pub(super) encoding: Encoding,
    /// Whether the client reads edits with the versions of documents.
    pub(super) versions: bool,
}

impl Wanted<'_> {
    /// Whether a kind is asked for: `source` includes `source.fixAll`, and that `source.fixAll.airtight`.
    fn wants(&self, kind: &str) -> bool {
        let includes = |wanted: &CodeActionKind| {
            let wanted = name(wanted);
            let rest = kind.strip_prefix(wanted.as_str());
            wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.only.is_none_or(|only| only.iter().any(includes))
    }
}

fn name(kind: &CodeActionKind) -> String {
    // A kind is its name in JSON.
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The actions for a range of a document, whose problems and their diagnostics are given.
pub(super) fn actions(
    problems: &[(&Problem, &Diagnostic)],
    document: &Document,
    documents: &Documents,
    wanted: &Wanted<'_>,
) -> Vec<CodeActionResponse> {
    let Some(path) = document.path.as_deref() else { return Vec::new() };
    let mut actions = Vec::new();
    if wanted.wants("quickfix") {
        let meets = |range: &Range<usize>| range.start <= wanted.range.end && wanted.range.start <= range.end;
        let there: Vec<_> = problems.iter().filter(|(problem, _)| meets(&problem.range)).collect();
        let mut known = BTreeSet::new();
        for (problem, _) in &there {
            for fix in problem.fixes.iter().filter(|fix| known.insert(fix.key())) {
                let resolves =
                    |(other, _): &&&(&Problem, &Diagnostic)| other.fixes.iter().any(|one| one.key() == fix.key());
                let resolved = there.iter().filter(resolves).map(|(_, diagnostic)| (*diagnostic).clone()).collect();
                let changes = of_fix(fix);
                let edit = changes.and_then(|changes| workspace_edit(&changes, documents, wanted));
                actions.extend(edit.map(|edit| quick_fix(fix.title.clone(), fix.is_safe, resolved, edit)));
            }
        }
        for (problem, diagnostic) in &there {
            let Some(what) = &problem.suppression else { continue };
            let change = of_suppression(what, path);
            let edit = change.and_then(|change| workspace_edit(&[change], documents, wanted));
            let title = format!("suppress {} here with a comment (write its reason)", what.rule);
            actions.extend(edit.map(|edit| quick_fix(title, false, vec![(*diagnostic).clone()], edit)));
        }
    }
    if wanted.wants(FIX_ALL) {
        let safe: Vec<&OfferedFix> =
            problems.iter().flat_map(|(problem, _)| &problem.fixes).filter(|fix| fix.is_safe).collect();
        let edit = of_fixes(&safe, path).and_then(|change| workspace_edit(&[change], documents, wanted));
        actions.extend(edit.map(|edit| CodeAction {
            title: "apply all safe fixes of airtight in this file".to_owned(),
            kind: Some(CodeActionKind::Custom(FIX_ALL.into())),
            edit: Some(edit),
            ..CodeAction::default()
        }));
    }
    actions.into_iter().map(CodeActionResponse::CodeAction).collect()
}

fn quick_fix(title: String, is_preferred: bool, diagnostics: Vec<Diagnostic>, edit: WorkspaceEdit) -> CodeAction {
    CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(diagnostics),
        is_preferred: is_preferred.then_some(true),
        edit: Some(edit),
        ..CodeAction::default()
    }
}

/// Changes of files as an edit of the workspace; `None` if a document has another text by now.
fn workspace_edit(changes: &[FileChange], documents: &Documents, wanted: &Wanted<'_>) -> Option<WorkspaceEdit> {
    let mut made = Vec::new();
    for FileChange { path, before, edits } in changes {
        let open = documents.at(Path::new(path));
        if open.is_some_and(|document| **document.text.bytes() != *before.bytes()) {
            return None;
        }
        let text = Text::new(before.bytes());
        let uri = open.map(|document| document.uri.clone()).or_else(|| uri_of(path))?;
        let edit = |(range, text_of): &(Range<usize>, String)| TextEdit {
            range: text.span(range, wanted.encoding),
            new_text: text_of.clone(),
        };
        made.push((uri, open.map(|document| document.version), edits.iter().map(edit).collect::<Vec<_>>()));
    }
    if !wanted.versions {
        let changes: HashMap<_, _> = made.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
        return Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() });
    }
    let documents = made.into_iter().map(|(uri, version, edits)| TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier {
            version,
            text_document_identifier: TextDocumentIdentifier { uri },
        },
        edits: edits.into_iter().map(Edit::TextEdit).collect(),
    });
    let changes = documents.map(Into::into).collect();
    Some(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() })
}
