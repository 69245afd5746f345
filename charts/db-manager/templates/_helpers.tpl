{{/* A name that would be too long ends in a digest, so that two long release names never give the same name. */}}
{{- define "db-manager.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains "db-manager" $name) -}}{{- $name = printf "%s-db-manager" $name -}}{{- end -}}
{{- if gt (len $name) 52 -}}
{{- printf "%s-%s" (trunc 41 $name | trimSuffix "-") (sha256sum $name | trunc 10) -}}
{{- else -}}{{- $name -}}{{- end -}}
{{- end -}}

{{- define "db-manager.selector" -}}
app.kubernetes.io/name: db-manager
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "db-manager.labels" -}}
{{ include "db-manager.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "db-manager.serviceAccount" -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create is false: set serviceAccount.name to the account that the operator runs as" -}}
{{- end -}}
{{- default (include "db-manager.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "db-manager.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .Values.image.repository -}}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end -}}
{{- end -}}

{{/* Rejects unsafe values with an error that names the fix. */}}
{{- define "db-manager.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail (printf "replicas is %d and leaderElection.enabled is false: two operators would act at the same time. Set leaderElection.enabled=true, or replicas=1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and .Values.podDisruptionBudget.enabled (lt (int .Values.replicas) 2) -}}
{{- fail "podDisruptionBudget.enabled requires replicas=2 or more: a budget for one pod only blocks the drain of its node" -}}
{{- end -}}
{{- end -}}
