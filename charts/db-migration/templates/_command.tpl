{{/*
The containers around the command of another tool, in the order in which the kubelet starts them: the program is copied,
the runner (a sidecar), the command on the copy, the command on the target, the end. The image of the application needs
nothing of db-manager. Arguments: command, container of the run, spec.
*/}}
{{- define "db-migration.commandContainers" -}}
{{- $command := index . 0 -}}
{{- $runner := index . 1 -}}
{{- $spec := index . 2 -}}
{{- $program := "/db-manager/entrypoint" -}}
{{- $words := concat $command.command (default list $command.args) -}}
initContainers:
  - name: prepare
    image: {{ $runner.image | quote }}
    imagePullPolicy: {{ $runner.imagePullPolicy }}
    command: [cp, /app/dist/command/entrypoint, {{ $program }}]
    securityContext:
      {{- toYaml $runner.securityContext | nindent 6 }}
    volumeMounts:
      - {name: command, mountPath: /db-manager}
  -
    {{- toYaml (set (deepCopy $runner) "restartPolicy" "Always") | nindent 4 }}
  {{- include "db-migration.stage" (list $command $spec "rehearse" $words) | nindent 2 }}
  {{- include "db-migration.stage" (list $command $spec "apply" $words) | nindent 2 }}
  {{- with $command.down }}
  {{- include "db-migration.stage" (list $command $spec "down" .) | nindent 2 }}
  {{- end }}
containers:
  - name: migrate
    image: {{ $runner.image | quote }}
    imagePullPolicy: {{ $runner.imagePullPolicy }}
    command: [{{ $program }}, verify]
    securityContext:
      {{- toYaml $runner.securityContext | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
    volumeMounts:
      - {name: command, mountPath: /db-manager, readOnly: true}
{{- end -}}

{{/* The container of one stage of the command. Arguments: command, spec, stage, words. */}}
{{- define "db-migration.stage" -}}
{{- $command := index . 0 -}}
{{- $spec := index . 1 -}}
{{- $stage := index . 2 -}}
- name: {{ $stage }}
  image: {{ $command.image | quote }}
  {{- with $command.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  command:
    {{- toYaml (concat (list "/db-manager/entrypoint" $stage) (index . 3)) | nindent 4 }}
  {{- with $command.workingDir }}
  workingDir: {{ . | quote }}
  {{- end }}
  env:
    - {name: HOME, value: /tmp}
    {{- with $command.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $command.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $command.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    allowPrivilegeEscalation: false
    capabilities: {drop: [ALL]}
  volumeMounts:
    - {name: command, mountPath: /db-manager, readOnly: true}
    - {name: tmp, mountPath: /tmp}
    {{- with dig "sqlite" "volume" "claimName" "" $spec.database }}
    - {name: claim-0, mountPath: /data/claims/{{ . }}}
    {{- end }}
{{- end -}}
