//! [`Renderer`]: a release of a chart, to be rendered.

use super::chart::Chart;
use super::error::of_problem;
use super::on_large_stack;
use super::rendered::Rendered;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::limits::Limits;
use crate::release::{ReleaseInputs, SetFiles};
use crate::render::capabilities::KubeVersion;
use crate::render::manifest::manifests;
use crate::render::output::Selection;
use crate::render::{Capabilities, Release};
use crate::source::File;
use crate::template::Env;
use crate::trace::Origins;
use crate::values::UserValues;
use crate::work::Work;

/// A release of a chart: its name, its values and its cluster. The defaults are those of `helm template`.
///
/// A clone is independent: one renderer can be the starting point of many.
#[derive(Debug, Clone)]
pub struct Renderer {
    pub(super) prepared: ReleaseInputs,
    selection: Selection,
    has_origins: bool,
}

impl Renderer {
    /// A release of a chart with its default values, named `release-name`, in the namespace `default`.
    ///
    /// Random functions use the randomness of the system, and the time is that of the machine; see [`Renderer::seed`].
    pub fn new(chart: &Chart) -> Self {
        let release = Release {
            name: "release-name".to_owned(),
            namespace: "default".to_owned(),
            is_upgrade: false,
            revision: 1,
        };
        let prepared = ReleaseInputs {
            chart: chart.chart.clone(),
            release,
            capabilities: Capabilities::default_of(chart.helm),
            env: Env { helm: chart.helm, ..Env::default() },
            limits: Limits::default(),
            user: UserValues::default(),
            is_given: false,
            check_schema: true,
            set_files: SetFiles::none(),
            work: Work::of(&Limits::default()),
        };
        Self { prepared, selection: Selection::default(), has_origins: false }
    }

