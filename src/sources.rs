//! Public places from which objects of GitOps tools and installers fetch: chart repositories, git, buckets, disk images.
//!
//! Images and artifacts in registries are found by `images::find`.

use crate::limits::Limits;
use crate::objects::Text;
use crate::objects::{Object, Path, Step};
use crate::reference::Mirror;
use crate::reference::hosts::{host_of_url, is_public};
use crate::render::manifest::Manifest;
use crate::yaml::{self, Data};
use std::sync::Arc;

/// A public place from which an object fetches something.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The manifest.
    pub manifest: Arc<Manifest>,
    /// The object: `HelmRepository apps/bitnami`.
    pub object: crate::objects::ObjectName,
    /// The path of the field that names it.
    pub field: String,
    /// The URL, as written.
    pub url: Text,
    /// What is fetched, for messages.
    pub what: &'static str,
}

/// Fields that contain a URL: the group and its subgroups, the kinds (empty: all), the path (`*`: any one step, `**`: any
/// number of steps), what is fetched.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str);

const CHARTS: &str = "charts";
const FILES: &str = "what it installs";

#[rustfmt::skip]
const FIELDS: &[Row] = &[
    // Flux
    ("source.toolkit.fluxcd.io", &["HelmRepository"], "spec.url", CHARTS),
    ("source.toolkit.fluxcd.io", &["GitRepository"], "spec.url", FILES),
    ("source.toolkit.fluxcd.io", &["Bucket"], "spec.endpoint", FILES),
    ("helm.fluxcd.io", &["HelmRelease"], "spec.chart.repository", CHARTS),
    ("helm.fluxcd.io", &["HelmRelease"], "spec.chart.git", CHARTS),
    // Argo CD
    ("argoproj.io", &["Application", "ApplicationSet"], "**.repoURL", FILES),
    // k3s, RKE2
    ("helm.cattle.io", &["HelmChart"], "spec.repo", CHARTS),
    ("helm.cattle.io", &["HelmChart"], "spec.chart", CHARTS),
    // Rancher, Fleet
    ("catalog.cattle.io", &["ClusterRepo"], "spec.url", CHARTS),
    ("catalog.cattle.io", &["ClusterRepo"], "spec.gitRepo", CHARTS),
    ("management.cattle.io", &["Catalog"], "spec.url", CHARTS),
    ("fleet.cattle.io", &["GitRepo"], "spec.repo", FILES),
    ("fleet.cattle.io", &["Bundle", "HelmOp"], "**.helm.repo", CHARTS),
    ("fleet.cattle.io", &["Bundle", "HelmOp"], "**.helm.chart", CHARTS),
    // Others that install charts
    ("addons.cluster.x-k8s.io", &["HelmChartProxy", "HelmReleaseProxy"], "spec.repoURL", CHARTS),
    ("helm.crossplane.io", &["Release"], "spec.forProvider.chart.repository", CHARTS),
    ("helm.crossplane.io", &["Release"], "spec.forProvider.chart.url", CHARTS),
    ("helm.m.crossplane.io", &["Release"], "spec.forProvider.chart.repository", CHARTS),
    ("config.projectsveltos.io", &[], "**.repositoryURL", CHARTS),
    ("kubermatic.k8c.io", &["ApplicationDefinition"], "**.source.helm.url", CHARTS),
    ("kubermatic.k8c.io", &["ApplicationDefinition"], "**.source.git.remote", CHARTS),
    ("apps.kubermatic.k8c.io", &["ApplicationDefinition"], "**.source.helm.url", CHARTS),
    ("apps.kubermatic.k8c.io", &["ApplicationDefinition"], "**.source.git.remote", CHARTS),
    ("kappctrl.k14s.io", &["App"], "spec.fetch.*.http.url", FILES),
    ("kappctrl.k14s.io", &["App"], "spec.fetch.*.git.url", FILES),
    ("kappctrl.k14s.io", &["App"], "spec.fetch.*.helmChart.repository.url", CHARTS),
    ("packaging.carvel.dev", &["PackageRepository"], "spec.fetch.http.url", FILES),
    ("packaging.carvel.dev", &["PackageRepository"], "spec.fetch.git.url", FILES),
    ("core.oam.dev", &["Application"], "**.properties.url", CHARTS),
    ("helm.openshift.io", &["HelmChartRepository", "ProjectHelmChartRepository"], "spec.connectionConfig.url", CHARTS),
    // Virtual machines
    ("cdi.kubevirt.io", &["DataVolume", "DataImportCron"], "**.source.http.url", "a disk"),
    ("kubevirt.io", &["VirtualMachine"], "**.source.http.url", "a disk"),
    // Strimzi's builds
    ("kafka.strimzi.io", &["KafkaConnect"], "spec.build.plugins.*.artifacts.*.url", "plugins"),
    ("kafka.strimzi.io", &["KafkaConnect"], "spec.build.plugins.*.artifacts.*.repository", "plugins"),
    // Filters
    ("extensions.istio.io", &["WasmPlugin"], "spec.url", "a filter"),
    ("gateway.envoyproxy.io", &["EnvoyExtensionPolicy"], "spec.wasm.*.code.http.url", "a filter"),
];

/// The public places from which the objects of a release fetch something, including documents in ConfigMaps.
pub(crate) fn public(manifests: &[Arc<Manifest>], mirror: &Mirror, limits: &Limits) -> Vec<Source> {
    let mut found = Vec::new();
    for object in manifests.iter().flat_map(Object::all) {
        of_object(&object, mirror, &mut found);
        if object.kind == "ConfigMap" && object.api_version == "v1" {
            of_texts(&object, mirror, limits, &mut found);
        }
    }
    found
}

