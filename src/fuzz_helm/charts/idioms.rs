//! Idioms of published charts: names built from names, images in parts, values that are templates, lists of objects.

use super::node::Node;
use super::templates::Writer;
use crate::fuzz_helm::literals::yaml_quote;
use crate::fuzz_helm::random::Random;

/// The bodies of definitions.
const HELPERS: &[&str] = &[
    "{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix \"-\" }}",
    "{{- if .Values.fullnameOverride }}\n{{- .Values.fullnameOverride | trunc 63 | trimSuffix \"-\" }}\n{{- else }}\n\
     {{- $name := default .Chart.Name .Values.nameOverride }}\n{{- if contains $name .Release.Name }}\n\
     {{- .Release.Name | trunc 63 | trimSuffix \"-\" }}\n{{- else }}\n\
     {{- printf \"%s-%s\" .Release.Name $name | trunc 63 | trimSuffix \"-\" }}\n{{- end }}\n{{- end }}",
    "app.kubernetes.io/name: {{ .Chart.Name }}\napp.kubernetes.io/version: {{ .Chart.AppVersion | quote }}\n\
     helm.sh/chart: {{ printf \"%s-%s\" .Chart.Name .Chart.Version | replace \"+\" \"_\" }}\n\
     {{- with .Values.commonLabels }}\n{{ toYaml . }}\n{{- end }}",
    "{{- $image := .Values.image | default dict -}}\n{{- $registry := $image.registry -}}\n\
     {{- if .Values.global }}{{- if .Values.global.imageRegistry }}\n{{- $registry = .Values.global.imageRegistry -}}\n{{- end }}{{- end -}}\n\
     {{- $tag := $image.tag | default .Chart.AppVersion | toString -}}\n\
     {{- if $image.digest }}{{- printf \"%v/%v@%v\" $registry $image.repository $image.digest -}}\n\
     {{- else }}{{- printf \"%v/%v:%v\" $registry $image.repository $tag -}}{{- end -}}",
    "{{- $out := dict -}}\n{{- range $k, $v := .Values -}}\n{{- if kindIs \"map\" $v -}}\n{{- $out = merge $out $v -}}\n\
     {{- end -}}\n{{- end -}}\n{{- toYaml $out -}}",
    "{{- $secrets := list -}}\n{{- range (.Values.global | default dict).imagePullSecrets -}}\n\
     {{- $secrets = append $secrets (kindIs \"map\" . | ternary .name .) -}}\n{{- end -}}\n\
     {{- if $secrets }}\nimagePullSecrets:\n{{- range $secrets | uniq }}\n- name: {{ . }}\n{{- end }}\n{{- end }}",
    "{{- if semverCompare \"<1.14-0\" .Capabilities.KubeVersion.GitVersion -}}\nextensions/v1beta1\n\
     {{- else -}}\napps/v1\n{{- end -}}",
    "{{- range $i, $e := .Values.env -}}\n{{- if $i }},{{ end }}{{ $e.name }}={{ $e.value | default \"none\" }}\n{{- end -}}",
    "a: {{ .Values.a | toJson }}\nlist:\n- 1\n- {{ .Release.Name }}",
    "true",
];

/// A definition that renders the `value` in its argument.
const RENDER: &str = "{{- $value := typeIs \"string\" .value | ternary .value (.value | toYaml) }}\n\
     {{- if contains \"{{\" (toJson .value) }}\n{{- if .scope }}\n\
     {{- tpl (cat \"{{- with $.RelativeScope -}}\" $value \"{{- end }}\") (merge (dict \"RelativeScope\" .scope) .context) }}\n\
     {{- else }}\n{{- tpl $value .context }}\n{{- end }}\n{{- else }}\n{{- $value }}\n{{- end }}";
/// Its name.
const RENDERS: &str = "render";

