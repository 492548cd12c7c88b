//! [`ReleaseInputs`]: a release as its owner would install it, ready to be rendered any number of times.

use crate::chart::{self, Chart};
use crate::compiler::Compiler;
use crate::error::Error;
use crate::limits::Limits;
use crate::render::{self, Capabilities, Inputs, Known, Release, Rendered};
use crate::schema::remote::Remote;
use crate::schema::{self, KnownSchemas, remote};
use crate::source::File;
use crate::template::decisions::Decisions;
use crate::template::tree::Untraced;
use crate::template::{self, Env, Map, Value};
use crate::trace::{Marks, Origins};
use crate::values::layers::{Merged, UserValues};
use crate::values::{self, Instance, json};
use crate::values_path::ValuesPath;
use crate::work::Work;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A release ready to be rendered.
#[derive(Debug, Clone)]
pub(crate) struct ReleaseInputs {
    /// The chart.
    pub(crate) chart: Arc<Chart>,
    /// The release's facts.
    pub(crate) release: Release,
    /// The cluster's capabilities.
    pub(crate) capabilities: Capabilities,
    /// The clock and randomness.
    pub(crate) env: Env,
    /// The limits.
    pub(crate) limits: Limits,
    /// The user's values.
    pub(crate) user: UserValues,
    /// Whether values were given, so that the release is judged as it is, unlike a chart alone.
    pub(crate) is_given: bool,
    /// Whether values are validated against schemas.
    pub(crate) check_schema: bool,
    /// Reads the files of `--set-file`.
    pub(crate) set_files: SetFiles,
    /// The work done for the release.
    pub(crate) work: Work,
}

/// Reads the files of `--set-file`: by the index of the flag, and the path in it. The error is in helm's words.
#[derive(Clone)]
pub(crate) struct SetFiles(Arc<ReadFile>);

type ReadFile = dyn Fn(usize, &str) -> Result<Vec<u8>, Error> + Send + Sync;

impl SetFiles {
    /// Reads with a function.
    pub(crate) fn new(read: impl Fn(usize, &str) -> Result<Vec<u8>, Error> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Reads no file.
    pub(crate) fn none() -> Self {
        Self::new(|_, path| Err(Error::input(format!("{path}: reading files is disabled here"))))
    }

    /// Reads a file.
    pub(crate) fn read(&self, flag: usize, path: &str) -> Result<Vec<u8>, Error> {
        (self.0)(flag, path)
    }
}

impl std::fmt::Debug for SetFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetFiles")
    }
}

/// A change of the user's values for one render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InputChange {
    /// Sets a path to a string unless the user set it: the global rewrite.
    Default(ValuesPath, String),
    /// Sets a path to a string, whatever the user set: the canary.
    Set(ValuesPath, String),
    /// Sets a path to true, whatever the user set: a switch.
    SwitchOn(ValuesPath),
    /// Removes what the user set at a path.
    Remove(ValuesPath),
    /// Sets a path to a value, as JSON, whatever the user set: a trial.
    SetJson(ValuesPath, String),
}

impl InputChange {
    /// The path that it changes.
    pub(crate) fn path(&self) -> &ValuesPath {
        match self {
            Self::Default(path, _) | Self::Set(path, _) | Self::SetJson(path, _) => path,
            Self::SwitchOn(path) | Self::Remove(path) => path,
        }
    }
}

/// One render of a release.
#[derive(Debug)]
pub(crate) struct RenderOutcome {
    /// The top chart with its enabled subcharts.
    pub(crate) root: Instance,
    /// `.Values` of the top chart.
    pub(crate) values: Map,
    /// The files that the templates produced.
    pub(crate) rendered: Rendered,
    /// The seed, if keys, passwords or other random text were derived from it: whoever knows it can compute them.
    pub(crate) seed: Option<u64>,
}

