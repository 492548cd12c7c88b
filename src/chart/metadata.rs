//! Chart.yaml.

use crate::yaml;

/// Chart.yaml, decoded and validated as helm does.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// `v1`, `v2`; missing is `v1`
    pub api_version: String,
    /// The name, validated.
    pub name: String,
    /// The version, loose semver.
    pub version: String,
    /// Constraint on the Kubernetes version.
    pub kube_version: String,
    /// One line.
    pub description: String,
    /// ``, `application`, `library`
    pub chart_type: String,
    /// `keywords`; `None` when absent.
    pub keywords: Option<Vec<String>>,
    /// Home page.
    pub home: String,
    /// `sources`; `None` when absent.
    pub sources: Option<Vec<String>>,
    /// `dependencies` of Chart.yaml or of requirements.yaml; `None` when absent or null.
    pub dependencies: Option<Vec<Dependency>>,
    /// `maintainers`; `None` when absent.
    pub maintainers: Option<Vec<Maintainer>>,
    /// Icon's URL.
    pub icon: String,
    /// Version of what the chart installs.
    pub app_version: String,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// `annotations` in order of their keys; `None` when absent.
    pub annotations: Option<Vec<(String, String)>>,
    /// Condition; kept for `.Chart`.
    pub condition: String,
    /// Tags; kept for `.Chart`.
    pub tags: String,
}

/// One entry of `maintainers`.
#[derive(Debug, Clone, Default)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Page.
    pub url: String,
}

/// One entry of `dependencies`.
#[derive(Debug, Clone, Default)]
pub struct Dependency {
    /// Name of the chart.
    pub name: String,
    /// Constraint on its version.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Value paths that switch it, comma-separated.
    pub condition: String,
    /// Tags that switch it; `None` when absent.
    pub tags: Option<Vec<String>>,
    /// `enabled`, as written; processing overwrites it.
    pub enabled: bool,
    /// `import-values`, as read; `None` when absent.
    pub import_values: Option<Vec<yaml::Node>>,
    /// Name under which it is used.
    pub alias: String,
}
/// stub
pub fn scalar_text(_:&yaml::Data)->Option<String>{None}
