{{/* A name that would be too long for a Job ends in a digest, so that two long release names never give the same name. */}}
{{- define "db-migration.fullname" -}}
{{- $name := printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) -}}
{{- if gt (len $name) 52 -}}
{{- printf "%s-%s" (trunc 41 $name | trimSuffix "-") (sha256sum $name | trunc 10) -}}
{{- else -}}{{- $name -}}{{- end -}}
{{- end -}}

{{- define "db-migration.labels" -}}
app.kubernetes.io/name: db-migration
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: migration
app.kubernetes.io/managed-by: {{ .Release.Service }}
db-manager.dev/migration: {{ include "db-migration.fullname" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "db-migration.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .Values.image.repository -}}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end -}}
{{- end -}}

{{/*
The name of the ConfigMap contains a digest of its files. So a new set of files changes the spec of the resource, and
with it the generation that the hook waits for. Pods of an older revision, which wait for the older set, still find it.
*/}}
{{- define "db-migration.filesName" -}}
{{- printf "%s-files-%s" (include "db-migration.fullname" .) (toJson .given | sha256sum | trunc 10) -}}
{{- end -}}

{{- define "db-migration.serviceAccount" -}}
{{- default (include "db-migration.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* The hook events for everything that is created before the application. */}}
{{- define "db-migration.events" -}}
{{- if not .Values.database.inRelease -}}pre-install,pre-upgrade
{{- else if eq .Values.database.firstInstall "PostInstall" -}}post-install,pre-upgrade
{{- else -}}pre-upgrade
{{- end -}}
{{- end -}}

{{/* On this first install all objects are part of the release, and none is a hook. */}}
{{- define "db-migration.isResource" -}}
{{- if and .Release.IsInstall .Values.database.inRelease (eq .Values.database.firstInstall "Resource") -}}true{{- end -}}
{{- end -}}

{{/* The annotations of a hook. Arguments: context, events, weight, policy. */}}
{{- define "db-migration.hook" -}}
{{- $ctx := index . 0 -}}
helm.sh/hook: {{ index . 1 }}
helm.sh/hook-weight: {{ add (index . 2) $ctx.Values.hookWeight | quote }}
helm.sh/hook-delete-policy: {{ index . 3 }}
{{- end -}}
