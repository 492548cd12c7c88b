//! Checks origins: the origin of each part of a reference is edited (a default of the chart, a line of a values file, a flag, the
//! text of a template), and the release is rendered again. The reference must change accordingly.
//!
//! Runs on the charts of `testdata/charts`, and on some of the corpus if there is one
//! (`ORIGINS=kubermatic cargo test origins -- --ignored --nocapture`: all charts of the corpus with such names).

use super::{corpus, own_charts, prepared, read, some_of_corpus};
use crate::analysis::render;
use crate::chart::{self, Chart, ChartFile, ValuesFile};
use crate::cli::on_large_stack;
use crate::compiler::Compiler;
use crate::helm::HelmVersion;
use crate::images::deciders::{decider, part_places};
use crate::images::{ImageUse, ReferencePart, find};
use crate::limits::Limits;
use crate::provenance::{Decider, DeciderKind};
use crate::release::ReleaseInputs;
use crate::render::manifest::{Manifests, manifests};
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::trace::Layer;
use crate::values::layers::UserValues;
use crate::yaml;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The replacement for a registry, and for any other part.
const HOST: &str = "origin-follows.invalid";
const TAG: &str = "origin-follows";

/// The results of the edits of some charts.
#[derive(Debug, Default)]
struct Tally {
    /// References that changed.
    right: usize,
    /// References that did not change, described.
    wrong: Vec<String>,
    /// The chart rejects the edited value, or renders another object: this proves nothing.
    open: Vec<String>,
    /// Origins that cannot be edited here: a fact of the release, Chart.yaml.
    facts: BTreeMap<String, usize>,
    /// Parts without an origin.
    unknown: Vec<String>,
}

/// The uses with a part that one origin decided.
struct Trial {
    part: ReferencePart,
    decider: Decider,
    uses: Vec<ImageUse>,
}

type Key = (String, String, String, String, String);

fn key(image: &ImageUse) -> Key {
    let object = &image.object;
    (
        image.manifest.name.clone(),
        object.kind.clone(),
        object.namespace.clone(),
        object.name.clone(),
        image.field.clone(),
    )
}

/// The text of a part as written in the reference.
fn written(image: &ImageUse, part: ReferencePart) -> Option<&str> {
    let reference = image.reference.as_ref().ok()?;
    let range = match part {
        ReferencePart::Registry => reference.registry_range.clone().unwrap_or(reference.repository_range.clone()),
        ReferencePart::Repository => reference.repository_range.clone(),
        ReferencePart::Tag => reference.tag_range()?,
        ReferencePart::Digest => reference.digest_range()?,
    };
    image.text.get(range)
}

/// Edits up to `most` origins of a release, one at a time.
fn try_release(prepared: &ReleaseInputs, most: usize, tally: &mut Tally) {
    let mut compiler = Compiler::new();
    let Ok(traced) = render(prepared, &[], &mut compiler, &mut Vec::new()) else { return };
    let settings = Settings::without_mirror();
    let uses = traced.manifests.iter().flat_map(|manifest| find(manifest, settings.hints(), &prepared.limits));
    let mut trials: Vec<Trial> = Vec::new();
    for image in uses {
        for part in [ReferencePart::Registry, ReferencePart::Tag] {
            if written(&image, part).is_none() || part_places(&image, part).is_empty() {
                continue;
            }
            let decider = decider(&image, part, &traced.origins);
            match &decider.source {
                DeciderKind::Unknown | DeciderKind::Tool => {
                    tally.unknown.push(format!("{}: {} of {} {}", image.manifest.name, part.name(), image, image.text));
                    continue;
                }
                DeciderKind::Other(what) if decider.place.as_ref().is_none_or(|place| place.start == place.end) => {
                    let what = if what.ends_with("Chart.yaml") { "Chart.yaml" } else { what };
                    *tally.facts.entry(what.to_owned()).or_default() += 1;
                    continue;
                }
                _ => {}
            }
            let same = |trial: &&mut Trial| {
                let text = trial.uses.first().and_then(|first| written(first, part));
                trial.part == part
                    && trial.decider.origin == decider.origin
                    && trial.decider.place == decider.place
                    && text == written(&image, part)
            };
            match trials.iter_mut().find(same) {
                Some(trial) => trial.uses.push(image.clone()),
                None => trials.push(Trial { part, decider, uses: vec![image.clone()] }),
            }
        }
    }
    // Spread across the release.
    let step = trials.len().div_ceil(most.max(1)).max(1);
    for trial in trials.iter().step_by(step) {
        try_one(prepared, trial, &mut compiler, tally);
    }
}

