//! [`Config`]: the content of `airtight.yaml`.
//!
//! [`Config::parse`] reads the text ([`keys`] is the table of all keys); the caller finds the file. Paths in the file are
//! relative to its folder, and are stored relative to the working folder: `../charts/api`.

pub(crate) mod diff;
pub(crate) mod environments;
pub(crate) mod init;
pub(crate) mod keys;
mod read;
#[cfg(test)]
mod schema;
pub(crate) mod sides;

use crate::chart_reference::ChartReference;
use crate::error::{Error, ErrorKind};
use crate::finding::Severity;
use crate::glob::Glob;
use crate::helm::HelmVersion;
use crate::images::find::{HintAction, PlaceRule};
use crate::limits::Limits;
use crate::reference::mirror::ANY;
use crate::reference::{Layout, Mirror};
use crate::selection::Selection;
use crate::settings::Level;
use crate::settings::mirror_key;
use crate::source::{File, Place};
use crate::values_path::ValuesPath;
use crate::yaml;
use jiff::civil::Date;
use keys::REWRITES;
use read::{Part, problem, told};
pub(crate) use read::{Problem, WrongConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The default name of the file.
pub(crate) const FILE_NAME: &str = "airtight.yaml";

/// The configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// The file; `None` if there is none.
    pub file: Option<Arc<File>>,
    /// The target of all images, unless a release has its own.
    pub target: MirrorTarget,
    /// Pull secrets that every pod needs.
    pub pull_secrets: Vec<String>,
    /// Paths of the lists of mirrored images.
    pub bundle: Vec<String>,
    /// Whether the mirror is asked if it has the images.
    pub mirror_check: bool,
    /// The levels of rules by id.
    pub rules: BTreeMap<String, Level>,
    /// The severities that the file gives to the findings of rules, by id, whether they are checked or not.
    pub severities: BTreeMap<String, Severity>,
    /// Fields that contain images, and fields that do not.
    pub finders: Vec<PlaceRule>,
    /// Accepted findings.
    pub suppressions: Vec<Suppression>,
    /// The releases: one for each environment of each release.
    pub releases: Vec<ListedRelease>,
}

/// Where images are pulled from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MirrorTarget {
    /// The mirror.
    pub mirror: Option<Mirror>,
    /// The layout on it.
    pub layout: Option<Layout>,
    /// The values keys from which charts read the mirror; an empty list means that there are none.
    pub global_keys: Option<Vec<ValuesPath>>,
    /// Whether something other than the listed values sets these keys: `rewrite: assumed`.
    pub assume_rewrite: Option<bool>,
}

/// An entry of `suppressions`.
#[derive(Debug, Clone)]
pub(crate) struct Suppression {
    /// The rule.
    pub rule: String,
    /// The reason.
    pub reason: String,
    /// References, as a glob.
    pub image: Option<String>,
    /// Objects, as a glob.
    pub object: Option<String>,
    /// Releases, as a glob.
    pub release: Option<String>,
    /// The last day on which it applies.
    pub expires: Option<Date>,
    /// Its location.
    pub place: Place,
}

/// A release in one environment.
#[derive(Debug, Clone)]
pub(crate) struct ListedRelease {
    /// Its content.
    pub entry: ReleaseSpec,
    /// Its location.
    pub place: Place,
    /// Where its chart is named.
    pub chart_place: Place,
}

/// The content of a release; equal entries render the same from the same files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReleaseSpec {
    /// Its name.
    pub name: String,
    /// The environment, if the release has several.
    pub environment: Option<String>,
    /// The chart; a path is relative to the working folder.
    pub chart: ChartReference,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Paths of the values files.
    pub values: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
    /// `--set-file`, with paths relative to the working folder.
    pub set_file: Vec<String>,
    /// Kubernetes version.
    pub kube_version: Option<String>,
    /// API versions.
    pub api_versions: Vec<String>,
    /// Which major version of helm to imitate.
    pub helm_version: Option<HelmVersion>,
    /// Whether missing dependencies are loaded from `file://` repositories.
    pub dependency_update: bool,
    /// Whether schema validation is skipped.
    pub skip_schema_validation: bool,
    /// The target of its images, as far as it has its own.
    pub target: MirrorTarget,
}

