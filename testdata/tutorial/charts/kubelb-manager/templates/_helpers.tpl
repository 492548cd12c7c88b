{{/* An image, from the registry of all images if there is one: (list $ "quay.io/a/b:c"). */}}
{{- define "kubelb.image" -}}
{{- $top := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $top.Values.global.imageRegistry -}}
{{ . }}/{{ rest (splitList "/" $image) | join "/" }}
{{- else -}}
{{ $image }}
{{- end -}}
{{- end -}}