fn try_one(prepared: &ReleaseInputs, trial: &Trial, compiler: &mut Compiler, tally: &mut Tally) {
    let Some(text) = trial.uses.first().and_then(|first| written(first, trial.part)) else { return };
    let describe = |image: &ImageUse, why: &str| {
        let (by, part) = (&trial.decider, trial.part.name());
        let place = by.place.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            "{why}: {part} of {} ({image}) is said to be decided by {:?} {} at {place}",
            image.text, by.source, by.path
        )
    };
    let Some((edited, marker)) = edit(prepared, trial, text) else {
        tally.wrong.extend(trial.uses.iter().map(|image| describe(image, "cannot be edited")));
        return;
    };
    let rendered = edited.render(compiler, &[], None, None);
    let read = rendered.ok().and_then(|made| manifests(&made.rendered, HelmVersion::V4, &edited.limits).ok());
    let Some(Manifests { ordinary, hooks, .. }) = read else {
        tally.open.extend(trial.uses.iter().map(|image| describe(image, "refused")));
        return;
    };
    let all = ordinary.into_iter().chain(hooks).map(Arc::new);
    let settings = Settings::without_mirror();
    let found = all.flat_map(|manifest| find(&manifest, settings.hints(), &edited.limits));
    let now: BTreeMap<Key, String> = found.map(|image| (key(&image), image.text.as_str().to_owned())).collect();
    for image in &trial.uses {
        match now.get(&key(image)) {
            None => tally.open.push(describe(image, "is another object")),
            Some(now) if now == image.text.as_str() => tally.wrong.push(describe(image, "does not follow")),
            Some(now) if marker.as_ref().is_some_and(|marker| !now.contains(marker.as_str())) => {
                tally.wrong.push(describe(image, &format!("follows to {now}, without {marker:?}")));
            }
            Some(_) => tally.right += 1,
        }
    }
}

/// The release with the origin of a part edited, and what the reference must then contain, if known.
fn edit(prepared: &ReleaseInputs, trial: &Trial, text: &str) -> Option<(ReleaseInputs, Option<String>)> {
    let place = trial.decider.place.as_ref()?;
    let marker = match trial.part {
        ReferencePart::Registry if text.contains(['.', ':']) => HOST.to_owned(),
        ReferencePart::Registry => format!("{HOST}/x"),
        // Charts compare versions, and reject texts that are not versions.
        _ if text.starts_with('v') => format!("v99.99.99-{TAG}"),
        _ => format!("99.99.99-{TAG}"),
    };
    let mut edited = prepared.clone();
    let bytes = place.file.bytes();
    if trial.decider.source == DeciderKind::Template {
        let (from, to) = template_range(bytes, place.start as usize, text)?;
        let file = replaced(&place.file, from, to, &marker);
        edited.chart = with_file(&prepared.chart, &place.file, &file)?;
        return Some((edited, None));
    }
    let (start, end) = (place.start as usize, place.end as usize);
    let raw = String::from_utf8_lossy(bytes.get(start..end)?).into_owned();
    let (from, to, sure) = match raw.find(text) {
        Some(at) => (start + at, start + at + text.len(), raw.trim_matches(['"', '\'']) == text),
        None if raw.starts_with(['"', '\'']) => (start + 1, end - 1, false),
        None => (start, end, false),
    };
    let file = replaced(&place.file, from, to, &marker);
    match &trial.decider.source {
        DeciderKind::Other(_) => edited.chart = with_version(&prepared.chart, place, &raw, &marker),
        DeciderKind::ChartDefault(_) => edited.chart = with_file(&prepared.chart, &place.file, &file)?,
        DeciderKind::User(Layer::File(number)) => edited.user.files[*number as usize] = file,
        DeciderKind::User(Layer::Flag(part)) => {
            let argument = String::from_utf8_lossy(file.bytes()).into_owned();
            let list = match part.flag {
                "--set" => &mut edited.user.set,
                "--set-string" => &mut edited.user.set_string,
                "--set-json" => &mut edited.user.set_json,
                "--set-literal" => &mut edited.user.set_literal,
                _ => return None,
            };
            list[part.occurrence as usize] = argument;
        }
        _ => return None,
    }
    Some((edited, sure.then_some(marker)))
}

