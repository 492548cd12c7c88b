//! [`Writer`]: the template files of a chart: manifests, hooks, helpers, notes.

use super::tree::Tree;
use crate::fuzz_helm::random::Random;
use crate::render::manifest::INSTALL_ORDER;
use std::sync::LazyLock;

/// Names of templates that several charts define.
const DEFINED: &[&str] = &["shared", "names.full", "labels", "lib.util", "late"];

/// Kinds in helm's order of installation, and some that are not in it.
static KINDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| INSTALL_ORDER.iter().copied().chain(["Widget", "List", "configmap", "Gateway"]).collect());

/// Writes templates.
pub(crate) struct Writer<'r> {
    pub(super) random: &'r mut Random,
    /// Names that are defined anywhere in the tree.
    defined: Vec<String>,
    /// Whether the definition that renders values exists.
    pub(super) renders: bool,
}

impl<'r> Writer<'r> {
    /// Creates a writer for charts with the definitions of [`helpers`](Self::helpers).
    pub(crate) fn new(random: &'r mut Random) -> Self {
        Self { random, defined: Vec::new(), renders: false }
    }

    /// A random number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    /// A file of definitions, with names that contain the chart's.
    pub(crate) fn helpers(&mut self, tree: &Tree, file: &str) -> String {
        let mut out = String::new();
        if self.random.percent(35) {
            out.push_str(&Self::renders());
            self.renders = true;
        }
        for _ in 0..=self.random.below(3) {
            let own = format!("{}.own", tree.name);
            let name = if self.random.percent(75) { self.random.pick(DEFINED).to_owned() } else { own };
            if out.contains(&name) {
                continue;
            }
            let body = match self.random.below(14) {
                9.. => self.helper(),
                0 => format!("{}-{{{{ .Chart.Name }}}}", tree.name),
                1 => format!("{file}-{{{{ .Release.Name }}}}"),
                2 => "{{ (.Template).Name }}".to_owned(),
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
            // A duplicate in one file is an error, so it is rare.
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

    /// Text for NOTES.txt or for the output of a partial.
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
        let kind = self.random.pick(&KINDS);
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

    pub(super) fn include(&mut self, then: &str) -> String {
        let name = self.name();
        let other = self.random.percent(4);
        let with = self.random.pick(if other {
            &[".Values", "(dict \"a\" 1)", "(list . 1)", "nil"]
        } else {
            &[".", ".", "$"]
        });
        format!("{{{{ include \"{name}\" {with} | {then} }}}}")
    }

    pub(super) fn name(&mut self) -> String {
        if self.defined.is_empty() || self.random.below(400) == 0 {
            return self.random.pick(DEFINED).to_owned();
        }
        self.defined[self.random.below(self.defined.len())].clone()
    }

    pub(super) fn condition(&mut self) -> String {
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
}