/// Why a release did not render.
#[derive(Debug)]
pub(crate) enum RenderProblem {
    /// The user's input cannot be used: a values file that is not YAML, a flag, a name.
    Input(Error),
    /// The chart stops before its templates are executed; in helm's words.
    Chart(Obstacle, Error),
    /// A template failed.
    Template(Box<template::Error>),
}

/// Why a chart stops before its templates are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It is a library chart.
    Library,
    /// A dependency is missing.
    Dependencies,
    /// It cannot be combined with the values.
    Values,
    /// The values do not match a schema.
    Schema,
    /// It requires another version of Kubernetes.
    KubeVersion,
}

impl Obstacle {
    /// Makes an error a problem with the chart.
    fn problem(self) -> impl FnOnce(Error) -> RenderProblem {
        move |error| RenderProblem::Chart(self, error)
    }
}

impl ReleaseInputs {
    /// Coalesces the values and renders. With `origins`, values and text are traced. Helm's log lines are added to `log`, if
    /// somebody reads it, also on an error.
    ///
    /// The checks are in helm's order, so that the same one of several problems is reported.
    pub(crate) fn render(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        origins: Option<&mut Origins>,
        log: Option<&mut Vec<String>>,
    ) -> Result<RenderOutcome, RenderProblem> {
        self.render_deciding(compiler, changes, origins, None, log)
    }

    /// The same, with forced branches, and with a record of what was decided.
    ///
    /// # Errors
    /// See [`ReleaseInputs::render`].
    pub(crate) fn render_deciding(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        origins: Option<&mut Origins>,
        decisions: Option<Decisions>,
        log: Option<&mut Vec<String>>,
    ) -> Result<RenderOutcome, RenderProblem> {
        self.render_noting(compiler, changes, origins, decisions, (log, &mut None))
    }

    /// The same; if a template fails, its file is stored, provided that it fails independently of other files.
    ///
    /// # Errors
    /// See [`ReleaseInputs::render`].
    pub(crate) fn render_noting(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        origins: Option<&mut Origins>,
        decisions: Option<Decisions>,
        (log, stopped_in): (Option<&mut Vec<String>>, &mut Option<String>),
    ) -> Result<RenderOutcome, RenderProblem> {
        self.render_all(compiler, changes, (origins, decisions, Known::default()), (log, stopped_in))
    }

    /// The same without tracing, starting with the file that failed in another render: only success or failure matters.
    ///
    /// # Errors
    /// See [`ReleaseInputs::render`].
    pub(crate) fn render_beginning_with(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        first: Option<&str>,
    ) -> Result<RenderOutcome, RenderProblem> {
        self.render_knowing(compiler, changes, Known { first, ..Known::default() })
    }

    /// Renders only the files that may differ from an earlier render of the same release with other values.
    ///
    /// # Errors
    /// See [`ReleaseInputs::render`].
    pub(crate) fn render_again(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        before: &Rendered,
    ) -> Result<RenderOutcome, RenderProblem> {
        self.render_knowing(compiler, changes, Known { before: before.before.as_ref(), ..Known::default() })
    }

    /// Renders only the files of these charts, by full path: `app/charts/db`; no schema is asked.
    ///
    /// # Errors
    /// See [`ReleaseInputs::render`].
    pub(crate) fn render_charts(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        charts: &BTreeSet<String>,
    ) -> Result<RenderOutcome, RenderProblem> {
        let unchecked = Self { check_schema: false, ..self.clone() };
        unchecked.render_knowing(compiler, changes, Known { only: Some(charts), ..Known::default() })
    }

    /// Renders with what is known from an earlier render, and without it if a file changes what others see: the earlier
    /// render did not take that branch.
    fn render_knowing(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        known: Known<'_>,
    ) -> Result<RenderOutcome, RenderProblem> {
        let mut render = |known| self.render_all(compiler, changes, (None, None, known), (None, &mut None));
        // With nothing known, everything is executed in its turn, and nobody needs to watch the maps.
        if known.before.is_none() && known.first.is_none() {
            return render(known);
        }
        let changed = Cell::new(false);
        let outcome = render(Known { changed: Some(&changed), ..known });
        if changed.get() { render(Known::default()) } else { outcome }
    }

