{{/* The pod that applies the resource and waits for it; the operator runs it. */}}
{{- define "db-migration.operatorPod" -}}
{{- $ctx := index . 0 -}}
{{- $manifest := index . 2 -}}
metadata:
  labels:
    {{- include "db-migration.podLabels" (list $ctx nil) | nindent 4 }}
  {{- with $ctx.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  # Longer than --timeout, so that the command can still report the reason.
  activeDeadlineSeconds: {{ add $ctx.Values.timeoutSeconds 60 }}
  serviceAccountName: {{ include "db-migration.serviceAccount" $ctx }}
  enableServiceLinks: true
  securityContext:
    {{- include "db-migration.restrictedPod" (dict "user" 1000 "group" 1000) | nindent 4 }}
  {{- with $ctx.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: migrate
      image: {{ include "db-migration.image" $ctx | quote }}
      imagePullPolicy: {{ $ctx.Values.image.pullPolicy }}
      args:
        - apply
        - --filename=/etc/db-manager/migration.yaml
        - --wait
        - --timeout={{ $ctx.Values.timeoutSeconds }}
      env:
        - {name: HOME, value: /tmp}
      resources:
        {{- toYaml $ctx.Values.resources | nindent 8 }}
      securityContext:
        {{- include "db-migration.restricted" . | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: manifest, mountPath: /etc/db-manager, readOnly: true}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: manifest
      configMap: {name: {{ $manifest }}}
{{- end -}}

{{/* The permissions of the hook in its namespace. */}}
{{- define "db-migration.rules" -}}
- apiGroups: [db-manager.dev]
  resources: [databasemigrations]
  verbs: [get, list, watch, create, patch]
{{- end -}}