    /// Sets the name of the release.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.prepared.release.name = name.into();
        self
    }

    /// Sets the namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.prepared.release.namespace = namespace.into();
        self
    }

    /// Renders an upgrade instead of an install.
    #[must_use]
    pub fn upgrade(mut self) -> Self {
        self.prepared.release.is_upgrade = true;
        self
    }

    /// Adds a values file, as `-f` does: its name in errors and origins, and its text.
    #[must_use]
    pub fn values(mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        self.given().files.push(File::new(name, text));
        self
    }

    /// Sets values, as `--set` does: `image.tag=1.2.3,replicas=2`.
    #[must_use]
    pub fn set(mut self, assignments: impl Into<String>) -> Self {
        self.given().set.push(assignments.into());
        self
    }

    /// Sets string values, as `--set-string` does: `image.tag=1.20`.
    #[must_use]
    pub fn set_string(mut self, assignments: impl Into<String>) -> Self {
        self.given().set_string.push(assignments.into());
        self
    }

    /// Sets values from JSON, as `--set-json` does: `hosts=["a","b"]`.
    #[must_use]
    pub fn set_json(mut self, assignments: impl Into<String>) -> Self {
        self.given().set_json.push(assignments.into());
        self
    }

    /// Sets the Kubernetes version of the cluster, as `--kube-version` does: `1.31`.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) if it is not a version.
    pub fn kube_version(mut self, version: &str) -> Result<Self, Error> {
        let version = KubeVersion::parse(version)?;
        self.prepared.capabilities.kube_version = version;
        Ok(self)
    }

    /// Adds an API version of the cluster, as `--api-versions` does: `monitoring.coreos.com/v1`, or with a kind,
    /// `monitoring.coreos.com/v1/ServiceMonitor`.
    #[must_use]
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.prepared.capabilities.api_versions.push(version.into());
        self
    }

    /// Renders the same bytes each time: random text and keys are derived from the seed, and the time is 2000-01-01. Keys and
    /// passwords derived from a seed are not secret.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.prepared.env = Env { helm: self.prepared.env.helm, ..Env::seeded(seed) };
        self
    }

    /// Limits the work. A chart that exceeds a limit is an error that names the limit.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.prepared.limits = limits;
        self
    }

    /// Also prints the CRDs in `crds/`.
    #[must_use]
    pub fn include_crds(mut self) -> Self {
        self.selection.include_crds = true;
        self
    }

    /// Records the origin of every byte, for [`Rendered::origins`]. The text is the same.
    #[must_use]
    pub fn trace(mut self) -> Self {
        self.has_origins = true;
        self
    }

    /// Renders on a separate thread with a large stack, so that no chart overflows the caller's.
    ///
    /// # Errors
    /// Where helm would fail, in helm's words; and [`ErrorKind::Limit`](crate::ErrorKind::Limit) if a limit is exceeded.
    pub fn render(&self) -> Result<Rendered, Error> {
        on_large_stack(|| self.render_here())?
    }

    fn render_here(&self) -> Result<Rendered, Error> {
        // Each render has its full limits.
        let prepared = self.prepared.afresh();
        let helm = prepared.env.helm;
        let mut origins = self.has_origins.then(Origins::new);
        let mut log = Vec::new();
        let outcome = prepared
            .render(&mut Compiler::new(), &[], origins.as_mut(), Some(&mut log))
            .map_err(|problem| of_problem(problem, helm))?;
        let manifests = manifests(&outcome.rendered, helm, &prepared.limits)?;
        log.extend(manifests.log.iter().map(|line| format!("level=INFO {line}")));
        Ok(Rendered::new(&outcome, manifests, &self.selection, origins, log))
    }

    /// The user's values, for additions: a release with values is judged as given.
    fn given(&mut self) -> &mut UserValues {
        self.prepared.is_given = true;
        // Clones share what was read from the files, but differ from now on.
        self.prepared.user.read = Default::default();
        &mut self.prepared.user
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Chart, ChartSource, Linter, OriginKind};
    use super::*;
    use crate::ErrorKind;
    use std::collections::BTreeMap;

    fn chart(files: &[(&str, &str)]) -> Chart {
        let about = ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
        let files = files.iter().chain([&about]);
        let files = files.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Chart::open(ChartSource::Files(files)).unwrap()
    }

    /// Runs on a thread with the usual stack size, or less.
    fn on_small_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            std::thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, run).unwrap().join().unwrap()
        })
    }

    #[test]
    fn a_hostile_chart_does_not_overflow_the_stack_of_the_caller() {
        let nested = |open: &str, close: &str, times: usize| open.repeat(times) + &close.repeat(times);
        let deep_values = format!("a: {}", nested("[", "]", 9_000));
        let deep_text = format!("a: {}", nested("{{ fromYaml \"", "\" }}", 1));
        let deep_pipeline = format!("a: {{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000));
        let endless = "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}";
        let conditions = format!("{}{}", "{{ if true }}".repeat(20_000), "{{ end }}".repeat(20_000));
        let tpl = "{{ define \"t\" }}{{ tpl \"{{ include \\\"t\\\" . }}\" . }}{{ end }}{{ include \"t\" . }}";
        on_small_stack(|| {
            let charts = [
                vec![("values.yaml", deep_values.as_str()), ("templates/a.yaml", "a: {{ toYaml .Values.a }}")],
                vec![("templates/a.yaml", deep_text.as_str())],
                vec![("templates/a.yaml", deep_pipeline.as_str())],
                vec![("templates/a.yaml", endless)],
                vec![("templates/a.yaml", conditions.as_str())],
                vec![("templates/a.yaml", tpl)],
            ];
            for files in charts {
                let renderer = Renderer::new(&chart(&files));
                // Some of them render, none crashes.
                let _ = renderer.render();
                let _ = renderer.clone().trace().render();
                let _ = Linter::new("mirror.internal".parse().unwrap()).lint(&renderer).unwrap();
            }
            let endless = Renderer::new(&chart(&[("templates/a.yaml", endless)])).render().unwrap_err();
            assert_eq!(endless.kind(), ErrorKind::Template, "{endless}");
        });
    }

    #[test]
    fn errors_have_kinds_and_locations() {
        let of = |files: &[(&str, &str)]| Renderer::new(&chart(files));
        let kind = |renderer: Renderer| renderer.render().unwrap_err().kind();
        assert_eq!(kind(of(&[]).name("Not A Name")), ErrorKind::Input);
        assert_eq!(kind(of(&[]).values("v.yaml", "a: [")), ErrorKind::Input);
        assert_eq!(kind(of(&[("values.schema.json", r#"{"required":["a"]}"#)])), ErrorKind::Refused);
        assert_eq!(kind(of(&[("templates/a.yaml", "a: b: c")])), ErrorKind::Manifest);
        let few = Limits { template_steps: 100, ..Limits::default() };
        let counts = [("templates/a.yaml", "{{ range until 1000 }}a{{ end }}")];
        assert_eq!(kind(of(&counts).limits(few)), ErrorKind::Limit);
        // Limits that are reached before a template is executed, and in the output.
        let flat = Limits { yaml_nodes: 4, ..Limits::default() };
        assert_eq!(kind(of(&[]).values("v.yaml", "a: [1, 2, 3, 4]").limits(flat.clone())), ErrorKind::Limit);
        assert_eq!(kind(of(&[("templates/a.yaml", "a: [1, 2, 3, 4]")]).limits(flat)), ErrorKind::Limit);
        let schema = [("values.schema.json", r#"{"properties":{"a":{"type":"string"}}}"#)];
        let none = Limits { schema_steps: 1, ..Limits::default() };
        assert_eq!(kind(of(&schema).set("a=b").limits(none)), ErrorKind::Limit);
        let open = |limits: Limits| {
            let files = [("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("values.yaml", "a: [[[1]]]")];
            let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
            Chart::open_with(ChartSource::Files(files.into()), &limits, Default::default()).unwrap_err().kind()
        };
        assert_eq!(open(Limits { chart_entries: 1, ..Limits::default() }), ErrorKind::Limit);
        assert_eq!(open(Limits { chart_bytes: 10, ..Limits::default() }), ErrorKind::Limit);
        assert_eq!(open(Limits { yaml_nodes: 2, ..Limits::default() }), ErrorKind::Limit);
        assert_eq!(Chart::open("no such chart").unwrap_err().kind(), ErrorKind::File);
        assert_eq!(Chart::open(ChartSource::Files(BTreeMap::new())).unwrap_err().kind(), ErrorKind::Chart);
        let failed = of(&[("templates/a.yaml", "x: 1\ny: {{ fail \"no\" }}\n")]).render().unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Template);
        assert_eq!(failed.helm_text(), "execution error at (c/templates/a.yaml:2:6): no");
        assert_eq!(failed.location().unwrap().to_string(), "c/templates/a.yaml:2:7");
    }

    #[test]
    fn documents_are_at_their_ranges() {
        let chart = chart(&[
            ("crds/a.yaml", "kind: CustomResourceDefinition\n"),
            ("templates/a.yaml", "kind: A\nmetadata: {name: {{ .Release.Name }}}\n---\nkind: B\n\n\n"),
            ("templates/hook.yaml", "kind: H\nmetadata: {name: h, annotations: {helm.sh/hook: post-install}}\n"),
            ("templates/NOTES.txt", "Done, {{ .Chart.Name }}."),
        ]);
        let renderer = Renderer::new(&chart).name("web").include_crds().trace();
        let rendered = renderer.render().unwrap();
        let told: Vec<_> =
            rendered.manifests().iter().map(|one| (one.kind.as_str(), &rendered.text()[one.range.clone()])).collect();
        assert_eq!(told[0], ("A", &b"kind: A\nmetadata: {name: web}\n"[..]));
        assert_eq!(told[1], ("B", &b"kind: B"[..]));
        assert!(told[2].1.starts_with(b"kind: H") && rendered.manifests()[2].is_hook);
        assert_eq!(rendered.notes(), b"Done, c.");
        let origins = rendered.origins(0..rendered.text().len());
        let name = origins.iter().find(|origin| origin.kind == OriginKind::Fact).unwrap();
        assert_eq!((&rendered.text()[name.range.clone()], name.to_string().as_str()), (&b"web"[..], "Release.Name"));
        // They cover the documents, in order.
        assert!(origins.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
    }
}
