//! Lines of manifests: template output of values, files and the release.

use super::templates::Writer;
use super::tree::Tree;

impl Writer<'_> {
    /// A line of the data of a manifest; keys may repeat.
    pub(super) fn line(&mut self, tree: &Tree) -> String {
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
            31 => "  {{- range $k, $v := .Values }}\n  \"r-{{ $k }}\": {{ kindOf $v }}\n  {{- end }}\n".to_owned(),
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
