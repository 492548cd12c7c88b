//! Lists in the forms of other tools: `testdata/bundle/forms/read/NAME` is read, and `NAME.said` is what it says; what
//! `testdata/bundle/forms/list.txt` is in each form is in `testdata/bundle/forms/written`. `testdata/bundle/drift/NAME.toml` has lists, what
//! they should have, and how they differ.

use super::{derived, files, read, root};
use crate::bundle::artifact::{Artifact, Need};
use crate::bundle::drift::{FoundList, drift};
use crate::bundle::forms::form::Form;
use crate::bundle::forms::recognition::recognized;
use crate::bundle::forms::record::{self, is_record};
use crate::bundle::forms::writing::{Wish, Written};
use crate::bundle::forms::{self};
use crate::bundle::listed::Content;
use crate::bundle::wanted::Wanted;
use crate::bundle::{Bundle, listed::NodeMirror};
use crate::list_findings::finding;
use crate::reference::{Layout, Mirror};
use crate::settings::Settings;
use crate::source::{File, Place};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

const FOLDER: &str = "testdata/bundle/forms";

fn file(path: &Path) -> Arc<File> {
    let name = path.strip_prefix(root().join(FOLDER)).expect("it is below").to_string_lossy().replace('\\', "/");
    File::new(name, read(path))
}

/// A position, and the text there.
fn shown(place: &Place) -> String {
    let text = String::from_utf8_lossy(&place.file.bytes()[place.start as usize..place.end as usize]).into_owned();
    let (line, column) = place.line_column();
    format!("{line}:{column} {:?}", text.lines().next().unwrap_or_default())
}

fn said(file: &Arc<File>) -> String {
    let form = match recognized(file) {
        _ if is_record(file) => record::NAME,
        Ok(form) => form.name(),
        Err(error) => return format!("error: {error}\n"),
    };
    let mut text = format!("form: {form}\n");
    let Content { artifacts, mirrors, left_out, is_record: _ } = match forms::read(file) {
        Ok(content) => content,
        Err(error) => return text + &format!("error: {error}\n"),
    };
    for entry in artifacts {
        let (kind, line) = (entry.artifact.kind.name(), entry.artifact.line());
        writeln!(text, "{kind} {line}\n  at {}", shown(&entry.place)).expect("a String takes all");
    }
    for NodeMirror { source, place, pulls, at } in mirrors {
        writeln!(text, "mirror {source} → {place} ({pulls:?})\n  at {}", shown(&at)).expect("a String takes all");
    }
    for other in left_out {
        writeln!(text, "left out: {}\n  at {}", other.what, shown(&other.at)).expect("a String takes all");
    }
    text
}

#[test]
fn files_of_other_tools_say_what_is_recorded() {
    let folder = walkdir::WalkDir::new(root().join(FOLDER).join("read")).sort_by_file_name();
    let paths = folder.into_iter().map(|entry| entry.expect("it can be read").into_path());
    let inputs: Vec<_> =
        paths.filter(|path| path.is_file() && path.extension().is_none_or(|end| end != "said")).collect();
    assert!(inputs.len() > 20);
    for path in inputs {
        let file = file(&path);
        derived(&format!("{FOLDER}/{}.said", file.name()), &said(&file));
    }
}

/// Everything that a list says about an artifact, with a mirror.
fn lines(wish: &Wish<'_>, artifacts: &[Artifact]) -> BTreeSet<String> {
    let line = |artifact: &Artifact| {
        let place = wish.place_of(artifact).map(|place| place.to_string()).unwrap_or_default();
        let place = place.trim_end_matches(":latest");
        let tag = artifact.version().0.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = artifact.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{}{tag}{digest} {place} {}", artifact.reference.name(), artifact.platforms.join(","))
    };
    artifacts.iter().map(line).collect()
}