/// How people name a release: `api`, or `api/prod` in an environment.
pub(crate) fn full_name(name: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{name}/{environment}"),
        None => name.to_owned(),
    }
}

impl ReleaseSpec {
    /// `api`, `api/prod`.
    pub(crate) fn full_name(&self) -> String {
        full_name(&self.name, self.environment.as_deref())
    }
}

impl Config {
    /// Parses the text. `folder` is the path of its folder relative to the working folder, empty for the working folder itself.
    ///
    /// # Errors
    /// All errors, a line each: `airtight.yaml:3:5: unknown key "chrat"; did you mean "chart"?`.
    pub(crate) fn parse(file: &Arc<File>, folder: &str) -> Result<Self, Error> {
        Self::read(file, folder).map_err(|wrong| wrong.error)
    }

    /// Parses the text as [`Config::parse`] does.
    ///
    /// # Errors
    /// All errors, with their locations.
    pub(crate) fn read(file: &Arc<File>, folder: &str) -> Result<Self, WrongConfig> {
        let limits = Limits::default();
        let malformed = |error: yaml::Error| {
            let place = error.at.map(|start| Place { file: file.clone(), start, end: start });
            let shown = place.as_ref().map_or_else(|| file.name().to_owned(), ToString::to_string);
            let place = place.unwrap_or_else(|| Place { file: file.clone(), start: 0, end: 0 });
            WrongConfig {
                error: Error::new(error.kind(ErrorKind::Input), format!("{shown}: {error}")),
                problems: vec![problem(place, &error.to_string())],
            }
        };
        if let Some((start, key)) = yaml::repeated_key(file.bytes(), &limits).map_err(malformed)? {
            let place = Place { file: file.clone(), start, end: start };
            return Err(told(vec![problem(place, &format!("duplicate key {key:?}"))]));
        }
        let node = yaml::read(file.bytes(), &limits).map_err(malformed)?;
        let root = Part { file, node: &node };
        let mut problems = Vec::new();
        root.check_table(keys::ROOT, &mut problems);
        if !problems.is_empty() {
            return Err(told(problems));
        }
        let mut reader = Reader { folder, problems };
        let config = reader.config(root);
        if reader.problems.is_empty() { Ok(config) } else { Err(told(reader.problems)) }
    }
}

impl Config {
    /// The locations where releases set values with flags, `image.tag=1`: these values are masked except in findings about them.
    pub(crate) fn settings(&self) -> Vec<Place> {
        const FLAGS: [&str; 4] = ["set", "set_string", "set_json", "set_literal"];
        let Some(file) = &self.file else { return Vec::new() };
        let Ok(node) = yaml::read(file.bytes(), &Limits::default()) else { return Vec::new() };
        let releases = Part { file, node: &node }.get("releases");
        let mut places = Vec::new();
        for part in releases.iter().flat_map(Part::items) {
            let environments = part.get("environments").map(|part| part.entries()).unwrap_or_default();
            for part in std::iter::once(part).chain(environments.into_iter().map(|(_, part)| part)) {
                let flags = FLAGS.iter().filter_map(|flag| part.get(flag));
                for flag in flags {
                    match flag.items().next() {
                        Some(_) => places.extend(flag.items().map(|item| item.place())),
                        None => places.push(flag.place()),
                    }
                }
            }
        }
        places
    }
}