/// Lines of a manifest; `KEY` is a key, `NAME` a defined name.
const LINES: &[&str] = &[
    "  KEY: {{ include (print $.Template.BasePath \"/_helpers.tpl\") . | sha256sum }}\n",
    "  KEY: {{ include (print .Template.BasePath \"/b.yaml\") . | sha256sum }}\n",
    "  KEY: {{ include \"render\" (dict \"value\" .Values.m \"context\" $) | quote }}\n",
    "  KEY: {{ include \"render\" (dict \"value\" .Values.s \"context\" . \"scope\" .Values.image) | quote }}\n",
    "  KEY: {{ include \"NAME\" (dict \"Values\" .Values.m \"Chart\" .Chart \"Release\" .Release \"Capabilities\" .Capabilities) | quote }}\n",
    "  KEY: {{ (include \"NAME\" . | fromYaml).a | toJson | quote }}\n",
    "  KEY: {{ include \"NAME\" . | fromYaml | toJson | quote }}\n",
    "  KEY: {{ include \"NAME\" . | fromYamlArray | toJson | quote }}\n",
    "  KEY: {{ include \"NAME\" . | fromJson | toYaml | quote }}\n",
    "  {{- if include \"NAME\" . }}\n  KEY: there\n  {{- end }}\n",
    "  {{- if eq \"true\" (include \"NAME\" .) }}\n  KEY: yes\n  {{- else if .Values.enabled }}\n  KEY: else\n  {{- end }}\n",
    "  {{- with .Subcharts }}\n  {{- range $n, $c := . }}\n  \"c-{{ $n }}\": {{ include \"NAME\" $c | quote }}\n  {{- end }}\n  {{- end }}\n",
    "  {{- include \"NAME\" . | nindent 2 }}\n",
    "  KEY:\n    {{- include \"NAME\" . | nindent 4 }}\n",
    "  KEY: {{- include \"NAME\" . | indent 4 }}\n",
    "  {{- with .Values.resources }}\n  KEY:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\n",
    "  {{- with .Values.m }}\n  KEY: {{- tpl (toYaml .) $ | nindent 4 }}\n  {{- else with .Values.global }}\n  KEY: {{ toJson . | quote }}\n  {{- else }}\n  KEY: none\n  {{- end }}\n",
    "  {{- range .Values.env }}\n  - name: {{ .name }}\n    value: {{ .value | quote }}\n  {{- end }}\n",
    "  KEY:\n  {{- range .Values.env }}\n  - name: {{ .name }}\n    {{- if kindIs \"map\" .value }}\n    value: {{ toJson .value }}\n    {{- else }}\n    value: {{ tpl (.value | toString) $ | quote }}\n    {{- end }}\n  {{- end }}\n",
    "  {{- range $k, $v := .Values.commonLabels }}\n  {{ $k }}: {{ $v | quote }}\n  {{- end }}\n",
    "  {{- range $host := (.Values.ingress | default dict).hosts }}\n  - host: {{ $host.host | default $.Release.Name | quote }}\n    paths:\n    {{- range $host.paths }}\n    - {{ .path | default \"/\" }} {{ $.Chart.Name }}\n    {{- end }}\n  {{- end }}\n",
    "  {{- if and (.Values.ingress).enabled (not (.Values.ingress).className) }}\n  KEY: {{ .Capabilities.APIVersions.Has \"networking.k8s.io/v1/Ingress\" }}\n  {{- end }}\n",
    "  KEY: {{ (.Values.image).registry }}/{{ (.Values.image).repository }}:{{ (.Values.image).tag | default .Chart.AppVersion }}\n",
    "  KEY: \"{{ (.Values.image).repository }}:{{ (.Values.image).tag | default .Chart.AppVersion }}\"\n",
    "  KEY: {{ coalesce (.Values.global).imageRegistry (.Values.image).registry \"docker.io\" }}\n",
    "  KEY: {{ .Values.nope | default (printf \"%s-x\" .Release.Name) }}\n",
    "  KEY: {{ toYaml (omit .Values \"global\" \"exports\") | b64enc }}\n",
    "  KEY: {{ pick .Values \"a\" \"m\" \"image\" | toJson | quote }}\n",
    "  KEY: {{ merge (dict \"a\" 0) .Values | toJson | quote }}\n",
    "  {{- $m := merge (.Values.m | default dict) (dict \"added\" 1 \"a\" 2) }}\n  KEY: {{ toJson .Values.m | quote }}\n",
    "  {{- $m := mustMergeOverwrite .Values (dict \"m\" (dict \"over\" .Template.Name)) }}\n  KEY: {{ toJson .Values.m | quote }}\n",
    "  {{- $c := deepCopy . }}\n  {{- $_ := set $c.Values \"a\" \"copied\" }}\n  KEY: {{ .Values.a | toJson }} {{ include \"NAME\" $c | quote }}\n",
    "  {{- $_ := set . \"Extra\" (dict \"from\" .Template.Name) }}\n  KEY: {{ .Extra.from }}\n",
    "  KEY: {{ (.Extra).from }}\n",
    "  {{- $x := 0 }}{{ range until 5 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ $x = add $x . }}{{ end }}\n  KEY: {{ $x }}\n",
    "  {{- range $i, $e := list 1 \"a\" nil .Values.n }}\n  KEY-{{ $i }}: {{ $e | quote }}\n  {{- end }}\n",
    "  {{- range $i := until (int (.Values.replicas | default 2)) }}\n  KEY-{{ $i }}: {{ $i }}\n  {{- end }}\n",
    "  {{- range 3 }}\n  {{- end }}\n  KEY: after\n",
    "  KEY: {{ .Values.YAML | quote }}\n",
    "  KEY: {{ .Values.AsMap | toJson | quote }}\n",
    "  KEY: {{ (.Values.Table \"m\") | toJson | quote }}\n",
    "  KEY: {{ .Chart.IsRoot }} {{ .Chart.Type }} {{ .Chart.Deprecated }} {{ .Chart.KubeVersion }}\n",
    "  {{- range .Chart.Dependencies }}\n  - {{ .Name }} {{ .Alias | quote }} {{ .Enabled }} {{ .Version }} {{ .Tags }} {{ .ImportValues }}\n  {{- end }}\n",
    "  KEY: {{ range .Chart.Maintainers }}{{ .Name }} {{ .Email }},{{ end }}\n",
    "  KEY: {{ .Capabilities.APIVersions | toJson | sha256sum }} {{ .Capabilities.KubeVersion | toJson | quote }}\n",
    "  KEY: {{ .Release.Namespace }} {{ .Release.Service }} {{ .Release.Revision | int }} {{ printf \"%v %T\" .Release.IsInstall .Release }}\n",
    "  KEY: {{- .Files.AsConfig | nindent 4 }}\n",
    "  KEY: {{ range $p, $b := .Files }}{{ $p }}:{{ len $b }} {{ end }}\n",
    "  {{- range $p, $b := .Files.Glob \"conf/**\" }}\n  {{ base $p }}: |-\n    {{- tpl ($b | toString) $ | nindent 4 }}\n  {{- end }}\n",
    "  KEY: |-\n{{ .Files.Get \"f.txt\" | indent 4 }}\n",
    "  KEY: {{ .Files.Get \"conf/b.json\" | fromJson | toJson | quote }}\n",
    "  {{- $s := lookup \"v1\" \"Secret\" .Release.Namespace \"s\" }}\n  KEY: {{ (get (($s).data | default dict) \"k\") | default \"new\" | b64enc }}\n",
    "  {{- range (lookup \"v1\" \"Pod\" \"\" \"\").items }}\n  KEY: {{ .metadata.name }}\n  {{- else }}\n  KEY: none\n  {{- end }}\n",
    "  {{- define \"NAME.here\" }}here {{ .Chart.Name }}{{ end }}\n  KEY: {{ include \"NAME.here\" . }}\n",
    "  KEY: {{ block \"NAME.blk\" . }}of {{ .Template.Name }}{{ end }}\n",
    "  {{- with $v := .Values.a }}\n  KEY: {{ $v | toJson }}\n  {{- end }}\n",
    "  {{- if $v := .Values.n }}\n  KEY: {{ $v | toJson }}\n  {{- else }}\n  KEY: {{ $v | toJson }}\n  {{- end }}\n",
    "  {{- range $v := .Values.extraDeploy }}\n  - {{ tpl (kindIs \"string\" $v | ternary $v (toYaml $v)) $ | toJson }}\n  {{- end }}\n",
    "  KEY: {{ required (printf \"%s needs .Values.n\" .Chart.Name) (.Values.n | default 1) }}\n",
    "  KEY: {{ tpl \"{{ define \\\"NAME\\\" }}of tpl{{ end }}{{ include \\\"NAME\\\" . }}\" . }} {{ include \"NAME\" . | quote }}\n",
    "  KEY: {{ tpl \"{{ $x := .v }}{{ $x }} {{ $.v }}\" (dict \"v\" .Chart.Name \"Template\" $.Template) }}\n",
    "  KEY: {{ (.Values.global).imageRegistry | default \"none\" }}\n",
    "  KEY: {{ $.Values.replicas | int64 | mul 2 }} {{ .Values.replicas | toString | atoi }} {{ .Values.replicas }}\n",
    "  KEY: >-\n    {{ .Values.s | toString | replace \"\\n\" \" \" }}\n",
    "  KEY: !!str {{ .Values.n }}\n",
    "  KEY: &anchor {{ .Values.n | quote }}\n  KEY-again: *anchor\n",
    "  # {{ .Values.a }} in a comment\n  KEY: 1 # {{ .Chart.Name }}\n",
    "  {{/* a comment\n  of two lines */}}\n  KEY: 1\n",
    "  KEY: {{ \"{{\" }} literal {{ `{{ raw }}` | quote }}\n",
    "  {{- fail (include \"NAME\" .) }}\n",
];

