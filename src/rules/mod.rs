//! The rules, one file each. The `//!` lines of a rule's file are its page in the documentation, and the examples on the
//! page are its first tests.

mod digest_differs;
mod doubled_registry;
mod duplicate_list_line;
mod expired_suppression;
mod failed_pull;
mod global_not_read;
mod half_rewritten_image;
mod hardcoded_image;
mod hidden_image;
mod image_not_running;
mod implicit_default_image;
mod latent_override;
mod list_digest_differs;
mod mirror_not_checked;
mod misplaced_list_line;
mod missing_image;
mod missing_pull_secret;
mod mutable_tag;
mod namespace_without_pull_secret;
mod not_in_bundle;
mod not_on_mirror;
mod nothing_rendered;
mod number_as_tag;
mod outdated_list_line;
mod override_bypasses_mirror;
mod override_pins_mirror;
mod policy_changed;
mod public_chart_dependency;
mod render_failed;
mod rewrite_not_set;
mod running_digest_differs;
mod runtime_download;
mod schema_needs_network;
mod suppression_without_reason;
mod unlisted_image;
mod unlisted_optional_image;
mod unmirrored_image;
mod unneeded_list_line;
mod unparsable_manifest;
mod unpinned_image;
mod unread_override;
mod unrendered_image;
mod unstable_render;
mod unused_suppression;
mod wrong_mirror_path;

use crate::analysis::on_mirror::OnMirror;
use crate::analysis::{Analysis, Judged, RewriteUnset, not_done};
use crate::chart::Chart;
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::images::deciders::printed_at;
use crate::provenance::{Decider, DeciderKind, layer_name};
use crate::reads::GLOBAL;
use crate::release::ReleaseInputs;
use crate::render::output::is_crd_file;
use crate::rule_ids;
use crate::settings::Settings;
use crate::source::Place;
use std::collections::BTreeSet;

/// Every rule, by id.
pub(crate) static RULES: &[&Rule] = &[
    &digest_differs::RULE,
    &doubled_registry::RULE,
    &duplicate_list_line::RULE,
    &expired_suppression::RULE,
    &failed_pull::RULE,
    &global_not_read::RULE,
    &half_rewritten_image::RULE,
    &hardcoded_image::RULE,
    &hidden_image::RULE,
    &image_not_running::RULE,
    &implicit_default_image::RULE,
    &latent_override::RULE,
    &list_digest_differs::RULE,
    &mirror_not_checked::RULE,
    &misplaced_list_line::RULE,
    &missing_image::RULE,
    &missing_pull_secret::RULE,
    &mutable_tag::RULE,
    &namespace_without_pull_secret::RULE,
    &not_in_bundle::RULE,
    &not_on_mirror::RULE,
    &nothing_rendered::RULE,
    &number_as_tag::RULE,
    &outdated_list_line::RULE,
    &override_bypasses_mirror::RULE,
    &override_pins_mirror::RULE,
    &policy_changed::RULE,
    &public_chart_dependency::RULE,
    &render_failed::RULE,
    &rewrite_not_set::RULE,
    &running_digest_differs::RULE,
    &runtime_download::RULE,
    &schema_needs_network::RULE,
    &suppression_without_reason::RULE,
    &unlisted_image::RULE,
    &unlisted_optional_image::RULE,
    &unmirrored_image::RULE,
    &unneeded_list_line::RULE,
    &unparsable_manifest::RULE,
    &unpinned_image::RULE,
    &unread_override::RULE,
    &unrendered_image::RULE,
    &unstable_render::RULE,
    &unused_suppression::RULE,
    &wrong_mirror_path::RULE,
];

/// A rule: a permanent id, a page, and a check.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The id, also the name of the file (with `_`) and the anchor in the documentation.
    pub id: &'static str,
    /// What is wrong, in one line.
    pub summary: &'static str,
    /// The severity of a finding.
    pub severity: Severity,
    /// Whether the rule is on by default.
    pub on: bool,
    /// The text of the file; the `//!` lines are the page.
    pub source: &'static str,
    /// Reports the findings.
    pub check: fn(&mut RuleContext<'_>),
}

