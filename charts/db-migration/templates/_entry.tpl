{{/*
What an application's chart includes. Each takes a dict: root, the application's context; files, a glob in its chart
(optional); name, where the dependency has an alias.
  db-migration.hooks        the hook, with the application's own files
  db-migration.wait         an init container that holds the application back until its migrations are applied
  db-migration.waitVolumes  the volumes that this init container mounts
*/}}
{{- define "db-migration.hooks" -}}
{{- $scope := include "db-migration.scope" . | fromJson -}}
{{- if $scope.Values -}}
{{- if not $scope.Values.renderedByParent -}}
{{- fail (printf "set %s.renderedByParent=true: this chart's templates include db-migration.hooks, so the dependency must not render its own" $scope.Chart.Name) -}}
{{- end -}}
{{- include "db-migration.objects" (merge (dict "given" $scope.given) (index .root.Subcharts $scope.Chart.Name) (dict "Template" .root.Template)) -}}
{{- end -}}
{{- end -}}

{{- define "db-migration.wait" -}}
{{- $scope := include "db-migration.scope" . | fromJson -}}
{{- if $scope.Values -}}
{{- include "db-migration.waitContainer" (merge (dict "given" $scope.given) (index .root.Subcharts $scope.Chart.Name) (dict "Template" .root.Template)) -}}
{{- end -}}
{{- end -}}

{{- define "db-migration.waitVolumes" -}}
{{- $scope := include "db-migration.scope" . | fromJson -}}
{{- if $scope.Values -}}
{{- include "db-migration.volumesOfWait" (merge (dict "given" $scope.given) (index .root.Subcharts $scope.Chart.Name) (dict "Template" .root.Template)) -}}
{{- end -}}
{{- end -}}

{{/* The dependency as the application's chart sees it, and its files; nothing where it is switched off. */}}
{{- define "db-migration.scope" -}}
{{- $name := default "db-migration" .name -}}
{{- $sub := index .root.Subcharts $name -}}
{{- if and $sub $sub.Values.enabled -}}
{{- $given := dict -}}
{{- with .files -}}
{{- range $path, $content := $.root.Files.Glob . -}}
{{- $_ := set $given (base $path) (toString $content) -}}
{{- end -}}
{{- if not $given -}}{{- fail (printf "no file of the chart matches %q" .) -}}{{- end -}}
{{- else -}}
{{- $given = $sub.Values.files -}}
{{- end -}}
{{- dict "Values" $sub.Values "Chart" (dict "Name" $name) "given" $given | toJson -}}
{{- end -}}
{{- end -}}