/// Values for such charts.
pub(super) fn values(random: &mut Random, user: bool) -> Vec<(String, Node)> {
    let scalar = |text: &str| Node::Scalar(text.to_owned());
    let mut entries = Vec::new();
    for key in KEYS {
        if !random.percent(if user { 20 } else { 60 }) {
            continue;
        }
        let node = match *key {
            _ if user && random.percent(12) => Node::null(),
            "image" => map(random, &["registry", "repository", "tag", "digest"], |random, key| {
                let from: &[&str] = match key {
                    "registry" => &["docker.io", "quay.io", "\"\"", "null", "r.test:5000"],
                    "repository" => &["acme/app", "library/nginx", "a/b/c"],
                    "tag" => &["1.10", "\"1.10\"", "latest", "\"\"", "v1.2.3", "20240101", "1e3", "null", "0o17"],
                    _ => &["\"\"", "sha256:0000", "null"],
                };
                Node::Scalar(random.pick(from).to_owned())
            }),
            "replicas" => scalar(random.pick(&["1", "3", "0", "\"2\"", "1.0", "2.5", "null", "10000000"])),
            "resources" => random_node(
                random,
                &["{}", "{limits: {cpu: 100m, memory: 1Gi}, requests: {cpu: 0.5}}", "{limits: {cpu: 1}}"],
            ),
            "env" => Node::List(
                (0..random.below(4))
                    .map(|at| {
                        let value = if random.percent(70) { Node::scalar(random) } else { Node::any(random, 1) };
                        Node::Map(vec![("name".to_owned(), scalar(&format!("E{at}"))), ("value".to_owned(), value)])
                    })
                    .collect(),
            ),
            "ingress" => map(random, &["enabled", "className", "hosts"], |random, key| match key {
                "hosts" => random_node(
                    random,
                    &[
                        "[]",
                        "[{host: a.test, paths: [{path: /}, {path: /b}]}]",
                        "[{host: \"\", paths: []}]",
                        "[a.test]",
                    ],
                ),
                "enabled" => Node::Scalar(random.pick(&["true", "false"]).to_owned()),
                _ => Node::Scalar(random.pick(&["nginx", "\"\"", "null"]).to_owned()),
            }),
            "commonLabels" => random_node(
                random,
                &["{}", "{team: a, \"x.test/y\": \"1\"}", "{n: 1, t: true, f: 1.50}", "{\"{{ .Release.Name }}\": b}"],
            ),
            "extraDeploy" => Node::List(
                (0..random.below(3))
                    .map(|_| if random.percent(50) { Node::template(random) } else { Node::map(random, 1) })
                    .collect(),
            ),
            "nameOverride" | "fullnameOverride" => scalar(&yaml_quote(random.pick(&[
                "",
                "name",
                "a-name-that-is-much-longer-than-sixty-three-characters-so-that-it-is-cut-somewhere",
                "rel",
                "{{ .Release.Name }}",
            ]))),
            _ => Node::any(random, 2),
        };
        entries.push(((*key).to_owned(), node));
    }
    entries
}