fn of_object(object: &Object<'_>, mirror: &Mirror, found: &mut Vec<Source>) {
    let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let is_of = |row: &&Row| row.0 == group && (row.1.is_empty() || row.1.contains(&object.kind.as_str()));
    let rows: Vec<&Row> = FIELDS.iter().filter(is_of).collect();
    if rows.is_empty() {
        return;
    }
    let first = object.prefix.steps().len();
    object.walk(&mut |path, node, _| {
        if let Data::Str(_) = node.data
            && let Some(row) = rows.iter().find(|row| leads(&path.steps()[first..], row.2))
            && let Some(url) = object.text(node)
            && names_public(&url, mirror)
        {
            found.push(Source {
                manifest: object.manifest.clone(),
                object: object.name.clone(),
                field: path.to_string(),
                url,
                what: row.3,
            });
        }
        true
    });
}

/// Whether a path matches a pattern.
fn leads(steps: &[Step], names: &str) -> bool {
    let names: Vec<&str> = names.split('.').collect();
    let (names, steps) = match names.strip_prefix(&["**"]) {
        // Only the end of the path matters.
        Some(rest) if steps.len() >= rest.len() => (rest, &steps[steps.len() - rest.len()..]),
        Some(_) => return false,
        None => (names.as_slice(), steps),
    };
    names.len() == steps.len()
        && names.iter().zip(steps).all(|(name, step)| match step {
            Step::Key(key) => *name == "*" || *name == key,
            Step::Index(_) | Step::Nested => *name == "*",
        })
}

/// Whether a URL has a public host; `git@github.com:acme/x.git` and a bare host are URLs here too. An artifact in a registry
/// is found as a reference; a registry alone is not.
fn names_public(url: &str, mirror: &Mirror) -> bool {
    if let Some(rest) = url.strip_prefix("oci://") {
        let rest = rest.trim_end_matches('/');
        return !rest.contains('/') && is_public(rest.split(':').next().unwrap_or(rest), mirror);
    }
    if url.contains("://") {
        return host_of_url(url).is_some_and(|host| is_public(host, mirror));
    }
    let host = url.split_once('@').map_or(url, |(_, host)| host);
    let is_remote = url.contains('@') || !url.contains('/');
    is_remote && host_of_url(&format!("https://{}", host.replace(':', "/"))).is_some_and(|host| is_public(host, mirror))
}

/// The documents in the texts of a ConfigMap.
fn of_texts(object: &Object<'_>, mirror: &Mirror, limits: &Limits, found: &mut Vec<Source>) {
    let Some(Data::Map(entries)) = object.node.member("data").map(|data| &data.data) else { return };
    for (entry, value) in entries {
        let Data::Str(content) = &value.data else { continue };
        let has = |needle: &str| memchr::memmem::find(content.as_bytes(), needle.as_bytes()).is_some();
        let is_index = has("falcosecurity.github.io");
        if !(has("://") && (is_index || FIELDS.iter().any(|row| has(row.0)))) {
            continue;
        }
        let Some(source) = object.text(value) else { continue };
        let mut start = 0;
        for part in source.as_str().split("\n---") {
            let range = start..start + part.len();
            start = range.end + "\n---".len();
            let text = source.slice(range);
            let Ok(node) = yaml::read(text.as_bytes(), limits) else { continue };
            let nested = Object {
                manifest: object.manifest,
                name: object.name.clone(),
                api_version: node.text_of("apiVersion"),
                kind: node.text_of("kind"),
                node: &node,
                source: text.into(),
                prefix: Path::default().key("data").key(&entry.key.to_text()).with(Step::Nested),
                depth: 1,
                is_list: false,
            };
            of_object(&nested, mirror, found);
            if is_index {
                of_indexes(&nested, mirror, found);
            }
        }
    }
}

/// The indexes of falcoctl: `indexes[].url`.
fn of_indexes(object: &Object<'_>, mirror: &Mirror, found: &mut Vec<Source>) {
    let indexes = object.node.items_of("indexes");
    for (number, index) in indexes.iter().enumerate() {
        let Some(url) = index.member("url").and_then(|url| object.text(url)) else { continue };
        if names_public(&url, mirror) {
            let path = object.prefix.key("indexes").with(Step::Index(number)).key("url");
            found.push(Source {
                manifest: object.manifest.clone(),
                object: object.name.clone(),
                field: path.to_string(),
                url,
                what: "the index of its artifacts",
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_and_urls_are_told() {
        let way = |path: &Path, names: &str| leads(path.steps(), names);
        let path = Path::default().key("spec").key("sources").with(Step::Index(0)).key("repoURL");
        assert!(way(&path, "**.repoURL") && way(&path, "spec.sources.*.repoURL"));
        assert!(!way(&path, "spec.repoURL") && !way(&path, "spec.sources.repoURL"));
        let mirror = Mirror::parse("mirror.internal").expect("a mirror");
        for (url, expected) in [
            ("https://charts.acme.example/x", true),
            ("git@github.com:acme/x.git", true),
            ("ssh://git@github.com/acme/x", true),
            ("oci://ghcr.io", true),
            ("s3.amazonaws.com", true),
            ("minio.example.svc:9000", false),
            ("oci://ghcr.io/acme/charts", false),
            ("oci://mirror.internal", false),
            ("https://git.apps.svc/x", false),
            ("./charts/x", false),
            ("nginx", false),
        ] {
            assert_eq!(names_public(url, &mirror), expected, "{url}");
        }
    }
}