    fn render_all(
        &self,
        compiler: &mut Compiler,
        changes: &[InputChange],
        (mut origins, decisions, known): (Option<&mut Origins>, Option<Decisions>, Known<'_>),
        (mut log, stopped_in): (Option<&mut Vec<String>>, &mut Option<String>),
    ) -> Result<RenderOutcome, RenderProblem> {
        let mirror_keys = decisions.as_ref().map_or(&[][..], |decisions| &decisions.mirror_keys);
        let values::Processed { root, values } = self.values_with_mirror(
            changes,
            mirror_keys,
            origins.as_deref_mut(),
            log.as_deref_mut(),
            compiler.defaults(),
        )?;
        let helm = self.env.helm;
        if self.check_schema {
            let checked = schema::validate(&root, &values, helm, &self.limits, compiler.schemas());
            let lines = checked.map_err(Obstacle::Schema.problem())?;
            log.into_iter().for_each(|log| log.extend(lines.iter().cloned()));
        }
        chart::check_kube_version(&self.chart, &self.capabilities.kube_version.version, helm)
            .map_err(Obstacle::KubeVersion.problem())?;
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
            RenderProblem::Template(stopped.error)
        })?;
        let seed = env.seed().filter(|_| env.has_used_seed());
        Ok(RenderOutcome { root, values, rendered, seed })
    }

    /// Coalesces the values as helm does before rendering: what `.Values` is, and which charts are enabled.
    ///
    /// # Errors
    /// See [`ReleaseInputs::render`].
    pub(crate) fn values(
        &self,
        changes: &[InputChange],
        origins: Option<&mut Origins>,
        log: Option<&mut Vec<String>>,
    ) -> Result<values::Processed, RenderProblem> {
        self.values_with_mirror(changes, &[], origins, log, &values::Defaults::default())
    }

    fn values_with_mirror(
        &self,
        changes: &[InputChange],
        mirror_keys: &[ValuesPath],
        mut origins: Option<&mut Origins>,
        mut log: Option<&mut Vec<String>>,
        defaults: &values::Defaults,
    ) -> Result<values::Processed, RenderProblem> {
        let helm = self.env.helm;
        let user = self.user_values(origins.as_deref_mut()).map_err(RenderProblem::Input)?;
        for change in changes {
            match change {
                InputChange::Default(path, text) => user.set_default(path, text, origins.as_deref_mut()),
                InputChange::Set(path, text) => user.set(path, Value::str(text.as_str())),
                InputChange::SwitchOn(path) => user.set(path, Value::bool(true)),
                InputChange::Remove(path) => user.remove(path),
                InputChange::SetJson(path, text) => match json::read_all(text) {
                    Some(node) => user.set(path, Value::from_node(&node, &mut Untraced)),
                    None => Err(Error::input(format!("{text} is not JSON"))),
                },
            }
            .map_err(RenderProblem::Input)?;
        }
        for key in mirror_keys {
            user.mark(key, Marks::MIRROR);
        }
        chart::check_type(&self.chart).map_err(Obstacle::Library.problem())?;
        let lines = chart::check_dependencies(&self.chart).map_err(Obstacle::Dependencies.problem())?;
        log.iter_mut().for_each(|log| log.extend(lines.iter().cloned()));
        check_release_name(&self.release.name)
            .inspect_err(|error| {
                let line = format!("level=ERROR msg=\"release name check failed\" error={:?}", error.helm_text());
                log.iter_mut().for_each(|log| log.push(line.clone()));
            })
            .map_err(|error| RenderProblem::Input(error.after("release name check failed")))?;
        let options = values::ProcessOptions { helm, limits: &self.limits, defaults };
        values::process(&self.chart, &user, options, origins, log).map_err(Obstacle::Values.problem())
    }
}

