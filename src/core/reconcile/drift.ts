import type { DriftReport } from '../model/drift-check.ts';
import type { Reason } from '../model/reason.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import type { DriftStatus } from '../model/resource-drift.ts';
import type { Condition } from '../model/resource-status.ts';
import { secondsOf, settleConditions } from './conditions.ts';
import { digest } from './inputs.ts';
import type { EventRecord } from './situation.ts';
import { nextTick } from './window.ts';

/** A change of its value starts a check. */
const CHECK_DRIFT_ANNOTATION = 'db-manager.dev/check-drift';

/** The Job of a check. */
export interface DriftJob {
  name: string;
  state: 'active' | 'complete' | 'failed';
  report?: DriftReport;
}

interface DriftObserved {
  resource: DatabaseMigration;
  /** All Jobs of checks of this resource that exist. */
  jobs: readonly DriftJob[];
  now: Date;
}

export interface DriftDecision {
  /** The fields to write; `{}` removes them. Absent: they are right. */
  status?: { drift?: DriftStatus; conditions?: Condition[] };
  /** Create the Job of a check with this name. */
  start?: string;
  events: EventRecord[];
  /** Milliseconds. */
  requeueAfter?: number;
}

/** How often a database whose drift blocks a run is compared again. Milliseconds. */
const BLOCKED_EVERY_MS = 5 * 60_000;
/** How long a check waits for the end of a run. Milliseconds. */
const RUN_MS = 10_000;
const MOST_MS = 2 ** 31 - 1;
/** Missed times that are looked at one by one. */
const MOST_TICKS = 1_000;

/** Whether a check is due, and what the last one found. Pure: the clock is an argument. */
export function decideDrift({ resource, jobs, now }: DriftObserved): DriftDecision {
  const { spec, metadata, status = {} } = resource;
  const before = status.drift;
  if (spec.drift === undefined || spec.execution === 'Sidecar') {
    return { ...(before === undefined ? {} : { status: {} }), events: [] };
  }
  if (metadata.deletionTimestamp !== undefined) return { events: [] };
  const job = before?.job;
  if (job !== undefined && before?.checkedAt === undefined)
    return follow(
      resource,
      jobs.find(({ name }) => name === job),
      now,
    );
  const due = dueCheck(resource, now);
  if (due.kind === 'invalid') {
    const condition = {
      status: 'Unknown',
      reason: 'InvalidConfiguration',
      message: `spec.drift.schedule: ${due.message}`,
    } as const;
    return { status: { drift: before ?? {}, conditions: inSync(resource, condition, now) }, events: [] };
  }
  if (due.kind === 'later') return { requeueAfter: due.after, events: [] };
  const busy = isBusy(resource);
  if (busy !== undefined) return { events: [], ...(busy === 'running' ? { requeueAfter: RUN_MS } : {}) };
  const name = jobName(resource, due.key);
  const drift: DriftStatus = {
    ...before,
    job: name,
    checkedAt: undefined,
    scheduledFor: due.scheduledFor ?? before?.scheduledFor,
    requested: metadata.annotations?.[CHECK_DRIFT_ANNOTATION],
    nextCheckAt: due.next === undefined ? undefined : secondsOf(due.next),
  };
  const known = conditionOf(resource);
  const first = { status: 'Unknown', reason: 'Running', message: 'the first check is in progress' } as const;
  return {
    status: { drift, conditions: known === undefined ? inSync(resource, first, now) : [known] },
    start: name,
    events: [],
  };
}

/** A check has started; its result is not recorded. */
function follow(resource: DatabaseMigration, job: DriftJob | undefined, now: Date): DriftDecision {
  const before = resource.status?.drift;
  if (job?.state === 'active') return { events: [], requeueAfter: RUN_MS };
  const report = job?.report;
  if (report === undefined) {
    const message = 'The Job of the check ended without a report, or was deleted. The schema was not compared.';
    return ended(
      resource,
      { status: 'Unknown', reason: 'RunLost', message },
      { ...before, checkedAt: secondsOf(now), total: undefined, differences: undefined },
      now,
    );
  }
  const drift: DriftStatus = {
    ...before,
    checkedAt: secondsOf(new Date(report.finishedAt)),
    total: report.result === 'failed' ? undefined : report.total,
    ignored: report.ignored === 0 ? undefined : report.ignored,
    differences: report.differences.length === 0 ? undefined : report.differences,
  };
  const { reason, message } = report;
  const status = report.result === 'failed' ? 'Unknown' : report.total === 0 ? 'True' : 'False';
  return ended(resource, { status, reason, message }, drift, now);
}

interface Verdict {
  status: 'True' | 'False' | 'Unknown';
  reason: Reason;
  message: string;
}

