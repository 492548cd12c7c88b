//! References that stand in the text of templates and that nothing printed.

use super::ClosureImage;
use crate::chart::Chart;
use crate::reads::dependencies::named_subcharts;
use crate::reference::Reference;
use std::collections::BTreeMap;

/// Text that looks like a reference with a registry and a tag, and that no image contains, with its first location.
pub(super) fn unprinted(chart: &Chart, images: &[ClosureImage]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    of_chart(chart, chart.name(), &mut found);
    found.retain(|text, _| !images.iter().any(|image| image.reference.contains(text.as_str())));
    found
}

fn of_chart(chart: &Chart, full_path: &str, found: &mut BTreeMap<String, String>) {
    for template in &chart.templates {
        for (number, line) in template.file.bytes().split(|&byte| byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            // A comment prints nothing.
            if line.trim_start().starts_with('#') || line.contains("{{/*") || line.contains("{{- /*") {
                continue;
            }
            for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || "._-/:@".contains(c))) {
                let word = word.trim_matches(|c| "./:-".contains(c));
                if is_reference(word) {
                    let place = || format!("{full_path}/{}:{}", template.path, number + 1);
                    found.entry(word.to_owned()).or_insert_with(place);
                }
            }
        }
    }
    for (name, subchart) in named_subcharts(chart) {
        of_chart(subchart, &format!("{full_path}/charts/{name}"), found);
    }
}

fn is_reference(word: &str) -> bool {
    let Some((host, path)) = word.split_once('/') else { return false };
    let has_tag = path.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let is_host =
        host.contains('.') && host.rsplit('.').next().is_some_and(|end| end.chars().all(|c| c.is_ascii_alphabetic()));
    is_host && has_tag && !word.contains("//") && Reference::parse(word).is_ok()
}
