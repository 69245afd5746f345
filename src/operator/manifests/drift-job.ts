import type { V1Job } from '@kubernetes/client-node';
import { DRIFT_REQUEST_VARIABLE, type DriftRequest } from '../../core/model/drift-check.ts';
import { RUN_REQUEST_VARIABLE } from '../../core/model/request.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { requestFromSpec } from '../../core/reconcile/request.ts';
import { DRIFT_MANAGED_BY } from '../names.ts';
import { type RunnerDefaults, runJob } from './job.ts';
import { podPlacement } from './placement.ts';

/** The Job of a drift check: the pod of a run, with another request. It neither migrates nor takes a backup. */
export function driftJob(resource: DatabaseMigration, name: string, defaults: RunnerDefaults): V1Job {
  const { metadata, spec } = resource;
  const { generation = 0 } = metadata;
  const job = runJob(resource, { id: name, job: name, attempt: 1, inputs: '', generation }, defaults);
  const own = { ...DRIFT_MANAGED_BY, 'app.kubernetes.io/component': 'drift-check' };
  const template = job.spec?.template;
  const [container] = template?.spec?.containers ?? [];
  if (job.metadata === undefined || template?.metadata === undefined || container === undefined) {
    throw new Error('the Job of a run has no container');
  }
  job.metadata.labels = { ...job.metadata.labels, ...own };
  template.metadata.labels = { ...template.metadata.labels, ...own };
  const request = JSON.stringify(requestOf(spec, name, resource));
  container.args = ['task'];
  container.env = [
    ...(container.env ?? []).filter(({ name }) => name !== RUN_REQUEST_VARIABLE),
    { name: DRIFT_REQUEST_VARIABLE, value: request },
  ];
  return job;
}

function requestOf(spec: DatabaseMigration['spec'], name: string, resource: DatabaseMigration): DriftRequest {
  const { database, history, migrations, timeouts, safety } = requestFromSpec(
    spec,
    { runId: name, attempt: 1 },
    podPlacement(resource),
  );
  return {
    version: 1,
    runId: name,
    database,
    history,
    migrations,
    timeouts,
    rehearsalServer: safety.rehearsalServer,
    ignore: spec.drift?.ignore ?? [],
  };
}
