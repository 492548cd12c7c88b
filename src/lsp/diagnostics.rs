//! Problems as diagnostics of the protocol.

use super::documents::{Document, Documents};
use super::found::{Problem, ProblemLevel, Related};
use super::paths::uri_of;
use super::text::{Encoding, Text};
use crate::source::File;
use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    Message,
};
use std::collections::HashMap;
use std::sync::Arc;

/// What the client can show.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shows {
    /// Other places.
    pub(super) related: bool,
    /// That a text has no effect.
    pub(super) unneeded: bool,
    /// The page of a rule.
    pub(super) pages: bool,
}

/// The diagnostics of a document, in the order of its text.
pub(super) fn diagnostics(
    problems: &[Problem],
    document: &Document,
    documents: &Documents,
    encoding: Encoding,
    shows: Shows,
) -> Vec<Diagnostic> {
    let mut texts = Texts { documents, known: HashMap::new() };
    problems.iter().map(|problem| diagnostic(problem, document, &mut texts, encoding, shows)).collect()
}

/// A problem as a diagnostic.
fn diagnostic(
    problem: &Problem,
    document: &Document,
    texts: &mut Texts<'_>,
    encoding: Encoding,
    shows: Shows,
) -> Diagnostic {
    let page =
        |rule: &str| CodeDescription { href: format!("{}/rules.html#{rule}", env!("CARGO_PKG_HOMEPAGE")).into() };
    let related = problem.related.iter().filter_map(|one| information(one, texts, encoding));
    let related: Vec<DiagnosticRelatedInformation> = if shows.related { related.collect() } else { Vec::new() };
    Diagnostic {
        range: document.text.span(&problem.range, encoding),
        severity: Some(match problem.level {
            ProblemLevel::Error => DiagnosticSeverity::Error,
            ProblemLevel::Warning => DiagnosticSeverity::Warning,
            ProblemLevel::Information => DiagnosticSeverity::Information,
            ProblemLevel::Hint => DiagnosticSeverity::Hint,
        }),
        code: problem.rule.map(|rule| Code::String(rule.to_owned())),
        code_description: problem.rule.filter(|_| shows.pages).map(page),
        source: Some("airtight".to_owned()),
        message: Message::String(problem.message.clone()),
        tags: (problem.is_unneeded && shows.unneeded).then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: Some(related).filter(|related| !related.is_empty()),
        data: None,
    }
}

fn information(related: &Related, texts: &mut Texts<'_>, encoding: Encoding) -> Option<DiagnosticRelatedInformation> {
    let place = &related.place;
    let range = texts.of(&place.file).span(&(place.start as usize..place.end as usize), encoding);
    let open = texts.documents.at(&related.path).map(|document| document.uri.clone());
    let uri = open.or_else(|| uri_of(&related.path))?;
    Some(DiagnosticRelatedInformation { location: Location { uri, range }, message: related.label.clone() })
}

/// The lines of files, which are counted once.
struct Texts<'d> {
    documents: &'d Documents,
    known: HashMap<usize, Text>,
}

impl Texts<'_> {
    fn of(&mut self, file: &Arc<File>) -> &Text {
        self.known.entry(Arc::as_ptr(file) as usize).or_insert_with(|| Text::new(file.bytes()))
    }
}
