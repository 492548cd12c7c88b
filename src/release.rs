//! [`Prepared`]: a release as its owner would install it, ready to be rendered as often as one likes.

use crate::chart::{self, Chart};
use crate::compiler::Compiler;
use crate::limits::Limits;
use crate::render::{self, Capabilities, Inputs, Known, Release, Rendered};
use crate::template::decisions::Decisions;
use crate::template::tree::Untraced;
use crate::template::{Env, Map, Value, error::Error};
use crate::trace::{Marks, Origins};
use crate::values::layers::{Merged, UserValues};
use crate::values::schema::remote::{self, Remote};
use crate::values::{self, Instance, json};
use crate::work::Work;
use std::sync::Arc;

/// A release ready to be rendered.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The chart.
    pub chart: Arc<Chart>,
    /// The release's facts.
    pub release: Release,
    /// The cluster's.
    pub capabilities: Capabilities,
    /// Clock and randomness.
    pub env: Env,
    /// The bounds.
    pub limits: Limits,
    /// What the user set.
    pub user: UserValues,
    /// Whether it is a release whose values were given, to be judged as it is; and not a chart alone.
    pub is_given: bool,
    /// Whether values are checked against schemas.
    pub check_schema: bool,
    /// Reads the files that `--set-file` names.
    pub set_files: SetFiles,
    /// What was done for it.
    pub work: Work,
}

/// What reads the files that `--set-file` names: by the number of the flag, and the path in it. The error is in helm's words.
#[derive(Clone)]
pub struct SetFiles(Arc<ReadFile>);

type ReadFile = dyn Fn(usize, &str) -> Result<Vec<u8>, String> + Send + Sync;

impl SetFiles {
    /// Reads by a function.
    pub fn new(read: impl Fn(usize, &str) -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Reads nothing.
    pub fn none() -> Self {
        Self::new(|_, path| Err(format!("{path}: no files are read here")))
    }

    /// Reads a file.
    pub fn read(&self, flag: usize, path: &str) -> Result<Vec<u8>, String> {
        (self.0)(flag, path)
    }
}

impl std::fmt::Debug for SetFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetFiles")
    }
}

/// What the tool changes of the user's values, for one render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets a path to a text unless the user set it: the global rewrite.
    Default(String, String),
    /// Sets a path to a text, whatever the user set: the canary.
    Set(String, String),
    /// Sets a path to true, whatever the user set: a switch.
    SwitchOn(String),
    /// Takes away what the user set at a path.
    Remove(String),
    /// Sets a path to a value, as JSON, whatever the user set: a trial.
    SetJson(String, String),
}

impl Change {
    /// The path it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Default(path, _) | Self::Set(path, _) | Self::SetJson(path, _) => path,
            Self::SwitchOn(path) | Self::Remove(path) => path,
        }
    }
}

/// One render of a release.
#[derive(Debug)]
pub struct Outcome {
    /// The top chart with its enabled subcharts.
    pub root: Instance,
    /// `.Values` of the top chart.
    pub values: Map,
    /// The files that the templates made.
    pub rendered: Rendered,
    /// The seed, when keys, passwords or other random text were made of it: whoever knows it can compute them.
    pub seed: Option<u64>,
}

/// Why a release did not render.
#[derive(Debug)]
pub enum Problem {
    /// What the user gave cannot be used: a values file that is not YAML, a flag, a name.
    Input(String),
    /// The chart refuses, before its templates are executed: dependencies, schema, Kubernetes version; in helm's words.
    Chart(String),
    /// A template.
    Template(Box<Error>),
}

impl Prepared {
    /// Coalesces the values and renders. With `origins`, values and text are traced. Helm's log lines are added to
    /// `log`, also when there is an error.
    ///
    /// The order of the checks is helm's, so that of several problems the same one is reported.
    pub fn render(
        &self,
        compiler: &mut Compiler,
        changes: &[Change],
        origins: Option<&mut Origins>,
        log: &mut Vec<String>,
    ) -> Result<Outcome, Problem> {
        self.render_deciding(compiler, changes, origins, None, log)
    }