/// Each form says again what it was made from, except for what was said to be lost.
#[test]
fn forms_are_written_and_read_back() {
    let mirror = Mirror::parse_all(&["docker.io=mirror.internal/hub", "mirror.internal"]).expect("a mirror");
    let list = file(&root().join(FOLDER).join("list.txt"));
    let artifacts = Bundle::read([&list]).expect("a list").merged();
    let wish = Wish { artifacts: &artifacts, node_mirrors: &[], mirror: Some(&mirror), layout: Layout::Path };
    for &form in Form::ALL {
        let Written { files, lost } = forms::write(form, &wish);
        let files: Vec<Arc<File>> =
            files.into_iter().map(|(name, text)| File::new(format!("written/{}/{name}", form.name()), text)).collect();
        for file in &files {
            let path = root().join(FOLDER).join(file.name());
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            derived(&format!("{FOLDER}/{}", file.name()), &String::from_utf8_lossy(file.bytes()));
            let again = recognized(file).expect("it is recognized");
            assert!(again == form || (again, form) == (Form::List, Form::Artifacts), "{again:?} is not {form:?}");
        }
        let text: String = lost.iter().map(|line| format!("{line}\n")).collect();
        derived(&format!("{FOLDER}/written/{}.lost", form.name()), &text);
        let back = Bundle::read(&files).unwrap_or_else(|error| panic!("{}: {error}", form.name()));
        let is_lost =
            |artifact: &&Artifact| lost.iter().any(|line| line.starts_with(&format!("{}: ", artifact.pinned())));
        let kept: Vec<Artifact> = artifacts.iter().filter(|artifact| !is_lost(artifact)).cloned().collect();
        assert!(kept.len() >= artifacts.len() / 2, "{} loses too much", form.name());
        if form.is_about_nodes() {
            let nodes = Wish { mirror: None, node_mirrors: &back.node_mirrors, ..wish };
            let bare: Vec<Artifact> =
                kept.iter().map(|artifact| Artifact { destination: None, ..artifact.clone() }).collect();
            let stripped = |lines: BTreeSet<String>| -> BTreeSet<String> {
                lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
            };
            assert_eq!(stripped(lines(&nodes, &bare)), stripped(lines(&wish, &kept)), "{}", form.name());
        } else {
            let found = lines(&wish, &back.merged());
            let missing: Vec<String> = lines(&wish, &kept).difference(&found).cloned().collect();
            assert_eq!(missing, Vec::<String>::new(), "{} does not say again: {found:#?}", form.name());
        }
    }
}

/// A case of lists and what they should have.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct DriftCase {
    wanted: Vec<WantedLine>,
    files: BTreeMap<String, String>,
    /// The findings, each with its locations.
    #[serde(default)]
    said: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WantedLine {
    line: String,
    lists: BTreeSet<String>,
    /// The settings of each need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    settings: Vec<Vec<String>>,
}

impl WantedLine {
    fn wanted(&self) -> Wanted {
        let bundle = Bundle::parse([("wanted", self.line.as_str())]).expect("a line");
        let need = |settings: &Vec<String>| Need {
            chart: "shop".to_owned(),
            template: Some("templates/deployment.yaml:14".to_owned()),
            settings: settings.clone(),
            ..Need::default()
        };
        let needed_by = self.settings.iter().map(need).collect();
        Wanted { artifact: Artifact { needed_by, ..bundle.merged().remove(0) }, lists: self.lists.clone() }
    }
}

#[test]
fn lists_that_differ_are_told() {
    let cases = files("testdata/bundle/drift", ".toml");
    assert!(!cases.is_empty());
    for path in cases {
        let mut case: DriftCase =
            toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let wanted: Vec<Wanted> = case.wanted.iter().map(WantedLine::wanted).collect();
        let list = |(name, text): (&String, &String)| {
            let file = File::new(name.clone(), text.clone());
            let entries = forms::read(&file).expect("a list").artifacts;
            FoundList { file, entries }
        };
        let found: Vec<FoundList> = case.files.iter().map(list).collect();
        case.said = String::new();
        let settings = Settings::without_mirror();
        for finding in drift(&wanted, &found).iter().filter_map(|one| finding(one, &settings)) {
            let severity = finding.severity.name();
            writeln!(case.said, "{severity}[{}]: {}", finding.rule, finding.message).expect("a String takes all");
            for excerpt in &finding.excerpts {
                let place = &excerpt.place;
                writeln!(case.said, "  at {}:{}: {}", place.file.name(), shown(place), excerpt.label)
                    .expect("a String takes all");
            }
            for line in finding.notes.iter().chain(&finding.help) {
                writeln!(case.said, "  {line}").expect("a String takes all");
            }
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        derived(
            &format!("testdata/bundle/drift/{name}"),
            &toml::to_string_pretty(&case).expect("a case can be written"),
        );
    }
}
