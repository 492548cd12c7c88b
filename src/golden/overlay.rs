//! The values that a report proposes, passed to the charts of `testdata/charts`: they resolve what the report says, and nothing else
//! becomes worse.

use super::{root, working_folder};
use crate::cli::{Streams, on_large_stack, run};
use serde_json::Value;
use std::collections::BTreeSet;

/// Values files of `testdata/values` for charts.
const VALUES: &[(&str, &str)] =
    &[("addons", "override"), ("addons", "suppressed"), ("shop", "team"), ("station", "station")];

fn lint(chart: &str, values: &[String]) -> Value {
    let fixed = ["airtight", "lint", chart, "--no-config", "--mirror", "mirror.internal", "--format", "json"];
    let values = values.iter().flat_map(|path| ["-f", path, "--allow-outside", path]);
    let args: Vec<String> = fixed.into_iter().chain(values).map(str::to_owned).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    on_large_stack(|| run(args, &mut Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() }));
    serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{chart}: {error}: {}", String::from_utf8_lossy(&err)))
}

/// The findings with these indexes, by what stays the same when lines move.
fn identities(release: &Value, numbers: Option<&BTreeSet<u64>>) -> BTreeSet<(String, String)> {
    let findings = release["findings"].as_array().expect("a list").iter().enumerate();
    let findings = findings.filter(|(number, _)| numbers.is_none_or(|numbers| numbers.contains(&(*number as u64))));
    findings.map(|(_, one)| (one["rule"].to_string(), one["fingerprint"].to_string())).collect()
}

#[test]
fn the_proposed_values_resolve_what_the_report_says() {
    let _guard = working_folder(&root());
    let folder = tempfile::tempdir().expect("a folder");
    let (mut tried, mut wrong) = (0, Vec::new());
    let charts = std::fs::read_dir("testdata/charts").expect("a folder").flatten();
    let mut charts: Vec<String> = charts.map(|one| one.file_name().to_string_lossy().into_owned()).collect();
    charts.sort();
    for chart in charts {
        let own =
            VALUES.iter().filter(|(of, _)| *of == chart).map(|(_, name)| vec![format!("testdata/values/{name}.yaml")]);
        for mut values in own.chain([Vec::new()]) {
            let path = format!("testdata/charts/{chart}");
            let before = lint(&path, &values);
            let release = &before["releases"][0];
            let Some(overlay) = release.get("overlay") else { continue };
            tried += 1;
            let file = folder.path().join("overlay.yaml");
            std::fs::write(&file, overlay.to_string()).expect("it can be written");
            values.push(file.to_string_lossy().into_owned());
            let after = identities(&lint(&path, &values)["releases"][0], None);
            let groups = release["groups"].as_array().expect("a list").iter();
            let promised = groups.filter(|group| group["in_overlay"] == true);
            let promised = promised.flat_map(|group| group["findings"].as_array().expect("a list"));
            let promised: BTreeSet<u64> = promised.filter_map(Value::as_u64).collect();
            let (all, promised) = (identities(release, None), identities(release, Some(&promised)));
            for left in promised.intersection(&after) {
                wrong.push(format!("{path} {values:?}: {left:?} is not resolved"));
            }
            for new in after.difference(&all) {
                wrong.push(format!("{path} {values:?}: {new:?} is new"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried >= 5, "only {tried} reports propose values");
}
