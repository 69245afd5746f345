import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Reason } from '../../core/model/reason.ts';
import { CRON, cel, duration, rule, TIME_ZONE } from '../../core/model/schema-helpers.ts';
import { nextTick } from '../../core/reconcile/window.ts';
import { type BackupSpec, type BackupStatus, fields, onePlace } from '../backup/index.ts';
import { defineKind, type KindDecision, type Observation, type Resource } from '../kind.ts';
import { conditionsOf, milliseconds, notAllowed, seconds, type Verdict } from '../task.ts';
import { commonStatus, retain } from '../task-spec.ts';

const { verify: _verify, retain: _retain, ...template } = fields;

const spec = z
  .strictObject({
    schedule: z.string().min(9).max(100).regex(CRON).describe('When to take a backup, as a cron expression.'),
    timeZone: z.string().max(64).regex(TIME_ZONE).default('UTC').describe('IANA time zone of the cron expression.'),
    suspend: z.boolean().default(false).describe('Take no new backups.'),
    concurrency: z
      .enum(['Forbid', 'Allow'])
      .default('Forbid')
      .describe('Forbid: skip a backup while the previous one is running.'),
    startingDeadline: duration
      .default('1h')
      .describe(
        'A missed backup is taken late up to this time, for example after an outage of the operator. Of several missed ones only the last is taken.',
      ),
    verify: z
      .enum(['Checksum', 'Restore'])
      .default('Checksum')
      .describe(
        'Restore: restore a backup into a scratch copy, which is then dropped. This proves that it can be restored.',
      ),
    verifyInterval: duration
      .default('168h')
      .describe(
        'With verify: Restore, how long such a proof lasts. Backups in between are verified by checksum. 0s restores each.',
      ),
    history: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe('Number of finished DatabaseBackups to keep. Backups are not deleted with them.'),
    retain,
    ...template,
  })
  .describe('Backups at regular times.')
  .meta(
    cel(
      onePlace,
      rule('self.database == oldSelf.database', 'the database of a schedule is immutable: create a new resource'),
    ),
  );
export type ScheduleSpec = z.infer<typeof spec>;

const time = z.string().meta({ format: 'date-time' }).optional();
const status = z
  .object({
    ...commonStatus,
    lastScheduleTime: time.describe('The last time for which a backup was started.'),
    nextScheduleTime: time.describe('The next time.'),
    lastSuccessfulTime: time.describe('When the last successful backup was taken.'),
    lastBackup: z.string().optional().describe('Name of the last successful backup.'),
    lastRestoreVerification: time.describe('When a backup was last proved by a restore.'),
    active: z.array(z.string()).optional().describe('DatabaseBackups in progress.'),
    missed: z.int().optional().describe('Number of times that were missed or skipped.'),
  })
  .describe('Observed state.');
export type ScheduleStatus = z.infer<typeof status>;

