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

{{/*
The other variables of a run, as the Job of the operator has them: the identity of a SQLite file, the server of rehearsals, the
object store and the identity of encrypted backups. Arguments: namespace, spec.
*/}}
{{- define "db-migration.runEnv" -}}
{{- $namespace := index . 0 -}}
{{- $spec := index . 1 -}}
{{- $backup := default dict $spec.backup -}}
{{- with $spec.database.sqlite }}
- name: DB_MANAGER_SQLITE_IDENTITY
  value: {{ printf "%s/%s/%s" $namespace .volume.claimName .path | quote }}
{{- end }}
{{- with dig "rehearsalServerUrlFrom" "secretKeyRef" dict (default dict $spec.safety) }}
- name: REHEARSAL_DATABASE_URL
  valueFrom: {secretKeyRef: {{ toJson . }}}
{{- end }}
{{- with dig "objectStore" "credentialsFrom" "secretRef" "name" "" $backup }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_ACCESS_KEY_ID}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SECRET_ACCESS_KEY}}
- name: AWS_SESSION_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SESSION_TOKEN, optional: true}}
{{- end }}
{{- if dig "objectStore" "caFrom" dict $backup }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/backups-ca/ca.pem
{{- end }}
{{- with dig "encryption" "identityFrom" "secretKeyRef" dict $backup }}
- name: DB_MANAGER_BACKUP_IDENTITY
  valueFrom: {secretKeyRef: {{ toJson . }}}
{{- end }}
{{- end -}}

{{/* The certificate of the authority of an object store. */}}
{{- define "db-migration.backupsCaVolume" -}}
{{- with dig "objectStore" "caFrom" dict (default dict .backup) }}
- name: backups-ca
  {{- with .configMapKeyRef }}
  configMap: {name: {{ .name }}, items: [{key: {{ .key | quote }}, path: ca.pem}]}
  {{- end }}
  {{- with .secretKeyRef }}
  secret: {secretName: {{ .name }}, items: [{key: {{ .key | quote }}, path: ca.pem}]}
  {{- end }}
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