function ended(resource: DatabaseMigration, verdict: Verdict, drift: DriftStatus, now: Date): DriftDecision {
  const { uid } = resource.metadata;
  const was = conditionOf(resource)?.status;
  // One event when drift appears, changes or ends, not one for each check.
  const found = digest([drift.differences, drift.total]).slice(0, 16);
  const type = verdict.status === 'True' ? 'Normal' : 'Warning';
  const event: EventRecord = {
    type,
    reason: verdict.reason,
    message: verdict.message,
    key: `drift ${uid} ${drift.job}`,
  };
  const same =
    was === verdict.status &&
    found === digest([resource.status?.drift?.differences, resource.status?.drift?.total]).slice(0, 16);
  const news = verdict.status !== 'True' ? !same : was === 'False';
  return {
    status: { drift, conditions: inSync(resource, verdict, now) },
    events: news ? [event] : [],
    requeueAfter: 0,
  };
}

type Due =
  | { kind: 'now'; key: string; scheduledFor?: string; next?: Date }
  | { kind: 'later'; after?: number }
  | { kind: 'invalid'; message: string };

function dueCheck({ spec, metadata, status }: DatabaseMigration, now: Date): Due {
  const { schedule = '', timeZone = 'UTC' } = spec.drift ?? {};
  const before = status?.drift;
  const since = new Date(before?.scheduledFor ?? metadata.creationTimestamp ?? now);
  let next = nextTick(schedule, timeZone, since);
  if (typeof next === 'string') return { kind: 'invalid', message: next };
  let last: Date | undefined;
  for (let ticks = 0; next instanceof Date && next <= now; ticks += 1) {
    last = next;
    const following: string | Date | undefined = nextTick(schedule, timeZone, ticks < MOST_TICKS ? next : now);
    next = typeof following === 'string' ? undefined : following;
  }
  const upcoming = { next };
  if (last !== undefined) return { kind: 'now', key: secondsOf(last), scheduledFor: secondsOf(last), ...upcoming };
  const requested = metadata.annotations?.[CHECK_DRIFT_ANNOTATION];
  if (requested !== undefined && requested !== before?.requested)
    return { kind: 'now', key: `requested ${requested}`, ...upcoming };
  const delays = next === undefined ? [] : [next.getTime() - now.getTime()];
  if (isBlocking(status)) {
    const left = Date.parse(before?.checkedAt ?? '') + BLOCKED_EVERY_MS - now.getTime();
    if (left <= 0) return { kind: 'now', key: `blocked ${before?.checkedAt}`, ...upcoming };
    if (!Number.isNaN(left)) delays.push(left);
  }
  return delays.length === 0 ? { kind: 'later' } : { kind: 'later', after: Math.min(MOST_MS, ...delays) };
}

/** Why no check starts now. `never`: no migration is applied yet; a change of the status comes with an event. */
function isBusy({ status }: DatabaseMigration): 'running' | 'never' | undefined {
  if (status?.run !== undefined && status.run.finishedAt === undefined) return 'running';
  return status?.currentRevision === undefined || status.currentRevision === 'base' ? 'never' : undefined;
}

/** A run waits only because of drift. */
function isBlocking(status: DatabaseMigration['status']): boolean {
  return status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'SchemaDrift') === true;
}

/** What blocks the next run; undefined if nothing does. */
export function blockingDrift({ spec, metadata, status }: DatabaseMigration): string | undefined {
  if (spec.drift?.onDrift !== 'BlockNextRun') return undefined;
  const condition = status?.conditions?.find(({ type }) => type === 'InSync');
  if (condition?.status !== 'False') return undefined;
  const { name, namespace } = metadata;
  return `The live schema differs from the applied migrations, and spec.drift.onDrift is BlockNextRun. ${condition.message} Undo the changes, or add them to spec.drift.ignore. The schema is compared again every 5 minutes, or now: kubectl annotate dbm ${name} -n ${namespace} ${CHECK_DRIFT_ANNOTATION}="$(date +%s)" --overwrite`;
}

function conditionOf({ status }: DatabaseMigration): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'InSync');
}

function inSync({ metadata, status }: DatabaseMigration, verdict: Verdict, now: Date): Condition[] {
  return settleConditions([{ type: 'InSync', ...verdict }], status?.conditions, metadata.generation, now);
}

/** The same check has the same name, so creating it twice has no effect. */
function jobName({ metadata: { name, uid } }: DatabaseMigration, key: string): string {
  const readable =
    name
      .slice(0, 40)
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'run';
  return `${readable}-drift-${digest([uid, key]).slice(0, 10)}`;
}
