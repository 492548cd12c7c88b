//! The resources that are read, and the rights that this needs.

use std::fmt;

/// A resource of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resource {
    /// `Pod`
    pub kind: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    /// `v1`
    pub version: &'static str,
    /// `pods`
    pub plural: &'static str,
}

/// Pods.
pub(crate) const PODS: Resource = Resource { kind: "Pod", group: "", version: "v1", plural: "pods" };
/// Secrets.
pub(crate) const SECRETS: Resource = Resource { kind: "Secret", group: "", version: "v1", plural: "secrets" };
/// Service accounts.
pub(crate) const SERVICE_ACCOUNTS: Resource =
    Resource { kind: "ServiceAccount", group: "", version: "v1", plural: "serviceaccounts" };

/// The workloads: kinds with a pod template, which own pods, and are owned.
pub(crate) const WORKLOADS: &[Resource] = &[
    Resource { kind: "ReplicationController", group: "", version: "v1", plural: "replicationcontrollers" },
    Resource { kind: "DaemonSet", group: "apps", version: "v1", plural: "daemonsets" },
    Resource { kind: "Deployment", group: "apps", version: "v1", plural: "deployments" },
    Resource { kind: "ReplicaSet", group: "apps", version: "v1", plural: "replicasets" },
    Resource { kind: "StatefulSet", group: "apps", version: "v1", plural: "statefulsets" },
    Resource { kind: "CronJob", group: "batch", version: "v1", plural: "cronjobs" },
    Resource { kind: "Job", group: "batch", version: "v1", plural: "jobs" },
];

/// Resources by group, in their order: `apps` with `daemonsets`, `deployments`.
pub(crate) fn by_group(resources: &[Resource]) -> Vec<(&'static str, Vec<Resource>)> {
    let mut groups: Vec<(&'static str, Vec<Resource>)> = Vec::new();
    for resource in resources {
        match groups.iter_mut().find(|(group, _)| *group == resource.group) {
            Some((_, known)) => known.push(*resource),
            None => groups.push((resource.group, vec![*resource])),
        }
    }
    groups
}

impl Resource {
    /// The path of its objects, in one namespace or in all.
    #[cfg(feature = "cluster")]
    pub(super) fn path(self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", self.group) };
        let below = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
        format!("{root}/{}{below}/{}", self.version, self.plural)
    }

    /// The rule that allows some verbs: `{apiGroups: [""], resources: ["pods"], verbs: ["list"]}`.
    pub(super) fn rule(self, verbs: &[&str], name: Option<&str>) -> Rule {
        Rule {
            group: self.group,
            resources: vec![self.plural],
            names: name.into_iter().map(str::to_owned).collect(),
            verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        }
    }
}

/// A rule of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    group: &'static str,
    resources: Vec<&'static str>,
    names: Vec<String>,
    verbs: Vec<String>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &mut dyn Iterator<Item = &str>| items.collect::<Vec<_>>().join(", ");
        let resources = list(&mut self.resources.iter().copied());
        let verbs = list(&mut self.verbs.iter().map(String::as_str));
        write!(f, "{{apiGroups: [{:?}], resources: [{resources}]", self.group)?;
        if !self.names.is_empty() {
            write!(f, ", resourceNames: [{}]", list(&mut self.names.iter().map(String::as_str)))?;
        }
        write!(f, ", verbs: [{verbs}]}}")
    }
}

/// The rights that `verify` needs, as manifests: a ClusterRole, or a Role for each of some namespaces, bound to a service account.
pub(crate) fn rights(pull_secrets: &[String], watches: bool, reads_releases: bool) -> String {
    let verbs: &[&str] = if watches { &["list", "watch"] } else { &["list"] };
    let mut rules = vec![(PODS.rule(verbs, None), "what runs")];
    let mut why = "who made it; without these, findings do not name the release";
    for (group, resources) in by_group(WORKLOADS) {
        let resources = resources.iter().map(|resource| resource.plural).collect();
        rules.push((Rule { group, resources, names: Vec::new(), verbs: vec!["list".to_owned()] }, why));
        why = "";
    }
    if !pull_secrets.is_empty() {
        let mut secrets = SECRETS.rule(&["list"], None);
        secrets.names = pull_secrets.to_vec();
        rules.push((secrets, "whether namespaces have the pull secret; this gives no right to another secret"));
        rules.push((SERVICE_ACCOUNTS.rule(&["list"], None), "whether service accounts refer to it"));
    }
    if reads_releases {
        rules.push((
            SECRETS.rule(&["list"], None),
            "the releases of Helm; a right to list secrets cannot be limited to them",
        ));
    }
    let comment = |why: &str| if why.is_empty() { String::new() } else { format!("  # {why}\n") };
    let rules: String = rules.iter().map(|(rule, why)| format!("{}  - {rule}\n", comment(why))).collect();
    format!(
        "apiVersion: v1\n\
         kind: ServiceAccount\n\
         metadata: {{name: airtight-verify, namespace: kube-system}}\n\
         ---\n\
         apiVersion: rbac.authorization.k8s.io/v1\n\
         kind: ClusterRole\n\
         metadata: {{name: airtight-verify}}\n\
         rules:\n{rules}\
         ---\n\
         apiVersion: rbac.authorization.k8s.io/v1\n\
         kind: ClusterRoleBinding\n\
         metadata: {{name: airtight-verify}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: airtight-verify}}\n\
         subjects:\n  - {{kind: ServiceAccount, name: airtight-verify, namespace: kube-system}}\n"
    )
}
