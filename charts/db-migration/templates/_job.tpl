{{/* A manifest and the Job that reads it. Arguments: context, name, events, spec. */}}
{{- define "db-migration.job" -}}
{{- $ctx := index . 0 -}}
{{- $name := index . 1 -}}
{{- $events := index . 2 -}}
{{- $spec := index . 3 -}}
{{- $manifestName := printf "%s-manifest" $name -}}
{{- $manifest := include "db-migration.manifest" (list $ctx $spec) -}}
{{- $config := dict "apiVersion" "v1" "kind" "ConfigMap" "data" (dict "migration.yaml" $manifest) -}}
{{- include "db-migration.object" (list $ctx $config $manifestName $events -10 "before-hook-creation,hook-succeeded") }}
{{- $pod := include (printf "db-migration.%sPod" $ctx.Values.mode) (list $ctx $spec $manifestName) | fromYaml -}}
{{- $ignored := list (dict "action" "Ignore" "onPodConditions" (list (dict "type" "DisruptionTarget" "status" "True"))) -}}
{{- /* No retries: a failed migration is not retried. An evicted pod is replaced. */ -}}
{{- $jobSpec := dict "backoffLimit" 0 "ttlSecondsAfterFinished" 86400 "podFailurePolicy" (dict "rules" $ignored) "template" $pod -}}
{{- $job := dict "apiVersion" "batch/v1" "kind" "Job" "spec" $jobSpec -}}
{{- $policy := $ctx.Values.keepJob | ternary "before-hook-creation" "before-hook-creation,hook-succeeded" -}}
{{- include "db-migration.object" (list $ctx $job $name $events 0 $policy) }}
{{- end -}}
