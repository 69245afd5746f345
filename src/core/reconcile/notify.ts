import { clip } from '../model/clip.ts';
import { count } from '../model/count.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import type { NOTIFY_EVENTS, NotifyStatus } from '../model/resource-notify.ts';
import { conditionOf } from '../model/resource-state.ts';
import type { Condition } from '../model/resource-status.ts';
import { secondsOf, settleConditions } from './conditions.ts';
import { digest } from './inputs.ts';
import { retryAt } from './retry.ts';
import type { EventRecord } from './situation.ts';

/** What a notification reports. */
export interface NotifyEvent {
  kind: (typeof NOTIFY_EVENTS)[number];
  /** The same for each attempt, so that a receiver can recognize a repetition. */
  id: string;
  reason: string;
  message: string;
}

/** The result of one attempt. `failed`: why, without the URL or any other secret. */
export type Delivery =
  | { kind: 'sent' }
  | { kind: 'failed'; reason: 'NotificationFailed' | 'NotAllowed'; message: string; again: boolean };

export interface NotifyWrite {
  /** The fields to write; `{}` removes them. */
  status: { notify?: NotifyStatus; conditions?: Condition[] };
  events: EventRecord[];
}

type NotifyDecision =
  | { kind: 'send'; event: NotifyEvent; attempt: number }
  | { kind: 'write'; write: NotifyWrite }
  /** Milliseconds; absent: until the resource changes. */
  | { kind: 'wait'; after?: number };

/** Attempts for one event, and the delays between them. */
const ATTEMPTS = 5;
const MESSAGE = 2_000;
const RETRY = { limit: ATTEMPTS - 1, backoff: '10s', maxBackoff: '5m' };

/** Whether a notification is due. Pure: the clock is an argument. */
export function decideNotify(resource: DatabaseMigration, now: Date): NotifyDecision {
  const { spec, metadata, status } = resource;
  const before = status?.notify;
  if (spec.notify === undefined) {
    return before === undefined ? { kind: 'wait' } : { kind: 'write', write: { status: {}, events: [] } };
  }
  if (metadata.deletionTimestamp !== undefined) return { kind: 'wait' };
  const wanted = spec.notify.events;
  if (before?.pending !== undefined) {
    const { pending: event, attempts = 1, nextAttemptAt = '' } = before;
    const left = Date.parse(nextAttemptAt) - now.getTime();
    return left > 0 ? { kind: 'wait', after: left } : { kind: 'send', event, attempt: attempts + 1 };
  }
  const event = [runEvent(resource), driftEvent(resource)].find(
    (one) => one !== undefined && wanted.includes(one.kind) && handledOf(before, one) !== one.id,
  );
  // The same drift that appears again is reported again.
  if (before?.drift !== undefined && conditionOf(resource, 'InSync')?.status === 'True') {
    const { drift: _, ...notify } = before;
    return { kind: 'write', write: { status: written(resource, notify), events: [] } };
  }
  if (event === undefined) return { kind: 'wait' };
  return { kind: 'send', event, attempt: 1 };
}

/** What to write after an attempt. An event that cannot be delivered is given up after the last attempt. */
export function afterDelivery(
  resource: DatabaseMigration,
  { event, attempt }: { event: NotifyEvent; attempt: number },
  delivery: Delivery,
  now: Date,
): NotifyWrite {
  const { run, drift, sentAt } = resource.status?.notify ?? {};
  const handled = { run, drift, sentAt, [event.kind === 'Drift' ? 'drift' : 'run']: event.id };
  if (delivery.kind === 'sent') {
    const condition = { status: 'True', reason: 'Notified', message: `${event.kind} was reported` } as const;
    return { status: written(resource, { ...handled, sentAt: secondsOf(now) }, condition, now), events: [] };
  }
  const { reason, message, again } = delivery;
  if (again && attempt < ATTEMPTS) {
    const next = secondsOf(retryAt({ retry: RETRY }, attempt, now, event.id));
    // Kept whole: the next run may end before it is delivered.
    const kept = { ...event, message: clip(event.message, MESSAGE) };
    const pending = { run, drift, sentAt, pending: kept, attempts: attempt, nextAttemptAt: next };
    const text = `${message} Attempt ${attempt + 1} of ${ATTEMPTS} is at ${next}.`;
    return { status: written(resource, pending, { status: 'False', reason, message: text }, now), events: [] };
  }
  const text = `The notification of ${event.kind} was not delivered after ${count(attempt, 'attempt')}. ${message} The next event is sent normally.`;
  const { uid } = resource.metadata;
  return {
    status: written(resource, handled, { status: 'False', reason, message: text }, now),
    events: [{ type: 'Warning', reason, message: text, key: `notify ${uid} ${event.id}` }],
  };
}

interface Verdict {
  status: 'True' | 'False';
  reason: 'Notified' | 'NotificationFailed' | 'NotAllowed';
  message: string;
}

function written(
  resource: DatabaseMigration,
  notify: NotifyStatus,
  verdict?: Verdict,
  now = new Date(0),
): NotifyWrite['status'] {
  const { metadata, status } = resource;
  const known = conditionOf(resource, 'Notified');
  const conditions =
    verdict === undefined
      ? known && [known]
      : settleConditions([{ type: 'Notified', ...verdict }], status?.conditions, metadata.generation, now);
  return { notify, ...(conditions === undefined ? {} : { conditions }) };
}

function handledOf(before: NotifyStatus | undefined, { kind }: NotifyEvent): string | undefined {
  return kind === 'Drift' ? before?.drift : before?.run;
}

/** An attempt that is followed by another is not reported. */
function runEvent(resource: DatabaseMigration): NotifyEvent | undefined {
  const { run, plan } = resource.status ?? {};
  const [ready, stalled] = [conditionOf(resource, 'Ready'), conditionOf(resource, 'Stalled')];
  const idOf = (...parts: unknown[]) => digest([resource.metadata.uid, ...parts]).slice(0, 16);
  if (stalled?.status === 'True') {
    const { reason, message, lastTransitionTime } = stalled;
    return { kind: 'Failure', id: idOf('failure', run?.id, reason, lastTransitionTime), reason, message };
  }
  if (ready?.reason === 'AwaitingApproval') {
    const { reason, message } = ready;
    return { kind: 'AwaitingApproval', id: idOf('approval', plan?.digest), reason, message };
  }
  if (ready?.status === 'True' && (ready.reason === 'Migrated' || ready.reason === 'Reverted')) {
    const { reason, message } = ready;
    return { kind: 'Success', id: idOf('success', run?.id), reason, message };
  }
  return undefined;
}

function driftEvent(resource: DatabaseMigration): NotifyEvent | undefined {
  const inSync = conditionOf(resource, 'InSync');
  if (inSync?.status !== 'False') return undefined;
  const { reason, message } = inSync;
  const { differences, total } = resource.status?.drift ?? {};
  return { kind: 'Drift', id: digest([resource.metadata.uid, differences, total]).slice(0, 16), reason, message };
}