/// Reads a tree that passed the checks.
struct Reader<'f> {
    folder: &'f str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn config(&mut self, root: Part<'_>) -> Config {
        let finders = |name: &str, action: HintAction| -> Vec<PlaceRule> {
            let list = root.get("finders").and_then(|finders| finders.get(name));
            list.map(|list| list.items().map(|part| place_rule(action, part)).collect()).unwrap_or_default()
        };
        let (rules, severities) = self.rules(root);
        let suppressions: Vec<Part<'_>> =
            root.get("suppressions").map(|list| list.items().collect()).unwrap_or_default();
        let releases: Vec<Part<'_>> = root.get("releases").map(|list| list.items().collect()).unwrap_or_default();
        let mut config = Config {
            file: Some(root.file.clone()),
            target: self.target(root),
            pull_secrets: root.texts("pull_secrets"),
            mirror_check: root.truth("mirror_check"),
            bundle: root.texts("bundle").iter().map(|path| self.path(path)).collect(),
            rules,
            severities,
            finders: [finders("add", HintAction::Add), finders("exclude", HintAction::Exclude)].concat(),
            suppressions: suppressions.into_iter().map(|part| self.suppression(part)).collect(),
            releases: Vec::new(),
        };
        let mut names = BTreeSet::new();
        for part in releases {
            for release in self.releases(part) {
                let name = release.entry.full_name();
                if !names.insert(name.clone()) {
                    self.problems.push(problem(release.place.clone(), &format!("duplicate release {name:?}")));
                }
                config.releases.push(release);
            }
        }
        config
    }

    /// The levels of rules, and the severities among them.
    fn rules(&mut self, root: Part<'_>) -> (BTreeMap<String, Level>, BTreeMap<String, Severity>) {
        let selection = Selection {
            select: root.get("select").map(|_| root.texts("select")),
            extend: root.texts("extend_select"),
            ignore: root.texts("ignore"),
        };
        let (mut levels, mut severities) = (BTreeMap::new(), BTreeMap::new());
        for (id, part) in root.get("rules").map(|rules| rules.entries()).unwrap_or_default() {
            let level = level(&part.own_text());
            match level {
                Level::As(severity) => drop(severities.insert(id.clone(), severity)),
                Level::Off if selection.selects(&id) => {
                    self.problems
                        .push(part.problem(&format!("{id} is off here, and selected by `select` or `extend_select`")));
                }
                Level::On if selection.select.is_some() && !selection.selects(&id) => {
                    self.problems.push(part.problem(&format!("{id} is on here, and `select` does not name it")));
                }
                Level::Off | Level::On => {}
            }
            levels.insert(id, level);
        }
        selection.apply(&mut levels, &severities);
        (levels, severities)
    }

    /// A path relative to the working folder.
    fn path(&self, path: &str) -> String {
        join(self.folder, path)
    }

    fn mirror_keys(&mut self, part: Part<'_>, texts: Vec<String>) -> Vec<ValuesPath> {
        let read = texts.iter().map(|text| mirror_key(text));
        let (keys, wrong): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
        let problems = wrong.into_iter().filter_map(Result::err).map(|error| part.problem(&error.to_string()));
        self.problems.extend(problems);
        keys.into_iter().flatten().collect()
    }

    fn target(&mut self, part: Part<'_>) -> MirrorTarget {
        let mirror = self.mirror(part);
        let layout = part.text("layout").map(|layout| match layout.as_str() {
            "host-and-path" => Layout::HostAndPath,
            "name" => Layout::Name,
            "familiar-path" => Layout::FamiliarPath,
            _ => Layout::Path,
        });
        MirrorTarget {
            mirror,
            layout,
            global_keys: part.get("global_keys").map(|keys| self.mirror_keys(keys, part.texts("global_keys"))),
            assume_rewrite: part.text("rewrite").map(|word| word == REWRITES[1]),
        }
    }

    /// `mirror` for all images, `mirrors` for the images of each source; both are combined into one mirror.
    fn mirror(&mut self, part: Part<'_>) -> Option<Mirror> {
        let all = part.get("mirror");
        let named = part.get("mirrors");
        let own: Vec<(String, Part<'_>)> = named.map(|named| named.entries()).unwrap_or_default();
        let read = match (all, named) {
            (None, None) => return None,
            (Some(all), None) => {
                Mirror::parse(&all.own_text()).map_err(|error| all.problem(&format!("mirror: {error}")))
            }
            (all, Some(named)) => {
                let others = all.map(|all| (ANY.to_owned(), all.own_text()));
                let places: Vec<(String, String)> =
                    own.iter().map(|(source, place)| (source.clone(), place.own_text())).chain(others).collect();
                Mirror::by_source(places.iter().map(|(source, place)| (source.as_str(), place.as_str())))
                    .map_err(|error| named.problem(&format!("mirrors: {error}")))
            }
        };
        read.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn suppression(&mut self, part: Part<'_>) -> Suppression {
        let reason = part.text("reason").unwrap_or_default();
        if reason.trim().is_empty() {
            let place = part.get("reason").unwrap_or(part);
            self.problems.push(place.problem("a suppression needs a reason"));
        }
        let mut glob = |name: &str| {
            let pattern = part.get(name)?;
            if let Err(error) = Glob::parse(&pattern.own_text()) {
                self.problems.push(pattern.problem(&error));
            }
            Some(pattern.own_text())
        };
        let (image, object, release) = (glob("image"), glob("object"), glob("release"));
        Suppression {
            rule: part.text("rule").unwrap_or_default(),
            reason,
            image,
            object,
            release,
            expires: part.text("expires").and_then(|day| day.parse().ok()),
            place: part.get("rule").unwrap_or(part).place(),
        }
    }

    /// A release in each of its environments, or alone if it has none.
    fn releases(&mut self, part: Part<'_>) -> Vec<ListedRelease> {
        let base = ReleaseSpec {
            name: part.text("name").unwrap_or_default(),
            chart: self.chart(part, None),
            helm_version: part.text("helm_version").map(|version| match version.as_str() {
                "3" => HelmVersion::V3,
                _ => HelmVersion::V4,
            }),
            dependency_update: part.truth("dependency_update"),
            skip_schema_validation: part.truth("skip_schema_validation"),
            ..ReleaseSpec::default()
        };
        let base = self.with(base, part);
        let environments = part.get("environments").map(|environments| environments.entries()).unwrap_or_default();
        let chart_place = part.get("chart").unwrap_or(part).place();
        if environments.is_empty() {
            let place = part.get("name").unwrap_or(part).place();
            return vec![ListedRelease { entry: base, place, chart_place }];
        }
        let release = |(name, environment): (String, Part<'_>)| {
            let chart = match environment.get("version") {
                Some(version) => self.chart(part, Some(version)),
                None => base.chart.clone(),
            };
            let entry = self.with(ReleaseSpec { environment: Some(name), chart, ..base.clone() }, environment);
            ListedRelease { entry, place: environment.place(), chart_place: chart_place.clone() }
        };
        environments.into_iter().map(release).collect()
    }

    /// The chart of a release; an environment may have its own version.
    fn chart(&mut self, part: Part<'_>, version: Option<Part<'_>>) -> ChartReference {
        let version = version.or_else(|| part.get("version"));
        let repository = part.get("repository");
        let text = part.text("chart").unwrap_or_default();
        let own = |part: Option<Part<'_>>| part.map(|part| part.own_text());
        match ChartReference::parse(&text, own(version).as_deref(), own(repository).as_deref(), |_| false) {
            Ok(remote @ ChartReference::Remote(_)) => remote,
            Ok(ChartReference::Local(_)) => {
                let problem = version.map(|version| {
                    version.problem("version: a chart on the disk has the version of its Chart.yaml; only a chart that is fetched takes one")
                });
                self.problems.extend(problem);
                ChartReference::Local(self.path(&text).into())
            }
            Err(error) => {
                self.problems
                    .push(repository.or_else(|| part.get("chart")).unwrap_or(part).problem(&error.to_string()));
                ChartReference::default()
            }
        }
    }

    /// A release with the additions and replacements of a map.
    fn with(&mut self, base: ReleaseSpec, part: Part<'_>) -> ReleaseSpec {
        let both = |base: &[String], name: &str| [base.to_vec(), part.texts(name)].concat();
        let values: Vec<String> = part.texts("values").iter().map(|path| self.path(path)).collect();
        let files = part.texts("set_file");
        let files = files.iter().map(|argument| match argument.split_once('=') {
            Some((key, path)) => format!("{key}={}", self.path(path)),
            None => argument.clone(),
        });
        let files: Vec<String> = files.collect();
        let target = self.target(part);
        ReleaseSpec {
            namespace: part.text("namespace").or(base.namespace),
            values: [base.values, values].concat(),
            set: both(&base.set, "set"),
            set_string: both(&base.set_string, "set_string"),
            set_json: both(&base.set_json, "set_json"),
            set_literal: both(&base.set_literal, "set_literal"),
            set_file: [base.set_file, files].concat(),
            kube_version: part.text("kube_version").or(base.kube_version),
            api_versions: both(&base.api_versions, "api_versions"),
            target: target.or(&base.target),
            ..base
        }
    }
}

impl MirrorTarget {
    /// This target, completed with another one.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            mirror: self.mirror.or_else(|| other.mirror.clone()),
            layout: self.layout.or(other.layout),
            global_keys: self.global_keys.or_else(|| other.global_keys.clone()),
            assume_rewrite: self.assume_rewrite.or(other.assume_rewrite),
        }
    }
}

