import { isStatus, isTerminating } from '../controller-runtime/api-error.ts';
import { API_VERSION, type DatabaseMigration } from '../core/model/resource.ts';
import { digest } from '../core/reconcile/inputs.ts';
import type { EventRecord } from '../core/reconcile/situation.ts';
import type { ActionContext } from './action-context.ts';

/** Events as `kubectl describe` shows them. The name is derived from the key, so a duplicate is refused and ignored. */
export async function emitEvents(
  { kind, metadata }: Pick<DatabaseMigration, 'metadata'> & { kind: string },
  events: readonly EventRecord[],
  { api, identity, now, onEventError }: Pick<ActionContext, 'api' | 'identity' | 'now' | 'onEventError'>,
): Promise<void> {
  const { name, namespace = 'default', uid, resourceVersion } = metadata;
  for (const { type, reason, message, key } of events) {
    const time = `${now().toISOString().slice(0, 19)}Z`;
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${digest([uid, key]).slice(0, 16)}`, namespace },
      involvedObject: { apiVersion: API_VERSION, kind, name, namespace, uid, resourceVersion },
      type,
      reason,
      message,
      action: 'Reconcile',
      source: { component: 'db-manager' },
      reportingComponent: 'db-manager.dev/operator',
      reportingInstance: identity.slice(0, 128),
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    try {
      await api.request({ verb: 'create', path: `/api/v1/namespaces/${namespace}/events`, body });
    } catch (error) {
      if (!isStatus(error, 409) && !isTerminating(error)) onEventError(error);
    }
  }
}
