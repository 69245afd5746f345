{{/* All objects, in the order in which Helm creates them: -20 input, -10 permissions and manifests, 0 the Job. */}}
{{- define "db-migration.objects" -}}
{{- include "db-migration.check" . -}}
{{- $name := include "db-migration.fullname" . -}}
{{- $events := include "db-migration.events" . -}}
{{- $resource := include "db-migration.isResource" . -}}
{{- $spec := include "db-migration.spec" . | fromYaml -}}
{{- $rollback := include "db-migration.rollbackEvent" . -}}
{{- $withRollback := .Values.rollback.downgrade | ternary (printf "%s,%s" $events $rollback) $events -}}
{{- $kept := "before-hook-creation" -}}
{{- with .Values.database.url }}
{{- $object := dict "apiVersion" "v1" "kind" "Secret" "stringData" (dict "url" (tpl . $)) }}
{{- include "db-migration.object" (list $ $object (printf "%s-database" $name) $withRollback -20 $kept) }}
{{- end }}
{{- range .Values.hookObjects }}
{{- $object := kindIs "string" . | ternary (tpl (toString .) $ | fromYaml) . }}
{{- include "db-migration.object" (list $ $object $object.metadata.name $withRollback -20 $kept) }}
{{- end }}
{{- if .given }}
{{- $files := dict "apiVersion" "v1" "kind" "ConfigMap" "data" .given }}
{{- $filesName := include "db-migration.filesName" . }}
{{- /* The same files are the same object: if it were recreated, the operator would see new files. */}}
{{- if not (lookup "v1" "ConfigMap" .Release.Namespace $filesName) }}
{{- include "db-migration.object" (list . $files $filesName $events -20 $kept) }}
{{- end }}
{{- if eq $rollback "post-rollback" }}
{{- /* The newest files under a fixed name. A rollback does not recreate them: they contain the migrations to revert. */}}
{{- include "db-migration.object" (list . $files (printf "%s-newest" $name) $events -20 $kept) }}
{{- end }}
{{- end }}
{{- if and (eq .Values.mode "operator") .Values.serviceAccount.create }}
{{- $account := include "db-migration.serviceAccount" . }}
{{- $subject := dict "kind" "ServiceAccount" "name" $account "namespace" .Release.Namespace }}
{{- $ref := dict "apiGroup" "rbac.authorization.k8s.io" "kind" "Role" "name" $account }}
{{- $rules := include "db-migration.rules" . | fromYamlArray }}
{{- /* Kept if helm times out: the hook still waits, and its log should show the result. */}}
{{- range list
  (dict "apiVersion" "v1" "kind" "ServiceAccount")
  (dict "apiVersion" "rbac.authorization.k8s.io/v1" "kind" "Role" "rules" $rules)
  (dict "apiVersion" "rbac.authorization.k8s.io/v1" "kind" "RoleBinding" "roleRef" $ref "subjects" (list $subject)) }}
{{- include "db-migration.object" (list $ . $account $withRollback -10 $kept) }}
{{- end }}
{{- end }}
{{- include "db-migration.job" (list . $name $events (include "db-migration.upgradeSpec" . | fromYaml)) }}
{{- if .Values.rollback.downgrade }}
{{- include "db-migration.job" (list . (printf "%s-rollback" $name) $rollback (include "db-migration.rollbackSpec" . | fromYaml)) }}
{{- end }}
{{- end -}}

{{/*
In mode operator each upgrade requests a run, even if the spec is the same: a failed run is retried, and the hook waits
for the result of this upgrade, not of an earlier one.
*/}}
{{- define "db-migration.upgradeSpec" -}}
{{- $spec := include "db-migration.spec" . | fromYaml -}}
{{- if eq .Values.mode "operator" -}}
{{- $runner := default dict $spec.runner -}}
{{- $annotations := set (default dict $runner.annotations) "db-manager.dev/helm-revision" (toString .Release.Revision) -}}
{{- $_ := set $spec "runner" (set $runner "annotations" $annotations) -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end -}}

{{/*
If spec.target names a revision, the database goes back to it after the application, with the newest files of the release.
Otherwise it goes back before the application, with the text in its history, to the last of the older files.
*/}}
{{- define "db-migration.rollbackEvent" -}}
{{- $spec := include "db-migration.spec" . | fromYaml -}}
{{- if and .Values.rollback.downgrade .given (ne (toString (default "head" $spec.target)) "head") -}}
post-rollback
{{- else -}}
pre-rollback
{{- end -}}
{{- end -}}

{{- define "db-migration.rollbackSpec" -}}
{{- $spec := include "db-migration.upgradeSpec" . | fromYaml -}}
{{- if eq (include "db-migration.rollbackEvent" .) "post-rollback" -}}
{{- $_ := set $spec "allowDowngrade" true -}}
{{- $_ := set $spec "migrations" (dict "configMaps" (list (dict "name" (printf "%s-newest" (include "db-migration.fullname" .))))) -}}
{{- else -}}
{{- $_ := set $spec "unknownApplied" "Downgrade" -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end -}}