export const databaseBackupSchedule = defineKind<ScheduleSpec, ScheduleStatus>({
  kind: 'DatabaseBackupSchedule',
  plural: 'databasebackupschedules',
  shortName: 'dbs',
  description: 'Creates DatabaseBackups at regular times, verifies them and deletes old ones.',
  spec,
  status,
  columns: [
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule', description: 'When.' },
    { name: 'Suspend', type: 'boolean', jsonPath: '.spec.suspend', description: 'Whether it is suspended.' },
    { name: 'Status', type: 'string', jsonPath: '.status.summary', description: 'Result of the last backup.' },
    {
      name: 'Last success',
      type: 'date',
      jsonPath: '.status.lastSuccessfulTime',
      description: 'Last successful backup.',
    },
    {
      name: 'Proved',
      type: 'date',
      jsonPath: '.status.lastRestoreVerification',
      description: 'Last restore of a backup.',
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Age of the resource.' },
    { name: 'Next', type: 'string', jsonPath: '.status.nextScheduleTime', description: 'Next backup.', priority: 1 },
  ],
  children: 'DatabaseBackup',
  decide,
});

const MOST_MS = 2 ** 31 - 1;
const LONGEST_NAME = 200;
/** How many missed times are counted one by one. */
const MOST_TICKS = 1_000;

type Child = Resource<BackupSpec, BackupStatus>;

function decide({
  resource,
  children,
  disallowed,
  now,
}: Observation<ScheduleSpec, ScheduleStatus>): KindDecision<ScheduleStatus> {
  const { spec, metadata } = resource;
  const before = resource.status ?? {};
  const own = children as Child[];
  const finished = own.filter(({ status }) => status?.finishedAt !== undefined);
  const active = own.filter(({ status }) => status?.finishedAt === undefined);
  const successful = finished.filter(({ status }) => status?.backup !== undefined);
  const newest = successful.at(-1)?.status;
  const proved = successful.filter(({ status }) => status?.backup?.verifiedBy === 'Restore').at(-1)?.status?.finishedAt;
  const lastRestoreVerification = later(before.lastRestoreVerification, proved);
  const recorded = new Date(before.lastScheduleTime ?? metadata.creationTimestamp ?? now);
  // A time in the future is that of a clock that was wrong: the schedule must not wait for it.
  const since = recorded > now ? now : recorded;
  const tick = (after: Date) => nextTick(spec.schedule, spec.timeZone, after);
  const known: Partial<ScheduleStatus> = {
    lastScheduleTime: recorded > now ? seconds(now) : before.lastScheduleTime,
    lastSuccessfulTime: later(before.lastSuccessfulTime, newest?.backup?.takenAt),
    lastBackup: newest?.backup?.name ?? before.lastBackup,
    lastRestoreVerification,
    active: active.map(({ metadata }) => metadata.name),
    missed: before.missed ?? 0,
  };
  const settle = (more: Partial<ScheduleStatus>, verdict: Verdict): ScheduleStatus => ({
    ...known,
    ...more,
    observedGeneration: metadata.generation,
    summary: verdict.summary,
    conditions: conditionsOf(verdict, before.conditions, metadata.generation, now),
  });
  const next = tick(since);
  if (typeof next === 'string') {
    const summary = 'Invalid schedule';
    return {
      status: settle({}, { state: 'failed', reason: 'InvalidConfiguration', message: next, summary }),
      events: [],
    };
  }
  if (disallowed !== undefined) {
    const summary = 'Not allowed';
    return {
      status: settle({}, { state: 'failed', reason: 'NotAllowed', message: disallowed, summary }),
      events: [notAllowed(disallowed)],
    };
  }
  const removed = finished.slice(0, Math.max(0, finished.length - spec.history));
  const last = finished.at(-1)?.status;
  const failed = last !== undefined && last.backup === undefined;
  const good = `The last successful backup: ${known.lastSuccessfulTime ?? 'none'}.`;
  const failure = failed ? `DatabaseBackup ${finished.at(-1)?.metadata.name} failed: ${last.message ?? ''}` : '';
  const nextText =
    next === undefined ? 'The schedule has no further time.' : `The next one is due at ${seconds(next)}.`;
  const running: Verdict = {
    state: 'running',
    reason: 'Running',
    message: `A backup is running. ${good}`,
    summary: 'Running',
  };
  const verdict: Verdict = spec.suspend
    ? {
        state: 'done',
        reason: 'Suspended',
        message: `No backups are taken while spec.suspend is true. ${good} ${failure}`.trim(),
        summary: 'Suspended',
      }
    : active.length > 0
      ? running
      : failed
        ? {
            state: 'failed',
            reason: (last.reason ?? 'BackupFailed') as Reason,
            message: `${good} ${nextText} ${failure}`,
            summary: `Failed: ${last.reason}`,
          }
        : {
            state: 'done',
            reason: 'Succeeded',
            message: newest?.message ?? `No backup was due yet. ${nextText}`,
            summary: newest === undefined ? 'Waiting' : 'Complete',
          };

  let due: Date | undefined;
  let ticks = 0;
  let upcoming: Date | undefined = next;
  while (upcoming !== undefined && upcoming <= now && ticks < MOST_TICKS) {
    due = upcoming;
    ticks++;
    const following = tick(due);
    upcoming = typeof following === 'string' ? undefined : following;
  }
  const nextScheduleTime = upcoming === undefined ? undefined : seconds(upcoming);
  const requeueAfter =
    upcoming === undefined ? undefined : Math.min(MOST_MS, Math.max(0, upcoming.getTime() - now.getTime()));
  if (due === undefined || spec.suspend) {
    // A schedule that was suspended does not catch up.
    const skipped = due === undefined ? {} : { lastScheduleTime: seconds(due) };
    const upcoming = spec.suspend ? undefined : nextScheduleTime;
    return {
      status: settle({ ...skipped, nextScheduleTime: upcoming }, verdict),
      remove: removed,
      requeueAfter,
      events: [],
    };
  }
  const late = now.getTime() - due.getTime();
  const busy = spec.concurrency === 'Forbid' && active.length > 0;
  const tooLate = late > milliseconds(spec.startingDeadline);
  const missed = (before.missed ?? 0) + ticks - (busy || tooLate ? 0 : 1);
  const more = { lastScheduleTime: seconds(due), nextScheduleTime, missed };
  if (busy || tooLate) {
    const why = busy ? 'the previous backup is still running' : 'the starting deadline has passed';
    const message = `The backup of ${seconds(due)} was skipped: ${why}.`;
    const events = [{ type: 'Warning' as const, reason: 'Skipped' as const, message, key: `skipped ${seconds(due)}` }];
    return { status: settle(more, verdict), remove: removed, requeueAfter, events };
  }
  const { schedule, timeZone, suspend, concurrency, startingDeadline, verify, verifyInterval, history, ...wanted } =
    spec;
  const prove =
    verify === 'Restore' &&
    (lastRestoreVerification === undefined ||
      now.getTime() - Date.parse(lastRestoreVerification) >= milliseconds(verifyInterval));
  const name = childName(metadata, Math.floor(due.getTime() / 60_000));
  const child: Resource = {
    apiVersion: resource.apiVersion,
    kind: 'DatabaseBackup',
    metadata: { name, namespace: metadata.namespace },
    spec: { ...wanted, verify: prove ? 'Restore' : 'Checksum' },
  };
  const message = `DatabaseBackup ${name} was created for ${seconds(due)}.`;
  return {
    status: settle({ ...more, active: [...(known.active ?? []), name] }, running),
    create: [child],
    remove: removed,
    requeueAfter,
    events: [{ type: 'Normal', reason: 'Running', message, key: `created ${seconds(due)}` }],
  };
}

/** The same for each time, so that a backup is created once. A long name is cut, and made unique again by the schedule's id. */
function childName({ name, uid = '' }: Resource['metadata'], minute: number): string {
  if (name.length <= LONGEST_NAME) return `${name}-${minute}`;
  const digest = createHash('sha256').update(uid).digest('hex').slice(0, 8);
  return `${name.slice(0, LONGEST_NAME).replace(/[^a-z0-9]+$/, '')}-${digest}-${minute}`;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Date.parse(a) > Date.parse(b) ? a : b;
}
