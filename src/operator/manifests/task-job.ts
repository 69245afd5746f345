import type { V1EnvVar, V1Job } from '@kubernetes/client-node';
import { withoutUndefined } from '../../core/model/parts.ts';
import { TASK_REQUEST_VARIABLE } from '../../core/model/task.ts';
import { placeOfObjectStore } from '../../core/reconcile/backup-place.ts';
import { databaseOf } from '../../core/reconcile/request.ts';
import type { Resource, TaskPod } from '../../kinds/kind.ts';
import { milliseconds } from '../../kinds/task.ts';
import { ANNOTATIONS, LABELS, MOUNTS, TASK_MANAGED_BY, VARIABLES } from '../names.ts';
import { taskKey } from '../slots.ts';
import { BACKUPS_CA, backupVariables } from './backup-access.ts';
import { databaseVariables, loginFile } from './database-login.ts';
import type { RunnerDefaults } from './job.ts';
import { certificatePaths } from './placement.ts';
import { restrictedPod, restrictedRunner } from './restricted-pod.ts';
import { certificateFiles, claimVolume, secretFile } from './volumes.ts';

/** The Job of a DatabaseBackup or a DatabaseRestore: everything that it needs to know, and no secrets. */
export function taskJob(
  resource: Resource,
  job: string,
  pod: TaskPod,
  databaseLabel: string,
  defaults: RunnerDefaults,
): V1Job {
  const { kind, apiVersion, metadata } = resource;
  const { name, namespace = 'default', uid = '' } = metadata;
  const { source } = pod;
  const labels = {
    ...TASK_MANAGED_BY,
    'app.kubernetes.io/name': 'db-manager',
    [LABELS.owner]: uid,
    [LABELS.database]: databaseLabel,
  };
  const annotations = { [ANNOTATIONS.resource]: taskKey({ namespace, kind, name }) };
  const volumes = volumesOf(pod);
  const { runner } = source;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: job,
      namespace,
      labels,
      annotations,
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(milliseconds(source.timeout) / 1000),
      ttlSecondsAfterFinished: Math.ceil(milliseconds(runner.ttlAfterFinished) / 1000),
      template: {
        metadata: { labels, annotations },
        spec: {
          ...restrictedPod(volumes),
          containers: [
            restrictedRunner(volumes, {
              image: runner.image ?? defaults.image,
              imagePullPolicy: runner.imagePullPolicy ?? defaults.imagePullPolicy,
              resources: runner.resources as object | undefined,
              args: ['task'],
              env: environment(pod, namespace),
            }),
          ],
          ...withoutUndefined({ nodeSelector: runner.nodeSelector, serviceAccountName: runner.serviceAccountName }),
        },
      },
    },
  };
}

function volumesOf({ database, source: { volume, objectStore } }: TaskPod) {
  const { caFrom } = objectStore ?? {};
  return [
    { volume: { name: 'temporary', emptyDir: {} }, mount: { mountPath: MOUNTS.temporary } },
    ...(database.sqlite === undefined
      ? []
      : [claimVolume('database', database.sqlite.volume.claimName, MOUNTS.database, false)]),
    ...(volume === undefined ? [] : [claimVolume('backups', volume.claimName, MOUNTS.backups, false)]),
    ...loginFile(database),
    ...certificateFiles(database.postgres),
    ...secretFile('backups-ca', caFrom?.secretKeyRef, caFrom?.configMapKeyRef),
  ];
}

function environment({ database, source, request }: TaskPod, namespace: string): V1EnvVar[] {
  const { volume, objectStore } = source;
  const place =
    objectStore === undefined
      ? [MOUNTS.backups, ...(volume?.path === undefined ? [] : [volume.path])].join('/')
      : placeOfObjectStore(objectStore, BACKUPS_CA);
  const { postgres, sqlite } = database;
  const target = databaseOf(database, {
    urlVariable: VARIABLES.url,
    passwordVariable: VARIABLES.password,
    sqliteFile: sqlite === undefined ? '' : `${MOUNTS.database}/${sqlite.path}`,
    ...certificatePaths(postgres),
  });
  return [
    { name: 'HOME', value: '/tmp' },
    { name: VARIABLES.pod, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...databaseVariables(database, namespace),
    ...backupVariables(source),
    { name: TASK_REQUEST_VARIABLE, value: JSON.stringify(request({ database: target, place })) },
  ];
}
