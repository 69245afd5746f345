import type { DatabaseMigrationStatus } from '../model/resource.ts';
import { computeStatus } from './compute-status.ts';
import { eventsOf } from './events.ts';
import { canonical } from './inputs.ts';
import type { Action, Assessed, EventRecord } from './situation.ts';

/**
 * Present while a run is in progress, so that the deletion of the resource waits until the end of the run is recorded.
 */
export const FINALIZER = 'db-manager.dev/run';

/** Shortest and longest delay between two checks of what a failed run referenced, in milliseconds. */
const RECHECK_MS = { first: 2_000, most: 300_000 } as const;

/** Delay until the next reconcile if a watch may not report the change, in milliseconds. */
const REQUEUE_MS = { running: 30_000, podless: 3_000, queued: 10_000, superseded: 1_000 } as const;

export interface Decision {
  /** In the order in which they have to be performed. */
  actions: Action[];
  /** Milliseconds until the resource has to be reconciled again, even without an event from a watch. */
  requeueAfter?: number;
}

/** What to do in a situation. Pure: the same situation gives the same decision. */
export function decide(assessed: Assessed): Decision {
  const { observed } = assessed;
  const after = computeStatus(assessed);
  const changed = after !== undefined && canonical(after) !== canonical(observed.resource.status ?? {});
  const events = eventsOf(assessed, after);
  const requeueAfter = requeueDelay(assessed);
  const actions: Action[] = [
    ...actionsOf(assessed),
    ...(changed ? [{ kind: 'writeStatus', status: after } as const] : []),
    ...(events.length > 0 ? [{ kind: 'emitEvents', events } as const] : []),
  ];
  return {
    actions: actions.sort((a, b) => ACTION_ORDER[a.kind] - ACTION_ORDER[b.kind]),
    ...(requeueAfter === undefined ? {} : { requeueAfter }),
  };
}

/** Nothing is deleted before the status records it. */
const ACTION_ORDER: Record<Action['kind'], number> = {
  addFinalizer: 0,
  createClaim: 1,
  createJob: 2,
  writeStatus: 3,
  emitEvents: 4,
  deleteJob: 5,
  removeFinalizer: 6,
};

/** The status that the decision writes; undefined if the current status is correct. */
export function statusIn({ actions }: Decision): DatabaseMigrationStatus | undefined {
  return actions.find((action) => action.kind === 'writeStatus')?.status;
}

export function eventsIn({ actions }: Decision): EventRecord[] {
  return actions.find((action) => action.kind === 'emitEvents')?.events ?? [];
}

function actionsOf(assessed: Assessed): Action[] {
  const { metadata, spec } = assessed.observed.resource;
  const hasFinalizer = metadata.finalizers?.includes(FINALIZER) === true;
  const removeFinalizer: Action[] = hasFinalizer ? [{ kind: 'removeFinalizer' }] : [];
  switch (assessed.kind) {
    case 'deleting': {
      const { open } = assessed;
      if (open.kind === 'begun') return [];
      return open.kind === 'notBegun'
        ? [{ kind: 'deleteJob', job: open.run.job }, ...removeFinalizer]
        : removeFinalizer;
    }
    case 'running':
      return [];
    case 'superseded':
      return [{ kind: 'deleteJob', job: assessed.run.job }];
    case 'due':
      return [
        ...(hasFinalizer ? [] : [{ kind: 'addFinalizer' } as const]),
        ...(spec.backup.mode === 'Enabled' && spec.backup.volume?.size !== undefined
          ? [{ kind: 'createClaim' } as const]
          : []),
        { kind: 'createJob', run: assessed.run },
      ];
    case 'finished':
    case 'vanished':
    case 'unmanaged':
    case 'invalid':
    case 'suspended':
    case 'waiting':
    case 'upToDate':
    case 'stalled':
      return removeFinalizer;
  }
}

function requeueDelay(assessed: Assessed): number | undefined {
  const { now } = assessed;
  switch (assessed.kind) {
    case 'running':
      return assessed.run.pod === undefined ? REQUEUE_MS.podless : REQUEUE_MS.running;
    case 'deleting':
      return assessed.open.kind === 'begun' ? REQUEUE_MS.running : undefined;
    case 'superseded':
      return REQUEUE_MS.superseded;
    case 'finished':
    case 'vanished':
      return 0; // the next decision depends on the new status
    case 'waiting':
      if (assessed.until !== undefined) return Math.max(0, assessed.until.getTime() - now.getTime());
      return assessed.reason === 'Queued' || assessed.reason === 'DatabaseInUse' ? REQUEUE_MS.queued : undefined;
    case 'stalled':
      return assessed.limitReached ? recheckDelay(assessed) : undefined;
    case 'due':
    case 'unmanaged':
    case 'invalid':
    case 'suspended':
    case 'upToDate':
      return undefined;
  }
}

/**
 * No watch reports a changed Secret or claim, so they are compared: often just after the failure, when a person works on
 * it, and every five minutes later.
 */
function recheckDelay({ observed, now }: Assessed): number | undefined {
  const { run } = observed.resource.status ?? {};
  if (run?.references === undefined) return undefined;
  const age = now.getTime() - Date.parse(run.finishedAt ?? '');
  return Math.min(Math.max(RECHECK_MS.first, Number.isNaN(age) ? 0 : age / 10), RECHECK_MS.most);
}
