//! What an editor may change to resolve a finding: the user's own files, as `--fix` does, and comments in them.

use super::place::Placing;
use crate::finding::Finding;
use crate::fix::{FixTarget, Safety};
use crate::lsp::found::{OfferedFix, Suppressible};
use crate::rule_ids::{EXPIRED_SUPPRESSION, REWRITE_NOT_SET, SUPPRESSION_WITHOUT_REASON, UNUSED_SUPPRESSION};
use crate::source::File;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rules whose findings no comment beside a place accepts: they are about comments, or about something that is not there.
const NOT_BY_COMMENT: [&str; 4] =
    [EXPIRED_SUPPRESSION, REWRITE_NOT_SET, SUPPRESSION_WITHOUT_REASON, UNUSED_SUPPRESSION];

impl Placing<'_> {
    /// The fix of a finding, and the releases that read what it edits; `None` if it is about flags, or about files of others.
    pub(super) fn fix(
        &self,
        number: usize,
        whole: &Finding,
        shown: &Finding,
    ) -> Option<(OfferedFix, BTreeSet<String>)> {
        let (fix, title) = (whole.fix.as_ref()?, shown.fix.as_ref()?.title.as_str());
        let job = self.workspace.jobs.get(number)?;
        let edits = fix.edits.iter().map(|edit| match &edit.target {
            FixTarget::File { file, .. } => {
                let path = self.own_values(file)?;
                Some((path, edit.clone()))
            }
            FixTarget::Flag(_) | FixTarget::Overlay => None,
        });
        let edits = edits.collect::<Option<Vec<_>>>()?;
        let patches =
            fix.patches.iter().map(|patch| Some((self.own_template(number, &patch.place.file)?, patch.clone())));
        let patches = patches.collect::<Option<Vec<_>>>()?;
        if edits.is_empty() && patches.is_empty() {
            return None;
        }
        let readers = self.workspace.inputs.iter().zip(&self.workspace.jobs);
        let touched: BTreeSet<&PathBuf> =
            edits.iter().map(|(path, _)| path).chain(patches.iter().map(|(path, _)| path)).collect();
        let readers = readers.filter(|(inputs, _)| touched.iter().any(|path| inputs.hold(path)));
        let readers = readers.map(|(_, job)| job.full_name()).collect();
        let is_safe = fix.safety == Safety::Safe && patches.is_empty();
        let doubt = match (is_safe, patches.is_empty()) {
            (true, _) => "",
            (false, true) => " [unsafe]",
            (false, false) => " [in the template]",
        };
        let offered = OfferedFix {
            title: format!("{title}{doubt}"),
            is_safe,
            edits,
            patches,
            helm: job.flags.env().helm,
            limits: job.flags.limits().ok()?,
        };
        Some((offered, readers))
    }

    /// Where a comment would accept a finding that is shown at one of its places.
    pub(super) fn suppression(
        &self,
        number: usize,
        finding: &Finding,
        (index, path): (usize, &Path),
    ) -> Option<Suppressible> {
        let place = finding.excerpts.get(index).map(|excerpt| &excerpt.place)?;
        if finding.is_unseen()
            || NOT_BY_COMMENT.contains(&finding.rule)
            || self.path_of(&place.file).as_deref() != Some(path)
        {
            return None;
        }
        let in_template = self.own_template(number, &place.file).is_some();
        // A comment in values is about the place that decides.
        let counts = in_template || index == 0 && self.own_values(&place.file).is_some();
        counts.then(|| Suppressible { rule: finding.rule, place: place.clone(), in_template })
    }

    /// The real path of a values file of the user's own, which may be written.
    fn own_values(&self, file: &File) -> Option<PathBuf> {
        let path = self.path_of(file)?;
        let named = Path::new(file.path().unwrap_or(file.name()));
        self.is_own(named, true).then_some(path)
    }

    /// The real path of a template of the user's own chart.
    fn own_template(&self, number: usize, file: &File) -> Option<PathBuf> {
        let path = self.path_of(file).filter(|_| file.name().contains("/templates/"))?;
        let chart = &self.workspace.jobs.get(number)?.chart;
        let named = Path::new(file.path()?);
        (self.is_own(named, false) && self.workspace.store.is_own_folder(chart)).then_some(path)
    }

    /// Whether a file is the user's own and may be written; the disk is asked once.
    fn is_own(&self, named: &Path, is_values: bool) -> bool {
        let store = &self.workspace.store;
        let ask = || {
            let holds = if is_values { store.own.holds_values(named) } else { store.own.holds(named) };
            holds && self.workspace.reach().check_output(named).is_ok()
        };
        *self.own.borrow_mut().entry((named.to_path_buf(), is_values)).or_insert_with(ask)
    }
}
