{{/* The pod that runs the migrations itself, like the Job of the operator, from the same spec. */}}
{{- define "db-migration.standalonePod" -}}
{{- $ctx := index . 0 -}}
{{- $spec := index . 1 -}}
{{- $manifest := index . 2 -}}
{{- $runner := default dict $spec.runner -}}
{{- $claims := include "db-migration.claims" $spec | fromJsonArray -}}
{{- $folder := include "db-migration.folder" $spec -}}
{{- $user := int (default 1000 $runner.runAsUser) -}}
metadata:
  labels:
    {{- include "db-migration.podLabels" (list $ctx $runner.labels) | nindent 4 }}
  {{- with merge (dict) (default dict $runner.annotations) $ctx.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  activeDeadlineSeconds: {{ $ctx.Values.timeoutSeconds }}
  # The run stops at a safe point.
  terminationGracePeriodSeconds: 60
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "db-migration.restrictedPod" (dict "user" $user "group" (int (default 1000 $runner.fsGroup))) | nindent 4 }}
  {{- with default $ctx.Values.imagePullSecrets $runner.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $runner.serviceAccountName }}
  serviceAccountName: {{ . }}
  {{- end }}
  {{- with $runner.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $runner.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $runner.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $runner.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- $command := $spec.migrations.command }}
  {{- $migrate := include "db-migration.runContainer" (list $ctx $spec $folder $claims (ternary "runner" "migrate" (not (empty $command)))) | fromYaml }}
  {{- if $command }}
  {{- include "db-migration.commandContainers" (list $command $migrate $spec) | nindent 2 }}
  {{- else }}
  containers:
    - {{- toYaml $migrate | nindent 6 }}
  {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: manifest
      configMap: {name: {{ $manifest }}}
    {{- if $command }}
    - name: command
      emptyDir: {}
    {{- end }}
    {{- include "db-migration.filesVolume" $spec | nindent 4 }}
    {{- include "db-migration.backupsCaVolume" $spec | nindent 4 }}
    {{- range $index, $claim := $claims }}
    - name: claim-{{ $index }}
      persistentVolumeClaim: {claimName: {{ $claim }}}
    {{- end }}
{{- end -}}

{{- define "db-migration.podLabels" -}}
{{- $ctx := index . 0 -}}
{{- include "db-migration.labels" $ctx }}
{{- with merge (dict) (default dict (index . 1)) $ctx.Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The container of the run. Arguments: context, spec, folder of the migrations, claims, name. */}}
{{- define "db-migration.runContainer" -}}
{{- $ctx := index . 0 -}}
{{- $spec := index . 1 -}}
{{- $runner := default dict $spec.runner -}}
{{- $folder := index . 2 -}}
{{- $claims := index . 3 -}}
{{- $name := index . 4 -}}
name: {{ $name }}
image: {{ default (include "db-migration.image" $ctx) $runner.image | quote }}
imagePullPolicy: {{ default $ctx.Values.image.pullPolicy $runner.imagePullPolicy }}
args:
  - run
  - --filename=/etc/db-manager/migration.yaml
  {{- with $folder }}
  - {{ printf "--migrations=%s" . | quote }}
  {{- end }}
  {{- with dig "models" "path" "" $spec }}
  - {{ printf "--models=%s" (isAbs . | ternary . (clean (printf "%s/%s" $folder .))) | quote }}
  {{- end }}
  {{- range $claims }}
  - {{ printf "--volume=%s=/data/claims/%s" . . | quote }}
  {{- end }}
env:
  {{- with $runner.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  - {name: HOME, value: /tmp}
  {{- $secrets := list }}
  {{- range $runner.env }}
  {{- if dig "valueFrom" "secretKeyRef" false . }}{{ $secrets = append $secrets .name }}{{ end }}
  {{- end }}
  {{- with $secrets }}
  - name: DB_MANAGER_SECRET_VARIABLES
    value: {{ join "," . | quote }}
  {{- end }}
  - name: DB_MANAGER_IMAGE
    value: {{ default (include "db-migration.image" $ctx) $runner.image | quote }}
  - name: DB_MANAGER_POD
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  {{- if $spec.migrations.command }}
  - {name: DB_MANAGER_COMMAND_FOLDER, value: /db-manager}
  {{- end }}
  {{- include "db-migration.secretEnv" (dict "database" $spec.database "passwordVariable" "DATABASE_PASSWORD") | nindent 2 }}
  {{- include "db-migration.runEnv" (list $ctx.Release.Namespace $spec) | nindent 2 }}
{{- with $runner.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "db-migration.restricted" . | nindent 2 }}
# The end of the log is also in the pod status, so that it is available without a log collector.
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: manifest, mountPath: /etc/db-manager, readOnly: true}
  {{- if dig "objectStore" "caFrom" dict (default dict $spec.backup) }}
  - {name: backups-ca, mountPath: /etc/backups-ca, readOnly: true}
  {{- end }}
  {{- if $spec.migrations.command }}
  - {name: command, mountPath: /db-manager}
  {{- end }}
  {{- if or $spec.migrations.configMaps $spec.migrations.image }}
  - {name: db-migrations, mountPath: /migrations, readOnly: true}
  {{- end }}
  {{- range $index, $claim := $claims }}
  - {name: claim-{{ $index }}, mountPath: /data/claims/{{ $claim }}}
  {{- end }}
{{- end -}}