/// The bytes of a template that produce a part from `start` on: as much of the part as is there, or the first word of a text
/// that was computed.
fn template_range(bytes: &[u8], start: usize, text: &str) -> Option<(usize, usize)> {
    let rest = bytes.get(start..)?;
    // The text may be only a piece of the part.
    let same = (0..text.len())
        .map(|at| rest.iter().zip(&text.as_bytes()[at..]).take_while(|(a, b)| a == b).count())
        .max()
        .unwrap_or(0);
    if same > 0 {
        return Some((start, start + same));
    }
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let at = memchr::memmem::find(line, text.as_bytes())?;
    Some((start + at, start + at + text.len()))
}

fn replaced(file: &Arc<File>, from: usize, to: usize, text: &str) -> Arc<File> {
    let bytes = file.bytes();
    File::new(file.name(), [&bytes[..from], text.as_bytes(), &bytes[to..]].concat())
}

/// The chart with another version or appVersion.
fn with_version(chart: &Arc<Chart>, place: &Place, old: &str, new: &str) -> Arc<Chart> {
    let mut metadata = chart.metadata.clone();
    if Arc::ptr_eq(&chart.metadata_file, &place.file) {
        let line = place.file.line(place.line_column().0).unwrap_or_default();
        let field = if line.starts_with("appVersion") { &mut metadata.app_version } else { &mut metadata.version };
        *field = field.replace(old, new);
    }
    Arc::new(Chart {
        metadata,
        metadata_file: chart.metadata_file.clone(),
        values: chart.values.clone(),
        schema: chart.schema.clone(),
        templates: chart.templates.clone(),
        files: chart.files.clone(),
        lock: None,
        subcharts: chart.subcharts.iter().map(|child| with_version(child, place, old, new)).collect(),
    })
}

/// The chart with one of its files replaced; `None` if it has no such file, or the new one is not YAML.
fn with_file(chart: &Arc<Chart>, old: &Arc<File>, new: &Arc<File>) -> Option<Arc<Chart>> {
    let swap = |file: &ChartFile| ChartFile {
        path: file.path.clone(),
        file: if Arc::ptr_eq(&file.file, old) { new.clone() } else { file.file.clone() },
    };
    let is_here = |chart: &Chart| {
        chart.values.as_ref().is_some_and(|values| Arc::ptr_eq(&values.file, old))
            || chart.templates.iter().any(|template| Arc::ptr_eq(&template.file, old))
    };
    fn holds(chart: &Chart, is_here: &dyn Fn(&Chart) -> bool) -> bool {
        is_here(chart) || chart.subcharts.iter().any(|child| holds(child, is_here))
    }
    if !holds(chart, &is_here) {
        return None;
    }
    let values = match &chart.values {
        Some(values) if Arc::ptr_eq(&values.file, old) => {
            let documents = yaml::read_documents(new.bytes(), HelmVersion::V4, &Limits::default()).ok()?;
            Some(ValuesFile { file: new.clone(), documents: documents.into() })
        }
        values => values.clone(),
    };
    Some(Arc::new(Chart {
        metadata: chart.metadata.clone(),
        metadata_file: chart.metadata_file.clone(),
        values,
        schema: chart.schema.clone(),
        templates: chart.templates.iter().map(swap).collect(),
        files: chart.files.clone(),
        lock: None,
        subcharts: chart.subcharts.iter().map(|child| with_file(child, old, new).unwrap_or(child.clone())).collect(),
    }))
}

