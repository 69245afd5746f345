/**
 * The controller of notifications. It acts on DatabaseMigrations with `spec.notify`, and is the only writer of
 * `status.notify` and of the condition Notified. A receiver that does not answer delays no run: this queue is its own.
 */
import type { V1Secret } from '@kubernetes/client-node';
import type { Api } from '../../controller-runtime/api.ts';
import { isStatus } from '../../controller-runtime/api-error.ts';
import { fenced, isExpected, type Leadership, NotLeader } from '../../controller-runtime/lease.ts';
import { WorkQueue } from '../../controller-runtime/queue.ts';
import { type DatabaseMigration, KIND } from '../../core/model/resource.ts';
import type { Notify } from '../../core/model/resource-notify.ts';
import { canonical } from '../../core/reconcile/inputs.ts';
import {
  afterDelivery,
  type Delivery,
  decideNotify,
  type NotifyEvent,
  type NotifyWrite,
} from '../../core/reconcile/notify.ts';
import { notificationBody, signatureOf } from '../../core/reconcile/notify-body.ts';
import { applyStatus } from '../apply-status.ts';
import type { Caches } from '../caches.ts';
import { emitEvents } from '../events.ts';
import { namespaceOf } from '../names.ts';
import { endpointOf } from './endpoint.ts';
import { send } from './send.ts';

interface NotifyControllerOptions {
  api: Api;
  /** The resources, which another controller watches. */
  resources: Caches['resources'];
  /** Entries of `--notify-hosts`; empty: no notification is sent, and no Secret is read. */
  hosts: readonly string[];
  identity: string;
  now(): Date;
  onError(key: string, error: unknown): void;
}

export interface NotifyController {
  /** A resource has changed. */
  touch(key: string): void;
  lead(leadership: Leadership): void;
  stop(): Promise<void>;
}

const FIELD_MANAGER = 'db-manager-notify';
/** A receiver that does not answer holds one of them for ten seconds. */
const WORKERS = 8;
const TURNED_OFF: Delivery = {
  kind: 'failed',
  reason: 'NotAllowed',
  message: 'The operator sends no notifications, because it was started without --notify-hosts.',
  again: false,
};

export function createNotifyController(options: NotifyControllerOptions): NotifyController {
  const { resources, now } = options;
  let acting: { api: Api; leadership: Leadership } | undefined;
  const queue = new WorkQueue({
    workers: WORKERS,
    work,
    // A namespace whose receivers do not answer delays no other one.
    groupOf: namespaceOf,
    onError(key, error) {
      if (!isExpected(error)) options.onError(key, error);
    },
  });

  async function work(key: string): Promise<void> {
    const record = resources.get(key);
    if (acting === undefined || record === undefined || record.unreadable !== undefined) return;
    const { resource } = record;
    const decision = decideNotify(resource, now());
    if (decision.kind === 'wait') {
      if (decision.after !== undefined) queue.addAfter(key, decision.after);
      return;
    }
    if (decision.kind === 'write') return write(acting.api, resource, decision.write);
    if (!acting.leadership.valid()) throw new NotLeader();
    const delivery = await deliver(acting.api, resource, decision.event);
    await write(acting.api, resource, afterDelivery(resource, decision, delivery, now()));
    queue.add(key);
  }

  async function deliver(api: Api, resource: DatabaseMigration, event: NotifyEvent): Promise<Delivery> {
    const notify = resource.spec.notify as Notify;
    const { namespace = '' } = resource.metadata;
    if (options.hosts.length === 0) return TURNED_OFF;
    const url = await secretValue(api, namespace, notify.urlFrom, 'urlFrom');
    if (typeof url !== 'string') return url;
    const endpoint = endpointOf(url, options.hosts);
    if ('refused' in endpoint) return { kind: 'failed', reason: 'NotAllowed', message: endpoint.refused, again: false };
    const body = notificationBody(resource, event, notify.format);
    const headers: Record<string, string> = { 'x-db-manager-delivery': event.id };
    if (notify.signingKeyFrom !== undefined) {
      const key = await secretValue(api, namespace, notify.signingKeyFrom, 'signingKeyFrom');
      if (typeof key !== 'string') return key;
      headers['x-db-manager-signature'] = signatureOf(body, key, now());
    }
    return send(endpoint, body, headers);
  }

  /** Server-side apply of the fields of this controller alone, and only if they change. */
  async function write(api: Api, { metadata, status }: DatabaseMigration, wanted: NotifyWrite): Promise<void> {
    const conditions = status?.conditions?.filter(({ type }) => type === 'Notified');
    const current = { notify: status?.notify, conditions: conditions?.length === 0 ? undefined : conditions };
    if (canonical(current) !== canonical(wanted.status)) {
      // Of any version: the request was sent already, so it must be recorded.
      const { name, namespace } = metadata;
      await applyStatus(api, resources, { manager: FIELD_MANAGER }, { name, namespace }, wanted.status);
    }
    const context = {
      api,
      identity: options.identity,
      now,
      onEventError: (error: unknown) => options.onError('events', error),
    };
    await emitEvents({ kind: KIND, metadata }, wanted.events, context);
  }

  const touch = (key: string) => {
    const { spec, status } = resources.get(key)?.resource ?? {};
    if (acting !== undefined && (spec?.notify ?? status?.notify) !== undefined) queue.add(key);
  };
  return {
    touch,
    lead(leadership) {
      acting = { api: fenced(options.api, leadership), leadership };
      for (const key of resources.keys()) touch(key);
    },
    stop: () => queue.stop(),
  };
}

/** A value of a Secret, or why there is none; the text names the Secret, which is in the spec, and nothing of its values. */
async function secretValue(
  api: Api,
  namespace: string,
  { secretKeyRef: { name, key } }: Notify['urlFrom'],
  field: string,
): Promise<string | Delivery> {
  const missing = (what: string): Delivery => ({
    kind: 'failed',
    reason: 'NotificationFailed',
    message: `spec.notify.${field}: ${what}`,
    again: true,
  });
  try {
    const path = `/api/v1/namespaces/${namespace}/secrets/${encodeURIComponent(name)}`;
    const { data } = await api.request<V1Secret>({ verb: 'get', path });
    const value = data?.[key];
    if (value === undefined || value === '') return missing(`the Secret ${name} has no value for the key ${key}.`);
    return Buffer.from(value, 'base64').toString('utf8').trim();
  } catch (error) {
    if (isStatus(error, 404)) return missing(`the Secret ${name} does not exist.`);
    if (isStatus(error, 403)) return missing(`the operator may not read the Secret ${name}.`);
    throw error;
  }
}
