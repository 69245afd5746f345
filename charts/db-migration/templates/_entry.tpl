{{/*
The templates for an application chart. Each takes a dict: root, the context of the application; files, a glob in its
chart (optional); name, if the dependency has an alias.
  db-migration.hooks        the hook, with the files of the application
  db-migration.wait         an init container that blocks the application until its migrations are applied
  db-migration.waitVolumes  the volumes that this init container mounts
*/}}
{{- define "db-migration.hooks" -}}
{{- $scope := include "db-migration.scope" . | fromJson -}}
{{- if $scope.Values -}}
{{- if not $scope.Values.renderedByParent -}}
{{- fail (printf "set %s.renderedByParent=true: the templates of this chart include db-migration.hooks, so the dependency must not render its own hooks" $scope.Chart.Name) -}}
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

{{/* The dependency in the scope of the application chart, and its files; empty if it is disabled. */}}
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
