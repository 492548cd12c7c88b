//! [`groups()`]: the findings of a report by what has to be changed: a value, a flag, a line of a template.

use super::Report;
use crate::finding::{Finding, Severity};
use crate::fix::ValueAction;
use crate::objects::ObjectName;
use crate::rule_ids;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Findings that one change resolves, or, where no change is known, that one location decides.
#[derive(Debug)]
pub(crate) struct Group<'r> {
    /// Its findings with their indexes in the report; the first is shown.
    pub(super) findings: Vec<(usize, &'r Finding)>,
    /// The finding that explains why its images do not follow the rewrite: their chart never reads the value.
    pub(super) cause: Option<(usize, &'r Finding)>,
    /// Whether the user's own lines have to be changed.
    pub(super) is_own: bool,
}

/// A reference in a group, and the objects that contain it with their containers or fields, in the order of the findings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GroupedImage<'r> {
    pub(super) reference: &'r str,
    pub(super) objects: Vec<(&'r ObjectName, Vec<&'r str>)>,
}

impl<'r> Group<'r> {
    /// The finding that is shown for all.
    pub(super) fn lead(&self) -> &'r Finding {
        self.findings[0].1
    }

    /// The most severe of its findings.
    pub(super) fn severity(&self) -> Severity {
        self.findings.iter().map(|(_, finding)| finding.severity).min().unwrap_or(Severity::Hint)
    }

    /// Whether the values of [`Report::overlay`] resolve all of its findings.
    pub(super) fn is_in_overlay(&self) -> bool {
        self.findings.iter().all(|(_, finding)| finding.fix.as_ref().is_some_and(|fix| !fix.overlay.is_empty()))
    }

    /// Its references.
    ///
    /// The same reference in several containers is one of them.
    pub(super) fn images(&self) -> Vec<GroupedImage<'r>> {
        let mut images: Vec<GroupedImage<'r>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for subject in self.findings.iter().filter_map(|(_, finding)| finding.subject.as_ref()) {
            let number = *known.entry(&subject.reference).or_insert_with(|| {
                images.push(GroupedImage { reference: &subject.reference, objects: Vec::new() });
                images.len() - 1
            });
            let field = subject.container.as_deref().filter(|name| !name.is_empty()).unwrap_or(&subject.field);
            let objects = &mut images[number].objects;
            match objects.last_mut().filter(|(object, _)| *object == &subject.object) {
                Some((_, fields)) => fields.push(field),
                None => objects.push((&subject.object, vec![field])),
            }
        }
        images
    }

    /// What is wrong, in one line: the message of its finding, or the number of its images.
    pub(super) fn title(&self) -> String {
        let lead = self.lead();
        if let [(_, _)] = self.findings[..] {
            return lead.message.clone();
        }
        let said = |finding: &'r Finding| finding.message.strip_prefix(finding.subject.as_ref()?.reference.as_str());
        let images = self.images().len();
        let told = said(lead).filter(|first| self.findings.iter().all(|(_, one)| said(one) == Some(first)));
        match told.and_then(|told| told.strip_prefix(" does not ")) {
            Some(_) if images == 1 => lead.message.clone(),
            Some(told) => format!("{images} images do not {told}"),
            None if self.findings.iter().all(|(_, one)| one.message == lead.message) => lead.message.clone(),
            None => format!("{}, and {} more like it", lead.message, self.findings.len() - 1),
        }
    }
}

/// The groups: first those for which the user's own lines have to be changed, then those that charts decide, then hints. Groups with one
/// cause follow each other.
pub(crate) fn groups(report: &Report) -> Vec<Group<'_>> {
    let causes: BTreeMap<&str, usize> = report
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.rule == rule_ids::GLOBAL_NOT_READ)
        .filter_map(|(number, finding)| Some((chart_of(finding.excerpts.first()?.place.file.name())?, number)))
        .collect();
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, finding) in report.findings.iter().enumerate() {
        let group = match change_of(finding) {
            Some(change) => *known.entry(change).or_insert(groups.len()),
            None => groups.len(),
        };
        if group == groups.len() {
            groups.push(Group { findings: Vec::new(), cause: None, is_own: is_own(finding, report) });
        }
        groups[group].findings.push((number, finding));
    }
    let mut explained = vec![false; report.findings.len()];
    for group in groups.iter_mut().filter(|group| !group.is_own) {
        let chart = |finding: &'_ Finding| chart_of(&finding.subject.as_ref()?.template).map(str::to_owned);
        let first = chart(group.findings[0].1);
        let is_of_one = group.findings.iter().all(|(_, finding)| chart(finding) == first);
        if let Some(&cause) = first.filter(|_| is_of_one).and_then(|chart| causes.get(chart.as_str())) {
            group.cause = Some((cause, &report.findings[cause]));
            explained[cause] = true;
        }
    }
    groups.retain(|group| !(group.findings.len() == 1 && explained[group.findings[0].0]));
    for group in &mut groups {
        group.findings.sort_by_key(|(number, finding)| (finding.severity, *number));
    }
    groups.sort_by_cached_key(|group| {
        let rank = match group.severity() {
            Severity::Hint => 2,
            _ => usize::from(!group.is_own),
        };
        let first = group.findings[0].0;
        (rank, group.cause.map_or(first, |(cause, _)| cause), first)
    });
    groups
}