/// An entry of `finders`; omitted parts match everything.
fn place_rule(action: HintAction, part: Part<'_>) -> PlaceRule {
    let pattern = |name: &str| part.text(name).unwrap_or_else(|| "*".to_owned());
    PlaceRule { action, kind: pattern("kind"), name: pattern("name"), field: pattern("field") }
}

/// A level by its name; YAML reads `off` and `on` as booleans.
fn level(word: &str) -> Level {
    match word {
        "off" | "false" => Level::Off,
        "error" => Level::As(Severity::Error),
        "warning" => Level::As(Severity::Warning),
        "hint" => Level::As(Severity::Hint),
        _ => Level::On,
    }
}

/// Joins a path to a folder; both with `/`.
fn join(folder: &str, path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    match (folder, path) {
        ("", path) => path.to_owned(),
        // `C:\charts` on Windows.
        (_, path) if Path::new(path).has_root() => path.to_owned(),
        (folder, "." | "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{files, read};

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(&File::new(FILE_NAME, text), "..")
    }

    #[test]
    fn environments_add_to_their_release() {
        let config = parse(
            "mirror: mirror.internal\nreleases:\n  - name: api\n    chart: ./charts/api\n    values: base.yaml\n    \
             set: [a=1]\n    environments:\n      prod: {values: [prod.yaml], mirror: prod.internal}\n      test:\n",
        );
        let config = config.expect("it is a configuration");
        let names: Vec<String> = config.releases.iter().map(|release| release.entry.full_name()).collect();
        assert_eq!(names, ["api/prod", "api/test"]);
        let prod = &config.releases[0].entry;
        assert_eq!(prod.chart.to_string(), "../charts/api");
        assert_eq!(prod.values, ["../base.yaml", "../prod.yaml"]);
        assert_eq!(prod.set, ["a=1"]);
        assert_eq!(prod.target.mirror.as_ref().map(ToString::to_string).as_deref(), Some("prod.internal"));
        assert_eq!(config.releases[1].entry.values, ["../base.yaml"]);
    }

    /// Cases on disk: `testdata/config/NAME.yaml`, whose first lines, `# error: …`, are the expected errors.
    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = files("testdata/config", ".yaml");
        assert!(!cases.is_empty());
        for path in cases {
            let text = read(&path);
            let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# error: ")).collect();
            let found = parse(&text).err().map(Error::into_text).unwrap_or_default();
            assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{}", path.display());
        }
    }
}
