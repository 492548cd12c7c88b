{{- define "explicit.image" -}}
{{- $tag := default .defaultTag .image.tag -}}
{{- $global := default .globalRegistry .legacyRegistry -}}
{{- $registry := default (default .image.defaultRegistry $global) .image.registry -}}
{{- if $registry -}}
  {{- print $registry "/" (required "An image repository is required" .image.repository) ":" $tag -}}
{{- else -}}
  {{- print (required "An image repository is required" .image.repository) ":" $tag -}}
{{- end -}}
{{- end -}}