/// How many findings the values of [`Report::overlay`] resolve. A chart that never reads the value of the rewrite has no images left that
/// need it, if all of them are among these.
pub(super) fn resolved(groups: &[Group<'_>]) -> usize {
    let (in_overlay, others): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
        groups.iter().partition(|group| group.is_in_overlay());
    let cause = |group: &&Group<'_>| group.cause.map(|(number, _)| number);
    let open: BTreeSet<usize> = others.iter().filter_map(cause).collect();
    let causes: BTreeSet<usize> = in_overlay.iter().filter_map(cause).filter(|cause| !open.contains(cause)).collect();
    in_overlay.iter().map(|group| group.findings.len()).sum::<usize>() + causes.len()
}

/// An object of a group: `DaemonSet agent (3 containers)`; one that contains a reference once says in which container.
pub(super) fn told_object((object, fields): &(&ObjectName, Vec<&str>)) -> String {
    match fields.len() {
        1 => object.to_string(),
        fields => format!("{object} ({fields} containers)"),
    }
}

/// Identifies what has to be changed: the edits of the fix, or else the location that decides; `None` if neither is known.
fn change_of(finding: &Finding) -> Option<String> {
    let mut change = String::new();
    if let Some(fix) = &finding.fix {
        let told = fix.told();
        for edit in &told.edits {
            let action = match &edit.action {
                ValueAction::Set(value) | ValueAction::Add(value) => value.to_string(),
                ValueAction::Remove => String::new(),
            };
            let of = edit.file.as_deref().or(edit.flag.as_ref().map(|(_, argument)| argument.as_str()));
            change += &format!("{}\n{}\n{}\n{action}\n", edit.target, of.unwrap_or_default(), edit.path);
        }
        for patch in &told.patches {
            change += &format!("{}:{}\n{}\n", patch.template, patch.line, patch.diff);
        }
        return Some(change).filter(|change| !change.is_empty());
    }
    // Something that is not about an image is told by its own rule.
    let rule = if finding.subject.is_some() { "" } else { finding.rule };
    let place = &finding.excerpts.first()?.place;
    let (start, end) = place.spots();
    let help = finding.help.as_deref().unwrap_or_default();
    Some(format!("{rule}\n{}\n{start:?}\n{end:?}\n{help}", place.file.name()))
}

/// Whether the user's own lines have to be changed: something that they contain, not something that they lack.
fn is_own(finding: &Finding, report: &Report) -> bool {
    let only_adds = finding.fix.as_ref().is_some_and(|fix| {
        let edits = &fix.told().edits;
        !edits.is_empty() && edits.iter().all(|edit| matches!(edit.action, ValueAction::Add(_)))
    });
    let is_own = |file: &crate::source::File| file.is_flag() || report.own_files.iter().any(|own| own == file.shown());
    !only_adds && finding.excerpts.first().is_some_and(|first| is_own(&first.place.file))
}

/// The chart of a file by helm's name: `app/charts/db` of `app/charts/db/templates/pod.yaml`.
fn chart_of(name: &str) -> Option<&str> {
    let mut end = name.find('/')?;
    while let Some(rest) = name[end..].strip_prefix("/charts/") {
        let Some(length) = rest.find('/') else { break };
        end += "/charts/".len() + length;
    }
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::chart_of;

    #[test]
    fn the_chart_of_a_file() {
        assert_eq!(chart_of("app/templates/a.yaml"), Some("app"));
        assert_eq!(chart_of("app/charts/db/Chart.yaml"), Some("app/charts/db"));
        assert_eq!(chart_of("app/charts/db/charts/x/templates/charts/y/a.yaml"), Some("app/charts/db/charts/x"));
        assert_eq!(chart_of("app/charts/db"), Some("app"));
        assert_eq!(chart_of("prod.yaml"), None);
    }
}
