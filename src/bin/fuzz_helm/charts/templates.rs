//! [`Writer`]: the template files of a chart: manifests, hooks, helpers, notes.

use super::tree::Tree;
use crate::random::Random;

/// Names of templates that several charts define.
const DEFINED: &[&str] = &["shared", "names.full", "labels", "lib.util", "late"];

/// Helm's order of installation, and what it does not know.
const KINDS: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "Widget",
    "List",
    "configmap",
    "Gateway",
];

/// Writes templates.
pub(crate) struct Writer<'r> {
    random: &'r mut Random,
    /// What is defined somewhere in the tree.
    defined: Vec<String>,
}

impl<'r> Writer<'r> {
    /// For charts that define what [`helpers`](Self::helpers) gives them.
    pub(crate) fn new(random: &'r mut Random) -> Self {
        Self { random, defined: Vec::new() }
    }

    /// A random number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    /// A file of definitions, of a name in the chart.
    pub(crate) fn helpers(&mut self, tree: &Tree, file: &str) -> String {
        let mut out = String::new();
        for _ in 0..=self.random.below(3) {
            let own = format!("{}.own", tree.name);
            let name = if self.random.percent(75) { self.random.pick(DEFINED).to_owned() } else { own };
            if out.contains(&name) {
                continue;
            }
            let body = match self.random.below(9) {
                0 => format!("{}-{{{{ .Chart.Name }}}}", tree.name),
                1 => format!("{file}-{{{{ .Release.Name }}}}"),
                2 => "{{ .Template.Name }}".to_owned(),
                3 => "{{ .Values | toJson }}".to_owned(),
                4 => "".to_owned(),
                5 => "\n{{/* nothing */}}\n".to_owned(),
                6 => "app: {{ .Chart.Name }}\nby: {{ .Release.Service }}".to_owned(),
                7 => format!("{}-{{{{ kindOf . }}}}", tree.folder),
                _ => format!("{{{{- $v := . -}}}}{file}{{{{- printf \"%T\" $v -}}}}"),
            };
            let open = self.random.pick(&["{{ define", "{{- define", "{{define"]);
            let end = self.random.pick(&["{{ end }}", "{{- end }}", "{{- end -}}", "{{ end -}}"]);
            out.push_str(&format!("{open} \"{name}\" }}}}{body}{end}\n"));
            // Twice in a file is an error; once in a while it may be.
            if self.random.percent(1) {
                out.push_str(&format!("{{{{ define \"{name}\" }}}}again{{{{ end }}}}"));
            }
            if !self.defined.contains(&name) {
                self.defined.push(name);
            }
            if self.random.percent(5) {
                out.push_str("text between\n");
            }
            if !self.random.percent(50) {
                break;
            }
        }
        out
    }

    /// A file of manifests.
    pub(crate) fn manifests(&mut self, tree: &Tree) -> String {
        let mut out = String::new();
        if self.random.percent(10) {
            out.push_str(self.random.pick(&[
                "---\n",
                "\n\n",
                "# a comment\n",
                "{{/* c */}}\n",
                "{{- /* c */ -}}\n",
                "--- \n",
            ]));
        }
        let condition = self.random.percent(15);
        if condition {
            let condition = self.condition();
            out.push_str(&format!("{{{{- if {condition} }}}}\n"));
        }
        let count = [1, 1, 1, 2, 3][self.random.below(5)];
        for at in 0..count {
            if at > 0 {
                out.push_str(self.random.pick(&[
                    "---\n",
                    "---\n",
                    "---\n",
                    "\n---\n",
                    "---\n---\n",
                    "--- # next\n",
                    "---   \n",
                    "\n---\n\n",
                    "---\n# only this\n---\n",
                    "----\n",
                    "...\n---\n",
                ]));
                if self.random.percent(1) {
                    out.push_str(" ---\n");
                }
            }
            out.push_str(&self.document(tree));
        }
        if condition {
            out.push_str(self.random.pick(&[
                "{{- end }}\n",
                "{{ end }}",
                "{{- end -}}\n\n",
                "{{ else }}\nb: 1\n{{ end }}\n",
            ]));
        }
        out
    }

    /// Text for NOTES.txt or a partial's own output.
    pub(crate) fn notes(&mut self, tree: &Tree) -> String {
        format!("Thanks for {{{{ .Chart.Name }}}}.\n{}", self.line(tree))
    }