/// What a rule may read, and where it reports.
#[derive(Debug)]
pub(crate) struct RuleContext<'a> {
    /// The release; `None` where manifests came without a chart.
    pub prepared: Option<&'a ReleaseInputs>,
    /// The analysis of the release.
    pub analysis: &'a Analysis,
    /// What is checked, and against what.
    pub settings: &'a Settings,
    /// What the mirror has, if it was asked.
    pub on_mirror: Option<&'a OnMirror>,
    /// The findings so far.
    pub findings: Vec<Finding>,
}

impl<'a> RuleContext<'a> {
    /// Runs the rules that are on, and returns the findings in the order of a report.
    pub(crate) fn check_all(mut self) -> Vec<Finding> {
        for rule in RULES.iter().filter(|rule| self.settings.is_on(rule.id, rule.on)) {
            let before = self.findings.len();
            (rule.check)(&mut self);
            // That nothing is proven is always reported.
            if rule.id != render_failed::RULE.id {
                self.charge_from(before);
            }
        }
        // Findings without budget are left out; that the budget was used up is reported, whatever rules are on.
        let is_told = self.findings.iter().any(|finding| finding.rule == render_failed::RULE.id);
        if !is_told && let Some(failure) = not_done(&self.analysis.work) {
            let told = render_failed::finding(&failure, &self);
            self.findings.push(told);
        }
        let least = self.settings.least;
        self.findings.retain(|finding| finding.severity <= least || finding.is_unseen());
        self.findings.sort_by_cached_key(Finding::order_key);
        self.findings
    }

    /// Charges the findings from an index on, and drops those for which no steps are left: each finding is worked out,
    /// masked and written in every format.
    fn charge_from(&mut self, before: usize) {
        let work = &self.analysis.work;
        let fitting = self.findings[before..].iter().take_while(|finding| work.take_of_looks(finding.steps())).count();
        self.findings.truncate(before + fitting);
    }

    /// The values key of the rewrite, for a message: `global.imageRegistry`.
    fn key(&self) -> String {
        self.analysis.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("`, `")
    }

    /// The number of images of some uses, with a verb: `2 images go`.
    fn go(&self, images: &[usize]) -> String {
        match self.distinct(images).len() {
            1 => "1 image goes".to_owned(),
            count => format!("{count} images go"),
        }
    }

