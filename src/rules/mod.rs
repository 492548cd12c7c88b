//! What can be wrong with a release: one file a rule. The `//!` lines of that file are the rule's page, and the
//! examples on it are its first tests.

mod nothing_rendered;
mod override_bypasses_mirror;
mod render_failed;
mod unmirrored_image;

use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::images::{
    Decider, ImageUse, Mirror, Source,
    decided::{registry_bytes, registry_decider},
};
use crate::render::manifest::Manifest;
use crate::source::Place;
use crate::trace::{Layer, Origins};

/// Every rule, by id.
pub static RULES: &[&Rule] =
    &[&nothing_rendered::RULE, &override_bypasses_mirror::RULE, &render_failed::RULE, &unmirrored_image::RULE];

/// A rule: its name for life, its page, its check.
#[derive(Debug)]
pub struct Rule {
    /// Its id, also the name of its file (with `_`) and its anchor in the docs.
    pub id: &'static str,
    /// One line, what is wrong.
    pub summary: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// The text of its file; the `//!` lines are the page.
    pub source: &'static str,
    /// Reports what it finds.
    pub check: fn(&mut Context<'_>),
}

/// Why a release did not render.
#[derive(Debug, Clone)]
pub struct RenderFailure {
    /// Helm's words.
    pub message: String,
    /// The template's place, where one is known.
    pub place: Option<Place>,
}

/// What a rule may look at, and where it reports.
#[derive(Debug)]
pub struct Context<'a> {
    /// The manifests, hooks included; none when the render failed.
    pub manifests: &'a [&'a Manifest],
    /// The images they name.
    pub images: &'a [ImageUse<'a>],
    /// The mirror.
    pub mirror: &'a Mirror,
    /// The values key of the global rewrite, `global.imageRegistry`.
    pub global_key: &'a str,
    /// Where everything came from.
    pub origins: &'a Origins,
    /// Set when the release did not render.
    pub failure: Option<&'a RenderFailure>,
    /// What was found so far.
    pub findings: Vec<Finding>,
}

impl Context<'_> {
    /// Runs all rules and gives the findings in the order of a report.
    pub fn check_all(mut self) -> Vec<Finding> {
        for rule in RULES {
            (rule.check)(&mut self);
        }
        self.findings.sort_by_cached_key(Finding::order_key);
        self.findings
    }

    /// The images that do not resolve through the mirror, each with who decided its registry.
    fn bypassing(&self) -> Vec<(usize, Decider)> {
        let bypasses = |image: &ImageUse<'_>| match &image.reference {
            Ok(reference) => !self.mirror.serves(reference),
            Err(_) => true,
        };
        let indexes = (0..self.images.len()).filter(|&index| bypasses(&self.images[index]));
        indexes.map(|index| (index, registry_decider(&self.images[index], self.origins))).collect()
    }

    /// A finding about an image, with the place that decided it and the place that printed it.
    fn image_finding(&self, rule: &Rule, image: &ImageUse<'_>, decider: &Decider, label: &str) -> Finding {
        let message = match &image.reference {
            Ok(reference) => {
                let written = reference.as_written();
                let full = reference.to_string();
                let implied = if reference.registry_range.is_none() { format!(" ({full})") } else { String::new() };
                format!("{written}{implied} does not resolve through {}", self.mirror)
            }
            Err(why) => format!("{:?} is not an image reference: {why}", image.text),
        };
        let mut excerpts = Vec::new();
        if let Some(place) = &decider.place {
            excerpts.push(Excerpt { place: place.clone(), label: label.to_owned() });
        }
        let printed = match &image.container {
            Some(container) => format!("printed here: {}, container {container}", image.object),
            None => format!("printed here: {}, {}", image.object, image.field),
        };
        match printed_at(image) {
            // Text that stands in the template itself is decided and printed in one place.
            Some(place) if excerpts.first().is_some_and(|first| same_line(&first.place, &place)) => {
                excerpts[0].label = format!("{label}; {printed}");
            }
            Some(place) => excerpts.push(Excerpt { place, label: printed }),
            None => {}
        }
        let mut notes = Vec::new();
        for (layer, place) in &decider.hides {
            notes.push(format!("it hides {} at {place}", layer_name(layer)));
        }
        Finding {
            rule: rule.id,
            severity: rule.severity,
            message,
            subject: Some(Subject {
                object: image.object.clone(),
                template: image.manifest.name.clone(),
                field: image.field.clone(),
                container: image.container.clone(),
                reference: image.text.clone(),
                tier: image.tier,
            }),
            excerpts,
            notes,
            help: None,
        }
    }
}

