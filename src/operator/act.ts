import type { V1Job } from '@kubernetes/client-node';
import type { Api } from '../controller-runtime/api.ts';
import { type ApiError, isStatus } from '../controller-runtime/api-error.ts';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import {
  API_VERSION,
  type DatabaseMigration,
  type DatabaseMigrationStatus,
  KIND,
  PLURAL,
} from '../core/model/resource.ts';
import { type Decision, FINALIZER } from '../core/reconcile/decide.ts';
import { ACTION_ORDER, type Action } from '../core/reconcile/situation.ts';
import type { ActionContext } from './action-context.ts';
import type { Caches } from './caches.ts';
import { emitEvents } from './events.ts';
import { backupClaim } from './manifests/claim.ts';
import { type RunnerDefaults, runJob } from './manifests/job.ts';
import { FIELD_MANAGER } from './names.ts';

export type { ActionContext } from './action-context.ts';

/** The API server will not make what a run needs: its words. Everything else that goes wrong is thrown. */
export type Outcome = { kind: 'done' } | { kind: 'refused'; message: string; permanent: boolean };

/**
 * Carries a decision out, in the order of `ACTION_ORDER`. Each step may be done twice without harm, so a decision that
 * broke off in the middle is made and carried out again. Throws `ApiError` 409 when the resource has changed since.
 */
export async function act(resource: DatabaseMigration, decision: Decision, hands: ActionContext): Promise<Outcome> {
  let version = resource.metadata.resourceVersion;
  for (const kind of ACTION_ORDER) {
    if (kind === null) {
      if (decision.status !== undefined) version = await writeStatus(resource, version, decision.status, hands);
      await emitEvents(resource, decision.events, hands);
      continue;
    }
    for (const action of decision.actions.filter((each) => each.kind === kind)) {
      try {
        version = (await perform(action, resource, version, hands)) ?? version;
      } catch (error) {
        const refused = (kind === 'createJob' || kind === 'createClaim') && isStatus(error, 400, 403, 404, 422);
        if (!refused) throw error;
        // What is not valid stays so until the resource changes; a quota or an admission rule may.
        return { kind: 'refused', message: (error as ApiError).message, permanent: isStatus(error, 422) };
      }
    }
  }
  return { kind: 'done' };
}

/** Returns the resource's new version where the action changed it. */
async function perform(
  action: Action,
  resource: DatabaseMigration,
  version: string | undefined,
  hands: ActionContext,
): Promise<string | undefined> {
  const { namespace = '' } = resource.metadata;
  const finalizers = (resource.metadata.finalizers ?? []).filter((each) => each !== FINALIZER);
  switch (action.kind) {
    case 'hold':
      return writeFinalizers(resource, version, [...finalizers, FINALIZER], hands);
    case 'release':
      return writeFinalizers(resource, version, finalizers, hands);
    case 'createClaim': {
      const body = backupClaim(resource);
      const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
      if (body !== undefined) await hands.api.request({ verb: 'create', path, body }).catch(ignore(409));
      return undefined;
    }
    case 'createJob': {
      const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
      const body = runJob(resource, action.run, hands.runner);
      const job = await hands.api.request<V1Job>({ verb: 'create', path, body }).catch((error: unknown) => {
        // It has been made before, and the cache has not heard of it.
        if (!isStatus(error, 409)) throw error;
        return hands.api.request<V1Job>({ verb: 'get', path: `${path}/${action.run.job}` });
      });
      hands.caches.jobs.put(job as unknown as KubernetesObject);
      return undefined;
    }
    case 'deleteJob':
      await hands.api
        .request({
          verb: 'delete',
          path: `/apis/batch/v1/namespaces/${namespace}/jobs/${action.job}`,
          body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
        })
        .catch(ignore(404));
      return undefined;
  }
}

/** The version that was decided on goes along: a resource that has changed since is decided on anew. */
async function writeFinalizers(
  resource: DatabaseMigration,
  version: string | undefined,
  finalizers: string[],
  { api, caches }: ActionContext,
): Promise<string | undefined> {
  const written = await api
    .request<KubernetesObject>({
      verb: 'patch',
      path: pathOf(resource),
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: version, finalizers } },
    })
    .catch(ignore(404));
  if (written === undefined) return version;
  // Without its last finalizer an object that is being deleted is gone; the watch tells.
  if (resource.metadata.deletionTimestamp === undefined) caches.resources.put(caches.resources.trim(written));
  return written.metadata.resourceVersion;
}

/** Server-side apply: the controller is the only manager of the whole status, so what it leaves out goes away. */
async function writeStatus(
  resource: DatabaseMigration,
  version: string | undefined,
  status: DatabaseMigrationStatus,
  { api, caches }: ActionContext,
): Promise<string | undefined> {
  const { name, namespace } = resource.metadata;
  const written = await api.request<KubernetesObject>({
    verb: 'patch',
    path: `${pathOf(resource)}/status`,
    query: { fieldManager: FIELD_MANAGER, force: true },
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace, resourceVersion: version }, status },
  });
  caches.resources.put(caches.resources.trim(written));
  return written.metadata.resourceVersion;
}

function pathOf({ metadata: { namespace, name } }: DatabaseMigration): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}/${name}`;
}

function ignore(status: number): (error: unknown) => undefined {
  return (error) => {
    if (!isStatus(error, status)) throw error;
    return undefined;
  };
}