    /// The same, of a course of its own, and with what was decided.
    ///
    /// # Errors
    /// As of [`Prepared::render`].
    pub fn render_deciding(
        &self,
        compiler: &mut Compiler,
        changes: &[Change],
        origins: Option<&mut Origins>,
        decisions: Option<Decisions>,
        log: &mut Vec<String>,
    ) -> Result<Outcome, Problem> {
        self.render_noting(compiler, changes, origins, decisions, (log, &mut None))
    }

    /// The same; where the templates fail, the file in which they do is noted, if it fails whatever is executed before it.
    ///
    /// # Errors
    /// As of [`Prepared::render`].
    pub fn render_noting(
        &self,
        compiler: &mut Compiler,
        changes: &[Change],
        origins: Option<&mut Origins>,
        decisions: Option<Decisions>,
        (log, stopped_in): (&mut Vec<String>, &mut Option<String>),
    ) -> Result<Outcome, Problem> {
        self.render_all(compiler, changes, (origins, decisions, Known::default()), (log, stopped_in))
    }

    /// The same without traces, and beginning with the file that failed in another render: only what becomes of it is of
    /// interest.
    ///
    /// # Errors
    /// As of [`Prepared::render`].
    pub fn render_beginning_with(
        &self,
        compiler: &mut Compiler,
        changes: &[Change],
        first: Option<&str>,
    ) -> Result<Outcome, Problem> {
        let known = Known { first, ..Known::default() };
        self.render_all(compiler, changes, (None, None, known), (&mut Vec::new(), &mut None))
    }

    /// Renders the files that may come out differently than in a render before, which was one of the same release with other
    /// values.
    ///
    /// # Errors
    /// As of [`Prepared::render`].
    pub fn render_again(
        &self,
        compiler: &mut Compiler,
        changes: &[Change],
        before: &Rendered,
    ) -> Result<Outcome, Problem> {
        let known = Known { before: before.before.as_ref(), ..Known::default() };
        self.render_all(compiler, changes, (None, None, known), (&mut Vec::new(), &mut None))
    }

    fn render_all(
        &self,
        compiler: &mut Compiler,
        changes: &[Change],
        (mut origins, decisions, known): (Option<&mut Origins>, Option<Decisions>, Known<'_>),
        (log, stopped_in): (&mut Vec<String>, &mut Option<String>),
    ) -> Result<Outcome, Problem> {
        let mirror_keys = decisions.as_ref().map_or(&[][..], |decisions| &decisions.mirror_keys);
        let values::Processed { root, values } =
            self.values_with_mirror(changes, mirror_keys, origins.as_deref_mut(), log, compiler.defaults())?;
        let helm = self.env.helm;
        if self.check_schema {
            let checked = values::schema::validate(&root, &values, helm, &self.limits, compiler.schemas());
            log.extend(checked.map_err(Problem::Chart)?);
        }
        chart::check_kube_version(&self.chart, &self.capabilities.kube_version.version, helm)
            .map_err(Problem::Chart)?;
        let inputs = Inputs {
            values: &values,
            release: &self.release,
            capabilities: &self.capabilities,
            limits: &self.limits,
            work: &self.work,
        };
        let mut env = self.env.clone();
        let rendered = render::render(&root, &inputs, compiler, &mut env, origins, decisions, known);
        let rendered = rendered.map_err(|stopped| {
            *stopped_in = stopped.file;
            Problem::Template(stopped.error)
        })?;
        let seed = env.seed().filter(|_| env.has_used_seed());
        Ok(Outcome { root, values, rendered, seed })
    }

    /// Coalesces the values, as far as helm does before it looks at them: what `.Values` is, and which charts there are.
    ///
    /// # Errors
    /// As of [`Prepared::render`].
    pub fn values(
        &self,
        changes: &[Change],
        origins: Option<&mut Origins>,
        log: &mut Vec<String>,
    ) -> Result<values::Processed, Problem> {
        self.values_with_mirror(changes, &[], origins, log, &values::Defaults::default())
    }

    fn values_with_mirror(
        &self,
        changes: &[Change],
        mirror_keys: &[String],
        mut origins: Option<&mut Origins>,
        log: &mut Vec<String>,
        defaults: &values::Defaults,
    ) -> Result<values::Processed, Problem> {
        let helm = self.env.helm;
        let user = self.user_values(origins.as_deref_mut()).map_err(Problem::Input)?;
        for change in changes {
            match change {
                Change::Default(path, text) => user.set_default(path, text, origins.as_deref_mut()),
                Change::Set(path, text) => user.set(path, Value::str(text.as_str())),
                Change::SwitchOn(path) => user.set(path, Value::bool(true)),
                Change::Remove(path) => user.remove(path),
                Change::SetJson(path, text) => match json::read_all(text) {
                    Some(node) => user.set(path, Value::from_node(&node, &mut Untraced)),
                    None => Err(format!("{text} is not JSON")),
                },
            }
            .map_err(Problem::Input)?;
        }
        for key in mirror_keys {
            user.mark(key, Marks::MIRROR);
        }
        log.extend(chart::check_installable(&self.chart).map_err(Problem::Chart)?);
        check_release_name(&self.release.name)
            .inspect_err(|error| log.push(format!("level=ERROR msg=\"release name check failed\" error={error:?}")))
            .map_err(|error| Problem::Input(format!("release name check failed: {error}")))?;
        let options = values::Options { helm, limits: &self.limits, defaults };
        values::process(&self.chart, &user, options, origins, log).map_err(Problem::Chart)
    }
}

impl Prepared {
    /// The same release with nothing done for it yet.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self { work: Work::of(&self.limits), ..self.clone() }
    }