fn same_line(a: &Place, b: &Place) -> bool {
    a.file.name() == b.file.name() && a.line_column().0 == b.line_column().0
}

/// The action of the template file that printed the registry of an image, from `{{` to `}}`, or its literal text.
fn printed_at(image: &ImageUse<'_>) -> Option<Place> {
    let manifest = image.manifest;
    let part = registry_bytes(image);
    let (first, last) = (manifest.start + part.start as u32, manifest.start + part.end as u32);
    let emit = *manifest.emits.get(manifest.emits.partition_point(|emit| emit.end <= first))?;
    let (start, end) = if emit.is_text {
        (emit.at + first.saturating_sub(emit.start), emit.at + last.min(emit.end).saturating_sub(emit.start))
    } else {
        action_around(manifest.source.bytes(), emit.at)
    };
    Some(Place { file: manifest.source.clone(), start, end })
}

/// The action that holds a position of a template, with its delimiters.
fn action_around(text: &[u8], at: u32) -> (u32, u32) {
    let at = (at as usize).min(text.len());
    let start = text[..at].windows(2).rposition(|pair| pair == b"{{").unwrap_or(at);
    let end = text[at..].windows(2).position(|pair| pair == b"}}").map_or(at, |end| at + end + 2);
    (start as u32, end as u32)
}

/// A layer in words.
pub(crate) fn layer_name(layer: &Layer) -> String {
    match layer {
        Layer::Chart(chart) => format!("the default of chart {chart}"),
        Layer::File(_) => "the value".to_owned(),
        Layer::Flag(part) => format!("{} {}", part.flag, part.argument),
        Layer::Tool => "the global rewrite".to_owned(),
    }
}

/// The path under which a user reaches a value of a chart: `db.image.registry` for `image.registry` of `app/charts/db`.
fn user_path(chart: &str, path: &str) -> String {
    let mut parts: Vec<&str> = chart.split("/charts/").skip(1).collect();
    parts.push(path);
    parts.join(".")
}

/// Whether a user decided.
fn is_user(source: &Source) -> bool {
    matches!(source, Source::User(_))
}

impl Rule {
    /// The rule's page: the `//!` lines of its file.
    pub fn page(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "examples are linted as charts on disk")]

    use super::{RULES, Rule};
    use crate::cli::{Outcome, Streams, on_large_stack, run};
    use crate::golden::{derived, files, read};

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
        for rule in RULES {
            let examples = examples(rule);
            for wanted in ["bad", "good"] {
                assert!(examples.iter().any(|(kind, _)| kind == wanted), "{} has no {wanted} example", rule.id);
            }
            for (number, (kind, text)) in examples.iter().enumerate() {
                let report = lint(&format!("{}-{number}", rule.id), text);
                let own = report.matches(&format!("error[{}]", rule.id)).count();
                let all = report.matches("error[").count();
                let expected = usize::from(kind == "bad");
                assert_eq!((own, all), (expected, expected), "{} example {number} ({kind}):\n{report}", rule.id);
            }
        }
    }

    fn examples(rule: &Rule) -> Vec<(String, String)> {
        let page = rule.page();
        let fenced = page.split("```").skip(1).step_by(2);
        fenced
            .filter_map(|block| block.split_once('\n'))
            .map(|(kind, text)| (kind.to_owned(), text.to_owned()))
            .collect()
    }

    /// Lints an example: files under `# path` lines, flags after `# --`.
    fn lint(name: &str, text: &str) -> String {
        let folder = std::env::temp_dir().join(format!("airtight-{}-{name}", std::process::id()));
        let mut files: Vec<(String, String)> =
            vec![("Chart.yaml".into(), "{apiVersion: v2, name: example, version: 1.0.0}\n".into())];
        let mut args = vec!["airtight".to_owned(), "lint".to_owned(), folder.to_string_lossy().into_owned()];
        args.extend(["--mirror".to_owned(), "mirror.internal".to_owned()]);
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(flags) if flags.starts_with("--") => args.extend(flags.split_whitespace().map(str::to_owned)),
                Some(path) if path.ends_with(".yaml") => files.push((path.to_owned(), String::new())),
                _ => files.last_mut().expect("a file was begun").1.push_str(&format!("{line}\n")),
            }
        }
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
            std::fs::write(path, text).expect("the file can be written");
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome = on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err }));
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        assert!(matches!(outcome, Some(Outcome::Clean | Outcome::Findings)), "{}", String::from_utf8_lossy(&err));
        String::from_utf8_lossy(&out).into_owned()
    }
}