    fn distinct(&self, images: &[usize]) -> BTreeSet<&'a str> {
        let analysis = self.analysis;
        images.iter().map(|&number| analysis.images[number].image.text.as_str()).collect()
    }

    /// A note for each reference that a key alone does not bring to its place in the layout.
    fn not_enough(&self, unset: &RewriteUnset) -> Vec<String> {
        let told = |(number, after): &(usize, String)| {
            let before = &self.analysis.images[*number].image.text;
            format!("with `{}` alone {before} becomes {after}, which is not where it is mirrored to", unset.key)
        };
        unset.not_enough.iter().map(told).collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// The references of some uses, a note each, up to a limit.
    fn references(&self, images: &[usize]) -> Vec<String> {
        const MOST: usize = 10;
        let all = self.distinct(images);
        let more = all.len().saturating_sub(MOST);
        let notes = all.into_iter().take(MOST).map(|text| format!("it leaves {text} unchanged"));
        notes.chain((more > 0).then(|| format!("and {more} more"))).collect()
    }

    /// Sets the help: what a trial proved to work, or else these words.
    fn help(&self, finding: &mut Finding, judged: &Judged, or_else: String) {
        let or_else = match self.change(judged, None) {
            Some(change) => format!("{or_else}; {change}"),
            None => or_else,
        };
        finding.help = Some(judged.fix.as_ref().map_or(or_else, |fix| fix.title.clone()));
        finding.fix = judged.fix.clone();
    }

    /// The help for an image that pods have: who made them, and the next step there; `None` for manifests and charts.
    fn change(&self, judged: &Judged, to: Option<&str>) -> Option<String> {
        self.analysis.running.as_ref()?.advice(&judged.image.text, to)
    }

    /// The help for an image that no proposal fixes.
    fn patch(&self, judged: &Judged) -> String {
        let key = self.key();
        match (judged.is_out_of_reach, &judged.decider.source) {
            _ if is_crd_file(&judged.image.manifest.name) => "no value reaches `crds/`: patch the file".to_owned(),
            (_, DeciderKind::Other(file)) if self.is_file(file) => {
                format!("no value reaches {file}: change the reference in the file")
            }
            (true, _) => format!("no value reaches it: patch the template to apply `{key}`"),
            _ => format!("patch the template to apply `{key}`"),
        }
    }

    /// Whether a name is a file of the chart, or of a subchart, that a template prints.
    fn is_file(&self, name: &str) -> bool {
        fn has(chart: &Chart, name: &str) -> bool {
            chart.files.iter().any(|file| file.file.name() == name)
                || chart.subcharts.iter().any(|subchart| has(subchart, name))
        }
        self.prepared.is_some_and(|prepared| has(&prepared.chart, name))
    }

    /// The help for an image that a default of a chart keeps from the mirror.
    fn set_or_patch(&self, judged: &Judged, chart: &str) -> String {
        let own = &judged.decider.path;
        // A value shared by the whole release reaches the chart and all others that read it.
        let is_shared = own.first().is_some_and(|first| first.is(GLOBAL));
        let path = if is_shared { own.clone() } else { own.of_user(chart) };
        if let Some(source) = &judged.source
            && self.settings.mirror.place_of(&source.registry).is_none()
        {
            let registry = &source.registry;
            return format!("the mirror has no place for {registry}: add one with --mirror {registry}=HOST/PATH");
        }
        // A fix that was tried and works replaces this text.
        let mirror = &self.settings.mirror;
        match mirror.only_place() {
            Some(_) => format!("point `{path}` at {mirror}, or patch the template to apply `{}`", self.key()),
            // A single key cannot name a place for each source.
            None => format!("point `{path}` at {mirror}"),
        }
    }

    /// A finding about an image, with the place that decided it and the place that printed it.
    fn image_finding(&self, rule: &Rule, judged: &Judged, label: &str) -> Finding {
        let image = &judged.image;
        let message = match &image.reference {
            Ok(reference) => {
                let written = reference.as_written();
                let full = reference.to_string();
                let implied = if reference.registry_range.is_none() { format!(" ({full})") } else { String::new() };
                format!("{written}{implied} does not resolve through {}", self.settings.mirror)
            }
            Err(why) => match &image.open {
                Some(open) if open.known.is_some() => {
                    format!("{} does not resolve through {}; {why}", image.text, self.settings.mirror)
                }
                Some(_) => format!("{} cannot be judged: {why}", image.text),
                None => format!("{:?} is not an image reference: {why}", image.text.as_str()),
            },
        };
        self.finding_at(rule, judged, &judged.decider, label, message)
    }

    /// A finding about an image with its own message and its own decider.
    fn finding_at(&self, rule: &Rule, judged: &Judged, decider: &Decider, label: &str, message: String) -> Finding {
        let image = &judged.image;
        let mut excerpts = Vec::new();
        if let Some(place) = &decider.place {
            excerpts.push(Excerpt { place: place.clone(), label: label.to_owned() });
        }
        let printed = format!("printed here: {image}");
        match printed_at(image) {
            // Text in the template itself is decided and printed in one place.
            Some(place) if excerpts.first().is_some_and(|first| same_line(&first.place, &place)) => {
                excerpts[0].label = format!("{label}; {printed}");
            }
            Some(place) => excerpts.push(Excerpt { place, label: printed }),
            // No template printed it: only the line itself can be shown.
            None => excerpts.iter_mut().for_each(|first| first.label = format!("{label}; {image}")),
        }
        let mut notes = Vec::new();
        for (layer, place) in &decider.hides {
            notes.push(format!("it hides {} at {place}", layer_name(layer)));
        }
        if let Some(events) = &image.manifest.hook {
            notes.push(format!("it is in a hook, so it takes effect on {}", events.join(", ")));
        }
        notes.extend(self.analysis.running.iter().flat_map(|running| running.notes(&image.text)));
        Finding {
            rule: rule.id,
            severity: self.settings.severity(rule.id, rule.severity),
            message,
            subject: Some(subject(judged)),
            excerpts,
            notes,
            help: None,
            fix: None,
        }
    }
}