    /// The same release for something that a verdict does not need.
    #[must_use]
    pub fn optional(&self) -> Self {
        Self { work: self.work.optional(), ..self.clone() }
    }

    /// Whether the schemas of the charts allow the values.
    pub fn fits_schema(&self, changes: &[Change], compiler: &Compiler) -> bool {
        if !self.check_schema || !has_schema(&self.chart) {
            return true;
        }
        let processed = self.values_with_mirror(changes, &[], None, &mut Vec::new(), compiler.defaults());
        processed.is_ok_and(|values::Processed { root, values }| {
            values::schema::validate(&root, &values, self.env.helm, &self.limits, compiler.schemas()).is_ok()
        })
    }

    /// What helm loads because schemas refer to it, when it checks the values.
    pub fn remote_schemas(&self) -> Vec<Remote> {
        // Coalescing the values once more is not free, and most charts have no schema, or one that refers to nothing else.
        if !self.check_schema || !refers_elsewhere(&self.chart) {
            return Vec::new();
        }
        let (helm, limits) = (self.env.helm, &self.limits);
        match self.values(&[], None, &mut Vec::new()) {
            Ok(values::Processed { root, values }) => remote::remotes(&root, &values, helm, limits),
            // Which subcharts there will be is not known then.
            Err(_) => {
                let schema = self.chart.schema.iter();
                schema.flat_map(|schema| remote::of_schema(self.chart.name(), schema, helm, limits)).collect()
            }
        }
    }

    /// What the user set, merged.
    ///
    /// # Errors
    /// As of [`UserValues::merge`].
    pub fn user_values(&self, origins: Option<&mut Origins>) -> Result<Merged, String> {
        self.user.merge(self.env.helm, &self.limits, &mut |flag, path| self.set_files.read(flag, path), origins)
    }
}

/// Whether a chart, or one in it, has a schema.
fn has_schema(chart: &Chart) -> bool {
    chart.schema.is_some() || chart.subcharts.iter().any(|inside| has_schema(inside))
}

/// Whether the schema of a chart, or of one in it, may refer to something outside of it.
fn refers_elsewhere(chart: &Chart) -> bool {
    chart.schema.as_ref().is_some_and(|schema| remote::may_refer_elsewhere(schema))
        || chart.subcharts.iter().any(|inside| refers_elsewhere(inside))
}

/// Helm's rule for the names of releases.
///
/// Source: helm `pkg/chart/common/util`, `ValidateReleaseName`.
fn check_release_name(name: &str) -> Result<(), String> {
    let part = |part: &str| {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(word) && part.ends_with(word) && part.chars().all(|c| word(c) || c == '-')
    };
    if name.is_empty() {
        return Err("no name provided".to_owned());
    }
    if name.len() > 53 || !name.split('.').all(part) {
        return Err(format!(
            "release name {name:?}: invalid release name, must match regex \
             ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer \
             than 53"
        ));
    }
    Ok(())
}