const KEYS: &[&str] = &[
    "image",
    "replicas",
    "resources",
    "env",
    "ingress",
    "commonLabels",
    "extraDeploy",
    "nameOverride",
    "fullnameOverride",
    "affinity",
];

fn map(random: &mut Random, keys: &[&str], make: impl Fn(&mut Random, &str) -> Node) -> Node {
    let mut entries = Vec::new();
    for key in keys {
        if random.percent(75) {
            entries.push(((*key).to_owned(), make(random, key)));
        }
    }
    Node::Map(entries)
}

/// One of several texts, unchanged.
fn random_node(random: &mut Random, from: &[&str]) -> Node {
    Node::Scalar(random.pick(from).to_owned())
}

impl Writer<'_> {
    /// The body of a definition.
    pub(super) fn helper(&mut self) -> String {
        self.random.pick(HELPERS).to_owned()
    }

    /// The definition that renders values.
    pub(super) fn renders() -> String {
        format!("{{{{- define \"{RENDERS}\" -}}}}\n{RENDER}\n{{{{- end -}}}}\n")
    }

    /// One or more lines of a manifest.
    pub(super) fn idiom(&mut self, key: &str) -> String {
        let line = self.random.pick(LINES).to_owned();
        // Charts that always fail prove nothing else.
        let fails = line.contains("{{- fail ") || line.contains("Table") || line.contains("{{- define ");
        let is_missing = line.contains("\"render\"") && !self.renders;
        if is_missing || fails && !self.random.percent(5) {
            return format!("  {key}: {{{{ .Chart.Version }}}}\n");
        }
        let name = self.name();
        line.replace("KEY", key).replace("NAME", &name)
    }
}