/// Tests a chart with its defaults, and with the usual keys set to the mirror.
fn try_chart(path: &Path, most: usize, tally: &mut Tally) {
    // A release that the chart refuses to render proves nothing.
    let allowed = "global.security.allowInsecureImages=true";
    for set in [vec![allowed], vec![allowed, "global.imageRegistry=set.example.com"]] {
        let set = set.into_iter().map(str::to_owned).collect();
        try_with(path, UserValues { set, ..UserValues::default() }, most, tally);
    }
}

fn try_with(path: &Path, user: UserValues, most: usize, tally: &mut Tally) {
    if let Ok(loaded) = chart::load::load(path, &Limits::default(), HelmVersion::V4) {
        try_release(&prepared(loaded.chart, user), most, tally);
    }
}

/// The values that the corpus sets for a chart.
fn cases(path: &Path) -> Vec<UserValues> {
    let folder = path.parent().and_then(Path::parent).expect("it is in the corpus");
    let cases: serde_json::Value = serde_json::from_str(&read(&folder.join("cases.json"))).expect("it is JSON");
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let own = cases.as_array().into_iter().flatten().filter(|case| case["key"] == *name);
    own.map(|case| {
        let args: Vec<&str> = case["args"].as_array().into_iter().flatten().filter_map(|arg| arg.as_str()).collect();
        let of = |flag: &str| -> Vec<String> {
            args.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1].to_owned()).collect()
        };
        let files = of("-f").into_iter().map(|file| File::new(file.clone(), read(&folder.join(file)))).collect();
        let mut set = of("--set");
        // A release that the chart refuses to render proves nothing.
        set.push("global.security.allowInsecureImages=true".to_owned());
        UserValues { files, set, ..UserValues::default() }
    })
    .collect()
}

fn report(tally: &Tally) -> String {
    let mut text = format!(
        "{} right, {} wrong, {} open, {:?} facts, {} unknown",
        tally.right,
        tally.wrong.len(),
        tally.open.len(),
        tally.facts,
        tally.unknown.len()
    );
    for line in tally.wrong.iter().chain(&tally.unknown).chain(&tally.open) {
        text.push_str(&format!("\n{line}"));
    }
    text
}

#[test]
fn references_follow_their_origins() {
    let tally = on_large_stack(|| {
        let mut tally = Tally::default();
        own_charts().iter().for_each(|chart| try_chart(chart, usize::MAX, &mut tally));
        tally
    })
    .expect("it does not panic");
    assert!(tally.right > 10, "{}", report(&tally));
    assert!(tally.wrong.is_empty() && tally.unknown.is_empty(), "{}", report(&tally));
}

#[test]
fn references_of_real_charts_follow_their_origins() {
    const MOST: usize = 3;
    let tally = on_large_stack(|| {
        let mut tally = Tally::default();
        some_of_corpus().iter().for_each(|chart| try_chart(chart, MOST, &mut tally));
        tally
    })
    .expect("it does not panic");
    assert!(tally.wrong.is_empty(), "{}", report(&tally));
}

#[test]
#[ignore = "all origins of every chart of the corpus take minutes"]
#[expect(clippy::print_stdout, reason = "run by hand, for its figures")]
fn references_of_all_charts_follow_their_origins() {
    let wanted = std::env::var("ORIGINS").unwrap_or_default();
    let mut wrong = 0;
    for path in corpus().iter().filter(|path| path.to_string_lossy().contains(&wanted)) {
        let tally = on_large_stack(|| {
            let mut tally = Tally::default();
            for user in cases(path) {
                try_with(path, user, usize::MAX, &mut tally);
            }
            tally
        })
        .expect("it does not panic");
        wrong += tally.wrong.len();
        println!("{}: {}", path.display(), report(&tally));
    }
    assert_eq!(wrong, 0);
}