    fn document(&mut self, tree: &Tree) -> String {
        if self.random.percent(4) {
            return self
                .random
                .pick(&[
                    "just text\n",
                    "# only a comment\n",
                    "null\n",
                    "[]\n",
                    "a: b\n",
                    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}\n",
                    "kind: 1\nmetadata: {name: 2}\n",
                    "kind: null\n",
                    "apiVersion: v1\nkind: List\nitems: []\n",
                    "metadata: []\n",
                    "a: 1\na: 2\n",
                    "\t\n",
                    "kind: ConfigMap\nmetadata:\n  annotations: null\n",
                    "kind: ConfigMap\nmetadata:\n  annotations: {a: 1}\n",
                    "kind: ConfigMap\nmetadata:\n  annotations: {a: true, \"helm.sh/hook\": pre-install}\n",
                    "kind: ConfigMap\nmetadata:\n  annotations: []\n",
                    "x: &a [1]\ny: *a\n",
                    "x: !!binary aGk=\n",
                    "x: |\n  text\n\n\n",
                    "x: a\ny: b: c\n",
                ])
                .to_owned();
        }
        let kind = self.random.pick(KINDS);
        let mut out = String::new();
        if self.random.percent(95) {
            out.push_str(self.random.pick(&["apiVersion: v1\n", "apiVersion: apps/v1\n", "apiVersion: x.test/v1\n"]));
        }
        if self.random.percent(97) {
            out.push_str(&format!("kind: {kind}\n"));
        }
        let name = match self.random.below(6) {
            0 => "{{ .Release.Name }}-{{ .Chart.Name }}".to_owned(),
            1 => self.include("quote"),
            2 => "{{ .Values.s | default \"d\" | quote }}".to_owned(),
            _ => self.random.pick(&["a", "b", "zz", "é", "a-1", "\"x y\"", "1"]).to_owned(),
        };
        out.push_str(&format!("metadata:\n  name: {name}\n"));
        if self.random.percent(15) {
            let labels = self.include("nindent 4");
            out.push_str(&format!("  labels: {labels}\n"));
        }
        if self.random.percent(18) {
            out.push_str(&self.hook());
        }
        out.push_str(self.random.pick(&["data:\n", "data:\n", "spec:\n"]));
        for _ in 0..=self.random.below(3) {
            out.push_str(&self.line(tree));
        }
        if self.random.percent(10) {
            out.push_str(self.random.pick(&["\n", "\n\n\n", "  \n", "x: |\n  a\n\n", "# end\n", "{{ \"\" }}\n", " "]));
        }
        out
    }

    fn hook(&mut self) -> String {
        let event = self.random.pick(&[
            "pre-install",
            "post-install",
            "test",
            "test-success",
            "\"pre-install,post-upgrade\"",
            "\"pre-install, pre-upgrade ,\"",
            "pre-delete",
            "post-rollback",
            "crd-install",
            "nonsense",
            "PRE-INSTALL",
            "\"\"",
            "\"pre-install,nonsense\"",
        ]);
        let mut out = format!("  annotations:\n    \"helm.sh/hook\": {event}\n");
        if self.random.percent(50) {
            let weight = self.random.pick(&[
                "\"5\"",
                "\"-5\"",
                "\"0\"",
                "\"abc\"",
                "\"+3\"",
                "\"\"",
                "\"1.5\"",
                "\"99999999999999999999\"",
            ]);
            let weight = if self.random.percent(4) { "7" } else { weight };
            out.push_str(&format!("    \"helm.sh/hook-weight\": {weight}\n"));
        }
        if self.random.percent(30) {
            let policy = self.random.pick(&["before-hook-creation", "\"hook-succeeded,hook-failed\"", "nonsense"]);
            out.push_str(&format!("    \"helm.sh/hook-delete-policy\": {policy}\n"));
        }
        if self.random.percent(10) {
            out.push_str("    helm.sh/resource-policy: keep\n");
        }
        out
    }

    fn include(&mut self, then: &str) -> String {
        let name = self.name();
        let other = self.random.percent(4);
        let with = self.random.pick(if other {
            &[".Values", "(dict \"a\" 1)", "(list . 1)", "nil"]
        } else {
            &[".", ".", "$"]
        });
        format!("{{{{ include \"{name}\" {with} | {then} }}}}")
    }

    fn name(&mut self) -> String {
        if self.defined.is_empty() || self.random.below(400) == 0 {
            return self.random.pick(DEFINED).to_owned();
        }
        self.defined[self.random.below(self.defined.len())].clone()
    }

    fn condition(&mut self) -> String {
        self.random
            .pick(&[
                ".Values.enabled",
                ".Values.m",
                ".Release.IsUpgrade",
                ".Release.IsInstall",
                "not .Values.enabled",
                ".Values.global",
                "and .Values.a .Values.b",
                ".Capabilities.APIVersions.Has \"x.test/v1\"",
                "semverCompare \">=1.20-0\" .Capabilities.KubeVersion.Version",
                "lookup \"v1\" \"Pod\" \"ns\" \"n\"",
                "hasKey .Values \"m\"",
                "eq (toString .Values.n) \"1\"",
                ".Files.Get \"f.txt\"",
                "kindIs \"map\" .Values.m",
                "(.Values.m).a",
            ])
            .to_owned()
    }

    /// A line of a manifest's data; the key is not always another one.
    fn line(&mut self, tree: &Tree) -> String {
        let key = format!("k{}", self.random.below(30));
        let key = self.random.pick(&[key.as_str(), key.as_str(), "x"]).to_owned();
        match self.random.below(40) {
            0..=7 => format!("  {key}: {{{{ .Values | toJson | quote }}}}\n"),
            8 => format!("  {key}: {{{{- toYaml .Values | nindent 4 }}}}\n"),
            9 => format!("  {key}: {{{{ .Values.global | toJson }}}}\n"),
            10 | 11 => {
                let path = self.path();
                let then = self.random.pick(&[
                    "quote",
                    "toJson",
                    "default \"d\" | quote",
                    "toYaml | nindent 4",
                    "printf \"%v\" | quote",
                    "typeOf",
                ]);
                format!("  {key}: {{{{ {path} | {then} }}}}\n")
            }
            12 if self.random.percent(30) => {
                let path = self.path();
                format!("  {key}: {{{{ {path} }}}}\n")
            }
            13 => format!("  {key}: {{{{ .Chart | toJson | quote }}}}\n"),
            14 | 15 => format!("  {key}: {}\n", self.include("quote")),
            16 => {
                let name = self.name();
                format!("  {key}: |-\n    {{{{ template \"{name}\" . }}}}\n")
            }
            17 => format!("  {key}: {{{{ tpl (.Values.s | toString) . | quote }}}}\n"),
            18 => {
                let name = self.name();
                format!("  {key}: {{{{ tpl \"{{{{ include \\\"{name}\\\" . }}}}!\" $ | quote }}}}\n")
            }
            19..=22 => self.files(&key),
            23 => format!("  {key}: {{{{ .Release | toJson | quote }}}}\n"),
            24 => format!("  {key}: {{{{ .Template.Name }}}}@{{{{ .Template.BasePath }}}}\n"),
            25 => format!("  {key}: {{{{ .Subcharts | keys | sortAlpha | toJson }}}}\n"),
            26 => match tree.children.first().and_then(|child| child.keys.first()) {
                Some(name) => {
                    let what = self.random.pick(&["Values", "Chart", "Template", "Files", "Release"]);
                    format!("  {key}: {{{{ (index .Subcharts \"{name}\").{what} | toJson | quote }}}}\n")
                }
                None => format!("  {key}: {{{{ len .Subcharts }}}}\n"),
            },
            27 => format!("  {key}: {{{{ .Capabilities.KubeVersion }}}} {{{{ .Capabilities.KubeVersion.Major }}}}\n"),
            28 => format!(
                "  {key}: {{{{ .Capabilities.APIVersions | len }}}} {{{{ .Capabilities.APIVersions.Has \"x.test/v1\" }}}}\n"
            ),
            29 => {
                let (name, value) = (
                    self.random.pick(&["a", "late", "n"]),
                    self.random.pick(&["1", "\"v\"", "(dict)", ".Chart.Name", "nil"]),
                );
                let values = self.random.pick(&[
                    ".Values",
                    ".Values",
                    "(.Values.global | default dict)",
                    ".Release",
                    ".Chart",
                    ".",
                ]);
                format!("  {{{{- $_ := set {values} \"{name}\" {value} }}}}\n")
            }
            30 => format!("  {{{{- $_ := unset .Values \"{}\" }}}}\n", self.random.pick(&["a", "m", "global", "l"])),
            31 => format!(
                "  {{{{- range $k, $v := .Values }}}}\n  \"r-{{{{ $k }}}}\": {{{{ kindOf $v }}}}\n  {{{{- end }}}}\n"
            ),
            32 => format!("  {key}: {{{{ lookup \"v1\" \"Secret\" \"\" \"\" | toJson }}}}\n"),
            33 => format!(
                "  {key}: {{{{ mergeOverwrite (deepCopy (.Values.m | default dict)) (.Values.global | default dict) | toJson | quote }}}}\n"
            ),
            34 if self.random.percent(4) => format!("  {key}: {{{{ required \"{key} is needed\" .Values.n }}}}\n"),
            35 if self.random.percent(3) => format!("  {key}: {{{{ fail (printf \"no %s\" .Chart.Name) }}}}\n"),
            36 => format!("  {key}: {{{{ dig \"a\" \"b\" \"none\" (.Values.m | default dict) | toJson }}}}\n"),
            37 => format!(
                "  {{{{- with .Values.m }}}}\n  {key}: {{{{ printf \"%v %v\" . $.Release.Name | quote }}}}\n  {{{{- end }}}}\n"
            ),
            38 => format!(
                "  {key}:\n  {{{{- range .Values.l }}}}\n  - {{{{ . | quote }}}}\n  {{{{- else }}}}\n    none: 1\n  {{{{- end }}}}\n"
            ),
            _ => {
                let condition = self.condition();
                format!("  {key}: {{{{ if {condition} }}}}yes{{{{ else }}}}no{{{{ end }}}}\n")
            }
        }
    }

    fn path(&mut self) -> String {
        self.random
            .pick(&[
                ".Values.a",
                ".Values.b",
                ".Values.n",
                ".Values.s",
                ".Values.l",
                ".Values.m",
                "(.Values.m).a",
                ".Values.m.a",
                "((.Values.m).m).a",
                ".Values.enabled",
                ".Values.global.registry",
                "((.Values.global).m).a",
                ".Values.tags",
                ".Values.exports",
                "(index .Values \"key-dash\")",
                "(get (.Values.m | default dict) \"a\")",
                "(.Values.PathValue \"m.a\")",
                "(get .Values \"x.y\")",
                "$.Values.Upper",
                ".Values.é",
                ".Chart.AppVersion",
                ".Chart.Dependencies",
                "(.Chart.Annotations).k",
                ".Release.Revision",
                ".nothing",
                ".Files.nothing",
            ])
            .to_owned()
    }

    fn files(&mut self, key: &str) -> String {
        let path = self.random.pick(&[
            "f.txt",
            "conf/a.properties",
            "conf/b.json",
            "bin.dat",
            "crlf.txt",
            "nope",
            "é.txt",
            "README.md",
            "values.yaml",
            "conf\\\\win.txt",
            "crds/a.yaml",
            "Chart.yaml",
            ".helmignore",
            "sp ace.txt",
            "./f.txt",
        ]);
        let glob = self.random.pick(&[
            "*",
            "**",
            "conf/*",
            "conf/**",
            "*.txt",
            "{f,é}.txt",
            "conf/[ab].*",
            "**.json",
            "nope*",
            "[",
            "conf/?.*",
            "**/*.txt",
        ]);
        match self.random.below(12) {
            0..=2 => format!("  {key}: {{{{ .Files.Get \"{path}\" | quote }}}}\n"),
            3 => format!("  {key}: {{{{ .Files.Lines \"{path}\" | toJson | quote }}}}\n"),
            4 => format!("  {key}: {{{{- (.Files.Glob \"{glob}\").AsConfig | nindent 4 }}}}\n"),
            5 => format!("  {key}: {{{{- (.Files.Glob \"{glob}\").AsSecrets | nindent 4 }}}}\n"),
            6 | 7 => format!(
                "  {{{{- range $p, $_ := .Files.Glob \"{glob}\" }}}}\n  {{{{ $p | quote }}}}: {{{{ $.Files.Get $p | quote }}}}\n  {{{{- end }}}}\n"
            ),
            8 => format!(
                "  {key}: {{{{ range $n, $l := .Files.Lines \"{path}\" }}}}{{{{ $n }}}}{{{{ len $l }}}},{{{{ end }}}}\n"
            ),
            9 => format!("  {key}: {{{{ .Files.GetBytes \"{path}\" | toJson }}}}\n"),
            10 => format!("  {key}: {{{{ tpl (.Files.Get \"{path}\") . | quote }}}}\n"),
            _ => format!(
                "  {key}: {{{{ .Files | len }}}} {{{{ (.Files.Glob \"{glob}\") | len }}}} {{{{ .Files.Get \"{path}\" | fromYaml | toJson | quote }}}}\n"
            ),
        }
    }
}
