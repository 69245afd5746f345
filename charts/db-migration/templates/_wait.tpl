{{/*
The init container that blocks the application. It queries the database, not a Job or the API server, so it does not
depend on existing Jobs and needs no permissions. It waits for spec.target if that is a revision, otherwise for every
file of this revision of the chart.
*/}}
{{- define "db-migration.waitContainer" -}}
{{- include "db-migration.check" . -}}
{{- $spec := include "db-migration.spec" . | fromYaml -}}
{{- if $spec.migrations.command -}}
{{- fail (printf "db-migration.wait needs migration files, which %s.spec.migrations.command does not have: the hook runs before the application" .Chart.Name) -}}
{{- end -}}
{{- $sqlite := dig "sqlite" dict $spec.database -}}
{{- $postgres := dig "postgres" dict $spec.database -}}
{{- $folder := include "db-migration.folder" $spec -}}
{{- $target := toString (default "head" $spec.target) -}}
{{- if or (eq $target "base") (hasPrefix "+" $target) (hasPrefix "-" $target) -}}
{{- fail (printf "db-migration.wait cannot wait for %s.spec.target=%s, which depends on the current revision of the database: set a revision, or head" .Chart.Name $target) -}}
{{- end -}}
- name: wait-for-migrations
  image: {{ include "db-migration.waitImage" (list . $spec) | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - wait
    - {{ printf "--revision=%s" $target | quote }}
    - {{ printf "--migrations=%s" $folder | quote }}
    - --timeout=0
    {{- range $spec.migrations.include }}
    - {{ printf "--include=%s" . | quote }}
    {{- end }}
    {{- range $spec.migrations.exclude }}
    - {{ printf "--exclude=%s" . | quote }}
    {{- end }}
    {{- with $spec.unknownApplied }}
    - {{ printf "--unknown-applied=%s" (lower .) | quote }}
    {{- end }}
    {{- with dig "history" "schema" "" $spec.database }}
    - {{ printf "--history-schema=%s" . | quote }}
    {{- end }}
    {{- with dig "history" "table" "" $spec.database }}
    - {{ printf "--history-table=%s" . | quote }}
    {{- end }}
  env:
    - {name: HOME, value: /tmp}
    {{- if $sqlite }}
    - name: DB_PATH
      value: {{ clean (printf "/data/claims/%s/%s" $sqlite.volume.claimName $sqlite.path) | quote }}
    {{- end }}
    {{- if $postgres }}
    - name: DATABASE_URL
      value: {{ printf "postgres://%s@%s:%d/%s?sslmode=%s&schemas=%s" (urlquery $postgres.user) $postgres.host (int (default 5432 $postgres.port)) (urlquery $postgres.database) (default "prefer" $postgres.sslMode) (default (list "public") $postgres.schemas | join ",") | quote }}
    {{- end }}
    {{- include "db-migration.secretEnv" (dict "database" $spec.database "passwordVariable" "PGPASSWORD") | nindent 4 }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: {{ int (dig "runner" "runAsUser" 1000 $spec) }}
    seccompProfile: {type: RuntimeDefault}
    {{- include "db-migration.restricted" . | nindent 4 }}
  volumeMounts:
    - {name: wait-for-migrations-tmp, mountPath: /tmp}
    {{- if or $spec.migrations.configMaps $spec.migrations.image }}
    - {name: db-migrations, mountPath: /migrations, readOnly: true}
    {{- end }}
    {{- range include "db-migration.waitClaims" $spec | fromJsonArray }}
    - {name: {{ .name }}, mountPath: /data/claims/{{ .claim }}}
    {{- end }}
{{- end -}}

{{- define "db-migration.volumesOfWait" -}}
{{- $spec := include "db-migration.spec" . | fromYaml -}}
- name: wait-for-migrations-tmp
  emptyDir: {}
{{- include "db-migration.filesVolume" $spec }}
{{- range include "db-migration.waitClaims" $spec | fromJsonArray }}
- name: {{ .name }}
  persistentVolumeClaim: {claimName: {{ .claim }}}
{{- end }}
{{- end -}}

{{/* Migrations in the runner image exist only in that image. */}}
{{- define "db-migration.waitImage" -}}
{{- $ctx := index . 0 -}}
{{- $spec := index . 1 -}}
{{- if $spec.migrations.runnerImage }}{{ $spec.runner.image }}{{ else }}{{ include "db-migration.image" $ctx }}{{ end -}}
{{- end -}}

{{- define "db-migration.waitClaims" -}}
{{- $found := list -}}
{{- range $index, $claim := include "db-migration.claims" (dict "database" .database "migrations" .migrations) | fromJsonArray -}}
{{- $found = append $found (dict "name" (printf "wait-for-migrations-%d" $index) "claim" $claim) -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}
