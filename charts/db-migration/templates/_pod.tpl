{{- define "db-migration.restrictedPod" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .group }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "db-migration.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The secret of the database as an environment variable: the URL or the password. */}}
{{- define "db-migration.secretEnv" -}}
{{- $url := dig "urlFrom" "secretKeyRef" dict .database -}}
{{- $password := dig "postgres" "passwordFrom" "secretKeyRef" dict .database -}}
{{- if $url }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {{ toJson $url }}}
{{- end }}
{{- if $password }}
- name: {{ .passwordVariable }}
  valueFrom: {secretKeyRef: {{ toJson $password }}}
{{- end }}
{{- end -}}

{{/* The claims that a run uses, each once: database, backups, migrations. */}}
{{- define "db-migration.claims" -}}
{{- $claims := list -}}
{{- with dig "sqlite" "volume" "claimName" "" .database -}}{{- $claims = append $claims . -}}{{- end -}}
{{- with dig "volume" "claimName" "" (default dict .backup) -}}{{- $claims = append $claims . -}}{{- end -}}
{{- with dig "volume" "claimName" "" .migrations -}}{{- $claims = append $claims . -}}{{- end -}}
{{- toJson (uniq $claims) -}}
{{- end -}}

{{/* The folder of the migrations in the pod. */}}
{{- define "db-migration.folder" -}}
{{- with .migrations.runnerImage }}{{ .path }}{{ end -}}
{{- with .migrations.volume }}{{ clean (printf "/data/claims/%s/%s" .claimName (default "" .path)) }}{{ end -}}
{{- with .migrations.image }}{{ clean (printf "/migrations/%s" (default "migrations" .path)) }}{{ end -}}
{{- if .migrations.configMaps }}/migrations{{ end -}}
{{- end -}}

{{/* The volume of migrations that are neither on a claim nor in the runner image. */}}
{{- define "db-migration.filesVolume" -}}
{{- with .migrations.configMaps }}
- name: db-migrations
  projected:
    sources:
      {{- range . }}
      - configMap: {name: {{ .name }}}
      {{- end }}
{{- end }}
{{- with .migrations.image }}
- name: db-migrations
  image:
    reference: {{ .reference | quote }}
    {{- with .pullPolicy }}
    pullPolicy: {{ . }}
    {{- end }}
{{- end }}
{{- end -}}
