import type { V1Job } from '@kubernetes/client-node';
import { type ApiError, ignoring, isStatus } from '../controller-runtime/api-error.ts';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import { API_VERSION, type DatabaseMigration, PLURAL } from '../core/model/resource.ts';
import { approverOf, type ManagedFields } from '../core/reconcile/approver.ts';
import { type Decision, FINALIZER } from '../core/reconcile/decide.ts';
import type { Action } from '../core/reconcile/situation.ts';
import type { ActionContext } from './action-context.ts';
import { applyStatus } from './apply-status.ts';
import { emitEvents } from './events.ts';
import { backupClaim } from './manifests/claim.ts';
import { runJob } from './manifests/job.ts';
import { FIELD_MANAGER } from './names.ts';
import { referencesDigest } from './references.ts';

export type { ActionContext } from './action-context.ts';

/** `refused`: the API server refused to create an object of the run, with its message. Any other error is thrown. */
export type Outcome = { kind: 'done' } | { kind: 'refused'; message: string; permanent: boolean };

/**
 * Performs the actions of a decision in their order. Each action is idempotent, so an interrupted decision is computed
 * and executed again. Throws `ApiError` 409 if the resource has changed since the decision.
 */
export async function act(resource: DatabaseMigration, decision: Decision, context: ActionContext): Promise<Outcome> {
  let version = resource.metadata.resourceVersion;
  for (const action of decision.actions) {
    try {
      version = (await perform(action, resource, version, context)) ?? version;
    } catch (error) {
      const refused =
        (action.kind === 'createJob' || action.kind === 'createClaim') && isStatus(error, 400, 403, 404, 422);
      if (!refused) throw error;
      // An invalid object stays invalid until the resource changes; a quota or an admission rule may change.
      return { kind: 'refused', message: (error as ApiError).message, permanent: isStatus(error, 422) };
    }
  }
  return { kind: 'done' };
}

/** Returns the new version of the resource if the action changed it. */
async function perform(
  action: Action,
  resource: DatabaseMigration,
  version: string | undefined,
  context: ActionContext,
): Promise<string | undefined> {
  const { namespace = '' } = resource.metadata;
  const finalizers = (resource.metadata.finalizers ?? []).filter((each) => each !== FINALIZER);
  switch (action.kind) {
    case 'addFinalizer':
      return writeFinalizers(resource, version, [...finalizers, FINALIZER], context);
    case 'removeFinalizer':
      return writeFinalizers(resource, version, finalizers, context);
    case 'createClaim': {
      const body = backupClaim(resource);
      const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
      if (body !== undefined) await context.api.request({ verb: 'create', path, body }).catch(ignoring(409));
      return undefined;
    }
    case 'createJob': {
      const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
      const references = await referencesDigest(resource, context);
      const body = runJob(resource, action.run, context.runner, references, await approvedBy(resource, context));
      const job = await context.api.request<V1Job>({ verb: 'create', path, body }).catch((error: unknown) => {
        // The Job already exists, but the cache has not seen it yet.
        if (!isStatus(error, 409)) throw error;
        return context.api.request<V1Job>({ verb: 'get', path: `${path}/${action.run.job}` });
      });
      context.caches.jobs.put(job as unknown as KubernetesObject);
      return undefined;
    }
    case 'writeStatus': {
      const metadata = { ...resource.metadata, resourceVersion: version };
      const { api, caches } = context;
      const written = await applyStatus(api, caches.resources, { manager: FIELD_MANAGER }, metadata, action.status);
      return written.metadata.resourceVersion;
    }
    case 'emitEvents':
      await emitEvents(resource, action.events, context);
      return undefined;
    case 'deleteJob':
      await context.api
        .request({
          verb: 'delete',
          path: `/apis/batch/v1/namespaces/${namespace}/jobs/${action.job}`,
          body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
        })
        .catch(ignoring(404));
      context.onWithdrawn(`${namespace}/${resource.metadata.name}`, action.job);
      return undefined;
  }
}

/** The cache leaves out who manages the fields. The operator may list resources, and a run does not depend on it. */
async function approvedBy(resource: DatabaseMigration, { api }: ActionContext): Promise<string | undefined> {
  if (resource.spec.approvedPlan === undefined) return undefined;
  const { name, namespace } = resource.metadata;
  const found = await api
    .request<{ items: { metadata: { managedFields?: ManagedFields[] } }[] }>({
      verb: 'list',
      path: `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}`,
      query: { fieldSelector: `metadata.name=${name}` },
    })
    .catch(() => undefined);
  return approverOf(found?.items[0]?.metadata.managedFields);
}

/** Sends the version that the decision is based on, so that a resource that has changed since causes a new decision. */
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
    .catch(ignoring(404));
  if (written === undefined) return version;
  // An object that is being deleted disappears with its last finalizer; the watch reports it.
  if (resource.metadata.deletionTimestamp === undefined) caches.resources.put(caches.resources.trim(written));
  return written.metadata.resourceVersion;
}

function pathOf({ metadata: { namespace, name } }: DatabaseMigration): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}/${name}`;
}