/// The location of a use in the manifests.
fn subject(judged: &Judged) -> Subject {
    let image = &judged.image;
    Subject {
        object: image.object.clone(),
        template: image.manifest.name.clone(),
        field: image.field.clone(),
        container: image.container.clone(),
        reference: image.text.as_str().to_owned(),
        tier: image.tier,
        class: judged.class,
    }
}

fn same_line(a: &Place, b: &Place) -> bool {
    a.file.name() == b.file.name() && a.line() == b.line()
}

/// The rules that `lint` does not check: those about lists are checked by `bundle check`, and those about what runs by `verify`.
const OF_OTHER_COMMANDS: &[&str] = &[
    rule_ids::DUPLICATE_LIST_LINE,
    failed_pull::RULE.id,
    rule_ids::IMAGE_NOT_RUNNING,
    rule_ids::LIST_DIGEST_DIFFERS,
    rule_ids::MISPLACED_LIST_LINE,
    namespace_without_pull_secret::RULE.id,
    rule_ids::OUTDATED_LIST_LINE,
    running_digest_differs::RULE.id,
    rule_ids::UNLISTED_IMAGE,
    rule_ids::UNLISTED_OPTIONAL_IMAGE,
    rule_ids::UNNEEDED_LIST_LINE,
    rule_ids::UNRENDERED_IMAGE,
];

impl Rule {
    /// Whether another command checks it, and `lint` does not.
    pub(crate) fn is_of_another_command(&self) -> bool {
        OF_OTHER_COMMANDS.contains(&self.id)
    }

    /// The rule's page: the `//!` lines of its file.
    pub(crate) fn page(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }

    /// The rule's page as plain Markdown, with a heading before each example.
    pub(crate) fn markdown(&self) -> String {
        let page = self.page();
        let page = page.replace("```bad\n", "Found:\n\n```yaml\n").replace("```good\n", "Not found:\n\n```yaml\n");
        page.trim_end().to_owned()
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "examples are linted as charts on disk")]

    use super::{RULES, Rule};
    use crate::cli::{Outcome, Streams, on_large_stack, run};
    use crate::golden::cli::{commit, git};
    use crate::golden::{derived, files, read, root, working_folder};
    use crate::rule_ids;

    #[test]
    fn the_list_is_the_folder() {
        let sources = files("src/rules", ".rs");
        let sources: Vec<_> = sources.iter().filter(|path| !path.ends_with("mod.rs")).collect();
        assert_eq!(sources.len(), RULES.len());
        for (path, rule) in sources.into_iter().zip(RULES) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
            assert_eq!(stem, rule.id);
            assert_eq!(read(path), rule.source, "{}: include_str! names another file", rule.id);
        }
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(rule_ids::ALL, ids);
    }

    #[test]
    fn the_pages_are_derived() {
        let mut text = String::from("<!-- Made from src/rules by `just bless`; do not edit. -->\n\n# Rules\n");
        for rule in RULES {
            text.push_str(&format!("\n## {}\n\n", rule.id));
            // Headings of a page stand below the rule's.
            text.push_str(
                &rule.page().replace("\n## ", "\n### ").replace("```bad", "```yaml").replace("```good", "```yaml"),
            );
        }
        derived("docs/rules.md", &text);
    }

    #[test]
    fn every_bad_example_has_one_finding_and_every_good_one_none() {
        let mut wrong = Vec::new();
        for rule in RULES {
            let examples = examples(rule);
            for wanted in ["bad", "good"] {
                assert!(examples.iter().any(|(kind, _)| kind == wanted), "{} has no {wanted} example", rule.id);
            }
            for (number, (kind, text)) in examples.iter().enumerate() {
                let report = lint(&format!("{}-{number}", rule.id), text);
                let titles = report
                    .lines()
                    .filter(|line| ["error[", "warning[", "hint["].iter().any(|level| line.starts_with(level)));
                let all = titles.clone().count();
                let own = titles.filter(|line| line.contains(&format!("[{}]: ", rule.id))).count();
                let expected = usize::from(kind == "bad");
                if (own, all) != (expected, expected) {
                    wrong.push(format!("{} example {number} ({kind}) has {own} of {all}:\n{report}", rule.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn examples(rule: &Rule) -> Vec<(String, String)> {
        let page = rule.page();
        let fenced = page.split("```").skip(1).step_by(2);
        fenced
            .filter_map(|block| block.split_once('\n'))
            .map(|(kind, text)| (kind.to_owned(), text.to_owned()))
            .collect()
    }

    /// Lints an example: files under `# path` lines, flags after `# --`. Files under `# main/` are committed first, and the
    /// others are compared with them.
    fn lint(name: &str, text: &str) -> String {
        // A chart outside the repository belongs to somebody else.
        let folder = root().join(format!("target/examples/{}-{name}", std::process::id()));
        let mut files: Vec<(String, String)> =
            vec![("Chart.yaml".into(), "{apiVersion: v2, name: example, version: 1.0.0}\n".into())];
        let mut args = vec!["airtight".to_owned(), "lint".to_owned(), folder.to_string_lossy().into_owned()];
        // Manifests that came without a chart.
        if text.contains("# manifests/") {
            files.clear();
            args[2] = folder.join("manifests").to_string_lossy().into_owned();
            args.insert(2, "--manifests".to_owned());
        }
        // Lists, which are compared with the chart.
        if text.contains("# bundle/") {
            let lists = folder.join("bundle").to_string_lossy().into_owned();
            args = ["airtight", "bundle", "check", &lists, &args[2]].map(str::to_owned).to_vec();
        }
        // Pods of a cluster.
        if text.contains("# running/") {
            let chart = text.contains("# templates/").then(|| args.pop()).flatten();
            args =
                vec!["airtight".to_owned(), "verify".to_owned(), folder.join("running").to_string_lossy().into_owned()];
            match chart {
                Some(chart) => args.extend(["--chart".to_owned(), chart]),
                None => files.clear(),
            }
        }
        let is_branch = text.contains("# main/");
        if is_branch {
            files.clear();
            args = ["airtight", "lint", "--changed-since", "main"].map(str::to_owned).to_vec();
        } else {
            args.extend(["--no-config".to_owned(), "--mirror".to_owned(), "mirror.internal".to_owned()]);
        }
        args.extend(["--output-style".to_owned(), "full".to_owned()]);
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(flags) if flags.starts_with("--") => args.extend(flags.split_whitespace().map(str::to_owned)),
                Some(path) if [".yaml", ".json", ".txt"].iter().any(|end| path.ends_with(end)) => {
                    files.push((path.to_owned(), String::new()))
                }
                _ => files.last_mut().expect("a file was begun").1.push_str(&format!("{line}\n")),
            }
        }
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
            std::fs::write(path, text).expect("the file can be written");
        };
        for (path, text) in files.iter().filter_map(|(path, text)| Some((path.strip_prefix("main/")?, text))) {
            write(path, text);
        }
        if is_branch {
            git(&folder, &["init", "--quiet", "--initial-branch=main"]);
            commit(&folder);
        }
        for (path, text) in files.iter().filter(|(path, _)| !path.starts_with("main/")) {
            write(path, text);
        }
        let guard = working_folder(if is_branch { folder.clone() } else { root() }.as_path());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome =
            on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
        drop(guard);
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        let is_complete = !text.contains("# --mirror-check --offline");
        let ended = matches!(outcome, Some(Outcome::Clean | Outcome::Findings));
        assert_eq!(ended, is_complete, "{}", String::from_utf8_lossy(&err));
        String::from_utf8_lossy(&out).into_owned()
    }
}
