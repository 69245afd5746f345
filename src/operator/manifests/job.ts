import type { V1Container, V1EnvVar, V1Job, V1PodSpec } from '@kubernetes/client-node';
import { parseDuration } from '../../core/model/duration.ts';
import { withoutUndefined } from '../../core/model/parts.ts';
import { COMMAND_FOLDER_VARIABLE, REHEARSAL_URL_VARIABLE, RUN_REQUEST_VARIABLE } from '../../core/model/request.ts';
import { API_VERSION, type DatabaseMigration, KIND } from '../../core/model/resource.ts';
import { SECRET_VARIABLES } from '../../core/model/run-variables.ts';
import { databaseKey } from '../../core/reconcile/inputs.ts';
import type { RunIdentity } from '../../core/reconcile/observed.ts';
import { commandRequestFromSpec, requestedActions, requestFromSpec } from '../../core/reconcile/request.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY, MOUNTS, VARIABLES } from '../names.ts';
import { backupVariables } from './backup-access.ts';
import { containersOf } from './command-containers.ts';
import { databaseVariables } from './database-login.ts';
import { podPlacement } from './placement.ts';
import { restrictedPod, restrictedRunner } from './restricted-pod.ts';
import { volumesOf } from './volumes.ts';

export interface RunnerDefaults {
  /** Image of the runner if the resource does not set one. */
  image: string;
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
}

/** Added to timeouts.run for scheduling and image pulls; the runner measures its own time from its start. */
const START_SECONDS = 600;

/**
 * The Job of one run. `decide` controls retries, so the Job has none. The Job contains everything that the run needs to
 * know, and no secrets. The pod meets Pod Security `restricted`. `references`: see `referencesDigest`.
 */
export function runJob(
  resource: DatabaseMigration,
  run: RunIdentity,
  defaults: RunnerDefaults,
  references?: string,
  approvedBy?: string,
): V1Job {
  const { metadata, spec } = resource;
  const name = metadata.name;
  const namespace = metadata.namespace ?? 'default';
  const own = {
    ...MANAGED_BY,
    'app.kubernetes.io/name': 'db-manager',
    'app.kubernetes.io/component': 'runner',
    [LABELS.owner]: metadata.uid ?? '',
    [LABELS.database]: databaseKey(resource),
    [LABELS.name]: labelOf(name),
  };
  const annotations: Record<string, string> = {
    [ANNOTATIONS.resource]: `${namespace}/${name}`,
    [ANNOTATIONS.run]: run.id,
    [ANNOTATIONS.attempt]: `${run.attempt}`,
    [ANNOTATIONS.inputs]: run.inputs,
    [ANNOTATIONS.generation]: `${run.generation}`,
    ...withoutUndefined({ [ANNOTATIONS.references]: references }),
  };
  const runLimit = parseDuration(spec.timeouts.run) ?? 0;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: run.job,
      namespace,
      labels: own,
      annotations,
      ownerReferences: [{ apiVersion: API_VERSION, kind: KIND, name, uid: metadata.uid ?? '', controller: true }],
    },
    spec: {
      backoffLimit: 0,
      ...(runLimit > 0 ? { activeDeadlineSeconds: Math.ceil(runLimit / 1000) + START_SECONDS } : {}),
      ttlSecondsAfterFinished: Math.ceil((parseDuration(spec.runner.ttlAfterFinished) ?? 0) / 1000),
      template: {
        metadata: {
          labels: { ...spec.runner.labels, ...own },
          annotations: { ...spec.runner.annotations, ...annotations },
        },
        spec: podSpec(resource, run, defaults, approvedBy),
      },
    },
  };
}

function podSpec(
  resource: DatabaseMigration,
  run: RunIdentity,
  defaults: RunnerDefaults,
  approvedBy: string | undefined,
): V1PodSpec {
  const { runner } = resource.spec;
  return {
    ...restrictedPod(volumesOf(resource), runner),
    ...containersOf(resource, container(resource, run, defaults, approvedBy)),
    ...withoutUndefined({
      imagePullSecrets: runner.imagePullSecrets,
      nodeSelector: runner.nodeSelector,
      tolerations: runner.tolerations,
      affinity: runner.affinity,
      serviceAccountName: runner.serviceAccountName,
      priorityClassName: runner.priorityClassName,
    }),
  };
}

function container(
  resource: DatabaseMigration,
  run: RunIdentity,
  defaults: RunnerDefaults,
  approvedBy: string | undefined,
): V1Container {
  const { runner } = resource.spec;
  const image = runner.image ?? defaults.image;
  return restrictedRunner(volumesOf(resource), {
    image,
    imagePullPolicy: runner.imagePullPolicy ?? defaults.imagePullPolicy,
    resources: runner.resources as object | undefined,
    args: ['runner'],
    env: environment(resource, run, image, approvedBy),
  });
}

/** The name of the resource as a label value, which has a lower length limit than a name. */
function labelOf(name: string): string {
  return name.slice(0, 63).replace(/[^a-z0-9]+$/, '');
}

/** The variables of the user come first, so that they cannot replace ours. */
function environment(
  resource: DatabaseMigration,
  run: RunIdentity,
  image: string,
  approvedBy: string | undefined,
): V1EnvVar[] {
  const { metadata, spec } = resource;
  const identity = {
    runId: run.id,
    attempt: run.attempt,
    resource: {
      namespace: metadata.namespace ?? 'default',
      name: metadata.name,
      uid: metadata.uid ?? '',
      generation: run.generation,
    },
  };
  const { command } = spec.migrations;
  const placement = podPlacement(resource);
  const request = {
    ...(command === undefined
      ? requestFromSpec(spec, identity, placement)
      : commandRequestFromSpec(spec, command, identity, placement)),
    ...requestedActions(resource),
    ...withoutUndefined({ approvedBy }),
  };
  const rehearsal = spec.safety.rehearsalServerUrlFrom;
  const own = (spec.runner.env ?? []) as unknown as V1EnvVar[];
  const secrets = own.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined).map(({ name }) => name);
  const { keyFile } = placement;
  return [
    ...own,
    { name: 'HOME', value: '/tmp' },
    { name: VARIABLES.pod, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: VARIABLES.image, value: image },
    ...databaseVariables(spec.database, identity.resource.namespace),
    // Secrets that the runner removes from all output of the pod; it already knows its own variables.
    { name: SECRET_VARIABLES.names, value: secrets.join(',') },
    { name: SECRET_VARIABLES.files, value: keyFile ?? '' },
    ...(rehearsal === undefined
      ? []
      : [{ name: REHEARSAL_URL_VARIABLE, valueFrom: { secretKeyRef: rehearsal.secretKeyRef } }]),
    ...(spec.backup.mode === 'Disabled' ? [] : backupVariables(spec.backup)),
    ...(command === undefined ? [] : [{ name: COMMAND_FOLDER_VARIABLE, value: MOUNTS.command }]),
    { name: RUN_REQUEST_VARIABLE, value: JSON.stringify(request) },
  ];
}
