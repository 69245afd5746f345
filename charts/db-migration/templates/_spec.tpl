{{/* The spec of the DatabaseMigration: from the values, with the additions of this chart. */}}
{{- define "db-migration.spec" -}}
{{- $spec := tpl (toYaml .Values.spec) . | fromYaml -}}
{{- $spec = include "db-migration.pruned" $spec | fromJson -}}
{{- if .given -}}{{- $_ := set $spec "migrations" (dict "configMaps" (list (dict "name" (include "db-migration.filesName" .)))) -}}{{- end -}}
{{- if .Values.database.url -}}
{{- $ref := dict "name" (printf "%s-database" (include "db-migration.fullname" .)) "key" "url" -}}
{{- $_ := set $spec "database" (dict "urlFrom" (dict "secretKeyRef" $ref)) -}}
{{- end -}}
{{- if and .Values.database.inRelease (not (dig "timeouts" "connect" "" $spec)) -}}
{{- /* The pod of the database may still be starting. */ -}}
{{- $_ := set $spec "timeouts" (merge (dict "connect" "5m") (default dict $spec.timeouts)) -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end -}}

{{/* A map without null values: a null in one values file removes a value of another. */}}
{{- define "db-migration.pruned" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if kindIs "map" $value -}}
{{- $_ := set $kept $key (include "db-migration.pruned" $value | fromJson) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- toJson $kept -}}
{{- end -}}

{{/* The manifest for `db-manager apply` and `db-manager run`. */}}
{{- define "db-migration.manifest" -}}
{{- $ctx := index . 0 -}}
{{- $spec := index . 1 -}}
apiVersion: db-manager.dev/v1alpha1
kind: DatabaseMigration
metadata:
  name: {{ include "db-migration.fullname" $ctx }}
  namespace: {{ $ctx.Release.Namespace }}
  labels:
    {{- include "db-migration.labels" $ctx | nindent 4 }}
spec:
  {{- toYaml $spec | nindent 2 }}
{{- end -}}

{{/* Rejects values that would fail later, with an error that names the value to set. */}}
{{- define "db-migration.check" -}}
{{- $spec := include "db-migration.spec" . | fromYaml -}}
{{- $chart := .Chart.Name -}}
{{- $given := .Values.spec -}}
{{- if and .Values.database.url $given.database -}}{{- fail (printf "set %s.database.url or %s.spec.database, not both" $chart $chart) -}}{{- end -}}
{{- if and .given $given.migrations -}}{{- fail (printf "set %s.files or %s.spec.migrations, not both" $chart $chart) -}}{{- end -}}
{{- if not $spec.database -}}{{- fail (printf "%s needs a database: set %s.database.url, or %s.spec.database" $chart $chart $chart) -}}{{- end -}}
{{- if not $spec.migrations -}}
{{- fail (printf "%s needs migrations: set %s.spec.migrations or %s.files, or pass the files of the application chart (%s.renderedByParent)" $chart $chart $chart $chart) -}}
{{- end -}}
{{- $backup := default dict $spec.backup -}}
{{- if and (ne (toString (dig "mode" "Enabled" $backup)) "Disabled") (not $backup.volume) (not $backup.objectStore) -}}
{{- fail (printf "%s needs a place for backups: set %s.spec.backup.volume, %s.spec.backup.objectStore, or %s.spec.backup.mode=Disabled" $chart $chart $chart $chart) -}}
{{- end -}}
{{- if eq .Values.mode "standalone" -}}
{{- with dig "volume" "size" "" $backup -}}
{{- fail (printf "in mode standalone %s.spec.backup.volume.size creates no claim, because the next hook would delete it: create a PersistentVolumeClaim and set %s.spec.backup.volume.claimName" $chart $chart) -}}
{{- end -}}
{{- range list "caFrom" "certFrom" "keyFrom" -}}
{{- if dig "postgres" . "" $spec.database -}}
{{- fail (printf "in mode standalone %s.spec.database.postgres.%s is not supported: use %s.spec.database.urlFrom with sslrootcert, sslcert and sslkey in the URL" $chart . $chart) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.rollback.downgrade -}}
{{- if $spec.migrations.command -}}{{- fail (printf "%s.rollback.downgrade needs migration files: the older image does not have what reverts the newer migrations" $chart) -}}{{- end -}}
{{- $target := toString (default "head" $spec.target) -}}
{{- if or (eq $target "base") (hasPrefix "+" $target) (hasPrefix "-" $target) -}}
{{- fail (printf "%s.rollback.downgrade cannot go back with %s.spec.target=%s, which depends on the current revision of the database: omit it, or set a revision" $chart $chart $target) -}}
{{- end -}}
{{- end -}}
{{- end -}}