impl ReleaseInputs {
    /// The same release with a fresh count of work.
    #[must_use]
    pub(crate) fn afresh(&self) -> Self {
        Self { work: Work::of(&self.limits), ..self.clone() }
    }

    /// The same release for work that a verdict does not need.
    #[must_use]
    pub(crate) fn optional(&self) -> Self {
        Self { work: self.work.optional(), ..self.clone() }
    }

    /// Whether the values match the schemas of the charts.
    pub(crate) fn fits_schema(&self, changes: &[InputChange], compiler: &Compiler) -> bool {
        if !self.check_schema || !has_schema(&self.chart) {
            return true;
        }
        let processed = self.values_with_mirror(changes, &[], None, None, compiler.defaults());
        processed.is_ok_and(|values::Processed { root, values }| {
            schema::validate(&root, &values, self.env.helm, &self.limits, compiler.schemas()).is_ok()
        })
    }

    /// The values that the schemas of the charts refuse, by their paths from the top chart.
    pub(crate) fn refused_by_schema(&self, changes: &[InputChange], compiler: &Compiler) -> Vec<ValuesPath> {
        let processed = self.values_with_mirror(changes, &[], None, None, compiler.defaults());
        processed.map_or_else(
            |_| Vec::new(),
            |values::Processed { root, values }| {
                schema::refused(&root, &values, self.env.helm, &self.limits, compiler.schemas())
            },
        )
    }

    /// The schemas that helm fetches when it validates the values.
    pub(crate) fn remote_schemas(&self, known: &KnownSchemas) -> Vec<Remote> {
        let (helm, limits) = (self.env.helm, &self.limits);
        // Coalescing again has a cost, and most charts have no schema, or one without references.
        if !self.check_schema
            || !refers_elsewhere(&self.chart, &|schema| {
                remote::may_refer_elsewhere(schema) && remote::refers_elsewhere(schema, helm, limits, known)
            })
        {
            return Vec::new();
        }
        match self.values(&[], None, None) {
            Ok(values::Processed { root, values }) => remote::remotes(&root, &values, helm, limits, known),
            // Without the values, the enabled subcharts are not known.
            Err(_) => {
                let schema = self.chart.schema.iter();
                schema.flat_map(|schema| remote::of_schema(self.chart.name(), schema, helm, limits, known)).collect()
            }
        }
    }

    /// The user's values, merged.
    ///
    /// # Errors
    /// See [`UserValues::merge`].
    pub(crate) fn user_values(&self, origins: Option<&mut Origins>) -> Result<Merged, Error> {
        self.user.merge(self.env.helm, &self.limits, &mut |flag, path| self.set_files.read(flag, path), origins)
    }
}

/// Whether a chart, or a subchart, has a schema.
fn has_schema(chart: &Chart) -> bool {
    chart.schema.is_some() || chart.subcharts.iter().any(|inside| has_schema(inside))
}

/// Whether the schema of a chart, or of a subchart, refers to another document.
fn refers_elsewhere(chart: &Chart, refers: &dyn Fn(&Arc<File>) -> bool) -> bool {
    chart.schema.as_ref().is_some_and(refers) || chart.subcharts.iter().any(|inside| refers_elsewhere(inside, refers))
}

/// Helm's rule for release names.
///
/// Source: helm `pkg/chart/common/util`, `ValidateReleaseName`.
fn check_release_name(name: &str) -> Result<(), Error> {
    let part = |part: &str| {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(word) && part.ends_with(word) && part.chars().all(|c| word(c) || c == '-')
    };
    if name.is_empty() {
        return Err(Error::input("no name provided"));
    }
    if name.len() > 53 || !name.split('.').all(part) {
        return Err(Error::input(format!(
            "release name {name:?}: invalid release name, must match regex \
             ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer \
             than 53"
        )));
    }
    Ok(())
}
