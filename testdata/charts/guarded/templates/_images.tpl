{{- define "guarded.image" -}}
{{- $registry := default .image.registry ((.global).imageRegistry) -}}
{{- $separator := ":" -}}
{{- $termination := .image.tag | toString -}}
{{- if .image.digest }}
  {{- $separator = "@" -}}
  {{- $termination = .image.digest | toString -}}
{{- end -}}
{{- printf "%s/%s%s%s" $registry .image.repository $separator $termination -}}
{{- end -}}

{{- define "guarded.verify" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- if and (ne $registry "registry-1.example.com") (not .Values.global.security.allowInsecureImages) -}}
{{- fail (printf "unrecognized image: %s/%s; set global.security.allowInsecureImages to true" $registry .Values.image.repository) -}}
{{- end -}}
{{- end -}}
