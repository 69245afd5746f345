{{/*
An object with its name, labels and hook annotations. Arguments: context, object, name, events, weight, policy. Helm does
not track a hook after its creation. So an object that stays is created again, and then deleted, when the release is
uninstalled. In mode operator the files and the Secret belong to the DatabaseMigration, which is kept.
*/}}
{{- define "db-migration.object" -}}
{{- $ctx := index . 0 -}}
{{- $events := index . 3 -}}
{{- $policy := index . 5 -}}
{{- $stays := and (eq $policy "before-hook-creation") (ne (index . 1).kind "Job") -}}
{{- $annotations := dict -}}
{{- if and (include "db-migration.isResource" $ctx) (ne $events "post-rollback") -}}
{{- if $stays -}}{{- $annotations = dict "helm.sh/resource-policy" "keep" -}}{{- end -}}
{{- else -}}
{{- $annotations = include "db-migration.hook" (list $ctx $events (index . 4) $policy) | fromYaml -}}
{{- if eq (index . 1).kind "Job" -}}{{- $_ := set $annotations "helm.sh/hook-output-log-policy" "hook-failed" -}}{{- end -}}
{{- end -}}
{{- include "db-migration.named" (list $ctx (index . 1) (index . 2) $annotations) }}
{{- if and $stays (or (eq $ctx.Values.mode "standalone") (has (index . 1).kind (list "ServiceAccount" "Role" "RoleBinding"))) }}
{{- $last := include "db-migration.hook" (list $ctx "post-delete" 0 "before-hook-creation,hook-succeeded") | fromYaml }}
{{- $empty := omit (index . 1) "data" "stringData" }}
{{- include "db-migration.named" (list $ctx $empty (index . 2) $last) }}
{{- end }}
{{- end -}}

{{- define "db-migration.named" -}}
{{- $ctx := index . 0 -}}
{{- $object := deepCopy (index . 1) -}}
{{- $metadata := default dict $object.metadata -}}
{{- $_ := set $metadata "name" (index . 2) -}}
{{- $_ := set $metadata "namespace" $ctx.Release.Namespace -}}
{{- $_ := set $metadata "labels" (merge (default dict $metadata.labels) (include "db-migration.labels" $ctx | fromYaml)) -}}
{{- $_ := set $metadata "annotations" (merge (default dict $metadata.annotations) (index . 3)) -}}
{{- $_ := set $object "metadata" $metadata }}
---
{{ toYaml $object }}
{{- end -}}
